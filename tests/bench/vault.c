/*
 * vault DIRECTORY: what the vault costs the keeper's CPU behind the journal.
 * 100,000 changes of 700 bytes, and a subject with every second one, are put
 * and flushed as often as a second of the filter's load would; against the
 * same bytes written raw, a flush's worth with one pwrite and fdatasync.  All
 * by turns in one run; what counts is the median of the turns' ratios.
 *
 * Beside it, what the encryption of such a record costs: it is made before
 * the journal and is not in the ratio.
 */
#include <fcntl.h>
#include <unistd.h>

#include "codec/pack.h"
#include "store/vault_priv.h"

enum {
	CHANGES = 100000,
	CHANGE = 700,
	A_FLUSH = 20000, /* changes a second */
	ROUNDS = 5,
	ENCODED = 20000
};

struct bench {
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	uint64_t sequence, number;
	size_t raw_len;
	char *raw;
	int fd;
	off_t raw_at;
};

static void
die(const char *what, const struct fail *fail)
{
	fprintf(stderr, "%s: %s: %s\n", what, fail->place, fail->text);
	exit(1);
}

static double
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
open_all(struct bench *bench, const char *root)
{
	static const uint8_t master[KEY_SIZE] = {1};
	struct fail fail = FAIL_INIT;
	char path[600];

	bench->disk = disk_real_create(NULL, &fail);
	snprintf(path, sizeof(path), "%s/keys", root);
	bench->keys =
	    keys_open(bench->disk, path, master, &random_system, &fail);
	if (bench->keys == NULL)
		die("keys", &fail);
	snprintf(path, sizeof(path), "%s/vault", root);
	bench->vault = vault_open(bench->disk, path, bench->keys, &fail);
	if (bench->vault == NULL)
		die("vault", &fail);
	snprintf(path, sizeof(path), "%s/raw", root);
	bench->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bench->raw = calloc(A_FLUSH, 2 * CHANGE);
	if (bench->fd < 0 || bench->raw == NULL)
		die("raw", &fail);
}

static double
vault_turn(struct bench *bench, size_t *bytes)
{
	static char change[CHANGE];
	struct fail fail = FAIL_INIT;
	uint64_t total = bench->vault->total;
	double start = cpu_us();

	for (unsigned i = 1; i <= CHANGES; i++) {
		struct digest key = {{0}};
		uint64_t mixed = ++bench->number * 0x9e3779b97f4a7c15;

		memcpy(key.bytes, &mixed, sizeof(mixed));
		change[0] = CHANGE_CURRENT;
		memcpy(change + 1, key.bytes, DIGEST_SIZE);
		if (!vault_put(bench->vault, ++bench->sequence,
			(struct slice){change, CHANGE}, &fail) ||
		    (i % 2 == 0 &&
			!vault_put_subject(bench->vault, &key, 1, &fail)))
			die("put", &fail);
		if (i % A_FLUSH == 0 &&
		    !vault_flush(bench->vault, bench->sequence, &fail))
			die("flush", &fail);
	}
	*bytes = (size_t)(bench->vault->total - total);
	return (cpu_us() - start) / CHANGES;
}

static double
raw_turn(struct bench *bench, size_t bytes)
{
	size_t each = bytes * A_FLUSH / CHANGES;
	struct fail fail = FAIL_INIT;
	double start = cpu_us();

	for (unsigned i = 0; i < CHANGES / A_FLUSH; i++) {
		memset(bench->raw, (int)i + 1, each);
		if (pwrite(bench->fd, bench->raw, each, bench->raw_at) !=
			(ssize_t)each ||
		    fdatasync(bench->fd) != 0)
			die("write", &fail);
		bench->raw_at += (off_t)each;
	}
	return (cpu_us() - start) / CHANGES;
}

static struct record *
make_record(struct arena *arena)
{
	static const enum field fields[] = {FIELD_NAME_LOC, FIELD_NAME_INT,
	    FIELD_ORG_LOC, FIELD_ORG_INT, FIELD_DIVISION_LOC,
	    FIELD_DIVISION_INT, FIELD_TITLE_LOC, FIELD_TITLE_INT,
	    FIELD_STREET_LOC, FIELD_STREET_INT};
	struct fail fail = FAIL_INIT;
	struct slice value = SLICE("Example Value of a Contact, Example City");
	struct record *record = record_create(arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("pir/C-1"), &fail);

	if (record == NULL || !record_add_role(record, CONTACT_ROLE, &fail))
		die("record", &fail);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!record_set(
			record, CONTACT_ROLE, fields[i], &value, 1, &fail))
			die("record", &fail);
	return record;
}

struct pool {
	uint8_t bytes[4096];
	size_t left;
};

static bool
pool_fill(void *context, void *out, size_t len)
{
	struct pool *pool = context;

	if (pool->left < len) {
		if (!random_system.fill(
			NULL, pool->bytes, sizeof(pool->bytes)))
			return false;
		pool->left = sizeof(pool->bytes);
	}
	memcpy(out, pool->bytes + sizeof(pool->bytes) - pool->left, len);
	pool->left -= len;
	return true;
}

static double
encode_turn(struct bench *bench, size_t *len)
{
	struct arena *own = arena_create(NULL), *arena = arena_create(NULL);
	struct record *record = make_record(own);
	struct digest_cipher *cipher = digest_cipher_create();
	struct digest_key object_key;
	static struct pool pool;
	const struct random_source random = {pool_fill, &pool};
	char scratch[8192];
	struct vault_owners owners = {.object_key = &object_key,
	    .random = &random,
	    .cipher = cipher,
	    .scratch = scratch,
	    .scratch_size = sizeof(scratch)};
	struct fail fail = FAIL_INIT;
	struct digest id = keys_id(bench->keys, SLICE("one"));
	struct digest_key key;
	struct subject subject;
	bool fresh;
	double start;

	vault_key_set(&object_key, bench->keys);
	if (!keys_subject(bench->keys, &id, &subject, &fresh, &fail))
		die("subject", &fail);
	digest_key_set(&key, subject.key);
	owners.roles[CONTACT_ROLE] = vault_owner(subject.slot, &key);
	start = cpu_us();
	for (unsigned i = 0; i < ENCODED; i++) {
		struct text text;

		arena_reset(arena);
		text = text_start(arena);
		if (!vault_encode(
			record, VAULT_CURRENT, &owners, &text, &fail))
			die("encode", &fail);
		*len = text.len;
	}
	start = (cpu_us() - start) / ENCODED;
	digest_cipher_destroy(cipher);
	arena_destroy(arena);
	arena_destroy(own);
	return start;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	double ours[ROUNDS], raw[ROUNDS], ratio[ROUNDS], encode[ROUNDS];
	size_t bytes = 0, len = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: vault DIRECTORY\n");
		return 2;
	}
	open_all(&bench, argv[1]);
	for (unsigned i = 0; i < ROUNDS; i++) {
		ours[i] = vault_turn(&bench, &bytes);
		raw[i] = raw_turn(&bench, bytes);
		ratio[i] = ours[i] / raw[i];
		encode[i] = encode_turn(&bench, &len);
	}
	printf("vault: %.2f us of CPU a change of %d bytes, %.2f us raw, "
	       "ratio vault/raw %.2f (medians of %d turns); "
	       "%.2f us to encode a record to %zu bytes\n",
	    median(ours), CHANGE, median(raw), median(ratio), ROUNDS,
	    median(encode), len);
	vault_close(bench.vault);
	keys_close(bench.keys);
	disk_real_destroy(bench.disk);
	close(bench.fd);
	free(bench.raw);
	return 0;
}

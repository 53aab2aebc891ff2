/*
 * ledger DIRECTORY: appends a second with 64 writers, against a file to which
 * groups of 64 of the same bytes are written and synced.  Both by turns in
 * one run, since the disk's mood changes from second to second; what counts
 * is the median of the turns' ratios.  Checkpoints are written beside the
 * appends, as in the daemon; the one a turn leaves is ended before the next.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "core/decide.h"
#include "core/policy.h"
#include "store/ledger.h"
#include "store/vault.h"

enum { WRITERS = 64, ROUNDS = 7, ROUND_MS = 1000 };

static const char policy[] =
    "policy \"bench\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, org, street, city, state, postcode, country, phone,\n"
    "    fax, email of registrant\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  forward name, city, state, country, email of registrant\n"
    "  redact * of *\n"
    "}\n";

struct bench;

struct writer {
	struct bench *bench;
	struct arena *arena;
};

struct bench {
	char root[512];
	struct event_base *base;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct arena *arena;
	const struct disclosure *disclosure;
	struct writer writers[WRITERS];
	bool stopping;
	unsigned under_way;
	uint64_t appended;
	size_t entry_len;
};

static void
die(const char *what, const struct fail *fail)
{
	fprintf(stderr, "%s: %s: %s\n", what, fail->place, fail->text);
	exit(1);
}

static int64_t
now_ms(void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void submit(struct writer *writer);

static void
appended(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct writer *writer = arg;
	struct bench *bench = writer->bench;

	(void)first;
	(void)sealed;
	if (fail != NULL)
		die("append", fail);
	bench->appended += count;
	bench->under_way--;
	if (!bench->stopping)
		submit(writer);
	else if (bench->under_way == 0)
		event_base_loopbreak(bench->base);
}

static void
submit(struct writer *writer)
{
	struct fail fail = FAIL_INIT;
	struct dispatch dispatch = {.channel = SLICE("file"),
	    .payload = SLICE("the bytes that go to the registry"),
	    .supersedes = LEDGER_NONE};
	struct batch *batch;

	arena_reset(writer->arena);
	batch = ledger_begin(writer->bench->ledger, writer->arena, &fail);
	if (batch == NULL ||
	    !ledger_add_disclosure(
		batch, writer->bench->disclosure, &dispatch, &fail))
		die("append", &fail);
	ledger_commit(batch, appended, writer);
	writer->bench->under_way++;
}

static void
stop_round(evutil_socket_t fd, short what, void *arg)
{
	struct bench *bench = arg;

	(void)fd;
	(void)what;
	bench->stopping = true;
}

/* What one turn of each came to. */
struct turn {
	double ours, raw; /* appends a second */
	double cpu;       /* of the loop's thread, microseconds an append */
	double ratio;
};

static void
round_ledger(struct bench *bench, struct turn *turn)
{
	struct timeval length = {
	    ROUND_MS / 1000, ROUND_MS % 1000 * 1000};
	struct fail fail = FAIL_INIT;
	double start = seconds(CLOCK_MONOTONIC);
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
	double appends;

	bench->stopping = false;
	bench->appended = 0;
	event_base_once(
	    bench->base, -1, EV_TIMEOUT, stop_round, bench, &length);
	for (unsigned i = 0; i < WRITERS; i++)
		submit(&bench->writers[i]);
	event_base_loop(bench->base, 0);
	appends = (double)bench->appended;
	turn->ours = appends / (seconds(CLOCK_MONOTONIC) - start);
	turn->cpu =
	    (seconds(CLOCK_THREAD_CPUTIME_ID) - cpu) * 1e6 / appends;
	if (!ledger_checkpoint(bench->ledger, &fail))
		die("checkpoint", &fail);
}

static void
round_raw(struct bench *bench, int fd, const char *entry, struct turn *turn)
{
	static char group[WRITERS * 65536];
	double start = seconds(CLOCK_MONOTONIC), end = start;
	double appends = 0;

	for (; end - start < ROUND_MS / 1000.0;
	    end = seconds(CLOCK_MONOTONIC)) {
		size_t len = 0;

		for (unsigned i = 0; i < WRITERS; i++) {
			memcpy(group + len, entry, bench->entry_len);
			len += bench->entry_len;
		}
		if (write(fd, group, len) != (ssize_t)len ||
		    fdatasync(fd) != 0) {
			perror("raw");
			exit(1);
		}
		appends += WRITERS;
	}
	turn->raw = appends / (end - start);
	turn->ratio = turn->ours / turn->raw;
}

static void
set_record(struct record *record, enum field field, const char *value,
    struct fail *fail)
{
	struct slice item = slice_from(value);

	if (!record_set(record, ROLE_REGISTRANT, field, &item, 1, fail))
		die("record", fail);
}

static void
make_disclosure(struct bench *bench)
{
	const struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	struct slice diagnostics;
	const struct ruleset *ruleset = policy_load(bench->arena,
	    &(struct policy_source){SLICE("bench"), slice_from(policy)}, NULL,
	    NULL, 0, &diagnostics, &fail);
	struct record *record = record_create(bench->arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("bench.example"), &fail);

	if (ruleset == NULL || record == NULL)
		die("policy", &fail);
	record_set_role(record, ROLE_REGISTRANT, KIND_NATURAL, &fail);
	record_set_subject(record, ROLE_REGISTRANT, SLICE("cust-1"), &fail);
	set_record(record, FIELD_NAME_INT, "Taro Example", &fail);
	set_record(record, FIELD_STREET_INT, "1-2-3 Example", &fail);
	set_record(record, FIELD_CITY_INT, "Chiyoda-ku", &fail);
	set_record(record, FIELD_STATE_INT, "Tokyo", &fail);
	set_record(record, FIELD_POSTCODE, "100-0001", &fail);
	set_record(record, FIELD_COUNTRY, "JP", &fail);
	set_record(record, FIELD_PHONE, "+81.312345678", &fail);
	set_record(record, FIELD_EMAIL, "taro@mail.example", &fail);
	bench->disclosure = decide(ruleset, ruleset_block(ruleset, 0), record,
	    &given, bench->arena, &fail);
	if (bench->disclosure == NULL)
		die("decide", &fail);
}

static void
open_all(struct bench *bench)
{
	static const uint8_t master[KEY_SIZE] = {1};
	struct fail fail = FAIL_INIT;
	char path[600], vault[600], ledger[600];

	snprintf(path, sizeof(path), "%s/keys", bench->root);
	snprintf(vault, sizeof(vault), "%s/vault", bench->root);
	snprintf(ledger, sizeof(ledger), "%s/ledger", bench->root);
	bench->base = event_base_new();
	bench->disk = disk_real_create(bench->base, &fail);
	bench->arena = arena_create(NULL);
	bench->keys =
	    keys_open(bench->disk, path, master, &random_system, &fail);
	if (bench->keys == NULL)
		die("keys", &fail);
	bench->vault = vault_open(bench->disk, vault, bench->keys, &fail);
	if (bench->vault == NULL)
		die("vault", &fail);
	bench->ledger = ledger_open(
	    &(struct ledger_options){.disk = bench->disk,
		.keys = bench->keys,
		.directory = ledger,
		.origin = "bench.example/misu",
		.random = &random_system,
		.now = now_ms,
		.vault = bench->vault},
	    &fail);
	if (bench->ledger == NULL)
		die("ledger", &fail);
	make_disclosure(bench);
	for (unsigned i = 0; i < WRITERS; i++)
		bench->writers[i] = (struct writer){
		    .bench = bench, .arena = arena_create(NULL)};
}

static void
close_all(struct bench *bench)
{
	ledger_close(bench->ledger);
	vault_close(bench->vault);
	keys_close(bench->keys);
	disk_real_destroy(bench->disk);
	event_base_free(bench->base);
	for (unsigned i = 0; i < WRITERS; i++)
		arena_destroy(bench->writers[i].arena);
	arena_destroy(bench->arena);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of the member that lies `offset` bytes into each turn. */
static double
median(const struct turn turns[ROUNDS], size_t offset)
{
	double values[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++)
		memcpy(&values[i], (const char *)&turns[i] + offset,
		    sizeof(values[i]));
	qsort(values, ROUNDS, sizeof(values[0]), compare);
	return values[ROUNDS / 2];
}

static void
report(const struct bench *bench, const struct turn turns[ROUNDS])
{
	printf("ledger: %.0f appends/s with %d writers, %.0f raw "
	       "group-committed fdatasync appends/s of the same %zu bytes, "
	       "ratio %.2f (goal 0.7; medians of %d turns), "
	       "%.1f us of the loop's CPU an append\n",
	    median(turns, offsetof(struct turn, ours)), WRITERS,
	    median(turns, offsetof(struct turn, raw)), bench->entry_len,
	    median(turns, offsetof(struct turn, ratio)), ROUNDS,
	    median(turns, offsetof(struct turn, cpu)));
}

int
main(int argc, char **argv)
{
	static struct bench bench;
	struct turn turns[ROUNDS];
	struct fail fail = FAIL_INIT;
	char path[600];
	struct slice entry;
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: ledger DIRECTORY\n");
		return 2;
	}
	snprintf(bench.root, sizeof(bench.root), "%s", argv[1]);
	open_all(&bench);
	snprintf(path, sizeof(path), "%s/raw", argv[1]);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	submit(&bench.writers[0]);
	bench.stopping = true;
	event_base_loop(bench.base, 0);
	if (fd < 0 ||
	    !ledger_read(bench.ledger, 0, bench.arena, &entry, &fail))
		die(path, &fail);
	bench.entry_len = entry.len;
	for (int i = 0; i < ROUNDS; i++) {
		round_ledger(&bench, &turns[i]);
		round_raw(&bench, fd, entry.data, &turns[i]);
	}
	report(&bench, turns);
	close(fd);
	close_all(&bench);
	return 0;
}

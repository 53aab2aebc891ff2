/* Verification: a whole ledger is quiet, and any flipped byte is found. */
#include "disclosure_world.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "store/verify.h"

struct findings {
	unsigned count;
	char place[128], text[128];
};

static void
found(void *context, const char *place, const char *text)
{
	struct findings *findings = context;

	if (findings->count++ != 0)
		return;
	snprintf(findings->place, sizeof(findings->place), "%s", place);
	snprintf(findings->text, sizeof(findings->text), "%.120s", text);
}

static struct findings
verify(const struct world *world, bool loud)
{
	struct findings findings = {.count = 0};
	struct verify_options options = {.disk = world->disk,
	    .directory = world->ledger_path,
	    .finding = found,
	    .context = &findings};
	struct verify_result result;
	struct fail fail = FAIL_INIT;

	assert_true(verify_ledger(&options, &result, &fail));
	assert_int_equal(findings.count, result.findings);
	if (loud && findings.count != 0)
		print_message("%s: %s\n", findings.place, findings.text);
	return findings;
}

static void
fill(struct world *world, int count)
{
	char word[32];

	for (int i = 0; i < count; i++) {
		snprintf(word, sizeof(word), "word-%d", i);
		world_append(world, word, "");
		arena_reset(world->arena);
	}
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
}

static void
flip(const char *path, off_t at)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x20;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* nftw() has no argument to pass. */
static const struct world *walked;
static off_t stride;

static int
flip_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	off_t step = stride;

	(void)ftw;
	if (type != FTW_F)
		return 0;
	/* Every block of the journal is checked alike: a sample will do. */
	if (strstr(path, "/journal/") != NULL)
		step *= 13;
	for (off_t at = 0; at < st->st_size; at += step) {
		struct findings findings;

		flip(path, at);
		findings = verify(walked, false);
		flip(path, at);
		if (findings.count == 0)
			print_message("%s:%lld is not found\n", path,
			    (long long)at);
		assert_int_not_equal(findings.count, 0);
		/* The place names the file that was hurt, or its entry's. */
		assert_int_not_equal(findings.place[0], '\0');
	}
	return 0;
}

static void
flip_all(struct world *world, off_t step)
{
	walked = world;
	stride = step;
	assert_int_equal(verify(world, true).count, 0);
	assert_int_equal(
	    nftw(world->ledger_path, flip_file, 8, FTW_PHYS), 0);
	assert_int_equal(verify(world, true).count, 0);
}

static void
every_flipped_byte_of_a_small_ledger_is_found(void **state)
{
	struct world *world = world_create(2 * DISK_BLOCK);

	(void)state;
	fill(world, 3);
	flip_all(world, 1);
	world_destroy(world);
}

static void
flipped_bytes_of_a_ledger_with_full_tiles_are_found(void **state)
{
	struct world *world = world_create(1 << 18);

	(void)state;
	fill(world, 300);
	fill(world, 230);
	flip_all(world, 3001);
	world_destroy(world);
}

static void
a_flip_is_reported_where_it_is(void **state)
{
	struct world *world = world_create(1 << 18);
	struct findings findings;
	char path[160];

	(void)state;
	fill(world, 5);
	snprintf(
	    path, sizeof(path), "%s/tile/entries/000.p/5", world->ledger_path);
	flip(path, 3);
	findings = verify(world, false);
	assert_true(findings.count > 0);
	assert_non_null(strstr(findings.text, "another one in the bundles"));
	flip(path, 3);
	snprintf(path, sizeof(path), "%s/journal/00000000", world->ledger_path);
	flip(path, 4096 + 100);
	findings = verify(world, false);
	assert_string_equal(findings.place, "journal/00000000:4096");
	flip(path, 4096 + 100);
	assert_int_equal(verify(world, true).count, 0);
	world_destroy(world);
}

static void
missing_cut_and_foreign_files_are_found(void **state)
{
	struct world *world = world_create(1 << 18);
	char path[160], other[160];

	(void)state;
	fill(world, 300);
	snprintf(path, sizeof(path), "%s/tile/entries/000", world->ledger_path);
	snprintf(other, sizeof(other), "%s/away", world->root);
	assert_int_equal(rename(path, other), 0);
	assert_int_not_equal(verify(world, false).count, 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(verify(world, true).count, 0);
	snprintf(other, sizeof(other), "%s/tile/0/007", world->ledger_path);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(verify(world, false).count, 1);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(truncate(path, 3000), 0);
	assert_int_not_equal(verify(world, false).count, 0);
	world_destroy(world);
}

/* A file as it is, put back when it was hurt. */
struct held {
	const char *path;
	size_t len;
	uint8_t bytes[1 << 18];
};

static struct held held;

static void
hold(const char *path)
{
	FILE *file = fopen(path, "rb");

	assert_non_null(file);
	held.path = path;
	held.len = fread(held.bytes, 1, sizeof(held.bytes), file);
	assert_true(held.len < sizeof(held.bytes));
	fclose(file);
}

static void
put(const uint8_t *bytes, size_t len)
{
	FILE *file = fopen(held.path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static int
cut_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	bool is_journal = strstr(path, "/journal/") != NULL;
	size_t step = is_journal ? 97 : 1;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	hold(path);
	for (size_t len = 0; len < held.len; len += step) {
		struct findings findings;

		put(held.bytes, len);
		findings = verify(walked, false);
		if (findings.count == 0)
			print_message("%s cut to %zu is not found\n", path, len);
		assert_int_not_equal(findings.count, 0);
		assert_int_not_equal(findings.place[0], '\0');
	}
	put(held.bytes, held.len);
	return 0;
}

static void
every_cut_of_a_small_ledger_is_found(void **state)
{
	struct world *world = world_create(2 * DISK_BLOCK);

	(void)state;
	fill(world, 3);
	walked = world;
	assert_int_equal(nftw(world->ledger_path, cut_file, 8, FTW_PHYS), 0);
	assert_int_equal(verify(world, true).count, 0);
	world_destroy(world);
}

/* Exchange two blocks of the file that is held, and look. */
static unsigned
found_when_exchanged(const struct world *world, size_t a, size_t b)
{
	static uint8_t changed[sizeof(held.bytes)];

	memcpy(changed, held.bytes, held.len);
	memcpy(changed + a * DISK_BLOCK, held.bytes + b * DISK_BLOCK,
	    DISK_BLOCK);
	memcpy(changed + b * DISK_BLOCK, held.bytes + a * DISK_BLOCK,
	    DISK_BLOCK);
	put(changed, held.len);
	return verify(world, false).count;
}

/*
 * Two groups of three blocks: none of the newest may change its place.  (Of an
 * older one, which the checkpoint covers, a recycled segment may hold a part
 * only; and a group that is whole says the same anywhere.)
 */
static void
blocks_of_the_journal_that_changed_places_are_found(void **state)
{
	struct world *world = world_create(1 << 16);
	static char word[9000];
	char path[160];

	(void)state;
	memset(word, 'w', sizeof(word) - 1);
	for (int i = 0; i < 2; i++)
		world_append(world, word, "");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	snprintf(path, sizeof(path), "%s/journal/00000000", world->ledger_path);
	hold(path);
	for (size_t a = 3; a < 6; a++)
		for (size_t b = 0; b < 8; b++)
			if (a != b && found_when_exchanged(world, a, b) == 0)
				fail_msg("blocks %zu and %zu", a, b);
	put(held.bytes, held.len);
	assert_int_equal(verify(world, true).count, 0);
	world_destroy(world);
}

static void
a_killed_and_restarted_ledger_is_whole(void **state)
{
	struct world *world = world_create(1 << 16);

	(void)state;
	for (int round = 0; round < 5; round++) {
		fill(world, 150);
		assert_true(world_restart(world));
		assert_int_equal(verify(world, true).count, 0);
	}
	world_destroy(world);
}

/* world_append() says what became of entry 7. */
static void
what_was_decided_again_is_not_sent_as_it_was(void **state)
{
	struct world *world = world_create(1 << 20);
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");
	struct dispatch dispatch = {.channel = SLICE("file"),
	    .payload = SLICE("bytes"),
	    .request = SLICE("again"),
	    .supersedes = 7};
	struct world_answer answer = {.done = 0};
	struct findings findings;
	struct batch *batch;
	char id[16];

	(void)state;
	for (int i = 0; i < 8; i++) {
		snprintf(id, sizeof(id), "s-%d", i);
		commit(world, record, id, "bytes");
	}
	batch = ledger_begin(world->ledger, world->arena, &world->fail);
	assert_true(ledger_add_disclosure(batch, disclosure_of(world, record),
	    &dispatch, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	world_append(world, "unknown", "one");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	assert_int_equal(verify(world, true).count, 0);
	world_append(world, "sent", "two");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	findings = verify(world, false);
	assert_int_equal(findings.count, 1);
	assert_non_null(strstr(findings.text, "entry 7 was decided again"));
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_flipped_byte_of_a_small_ledger_is_found),
	    cmocka_unit_test(
		flipped_bytes_of_a_ledger_with_full_tiles_are_found),
	    cmocka_unit_test(every_cut_of_a_small_ledger_is_found),
	    cmocka_unit_test(
		blocks_of_the_journal_that_changed_places_are_found),
	    cmocka_unit_test(what_was_decided_again_is_not_sent_as_it_was),
	    cmocka_unit_test(a_flip_is_reported_where_it_is),
	    cmocka_unit_test(missing_cut_and_foreign_files_are_found),
	    cmocka_unit_test(a_killed_and_restarted_ledger_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Verification: a whole ledger is quiet, and any flipped byte is found. */
#include "ledger_world.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_flipped_byte_of_a_small_ledger_is_found),
	    cmocka_unit_test(
		flipped_bytes_of_a_ledger_with_full_tiles_are_found),
	    cmocka_unit_test(a_flip_is_reported_where_it_is),
	    cmocka_unit_test(missing_cut_and_foreign_files_are_found),
	    cmocka_unit_test(a_killed_and_restarted_ledger_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

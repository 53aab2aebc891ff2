/* Starting again: what is replayed, what is cut, and what is refused. */
#include "ledger_world.h"

#include <fcntl.h>

#include "store/verify.h"

static void
run(const char *format, const char *a, const char *b)
{
	char command[512];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(command, sizeof(command), format, a, b);
#pragma GCC diagnostic pop
	assert_int_equal(system(command), 0);
}

static void
hurt(const struct world *world, const char *name, off_t at)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", world->root, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "!!!!", 4, at), 4);
	close(fd);
}

static void
starts_with(struct world *world, uint64_t size)
{
	struct verify_options options = {.directory = world->ledger_path};
	struct verify_result result;

	if (!world_start(world))
		world_complain(world);
	assert_non_null(world->ledger);
	assert_int_equal(ledger_size(world->ledger), size);
	options.disk = world->disk;
	assert_true(verify_ledger(&options, &result, &world->fail));
	assert_int_equal(result.findings, 0);
	assert_int_equal(world_append(world, "next", "").first, size);
	world_destroy(world);
}

static void
refuses(struct world *world, const char *place, const char *text)
{
	assert_false(world_start(world));
	if (strstr(world->fail.place, place) == NULL ||
	    strstr(world->fail.text, text) == NULL)
		world_complain(world);
	assert_non_null(strstr(world->fail.place, place));
	assert_non_null(strstr(world->fail.text, text));
	world_destroy(world);
}

static void
append(struct world *world, int count)
{
	while (count-- > 0)
		world_append(world, "sent", "");
}

static void
what_was_acknowledged_survives_a_kill(void **state)
{
	struct world *world = world_create(1 << 16);

	(void)state;
	for (int i = 0; i < 3; i++) {
		append(world, 7);
		starts_with(world_killed(world), 7 * (uint64_t)(i + 1));
	}
	world_destroy(world);
}

static void
only_the_group_in_flight_is_cut(void **state)
{
	struct world *world = world_create(1 << 16);
	struct world *copy;

	(void)state;
	append(world, 5);
	copy = world_killed(world);
	hurt(copy, "ledger/journal/00000000", 4 * DISK_BLOCK + 500);
	starts_with(copy, 4);
	copy = world_killed(world);
	hurt(copy, "ledger/journal/00000000", 2 * DISK_BLOCK + 500);
	refuses(copy, "journal/00000000:8192", "damaged");
	world_destroy(world);
}

/* Its files are of entries that no checkpoint covers yet. */
static void
a_checkpoint_that_was_cut_short_leaves_nothing(void **state)
{
	struct world *world = world_create(0);
	struct world *copy;

	(void)state;
	append(world, 270);
	copy = world_killed(world);
	run("mkdir -p '%s'/%s", copy->ledger_path, "tile/entries/001.p");
	run("echo cut >'%s'/%s", copy->ledger_path, "tile/entries/001.p/9");
	run("mkdir -p '%s'/%s", copy->ledger_path, "tile/0/001.p");
	run("echo cut >'%s'/%s", copy->ledger_path, "tile/0/001.p/9");
	starts_with(copy, 270);
	world_destroy(world);
}

static void
a_group_that_the_checkpoint_covers_is_never_cut(void **state)
{
	struct world *world = world_create(1 << 16);
	struct world *copy;

	(void)state;
	append(world, 5);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	copy = world_killed(world);
	hurt(copy, "ledger/journal/00000000", 4 * DISK_BLOCK + 500);
	refuses(copy, "journal/00000000:16384", "damaged");
	world_destroy(world);
}

static void
segments_are_used_again(void **state)
{
	struct world *world = world_create(4 * DISK_BLOCK);
	char command[256];

	(void)state;
	for (int i = 0; i < 20; i++) {
		append(world, 3);
		assert_true(ledger_checkpoint(world->ledger, &world->fail));
	}
	starts_with(world_killed(world), 60);
	snprintf(command, sizeof(command),
	    "test $(ls '%s/journal' | wc -l) -le 3", world->ledger_path);
	assert_int_equal(system(command), 0);
	world_destroy(world);
}

static void
missing_and_foreign_parts_are_refused(void **state)
{
	struct world *world = world_create(1 << 16), *copy;

	(void)state;
	append(world, 300);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	copy = world_killed(world);
	run("rm '%s/%s'", copy->ledger_path, "checkpoint");
	refuses(copy, "checkpoint", "there is a journal, but no checkpoint");
	copy = world_killed(world);
	run("rm '%s/%s'", copy->ledger_path, "tile/entries/000");
	refuses(copy, "tile/entries/000", "cannot open");
	copy = world_killed(world);
	run("truncate -s 8000 '%s/%s'", copy->ledger_path, "tile/0/000");
	refuses(copy, "tile/0/000", "cut");
	copy = world_killed(world);
	run("rm -r '%s/%s'", copy->ledger_path, "journal");
	refuses(copy, "journal/", "damaged");
	copy = world_killed(world);
	hurt(copy, "ledger/tile/0/001.p/44", 40);
	refuses(copy, "tile/entries/001.p/44", "is not the one");
	copy = world_killed(world);
	run("rm -r '%s' '%s'", copy->keys_path, copy->vault_path);
	refuses(copy, "checkpoint", "not signed with this log's key");
	copy = world_killed(world);
	run("rm '%s/%s'", copy->keys_path, "signing");
	refuses(copy, "keys/signing", "no signing key");
	world_destroy(world);
}

static void
a_second_daemon_and_another_master_key_are_refused(void **state)
{
	struct world *world = world_create(1 << 16);
	uint8_t other[KEY_SIZE] = "another master key, of 32 bytes";
	struct fail fail = FAIL_INIT;
	struct disk *disk = disk_real_create(NULL, &fail);
	struct ledger_options options = {.disk = disk,
	    .keys = world->keys,
	    .directory = world->ledger_path,
	    .origin = "ledger.example/misu",
	    .random = &random_system,
	    .now = world_now,
	    .now_context = world};

	(void)state;
	assert_null(ledger_open(&options, &fail));
	assert_non_null(strstr(fail.text, "another process"));
	fail = (struct fail)FAIL_INIT;
	assert_null(keys_open(
	    disk, world->keys_path, other, &random_system, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	disk_real_destroy(disk);
	world_destroy(world);
}

static struct disk_operations patched;

struct failure {
	void (*done)(void *arg, const struct fail *fail);
	void *arg;
};

static void
fail_later(void *arg)
{
	struct failure *failure = arg;
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "cannot write: no space left on device");
	failure->done(failure->arg, &fail);
	free(failure);
}

static void
failing_write(struct disk *disk, struct disk_file *file, uint64_t offset,
    const void *data, size_t len,
    void (*done)(void *arg, const struct fail *fail), void *arg)
{
	struct failure *failure = calloc(1, sizeof(*failure));

	(void)file;
	(void)offset;
	(void)data;
	(void)len;
	*failure = (struct failure){done, arg};
	disk->operations->defer(disk, fail_later, failure);
}

static void
a_failed_write_stops_the_ledger_until_a_restart(void **state)
{
	struct world *world = world_create(1 << 16);
	struct world_answer answer;

	(void)state;
	append(world, 2);
	patched = *world->disk->operations;
	patched.write_behind = failing_write;
	world->disk->operations = &patched;
	answer = world_append(world, "lost", "");
	assert_int_equal(answer.fail.kind, FAIL_WORLD);
	assert_non_null(ledger_stopped(world->ledger));
	answer = world_append(world, "lost too", "");
	assert_int_equal(answer.fail.kind, FAIL_WORLD);
	assert_non_null(strstr(answer.fail.text, "no space"));
	assert_int_equal(ledger_size(world->ledger), 2);
	assert_true(world_restart(world));
	assert_int_equal(world_append(world, "sent", "").first, 2);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_acknowledged_survives_a_kill),
	    cmocka_unit_test(only_the_group_in_flight_is_cut),
	    cmocka_unit_test(a_checkpoint_that_was_cut_short_leaves_nothing),
	    cmocka_unit_test(a_group_that_the_checkpoint_covers_is_never_cut),
	    cmocka_unit_test(segments_are_used_again),
	    cmocka_unit_test(missing_and_foreign_parts_are_refused),
	    cmocka_unit_test(
		a_second_daemon_and_another_master_key_are_refused),
	    cmocka_unit_test(a_failed_write_stops_the_ledger_until_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

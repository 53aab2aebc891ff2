/* What `misuctl restore --ledger` takes of a copy of the log, and what not. */
#include "ledger_world.h"

#include "ctl_restore.h"
#include "runner/log_maker.h"

enum { ENTRIES = 600, PRUNED = 256 };

/* A made-up log in place of the world's own. */
static int
start(void **state)
{
	struct world *world = world_create(1 << 16);
	char path[128];
	struct log_maker_options options = {.disk = world->disk,
	    .directory = path,
	    .keys = world->keys,
	    .seed = 5,
	    .subjects = 40,
	    .objects = 90,
	    .start = world->now,
	    .step = 20000};
	struct log_maker *maker;

	snprintf(path, sizeof(path), "%s/copy", world->root);
	maker = log_maker_create(&options, &world->fail);
	assert_non_null(maker);
	assert_true(log_maker_add(maker, ENTRIES, &world->fail));
	assert_true(log_maker_checkpoint(maker, &world->fail));
	log_maker_destroy(maker);
	*state = world;
	return 0;
}

static int
finish(void **state)
{
	world_destroy(*state);
	return 0;
}

static void
prune(const struct world *world)
{
	char path[160];
	FILE *out;

	snprintf(path, sizeof(path), "%s/copy/tile/entries/000", world->root);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/copy/minimum", world->root);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "%d\n", PRUNED);
	fclose(out);
}

static bool
fetch(struct world *world, uint64_t backed_up, struct fail *fail)
{
	struct ctl ctl = {.arena = world->arena};
	char to[128], from[128];
	struct ctl_restore_ledger restore = {.ctl = &ctl,
	    .place = from,
	    .to = to,
	    .origin = SLICE("made.example/misu"),
	    .key = keys_public(world->keys),
	    .backed_up = backed_up};

	snprintf(from, sizeof(from), "%s/copy", world->root);
	snprintf(to, sizeof(to), "%s/to-%u", world->root, (unsigned)backed_up);
	*fail = (struct fail)FAIL_INIT;
	return ctl_restore_fetch(&restore, fail);
}

static void
a_copy_pruned_beyond_the_backup_is_refused(void **state)
{
	struct world *world = *state;
	struct fail fail;

	assert_true(fetch(world, PRUNED - 1, &fail));
	prune(world);
	assert_false(fetch(world, PRUNED - 56, &fail));
	assert_string_equal(fail.text,
	    "this copy was pruned below entry 256, the backup ends at 200: "
	    "what lies between is lost");
	assert_non_null(strstr(fail.hint, "newer backup"));
	/* Where nothing lies between nothing is lost. */
	assert_true(fetch(world, PRUNED, &fail));
	assert_true(fetch(world, PRUNED + 1, &fail));
}

static void
a_copy_that_is_behind_is_refused(void **state)
{
	struct world *world = *state;
	struct fail fail;

	assert_false(fetch(world, ENTRIES + 1, &fail));
	assert_string_equal(
	    fail.text, "this copy has 600 entries, the backup has 601");
}

int
main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, start, finish)
	const struct CMUnitTest tests[] = {
	    WITH(a_copy_pruned_beyond_the_backup_is_refused),
	    WITH(a_copy_that_is_behind_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

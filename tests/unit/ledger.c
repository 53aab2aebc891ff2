/* The ledger: durable entries, replay, and what it refuses. */
#include "ledger_world.h"

#include "store/verify.h"

static void
an_entry_is_durable_before_its_callback(void **state)
{
	struct world *world = world_create(1 << 20);
	struct world_answer answer = world_append(world, "sent", "");
	struct slice entry;

	(void)state;
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	assert_int_equal(answer.first, 0);
	assert_int_equal(ledger_size(world->ledger), 1);
	assert_true(ledger_read(
	    world->ledger, 0, world->arena, &entry, &world->fail));
	assert_non_null(memmem(entry.data, entry.len, "\"sent\"", 6));
	world_destroy(world);
}

static void
entries_are_there_after_a_restart(void **state)
{
	struct world *world = world_create(1 << 20);
	struct slice entry;
	char word[32];

	(void)state;
	for (int i = 0; i < 600; i++) {
		snprintf(word, sizeof(word), "word-%d", i);
		assert_int_equal(world_append(world, word, "").first, i);
		if (i % 100 == 50)
			assert_true(ledger_checkpoint(
			    world->ledger, &world->fail));
	}
	if (!world_restart(world))
		world_complain(world);
	assert_non_null(world->ledger);
	assert_int_equal(ledger_size(world->ledger), 600);
	assert_true(ledger_read(
	    world->ledger, 599, world->arena, &entry, &world->fail));
	assert_non_null(memmem(entry.data, entry.len, "word-599", 8));
	assert_true(ledger_read(
	    world->ledger, 3, world->arena, &entry, &world->fail));
	assert_non_null(memmem(entry.data, entry.len, "\"word-3\"", 8));
	assert_int_equal(world_append(world, "more", "").first, 600);
	world_destroy(world);
}

static void
asking_twice_makes_one_entry(void **state)
{
	struct world *world = world_create(1 << 20);

	(void)state;
	assert_int_equal(world_append(world, "sent", "r-1").first, 0);
	assert_int_equal(world_append(world, "sent", "r-1").first, 0);
	assert_int_equal(world_append(world, "sent", "r-2").first, 1);
	assert_int_equal(world_append(world, "unknown", "r-1").first, 2);
	assert_true(world_restart(world));
	assert_int_equal(world_append(world, "sent", "r-2").first, 1);
	assert_int_equal(ledger_size(world->ledger), 3);
	world_destroy(world);
}

static void
checkpoints_beside_appends_lose_nothing(void **state)
{
	struct world *world = world_create(1 << 16);
	struct verify_options options = {.directory = world->ledger_path};
	struct verify_result result;

	(void)state;
	for (int i = 0; i < 700; i++) {
		assert_int_equal(world_append(world, "sent", "").first, i);
		arena_reset(world->arena);
		if (i % 9 == 0)
			ledger_tick(world->ledger);
		if (i % 300 == 200)
			assert_true(ledger_checkpoint(
			    world->ledger, &world->fail));
	}
	ledger_tick(world->ledger);
	assert_true(world_restart(world));
	assert_int_equal(ledger_size(world->ledger), 700);
	options.disk = world->disk;
	assert_true(verify_ledger(&options, &result, &world->fail));
	assert_int_equal(result.findings, 0);
	assert_int_equal(result.size, 700);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_entry_is_durable_before_its_callback),
	    cmocka_unit_test(entries_are_there_after_a_restart),
	    cmocka_unit_test(asking_twice_makes_one_entry),
	    cmocka_unit_test(checkpoints_beside_appends_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

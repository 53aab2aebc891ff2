/*
 * Pruning: entries below the minimum are gone and said to be; hashes, roots
 * and the order of what follows are as they were, whatever is killed when.
 */
#include "disclosure_world.h"

#include <sys/stat.h>

#include "store/log_reader.h"
#include "store/verify.h"

enum { ENTRIES = 700 };

static struct world *
filled(void)
{
	struct world *world = world_create(1 << 20);

	for (unsigned i = 0; i < ENTRIES; i++) {
		char request[32];

		snprintf(request, sizeof(request), "r-%u", i);
		assert_int_equal(
		    world_append(world, "sent", request).fail.kind, FAIL_NONE);
		if (i % 100 == 0)
			assert_true(
			    ledger_checkpoint(world->ledger, &world->fail));
	}
	return world;
}

static void
say_pruned(struct world *world, uint64_t minimum)
{
	struct event event = {.type = EVENT_PRUNE,
	    .entry = minimum,
	    .has_entry = true,
	    .word = SLICE("pruned")};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_true(ledger_add_event(batch, &event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
}

static struct verify_result
verified(struct world *world, uint64_t findings)
{
	struct verify_options options = {
	    .disk = world->disk, .directory = world->ledger_path};
	struct verify_result result;

	assert_true(verify_ledger(&options, &result, &world->fail));
	assert_int_equal(result.findings, findings);
	return result;
}

static bool
has_bundle(struct world *world, unsigned number)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/tile/entries/%03u", world->ledger_path,
	    number);
	return access(path, F_OK) == 0;
}

static void
assert_pruned(struct world *world, uint64_t minimum, uint64_t gone)
{
	struct slice entry;
	struct fail fail = FAIL_INIT;

	assert_int_equal(ledger_minimum(world->ledger), minimum);
	assert_false(ledger_read(
	    world->ledger, minimum - 1, world->arena, &entry, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_non_null(strstr(fail.text, "pruned"));
	assert_true(ledger_read(
	    world->ledger, minimum, world->arena, &entry, &world->fail));
	assert_int_equal(verified(world, 0).gone, gone);
}

static void
entries_below_the_minimum_go_and_the_root_stays(void **state)
{
	struct world *world = filled();
	bool left = true;
	struct digest before;
	struct log_reader *reader;

	(void)state;
	say_pruned(world, 512);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	before = verified(world, 0).root;
	assert_true(ledger_prune(world->ledger, 512, &world->fail));
	assert_true(ledger_drop(world->ledger, 1, &left, &world->fail));
	assert_true(left);
	/* Killed between the two: the next start goes on. */
	assert_true(world_restart(world));
	assert_false(has_bundle(world, 0));
	assert_true(has_bundle(world, 1));
	assert_pruned(world, 512, 256);
	assert_true(ledger_drop(world->ledger, 9, &left, &world->fail));
	assert_false(left);
	assert_false(has_bundle(world, 1));
	assert_true(has_bundle(world, 2) || ENTRIES < 768);
	for (unsigned i = 0; i < 2; i++) {
		struct digest after = verified(world, 0).root;

		assert_memory_equal(before.bytes, after.bytes, DIGEST_SIZE);
		assert_pruned(world, 512, 512);
		assert_true(world_restart(world));
	}
	assert_int_equal(
	    world_append(world, "sent", "later").fail.kind, FAIL_NONE);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	reader = log_reader_open(world->disk, world->ledger_path, &world->fail);
	assert_non_null(reader);
	assert_int_equal(log_reader_minimum(reader), 512);
	log_reader_close(reader);
	world_destroy(world);
}

static void
a_minimum_that_no_entry_tells_of_is_found(void **state)
{
	struct world *world = filled();
	bool left;

	(void)state;
	assert_true(ledger_prune(world->ledger, 256, &world->fail));
	assert_true(ledger_drop(world->ledger, 9, &left, &world->fail));
	verified(world, 1);
	world_destroy(world);
}

static void
only_whole_bundles_that_a_checkpoint_covers_go(void **state)
{
	struct world *world = world_create(1 << 20);

	(void)state;
	world_append(world, "sent", "r");
	assert_false(ledger_prune(world->ledger, 256, &world->fail));
	world->fail = (struct fail)FAIL_INIT;
	assert_false(ledger_prune(world->ledger, 1, &world->fail));
	assert_int_equal(ledger_minimum(world->ledger), 0);
	world_destroy(world);
}

/* --- carried on --- */

static struct fail
carry_on(struct world *world, uint64_t index, struct slice disclosure)
{
	struct event event = {.type = EVENT_KEPT,
	    .entry = index,
	    .word = SLICE("sent"),
	    .kept = disclosure};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_true(ledger_add_event(batch, &event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	return answer.fail;
}

static void
what_is_carried_on_is_what_the_tree_has(void **state)
{
	struct world *world = world_create(1 << 20);
	struct slice entry, other;
	char *forged;

	(void)state;
	commit(world, record_of(world, KIND_NATURAL, "cust-1"), "s-1", "x");
	for (unsigned i = 1; i < 300; i++) {
		char request[32];

		snprintf(request, sizeof(request), "r-%u", i);
		world_append(world, "sent", request);
	}
	assert_true(ledger_read(
	    world->ledger, 0, world->arena, &entry, &world->fail));
	assert_int_equal(carry_on(world, 0, entry).kind, FAIL_NONE);
	say_pruned(world, 256);
	assert_true(ledger_prune(world->ledger, 256, &world->fail));
	verified(world, 0);
	/* In another place, or another disclosure: both are found. */
	carry_on(world, 1, entry);
	verified(world, 1);
	other = arena_copy(world->arena, entry);
	forged = memmem(other.data, other.len, "redact", 6);
	assert_non_null(forged);
	memcpy(forged, "refuse", 6);
	carry_on(world, 0, other);
	verified(world, 2);
	world_destroy(world);
}

static void
partial_files_that_came_back_go_with_their_bundle(void **state)
{
	struct world *world = filled();
	char folder[160], path[200];
	bool left;
	FILE *file;

	(void)state;
	snprintf(folder, sizeof(folder), "%s/tile/entries/000.p",
	    world->ledger_path);
	snprintf(path, sizeof(path), "%s/101", folder);
	mkdir(folder, 0700);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs("entries", file);
	fclose(file);
	say_pruned(world, 256);
	assert_true(ledger_prune(world->ledger, 256, &world->fail));
	assert_true(ledger_drop(world->ledger, 9, &left, &world->fail));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(folder, F_OK), -1);
	verified(world, 0);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(entries_below_the_minimum_go_and_the_root_stays),
	    cmocka_unit_test(a_minimum_that_no_entry_tells_of_is_found),
	    cmocka_unit_test(only_whole_bundles_that_a_checkpoint_covers_go),
	    cmocka_unit_test(what_is_carried_on_is_what_the_tree_has),
	    cmocka_unit_test(partial_files_that_came_back_go_with_their_bundle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The list of forgotten slots: it is added to, its copy never loses one, and
 * a copy that knows of somebody who is known again is not written over.
 */
#include "ledger_world.h"

#include <sys/stat.h>

#include "store/forgotten.h"

struct paths {
	char own[96], copy[96], other[96];
};

static struct forgotten_list
list_of(struct world *world, struct paths *paths)
{
	snprintf(paths->own, sizeof(paths->own), "%s/list", world->root);
	snprintf(paths->copy, sizeof(paths->copy), "%s/copy", world->root);
	snprintf(paths->other, sizeof(paths->other), "%s/other", world->root);
	return (struct forgotten_list){.disk = world->disk,
	    .path = paths->own,
	    .copy = paths->copy,
	    .origin = "ledger.example/misu",
	    .keys = world->keys};
}

static struct slice
bytes_of(struct world *world, const char *path)
{
	struct slice bytes;

	if (!disk_read_file(
		world->disk, path, 65536, world->arena, &bytes, &world->fail))
		world_complain(world);
	assert_int_equal(world->fail.kind, FAIL_NONE);
	return bytes;
}

static bool
on_slot(void *arg, uint32_t slot, int64_t time)
{
	(void)time;
	*(uint64_t *)arg |= UINT64_C(1) << slot;
	return true;
}

/* Bits of the slots that a list has, all lines signed. */
static uint64_t
slots_of(struct world *world, const char *path)
{
	uint8_t keys[1][32];
	uint64_t slots = 0;

	memcpy(keys[0], keys_public(world->keys), 32);
	assert_true(forgotten_read(bytes_of(world, path),
	    "ledger.example/misu", (const uint8_t(*)[32])keys, 1, on_slot,
	    &slots, &world->fail));
	return slots;
}

static void
forget(struct world *world, const struct forgotten_list *list, uint32_t slot)
{
	assert_true(keys_forget(world->keys, slot, &world->fail));
	assert_true(forgotten_add(list, slot, 1000 + slot, &world->fail));
}

static void
a_slot_is_added_once_and_in_both_places(void **state)
{
	struct world *world = world_create(1 << 20);
	struct paths paths;
	struct forgotten_list list = list_of(world, &paths);

	(void)state;
	forget(world, &list, 3);
	forget(world, &list, 9);
	forget(world, &list, 3);
	assert_int_equal(slots_of(world, paths.own), 1 << 3 | 1 << 9);
	assert_true(slice_equal(
	    bytes_of(world, paths.own), bytes_of(world, paths.copy)));
	world_destroy(world);
}

/* As after a restore with --forgotten: the slots are dead, the list is old. */
static void
what_the_copy_has_more_is_taken_over(void **state)
{
	struct world *world = world_create(1 << 20);
	struct paths paths;
	struct forgotten_list list = list_of(world, &paths);

	(void)state;
	forget(world, &list, 3);
	assert_int_equal(rename(paths.own, paths.other), 0);
	forget(world, &list, 9);
	forget(world, &list, 11);
	assert_int_equal(slots_of(world, paths.own),
	    1 << 3 | 1 << 9 | 1 << 11);
	assert_int_equal(rename(paths.other, paths.own), 0);
	assert_int_equal(slots_of(world, paths.own), 1 << 3);
	assert_true(forgotten_settle(&list, &world->fail));
	assert_int_equal(slots_of(world, paths.own),
	    1 << 3 | 1 << 9 | 1 << 11);
	forget(world, &list, 12);
	assert_int_equal(slots_of(world, paths.copy),
	    1 << 3 | 1 << 9 | 1 << 11 | 1 << 12);
	world_destroy(world);
}

static void
who_is_known_again_is_noticed_and_nothing_written(void **state)
{
	struct world *world = world_create(1 << 20);
	struct paths paths;
	struct forgotten_list list = list_of(world, &paths);
	struct slice before;
	struct fail fail = FAIL_INIT;

	(void)state;
	forget(world, &list, 3);
	assert_true(forgotten_add(&list, 5, 1005, &world->fail));
	before = bytes_of(world, paths.copy);
	assert_int_equal(unlink(paths.own), 0);
	assert_false(forgotten_settle(&list, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	assert_non_null(strstr(fail.text, "1 subjects"));
	assert_int_equal(access(paths.own, F_OK), -1);
	fail = (struct fail)FAIL_INIT;
	assert_false(forgotten_add(&list, 3, 2000, &fail));
	assert_true(slice_equal(before, bytes_of(world, paths.copy)));
	world_destroy(world);
}

static void
another_logs_list_is_not_written_over(void **state)
{
	struct world *world = world_create(1 << 20);
	struct paths paths;
	struct forgotten_list list = list_of(world, &paths);
	struct fail fail = FAIL_INIT;
	FILE *file;

	(void)state;
	list_of(world, &paths);
	file = fopen(paths.copy, "w");
	assert_non_null(file);
	fputs("misu-forgotten-1 other.example/log\n", file);
	fclose(file);
	assert_false(forgotten_settle(&list, &fail));
	assert_int_equal(fail.kind, FAIL_DENIED);
	fail = (struct fail)FAIL_INIT;
	assert_false(forgotten_add(&list, 3, 1000, &fail));
	assert_int_equal(access(paths.own, F_OK), -1);
	world_destroy(world);
}

/* A slot that a restored copy has not made yet is made to be forgotten. */
static void
a_slot_of_the_future_is_given_to_nobody(void **state)
{
	struct world *world = world_create(1 << 20);
	uint32_t slots = keys_describe(world->keys).slots;
	uint8_t key[KEY_SIZE];

	(void)state;
	assert_true(keys_forget(world->keys, slots + 10, &world->fail));
	assert_false(keys_slot(world->keys, slots + 10, key));
	assert_true(keys_slot(world->keys, slots + 11, key));
	assert_true(world_restart(world));
	assert_false(keys_slot(world->keys, slots + 10, key));
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_slot_is_added_once_and_in_both_places),
	    cmocka_unit_test(what_the_copy_has_more_is_taken_over),
	    cmocka_unit_test(who_is_known_again_is_noticed_and_nothing_written),
	    cmocka_unit_test(another_logs_list_is_not_written_over),
	    cmocka_unit_test(a_slot_of_the_future_is_given_to_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

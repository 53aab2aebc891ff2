/*
 * Another master key or signing key: whatever fails or is killed when, one
 * master key opens everything that was there, and afterwards the one before
 * opens nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/keys.h"

static const uint8_t old_master[KEY_SIZE] = "a master key for tests, 32 byte";
static const uint8_t new_master[KEY_SIZE] = "one more key for tests, 32 byte";

struct world {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct subject kept, gone;
	uint8_t vault[KEY_SIZE], public_key[32];
	struct fail fail;
};

static struct subject
subject(struct world *world, const char *id)
{
	struct digest digest = keys_id(world->keys, slice_from(id));
	struct subject out;
	bool fresh;

	assert_true(
	    keys_subject(world->keys, &digest, &out, &fresh, &world->fail));
	return out;
}

static void
begin(struct world *world)
{
	*world = (struct world){.loop = fake_loop_create(0)};
	world->disk = memory_disk_create(world->loop);
	world->keys = keys_open(
	    world->disk, "keys", old_master, &random_system, &world->fail);
	assert_non_null(world->keys);
	world->kept = subject(world, "cust-1");
	world->gone = subject(world, "cust-2");
	assert_true(keys_forget(world->keys, world->gone.slot, &world->fail));
	keys_derive(world->keys, "vault-object", world->vault);
	memcpy(world->public_key, keys_public(world->keys), 32);
}

static void
end(struct world *world)
{
	keys_close(world->keys);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
}

static bool
again(struct world *world, const uint8_t master[KEY_SIZE])
{
	keys_close(world->keys);
	world->fail = (struct fail)FAIL_INIT;
	world->keys = keys_open(
	    world->disk, "keys", master, &random_system, &world->fail);
	return world->keys != NULL;
}

static void
assert_whole(struct world *world)
{
	uint8_t key[KEY_SIZE];

	assert_true(keys_slot(world->keys, world->kept.slot, key));
	assert_memory_equal(key, world->kept.key, KEY_SIZE);
	assert_false(keys_slot(world->keys, world->gone.slot, key));
	keys_derive(world->keys, "vault-object", key);
	assert_memory_equal(key, world->vault, KEY_SIZE);
}

static bool
rotate_master(struct world *world)
{
	return keys_rotate_master(world->keys, new_master, 1000, &world->fail);
}

static bool
rotate_signing(struct world *world)
{
	return keys_rotate_signing(world->keys, 1000, 2000, &world->fail);
}

static void
test_after_a_rotation_the_old_master_key_opens_nothing(void **state)
{
	struct world world;
	struct keys_state described;

	(void)state;
	begin(&world);
	assert_true(rotate_master(&world));
	assert_whole(&world);
	assert_false(again(&world, old_master));
	assert_int_equal(world.fail.kind, FAIL_DENIED);
	assert_true(again(&world, new_master));
	assert_whole(&world);
	described = keys_describe(world.keys);
	assert_true(described.unrecorded);
	assert_int_equal(described.made, 1000);
	assert_memory_equal(world.public_key, keys_public(world.keys), 32);
	assert_true(keys_recorded(world.keys, &world.fail));
	assert_true(again(&world, new_master));
	assert_false(keys_describe(world.keys).unrecorded);
	end(&world);
}

static void
test_a_tool_that_looks_changes_nothing(void **state)
{
	struct world world;
	struct keys *looking;
	uint8_t key[KEY_SIZE];

	(void)state;
	begin(&world);
	memory_disk_set_fault(world.disk, FAULT_WRITE, 1, LOSS_ALL);
	looking = keys_look(world.disk, "keys", old_master, &world.fail);
	assert_non_null(looking);
	assert_true(keys_slot(looking, world.kept.slot, key));
	assert_false(memory_disk_struck(world.disk));
	keys_close(looking);
	end(&world);
}

static void
test_the_signing_key_before_signs_until_its_time_is_over(void **state)
{
	struct world world;

	(void)state;
	begin(&world);
	assert_null(keys_previous_seed(world.keys));
	assert_true(rotate_signing(&world));
	assert_memory_not_equal(world.public_key, keys_public(world.keys), 32);
	assert_memory_equal(
	    world.public_key, keys_previous_public(world.keys), 32);
	assert_true(keys_retire_signing(world.keys, 1999, &world.fail));
	assert_true(again(&world, old_master));
	assert_non_null(keys_previous_seed(world.keys));
	assert_true(keys_retire_signing(world.keys, 2000, &world.fail));
	assert_true(again(&world, old_master));
	assert_null(keys_previous_seed(world.keys));
	assert_whole(&world);
	end(&world);
}

static void
test_a_copy_is_confirmed_by_its_fingerprint_alone(void **state)
{
	struct digest right = keys_fingerprint(old_master);
	struct digest wrong = keys_fingerprint(new_master);
	struct world world;

	(void)state;
	begin(&world);
	assert_false(keys_confirm(world.keys, &wrong, 7, &world.fail));
	assert_int_equal(world.fail.kind, FAIL_DENIED);
	world.fail = (struct fail)FAIL_INIT;
	assert_true(keys_confirm(world.keys, &right, 7, &world.fail));
	assert_true(again(&world, old_master));
	assert_int_equal(keys_describe(world.keys).confirmed, 7);
	end(&world);
}

/* One rotation with the nth change failing; false: there is no nth. */
static bool
struck(enum disk_fault fault, unsigned nth, enum disk_loss loss,
    bool (*rotate)(struct world *world))
{
	struct world world;
	bool opened[2], hit;

	begin(&world);
	memory_disk_set_fault(world.disk, fault, nth, loss);
	rotate(&world);
	hit = memory_disk_struck(world.disk);
	memory_disk_die(world.disk);
	keys_close(world.keys);
	world.keys = NULL;
	memory_disk_revive(world.disk, loss);
	memory_disk_set_fault(world.disk, FAULT_NONE, 0, loss);
	opened[0] = again(&world, old_master);
	if (opened[0])
		assert_whole(&world);
	opened[1] = again(&world, new_master);
	if (opened[1])
		assert_whole(&world);
	assert_int_not_equal(opened[0], opened[1]);
	end(&world);
	return hit;
}

static void
sweep(bool (*rotate)(struct world *world))
{
	static const enum disk_fault faults[] = {
	    FAULT_WRITE, FAULT_SYNC, FAULT_KILL};
	static const enum disk_loss losses[] = {LOSS_ALL, LOSS_NONE, LOSS_TORN};

	for (unsigned f = 0; f < 3; f++)
		for (unsigned l = 0; l < 3; l++) {
			unsigned nth = 1;

			while (struck(faults[f], nth, losses[l], rotate))
				nth++;
			assert_true(nth > 3);
		}
}

static void
test_faults_at_every_step_of_a_master_rotation(void **state)
{
	(void)state;
	sweep(rotate_master);
}

static void
test_faults_at_every_step_of_a_signing_rotation(void **state)
{
	(void)state;
	sweep(rotate_signing);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_after_a_rotation_the_old_master_key_opens_nothing),
	    cmocka_unit_test(test_a_tool_that_looks_changes_nothing),
	    cmocka_unit_test(
		test_the_signing_key_before_signs_until_its_time_is_over),
	    cmocka_unit_test(test_a_copy_is_confirmed_by_its_fingerprint_alone),
	    cmocka_unit_test(test_faults_at_every_step_of_a_master_rotation),
	    cmocka_unit_test(test_faults_at_every_step_of_a_signing_rotation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

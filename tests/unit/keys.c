/*
 * Keys: a slot is durable before anybody has it, another master key opens
 * nothing, and what was forgotten cannot be read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <sys/stat.h>

#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/keys.h"

static const uint8_t master[KEY_SIZE] = "a master key for tests, 32 byte";
static const uint8_t other[KEY_SIZE] = "one more key for tests, 32 byte";

struct world {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct fail fail;
};

static int
setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->loop = fake_loop_create(0);
	world->disk = memory_disk_create(world->loop);
	world->keys = keys_open(
	    world->disk, "keys", master, &random_system, &world->fail);
	assert_non_null(world->keys);
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	keys_close(world->keys);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	free(world);
	return 0;
}

/* As after a cut of power: only what was synced is there. */
static bool
crash(struct world *world, const uint8_t key[KEY_SIZE])
{
	memory_disk_die(world->disk);
	keys_close(world->keys);
	memory_disk_revive(world->disk, LOSS_ALL);
	world->fail = (struct fail)FAIL_INIT;
	world->keys =
	    keys_open(world->disk, "keys", key, &random_system, &world->fail);
	return world->keys != NULL;
}

static bool
take(struct world *world, const char *name, struct subject *out, bool *fresh)
{
	struct digest id = keys_id(world->keys, slice_from(name));

	return keys_subject(world->keys, &id, out, fresh, &world->fail);
}

static struct subject
subject(struct world *world, const char *id)
{
	struct subject out;
	bool fresh;

	assert_true(take(world, id, &out, &fresh));
	return out;
}

static void
test_a_slot_given_out_survives_a_crash(void **state)
{
	struct world *world = *state;
	struct subject had[1500];

	/* More than a chunk, so that the pool grows under way. */
	for (unsigned i = 0; i < 1500; i++) {
		char id[32];

		snprintf(id, sizeof(id), "cust-%u", i);
		had[i] = subject(world, id);
	}
	assert_true(crash(world, master));
	for (unsigned i = 0; i < 1500; i++) {
		struct subject now;

		assert_true(
		    keys_slot_subject(world->keys, had[i].slot, &now));
		assert_memory_equal(now.key, had[i].key, KEY_SIZE);
		assert_memory_equal(
		    now.pseudonym, had[i].pseudonym, PSEUDONYM_SIZE);
	}
}

static void
test_no_slot_is_given_out_that_could_not_be_synced(void **state)
{
	struct world *world = *state;
	struct subject out;
	bool fresh, ok = true;
	unsigned given = 0;

	memory_disk_set_fault(world->disk, FAULT_SYNC, 1, LOSS_ALL);
	for (; ok && given < 2000; given += ok) {
		char id[32];

		snprintf(id, sizeof(id), "cust-%u", given);
		ok = take(world, id, &out, &fresh);
	}
	assert_false(ok);
	assert_true(memory_disk_struck(world->disk));
	assert_int_equal(world->fail.kind, FAIL_WORLD);
	assert_false(keys_slot(world->keys, 1024, out.key));
}

static void
test_another_master_key_is_refused(void **state)
{
	struct world *world = *state;

	assert_false(crash(world, other));
	assert_int_equal(world->fail.kind, FAIL_DENIED);
	assert_string_equal(world->fail.place, "keys/root");
}

static void
test_the_signing_key_stays_the_same(void **state)
{
	struct world *world = *state;
	uint8_t seed[KEY_SIZE], public_key[32];

	memcpy(seed, keys_signing_seed(world->keys), KEY_SIZE);
	memcpy(public_key, keys_public(world->keys), 32);
	assert_true(crash(world, master));
	assert_memory_equal(seed, keys_signing_seed(world->keys), KEY_SIZE);
	assert_memory_equal(public_key, keys_public(world->keys), 32);
}

struct search {
	const void *bytes;
	size_t len;
	unsigned found;
};

static void
search_file(void *arg, const char *path, struct slice content)
{
	struct search *search = arg;

	(void)path;
	for (size_t i = 0; i + search->len <= content.len; i++)
		search->found += memcmp(content.data + i, search->bytes,
				     search->len) == 0;
}

static void
test_no_key_lies_on_disk_in_clear(void **state)
{
	struct world *world = *state;
	struct subject taro = subject(world, "cust-1");
	struct search key = {taro.key, KEY_SIZE, 0};
	struct search seed = {keys_signing_seed(world->keys), KEY_SIZE, 0};
	struct search name = {taro.pseudonym, PSEUDONYM_SIZE, 0};

	memory_disk_each(world->disk, search_file, &key);
	memory_disk_each(world->disk, search_file, &seed);
	memory_disk_each(world->disk, search_file, &name);
	assert_int_equal(key.found + seed.found + name.found, 0);
}

static void
test_a_forgotten_slot_is_unreadable_now_and_after_a_crash(void **state)
{
	struct world *world = *state;
	struct subject taro = subject(world, "cust-1");
	struct subject jiro = subject(world, "cust-2");
	struct subject out;
	uint8_t key[KEY_SIZE];

	assert_true(keys_forget(world->keys, taro.slot, &world->fail));
	assert_false(keys_slot(world->keys, taro.slot, key));
	assert_false(keys_find(world->keys, SLICE("cust-1"), &out));
	assert_true(crash(world, master));
	assert_false(keys_slot(world->keys, taro.slot, key));
	assert_true(keys_slot(world->keys, jiro.slot, key));
	assert_memory_equal(key, jiro.key, KEY_SIZE);
}

static void
test_who_comes_back_gets_another_slot_and_key(void **state)
{
	struct world *world = *state;
	struct subject before = subject(world, "cust-1"), after;

	assert_true(keys_forget(world->keys, before.slot, &world->fail));
	after = subject(world, "cust-1");
	assert_int_not_equal(before.slot, after.slot);
	assert_memory_not_equal(before.key, after.key, KEY_SIZE);
	assert_memory_not_equal(
	    before.pseudonym, after.pseudonym, PSEUDONYM_SIZE);
}

static void
test_a_subject_is_fresh_until_a_group_carries_it(void **state)
{
	struct world *world = *state;
	struct subject out, again;
	bool fresh;

	assert_true(take(world, "cust-1", &out, &fresh));
	assert_true(fresh);
	assert_true(take(world, "cust-1", &again, &fresh));
	assert_true(fresh);
	assert_int_equal(out.slot, again.slot);
	keys_note(world->keys, out.slot);
	assert_true(take(world, "cust-1", &again, &fresh));
	assert_false(fresh);
}

static void
test_what_was_assigned_is_learnt_again(void **state)
{
	struct world *world = *state;
	struct subject before = subject(world, "cust-1"), after;
	struct digest id = keys_id(world->keys, SLICE("cust-1"));

	assert_true(crash(world, master));
	assert_false(keys_find(world->keys, SLICE("cust-1"), &after));
	assert_true(
	    keys_learn(world->keys, &id, before.slot, &world->fail));
	assert_true(keys_find(world->keys, SLICE("cust-1"), &after));
	assert_int_equal(before.slot, after.slot);
	/* A slot that is learnt is not given to the next one. */
	assert_int_not_equal(subject(world, "cust-2").slot, before.slot);
	assert_false(keys_learn(world->keys, &id, 1 << 20, &world->fail));
}

static void
assert_mode(const char *root, const char *name, mode_t mode)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s%s", root, name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void
test_files_are_for_their_owner_alone(void **state)
{
	char root[] = "/tmp/misu-test-XXXXXX", directory[64], command[64];
	struct fail fail = FAIL_INIT;
	struct disk *disk;
	struct keys *keys;
	mode_t mask = umask(0);

	(void)state;
	assert_non_null(mkdtemp(root));
	snprintf(directory, sizeof(directory), "%s/keys", root);
	disk = disk_real_create(NULL, &fail);
	keys = keys_open(disk, directory, master, &random_system, &fail);
	assert_non_null(keys);
	assert_mode(directory, "", 0700);
	assert_mode(directory, "/signing", 0600);
	assert_mode(directory, "/slots", 0600);
	umask(mask);
	keys_close(keys);
	disk_real_destroy(disk);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	assert_int_equal(system(command), 0);
}

#define KEYS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    KEYS_TEST(test_a_slot_given_out_survives_a_crash),
	    KEYS_TEST(test_no_slot_is_given_out_that_could_not_be_synced),
	    KEYS_TEST(test_another_master_key_is_refused),
	    KEYS_TEST(test_the_signing_key_stays_the_same),
	    KEYS_TEST(test_no_key_lies_on_disk_in_clear),
	    KEYS_TEST(
		test_a_forgotten_slot_is_unreadable_now_and_after_a_crash),
	    KEYS_TEST(test_who_comes_back_gets_another_slot_and_key),
	    KEYS_TEST(test_a_subject_is_fresh_until_a_group_carries_it),
	    KEYS_TEST(test_what_was_assigned_is_learnt_again),
	    cmocka_unit_test(test_files_are_for_their_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

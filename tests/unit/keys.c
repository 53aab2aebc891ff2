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

enum { RECORD = 128, CHUNK = 1024 * RECORD };

/* The file of slots as damage left it, and what the next start says. */
static bool
starts_with(struct world *world, struct slice slots)
{
	keys_close(world->keys);
	world->fail = (struct fail)FAIL_INIT;
	assert_true(disk_write_file(
	    world->disk, "keys/slots", slots, &world->fail));
	world->keys = keys_open(
	    world->disk, "keys", master, &random_system, &world->fail);
	return world->keys != NULL;
}

static void
assert_refused(struct world *world, struct slice slots)
{
	struct arena *arena = arena_create(NULL);
	struct slice after;

	assert_false(starts_with(world, slots));
	assert_non_null(strstr(world->fail.place, "keys/slots"));
	assert_non_null(strstr(world->fail.hint, "from a backup"));
	assert_true(disk_read_file(world->disk, "keys/slots", 1 << 20, arena,
	    &after, &world->fail));
	assert_true(slice_equal(slots, after));
	arena_destroy(arena);
}

static char *
slots_of(struct world *world, struct arena *arena, size_t *len)
{
	struct slice file;
	char *out;

	assert_true(disk_read_file(world->disk, "keys/slots", 1 << 20, arena,
	    &file, &world->fail));
	out = arena_take(arena, file.len);
	assert_non_null(out);
	memcpy(out, file.data, file.len);
	*len = file.len;
	return out;
}

static void
test_damage_to_the_first_slots_is_refused_and_nothing_is_changed(void **state)
{
	static const size_t cuts[] = {0, 1, RECORD, CHUNK - RECORD, CHUNK - 1};
	struct world *world = *state;
	struct arena *arena = arena_create(NULL);
	size_t len;
	char *slots;

	subject(world, "cust-1");
	slots = slots_of(world, arena, &len);
	assert_int_equal(len, CHUNK);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++)
		assert_refused(world, (struct slice){slots, cuts[i]});
	memset(slots + 500 * RECORD, 0, RECORD);
	assert_refused(world, (struct slice){slots, len});
	arena_destroy(arena);
}

static void
test_a_chunk_that_a_crash_cut_is_made_again(void **state)
{
	struct world *world = *state;
	struct arena *arena = arena_create(NULL);
	struct subject first = subject(world, "cust-0");
	uint8_t key[KEY_SIZE];
	size_t len;
	char *slots;

	for (unsigned i = 1; i < 800; i++) {
		char id[32];

		snprintf(id, sizeof(id), "cust-%u", i);
		subject(world, id);
	}
	slots = slots_of(world, arena, &len);
	assert_int_equal(len, 2 * CHUNK);
	assert_true(starts_with(world, (struct slice){slots, len - 1}));
	assert_true(starts_with(world, (struct slice){slots, CHUNK + 1}));
	memset(slots + CHUNK + 8 * RECORD, 0, RECORD);
	assert_true(starts_with(world, (struct slice){slots, len}));
	assert_true(keys_slot(world->keys, first.slot, key));
	assert_memory_equal(key, first.key, KEY_SIZE);
	assert_int_equal(keys_describe(world->keys).slots, 1024);
	arena_destroy(arena);
}

static void
test_a_damaged_chunk_that_was_in_use_is_refused(void **state)
{
	struct world *world = *state;
	struct arena *arena = arena_create(NULL);
	struct digest id = keys_id(world->keys, SLICE("cust-1"));
	size_t len;
	char *slots;

	assert_true(keys_forget(world->keys, 1500, &world->fail));
	slots = slots_of(world, arena, &len);
	assert_int_equal(len, 2 * CHUNK);
	assert_refused(world, (struct slice){slots, len - RECORD});
	memset(slots + CHUNK + 8 * RECORD, 0, RECORD);
	assert_refused(world, (struct slice){slots, len});
	/* Nothing tells of it but what the ledger and the vault know. */
	assert_true(starts_with(world, (struct slice){slots, CHUNK}));
	assert_false(keys_learn(world->keys, &id, 1100, &world->fail));
	assert_non_null(strstr(world->fail.place, "keys/slots"));
	arena_destroy(arena);
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
	    KEYS_TEST(
		test_damage_to_the_first_slots_is_refused_and_nothing_is_changed),
	    KEYS_TEST(test_a_chunk_that_a_crash_cut_is_made_again),
	    KEYS_TEST(test_a_damaged_chunk_that_was_in_use_is_refused),
	    cmocka_unit_test(test_files_are_for_their_owner_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The very first start: whichever write or sync of it fails, and wherever it
 * is killed, the next start makes what is missing, and then nothing changes
 * any more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/ledger.h"
#include "store/vault.h"

enum { CHANGES_MAX = 500 };

static const uint8_t master[KEY_SIZE] = "a master key for tests, 32 byte";

/* One life after another on the same disk. */
struct life {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct fail fail;
};

static int64_t
now(void *context)
{
	struct loop *loop = context;

	return loop->operations->now(loop);
}

static bool
begin(struct life *life)
{
	struct ledger_options options = {.disk = life->disk,
	    .directory = "state/ledger",
	    .origin = "ledger.example/misu",
	    .random = &random_system,
	    .now = now,
	    .now_context = life->loop,
	    .segment_size = 1 << 16};

	life->fail = (struct fail)FAIL_INIT;
	if (!life->disk->operations->make_directory(
		life->disk, "state", &life->fail))
		return false;
	life->keys = keys_open(
	    life->disk, "state/keys", master, &random_system, &life->fail);
	if (life->keys == NULL)
		return false;
	life->vault =
	    vault_open(life->disk, "state/vault", life->keys, &life->fail);
	if (life->vault == NULL)
		return false;
	options.keys = life->keys;
	options.vault = life->vault;
	life->ledger = ledger_open(&options, &life->fail);
	return life->ledger != NULL;
}

static void
end(struct life *life)
{
	ledger_close(life->ledger);
	life->ledger = NULL;
	vault_close(life->vault);
	life->vault = NULL;
	keys_close(life->keys);
	life->keys = NULL;
	fake_loop_drop(life->loop);
	memory_disk_release(life->disk);
}

static void
starts(struct life *life, const char *fault, unsigned nth, enum disk_loss loss)
{
	if (begin(life))
		return;
	print_message("%s %u/%d: %s: %s\n", fault, nth, (int)loss,
	    life->fail.place, life->fail.text);
	fail();
}

/* The log of the second start is that of every later one. */
static void
stays(struct life *life, const char *fault, unsigned nth, enum disk_loss loss)
{
	uint8_t public_key[32];
	struct subject had, has;

	starts(life, fault, nth, loss);
	memcpy(public_key, keys_public(life->keys), sizeof(public_key));
	assert_true(keys_slot_subject(life->keys, 0, &had));
	memory_disk_die(life->disk);
	end(life);
	memory_disk_revive(life->disk, LOSS_ALL);
	starts(life, fault, nth, loss);
	assert_memory_equal(
	    public_key, keys_public(life->keys), sizeof(public_key));
	assert_true(keys_slot_subject(life->keys, 0, &has));
	assert_memory_equal(had.key, has.key, KEY_SIZE);
}

/* False: there are fewer changes than `nth`. */
static bool
strike(
    const char *name, enum disk_fault fault, unsigned nth, enum disk_loss loss)
{
	struct life life = {.loop = fake_loop_create(0)};
	bool began, struck;

	life.disk = memory_disk_create(life.loop);
	memory_disk_set_fault(life.disk, fault, nth, loss);
	began = begin(&life);
	struck = memory_disk_struck(life.disk);
	assert_true(began || struck);
	end(&life);
	if (memory_disk_is_dead(life.disk))
		memory_disk_revive(life.disk, loss);
	if (struck)
		stays(&life, name, nth, loss);
	end(&life);
	assert_int_equal(memory_disk_handles(life.disk), 0);
	memory_disk_destroy(life.disk);
	fake_loop_destroy(life.loop);
	return struck;
}

static void
sweep(const char *name, enum disk_fault fault, enum disk_loss loss)
{
	unsigned nth = 1;

	while (nth < CHANGES_MAX && strike(name, fault, nth, loss))
		nth++;
	/* Root, signing key, slots, vault and journal at the least. */
	assert_in_range(nth, 10, CHANGES_MAX - 1);
}

static void
a_write_that_fails_is_made_good_by_the_next_start(void **state)
{
	(void)state;
	sweep("write", FAULT_WRITE, LOSS_ALL);
}

static void
a_sync_that_fails_is_made_good_by_the_next_start(void **state)
{
	(void)state;
	sweep("sync", FAULT_SYNC, LOSS_ALL);
}

static void
a_kill_anywhere_is_made_good_by_the_next_start(void **state)
{
	(void)state;
	/* With nothing lost it is a write that failed, one further on. */
	sweep("kill", FAULT_KILL, LOSS_ALL);
	sweep("kill", FAULT_KILL, LOSS_TORN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_write_that_fails_is_made_good_by_the_next_start),
	    cmocka_unit_test(a_sync_that_fails_is_made_good_by_the_next_start),
	    cmocka_unit_test(a_kill_anywhere_is_made_good_by_the_next_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A ledger in a directory of its own, for the tests of the store: real disk,
 * real loop, a clock and random bytes that tests own.
 */
#ifndef MISU_LEDGER_WORLD_H
#define MISU_LEDGER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <unistd.h>

#include "store/ledger.h"
#include "store/vault.h"

struct world {
	char root[64], ledger_path[96], keys_path[96], vault_path[96];
	struct event_base *base;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct arena *arena;
	uint64_t segment_size;
	int64_t now;
	struct fail fail;
};

struct world_answer {
	unsigned done;
	uint64_t first;
	size_t count;
	struct sealed *sealed[8];
	struct fail fail;
};

static const uint8_t world_master[KEY_SIZE] = "a master key for tests, 32 byte";

static int64_t
world_now(void *context)
{
	struct world *world = context;

	return world->now++;
}

static void
world_answered(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct world_answer *answer = arg;

	answer->done++;
	answer->first = first;
	answer->count = count;
	for (size_t i = 0; i < count && i < 8; i++)
		answer->sealed[i] = sealed[i];
	if (fail != NULL)
		answer->fail = *fail;
}

static void
world_complain(const struct world *world)
{
	if (world->fail.kind != FAIL_NONE)
		print_message("%s: %s (%s)\n", world->fail.place,
		    world->fail.text, world->fail.hint);
}

/* Everything but the ledger; NULL stays in world->keys when keys refuse. */
static inline bool
world_start(struct world *world)
{
	struct ledger_options options;

	world->fail = (struct fail)FAIL_INIT;
	world->base = event_base_new();
	world->disk = disk_real_create(world->base, &world->fail);
	world->arena = arena_create(NULL);
	world->keys = keys_open(world->disk, world->keys_path, world_master,
	    &random_system, &world->fail);
	if (world->keys == NULL)
		return false;
	world->vault =
	    vault_open(world->disk, world->vault_path,
	    world->keys, &world->fail);
	if (world->vault == NULL)
		return false;
	options = (struct ledger_options){.disk = world->disk,
	    .keys = world->keys,
	    .directory = world->ledger_path,
	    .origin = "ledger.example/misu",
	    .random = &random_system,
	    .now = world_now,
	    .now_context = world,
	    .vault = world->vault,
	    .segment_size = world->segment_size};
	world->ledger = ledger_open(&options, &world->fail);
	return world->ledger != NULL;
}

/* As a kill would: nothing more is written, but memory is given back. */
static inline void
world_stop(struct world *world)
{
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
	disk_real_destroy(world->disk);
	event_base_free(world->base);
	arena_destroy(world->arena);
	world->ledger = NULL;
	world->vault = NULL;
	world->keys = NULL;
}

/*
 * A new one: in memory where scripts/check says that there is some, since what
 * a process does that dies is seen there as on a disk.
 */
static inline void
world_directory(char root[64])
{
	const char *memory = getenv("MEMORY");

	if (memory == NULL || memory[0] == '\0')
		memory = "/tmp";
	snprintf(root, 64, "%.40s/misu-test-XXXXXX", memory);
	assert_non_null(mkdtemp(root));
}

static inline struct world *
world_create(uint64_t segment_size)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world_directory(world->root);
	snprintf(world->ledger_path, sizeof(world->ledger_path), "%s/ledger",
	    world->root);
	snprintf(world->keys_path, sizeof(world->keys_path), "%s/keys",
	    world->root);
	snprintf(world->vault_path, sizeof(world->vault_path), "%s/vault",
	    world->root);
	world->segment_size = segment_size;
	world->now = 1775000000000;
	if (!world_start(world))
		world_complain(world);
	assert_non_null(world->ledger);
	return world;
}

/* The disk as a kill would leave it now; not started. */
static inline struct world *
world_killed(const struct world *world)
{
	struct world *copy = calloc(1, sizeof(*copy));
	char command[512];

	assert_non_null(copy);
	world_directory(copy->root);
	/* A file may go while it is copied: what is behind the loop goes on. */
	snprintf(command, sizeof(command),
	    "for i in 1 2 3 4 5 6 7 8 9; do cp -a '%s'/. '%s' 2>/dev/null && "
	    "exit 0; rm -rf '%s'/*; done; exit 1",
	    world->root, copy->root, copy->root);
	assert_int_equal(system(command), 0);
	snprintf(copy->ledger_path, sizeof(copy->ledger_path), "%s/ledger",
	    copy->root);
	snprintf(
	    copy->keys_path, sizeof(copy->keys_path), "%s/keys", copy->root);
	snprintf(copy->vault_path, sizeof(copy->vault_path), "%s/vault",
	    copy->root);
	copy->segment_size = world->segment_size;
	copy->now = world->now;
	return copy;
}

static inline void
world_destroy(struct world *world)
{
	char command[128];

	world_stop(world);
	snprintf(command, sizeof(command), "rm -rf '%s'", world->root);
	assert_int_equal(system(command), 0);
	free(world);
}

static inline bool
world_restart(struct world *world)
{
	world_stop(world);
	return world_start(world);
}

static inline void
world_wait(struct world *world, const struct world_answer *answer)
{
	while (answer->done == 0)
		event_base_loop(world->base, EVLOOP_ONCE);
}

/* One event entry, durable. */
static inline struct world_answer
world_append(struct world *world, const char *word, const char *request)
{
	struct event event = {.type = EVENT_OUTCOME,
	    .entry = 7,
	    .word = slice_from(word),
	    .request = slice_from(request)};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	if (batch == NULL) {
		answer.fail = world->fail;
		return answer;
	}
	assert_true(ledger_add_event(batch, &event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	return answer;
}

#endif

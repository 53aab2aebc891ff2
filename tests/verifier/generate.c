/*
 * generate STATE ORIGIN SIZE...: a log made by misu's own code, until it has
 * each of the sizes in turn.  STATE is a state directory that a misu has made
 * and is not running on; STATE/checkpoint.SIZE is the checkpoint there was.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc.h"
#include "store/ledger.h"
#include "store/tiles.h"
#include "store/vault.h"

enum {
	BATCH = 2500, /* entries */
	BATCHES = 8   /* in one group, and so in one sync */
};

struct made {
	const char *state;
	struct event_base *base;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
};

static void
die(const char *what, const struct fail *fail)
{
	fprintf(
	    stderr, "generate: %s: %s: %s\n", what, fail->place, fail->text);
	exit(1);
}

static int64_t
now(void *context)
{
	(void)context;
	return (int64_t)time(NULL) * 1000;
}

static const char *
below(const struct made *made, const char *name)
{
	static char paths[8][600];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(*paths), "%.500s/%s", made->state, name);
	return path;
}

static void
open_all(struct made *made, const char *origin)
{
	uint8_t master[KEY_SIZE];
	struct fail fail = FAIL_INIT;
	bool fresh = false;

	made->base = event_base_new();
	made->disk = disk_real_create(made->base, &fail);
	if (!proc_master_key(below(made, "master.key"), master, &fresh, &fail))
		die("master key", &fail);
	made->keys = keys_open(
	    made->disk, below(made, "keys"), master, &random_system, &fail);
	if (made->keys == NULL)
		die("keys", &fail);
	made->vault =
	    vault_open(made->disk, below(made, "vault"), made->keys, &fail);
	if (made->vault == NULL)
		die("vault", &fail);
	made->ledger = ledger_open(&(struct ledger_options){.disk = made->disk,
				       .keys = made->keys,
				       .directory = below(made, "ledger"),
				       .origin = origin,
				       .random = &random_system,
				       .now = now,
				       .vault = made->vault},
	    &fail);
	if (made->ledger == NULL)
		die("ledger", &fail);
}

/* One wake-up's batches are one group. */
struct group {
	struct made *made;
	struct arena *arena;
	unsigned under_way;
};

static void
appended(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct group *group = arg;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL)
		die("append", fail);
	if (--group->under_way == 0)
		event_base_loopbreak(group->made->base);
}

static void
append_batch(struct group *group, uint64_t first, uint64_t end)
{
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(group->made->ledger, group->arena, &fail);

	if (batch == NULL)
		die("append", &fail);
	for (; first < end; first++) {
		char reason[40];
		struct event event = {
		    .type = EVENT_AUDIT, .word = SLICE("same")};

		snprintf(reason, sizeof(reason), "entry %llu of a test",
		    (unsigned long long)first);
		event.reason = slice_from(reason);
		if (!ledger_add_event(batch, &event, &fail))
			die("append", &fail);
	}
	group->under_way++;
	ledger_commit(batch, appended, group);
}

static void
append(struct made *made, uint64_t end)
{
	uint64_t at = ledger_size(made->ledger);
	struct group group = {.made = made, .arena = arena_create(NULL)};

	for (unsigned i = 0; i < BATCHES && at < end; i++) {
		uint64_t next = end - at < BATCH ? end : at + BATCH;

		append_batch(&group, at, next);
		at = next;
	}
	event_base_loop(made->base, 0);
	arena_destroy(group.arena);
}

/* What the log said of itself when it was so long. */
static void
keep_checkpoint(struct made *made, const char *size)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice note;
	char name[64];

	snprintf(name, sizeof(name), "checkpoint.%.20s", size);
	if (!ledger_checkpoint(made->ledger, &fail) ||
	    !disk_read_file(made->disk, below(made, "ledger/checkpoint"),
		NOTE_MAX, arena, &note, &fail) ||
	    !disk_write_file(made->disk, below(made, name), note, &fail))
		die("checkpoint", &fail);
	arena_destroy(arena);
}

int
main(int argc, char **argv)
{
	struct made made = {.state = argc > 3 ? argv[1] : NULL};

	if (made.state == NULL) {
		fputs("usage: generate STATE ORIGIN SIZE...\n", stderr);
		return 2;
	}
	open_all(&made, argv[2]);
	for (int i = 3; i < argc; i++) {
		uint64_t wanted = strtoull(argv[i], NULL, 10);

		while (ledger_size(made.ledger) < wanted)
			append(&made, wanted);
		keep_checkpoint(&made, argv[i]);
	}
	ledger_close(made.ledger);
	vault_close(made.vault);
	keys_close(made.keys);
	disk_real_destroy(made.disk);
	event_base_free(made.base);
	return 0;
}

/*
 * A ledger directory is damaged in any way and opened: it is refused with a
 * reason that verify finds too, or it opens with what a checkpoint vouches
 * for.  Five bytes of input are one damage: file, offset (16 bits), byte,
 * length; the file's high bit makes the journal's check sums right again, so
 * that what lies behind them is reached.
 */
#include "base/digest.h"
#include "runner/fake_loop.h"
#include "runner/fuzz.h"
#include "runner/memory_disk.h"
#include "store/ledger.h"
#include "store/verify.h"

enum { ENTRIES = 6, COVERED = 3, SEGMENT = 4 * DISK_BLOCK };

static const char *const files[] = {"/l/journal/00000000",
    "/l/journal/00000001", "/l/checkpoint", "/l/tile/entries/000.p/3",
    "/l/tile/0/000.p/3", "/l/log.vkey", "/k/slots", "/k/signing"};

static bool
not_random(void *context, void *out, size_t len)
{
	uint8_t *seed = context;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (*seed)++;
	return true;
}

static int64_t
now(void *context)
{
	(void)context;
	return 1775000000000;
}

struct start {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct ledger *ledger;
	struct fail fail;
};

static bool
start(struct start *s, struct random_source *random)
{
	static const uint8_t master[KEY_SIZE] = {7};

	s->fail = (struct fail)FAIL_INIT;
	s->keys = keys_open(s->disk, "/k", master, random, &s->fail);
	if (s->keys == NULL)
		return false;
	s->ledger = ledger_open(
	    &(struct ledger_options){.disk = s->disk,
		.keys = s->keys,
		.directory = "/l",
		.origin = "fuzz.example/misu",
		.random = random,
		.now = now,
		.segment_size = SEGMENT},
	    &s->fail);
	return s->ledger != NULL;
}

static void
stop(struct start *s)
{
	ledger_close(s->ledger);
	keys_close(s->keys);
	s->ledger = NULL;
	s->keys = NULL;
}

static void
done(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	(void)arg;
	(void)first;
	(void)sealed;
	(void)count;
	fuzz_must(fail == NULL);
}

static void
append(struct start *s, struct arena *arena)
{
	struct event event = {.type = EVENT_START, .word = SLICE("1.0")};
	struct batch *batch = ledger_begin(s->ledger, arena, &s->fail);

	fuzz_must(batch != NULL && ledger_add_event(batch, &event, &s->fail));
	ledger_commit(batch, done, NULL);
	fuzz_must(fake_loop_settle(s->loop));
}

static void
reseal(struct disk *disk, struct disk_file *file, uint64_t offset)
{
	struct fail fail = FAIL_INIT;
	char block[DISK_BLOCK];
	struct digest check;
	size_t got;

	offset -= offset % DISK_BLOCK;
	if (!disk->operations->read(disk, file, offset, block, sizeof(block),
		&got, &fail) ||
	    got != sizeof(block))
		return;
	check = digest_sha256((struct slice){block, sizeof(block) - 16});
	disk->operations->write(disk, file, offset + sizeof(block) - 16,
	    check.bytes, 16, &fail);
}

static void
damage(struct disk *disk, const uint8_t *how)
{
	const char *path = files[(how[0] & 0x7f) %
	    (sizeof(files) / sizeof(*files))];
	uint64_t offset = (uint64_t)how[1] << 8 | how[2], size = 0;
	struct fail fail = FAIL_INIT;
	struct disk_file *file;
	uint8_t bytes[256];
	size_t len = how[4];

	if (!disk->operations->open(disk, path, DISK_WRITE, &file, &fail))
		return;
	disk->operations->size(disk, file, &size, &fail);
	memset(bytes, how[3], sizeof(bytes));
	if (size != 0) {
		offset %= size;
		len = len > size - offset ? (size_t)(size - offset) : len;
		disk->operations->write(
		    disk, file, offset, bytes, len, &fail);
	}
	if (how[0] & 0x80 && size == SEGMENT)
		reseal(disk, file, offset);
	disk->operations->sync(disk, file, &fail);
	disk->operations->close(disk, file);
}

static uint64_t
findings(struct start *s)
{
	struct verify_options options = {.disk = s->disk, .directory = "/l"};
	struct verify_result result;
	struct fail fail = FAIL_INIT;

	fuzz_must(verify_ledger(&options, &result, &fail));
	return result.findings;
}

static void
check(struct start *s, struct random_source *random, bool whole, bool forged)
{
	uint64_t found = findings(s);

	fuzz_must(!whole || found == 0);
	if (start(s, random)) {
		uint64_t size = ledger_size(s->ledger);

		fuzz_must(size >= COVERED && (forged || size <= ENTRIES));
		fuzz_must(!whole || size == ENTRIES);
	} else {
		fuzz_must(s->fail.text[0] != '\0' && !whole);
		fuzz_must(s->keys == NULL || found != 0 || forged);
	}
	stop(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t seed = 1;
	struct random_source random = {.fill = not_random, .context = &seed};
	struct start s = {.loop = fake_loop_create(0)};
	struct arena *arena = arena_create(NULL);
	bool forged = false;

	s.disk = memory_disk_create(s.loop);
	fuzz_must(start(&s, &random));
	for (int i = 0; i < ENTRIES; i++) {
		append(&s, arena);
		if (i + 1 == COVERED)
			fuzz_must(ledger_checkpoint(s.ledger, &s.fail));
	}
	memory_disk_die(s.disk);
	stop(&s);
	fake_loop_drop(s.loop);
	memory_disk_revive(s.disk, LOSS_NONE);
	for (size_t i = 0; i + 5 <= size && i < 100; i += 5) {
		/* Keys forged by a byte are another matter than damage. */
		forged = forged || data[i] & 0x80 ||
		    (data[i] & 0x7f) % 8 >= 6;
		damage(s.disk, data + i);
	}
	check(&s, &random, size < 5, forged);
	memory_disk_destroy(s.disk);
	fake_loop_destroy(s.loop);
	arena_destroy(arena);
	return 0;
}

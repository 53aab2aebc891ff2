#include "store/log_reader.h"

#include "core/note.h"
#include "core/tree.h"
#include "store/journal.h"
#include "store/log_source.h"
#include "store/tiles.h"

/*
 * Bundles in memory: what is asked for lies near what was asked before.  At
 * least two, so that a reading leaves what the one before it gave.
 */
enum { TRIES = 8, PATH_SIZE = 1024, BUNDLES = 8 };

struct bundle {
	struct arena *arena;
	uint64_t number; /* plus one; 0: empty */
	uint64_t used;	 /* when, counted in calls */
	unsigned count;
	struct slice entries[TILE_WIDTH];
};

struct log_reader {
	struct disk *disk;
	char directory[PATH_SIZE];
	bool bundles_only;
	uint64_t bundled, minimum;
	struct digest log;
	struct arena *arena; /* of what the journal has, and the key */
	struct slice *newer; /* entries from `bundled` on */
	size_t newer_count, newer_room;
	struct bundle bundles[BUNDLES];
	uint64_t calls;
};

/* --- opening --- */

static bool
newer_add(struct log_reader *reader, struct slice entry, struct fail *fail)
{
	if (reader->newer_count == reader->newer_room) {
		size_t room =
		    reader->newer_room == 0 ? 256 : 2 * reader->newer_room;
		struct slice *grown =
		    realloc(reader->newer, room * sizeof(*grown));

		if (grown == NULL)
			return fail_memory(fail);
		reader->newer = grown;
		reader->newer_room = room;
	}
	entry = arena_copy(reader->arena, entry);
	reader->newer[reader->newer_count++] = entry;
	return entry.data != NULL || fail_memory(fail);
}

static bool
on_group(void *context, const struct journal_group *group, struct fail *fail)
{
	struct log_reader *reader = context;
	uint64_t index = group->first;
	struct slice rest = group->stream, item;
	enum journal_item type;

	while (journal_next(&rest, &type, &item))
		if (type == JOURNAL_ENTRY && index++ >= reader->bundled &&
		    !newer_add(reader, item, fail))
			return false;
	return true;
}

static bool
read_checkpoint(struct log_reader *reader, struct fail *fail)
{
	struct checkpoint checkpoint;
	uint8_t public_key[32];
	struct slice text, origin;
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%.800s/log.vkey", reader->directory);
	if (!disk_read_file(
		reader->disk, path, 1024, reader->arena, &text, fail) ||
	    !note_parse_verifier_key(
		text, reader->arena, &origin, public_key, fail))
		return false;
	/* Its key changes with a rotation, and it stays the same log. */
	reader->log = digest_sha256(origin);
	if (!disk_has(
		reader->disk, reader->directory, "checkpoint", reader->arena)) {
		reader->bundled = 0;
		return true;
	}
	snprintf(path, sizeof(path), "%.800s/checkpoint", reader->directory);
	if (!disk_read_file(
		reader->disk, path, NOTE_MAX, reader->arena, &text, fail) ||
	    !note_open(
		text, reader->arena, origin, public_key, &checkpoint, fail))
		return false;
	reader->bundled = checkpoint.size;
	return tiles_read_minimum(reader->disk, reader->directory,
	    reader->arena, &reader->minimum, fail);
}

static void
forget_all(struct log_reader *reader)
{
	free(reader->newer);
	reader->newer = NULL;
	reader->newer_count = reader->newer_room = 0;
	arena_reset(reader->arena);
}

/* A bundle that was not full may have grown. */
static void
forget_partial(struct log_reader *reader)
{
	for (unsigned i = 0; i < BUNDLES; i++)
		if (reader->bundles[i].count < TILE_WIDTH)
			reader->bundles[i].number = 0;
}

static bool
open_once(struct log_reader *reader, struct fail *fail)
{
	struct journal_scan scan = {.group = on_group, .context = reader};
	char path[PATH_SIZE];

	if (!read_checkpoint(reader, fail))
		return false;
	snprintf(path, sizeof(path), "%.800s/journal", reader->directory);
	return reader->bundles_only ||
	       !disk_has(
		   reader->disk, reader->directory, "journal", reader->arena) ||
	       journal_read(reader->disk, path, reader->bundled, &scan, fail);
}

/*
 * While a daemon writes, partial files and journal groups may move on between
 * our reading one and the other: then look again.
 */
bool
log_reader_renew(struct log_reader *reader, struct fail *fail)
{
	for (int i = 1;; i++) {
		struct fail once = FAIL_INIT;

		forget_all(reader);
		forget_partial(reader);
		if (open_once(reader, &once))
			return true;
		if (i < TRIES)
			continue;
		forget_all(reader);
		reader->bundled = 0;
		*fail = once;
		return false;
	}
}

static struct log_reader *
create(struct disk *disk, const char *directory, bool bundles_only,
    struct fail *fail)
{
	struct log_reader *reader = calloc(1, sizeof(*reader));
	bool ok = reader != NULL || fail_memory(fail);

	if (!ok)
		return NULL;
	reader->disk = disk;
	reader->bundles_only = bundles_only;
	snprintf(reader->directory, sizeof(reader->directory), "%s", directory);
	reader->arena = arena_create(NULL);
	ok = reader->arena != NULL;
	for (unsigned i = 0; i < BUNDLES; i++) {
		reader->bundles[i].arena = arena_create(NULL);
		ok = ok && reader->bundles[i].arena != NULL;
	}
	if (!ok)
		fail_memory(fail);
	else if (log_reader_renew(reader, fail))
		return reader;
	log_reader_close(reader);
	return NULL;
}

struct log_reader *
log_reader_open(struct disk *disk, const char *directory, struct fail *fail)
{
	return create(disk, directory, false, fail);
}

struct log_reader *
log_reader_open_bundles(
    struct disk *disk, const char *directory, struct fail *fail)
{
	return create(disk, directory, true, fail);
}

void
log_reader_close(struct log_reader *reader)
{
	if (reader == NULL)
		return;
	for (unsigned i = 0; i < BUNDLES; i++)
		arena_destroy(reader->bundles[i].arena);
	free(reader->newer);
	arena_destroy(reader->arena);
	free(reader);
}

/* --- reading --- */

uint64_t
log_reader_size(const struct log_reader *reader)
{
	return reader->bundled + reader->newer_count;
}

uint64_t
log_reader_minimum(const struct log_reader *reader)
{
	return reader->minimum;
}

uint64_t
log_reader_bundled(const struct log_reader *reader)
{
	return reader->bundled;
}

struct digest
log_reader_log(const struct log_reader *reader)
{
	return reader->log;
}

/* It may have grown, or been pruned, since we looked what there is. */
static bool
bundle_get(struct log_reader *reader, struct bundle *bundle, const char *name,
    struct slice *out, struct fail *fail)
{
	struct log_directory log;
	enum log_got got;

	log_directory_init(&log, reader->disk, reader->directory);
	got = log.source.get(
	    &log.source, name, BUNDLE_MAX, bundle->arena, out, fail);
	if (got != LOG_GONE)
		return got == LOG_GOT;
	fail_set(fail, FAIL_WORLD, "entries were pruned meanwhile");
	fail_place(fail, "%s", name);
	fail_hint(fail, "ask again");
	return false;
}

static bool
bundle_load(struct log_reader *reader, struct bundle *bundle, uint64_t number,
    struct fail *fail)
{
	unsigned width = number == reader->bundled >> 8
			     ? (unsigned)(reader->bundled & 255)
			     : 0;
	char name[TILES_PATH];
	struct slice rest;

	tiles_path(name, TILES_ENTRIES, number, width);
	bundle->number = 0;
	bundle->count = 0;
	arena_reset(bundle->arena);
	if (!bundle_get(reader, bundle, name, &rest, fail))
		return false;
	while (bundle->count < TILE_WIDTH &&
	       tiles_next(&rest, &bundle->entries[bundle->count]))
		bundle->count++;
	if (bundle->count == (width == 0 ? TILE_WIDTH : width)) {
		bundle->number = number + 1;
		return true;
	}
	fail_set(fail, FAIL_WORLD, "the bundle was cut");
	fail_place(fail, "%s", name);
	fail_hint(fail, "misuctl verify lists all damage");
	return false;
}

/* The bundle where it is in memory already, else the one to be replaced. */
static struct bundle *
bundle_find(struct log_reader *reader, uint64_t number)
{
	struct bundle *oldest = &reader->bundles[0];

	for (unsigned i = 0; i < BUNDLES; i++) {
		struct bundle *bundle = &reader->bundles[i];

		if (bundle->number == number + 1)
			return bundle;
		if (bundle->used < oldest->used)
			oldest = bundle;
	}
	return oldest;
}

bool
log_reader_borrow(struct log_reader *reader, uint64_t index,
    struct slice *entry, struct fail *fail)
{
	uint64_t number = index >> 8;
	struct bundle *bundle;

	if (index < reader->minimum)
		return fail_set(fail, FAIL_INPUT,
		    "entry %llu was pruned, as all below %llu",
		    (unsigned long long)index,
		    (unsigned long long)reader->minimum);
	if (index >= log_reader_size(reader))
		return fail_set(fail, FAIL_INPUT, "there is no entry %llu",
		    (unsigned long long)index);
	if (index >= reader->bundled) {
		*entry = reader->newer[index - reader->bundled];
		return true;
	}
	bundle = bundle_find(reader, number);
	bundle->used = ++reader->calls;
	if (bundle->number != number + 1 &&
	    !bundle_load(reader, bundle, number, fail))
		return false;
	*entry = bundle->entries[index & 255];
	return true;
}

bool
log_reader_entry(struct log_reader *reader, uint64_t index, struct arena *arena,
    struct slice *entry, struct fail *fail)
{
	if (!log_reader_borrow(reader, index, entry, fail))
		return false;
	*entry = arena_copy(arena, *entry);
	return entry->data != NULL || fail_memory(fail);
}

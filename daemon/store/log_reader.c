#include "store/log_reader.h"

#include "core/note.h"
#include "core/tree.h"
#include "store/journal.h"
#include "store/tiles.h"

enum { TRIES = 8 };

struct log_reader {
	struct disk *disk;
	const char *directory;
	struct tiles *tiles;
	struct slice vkey, origin; /* in `kept` */
	struct arena *kept;
	uint8_t public_key[32];
	/* The journal's entries, from index `size` of the tiles on. */
	struct slice *newer;
	size_t newer_count, newer_room;
};

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
	entry = arena_copy(reader->kept, entry);
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
		if (type == JOURNAL_ENTRY &&
		    index++ >= tiles_tree(reader->tiles)->size &&
		    !newer_add(reader, item, fail))
			return false;
	return true;
}

static bool
open_once(struct log_reader *reader, struct fail *fail)
{
	struct journal_scan scan = {.group = on_group, .context = reader};
	struct tiles_options options = {.disk = reader->disk,
	    .directory = reader->directory,
	    .public_key = reader->public_key};
	char path[1024], origin[256];

	snprintf(path, sizeof(path), "%.800s/log.vkey", reader->directory);
	if (!disk_read_file(
		reader->disk, path, 1024, reader->kept, &reader->vkey, fail) ||
	    !note_parse_verifier_key(reader->vkey, reader->kept,
		&reader->origin, reader->public_key, fail))
		return false;
	snprintf(origin, sizeof(origin), "%.*s", SLICE_ARG(reader->origin));
	options.origin = origin;
	reader->tiles = tiles_open(&options, fail);
	if (reader->tiles == NULL)
		return false;
	snprintf(path, sizeof(path), "%.800s/journal", reader->directory);
	return journal_read(
	    reader->disk, path, tiles_durable(reader->tiles), &scan, fail);
}

static void
close_once(struct log_reader *reader)
{
	tiles_close(reader->tiles);
	reader->tiles = NULL;
	free(reader->newer);
	reader->newer = NULL;
	reader->newer_count = reader->newer_room = 0;
	arena_reset(reader->kept);
}

/*
 * While a daemon writes, partial files and journal groups may move on between
 * our reading one and the other: then look again.
 */
static bool
open_all(struct log_reader *reader, struct fail *fail)
{
	for (int i = 1;; i++) {
		struct fail once = FAIL_INIT;

		if (open_once(reader, &once))
			return true;
		close_once(reader);
		if (i < TRIES)
			continue;
		*fail = once;
		return false;
	}
}

struct log_reader *
log_reader_open(struct disk *disk, const char *directory, struct fail *fail)
{
	struct log_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		fail_memory(fail);
		return NULL;
	}
	reader->disk = disk;
	reader->directory = directory;
	reader->kept = arena_create(NULL);
	if (reader->kept == NULL)
		fail_memory(fail);
	else if (open_all(reader, fail))
		return reader;
	log_reader_close(reader);
	return NULL;
}

void
log_reader_close(struct log_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->kept != NULL)
		close_once(reader);
	arena_destroy(reader->kept);
	free(reader);
}

uint64_t
log_reader_minimum(const struct log_reader *reader)
{
	return tiles_minimum(reader->tiles);
}

uint64_t
log_reader_size(const struct log_reader *reader)
{
	return tiles_tree(reader->tiles)->size + reader->newer_count;
}

bool
log_reader_entry(struct log_reader *reader, uint64_t index, struct arena *arena,
    struct slice *entry, struct fail *fail)
{
	uint64_t size = tiles_tree(reader->tiles)->size;

	if (index < size)
		return tiles_read(reader->tiles, index, arena, entry, fail);
	if (index - size >= reader->newer_count)
		return fail_set(fail, FAIL_INPUT, "there is no entry %llu",
		    (unsigned long long)index);
	*entry = reader->newer[index - size];
	return true;
}

/*
 * The log over HTTP, as C2SP tlog-tiles has it: checkpoint, hashes and, for
 * auditors, entries.  What is given lies on disk, and only what the checkpoint
 * on disk covers is.
 */
#include "console_priv.h"
#include "core/tile.h"
#include "store/tiles.h"

enum { KEYS_MAX = 65536 };

static const char forever[] = "public, max-age=31536000, immutable";
static const char forever_private[] = "private, max-age=31536000, immutable";

static bool
read_name(struct console_request *asked, const char *name, size_t max,
    struct slice *out)
{
	struct log_source *log = &asked->console->log.source;
	struct fail ignored = FAIL_INIT;

	return log->get(log, name, max, asked->arena, out, &ignored) == LOG_GOT;
}

/* With witnesses, the newest that one of them has signed too. */
void
console_log_checkpoint(struct console_request *asked)
{
	struct slice note =
	    witnesses_checkpoint(asked->console->witnesses, asked->arena);

	if (note.data == NULL &&
	    !read_name(asked, "checkpoint", NOTE_MAX, &note))
		console_refuse(asked, 503, "there is no checkpoint yet");
	else
		console_give(
		    asked, "text/plain; charset=utf-8", "no-cache", note);
}

void
console_log_key(struct console_request *asked)
{
	struct slice key;

	if (!read_name(asked, "log.vkey", 1024, &key))
		console_refuse(asked, 503, "there is no log yet");
	else
		console_give(
		    asked, "text/plain; charset=utf-8", "no-cache", key);
}

/* Those that signed before: who keeps one of them sees that it was changed. */
void
console_log_old_keys(struct console_request *asked)
{
	struct slice keys;

	if (!read_name(asked, "log.vkey.old", KEYS_MAX, &keys))
		console_refuse(
		    asked, 404, "the log has had no other signing key");
	else
		console_give(
		    asked, "text/plain; charset=utf-8", "no-cache", keys);
}

/* Are all of them older than the retention policy lets the log keep them? */
static bool
is_pruned(struct console_request *asked, const struct tile *tile)
{
	struct fail ignored = FAIL_INIT;
	uint64_t minimum = 0;

	return tile->level == TILE_ENTRIES &&
	       tiles_read_minimum(asked->console->disk, asked->console->ledger,
		   asked->arena, &minimum, &ignored) &&
	       tile->number < minimum / TILE_WIDTH;
}

static unsigned
wanted(const struct tile *tile)
{
	return tile->width == 0 ? (unsigned)TILE_WIDTH : tile->width;
}

static bool
read_tile(
    struct console_request *asked, const struct tile *tile, struct slice *data)
{
	char name[TILES_PATH];

	tiles_path(name, tile->level, tile->number, tile->width);
	return read_name(asked, name,
	    tile->level == TILE_ENTRIES ? (size_t)BUNDLE_MAX
					: TILE_WIDTH * DIGEST_SIZE,
	    data);
}

static void
give_tile(struct console_request *asked, const struct tile *tile)
{
	struct console *console = asked->console;
	struct fail ignored = FAIL_INIT;
	uint64_t size = 0;
	struct slice data;

	if (!log_directory_size(&console->log, asked->arena, &size, &ignored)) {
		console_refuse(asked, 503, "there is no checkpoint yet");
		return;
	}
	if (tile_filled(tile, size) < wanted(tile))
		console_refuse(
		    asked, 404, "the checkpoint does not reach so far");
	else if (is_pruned(asked, tile))
		console_refuse(asked, 410,
		    "these entries are older than the log keeps them");
	else if (!read_tile(asked, tile, &data))
		console_refuse(asked, 404, "this file is not there");
	else
		console_give(asked, "application/octet-stream",
		    tile->level == TILE_ENTRIES ? forever_private : forever,
		    data);
}

static void
find_tile(struct console_request *asked, bool entries)
{
	struct slice path = http_request_path(asked->request);
	struct tile tile;

	path.data++; /* after the slash */
	path.len--;
	if (!tile_parse(path, &tile) || (tile.level == TILE_ENTRIES) != entries)
		console_refuse(asked, 404, "no tile has such a name");
	else
		give_tile(asked, &tile);
}

void
console_log_tile(struct console_request *asked)
{
	find_tile(asked, false);
}

void
console_log_entries(struct console_request *asked)
{
	find_tile(asked, true);
}

const char *
console_log_trouble(struct console *console, struct arena *arena)
{
	struct fail ignored = FAIL_INIT;
	uint64_t size;

	return log_directory_size(&console->log, arena, &size, &ignored)
		   ? NULL
		   : "the checkpoint cannot be read";
}

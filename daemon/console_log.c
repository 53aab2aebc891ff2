/*
 * The log over HTTP, as C2SP tlog-tiles has it: checkpoint, hashes and, for
 * auditors, entries.  What is given lies on disk, and only what the checkpoint
 * on disk covers is.
 */
#include "console_priv.h"
#include "core/tile.h"
#include "store/tiles.h"

static const char forever[] = "public, max-age=31536000, immutable";
static const char forever_private[] = "private, max-age=31536000, immutable";

static bool
read_name(struct console_request *asked, const char *name, size_t max,
    struct slice *out)
{
	struct fail fail = FAIL_INIT;
	char path[1024];

	return snprintf(path, sizeof(path), "%s/%s", asked->console->ledger,
		   name) < (int)sizeof(path) &&
	       disk_read_file(
		   asked->console->disk, path, max, asked->arena, out, &fail);
}

void
console_log_checkpoint(struct console_request *asked)
{
	struct slice note;

	if (!read_name(asked, "checkpoint", NOTE_MAX, &note))
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

/* Entries under the checkpoint on disk. */
static bool
read_size(struct console_request *asked, uint64_t *size)
{
	struct checkpoint checkpoint;
	struct slice note;

	if (!read_name(asked, "checkpoint", NOTE_MAX, &note) ||
	    !note_read(note, asked->arena, &checkpoint))
		return false;
	*size = checkpoint.size;
	return true;
}

/* The index below which entries are gone under the retention policy. */
static uint64_t
read_minimum(struct console_request *asked)
{
	uint64_t minimum = 0;
	struct slice text;

	if (!read_name(asked, "minimum", 64, &text))
		return 0;
	for (size_t i = 0; i < text.len && i < 18; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			break;
		minimum = minimum * 10 + (uint64_t)(text.data[i] - '0');
	}
	return minimum;
}

static unsigned
wanted(const struct tile *tile)
{
	return tile->width == 0 ? (unsigned)TILE_WIDTH : tile->width;
}

/* The first that are wanted, of a file that may have more. */
static bool
cut(const struct tile *tile, struct slice *data)
{
	struct slice rest = *data, entry;
	size_t len = (size_t)wanted(tile) * DIGEST_SIZE;

	if (tile->level != TILE_ENTRIES) {
		if (data->len < len)
			return false;
		data->len = len;
		return true;
	}
	for (unsigned i = 0; i < wanted(tile); i++)
		if (!tiles_next(&rest, &entry))
			return false;
	data->len -= rest.len;
	return true;
}

/*
 * A partial file that a later checkpoint has taken the place of is the
 * beginning of what lies there now.
 */
static bool
read_tile(struct console_request *asked, const struct tile *tile,
    unsigned filled, struct slice *data)
{
	size_t max = tile->level == TILE_ENTRIES ? (size_t)BUNDLE_MAX
						 : TILE_WIDTH * DIGEST_SIZE;
	char name[TILES_PATH];

	tiles_path(name, tile->level, tile->number, tile->width);
	if (read_name(asked, name, max, data))
		return cut(tile, data);
	if (tile->width == 0)
		return false;
	tiles_path(
	    name, tile->level, tile->number, filled == TILE_WIDTH ? 0 : filled);
	return read_name(asked, name, max, data) && cut(tile, data);
}

static void
give_tile(struct console_request *asked, const struct tile *tile)
{
	uint64_t size = 0;
	unsigned filled;
	struct slice data;

	if (!read_size(asked, &size)) {
		console_refuse(asked, 503, "there is no checkpoint yet");
		return;
	}
	filled = tile_filled(tile, size);
	if (filled < wanted(tile))
		console_refuse(
		    asked, 404, "the checkpoint does not reach so far");
	else if (tile->level == TILE_ENTRIES &&
		 (tile->number + 1) * TILE_WIDTH <= read_minimum(asked))
		console_refuse(asked, 410,
		    "these entries are older than the log keeps them");
	else if (!read_tile(asked, tile, filled, &data))
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
	struct console_request asked = {.console = console, .arena = arena};
	uint64_t size;

	return read_size(&asked, &size) ? NULL
					: "the checkpoint cannot be read";
}

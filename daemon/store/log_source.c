#include "store/log_source.h"

#include "core/tile.h"
#include "store/tiles.h"

static bool
read_name(struct log_directory *log, const char *name, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	char path[1024];

	if (snprintf(path, sizeof(path), "%s/%s", log->directory, name) >=
	    (int)sizeof(path))
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	return disk_read_file(log->disk, path, max, arena, out, fail);
}

bool
log_directory_size(struct log_directory *log, struct arena *arena,
    uint64_t *size, struct fail *fail)
{
	struct checkpoint checkpoint;
	struct slice note;

	if (!read_name(log, "checkpoint", NOTE_MAX, arena, &note, fail))
		return false;
	if (!note_read(note, arena, &checkpoint))
		return fail_set(fail, FAIL_WORLD, "not a signed checkpoint");
	*size = checkpoint.size;
	return true;
}

/* The first `tile->width`, of a file that has more. */
static bool
cut(const struct tile *tile, struct slice *data)
{
	struct slice rest = *data, entry;
	size_t len = (size_t)tile->width * DIGEST_SIZE;

	if (tile->level != TILE_ENTRIES) {
		if (data->len < len)
			return false;
		data->len = len;
		return true;
	}
	for (unsigned i = 0; i < tile->width; i++)
		if (!tiles_next(&rest, &entry))
			return false;
	data->len -= rest.len;
	return true;
}

/* What is under this name by now. */
static bool
read_wider(struct log_directory *log, const struct tile *tile, size_t max,
    struct arena *arena, struct slice *out)
{
	struct fail ignored = FAIL_INIT;
	char name[TILES_PATH];
	uint64_t size;
	unsigned filled;

	if (!log_directory_size(log, arena, &size, &ignored))
		return false;
	filled = tile_filled(tile, size);
	if (filled <= tile->width)
		return false;
	tiles_path(
	    name, tile->level, tile->number, filled == TILE_WIDTH ? 0 : filled);
	return read_name(log, name, max, arena, out, &ignored) &&
	       cut(tile, out);
}

/* A bundle that was pruned. */
static bool
is_gone(struct log_directory *log, const struct tile *tile, struct arena *arena)
{
	struct fail ignored = FAIL_INIT;
	uint64_t minimum;

	return tile->level == TILE_ENTRIES && tile->width == 0 &&
	       tiles_read_minimum(
		   log->disk, log->directory, arena, &minimum, &ignored) &&
	       (tile->number + 1) * TILE_WIDTH <= minimum;
}

static enum log_got
get_file(struct log_source *source, const char *name, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct log_directory *log = (struct log_directory *)source;
	struct fail failed = FAIL_INIT;
	struct tile tile;

	if (read_name(log, name, max, arena, out, &failed))
		return LOG_GOT;
	if (tile_parse(slice_from(name), &tile) && tile.width != 0 &&
	    read_wider(log, &tile,
		tile.level == TILE_ENTRIES ? (size_t)BUNDLE_MAX
					   : TILE_WIDTH * DIGEST_SIZE,
		arena, out))
		return LOG_GOT;
	if (tile_parse(slice_from(name), &tile) && is_gone(log, &tile, arena))
		return LOG_GONE;
	if (fail->kind == FAIL_NONE)
		*fail = failed;
	return LOG_FAILED;
}

void
log_directory_init(
    struct log_directory *log, struct disk *disk, const char *directory)
{
	*log = (struct log_directory){
	    .source = {.get = get_file}, .disk = disk, .directory = directory};
}

/* One tile a level is kept: a proof goes through few. */
struct kept {
	bool is_there;
	uint64_t number;
	size_t count;
	struct digest hashes[TILE_WIDTH];
};

struct log_hashes {
	struct log_source *source;
	uint64_t size;
	struct arena *arena;
	struct kept levels[TILE_LEVELS];
};

struct log_hashes *
log_hashes_create(struct log_source *source, uint64_t size, struct fail *fail)
{
	struct log_hashes *hashes = calloc(1, sizeof(*hashes));

	if (hashes != NULL) {
		hashes->source = source;
		hashes->size = size;
		hashes->arena = arena_create(NULL);
		if (hashes->arena != NULL)
			return hashes;
	}
	log_hashes_destroy(hashes);
	fail_memory(fail);
	return NULL;
}

void
log_hashes_destroy(struct log_hashes *hashes)
{
	if (hashes == NULL)
		return;
	arena_destroy(hashes->arena);
	free(hashes);
}

static bool
load(struct log_hashes *hashes, unsigned level, uint64_t number,
    struct fail *fail)
{
	struct kept *kept = &hashes->levels[level];
	struct tile tile = {(int)level, number, 0};
	unsigned filled = tile_filled(&tile, hashes->size);
	char name[TILES_PATH];
	struct slice data;

	if (kept->is_there && kept->number == number)
		return true;
	tiles_path(name, (int)level, number, filled == TILE_WIDTH ? 0 : filled);
	arena_reset(hashes->arena);
	if (hashes->source->get(hashes->source, name, TILE_WIDTH * DIGEST_SIZE,
		hashes->arena, &data, fail) != LOG_GOT)
		return false;
	if (data.len != (size_t)filled * DIGEST_SIZE) {
		fail_set(fail, FAIL_WORLD, "the tile was cut");
		fail_place(fail, "%s", name);
		return false;
	}
	*kept =
	    (struct kept){.is_there = true, .number = number, .count = filled};
	memcpy(kept->hashes, data.data, data.len);
	return true;
}

static bool
hash_of(void *context, unsigned height, uint64_t index, struct digest *out,
    struct fail *fail)
{
	struct log_hashes *hashes = context;
	unsigned level = height / TILE_HEIGHT, above = height % TILE_HEIGHT;
	uint64_t first = index << above;
	size_t count = (size_t)1 << above, at = first % TILE_WIDTH;
	struct kept *kept = &hashes->levels[level];

	if (!load(hashes, level, first / TILE_WIDTH, fail))
		return false;
	if (at + count > kept->count)
		return fail_set(fail, FAIL_WORLD, "the log has no such hash");
	*out = tree_fold(kept->hashes + at, count);
	return true;
}

struct proof_source
log_hashes_source(struct log_hashes *hashes)
{
	return (struct proof_source){hash_of, hashes};
}

/* Raising the log's minimum: old bundles go, their hashes stay. */
#include "store/tiles_priv.h"

const char *
tiles_origin(const struct tiles *tiles)
{
	return tiles->origin;
}

uint64_t
tiles_minimum(const struct tiles *tiles)
{
	return tiles->minimum;
}

bool
tiles_read_minimum(struct disk *disk, const char *directory,
    struct arena *arena, uint64_t *out, struct fail *fail)
{
	char path[TILES_FULL_PATH], text[24], again[24];
	unsigned long long number = 0;
	struct slice data;

	*out = 0;
	if (!disk_has(disk, directory, "minimum", arena))
		return true;
	snprintf(path, sizeof(path), "%.900s/minimum", directory);
	if (!disk_read_file(disk, path, sizeof(text) - 1, arena, &data, fail))
		return false;
	snprintf(text, sizeof(text), "%.*s", SLICE_ARG(data));
	sscanf(text, "%llu", &number);
	snprintf(again, sizeof(again), "%llu\n", number);
	if (strcmp(text, again) != 0 || number % TILE_WIDTH != 0)
		return tiles_damaged(
		    fail, "minimum", "not the index of a bundle");
	*out = number;
	return true;
}

static void
bundle_path(
    const struct tiles *tiles, uint64_t number, char path[TILES_FULL_PATH])
{
	char name[TILES_PATH];

	tiles_path(name, TILES_ENTRIES, number, 0);
	tiles_full_path(tiles, path, name);
}

static bool
bundle_is_there(struct tiles *tiles, uint64_t number)
{
	struct fail absent = FAIL_INIT;
	struct disk_file *file;
	char path[TILES_FULL_PATH];

	bundle_path(tiles, number, path);
	if (!tiles->disk->operations->open(
		tiles->disk, path, DISK_READ, &file, &absent))
		return false;
	tiles->disk->operations->close(tiles->disk, file);
	return true;
}

/* They go from the oldest on: what an earlier life left is at the end. */
void
tiles_find_dropped(struct tiles *tiles)
{
	uint64_t at = tiles->minimum / TILE_WIDTH;

	while (at > 0 && bundle_is_there(tiles, at - 1))
		at--;
	tiles->dropped = at;
}

bool
tiles_prune(struct tiles *tiles, uint64_t minimum, struct fail *fail)
{
	char text[24];

	if (minimum % TILE_WIDTH != 0 || minimum > tiles->durable ||
	    minimum < tiles->minimum)
		return fail_set(
		    fail, FAIL_INPUT, "the log cannot be pruned there");
	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)minimum);
	if (!disk_replace_file(tiles->disk, tiles->directory, "minimum",
		slice_from(text), fail))
		return false;
	tiles->minimum = minimum;
	tiles->cached = UINT64_MAX;
	return true;
}

uint64_t
tiles_bytes(const struct tiles *tiles)
{
	return tiles->bytes;
}

/*
 * Partial files that a crash brought back have entries, too.  They are gone
 * for good before the bundle goes, which is what the next start looks for.
 */
static bool
drop_partials(struct tiles *tiles, uint64_t number, struct fail *fail)
{
	const struct disk_operations *op = tiles->disk->operations;
	char name[TILES_PATH], folder[TILES_FULL_PATH], path[TILES_FULL_PATH];
	struct fail absent = FAIL_INIT;
	struct slice *names;
	size_t count;

	tiles_path(name, TILES_ENTRIES, number, 1);
	*strrchr(name, '/') = '\0';
	tiles_full_path(tiles, folder, name);
	arena_reset(tiles->arena);
	if (!op->list(tiles->disk, folder, tiles->arena, &names, &count,
		&absent))
		return true;
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%.1000s/%.*s", folder,
		    SLICE_ARG(names[i]));
		if (!op->remove(tiles->disk, path, fail))
			return false;
	}
	if (count != 0 && !op->sync_directory(tiles->disk, folder, fail))
		return false;
	op->remove(tiles->disk, folder, &absent);
	return true;
}

/* What goes is less to be counted. */
static bool
drop_one(struct tiles *tiles, uint64_t number, struct fail *fail)
{
	const struct disk_operations *op = tiles->disk->operations;
	struct disk_file *file;
	char path[TILES_FULL_PATH];
	uint64_t size = 0;
	struct fail absent = FAIL_INIT;

	bundle_path(tiles, number, path);
	if (!drop_partials(tiles, number, fail))
		return false;
	if (!op->open(tiles->disk, path, DISK_READ, &file, &absent))
		return true;
	op->size(tiles->disk, file, &size, &absent);
	op->close(tiles->disk, file);
	tiles->bytes -= size < tiles->bytes ? size : tiles->bytes;
	return op->remove(tiles->disk, path, fail);
}

bool
tiles_drop(struct tiles *tiles, unsigned count, bool *left, struct fail *fail)
{
	uint64_t end = tiles->minimum / TILE_WIDTH;

	for (; count != 0 && tiles->dropped < end; count--) {
		if (!drop_one(tiles, tiles->dropped, fail))
			return false;
		tiles->dropped++;
	}
	*left = tiles->dropped < end;
	return true;
}

#include "store/tiles_priv.h"

/* --- names --- */

void
tiles_path(char out[TILES_PATH], int level, uint64_t number, unsigned width)
{
	uint64_t groups[8];
	size_t count = 0;
	int n = level == TILES_ENTRIES
	    ? snprintf(out, TILES_PATH, "tile/entries")
	    : snprintf(out, TILES_PATH, "tile/%d", level);

	do
		groups[count++] = number % 1000;
	while ((number /= 1000) != 0);
	while (count-- != 0)
		n += snprintf(out + n, TILES_PATH - (size_t)n,
		    count == 0 ? "/%03u" : "/x%03u", (unsigned)groups[count]);
	if (width != 0)
		snprintf(out + n, TILES_PATH - (size_t)n, ".p/%u", width);
}

bool
tiles_next(struct slice *bundle, struct slice *entry)
{
	const uint8_t *at = (const uint8_t *)bundle->data;
	size_t len;

	if (bundle->len < 2)
		return false;
	len = (size_t)at[0] << 8 | at[1];
	if (len > bundle->len - 2)
		return false;
	*entry = (struct slice){bundle->data + 2, len};
	bundle->data += 2 + len;
	bundle->len -= 2 + len;
	return true;
}

void
tiles_full_path(const struct tiles *tiles, char out[TILES_FULL_PATH], const char *name)
{
	snprintf(out, TILES_FULL_PATH, "%.900s/%.100s", tiles->directory, name);
}

/* --- writing --- */

/* It is written with the next checkpoint. */
static bool
write_new(struct tiles *tiles, int level, uint64_t number, unsigned width,
    struct slice data, struct fail *fail)
{
	const struct tiles_file like = {
	    .level = level, .number = number, .width = width};

	if (width == 0)
		tiles->bytes += data.len;
	return tiles_files_copy(tiles->files, &like, data, fail);
}

static struct slice
hashes_slice(const struct tiles *tiles, unsigned level)
{
	return (struct slice){(const char *)tiles->hashes[level],
	    (size_t)tiles->counts[level] * DIGEST_SIZE};
}

static struct slice
bundle_slice(const struct tiles *tiles)
{
	if (tiles->bundle == NULL)
		return (struct slice){"", 0};
	return (struct slice){
	    (const char *)tiles->bundle->data, tiles->bundle->len};
}

static bool
bundle_add(struct tiles *tiles, struct slice entry, struct fail *fail)
{
	struct tiles_file *bundle = tiles->bundle;
	uint8_t *at;

	if (bundle == NULL)
		bundle = tiles->bundle = tiles_file_take(tiles->files, fail);
	if (bundle == NULL || !tiles_file_reserve(bundle, entry.len + 2, fail))
		return false;
	at = bundle->data + bundle->len;
	at[0] = (uint8_t)(entry.len >> 8);
	at[1] = (uint8_t)entry.len;
	memcpy(at + 2, entry.data, entry.len);
	bundle->len += entry.len + 2;
	tiles->bundle_count++;
	return true;
}

static void
bundle_flush(struct tiles *tiles)
{
	struct tiles_file *bundle = tiles->bundle;

	if (tiles->bundle_count < TILE_WIDTH)
		return;
	bundle->level = TILES_ENTRIES;
	bundle->number = (tiles->tree.size - 1) >> 8;
	bundle->width = 0;
	tiles->bytes += bundle->len;
	tiles_files_add(tiles->files, bundle);
	tiles->bundle = NULL;
	tiles->bundle_count = 0;
}

bool
tiles_add(struct tiles *tiles, struct slice entry, const struct digest *leaf,
    struct fail *fail)
{
	struct digest made[TILE_LEVELS];
	unsigned count;

	if (!bundle_add(tiles, entry, fail))
		return false;
	count = tree_append(&tiles->tree, leaf, made);
	for (unsigned i = 0; i < count; i++) {
		tiles->hashes[i][tiles->counts[i]++] = made[i];
		if (tiles->counts[i] < TILE_WIDTH)
			continue;
		if (!write_new(tiles, (int)i,
			(tiles->tree.size - 1) >> 8 * (i + 1), 0,
			hashes_slice(tiles, i), fail))
			return false;
		tiles->counts[i] = 0;
	}
	bundle_flush(tiles);
	return true;
}

bool
tiles_is_full(const struct tiles *tiles)
{
	return tiles_files_size(tiles->files) >= TILES_PENDING_MAX;
}

/* --- checkpoints --- */

static unsigned
partial_width(uint64_t size, int level)
{
	unsigned shift = level == TILES_ENTRIES ? 0 : 8 * (unsigned)level;

	return (unsigned)(size >> shift & 255);
}

static uint64_t
partial_number(uint64_t size, int level)
{
	unsigned above = level == TILES_ENTRIES ? 1 : (unsigned)level + 1;

	return above >= 8 ? 0 : size >> 8 * above;
}

static bool
write_partials(struct tiles *tiles, struct fail *fail)
{
	uint64_t size = tiles->tree.size;

	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++) {
		struct slice data = bundle_slice(tiles);
		unsigned width = partial_width(size, level);

		if (width == 0)
			continue;
		/* What the last checkpoint covers is never written again. */
		if (width == partial_width(tiles->durable, level) &&
		    partial_number(size, level) ==
			partial_number(tiles->durable, level))
			continue;
		if (level != TILES_ENTRIES)
			data = hashes_slice(tiles, (unsigned)level);
		if (!write_new(tiles, level, partial_number(size, level),
			width, data, fail))
			return false;
	}
	return true;
}

/*
 * Partial files of an earlier checkpoint go away one checkpoint late, for
 * those who read meanwhile.  What cannot be removed does no harm.
 */
static void
remove_partials(struct tiles *tiles, uint64_t old)
{
	const struct disk_operations *op = tiles->disk->operations;

	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++) {
		unsigned width = partial_width(old, level);
		uint64_t number = partial_number(old, level);
		char name[TILES_PATH], path[TILES_FULL_PATH];
		struct fail ignored = FAIL_INIT;

		if (width == 0 ||
		    (width == partial_width(tiles->durable, level) &&
			number == partial_number(tiles->durable, level)))
			continue;
		tiles_path(name, level, number, width);
		tiles_full_path(tiles, path, name);
		op->remove(tiles->disk, path, &ignored);
		if (number == partial_number(tiles->durable, level) &&
		    partial_width(tiles->durable, level) != 0)
			continue;
		*strrchr(path, '/') = '\0';
		op->remove(tiles->disk, path, &ignored);
	}
}

bool
tiles_checkpoint_begin(struct tiles *tiles, bool *due, struct fail *fail)
{
	struct checkpoint checkpoint = {.origin = slice_from(tiles->origin),
	    .size = tiles->tree.size,
	    .root = tree_root(&tiles->tree)};

	*due = tiles->tree.size != tiles->durable || tiles->is_new;
	if (!*due)
		return true;
	if (!write_partials(tiles, fail))
		return false;
	arena_reset(tiles->note_arena);
	tiles->note =
	    note_sign(tiles->note_arena, &checkpoint, tiles->seed, fail);
	if (tiles->note.data != NULL && tiles->seed_too != NULL)
		tiles->note = note_sign_too(tiles->note_arena, tiles->note,
		    checkpoint.origin, tiles->seed_too, fail);
	tiles->note_size = checkpoint.size;
	tiles->note_fail = (struct fail)FAIL_INIT;
	if (tiles->note.data == NULL)
		return false;
	tiles_files_begin(tiles->files);
	return true;
}

void
tiles_checkpoint_work(struct tiles *tiles)
{
	struct fail *fail = &tiles->note_fail;

	if (tiles_files_work(tiles->files, fail))
		disk_replace_file(tiles->disk, tiles->directory,
		    "checkpoint", tiles->note, fail);
}

bool
tiles_checkpoint_end(struct tiles *tiles, struct fail *fail)
{
	uint64_t before = tiles->durable;

	if (tiles->note_fail.kind != FAIL_NONE) {
		*fail = tiles->note_fail;
		return false;
	}
	tiles_files_end(tiles->files);
	tiles->is_new = false;
	tiles->durable = tiles->note_size;
	if (tiles->older != before)
		remove_partials(tiles, tiles->older);
	tiles->older = before;
	return true;
}

bool
tiles_checkpoint(struct tiles *tiles, struct fail *fail)
{
	bool due;

	if (!tiles_checkpoint_begin(tiles, &due, fail))
		return false;
	if (!due)
		return true;
	tiles_checkpoint_work(tiles);
	return tiles_checkpoint_end(tiles, fail);
}

/* --- reading --- */

static bool
read_name(struct tiles *tiles, const char *name, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	char path[TILES_FULL_PATH];

	tiles_full_path(tiles, path, name);
	if (disk_read_file(tiles->disk, path, max, arena, out, fail))
		return true;
	fail_hint(fail, "restore the ledger from a backup");
	return false;
}

bool
tiles_damaged(struct fail *fail, const char *name, const char *what)
{
	fail_set(fail, FAIL_WORLD, "%s", what);
	fail_place(fail, "%s", name);
	fail_hint(fail, "misuctl verify lists all damage; restore the ledger "
			"from a backup, nothing was changed");
	return false;
}

static bool
bundle_find(struct slice bundle, uint64_t at, struct slice *entry)
{
	for (uint64_t i = 0; i <= at; i++)
		if (!tiles_next(&bundle, entry))
			return false;
	return true;
}

bool
tiles_read(struct tiles *tiles, uint64_t index, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	struct slice bundle = bundle_slice(tiles);
	uint64_t number = index >> 8;
	char name[TILES_PATH];

	if (index >= tiles->tree.size)
		return fail_set(fail, FAIL_INPUT, "no entry %llu",
		    (unsigned long long)index);
	if (index < tiles->minimum) {
		fail_hint(fail, "its hash is kept: proofs of it still hold");
		return fail_set(fail, FAIL_INPUT,
		    "entry %llu was pruned: the log keeps those from %llu on",
		    (unsigned long long)index,
		    (unsigned long long)tiles->minimum);
	}
	if (number != tiles->tree.size >> 8 &&
	    !tiles_files_find(tiles->files, number, &bundle)) {
		tiles_path(name, TILES_ENTRIES, number, 0);
		if (tiles->cached != number) {
			tiles->cached = UINT64_MAX;
			arena_reset(tiles->cache_arena);
			if (!read_name(tiles, name, BUNDLE_MAX,
				tiles->cache_arena, &tiles->cache, fail))
				return false;
			tiles->cached = number;
		}
		bundle = tiles->cache;
	}
	if (!bundle_find(bundle, index & 255, out)) {
		tiles_path(name, TILES_ENTRIES, number, 0);
		return tiles_damaged(fail, name, "the bundle was cut");
	}
	*out = arena_copy(arena, *out);
	return out->data != NULL || fail_memory(fail);
}

/* --- opening --- */

static bool
load_level(struct tiles *tiles, unsigned level, struct fail *fail)
{
	unsigned width = partial_width(tiles->tree.size, (int)level);
	char name[TILES_PATH];
	struct slice data;

	tiles->counts[level] = width;
	if (width == 0)
		return true;
	tiles_path(name, (int)level,
	    partial_number(tiles->tree.size, (int)level), width);
	if (!read_name(tiles, name, TILE_WIDTH * DIGEST_SIZE, tiles->arena,
		&data, fail))
		return false;
	if (data.len != (size_t)width * DIGEST_SIZE)
		return tiles_damaged(fail, name, "the tile was cut");
	memcpy(tiles->hashes[level], data.data, data.len);
	return true;
}

static bool
load_bundle(struct tiles *tiles, struct fail *fail)
{
	unsigned width = partial_width(tiles->tree.size, TILES_ENTRIES);
	char name[TILES_PATH];
	struct slice data, entry;

	if (width == 0)
		return true;
	tiles_path(name, TILES_ENTRIES,
	    partial_number(tiles->tree.size, TILES_ENTRIES), width);
	if (!read_name(tiles, name, BUNDLE_MAX, tiles->arena, &data, fail))
		return false;
	for (unsigned i = 0; i < width; i++) {
		struct digest leaf;

		if (!tiles_next(&data, &entry))
			return tiles_damaged(fail, name, "the bundle was cut");
		leaf = tree_leaf(entry);
		if (!digest_equal(&leaf, &tiles->hashes[0][i]))
			return tiles_damaged(fail, name,
			    "an entry is not the one its tile has");
		if (!bundle_add(tiles, entry, fail))
			return false;
	}
	return data.len == 0 ||
	    tiles_damaged(fail, name, "there is more than the last entry");
}

/* Are all full files there, and are the tiles as long as they must be? */
static bool
check_files(struct tiles *tiles, int level, struct fail *fail)
{
	const struct disk_operations *op = tiles->disk->operations;
	uint64_t count = partial_number(tiles->tree.size, level);

	uint64_t first =
	    level == TILES_ENTRIES ? tiles->minimum / TILE_WIDTH : 0;

	for (uint64_t i = first; i < count; i++) {
		char name[TILES_PATH], path[TILES_FULL_PATH];
		struct disk_file *file;
		uint64_t size = 0;
		bool ok;

		tiles_path(name, level, i, 0);
		tiles_full_path(tiles, path, name);
		if (!op->open(tiles->disk, path, DISK_READ, &file, fail)) {
			fail_hint(fail, "restore the ledger from a backup");
			return false;
		}
		ok = op->size(tiles->disk, file, &size, fail);
		op->close(tiles->disk, file);
		if (!ok)
			return false;
		tiles->bytes += size;
		if (level == TILES_ENTRIES ? size < 2 * TILE_WIDTH
					   : size != TILE_WIDTH * DIGEST_SIZE)
			return tiles_damaged(fail, name, "the file was cut");
	}
	return true;
}

/* Partial files of a crash, or of the checkpoint before, are litter. */
static void
remove_litter(struct tiles *tiles, int level, uint64_t number)
{
	const struct disk_operations *op = tiles->disk->operations;
	unsigned keep = partial_number(tiles->durable, level) == number
	    ? partial_width(tiles->durable, level)
	    : 0;
	char name[TILES_PATH], folder[TILES_FULL_PATH], path[TILES_FULL_PATH], kept[12];
	struct fail ignored = FAIL_INIT;
	struct slice *names;
	size_t count;

	tiles_path(name, level, number, 1);
	name[strlen(name) - 2] = '\0';
	tiles_full_path(tiles, folder, name);
	snprintf(kept, sizeof(kept), "%u", keep);
	if (!op->list(tiles->disk, folder, tiles->arena, &names, &count,
		&ignored))
		return;
	for (size_t i = 0; i < count; i++) {
		if (slice_is(names[i], kept))
			continue;
		snprintf(path, sizeof(path), "%.1000s/%.*s", folder,
		    SLICE_ARG(names[i]));
		op->remove(tiles->disk, path, &ignored);
	}
	if (keep == 0)
		op->remove(tiles->disk, folder, &ignored);
}

void
tiles_remove_litter(struct tiles *tiles)
{
	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++) {
		uint64_t number = partial_number(tiles->durable, level);
		uint64_t last = partial_number(tiles->tree.size, level);

		while (number < last)
			remove_litter(tiles, level, ++number);
	}
}

/* Under the key in use, or the one before: it was changed and then killed. */
static bool
open_note(struct tiles *tiles, struct slice note,
    struct checkpoint *checkpoint, struct fail *fail)
{
	struct slice origin = slice_from(tiles->origin);
	struct fail other = FAIL_INIT;

	return note_open(note, tiles->arena, origin, tiles->public_key,
		   checkpoint, &other) ||
	    note_open(note, tiles->arena, origin,
		tiles->previous_key != NULL ? tiles->previous_key
					    : tiles->public_key,
		checkpoint, fail);
}

static bool
load_checkpoint(struct tiles *tiles, struct fail *fail)
{
	struct checkpoint checkpoint;
	struct slice note;

	if (!read_name(
		tiles, "checkpoint", NOTE_MAX, tiles->arena, &note, fail))
		return false;
	if (!open_note(tiles, note, &checkpoint, fail)) {
		fail_place(fail, "%.80s/checkpoint", tiles->directory);
		fail_hint(fail, "was the log's origin or its signing key "
				"changed?");
		return false;
	}
	tiles->tree.size = checkpoint.size;
	if (!tiles_read_minimum(tiles->disk, tiles->directory, tiles->arena,
		&tiles->minimum, fail))
		return false;
	if (tiles->minimum > checkpoint.size)
		return tiles_damaged(
		    fail, "minimum", "it is above the checkpoint's size");
	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++)
		if (!check_files(tiles, level, fail) ||
		    (level != TILES_ENTRIES &&
			!load_level(tiles, (unsigned)level, fail)))
			return false;
	if (!load_bundle(tiles, fail))
		return false;
	tiles_find_dropped(tiles);
	tiles->durable = tiles->older = checkpoint.size;
	return true;
}

static bool
load(struct tiles *tiles, struct fail *fail)
{
	const struct digest *hashes[TILE_LEVELS];
	struct checkpoint checkpoint;
	struct slice note;
	struct digest root;

	tiles->is_new = !disk_has(
	    tiles->disk, tiles->directory, "checkpoint", tiles->arena);
	if (tiles->is_new) {
		if (disk_has(tiles->disk, tiles->directory, "tile",
			tiles->arena) &&
		    tiles->seed == NULL)
			return tiles_damaged(
			    fail, "checkpoint", "there is no checkpoint");
		return true;
	}
	if (!load_checkpoint(tiles, fail))
		return false;
	for (unsigned i = 0; i < TILE_LEVELS; i++)
		hashes[i] = tiles->hashes[i];
	tree_restore(&tiles->tree, tiles->durable, hashes);
	if (!read_name(tiles, "checkpoint", NOTE_MAX, tiles->arena, &note,
		fail) ||
	    !open_note(tiles, note, &checkpoint, fail))
		return false;
	root = tree_root(&tiles->tree);
	if (!digest_equal(&root, &checkpoint.root))
		return tiles_damaged(fail, "checkpoint",
		    "the root does not follow from the tiles");
	for (int level = TILES_ENTRIES;
	    tiles->seed != NULL && level < TILE_LEVELS; level++) {
		uint64_t number = partial_number(tiles->durable, level);

		remove_litter(tiles, level, number);
		if (number != 0)
			remove_litter(tiles, level, number - 1);
	}
	return true;
}


struct tiles *
tiles_open(const struct tiles_options *options, struct fail *fail)
{
	struct tiles *tiles = calloc(1, sizeof(*tiles));
	bool ok = tiles != NULL || fail_memory(fail);

	if (!ok)
		return NULL;
	tiles->disk = options->disk;
	tiles->seed = options->seed;
	tiles->public_key = options->public_key;
	tiles->previous_key = options->previous_key;
	tiles->cached = UINT64_MAX;
	tiles->arena = arena_create(NULL);
	tiles->note_arena = arena_create(NULL);
	tiles->cache_arena = arena_create(NULL);
	tiles->files = tiles_files_create(tiles->disk, tiles->directory);
	if (tiles->files == NULL || tiles->arena == NULL || tiles->cache_arena == NULL ||
	    tiles->note_arena == NULL)
		ok = fail_memory(fail);
	else if (strlen(options->origin) >= sizeof(tiles->origin) ||
	    strlen(options->directory) > 800 ||
	    !note_is_origin(slice_from(options->origin)))
		ok = fail_set(fail, FAIL_INPUT,
		    "not an origin for a log, or too long a path");
	if (ok) {
		snprintf(tiles->origin, sizeof(tiles->origin), "%s",
		    options->origin);
		snprintf(tiles->directory, TILES_FULL_PATH, "%s",
		    options->directory);
		ok = load(tiles, fail) && tiles_keep_key(tiles, fail);
	}
	if (ok)
		return tiles;
	tiles_close(tiles);
	return NULL;
}

void
tiles_close(struct tiles *tiles)
{
	if (tiles == NULL)
		return;
	if (tiles->files != NULL)
		tiles_file_give(tiles->files, tiles->bundle);
	tiles_files_destroy(tiles->files);
	arena_destroy(tiles->arena);
	arena_destroy(tiles->note_arena);
	arena_destroy(tiles->cache_arena);
	free(tiles);
}

bool
tiles_is_new(const struct tiles *tiles)
{
	return tiles->is_new;
}

const struct tree *
tiles_tree(const struct tiles *tiles)
{
	return &tiles->tree;
}

uint64_t
tiles_durable(const struct tiles *tiles)
{
	return tiles->durable;
}

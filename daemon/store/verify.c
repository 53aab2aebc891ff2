#include "store/verify_priv.h"

#include <stdarg.h>

#include "core/canon.h"
#include "core/entry.h"

void
verify_found(struct verify *verify, const char *place, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	verify->result->findings++;
	if (verify->options->finding != NULL)
		verify->options->finding(verify->options->context, place, text);
}

bool
verify_read(
    struct verify *verify, const char *name, size_t max, struct slice *out)
{
	struct fail fail = FAIL_INIT;
	char path[1024];

	snprintf(
	    path, sizeof(path), "%.800s/%s", verify->options->directory, name);
	if (disk_read_file(
		verify->options->disk, path, max, verify->arena, out, &fail))
		return true;
	verify_found(verify, name, "%s", fail.text);
	return false;
}

/* --- the key and the checkpoint --- */

static void
check_key(struct verify *verify)
{
	struct slice given = verify->options->verifier_key, kept;
	struct fail fail = FAIL_INIT;
	bool has_file = verify_read(verify, "log.vkey", 1024, &kept);

	if (has_file && given.len != 0 && !slice_equal(given, kept))
		verify_found(
		    verify, "log.vkey", "not the verifier key that was given");
	if (given.len == 0 && !has_file)
		return;
	given = arena_copy(verify->long_lived, given.len != 0 ? given : kept);
	verify->has_key = given.data != NULL &&
			  note_parse_verifier_key(given, verify->long_lived,
			      &verify->origin, verify->public_key, &fail);
	if (!verify->has_key)
		verify_found(verify, "log.vkey", "%s", fail.text);
}

static void
check_checkpoint(struct verify *verify)
{
	struct checkpoint checkpoint;
	struct fail fail = FAIL_INIT;
	struct slice note;

	if (!verify_read(verify, "checkpoint", NOTE_MAX, &note) ||
	    !verify->has_key)
		return;
	if (!note_open(note, verify->arena, verify->origin, verify->public_key,
		&checkpoint, &fail)) {
		verify_found(verify, "checkpoint", "%s", fail.text);
		return;
	}
	verify->has_checkpoint = true;
	verify->size = checkpoint.size;
	verify->root = checkpoint.root;
}

/* --- tiles --- */

static size_t
first_difference(struct slice a, struct slice b)
{
	size_t i = 0;

	while (i < a.len && i < b.len && a.data[i] == b.data[i])
		i++;
	return i;
}

/* Compare a tile's file with the hashes derived from the entries. */
static void
check_tile(
    struct verify *verify, unsigned level, uint64_t number, unsigned width)
{
	struct slice expected = {(const char *)verify->hashes[level],
	    (size_t)(width == 0 ? TILE_WIDTH : width) * DIGEST_SIZE};
	char name[TILES_PATH], place[TILES_PATH + 24];
	struct slice data;
	size_t at;

	tiles_path(name, (int)level, number, width);
	if (!verify_read(verify, name, TILE_WIDTH * DIGEST_SIZE, &data))
		return;
	if (slice_equal(data, expected))
		return;
	at = first_difference(data, expected);
	snprintf(place, sizeof(place), "%s:%zu", name, at);
	if (at == data.len)
		verify_found(verify, place, "the tile was cut");
	else
		verify_found(verify, place,
		    "hash %zu is not the one that follows from the entries",
		    at / DIGEST_SIZE);
}

static void
add_leaf(struct verify *verify, const struct digest *leaf)
{
	struct digest made[TILE_LEVELS];
	unsigned count = tree_append(&verify->tree, leaf, made);

	for (unsigned i = 0; i < count; i++) {
		verify->hashes[i][verify->counts[i]++] = made[i];
		if (verify->counts[i] < TILE_WIDTH)
			continue;
		check_tile(
		    verify, i, (verify->tree.size - 1) >> 8 * (i + 1), 0);
		verify->counts[i] = 0;
	}
}

static void
check_partial_tiles(struct verify *verify)
{
	for (unsigned i = 0; i < TILE_LEVELS; i++)
		if (verify->counts[i] != 0)
			check_tile(verify, i,
			    i == TILE_LEVELS - 1
				? 0
				: verify->tree.size >> 8 * (i + 1),
			    verify->counts[i]);
}

/* --- entries --- */

static void
check_entry(struct verify *verify, const char *place, struct slice entry)
{
	struct slice type, salt;
	int64_t version, time;
	size_t at;

	if (!canon_check(entry, &at)) {
		verify_found(verify, place,
		    "the entry is not canonical JSON at its byte %zu", at);
		return;
	}
	if (!canon_get_number(entry, "v", &version) ||
	    version != ENTRY_VERSION ||
	    !canon_get_number(entry, "time", &time) ||
	    !canon_get_string(entry, "type", verify->arena, &type) ||
	    !entry_is_type(type) ||
	    !canon_get_string(entry, "salt", verify->arena, &salt) ||
	    salt.len != 2 * ENTRY_SALT)
		verify_found(verify, place,
		    "not an entry of a version and type known here");
}

static void
check_bundle(struct verify *verify, const char *name, struct slice bundle,
    uint64_t count)
{
	size_t total = bundle.len;

	for (uint64_t i = 0; i < count; i++) {
		uint64_t index = verify->tree.size;
		char place[TILES_PATH + 64];
		struct slice entry;
		struct digest leaf;

		snprintf(place, sizeof(place), "%s:%zu (entry %llu)", name,
		    total - bundle.len, (unsigned long long)index);
		if (!tiles_next(&bundle, &entry)) {
			verify_found(verify, place, "the bundle was cut");
			return;
		}
		leaf = tree_leaf(entry);
		verify_witness_root(verify);
		verify_witness_leaf(verify, index, &leaf);
		check_entry(verify, place, entry);
		add_leaf(verify, &leaf);
	}
	if (bundle.len != 0)
		verify_found(verify, name, "there is more than the last entry");
}

/* A bundle that is gone leaves a gap nothing after it can be put across. */
static bool
check_bundles(struct verify *verify)
{
	for (uint64_t number = 0; number << 8 < verify->size; number++) {
		uint64_t left = verify->size - (number << 8);
		unsigned width = left < TILE_WIDTH ? (unsigned)left : 0;
		char name[TILES_PATH];
		struct slice bundle;

		arena_reset(verify->arena);
		tiles_path(name, TILES_ENTRIES, number, width);
		if (!verify_read(verify, name, BUNDLE_MAX, &bundle))
			return false;
		check_bundle(
		    verify, name, bundle, width == 0 ? TILE_WIDTH : width);
		if (verify->tree.size !=
		    (number << 8) + (width == 0 ? TILE_WIDTH : width))
			return false;
		if (verify->options->progress != NULL)
			verify->options->progress(verify->options->context,
			    verify->tree.size, verify->size);
	}
	return true;
}

static void
check_root(struct verify *verify)
{
	verify->result->root = tree_root(&verify->tree);
	if (!digest_equal(&verify->result->root, &verify->root))
		verify_found(verify, "checkpoint",
		    "its root does not follow from the entries");
}

static bool
run(struct verify *verify, struct fail *fail)
{
	check_key(verify);
	check_checkpoint(verify);
	if (!verify->options->live && !verify_journal(verify, fail))
		return false;
	if (!verify->has_checkpoint)
		return true;
	verify->result->size = verify->size;
	if (check_bundles(verify)) {
		verify_witness_root(verify);
		arena_reset(verify->arena);
		check_partial_tiles(verify);
		check_root(verify);
	}
	return verify_strangers(verify, fail);
}

bool
verify_ledger(const struct verify_options *options,
    struct verify_result *result, struct fail *fail)
{
	struct verify *verify = calloc(1, sizeof(*verify));
	bool ok = verify != NULL || fail_memory(fail);

	*result = (struct verify_result){.size = 0};
	if (!ok)
		return false;
	verify->options = options;
	verify->result = result;
	verify->arena = arena_create(NULL);
	verify->long_lived = arena_create(NULL);
	ok = (verify->arena != NULL && verify->long_lived != NULL) ||
	     fail_memory(fail);
	ok = ok && run(verify, fail);
	arena_destroy(verify->arena);
	arena_destroy(verify->long_lived);
	free(verify->witnesses);
	free(verify);
	return ok;
}

#include "store/verify_priv.h"

#include <stdarg.h>

#include "core/canon.h"
#include "core/entry.h"
#include "core/tile.h"

enum { OLD_KEYS_MAX = 65536 };

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

/* Nothing can be said of a log that cannot be asked. */
static void
not_got(struct verify *verify, const char *name, enum log_got got,
    const struct fail *fail)
{
	if (got != LOG_AWAY)
		verify_found(verify, name, "%s", fail->text);
	else if (verify->away.kind == FAIL_NONE)
		verify->away = *fail;
}

bool
verify_read(
    struct verify *verify, const char *name, size_t max, struct slice *out)
{
	struct fail fail = FAIL_INIT;
	enum log_got got = verify->source->get(
	    verify->source, name, max, verify->arena, out, &fail);

	if (got != LOG_GOT)
		not_got(verify, name, got, &fail);
	return got == LOG_GOT;
}

/* --- the key and the checkpoint --- */

/* A key that the log had before, as it says itself: its signature decides. */
static bool
is_older(struct verify *verify, struct slice key)
{
	struct fail ignored = FAIL_INIT;
	struct slice old;

	return verify->source->get(verify->source, "log.vkey.old", OLD_KEYS_MAX,
		   verify->arena, &old, &ignored) == LOG_GOT &&
	       memmem(old.data, old.len, key.data, key.len) != NULL;
}

static void
check_key(struct verify *verify)
{
	struct slice given = verify->options->verifier_key, kept;
	struct fail fail = FAIL_INIT;
	bool has_file = verify_read(verify, "log.vkey", 1024, &kept);

	if (has_file && given.len != 0 && !slice_equal(given, kept))
		verify->key_is_older = is_older(verify, given);
	if (has_file && given.len != 0 && !slice_equal(given, kept) &&
	    !verify->key_is_older)
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
		verify_found(verify, "checkpoint", "%s%s", fail.text,
		    verify->key_is_older
			? ": the key that was given is an older one, which "
			  "signs no more; give the one that log.vkey has now, "
			  "once you know it another way"
			: "");
		return;
	}
	if (verify->options->witness_key.len != 0 &&
	    !note_check_witness(note, verify->options->witness_key,
		verify->arena, &fail))
		verify_found(verify, "checkpoint", "%s", fail.text);
	verify->has_checkpoint = true;
	verify->size = checkpoint.size;
	verify->root = checkpoint.root;
	if (verify->options->arena != NULL)
		verify->result->note =
		    arena_copy(verify->options->arena, note);
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

/* What a leaf's hash was read from need not be read to be compared. */
static void
add_leaf(struct verify *verify, const struct digest *leaf, bool from_tile)
{
	struct digest made[TILE_LEVELS];
	unsigned count = tree_append(&verify->tree, leaf, made);

	for (unsigned i = 0; i < count; i++) {
		verify->hashes[i][verify->counts[i]++] = made[i];
		if (verify->counts[i] < TILE_WIDTH)
			continue;
		if (i != 0 || !from_tile)
			check_tile(verify, i,
			    (verify->tree.size - 1) >> 8 * (i + 1), 0);
		verify->counts[i] = 0;
	}
}

static void
check_partial_tiles(struct verify *verify)
{
	for (unsigned i = 0; i < TILE_LEVELS; i++)
		if (verify->counts[i] != 0 &&
		    (i != 0 || !verify->options->hashes_only))
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

/* Known from an older checkpoint, or the next one. */
static void
take_leaf(struct verify *verify, const char *place, uint64_t index,
    const struct digest *leaf, bool from_tile)
{
	if (index == verify->tree.size)
		verify_witness_root(verify);
	verify_witness_leaf(verify, index, leaf);
	if (index >= verify->tree.size)
		add_leaf(verify, leaf, from_tile);
	else if (!digest_equal(leaf, &verify->hashes[0][index & 255]))
		verify_found(verify, place,
		    "the entry is not the one its tile has");
}

static void
check_bundle(struct verify *verify, const char *name, struct slice bundle,
    struct tile tile)
{
	uint64_t first = tile.number << 8;
	unsigned count = tile.width == 0 ? (unsigned)TILE_WIDTH : tile.width;
	size_t total = bundle.len;

	for (uint64_t index = first; index < first + count; index++) {
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
		take_leaf(verify, place, index, &leaf, false);
		check_entry(verify, place, entry);
		verify_note_pruning(verify, entry);
		verify_check_kept(verify, place, entry);
		verify_check_order(verify, place, entry);
	}
	if (bundle.len != 0)
		verify_found(verify, name, "there is more than the last entry");
}

/* Where there are no entries to be had, the log's own leaf hashes serve. */
static bool
check_hashes(struct verify *verify, struct tile tile)
{
	unsigned count = tile.width == 0 ? (unsigned)TILE_WIDTH : tile.width;
	char name[TILES_PATH];
	struct slice data;

	tiles_path(name, 0, tile.number, tile.width);
	if (!verify_read(verify, name, TILE_WIDTH * DIGEST_SIZE, &data))
		return false;
	if (data.len != (size_t)count * DIGEST_SIZE) {
		verify_found(verify, name, "the tile was cut");
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		struct digest leaf;

		memcpy(leaf.bytes, data.data + (size_t)i * DIGEST_SIZE,
		    DIGEST_SIZE);
		take_leaf(verify, name, (tile.number << 8) + i, &leaf, true);
	}
	return true;
}

static bool
check_pruned(struct verify *verify, struct tile tile)
{
	verify->result->gone +=
	    tile.width == 0 ? (unsigned)TILE_WIDTH : tile.width;
	return check_hashes(verify, tile);
}

static bool
check_entries(struct verify *verify, struct tile tile)
{
	struct fail fail = FAIL_INIT;
	char name[TILES_PATH];
	struct slice bundle;
	enum log_got got;

	tiles_path(name, TILES_ENTRIES, tile.number, tile.width);
	got = verify->source->get(verify->source, name, BUNDLE_MAX,
	    verify->arena, &bundle, &fail);
	if (got == LOG_GOT) {
		check_bundle(verify, name, bundle, tile);
		return true;
	}
	if (got == LOG_GONE) {
		if (verify->minimum < (tile.number + 1) << 8)
			verify->minimum = (tile.number + 1) << 8;
		return check_pruned(verify, tile);
	}
	not_got(verify, name, got, &fail);
	return false;
}

/* The files of the log's bundle of that number. */
static struct tile
tile_of(const struct verify *verify, uint64_t number)
{
	uint64_t left = verify->size - (number << 8);

	return (struct tile){TILE_ENTRIES, number,
	    left < TILE_WIDTH ? (unsigned)left : 0};
}

static void
ask_ahead(struct verify *verify, uint64_t number)
{
	struct log_source *source = verify->source;

	for (uint64_t i = number; i < number + 4 && i << 8 < verify->size;
	     i++) {
		struct tile tile = tile_of(verify, i);
		char name[TILES_PATH];

		tiles_path(name, 0, i, tile.width);
		source->ahead(source, name, TILE_WIDTH * DIGEST_SIZE);
		if (verify->options->hashes_only)
			continue;
		tiles_path(name, TILES_ENTRIES, i, tile.width);
		source->ahead(source, name, BUNDLE_MAX);
	}
}

/* A bundle that is gone leaves a gap nothing after it can be put across. */
static bool
check_bundles(struct verify *verify)
{
	uint64_t number = verify->tree.size >> 8;

	for (; number << 8 < verify->size; number++) {
		struct tile tile = tile_of(verify, number);
		uint64_t end = (number << 8) +
		    (tile.width == 0 ? (unsigned)TILE_WIDTH : tile.width);

		arena_reset(verify->arena);
		if (verify->source->ahead != NULL)
			ask_ahead(verify, number);
		if (!(verify->options->hashes_only
			    ? check_hashes(verify, tile)
			    : check_entries(verify, tile)) ||
		    verify->tree.size != end)
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
	bool here = verify->options->source == NULL;

	check_key(verify);
	check_checkpoint(verify);
	if (here && !verify->options->live && !verify_journal(verify, fail))
		return false;
	if (!verify->has_checkpoint)
		return true;
	verify->result->size = verify->size;
	if (here)
		verify_read_minimum(verify);
	if (verify_go_on(verify) && check_bundles(verify)) {
		verify_check_minimum(verify);
		verify_witness_root(verify);
		arena_reset(verify->arena);
		check_partial_tiles(verify);
		check_root(verify);
	}
	return !here || verify_strangers(verify, fail);
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
	log_directory_init(
	    &verify->directory, options->disk, options->directory);
	verify->source = options->source != NULL ? options->source
						 : &verify->directory.source;
	ok = (verify->arena != NULL && verify->long_lived != NULL) ||
	     fail_memory(fail);
	ok = ok && run(verify, fail);
	if (ok && verify->away.kind != FAIL_NONE) {
		*fail = verify->away;
		ok = false;
	}
	arena_destroy(verify->arena);
	arena_destroy(verify->long_lived);
	free(verify->witnesses);
	free(verify->again.entries);
	free(verify);
	return ok;
}

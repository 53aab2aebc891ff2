#include "store/verify_priv.h"

#include "core/tile.h"
#include "store/journal.h"

/* --- the journal --- */

static bool
witness_add(
    struct verify *verify, struct witness witness, struct fail *fail)
{
	if (verify->witness_count == verify->witness_room) {
		size_t room =
		    verify->witness_room == 0 ? 256 : 2 * verify->witness_room;
		struct witness *grown =
		    realloc(verify->witnesses, room * sizeof(*grown));

		if (grown == NULL)
			return fail_memory(fail);
		verify->witnesses = grown;
		verify->witness_room = room;
	}
	verify->witnesses[verify->witness_count++] = witness;
	return true;
}

static bool
on_group(void *context, const struct journal_group *group, struct fail *fail)
{
	struct verify *verify = context;
	struct slice rest = group->stream, item;
	enum journal_item type;
	struct witness witness = {.index = group->first,
	    .hash = group->root,
	    .is_root = true,
	    .offset = group->offset};

	snprintf(witness.segment, sizeof(witness.segment), "%s",
	    group->segment);
	if (!witness_add(verify, witness, fail))
		return false;
	witness.is_root = false;
	while (journal_next(&rest, &type, &item)) {
		if (type != JOURNAL_ENTRY)
			continue;
		witness.hash = tree_leaf(item);
		if (!witness_add(verify, witness, fail))
			return false;
		witness.index++;
	}
	if (witness.index > verify->size && verify->has_checkpoint)
		verify->result->journal = witness.index - verify->size;
	return true;
}

static void
found_in_journal(struct verify *verify, const char *segment, uint64_t offset,
    const char *what)
{
	char place[64];

	snprintf(place, sizeof(place), "journal/%s:%llu", segment,
	    (unsigned long long)offset);
	verify_found(verify, place, "%s", what);
}

static bool
on_damage(void *context, const char *segment, uint64_t offset,
    struct fail *fail)
{
	(void)fail;
	found_in_journal(context, segment, offset,
	    "a block of the journal is damaged, or was being written when "
	    "the daemon was killed");
	return true;
}

bool
verify_journal(struct verify *verify, struct fail *fail)
{
	struct journal_scan scan = {
	    .group = on_group, .damage = on_damage, .context = verify};
	struct fail trouble = FAIL_INIT;
	char path[1024];

	snprintf(path, sizeof(path), "%.800s/journal",
	    verify->options->directory);
	if (journal_read(verify->options->disk, path,
		verify->has_checkpoint ? verify->size : 0, &scan, &trouble))
		return true;
	if (trouble.kind == FAIL_MEMORY) {
		*fail = trouble;
		return false;
	}
	verify_found(verify, trouble.place, "%s", trouble.text);
	return true;
}

/* Witnesses come in order of index, the root before the leaves. */
static struct witness *
next_witness(struct verify *verify, uint64_t index, bool is_root)
{
	struct witness *witness;

	while (verify->witness_at < verify->witness_count) {
		witness = &verify->witnesses[verify->witness_at];
		if (witness->index > index ||
		    (witness->index == index && !witness->is_root &&
			is_root))
			return NULL;
		if (witness->index == index && witness->is_root && !is_root)
			return NULL;
		verify->witness_at++;
		if (witness->index == index)
			return witness;
	}
	return NULL;
}

void
verify_witness_root(struct verify *verify)
{
	struct witness *witness;

	while ((witness = next_witness(verify, verify->tree.size, true)) !=
	    NULL) {
		struct digest root = tree_root(&verify->tree);

		if (!digest_equal(&root, &witness->hash))
			found_in_journal(verify, witness->segment,
			    witness->offset,
			    "the group does not follow the entries before "
			    "it");
	}
}

void
verify_witness_leaf(
    struct verify *verify, uint64_t index, const struct digest *leaf)
{
	struct witness *witness = next_witness(verify, index, false);
	char text[96];

	if (witness == NULL || digest_equal(leaf, &witness->hash))
		return;
	snprintf(text, sizeof(text),
	    "entry %llu is another one in the bundles",
	    (unsigned long long)index);
	found_in_journal(verify, witness->segment, witness->offset, text);
}

/* --- files that must not be there --- */

/* The first `width` entries of a bundle, as bytes. */
static struct slice
bundle_head(struct slice bundle, unsigned width)
{
	struct slice rest = bundle, entry;

	while (width-- != 0 && tiles_next(&rest, &entry))
		;
	return (struct slice){bundle.data, bundle.len - rest.len};
}

/* An older partial file must be the beginning of what took its place. */
static void
check_older(struct verify *verify, const char *name, struct tile place,
    unsigned width_now)
{
	char now[TILES_PATH];
	struct slice old, whole;
	size_t max = place.level == TILES_ENTRIES ? BUNDLE_MAX
						  : TILE_WIDTH * DIGEST_SIZE;

	tiles_path(now, place.level, place.number, width_now);
	if (!verify_read(verify, name, max, &old) ||
	    !verify_read(verify, now, max, &whole))
		return;
	if (place.level == TILES_ENTRIES)
		whole = bundle_head(whole, place.width);
	else if (whole.len > (size_t)place.width * DIGEST_SIZE)
		whole.len = (size_t)place.width * DIGEST_SIZE;
	if (!slice_equal(old, whole))
		verify_found(verify, name,
		    "an older partial file differs from what followed it");
}

static void
check_file(struct verify *verify, const char *name)
{
	struct tile place;
	unsigned shift, width;
	uint64_t full;

	if (!tile_parse(slice_from(name), &place)) {
		verify_found(verify, name, "no file of the log");
		return;
	}
	shift = place.level == TILES_ENTRIES ? 0 : 8 * (unsigned)place.level;
	width = (unsigned)(verify->size >> shift & 255);
	full = shift == 56 ? 0 : verify->size >> (shift + 8);
	if (place.width == 0 && place.number < full)
		return;
	/* Gone with its bundle, but for a crash: the next start drops it. */
	if (place.level == TILES_ENTRIES &&
	    place.number < verify->minimum / TILE_WIDTH)
		return;
	if (place.width != 0 && place.number == full && place.width == width)
		return;
	if (place.width != 0 && place.number < full)
		check_older(verify, name, place, 0);
	else if (place.width != 0 && place.number == full &&
	    place.width < width)
		check_older(verify, name, place, width);
	else if (!verify->options->live)
		verify_found(verify, name,
		    "a file that no checkpoint of this size has");
}

enum { FOLDERS_DEEP = 8 };

/* A name with a dot and digits after "x" or ".p" is a folder: try to list. */
static bool
walk(struct verify *verify, const char *name, unsigned depth,
    struct fail *fail)
{
	const struct disk_operations *op = verify->options->disk->operations;
	struct arena *arena = arena_create(NULL);
	struct fail not_listed = FAIL_INIT;
	struct slice *names;
	char path[1024], below[TILES_PATH];
	size_t count = 0;
	bool ok = arena != NULL || fail_memory(fail);

	snprintf(path, sizeof(path), "%.800s/%s", verify->options->directory,
	    name);
	if (ok && (depth == FOLDERS_DEEP ||
		      !op->list(verify->options->disk, path, arena, &names,
			  &count, &not_listed))) {
		arena_reset(verify->arena);
		check_file(verify, name);
	}
	for (size_t i = 0; ok && i < count; i++) {
		int n = snprintf(below, sizeof(below), "%s/%.*s", name,
		    SLICE_ARG(names[i]));

		if (n < 0 || (size_t)n >= sizeof(below))
			verify_found(verify, name, "a name is too long");
		else
			ok = walk(verify, below, depth + 1, fail);
	}
	arena_destroy(arena);
	return ok;
}

bool
verify_strangers(struct verify *verify, struct fail *fail)
{
	struct arena *arena = verify->arena;
	bool has_tiles;

	arena_reset(arena);
	has_tiles = disk_has(verify->options->disk,
	    verify->options->directory, "tile", arena);
	return !has_tiles || walk(verify, "tile", 0, fail);
}

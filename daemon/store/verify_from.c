/* Going on from an older checkpoint: what it covered is not derived again. */
#include "core/tile.h"
#include "store/verify_priv.h"

/* The tiles that filled at that size are longer now. */
static bool
load_level(struct verify *verify, unsigned level, uint64_t size)
{
	struct tile tile = {(int)level,
	    level == TILE_LEVELS - 1 ? 0 : size >> 8 * (level + 1), 0};
	unsigned width = (unsigned)(size >> 8 * level & 255);
	unsigned filled = tile_filled(&tile, verify->size);
	char name[TILES_PATH];
	struct slice data;

	verify->counts[level] = width;
	if (width == 0)
		return true;
	tiles_path(
	    name, tile.level, tile.number, filled == TILE_WIDTH ? 0 : filled);
	if (!verify_read(verify, name, TILE_WIDTH * DIGEST_SIZE, &data))
		return false;
	if (data.len < (size_t)width * DIGEST_SIZE) {
		verify_found(verify, name, "the tile was cut");
		return false;
	}
	memcpy(verify->hashes[level], data.data, (size_t)width * DIGEST_SIZE);
	return true;
}

static bool
follows(struct verify *verify, const struct checkpoint *old)
{
	const struct digest *hashes[TILE_LEVELS];
	struct digest root;

	if (old->size > verify->size) {
		verify_found(verify, "checkpoint",
		    "the log is shorter than it was: %llu entries then",
		    (unsigned long long)old->size);
		return false;
	}
	for (unsigned i = 0; i < TILE_LEVELS; i++) {
		arena_reset(verify->arena);
		hashes[i] = verify->hashes[i];
		if (!load_level(verify, i, old->size))
			return false;
	}
	tree_restore(&verify->tree, old->size, hashes);
	root = tree_root(&verify->tree);
	if (digest_equal(&root, &old->root))
		return true;
	verify_found(verify, "checkpoint",
	    "the log is not the one it was at %llu entries",
	    (unsigned long long)old->size);
	return false;
}

bool
verify_go_on(struct verify *verify)
{
	struct checkpoint old;
	struct fail fail = FAIL_INIT;

	if (verify->options->from.len == 0)
		return true;
	if (!note_open(verify->options->from, verify->long_lived,
		verify->origin, verify->public_key, &old, &fail)) {
		verify_found(verify, "the checkpoint from before", "%s%s",
		    fail.text,
		    fail.hint[0] != '\0'
			? ", or was signed before or after it was changed: "
			  "give the key it was signed with, which log.vkey or "
			  "log.vkey.old has, or begin anew without it"
			: "");
		return false;
	}
	verify->result->from = old.size;
	return follows(verify, &old);
}

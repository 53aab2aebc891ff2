/* What tiles.c and tiles_prune.c share. */
#ifndef MISU_TILES_PRIV_H
#define MISU_TILES_PRIV_H

#include "store/tiles_files.h"

enum {
	TILES_FULL_PATH = 1024,
	TILES_PENDING_MAX = 64 << 20, /* bytes that wait for a checkpoint */
};

struct tiles {
	struct disk *disk;
	char directory[TILES_FULL_PATH];
	char origin[256];
	const uint8_t *seed, *public_key;
	const uint8_t *seed_too, *previous_key; /* or NULL */
	bool is_new;
	struct tree tree;
	uint64_t bytes;		   /* of full files */
	uint64_t minimum, dropped; /* bundles below are said to be, are gone */
	uint64_t durable, older;   /* sizes of the last two checkpoints */
	struct digest hashes[TILE_LEVELS][TILE_WIDTH];
	unsigned counts[TILE_LEVELS];
	struct tiles_files *files;
	struct tiles_file *bundle; /* the one that fills; NULL: none yet */
	unsigned bundle_count;
	/* The checkpoint under way; the worker's between begin and end. */
	struct slice note;
	struct arena *note_arena;
	uint64_t note_size;
	struct fail note_fail;
	struct arena *arena; /* of one call */
	uint64_t cached;     /* number of the bundle in `cache` */
	struct arena *cache_arena;
	struct slice cache;
};

void tiles_full_path(
    const struct tiles *tiles, char out[TILES_FULL_PATH], const char *name);
bool tiles_damaged(struct fail *fail, const char *name, const char *what);

/*
 * At the start: log.vkey is written where it is not there.  One that is
 * neither this key's nor the one's before is refused.
 */
bool tiles_keep_key(struct tiles *tiles, struct fail *fail);

/* At the start: which bundles below the minimum are still there? */
void tiles_find_dropped(struct tiles *tiles);

#endif

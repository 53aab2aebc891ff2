/* What tiles.c and tiles_prune.c share. */
#ifndef MISU_TILES_PRIV_H
#define MISU_TILES_PRIV_H

#include "store/tiles.h"

enum { TILES_FULL_PATH = 1024, DIRTY_MAX = 512, KINDS = TILE_LEVELS + 1 };

/* A directory in which names are new since the last checkpoint. */
struct dirty {
	struct dirty *next;
	char path[];
};

/* What waits for its sync: files, and directories with new names. */
struct unsynced {
	struct disk_file *files[DIRTY_MAX];
	size_t file_count;
	struct dirty *directories;
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
	uint8_t *bundle; /* the one that fills, as it will be written */
	size_t bundle_len, bundle_size;
	unsigned bundle_count;
	struct unsynced unsynced; /* since the last checkpoint began */
	/* The checkpoint under way; the worker's between begin and end. */
	struct unsynced working;
	struct slice note;
	struct arena *note_arena;
	uint64_t note_size;
	struct fail note_fail;
	uint64_t made[KINDS]; /* number / 1000 + 1 whose folder was made */
	struct arena *arena;  /* of one call */
	uint64_t cached;      /* number of the bundle in `cache` */
	struct arena *cache_arena;
	struct slice cache;
};

void tiles_full_path(
    const struct tiles *tiles, char out[TILES_FULL_PATH], const char *name);
bool tiles_damaged(struct fail *fail, const char *name, const char *what);

/* At the start: which bundles below the minimum are still there? */
void tiles_find_dropped(struct tiles *tiles);

#endif

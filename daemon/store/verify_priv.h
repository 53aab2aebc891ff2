/*
 * What verify.c (entries, tiles, checkpoint) and verify_files.c (the journal,
 * and files that must not be there) share.
 */
#ifndef MISU_VERIFY_PRIV_H
#define MISU_VERIFY_PRIV_H

#include "core/tree.h"
#include "store/tiles.h"
#include "store/verify.h"

/* A leaf, or a root before a group, as the journal has it. */
struct witness {
	uint64_t index;
	struct digest hash;
	bool is_root;
	char segment[24];
	uint64_t offset;
};

/* Entries that were decided again, each plus one. */
struct verify_again {
	uint64_t *entries;
	size_t count, size;
};

struct verify {
	const struct verify_options *options;
	struct verify_result *result;
	struct log_directory directory;
	struct log_source *source;
	struct arena *arena;     /* of one file */
	struct arena *long_lived;
	struct slice origin;
	uint8_t public_key[32];
	bool has_key, has_checkpoint;
	bool key_is_older; /* the one given: log.vkey has another by now */
	struct fail away; /* why the log cannot be asked */
	uint64_t size;
	/* Those below were pruned: as the log has it, and as entries say. */
	uint64_t minimum, told_minimum;
	struct digest root;      /* as the checkpoint has it */
	struct tree tree;
	struct digest hashes[TILE_LEVELS][TILE_WIDTH];
	unsigned counts[TILE_LEVELS];
	struct witness *witnesses; /* by index, roots first */
	size_t witness_count, witness_room, witness_at;
	struct verify_again again;
};

void verify_found(struct verify *verify, const char *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A file of the log; missing or unreadable ones are a finding. */
bool verify_read(struct verify *verify, const char *name, size_t max,
    struct slice *out);

/* Gather what the journal says about leaves and roots. */
bool verify_journal(struct verify *verify, struct fail *fail);

/* Compare the tree so far with what the journal says of this index. */
void verify_witness_root(struct verify *verify);
void verify_witness_leaf(struct verify *verify, uint64_t index,
    const struct digest *leaf);

/*
 * Begin at the checkpoint from before, if one was given.  False after a
 * finding that nothing can follow.
 */
bool verify_go_on(struct verify *verify);

/* The minimum of a directory; what entries say of it; do they agree? */
void verify_read_minimum(struct verify *verify);
void verify_note_pruning(struct verify *verify, struct slice entry);
void verify_check_minimum(struct verify *verify);

/* Is what this entry carries on the leaf that the tree has there? */
void verify_check_kept(
    struct verify *verify, const char *place, struct slice entry);

/* Does it say that what was decided again went all the same? */
void verify_check_order(
    struct verify *verify, const char *place, struct slice entry);

/* Files below tile/ that no checkpoint of this size has. */
bool verify_strangers(struct verify *verify, struct fail *fail);

#endif

/*
 * The log itself, as C2SP tlog-tiles lays it out below one directory:
 *
 *	checkpoint			size and root, signed
 *	log.vkey			the verifier key, for who checks
 *	tile/entries/NNN[.p/W]		bundles: length (16 bits) and entry,
 *					up to 256 times
 *	tile/L/NNN[.p/W]		hashes
 *
 * All of them are written, synced, and then the checkpoint, by
 * tiles_checkpoint().  What a signed checkpoint covers is never written again.
 */
#ifndef MISU_TILES_H
#define MISU_TILES_H

#include "core/note.h"
#include "core/tree.h"
#include "store/disk.h"

struct tiles;

struct tiles_options {
	struct disk *disk;
	const char *directory;
	const char *origin;
	const uint8_t *seed;       /* signing key, KEY_SIZE; NULL: read only */
	const uint8_t *public_key; /* 32 bytes */
	/* The key before: a checkpoint of it is opened too.  Or NULL. */
	const uint8_t *previous_key;
};

/*
 * Reads the checkpoint and what it takes to go on from it; refuses, with the
 * place, a checkpoint of another key, a root that does not follow from the
 * tiles, and bundles or tiles that are missing or cut.
 */
struct tiles *tiles_open(
    const struct tiles_options *options, struct fail *fail);
void tiles_close(struct tiles *tiles);

/* There was no checkpoint: the log is new. */
bool tiles_is_new(const struct tiles *tiles);
const struct tree *tiles_tree(const struct tiles *tiles);

/* Checkpoints carry a signature of this seed too from now on; NULL: none. */
void tiles_sign_too(struct tiles *tiles, const uint8_t *seed);

/*
 * Is the key that log.vkey names still the one that signs?  If not, *from and
 * *to are the verifier keys, in `arena`.
 */
bool tiles_key_changed(struct tiles *tiles, struct arena *arena,
    struct slice *from, struct slice *to, struct fail *fail);

/*
 * An entry tells of the change: log.vkey names the new key, and log.vkey.old
 * all that were before it, oldest first, one a line.
 */
bool tiles_write_key(struct tiles *tiles, struct fail *fail);

/* Bytes of full bundles and tiles. */
uint64_t tiles_bytes(const struct tiles *tiles);

/* Entries that the checkpoint on disk covers. */
uint64_t tiles_durable(const struct tiles *tiles);

/*
 * Entries below this index, a multiple of TILE_WIDTH, were pruned: the file
 * "minimum" says so.  Their bundles are gone; their hashes stay, so that all
 * roots and proofs hold.
 */
const char *tiles_origin(const struct tiles *tiles);
uint64_t tiles_minimum(const struct tiles *tiles);

/*
 * Raise it, durably; an entry of the log says so already, and a checkpoint
 * covers that.  Bundles go with tiles_drop(), `count` at most a call.
 */
bool tiles_prune(struct tiles *tiles, uint64_t minimum, struct fail *fail);
bool tiles_drop(struct tiles *tiles, unsigned count, bool *left,
    struct fail *fail);

/* What the file says: 0 if there is none; false if it is malformed. */
bool tiles_read_minimum(struct disk *disk, const char *directory,
    struct arena *arena, uint64_t *out, struct fail *fail);

/* The next entry; durable with the next checkpoint. */
bool tiles_add(struct tiles *tiles, struct slice entry,
    const struct digest *leaf, struct fail *fail);

/* So much waits for a checkpoint that there must be one before more comes. */
bool tiles_is_full(const struct tiles *tiles);

/*
 * A checkpoint of everything added so far.  In three parts, of which only the
 * middle one takes long, and may run beside further tiles_add(): what it
 * found stands in the tiles until the end.  *due: there is something to do.
 */
bool tiles_checkpoint_begin(
    struct tiles *tiles, bool *due, struct fail *fail);
void tiles_checkpoint_work(struct tiles *tiles);
bool tiles_checkpoint_end(struct tiles *tiles, struct fail *fail);

/* All three at once. */
bool tiles_checkpoint(struct tiles *tiles, struct fail *fail);

/*
 * After the entries of the journal were added: a checkpoint that was being made
 * at a crash may have left partial files among them, whole or not.
 */
void tiles_remove_litter(struct tiles *tiles);

/* The bytes of an entry below the size, in `arena`. */
bool tiles_read(struct tiles *tiles, uint64_t index, struct arena *arena,
    struct slice *out, struct fail *fail);

enum { TILES_ENTRIES = -1, TILES_PATH = 96 };

/*
 * "tile/0/x001/234" and so on, below the log's directory; level TILES_ENTRIES
 * is a bundle; width 0 is a full one.
 */
void tiles_path(
    char out[TILES_PATH], int level, uint64_t number, unsigned width);

/* Takes the next entry off a bundle; false at the end or if it is cut. */
bool tiles_next(struct slice *bundle, struct slice *entry);

/* One bundle at most has this many bytes. */
enum { BUNDLE_MAX = TILE_WIDTH * (2 + 65535) };

#endif

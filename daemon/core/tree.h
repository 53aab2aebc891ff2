/*
 * The Merkle tree of the ledger (RFC 6962 section 2.1): leaf hashes, node
 * hashes and the root of a growing tree, of which only the roots of its
 * complete subtrees are kept.
 */
#ifndef MISU_TREE_H
#define MISU_TREE_H

#include "base/digest.h"

enum {
	TREE_HEIGHT = 64,
	TILE_HEIGHT = 8,   /* a tile holds this many levels of the tree */
	TILE_WIDTH = 256,  /* and its lowest level this many hashes */
	TILE_LEVELS = 8,   /* tiles above each other, for 2^64 leaves */
};

struct tree {
	uint64_t size;
	/* Root of the complete subtree of 2^h leaves, where bit h is set. */
	struct digest node[TREE_HEIGHT];
};

/* SHA-256(0x00 || entry) and SHA-256(0x01 || left || right). */
struct digest tree_leaf(struct slice entry);
struct digest tree_node(
    const struct digest *left, const struct digest *right);

/*
 * Append a leaf.  Each hash that becomes one more of a tile, from level 0 (the
 * leaf) up, is written to `tiles`; returns how many there are (at least 1).
 */
unsigned tree_append(struct tree *tree, const struct digest *leaf,
    struct digest tiles[TILE_LEVELS]);

/* The root; of the empty tree it is SHA-256 of nothing. */
struct digest tree_root(const struct tree *tree);

/*
 * Build the tree anew from the hashes of its partial tiles: those of level L
 * are `hashes[L]`, as many as (size >> 8 * L) & 255.
 */
void tree_restore(struct tree *tree, uint64_t size,
    const struct digest *const hashes[TILE_LEVELS]);

/* The root over `count` (a power of two) hashes of a tile. */
struct digest tree_fold(const struct digest *hashes, size_t count);

#endif

/*
 * Proofs about the tree (RFC 6962 sections 2.1.1 and 2.1.2): that an entry is
 * in a log of some size, and that one log is the beginning of another; made
 * from hashes that somebody has, and checked from nothing but roots.  And the
 * file that an inclusion proof travels in (C2SP tlog-proof).
 */
#ifndef MISU_PROOF_H
#define MISU_PROOF_H

#include "base/digest.h"
#include "base/text.h"

/* No log has 2^63 entries, so no path is longer. */
enum { PROOF_HASHES = 64 };

struct proof {
	struct digest hashes[PROOF_HASHES];
	size_t count;
};

/* Who has the hashes: of 2^height leaves, the index-th such run of the log. */
struct proof_source {
	bool (*hash)(void *context, unsigned height, uint64_t index,
	    struct digest *out, struct fail *fail);
	void *context;
};

/* The root over the first `size` leaves. */
bool proof_root(const struct proof_source *source, uint64_t size,
    struct digest *out, struct fail *fail);

/* The path from the leaf's sibling up; index < size < 2^63. */
bool proof_inclusion(const struct proof_source *source, uint64_t index,
    uint64_t size, struct proof *out, struct fail *fail);

/* Empty where one of the sizes is 0 or they are equal; old <= size. */
bool proof_consistency(const struct proof_source *source, uint64_t old,
    uint64_t size, struct proof *out, struct fail *fail);

/* A log: how long it is, and its root. */
struct proof_tree {
	uint64_t size;
	struct digest root;
};

/* Is the leaf with this hash at this place of the log? */
bool proof_includes(const struct proof *proof, uint64_t index,
    const struct digest *leaf, const struct proof_tree *tree);

/* Is the older log the beginning of the newer? */
bool proof_follows(const struct proof *proof, const struct proof_tree *old,
    const struct proof_tree *tree);

/* --- proof_text.c ------------------------------------------------------- */

struct proof_file {
	uint64_t index;
	struct proof proof;
	struct slice note; /* the signed checkpoint, as it is */
};

/* {NULL, 0} when out of memory. */
struct slice proof_print(struct arena *arena, const struct proof_file *file);

/* Borrows the note from `text`; nothing in it is checked but its form. */
bool proof_parse(struct slice text, struct arena *arena, struct proof_file *out,
    struct fail *fail);

#endif

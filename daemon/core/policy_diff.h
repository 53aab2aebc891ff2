/*
 * What changes from one policy to another, by meaning: recipients that come,
 * go or change, and for every pair of blocks for the same objects, recipient
 * and purpose the cells of the matrix whose verdict changes for some record.
 * Rewording, reordering and renumbering are no change.  It reads like a
 * change log.
 */
#ifndef MISU_POLICY_DIFF_H
#define MISU_POLICY_DIFF_H

#include "base/text.h"
#include "core/ruleset.h"

/* {NULL, 0} when out of memory. */
struct slice policy_diff(const struct ruleset *before,
    const struct ruleset *after, struct arena *arena);

#endif

/*
 * Which block an object falls under.  `name` is an object's canonical name,
 * or, when the checker asks about all names below a suffix, the suffix with
 * its dot.
 */
#ifndef MISU_MATCH_H
#define MISU_MATCH_H

#include "core/policy_tree.h"

/* At most so many recipients behind one: the checker sees to it. */
enum { ONWARD_MAX = 32 };

/* 0: the block is not for it; more: how specific its pattern is. */
size_t match_block(
    const struct policy_block *block, enum object_type type, struct slice name);

/* The block is for it, and no other with its key is more specific. */
bool match_wins(const struct policy *policy, const struct policy_block *block,
    enum object_type type, struct slice name);

/* The winning blocks of those reached via `recipient`; writes at most max. */
size_t match_onward(const struct policy *policy, unsigned recipient,
    enum object_type type, struct slice name, const struct policy_block **out,
    size_t max);

#endif

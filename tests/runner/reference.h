/*
 * The slow, obvious reading of a policy: it walks the rules of a block in
 * order for one slot of one record, straight from the tree, comparing
 * strings.  Nothing of the compiled form is used; the tests compare the two.
 */
#ifndef MISU_REFERENCE_H
#define MISU_REFERENCE_H

#include "core/policy_tree.h"

/* The number of the rule that decides the slot; 0 if none does. */
unsigned reference_slot(const struct policy *policy,
    const struct policy_block *block, const struct record *record,
    enum role role, enum field field);

/* The refuse or hold rule that binds the record; 0 if none does. */
unsigned reference_gate(const struct policy *policy,
    const struct policy_block *block, const struct record *record);

#endif

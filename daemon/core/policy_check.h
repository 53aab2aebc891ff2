/*
 * What must hold of a policy before it is compiled, and what the compiled
 * tables must prove before it can be in force.
 */
#ifndef MISU_POLICY_CHECK_H
#define MISU_POLICY_CHECK_H

#include "core/ruleset_priv.h"

/* Recipients: via, class, basis, method, ceiling.  Resolves `via`. */
void policy_check_recipients(
    struct policy *policy, struct complaints *complaints);

/* Blocks: keys, ceilings, secrets, templates.  False when out of memory. */
bool policy_check_blocks(struct arena *arena, const struct policy *policy,
    struct complaints *complaints);

/*
 * Over the tables: each slot reaches a rule, each rule wins somewhere, what
 * goes onward is what the recipient before gets.  Fills what a slot can ever
 * do.  False when out of memory.
 */
bool policy_prove(struct ruleset *ruleset, struct complaints *complaints);

/* policy_prove.c does the chains in policy_onward.c. */
bool policy_prove_onward(
    struct ruleset *ruleset, struct complaints *complaints);

#endif

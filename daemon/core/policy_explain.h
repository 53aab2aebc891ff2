/*
 * Why one recipient gets what it gets of one record: for each field the
 * record has the verdict, the rule with its place, the rules that were passed
 * by, and what each of their conditions came to.  No value is in it.
 */
#ifndef MISU_POLICY_EXPLAIN_H
#define MISU_POLICY_EXPLAIN_H

#include "base/text.h"
#include "core/ruleset.h"

/*
 * `recipient` may be any, also one behind another.  NULL data when out of
 * memory or (FAIL_INPUT) when there is no such recipient.
 */
struct slice policy_explain(const struct ruleset *ruleset,
    const struct record *record, struct slice recipient, struct arena *arena,
    struct fail *fail);

#endif

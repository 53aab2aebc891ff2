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

/* Of one block only, whether or not its pattern is the record's. */
struct slice policy_explain_block(const struct ruleset *ruleset,
    const struct record *record, const struct block *block,
    struct arena *arena, struct fail *fail);

/*
 * For a contact, whose verdicts come from many blocks (decide_contact()): what
 * each condition of one rule came to for the person.  A line each.
 */
void policy_explain_contact_rule(const struct ruleset *ruleset,
    const struct record *record, unsigned rule, struct text *out);

/* The recipient's `may receive`, a line each, after `lead`. */
void policy_explain_ceiling(const struct ruleset *ruleset, unsigned recipient,
    const char *lead, struct text *out);

#endif

/*
 * The canonical text of a policy: one sentence a line, no comments, sets of
 * fields spelled out, fields and roles in the order of the vocabulary, times
 * in UTC.  It parses to itself, and its SHA-256 is the policy's identity.
 */
#ifndef MISU_POLICY_PRINT_H
#define MISU_POLICY_PRINT_H

#include "base/text.h"
#include "core/policy_tree.h"

void policy_print(struct text *out, const struct policy *policy);

/* One rule, without indent or newline. */
void policy_print_rule(struct text *out, const struct rule *rule);

/* "a, b and c" pieces: conditions, field and role lists. */
void policy_print_condition(
    struct text *out, const struct condition *condition);
void policy_print_test(struct text *out, const struct test *test);
void policy_print_fields(struct text *out, uint64_t fields);
void policy_print_roles(struct text *out, unsigned roles);

/* What a recipient may receive: a line for each list of fields. */
void policy_print_ceiling(struct text *out,
    const struct policy_recipient *recipient, const char *lead);

/* ".jp, .co.jp", "network own", "subscriber" */
void policy_print_patterns(struct text *out, const struct policy_block *block);

/* ".jp to jprs for p10" */
void policy_print_key(struct text *out, const struct policy *policy,
    const struct policy_block *block);

#endif

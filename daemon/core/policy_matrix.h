/*
 * The decision matrix: for each block, role and field the verdicts a record
 * can meet, in the order they are tried, each with its condition and rule.
 * It is read off the compiled tables, so a rule that is written for a slot
 * but never decides it is not in the slot's row.
 */
#ifndef MISU_POLICY_MATRIX_H
#define MISU_POLICY_MATRIX_H

#include "base/text.h"
#include "core/ruleset.h"

/* The whole matrix as text; {NULL, 0} when out of memory. */
struct slice policy_matrix(const struct ruleset *ruleset, struct arena *arena);

/* The rules that decide a slot for some record, in the order they are tried. */
struct cascade {
	const uint16_t *rules;
	size_t count;
};

/* False when out of memory. */
bool policy_cascade(const struct ruleset *ruleset, const struct block *block,
    enum role role, enum field field, struct arena *arena, struct cascade *out);

/* "forward when consent to p11, else redact" */
void policy_cascade_print(struct text *out, const struct ruleset *ruleset,
    const struct cascade *cascade, enum field field);

#endif

/*
 * Do two rulesets decide one slot, or the whole record, alike?  The variables
 * of both are joined: a record gives each its value in either, so the joint
 * domain is the pairs of values that can be together.
 */
#ifndef MISU_DIFF_CELL_H
#define MISU_DIFF_CELL_H

#include "core/compile.h"

enum change {
	CHANGE_NONE,
	CHANGE_TIGHTER, /* for some records, looser for none */
	CHANGE_LOOSER,
	CHANGE_BOTH,   /* tighter for some, looser for others */
	CHANGE_OTHER,  /* as strict, but another value or reason */
	CHANGE_UNSURE, /* too many combinations to look at all of them */
};

struct differ {
	const struct ruleset *before, *after;
	struct arena *arena;
	bool failed;
};

/*
 * Compare a role's tables for all fields at once, into changes[FIELD_COUNT],
 * or the gates into changes[0].  A NULL table lets nothing through.
 */
void diff_tables(struct differ *differ, const struct table *before,
    const struct table *after, enum change *changes);

/* diff_recipient.c: lines for sets and recipients that come, go or change. */
void diff_sets(
    struct text *out, const struct ruleset *older, const struct ruleset *newer);
void diff_recipients(
    struct text *out, const struct ruleset *from, const struct ruleset *to);

#endif

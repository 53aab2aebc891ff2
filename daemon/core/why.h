/*
 * Why a disclosure came out as it did: from its entry, the policy it was
 * decided under and, where they were kept, the inputs it was decided by.  For
 * each field the verdict and the rule with its text and place as they stood
 * then, what each condition came to, and what happened to it later.  There is
 * no value in it.
 */
#ifndef MISU_WHY_H
#define MISU_WHY_H

#include "core/entry_print.h"
#include "core/entry_rulings.h"

struct why_given {
	struct entry_shown shown;      /* the disclosure */
	const struct ruleset *ruleset; /* its policy; NULL: not to be had */
	struct slice missing;	       /* and why */
	struct slice inputs;	       /* core/inputs.h; empty: not kept */
	/* Later entries about it, oldest first. */
	const struct entry_shown *later;
	size_t later_count;
};

/* {NULL, 0} with a fail. */
struct slice why_text(
    const struct why_given *given, struct arena *arena, struct fail *fail);
struct slice why_json(
    const struct why_given *given, struct arena *arena, struct fail *fail);

#endif

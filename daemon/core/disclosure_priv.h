/*
 * The inside of a disclosure, and so its maker.  core/decide.c fills it,
 * core/disclosure.c reads it; nothing else includes this.
 */
#ifndef MISU_DISCLOSURE_PRIV_H
#define MISU_DISCLOSURE_PRIV_H

#include "core/disclosure.h"
#include "core/match.h"

/* One block's rule numbers: a row of FIELD_COUNT a role. */
struct decided {
	const struct block *block;
	const uint16_t *rows[ROLE_COUNT];
};

struct disclosure {
	const struct ruleset *ruleset;
	struct decided own;
	struct decided *onward;
	size_t onward_count;
	struct ruling outcome;
	enum object_type type;
	enum operation operation;
	struct slice reference;
	bool has_role[ROLE_COUNT];
	struct slice subjects[ROLE_COUNT];
	uint64_t collected[ROLE_COUNT]; /* FIELD_BIT */
	uint64_t removed[ROLE_COUNT];
	struct values *values[ROLE_COUNT]; /* NULL: nothing of the role */
};

#endif

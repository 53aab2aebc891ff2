/*
 * The inside of a disclosure, and so its maker.  core/decide.c and
 * core/decide_contact.c fill it, core/disclosure.c reads it; nothing else
 * includes this.
 */
#ifndef MISU_DISCLOSURE_PRIV_H
#define MISU_DISCLOSURE_PRIV_H

#include "core/alter.h"
#include "core/decide.h"
#include "core/match.h"

/* One block's rule numbers: a row of FIELD_COUNT a role. */
struct decided {
	const struct block *block;
	const uint16_t *rows[ROLE_COUNT];
	uint64_t redacted; /* FIELD_BIT: whatever the rule would say */
};

struct disclosure {
	const struct ruleset *ruleset;
	unsigned recipient;
	struct slice purpose;
	struct decided own; /* without a block where none was in the scope */
	struct decided *onward;
	size_t onward_count;
	struct ruling outcome;
	bool stopped; /* the outcome is a subject's word */
	unsigned stopped_roles; /* 1 << role: whose, also where it is not */
	enum object_type type;
	enum operation operation;
	struct slice reference, expires;
	struct registration registration;
	struct record_former former;
	bool has_role[ROLE_COUNT];
	struct slice subjects[ROLE_COUNT];
	uint64_t collected[ROLE_COUNT]; /* FIELD_BIT */
	uint64_t withheld[ROLE_COUNT];	/* collected, but for the limit */
	uint64_t removed[ROLE_COUNT];
	struct values *values[ROLE_COUNT]; /* NULL: nothing of the role */
	/* decide_contact() makes one of many: FIELD_BITs of CONTACT_ROLE. */
	bool merged;
	uint64_t could_pass, hidden;
};

/* decide.c: what the record has in a role, without any of it. */
void decide_note_role(struct disclosure *disclosure,
    const struct record *record, enum role role,
    const struct decide_given *given);

/*
 * decide.c: the values of a role, as their rules let them through; `alter`
 * says which, and what a replacement may name.
 */
bool decide_pass_role(struct disclosure *disclosure,
    const struct record *record, const struct decide_given *given,
    struct alter_given *alter, struct arena *arena, struct fail *fail);

/*
 * decide.c: what given->stopped says.  Before values pass: outcome and rows
 * are as the rules made them.  False when out of memory.
 */
bool decide_stop(struct disclosure *disclosure,
    const struct decide_given *given, struct arena *arena);

#endif

/*
 * decide() is the one door between a record and a disclosure.  It is a pure
 * function: the same record, ruleset, block, time and random bytes give the
 * same disclosure.
 */
#ifndef MISU_DECIDE_H
#define MISU_DECIDE_H

#include "core/disclosure.h"

struct decide_given {
	uint8_t random[16]; /* from which opaque tokens are made */
	bool approved;	    /* an operator approved this hold: it passes */
	/*
	 * FIELD_BITs a role can travel with at all (ROLE_COUNT of them), where
	 * an EPP command carries less than the record it is judged on; NULL:
	 * all.  Conditions see the whole record.
	 */
	const uint64_t *limit;
	/*
	 * 1 << role of those that are told of; the others are as if they were
	 * not there, but conditions see the whole record.  0: all.
	 */
	unsigned only;
	/*
	 * 1 << role of those whose person stopped the provision of their data:
	 * the whole is refused, by rule 0 and the word "stopped".
	 */
	unsigned stopped;
	/*
	 * Not refused but made to show nothing of these roles: every field of
	 * theirs is redacted by rule 0, but for FIELD_BITs in `kept`
	 * (ROLE_COUNT of them, or NULL), which stay as their rules say.
	 */
	bool minimises;
	const uint64_t *kept;
	/*
	 * With that: those behind the recipient get nothing of what is kept
	 * but what is nobody's data (CLASS_OBJECT).
	 */
	bool hides;
	/*
	 * What is shown of a contact that comes to stand in this role of a
	 * domain: where decide_link() says no, the whole is refused by that
	 * rule.  NULL: not asked.
	 */
	const struct shown *link;
	enum role link_role;
	/* 1 << role of those whose handle, by which it is told, it knows. */
	unsigned named;
};

/*
 * Decide what the recipient of `block` gets of `record`.  The disclosure
 * borrows the ruleset and the record's values; both must outlive it.  A
 * block that is not for the record's object is refused, by rule 0.
 * NULL only when out of memory.
 */
struct disclosure *decide(const struct ruleset *ruleset,
    const struct block *block, const struct record *record,
    const struct decide_given *given, struct arena *arena, struct fail *fail);

/* Where an EPP contact stands already. */
struct decide_place {
	unsigned roles; /* 1 << role */
	struct slice suffix;
};
enum { PLACES_MAX = 16 };
#define PLACE_ANYWHERE SLICE(".") /* a suffix: under some TLD or other */

/* Where an EPP contact or host may come to stand. */
struct decide_scope {
	unsigned recipient;  /* index of the registry in the ruleset */
	unsigned roles;      /* 1 << role of those it may get; 0: all of EPP's */
	struct slice object; /* canonical domain it is for; empty: not known */
	struct slice suffix; /* ".org": its TLD; empty: not known */
	/*
	 * These count beside what is said above; `is_placed`: it stands under
	 * no other TLD, and in no other role but those said above.  A place
	 * that no block is for is refused.
	 */
	const struct decide_place *places;
	size_t place_count;
	bool is_placed;
};

/*
 * A contact (OBJECT_CONTACT, the person in CONTACT_ROLE) has neither TLD nor
 * role of its own: the strictest verdict over all blocks of the recipient in
 * the scope, not on request, and over all roles in it that these blocks
 * mention (each block with each of them), holds for each field; two
 * replacements or generalisations that differ are a redact, and so is one that
 * names the object where the scope names none.  Gates that ask only for the contact's own role (or
 * none) bind; those that ask for another role wait for the domain command.
 * In other conditions another role's variables are unknown.  Onward
 * recipients likewise: what one block's public may not have is not
 * publishable.  OBJECT_HOST carries no person: it is refused only if no block
 * is in the scope.
 */
struct disclosure *decide_contact(const struct ruleset *ruleset,
    const struct decide_scope *scope, const struct record *record,
    const struct decide_given *given, struct arena *arena, struct fail *fail);

/*
 * A link is a disclosure: would this role of a domain show more of the contact
 * than its block lets through?  `shown` is what the registry holds of it
 * (record.h).  False if so, with the field and the rule that forbids it.
 */
bool decide_link(const struct disclosure *domain, enum role role,
    const struct shown *shown, enum field *field, struct ruling *ruling);

/* What a recipient that gets this disclosure then holds of the role. */
struct shown decide_shown(const struct disclosure *disclosure, enum role role);

/*
 * The inner door, for the bench and for those who explain: from facts
 * (facts.h) a row of FIELD_COUNT rule numbers for each role, and the refuse
 * or hold rule that binds the whole record (VERDICT_FORWARD and 0: none).
 */
void decide_rows(const struct ruleset *ruleset, const struct block *block,
    const uint16_t *facts, const uint16_t *rows[ROLE_COUNT]);
struct ruling decide_gate(const struct ruleset *ruleset,
    const struct block *block, const uint16_t *facts);

#endif

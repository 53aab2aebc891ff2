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

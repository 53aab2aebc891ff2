/*
 * What a decision depended on besides the policy, without a value: for each
 * role the person's kind, consents and which fields are there; of a field
 * that a condition tests, which of the policy's literals its value is, if it
 * is one.  A ledger's entry keeps it beside the object's name, under the same
 * subject's key, so that the decision can be explained and another policy
 * asked what it would have done.
 *
 * Layout of the bytes, version 1; a number is in base 128, the lowest seven
 * bits first, 128 meaning that more follow; a string comes after its length:
 *
 *	version: a byte
 *	flags: a byte; 1: an operator had approved it, 2: in a scope, 4: there
 *		was too much to keep, and nothing follows, 8: the scope's
 *		is_placed, 16: persons who stopped provision are shown nothing,
 *		32: nor those behind the recipient what is kept of them
 *	plan: a string
 *	of a flag 16: roles of those (1 << role), then for each in rising order
 *		the FIELD_BITs that stay as the rules have them
 *	in a scope (an EPP contact or host): roles, object, suffix, number of
 *		places; each: roles, suffix
 *	number of roles, then each, in rising order: role and kind: a byte
 *		each, the kind with 64 where misu.conf says it and nobody told
 *		it (entries before that was kept are read as told)
 *		fields with a value, fields with several: FIELD_BITs
 *		number of consents; each: audience * 2 + given (a byte), time,
 *			purpose, version of the text agreed to
 *	number of literals, then each: the policy's variable and its state
 *
 * Roles and fields stand as their numbers, as in codec/pack.c: whoever changes
 * the order of an enum of core/field.h or of field.tbl raises the version.
 */
#ifndef MISU_INPUTS_H
#define MISU_INPUTS_H

#include "core/decide.h"

enum { INPUTS_MAX = 1024 }; /* bytes; what is longer is not kept */

struct inputs_given {
	const struct ruleset *ruleset;
	const struct decide_scope *scope; /* of decide_contact(); or NULL */
	bool approved;
	/* Where roles were made to show nothing (minimises); NULL: none was. */
	const struct decide_given *minimal;
};

/* {NULL, 0} when out of memory. */
struct slice inputs_write(const struct record *record,
    const struct inputs_given *given, struct arena *arena);

struct inputs_role {
	bool is_there;
	enum kind kind;
	bool is_presumed; /* misu.conf says the kind: nobody told it */
	uint64_t present, several; /* FIELD_BIT */
	const struct consent *consents;
	size_t consent_count;
};

struct inputs_literal {
	unsigned variable, state;
};

struct inputs {
	bool approved, in_scope;
	bool too_much; /* nothing is known */
	struct slice plan;
	unsigned stopped; /* 1 << role of those minimised; 0: none */
	uint64_t kept[ROLE_COUNT];
	bool hides; /* what is kept from those behind the recipient */
	struct decide_scope scope; /* without its recipient */
	struct inputs_role roles[ROLE_COUNT];
	const struct inputs_literal *literals;
	size_t literal_count;
};

/* False if these are no bytes of inputs_write(); `out` borrows from them. */
bool inputs_read(struct slice bytes, struct arena *arena, struct inputs *out);

/*
 * A stand-in for the record, which conditions cannot tell from it: decided
 * under `now`, it gets the verdicts that the record would have got.  Its
 * values are literals of policies and fillers, nobody's.
 *
 * Where `now` tests what was not kept, there is one stand-in for each thing
 * it may have been: what all of them agree on is known.
 */
struct stand_in;

struct stand_in_given {
	const struct inputs *inputs;
	const struct ruleset *was; /* decided under; NULL: not known */
	const struct ruleset *now;
	enum object_type type;
	enum operation operation;
	struct slice object;
};

enum { STAND_IN_MAX = 256 };

/* NULL when out of memory, or (FAIL_INPUT) where it may be too many things. */
struct stand_in *stand_in_create(
    const struct stand_in_given *given, struct arena *arena, struct fail *fail);
const struct record *stand_in_record(const struct stand_in *stand_in);
/* The next one takes its place; false after the last. */
bool stand_in_step(struct stand_in *stand_in);

/* Decide again, in the scope of the inputs where they have one. */
struct disclosure *stand_in_decide(const struct stand_in *stand_in,
    unsigned recipient, const struct block *block, struct arena *arena,
    struct fail *fail);

#endif

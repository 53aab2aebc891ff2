/*
 * A ruleset's inside.  Conditions are bound to variables with finite domains:
 * the kind of a person, a consent, the class of a value (which of the
 * policy's sets hold it), the plan, the request.  For each block and role a
 * table over the variables its rules ask for gives a row with one rule number
 * a field; for each block one table gives the refuse or hold rule that fires.
 *
 * Only what loads, decides, explains and compares policies includes this:
 * ruleset.c, compile.c, variable.c, facts.c, contact_plan.c, disclosure.c and
 * the files decide*, policy_*, check_* and diff_*.
 */
#ifndef MISU_RULESET_PRIV_H
#define MISU_RULESET_PRIV_H

#include "core/policy_tree.h"

enum truth { TRUTH_FALSE, TRUTH_UNKNOWN, TRUTH_TRUE };

/* Values of a consent variable. */
enum { CONSENT_UNKNOWN, CONSENT_GIVEN, CONSENT_WITHDRAWN, CONSENT_STATES };

/* Values of a value variable; the classes follow, CLASS_OTHER first. */
enum { STATE_MISSING, STATE_MALFORMED, STATE_OTHER };

struct literal {
	struct slice text;
	unsigned state; /* the variable's value where the field has this text */
};

struct variable {
	enum test_subject subject; /* never TEST_PRESENT: that is a value */
	int role;		   /* ROLE_RELATIVE where it has none */
	enum field field;
	struct slice purpose;
	enum audience audience;
	unsigned size;		  /* of the domain */
	const struct test **sets; /* distinct value lists tested */
	size_t set_count;
	struct literal *literals; /* sorted by text */
	size_t literal_count;
	uint64_t *members; /* for state - STATE_OTHER: the sets it is in */
};

struct bound_test {
	const struct test *test;
	unsigned variable;
	unsigned set; /* its bit in members */
};

struct bound_rule {
	const struct rule *rule;
	struct bound_test *tests; /* those of `when`, then those of `unless` */
	size_t when_count, unless_count;
};

struct term {
	unsigned variable;
	uint32_t stride;
};

/* Rules of one block that concern one role, or the whole record. */
struct table {
	struct bound_rule *rules;
	size_t rule_count;
	struct term *terms;
	size_t term_count;
	uint32_t size;	       /* combinations */
	size_t width;	       /* rule numbers a row */
	const uint32_t *index; /* combination to row */
	const uint16_t *rows;
	size_t row_count;
};

/* The row that these values lead to; inline, for every decision does it. */
static inline const uint16_t *
table_row(const struct table *table, const uint16_t *values)
{
	uint32_t at = 0;

	for (size_t i = 0; i < table->term_count; i++)
		at += values[table->terms[i].variable] * table->terms[i].stride;
	return table->rows + (size_t)table->index[at] * table->width;
}

struct bound_block {
	/* Rows that no condition changes, one where roles share it; or NULL. */
	const uint16_t *fixed[ROLE_COUNT];
	const uint16_t *fixed_gate;
	struct policy_block *block;
	struct table roles[ROLE_COUNT];
	struct table gate;
	uint8_t slots[SLOT_COUNT];
};

struct contact_plan;

struct ruleset {
	struct arena *arena;
	struct policy *policy;
	struct slice text;
	struct digest identity;
	struct variable *variables;
	size_t variable_count;
	struct bound_block *blocks;
	size_t block_count;
	const uint8_t *verdicts; /* by rule number; number 0 is redact */
	uint32_t combinations;	 /* of all tables */
	const struct contact_plan *contacts; /* one a recipient */
};

/*
 * Is the field one that the recipient before this one passes on?  To a public
 * everything; to another registry what its ceiling names.
 */
bool ruleset_passes_on(const struct ruleset *ruleset, unsigned recipient,
    enum role role, enum field field);

#endif

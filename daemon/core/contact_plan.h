/*
 * What decide_contact() knows of a policy before it sees a contact: for each
 * recipient its blocks for domains and those of the recipients behind it, the
 * rows that no record changes already merged, and which conditions are about
 * one person alone.  Made at load, immutable like the ruleset it is part of.
 */
#ifndef MISU_CONTACT_PLAN_H
#define MISU_CONTACT_PLAN_H

#include "core/ruleset_priv.h"

/* The roles EPP's domains have are the first of enum role. */
enum { EPP_ROLES = ROLE_BILLING + 1, EPP_ROLES_ALL = (1 << EPP_ROLES) - 1 };

/* How strict the merged word on one field is, the strictest first. */
enum strict {
	STRICT_REDACT,
	STRICT_CLASH, /* replaced in two ways: redacted, by the first's rule */
	STRICT_REPLACE,
	STRICT_GENERALISE,
	STRICT_FORWARD,
	STRICT_NONE /* no row yet */
};

/* Rows of one recipient, merged field by field. */
struct contact_merge {
	uint16_t rules[FIELD_COUNT];
	uint8_t strict[FIELD_COUNT];
	uint64_t passes; /* in some row */
	uint64_t misses; /* not in some row, though it would be passed on */
};

struct contact_pair {
	const struct bound_block *block;
	enum role role;
	bool foreign; /* its conditions ask about another role, too */
};

struct contact_gate {
	const struct bound_block *block;
	const struct bound_rule *rule;
	unsigned roles; /* whose person it asks about: one, or 0 */
};

/* One recipient: the registry itself, or one behind it. */
struct contact_side {
	unsigned recipient;
	unsigned via; /* index of the side before it */
	const struct bound_block **blocks;
	size_t block_count;
	struct contact_pair *open; /* those a record changes */
	size_t open_count;
	struct contact_gate *gates;
	size_t gate_count;
	struct contact_merge fixed;    /* all others, for the roles mentioned */
	uint64_t passes_on[EPP_ROLES]; /* what the one before passes on to it */
};

struct contact_plan {
	struct contact_side *sides; /* none: no block is for domains */
	size_t side_count;
	unsigned mentioned; /* ROLE_BITs that the first side's blocks mention */
	uint64_t could_pass; /* some record lets it through in some role */
	bool is_fixed;	     /* no side has an open pair */
	unsigned *variables; /* that pairs and gates ask for */
	size_t variable_count;
};

/* Fill ruleset->contacts, one plan a recipient; false when out of memory. */
bool contact_plan_make(struct ruleset *ruleset);

void contact_merge_start(struct contact_merge *merge);
void contact_merge_row(const struct ruleset *ruleset,
    struct contact_merge *merge, const uint16_t *row, uint64_t passes_on);

/* What one merge lets through, another's may take away. */
void contact_merge_clamp(const struct ruleset *ruleset,
    struct contact_merge *merge, const struct contact_merge *by);

/* Does this pair's table ask about a person in another role? */
bool contact_pair_is_foreign(const struct ruleset *ruleset,
    const struct bound_block *block, enum role role);

#endif

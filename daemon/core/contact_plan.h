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

/* A row of rules by what they do: FIELD_BITs, each field in one of them. */
struct row_masks {
	uint64_t redact;
	uint64_t clash; /* replaced in two ways: redacted by the first's rule */
	uint64_t replace;
	uint64_t generalise;
	uint64_t forward;
};

/* Rows of one recipient, merged field by field; all zeros before the first. */
struct contact_merge {
	uint16_t rules[FIELD_COUNT];
	struct row_masks masks;
	uint64_t passes; /* in some row */
	uint64_t misses; /* not in some row, though it would be passed on */
};

struct contact_pair {
	const struct bound_block *block;
	enum role role;
	bool foreign; /* its conditions ask about another role, too */
	const struct row_masks *masks; /* one a row of the table */
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
	struct contact_pair *pairs; /* EPP_ROLES for each block, in order */
	const struct contact_pair **open; /* those a record changes */
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
	unsigned *variables; /* that pairs and gates ask for */
	size_t variable_count;
};

/* Fill ruleset->contacts, one plan a recipient; false when out of memory. */
bool contact_plan_make(struct ruleset *ruleset);

struct row_masks contact_row_masks(
    const struct ruleset *ruleset, const uint16_t *row);
void contact_merge_row(const struct ruleset *ruleset,
    struct contact_merge *merge, const uint16_t *row,
    const struct row_masks *masks, uint64_t passes_on);

/* What one merge lets through, another's may take away. */
void contact_merge_clamp(const struct ruleset *ruleset,
    struct contact_merge *merge, const struct contact_merge *by);

#endif

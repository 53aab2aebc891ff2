#include "core/compile.h"
#include "core/policy_check.h"

static const struct slice nothing = {"", 0};

/* The first combination of a role that leaves a field without a rule. */
static bool
prove_covered(const struct ruleset *ruleset, const struct bound_block *block,
    enum role role, uint16_t *values, struct complaints *complaints)
{
	const struct table *table = &block->roles[role];

	do {
		const uint16_t *row = table_row(table, values);
		struct text slot = text_start(complaints->arena);
		struct text when = text_start(complaints->arena);
		unsigned f = 0;

		while (f < FIELD_COUNT && row[f] != 0)
			f++;
		if (f == FIELD_COUNT)
			continue;
		text_add_format(
		    &slot, "%s of %s", field_info[f].name, role_name(role));
		if (table->term_count != 0)
			text_add_string(&when, " where ");
		terms_print(
		    &when, ruleset, table->terms, table->term_count, values);
		for (size_t i = 0; i < table->term_count; i++)
			values[table->terms[i].variable] = 0;
		complain(complaints, block->block->place, COMPLAINT_UNCOVERED,
		    text_slice(&slot), text_slice(&when));
		return false;
	} while (terms_step(ruleset, table->terms, table->term_count, values));
	return true;
}

/* One complaint a block: the other slots lack the same last rule. */
static void
prove_block(const struct ruleset *ruleset, const struct bound_block *block,
    uint16_t *values, struct complaints *complaints)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (!prove_covered(
			ruleset, block, (enum role)role, values, complaints))
			return;
}

static void
note_slots(const struct ruleset *ruleset, struct bound_block *block)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct table *table = &block->roles[role];

		for (size_t i = 0; i < table->row_count * FIELD_COUNT; i++) {
			unsigned f = (unsigned)(i % FIELD_COUNT);
			unsigned number = table->rows[i];
			uint8_t *slot = &block->slots[SLOT(role, f)];
			enum verdict verdict;

			if (number == 0)
				continue;
			verdict = rule_verdict(
			    ruleset->policy->rules[number - 1], (enum field)f);
			*slot |= verdict_passes(verdict) ? SLOT_PASSES
							 : SLOT_REDACTS;
			if (verdict == VERDICT_REPLACE ||
			    verdict == VERDICT_GENERALISE)
				*slot |= SLOT_REPLACES;
		}
	}
}

bool
policy_prove(struct ruleset *ruleset, struct complaints *complaints)
{
	const struct policy *policy = ruleset->policy;
	uint16_t *values = arena_take_array(
	    ruleset->arena, ruleset->variable_count, sizeof(*values));

	if (values == NULL)
		return false;
	for (size_t b = 0; b < ruleset->block_count; b++) {
		prove_block(ruleset, &ruleset->blocks[b], values, complaints);
		note_slots(ruleset, &ruleset->blocks[b]);
	}
	for (size_t r = 0; r < policy->rule_count; r++)
		if (!policy->rules[r]->wins)
			complain(complaints, policy->rules[r]->place,
			    COMPLAINT_NEVER, nothing, nothing);
	return policy_prove_onward(ruleset, complaints);
}

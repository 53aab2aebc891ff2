#include "core/compile.h"
#include "core/policy_check.h"
#include "core/policy_print.h"

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

/*
 * A replace or generalise rule that only an unknown value passes by must not
 * leave the field to a looser rule: what is not known never lets more out.
 */
static void
prove_unknown(const struct ruleset *ruleset, const struct table *table,
    size_t at, enum role role, uint16_t *values, struct complaints *complaints)
{
	struct rule *const *rules = ruleset->policy->rules;
	const struct bound_rule *bound = &table->rules[at];
	uint64_t looser = 0;

	do {
		const uint16_t *row = table_row(table, values);

		if (bound_rule_truth(ruleset, bound, values) != TRUTH_UNKNOWN)
			continue;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if ((bound->rule->fields & FIELD_BIT(f)) != 0 &&
			    row[f] > bound->rule->number &&
			    rule_verdict(rules[row[f] - 1], (enum field)f) >
				rule_verdict(bound->rule, (enum field)f))
				looser |= FIELD_BIT(f);
	} while (terms_step(ruleset, table->terms, table->term_count, values));
	if (looser != 0) {
		struct text slot = text_start(complaints->arena);

		policy_print_fields(&slot, looser);
		text_add_format(&slot, " of %s", role_name(role));
		complain(complaints, bound->rule->place, COMPLAINT_LOOSER,
		    text_slice(&slot), nothing);
	}
}

static void
prove_unknowns(const struct ruleset *ruleset, const struct bound_block *block,
    uint16_t *values, struct complaints *complaints)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct table *table = &block->roles[role];

		for (size_t r = 0; r < table->rule_count; r++) {
			const struct bound_rule *rule = &table->rules[r];
			enum verdict verdict = rule->rule->verdict;

			if (rule->when_count + rule->unless_count != 0 &&
			    (verdict == VERDICT_REPLACE ||
				verdict == VERDICT_GENERALISE))
				prove_unknown(ruleset, table, r,
				    (enum role)role, values, complaints);
		}
	}
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
		prove_unknowns(
		    ruleset, &ruleset->blocks[b], values, complaints);
		note_slots(ruleset, &ruleset->blocks[b]);
	}
	for (size_t r = 0; r < policy->rule_count; r++)
		if (!policy->rules[r]->wins)
			complain(complaints, policy->rules[r]->place,
			    COMPLAINT_NEVER, nothing, nothing);
	return policy_prove_onward(ruleset, complaints);
}

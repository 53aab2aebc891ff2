#include "core/policy_explain.h"

#include "core/compile.h"
#include "core/decide.h"
#include "core/facts.h"
#include "core/match.h"
#include "core/policy_print.h"

static const char *const truths[] = {
    [TRUTH_FALSE] = "no",
    [TRUTH_UNKNOWN] = "not known",
    [TRUTH_TRUE] = "yes",
};

struct explainer {
	struct text out;
	const struct ruleset *ruleset;
	const struct record *record;
	const uint16_t *facts;
	struct arena *arena;
};

static void
add_rule(struct explainer *explainer, const char *lead, const struct rule *rule)
{
	text_add_format(&explainer->out, "%srule %u, ", lead, rule->number);
	text_add(&explainer->out, rule->where);
	text_add_string(&explainer->out, ": ");
	text_add(&explainer->out, rule->line);
	text_add_char(&explainer->out, '\n');
}

/* What each test of the rule came to; those of `unless` say so. */
static void
add_tests(struct explainer *explainer, const struct bound_rule *bound)
{
	for (size_t i = 0; i < bound->when_count + bound->unless_count; i++) {
		text_add_string(&explainer->out, i < bound->when_count
						     ? "            when "
						     : "            unless ");
		policy_print_test(&explainer->out, bound->tests[i].test);
		text_add_format(&explainer->out, ": %s\n",
		    truths[bound_truth(explainer->ruleset, &bound->tests[i],
			explainer->facts)]);
	}
}

/* The rules of one slot, up to the one that decides it. */
static void
add_slot(struct explainer *explainer, const struct table *table,
    unsigned winner, enum role role, enum field field)
{
	const struct rule *rule = explainer->ruleset->policy->rules[winner - 1];

	text_add_format(&explainer->out, "    %s of %s: %s\n",
	    field_info[field].name, role_name(role),
	    verdict_name(rule_verdict(rule, field)));
	for (size_t i = 0; i < table->rule_count; i++) {
		const struct bound_rule *bound = &table->rules[i];

		if ((bound->rule->fields & FIELD_BIT(field)) == 0)
			continue;
		add_rule(explainer,
		    bound->rule == rule ? "        by " : "        not by ",
		    bound->rule);
		add_tests(explainer, bound);
		if (bound->rule == rule)
			break;
	}
}

static void
add_roles(struct explainer *explainer, const struct bound_block *bound)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;
		const struct table *table = &bound->roles[role];
		const uint16_t *row = table_row(table, explainer->facts);

		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (record_values(
				explainer->record, role, (enum field)f)
				.count != 0)
				add_slot(explainer, table, row[f], role,
				    (enum field)f);
	}
}

/* The outcome with those behind it counted in, and its rule. */
static bool
add_outcome(struct explainer *explainer, const struct bound_block *bound,
    struct fail *fail)
{
	struct decide_given given = {.approved = false};
	const struct disclosure *disclosure =
	    decide(explainer->ruleset, &bound->block->is, explainer->record,
		&given, explainer->arena, fail);
	struct ruling outcome;

	if (disclosure == NULL)
		return false;
	outcome = disclosure_outcome(disclosure);
	policy_print_key(
	    &explainer->out, explainer->ruleset->policy, bound->block);
	text_add_format(
	    &explainer->out, ": %s\n", verdict_name(outcome.verdict));
	if (outcome.rule != 0)
		add_rule(explainer, "    by ",
		    explainer->ruleset->policy->rules[outcome.rule - 1]);
	for (size_t i = 0; i < bound->gate.rule_count; i++)
		if (bound->gate.rules[i].rule->number == outcome.rule)
			add_tests(explainer, &bound->gate.rules[i]);
	return true;
}

static bool
explain_blocks(
    struct explainer *explainer, unsigned recipient, struct fail *fail)
{
	const struct ruleset *ruleset = explainer->ruleset;
	bool found = false;

	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct bound_block *bound = &ruleset->blocks[b];

		if (bound->block->is.recipient != recipient ||
		    !match_wins(ruleset->policy, bound->block,
			record_type(explainer->record),
			record_object(explainer->record)))
			continue;
		found = true;
		if (!add_outcome(explainer, bound, fail))
			return false;
		add_roles(explainer, bound);
	}
	if (!found)
		text_add_string(&explainer->out,
		    "no block is for this object: nothing goes there\n");
	return true;
}

struct slice
policy_explain(const struct ruleset *ruleset, const struct record *record,
    struct slice recipient, struct arena *arena, struct fail *fail)
{
	struct explainer explainer = {.out = text_start(arena),
	    .ruleset = ruleset,
	    .record = record,
	    .arena = arena};
	struct slice nothing = {NULL, 0}, out;
	unsigned index;

	if (!ruleset_find_recipient(ruleset, recipient, &index)) {
		fail_set(fail, FAIL_INPUT, "the policy has no recipient %.*s",
		    SLICE_ARG(recipient));
		return nothing;
	}
	explainer.facts = facts_of(ruleset, record, arena, fail);
	if (explainer.facts == NULL || !explain_blocks(&explainer, index, fail))
		return nothing;
	out = text_slice(&explainer.out);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}

struct slice
policy_explain_block(const struct ruleset *ruleset,
    const struct record *record, const struct block *block,
    struct arena *arena, struct fail *fail)
{
	struct explainer explainer = {.out = text_start(arena),
	    .ruleset = ruleset,
	    .record = record,
	    .arena = arena};
	const struct bound_block *bound = &ruleset->blocks[block->number];
	struct slice nothing = {NULL, 0}, out;

	explainer.facts = facts_of(ruleset, record, arena, fail);
	if (explainer.facts == NULL || !add_outcome(&explainer, bound, fail))
		return nothing;
	add_roles(&explainer, bound);
	out = text_slice(&explainer.out);
	if (out.data == NULL)
		fail_memory(fail);
	return out;
}

/* The rule in whatever table has it; NULL: it is in none. */
static const struct bound_rule *
find_bound(const struct ruleset *ruleset, unsigned rule, int *role)
{
	for (size_t b = 0; b < ruleset->block_count; b++) {
		for (unsigned r = 0; r <= ROLE_COUNT; r++) {
			const struct table *table = r == ROLE_COUNT
				? &ruleset->blocks[b].gate
				: &ruleset->blocks[b].roles[r];

			for (size_t i = 0; i < table->rule_count; i++) {
				if (table->rules[i].rule->number != rule)
					continue;
				*role = r == ROLE_COUNT ? ROLE_RELATIVE
							: (int)r;
				return &table->rules[i];
			}
		}
	}
	return NULL;
}

void
policy_explain_contact_rule(const struct ruleset *ruleset,
    const struct record *record, unsigned rule, struct text *out)
{
	int role = ROLE_RELATIVE;
	const struct bound_rule *bound = find_bound(ruleset, rule, &role);
	uint16_t *facts = arena_take_array(
	    out->arena, ruleset->variable_count, sizeof(*facts));

	if (bound == NULL || facts == NULL)
		return;
	for (unsigned v = 0; v < ruleset->variable_count; v++)
		facts[v] = fact_of(ruleset, v, record, CONTACT_ROLE);
	for (size_t i = 0; i < bound->when_count + bound->unless_count; i++) {
		int asked = ruleset->variables[bound->tests[i].variable].role;
		enum truth truth = TRUTH_UNKNOWN;

		if (asked == ROLE_RELATIVE || asked == role)
			truth = bound_truth(ruleset, &bound->tests[i], facts);
		text_add_string(out, i < bound->when_count
					 ? "            when "
					 : "            unless ");
		policy_print_test(out, bound->tests[i].test);
		text_add_format(out, ": %s\n", truths[truth]);
	}
}

void
policy_explain_ceiling(const struct ruleset *ruleset, unsigned recipient,
    const char *lead, struct text *out)
{
	policy_print_ceiling(
	    out, &ruleset->policy->recipients[recipient], lead);
}

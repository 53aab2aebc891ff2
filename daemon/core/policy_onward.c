/*
 * The proof about chains: for every object, every role and field and every
 * combination of conditions, what a recipient behind another gets is exactly
 * what the one before it gets, or nothing.
 *
 * Objects are told apart only by which patterns hold them, so it is enough to
 * look at one for each pattern of the policy: "anything below .co.jp".
 */
#include "core/compile.h"
#include "core/grow.h"
#include "core/match.h"
#include "core/policy_check.h"
#include "core/policy_print.h"

struct link {
	struct bound_block *before, *behind;
	struct slice name; /* of the objects it is about */
	struct link *next;
};

struct prover {
	struct ruleset *ruleset;
	struct complaints *complaints;
	struct link *links; /* proved already: pairs come once for each name */
	uint16_t *values;
	struct term *terms; /* of both tables */
	size_t term_count;
};

static const struct slice nothing = {"", 0};

static bool
same_value(const struct rule *a, const struct rule *b, enum field field)
{
	if (a == b)
		return true;
	if (rule_verdict(a, field) != rule_verdict(b, field))
		return false;
	switch (rule_verdict(a, field)) {
	case VERDICT_REPLACE:
		return slice_equal(a->text, b->text);
	case VERDICT_GENERALISE:
		return a->generalise == b->generalise && a->first == b->first;
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
	case VERDICT_REDACT:
	case VERDICT_FORWARD:
	case VERDICT_COUNT:
		break;
	}
	return true;
}

static bool
add_terms(struct prover *prover, const struct table *table)
{
	for (size_t i = 0; i < table->term_count; i++) {
		struct term *terms;
		size_t k = 0;

		while (k < prover->term_count &&
		       prover->terms[k].variable != table->terms[i].variable)
			k++;
		if (k < prover->term_count)
			continue;
		terms = grow(prover->complaints->arena, prover->terms, k,
		    sizeof(*terms));
		if (terms == NULL)
			return false;
		prover->terms = terms;
		terms[prover->term_count++] = table->terms[i];
	}
	return true;
}

static bool
too_many(const struct prover *prover)
{
	uint64_t product = 1;

	for (size_t i = 0; i < prover->term_count; i++) {
		product *=
		    prover->ruleset->variables[prover->terms[i].variable].size;
		if (product > POLICY_PRODUCT_MAX)
			return true;
	}
	return false;
}

/*
 * Is a record with these values refused, whatever else it is?  Only the
 * gate's variables that are settled count; others make the answer no unless
 * every value of them refuses.
 */
static bool
is_refused(struct prover *prover, const struct table *gate)
{
	struct term open[8];
	size_t count = 0;
	bool refused = true;

	for (size_t i = 0; i < gate->term_count; i++) {
		bool settled = false;

		for (size_t k = 0; k < prover->term_count; k++)
			settled |= prover->terms[k].variable ==
				   gate->terms[i].variable;
		if (!settled && count == 8)
			return false;
		if (!settled)
			open[count++] = gate->terms[i];
	}
	do {
		unsigned rule = *table_row(gate, prover->values);

		refused = refused && rule != 0 &&
			  prover->ruleset->policy->rules[rule - 1]->verdict ==
			      VERDICT_REFUSE;
	} while (terms_step(prover->ruleset, open, count, prover->values));
	return refused;
}

static bool
complain_slot(struct prover *prover, enum role role, enum field field,
    const struct rule *before, const struct rule *behind)
{
	struct text slot = text_start(prover->complaints->arena);
	struct text why = text_start(prover->complaints->arena);
	bool nothing_goes = !verdict_passes(rule_verdict(before, field));

	text_add_format(
	    &slot, "%s of %s", field_info[field].name, role_name(role));
	if (prover->term_count != 0)
		text_add_string(&why, "where ");
	terms_print(&why, prover->ruleset, prover->terms, prover->term_count,
	    prover->values);
	if (prover->term_count != 0)
		text_add_string(&why, ": ");
	text_add_format(&why,
	    "this is rule %u, the one before has rule %u: ", behind->number,
	    before->number);
	policy_print_rule(&why, before);
	complain(prover->complaints, behind->place,
	    nothing_goes ? COMPLAINT_ONWARD : COMPLAINT_ONWARD_SAME,
	    text_slice(&slot), text_slice(&why));
	return !prover->complaints->failed;
}

/* One combination.  False at the first wrong slot: it is complained of. */
static bool
prove_rows(struct prover *prover, const struct link *link, enum role role)
{
	struct rule *const *rules = prover->ruleset->policy->rules;
	const uint16_t *before =
	    table_row(&link->before->roles[role], prover->values);
	const uint16_t *behind =
	    table_row(&link->behind->roles[role], prover->values);
	unsigned recipient = link->behind->block->is.recipient;

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct rule *a, *b;
		uint8_t *slot = &link->before->slots[SLOT(role, f)];

		if (before[f] == 0 || behind[f] == 0)
			continue;
		a = rules[before[f] - 1];
		b = rules[behind[f] - 1];
		if (!verdict_passes(rule_verdict(b, (enum field)f))) {
			if (verdict_passes(rule_verdict(a, (enum field)f)) &&
			    ruleset_passes_on(prover->ruleset, recipient, role,
				(enum field)f))
				*slot |= SLOT_HIDDEN;
			continue;
		}
		if (same_value(a, b, (enum field)f) ||
		    is_refused(prover, &link->before->gate) ||
		    is_refused(prover, &link->behind->gate))
			continue;
		complain_slot(prover, role, (enum field)f, a, b);
		return false;
	}
	return true;
}

static bool
prove_role(struct prover *prover, const struct link *link, enum role role)
{
	bool sound = true;

	prover->term_count = 0;
	prover->terms = NULL;
	if (!add_terms(prover, &link->before->roles[role]) ||
	    !add_terms(prover, &link->behind->roles[role]))
		return false;
	if (too_many(prover)) {
		complain(prover->complaints, link->behind->block->place,
		    COMPLAINT_PRODUCT, slice_from(role_name(role)), nothing);
		return true;
	}
	do
		sound = sound && prove_rows(prover, link, role);
	while (terms_step(prover->ruleset, prover->terms, prover->term_count,
	    prover->values));
	return true;
}

static bool
prove_link(struct prover *prover, const struct link *link)
{
	for (struct link *l = prover->links; l != NULL; l = l->next)
		if (l->before == link->before && l->behind == link->behind)
			return true;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (!prove_role(prover, link, (enum role)role))
			return false;
	return true;
}

/* All blocks before `behind`, for the objects of one pattern. */
static bool
prove_pattern(struct prover *prover, struct bound_block *behind,
    struct slice name, struct slice shown)
{
	struct ruleset *ruleset = prover->ruleset;
	const struct policy *policy = ruleset->policy;
	unsigned at = behind->block->is.recipient;
	int via = policy->recipients[at].is.via;
	bool found = false;

	if (!match_wins(policy, behind->block, behind->block->is.type, name))
		return true;
	for (size_t b = 0; b < ruleset->block_count; b++) {
		struct bound_block *before = &ruleset->blocks[b];
		struct link *link;

		if ((int)before->block->is.recipient != via ||
		    before->block->is.on_request ||
		    !match_wins(
			policy, before->block, behind->block->is.type, name))
			continue;
		found = true;
		link = arena_take(prover->complaints->arena, sizeof(*link));
		if (link == NULL)
			return false;
		*link = (struct link){before, behind, name, prover->links};
		if (!prove_link(prover, link))
			return false;
		prover->links = link;
	}
	if (!found)
		complain(prover->complaints, behind->block->recipient_place,
		    COMPLAINT_ONWARD_NONE, shown,
		    policy->recipients[via].is.id);
	return true;
}

/*
 * Only the recipient that misu talks to can be told to hide: what must be
 * hidden anywhere behind it, is hidden by it.
 */
static void
hide_from_the_front(struct prover *prover)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (struct link *l = prover->links; l != NULL; l = l->next)
			for (unsigned i = 0; i < SLOT_COUNT; i++) {
				uint8_t *before = &l->before->slots[i];

				if ((l->behind->slots[i] & SLOT_HIDDEN) == 0 ||
				    (*before & SLOT_HIDDEN) != 0 ||
				    (*before & SLOT_PASSES) == 0)
					continue;
				*before |= SLOT_HIDDEN;
				changed = true;
			}
	}
}

/* Every name the policy tells apart and `behind` could be for. */
static bool
prove_block(struct prover *prover, struct bound_block *behind)
{
	const struct policy *policy = prover->ruleset->policy;
	enum object_type type = behind->block->is.type;
	struct slice id = policy->recipients[behind->block->is.recipient].is.id;

	for (size_t b = 0; b < policy->block_count; b++) {
		const struct policy_block *other = &policy->blocks[b];

		for (size_t p = 0;
		     p < other->pattern_count && other->is.type == type; p++) {
			const struct pattern *pattern = &other->patterns[p];

			if (type != OBJECT_NETWORK &&
			    !prove_pattern(prover, behind, pattern->word, id))
				return false;
			for (size_t i = 0;
			     type == OBJECT_NETWORK && pattern->group != NULL &&
			     i < pattern->group->count;
			     i++)
				if (!prove_pattern(prover, behind,
					pattern->group->prefixes[i], id))
					return false;
		}
	}
	return true;
}

bool
policy_prove_onward(struct ruleset *ruleset, struct complaints *complaints)
{
	struct prover prover = {.ruleset = ruleset, .complaints = complaints};

	prover.values = arena_take_array(
	    complaints->arena, ruleset->variable_count, sizeof(*prover.values));
	if (prover.values == NULL)
		return false;
	for (size_t b = 0; b < ruleset->block_count; b++) {
		struct bound_block *behind = &ruleset->blocks[b];
		unsigned at = behind->block->is.recipient;

		if (ruleset->policy->recipients[at].is.via >= 0 &&
		    !prove_block(&prover, behind))
			return false;
	}
	hide_from_the_front(&prover);
	return true;
}

#include "core/contact_plan.h"

#include "core/grow.h"
#include "core/match.h"

/* --- merging --- */

struct row_masks
contact_row_masks(const struct ruleset *ruleset, const uint16_t *row)
{
	struct row_masks masks = {0, 0, 0, 0, 0};

	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum verdict verdict = VERDICT_REDACT;

		if (row[f] != 0)
			verdict = rule_verdict(
			    ruleset->policy->rules[row[f] - 1], (enum field)f);
		switch (verdict) {
		case VERDICT_REPLACE:
			masks.replace |= FIELD_BIT(f);
			break;
		case VERDICT_GENERALISE:
			masks.generalise |= FIELD_BIT(f);
			break;
		case VERDICT_FORWARD:
			masks.forward |= FIELD_BIT(f);
			break;
		case VERDICT_REFUSE:
		case VERDICT_HOLD:
		case VERDICT_REDACT:
		case VERDICT_COUNT:
			masks.redact |= FIELD_BIT(f);
			break;
		}
	}
	return masks;
}

/* Do both rules, which give one verdict, make the same of any value? */
static bool
same_value(const struct rule *a, const struct rule *b)
{
	if (a == b)
		return true;
	if (a->verdict == VERDICT_REPLACE)
		return slice_equal(a->text, b->text);
	return a->generalise == b->generalise && a->first == b->first;
}

/* Fields that both replace, or both generalise, in two ways. */
static uint64_t
find_clashes(const struct ruleset *ruleset, const struct contact_merge *merge,
    const uint16_t *row, const struct row_masks *masks)
{
	struct rule *const *rules = ruleset->policy->rules;
	uint64_t both = (masks->replace & merge->masks.replace) |
			(masks->generalise & merge->masks.generalise);
	uint64_t clashes = 0;

	for (unsigned f = 0; both >> f != 0; f++)
		if ((both >> f & 1) != 0 &&
		    !same_value(rules[merge->rules[f] - 1], rules[row[f] - 1]))
			clashes |= FIELD_BIT(f);
	return clashes;
}

/* Where the row is stricter, its word holds; of equals the first. */
static void
merge_masks(const struct ruleset *ruleset, struct contact_merge *merge,
    const uint16_t *row, const struct row_masks *masks)
{
	struct row_masks *own = &merge->masks;
	uint64_t clashes = find_clashes(ruleset, merge, row, masks);
	uint64_t looser = ~own->redact, take = masks->redact & looser;

	looser &= ~own->clash;
	take |= masks->clash & looser;
	looser &= ~own->replace;
	take |= masks->replace & looser;
	looser &= ~own->generalise;
	take |= masks->generalise & looser;
	looser &= ~own->forward;
	take |= masks->forward & looser;
	for (uint64_t rest = take; rest != 0; rest &= rest - 1) {
		int f = __builtin_ctzll(rest);

		merge->rules[f] = row[f];
	}
	own->redact = (own->redact & ~take) | (masks->redact & take);
	own->clash = (own->clash & ~take) | (masks->clash & take) | clashes;
	own->replace =
	    ((own->replace & ~take) | (masks->replace & take)) & ~clashes;
	own->generalise =
	    ((own->generalise & ~take) | (masks->generalise & take)) & ~clashes;
	own->forward = (own->forward & ~take) | (masks->forward & take);
}

void
contact_merge_row(const struct ruleset *ruleset, struct contact_merge *merge,
    const uint16_t *row, const struct row_masks *masks, uint64_t passes_on)
{
	merge_masks(ruleset, merge, row, masks);
	merge->passes |= masks->replace | masks->generalise | masks->forward;
	merge->misses |= masks->redact & passes_on;
}

void
contact_merge_clamp(const struct ruleset *ruleset, struct contact_merge *merge,
    const struct contact_merge *by)
{
	merge_masks(ruleset, merge, by->rules, &by->masks);
}

/* --- what conditions are about --- */

static unsigned
roles_asked(const struct ruleset *ruleset, const struct bound_rule *rule)
{
	unsigned roles = 0;

	for (size_t i = 0; i < rule->when_count + rule->unless_count; i++) {
		unsigned v = rule->tests[i].variable;

		if (ruleset->variables[v].role != ROLE_RELATIVE)
			roles |= ROLE_BIT(ruleset->variables[v].role);
	}
	return roles;
}

/* Does this table ask about a person in another role? */
static bool
is_foreign(const struct ruleset *ruleset, const struct bound_block *block,
    enum role role)
{
	const struct table *table = &block->roles[role];

	for (size_t i = 0; i < table->term_count; i++) {
		unsigned v = table->terms[i].variable;
		int asked = ruleset->variables[v].role;

		if (asked != ROLE_RELATIVE && asked != (int)role)
			return true;
	}
	return false;
}

static bool
add_variable(
    struct ruleset *ruleset, struct contact_plan *plan, unsigned variable)
{
	unsigned *more;

	for (size_t i = 0; i < plan->variable_count; i++)
		if (plan->variables[i] == variable)
			return true;
	more = grow(ruleset->arena, plan->variables, plan->variable_count,
	    sizeof(*more));
	if (more == NULL)
		return false;
	plan->variables = more;
	more[plan->variable_count++] = variable;
	return true;
}

static bool
add_variables(struct ruleset *ruleset, struct contact_plan *plan,
    const struct bound_rule *rule)
{
	for (size_t i = 0; i < rule->when_count + rule->unless_count; i++)
		if (!add_variable(ruleset, plan, rule->tests[i].variable))
			return false;
	return true;
}

/* --- one side --- */

static bool
add_gates(struct ruleset *ruleset, struct contact_plan *plan,
    struct contact_side *side, const struct bound_block *block)
{
	for (size_t i = 0; i < block->gate.rule_count; i++) {
		const struct bound_rule *rule = &block->gate.rules[i];
		unsigned roles = roles_asked(ruleset, rule);
		struct contact_gate *more;

		/* Two roles: what one contact is does not tell. */
		if ((roles & (roles - 1)) != 0)
			continue;
		more = grow(ruleset->arena, side->gates, side->gate_count,
		    sizeof(*more));
		if (more == NULL || !add_variables(ruleset, plan, rule))
			return false;
		side->gates = more;
		more[side->gate_count++] =
		    (struct contact_gate){block, rule, roles};
	}
	return true;
}

static bool
fill_masks(const struct ruleset *ruleset, struct contact_pair *pair)
{
	const struct table *table = &pair->block->roles[pair->role];
	struct row_masks *masks =
	    arena_take_array(ruleset->arena, table->row_count, sizeof(*masks));

	if (masks == NULL)
		return false;
	for (size_t i = 0; i < table->row_count; i++)
		masks[i] =
		    contact_row_masks(ruleset, table->rows + i * table->width);
	pair->masks = masks;
	return true;
}

static bool
add_open(struct ruleset *ruleset, struct contact_plan *plan,
    struct contact_side *side, const struct contact_pair *pair)
{
	const struct table *table = &pair->block->roles[pair->role];
	const struct contact_pair **more =
	    grow(ruleset->arena, side->open, side->open_count, sizeof(*more));

	if (more == NULL)
		return false;
	side->open = more;
	more[side->open_count++] = pair;
	for (size_t i = 0; i < table->rule_count; i++)
		if (!add_variables(ruleset, plan, &table->rules[i]))
			return false;
	return true;
}

/*
 * Rows that hang on the record are kept as pairs for every role of EPP, for a
 * scope may name any; those that do not are merged for the roles mentioned.
 */
static bool
add_rows(struct ruleset *ruleset, struct contact_plan *plan,
    struct contact_side *side, size_t at)
{
	const struct bound_block *block = side->blocks[at];

	for (unsigned r = 0; r < EPP_ROLES; r++) {
		struct contact_pair *pair = &side->pairs[at * EPP_ROLES + r];

		pair->block = block;
		pair->role = (enum role)r;
		pair->foreign = is_foreign(ruleset, block, pair->role);
		if (!fill_masks(ruleset, pair))
			return false;
		if (block->fixed[r] == NULL) {
			if (!add_open(ruleset, plan, side, pair))
				return false;
		} else if ((plan->mentioned & ROLE_BIT(r)) != 0) {
			contact_merge_row(ruleset, &side->fixed,
			    block->fixed[r], pair->masks, side->passes_on[r]);
		}
	}
	return true;
}

static bool
fill_side(struct ruleset *ruleset, struct contact_plan *plan,
    struct contact_side *side)
{
	side->pairs = arena_take_array(ruleset->arena,
	    side->block_count * EPP_ROLES, sizeof(*side->pairs));
	if (side->pairs == NULL)
		return false;
	for (unsigned r = 0; r < EPP_ROLES; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (ruleset_passes_on(ruleset, side->recipient,
				(enum role)r, (enum field)f))
				side->passes_on[r] |= FIELD_BIT(f);
	for (size_t i = 0; i < side->block_count; i++)
		if (!add_rows(ruleset, plan, side, i) ||
		    !add_gates(ruleset, plan, side, side->blocks[i]))
			return false;
	return true;
}

/* *out stays without blocks if the recipient has none for domains. */
static bool
find_side(struct ruleset *ruleset, unsigned recipient, bool behind,
    struct contact_side *out)
{
	*out = (struct contact_side){.recipient = recipient};
	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct bound_block *block = &ruleset->blocks[b];
		const struct bound_block **more;

		if (block->block->is.recipient != recipient ||
		    block->block->is.type != OBJECT_DOMAIN ||
		    (block->block->is.on_request && !behind))
			continue;
		more = grow(ruleset->arena, out->blocks, out->block_count,
		    sizeof(*more));
		if (more == NULL)
			return false;
		out->blocks = more;
		more[out->block_count++] = block;
	}
	return true;
}

/* --- one recipient --- */

static bool
add_side(struct ruleset *ruleset, struct contact_plan *plan, unsigned recipient,
    unsigned via)
{
	struct contact_side side, *more;

	if (!find_side(ruleset, recipient, plan->side_count != 0, &side))
		return false;
	if (side.block_count == 0 || plan->side_count > ONWARD_MAX)
		return true;
	side.via = via;
	more =
	    grow(ruleset->arena, plan->sides, plan->side_count, sizeof(*more));
	if (more == NULL)
		return false;
	plan->sides = more;
	more[plan->side_count++] = side;
	return true;
}

/* Nearest first: what is appended is itself looked behind, in turn. */
static bool
find_sides(
    struct ruleset *ruleset, struct contact_plan *plan, unsigned recipient)
{
	const struct policy *policy = ruleset->policy;

	if (!add_side(ruleset, plan, recipient, 0))
		return false;
	for (unsigned s = 0; s < plan->side_count; s++)
		for (unsigned r = 0; r < policy->recipient_count; r++)
			if (policy->recipients[r].is.via ==
				(int)plan->sides[s].recipient &&
			    !add_side(ruleset, plan, r, s))
				return false;
	return true;
}

/* Roles that some block lets something through for, or judges the whole by. */
static void
find_mentioned(const struct ruleset *ruleset, struct contact_plan *plan)
{
	const struct contact_side *side = &plan->sides[0];

	for (size_t b = 0; b < side->block_count; b++) {
		const struct bound_block *block = side->blocks[b];

		for (size_t g = 0; g < block->gate.rule_count; g++)
			plan->mentioned |=
			    roles_asked(ruleset, &block->gate.rules[g]);
		for (unsigned r = 0; r < EPP_ROLES; r++)
			for (unsigned f = 0; f < FIELD_COUNT; f++) {
				if ((block->slots[SLOT(r, f)] & SLOT_PASSES) ==
				    0)
					continue;
				plan->mentioned |= ROLE_BIT(r);
				plan->could_pass |= FIELD_BIT(f);
			}
	}
	plan->mentioned &= EPP_ROLES_ALL;
	if (plan->mentioned == 0)
		plan->mentioned = EPP_ROLES_ALL;
}

static bool
make_plan(
    struct ruleset *ruleset, struct contact_plan *plan, unsigned recipient)
{
	if (!find_sides(ruleset, plan, recipient))
		return false;
	if (plan->side_count == 0)
		return true;
	find_mentioned(ruleset, plan);
	for (size_t s = 0; s < plan->side_count; s++)
		if (!fill_side(ruleset, plan, &plan->sides[s]))
			return false;
	return true;
}

bool
contact_plan_make(struct ruleset *ruleset)
{
	size_t count = ruleset->policy->recipient_count;
	struct contact_plan *plans =
	    arena_take_array(ruleset->arena, count, sizeof(*plans));

	if (plans == NULL)
		return false;
	for (unsigned i = 0; i < count; i++)
		if (!make_plan(ruleset, &plans[i], i))
			return false;
	ruleset->contacts = plans;
	return true;
}

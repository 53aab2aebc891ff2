#include "core/decide.h"

#include "core/alter.h"
#include "core/compile.h"
#include "core/contact_plan.h"
#include "core/disclosure_priv.h"
#include "core/facts.h"
#include "core/match.h"

/* One decision under way. */
struct contact {
	const struct ruleset *ruleset;
	const struct contact_plan *plan;
	struct slice object;   /* what a replacement may name, or empty */
	const unsigned *in; /* ROLE_BITs in each block; NULL: `roles` in all */
	unsigned roles;	       /* ROLE_BIT */
	const uint16_t *facts; /* of the person in each of the roles */
};

/* No rule names it: for roles a contact does not have. */
static const uint16_t no_rules[FIELD_COUNT];

/* In which roles it may come to stand under this block's names. */
static unsigned
roles_in(const struct contact *contact, const struct bound_block *block)
{
	return contact->in == NULL ? contact->roles
				   : contact->in[block->block->is.number];
}

/* match_wins() for all blocks at once: is there a longer one of its key? */
static bool
is_beaten(const struct ruleset *ruleset, const size_t *lengths, size_t number)
{
	const struct block *is = &ruleset->blocks[number].block->is;

	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct block *other = &ruleset->blocks[b].block->is;

		if (lengths[b] > lengths[number] &&
		    other->recipient == is->recipient &&
		    slice_equal(other->purpose, is->purpose))
			return true;
	}
	return false;
}

/* Blocks for a name, or a suffix, come to be for these roles, too. */
static bool
add_scope(const struct contact *contact, struct slice name, unsigned roles,
    size_t *lengths, unsigned *in)
{
	const struct ruleset *ruleset = contact->ruleset;
	const struct contact_side *side = &contact->plan->sides[0];
	bool all = name.len == 0 || slice_equal(name, PLACE_ANYWHERE);
	bool any = false;

	for (size_t b = 0; b < ruleset->block_count; b++)
		lengths[b] = all ? 1
				 : match_block(ruleset->blocks[b].block,
				       OBJECT_DOMAIN, name);
	for (size_t b = 0; b < ruleset->block_count; b++)
		if (lengths[b] != 0 && !is_beaten(ruleset, lengths, b))
			in[b] |= roles;
	for (size_t b = 0; b < side->block_count; b++)
		any |= lengths[side->blocks[b]->block->is.number] != 0;
	return any;
}

/*
 * False when out of memory.  *covered: each of the places is one that the
 * policy has a block for.
 */
static bool
find_scope(struct contact *contact, const struct decide_scope *scope,
    bool *covered, struct arena *arena)
{
	size_t count = contact->ruleset->block_count;
	struct slice name =
	    scope->object.len != 0 ? scope->object : scope->suffix;
	size_t *lengths;
	unsigned *in;

	*covered = true;
	if (contact->plan->side_count == 0 ||
	    (name.len == 0 && scope->place_count == 0))
		return true;
	lengths = arena_take_array(arena, count, sizeof(*lengths));
	in = arena_take_array(arena, count, sizeof(*in));
	if (lengths == NULL || in == NULL)
		return false;
	contact->in = in;
	if (!scope->is_placed)
		add_scope(contact, name, contact->roles, lengths, in);
	else
		contact->roles = scope->roles & EPP_ROLES_ALL;
	for (size_t i = 0; i < scope->place_count; i++) {
		const struct decide_place *place = &scope->places[i];
		unsigned roles = place->roles & EPP_ROLES_ALL;

		if (scope->is_placed)
			roles |= scope->roles & EPP_ROLES_ALL;
		*covered &=
		    add_scope(contact, place->suffix, roles, lengths, in);
		contact->roles |= roles;
	}
	return true;
}

/* --- conditions --- */

/* As all_of(), but what is asked of another role is not known. */
static enum truth
all_own(const struct ruleset *ruleset, const struct bound_test *tests,
    size_t count, int role, const uint16_t *facts)
{
	enum truth least = TRUTH_TRUE;

	for (size_t i = 0; i < count; i++) {
		int asked = ruleset->variables[tests[i].variable].role;
		enum truth truth = TRUTH_UNKNOWN;

		if (asked == ROLE_RELATIVE || asked == role)
			truth = bound_truth(ruleset, &tests[i], facts);
		if (truth < least)
			least = truth;
	}
	return least;
}

static enum truth
own_truth(const struct ruleset *ruleset, const struct bound_rule *rule,
    int role, const uint16_t *facts)
{
	enum truth when =
	    all_own(ruleset, rule->tests, rule->when_count, role, facts);
	enum truth unless;

	if (rule->unless_count == 0)
		return when;
	unless = TRUTH_TRUE - all_own(ruleset, rule->tests + rule->when_count,
				  rule->unless_count, role, facts);
	return when < unless ? when : unless;
}

/* The first rule that fires for each field, though a table cannot say. */
static void
foreign_row(const struct contact *contact, const struct table *table,
    enum role role, uint16_t row[FIELD_COUNT])
{
	uint64_t left = FIELD_ALL;

	memset(row, 0, FIELD_COUNT * sizeof(*row));
	for (size_t r = 0; r < table->rule_count && left != 0; r++) {
		const struct bound_rule *bound = &table->rules[r];
		uint64_t wins = left & bound->rule->fields;

		if (wins == 0 || !verdict_fires(bound->rule->verdict,
				     own_truth(contact->ruleset, bound,
					 (int)role, contact->facts)))
			continue;
		left &= ~wins;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if ((wins & FIELD_BIT(f)) != 0)
				row[f] = (uint16_t)bound->rule->number;
	}
}

static void
merge_pair(const struct contact *contact, const struct contact_side *side,
    const struct contact_pair *pair, struct contact_merge *merge)
{
	const struct table *table = &pair->block->roles[pair->role];
	const uint16_t *row = pair->block->fixed[pair->role];
	const struct row_masks *masks = pair->masks;
	struct row_masks made_masks;
	uint16_t made[FIELD_COUNT];

	if (pair->foreign) {
		foreign_row(contact, table, pair->role, made);
		made_masks = contact_row_masks(contact->ruleset, made);
		row = made;
		masks = &made_masks;
	} else if (row == NULL) {
		row = table_row(table, contact->facts);
		masks += (size_t)(row - table->rows) / table->width;
	}
	contact_merge_row(
	    contact->ruleset, merge, row, masks, side->passes_on[pair->role]);
}

/* --- a side --- */

/* The common case: all blocks, the roles they mention. */
static void
merge_all(const struct contact *contact, const struct contact_side *side,
    struct contact_merge *merge)
{
	*merge = side->fixed;
	for (size_t i = 0; i < side->open_count; i++)
		if ((contact->roles & ROLE_BIT(side->open[i]->role)) != 0)
			merge_pair(contact, side, side->open[i], merge);
}

static void
merge_some(const struct contact *contact, const struct contact_side *side,
    struct contact_merge *merge)
{
	for (size_t i = 0; i < side->block_count * EPP_ROLES; i++) {
		const struct contact_pair *pair = &side->pairs[i];

		if ((roles_in(contact, pair->block) & ROLE_BIT(pair->role)) !=
		    0)
			merge_pair(contact, side, pair, merge);
	}
}

/*
 * What is redacted though its rule replaces: two ways of it, or one that
 * names the object where none is known.
 */
static uint64_t
find_redacted(const struct contact *contact, const struct contact_merge *merge)
{
	uint64_t redacted = merge->masks.clash;
	uint64_t replaced = contact->object.len != 0 ? 0 : merge->masks.replace;

	for (unsigned f = 0; replaced >> f != 0; f++) {
		unsigned rule = merge->rules[f];

		if ((replaced >> f & 1) != 0 &&
		    alter_template_names_object(
			contact->ruleset->policy->rules[rule - 1]->text))
			redacted |= FIELD_BIT(f);
	}
	return redacted;
}

static const struct bound_block *
first_block(const struct contact *contact, const struct contact_side *side)
{
	for (size_t b = 0; b < side->block_count; b++)
		if (roles_in(contact, side->blocks[b]) != 0)
			return side->blocks[b];
	return NULL;
}

/* False when out of memory. */
static bool
decide_side(const struct contact *contact, const struct contact_merge *merge,
    struct decided *out, struct arena *arena)
{
	uint16_t *row = arena_take(arena, sizeof(merge->rules));

	if (row == NULL)
		return false;
	memcpy(row, merge->rules, sizeof(merge->rules));
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		out->rows[role] = no_rules;
	out->rows[CONTACT_ROLE] = row;
	out->redacted = find_redacted(contact, merge);
	return true;
}

/* --- all sides --- */

/* Strictest first; of equals the first. */
static void
judge_side(const struct contact *contact, const struct contact_side *side,
    bool approved, struct ruling *outcome)
{
	for (size_t i = 0; i < side->gate_count; i++) {
		const struct contact_gate *gate = &side->gates[i];
		const struct rule *rule = gate->rule->rule;
		unsigned roles = roles_in(contact, gate->block);

		if (roles == 0 || (gate->roles & ~roles) != 0 ||
		    rule->verdict >= outcome->verdict ||
		    (approved && rule->verdict == VERDICT_HOLD))
			continue;
		if (verdict_fires(
			rule->verdict, bound_rule_truth(contact->ruleset,
					   gate->rule, contact->facts)))
			*outcome = (struct ruling){rule->verdict, rule->number};
	}
}

/*
 * What goes onward is at most what the one before it got; and what some
 * block's public, or a registry under other conditions, may not have must
 * not be published.
 */
static bool
decide_behind(const struct contact *contact, struct contact_merge *merges,
    struct disclosure *disclosure, struct arena *arena)
{
	const struct contact_plan *plan = contact->plan;

	for (size_t s = 1; s < plan->side_count; s++) {
		const struct contact_side *side = &plan->sides[s];
		const struct bound_block *block = first_block(contact, side);
		struct decided *out;

		if (block == NULL)
			continue;
		disclosure->hidden |=
		    merges[s].misses &
		    (side->via == 0 ? FIELD_ALL : merges[side->via].passes);
		contact_merge_clamp(
		    contact->ruleset, &merges[s], &merges[side->via]);
		out = &disclosure->onward[disclosure->onward_count++];
		out->block = &block->block->is;
		if (!decide_side(contact, &merges[s], out, arena))
			return false;
		disclosure->hidden |= out->redacted;
	}
	return true;
}

static bool
decide_sides(const struct contact *contact, struct disclosure *disclosure,
    const struct decide_given *given, struct arena *arena)
{
	const struct contact_plan *plan = contact->plan;
	bool all = contact->in == NULL && contact->roles == plan->mentioned;
	struct contact_merge *merges =
	    arena_take_array(arena, plan->side_count, sizeof(*merges));

	disclosure->onward = arena_take_array(
	    arena, plan->side_count, sizeof(*disclosure->onward));
	if (merges == NULL || disclosure->onward == NULL)
		return false;
	for (size_t s = 0; s < plan->side_count; s++) {
		const struct contact_side *side = &plan->sides[s];

		if (all)
			merge_all(contact, side, &merges[s]);
		else
			merge_some(contact, side, &merges[s]);
		judge_side(
		    contact, side, given->approved, &disclosure->outcome);
	}
	return decide_side(contact, &merges[0], &disclosure->own, arena) &&
	       decide_behind(contact, merges, disclosure, arena);
}

/* Each variable's value if the contact were in the role it asks about. */
static bool
find_facts(
    struct contact *contact, const struct record *record, struct arena *arena)
{
	const struct contact_plan *plan = contact->plan;
	uint16_t *facts;

	if (plan->variable_count == 0)
		return true;
	facts = arena_take_array(
	    arena, contact->ruleset->variable_count, sizeof(*facts));
	if (facts == NULL)
		return false;
	for (size_t i = 0; i < plan->variable_count; i++)
		facts[plan->variables[i]] = fact_of(
		    contact->ruleset, plan->variables[i], record, CONTACT_ROLE);
	contact->facts = facts;
	return true;
}

/* --- the disclosure --- */

static bool
pass(struct contact *contact, struct disclosure *disclosure,
    const struct record *record, const struct decide_given *given,
    struct arena *arena, struct fail *fail)
{
	struct alter_given alter = {
	    .object = contact->object, .role = CONTACT_ROLE};

	if (!find_facts(contact, record, arena) ||
	    !decide_sides(contact, disclosure, given, arena) ||
	    !decide_stop(disclosure, given, arena))
		return fail_memory(fail);
	if (disclosure->outcome.verdict != VERDICT_FORWARD)
		return true;
	return decide_pass_role(disclosure, record, given, &alter, arena, fail);
}

static struct disclosure *
start(const struct ruleset *ruleset, const struct decide_scope *scope,
    const struct record *record, struct arena *arena)
{
	struct disclosure *disclosure = arena_take(arena, sizeof(*disclosure));

	if (disclosure == NULL)
		return NULL;
	disclosure->ruleset = ruleset;
	disclosure->recipient = scope->recipient;
	disclosure->purpose = (struct slice){"", 0};
	disclosure->type = record_type(record);
	disclosure->operation = record_operation(record);
	disclosure->reference = record_object(record);
	disclosure->outcome = (struct ruling){VERDICT_REFUSE, 0};
	disclosure->merged = true;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		disclosure->own.rows[role] = no_rules;
	return disclosure;
}

struct disclosure *
decide_contact(const struct ruleset *ruleset, const struct decide_scope *scope,
    const struct record *record, const struct decide_given *given,
    struct arena *arena, struct fail *fail)
{
	struct contact contact = {.ruleset = ruleset,
	    .plan = &ruleset->contacts[scope->recipient],
	    .object = scope->object,
	    .roles = scope->roles & EPP_ROLES_ALL};
	struct disclosure *disclosure = start(ruleset, scope, record, arena);
	const struct bound_block *block = NULL;
	bool covered;

	if (contact.roles == 0 && scope->roles == 0)
		contact.roles = contact.plan->mentioned;
	if (disclosure == NULL ||
	    !find_scope(&contact, scope, &covered, arena)) {
		fail_memory(fail);
		return NULL;
	}
	if (contact.plan->side_count != 0 && contact.roles != 0 && covered)
		block = first_block(&contact, &contact.plan->sides[0]);
	if (record_type(record) == OBJECT_CONTACT)
		decide_note_role(disclosure, record, CONTACT_ROLE, given);
	if (block == NULL)
		return disclosure;
	disclosure->own.block = &block->block->is;
	disclosure->purpose = block->block->is.purpose;
	disclosure->could_pass = contact.plan->could_pass;
	disclosure->outcome = (struct ruling){VERDICT_FORWARD, 0};
	if (record_type(record) == OBJECT_CONTACT &&
	    !pass(&contact, disclosure, record, given, arena, fail))
		return NULL;
	return disclosure;
}

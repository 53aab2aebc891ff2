#include "core/diff_cell.h"

#include "core/compile.h"
#include "core/grow.h"

/* One variable of either or both, and the pairs of values it can take. */
struct joint {
	int before, after; /* variables of the rulesets; -1: not asked there */
	uint16_t (*pairs)[2];
	size_t pair_count, at;
};

struct joints {
	struct joint *items;
	size_t count;
	uint16_t *before, *after; /* the values of each ruleset's variables */
};

enum { JOINT_MAX = 1000000 }; /* combinations looked at in one table */

static void
add_pair(struct differ *differ, struct joint *joint, unsigned a, unsigned b)
{
	uint16_t(*pairs)[2];

	for (size_t i = 0; i < joint->pair_count; i++)
		if (joint->pairs[i][0] == a && joint->pairs[i][1] == b)
			return;
	pairs = grow(
	    differ->arena, joint->pairs, joint->pair_count, sizeof(*pairs));
	if (pairs == NULL) {
		differ->failed = true;
		return;
	}
	joint->pairs = pairs;
	pairs[joint->pair_count][0] = (uint16_t)a;
	pairs[joint->pair_count++][1] = (uint16_t)b;
}

static unsigned
state_of(const struct variable *variable, struct slice text)
{
	for (size_t i = 0; i < variable->literal_count; i++)
		if (slice_equal(variable->literals[i].text, text))
			return variable->literals[i].state;
	return STATE_OTHER;
}

/* The same values in both, but literals may be classed differently. */
static void
add_pairs(struct differ *differ, struct joint *joint, const struct variable *a,
    const struct variable *b)
{
	unsigned size =
	    test_is_of_value(a->subject) ? STATE_OTHER + 1 : a->size;

	for (unsigned i = 0; i < size; i++)
		add_pair(differ, joint, i, i);
	for (size_t i = 0; i < a->literal_count; i++)
		add_pair(differ, joint, a->literals[i].state,
		    state_of(b, a->literals[i].text));
	for (size_t i = 0; i < b->literal_count; i++)
		add_pair(differ, joint, state_of(a, b->literals[i].text),
		    b->literals[i].state);
}

static struct joint *
add_joint(struct differ *differ, struct joints *joints)
{
	struct joint *items =
	    grow(differ->arena, joints->items, joints->count, sizeof(*items));

	if (items == NULL) {
		differ->failed = true;
		return NULL;
	}
	joints->items = items;
	items += joints->count++;
	*items = (struct joint){.before = -1, .after = -1};
	return items;
}

static int
find_same(const struct ruleset *ruleset, const struct variable *variable)
{
	for (size_t i = 0; i < ruleset->variable_count; i++)
		if (variable_same(&ruleset->variables[i], variable))
			return (int)i;
	return -1;
}

static bool
is_joined(const struct joints *joints, int before, int after)
{
	for (size_t i = 0; i < joints->count; i++)
		if ((before >= 0 && joints->items[i].before == before) ||
		    (after >= 0 && joints->items[i].after == after))
			return true;
	return false;
}

/* Join one variable with its like on the other side, if there is one. */
static void
join(struct differ *differ, struct joints *joints, int before, int after)
{
	const struct variable *a, *b;
	struct joint *joint;

	if (before >= 0 && after < 0)
		after = find_same(
		    differ->after, &differ->before->variables[before]);
	else if (before < 0)
		before =
		    find_same(differ->before, &differ->after->variables[after]);
	if (is_joined(joints, before, after))
		return;
	joint = add_joint(differ, joints);
	if (joint == NULL)
		return;
	joint->before = before;
	joint->after = after;
	a = before >= 0 ? &differ->before->variables[before] : NULL;
	b = after >= 0 ? &differ->after->variables[after] : NULL;
	if (a != NULL && b != NULL) {
		add_pairs(differ, joint, a, b);
		return;
	}
	for (unsigned i = 0; i < (a != NULL ? a : b)->size; i++)
		add_pair(differ, joint, i, i);
}

static void
set_values(struct joints *joints, size_t i)
{
	struct joint *joint = &joints->items[i];

	if (joint->before >= 0)
		joints->before[joint->before] = joint->pairs[joint->at][0];
	if (joint->after >= 0)
		joints->after[joint->after] = joint->pairs[joint->at][1];
}

static bool
step(struct joints *joints)
{
	for (size_t i = 0; i < joints->count; i++) {
		struct joint *joint = &joints->items[i];
		bool more = ++joint->at < joint->pair_count;

		if (!more)
			joint->at = 0;
		set_values(joints, i);
		if (more)
			return true;
	}
	return false;
}

static const struct rule *
rule_at(const struct ruleset *ruleset, const struct table *table,
    const uint16_t *values, size_t field)
{
	unsigned number = table == NULL ? 0 : table_row(table, values)[field];

	return number == 0 ? NULL : ruleset->policy->rules[number - 1];
}

static enum change
compare(const struct rule *a, const struct rule *b, bool gate, enum field field)
{
	enum verdict nothing = gate ? VERDICT_FORWARD : VERDICT_REDACT;
	enum verdict before = a == NULL ? nothing : rule_verdict(a, field);
	enum verdict after = b == NULL ? nothing : rule_verdict(b, field);

	if (before != after)
		return after < before ? CHANGE_TIGHTER : CHANGE_LOOSER;
	if (a == NULL || b == NULL || before == VERDICT_REDACT ||
	    before == VERDICT_FORWARD)
		return CHANGE_NONE;
	if (slice_equal(a->text, b->text) && a->generalise == b->generalise &&
	    a->first == b->first)
		return CHANGE_NONE;
	return CHANGE_OTHER;
}

static enum change
add_change(enum change sum, enum change more)
{
	if (sum == more || more == CHANGE_NONE)
		return sum;
	if (sum == CHANGE_NONE || sum == CHANGE_OTHER)
		return more;
	return more == CHANGE_OTHER ? sum : CHANGE_BOTH;
}

static void
join_table(struct differ *differ, struct joints *joints,
    const struct table *table, bool before)
{
	for (size_t i = 0; table != NULL && i < table->term_count; i++) {
		int v = (int)table->terms[i].variable;

		join(differ, joints, before ? v : -1, before ? -1 : v);
	}
}

void
diff_tables(struct differ *differ, const struct table *before,
    const struct table *after, enum change *changes)
{
	size_t width = (before != NULL ? before : after)->width;
	struct joints joints = {
	    .before = arena_take_array(differ->arena,
		differ->before->variable_count, sizeof(uint16_t)),
	    .after = arena_take_array(differ->arena,
		differ->after->variable_count, sizeof(uint16_t))};
	size_t looked = 0;

	join_table(differ, &joints, before, true);
	join_table(differ, &joints, after, false);
	if (joints.before == NULL || joints.after == NULL)
		differ->failed = true;
	if (differ->failed)
		return;
	for (size_t i = 0; i < joints.count; i++)
		set_values(&joints, i);
	do
		for (size_t f = 0; f < width; f++)
			changes[f] = add_change(changes[f],
			    compare(rule_at(differ->before, before,
					joints.before, f),
				rule_at(differ->after, after, joints.after, f),
				width == 1, (enum field)f));
	while (step(&joints) && ++looked < JOINT_MAX);
	for (size_t f = 0; f < width && looked == JOINT_MAX; f++)
		if (changes[f] == CHANGE_NONE)
			changes[f] = CHANGE_UNSURE;
}

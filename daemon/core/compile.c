#include "core/compile.h"

#include "core/grow.h"

static const struct slice nothing = {"", 0};

static bool
bind_condition(struct ruleset *ruleset, const struct condition *condition,
    int role, enum audience audience, struct bound_test *out,
    struct complaints *complaints)
{
	for (size_t i = 0; i < condition->count; i++)
		if (!variable_bind(ruleset, &condition->tests[i], role,
			audience, &out[i], complaints))
			return false;
	return true;
}

static bool
bind_rule(struct ruleset *ruleset, const struct rule *rule, int role,
    enum audience audience, struct bound_rule *out,
    struct complaints *complaints)
{
	size_t count = rule->when.count + rule->unless.count;

	*out = (struct bound_rule){.rule = rule,
	    .when_count = rule->when.count,
	    .unless_count = rule->unless.count};
	out->tests =
	    arena_take_array(ruleset->arena, count, sizeof(*out->tests));
	return out->tests != NULL &&
	       bind_condition(ruleset, &rule->when, role, audience, out->tests,
		   complaints) &&
	       bind_condition(ruleset, &rule->unless, role, audience,
		   out->tests + out->when_count, complaints);
}

/* The rules of a list that concern `role`, or all of them for the gate. */
static bool
bind_rules(struct ruleset *ruleset, struct rule *const *rules, size_t count,
    int role, enum audience audience, struct table *table,
    struct complaints *complaints)
{
	table->rules =
	    arena_take_array(ruleset->arena, count, sizeof(*table->rules));
	if (table->rules == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (role != ROLE_RELATIVE &&
		    (rules[i]->roles & ROLE_BIT(role)) == 0)
			continue;
		if (!bind_rule(ruleset, rules[i], role, audience,
			&table->rules[table->rule_count++], complaints))
			return false;
	}
	return true;
}

static bool
bind_block(struct ruleset *ruleset, struct bound_block *bound,
    struct complaints *complaints)
{
	const struct policy_block *block = bound->block;
	enum audience audience =
	    ruleset->policy->recipients[block->is.recipient].is.audience;

	for (int role = 0; role < ROLE_COUNT; role++)
		if (!bind_rules(ruleset, block->rules, block->rule_count, role,
			audience, &bound->roles[role], complaints))
			return false;
	return bind_rules(ruleset, block->gates, block->gate_count,
	    ROLE_RELATIVE, audience, &bound->gate, complaints);
}

static bool
has_term(const struct table *table, unsigned variable)
{
	for (size_t i = 0; i < table->term_count; i++)
		if (table->terms[i].variable == variable)
			return true;
	return false;
}

/* The variables a table's rules ask for, and how far apart they lie. */
static bool
find_terms(struct ruleset *ruleset, struct table *table)
{
	table->size = 1;
	for (size_t r = 0; r < table->rule_count; r++) {
		const struct bound_rule *rule = &table->rules[r];
		size_t count = rule->when_count + rule->unless_count;

		for (size_t i = 0; i < count; i++) {
			unsigned v = rule->tests[i].variable;
			struct term *terms;

			if (has_term(table, v))
				continue;
			terms = grow(ruleset->arena, table->terms,
			    table->term_count, sizeof(*terms));
			if (terms == NULL)
				return false;
			table->terms = terms;
			terms[table->term_count++] =
			    (struct term){v, table->size};
			if (table->size <= POLICY_PRODUCT_MAX)
				table->size *= ruleset->variables[v].size;
		}
	}
	return true;
}

/* The first rule that fires for each field, as rule numbers. */
static void
fill_row(const struct ruleset *ruleset, const struct table *table,
    const uint16_t *values, uint16_t *row)
{
	uint64_t left = FIELD_ALL;

	memset(row, 0, FIELD_COUNT * sizeof(*row));
	for (size_t r = 0; r < table->rule_count && left != 0; r++) {
		const struct bound_rule *bound = &table->rules[r];
		struct rule *rule =
		    ruleset->policy->rules[bound->rule->number - 1];
		uint64_t wins = left & rule->fields;

		if (wins == 0 || !verdict_fires(rule->verdict,
				     bound_rule_truth(ruleset, bound, values)))
			continue;
		left &= ~wins;
		rule->wins = true;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (wins & FIELD_BIT(f))
				row[f] = (uint16_t)rule->number;
	}
}

/* The strictest gate that fires; refuse beats hold, else the first. */
static void
fill_gate(const struct ruleset *ruleset, const struct table *table,
    const uint16_t *values, uint16_t *row)
{
	struct rule *found = NULL;

	for (size_t r = 0; r < table->rule_count; r++) {
		const struct bound_rule *bound = &table->rules[r];
		struct rule *rule =
		    ruleset->policy->rules[bound->rule->number - 1];

		if (found != NULL && found->verdict <= rule->verdict)
			continue;
		if (verdict_fires(rule->verdict,
			bound_rule_truth(ruleset, bound, values)))
			found = rule;
	}
	*row = 0;
	if (found == NULL)
		return;
	found->wins = true;
	*row = (uint16_t)found->number;
}

/* Rows seen so far, by a hash of their bytes. */
struct rows {
	uint16_t *rows;
	size_t count, width;
	uint32_t *heads; /* row number + 1 */
	size_t head_count;
};

static size_t
row_hash(const uint16_t *row, size_t width)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < width; i++)
		hash = (hash ^ row[i]) * 16777619u;
	return hash ^ hash >> 15;
}

/* The number of this row, new or known; false when out of memory. */
static bool
keep_row(
    struct arena *arena, struct rows *rows, const uint16_t *row, uint32_t *out)
{
	size_t bytes = rows->width * sizeof(*row), at;
	uint16_t *more;

	at = row_hash(row, rows->width) % rows->head_count;
	for (; rows->heads[at] != 0; at = (at + 1) % rows->head_count) {
		*out = rows->heads[at] - 1;
		if (memcmp(rows->rows + *out * rows->width, row, bytes) == 0)
			return true;
	}
	more = grow(arena, rows->rows, rows->count, bytes);
	if (more == NULL)
		return false;
	rows->rows = more;
	memcpy(more + rows->count * rows->width, row, bytes);
	*out = (uint32_t)rows->count++;
	rows->heads[at] = *out + 1;
	return true;
}

static bool
fill_table(struct ruleset *ruleset, struct table *table, uint16_t *values,
    struct arena *scratch)
{
	struct rows rows = {
	    .width = table->width, .head_count = 2 * (size_t)table->size + 1};
	uint32_t *index =
	    arena_take_array(ruleset->arena, table->size, sizeof(*index));
	uint16_t row[FIELD_COUNT];
	uint32_t at = 0;

	rows.heads =
	    arena_take_array(scratch, rows.head_count, sizeof(*rows.heads));
	if (index == NULL || rows.heads == NULL)
		return false;
	do {
		if (table->width == 1)
			fill_gate(ruleset, table, values, row);
		else
			fill_row(ruleset, table, values, row);
		if (!keep_row(ruleset->arena, &rows, row, &index[at++]))
			return false;
	} while (terms_step(ruleset, table->terms, table->term_count, values));
	table->index = index;
	table->rows = rows.rows;
	table->row_count = rows.count;
	return true;
}

/* Fill one table unless it is too big. */
static bool
make_table(struct ruleset *ruleset, struct bound_block *bound, int role,
    uint16_t *values, struct complaints *complaints)
{
	struct table *table =
	    role == ROLE_RELATIVE ? &bound->gate : &bound->roles[role];

	table->width = role == ROLE_RELATIVE ? 1 : FIELD_COUNT;
	if (!find_terms(ruleset, table))
		return false;
	if (table->size > POLICY_PRODUCT_MAX) {
		complain(complaints, bound->block->place, COMPLAINT_PRODUCT,
		    slice_from(role == ROLE_RELATIVE
				   ? "refuse and hold"
				   : role_name((enum role)role)),
		    nothing);
		return true;
	}
	ruleset->combinations += table->size;
	if (ruleset->combinations > POLICY_PRODUCT_ALL)
		return true;
	return fill_table(ruleset, table, values, complaints->arena);
}

/*
 * Most roles of most blocks have one row whatever the record.  Those are
 * found without a table, and the many that are all redact are the same bytes,
 * so that they stay in the nearest cache.
 */
static void
fix_rows(struct bound_block *bound)
{
	if (bound->gate.size == 1)
		bound->fixed_gate = bound->gate.rows;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const struct table *table = &bound->roles[role];

		if (table->size != 1)
			continue;
		bound->fixed[role] = table->rows;
		for (unsigned i = role; i-- > 0;)
			if (bound->fixed[i] != NULL &&
			    memcmp(bound->fixed[i], table->rows,
				FIELD_COUNT * sizeof(*table->rows)) == 0)
				bound->fixed[role] = bound->fixed[i];
	}
}

static bool
make_tables(struct ruleset *ruleset, struct complaints *complaints)
{
	uint16_t *values = arena_take_array(
	    ruleset->arena, ruleset->variable_count, sizeof(*values));

	if (values == NULL)
		return false;
	for (size_t b = 0; b < ruleset->block_count; b++)
		for (int role = ROLE_RELATIVE; role < ROLE_COUNT; role++)
			if (!make_table(ruleset, &ruleset->blocks[b], role,
				values, complaints))
				return false;
	if (ruleset->combinations > POLICY_PRODUCT_ALL)
		complain(complaints, ruleset->policy->place,
		    COMPLAINT_PRODUCT_ALL, nothing, nothing);
	for (size_t b = 0; b < ruleset->block_count; b++)
		if (complaints->count == 0)
			fix_rows(&ruleset->blocks[b]);
	return true;
}

bool
compile(struct ruleset *ruleset, struct complaints *complaints)
{
	struct policy *policy = ruleset->policy;

	ruleset->blocks = arena_take_array(
	    ruleset->arena, policy->block_count, sizeof(*ruleset->blocks));
	if (ruleset->blocks == NULL)
		return false;
	ruleset->block_count = policy->block_count;
	for (size_t b = 0; b < ruleset->block_count; b++) {
		ruleset->blocks[b].block = &policy->blocks[b];
		if (!bind_block(ruleset, &ruleset->blocks[b], complaints))
			return false;
	}
	return variable_classes(ruleset) && make_tables(ruleset, complaints);
}

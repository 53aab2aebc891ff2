#include "core/policy_matrix.h"

#include "core/policy_print.h"
#include "core/ruleset_priv.h"

/* Fields of some roles that share a cascade. */
struct line {
	struct cascade cascade;
	uint64_t fields;
};

/* Roles whose fields fall into the same lines. */
struct part {
	unsigned roles;
	struct line lines[FIELD_COUNT];
	size_t line_count;
};

enum { FIELDS_WIDTH = 34, VERDICT_WIDTH = 22 };

bool
policy_cascade(const struct ruleset *ruleset, const struct block *block,
    enum role role, enum field field, struct arena *arena, struct cascade *out)
{
	const struct table *table = &ruleset->blocks[block->number].roles[role];
	uint16_t *rules =
	    arena_take_array(arena, table->rule_count, sizeof(*rules));

	*out = (struct cascade){rules, 0};
	if (rules == NULL)
		return false;
	for (size_t r = 0; r < table->rule_count; r++) {
		unsigned number = table->rules[r].rule->number;
		bool wins = false;

		for (size_t i = 0; i < table->row_count && !wins; i++)
			wins = table->rows[i * table->width + field] == number;
		if (wins)
			rules[out->count++] = (uint16_t)number;
	}
	return true;
}

static void
add_verdict(struct text *out, const struct rule *rule, enum field field)
{
	enum verdict verdict = rule_verdict(rule, field);

	text_add_string(out, verdict_name(verdict));
	if (verdict == VERDICT_REPLACE) {
		text_add_string(out, " by \"");
		text_add(out, rule->text);
		text_add_char(out, '"');
	} else if (verdict == VERDICT_GENERALISE) {
		if (rule->generalise == GENERALISE_FIRST)
			text_add_format(out, " to first %u", rule->first);
		else
			text_add_string(out, " to country");
	}
}

/* A missing value leaves these open; of the others it is the answer. */
static bool
can_be_unknown(const struct condition *condition)
{
	for (size_t i = 0; i < condition->count; i++) {
		const struct test *test = &condition->tests[i];

		switch (test->subject) {
		case TEST_KIND:
			if (test->word != KIND_UNKNOWN)
				return true;
			break;
		case TEST_CONSENT:
		case TEST_VALUE:
		case TEST_PLAN:
		case TEST_SIZE:
			return true;
		case TEST_PRESENT:
		case TEST_REQUEST:
			break;
		}
	}
	return false;
}

static void
add_conditions(struct text *out, const struct rule *rule)
{
	if (rule->when.count != 0) {
		text_add_string(out, " when ");
		policy_print_condition(out, &rule->when);
	}
	if (rule->unless.count != 0) {
		text_add_string(out, " unless ");
		policy_print_condition(out, &rule->unless);
	}
	if (!verdict_passes(rule->verdict) &&
	    (can_be_unknown(&rule->when) || can_be_unknown(&rule->unless)))
		text_add_string(out, ", or if that is not known");
}

void
policy_cascade_print(struct text *out, const struct ruleset *ruleset,
    const struct cascade *cascade, enum field field)
{
	for (size_t i = 0; i < cascade->count; i++) {
		const struct rule *rule =
		    ruleset->policy->rules[cascade->rules[i] - 1];

		if (i != 0)
			text_add_string(out, ", else ");
		add_verdict(out, rule, field);
		add_conditions(out, rule);
	}
}

static bool
same_cascade(const struct cascade *a, const struct cascade *b)
{
	return a->count == b->count &&
	       memcmp(a->rules, b->rules, a->count * sizeof(*a->rules)) == 0;
}

/* A generalisation to the country is one verdict there, another elsewhere. */
static bool
same_verdicts(const struct ruleset *ruleset, const struct cascade *cascade,
    enum field a, enum field b)
{
	for (size_t i = 0; i < cascade->count; i++) {
		const struct rule *rule =
		    ruleset->policy->rules[cascade->rules[i] - 1];

		if (rule_verdict(rule, a) != rule_verdict(rule, b))
			return false;
	}
	return true;
}

static enum field
first_field(uint64_t fields)
{
	unsigned f = 0;

	while ((fields & FIELD_BIT(f)) == 0)
		f++;
	return (enum field)f;
}

static bool
make_part(const struct ruleset *ruleset, const struct block *block,
    enum role role, struct part *part, struct arena *arena)
{
	*part = (struct part){.roles = ROLE_BIT(role)};
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct cascade cascade;
		size_t i = 0;

		if (!policy_cascade(
			ruleset, block, role, (enum field)f, arena, &cascade))
			return false;
		while (
		    i < part->line_count &&
		    !(same_cascade(&part->lines[i].cascade, &cascade) &&
			same_verdicts(ruleset, &cascade,
			    first_field(part->lines[i].fields), (enum field)f)))
			i++;
		if (i == part->line_count)
			part->lines[part->line_count++].cascade = cascade;
		part->lines[i].fields |= FIELD_BIT(f);
	}
	return true;
}

static bool
same_part(const struct part *a, const struct part *b)
{
	if (a->line_count != b->line_count)
		return false;
	for (size_t i = 0; i < a->line_count; i++)
		if (a->lines[i].fields != b->lines[i].fields ||
		    !same_cascade(&a->lines[i].cascade, &b->lines[i].cascade))
			return false;
	return true;
}

/* Go to a column; what is too long for its own gets a line of its own. */
static void
pad(struct text *out, size_t from, size_t width)
{
	if (out->len - from >= width) {
		text_add_char(out, '\n');
		from = out->len;
	}
	while (out->len - from < width && !out->failed)
		text_add_char(out, ' ');
}

/* One row for each rule of the cascade; the fields stand in the first. */
static void
add_line(struct text *out, const struct ruleset *ruleset,
    const struct line *line, bool rest)
{
	for (size_t i = 0; i < line->cascade.count; i++) {
		unsigned number = line->cascade.rules[i];
		const struct rule *rule = ruleset->policy->rules[number - 1];
		size_t start = out->len;

		text_add_string(out, "    ");
		if (i == 0 && rest)
			text_add_string(out, "all other fields");
		else if (i == 0)
			policy_print_fields(out, line->fields);
		pad(out, start, FIELDS_WIDTH);
		start = out->len;
		add_verdict(out, rule, first_field(line->fields));
		text_add_char(out, ' ');
		if (out->len - start < VERDICT_WIDTH)
			pad(out, start, VERDICT_WIDTH);
		text_add_format(out, "rule %u", number);
		add_conditions(out, rule);
		if (i != 0 && rule->when.count + rule->unless.count == 0)
			text_add_string(out, " otherwise");
		text_add_char(out, '\n');
	}
}

/* The longest list of fields is shown last, as what is left. */
static void
add_part(struct text *out, const struct ruleset *ruleset,
    const struct part *part, bool other)
{
	size_t rest = 0;

	text_add_string(out, "  ");
	if (other)
		text_add_string(out, "all other roles");
	else
		policy_print_roles(out, part->roles);
	text_add_char(out, '\n');
	for (size_t i = 1; i < part->line_count; i++)
		if (__builtin_popcountll(part->lines[i].fields) >
		    __builtin_popcountll(part->lines[rest].fields))
			rest = i;
	for (size_t i = 0; i < part->line_count; i++)
		if (i != rest)
			add_line(out, ruleset, &part->lines[i], false);
	add_line(out, ruleset, &part->lines[rest], part->line_count > 1);
}

/* Is there one part that treats all its fields alike? */
static bool
is_only_plain(const struct part *parts, size_t count)
{
	size_t plain = 0;

	for (size_t i = 0; i < count; i++)
		plain += parts[i].line_count == 1;
	return plain == 1;
}

static bool
add_roles(struct text *out, const struct ruleset *ruleset,
    const struct block *block, struct arena *arena)
{
	struct part *parts =
	    arena_take_array(arena, ROLE_COUNT, sizeof(*parts));
	size_t count = 0;

	if (parts == NULL)
		return false;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct part *part = &parts[count];
		size_t same = 0;

		if (!make_part(ruleset, block, (enum role)role, part, arena))
			return false;
		while (same < count && !same_part(&parts[same], part))
			same++;
		if (same < count)
			parts[same].roles |= ROLE_BIT(role);
		else
			count++;
	}
	for (size_t i = 0; i < count; i++)
		if (parts[i].line_count > 1)
			add_part(out, ruleset, &parts[i], false);
	for (size_t i = 0; i < count; i++)
		if (parts[i].line_count == 1)
			add_part(out, ruleset, &parts[i],
			    count > 1 && is_only_plain(parts, count));
	return true;
}

/* Who it is, in a line: what a contract or a law hangs on. */
static void
add_recipient(
    struct text *out, const struct ruleset *ruleset, const struct recipient *is)
{
	text_add_string(out, "  ");
	text_add(out, is->title);
	if (is->country.len != 0) {
		text_add_string(out, ", in ");
		text_add(out, is->country);
	}
	if (is->basis.len != 0) {
		text_add_string(out, ", basis ");
		text_add(out, is->basis);
	}
	if (is->via >= 0) {
		text_add_string(out, ", via ");
		text_add(
		    out, ruleset_recipient(ruleset, (unsigned)is->via)->id);
	} else if (is->method != METHOD_NONE) {
		text_add_string(out, ", by ");
		text_add_string(out, method_name(is->method));
	}
	text_add_char(out, '\n');
}

static void
add_gate(
    struct text *out, const struct ruleset *ruleset, const struct table *gate)
{
	(void)ruleset;
	for (size_t i = 0; i < gate->rule_count; i++) {
		const struct rule *rule = gate->rules[i].rule;
		size_t start = out->len;

		text_add_string(out, "  the whole record");
		pad(out, start, FIELDS_WIDTH);
		start = out->len;
		text_add_string(out, verdict_name(rule->verdict));
		pad(out, start, VERDICT_WIDTH);
		text_add_format(out, "rule %u", rule->number);
		add_conditions(out, rule);
		text_add_string(out, ": ");
		text_add(out, rule->text);
		text_add_char(out, '\n');
	}
}

struct slice
policy_matrix(const struct ruleset *ruleset, struct arena *arena)
{
	struct text out = text_start(arena);

	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct policy_block *block = ruleset->blocks[b].block;

		if (b != 0)
			text_add_char(&out, '\n');
		policy_print_key(&out, ruleset->policy, block);
		text_add_char(&out, '\n');
		add_recipient(&out, ruleset,
		    &ruleset->policy->recipients[block->is.recipient].is);
		add_gate(&out, ruleset, &ruleset->blocks[b].gate);
		if (!add_roles(&out, ruleset, &block->is, arena))
			return (struct slice){NULL, 0};
	}
	return text_slice(&out);
}

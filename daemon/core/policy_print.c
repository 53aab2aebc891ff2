#include "core/policy_print.h"

#include "base/date.h"
#include "core/lex.h"

static void
add_string(struct text *out, struct slice string)
{
	text_add_char(out, '"');
	for (size_t i = 0; i < string.len; i++) {
		if (string.data[i] == '"' || string.data[i] == '\\')
			text_add_char(out, '\\');
		text_add_char(out, string.data[i]);
	}
	text_add_char(out, '"');
}

/* A word where it can be one; `present` is a word of the language. */
static void
add_value(struct text *out, struct slice value)
{
	if (lex_is_word(value) && !slice_is(value, "present"))
		text_add(out, value);
	else
		add_string(out, value);
}

static void
add_comma(struct text *out, bool *first)
{
	if (!*first)
		text_add_string(out, ", ");
	*first = false;
}

/* Both forms of a field are its bare name. */
void
policy_print_fields(struct text *out, uint64_t fields)
{
	bool first = true;

	if (fields == FIELD_ALL) {
		text_add_char(out, '*');
		return;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		bool pair = field_info[i].form == FORM_LOC &&
			    i + 1 < FIELD_COUNT &&
			    (fields & FIELD_BIT(i + 1)) != 0;

		if ((fields & FIELD_BIT(i)) == 0)
			continue;
		add_comma(out, &first);
		text_add_string(
		    out, pair ? field_info[i].group : field_info[i].name);
		if (pair)
			i++;
	}
}

void
policy_print_roles(struct text *out, unsigned roles)
{
	bool first = true;

	if (roles == ROLE_ALL) {
		text_add_char(out, '*');
		return;
	}
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if ((roles & ROLE_BIT(i)) == 0)
			continue;
		add_comma(out, &first);
		text_add_string(out, role_name((enum role)i));
	}
}

static void
add_subject(struct text *out, const struct test *test, const char *subject)
{
	if (test->role != ROLE_RELATIVE) {
		text_add_string(out, role_name((enum role)test->role));
		text_add_char(out, '.');
	}
	text_add_string(out, subject);
}

static void
add_values(struct text *out, const struct test *test)
{
	if (test->set.len != 0) {
		text_add_string(out, " in ");
		text_add(out, test->set);
	} else {
		text_add_string(out, " is ");
		add_value(out, test->values[0]);
	}
}

void
policy_print_test(struct text *out, const struct test *test)
{
	switch (test->subject) {
	case TEST_KIND:
		add_subject(out, test, "kind is ");
		text_add_string(out, kind_name((enum kind)test->word));
		break;
	case TEST_CONSENT:
		add_subject(out, test, "consent to ");
		text_add(out, test->purpose);
		break;
	case TEST_VALUE:
		add_subject(out, test, field_info[test->field].name);
		add_values(out, test);
		break;
	case TEST_PRESENT:
		add_subject(out, test, field_info[test->field].name);
		text_add_string(out, " is present");
		break;
	case TEST_PLAN:
		text_add_string(out, "plan");
		add_values(out, test);
		break;
	case TEST_SIZE:
		text_add_string(out, "prefix-length");
		add_values(out, test);
		break;
	case TEST_REQUEST:
		text_add_string(out, "request is ");
		text_add_string(
		    out, operation_name((enum operation)test->word));
		break;
	}
}

void
policy_print_condition(struct text *out, const struct condition *condition)
{
	for (size_t i = 0; i < condition->count; i++) {
		if (i != 0)
			text_add_string(out, " and ");
		policy_print_test(out, &condition->tests[i]);
	}
}

static void
add_subject_of_rule(struct text *out, const struct rule *rule)
{
	text_add_char(out, ' ');
	if (rule->verdict == VERDICT_REFUSE || rule->verdict == VERDICT_HOLD) {
		add_string(out, rule->text);
		return;
	}
	policy_print_fields(out, rule->fields);
	if (rule->verdict == VERDICT_REPLACE) {
		text_add_string(out, " by ");
		add_string(out, rule->text);
	} else if (rule->verdict == VERDICT_GENERALISE &&
		   rule->generalise == GENERALISE_FIRST) {
		text_add_format(out, " to first %u", rule->first);
	} else if (rule->verdict == VERDICT_GENERALISE) {
		text_add_string(out, " to country");
	}
	text_add_string(out, " of ");
	policy_print_roles(out, rule->roles);
}

void
policy_print_rule(struct text *out, const struct rule *rule)
{
	text_add_string(out, verdict_name(rule->verdict));
	add_subject_of_rule(out, rule);
	if (rule->when.count != 0) {
		text_add_string(out, " when ");
		policy_print_condition(out, &rule->when);
	}
	if (rule->unless.count != 0) {
		text_add_string(out, " unless ");
		policy_print_condition(out, &rule->unless);
	}
}

static void
add_set(struct text *out, const struct set *set)
{
	bool first = true;

	text_add_string(out, "set ");
	text_add(out, set->id);
	text_add_string(out, " = ");
	for (size_t i = 0; i < set->count; i++) {
		add_comma(out, &first);
		add_value(out, set->items[i].text);
	}
	text_add_char(out, '\n');
}

static void
add_option(struct text *out, const char *word, struct slice value)
{
	if (value.len == 0)
		return;
	text_add_string(out, word);
	text_add(out, value);
}

/* One line for the roles that share a set of fields. */
void
policy_print_ceiling(struct text *out,
    const struct policy_recipient *recipient, const char *lead)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		uint64_t fields = recipient->ceiling[role];
		unsigned roles = 0, before = 0;

		for (unsigned i = 0; i < ROLE_COUNT; i++)
			if (recipient->ceiling[i] == fields)
				*(i < role ? &before : &roles) |= ROLE_BIT(i);
		if (fields == 0 || before != 0)
			continue;
		text_add_string(out, lead);
		policy_print_fields(out, fields);
		text_add_string(out, " of ");
		policy_print_roles(out, roles);
		text_add_char(out, '\n');
	}
}

static void
add_ceiling(struct text *out, const struct policy_recipient *recipient)
{
	text_add_string(out, " {\n");
	policy_print_ceiling(out, recipient, "\tmay receive ");
	text_add_char(out, '}');
}

static void
add_recipient(struct text *out, const struct policy_recipient *recipient)
{
	const struct recipient *is = &recipient->is;

	text_add_string(out, "recipient ");
	text_add(out, is->id);
	text_add_char(out, ' ');
	add_string(out, is->title);
	add_option(out, " in ", is->country);
	if (recipient->has_class)
		text_add_string(out, recipient->registry ? " class registry"
				     : is->audience == AUDIENCE_ANY
					 ? " class authority"
					 : " class company");
	if (is->public)
		text_add_string(out, " public");
	add_option(out, " via ", recipient->via_word);
	add_option(out, " basis ", is->basis);
	if (is->method != METHOD_NONE) {
		text_add_string(out, " by ");
		text_add_string(out, method_name(is->method));
	}
	if (is->method == METHOD_AGREED) {
		text_add_char(out, ' ');
		add_string(out, is->agreement);
	}
	if (recipient->has_ceiling)
		add_ceiling(out, recipient);
	text_add_char(out, '\n');
}

void
policy_print_patterns(struct text *out, const struct policy_block *block)
{
	bool first = true;

	for (size_t i = 0; i < block->pattern_count; i++) {
		add_comma(out, &first);
		if (block->is.type != OBJECT_DOMAIN)
			text_add_string(out, object_type_name(block->is.type));
		if (block->is.type == OBJECT_NETWORK)
			text_add_char(out, ' ');
		text_add(out, block->patterns[i].word);
	}
}

void
policy_print_key(struct text *out, const struct policy *policy,
    const struct policy_block *block)
{
	policy_print_patterns(out, block);
	text_add_string(out, " to ");
	text_add(out, policy->recipients[block->is.recipient].is.id);
	text_add_string(out, " for ");
	text_add(out, block->is.purpose);
	if (block->is.on_request)
		text_add_string(out, " on request");
}

static void
add_rules(struct text *out, struct rule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_add_char(out, '\t');
		policy_print_rule(out, rules[i]);
		text_add_char(out, '\n');
	}
}

static void
add_block(struct text *out, const struct policy *policy,
    const struct policy_block *block)
{
	text_add_string(out, "\nfor ");
	policy_print_key(out, policy, block);
	text_add_string(out, " {\n");
	add_rules(out, block->gates, block->gate_count);
	add_rules(out, block->rules, block->rule_count);
	text_add_string(out, "}\n");
}

void
policy_print(struct text *out, const struct policy *policy)
{
	char date[DATE_SIZE];

	text_add_string(out, "policy ");
	add_string(out, policy->name);
	text_add_format(out, " revision %u effective ", policy->revision);
	text_add(
	    out, (struct slice){date, date_print(policy->effective, 0, date)});
	text_add_string(out, "\n\n");
	for (size_t i = 0; i < policy->purpose_count; i++) {
		text_add_string(out, "purpose ");
		text_add(out, policy->purposes[i].id);
		text_add_char(out, ' ');
		add_string(out, policy->purposes[i].title);
		text_add_char(out, '\n');
	}
	for (size_t i = 0; i < policy->set_count; i++)
		if (policy->sets[i].tested)
			add_set(out, &policy->sets[i]);
	for (size_t i = 0; i < policy->recipient_count; i++)
		add_recipient(out, &policy->recipients[i]);
	for (size_t i = 0; i < policy->block_count; i++)
		add_block(out, policy, &policy->blocks[i]);
}

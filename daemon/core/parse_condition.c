/*
 * Conditions: tests joined by `and`.
 *
 *     [ROLE.]kind is WORD             [ROLE.]consent to PURPOSE
 *     [ROLE.]FIELD in SET             [ROLE.]FIELD is VALUE
 *     [ROLE.]FIELD is present
 *     plan in SET    plan is WORD     request is WORD
 *     prefix-length in SET            prefix-length is N
 *
 * Values are made canonical here, so that the compiler compares bytes.
 */
#include "core/grow.h"
#include "core/parse_priv.h"
#include "core/value.h"

enum { TESTS_MAX = 20, PLAN_MAX = 64 };

void
parse_purpose_known(struct parser *parser, const struct token *token)
{
	const struct policy *policy = parser->policy;

	for (size_t i = 0; i < policy->purpose_count; i++)
		if (slice_equal(policy->purposes[i].id, token->text))
			return;
	complain(parser->complaints, token->place, COMPLAINT_PURPOSE_NONE,
	    token->text, NOTHING);
}

static bool
add_value(struct parser *parser, struct test *test, struct slice value)
{
	struct slice *values = grow(parser->arena,
	    (void *)(uintptr_t)test->values, test->value_count, sizeof(value));
	size_t at = 0;

	if (values == NULL)
		return parse_memory(parser);
	test->values = values;
	while (at < test->value_count && slice_compare(values[at], value) < 0)
		at++;
	if (at < test->value_count && slice_equal(values[at], value))
		return true;
	memmove(values + at + 1, values + at,
	    (test->value_count - at) * sizeof(value));
	values[at] = value;
	test->value_count++;
	return true;
}

/* "0" to "128", as it stands in a prefix. */
static bool
is_length(struct slice text)
{
	unsigned bits = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || i == 3 ||
		    (i != 0 && text.data[0] == '0'))
			return false;
		bits = bits * 10 + (unsigned)(text.data[i] - '0');
	}
	return text.len != 0 && bits <= 128;
}

static bool
add_literal(struct parser *parser, struct test *test,
    const struct token_item *item, struct place place)
{
	struct fail fail = FAIL_INIT;
	struct slice value = item->text;

	if (test->subject == TEST_PLAN) {
		if (value.len == 0 || value.len > PLAN_MAX)
			complain(parser->complaints, place, COMPLAINT_PLAN,
			    value, NOTHING);
		return add_value(parser, test, value);
	}
	if (test->subject == TEST_SIZE) {
		if (!is_length(value))
			complain(parser->complaints, place, COMPLAINT_SIZE,
			    value, NOTHING);
		return add_value(parser, test, value);
	}
	if (!value_canonical(
		parser->arena, test->field, value, &value, &fail)) {
		if (fail.kind == FAIL_MEMORY)
			return parse_memory(parser);
		complain(parser->complaints, place, COMPLAINT_VALUE, item->text,
		    slice_from(field_info[test->field].name));
		return true;
	}
	return add_value(parser, test, value);
}

static bool
parse_in(struct parser *parser, struct test *test)
{
	struct policy *policy = parser->policy;
	struct token token;

	if (!parse_word(parser, "a set", &token))
		return false;
	test->set = token.text;
	for (size_t i = 0; i < policy->set_count; i++) {
		struct set *set = &policy->sets[i];

		if (!slice_equal(set->id, token.text))
			continue;
		set->tested = true;
		for (size_t k = 0; k < set->count; k++)
			if (!add_literal(
				parser, test, &set->items[k], token.place))
				return false;
		return true;
	}
	complain(parser->complaints, token.place, COMPLAINT_SET_NONE,
	    token.text, NOTHING);
	return true;
}

/* After FIELD, plan or prefix-length: `in SET`, `is present` or `is VALUE`. */
static bool
parse_value_test(struct parser *parser, struct test *test, struct place place)
{
	const struct field_info *info = &field_info[test->field];
	bool many = test->subject == TEST_VALUE && info->many > 1;
	struct token_item item;

	if (!many && parse_accept(parser, "in"))
		return parse_in(parser, test);
	if (!parse_accept(parser, "is"))
		return parse_expected(parser, many ? "is present" : "in or is");
	if (test->subject == TEST_VALUE && parse_accept(parser, "present")) {
		test->subject = TEST_PRESENT;
		return true;
	}
	if (many)
		complain(parser->complaints, place, COMPLAINT_CONDITION_MANY,
		    slice_from(info->name), NOTHING);
	item = (struct token_item){parser->token.text, parser->token.place};
	if (!parse_mark(parser, TOKEN_WORD) &&
	    !parse_mark(parser, TOKEN_STRING))
		return parse_expected(parser, "a value");
	return add_literal(parser, test, &item, item.place);
}

static bool
parse_kind_test(struct parser *parser, struct test *test)
{
	struct token token;
	enum kind kind;

	if (!parse_keyword(parser, "is") ||
	    !parse_word(parser, "a kind", &token))
		return false;
	if (kind_find(token.text, &kind))
		test->word = kind;
	else
		complain(parser->complaints, token.place, COMPLAINT_KIND_WORD,
		    token.text, NOTHING);
	return true;
}

static bool
parse_request_test(struct parser *parser, struct test *test)
{
	struct token token;
	enum operation operation;

	if (!parse_keyword(parser, "is") ||
	    !parse_word(parser, "a request", &token))
		return false;
	if (operation_find(token.text, &operation))
		test->word = operation;
	else
		complain(parser->complaints, token.place,
		    COMPLAINT_OPERATION_WORD, token.text, NOTHING);
	return true;
}

static bool
parse_consent_test(struct parser *parser, struct test *test)
{
	struct token token;

	if (!parse_keyword(parser, "to") ||
	    !parse_word(parser, "a purpose", &token))
		return false;
	parse_purpose_known(parser, &token);
	test->purpose = token.text;
	return true;
}

/* Split "registrant.country" in role and rest; a bare word has no role. */
static struct slice
split_role(struct slice word, int *role)
{
	const char *dot = memchr(word.data, '.', word.len);
	struct slice head;
	enum role found;

	*role = ROLE_RELATIVE;
	if (dot == NULL)
		return word;
	head = (struct slice){word.data, (size_t)(dot - word.data)};
	if (!role_find(head, &found))
		return word;
	*role = (int)found;
	return (struct slice){dot + 1, word.len - head.len - 1};
}

static bool
subject_find(struct parser *parser, const struct token *token,
    struct slice word, struct test *test)
{
	if (slice_is(word, "kind"))
		test->subject = TEST_KIND;
	else if (slice_is(word, "consent"))
		test->subject = TEST_CONSENT;
	else if (slice_is(word, "plan") && test->role == ROLE_RELATIVE)
		test->subject = TEST_PLAN;
	else if (slice_is(word, "request") && test->role == ROLE_RELATIVE)
		test->subject = TEST_REQUEST;
	else if (slice_is(word, "prefix-length") &&
	    test->role == ROLE_RELATIVE)
		test->subject = TEST_SIZE;
	else if (field_find(word, &test->field))
		test->subject = TEST_VALUE;
	else {
		enum complaint complaint = COMPLAINT_CONDITION;

		for (unsigned i = 0; i < FIELD_COUNT; i++)
			if (slice_is(word, field_info[i].group))
				complaint = COMPLAINT_CONDITION_FORM;
		complain(
		    parser->complaints, token->place, complaint, word, NOTHING);
		return false;
	}
	return true;
}

static bool
parse_test(struct parser *parser, bool whole, struct test *test)
{
	struct token token;
	struct slice word;

	*test = (struct test){.purpose = NOTHING, .set = NOTHING};
	if (!parse_word(parser, "a condition", &token))
		return false;
	word = split_role(token.text, &test->role);
	if (!subject_find(parser, &token, word, test))
		return false;
	if (whole && test->role == ROLE_RELATIVE &&
	    !test_is_of_object(test->subject))
		complain(parser->complaints, token.place, COMPLAINT_RELATIVE,
		    word, NOTHING);
	switch (test->subject) {
	case TEST_KIND:
		return parse_kind_test(parser, test);
	case TEST_CONSENT:
		return parse_consent_test(parser, test);
	case TEST_REQUEST:
		return parse_request_test(parser, test);
	case TEST_VALUE:
	case TEST_PRESENT:
	case TEST_PLAN:
	case TEST_SIZE:
		break;
	}
	return parse_value_test(parser, test, token.place);
}

bool
parse_condition(struct parser *parser, bool whole, struct condition *out)
{
	do {
		struct test *tests =
		    grow(parser->arena, out->tests, out->count, sizeof(*tests));

		if (tests == NULL)
			return parse_memory(parser);
		out->tests = tests;
		if (out->count == TESTS_MAX)
			return parse_wrong(
			    parser, COMPLAINT_TOO_MANY, SLICE("conditions"));
		if (!parse_test(parser, whole, &tests[out->count]))
			return false;
		out->count++;
	} while (parse_accept(parser, "and"));
	return true;
}

/* The record of a policy test, in the words of the policy. */
#include "base/date.h"
#include "base/name.h"
#include "base/prefix.h"
#include "core/test_priv.h"

enum { VALUES_MAX = 16 };

bool
test_wrong(struct parser *parser, struct place place, struct slice text)
{
	complain(parser->complaints, place, COMPLAINT_OTHER, text, NOTHING);
	return false;
}

/* What a setter said, at the place of what it was given. */
static bool
test_fail(struct parser *parser, struct place place, const struct fail *fail)
{
	if (fail->kind == FAIL_MEMORY)
		return parse_memory(parser);
	return test_wrong(parser, place, slice_from(fail->text));
}

static bool
parse_value(struct parser *parser, struct slice *out, struct place *place)
{
	*out = parser->token.text;
	*place = parser->token.place;
	return parse_mark(parser, TOKEN_WORD) ||
	       parse_mark(parser, TOKEN_STRING) ||
	       parse_expected(parser, "a value");
}

/* The name as records have it. */
static bool
canonical_object(struct parser *parser, enum object_type type,
    struct slice *name, struct fail *fail)
{
	char printed[PREFIX_SIZE];
	struct prefix prefix;

	switch (type) {
	case OBJECT_DOMAIN:
		return name_canonical(parser->arena, *name, name, fail);
	case OBJECT_NETWORK:
		if (!prefix_parse(*name, &prefix, fail))
			return false;
		*name = arena_copy(parser->arena,
		    (struct slice){printed, prefix_print(&prefix, printed)});
		return name->data != NULL || fail_memory(fail);
	case OBJECT_SUBSCRIBER:
	case OBJECT_SPAM_REPORT:
	case OBJECT_CONTACT:
	case OBJECT_HOST:
	case OBJECT_COUNT:
		break;
	}
	return true;
}

/* `object TYPE NAME` and, before anything else, `request WORD`. */
static bool
parse_object(struct parser *parser, struct record **out)
{
	enum operation operation = OPERATION_CREATE;
	struct fail fail = FAIL_INIT;
	enum object_type type;
	struct token token;
	struct slice name;
	struct place place;

	if (!parse_keyword(parser, "object") ||
	    !parse_word(
		parser, "domain, network, subscriber or spam-report", &token))
		return false;
	if (!object_type_find(token.text, &type))
		return test_wrong(parser, token.place,
		    SLICE("an object is a domain, network, subscriber or "
			  "spam-report"));
	if (!parse_value(parser, &name, &place))
		return false;
	if (parse_accept(parser, "request")) {
		if (!parse_word(parser, "a request", &token))
			return false;
		if (!operation_find(token.text, &operation)) {
			complain(parser->complaints, token.place,
			    COMPLAINT_OPERATION_WORD, token.text, NOTHING);
			return false;
		}
	}
	if (!canonical_object(parser, type, &name, &fail))
		return test_fail(parser, place, &fail);
	*out = record_create(parser->arena, type, operation, name, &fail);
	return *out != NULL || test_fail(parser, place, &fail);
}

/* `consent to p11 for public given 2026-04-01T00:00:00Z` */
static bool
parse_consent(struct parser *parser, struct record *record, enum role role)
{
	struct consent consent = {.version = NOTHING};
	struct fail fail = FAIL_INIT;
	struct token token;

	if (!parse_keyword(parser, "to") ||
	    !parse_word(parser, "a purpose", &token))
		return false;
	consent.purpose = token.text;
	parse_purpose_known(parser, &token);
	if (!parse_keyword(parser, "for") ||
	    !parse_word(parser, "public, registry, company or any", &token))
		return false;
	if (!audience_find(token.text, &consent.audience))
		return test_wrong(parser, token.place,
		    SLICE("an audience is public, registry, company or any"));
	consent.given = parse_accept(parser, "given");
	if (!consent.given && !parse_keyword(parser, "withdrawn"))
		return false;
	if (!parse_word(parser, "a date and time", &token))
		return false;
	if (!date_parse(token.text, &consent.time, &fail) ||
	    !record_add_consent(record, role, &consent, &fail))
		return test_fail(parser, token.place, &fail);
	return true;
}

static bool
parse_kind(struct parser *parser, struct record *record, enum role role)
{
	struct fail fail = FAIL_INIT;
	struct token token;
	enum kind kind;

	if (!parse_word(parser, "a kind", &token))
		return false;
	if (!kind_find(token.text, &kind)) {
		complain(parser->complaints, token.place, COMPLAINT_KIND_WORD,
		    token.text, NOTHING);
		return false;
	}
	return record_set_role(record, role, kind, &fail) ||
	       test_fail(parser, token.place, &fail);
}

static bool
parse_values(struct parser *parser, struct record *record, enum role role,
    enum field field)
{
	struct slice values[VALUES_MAX];
	struct fail fail = FAIL_INIT;
	struct place place;
	size_t count = 0;

	do {
		if (count == VALUES_MAX)
			return test_wrong(parser, parser->token.place,
			    SLICE("too many values"));
		if (!parse_value(parser, &values[count++], &place))
			return false;
	} while (parse_mark(parser, TOKEN_COMMA));
	return record_set(record, role, field, values, count, &fail) ||
	       test_fail(parser, place, &fail);
}

/* `plan WORD`, or ROLE.kind, ROLE.consent, ROLE.FIELD and what is so. */
static bool
parse_fact(struct parser *parser, struct record *record)
{
	struct fail fail = FAIL_INIT;
	struct token token;
	struct slice rest;
	const char *dot;
	enum role role;
	enum field field;

	if (!parse_word(parser, "plan or a role's field", &token))
		return false;
	if (slice_is(token.text, "plan"))
		return parse_value(parser, &rest, &token.place) &&
		       (record_set_plan(record, rest, &fail) ||
			   test_fail(parser, token.place, &fail));
	dot = memchr(token.text.data, '.', token.text.len);
	rest = token.text;
	if (dot != NULL)
		rest.len = (size_t)(dot - token.text.data);
	if (!role_find(rest, &role)) {
		complain(parser->complaints, token.place, COMPLAINT_ROLE_WORD,
		    rest, NOTHING);
		return false;
	}
	rest = (struct slice){rest.data + rest.len, token.text.len - rest.len};
	if (slice_is(rest, ".kind"))
		return parse_kind(parser, record, role);
	if (slice_is(rest, ".consent"))
		return parse_consent(parser, record, role);
	if (rest.len != 0)
		rest = (struct slice){rest.data + 1, rest.len - 1};
	if (field_find(rest, &field))
		return parse_values(parser, record, role, field);
	complain(parser->complaints, token.place, COMPLAINT_FIELD_WORD,
	    token.text, NOTHING);
	return false;
}

bool
test_record(struct parser *parser, struct record **out)
{
	if (!parse_mark(parser, TOKEN_OPEN))
		return parse_expected(parser, "{ or from");
	if (!parse_object(parser, out))
		return false;
	while (!parse_mark(parser, TOKEN_CLOSE))
		if (!parse_fact(parser, *out))
			return false;
	return true;
}

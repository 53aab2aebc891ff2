/* Templates and work items say what the disclosure lets pass and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/submission.h"
#include "codec/template.h"
#include "codec/workitem.h"
#include "core/decide.h"
#include "core/policy.h"

static const char policy[] =
    "policy \"t\" revision 1 effective 2020-01-01T00:00:00Z\n"
    "purpose p10 \"register\"\n"
    "purpose p11 \"publish\"\n"
    "recipient reg \"a registry\" in JP basis contract by api class registry {\n"
    "\tmay receive name, email, ns of registrant, subscriber\n}\n"
    "recipient pub \"its whois\" public via reg\n"
    "for .example to reg for p10 {\n"
    "\tforward name, email of registrant when registrant.kind is legal\n"
    "\tforward name.int of registrant\n"
    "\tforward ns of subscriber\n"
    "\tredact * of *\n}\n"
    "for .example to pub for p11 {\n"
    "\tforward name.int of registrant\n"
    "\tredact * of *\n}\n";

static const char record_format[] =
    "{\"object\":{\"type\":\"domain\",\"name\":\"t.example\"},"
    "\"request\":\"%s\",\"roles\":{\"registrant\":{\"kind\":\"%s\","
    "\"fields\":{\"name\":{\"loc\":\"<見本> \\\"花子\\\"\",\"int\":\"Hanako\"},"
    "\"street\":{\"loc\":\"秘密町\"},\"email\":\"h@example.jp\"}},"
    "\"subscriber\":{\"kind\":\"unknown\",\"fields\":{"
    "\"ns\":[\"ns1.example.net\",\"ns2.example.net\"]}}}}";

struct fixture {
	struct arena *arena;
	struct fail fail;
};

static int
setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->arena = arena_create(NULL);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	arena_destroy(fixture->arena);
	free(fixture);
	return 0;
}

static const struct disclosure *
disclose(struct fixture *f, const char *request, const char *kind)
{
	struct policy_source source = {
	    SLICE("t.policy"), slice_from(policy)};
	struct slice diagnostics = {NULL, 0};
	struct ruleset *ruleset = policy_load(
	    f->arena, &source, NULL, NULL, 0, &diagnostics, &f->fail);
	const struct block *blocks[4];
	struct decide_given given = {.approved = false};
	struct submission *submission;
	char json[1024];

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	snprintf(json, sizeof(json), record_format, request, kind);
	submission = submission_parse(f->arena, slice_from(json), &f->fail);
	assert_non_null(submission);
	assert_int_equal(
	    ruleset_match(ruleset, submission->record, blocks, 4), 1);
	return decide(ruleset, blocks[0], submission->record, &given, f->arena,
	    &f->fail);
}

static void
expect(struct fixture *f, const struct disclosure *disclosure,
    const char *template_text, const char *expected)
{
	struct placeholder items[] = {{ROLE_REGISTRANT, FIELD_EMAIL,
	    SLICE("nobody@example.invalid")}};
	struct placeholders placeholders = {items, 1};
	struct template *template = template_parse(
	    f->arena, SLICE("t"), slice_from(template_text), &f->fail);
	struct slice out;

	if (template == NULL)
		fail_msg("%s: %s", f->fail.place, f->fail.text);
	out = template_render(
	    template, disclosure, &placeholders, f->arena, &f->fail);
	assert_non_null(out.data);
	assert_string_equal(out.data, expected);
}

static void
a_redacted_value_is_not_in_the_text(void **state)
{
	expect(*state, disclose(*state, "create", "natural"),
	    "[%{registrant.street.loc}%{registrant.name.loc}]"
	    "[%{registrant.name.int}] %{object} 100%%\n",
	    "[][Hanako] t.example 100%\n");
}

static void
blocks_follow_what_passed(void **state)
{
	expect(*state, disclose(*state, "create", "natural"),
	    "%if registrant.email\nmail %{registrant.email}\n%end\n"
	    "%unless registrant.email\nno mail\n%end\n"
	    "%each subscriber.ns\nns %{value}%{,}\n%end\n",
	    "no mail\nns ns1.example.net,\nns ns2.example.net\n");
}

static void
an_update_states_what_must_be_forgotten(void **state)
{
	expect(*state, disclose(*state, "update", "natural"),
	    "%if registrant.email\nmail [%{registrant.email}]\n%end\n",
	    "mail []\n");
}

static void
values_are_escaped_for_their_wire(void **state)
{
	const struct disclosure *d = disclose(*state, "create", "legal");

	expect(*state, d, "%escape json\n\"%{registrant.name.loc}\"\n",
	    "\"<見本> \\\"花子\\\"\"\n");
	expect(*state, d, "%escape xml\n%{registrant.name.loc}\n",
	    "&lt;見本&gt; &quot;花子&quot;\n");
	expect(*state, d, "%escape form\n%{registrant.email}\n",
	    "h%40example.jp\n");
}

static void
a_demanded_value_gets_its_placeholder(void **state)
{
	expect(*state, disclose(*state, "create", "natural"),
	    "%{!registrant.email} %{verdict:registrant.email}\n",
	    "nobody@example.invalid redact\n");
}

static void
marks_say_what_the_public_may_not_see(void **state)
{
	expect(*state, disclose(*state, "create", "legal"),
	    "%{publish:registrant.name.int} %{publish:registrant.email}\n",
	    "yes no\n");
}

static void
a_demand_without_placeholder_sends_nothing(void **state)
{
	struct fixture *f = *state;
	struct placeholders none = {NULL, 0};
	struct template *template = template_parse(f->arena, SLICE("t"),
	    SLICE("%{!registrant.email}\n"), &f->fail);
	struct slice out = template_render(template,
	    disclose(f, "create", "natural"), &none, f->arena, &f->fail);

	assert_null(out.data);
	assert_string_equal(f->fail.text,
	    "no placeholder for registrant.email, which the wire demands");
}

static void
errors_name_line_and_column(void **state)
{
	static const struct {
		const char *text, *place, *message;
	} bad[] = {
	    {"a\n%{registrant.nam}\n", "t:2:14", "unknown field"},
	    {"%{nobody.name.loc}", "t:1:3", "unknown role"},
	    {"%{registrantname}", "t:1:3", "unknown name"},
	    {"%if registrant.email\n", "t:1:1",
		"a block is still open at the end"},
	    {"%end\n", "t:1:1", "%end without a block to close"},
	    {"%wat\n", "t:1:1", "unknown directive"},
	    {"x\n%escape json\n", "t:2:1",
		"%escape may only stand in the first line"},
	    {"%escape sql\n", "t:1:9",
		"unknown escape: none, json, form or xml"},
	    {"5 % of\n", "t:1:3", "a lone %: write %% or %{name}"},
	    {"%{value}\n", "t:1:3",
		"this name has a meaning only inside %each"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fail fail = FAIL_INIT;

		assert_null(template_parse(
		    f->arena, SLICE("t"), slice_from(bad[i].text), &fail));
		assert_string_equal(fail.text, bad[i].message);
		assert_string_equal(fail.place, bad[i].place);
	}
}

static void
a_work_item_shows_permitted_fields_and_marks(void **state)
{
	struct fixture *f = *state;
	struct slice item = workitem_render(
	    disclose(f, "create", "legal"), f->arena, &f->fail);

	assert_non_null(strstr(item.data, "registrant.name.int"));
	assert_non_null(strstr(item.data, "h@example.jp\t[公開しない"));
	assert_null(strstr(item.data, "Hanako\t[公開しない"));
	assert_null(strstr(item.data, "秘密町"));
	assert_null(strstr(item.data, "street"));
}

static void
a_work_item_of_an_update_says_what_to_remove(void **state)
{
	struct fixture *f = *state;
	struct slice item = workitem_render(
	    disclose(f, "update", "natural"), f->arena, &f->fail);

	assert_non_null(strstr(item.data, "registrant.email"));
	assert_non_null(strstr(item.data, "[削除 remove]"));
	assert_null(strstr(item.data, "registrant.street"));
}

/* Who cannot be told what to publish is not told anything by itself. */
static void
it_knows_what_it_marks_and_prints(void **state)
{
	struct fixture *f = *state;
	const struct template *marks = template_parse(f->arena, SLICE("t"),
	    SLICE("%{registrant.email} %{publish:registrant.email}\n"
		  "%each subscriber.ns\n%{value}\n%end\n"
		  "%{!registrant.country}\n"),
	    &f->fail);
	const struct template *none = template_parse(
	    f->arena, SLICE("t"), SLICE("%{registrant.email}\n"), &f->fail);

	assert_true(template_has_marks(marks));
	assert_false(template_has_marks(none));
	assert_true(template_marked(marks, ROLE_REGISTRANT) ==
		    (uint64_t)1 << FIELD_EMAIL);
	assert_true(template_printed(marks, ROLE_REGISTRANT) ==
		    ((uint64_t)1 << FIELD_EMAIL | (uint64_t)1 << FIELD_COUNTRY));
	assert_true(template_printed(marks, ROLE_SUBSCRIBER) ==
		    (uint64_t)1 << FIELD_NS);
	assert_true(template_marked(marks, ROLE_SUBSCRIBER) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_redacted_value_is_not_in_the_text),
	    TEST(blocks_follow_what_passed),
	    TEST(an_update_states_what_must_be_forgotten),
	    TEST(values_are_escaped_for_their_wire),
	    TEST(a_demanded_value_gets_its_placeholder),
	    TEST(marks_say_what_the_public_may_not_see),
	    TEST(a_demand_without_placeholder_sends_nothing),
	    TEST(errors_name_line_and_column),
	    TEST(a_work_item_shows_permitted_fields_and_marks),
	    TEST(a_work_item_of_an_update_says_what_to_remove),
	    TEST(it_knows_what_it_marks_and_prints),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

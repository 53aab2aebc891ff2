/* Events in the ledger: their canonical bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/canon.h"
#include "core/entry.h"
#include "core/entry_print.h"

static struct slice
written(struct arena *arena, const struct entry_event *event)
{
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	struct slice bytes;
	size_t at;

	assert_true(entry_write_event(&text, event, &fail));
	bytes = text_slice(&text);
	assert_true(canon_check(bytes, &at));
	return bytes;
}

static void
an_event_names_case_and_subject_in_canonical_order(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct entry_subject subject = {.slot = 7};
	struct entry_event event = {.common = {.time = 1},
	    .type = event_type_name(EVENT_CASE),
	    .entry = 3,
	    .word = SLICE("opened"),
	    .actor = SLICE("uid 0"),
	    .case_id = SLICE("R-12"),
	    .subject = &subject};
	struct slice bytes, value;
	int64_t slot;

	(void)state;
	bytes = written(arena, &event);
	assert_true(canon_get_string(bytes, "case", arena, &value));
	assert_true(slice_is(value, "R-12"));
	assert_true(canon_member(bytes, "subject", &value));
	assert_true(
	    slice_is(value, "[\"00000000000000000000000000000000\",7]"));
	assert_true(canon_get_number(bytes, "entry", &slot));
	assert_int_equal(slot, 3);
	arena_destroy(arena);
}

static void
an_audit_names_what_it_found_and_no_value(void **state)
{
	struct arena *arena = arena_create(NULL);
	static const struct audit_finding findings[] = {
	    {.kind = AUDIT_LEAK,
		.role = ROLE_TECH,
		.field = FIELD_EMAIL,
		.rule = 12,
		.is_current = true},
	    {.kind = AUDIT_MISSING, .is_whole = true}};
	const struct entry_subject owner = {.slot = 7};
	const struct entry_audit audit = {.type = OBJECT_DOMAIN,
	    .owner = &owner,
	    .object = SLICE("sealed"),
	    .recipient = SLICE("jprs-whois"),
	    .server = SLICE("whois.example:43"),
	    .findings = {findings, 2}};
	struct entry_event event = {.type = event_type_name(EVENT_AUDIT),
	    .entry = ENTRY_NONE,
	    .word = SLICE("leak"),
	    .audit = &audit};
	struct entry_shown shown = {.object = SLICE("example.jp")};
	struct slice value;

	(void)state;
	shown.entry = written(arena, &event);
	assert_true(canon_member(shown.entry, "findings", &value));
	assert_true(slice_is(value,
	    "[[\"leak\",\"tech\",\"email\",12,\"current\"],[\"missing\"]]"));
	assert_true(canon_member(shown.entry, "object", &value));
	assert_true(canon_get_string(value, "type", arena, &value));
	assert_true(slice_is(value, "domain"));
	value = entry_print_text(arena, &shown);
	assert_non_null(strstr(value.data,
	    "leak  jprs-whois  example.jp  whois.example:43  leak tech.email"
	    " rule 12, missing"));
	shown.object = SLICE("biz/\tunseen");
	value = entry_print_text(arena, &shown);
	assert_non_null(strstr(value.data, "  biz/ (unseen)  "));
	arena_destroy(arena);
}

static void
what_an_event_does_not_have_is_not_there(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct entry_event event = {
	    .type = event_type_name(EVENT_START), .entry = ENTRY_NONE};
	struct slice bytes, value;

	(void)state;
	bytes = written(arena, &event);
	assert_false(canon_member(bytes, "case", &value));
	assert_false(canon_member(bytes, "subject", &value));
	assert_false(canon_member(bytes, "entry", &value));
	arena_destroy(arena);
}

static void
only_types_of_the_table_are_types(void **state)
{
	(void)state;
	assert_true(entry_is_type(SLICE("disclosure")));
	assert_true(entry_is_type(SLICE("audit")));
	assert_false(entry_is_type(SLICE("audits")));
	assert_false(entry_is_type(SLICE("")));
	assert_true(event_type_is_about(EVENT_HOLD));
	assert_false(event_type_is_about(EVENT_FORGET));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		an_event_names_case_and_subject_in_canonical_order),
	    cmocka_unit_test(an_audit_names_what_it_found_and_no_value),
	    cmocka_unit_test(what_an_event_does_not_have_is_not_there),
	    cmocka_unit_test(only_types_of_the_table_are_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

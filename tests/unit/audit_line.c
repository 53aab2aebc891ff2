/* What keeper and auditor tell one another comes out as it went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "codec/audit_line.h"

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static void
a_question_comes_as_it_went(void **state)
{
	const struct slice hidden[] = {
	    SLICE("HIDDEN \"x\""), SLICE("@a.example")};
	const struct audit_ask ask = {.number = 7,
	    .is_rdap = true,
	    .waits = true,
	    .layout = AUDIT_JPRS,
	    .server = SLICE("https://rdap.example/"),
	    .question = {.type = OBJECT_NETWORK,
		.name = SLICE("192.0.2.0/29"),
		.role = ROLE_TECH,
		.is_contact = true,
		.placeholders = {hidden, 2}}};
	struct audit_ask got;

	(void)state;
	assert_true(audit_read_ask(audit_write_ask(&ask, arena), arena, &got));
	assert_int_equal(got.number, 7);
	assert_true(got.is_rdap && got.waits && !got.english);
	assert_int_equal(got.layout, AUDIT_JPRS);
	assert_true(slice_equal(got.server, ask.server));
	assert_int_equal(got.question.type, OBJECT_NETWORK);
	assert_int_equal(got.question.role, ROLE_TECH);
	assert_true(got.question.is_contact);
	assert_true(slice_equal(got.question.name, ask.question.name));
	assert_int_equal(got.question.placeholders.count, 2);
	assert_true(slice_equal(got.question.placeholders.items[0], hidden[0]));
}

static void
an_answer_comes_as_it_went(void **state)
{
	const struct slice seen[] = {SLICE("a\nb"), SLICE("ことり")};
	const struct audit_item items[] = {
	    {.role = ROLE_ADMIN,
		.fields = (uint64_t)1 << FIELD_EMAIL,
		.expected = (uint64_t)1 << (FIELD_COUNT - 1),
		.sight = AUDIT_SHOWN,
		.shape = AUDIT_LINES,
		.values = {seen, 2}},
	    {.role = ROLE_TECH, .sight = AUDIT_ABSENT}};
	struct audit_told told = {.number = 9,
	    .end = AUDIT_ANSWERED,
	    .server = SLICE("whois.example"),
	    .reason = SLICE(""),
	    .answer = {.state = AUDIT_FOUND,
		.object = SLICE("example.jp"),
		.items = items,
		.count = 2}};
	struct audit_told got;

	(void)state;
	assert_true(
	    audit_read_told(audit_write_told(&told, arena), arena, &got));
	assert_int_equal(got.number, 9);
	assert_int_equal(got.end, AUDIT_ANSWERED);
	assert_int_equal(got.answer.state, AUDIT_FOUND);
	assert_true(slice_is(got.answer.object, "example.jp"));
	assert_int_equal(got.answer.count, 2);
	assert_int_equal(got.answer.items[0].role, ROLE_ADMIN);
	assert_true(got.answer.items[0].fields == items[0].fields);
	assert_true(got.answer.items[0].expected == items[0].expected);
	assert_int_equal(got.answer.items[0].shape, AUDIT_LINES);
	assert_int_equal(got.answer.items[0].values.count, 2);
	assert_true(slice_equal(got.answer.items[0].values.items[1], seen[1]));
	assert_int_equal(got.answer.items[1].sight, AUDIT_ABSENT);
}

/* An answered one whose first item is this. */
static bool
is_read(const char *item)
{
	struct text text = text_start(arena);
	struct audit_told got;

	text_add_format(&text,
	    "{\"number\":1,\"end\":\"answered\",\"wait\":0,\"server\":\"\","
	    "\"reason\":\"\",\"state\":0,\"object\":\"\",\"text\":\"\","
	    "\"items\":[%s]}",
	    item);
	return audit_read_told(text_slice(&text), arena, &got);
}

static void
words_and_numbers_of_ours_alone_are_read(void **state)
{
	struct audit_told got;

	(void)state;
	assert_true(is_read("[0,1,1,2,0,[\"x\"]]"));
	assert_true(is_read(""));
	assert_false(is_read("[9,1,1,2,0,[\"x\"]]"));
	assert_false(is_read("[0,-1,1,2,0,[\"x\"]]"));
	assert_false(is_read("[0,1,9223372036854775807,2,0,[\"x\"]]"));
	assert_false(is_read("[0,1,1,3,0,[\"x\"]]"));
	assert_false(is_read("[0,1,1,2,5,[\"x\"]]"));
	assert_false(is_read("[0,1,1,2,0,[]]"));
	assert_false(is_read("[0,1,1,2,0,[1]]"));
	assert_false(is_read("[0,1,1,2,0]"));
	assert_false(is_read("{}"));
	assert_false(audit_read_told(SLICE("{}"), arena, &got));
	assert_false(audit_read_told(SLICE("x"), arena, &got));
	assert_false(audit_read_told(
	    SLICE("{\"number\":1,\"end\":\"else\",\"wait\":0,\"server\":\"\","
		  "\"reason\":\"\"}"),
	    arena, &got));
	assert_false(audit_read_told(
	    SLICE("{\"number\":1,\"end\":\"nobody\",\"wait\":0,\"server\":\"\","
		  "\"reason\":\"a\\u001bb\"}"),
	    arena, &got));
}

static void
more_than_can_be_read_again_is_not_written(void **state)
{
	static char much[AUDIT_VALUE_MAX];
	struct slice values[AUDIT_VALUES_MAX];
	struct audit_item items[16];
	struct audit_told told = {.end = AUDIT_ANSWERED,
	    .server = SLICE(""),
	    .reason = SLICE(""),
	    .answer = {.state = AUDIT_FOUND,
		.object = SLICE(""),
		.items = items,
		.count = 16}};

	(void)state;
	memset(much, 'x', sizeof(much));
	for (size_t i = 0; i < AUDIT_VALUES_MAX; i++)
		values[i] = (struct slice){much, sizeof(much)};
	for (size_t i = 0; i < 16; i++)
		items[i] = (struct audit_item){
		    .sight = AUDIT_SHOWN, .values = {values, AUDIT_VALUES_MAX}};
	assert_null(audit_write_told(&told, arena).data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(a_question_comes_as_it_went),
	    TEST(an_answer_comes_as_it_went),
	    TEST(words_and_numbers_of_ours_alone_are_read),
	    TEST(more_than_can_be_read_again_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

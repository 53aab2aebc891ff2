/* conf/openapi.json says what the code does: fields, words, the example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/json.h"
#include "codec/submission.h"

static struct arena *arena;
static const struct json_node *schemas, *document;

static int
setup(void **state)
{
	FILE *file = fopen("conf/openapi.json", "r");
	struct fail fail = FAIL_INIT;
	size_t size = JSON_BYTES_MAX, len;
	char *text;

	(void)state;
	arena = arena_create(NULL);
	if (arena == NULL || file == NULL)
		return 1;
	text = arena_take(arena, size);
	len = fread(text, 1, size, file);
	fclose(file);
	document = json_parse(arena, (struct slice){text, len}, &fail);
	if (document == NULL)
		fprintf(stderr, "%s: %s\n", fail.place, fail.text);
	schemas = json_find(json_find(document, "components"), "schemas");
	return schemas == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const struct json_node *
schema(const char *name, const char *property)
{
	const struct json_node *node = json_find(schemas, name);

	if (property != NULL)
		node = json_find(json_find(node, "properties"), property);
	if (node == NULL)
		fail_msg("no schema %s/%s", name, property);
	return node;
}

static int64_t
number(const struct json_node *node, const char *name)
{
	node = json_find(node, name);
	return node != NULL ? node->integer : -1;
}

static void
every_field_stands_in_the_schema_with_its_limits(void **state)
{
	static const char *const forms[] = {
	    [FORM_ONE] = NULL, [FORM_LOC] = "loc", [FORM_INT] = "int"};

	(void)state;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *info = &field_info[f];
		const struct json_node *node = schema("Fields", info->group);

		if (info->form != FORM_ONE)
			node = json_find(
			    json_find(node, "properties"), forms[info->form]);
		if (info->many > 1) {
			node = json_find(node, "oneOf");
			assert_int_equal(
			    number(&node->items[1], "maxItems"), info->many);
			node = &node->items[0];
		}
		assert_int_equal(number(node, "maxLength"), info->max);
	}
}

static void
the_schema_has_no_field_and_no_role_of_its_own(void **state)
{
	const struct json_node *fields =
	    json_find(schema("Fields", NULL), "properties");
	const struct json_node *roles =
	    json_find(schema("Submission", "roles"), "properties");
	enum role role;

	(void)state;
	for (size_t i = 0; i < fields->count; i++) {
		bool found = false;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			found = found || slice_is(fields->items[i].name,
					     field_info[f].group);
		assert_true(found);
	}
	assert_int_equal(roles->count, ROLE_COUNT);
	for (size_t i = 0; i < roles->count; i++)
		assert_true(role_find(roles->items[i].name, &role));
}

static void
words_are_those_of_the_code(void **state)
{
	const struct json_node *list;
	enum operation operation;
	enum verdict verdict;
	enum audience audience;
	enum kind kind;

	(void)state;
	list = json_find(schema("Submission", "request"), "enum");
	assert_int_equal(list->count, OPERATION_COUNT);
	for (size_t i = 0; i < list->count; i++)
		assert_true(operation_find(list->items[i].string, &operation));
	list = json_find(schema("Ruling", "verdict"), "enum");
	assert_int_equal(list->count, VERDICT_COUNT);
	for (size_t i = 0; i < list->count; i++)
		assert_true(verdict_find(list->items[i].string, &verdict));
	list = json_find(schema("Consent", "audience"), "enum");
	assert_int_equal(list->count, AUDIENCE_COUNT);
	for (size_t i = 0; i < list->count; i++)
		assert_true(audience_find(list->items[i].string, &audience));
	list = json_find(schema("Role", "kind"), "enum");
	assert_int_equal(list->count, KIND_COUNT);
	for (size_t i = 0; i < list->count; i++)
		assert_true(kind_find(list->items[i].string, &kind));
	assert_int_equal(number(schema("Submission", "to"), "maxItems"),
	    SUBMISSION_RECIPIENTS_MAX);
}

static void
write_node(struct text *text, const struct json_node *node)
{
	bool object = node->kind == JSON_KIND_OBJECT;

	if (node->kind == JSON_KIND_STRING)
		text_add_json(text, node->string);
	if (node->kind == JSON_KIND_BOOLEAN)
		text_add_string(text, node->boolean ? "true" : "false");
	if (!object && node->kind != JSON_KIND_ARRAY)
		return;
	text_add_char(text, object ? '{' : '[');
	for (size_t i = 0; i < node->count; i++) {
		if (i != 0)
			text_add_char(text, ',');
		if (object) {
			text_add_json(text, node->items[i].name);
			text_add_char(text, ':');
		}
		write_node(text, &node->items[i]);
	}
	text_add_char(text, object ? '}' : ']');
}

static void
the_example_is_a_submission(void **state)
{
	static const char *const path[] = {"paths", "/v1/submissions", "post",
	    "requestBody", "content", "application/json", "example"};
	const struct json_node *node = document;
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(path) / sizeof(*path); i++)
		node = json_find(node, path[i]);
	assert_non_null(node);
	write_node(&text, node);
	if (submission_parse(arena, text_slice(&text), &fail) == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_field_stands_in_the_schema_with_its_limits),
	    cmocka_unit_test(the_schema_has_no_field_and_no_role_of_its_own),
	    cmocka_unit_test(words_are_those_of_the_code),
	    cmocka_unit_test(the_example_is_a_submission),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

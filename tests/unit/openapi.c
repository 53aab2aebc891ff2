/* conf/openapi.json says what the code does: fields, words, the example. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/json.h"
#include "codec/ask.h"
#include "codec/submission.h"
#include "console_priv.h"
#include "net/intake_http.h"
#include "service_priv.h"
#include "store/log_stats.h"

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

/* --- paths --- */

/* The document's path for one of the code's: "/tile/" has more behind it. */
static const struct json_node *
path_of(const char *path)
{
	const struct json_node *paths = json_find(document, "paths");
	size_t len = strlen(path);

	for (size_t i = 0; i < paths->count; i++) {
		struct slice name = paths->items[i].name;

		if (slice_is(name, path) ||
		    (path[len - 1] == '/' && name.len > len &&
			memcmp(name.data, path, len) == 0 &&
			name.data[len] == '{'))
			return &paths->items[i];
	}
	fail_msg("openapi.json has no path %s", path);
	return NULL;
}

/* How many of its paths are of this listener? */
static size_t
count_tag(const char *tag)
{
	const struct json_node *paths = json_find(document, "paths");
	size_t count = 0;

	for (size_t i = 0; i < paths->count; i++) {
		const struct json_node *tags =
		    json_find(&paths->items[i].items[0], "tags");

		for (size_t j = 0; tags != NULL && j < tags->count; j++)
			count += slice_is(tags->items[j].string, tag);
	}
	return count;
}

static size_t
count_in(const struct json_node *method, const char *where)
{
	const struct json_node *all = json_find(method, "parameters");
	size_t count = 0;

	for (size_t i = 0; all != NULL && i < all->count; i++)
		count += slice_is(json_find(&all->items[i], "in")->string,
		    where);
	return count;
}

static bool
has_parameter(const struct json_node *method, const char *name)
{
	const struct json_node *all = json_find(method, "parameters");

	for (size_t i = 0; all != NULL && i < all->count; i++)
		if (slice_is(json_find(&all->items[i], "name")->string, name))
			return true;
	return false;
}

static void
paths_of_the_intake_are_those_of_the_code(void **state)
{
	size_t count = 0;

	(void)state;
	while (intake_http_path(count) != NULL)
		path_of(intake_http_path(count++));
	assert_int_equal(count_tag("intake"), count);
}

/* A token is what is needed unless a method says otherwise. */
static bool
is_secured_by(const struct json_node *method, const char *scheme)
{
	const struct json_node *security = json_find(method, "security");

	if (security == NULL)
		return strcmp(scheme, "bearer") == 0;
	for (size_t i = 0; i < security->count; i++)
		if (json_find(&security->items[i], scheme) != NULL)
			return true;
	return false;
}

static void
paths_and_parameters_of_the_console_are_those_of_the_code(void **state)
{
	size_t count;
	const struct console_route *routes = console_routes(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct json_node *method = json_find(path_of(routes[i].path),
		    routes[i].method == HTTP_GET ? "get" : "post");
		size_t known = 0;

		assert_non_null(method);
		for (; routes[i].parameters != NULL &&
		       routes[i].parameters[known] != NULL;
		     known++)
			assert_true(has_parameter(
			    method, routes[i].parameters[known]));
		assert_int_equal(count_in(method, "query"), known);
		/* Who must show a token or a certificate is told so. */
		assert_int_equal(
		    is_secured_by(method, "bearer"), routes[i].auditor);
		assert_int_equal(
		    is_secured_by(method, "certificate"), routes[i].operators);
	}
	assert_int_equal(count_tag("console"), count);
}

static void
what_is_counted_by_is_that_of_the_code(void **state)
{
	const struct json_node *parameters = json_find(
	    json_find(path_of("/v1/stats"), "get"), "parameters");
	const struct json_node *words = json_find(
	    json_find(&parameters->items[1], "schema"), "enum");
	enum stats_by by;

	(void)state;
	assert_int_equal(words->count, STATS_BY_COUNT);
	for (size_t i = 0; i < words->count; i++)
		assert_true(stats_by_find(words->items[i].string, &by));
}

static const struct json_node *
verbs_of(const char *method)
{
	const struct json_node *path = path_of("/v1/orders/");
	const struct json_node *parameters =
	    json_find(json_find(path, method), "parameters");

	return json_find(json_find(&parameters->items[0], "schema"), "enum");
}

static void
check_verbs(const struct json_node *list, const char *(*nth)(size_t n))
{
	size_t count = 0;

	for (; nth(count) != NULL; count++) {
		bool found = false;

		for (size_t i = 0; i < list->count; i++)
			found = found ||
				slice_is(list->items[i].string, nth(count));
		if (!found)
			fail_msg("openapi.json has no order %s", nth(count));
	}
	assert_int_equal(list->count, count);
}

static void
orders_of_operators_are_those_of_the_code(void **state)
{
	(void)state;
	check_verbs(verbs_of("post"), service_console_order);
	check_verbs(verbs_of("get"), console_orders_look);
}

static void
paths_of_rdap_are_those_that_are_read(void **state)
{
	static const char *const asked[] = {"domain/example.jp",
	    "nameserver/ns1.example.jp", "entity/TM1234JP", "ip/192.0.2.0/29",
	    "autnum/64496", "help"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
		const char *slash = strchr(asked[i], '/');
		struct fail fail = FAIL_INIT;
		struct ask ask;

		snprintf(path, sizeof(path), "/%.*s",
		    slash != NULL ? (int)(slash + 1 - asked[i]) : 40, asked[i]);
		path_of(path);
		assert_true(
		    ask_rdap(arena, slice_from(asked[i]), &ask, &fail));
	}
	assert_int_equal(
	    count_tag("rdap"), sizeof(asked) / sizeof(*asked));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_field_stands_in_the_schema_with_its_limits),
	    cmocka_unit_test(the_schema_has_no_field_and_no_role_of_its_own),
	    cmocka_unit_test(words_are_those_of_the_code),
	    cmocka_unit_test(the_example_is_a_submission),
	    cmocka_unit_test(paths_of_the_intake_are_those_of_the_code),
	    cmocka_unit_test(
		paths_and_parameters_of_the_console_are_those_of_the_code),
	    cmocka_unit_test(what_is_counted_by_is_that_of_the_code),
	    cmocka_unit_test(orders_of_operators_are_those_of_the_code),
	    cmocka_unit_test(paths_of_rdap_are_those_that_are_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

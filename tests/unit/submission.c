/* The JSON record: what is read, what is refused and where, what is kept. */
#include "unit/arena_fixture.h"
#include <jansson.h>

#include "base/text.h"
#include "codec/json.h"
#include "codec/submission.h"

static struct submission *
parse(const char *json)
{
	struct fail fail = FAIL_INIT;
	struct submission *s = submission_parse(arena, slice_from(json), &fail);

	if (s == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return s;
}

/* `text` is what the complaint has in it, `place` all of its place. */
static void
refuses(const char *json, const char *place, const char *text)
{
	struct fail fail = FAIL_INIT;

	assert_null(submission_parse(arena, slice_from(json), &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
	assert_string_equal(fail.place, place);
	if (strstr(fail.text, text) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fail.text, text);
	assert_null(strstr(fail.text, "SECRET"));
	assert_null(strstr(fail.hint, "SECRET"));
	assert_null(strstr(fail.place, "SECRET"));
}

#define OBJECT "\"object\":{\"type\":\"domain\",\"name\":\"example.jp\"}"
#define HEAD OBJECT ",\"request\":\"create\""
#define UPDATE OBJECT ",\"request\":\"update\""
#define FIELDS(request, fields)                                                \
	"{" request ",\"roles\":{\"registrant\":{\"fields\":{" fields "}}}}"

static const char full[] =
    "{\"object\":{\"type\":\"domain\",\"name\":\"例え.JP.\"},"
    "\"request\":\"create\",\"plan\":\"fixed-8\",\"subject\":\"cust-1001\","
    "\"to\":[\"jprs\",{\"recipient\":\"pir\",\"purpose\":\"p10\"}],"
    "\"roles\":{\"registrant\":{\"kind\":\"natural\",\"consents\":["
    "{\"purpose\":\"p11\",\"audience\":\"public\",\"given\":true,"
    "\"time\":\"2026-04-01T00:00:00+09:00\",\"version\":\"2\"}],"
    "\"fields\":{\"name\":{\"loc\":\"見本 太郎\",\"int\":\"Mihon Taro\"},"
    "\"street\":{\"loc\":[\"一丁目\",\"二番\"]},"
    "\"email\":\"taro@example.jp\",\"phone\":\"+81.312345678\","
    "\"ns\":[\"ns1.example.jp\"]}},"
    "\"tech\":{\"subject\":\"cust-2\",\"fields\":{}}}}";

static void
reads_all_parts(void **state)
{
	struct submission *s = parse(full);
	struct record *r = s->record;
	struct values v;
	size_t count;
	const struct consent *c;

	(void)state;
	assert_true(slice_is(record_object(r), "xn--r8jz45g.jp"));
	assert_int_equal(record_operation(r), OPERATION_CREATE);
	assert_true(slice_is(record_plan(r), "fixed-8"));
	assert_int_equal(s->to_count, 2);
	assert_true(slice_is(s->to[0].recipient, "jprs"));
	assert_int_equal(s->to[0].purpose.len, 0);
	assert_true(slice_is(s->to[1].purpose, "p10"));
	assert_int_equal(record_kind(r, ROLE_REGISTRANT), KIND_NATURAL);
	assert_int_equal(record_kind(r, ROLE_TECH), KIND_UNKNOWN);
	assert_true(slice_is(record_subject(r, ROLE_REGISTRANT), "cust-1001"));
	assert_true(slice_is(record_subject(r, ROLE_TECH), "cust-2"));
	assert_false(record_has_role(r, ROLE_ADMIN));
	v = record_values(r, ROLE_REGISTRANT, FIELD_STREET_LOC);
	assert_int_equal(v.count, 2);
	assert_true(slice_is(v.items[1], "二番"));
	v = record_values(r, ROLE_REGISTRANT, FIELD_NAME_INT);
	assert_true(slice_is(v.items[0], "Mihon Taro"));
	c = record_consents(r, ROLE_REGISTRANT, &count);
	assert_int_equal(count, 1);
	assert_true(c->given);
	assert_int_equal(c->audience, AUDIENCE_PUBLIC);
	assert_int_equal(c->time, 1774969200);
}

static void
a_role_without_a_subject_gets_the_objects(void **state)
{
	struct submission *s =
	    parse(FIELDS(HEAD, "\"email\":\"a@example.jp\""));

	(void)state;
	assert_true(slice_is(record_subject(s->record, ROLE_REGISTRANT),
	    "object:domain:example.jp/registrant"));
	assert_false(record_subject_given(s->record, ROLE_REGISTRANT));
}

static void
every_object_type_is_read(void **state)
{
	struct submission *s;

	(void)state;
	s = parse("{\"object\":{\"type\":\"network\",\"prefix\":"
		  "\"2001:DB8:0::/48\"},\"request\":\"create\"}");
	assert_true(slice_is(record_object(s->record), "2001:db8::/48"));
	s = parse("{\"object\":{\"type\":\"subscriber\",\"id\":\"S 1\"},"
		  "\"request\":\"delete\"}");
	assert_true(slice_is(record_object(s->record), "S 1"));
	s = parse("{\"object\":{\"type\":\"spam-report\",\"id\":\"7\"},"
		  "\"request\":\"create\"}");
	assert_int_equal(record_type(s->record), OBJECT_SPAM_REPORT);
}

static void
what_is_wrong_is_pointed_at(void **state)
{
	(void)state;
	refuses("{}", "/request", "missing");
	refuses("[]", "", "not an object");
	refuses("{\"request\":\"create\"}", "/object", "missing");
	refuses(
	    "{" OBJECT ",\"request\":\"SECRET\"}", "/request", "not a word");
	refuses("{" OBJECT ",\"request\":\"burn\"}", "/request", "not create");
	refuses("{" HEAD ",\"rolls\":{}}", "/rolls", "number 3");
	refuses("{" HEAD ",\"SECRET\":{}}", "/*", "unknown member");
	refuses("{" HEAD ",\"roles\":{\"owner\":{}}}", "/roles/owner",
	    "unknown role");
	refuses("{" HEAD ",\"roles\":{\"tech\":{\"kind\":\"cat\"}}}",
	    "/roles/tech/kind", "not natural");
	refuses("{" HEAD ",\"roles\":{\"tech\":{\"age\":3}}}",
	    "/roles/tech/age", "unknown member");
	refuses(FIELDS(HEAD, "\"shoe\":\"SECRET\""),
	    "/roles/registrant/fields/shoe", "unknown field");
	refuses(FIELDS(HEAD, "\"name.loc\":\"SECRET\""),
	    "/roles/registrant/fields/*", "unknown field");
	refuses(FIELDS(HEAD, "\"email\":7"), "/roles/registrant/fields/email",
	    "not a string");
	refuses(FIELDS(HEAD, "\"email\":[\"SECRET@example.jp\"]"),
	    "/roles/registrant/fields/email", "one value");
	refuses(FIELDS(HEAD, "\"name\":\"SECRET\""),
	    "/roles/registrant/fields/name", "loc and int");
	refuses(FIELDS(HEAD, "\"name\":{\"lok\":\"SECRET\"}"),
	    "/roles/registrant/fields/name/lok", "unknown member");
	refuses(FIELDS(HEAD, "\"street\":{\"loc\":[\"1\",2]}"),
	    "/roles/registrant/fields/street/loc/1", "not a string");
	refuses(FIELDS(HEAD, "\"street\":{\"loc\":[\"1\",\"2\",\"3\",\"4\"]}"),
	    "/roles/registrant/fields/street/loc/3", "more than 3");
	refuses(FIELDS(HEAD, "\"street\":{\"loc\":[]}"),
	    "/roles/registrant/fields/street/loc", "empty");
	refuses(FIELDS(HEAD, "\"email\":null"),
	    "/roles/registrant/fields/email", "a create has none");
	refuses("{\"object\":{\"type\":\"domain\",\"name\":\"SECRET_.jp\"},"
		"\"request\":\"create\"}",
	    "/object/name", "label 1");
	refuses("{\"object\":{\"type\":\"domain\",\"name\":\"jp\"},"
		"\"request\":\"create\"}",
	    "/object/name", "two labels");
	refuses("{\"object\":{\"type\":\"domain\",\"prefix\":\"x\"},"
		"\"request\":\"create\"}",
	    "/object/prefix", "unknown member");
	refuses("{\"object\":{\"type\":\"network\",\"prefix\":\"192.0.2.1/29\"}"
		",\"request\":\"create\"}",
	    "/object/prefix", "below its length");
	refuses(FIELDS(HEAD, "\"ns\":[\"ns1.example.net\",\"ns1.example.jp\"]"),
	    "/roles/registrant/fields/ns/1", "needs an address");
	refuses("{" HEAD ",\"registration\":{\"status\":[\"ok\",\"SECRET\"]}}",
	    "/registration/status/1", "not a status");
	refuses("{" HEAD ",\"registration\":{\"locks\":[\"SECRET\"]}}",
	    "/registration/locks/0", "not a lock");
	refuses("{" HEAD ",\"to\":[]}", "/to", "1 to 32");
	refuses("{" HEAD ",\"to\":[\"a\",\"a\"]}", "/to/1", "twice");
	refuses("{" HEAD ",\"to\":[{\"purpose\":\"p1\"}]}", "/to/0/recipient",
	    "missing");
	refuses("{" HEAD ",\"roles\":{\"tech\":{\"consents\":[{\"purpose\":"
		"\"p1\",\"audience\":\"public\",\"given\":true,\"time\":"
		"\"SECRET\"}]}}}",
	    "/roles/tech/consents/0/time", "RFC 3339");
	refuses("{" HEAD ",\"roles\":{\"tech\":{\"consents\":[{\"purpose\":"
		"\"p1\",\"audience\":\"public\",\"given\":1,\"time\":"
		"\"2026-01-01T00:00:00Z\"}]}}}",
	    "/roles/tech/consents/0/given", "true or false");
}

static void
bad_json_is_pointed_at(void **state)
{
	(void)state;
	refuses("", "", "line 1");
	refuses("{" HEAD ",\"roles\":{\"tech\":{\"fields\":{\"email\":\"SECRET"
		"\",\"email\":\"b\"}}}}",
	    "/roles/tech/fields/email", "twice");
	refuses("{" HEAD ",\"plan\":\"a\",\"plan\":\"a\"}", "/plan", "twice");
	refuses("{" HEAD ",\"to\":[\"a\",{\"recipient\":\"b\",\n\"recipient\":"
		"\"c\"}]}",
	    "/to/1/recipient", "line 2");
	refuses("{" HEAD ",\"to\":[\"a\", SECRET]}", "/to/1", "not JSON");
	refuses("{" HEAD ",\"plan\":\"SECRET\\u0000\"}", "/plan", "NUL");
	refuses("{" HEAD ",\"plan\":\"\xff\"}", "/plan", "UTF-8");
	refuses("{" HEAD ",\"plan\":1.5}", "/plan", "not an integer");
	refuses("{" HEAD "} x", "", "after the end");
	refuses("{" HEAD ",\"plan\":", "/plan", "too early");
	refuses("{\"a\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}", "",
	    "deeper than 16");
}

static void
too_large_is_refused(void **state)
{
	struct fail fail = FAIL_INIT;
	size_t len = (1 << 20) + 1;
	char *big = arena_take(arena, len);

	(void)state;
	memset(big, ' ', len);
	assert_null(submission_parse(arena, (struct slice){big, len}, &fail));
	assert_non_null(strstr(fail.text, "more than 1048576"));
}

static void
same_bytes_twice(const char *json)
{
	struct slice first = submission_print(arena, parse(json)->record);
	struct slice again = submission_print(arena, parse(first.data)->record);

	assert_string_equal(first.data, again.data);
}

static void
a_printed_record_is_read_as_the_same(void **state)
{
	(void)state;
	same_bytes_twice(full);
	same_bytes_twice(FIELDS(UPDATE,
	    "\"email\":null,\"name\":null,"
	    "\"street\":{\"loc\":null,\"int\":\"1 \\\"A\\\\\"}"));
	same_bytes_twice("{" UPDATE ",\"subject\":\"x\",\"roles\":{\"admin\":"
			 "null,\"tech\":{\"fields\":null}}}");
	same_bytes_twice("{" HEAD "}");
	same_bytes_twice("{" OBJECT ",\"request\":\"transfer\",\"roles\":"
			 "{\"tech\":{\"fields\":{\"email\":null}}}}");
}

static void
removals_survive_printing(void **state)
{
	struct submission *s = parse(FIELDS(UPDATE, "\"email\":null"));

	(void)state;
	s = parse(submission_print(arena, s->record).data);
	assert_true(record_removed(s->record, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_false(record_removed(s->record, ROLE_REGISTRANT, FIELD_PHONE));
	s = parse("{" UPDATE ",\"roles\":{\"admin\":null}}");
	s = parse(submission_print(arena, s->record).data);
	assert_true(record_role_removed(s->record, ROLE_ADMIN));
	assert_true(record_removed(s->record, ROLE_ADMIN, FIELD_PHONE));
}

/* --- memory that runs out ------------------------------------------------- */

struct refusal {
	unsigned left;
};

static void *
take(void *context, size_t size)
{
	struct refusal *refusal = context;

	if (refusal->left == 0)
		return NULL;
	refusal->left--;
	return malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static void
every_failing_allocation_is_reported(void **state)
{
	struct refusal refusal;
	struct memory memory = {take, give, &refusal};
	bool ok = false;

	(void)state;
	for (unsigned n = 0; !ok; n++) {
		struct fail fail = FAIL_INIT;
		struct arena *small;
		struct submission *s;

		assert_true(n < 1000);
		refusal.left = n;
		small = arena_create(&memory);
		if (small == NULL)
			continue;
		s = submission_parse(small, slice_from(full), &fail);
		assert_true(s != NULL || fail.kind == FAIL_MEMORY);
		ok = s != NULL && submission_print(small, s->record).data;
		arena_destroy(small);
	}
}

static unsigned jansson_left;

static void *
jansson_take(size_t size)
{
	return take(
	    &(struct refusal){jansson_left > 0 ? jansson_left-- : 0}, size);
}

static void
a_failing_allocation_of_jansson_is_survived(void **state)
{
	struct submission *s = NULL;

	(void)state;
	json_set_alloc_funcs(jansson_take, free);
	for (unsigned n = 0; s == NULL; n++) {
		struct fail fail = FAIL_INIT;

		assert_true(n < 1000);
		jansson_left = n;
		s = submission_parse(arena, slice_from(full), &fail);
		assert_true(s != NULL || fail.kind != FAIL_NONE);
	}
	json_set_alloc_funcs(malloc, free);
	json_start(7);
	assert_non_null(submission_parse(arena, slice_from(full), NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_all_parts),
	    cmocka_unit_test(a_role_without_a_subject_gets_the_objects),
	    cmocka_unit_test(every_object_type_is_read),
	    cmocka_unit_test(what_is_wrong_is_pointed_at),
	    cmocka_unit_test(bad_json_is_pointed_at),
	    cmocka_unit_test(too_large_is_refused),
	    cmocka_unit_test(a_printed_record_is_read_as_the_same),
	    cmocka_unit_test(removals_survive_printing),
	    cmocka_unit_test(every_failing_allocation_is_reported),
	    cmocka_unit_test(a_failing_allocation_of_jansson_is_survived),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

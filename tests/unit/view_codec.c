/* From a disclosure to the public view's bytes, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "codec/view.h"
#include "core/decide.h"
#include "core/policy.h"

static const char policy[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p11 \"publish\"\n"
    "recipient self \"ours\" public via self basis contract {\n"
    "  may receive name, email, country, postcode of registrant\n"
    "  may receive ns of subscriber\n"
    "}\n"
    "for .example to self for p11 {\n"
    "  forward country of registrant\n"
    "  generalise postcode to first 3 of registrant\n"
    "  forward ns of subscriber\n"
    "  redact * of *\n"
    "}\n";

static const struct disclosure *
disclose(struct arena *arena, const uint64_t *limit)
{
	const struct registration registration = {
	    .created = 1000000000, .roid = SLICE("D1-EXAMPLE")};
	const struct slice name = SLICE("Taro Canary"), country = SLICE("JP"),
			   server = SLICE("ns1.dns.example"),
			   postcode = SLICE("514-0000");
	struct decide_given given = {.approved = false};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(policy)},
	    NULL, NULL, 0, &diagnostics, &fail);
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("taro.example"), &fail);

	assert_non_null(ruleset);
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_NAME_INT, &name, 1, &fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_COUNTRY, &country, 1, &fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_POSTCODE, &postcode, 1, &fail));
	assert_true(
	    record_set(record, ROLE_SUBSCRIBER, FIELD_NS, &server, 1, &fail));
	assert_true(record_set_registration(record, &registration, &fail));
	if (limit != NULL)
		assert_true(record_set_limit(record, limit, &fail));
	return decide(
	    ruleset, ruleset_block(ruleset, 0), record, &given, arena, &fail);
}

static void
what_passed_and_what_did_not_come_back(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice bytes = view_encode(disclose(arena, NULL), arena, &fail);
	struct view_row row;
	const struct publication_role *registrant;

	(void)state;
	assert_null(memmem(bytes.data, bytes.len, "Canary", 6));
	assert_true(view_decode(bytes, arena, &row, &fail));
	assert_true(slice_is(row.it.name, "taro.example"));
	assert_int_equal(row.it.created, 1000000000);
	assert_int_equal(row.it.roid.state, PUBLISHED);
	registrant = &row.it.roles[ROLE_REGISTRANT];
	assert_int_equal(registrant->items[FIELD_NAME_INT].state, REDACTED);
	assert_int_equal(registrant->items[FIELD_COUNTRY].state, PUBLISHED);
	assert_int_equal(registrant->items[FIELD_COUNTRY].altered, UNALTERED);
	assert_int_equal(registrant->items[FIELD_POSTCODE].state, PUBLISHED);
	assert_int_equal(registrant->items[FIELD_POSTCODE].altered, GENERALISED);
	assert_int_equal(registrant->items[FIELD_PHONE].state, NOT_COLLECTED);
	assert_int_equal(row.it.ns.state, PUBLISHED);
	assert_true(slice_is(row.it.ns.values.items[0], "ns1.dns.example"));
	arena_destroy(arena);
}

/* What may not be true is told neither as a value nor as not collected. */
static void
what_is_withheld_comes_back_as_that(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	uint64_t limit[ROLE_COUNT];
	struct view_row row;
	const struct publication_item *items;

	(void)state;
	memset(limit, 0xff, sizeof(limit));
	limit[ROLE_REGISTRANT] &=
	    ~((uint64_t)1 << FIELD_COUNTRY | (uint64_t)1 << FIELD_PHONE);
	assert_true(
	    view_decode(view_encode(disclose(arena, limit), arena, &fail),
		arena, &row, &fail));
	items = row.it.roles[ROLE_REGISTRANT].items;
	assert_int_equal(items[FIELD_COUNTRY].state, REDACTED);
	assert_true(items[FIELD_COUNTRY].withheld);
	assert_int_equal(items[FIELD_NAME_INT].state, REDACTED);
	assert_false(items[FIELD_NAME_INT].withheld);
	assert_int_equal(items[FIELD_PHONE].state, NOT_COLLECTED);
	arena_destroy(arena);
}

static void
bytes_that_nobody_wrote_are_refused(void **state)
{
	static const char *const wrong[] = {"", "{}", "{\"v\":1}",
	    "{\"name\":\"a\",\"operation\":\"create\",\"roles\":{},"
	    "\"type\":\"domain\",\"v\":2}",
	    "{\"name\":\"a\",\"operation\":\"create\",\"roles\":{\"king\":{}},"
	    "\"type\":\"domain\",\"v\":1}",
	    "{\"name\":\"a\",\"operation\":\"create\",\"roles\":{\"tech\":"
	    "{\"name.int\":[]}},\"type\":\"domain\",\"v\":1}",
	    "{\"name\":\"a\",\"operation\":\"create\",\"roles\":{\"tech\":"
	    "{\"name.int\":[1]}},\"type\":\"domain\",\"v\":1}",
	    "{\"name\":\"a\",\"operation\":\"create\",\"roles\":{\"tech\":"
	    "{\"name.int\":[3,\"T\"]}},\"type\":\"domain\",\"v\":1}"};
	struct arena *arena = arena_create(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct fail fail = FAIL_INIT;
		struct view_row row;

		assert_false(
		    view_decode(slice_from(wrong[i]), arena, &row, &fail));
		assert_int_equal(fail.kind, FAIL_WORLD);
	}
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_passed_and_what_did_not_come_back),
	    cmocka_unit_test(what_is_withheld_comes_back_as_that),
	    cmocka_unit_test(bytes_that_nobody_wrote_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

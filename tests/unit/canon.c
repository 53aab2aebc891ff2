/* Reading canonical JSON member by member, as readers of the ledger do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/canon.h"

static void
assert_member(const char *text, const char *name, const char *expected)
{
	struct slice value;

	assert_true(canon_member(slice_from(text), name, &value));
	assert_int_equal(value.len, strlen(expected));
	assert_memory_equal(value.data, expected, value.len);
}

static void
a_quote_that_is_escaped_does_not_end_a_string(void **state)
{
	(void)state;
	assert_member("{\"a\":\"x\\\",\\\"b\\\":1\",\"b\":2}", "b", "2");
	assert_member("{\"a\":[\"\\\"]\"],\"b\":2}", "b", "2");
}

static void
a_backslash_that_is_escaped_does_not_escape_the_quote(void **state)
{
	(void)state;
	assert_member("{\"a\":\"x\\\\\",\"b\":2}", "b", "2");
	assert_member("{\"a\":\"\\\\\\\\\\\"\",\"b\":{}}", "b", "{}");
}

static void
marks_in_strings_are_text(void **state)
{
	(void)state;
	assert_member(
	    "{\"a\":{\"c\":\"}],{[\"},\"b\":[1,[2]]}", "b", "[1,[2]]");
	assert_member("{\"a\":\"\",\"b\":\"\"}", "b", "\"\"");
}

static void
what_has_no_end_is_no_value(void **state)
{
	static const char *const cut[] = {"{\"a\":\"x", "{\"a\":\"x\\\"",
	    "{\"a\":{\"b\":1", "{\"a\":[\"]", "{\"a", "{\"", "{"};
	struct slice value;

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(*cut); i++)
		assert_false(canon_member(slice_from(cut[i]), "a", &value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_quote_that_is_escaped_does_not_end_a_string),
	    cmocka_unit_test(
		a_backslash_that_is_escaped_does_not_escape_the_quote),
	    cmocka_unit_test(marks_in_strings_are_text),
	    cmocka_unit_test(what_has_no_end_is_no_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

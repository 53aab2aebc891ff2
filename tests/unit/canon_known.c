/* Values known again: what differs in commitments only, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/canon.h"
#include "core/canon_known.h"

#define A "178CEKQ/X98BMkNI8QNwb/X85of4Tpjx5Ne0+o+TmPE="
#define B "ynvxZ7hopDFYbINupIyMLPTrTMg+Gm237u0GKQR6S9Q="
#define C "f+sY2duUGCtYJAL7KWmFAJ05pB+ImvxzRi92VzerVbc="

/* The number of the value at the start of a text; it ends where it says. */
static uint64_t
number_of(struct canon_known *known, const char *value, const char *behind)
{
	struct slice text, rest, found;
	uint64_t number = 99;
	char joined[8192];

	snprintf(joined, sizeof(joined), "%s%s", value, behind);
	text = rest = slice_from(joined);
	assert_true(canon_known_take(known, &rest, &found, &number));
	assert_ptr_equal(found.data, text.data);
	assert_int_equal(found.len, strlen(value));
	assert_ptr_equal(rest.data, text.data + found.len);
	assert_int_equal(rest.len, text.len - found.len);
	return number;
}

static struct canon_known known;

static int
forget(void **state)
{
	(void)state;
	memset(&known, 0, sizeof(known));
	return 0;
}

static void
only_commitments_may_differ(void **state)
{
	uint64_t first = number_of(&known,
	    "{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" A
	    "\"],\"org\":[\"forward\",1,\"" B "\"]}}",
	    ",\"object\":1}");

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_equal(first,
	    number_of(&known,
		"{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" C
		"\"],\"org\":[\"forward\",1,\"" A "\"]}}",
		"}"));
	/* Another rule, another verdict, another field, none, one more. */
	assert_int_not_equal(first,
	    number_of(&known,
		"{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" A
		"\"],\"org\":[\"forward\",3,\"" B "\"]}}",
		""));
	assert_int_not_equal(first,
	    number_of(&known,
		"{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" A
		"\"],\"org\":[\"replace\",1,\"" B "\"]}}",
		""));
	assert_int_not_equal(first,
	    number_of(&known,
		"{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" A
		"\"],\"org\":[\"forward\",1]}}",
		""));
	assert_int_not_equal(first,
	    number_of(&known,
		"{\"c\":{\"fax\":[\"redact\",2],\"name\":[\"forward\",1,\"" A
		"\"],\"org\":[\"forward\",1,\"" B "\"]},\"d\":{}}",
		""));
}

/* What looks like the same but for a string that ends earlier or later. */
static void
a_string_that_ends_elsewhere_is_another(void **state)
{
	const char *quote = "\",1,\"X98BMkNI8QNwb/X85of4Tpjx5Ne0+o+TmPExx";
	char value[256];
	uint64_t first = number_of(&known, "[\"forward\",\"" A "\"]", "");

	(void)state;
	assert_int_equal(strlen(quote), 42);
	snprintf(value, sizeof(value), "[\"forward\",\"1%s=\"]", quote);
	assert_int_not_equal(first, number_of(&known, value, ""));
	snprintf(value, sizeof(value), "[\"forward\",\"%.43s\\\"]\"]", A);
	assert_int_not_equal(first, number_of(&known, value, ""));
}

static void
what_has_no_brackets_is_not_known_by_its_beginning(void **state)
{
	(void)state;
	assert_int_equal(number_of(&known, "12", ",1"), 0);
	assert_int_equal(number_of(&known, "123", ",1"), 0);
	assert_int_equal(number_of(&known, "\"a\"", ""), 0);
}

static void
what_is_too_long_is_passed_as_ever(void **state)
{
	static char value[CANON_KNOWN_TEXT + 64];
	size_t len = 0;

	(void)state;
	value[len++] = '[';
	while (len < CANON_KNOWN_TEXT)
		value[len++] = '1';
	memcpy(value + len, ",2]", 4);
	assert_int_equal(number_of(&known, value, ""), 0);
	assert_int_equal(number_of(&known, value, "]"), 0);
}

static void
many_commitments_are_known_and_more_are_passed_as_ever(void **state)
{
	static const size_t counts[] = {4, CANON_KNOWN_HOLES + 1};
	static char value[8192];

	(void)state;
	for (size_t c = 0; c < 2; c++) {
		size_t len = 0;

		for (size_t i = 0; i < counts[c]; i++)
			len +=
			    (size_t)snprintf(value + len, sizeof(value) - len,
				"%c\"" A "\"", i == 0 ? '[' : ',');
		snprintf(value + len, sizeof(value) - len, "]");
		assert_int_equal(number_of(&known, value, "") != 0, c == 0);
	}
}

/* Whatever stands there, it ends where canon_take_value() says. */
static void
damaged_values_end_where_they_do(void **state)
{
	static const char whole[] =
	    "{\"c\":{\"name\":[\"forward\",1,\"" A "\"],"
	    "\"org\":[\"forward\",1,\"" B "\"]}},\"object\":{}}";
	static const char put[] = "\"\\[]{},:=1a";
	char text[sizeof(whole)];
	uint32_t seed = 7;

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct slice rest, plain, found, expected;
		uint64_t number;
		bool ok;

		memcpy(text, whole, sizeof(text));
		for (unsigned k = i % 3; k != 0; k--) {
			seed = seed * 1664525 + 1013904223;
			text[1 + (seed >> 8) % (sizeof(text) - 2)] =
			    put[seed >> 24 & 7];
		}
		rest = plain = slice_from(text);
		ok = canon_take_value(&plain, &expected);
		assert_int_equal(
		    ok, canon_known_take(&known, &rest, &found, &number));
		if (ok)
			assert_int_equal(found.len, expected.len);
	}
}

static void
the_oldest_goes_and_comes_again_under_another_number(void **state)
{
	uint64_t numbers[CANON_KNOWN + 1];
	char value[64];

	(void)state;
	for (unsigned i = 0; i <= CANON_KNOWN; i++) {
		snprintf(value, sizeof(value), "[%u]", i);
		numbers[i] = number_of(&known, value, "");
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(numbers[i], numbers[k]);
		/* This one is asked for again and again, and stays. */
		assert_int_equal(numbers[0], number_of(&known, "[0]", ""));
	}
	assert_int_equal(numbers[2], number_of(&known, "[2]", ""));
	assert_int_equal(
	    number_of(&known, "[1]", ""), numbers[CANON_KNOWN] + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(only_commitments_may_differ, forget),
	    cmocka_unit_test_setup(
		a_string_that_ends_elsewhere_is_another, forget),
	    cmocka_unit_test_setup(
		what_has_no_brackets_is_not_known_by_its_beginning, forget),
	    cmocka_unit_test_setup(what_is_too_long_is_passed_as_ever, forget),
	    cmocka_unit_test_setup(
		many_commitments_are_known_and_more_are_passed_as_ever, forget),
	    cmocka_unit_test_setup(damaged_values_end_where_they_do, forget),
	    cmocka_unit_test_setup(
		the_oldest_goes_and_comes_again_under_another_number, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

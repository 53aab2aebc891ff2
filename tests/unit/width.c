/* Columns that text takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/width.h"

static void
wide_characters_take_two_columns(void **state)
{
	(void)state;
	assert_int_equal(width_of(SLICE("[Registrant]")), 12);
	assert_int_equal(width_of(SLICE("[登録者名]")), 10);
	assert_int_equal(width_of(SLICE("ｱｲｳ")), 3);
	assert_int_equal(width_of(SLICE("")), 0);
}

static void
marks_and_controls_take_none(void **state)
{
	(void)state;
	assert_int_equal(width_of(SLICE("e\u0301")), 1);
	assert_int_equal(width_of(SLICE("a\tb\x7f")), 2);
}

static void
what_is_not_utf8_takes_a_column_a_byte(void **state)
{
	(void)state;
	assert_int_equal(width_of(SLICE("\xff\xfe")), 2);
}

static void
a_cut_never_halves_a_character(void **state)
{
	struct slice cut = width_cut(SLICE("東京都"), 5);

	(void)state;
	assert_int_equal(cut.len, strlen("東京"));
	assert_int_equal(width_cut(SLICE("abc"), 9).len, 3);
	assert_int_equal(width_cut(SLICE("東"), 1).len, 0);
}

static void
padding_counts_columns_from_where_it_starts(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);

	(void)state;
	text_add_string(&text, "x");
	text_add_string(&text, "名");
	width_pad(&text, 1, 4);
	assert_true(slice_is(text_slice(&text), "x名  "));
	width_pad(&text, 1, 2);
	assert_true(slice_is(text_slice(&text), "x名  "));
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wide_characters_take_two_columns),
	    cmocka_unit_test(marks_and_controls_take_none),
	    cmocka_unit_test(what_is_not_utf8_takes_a_column_a_byte),
	    cmocka_unit_test(a_cut_never_halves_a_character),
	    cmocka_unit_test(padding_counts_columns_from_where_it_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

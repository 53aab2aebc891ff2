/* ISO-2022-JP: what can be said in it, and what stands for the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "net/jis.h"

static struct arena *arena;
static struct jis *to;

static int
setup(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	to = jis_open();
	return arena == NULL || to == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	jis_close(to);
	return 0;
}

static struct slice
jis(struct slice from)
{
	struct text text = text_start(arena);

	jis_add(&text, to, from);
	return text_slice(&text);
}

static void
each_line_begins_and_ends_in_ascii(void **state)
{
	(void)state;
	assert_true(slice_is(jis(SLICE("[TEL] 03\n")), "[TEL] 03\n"));
	assert_true(slice_is(jis(SLICE("b. [氏名]\n例")),
	    "b. [\x1b$B;aL>\x1b(B]\n\x1b$BNc\x1b(B"));
	/* One call leaves nothing behind for the next. */
	assert_true(slice_is(jis(SLICE("x")), "x"));
}

static void
what_it_has_not_is_nearly_there_or_a_mark(void **state)
{
	struct slice got;

	(void)state;
	got = jis(SLICE("髙\xf0\x9f\x8d\xa3x"));
	assert_true(slice_is(got, "\x1b$B\".\".\x1b(Bx"));
	got = jis(SLICE("é"));
	assert_true(slice_is(got, "e") || slice_equal(got, jis(SLICE("〓"))));
}

/* Kana of half width, each mark with its letter. */
static void
half_width_becomes_full(void **state)
{
	(void)state;
	assert_true(slice_equal(jis(SLICE("ｱｲｳ｡ｶﾞﾊﾟﾊﾞｳﾞｱﾞｯﾞﾝﾟﾀﾞa")),
	    jis(SLICE("アイウ。ガパバヴア゛ッ゛ン゜ダa"))));
	assert_true(slice_equal(
	    jis(SLICE("髙島屋①﨑ｱｲｳ")), jis(SLICE("〓島屋(1)〓アイウ"))));
}

static void
much_is_converted_whole(void **state)
{
	struct text text = text_start(arena);
	struct slice got;

	(void)state;
	for (unsigned i = 0; i < 5000; i++)
		text_add_string(&text, i % 7 == 0 ? "あa\n" : "あ");
	got = jis(text_slice(&text));
	for (size_t i = 0; i < got.len; i++)
		assert_true((unsigned char)got.data[i] < 0x80);
	assert_int_equal(memcmp(got.data + got.len - 3, "\x1b(B", 3), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_line_begins_and_ends_in_ascii),
	    cmocka_unit_test(what_it_has_not_is_nearly_there_or_a_mark),
	    cmocka_unit_test(half_width_becomes_full),
	    cmocka_unit_test(much_is_converted_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

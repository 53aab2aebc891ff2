/* When two values of a field say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/fold.h"
#include "core/audit_key.h"

static bool
is_same(enum field field, const char *a, const char *b)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice left, right;
	bool same;

	assert_true(audit_key(arena, field, slice_from(a), &left, &fail));
	assert_true(audit_key(arena, field, slice_from(b), &right, &fail));
	same = slice_equal(left, right);
	arena_destroy(arena);
	return same;
}

static void
what_says_the_same_is_the_same(void **state)
{
	static const struct {
		enum field field;
		const char *a, *b;
	} same[] = {
	    {FIELD_PHONE, "+81.312345678", "03-1234-5678"},
	    {FIELD_PHONE, "+81.312345678", "+81-3-1234-5678"},
	    {FIELD_PHONE, "+81.312345678", "+81 (0)3 1234 5678"},
	    {FIELD_PHONE, "+81.312345678", "＋８１．３１２３４５６７８"},
	    {FIELD_PHONE, "+81.312345678", "81312345678"},
	    {FIELD_PHONE, "+1.6502530000", "16502530000"},
	    {FIELD_PHONE, "+1.6502530000", "+1.650.253.0000 ext. 12"},
	    {FIELD_POSTCODE, "100-0001", "〒１００－０００１"},
	    {FIELD_POSTCODE, "SW1A 1AA", "sw1a1aa"},
	    {FIELD_EMAIL, "Taro@Mail.Example", "taro@mail.example"},
	    {FIELD_EMAIL, "a@例え.example", "a@xn--r8jz45g.example"},
	    {FIELD_NS, "NS1.DNS.EXAMPLE.", "ns1.dns.example 192.0.2.53"},
	    {FIELD_DS, "63574 8 2 ( ABCD EF01 )", "63574 8 2 abcdef01"},
	    {FIELD_NAME_INT, "Kakuu, Hanako", "Hanako KAKUU"},
	    {FIELD_NAME_LOC, "架空　花子", "架空花子"},
	    {FIELD_NAME_LOC, "ｶﾌﾞｼｷｶﾞｲｼｬ Ａ", "カブシキガイシャa"},
	    {FIELD_ORG_INT, "Example Co., Ltd.", "EXAMPLE CO LTD"},
	    {FIELD_STREET_LOC, "１ー２ー３", "1-2-3"},
	    {FIELD_STREET_LOC, "1−2‐3", "1-2-3"},
	    {FIELD_STREET_LOC, "1〜3階", "１～３階"},
	    {FIELD_COUNTRY, "JP", "jp"},
	    {FIELD_CITY_INT, "São Paulo", "Sa\xcc\x83o Paulo"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++)
		if (!is_same(same[i].field, same[i].a, same[i].b))
			fail_msg("%s is not %s", same[i].a, same[i].b);
}

static void
what_says_another_thing_is_another(void **state)
{
	static const struct {
		enum field field;
		const char *a, *b;
	} other[] = {
	    {FIELD_PHONE, "+81.312345678", "+81.312345679"},
	    {FIELD_PHONE, "+1.312345678", "0312345678"},
	    {FIELD_POSTCODE, "100-0001", "100-0002"},
	    {FIELD_EMAIL, "taro@mail.example", "taro@mail2.example"},
	    {FIELD_NS, "ns1.dns.example", "ns2.dns.example"},
	    {FIELD_DS, "1 8 2 AA", "1 8 2 AB"},
	    {FIELD_DS, "11 8 2 AA", "1 18 2 AA"},
	    {FIELD_NAME_INT, "Hanako Kakuu", "Taro Kakuu"},
	    {FIELD_NAME_LOC, "架空花子", "架空太郎"},
	    {FIELD_STREET_LOC, "1-23", "12-3"},
	    {FIELD_NAME_LOC, "サーバー", "サーバ"},
	    {FIELD_NAME_INT, "", "x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++)
		if (is_same(other[i].field, other[i].a, other[i].b))
			fail_msg("%s is %s", other[i].a, other[i].b);
}

static void
folding_twice_is_folding_once(void **state)
{
	static const char *const texts[] = {"", "ABC", "Ａｂｃ", "ﾊﾟﾋﾟﾌﾟ", "ǅ",
	    "İ", "ﬃ", "\xff\xfe", "が", "か\xe3\x82\x99"};
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct slice once, twice;

		assert_true(
		    fold_text(arena, slice_from(texts[i]), &once, &fail));
		assert_true(fold_text(arena, once, &twice, &fail));
		assert_true(slice_equal(once, twice));
	}
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_says_the_same_is_the_same),
	    cmocka_unit_test(what_says_another_thing_is_another),
	    cmocka_unit_test(folding_twice_is_folding_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The search of canaries finds each encoding, and nothing that is not there. */
#include "unit/arena_fixture.h"
#include <iconv.h>

#include "base/text.h"
#include "codec/submission.h"
#include "runner/canary.h"
#include "runner/random_record.h"

#define TARO "カナリア太郎&\"x\""

static const struct slice values[] = {
    {"qwzzkpv", 7}, {TARO, sizeof(TARO) - 1}, {"JP", 2}};

static void
found(struct slice bytes, size_t value, const char *how)
{
	struct canary_found hit;

	if (!canary_find(bytes, values, 3, &hit))
		fail_msg("not found: %s", how);
	assert_int_equal(hit.value, value);
	if (strstr(hit.how, how) == NULL)
		fail_msg("found as %s, not %s", hit.how, how);
}

static void
found_text(const char *text, size_t value, const char *how)
{
	found(slice_from(text), value, how);
}

static void
absent(struct slice bytes)
{
	struct canary_found hit;

	if (canary_find(bytes, values, 3, &hit))
		fail_msg("found as %s", hit.how);
}

static void
plain_values_are_found_in_any_case(void **state)
{
	(void)state;
	found_text("x qwzzkpv y", 0, "utf-8");
	found_text("QWZZKPV", 0, "utf-8");
	found_text("<" TARO ">", 1, "utf-8");
	found_text("qwz\r\n  zkpv", 0, "space");
	found(SLICE("\0qwzzkpv"), 0, "utf-8");
}

static void
what_is_not_there_is_not_found(void **state)
{
	(void)state;
	absent(SLICE(""));
	absent(SLICE("country JP"));
	absent(SLICE("qwzzkp-v.qwzzkp"));
	absent(
	    SLICE("カナリア花子 %E3%82 =E3 &#12459; \\u30ab \\u \\ & &# = %"));
}

static void
base64_is_found_at_every_alignment(void **state)
{
	(void)state;
	for (int lead = 0; lead < 6; lead++) {
		struct text text = text_start(arena);
		char inner[64];

		snprintf(inner, sizeof(inner), "%.*s%s!", lead, "abcdef", TARO);
		text_add_string(&text, "data:");
		text_add_base64(&text, inner, strlen(inner));
		found(text_slice(&text), 1, "base64");
	}
	found_text(
	    "Content: base64\r\n\r\ncXd6\r\nemtw\r\ndg==\r\n", 0, "base64");
	found_text("a=xcXd6emtwdg", 0, "base64");
}

static void
mail_encodings_are_found(void **state)
{
	(void)state;
	found_text("q=77zz=\r\nkpv", 0, "quoted-printable");
	found_text("=E3=82=AB=E3=83=8A=E3=83=AA=E3=82=A2=E5=A4=AA=E9=83=8E"
		   "=26=22x=22",
	    1, "quoted-printable");
	found_text("=?utf-8?B?44Kr44OK44Oq44Ki5aSq6YOOJiJ4Ig==?=", 1, "base64");
	found_text("=?iso-2022-jp?B?GyRCJSslSiVqJSJCQE86GyhCJiJ4Ig==?=", 1,
	    "iso-2022-jp");
}

static void
web_encodings_are_found(void **state)
{
	(void)state;
	found_text("q=%71wzz%6bpv", 0, "percent");
	found_text("%E3%82%AB%e3%83%8a%E3%83%AA%E3%82%A2%E5%A4%AA%E9%83%8E"
		   "%26%22x%22",
	    1, "percent");
	found_text("<a>カナリア太郎&amp;&quot;x&#34;</a>", 1, "xml");
	found_text("&#x71;wzzkpv", 0, "xml");
	found_text("\"\\u0071wzzkpv\"", 0, "json");
	found_text("\"\\u30ab\\u30CA\\u30ea\\u30a2\\u592a\\u90ce&\\\"x\\\"\"",
	    1, "json");
	found_text("71777a7a6b7076", 0, "hex");
	found_text("x=a71777A7A6B7076", 0, "hex");
}

static struct slice
convert(const char *charset, const char *from)
{
	iconv_t conversion = iconv_open(charset, "utf-8");
	char *in = (char *)(uintptr_t)from, *start, *out;
	size_t left = strlen(from), room = 256;

	start = out = arena_take(arena, room);
	assert_true(conversion != (iconv_t)-1);
	assert_int_equal(iconv(conversion, &in, &left, &out, &room), 0);
	assert_int_equal(iconv(conversion, NULL, NULL, &out, &room), 0);
	iconv_close(conversion);
	return (struct slice){start, 256 - room};
}

static void
other_charsets_are_found(void **state)
{
	(void)state;
	found(convert("utf-16le", "x" TARO), 1, "utf-16le");
	found(convert("utf-16be", "x" TARO), 1, "utf-16be");
	found(convert("shift_jis", "x" TARO), 1, "shift_jis");
	found(convert("euc-jp", "x" TARO), 1, "euc-jp");
	/* Right after other Japanese text, no escape stands before it. */
	found(convert("iso-2022-jp", "名前" TARO), 1, "iso-2022-jp");
}

static void
one_encoding_in_another_is_found(void **state)
{
	struct text text = text_start(arena);
	struct slice jis = convert("iso-2022-jp", TARO);

	(void)state;
	text_add_base64(&text, jis.data, jis.len);
	found(text_slice(&text), 1, "base64 > iso-2022-jp");
	found_text("&amp;#x71;wzzkpv", 0, "xml > xml");
	found_text("\\u0047yRCJSslSiVqJSJCQE86GyhCJiJ4Ig==", 1,
	    "json > base64 > iso-2022-jp");
}

/* --- random records ------------------------------------------------------- */

static void
the_same_bytes_give_the_same_record(void **state)
{
	struct random a = random_from(SLICE("seed\x07\x91"));
	struct random b = random_from(SLICE("seed\x07\x91"));
	struct slice x, y;

	(void)state;
	x = submission_print(arena, random_record(&a, arena, NULL));
	y = submission_print(arena, random_record(&b, arena, NULL));
	assert_string_equal(x.data, y.data);
	y = submission_print(arena, random_record(&b, arena, NULL));
	assert_string_not_equal(x.data, y.data);
}

/* All canaries of a record, and the count of them. */
static size_t
canaries(const struct record *record, struct slice *out)
{
	size_t count = 0;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			struct values v =
			    record_values(record, (enum role)r, (enum field)f);
			for (size_t i = 0; i < v.count; i++)
				if (random_is_canary((enum field)f))
					out[count++] = v.items[i];
		}
	return count;
}

static void
every_value_of_a_random_record_is_one_of_a_kind(void **state)
{
	struct slice *all = arena_take_array(arena, 4096, sizeof(*all));

	(void)state;
	for (char seed = 0; seed < 20; seed++) {
		struct random random = random_from((struct slice){&seed, 1});
		struct record *record = random_record(&random, arena, NULL);
		size_t count = canaries(record, all);

		for (size_t i = 0; i < count; i++) {
			assert_true(all[i].len >= CANARY_MIN);
			for (size_t k = 0; k < count; k++)
				assert_true(
				    k == i ||
				    memmem(all[k].data, all[k].len, all[i].data,
					all[i].len) == NULL);
		}
	}
}

static void
a_random_record_survives_the_vault(void **state)
{
	(void)state;
	for (char seed = 0; seed < 50; seed++) {
		struct random random = random_from((struct slice){&seed, 1});
		struct record *record = random_record(&random, arena, NULL);
		struct slice first = submission_print(arena, record);
		struct fail fail = FAIL_INIT;
		struct submission *back = submission_parse(arena, first, &fail);

		if (back == NULL)
			fail_msg("%s: %s", fail.place, fail.text);
		assert_string_equal(
		    submission_print(arena, back->record).data, first.data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plain_values_are_found_in_any_case),
	    cmocka_unit_test(what_is_not_there_is_not_found),
	    cmocka_unit_test(base64_is_found_at_every_alignment),
	    cmocka_unit_test(mail_encodings_are_found),
	    cmocka_unit_test(web_encodings_are_found),
	    cmocka_unit_test(other_charsets_are_found),
	    cmocka_unit_test(one_encoding_in_another_is_found),
	    cmocka_unit_test(the_same_bytes_give_the_same_record),
	    cmocka_unit_test(every_value_of_a_random_record_is_one_of_a_kind),
	    cmocka_unit_test(a_random_record_survives_the_vault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

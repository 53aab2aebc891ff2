/* Canonical values: what is accepted, what it becomes, what is refused. */
#include "unit/arena_fixture.h"

#include "core/country.h"
#include "core/value.h"

static void
becomes(enum field field, const char *value, const char *wanted)
{
	struct fail fail = FAIL_INIT;
	struct slice out, again;

	if (!value_canonical(arena, field, slice_from(value), &out, &fail))
		fail_msg("%s: %s", value, fail.text);
	assert_string_equal(out.data, wanted);
	assert_true(value_canonical(arena, field, out, &again, &fail));
	assert_string_equal(again.data, wanted);
}

static void
refuses_slice(enum field field, struct slice value, const char *text)
{
	struct fail fail = FAIL_INIT;
	struct slice out;

	if (value_canonical(arena, field, value, &out, &fail))
		fail_msg("%.*s was accepted", SLICE_ARG(value));
	assert_int_equal(fail.kind, FAIL_INPUT);
	if (strstr(fail.text, text) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fail.text, text);
	/* Any value of six bytes or more must not stand in the story. */
	if (value.len > 5 && strlen(value.data) == value.len) {
		assert_null(strstr(fail.text, value.data));
		assert_null(strstr(fail.hint, value.data));
	}
	assert_string_equal(fail.hint, "");
}

static void
refuses(enum field field, const char *value, const char *text)
{
	refuses_slice(field, slice_from(value), text);
}

static void
text_is_kept_as_it_is(void **state)
{
	(void)state;
	becomes(FIELD_NAME_LOC, "見本 太郎", "見本 太郎");
	becomes(FIELD_NAME_INT, "Mihon Taro", "Mihon Taro");
	becomes(FIELD_STREET_LOC, "１丁目２番", "１丁目２番");
	becomes(FIELD_SPAM_BODY, "a\r\nb\tc\n", "a\r\nb\tc\n");
}

static void
hidden_characters_are_refused(void **state)
{
	(void)state;
	refuses(FIELD_NAME_LOC, "a\nb", "control");
	refuses(FIELD_NAME_LOC, "a\x7f", "control");
	refuses(FIELD_NAME_LOC, "a\xc2\x85", "control");
	refuses(FIELD_NAME_LOC,
	    "a\xe2\x80\xae"
	    "b",
	    "control");
	refuses(FIELD_NAME_LOC,
	    "a\xe2\x81\xa6"
	    "b",
	    "control");
	refuses(FIELD_NAME_LOC,
	    "a\xe2\x80\xa8"
	    "b",
	    "control");
	refuses(FIELD_NAME_LOC,
	    "\xef\xbb\xbf"
	    "b",
	    "control");
	refuses(FIELD_SPAM_BODY, "a\rb", "control");
	refuses_slice(FIELD_SPAM_BODY, SLICE("a\0b"), "control");
}

static void
bad_utf8_and_wrong_lengths_are_refused(void **state)
{
	char long_name[257];

	(void)state;
	memset(long_name, 'a', 256);
	long_name[256] = '\0';
	refuses(FIELD_NAME_LOC, "\xc0\xaf", "UTF-8");
	refuses(FIELD_NAME_LOC, "\xed\xa0\x80", "UTF-8");
	refuses(FIELD_NAME_LOC, "", "empty");
	refuses(FIELD_NAME_LOC, long_name, "longer than 255");
}

/* RFC 5733 counts characters, and so does JSON Schema. */
static void
lengths_are_characters(void **state)
{
	char name[256 * 3 + 1] = "";

	(void)state;
	for (unsigned i = 0; i < 255; i++)
		memcpy(name + 3 * i, "東", 3);
	becomes(FIELD_STREET_LOC, name, name);
	memcpy(name + 3 * 255, "東", 4);
	refuses(FIELD_STREET_LOC, name, "longer than 255 characters");
}

static void
ascii_forms_take_only_ascii(void **state)
{
	(void)state;
	refuses(FIELD_NAME_INT, "Mihon Tarō", "not ASCII");
	refuses(FIELD_NAME_INT, "Ｍｉｈｏｎ", "not ASCII");
	becomes(FIELD_NETNAME, "EXAMPLE-NET", "EXAMPLE-NET");
}

static void
postcodes_and_digits_lose_their_width(void **state)
{
	(void)state;
	becomes(FIELD_POSTCODE, "１００－０００１", "100-0001");
	becomes(FIELD_POSTCODE, "100ー0001", "100-0001");
	becomes(FIELD_POSTCODE, "SW1A 1AA", "SW1A 1AA");
	refuses(FIELD_POSTCODE, "〒100-0001", "not ASCII");
	refuses(FIELD_POSTCODE, "100-0001-0001-0001", "longer than 16");
	becomes(FIELD_BILLING_AMOUNT, "１２３４", "1234");
	refuses(FIELD_BILLING_AMOUNT, "1,234", "digits");
}

static void
countries_are_assigned_codes_in_upper_case(void **state)
{
	(void)state;
	becomes(FIELD_COUNTRY, "jp", "JP");
	becomes(FIELD_COUNTRY, "ｊＰ", "JP");
	becomes(FIELD_COUNTRY, "DE", "DE");
	refuses(FIELD_COUNTRY, "UK", "ISO 3166-1");
	refuses(FIELD_COUNTRY, "JPN", "ISO 3166-1");
	refuses(FIELD_COUNTRY, "J", "ISO 3166-1");
	refuses(FIELD_COUNTRY, "D ", "ISO 3166-1");
	assert_false(country_exists(SLICE("D ")));
}

static void
phones_become_epp_numbers(void **state)
{
	(void)state;
	becomes(FIELD_PHONE, "+81.312345678", "+81.312345678");
	becomes(FIELD_PHONE, "+81 3-1234-5678", "+81.312345678");
	becomes(FIELD_PHONE, "+81 (0)3-1234-5678", "+81.312345678");
	becomes(FIELD_PHONE, "+81.0312345678", "+81.312345678");
	becomes(FIELD_PHONE, "03-1234-5678", "+81.312345678");
	becomes(FIELD_PHONE, "(03) 1234-5678", "+81.312345678");
	becomes(FIELD_PHONE, "０３－１２３４－５６７８", "+81.312345678");
	becomes(FIELD_PHONE, "090-1234-5678", "+81.9012345678");
	becomes(FIELD_IP_PHONE, "050 1234 5678", "+81.5012345678");
	becomes(FIELD_PHONE, "+1 202-555-0123", "+1.2025550123");
	becomes(FIELD_PHONE, "+1.2025550123", "+1.2025550123");
	becomes(FIELD_PHONE, "+44 (0)20 7946 0000", "+44.2079460000");
	becomes(FIELD_PHONE, "+358 9 5550123", "+358.95550123");
	becomes(FIELD_FAX, "+39 06 5550123", "+39.065550123");
}

static void
what_is_no_phone_is_refused(void **state)
{
	(void)state;
	refuses(FIELD_PHONE, "12345678", "Japanese");
	refuses(FIELD_PHONE, "0312345", "Japanese");
	refuses(FIELD_PHONE, "001-1-2025550123", "Japanese");
	refuses(FIELD_PHONE, "+81", "country code");
	refuses(FIELD_PHONE, "+012345678", "country code");
	refuses(FIELD_PHONE, "+81.00312345678", "Japan");
	refuses(FIELD_PHONE, "+81.3x12345678", "separators");
	refuses(FIELD_PHONE, "+81.31234567812345", "digits");
	refuses(FIELD_PHONE, "+", "country code");
	refuses(FIELD_PHONE, "---", "Japanese");
	refuses(FIELD_PHONE, "3+1234567", "separators");
}

static void
addresses_of_mail_are_kept(void **state)
{
	(void)state;
	becomes(
	    FIELD_EMAIL, "Taro.Mihon+x@example.jp", "Taro.Mihon+x@example.jp");
	becomes(FIELD_EMAIL, "taro@例え.jp", "taro@例え.jp");
	refuses(FIELD_EMAIL, "taro.example.jp", "no @");
	refuses(FIELD_EMAIL, "@example.jp", "1 to 64");
	refuses(FIELD_EMAIL, "taro@@example.jp", "label 1");
	refuses(FIELD_EMAIL, "taro@example", "one label");
	refuses(FIELD_EMAIL, "taro@", "empty");
	refuses(FIELD_EMAIL, ".taro@example.jp", "dot-string");
	refuses(FIELD_EMAIL, "ta..ro@example.jp", "dot-string");
	refuses(FIELD_EMAIL, "taro.@example.jp", "dot");
	refuses(FIELD_EMAIL, "\"t r\"@example.jp", "dot-string");
	refuses(FIELD_EMAIL, "taro@[192.0.2.1]", "label 1");
	refuses(FIELD_EMAIL, "見本@example.jp", "dot-string");
	refuses(FIELD_EMAIL, "<taro@example.jp>", "dot-string");
}

static void
names_and_prefixes_become_canonical(void **state)
{
	(void)state;
	becomes(FIELD_DOMAIN, "例え.JP", "xn--r8jz45g.jp");
	becomes(FIELD_NS, "NS1.Example.JP 2001:DB8::1 192.0.2.1",
	    "ns1.example.jp 192.0.2.1 2001:db8::1");
	becomes(FIELD_IP_NETWORK, "192.0.2.0/29", "192.0.2.0/29");
	refuses(FIELD_IP_NETWORK, "192.0.2.3/29", "below its length");
	refuses(FIELD_DS, "1 2 3", "DS");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_is_kept_as_it_is),
	    cmocka_unit_test(hidden_characters_are_refused),
	    cmocka_unit_test(bad_utf8_and_wrong_lengths_are_refused),
	    cmocka_unit_test(lengths_are_characters),
	    cmocka_unit_test(ascii_forms_take_only_ascii),
	    cmocka_unit_test(postcodes_and_digits_lose_their_width),
	    cmocka_unit_test(countries_are_assigned_codes_in_upper_case),
	    cmocka_unit_test(phones_become_epp_numbers),
	    cmocka_unit_test(what_is_no_phone_is_refused),
	    cmocka_unit_test(addresses_of_mail_are_kept),
	    cmocka_unit_test(names_and_prefixes_become_canonical),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

/* Texts: what is written, how it is escaped, and what is read back. */
#include "unit/arena_fixture.h"

#include "base/text.h"

static void
pieces_are_joined_however_many(void **state)
{
	struct text text = text_start(arena);
	struct slice all;

	(void)state;
	for (int i = 0; i < 10000; i++)
		text_add_format(&text, "%04d", i);
	all = text_slice(&text);
	assert_int_equal(all.len, 40000);
	assert_memory_equal(all.data + 4 * 1234, "1234", 4);
	assert_int_equal(all.data[all.len], '\0');
	text_add_char(&text, '!');
	assert_int_equal(text_slice(&text).len, 40001);
}

static void
an_empty_text_is_an_empty_string(void **state)
{
	struct text text = text_start(arena);

	(void)state;
	text_add(&text, (struct slice){NULL, 0});
	assert_string_equal(text_slice(&text).data, "");
}

static void
numbers_reach_both_ends(void **state)
{
	struct text text = text_start(arena);

	(void)state;
	text_add_number(&text, INT64_MIN);
	text_add_char(&text, ' ');
	text_add_number(&text, INT64_MAX);
	text_add_char(&text, ' ');
	text_add_number(&text, 0);
	text_add_number(&text, -7);
	assert_string_equal(text_slice(&text).data,
	    "-9223372036854775808 9223372036854775807 0-7");
}

/* On both sides of each power of ten. */
static void
numbers_have_all_their_digits(void **state)
{
	(void)state;
	for (int64_t power = 1; power <= INT64_MAX / 10; power *= 10)
		for (int64_t number = power - 1; number <= power; number++) {
			struct text text = text_start(arena);
			char expected[24];

			snprintf(expected, sizeof(expected), "%lld",
			    (long long)number);
			text_add_number(&text, number);
			assert_string_equal(text_slice(&text).data, expected);
		}
}

/* Wherever it stands: eight bytes are looked at together. */
static void
each_byte_is_escaped_at_each_place(void **state)
{
	char plain[20], expected[32];

	(void)state;
	for (size_t at = 0; at < sizeof(plain); at++)
		for (int byte = 0x1f; byte < 256; byte++) {
			struct text text = text_start(arena);
			bool escaped = byte == '"' || byte == '\\';
			int n;

			memset(plain, 'a', sizeof(plain));
			plain[at] = (char)byte;
			n = snprintf(expected, sizeof(expected), "%.*s%s%.*s",
			    (int)at, plain,
			    byte == 0x1f  ? "\\u001f"
				: escaped ? "\\"
					  : "",
			    (int)(sizeof(plain) - at - (byte == 0x1f)),
			    plain + at + (byte == 0x1f));
			text_add_json_escaped(
			    &text, (struct slice){plain, sizeof(plain)});
			assert_int_equal(text_slice(&text).len, n);
			assert_memory_equal(text_slice(&text).data, expected,
			    (size_t)n);
		}
}

static void
json_is_escaped_as_rfc_8785_says(void **state)
{
	struct text text = text_start(arena);

	(void)state;
	text_add_json(&text, SLICE("\b\t\n\f\r\"\\/\x01\x1f\x7f é日𠮷\0"));
	assert_string_equal(text_slice(&text).data,
	    "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\x7f é日𠮷\\u0000\"");
}

static void
base64_is_that_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct text text = text_start(arena);
		struct slice back;

		text_add_base64(&text, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(text_slice(&text).data, pairs[i][1]);
		assert_true(
		    text_base64_decode(arena, slice_from(pairs[i][1]), &back));
		assert_true(slice_is(back, pairs[i][0]));
	}
}

/* Every letter in every place, at every length. */
static void
base64_is_read_back_however_long(void **state)
{
	unsigned char bytes[48];
	struct slice back;

	(void)state;
	for (unsigned first = 0; first < 256; first++)
		for (size_t len = 0; len <= sizeof(bytes); len++) {
			struct text text = text_start(arena);

			for (size_t i = 0; i < len; i++)
				bytes[i] = (unsigned char)(first + i * 67);
			text_add_base64(&text, bytes, len);
			assert_true(text_base64_decode(
			    arena, text_slice(&text), &back));
			assert_int_equal(back.len, len);
			assert_memory_equal(back.data, bytes, len);
			arena_reset(arena);
		}
}

static void
base64_that_is_not_strict_is_refused(void **state)
{
	static const char *const bad[] = {"Z", "Zg",
	    "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm 9", "Zm9v\n",
	    "Zm-_", "=Zm9"};
	struct slice out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (text_base64_decode(arena, slice_from(bad[i]), &out))
			fail_msg("%s was decoded", bad[i]);
	assert_false(text_base64_decode(arena, SLICE("Zm9\0"), &out));
}

static void
hex_is_lower_case_and_of_one_length(void **state)
{
	struct text text = text_start(arena);
	uint8_t bytes[3] = {0};

	(void)state;
	text_add_hex(&text, "\x00\x9f\xff", 3);
	assert_string_equal(text_slice(&text).data, "009fff");
	assert_true(text_hex_decode(SLICE("009fff"), bytes, 3));
	assert_memory_equal(bytes, "\x00\x9f\xff", 3);
	assert_false(text_hex_decode(SLICE("009FFF"), bytes, 3));
	assert_false(text_hex_decode(SLICE("009ff"), bytes, 3));
	assert_false(text_hex_decode(SLICE("009fff00"), bytes, 3));
	assert_false(text_hex_decode(SLICE("009ff\0"), bytes, 3));
}

/* Every byte, at every place of what is written at once. */
static void
hex_is_the_same_however_long(void **state)
{
	uint8_t bytes[256 + 7];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 3);
	for (size_t at = 0; at < 7; at++) {
		struct text text = text_start(arena);
		struct slice written;

		text_add_hex(&text, bytes + at, 256 - at);
		written = text_slice(&text);
		assert_int_equal(written.len, 2 * (256 - at));
		for (size_t i = 0; i < 256 - at; i++) {
			char pair[3];

			snprintf(pair, sizeof(pair), "%02x", bytes[at + i]);
			assert_memory_equal(written.data + 2 * i, pair, 2);
		}
	}
}

/* A bad byte is found behind any number of good ones, short words and all. */
static void
utf8_is_looked_at_to_the_end(void **state)
{
	char text[40];

	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		memset(text, 'a', sizeof(text));
		assert_true(text_is_utf8((struct slice){text, len}));
		for (size_t at = 0; at < len; at++) {
			text[at] = '\x80';
			assert_false(text_is_utf8((struct slice){text, len}));
			text[at] = 'a';
		}
	}
}

static void
utf8_is_well_formed_or_refused(void **state)
{
	static const char *const good[] = {"", "a", "\x7f", "\xc2\x80",
	    "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
	    "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80",
	    "\xc1\xbf", "\xc2",
	    ("\xc2"
	     "a"),
	    "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
	    "\xe3\x81", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xe3\x81", "\xf0\x90\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(text_is_utf8(slice_from(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(text_is_utf8(slice_from(bad[i])));
}

static void
hidden_characters_are_not_plain(void **state)
{
	static const char *const hidden[] = {"a\n", "\x1b[0m", "\x7f",
	    "\xc2\x80", "\xc2\x9b", "\xe2\x80\x8f", "\xe2\x80\xa8",
	    "x\xe2\x80\xae", "\xe2\x81\xa9", "\xef\xbb\xbf", "\xef\xbf\xbf",
	    "\xf0\x9f\xbf\xbe"};

	(void)state;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
		assert_false(text_is_plain(slice_from(hidden[i])));
	assert_true(text_is_plain(SLICE("a é 日本\u3000語 𠮷 \u00a0~")));
	assert_true(text_is_plain(SLICE("")));
}

static void *
refuse(void *context, size_t size)
{
	unsigned *left = context;

	return *left > 0 ? --*left, malloc(size) : NULL;
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static void
a_failure_sticks(void **state)
{
	unsigned left = 2;
	struct memory memory = {refuse, give, &left};
	struct arena *small = arena_create(&memory);
	struct text text = text_start(small);
	char big[30000];

	(void)state;
	memset(big, 'x', sizeof(big));
	text_add_string(&text, "before");
	text_add(&text, (struct slice){big, sizeof(big)});
	text_add_string(&text, "after");
	assert_null(text_slice(&text).data);
	arena_destroy(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_are_joined_however_many),
	    cmocka_unit_test(an_empty_text_is_an_empty_string),
	    cmocka_unit_test(numbers_reach_both_ends),
	    cmocka_unit_test(numbers_have_all_their_digits),
	    cmocka_unit_test(each_byte_is_escaped_at_each_place),
	    cmocka_unit_test(json_is_escaped_as_rfc_8785_says),
	    cmocka_unit_test(base64_is_that_of_rfc_4648),
	    cmocka_unit_test(base64_is_read_back_however_long),
	    cmocka_unit_test(base64_that_is_not_strict_is_refused),
	    cmocka_unit_test(hex_is_lower_case_and_of_one_length),
	    cmocka_unit_test(hex_is_the_same_however_long),
	    cmocka_unit_test(utf8_is_looked_at_to_the_end),
	    cmocka_unit_test(utf8_is_well_formed_or_refused),
	    cmocka_unit_test(hidden_characters_are_not_plain),
	    cmocka_unit_test(a_failure_sticks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

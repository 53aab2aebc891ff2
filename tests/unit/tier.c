/* Tokens and the line on which they are asked about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/tier.h"

#define TOKEN64                                                                \
	"abababababababababababababababababababababababababababababababab"

static bool
has_token(const char *header, const char *token)
{
	struct slice found;

	return tier_find_token(slice_from(header), &found) &&
	       slice_is(found, token);
}

static void
a_token_is_found_behind_its_scheme_alone(void **state)
{
	struct slice token;
	char longest[8 + TIER_TOKEN_MAX + 1];

	(void)state;
	assert_true(has_token("Bearer abc", "abc"));
	assert_true(has_token("bearer a-._~+/b==", "a-._~+/b=="));
	assert_false(has_token("Bearer ", ""));
	assert_false(has_token("Bearer =", "="));
	assert_false(has_token("Bearer  abc", "abc"));
	assert_false(has_token("Bearer abc ", "abc"));
	assert_false(has_token("Bearer a=b", "a=b"));
	assert_false(has_token("Basic abc", "abc"));
	assert_false(has_token("", ""));
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "Bearer ", 7);
	assert_true(tier_find_token(
	    (struct slice){longest, 7 + TIER_TOKEN_MAX}, &token));
	assert_false(tier_find_token(
	    (struct slice){longest, 8 + TIER_TOKEN_MAX}, &token));
}

static bool
is_question(const char *text)
{
	struct tier_question question;

	return tier_read_question(slice_from(text), &question);
}

static void
a_question_is_read_in_one_spelling_alone(void **state)
{
	struct tier_question q;

	(void)state;
	assert_true(tier_read_question(
	    SLICE("7 " TOKEN64 " network 192.0.2.1/32 192.0.2.0/24"), &q));
	assert_int_equal(q.number, 7);
	assert_int_equal(q.network.bits, 24);
	assert_int_equal(q.token.bytes[0], 0xab);
	assert_true(is_question("7 " TOKEN64 " domain 192.0.2.1/32 a.jp"));
	assert_false(is_question("07 " TOKEN64 " domain 192.0.2.1/32 a.jp"));
	assert_false(is_question("7 " TOKEN64 " contact 192.0.2.1/32 a.jp"));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1 a.jp"));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1/32 a b"));
	assert_true(tier_read_question(
	    SLICE("7 " TOKEN64 " domain 192.0.2.1/32 a.jp AB-1"), &q));
	assert_true(slice_is(q.object, "a.jp"));
	assert_true(slice_is(q.handle, "AB-1"));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1/32 a.jp A B"));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1/32 a.jp "));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1/32  AB-1"));
	assert_false(is_question("7 " TOKEN64 " domain 192.0.2.1/32 "));
	assert_false(is_question("7 " TOKEN64 " network 192.0.2.1/32 a.jp"));
	assert_false(is_question("7 abab domain 192.0.2.1/32 a.jp"));
}

static void
only_what_is_told_has_bytes(void **state)
{
	struct tier_answer answer;

	(void)state;
	assert_true(tier_read_answer(SLICE("7 told 12\n{}"), &answer));
	assert_int_equal(answer.entry, 12);
	assert_true(slice_is(answer.bytes, "{}"));
	assert_false(tier_read_answer(SLICE("7 told 12\n"), &answer));
	assert_false(tier_read_answer(SLICE("7 told 12"), &answer));
	assert_false(tier_read_answer(SLICE("7 told\n{}"), &answer));
	assert_true(tier_read_answer(SLICE("7 expired"), &answer));
	assert_int_equal(answer.result, TIER_EXPIRED);
	assert_false(tier_read_answer(SLICE("7 expired\n{}"), &answer));
	assert_false(tier_read_answer(SLICE("7 expired\n"), &answer));
	assert_false(tier_read_answer(SLICE("7 nonsense"), &answer));
}

/* The ledger's outcome is one of these, and nothing else ends an answer. */
static void
an_end_is_one_of_three_words(void **state)
{
	struct tier_end end;

	(void)state;
	assert_true(tier_read_end(SLICE("7 sent"), &end));
	assert_int_equal(end.left, TIER_LEFT_ALL);
	assert_true(tier_read_end(SLICE("7 not-sent"), &end));
	assert_int_equal(end.left, TIER_LEFT_NONE);
	assert_true(tier_read_end(SLICE("7 unknown"), &end));
	assert_int_equal(end.left, TIER_LEFT_PART);
	assert_int_equal(end.number, 7);
	assert_false(tier_read_end(SLICE("7 "), &end));
	assert_false(tier_read_end(SLICE("7 answered"), &end));
}

/* What a requester reads names what to do, in both languages. */
static void
every_refusal_is_worded_twice(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TIER_RESULTS; i++) {
		const struct tier_wording *wording =
		    tier_wording((enum tier_result)i);

		assert_true(wording->status >= 200 && wording->status < 600);
		if (i == TIER_TOLD)
			continue;
		assert_true(strlen(wording->english) > 20);
		assert_true(text_is_utf8(slice_from(wording->japanese)));
		assert_true((unsigned char)wording->japanese[0] >= 0xe3);
		/* RFC 6750 section 3: what needs a token says which. */
		assert_int_equal(wording->error[0] != '\0',
		    wording->status == 401 || wording->status == 403);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_token_is_found_behind_its_scheme_alone),
	    cmocka_unit_test(a_question_is_read_in_one_spelling_alone),
	    cmocka_unit_test(only_what_is_told_has_bytes),
	    cmocka_unit_test(an_end_is_one_of_three_words),
	    cmocka_unit_test(every_refusal_is_worded_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

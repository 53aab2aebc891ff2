/* What the public asked, from the publisher to the keeper's metrics. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/tally.h"

static void
what_is_told_is_added(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena), metrics = text_start(arena);
	struct tally some = {.counts = {{1, 2}, {[TALLY_FAILED] = 7}}};
	struct tally sum = {.counts = {{10}}};

	(void)state;
	tally_write(&text, &some);
	assert_true(slice_is(text_slice(&text), "1 2 0 0 0 0 0 0 0 7"));
	assert_true(tally_add(&sum, text_slice(&text)));
	assert_true(tally_add(&sum, text_slice(&text)));
	assert_int_equal(sum.counts[TALLY_WHOIS][TALLY_TOLD], 12);
	assert_int_equal(sum.counts[TALLY_RDAP][TALLY_FAILED], 14);
	tally_metrics(&metrics, &sum);
	assert_non_null(strstr(text_slice(&metrics).data,
	    "misu_publish_questions_total{protocol=\"whois\",result=\"none\"}"
	    " 4\n"));
	arena_destroy(arena);
}

static void
what_is_no_message_adds_nothing(void **state)
{
	static const char *const bad[] = {"", "1", "1 2 3 4 5 6 7 8 9",
	    "1 2 3 4 5 6 7 8 9 10 11", "1 2 3 4 5 6 7 8 9 x",
	    "1  2 3 4 5 6 7 8 9 10", "-1 2 3 4 5 6 7 8 9 10",
	    "1 2 3 4 5 6 7 8 9 10\n", "99999999999 2 3 4 5 6 7 8 9 10"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct tally sum = {.counts = {{0}}};

		assert_false(tally_add(&sum, slice_from(bad[i])));
		assert_int_equal(sum.counts[0][0], 0);
	}
}

static void
statuses_have_their_place(void **state)
{
	(void)state;
	assert_int_equal(tally_of_status(204), TALLY_TOLD);
	assert_int_equal(tally_of_status(404), TALLY_NONE);
	assert_int_equal(tally_of_status(429), TALLY_LIMITED);
	assert_int_equal(tally_of_status(400), TALLY_REFUSED);
	assert_int_equal(tally_of_status(501), TALLY_REFUSED);
	assert_int_equal(tally_of_status(503), TALLY_FAILED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_told_is_added),
	    cmocka_unit_test(what_is_no_message_adds_nothing),
	    cmocka_unit_test(statuses_have_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

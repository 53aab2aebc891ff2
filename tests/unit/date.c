/* Times of RFC 3339: what is read, what is refused, what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/date.h"

static void
is_time(const char *text, int64_t wanted)
{
	struct fail fail = FAIL_INIT;
	int64_t time = 0;

	if (!date_parse(slice_from(text), &time, &fail))
		fail_msg("%s: %s", text, fail.text);
	if (time != wanted)
		fail_msg("%s: %lld", text, (long long)time);
}

static void
no_time(const char *text, const char *story)
{
	struct fail fail = FAIL_INIT;
	int64_t time;

	if (date_parse(slice_from(text), &time, &fail))
		fail_msg("%s was accepted", text);
	assert_non_null(strstr(fail.text, story));
}

static void
times_count_from_1970(void **state)
{
	(void)state;
	is_time("1970-01-01T00:00:00Z", 0);
	is_time("1969-12-31T23:59:59Z", -1);
	is_time("2026-04-01T00:00:00+09:00", 1774969200);
	is_time("2026-03-31T15:00:00Z", 1774969200);
	is_time("2026-03-31t15:00:00.999999z", 1774969200);
	is_time("2026-03-31T10:30:00-04:30", 1774969200);
	is_time("2026-03-31T15:00:00-00:00", 1774969200);
	is_time("2000-02-29T12:00:00Z", 951825600);
	is_time("0000-01-01T00:00:00Z", DATE_MIN);
	is_time("9999-12-31T23:59:59Z", DATE_MAX);
}

static void
leap_seconds_stand_where_they_can(void **state)
{
	(void)state;
	is_time("2016-12-31T23:59:60Z", 1483228800);
	is_time("2017-01-01T08:59:60+09:00", 1483228800);
	is_time("2015-06-30T23:59:60.5Z", 1435708800);
	no_time("2016-12-31T23:58:60Z", "leap second");
	no_time("2016-12-30T23:59:60Z", "leap second");
	no_time("2016-03-31T23:59:60Z", "leap second");
	no_time("2016-12-31T23:59:60+09:00", "leap second");
	no_time("2016-12-31T23:59:61Z", "no such");
}

static void
days_that_are_not_are_refused(void **state)
{
	(void)state;
	no_time("2026-02-29T00:00:00Z", "no such");
	no_time("1900-02-29T00:00:00Z", "no such");
	no_time("2026-04-31T00:00:00Z", "no such");
	no_time("2026-13-01T00:00:00Z", "no such");
	no_time("2026-00-01T00:00:00Z", "no such");
	no_time("2026-01-00T00:00:00Z", "no such");
	no_time("2026-01-01T24:00:00Z", "no such");
	no_time("2026-01-01T00:60:00Z", "no such");
	no_time("0000-01-01T00:00:00+00:01", "out of years");
	no_time("9999-12-31T23:59:59-00:01", "out of years");
}

static void
other_texts_are_refused(void **state)
{
	static const char *const texts[] = {"", "2026-01-01",
	    "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
	    "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ",
	    "2026-01-01T00:00:00+0900", "2026-01-01T00:00:00+24:00",
	    "2026-01-01T00:00:00+09:60", "2026-1-01T00:00:00Z",
	    "+026-01-01T00:00:00Z", "2026-01-01T00:00:0Z",
	    "2026/01/01T00:00:00Z", " 2026-01-01T00:00:00Z"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		no_time(texts[i], "RFC 3339");
}

static void
prints_as(int64_t time, int offset, const char *wanted)
{
	char text[DATE_SIZE];

	assert_int_equal(date_print(time, offset, text), strlen(wanted));
	assert_string_equal(text, wanted);
}

static void
times_are_printed_with_their_offset(void **state)
{
	(void)state;
	prints_as(0, 0, "1970-01-01T00:00:00Z");
	prints_as(1774969200, 540, "2026-04-01T00:00:00+09:00");
	prints_as(1774969200, -270, "2026-03-31T10:30:00-04:30");
	prints_as(DATE_MIN, 0, "0000-01-01T00:00:00Z");
	prints_as(DATE_MAX, 0, "9999-12-31T23:59:59Z");
	prints_as(DATE_MAX, 540, "9999-12-31T23:59:59+09:00");
	prints_as(INT64_MAX, 540, "9999-12-31T23:59:59+09:00");
	prints_as(INT64_MIN, -1, "0000-01-01T00:00:00-00:01");
}

/* Every day of four centuries, so that no rule of leap years is missed. */
static void
every_day_is_read_as_it_was_printed(void **state)
{
	int weekday = 6; /* 1600-01-01 was a Saturday */

	(void)state;
	for (int64_t day = -135140; day < -135140 + 146097; day++) {
		struct date d = date_split(day * 86400 + 43200, 0);
		char text[DATE_SIZE];
		int64_t back;

		date_print(day * 86400 + 43200, 0, text);
		assert_true(date_parse(slice_from(text), &back, NULL));
		assert_int_equal(back, day * 86400 + 43200);
		assert_int_equal(date_days(d.year, d.month, d.day), day);
		assert_int_equal(d.weekday, weekday);
		weekday = (weekday + 1) % 7;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(times_count_from_1970),
	    cmocka_unit_test(leap_seconds_stand_where_they_can),
	    cmocka_unit_test(days_that_are_not_are_refused),
	    cmocka_unit_test(other_texts_are_refused),
	    cmocka_unit_test(times_are_printed_with_their_offset),
	    cmocka_unit_test(every_day_is_read_as_it_was_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

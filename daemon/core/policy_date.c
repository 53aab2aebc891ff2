#include "core/policy_date.h"

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t
days_from(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	    1 - 719468;
}

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in(int year, int month)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* `len` digits at `at`, or -1. */
static int
digits(struct slice text, size_t at, size_t len)
{
	int value = 0;

	for (size_t i = at; i < at + len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		value = value * 10 + text.data[i] - '0';
	}
	return value;
}

/* "Z", or "+09:00": its seconds; false if neither. */
static bool
parse_offset(struct slice text, int64_t *out)
{
	int hours, minutes;

	*out = 0;
	if (slice_is(text, "Z"))
		return true;
	if (text.len != 6 || (text.data[0] != '+' && text.data[0] != '-') ||
	    text.data[3] != ':')
		return false;
	hours = digits(text, 1, 2);
	minutes = digits(text, 4, 2);
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*out = (hours * 60 + minutes) * 60;
	if (text.data[0] == '-')
		*out = -*out;
	return true;
}

bool
policy_date_parse(struct slice text, int64_t *out)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	int year, month, day, hour, minute, second;
	int64_t offset;

	*out = 0;
	if (text.len < sizeof(shape))
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? digits(text, i, 1) < 0
				    : text.data[i] != shape[i])
			return false;
	year = digits(text, 0, 4);
	month = digits(text, 5, 2);
	day = digits(text, 8, 2);
	hour = digits(text, 11, 2);
	minute = digits(text, 14, 2);
	second = digits(text, 17, 2);
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month) || hour > 23 || minute > 59 ||
	    second > 59)
		return false;
	text.data += sizeof(shape) - 1;
	text.len -= sizeof(shape) - 1;
	if (!parse_offset(text, &offset))
		return false;
	*out = days_from(year, month, day) * 86400 + hour * 3600 +
	    minute * 60 + second - offset;
	return true;
}

void
policy_date_print(struct text *out, int64_t time)
{
	int64_t days = time / 86400, rest = time % 86400;
	int year = 1970, month = 1;

	if (rest < 0) {
		days--;
		rest += 86400;
	}
	year = (int)(1970 + days / 366);
	while (days_from(year + 1, 1, 1) <= days)
		year++;
	while (month < 12 && days_from(year, month + 1, 1) <= days)
		month++;
	text_add_format(out, "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month,
	    (int)(days - days_from(year, month, 1)) + 1, (int)(rest / 3600),
	    (int)(rest / 60 % 60), (int)(rest % 60));
}

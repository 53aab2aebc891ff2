#include "base/date.h"

enum { DAY = 86400 };

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

bool
date_is_day(int year, int month, int day)
{
	static const int days[12] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1)
		return false;
	return day <= days[month - 1] + (month == 2 && is_leap(year));
}

/* Years are counted from March, so that the leap day is the last of one. */
int64_t
date_days(int year, int month, int day)
{
	int64_t y = year - (month <= 2) + 400;
	int64_t era = y / 400, of_era = y % 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468 - 146097;
}

static bool
digits(struct slice text, size_t at, size_t count, int *out)
{
	*out = 0;
	if (text.len < at + count)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		*out = *out * 10 + (text.data[i] - '0');
	}
	return true;
}

static bool
mark(struct slice text, size_t at, const char *any)
{
	return at < text.len && text.data[at] != '\0' &&
	       strchr(any, text.data[at]) != NULL;
}

static bool
read_offset(struct slice text, size_t at, int *minutes)
{
	int hour, minute;

	*minutes = 0;
	if (mark(text, at, "Zz"))
		return text.len == at + 1;
	if (!mark(text, at, "+-") || !digits(text, at + 1, 2, &hour) ||
	    !mark(text, at + 3, ":") || !digits(text, at + 4, 2, &minute) ||
	    text.len != at + 6 || hour > 23 || minute > 59)
		return false;
	*minutes = hour * 60 + minute;
	if (text.data[at] == '-')
		*minutes = -*minutes;
	return true;
}

static bool
read_parts(struct slice text, struct date *date, int *offset)
{
	size_t at = 19;

	if (!digits(text, 0, 4, &date->year) || !mark(text, 4, "-") ||
	    !digits(text, 5, 2, &date->month) || !mark(text, 7, "-") ||
	    !digits(text, 8, 2, &date->day) || !mark(text, 10, "Tt") ||
	    !digits(text, 11, 2, &date->hour) || !mark(text, 13, ":") ||
	    !digits(text, 14, 2, &date->minute) || !mark(text, 16, ":") ||
	    !digits(text, 17, 2, &date->second))
		return false;
	if (mark(text, at, ".")) {
		size_t start = ++at;
		while (mark(text, at, "0123456789"))
			at++;
		if (at == start)
			return false;
	}
	return read_offset(text, at, offset);
}

/* Is the second after this one the start of a July or a January, in UTC? */
static bool
may_leap(int64_t next)
{
	struct date date = date_split(next, 0);

	return date.day == 1 && (date.month == 1 || date.month == 7) &&
	       next % DAY == 0;
}

bool
date_parse(struct slice text, int64_t *out, struct fail *fail)
{
	struct date date = {0};
	int offset;
	int64_t time;

	if (!read_parts(text, &date, &offset))
		return fail_set(
		    fail, FAIL_INPUT, "not a time of RFC 3339 with its offset");
	if (!date_is_day(date.year, date.month, date.day) || date.hour > 23 ||
	    date.minute > 59 || date.second > 60)
		return fail_set(
		    fail, FAIL_INPUT, "there is no such day or time of day");
	time = date_days(date.year, date.month, date.day) * DAY +
	       date.hour * 3600 + date.minute * 60 + date.second - offset * 60;
	if (time < DATE_MIN || time > DATE_MAX)
		return fail_set(
		    fail, FAIL_INPUT, "the time is out of years 0000 to 9999");
	if (date.second == 60 && !may_leap(time))
		return fail_set(
		    fail, FAIL_INPUT, "there is no leap second at this time");
	*out = time;
	return true;
}

static int64_t
clamp(int64_t time)
{
	return time < DATE_MIN ? DATE_MIN : time > DATE_MAX ? DATE_MAX : time;
}

struct date
date_split(int64_t time, int offset)
{
	int64_t local = clamp(clamp(time) + offset * 60);
	int64_t days, of_day, z, era, of_era, year, of_year, month;

	of_day = ((local % DAY) + DAY) % DAY;
	days = (local - of_day) / DAY;
	z = days + 719468 + 146097;
	era = z / 146097;
	of_era = z % 146097;
	year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	return (struct date){
	    .year = (int)(year + (era - 1) * 400 + (month >= 10)),
	    .month = (int)(month < 10 ? month + 3 : month - 9),
	    .day = (int)(of_year - (153 * month + 2) / 5 + 1),
	    .hour = (int)(of_day / 3600),
	    .minute = (int)(of_day / 60 % 60),
	    .second = (int)(of_day % 60),
	    .weekday = (int)(((days % 7) + 11) % 7),
	};
}

size_t
date_print(int64_t time, int offset, char out[DATE_SIZE])
{
	struct date d = date_split(time, offset);
	unsigned minutes = (unsigned)(offset < 0 ? -offset : offset) % 1440;
	int len = snprintf(out, DATE_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u",
	    (unsigned)d.year % 10000, (unsigned)d.month % 100,
	    (unsigned)d.day % 100, (unsigned)d.hour % 100,
	    (unsigned)d.minute % 100, (unsigned)d.second % 100);

	if (offset == 0)
		len += snprintf(out + len, DATE_SIZE - (size_t)len, "Z");
	else
		len +=
		    snprintf(out + len, DATE_SIZE - (size_t)len, "%c%02u:%02u",
			offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
	return (size_t)len;
}

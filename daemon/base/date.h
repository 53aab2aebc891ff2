/*
 * Times as people and wires write them (RFC 3339) and as misu keeps them:
 * seconds since 1970-01-01T00:00:00Z in an int64_t.  The time zone is always
 * in the text or given by the caller; nothing here asks the system for one.
 * Years 0000 to 9999 of the proleptic Gregorian calendar.
 */
#ifndef MISU_DATE_H
#define MISU_DATE_H

#include <stdint.h>

#include "base/fail.h"
#include "base/slice.h"

enum { DATE_SIZE = 32 }; /* bytes that any printed time fits in, with NUL */

#define DATE_MIN INT64_C(-62167219200) /* 0000-01-01T00:00:00Z */
#define DATE_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

struct date {
	int year, month, day; /* month and day count from 1 */
	int hour, minute, second;
	int weekday; /* 0 is Sunday */
};

/*
 * RFC 3339 date-time, the offset required.  A fraction of a second is
 * dropped.  A leap second is taken only where one can stand, at 23:59:60 UTC
 * on the last day of June or December, and is the second after it.
 */
bool date_parse(struct slice text, int64_t *out, struct fail *fail);

/*
 * "2026-04-01T00:00:00+09:00" for offset 540, "...Z" for offset 0.  `offset`
 * is in minutes, less than a day; a time out of range is held at its end.
 * Returns the length.
 */
size_t date_print(int64_t time, int offset, char out[DATE_SIZE]);

struct date date_split(int64_t time, int offset);

/* Days from 1970-01-01; the day must exist (date_is_day). */
int64_t date_days(int year, int month, int day);
bool date_is_day(int year, int month, int day);

#endif

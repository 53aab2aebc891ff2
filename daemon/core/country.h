/*
 * Countries: the codes of ISO 3166-1, and how many digits of an international
 * telephone number are the country's (ITU-T E.164).
 */
#ifndef MISU_COUNTRY_H
#define MISU_COUNTRY_H

#include <stdbool.h>

#include "base/slice.h"

/* Is this an assigned alpha-2 code, in upper case? */
bool country_exists(struct slice code);

/* 1 to 3 for digits that begin an international number. */
size_t country_dial_digits(struct slice number);

#endif

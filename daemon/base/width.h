/*
 * How many columns a text takes where characters have fixed places: a
 * terminal, and the WHOIS of JPRS and JPNIC.  East Asian wide and full-width
 * characters take two (Unicode TR11, ambiguous ones one), combining and
 * control characters none.
 */
#ifndef MISU_WIDTH_H
#define MISU_WIDTH_H

#include "base/text.h"

/* Of UTF-8 text; bytes that are none count as one column each. */
size_t width_of(struct slice text);

/* The longest beginning that takes at most so many columns. */
struct slice width_cut(struct slice text, size_t columns);

/* Append blanks until what stands from `start` on takes so many columns. */
void width_pad(struct text *text, size_t start, size_t columns);

#endif

/*
 * Looks for canaries, values that must not be somewhere, in bytes that left:
 * as they are and in every dress that a wire or a file could give them.
 *
 * The value is looked for as UTF-8 (whatever the case of ASCII letters),
 * UTF-16 of both orders, ISO-2022-JP, EUC-JP and Shift_JIS.  The bytes are
 * looked at as they are, without white space, and with these undone, one
 * after another up to CANARY_DEPTH deep: base64 (any alignment, lines, URL
 * alphabet), hex, quoted-printable and MIME's Q, percent, XML references,
 * JSON escapes.  So base64 of ISO-2022-JP inside JSON is
 * found too.
 */
#ifndef TESTS_CANARY_H
#define TESTS_CANARY_H

#include "base/slice.h"

enum { CANARY_DEPTH = 2, CANARY_MIN = 6 };

/* How a canary was found: "quoted-printable > base64 > iso-2022-jp". */
struct canary_found {
	size_t value; /* index in `values` */
	char how[96];
};

/*
 * Is one of the values in `bytes`?  Values shorter than CANARY_MIN bytes
 * would be found by chance and are passed over.
 */
bool canary_find(struct slice bytes, const struct slice *values, size_t count,
    struct canary_found *found);

#endif

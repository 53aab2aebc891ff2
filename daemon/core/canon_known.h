/*
 * Values of canonical JSON that come again and again, but for commitments in
 * them: what was decided of the fields of an entry stands in thousands of
 * others word for word.  Whoever reads many entries knows such a value by
 * comparing it, which is several times as quick as passing over it.
 *
 * It is fixed in size and holds the latest CANON_KNOWN values; what does not
 * fit is read as ever.
 */
#ifndef MISU_CANON_KNOWN_H
#define MISU_CANON_KNOWN_H

#include <stdint.h>

#include "base/slice.h"

enum { CANON_KNOWN = 32, CANON_KNOWN_TEXT = 4096, CANON_KNOWN_HOLES = 64 };

/* A value, and where in it strings of 44 base64 characters stand. */
struct canon_known_value {
	uint64_t number;
	size_t len, hole_count;
	uint16_t holes[CANON_KNOWN_HOLES];
	char text[CANON_KNOWN_TEXT];
};

/* Zeroed, it knows nothing. */
struct canon_known {
	uint64_t numbers; /* given so far */
	unsigned count;
	uint8_t order[CANON_KNOWN]; /* the latest first */
	struct canon_known_value values[CANON_KNOWN];
};

/*
 * Take a value off `rest`, as canon_take_value() does.  `number` is the same
 * for all that differ in commitments only, and never another's; 0 where none
 * could be given.
 */
bool canon_known_take(struct canon_known *known, struct slice *rest,
    struct slice *value, uint64_t *number);

#endif

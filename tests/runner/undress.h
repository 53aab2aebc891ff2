/*
 * Encodings undone, for the search of canaries.  These readers are as lax as
 * can be: whatever is not of the encoding passes through unchanged.
 */
#ifndef TESTS_UNDRESS_H
#define TESTS_UNDRESS_H

#include "base/slice.h"

struct undress {
	const char *name;
	/* False if it changes nothing; else `out` is malloc'ed. */
	bool (*undo)(struct slice bytes, struct slice *out);
};

extern const struct undress undress[];
extern const size_t undress_count;

/* Take the escape sequences of ISO-2022-JP out, in place. */
size_t undress_shifts(char *data, size_t len);

#endif

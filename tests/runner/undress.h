/*
 * Encodings undone, for the search of canaries.  These readers are as lax as
 * can be: whatever is not of the encoding passes through unchanged.
 */
#ifndef TESTS_UNDRESS_H
#define TESTS_UNDRESS_H

#include "base/slice.h"

struct undress {
	const char *name;
	/* False if it changes nothing; else `out` is to be given back. */
	bool (*undo)(struct slice bytes, struct slice *out);
};

extern const struct undress undress[];
extern const size_t undress_count;

/*
 * Memory that is used again and again: what is given back takes with it all
 * that was taken after it.
 */
char *undress_take(size_t size);
void undress_give_back(const char *data);

/*
 * A copy without long runs of zeros, which databases and journals mostly are;
 * to be given back.
 */
struct slice undress_zeros(struct slice bytes);

/* Take the escape sequences of ISO-2022-JP out, in place. */
size_t undress_shifts(char *data, size_t len);

#endif

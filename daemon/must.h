/* A broken program stops at once, in release builds too. */
#ifndef MISU_MUST_H
#define MISU_MUST_H

#include <stdio.h>
#include <stdlib.h>

#define must(condition)                                                       \
	((condition) ? (void)0 : must_fail(#condition, __FILE__, __LINE__))

static inline void
must_fail(const char *condition, const char *file, int line)
{
	fprintf(stderr, "misu: broken: %s (%s:%d)\n", condition, file, line);
	abort();
}

#endif

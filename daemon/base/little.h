/*
 * Little-endian numbers as bytes, wherever they lie.  Where the number of
 * bytes, at most eight, is known to the compiler each is one load or store.
 */
#ifndef MISU_LITTLE_H
#define MISU_LITTLE_H

#include <stdint.h>
#include <string.h>

static inline uint64_t
little_order(uint64_t number)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	number = __builtin_bswap64(number);
#endif
	return number;
}

static inline uint64_t
little_get(const void *at, unsigned bytes)
{
	uint64_t number = 0;

	memcpy(&number, at, bytes);
	return little_order(number);
}

static inline void
little_put(void *at, uint64_t number, unsigned bytes)
{
	number = little_order(number);
	memcpy(at, &number, bytes);
}

#endif

/*
 * Big-endian numbers as bytes, wherever they lie: of what is stored and may be
 * read byte by byte, as hex dumps and keys of databases are.
 */
#ifndef MISU_BIG_H
#define MISU_BIG_H

#include <stdint.h>

static inline void
big_put32(uint8_t *at, uint32_t number)
{
	for (int i = 3; i >= 0; i--, number >>= 8)
		at[i] = (uint8_t)number;
}

static inline void
big_put64(uint8_t *at, uint64_t number)
{
	for (int i = 7; i >= 0; i--, number >>= 8)
		at[i] = (uint8_t)number;
}

static inline uint32_t
big_get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline uint64_t
big_get64(const uint8_t *at)
{
	return (uint64_t)big_get32(at) << 32 | big_get32(at + 4);
}

#endif

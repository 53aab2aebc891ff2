/*
 * Sets of numbers below 65,536, as the index of the ledger keeps them: one a
 * term and span of so many entries.  Stored, a set is the numbers, 16 bits
 * big-endian and rising, while there are fewer than 4,096 of them, else 8,192
 * bytes of bits, number 0 the lowest bit of the first.  One set has one stored
 * form.
 */
#ifndef MISU_BITS_H
#define MISU_BITS_H

#include <stdint.h>

#include "base/slice.h"

enum {
	BITS_COUNT = 65536,
	BITS_WORDS = BITS_COUNT / 64,
	BITS_STORED_MAX = BITS_COUNT / 8
};

struct bits {
	uint64_t words[BITS_WORDS];
};

void bits_none(struct bits *bits);
/* Every number from `first` to `end`, which is not included. */
void bits_fill(struct bits *bits, unsigned first, unsigned end);
void bits_and(struct bits *bits, const struct bits *other);
void bits_and_not(struct bits *bits, const struct bits *other);
void bits_or(struct bits *bits, const struct bits *other);
unsigned bits_count(const struct bits *bits);
/* How many are in both? */
unsigned bits_count_both(const struct bits *a, const struct bits *b);

static inline void
bits_set(struct bits *bits, unsigned number)
{
	bits->words[number / 64] |= UINT64_C(1) << number % 64;
}

static inline void
bits_unset(struct bits *bits, unsigned number)
{
	bits->words[number / 64] &= ~(UINT64_C(1) << number % 64);
}

static inline bool
bits_has(const struct bits *bits, unsigned number)
{
	return bits->words[number / 64] >> number % 64 & 1;
}

/* The first number from `from` on, or BITS_COUNT. */
unsigned bits_next(const struct bits *bits, unsigned from);
/* The last number below `below`, or BITS_COUNT. */
unsigned bits_before(const struct bits *bits, unsigned below);

/* The stored form, at most BITS_STORED_MAX bytes; its length. */
size_t bits_write(const struct bits *bits, uint8_t *out);
/* Add what a stored form has; false if it is none. */
bool bits_read(struct bits *bits, struct slice stored);

#endif

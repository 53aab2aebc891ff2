#include "core/bits.h"

enum { LIST_MAX = 4095 };

void
bits_none(struct bits *bits)
{
	memset(bits, 0, sizeof(*bits));
}

void
bits_fill(struct bits *bits, unsigned first, unsigned end)
{
	while (first < end && first % 64 != 0)
		bits_set(bits, first++);
	for (; first + 64 <= end; first += 64)
		bits->words[first / 64] = UINT64_MAX;
	while (first < end)
		bits_set(bits, first++);
}

void
bits_and(struct bits *bits, const struct bits *other)
{
	for (unsigned i = 0; i < BITS_WORDS; i++)
		bits->words[i] &= other->words[i];
}

void
bits_and_not(struct bits *bits, const struct bits *other)
{
	for (unsigned i = 0; i < BITS_WORDS; i++)
		bits->words[i] &= ~other->words[i];
}

void
bits_or(struct bits *bits, const struct bits *other)
{
	for (unsigned i = 0; i < BITS_WORDS; i++)
		bits->words[i] |= other->words[i];
}

unsigned
bits_count(const struct bits *bits)
{
	unsigned count = 0;

	for (unsigned i = 0; i < BITS_WORDS; i++)
		count += (unsigned)__builtin_popcountll(bits->words[i]);
	return count;
}

unsigned
bits_count_both(const struct bits *a, const struct bits *b)
{
	unsigned count = 0;

	for (unsigned i = 0; i < BITS_WORDS; i++)
		count +=
		    (unsigned)__builtin_popcountll(a->words[i] & b->words[i]);
	return count;
}

unsigned
bits_next(const struct bits *bits, unsigned from)
{
	uint64_t word;
	unsigned at = from / 64;

	if (from >= BITS_COUNT)
		return BITS_COUNT;
	word = bits->words[at] & UINT64_MAX << from % 64;
	while (word == 0)
		if (++at == BITS_WORDS)
			return BITS_COUNT;
		else
			word = bits->words[at];
	return at * 64 + (unsigned)__builtin_ctzll(word);
}

unsigned
bits_before(const struct bits *bits, unsigned below)
{
	uint64_t word;
	unsigned at;

	if (below == 0)
		return BITS_COUNT;
	at = (below - 1) / 64;
	word = bits->words[at] & UINT64_MAX >> (63 - (below - 1) % 64);
	while (word == 0)
		if (at-- == 0)
			return BITS_COUNT;
		else
			word = bits->words[at];
	return at * 64 + 63 - (unsigned)__builtin_clzll(word);
}

static size_t
write_list(const struct bits *bits, uint8_t *out)
{
	size_t len = 0;

	for (unsigned i = 0; i < BITS_WORDS; i++)
		for (uint64_t word = bits->words[i]; word != 0;
		     word &= word - 1) {
			unsigned number =
			    i * 64 + (unsigned)__builtin_ctzll(word);

			out[len++] = (uint8_t)(number >> 8);
			out[len++] = (uint8_t)number;
		}
	return len;
}

size_t
bits_write(const struct bits *bits, uint8_t *out)
{
	if (bits_count(bits) <= LIST_MAX)
		return write_list(bits, out);
	for (unsigned i = 0; i < BITS_STORED_MAX; i++)
		out[i] = (uint8_t)(bits->words[i / 8] >> i % 8 * 8);
	return BITS_STORED_MAX;
}

bool
bits_read(struct bits *bits, struct slice stored)
{
	const uint8_t *at = (const uint8_t *)stored.data;

	if (stored.len == BITS_STORED_MAX) {
		for (unsigned i = 0; i < BITS_STORED_MAX; i++)
			bits->words[i / 8] |= (uint64_t)at[i] << i % 8 * 8;
		return true;
	}
	if (stored.len > 2 * LIST_MAX || stored.len % 2 != 0)
		return false;
	for (size_t i = 0; i < stored.len; i += 2)
		bits_set(bits, (unsigned)at[i] << 8 | at[i + 1]);
	return true;
}

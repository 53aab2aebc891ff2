#include "base/checksum.h"

enum { LANES = 4 };

static const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);

/* For a given word, no two states become the same, and the other way round. */
static inline uint64_t
step(uint64_t state, uint64_t word)
{
	state = (state ^ word) * factor;
	return state ^ state >> 32;
}

/* Little-endian everywhere. */
static inline uint64_t
load(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static void
put(uint8_t *at, uint64_t word)
{
	for (int i = 7; i >= 0; i--, word >>= 8)
		at[i] = (uint8_t)word;
}

/* Four at once, so that no multiplication waits for the one before. */
struct checksum
checksum_of(struct slice data)
{
	uint64_t lanes[LANES] = {1, 2, 3, 4}, first, second;
	char rest[8 * LANES] = {0};
	size_t len = data.len;
	struct checksum out = {{0}};

	for (; len >= sizeof(rest); data.data += sizeof(rest)) {
		for (unsigned i = 0; i < LANES; i++)
			lanes[i] = step(lanes[i], load(data.data + 8 * i));
		len -= sizeof(rest);
	}
	if (len != 0)
		memcpy(rest, data.data, len);
	for (unsigned i = 0; i < LANES; i++)
		lanes[i] = step(lanes[i], load(rest + 8 * i));
	first = data.len;
	second = ~first;
	for (unsigned i = 0; i < LANES; i++) {
		first = step(first, lanes[i]);
		second = step(second, lanes[LANES - 1 - i]);
	}
	put(out.bytes, step(first, 0));
	put(out.bytes + 8, step(second, 0));
	return out;
}

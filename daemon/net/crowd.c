#include "net/crowd.h"

#include <string.h>
#include <sys/random.h>

#include "net/rate.h"

/* Without random bytes the seed is no secret, and limits hold all the same. */
void
crowd_init(struct crowd *crowd, unsigned limit)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->limit = limit < UINT16_MAX ? limit : UINT16_MAX - 1;
	if (getrandom(&crowd->seed, sizeof(crowd->seed), GRND_NONBLOCK) < 0)
		crowd->seed = 1;
}

static bool
is_loopback(const struct prefix *block)
{
	static const uint8_t none[8];

	return block->six ? memcmp(block->bytes, none, sizeof(none)) == 0
			  : block->bytes[0] == 127;
}

int
crowd_join(struct crowd *crowd, const struct sockaddr *from)
{
	struct prefix block;
	uint64_t hash;
	int counter;

	if (!rate_block(from, &block) || is_loopback(&block))
		return CROWD_FREE;
	memcpy(&hash, block.bytes, sizeof(hash));
	hash = (hash ^ crowd->seed) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 32 ^ block.six) * 0x9e3779b97f4a7c15u;
	counter = (int)(hash >> 52); /* of 4096 */
	if (crowd->counters[counter] >= crowd->limit)
		return CROWD_FULL;
	crowd->counters[counter]++;
	return counter;
}

void
crowd_leave(struct crowd *crowd, int counter)
{
	if (counter >= 0 && counter < CROWD_COUNTERS)
		crowd->counters[counter]--;
}

#include "net/rate.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	ROWS = 8192, /* a power of two */
	PLACES = 4,  /* blocks that share a row */
	MINUTE = 60 * 1000,
	DAY = 24 * 60 * MINUTE
};

struct place {
	uint8_t block[9]; /* the family and what is counted, then 8 bytes */
	bool used;
	int64_t seen, day; /* when it last gained; when its day began */
	uint64_t tokens;   /* thousandths of a question */
	unsigned spent;    /* personal objects of its day */
};

/* Blocks of one size, and how many times the limits they have. */
struct table {
	unsigned share;
	struct place places[ROWS][PLACES];
};

struct rate {
	struct rate_limits limits;
	uint64_t seed;
	struct table blocks, networks; /* networks: of IPv6, /48 */
};

struct rate *
rate_create(const struct rate_limits *limits,
    const struct random_source *random, struct fail *fail)
{
	struct rate *rate = calloc(1, sizeof(*rate));

	if (rate == NULL) {
		fail_memory(fail);
		return NULL;
	}
	rate->limits = *limits;
	rate->blocks.share = 1;
	rate->networks.share = RATE_SHARE;
	if (random->fill(random->context, &rate->seed, sizeof(rate->seed)))
		return rate;
	fail_set(fail, FAIL_WORLD, "no random bytes to be had");
	free(rate);
	return NULL;
}

void
rate_destroy(struct rate *rate)
{
	free(rate);
}

void
rate_set_limits(struct rate *rate, const struct rate_limits *limits)
{
	rate->limits = *limits;
}

bool
rate_block(const struct sockaddr *address, struct prefix *block)
{
	*block = (struct prefix){.bits = 32};
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)(const void *)address;

		memcpy(block->bytes, &in->sin_addr, 4);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 =
		    (const struct sockaddr_in6 *)(const void *)address;

		/* An IPv4 address that came in on an IPv6 socket. */
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			memcpy(block->bytes, in6->sin6_addr.s6_addr + 12, 4);
			return true;
		}
		memcpy(block->bytes, &in6->sin6_addr, 8);
		block->six = true;
		block->bits = 64;
		return true;
	}
	return false;
}

bool
rate_block_of(struct slice address, struct prefix *block)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (!prefix_parse_address(address, block))
		return false;
	if (block->six && memcmp(block->bytes, mapped, sizeof(mapped)) == 0) {
		struct prefix inner = {.bits = 32};

		memcpy(inner.bytes, block->bytes + 12, 4);
		*block = inner;
	}
	if (block->six) {
		memset(block->bytes + 8, 0, 8);
		block->bits = 64;
	}
	return true;
}

/* Of a network its first 48 bits count. */
static void
name_block(const struct prefix *block, bool network, uint8_t out[9])
{
	memset(out, 0, 9);
	out[0] = network ? 48 : block->six ? 6 : 4;
	memcpy(out + 1, block->bytes, network ? 6 : block->six ? 8 : 4);
}

/* The seed keeps others from choosing blocks that share a row. */
static uint64_t
mix(uint64_t seed, const uint8_t name[9])
{
	uint64_t hash = seed ^ 0x9e3779b97f4a7c15u;

	for (size_t i = 0; i < 9; i++) {
		hash = (hash ^ name[i]) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	return hash;
}

/* Would a block that is new be let do the same? */
static bool
is_forgettable(const struct place *place, int64_t now)
{
	return now - place->seen >= MINUTE &&
	       (place->spent == 0 || now - place->day >= DAY);
}

/* Who is to be forgotten first of two. */
static struct place *
forget_first(struct place *a, struct place *b, int64_t now)
{
	bool no_loss = is_forgettable(a, now);

	if (no_loss != is_forgettable(b, now))
		return no_loss ? a : b;
	return b->seen < a->seen ? b : a;
}

static struct place *
place_of(struct rate *rate, struct table *table, const struct prefix *block,
    int64_t now)
{
	struct place *going;
	struct place *row;
	uint8_t name[9];

	name_block(block, table == &rate->networks, name);
	row = table->places[mix(rate->seed, name) & (ROWS - 1)];
	going = &row[0];
	for (size_t i = 0; i < PLACES; i++) {
		if (row[i].used &&
		    memcmp(row[i].block, name, sizeof(name)) == 0)
			return &row[i];
		if (!row[i].used) {
			going = &row[i];
			break;
		}
		going = forget_first(going, &row[i], now);
	}
	*going = (struct place){.used = true,
	    .seen = now,
	    .day = now,
	    .tokens = (uint64_t)rate->limits.a_minute * table->share * 1000};
	memcpy(going->block, name, sizeof(name));
	return going;
}

/*
 * A clock that was set back must not keep a block waiting until it is there
 * again, nor let it have more.
 */
static void
keep_time(struct place *place, int64_t now)
{
	if (now < place->seen)
		place->seen = now;
	if (now < place->day)
		place->day = now;
}

/* The thousandths since it last gained; a part of one counts the next time. */
static uint64_t
gain(struct place *place, unsigned a_minute, int64_t now)
{
	uint64_t more;

	if (now - place->seen >= MINUTE) {
		place->seen = now;
		return (uint64_t)a_minute * 1000;
	}
	more = (uint64_t)(now - place->seen) * a_minute / 60;
	place->seen += (int64_t)((more * 60 + a_minute - 1) / a_minute);
	return more;
}

/* NULL: it has none left, for *wait seconds. */
static struct place *
find_token(struct rate *rate, struct table *table, const struct prefix *block,
    int64_t now, unsigned *wait)
{
	unsigned a_minute = rate->limits.a_minute * table->share;
	uint64_t full = (uint64_t)a_minute * 1000;
	struct place *place = place_of(rate, table, block, now);
	uint64_t more;

	keep_time(place, now);
	more = gain(place, a_minute, now);
	place->tokens =
	    place->tokens + more < full ? place->tokens + more : full;
	if (place->tokens >= 1000)
		return place;
	*wait = (unsigned)((1000 - place->tokens) * 60 / a_minute / 1000) + 1;
	return NULL;
}

/* Where the network has nothing left, its blocks take nobody's place. */
bool
rate_ask(struct rate *rate, const struct prefix *block, int64_t now,
    unsigned *wait)
{
	struct place *network = NULL, *place;

	*wait = 0;
	if (rate->limits.a_minute == 0)
		return true;
	if (block->six) {
		network = find_token(rate, &rate->networks, block, now, wait);
		if (network == NULL)
			return false;
	}
	place = find_token(rate, &rate->blocks, block, now, wait);
	if (place == NULL)
		return false;
	place->tokens -= 1000;
	if (network != NULL)
		network->tokens -= 1000;
	return true;
}

/* NULL: it has none left of its day, which ends in *wait seconds. */
static struct place *
find_budget(struct rate *rate, struct table *table, const struct prefix *block,
    int64_t now, unsigned *wait)
{
	struct place *place = place_of(rate, table, block, now);

	keep_time(place, now);
	if (now - place->day >= DAY) {
		place->day = now;
		place->spent = 0;
	}
	if (place->spent < rate->limits.a_day * table->share)
		return place;
	*wait = (unsigned)((place->day + DAY - now + 999) / 1000);
	return NULL;
}

bool
rate_spend(struct rate *rate, const struct prefix *block, int64_t now,
    unsigned *wait)
{
	struct place *network = NULL, *place;

	*wait = 0;
	if (rate->limits.a_day == 0)
		return true;
	if (block->six) {
		network = find_budget(rate, &rate->networks, block, now, wait);
		if (network == NULL)
			return false;
	}
	place = find_budget(rate, &rate->blocks, block, now, wait);
	if (place == NULL)
		return false;
	place->spent++;
	if (network != NULL)
		network->spent++;
	return true;
}

/*
 * How much one address block may ask: IPv4 /32, IPv6 /64.  A bucket of
 * questions that fills again each minute, and a budget of personal objects a
 * day.  All blocks of an IPv6 /48, which one network has, may together ask
 * RATE_SHARE times as much; they are counted apart, so that no number of them
 * makes the /48 forgotten.
 *
 * Memory is fixed: of blocks that share a row of the table, one of which there
 * is nothing to remember is forgotten, or else the one that was quiet longest.
 */
#ifndef MISU_RATE_H
#define MISU_RATE_H

#include <sys/socket.h>

#include "base/fail.h"
#include "base/prefix.h"
#include "store/keys.h"

struct rate;

enum { RATE_SHARE = 16 };

struct rate_limits {
	unsigned a_minute; /* questions; 0: no limit */
	unsigned a_day;	   /* personal objects; 0: no limit */
};

struct rate *rate_create(const struct rate_limits *limits,
    const struct random_source *random, struct fail *fail);
void rate_destroy(struct rate *rate);
void rate_set_limits(struct rate *rate, const struct rate_limits *limits);

/* What stands for the asker: an address of the family, in one prefix. */
bool rate_block(const struct sockaddr *address, struct prefix *block);
/* As a proxy words it, "192.0.2.1"; false if it is no address. */
bool rate_block_of(struct slice address, struct prefix *block);

/*
 * May this block ask once more, at this time (ms of any steady clock)?  If
 * not, *wait says in how many seconds.
 */
bool rate_ask(
    struct rate *rate, const struct prefix *block, int64_t now, unsigned *wait);

/*
 * It is told of a personal object; each time counts, also of the same one.
 * False if that is one too many: *wait says in how many seconds its day ends.
 */
bool rate_spend(
    struct rate *rate, const struct prefix *block, int64_t now, unsigned *wait);

#endif

/*
 * Random bytes for a process that needs a few at a time, often: a system call
 * for each would cost more than what they are for.  Bytes that were given out
 * are wiped here.  A process that forks must not have one: its child would
 * give out the same.
 */
#ifndef MISU_RANDOM_POOL_H
#define MISU_RANDOM_POOL_H

#include "store/keys.h"

struct random_pool {
	const struct random_source *from;
	size_t left; /* at the end of `bytes` */
	uint8_t bytes[4096];
};

/* A source that draws from the pool, which must outlive it. */
struct random_source random_pool_source(
    struct random_pool *pool, const struct random_source *from);

#endif

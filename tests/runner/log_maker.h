/*
 * Makes ledgers of entries that look like real ones, fast and by a seed: made
 * up people, a few recipients with many and many with few entries, outcomes
 * soon after and late.  Bundles and tiles are written straight, under a
 * checkpoint; there is no journal.
 */
#ifndef MISU_TESTS_LOG_MAKER_H
#define MISU_TESTS_LOG_MAKER_H

#include "store/disk.h"
#include "store/keys.h"

struct log_maker;

struct log_maker_options {
	struct disk *disk;
	const char *directory;
	struct keys *keys;
	uint64_t seed;
	unsigned subjects, objects; /* how many there are to choose from */
	int64_t start;		    /* time of the first entry, ms */
	unsigned step;		    /* ms between entries, on average */
	unsigned audits; /* one entry in so many is an audit's; 0: none */
};

struct log_maker *log_maker_create(
    const struct log_maker_options *options, struct fail *fail);
void log_maker_destroy(struct log_maker *maker);

/* The next `count` entries. */
bool log_maker_add(struct log_maker *maker, uint64_t count, struct fail *fail);
/* A checkpoint over all of them. */
bool log_maker_checkpoint(struct log_maker *maker, struct fail *fail);

uint64_t log_maker_random(uint64_t *state);

#endif

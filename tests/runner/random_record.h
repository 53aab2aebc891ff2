/*
 * Random records out of a string of bytes: a fuzzer's input, or a seed.  The
 * same bytes give the same record.  Each value is a canary of its own: it
 * stands nowhere else in the record and in no other record of that source.
 */
#ifndef TESTS_RANDOM_RECORD_H
#define TESTS_RANDOM_RECORD_H

#include <stdint.h>

#include "core/record.h"

struct random {
	struct slice bytes; /* used first, from the front */
	uint64_t state;     /* then a generator that the bytes have seeded */
	unsigned canaries;  /* made so far */
};

struct random random_from(struct slice bytes);

/* 0 to below - 1. */
unsigned random_below(struct random *random, unsigned below);
bool random_once_in(struct random *random, unsigned times);

/*
 * A well-formed record of any type and operation: some roles, some fields,
 * kinds, subjects and consents to p1 to p18; marks of removal in updates.
 * NULL when out of memory.
 */
struct record *random_record(
    struct random *random, struct arena *arena, struct fail *fail);

/* A value for that field that no other call gives, except of a country. */
struct slice random_value(
    struct random *random, struct arena *arena, enum field field);

/* Can a value of this field be told from all others?  Not of a country. */
bool random_is_canary(enum field field);

#endif

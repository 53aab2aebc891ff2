/*
 * Random policy texts out of the same bytes as random records: recipients
 * with ceilings, blocks for every type of object, rules and conditions that
 * hang together.  Most of them compile; the compiler has the last word.
 */
#ifndef TESTS_RANDOM_POLICY_H
#define TESTS_RANDOM_POLICY_H

#include "runner/random_record.h"

/* {NULL, 0} when out of memory. */
struct slice random_policy(struct random *random, struct arena *arena);

/* The network group `own` of these policies: 192.0.2.0/24. */
extern const struct slice random_prefixes[1];

/* A template that prints every field of every role, escaped in some way. */
struct slice random_template(struct random *random, struct arena *arena);

#endif

/*
 * Where in the vault's log each object's records stand: a hash table of 16
 * bytes of each key in 1,024 shards, so that no growth holds the loop up, at
 * 50 to 60 bytes an object.  The keys are HMACs: nobody outside can choose
 * two that collide.
 */
#ifndef MISU_VAULT_INDEX_H
#define MISU_VAULT_INDEX_H

#include "base/digest.h"
#include "base/fail.h"

/* An item of the log; its length has the frame in it. 0: there is none. */
struct vault_place {
	uint32_t segment, offset, len;
};

enum { VAULT_SLOTS = 2, INDEX_KEY = 16, INDEX_SHARDS = 1024 };

struct vault_object {
	uint8_t key[INDEX_KEY];
	struct vault_place of[VAULT_SLOTS];
};

/* An object without a place is an empty one. */
struct vault_shard {
	struct vault_object *objects;
	uint32_t size, used;
};

struct vault_index {
	struct vault_shard shards[INDEX_SHARDS];
};

void vault_index_finish(struct vault_index *index);

/* NULL if it is not there. */
struct vault_object *vault_index_find(
    const struct vault_index *index, const uint8_t key[DIGEST_SIZE]);

/* It is looked for soon. */
void vault_index_expect(
    const struct vault_index *index, const uint8_t key[DIGEST_SIZE]);

/*
 * Found or made; NULL when out of memory.  One that was made must get a place
 * at once; it stays where it is until the next call.
 */
struct vault_object *vault_index_make(
    struct vault_index *index, const uint8_t key[DIGEST_SIZE]);

/*
 * The object behind this key (INDEX_KEY bytes; NULL: the first), by shards and
 * keys; NULL: there is none.  Whatever changes between two calls, one that is
 * there all the time is met once.
 */
const struct vault_object *vault_index_after(
    const struct vault_index *index, const uint8_t *key);

/* Which part of all keys comes before it in that order: from 0 to 1. */
double vault_index_share(const uint8_t *key);

/* Its places are empty: forget it. */
void vault_index_drop(struct vault_index *index, struct vault_object *object);

#endif

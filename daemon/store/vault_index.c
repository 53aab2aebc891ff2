/* Open addressing with linear probing; what is dropped leaves no mark. */
#include "store/vault_index.h"

enum { SHARD_FIRST = 8 };

static struct vault_shard *
shard_of(const struct vault_index *index, const uint8_t *key)
{
	size_t n = ((size_t)key[0] << 8 | key[1]) % INDEX_SHARDS;

	return (struct vault_shard *)&index->shards[n];
}

/* Where an object would like to stand. */
static uint32_t
home(const struct vault_shard *shard, const uint8_t *key)
{
	uint32_t hash;

	memcpy(&hash, key + 4, sizeof(hash));
	return (uint32_t)(((uint64_t)hash * shard->size) >> 32);
}

static uint32_t
next(const struct vault_shard *shard, uint32_t at)
{
	return at + 1 == shard->size ? 0 : at + 1;
}

static bool
is_empty(const struct vault_object *object)
{
	return object->of[0].len == 0 && object->of[1].len == 0;
}

/* The object, or the empty place where it would stand. */
static struct vault_object *
probe(const struct vault_shard *shard, const uint8_t *key)
{
	uint32_t at = home(shard, key);

	while (!is_empty(&shard->objects[at]) &&
	       memcmp(shard->objects[at].key, key, INDEX_KEY) != 0)
		at = next(shard, at);
	return &shard->objects[at];
}

struct vault_object *
vault_index_find(
    const struct vault_index *index, const uint8_t key[DIGEST_SIZE])
{
	const struct vault_shard *shard = shard_of(index, key);
	struct vault_object *object;

	if (shard->size == 0)
		return NULL;
	object = probe(shard, key);
	return is_empty(object) ? NULL : object;
}

void
vault_index_expect(
    const struct vault_index *index, const uint8_t key[DIGEST_SIZE])
{
	const struct vault_shard *shard = shard_of(index, key);

	const struct vault_object *object;

	if (shard->size == 0)
		return;
	/* Often it is in two lines, and who stands there stands before it. */
	object = &shard->objects[home(shard, key)];
	__builtin_prefetch(object);
	__builtin_prefetch(object + 1);
}

static bool
grow(struct vault_shard *shard)
{
	struct vault_shard fresh = {.used = shard->used,
	    .size =
		shard->size == 0 ? SHARD_FIRST : shard->size + shard->size / 2};

	fresh.objects = calloc(fresh.size, sizeof(*fresh.objects));
	if (fresh.objects == NULL)
		return false;
	for (uint32_t i = 0; i < shard->size; i++) {
		const struct vault_object *old = &shard->objects[i];

		if (!is_empty(old))
			*probe(&fresh, old->key) = *old;
	}
	free(shard->objects);
	*shard = fresh;
	return true;
}

struct vault_object *
vault_index_make(struct vault_index *index, const uint8_t key[DIGEST_SIZE])
{
	struct vault_shard *shard = shard_of(index, key);
	struct vault_object *object = vault_index_find(index, key);

	if (object != NULL)
		return object;
	if ((uint64_t)shard->used * 8 >= (uint64_t)shard->size * 7 &&
	    !grow(shard))
		return NULL;
	object = probe(shard, key);
	memcpy(object->key, key, INDEX_KEY);
	shard->used++;
	return object;
}

/* Who stands behind the gap and would rather stand in it moves there. */
void
vault_index_drop(struct vault_index *index, struct vault_object *object)
{
	struct vault_shard *shard = shard_of(index, object->key);
	uint32_t gap = (uint32_t)(object - shard->objects), at = gap;

	shard->used--;
	memset(object, 0, sizeof(*object));
	for (;;) {
		struct vault_object *other;
		uint32_t from_home, from_gap;

		at = next(shard, at);
		other = &shard->objects[at];
		if (is_empty(other))
			return;
		from_home =
		    (at + shard->size - home(shard, other->key)) % shard->size;
		from_gap = (at + shard->size - gap) % shard->size;
		if (from_home < from_gap)
			continue;
		shard->objects[gap] = *other;
		memset(other, 0, sizeof(*other));
		gap = at;
	}
}

void
vault_index_finish(struct vault_index *index)
{
	for (size_t i = 0; i < INDEX_SHARDS; i++)
		free(index->shards[i].objects);
}

static const struct vault_object *
least_above(const struct vault_shard *shard, const uint8_t *key)
{
	const struct vault_object *least = NULL;

	for (uint32_t i = 0; i < shard->size; i++) {
		const struct vault_object *object = &shard->objects[i];

		if (!is_empty(object) &&
		    (key == NULL ||
			memcmp(object->key, key, INDEX_KEY) > 0) &&
		    (least == NULL ||
			memcmp(object->key, least->key, INDEX_KEY) < 0))
			least = object;
	}
	return least;
}

const struct vault_object *
vault_index_after(const struct vault_index *index, const uint8_t *key)
{
	const struct vault_object *found = NULL;
	size_t shard =
	    key != NULL ? (size_t)(shard_of(index, key) - index->shards) : 0;

	for (; found == NULL && shard < INDEX_SHARDS; shard++) {
		found = least_above(&index->shards[shard], key);
		key = NULL;
	}
	return found;
}

/* Shards by the low bits of two bytes; within one the rest of them leads. */
double
vault_index_share(const uint8_t *key)
{
	size_t first = (size_t)key[0] << 8 | key[1];
	size_t shard = first % INDEX_SHARDS, rest = first / INDEX_SHARDS;

	return ((double)shard + (double)rest / (65536.0 / INDEX_SHARDS)) /
	       INDEX_SHARDS;
}

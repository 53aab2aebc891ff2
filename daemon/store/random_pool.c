#include "store/random_pool.h"

static bool
refill(struct random_pool *pool)
{
	const struct random_source *from = pool->from;

	if (!from->fill(from->context, pool->bytes, sizeof(pool->bytes)))
		return false;
	pool->left = sizeof(pool->bytes);
	return true;
}

static bool
fill(void *context, void *out, size_t len)
{
	struct random_pool *pool = context;
	uint8_t *at;

	if (len > sizeof(pool->bytes))
		return pool->from->fill(pool->from->context, out, len);
	if (pool->left < len && !refill(pool))
		return false;
	at = pool->bytes + sizeof(pool->bytes) - pool->left;
	memcpy(out, at, len);
	digest_wipe(at, len);
	pool->left -= len;
	return true;
}

struct random_source
random_pool_source(struct random_pool *pool, const struct random_source *from)
{
	pool->from = from;
	pool->left = 0;
	return (struct random_source){.fill = fill, .context = pool};
}

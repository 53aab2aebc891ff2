#include "runner/sqlite_memory.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "runner/pool.h"

/* Blocks of 32 bytes, 64 and so on; small ones are cut from slabs. */
enum { SMALLEST = 5, KINDS = 26, SLAB = 1 << 18 };

struct head {
	struct head *next; /* while it is unused */
	size_t size;	   /* of the block */
};

static struct head *unused[KINDS];
static char *slab;
static size_t slab_left;

static unsigned
kind_of(size_t size)
{
	unsigned kind = 0;

	while (size > (size_t)1 << (SMALLEST + kind))
		kind++;
	if (kind >= KINDS)
		abort();
	return kind;
}

static struct head *
cut(size_t size)
{
	size_t whole = SLAB;
	struct head *block;

	if (size > SLAB / 8) {
		whole = size;
		return pool_take(&whole);
	}
	if (size > slab_left) {
		slab = pool_take(&whole);
		slab_left = whole;
	}
	block = (struct head *)slab;
	slab += size;
	slab_left -= size;
	return block;
}

static void *
take(int len)
{
	unsigned kind = kind_of((size_t)len + sizeof(struct head));
	struct head *block = unused[kind];
	size_t size = (size_t)1 << (SMALLEST + kind);

	if (block != NULL)
		unused[kind] = block->next;
	else
		block = cut(size);
	block->size = size;
	return block + 1;
}

static void
give(void *data)
{
	struct head *block = data;
	unsigned kind;

	if (block == NULL)
		return;
	block--;
	kind = kind_of(block->size);
	block->next = unused[kind];
	unused[kind] = block;
}

static int
size_of(void *data)
{
	return data == NULL ? 0
			    : (int)(((struct head *)data - 1)->size -
				    sizeof(struct head));
}

static void *
resize(void *data, int len)
{
	int old = size_of(data);
	void *new;

	if (len <= old)
		return data;
	new = take(len);
	memcpy(new, data, (size_t)old);
	give(data);
	return new;
}

static int
round_up(int len)
{
	return (int)(((size_t)1 << (SMALLEST + kind_of((size_t)len +
						       sizeof(struct head)))) -
		     sizeof(struct head));
}

static int
begin(void *ignored)
{
	(void)ignored;
	return SQLITE_OK;
}

static void
end(void *ignored)
{
	(void)ignored;
}

void
sqlite_memory_use(void)
{
	static const sqlite3_mem_methods methods = {.xMalloc = take,
	    .xFree = give,
	    .xRealloc = resize,
	    .xSize = size_of,
	    .xRoundup = round_up,
	    .xInit = begin,
	    .xShutdown = end};
	sqlite3 *db;

	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
	    sqlite3_open(":memory:", &db) != SQLITE_OK)
		abort();
	/* What it keeps from its first use on it has now. */
	sqlite3_close(db);
}

size_t
sqlite_memory_used(void)
{
	return (size_t)sqlite3_memory_used();
}

#include "runner/pool.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Blocks are of 4 KB, 8 KB and so on, each kind in a list of its own. */
enum { SMALLEST = 12, KINDS = 24 };

struct block {
	struct block *next;
};

static struct block *unused[KINDS];
static char *fresh;
static size_t fresh_size;

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

static void *
take_fresh(size_t size)
{
	static const size_t most = (size_t)1 << 26;
	size_t chunk = size > most ? size : most;
	char *data;

	if (size > fresh_size) {
		fresh = mmap(NULL, chunk, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (fresh == MAP_FAILED)
			abort();
		fresh_size = chunk;
	}
	data = fresh;
	fresh += size;
	fresh_size -= size;
	return data;
}

void *
pool_take(size_t *size)
{
	unsigned kind = kind_of(*size);
	struct block *block = unused[kind];

	*size = (size_t)1 << (SMALLEST + kind);
	if (block == NULL)
		return take_fresh(*size);
	unused[kind] = block->next;
	return block;
}

void
pool_give(void *data, size_t size)
{
	struct block *block = data;
	unsigned kind;

	if (block == NULL)
		return;
	kind = kind_of(size);
	block->next = unused[kind];
	unused[kind] = block;
}

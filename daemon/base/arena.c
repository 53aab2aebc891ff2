#include "base/arena.h"

#include <stdint.h>

#define BLOCK_SIZE 16384
#define ALIGN 16

struct block {
	struct block *next;
	size_t size, used;
	size_t clean; /* below here all that is not used is zero */
	_Alignas(ALIGN) char data[];
};

struct arena {
	const struct memory *memory;
	struct block *blocks; /* newest first; the last one is kept on reset */
	struct block *spare;  /* another that was kept */
	size_t used;
};

static void *
take(const struct memory *memory, size_t size)
{
	if (memory != NULL)
		return memory->take(memory->context, size);
	return malloc(size);
}

static void
give(const struct memory *memory, void *pointer)
{
	if (memory != NULL)
		memory->give(memory->context, pointer);
	else
		free(pointer);
}

struct arena *
arena_create(const struct memory *memory)
{
	struct arena *arena = take(memory, sizeof(*arena));

	if (arena == NULL)
		return NULL;
	*arena = (struct arena){.memory = memory};
	return arena;
}

/*
 * What is wiped is zero for whoever takes it next.  The compiler is told that
 * somebody looks at it, so that it leaves nothing out.
 */
static void
block_wipe(struct block *block)
{
	memset(block->data, 0, block->used);
	__asm__ volatile("" : : "r"(block->data) : "memory");
	if (block->clean < block->used)
		block->clean = block->used;
	block->used = 0;
}

static void
block_free(struct arena *arena, struct block *block)
{
	block_wipe(block);
	give(arena->memory, block);
}

void
arena_destroy(struct arena *arena)
{
	if (arena == NULL)
		return;
	for (struct block *b = arena->blocks, *next; b != NULL; b = next) {
		next = b->next;
		block_free(arena, b);
	}
	if (arena->spare != NULL)
		give(arena->memory, arena->spare);
	give(arena->memory, arena);
}

/* One more of the usual size is kept: who needed it once needs it again. */
static void
block_keep(struct arena *arena, struct block *block)
{
	if (arena->spare != NULL || block->size != BLOCK_SIZE) {
		block_free(arena, block);
		return;
	}
	block_wipe(block);
	arena->spare = block;
}

void
arena_reset(struct arena *arena)
{
	struct block *b = arena->blocks;

	while (b != NULL && b->next != NULL) {
		struct block *next = b->next;
		block_keep(arena, b);
		b = next;
	}
	if (b != NULL)
		block_wipe(b);
	arena->blocks = b;
	arena->used = 0;
}

static struct block *
block_add(struct arena *arena, size_t need)
{
	size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	if (size == BLOCK_SIZE && arena->spare != NULL) {
		block = arena->spare;
		arena->spare = NULL;
	} else {
		block = take(arena->memory, sizeof(*block) + size);
		if (block == NULL)
			return NULL;
		block->size = size;
		block->used = block->clean = 0;
	}
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

static size_t
aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* In a new block, or where something has to be wiped first. */
__attribute__((noinline)) static void *
take_slowly(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	void *pointer;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size = aligned(size);
	if (block == NULL || block->size - block->used < size) {
		block = block_add(arena, size);
		if (block == NULL)
			return NULL;
	}
	pointer = block->data + block->used;
	if (block->clean < block->used + size)
		memset(pointer, 0, size);
	block->used += size;
	arena->used += size;
	return pointer;
}

/* Called for every little thing: what is usual calls nothing itself. */
void *
arena_take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t need = aligned(size);
	void *pointer;

	/* What is clean is within the block; too much wraps to less. */
	if (block == NULL || need < size || block->clean < block->used ||
	    block->clean - block->used < need)
		return take_slowly(arena, size);
	pointer = block->data + block->used;
	block->used += need;
	arena->used += need;
	return pointer;
}

static bool
is_last(const struct block *block, const void *pointer, size_t taken)
{
	return block != NULL && taken <= block->used &&
	       (const char *)pointer ==
		   block->data + block->used - aligned(taken);
}

bool
arena_extend(struct arena *arena, void *pointer, size_t taken, size_t size)
{
	struct block *block = arena->blocks;
	size_t more;

	if (size < taken || size > SIZE_MAX - ALIGN ||
	    !is_last(block, pointer, taken))
		return false;
	more = aligned(size) - aligned(taken);
	if (block->size - block->used < more)
		return false;
	if (block->clean < block->used + more)
		memset(block->data + block->used, 0, more);
	block->used += more;
	arena->used += more;
	return true;
}

void
arena_shrink(struct arena *arena, void *pointer, size_t taken, size_t size)
{
	struct block *block = arena->blocks;

	if (size > taken || !is_last(block, pointer, taken))
		return;
	block->used -= aligned(taken) - aligned(size);
	arena->used -= aligned(taken) - aligned(size);
}

void *
arena_take_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return arena_take(arena, count * size);
}

struct slice
arena_copy(struct arena *arena, struct slice from)
{
	char *copy = arena_take(arena, from.len + 1);

	if (copy == NULL)
		return (struct slice){NULL, 0};
	if (from.len != 0)
		memcpy(copy, from.data, from.len);
	return (struct slice){copy, from.len};
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}

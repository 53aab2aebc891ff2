#include "base/arena.h"

#include <openssl/crypto.h>
#include <stdint.h>

#define BLOCK_SIZE 16384
#define ALIGN 16

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(ALIGN) char data[];
};

struct arena {
	const struct memory *memory;
	struct block *blocks; /* newest first; the last one is kept on reset */
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

static void
block_free(struct arena *arena, struct block *block)
{
	OPENSSL_cleanse(block->data, block->used);
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
	give(arena->memory, arena);
}

void
arena_reset(struct arena *arena)
{
	struct block *b = arena->blocks;

	while (b != NULL && b->next != NULL) {
		struct block *next = b->next;
		block_free(arena, b);
		b = next;
	}
	if (b != NULL) {
		OPENSSL_cleanse(b->data, b->used);
		b->used = 0;
	}
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
	block = take(arena->memory, sizeof(*block) + size);
	if (block == NULL)
		return NULL;
	block->next = arena->blocks;
	block->size = size;
	block->used = 0;
	arena->blocks = block;
	return block;
}

void *
arena_take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	void *pointer;

	if (size > SIZE_MAX - ALIGN)
		return NULL;
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (block == NULL || block->size - block->used < size) {
		block = block_add(arena, size);
		if (block == NULL)
			return NULL;
	}
	pointer = block->data + block->used;
	block->used += size;
	arena->used += size;
	return memset(pointer, 0, size);
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

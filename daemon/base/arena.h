/*
 * An arena owns all memory of one transaction and frees it in one place.
 * Allocation can fail: callers check for NULL and report fail_memory().
 * Memory is given through struct memory, so that tests can refuse the nth
 * request; NULL means malloc and free.
 */
#ifndef MISU_ARENA_H
#define MISU_ARENA_H

#include "base/slice.h"

struct memory {
	void *(*take)(void *context, size_t size);
	void (*give)(void *context, void *pointer);
	void *context;
};

struct arena;

/* NULL when out of memory.  `memory` is borrowed for the arena's life. */
struct arena *arena_create(const struct memory *memory);

/* NULL-safe.  Wipes every byte before giving it back. */
void arena_destroy(struct arena *arena);

/* Forget everything allocated, wipe it, keep the first block and one more. */
void arena_reset(struct arena *arena);

/* Zeroed, 16-byte aligned memory, or NULL. */
void *arena_take(struct arena *arena, size_t size);

/*
 * Give back what was not written of the last memory that was taken, from
 * `size` bytes on; if other was taken since, nothing happens.
 */
void arena_shrink(
    struct arena *arena, void *pointer, size_t taken, size_t size);

/*
 * More of the last memory that was taken, `size` bytes in all and the new ones
 * zero, where it stands; false: other was taken since, or there is no room.
 */
bool arena_extend(
    struct arena *arena, void *pointer, size_t taken, size_t size);

/* An array of `count` zeroed items; NULL on overflow too. */
void *arena_take_array(struct arena *arena, size_t count, size_t size);

/* A NUL-terminated copy (the NUL is not counted); data is NULL on failure. */
struct slice arena_copy(struct arena *arena, struct slice from);

/* Bytes handed out so far, for tests and metrics. */
size_t arena_used(const struct arena *arena);

#endif

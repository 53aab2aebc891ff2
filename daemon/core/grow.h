/*
 * Growing arrays in an arena.  The room is not kept anywhere: an array grows
 * when its count is a power of two, so only the count must be remembered.
 */
#ifndef MISU_GROW_H
#define MISU_GROW_H

#include "base/arena.h"

/* Room for one more item after `count`; NULL when out of memory. */
static inline void *
grow(struct arena *arena, void *items, size_t count, size_t size)
{
	void *more;

	if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
		return items;
	more = arena_take_array(arena, count == 0 ? 4 : 2 * count, size);
	if (more != NULL && count != 0)
		memcpy(more, items, count * size);
	return more;
}

#endif

#include "net/wiped.h"

#include <event2/event.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

enum { STACK_DEPTH = 64 * 1024 };

static void
give_back(void *pointer)
{
	if (pointer != NULL)
		digest_wipe(pointer, malloc_usable_size(pointer));
	free(pointer);
}

/* What moves leaves nothing where it was. */
static void *
take_other(void *pointer, size_t size)
{
	size_t there = pointer != NULL ? malloc_usable_size(pointer) : 0;
	void *other;

	if (pointer != NULL && size <= there && size >= there / 2)
		return pointer;
	other = malloc(size);
	if (other == NULL)
		return NULL;
	if (there != 0)
		memcpy(other, pointer, there < size ? there : size);
	give_back(pointer);
	return other;
}

void
wiped_start(void)
{
	event_set_mem_functions(malloc, take_other, give_back);
}

/* A frame of its own, which covers theirs. */
__attribute__((noinline)) void
wiped_stack(void)
{
	char below[STACK_DEPTH];

	digest_wipe(below, sizeof(below));
}

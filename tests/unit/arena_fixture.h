/* A fresh arena for each test, and the headers that cmocka asks for first. */
#ifndef MISU_TESTS_ARENA_FIXTURE_H
#define MISU_TESTS_ARENA_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

#endif

/*
 * SQLite's memory, out of a pool of its own.  A scenario opens databases again
 * and again, and what the sanitizers do at each of SQLite's allocations, to
 * find faults of ours, is a good part of what that takes.
 */
#ifndef MISU_TESTS_SQLITE_MEMORY_H
#define MISU_TESTS_SQLITE_MEMORY_H

#include <stddef.h>

/* Before SQLite is first used. */
void sqlite_memory_use(void);

/* Bytes that it has now: what is not closed is seen here, not by others. */
size_t sqlite_memory_used(void);

#endif

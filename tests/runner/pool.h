/*
 * Memory for what a run of a scenario has much of: disks and what was written
 * to them.  It is taken from the system once and serves run after run, which
 * costs a tenth of what new memory costs each time.
 */
#ifndef MISU_TESTS_POOL_H
#define MISU_TESTS_POOL_H

#include <stddef.h>

/*
 * At least so much, and not cleared; how much it is stands in `size`
 * afterwards.  Aborts where there is none.
 */
void *pool_take(size_t *size);
/* NULL is nothing. */
void pool_give(void *data, size_t size);

#endif

/*
 * Writes that the kernel does by itself (io_submit(2)) and tells of through
 * an eventfd: without a thread to wake for each, and to be woken by.  Only
 * for files opened O_DIRECT|O_DSYNC whose blocks are there already: for all
 * others io_submit() writes before it returns.
 */
#ifndef MISU_DISK_AIO_H
#define MISU_DISK_AIO_H

#include <stdint.h>

#include "base/slice.h"

struct disk_aio;

/* `wake` is borrowed.  NULL where the kernel has none to give. */
struct disk_aio *disk_aio_create(int wake);
/* NULL-safe; waits for what is under way. */
void disk_aio_destroy(struct disk_aio *aio);

struct disk_aio_write {
	int fd;
	uint64_t offset;
	const void *data;
	size_t len;
	void *token; /* handed back by disk_aio_next() */
};

/* False if it was not begun: write in another way. */
bool disk_aio_begin(struct disk_aio *aio, const struct disk_aio_write *write);

/*
 * The token of a write that ended, and in *result the bytes written or a
 * negative errno; NULL if none has.  With `wait` it waits for one, unless
 * none is under way.
 */
void *disk_aio_next(struct disk_aio *aio, bool wait, int64_t *result);

#endif

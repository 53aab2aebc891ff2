#include "store/view_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the file has. */
struct shared {
	_Atomic uint64_t number;
	_Atomic uint64_t device, inode; /* the file's own, as its writer saw it */
};

struct view_mark {
	struct shared *shared;
	uint64_t device, inode; /* of the file that is mapped */
};

enum { SIZE = sizeof(struct shared) };

/* Without a lock: the other side is another process. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "numbers of 64 bits are atomic");

static bool
map(struct view_mark *mark, int fd, bool writes)
{
	static const char none[SIZE];
	struct stat status;
	void *at;

	/*
	 * Beyond the end of a file there is no memory to be read, and where
	 * the disk has no room for it none to be written.
	 */
	if (fstat(fd, &status) != 0 ||
	    (status.st_size < SIZE &&
		(!writes || pwrite(fd, none, (size_t)(SIZE - status.st_size),
				status.st_size) != SIZE - status.st_size)))
		return false;
	at = mmap(NULL, SIZE, writes ? PROT_READ | PROT_WRITE : PROT_READ,
	    MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return false;
	mark->shared = at;
	mark->device = (uint64_t)status.st_dev;
	mark->inode = (uint64_t)status.st_ino;
	return true;
}

struct view_mark *
view_mark_open(const char *view_path, bool writes, struct fail *fail)
{
	struct view_mark *mark = calloc(1, sizeof(*mark));
	char path[512];
	int fd = -1;
	bool ok;

	if (mark == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (snprintf(path, sizeof(path), "%s-mark", view_path) <
	    (int)sizeof(path))
		fd = open(path,
		    (writes ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0644);
	ok = fd >= 0 && map(mark, fd, writes);
	if (!ok) {
		fail_set(fail, FAIL_WORLD, "cannot map it: %s",
		    strerror(errno != 0 ? errno : ENODATA));
		fail_place(fail, "%s", path);
		free(mark);
		mark = NULL;
	}
	if (fd >= 0)
		close(fd);
	/* What was odd is even then, and what was read before is no more. */
	if (ok && writes) {
		view_mark_begin(mark);
		atomic_store(&mark->shared->device, mark->device);
		atomic_store(&mark->shared->inode, mark->inode);
		view_mark_end(mark);
	}
	return mark;
}

void
view_mark_close(struct view_mark *mark)
{
	if (mark == NULL)
		return;
	munmap(mark->shared, SIZE);
	free(mark);
}

void
view_mark_begin(struct view_mark *mark)
{
	atomic_fetch_or(&mark->shared->number, 1);
}

void
view_mark_end(struct view_mark *mark)
{
	uint64_t number = atomic_load(&mark->shared->number);

	if ((number & 1) != 0)
		atomic_store(&mark->shared->number, number + 1);
}

uint64_t
view_mark_read(const struct view_mark *mark)
{
	const struct shared *shared = mark->shared;
	uint64_t number = atomic_load(&shared->number);
	bool is_own = atomic_load(&shared->inode) == mark->inode &&
		      atomic_load(&shared->device) == mark->device;

	return (number & 1) == 0 && is_own ? number : 0;
}

/*
 * The real disk's files and directories, by system calls: what disk_real.c
 * does on the loop and in its threads.
 */
#include "store/disk_real_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an operator can do about it; NULL: nothing we know of. */
static const char *
remedy(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "make room on its file system";
	case EROFS:
		return "mount its file system writable";
	case EACCES:
	case EPERM:
		return "give misu's user access to it";
	case EMFILE:
	case ENFILE:
		return "allow more open files";
	case EIO:
		return "see the kernel's log about its disk";
	case ELOOP:
		return "remove the symbolic link: misu writes through none";
	default:
		return NULL;
	}
}

bool
disk_real_world(struct fail *fail, const char *path, const char *what)
{
	char text[128];
	int error = errno;
	const char *why = strerror_r(error, text, sizeof(text));

	fail_set(fail, FAIL_WORLD, "%s: %s", what, why);
	fail_place(fail, "%s", path);
	if (remedy(error) != NULL)
		fail_hint(fail, "%s", remedy(error));
	return false;
}

static int
flags_of(enum disk_open how)
{
	switch (how) {
	case DISK_READ:
		return O_RDONLY;
	case DISK_WRITE:
	case DISK_JOURNAL:
		return O_RDWR | O_CREAT | O_NOFOLLOW;
	case DISK_CREATE:
		return O_RDWR | O_CREAT | O_EXCL;
	}
	return O_RDONLY;
}

static bool
file_open(
    const char *path, int flags, struct disk_file **out, struct fail *fail)
{
	struct disk_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return fail_memory(fail);
	if ((size_t)snprintf(file->path, DISK_REAL_PATH, "%s", path) >=
	    DISK_REAL_PATH) {
		free(file);
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	}
	file->fd = open(path, flags | O_CLOEXEC, 0600);
	if (file->fd < 0) {
		free(file);
		return disk_real_world(fail, path, "cannot open");
	}
	*out = file;
	return true;
}

bool
disk_real_open(struct disk *disk, const char *path, enum disk_open how,
    struct disk_file **out, struct fail *fail)
{
	int flags = flags_of(how);
	struct fail first = FAIL_INIT;

	(void)disk;
	if (how == DISK_JOURNAL &&
	    file_open(path, flags | O_DIRECT | O_DSYNC, out, &first)) {
		(*out)->direct = true;
		return true;
	}
	return file_open(path, flags, out, fail);
}

void
disk_real_close(struct disk *disk, struct disk_file *file)
{
	(void)disk;
	if (file == NULL)
		return;
	close(file->fd);
	free(file);
}

bool
disk_real_read(struct disk *disk, struct disk_file *file, uint64_t offset,
    void *data, size_t len, size_t *got, struct fail *fail)
{
	size_t done = 0;

	(void)disk;
	while (done < len) {
		ssize_t n = pread(file->fd, (char *)data + done, len - done,
		    (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return disk_real_world(fail, file->path, "cannot read");
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*got = done;
	return true;
}

bool
disk_real_write(struct disk *disk, struct disk_file *file, uint64_t offset,
    const void *data, size_t len, struct fail *fail)
{
	size_t done = 0;

	(void)disk;
	while (done < len) {
		ssize_t n = pwrite(file->fd, (const char *)data + done,
		    len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return disk_real_world(
			    fail, file->path, "cannot write");
		done += (size_t)n;
	}
	return true;
}

bool
disk_real_truncate(
    struct disk *disk, struct disk_file *file, uint64_t size, struct fail *fail)
{
	(void)disk;
	if (ftruncate(file->fd, (off_t)size) != 0)
		return disk_real_world(fail, file->path, "cannot set the size");
	return true;
}

bool
disk_real_size(
    struct disk *disk, struct disk_file *file, uint64_t *out, struct fail *fail)
{
	struct stat st;

	(void)disk;
	if (fstat(file->fd, &st) != 0)
		return disk_real_world(fail, file->path, "cannot stat");
	*out = (uint64_t)st.st_size;
	return true;
}

bool
disk_real_sync(struct disk *disk, struct disk_file *file, struct fail *fail)
{
	(void)disk;
	if (fdatasync(file->fd) != 0)
		return disk_real_world(fail, file->path, "cannot sync");
	return true;
}

/* Shorter ones are quicker by way of the system's memory. */
enum { DIRECT_MIN = 1 << 16 };

/* Past the system's memory, which need not be found for what nobody reads. */
static bool
lay_direct(struct disk *disk, const char *path, const void *data, size_t len,
    struct disk_file **out, struct fail *fail)
{
	size_t whole = (len + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
	struct fail first = FAIL_INIT;
	struct disk_file *file;

	if (len < DIRECT_MIN ||
	    !file_open(
		path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, &file, &first))
		return false;
	if (!disk_real_write(disk, file, 0, data, whole, &first) ||
	    !disk_real_truncate(disk, file, len, fail)) {
		disk_real_close(disk, file);
		return false;
	}
	*out = file;
	return true;
}

bool
disk_real_lay_down(struct disk *disk, const char *path, const void *data,
    size_t len, struct disk_file **out, struct fail *fail)
{
	if (lay_direct(disk, path, data, len, out, fail))
		return true;
	if (fail->kind != FAIL_NONE ||
	    !disk_real_open(disk, path, DISK_WRITE, out, fail))
		return false;
	if (disk_real_truncate(disk, *out, 0, fail) &&
	    disk_real_write(disk, *out, 0, data, len, fail))
		return true;
	disk_real_close(disk, *out);
	return false;
}

/* All are on their way to the disk before the first is waited for. */
bool
disk_real_put_away(struct disk *disk, struct disk_file *const *files,
    size_t count, struct fail *fail)
{
	bool ok = true;

	for (size_t i = 0; i < count; i++)
		sync_file_range(files[i]->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	for (size_t i = 0; i < count; i++) {
		ok = ok && disk_real_sync(disk, files[i], fail);
		posix_fadvise(files[i]->fd, 0, 0, POSIX_FADV_DONTNEED);
		disk_real_close(disk, files[i]);
	}
	return ok;
}

bool
disk_real_rename(
    struct disk *disk, const char *from, const char *to, struct fail *fail)
{
	(void)disk;
	if (rename(from, to) != 0)
		return disk_real_world(fail, to, "cannot rename");
	return true;
}

bool
disk_real_remove(struct disk *disk, const char *path, struct fail *fail)
{
	(void)disk;
	if (unlink(path) == 0 || errno == ENOENT ||
	    (errno == EISDIR && rmdir(path) == 0))
		return true;
	return disk_real_world(fail, path, "cannot remove");
}

bool
disk_real_make_directory(struct disk *disk, const char *path, struct fail *fail)
{
	(void)disk;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return disk_real_world(fail, path, "cannot make the directory");
	return true;
}

bool
disk_real_sync_directory(struct disk *disk, const char *path, struct fail *fail)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	(void)disk;
	if (fd < 0)
		return disk_real_world(fail, path, "cannot open the directory");
	ok = fsync(fd) == 0;
	if (!ok)
		disk_real_world(fail, path, "cannot sync the directory");
	close(fd);
	return ok;
}

bool
disk_real_sync_all(struct disk *disk, const char *path, struct fail *fail)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	(void)disk;
	if (fd < 0)
		return disk_real_world(fail, path, "cannot open the directory");
	ok = syncfs(fd) == 0;
	if (!ok)
		disk_real_world(fail, path, "cannot sync the file system");
	close(fd);
	return ok;
}

static int
by_name(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;

	return slice_compare(*x, *y);
}

/* Count first, then copy: the list is short and the directory is ours. */
bool
disk_real_list(struct disk *disk, const char *path, struct arena *arena,
    struct slice **names, size_t *count, struct fail *fail)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0, room = 0;
	bool ok = true;

	(void)disk;
	if (dir == NULL)
		return disk_real_world(fail, path, "cannot list");
	while (readdir(dir) != NULL)
		room++;
	rewinddir(dir);
	*names = arena_take_array(arena, room + 1, sizeof(**names));
	while (ok && *names != NULL && n < room &&
	       (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		(*names)[n] = arena_copy(arena, slice_from(entry->d_name));
		ok = (*names)[n++].data != NULL;
	}
	closedir(dir);
	if (*names == NULL || !ok)
		return fail_memory(fail);
	qsort(*names, n, sizeof(**names), by_name);
	*count = n;
	return true;
}

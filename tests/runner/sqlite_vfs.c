#include "runner/sqlite_vfs.h"

#include <sqlite3.h>

#include "runner/memory_disk.h"

enum { PATH_SIZE = 256 };

struct vfs_file {
	sqlite3_file base;
	struct disk_file *file;
	bool fresh;            /* its name is not durable yet */
	bool delete_on_close;
	char path[PATH_SIZE];
};

static struct disk *disk;
static struct loop *loop;
static const struct random_source *source;

static struct vfs_file *
of(sqlite3_file *file)
{
	return (struct vfs_file *)file;
}

/* A full disk is told apart: SQLite rolls back, and the next try may work. */
static int
code_of(const struct fail *fail, int otherwise)
{
	return strstr(fail->text, "No space") != NULL ? SQLITE_FULL
						      : otherwise;
}

static void
directory_of(const char *path, char out[PATH_SIZE])
{
	const char *slash = strrchr(path, '/');

	snprintf(out, PATH_SIZE, "%.*s",
	    slash != NULL ? (int)(slash - path) : 1,
	    slash != NULL ? path : ".");
}

static int
file_close(sqlite3_file *base)
{
	struct vfs_file *file = of(base);
	struct fail fail = FAIL_INIT;

	disk->operations->close(disk, file->file);
	if (file->delete_on_close)
		disk->operations->remove(disk, file->path, &fail);
	return SQLITE_OK;
}

static int
file_read(sqlite3_file *base, void *out, int len, sqlite3_int64 offset)
{
	struct fail fail = FAIL_INIT;
	size_t got = 0;

	if (!disk->operations->read(disk, of(base)->file, (uint64_t)offset,
		out, (size_t)len, &got, &fail))
		return SQLITE_IOERR_READ;
	if (got == (size_t)len)
		return SQLITE_OK;
	memset((char *)out + got, 0, (size_t)len - got);
	return SQLITE_IOERR_SHORT_READ;
}

static int
file_write(sqlite3_file *base, const void *data, int len, sqlite3_int64 offset)
{
	struct fail fail = FAIL_INIT;

	return disk->operations->write(disk, of(base)->file, (uint64_t)offset,
		   data, (size_t)len, &fail)
	    ? SQLITE_OK
	    : code_of(&fail, SQLITE_IOERR_WRITE);
}

static int
file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct fail fail = FAIL_INIT;

	return disk->operations->truncate(
		   disk, of(base)->file, (uint64_t)size, &fail)
	    ? SQLITE_OK
	    : SQLITE_IOERR_TRUNCATE;
}

/* As SQLite's own does on Unix: a new file's name is synced with its bytes. */
static int
file_sync(sqlite3_file *base, int flags)
{
	struct vfs_file *file = of(base);
	struct fail fail = FAIL_INIT;
	char directory[PATH_SIZE];

	(void)flags;
	if (!disk->operations->sync(disk, file->file, &fail))
		return SQLITE_IOERR_FSYNC;
	if (!file->fresh)
		return SQLITE_OK;
	directory_of(file->path, directory);
	if (!disk->operations->sync_directory(disk, directory, &fail))
		return SQLITE_IOERR_DIR_FSYNC;
	file->fresh = false;
	return SQLITE_OK;
}

static int
file_size(sqlite3_file *base, sqlite3_int64 *out)
{
	struct fail fail = FAIL_INIT;
	uint64_t size;

	if (!disk->operations->size(disk, of(base)->file, &size, &fail))
		return SQLITE_IOERR_FSTAT;
	*out = (sqlite3_int64)size;
	return SQLITE_OK;
}

static int
file_lock(sqlite3_file *base, int level)
{
	(void)base;
	(void)level;
	return SQLITE_OK;
}

static int
file_check_lock(sqlite3_file *base, int *out)
{
	(void)base;
	*out = 0;
	return SQLITE_OK;
}

static int
file_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
file_sector_size(sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int
file_characteristics(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
};

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
    int *out_flags)
{
	struct vfs_file *file = of(base);
	struct fail fail = FAIL_INIT;
	static unsigned temporary;

	(void)vfs;
	memset(file, 0, sizeof(*file));
	if (name != NULL)
		snprintf(file->path, PATH_SIZE, "%s", name);
	else
		snprintf(file->path, PATH_SIZE, "tmp/sqlite-%u", temporary++);
	file->fresh = !memory_disk_has(disk, file->path);
	file->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	if (file->fresh && (flags & SQLITE_OPEN_CREATE) == 0)
		return SQLITE_CANTOPEN;
	if (!disk->operations->open(disk, file->path,
		(flags & SQLITE_OPEN_READONLY) != 0 ? DISK_READ : DISK_WRITE,
		&file->file, &fail))
		return SQLITE_CANTOPEN;
	file->base.pMethods = &file_methods;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
	struct fail fail = FAIL_INIT;
	char directory[PATH_SIZE];

	(void)vfs;
	if (!memory_disk_has(disk, path))
		return SQLITE_IOERR_DELETE_NOENT;
	directory_of(path, directory);
	if (!disk->operations->remove(disk, path, &fail) ||
	    (sync &&
		!disk->operations->sync_directory(disk, directory, &fail)))
		return SQLITE_IOERR_DELETE;
	return SQLITE_OK;
}

static int
vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	(void)vfs;
	(void)flags;
	*out = memory_disk_has(disk, path);
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)size, "%s", path);
	return SQLITE_OK;
}

static int
vfs_randomness(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	if (!source->fill(source->context, out, (size_t)len))
		memset(out, 0, (size_t)len);
	return len;
}

static int
vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int
vfs_time(sqlite3_vfs *vfs, double *out)
{
	(void)vfs;
	*out = 2440587.5 +
	    (double)loop->operations->now(loop) / (24.0 * 3600.0 * 1000.0);
	return SQLITE_OK;
}

static int
vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	if (size > 0)
		out[0] = '\0';
	return 0;
}

static sqlite3_vfs scenario_vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(struct vfs_file),
    .mxPathname = PATH_SIZE,
    .zName = "scenario",
    .xOpen = vfs_open,
    .xDelete = vfs_delete,
    .xAccess = vfs_access,
    .xFullPathname = vfs_full_path,
    .xRandomness = vfs_randomness,
    .xSleep = vfs_sleep,
    .xCurrentTime = vfs_time,
    .xGetLastError = vfs_last_error,
};

bool
sqlite_vfs_use(struct disk *with, struct loop *clock,
    const struct random_source *random)
{
	disk = with;
	loop = clock;
	source = random;
	/* SQLite's own generator is seeded once a process: seed it anew. */
	sqlite3_randomness(0, NULL);
	return sqlite3_vfs_register(&scenario_vfs, 1) == SQLITE_OK;
}

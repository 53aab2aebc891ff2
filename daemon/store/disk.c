#include "store/disk.h"

bool
disk_read_file(struct disk *disk, const char *path, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	const struct disk_operations *op = disk->operations;
	struct disk_file *file;
	uint64_t size;
	size_t got = 0;
	char *data = NULL;
	bool ok;

	if (!op->open(disk, path, DISK_READ, &file, fail))
		return false;
	ok = op->size(disk, file, &size, fail);
	if (ok && size > max) {
		ok = fail_set(fail, FAIL_WORLD, "the file is too long");
		fail_place(fail, "%s", path);
	}
	if (ok && (data = arena_take(arena, (size_t)size + 1)) == NULL)
		ok = fail_memory(fail);
	ok = ok && op->read(disk, file, 0, data, (size_t)size, &got, fail);
	if (ok && got != size) {
		ok = fail_set(fail, FAIL_WORLD, "the file became shorter");
		fail_place(fail, "%s", path);
	}
	op->close(disk, file);
	if (ok)
		*out = (struct slice){data, got};
	return ok;
}

bool
disk_write_file(struct disk *disk, const char *path, struct slice data,
    struct fail *fail)
{
	const struct disk_operations *op = disk->operations;
	struct disk_file *file;
	bool ok;

	if (!op->open(disk, path, DISK_WRITE, &file, fail))
		return false;
	ok = op->truncate(disk, file, 0, fail) &&
	    op->write(disk, file, 0, data.data, data.len, fail) &&
	    op->sync(disk, file, fail);
	op->close(disk, file);
	return ok;
}

bool
disk_replace_file(struct disk *disk, const char *directory, const char *name,
    struct slice data, struct fail *fail)
{
	const struct disk_operations *op = disk->operations;
	char path[1024], fresh[1024];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, name);
	int m = snprintf(fresh, sizeof(fresh), "%s/%s.new", directory, name);

	if (n < 0 || m < 0 || (size_t)m >= sizeof(fresh))
		return fail_set(fail, FAIL_INPUT, "the path is too long");
	return disk_write_file(disk, fresh, data, fail) &&
	    op->rename(disk, fresh, path, fail) &&
	    op->sync_directory(disk, directory, fail);
}

static bool
fill_zeros(struct disk *disk, struct disk_file *file, struct fail *fail)
{
	static const uint8_t zeros[65536];
	uint64_t size = 0;
	bool ok = disk->operations->size(disk, file, &size, fail);

	for (uint64_t at = 0; ok && at < size; at += sizeof(zeros))
		ok = disk->operations->write(disk, file, at, zeros,
		    size - at < sizeof(zeros) ? (size_t)(size - at)
					      : sizeof(zeros),
		    fail);
	return ok && disk->operations->sync(disk, file, fail);
}

bool
disk_wipe_file(struct disk *disk, const char *path, struct fail *fail)
{
	struct fail absent = FAIL_INIT;
	struct disk_file *file;
	bool ok;

	if (!disk->operations->open(disk, path, DISK_READ, &file, &absent))
		return true;
	disk->operations->close(disk, file);
	if (!disk->operations->open(disk, path, DISK_WRITE, &file, fail))
		return false;
	ok = fill_zeros(disk, file, fail);
	disk->operations->close(disk, file);
	return ok;
}

bool
disk_has(struct disk *disk, const char *directory, const char *name,
    struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct slice *names;
	size_t count;

	if (!disk->operations->list(
		disk, directory, arena, &names, &count, &fail))
		return false;
	for (size_t i = 0; i < count; i++)
		if (slice_is(names[i], name))
			return true;
	return false;
}

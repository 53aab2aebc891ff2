#include "store/tiles_files.h"

enum {
	PATH_SIZE = 1024,
	FILE_SIZE = 1 << 18, /* what most bundles fit into */
	SPARES_MAX = 64,     /* memory that was used is used again */
	OPEN_MAX = 256,	     /* files written and not synced yet */
	KINDS = TILE_LEVELS + 1
};

/* A folder in which names are new. */
struct dirty {
	struct dirty *next;
	char path[];
};

struct tiles_files {
	struct disk *disk;
	const char *directory;
	struct tiles_file *waiting, **last, *flying, *spare;
	size_t size, spares;
	/* The work's alone. */
	struct disk_file *open[OPEN_MAX];
	size_t open_count;
	struct dirty *dirty;
	uint64_t made[KINDS]; /* number / 1000 + 1 whose folder was made */
};

struct tiles_files *
tiles_files_create(struct disk *disk, const char *directory)
{
	struct tiles_files *files = calloc(1, sizeof(*files));

	if (files == NULL)
		return NULL;
	files->disk = disk;
	files->directory = directory;
	files->last = &files->waiting;
	return files;
}

static void
file_free(struct tiles_file *file)
{
	free(file->data);
	free(file);
}

static void
free_all(struct tiles_file *file)
{
	for (struct tiles_file *next; file != NULL; file = next) {
		next = file->next;
		file_free(file);
	}
}

void
tiles_files_destroy(struct tiles_files *files)
{
	struct dirty *dirty;

	if (files == NULL)
		return;
	free_all(files->waiting);
	free_all(files->flying);
	free_all(files->spare);
	while ((dirty = files->dirty) != NULL) {
		files->dirty = dirty->next;
		free(dirty);
	}
	free(files);
}

/* --- filling --- */

static struct tiles_file *
file_create(size_t size, struct fail *fail)
{
	struct tiles_file *file = calloc(1, sizeof(*file));

	if (file != NULL) {
		file->size = size;
		file->data = aligned_alloc(DISK_BLOCK, size);
		if (file->data != NULL)
			return file;
		free(file);
	}
	fail_memory(fail);
	return NULL;
}

struct tiles_file *
tiles_file_take(struct tiles_files *files, struct fail *fail)
{
	struct tiles_file *file = files->spare;

	if (file == NULL)
		return file_create(FILE_SIZE, fail);
	files->spare = file->next;
	files->spares--;
	file->len = 0;
	return file;
}

bool
tiles_file_reserve(struct tiles_file *file, size_t more, struct fail *fail)
{
	size_t size = file->size;
	uint8_t *grown;

	while (size - file->len < more)
		size *= 2;
	if (size == file->size)
		return true;
	grown = aligned_alloc(DISK_BLOCK, size);
	if (grown == NULL)
		return fail_memory(fail);
	memcpy(grown, file->data, file->len);
	free(file->data);
	file->data = grown;
	file->size = size;
	return true;
}

void
tiles_file_give(struct tiles_files *files, struct tiles_file *file)
{
	if (file == NULL)
		return;
	if (file->size != FILE_SIZE || files->spares == SPARES_MAX) {
		file_free(file);
		return;
	}
	file->next = files->spare;
	files->spare = file;
	files->spares++;
}

/* --- waiting --- */

void
tiles_files_add(struct tiles_files *files, struct tiles_file *file)
{
	file->next = NULL;
	*files->last = file;
	files->last = &file->next;
	files->size += file->len;
}

bool
tiles_files_copy(struct tiles_files *files, const struct tiles_file *like,
    struct slice data, struct fail *fail)
{
	size_t size = (data.len + DISK_BLOCK - 1) / DISK_BLOCK * DISK_BLOCK;
	struct tiles_file *file = file_create(size, fail);

	if (file == NULL)
		return false;
	file->level = like->level;
	file->number = like->number;
	file->width = like->width;
	file->len = data.len;
	memcpy(file->data, data.data, data.len);
	tiles_files_add(files, file);
	return true;
}

size_t
tiles_files_size(const struct tiles_files *files)
{
	return files->size;
}

static const struct tiles_file *
find(const struct tiles_file *file, uint64_t number)
{
	while (file != NULL && (file->level != TILES_ENTRIES ||
				   file->width != 0 || file->number != number))
		file = file->next;
	return file;
}

bool
tiles_files_find(
    const struct tiles_files *files, uint64_t number, struct slice *bundle)
{
	const struct tiles_file *file = find(files->flying, number);

	if (file == NULL)
		file = find(files->waiting, number);
	if (file == NULL)
		return false;
	*bundle = (struct slice){(const char *)file->data, file->len};
	return true;
}

/* --- to the disk --- */

void
tiles_files_begin(struct tiles_files *files)
{
	files->flying = files->waiting;
	files->waiting = NULL;
	files->last = &files->waiting;
}

void
tiles_files_end(struct tiles_files *files)
{
	struct tiles_file *file;

	while ((file = files->flying) != NULL) {
		files->flying = file->next;
		files->size -= file->len;
		tiles_file_give(files, file);
	}
}

static bool
folder_dirty(
    struct tiles_files *files, const char *path, size_t len, struct fail *fail)
{
	struct dirty *dirty;

	for (dirty = files->dirty; dirty != NULL; dirty = dirty->next)
		if (strlen(dirty->path) == len &&
		    memcmp(dirty->path, path, len) == 0)
			return true;
	dirty = calloc(1, sizeof(*dirty) + len + 1);
	if (dirty == NULL)
		return fail_memory(fail);
	memcpy(dirty->path, path, len);
	dirty->next = files->dirty;
	files->dirty = dirty;
	return true;
}

/* Make every folder on the way to this file, which is below the log's. */
static bool
make_folders(struct tiles_files *files, const char *file, struct fail *fail)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s", file);
	for (size_t at = strlen(files->directory) + 1; path[at] != '\0'; at++) {
		size_t parent = at;

		if (path[at] != '/')
			continue;
		path[at] = '\0';
		while (path[--parent] != '/')
			;
		if (!files->disk->operations->make_directory(
			files->disk, path, fail) ||
		    !folder_dirty(files, path, parent, fail))
			return false;
		path[at] = '/';
	}
	return true;
}

static bool
put_away(struct tiles_files *files, struct fail *fail)
{
	size_t count = files->open_count;

	files->open_count = 0;
	return files->disk->operations->put_away(
	    files->disk, files->open, count, fail);
}

static bool
write_file(
    struct tiles_files *files, const struct tiles_file *file, struct fail *fail)
{
	uint64_t *made = &files->made[file->level + 1]; /* entries are -1 */
	uint64_t folder = file->number / 1000 + 1;
	char name[TILES_PATH], path[PATH_SIZE];

	tiles_path(name, file->level, file->number, file->width);
	snprintf(path, sizeof(path), "%.900s/%.100s", files->directory, name);
	if ((file->width != 0 || *made != folder) &&
	    !make_folders(files, path, fail))
		return false;
	*made = folder;
	if (files->open_count == OPEN_MAX && !put_away(files, fail))
		return false;
	if (!files->disk->operations->lay_down(files->disk, path, file->data,
		file->len, &files->open[files->open_count], fail))
		return false;
	files->open_count++;
	return folder_dirty(
	    files, path, (size_t)(strrchr(path, '/') - path), fail);
}

static bool
sync_folders(struct tiles_files *files, bool ok, struct fail *fail)
{
	struct dirty *dirty;

	while ((dirty = files->dirty) != NULL) {
		files->dirty = dirty->next;
		ok = ok && files->disk->operations->sync_directory(
			       files->disk, dirty->path, fail);
		free(dirty);
	}
	return ok;
}

bool
tiles_files_work(struct tiles_files *files, struct fail *fail)
{
	bool ok = true;

	for (const struct tiles_file *f = files->flying; ok && f != NULL;
	     f = f->next)
		ok = write_file(files, f, fail);
	ok = put_away(files, fail) && ok;
	return sync_folders(files, ok, fail);
}

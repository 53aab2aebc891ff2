/*
 * Files of the log that are full and not on the disk yet: they wait for the
 * next checkpoint, whose middle part makes all of them, and their folders,
 * off the loop.  Until its end what is in them can be read here.
 */
#ifndef MISU_TILES_FILES_H
#define MISU_TILES_FILES_H

#include "store/disk.h"
#include "store/tiles.h"

struct tiles_file {
	struct tiles_file *next;
	int level;
	uint64_t number;
	unsigned width;
	uint8_t *data; /* begins at, and has room up to, a whole block */
	size_t len, size;
};

struct tiles_files;

/* `directory` is borrowed. */
struct tiles_files *tiles_files_create(
    struct disk *disk, const char *directory);
void tiles_files_destroy(struct tiles_files *files);

/* An empty one to fill; false when out of memory. */
struct tiles_file *tiles_file_take(
    struct tiles_files *files, struct fail *fail);
/* Room for `more` bytes behind what is there. */
bool tiles_file_reserve(
    struct tiles_file *file, size_t more, struct fail *fail);
/* NULL-safe. */
void tiles_file_give(struct tiles_files *files, struct tiles_file *file);

/* It is full: it waits. */
void tiles_files_add(struct tiles_files *files, struct tiles_file *file);
/* The same of a copy of these bytes. */
bool tiles_files_copy(struct tiles_files *files, const struct tiles_file *like,
    struct slice data, struct fail *fail);

/* Bytes that wait, and those on their way to the disk. */
size_t tiles_files_size(const struct tiles_files *files);
/* A full bundle that may not be on the disk yet; borrowed. */
bool tiles_files_find(
    const struct tiles_files *files, uint64_t number, struct slice *bundle);

/*
 * What waits now is written and synced by the work, which alone may run
 * beside the rest.  The bytes are here until the end.
 */
void tiles_files_begin(struct tiles_files *files);
bool tiles_files_work(struct tiles_files *files, struct fail *fail);
void tiles_files_end(struct tiles_files *files);

#endif

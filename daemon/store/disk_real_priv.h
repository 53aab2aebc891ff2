/* What disk_real.c has of disk_files.c: see struct disk_operations. */
#ifndef MISU_DISK_REAL_PRIV_H
#define MISU_DISK_REAL_PRIV_H

#include "store/disk.h"

enum { DISK_REAL_PATH = 1024 };

struct disk_file {
	int fd;
	bool direct; /* O_DIRECT|O_DSYNC took: a write is a sync */
	char path[DISK_REAL_PATH];
};

/* What errno says of `what`, and what can be done about it.  Always false. */
bool disk_real_world(struct fail *fail, const char *path, const char *what);
bool disk_real_open(struct disk *disk, const char *path, enum disk_open how,
    struct disk_file **out, struct fail *fail);
void disk_real_close(struct disk *disk, struct disk_file *file);
bool disk_real_read(struct disk *disk, struct disk_file *file, uint64_t offset,
    void *data, size_t len, size_t *got, struct fail *fail);
bool disk_real_write(struct disk *disk, struct disk_file *file, uint64_t offset,
    const void *data, size_t len, struct fail *fail);
bool disk_real_truncate(struct disk *disk, struct disk_file *file,
    uint64_t size, struct fail *fail);
bool disk_real_size(struct disk *disk, struct disk_file *file, uint64_t *out,
    struct fail *fail);
bool disk_real_sync(
    struct disk *disk, struct disk_file *file, struct fail *fail);
bool disk_real_lay_down(struct disk *disk, const char *path, const void *data,
    size_t len, struct disk_file **out, struct fail *fail);
bool disk_real_put_away(struct disk *disk, struct disk_file *const *files,
    size_t count, struct fail *fail);
bool disk_real_rename(
    struct disk *disk, const char *from, const char *to, struct fail *fail);
bool disk_real_remove(struct disk *disk, const char *path, struct fail *fail);
bool disk_real_make_directory(
    struct disk *disk, const char *path, struct fail *fail);
bool disk_real_sync_directory(
    struct disk *disk, const char *path, struct fail *fail);
bool disk_real_sync_all(struct disk *disk, const char *path, struct fail *fail);
bool disk_real_list(struct disk *disk, const char *path, struct arena *arena,
    struct slice **names, size_t *count, struct fail *fail);

#endif

/*
 * Files of a backup and its manifest, for misuctl backup and restore:
 *
 *	misu-backup-1
 *	origin NAME
 *	size ENTRIES
 *	made UNIX-MS
 *	file SHA-256 BYTES NAME		and so on
 *	end FILES
 */
#ifndef MISU_CTL_FILES_H
#define MISU_CTL_FILES_H

#include "base/digest.h"
#include "base/text.h"

struct ctl_file {
	struct slice name; /* below the directory */
	uint64_t size;
	struct digest digest;
};

struct ctl_manifest {
	struct slice origin;
	uint64_t size; /* entries */
	int64_t made;  /* Unix ms */
	struct ctl_file *files;
	size_t count, room;
};

bool ctl_manifest_add(struct ctl_manifest *manifest, struct arena *arena,
    const struct ctl_file *file, struct fail *fail);
/* False without a fail: there is none. */
bool ctl_manifest_read(const char *directory, struct arena *arena,
    struct ctl_manifest *out, struct fail *fail);
/* Durable; the last thing that is written. */
bool ctl_manifest_write(const char *directory,
    const struct ctl_manifest *manifest, struct arena *arena,
    struct fail *fail);
/* NULL if it has none of that name. */
const struct ctl_file *ctl_manifest_find(
    const struct ctl_manifest *manifest, struct slice name);

/*
 * Copy the first file->size bytes (UINT64_MAX: all) from one directory to the
 * other by way of a new file, synced, mode 0600, folders 0700; size and
 * digest are filled in.
 */
bool ctl_file_copy(
    const char *from, const char *to, struct ctl_file *file, struct fail *fail);
/* Is it there, whole? */
bool ctl_file_check(
    const char *directory, const struct ctl_file *file, struct fail *fail);

/* Each file below a directory, by its name; deep and many are bounded. */
bool ctl_files_walk(const char *directory,
    bool (*visit)(void *context, struct slice name), void *context,
    struct fail *fail);

#endif

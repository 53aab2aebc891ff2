/*
 * All bytes that reach the disk pass here: the one seam through which tests
 * fail the nth write or sync, lose what was not synced, or stop the world.
 * The real disk has the kernel, or a thread, do journal writes while the loop
 * goes on; everything else is called and done.
 *
 * Every function returns false with the file's name in fail.place when the
 * world is wrong.  A failed sync is final for that file: never try again.
 */
#ifndef MISU_DISK_H
#define MISU_DISK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

struct disk;
struct disk_file;

/* What is opened for writing is no symbolic link. */
enum disk_open {
	DISK_READ,   /* must exist */
	DISK_WRITE,  /* read and write, created when absent */
	DISK_CREATE, /* read and write, must not exist */
	DISK_JOURNAL /* as DISK_WRITE, O_DIRECT|O_DSYNC where possible */
};

struct disk_operations {
	bool (*open)(struct disk *disk, const char *path, enum disk_open how,
	    struct disk_file **out, struct fail *fail);
	void (*close)(struct disk *disk, struct disk_file *file);
	bool (*read)(struct disk *disk, struct disk_file *file, uint64_t offset,
	    void *data, size_t len, size_t *got, struct fail *fail);
	bool (*write)(struct disk *disk, struct disk_file *file,
	    uint64_t offset, const void *data, size_t len, struct fail *fail);
	bool (*truncate)(struct disk *disk, struct disk_file *file,
	    uint64_t size, struct fail *fail);
	bool (*size)(struct disk *disk, struct disk_file *file, uint64_t *out,
	    struct fail *fail);
	bool (*sync)(
	    struct disk *disk, struct disk_file *file, struct fail *fail);
	/*
	 * Create or replace a file with these bytes, which begin at a whole
	 * block and have room up to one behind them.  It stays open for
	 * put_away().
	 */
	bool (*lay_down)(struct disk *disk, const char *path, const void *data,
	    size_t len, struct disk_file **out, struct fail *fail);
	/*
	 * Sync these files and close them, whatever becomes of that.  They
	 * are not read soon: their bytes do not stay in memory.  Together
	 * they cost less than one by one.
	 */
	bool (*put_away)(struct disk *disk, struct disk_file *const *files,
	    size_t count, struct fail *fail);
	bool (*rename)(struct disk *disk, const char *from, const char *to,
	    struct fail *fail);
	/* A file, or a directory that is empty. */
	bool (*remove)(struct disk *disk, const char *path, struct fail *fail);
	bool (*make_directory)(
	    struct disk *disk, const char *path, struct fail *fail);
	bool (*sync_directory)(
	    struct disk *disk, const char *path, struct fail *fail);
	/*
	 * Make everything in a directory durable, contents and names, at the
	 * price of one sync; the real disk's reaches the whole file system.
	 */
	bool (*sync_all)(
	    struct disk *disk, const char *path, struct fail *fail);
	/* Names in a directory, sorted, in `arena`. */
	bool (*list)(struct disk *disk, const char *path, struct arena *arena,
	    struct slice **names, size_t *count, struct fail *fail);
	/*
	 * Exclusive lock for the disk's life; false if another one holds it.
	 * Taking one's own lock again is harmless.
	 */
	bool (*lock)(struct disk *disk, const char *path, struct fail *fail);
	/*
	 * Write and sync behind the loop's back; `done` is called from the
	 * loop.  One such write may be under way per file.  `data` must stay
	 * until then.
	 */
	void (*write_behind)(struct disk *disk, struct disk_file *file,
	    uint64_t offset, const void *data, size_t len,
	    void (*done)(void *arg, const struct fail *fail), void *arg);
	/*
	 * Call `call` once from the loop, after what runs now has returned:
	 * so everything one wake-up commits shares a group.
	 */
	void (*defer)(struct disk *disk, void (*call)(void *arg), void *arg);
	/*
	 * Run `work` off the loop, beside what is written behind, and then
	 * `done` from the loop.  It may open, write, sync and rename files
	 * nothing else touches meanwhile.  May be NULL: a disk that has no
	 * other thread; the caller then does the work itself.
	 */
	void (*behind)(struct disk *disk, void (*work)(void *arg),
	    void (*done)(void *arg, const struct fail *fail), void *arg);
	/*
	 * Calls that were deferred for `arg`, and writes and work under way
	 * for it, come to their end without their callback.
	 */
	void (*forget)(struct disk *disk, void *arg);
};

/* A disk is its operations and whatever follows them. */
struct disk {
	const struct disk_operations *operations;
};

struct event_base;

/*
 * The real disk.  `base` is borrowed; it may be NULL for tools that only
 * read, and then nothing may be written behind or deferred.
 */
struct disk *disk_real_create(struct event_base *base, struct fail *fail);
void disk_real_destroy(struct disk *disk);

/* Blocks of a journal write are this long and begin at a multiple of it. */
enum { DISK_BLOCK = 4096 };

/* The whole file in `arena`; fails if it is longer than `max`. */
bool disk_read_file(struct disk *disk, const char *path, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail);

/* Create or truncate, write, sync.  The directory is the caller's to sync. */
bool disk_write_file(struct disk *disk, const char *path, struct slice data,
    struct fail *fail);

/* As disk_write_file, by way of a new file's rename and a directory sync. */
bool disk_replace_file(struct disk *disk, const char *directory,
    const char *name, struct slice data, struct fail *fail);

/*
 * Overwrite all bytes of a file with zeros and sync; it stays as long as it
 * was.  No such file: nothing to do.
 */
bool disk_wipe_file(struct disk *disk, const char *path, struct fail *fail);

/* Is there a file or directory of this name in the directory? */
bool disk_has(struct disk *disk, const char *directory, const char *name,
    struct arena *arena);

#endif

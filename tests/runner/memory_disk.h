/*
 * A disk in memory that remembers what would survive.  Each file has its
 * content and its durable content; a sync makes bytes durable, and a name
 * made, renamed or removed is durable once its directory was synced.
 *
 * It can fail the nth write or sync, be full or read-only, and die at the
 * nth change: from then on nothing works and nothing changes, as for a
 * process that was killed, until memory_disk_revive() shows what is left.
 */
#ifndef MISU_TESTS_MEMORY_DISK_H
#define MISU_TESTS_MEMORY_DISK_H

#include "net/loop.h"
#include "store/disk.h"

enum disk_fault {
	FAULT_NONE,
	FAULT_WRITE, /* the nth write, truncation, rename or removal fails */
	FAULT_SYNC,  /* the nth sync fails; what it covered may be lost */
	FAULT_COUNT, /* none happens: those that could are counted */
	FAULT_KILL   /* the disk dies at the nth change or sync */
};

enum disk_loss {
	LOSS_ALL,  /* everything not synced is gone */
	LOSS_NONE, /* everything written is there */
	LOSS_TORN  /* all there but the second half of the last write */
};

enum disk_state { DISK_OK, DISK_FULL, DISK_READ_ONLY };

struct disk *memory_disk_create(struct loop *loop);
/* A disk with the durable bytes only: what a reader after a crash would see */
struct disk *memory_disk_survivor(struct disk *disk, struct loop *loop);
void memory_disk_destroy(struct disk *disk);

void memory_disk_set_state(struct disk *disk, enum disk_state state);
/* Counting begins anew; `loss` says how the killing change itself ends. */
void memory_disk_set_fault(struct disk *disk, enum disk_fault fault,
    unsigned nth, enum disk_loss loss);
/* How many times FAULT_WRITE, FAULT_SYNC or FAULT_KILL could have happened. */
unsigned memory_disk_counted(const struct disk *disk, enum disk_fault fault);
/* Did the fault happen? */
bool memory_disk_struck(const struct disk *disk);

void memory_disk_die(struct disk *disk);
bool memory_disk_is_dead(const struct disk *disk);
/* No handle may be open.  Locks are released. */
void memory_disk_revive(struct disk *disk, enum disk_loss loss);
/* The process ended well: its locks go. */
void memory_disk_release(struct disk *disk);

size_t memory_disk_handles(const struct disk *disk);
/* Writes and deferred calls under way. */
size_t memory_disk_jobs(const struct disk *disk);

/*
 * Is what is durable below a directory the same as when this number was given?
 * Then it is the same number.
 */
uint64_t memory_disk_stamp(const struct disk *disk, const char *directory);

/* Called with every run of bytes written, zero-filling left out. */
void memory_disk_watch(struct disk *disk,
    void (*wrote)(void *arg, const char *path, struct slice data), void *arg);

/* Each file with its content, in order of name. */
void memory_disk_each(struct disk *disk,
    void (*visit)(void *arg, const char *path, struct slice content),
    void *arg);

/* Change one byte, in content and durable content; false: no such byte. */
bool memory_disk_flip(struct disk *disk, const char *path, uint64_t offset);

/* For the SQLite file system over this disk: the disk in use. */
bool memory_disk_has(struct disk *disk, const char *path);

#endif

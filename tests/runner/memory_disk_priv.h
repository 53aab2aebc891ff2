/* What memory_disk.c and memory_disk_life.c share, and nobody else. */
#ifndef MISU_TESTS_MEMORY_DISK_PRIV_H
#define MISU_TESTS_MEMORY_DISK_PRIV_H

#include "runner/memory_disk.h"

enum { MEMORY_PATH_SIZE = 256 };

struct bytes {
	uint8_t *data;
	size_t len, size;
};

struct inode {
	unsigned links; /* names and handles */
	uint64_t stamp; /* another one with each change of what is durable */
	struct bytes now, durable;
	size_t dirty_from, dirty_to; /* written and not synced */
};

struct name {
	struct name *next; /* in order */
	char path[MEMORY_PATH_SIZE];
	bool directory;
	struct inode *now, *durable; /* NULL: not there */
};

struct disk_file {
	struct inode *inode;
	bool read_only;
	bool journal; /* as with O_DIRECT: no cache that hides a failure */
	char path[MEMORY_PATH_SIZE];
};

struct job {
	struct memory_disk *disk;
	struct job *next;
	struct disk_file *file;
	uint64_t offset;
	const void *data;
	size_t len;
	void (*done)(void *arg, const struct fail *fail);
	void (*call)(void *arg);
	void *arg;
};

struct lock {
	struct lock *next;
	char path[MEMORY_PATH_SIZE];
};

/* The last write, so that it can be torn. */
struct last_write {
	struct inode *inode;
	size_t offset, len, size_before;
	uint8_t *before;
};

struct memory_disk {
	struct disk disk;
	struct loop *loop;
	struct name *names;
	struct lock *locks;
	struct job *jobs;
	size_t handles;
	enum disk_state state;
	enum disk_fault fault;
	enum disk_loss fault_loss;
	unsigned nth, count;
	unsigned writes, syncs; /* with FAULT_COUNT */
	bool struck, dead;
	struct last_write last;
	void (*wrote)(void *arg, const char *path, struct slice data);
	void *wrote_arg;
};


extern const struct disk_operations memory_disk_operations;

static inline struct memory_disk *
memory_disk_of(struct disk *disk)
{
	return (struct memory_disk *)disk;
}

/* Not NULL: the runner itself may not run out of memory. */
void *memory_disk_need(void *pointer);

void memory_disk_resize(struct bytes *bytes, size_t len);
void memory_disk_put(
    struct bytes *bytes, size_t offset, const void *data, size_t len);

/* Let a name or a handle stand for another inode, or none. */
void memory_disk_point(struct inode **at, struct inode *inode);
void memory_disk_dirty(struct inode *inode, size_t from, size_t to);
void memory_disk_sync_inode(struct inode *inode);

/* The name at this path; made if `make`, else NULL if there is none. */
struct name *memory_disk_name(
    struct memory_disk *disk, const char *path, bool make);

#endif

#include "runner/memory_disk_priv.h"

struct disk *
memory_disk_create(struct loop *loop)
{
	struct memory_disk *disk = memory_disk_need(calloc(1, sizeof(*disk)));

	disk->disk.operations = &memory_disk_operations;
	disk->loop = loop;
	return &disk->disk;
}

struct disk *
memory_disk_survivor(struct disk *base, struct loop *loop)
{
	struct disk *copy = memory_disk_create(loop);

	for (struct name *n = memory_disk_of(base)->names; n != NULL; n = n->next) {
		struct name *name;
		struct inode *inode;

		if (n->durable == NULL && !n->directory)
			continue;
		name = memory_disk_name(memory_disk_of(copy), n->path, true);
		name->directory = n->directory;
		if (n->durable == NULL)
			continue;
		inode = memory_disk_need(calloc(1, sizeof(*inode)));
		memory_disk_point(&name->now, inode);
		memory_disk_point(&name->durable, inode);
		memory_disk_put(&inode->now, 0, n->durable->durable.data,
		    n->durable->durable.len);
		/* Its durable bytes are made when it is first synced. */
		memory_disk_dirty(inode, 0, inode->now.len);
	}
	return copy;
}

void
memory_disk_destroy(struct disk *base)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *name;

	if (disk == NULL)
		return;
	memory_disk_release(base);
	while ((name = disk->names) != NULL) {
		disk->names = name->next;
		memory_disk_point(&name->now, NULL);
		memory_disk_point(&name->durable, NULL);
		free(name);
	}
	memory_disk_point(&disk->last.inode, NULL);
	free(disk->last.before);
	free(disk);
}

void
memory_disk_set_state(struct disk *disk, enum disk_state state)
{
	memory_disk_of(disk)->state = state;
}

void
memory_disk_set_fault(struct disk *base, enum disk_fault fault, unsigned nth,
    enum disk_loss loss)
{
	struct memory_disk *disk = memory_disk_of(base);

	disk->fault = fault;
	disk->fault_loss = loss;
	disk->nth = nth;
	disk->count = 0;
	disk->struck = false;
}

unsigned
memory_disk_counted(const struct disk *base, enum disk_fault fault)
{
	const struct memory_disk *disk = (const struct memory_disk *)base;

	switch (fault) {
	case FAULT_WRITE:
		return disk->writes;
	case FAULT_SYNC:
		return disk->syncs;
	case FAULT_KILL:
		return disk->writes + disk->syncs;
	case FAULT_NONE:
	case FAULT_COUNT:
		break;
	}
	return 0;
}

bool
memory_disk_struck(const struct disk *disk)
{
	return ((const struct memory_disk *)disk)->struck;
}

void
memory_disk_die(struct disk *disk)
{
	memory_disk_of(disk)->dead = true;
}

bool
memory_disk_is_dead(const struct disk *disk)
{
	return ((const struct memory_disk *)disk)->dead;
}

/* The half that did not reach the platter has the bytes from before. */
static void
tear(struct last_write *last)
{
	size_t kept = last->len / 2;
	struct inode *inode = last->inode;

	if (inode == NULL || inode->dirty_from == inode->dirty_to ||
	    last->offset + last->len > inode->now.len)
		return;
	memcpy(inode->now.data + last->offset + kept, last->before + kept,
	    last->len - kept);
}

static void
lose(struct name *name)
{
	struct inode *inode;

	memory_disk_point(&name->now, name->durable);
	inode = name->now;
	if (inode == NULL)
		return;
	memory_disk_resize(&inode->now, inode->durable.len);
	if (inode->durable.len != 0)
		memcpy(inode->now.data, inode->durable.data,
		    inode->durable.len);
	inode->dirty_from = inode->dirty_to = 0;
}

void
memory_disk_revive(struct disk *base, enum disk_loss loss)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *n;

	if (loss == LOSS_TORN)
		tear(&disk->last);
	for (n = disk->names; n != NULL; n = n->next) {
		if (loss == LOSS_ALL)
			lose(n);
		memory_disk_point(&n->durable, n->now);
		if (n->now != NULL)
			memory_disk_sync_inode(n->now);
	}
	disk->dead = false;
	disk->fault = FAULT_NONE;
	memory_disk_release(base);
}

void
memory_disk_release(struct disk *base)
{
	struct lock *lock;

	while ((lock = memory_disk_of(base)->locks) != NULL) {
		memory_disk_of(base)->locks = lock->next;
		free(lock);
	}
}

size_t
memory_disk_handles(const struct disk *disk)
{
	return ((const struct memory_disk *)disk)->handles;
}

size_t
memory_disk_jobs(const struct disk *disk)
{
	size_t count = 0;

	for (const struct job *job =
		 ((const struct memory_disk *)disk)->jobs;
	    job != NULL; job = job->next)
		count++;
	return count;
}

void
memory_disk_watch(struct disk *base,
    void (*wrote)(void *arg, const char *path, struct slice data), void *arg)
{
	memory_disk_of(base)->wrote = wrote;
	memory_disk_of(base)->wrote_arg = arg;
}

void
memory_disk_each(struct disk *base,
    void (*visit)(void *arg, const char *path, struct slice content),
    void *arg)
{
	for (struct name *n = memory_disk_of(base)->names; n != NULL; n = n->next)
		if (n->now != NULL)
			visit(arg, n->path,
			    (struct slice){(const char *)n->now->now.data,
				n->now->now.len});
}

bool
memory_disk_flip(struct disk *base, const char *path, uint64_t offset)
{
	struct name *name = memory_disk_name(memory_disk_of(base), path, false);

	if (name == NULL || name->now == NULL ||
	    offset >= name->now->now.len)
		return false;
	name->now->now.data[offset] ^= 0x20;
	if (offset < name->now->durable.len)
		name->now->durable.data[offset] ^= 0x20;
	name->now->stamp = ~name->now->stamp;
	return true;
}

static uint64_t
mix(uint64_t sum, uint64_t number)
{
	sum = (sum ^ number) * 0xbf58476d1ce4e5b9;
	return sum ^ sum >> 29;
}

uint64_t
memory_disk_stamp(const struct disk *disk, const char *directory)
{
	const struct name *n = ((const struct memory_disk *)disk)->names;
	size_t len = strlen(directory);
	uint64_t sum = 0;

	for (; n != NULL; n = n->next) {
		if (n->durable == NULL ||
		    strncmp(n->path, directory, len) != 0 ||
		    n->path[len] != '/')
			continue;
		for (const char *at = n->path + len; *at != '\0'; at++)
			sum = mix(sum, (unsigned char)*at);
		sum = mix(sum, n->durable->stamp);
	}
	return sum;
}

bool
memory_disk_has(struct disk *base, const char *path)
{
	struct name *name = memory_disk_name(memory_disk_of(base), path, false);

	return name != NULL && (name->now != NULL || name->directory);
}

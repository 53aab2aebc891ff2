#include "runner/memory_disk_priv.h"
#include "runner/pool.h"

void *
memory_disk_need(void *pointer)
{
	if (pointer == NULL)
		abort(); /* the runner itself is out of memory */
	return pointer;
}

static void
make_room(struct bytes *bytes, size_t len)
{
	size_t size = len;
	uint8_t *data;

	if (len <= bytes->size)
		return;
	data = pool_take(&size);
	if (bytes->len != 0)
		memcpy(data, bytes->data, bytes->len);
	pool_give(bytes->data, bytes->size);
	bytes->data = data;
	bytes->size = size;
}

void
memory_disk_resize(struct bytes *bytes, size_t len)
{
	make_room(bytes, len);
	if (len > bytes->len)
		memset(bytes->data + bytes->len, 0, len - bytes->len);
	bytes->len = len;
}

void
memory_disk_put(struct bytes *bytes, size_t offset, const void *data, size_t len)
{
	if (offset > bytes->len)
		memory_disk_resize(bytes, offset);
	make_room(bytes, offset + len);
	if (len != 0)
		memcpy(bytes->data + offset, data, len);
	if (offset + len > bytes->len)
		bytes->len = offset + len;
}

static void
inode_unlink(struct inode *inode)
{
	if (inode == NULL || --inode->links != 0)
		return;
	pool_give(inode->now.data, inode->now.size);
	pool_give(inode->durable.data, inode->durable.size);
	free(inode);
}

static struct inode *
inode_link(struct inode *inode)
{
	if (inode != NULL)
		inode->links++;
	return inode;
}

void
memory_disk_dirty(struct inode *inode, size_t from, size_t to)
{
	if (inode->dirty_from == inode->dirty_to) {
		inode->dirty_from = from;
		inode->dirty_to = to;
	}
	if (from < inode->dirty_from)
		inode->dirty_from = from;
	if (to > inode->dirty_to)
		inode->dirty_to = to;
}

void
memory_disk_sync_inode(struct inode *inode)
{
	static uint64_t stamps;
	size_t to = inode->dirty_to;

	if (inode->dirty_from == to && inode->durable.len == inode->now.len)
		return;
	inode->stamp = ++stamps;
	memory_disk_resize(&inode->durable, inode->now.len);
	if (to > inode->now.len)
		to = inode->now.len;
	if (to > inode->dirty_from)
		memcpy(inode->durable.data + inode->dirty_from,
		    inode->now.data + inode->dirty_from,
		    to - inode->dirty_from);
	inode->dirty_from = inode->dirty_to = 0;
}

struct name *
memory_disk_name(struct memory_disk *disk, const char *path, bool make)
{
	struct name **at, *name;
	int order = 1;

	for (at = &disk->names; *at != NULL; at = &(*at)->next)
		if ((order = strcmp((*at)->path, path)) >= 0)
			break;
	if (*at != NULL && order == 0)
		return *at;
	if (!make)
		return NULL;
	name = memory_disk_need(calloc(1, sizeof(*name)));
	snprintf(name->path, MEMORY_PATH_SIZE, "%s", path);
	name->next = *at;
	*at = name;
	return name;
}

void
memory_disk_point(struct inode **at, struct inode *inode)
{
	struct inode *old = *at;

	*at = inode_link(inode);
	inode_unlink(old);
}

static bool
in_directory(const char *path, const char *directory)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);

	if (slash == NULL)
		return strcmp(directory, ".") == 0;
	return strlen(directory) == len && strncmp(path, directory, len) == 0;
}

static bool
world(struct fail *fail, const char *path, const char *what)
{
	fail_set(fail, FAIL_WORLD, "%s", what);
	fail_place(fail, "%s", path);
	return false;
}

/* --- faults */

enum change { CHANGE_WRITE, CHANGE_SYNC };

enum verdict_of_fault { GO, STOP, HALF, GO_THEN_DIE };

static enum verdict_of_fault
die_at(struct memory_disk *disk)
{
	disk->struck = true;
	disk->dead = true;
	switch (disk->fault_loss) {
	case LOSS_NONE:
		return GO_THEN_DIE;
	case LOSS_TORN:
		return HALF;
	case LOSS_ALL:
		return STOP;
	}
	return STOP;
}

static enum verdict_of_fault
fault_now(struct memory_disk *disk, enum change change)
{
	bool counts = disk->fault == FAULT_KILL ||
	    (disk->fault == FAULT_WRITE && change == CHANGE_WRITE) ||
	    (disk->fault == FAULT_SYNC && change == CHANGE_SYNC);

	if (disk->dead)
		return STOP;
	if (disk->fault == FAULT_COUNT) {
		disk->writes += change == CHANGE_WRITE;
		disk->syncs += change == CHANGE_SYNC;
	}
	if (!counts || disk->struck || ++disk->count != disk->nth)
		return GO;
	if (disk->fault == FAULT_KILL)
		return die_at(disk);
	disk->struck = true;
	return STOP;
}

/* May this change go on?  `half` is set where only a part of it happens. */
static bool
may_change(struct memory_disk *disk, enum change change, const char *path,
    bool *half, struct fail *fail)
{
	*half = false;
	if (disk->dead)
		return world(fail, path, "no disk");
	if (disk->state == DISK_READ_ONLY)
		return world(fail, path, "Read-only file system");
	switch (fault_now(disk, change)) {
	case GO:
	case GO_THEN_DIE:
		return true;
	case HALF:
		*half = true;
		return true;
	case STOP:
		break;
	}
	return world(fail, path, "Input/output error");
}

/* What to say of a change that was made: a dying disk answers nothing. */
static bool
answer(struct memory_disk *disk, const char *path, struct fail *fail)
{
	return disk->dead ? world(fail, path, "no disk") : true;
}

/* --- files */

static bool
disk_open(struct disk *base, const char *path, enum disk_open how,
    struct disk_file **out, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *name = memory_disk_name(disk, path, false);
	bool there = name != NULL && name->now != NULL, half;

	if (disk->dead)
		return world(fail, path, "no disk");
	if (name != NULL && name->directory)
		return world(fail, path, "Is a directory");
	if (!there && how == DISK_READ)
		return world(fail, path, "No such file or directory");
	if (there && how == DISK_CREATE)
		return world(fail, path, "File exists");
	if (how != DISK_READ && disk->state == DISK_READ_ONLY)
		return world(fail, path, "Read-only file system");
	if (!there) {
		struct inode *inode;

		if (!may_change(disk, CHANGE_WRITE, path, &half, fail))
			return false;
		inode = memory_disk_need(calloc(1, sizeof(*inode)));
		name = memory_disk_name(disk, path, true);
		memory_disk_point(&name->now, inode);
		if (!answer(disk, path, fail))
			return false;
	}
	*out = memory_disk_need(calloc(1, sizeof(**out)));
	(*out)->inode = inode_link(name->now);
	(*out)->read_only = how == DISK_READ;
	(*out)->journal = how == DISK_JOURNAL;
	snprintf((*out)->path, MEMORY_PATH_SIZE, "%s", path);
	disk->handles++;
	return true;
}

static void
disk_close(struct disk *base, struct disk_file *file)
{
	if (file == NULL)
		return;
	inode_unlink(file->inode);
	memory_disk_of(base)->handles--;
	free(file);
}

static bool
disk_read(struct disk *base, struct disk_file *file, uint64_t offset,
    void *data, size_t len, size_t *got, struct fail *fail)
{
	const struct bytes *now = &file->inode->now;

	if (memory_disk_of(base)->dead)
		return world(fail, file->path, "no disk");
	*got = offset >= now->len ? 0 : now->len - (size_t)offset;
	if (*got > len)
		*got = len;
	if (*got != 0)
		memcpy(data, now->data + offset, *got);
	return true;
}

static void
remember(struct memory_disk *disk, struct inode *inode, size_t offset,
    size_t len)
{
	struct last_write *last = &disk->last;
	size_t there = inode->now.len;

	inode_unlink(last->inode);
	free(last->before);
	*last = (struct last_write){.inode = inode_link(inode),
	    .offset = offset,
	    .len = len,
	    .size_before = there};
	last->before = memory_disk_need(calloc(1, len + 1));
	if (offset < there)
		memcpy(last->before, inode->now.data + offset,
		    there - offset < len ? there - offset : len);
}

static bool
all_zero(const uint8_t *data, size_t len)
{
	return len == 0 ||
	    (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

static void
put(struct memory_disk *disk, struct disk_file *file, uint64_t offset,
    const void *data, size_t len)
{
	if (disk->wrote != NULL && !all_zero(data, len))
		disk->wrote(disk->wrote_arg, file->path,
		    (struct slice){data, len});
	remember(disk, file->inode, (size_t)offset, len);
	memory_disk_put(&file->inode->now, (size_t)offset, data, len);
	memory_disk_dirty(file->inode, (size_t)offset, (size_t)offset + len);
}

static bool
disk_write(struct disk *base, struct disk_file *file, uint64_t offset,
    const void *data, size_t len, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	bool half;

	if (file->read_only)
		return world(fail, file->path, "Bad file descriptor");
	if (!disk->dead && disk->state == DISK_FULL)
		return world(fail, file->path, "No space left on device");
	if (!may_change(disk, CHANGE_WRITE, file->path, &half, fail))
		return false;
	put(disk, file, offset, data, half ? len / 2 : len);
	return answer(disk, file->path, fail);
}

static bool
disk_truncate(struct disk *base, struct disk_file *file, uint64_t size,
    struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct inode *inode = file->inode;
	size_t old = inode->now.len;
	bool half;

	if (!disk->dead && disk->state == DISK_FULL && size > old)
		return world(fail, file->path, "No space left on device");
	if (!may_change(disk, CHANGE_WRITE, file->path, &half, fail))
		return false;
	memory_disk_resize(&inode->now, (size_t)size);
	memory_disk_dirty(inode, old < size ? old : (size_t)size,
	    old < size ? (size_t)size : old);
	return answer(disk, file->path, fail);
}

static bool
disk_size(struct disk *base, struct disk_file *file, uint64_t *out,
    struct fail *fail)
{
	if (memory_disk_of(base)->dead)
		return world(fail, file->path, "no disk");
	*out = file->inode->now.len;
	return true;
}

static bool
disk_sync(struct disk *base, struct disk_file *file, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	bool half;

	if (!may_change(disk, CHANGE_SYNC, file->path, &half, fail))
		return false;
	if (!half)
		memory_disk_sync_inode(file->inode);
	return answer(disk, file->path, fail);
}

/* --- names */

static bool
disk_lay_down(struct disk *base, const char *path, const void *data,
    size_t len, struct disk_file **out, struct fail *fail)
{
	if (!disk_open(base, path, DISK_WRITE, out, fail))
		return false;
	if (disk_truncate(base, *out, 0, fail) &&
	    disk_write(base, *out, 0, data, len, fail))
		return true;
	disk_close(base, *out);
	return false;
}

static bool
disk_put_away(struct disk *base, struct disk_file *const *files, size_t count,
    struct fail *fail)
{
	bool ok = true;

	for (size_t i = 0; i < count; i++) {
		ok = ok && disk_sync(base, files[i], fail);
		disk_close(base, files[i]);
	}
	return ok;
}

static bool
disk_rename(struct disk *base, const char *from, const char *to,
    struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *old = memory_disk_name(disk, from, false);
	bool half;

	if (!disk->dead && (old == NULL || old->now == NULL))
		return world(fail, from, "No such file or directory");
	if (!may_change(disk, CHANGE_WRITE, to, &half, fail))
		return false;
	memory_disk_point(&memory_disk_name(disk, to, true)->now, old->now);
	memory_disk_point(&old->now, NULL);
	return answer(disk, to, fail);
}

static bool
disk_remove(struct disk *base, const char *path, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *name = memory_disk_name(disk, path, false);
	bool half;

	if (!may_change(disk, CHANGE_WRITE, path, &half, fail))
		return false;
	if (name != NULL)
		memory_disk_point(&name->now, NULL);
	return answer(disk, path, fail);
}

/* Directories are durable at once: what matters is what stands in them. */
static bool
disk_make_directory(struct disk *base, const char *path, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *name = memory_disk_name(disk, path, false);
	bool half;

	if (name != NULL && name->directory && !disk->dead)
		return true;
	if (!may_change(disk, CHANGE_WRITE, path, &half, fail))
		return false;
	memory_disk_name(disk, path, true)->directory = true;
	return answer(disk, path, fail);
}

static bool
disk_sync_directory(struct disk *base, const char *path, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	bool half;

	if (!may_change(disk, CHANGE_SYNC, path, &half, fail))
		return false;
	for (struct name *n = disk->names; n != NULL && !half; n = n->next)
		if (in_directory(n->path, path))
			memory_disk_point(&n->durable, n->now);
	return answer(disk, path, fail);
}

static bool
disk_sync_all(struct disk *base, const char *path, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	bool half;

	if (!may_change(disk, CHANGE_SYNC, path, &half, fail))
		return false;
	for (struct name *n = disk->names; n != NULL && !half; n = n->next) {
		if (!in_directory(n->path, path))
			continue;
		memory_disk_point(&n->durable, n->now);
		if (n->now != NULL)
			memory_disk_sync_inode(n->now);
	}
	return answer(disk, path, fail);
}

static bool
disk_list(struct disk *base, const char *path, struct arena *arena,
    struct slice **names, size_t *count, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct name *name = memory_disk_name(disk, path, false);
	size_t room = 0, n = 0;

	if (disk->dead)
		return world(fail, path, "no disk");
	if (name == NULL || !name->directory)
		return world(fail, path, "No such file or directory");
	for (name = disk->names; name != NULL; name = name->next)
		room++;
	*names = arena_take_array(arena, room + 1, sizeof(**names));
	if (*names == NULL)
		return fail_memory(fail);
	for (name = disk->names; name != NULL; name = name->next) {
		if (!in_directory(name->path, path) ||
		    (name->now == NULL && !name->directory))
			continue;
		(*names)[n] = arena_copy(
		    arena, slice_from(strrchr(name->path, '/') + 1));
		if ((*names)[n++].data == NULL)
			return fail_memory(fail);
	}
	*count = n;
	return true;
}

static bool
disk_lock(struct disk *base, const char *path, struct fail *fail)
{
	struct memory_disk *disk = memory_disk_of(base);
	struct lock *lock;

	if (disk->dead)
		return world(fail, path, "no disk");
	for (lock = disk->locks; lock != NULL; lock = lock->next)
		if (strcmp(lock->path, path) == 0)
			return world(fail, path,
			    "another process holds this directory");
	lock = memory_disk_need(calloc(1, sizeof(*lock)));
	snprintf(lock->path, MEMORY_PATH_SIZE, "%s", path);
	lock->next = disk->locks;
	disk->locks = lock;
	return true;
}

/* --- behind the loop's back */

static void
job_remove(struct memory_disk *disk, struct job *job)
{
	struct job **at;

	for (at = &disk->jobs; *at != NULL; at = &(*at)->next)
		if (*at == job) {
			*at = job->next;
			break;
		}
}

/*
 * Past any cache a write that is said to have failed is on the disk or it is
 * not, and whoever reads sees which.  Always false.
 */
static bool
journal_failed(struct memory_disk *disk, struct disk_file *file)
{
	struct last_write *last = &disk->last;

	if (!file->journal || disk->dead || last->inode != file->inode)
		return false;
	if (disk->nth % 2 == 0 &&
	    last->offset + last->len <= file->inode->now.len)
		memcpy(file->inode->now.data + last->offset, last->before,
		    last->len);
	memory_disk_sync_inode(file->inode);
	return false;
}

static void
job_run(void *arg)
{
	struct job *job = arg;
	struct memory_disk *disk = job->disk;
	struct fail fail = FAIL_INIT;
	bool ok = true;

	job_remove(disk, job);
	if (job->file != NULL)
		ok = disk_write(&disk->disk, job->file, job->offset, job->data,
			 job->len, &fail) &&
		    (disk_sync(&disk->disk, job->file, &fail) ||
			journal_failed(disk, job->file));
	if (job->done != NULL)
		job->done(job->arg, ok ? NULL : &fail);
	if (job->call != NULL)
		job->call(job->arg);
	free(job);
}

static void
job_add(struct memory_disk *disk, struct job given)
{
	struct job *job = memory_disk_need(malloc(sizeof(*job)));
	struct job **at;

	*job = given;
	job->disk = disk;
	job->next = NULL;
	for (at = &disk->jobs; *at != NULL; at = &(*at)->next)
		;
	*at = job;
	if (!disk->loop->operations->soon(disk->loop, job_run, job))
		abort();
}

static void
disk_write_behind(struct disk *base, struct disk_file *file, uint64_t offset,
    const void *data, size_t len,
    void (*done)(void *arg, const struct fail *fail), void *arg)
{
	job_add(memory_disk_of(base),
	    (struct job){.file = file,
		.offset = offset,
		.data = data,
		.len = len,
		.done = done,
		.arg = arg});
}

static void
disk_defer(struct disk *base, void (*call)(void *arg), void *arg)
{
	job_add(memory_disk_of(base), (struct job){.call = call, .arg = arg});
}

/* A write under way happens before it is forgotten, as on the real disk. */
static void
disk_forget(struct disk *base, void *arg)
{
	struct fail fail = FAIL_INIT;

	for (struct job *job = memory_disk_of(base)->jobs; job != NULL; job = job->next) {
		if (job->arg != arg)
			continue;
		if (job->file != NULL &&
		    disk_write(base, job->file, job->offset, job->data,
			job->len, &fail))
			disk_sync(base, job->file, &fail);
		job->file = NULL;
		job->done = NULL;
		job->call = NULL;
	}
}

const struct disk_operations memory_disk_operations = {
    .open = disk_open,
    .close = disk_close,
    .read = disk_read,
    .write = disk_write,
    .truncate = disk_truncate,
    .size = disk_size,
    .sync = disk_sync,
    .lay_down = disk_lay_down,
    .put_away = disk_put_away,
    .rename = disk_rename,
    .remove = disk_remove,
    .make_directory = disk_make_directory,
    .sync_directory = disk_sync_directory,
    .sync_all = disk_sync_all,
    .list = disk_list,
    .lock = disk_lock,
    .write_behind = disk_write_behind,
    .defer = disk_defer,
    .forget = disk_forget,
};

/*
 * The real disk: what is done behind the loop's back is done by the kernel
 * where it can, else by two threads.  The loop and the threads share lists
 * under one lock; a thread wakes the loop through an eventfd, as the kernel
 * does.
 */
#include "store/disk_real_priv.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/disk_aio.h"

enum { LOCKS_MAX = 8 };

struct job {
	struct job *next;
	struct disk_file *file;
	uint64_t offset;
	const void *data;
	size_t len;
	void (*done)(void *arg, const struct fail *fail);
	void (*call)(void *arg); /* deferred, or the work to be done */
	void *arg;
	struct fail fail;
};

struct queue {
	struct job *first, **last;
};

/* One for the journal, which nothing else may hold up, and one for work. */
struct worker {
	struct real *real;
	pthread_t thread;
	bool running;
	pthread_cond_t called;
	struct queue todo;   /* under the lock */
	struct job *current; /* what it does now, under the lock */
};

struct real {
	struct disk disk;
	struct event_base *base;
	struct event *woken, *deferring;
	int wake;
	struct disk_aio *aio; /* or NULL: the threads write */
	struct queue flying;  /* with the kernel; the loop's alone */
	struct worker writer, helper;
	bool stopping;
	pthread_mutex_t lock;
	pthread_cond_t ended; /* something that may be waited for */
	struct queue done;     /* under `lock` */
	struct queue deferred; /* the loop's alone */
	int locks[LOCKS_MAX];
	char lock_paths[LOCKS_MAX][DISK_REAL_PATH];
	size_t lock_count;
};

static struct real *
real_of(struct disk *disk)
{
	return (struct real *)disk;
}

static void
push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct job *
pop(struct queue *queue)
{
	struct job *job = queue->first;

	if (job == NULL)
		return NULL;
	queue->first = job->next;
	if (queue->first == NULL)
		queue->last = &queue->first;
	return job;
}

static bool
real_lock(struct disk *disk, const char *path, struct fail *fail)
{
	struct real *real = real_of(disk);
	int fd;

	for (size_t i = 0; i < real->lock_count; i++)
		if (strcmp(real->lock_paths[i], path) == 0)
			return true;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return disk_real_world(fail, path, "cannot open");
	if (real->lock_count == LOCKS_MAX ||
	    flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		fail_set(fail, FAIL_WORLD,
		    "another process holds this directory");
		fail_place(fail, "%s", path);
		fail_hint(fail, "one daemon per directory: stop the other "
				"one, or name another directory");
		return false;
	}
	snprintf(real->lock_paths[real->lock_count], DISK_REAL_PATH, "%.1000s",
	    path);
	real->locks[real->lock_count++] = fd;
	return true;
}

static struct job *
job_new(void *arg)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		abort(); /* without it a commit would never be answered */
	job->arg = arg;
	return job;
}

static void
enqueue(struct real *real, struct worker *worker, struct job *job)
{
	pthread_mutex_lock(&real->lock);
	push(&worker->todo, job);
	pthread_cond_signal(&worker->called);
	pthread_mutex_unlock(&real->lock);
}

/* The kernel writes it, or else it is for the thread. */
static bool
fly(struct real *real, struct job *job)
{
	const struct disk_aio_write write = {.fd = job->file->fd,
	    .offset = job->offset,
	    .data = job->data,
	    .len = job->len,
	    .token = job};

	if (real->aio == NULL || !job->file->direct ||
	    !disk_aio_begin(real->aio, &write))
		return false;
	push(&real->flying, job);
	return true;
}

/* What the kernel did of it.  False: the rest is with the thread now. */
static bool
land(struct real *real, struct job *job, int64_t result)
{
	struct job **at = &real->flying.first;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (job->next == NULL)
		real->flying.last = at;
	if (result < 0) {
		errno = (int)-result;
		disk_real_world(&job->fail, job->file->path, "cannot write");
	} else if ((size_t)result < job->len) {
		job->offset += (uint64_t)result;
		job->data = (const char *)job->data + result;
		job->len -= (size_t)result;
		enqueue(real, &real->writer, job);
		return false;
	}
	return true;
}

static void
real_write_behind(struct disk *disk, struct disk_file *file, uint64_t offset,
    const void *data, size_t len,
    void (*done)(void *arg, const struct fail *fail), void *arg)
{
	struct real *real = real_of(disk);
	struct job *job = job_new(arg);

	job->file = file;
	job->offset = offset;
	job->data = data;
	job->len = len;
	job->done = done;
	if (!fly(real, job))
		enqueue(real, &real->writer, job);
}

static void
real_behind(struct disk *disk, void (*work)(void *arg),
    void (*done)(void *arg, const struct fail *fail), void *arg)
{
	struct real *real = real_of(disk);
	struct job *job = job_new(arg);

	job->call = work;
	job->done = done;
	enqueue(real, &real->helper, job);
}

static void
real_defer(struct disk *disk, void (*call)(void *arg), void *arg)
{
	struct real *real = real_of(disk);
	struct job *job = job_new(arg);

	job->call = call;
	push(&real->deferred, job);
	event_active(real->deferring, EV_WRITE, 0);
}

static void
ignore(void *arg, const struct fail *fail)
{
	(void)arg;
	(void)fail;
}

static bool
is_busy(const struct worker *worker, const void *arg)
{
	if (worker->current != NULL && worker->current->arg == arg)
		return true;
	for (struct job *j = worker->todo.first; j != NULL; j = j->next)
		if (j->arg == arg)
			return true;
	return false;
}

static bool
is_flying(const struct real *real, const void *arg)
{
	for (struct job *j = real->flying.first; j != NULL; j = j->next)
		if (j->arg == arg)
			return true;
	return false;
}

static void
keep_done(struct real *real, struct job *job)
{
	pthread_mutex_lock(&real->lock);
	push(&real->done, job);
	pthread_mutex_unlock(&real->lock);
}

/* Waits for the write under way: its buffer belongs to who forgets it. */
static void
real_forget(struct disk *disk, void *arg)
{
	struct real *real = real_of(disk);

	for (struct job *j = real->deferred.first; j != NULL; j = j->next)
		if (j->arg == arg)
			j->call = NULL;
	while (is_flying(real, arg)) {
		int64_t result;
		struct job *job = disk_aio_next(real->aio, true, &result);

		if (job == NULL)
			abort(); /* its buffer would be written from later */
		if (land(real, job, result))
			keep_done(real, job);
	}
	pthread_mutex_lock(&real->lock);
	while (is_busy(&real->writer, arg) || is_busy(&real->helper, arg))
		pthread_cond_wait(&real->ended, &real->lock);
	for (struct job *j = real->done.first; j != NULL; j = j->next)
		if (j->arg == arg)
			j->done = ignore;
	pthread_mutex_unlock(&real->lock);
}

static void
job_run(struct real *real, struct job *job)
{
	if (job->call != NULL)
		job->call(job->arg);
	else if (disk_real_write(&real->disk, job->file, job->offset, job->data,
		     job->len, &job->fail) &&
	    !job->file->direct)
		disk_real_sync(&real->disk, job->file, &job->fail);
}

static void *
thread_main(void *arg)
{
	struct worker *worker = arg;
	struct real *real = worker->real;
	const uint64_t one = 1;

	pthread_mutex_lock(&real->lock);
	for (;;) {
		struct job *job = pop(&worker->todo);

		if (job == NULL && real->stopping)
			break;
		if (job == NULL) {
			pthread_cond_wait(&worker->called, &real->lock);
			continue;
		}
		worker->current = job;
		pthread_mutex_unlock(&real->lock);
		job_run(real, job);
		pthread_mutex_lock(&real->lock);
		worker->current = NULL;
		push(&real->done, job);
		pthread_cond_broadcast(&real->ended);
		/* The loop, once awake, wants the lock. */
		pthread_mutex_unlock(&real->lock);
		if (write(real->wake, &one, sizeof(one)) < 0)
			abort(); /* the loop would wait for ever */
		pthread_mutex_lock(&real->lock);
	}
	pthread_mutex_unlock(&real->lock);
	return NULL;
}

/* What is deferred meanwhile waits for the next turn of the loop. */
static void
run_deferred(evutil_socket_t fd, short what, void *arg)
{
	struct real *real = arg;
	size_t count = 0;

	(void)fd;
	(void)what;
	for (struct job *j = real->deferred.first; j != NULL; j = j->next)
		count++;
	while (count-- != 0) {
		struct job *job = pop(&real->deferred);

		if (job->call != NULL)
			job->call(job->arg);
		free(job);
	}
}

static void
job_end(struct job *job)
{
	job->done(
	    job->arg, job->fail.kind == FAIL_NONE ? NULL : &job->fail);
	free(job);
}

/* The eventfd fired. */
static void
woken(evutil_socket_t fd, short what, void *arg)
{
	struct real *real = arg;
	bool more = real->flying.first != NULL;
	uint64_t count;
	int64_t result;
	struct job *job;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	/* What flies from here on has an event of its own. */
	while (more && (job = disk_aio_next(real->aio, false, &result)) != NULL) {
		bool whole = land(real, job, result);

		more = real->flying.first != NULL;
		if (whole)
			job_end(job);
	}
	for (;;) {
		pthread_mutex_lock(&real->lock);
		job = pop(&real->done);
		pthread_mutex_unlock(&real->lock);
		if (job == NULL)
			break;
		job_end(job);
	}
}

static const struct disk_operations operations = {
    .open = disk_real_open,
    .close = disk_real_close,
    .read = disk_real_read,
    .write = disk_real_write,
    .truncate = disk_real_truncate,
    .size = disk_real_size,
    .sync = disk_real_sync,
    .lay_down = disk_real_lay_down,
    .put_away = disk_real_put_away,
    .rename = disk_real_rename,
    .remove = disk_real_remove,
    .make_directory = disk_real_make_directory,
    .sync_directory = disk_real_sync_directory,
    .sync_all = disk_real_sync_all,
    .list = disk_real_list,
    .lock = real_lock,
    .write_behind = real_write_behind,
    .defer = real_defer,
    .behind = real_behind,
    .forget = real_forget,
};

static bool
start_worker(struct real *real, struct worker *worker, struct fail *fail)
{
	worker->real = real;
	if (pthread_create(&worker->thread, NULL, thread_main, worker) != 0)
		return fail_set(fail, FAIL_WORLD, "cannot start a thread");
	worker->running = true;
	return true;
}

static bool
start_threads(struct real *real, struct fail *fail)
{
	real->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (real->wake < 0)
		return disk_real_world(fail, "eventfd", "cannot make");
	real->woken = event_new(
	    real->base, real->wake, EV_READ | EV_PERSIST, woken, real);
	real->deferring = event_new(real->base, -1, 0, run_deferred, real);
	if (real->woken == NULL || real->deferring == NULL ||
	    event_add(real->woken, NULL) != 0)
		return fail_memory(fail);
	real->aio = disk_aio_create(real->wake);
	return start_worker(real, &real->writer, fail) &&
	    start_worker(real, &real->helper, fail);
}

struct disk *
disk_real_create(struct event_base *base, struct fail *fail)
{
	struct real *real = calloc(1, sizeof(*real));

	if (real == NULL) {
		fail_memory(fail);
		return NULL;
	}
	real->disk.operations = &operations;
	real->base = base;
	real->wake = -1;
	real->writer.todo.last = &real->writer.todo.first;
	real->helper.todo.last = &real->helper.todo.first;
	real->done.last = &real->done.first;
	real->deferred.last = &real->deferred.first;
	real->flying.last = &real->flying.first;
	pthread_mutex_init(&real->lock, NULL);
	pthread_cond_init(&real->ended, NULL);
	pthread_cond_init(&real->writer.called, NULL);
	pthread_cond_init(&real->helper.called, NULL);
	if (base != NULL && !start_threads(real, fail)) {
		disk_real_destroy(&real->disk);
		return NULL;
	}
	return &real->disk;
}

static void
queue_free(struct queue *queue)
{
	for (struct job *job = queue->first, *next; job != NULL; job = next) {
		next = job->next;
		free(job);
	}
}

void
disk_real_destroy(struct disk *disk)
{
	struct real *real;

	if (disk == NULL)
		return;
	real = real_of(disk);
	pthread_mutex_lock(&real->lock);
	real->stopping = true;
	pthread_cond_signal(&real->writer.called);
	pthread_cond_signal(&real->helper.called);
	pthread_mutex_unlock(&real->lock);
	if (real->writer.running)
		pthread_join(real->writer.thread, NULL);
	if (real->helper.running)
		pthread_join(real->helper.thread, NULL);
	disk_aio_destroy(real->aio);
	if (real->woken != NULL)
		event_free(real->woken);
	if (real->deferring != NULL)
		event_free(real->deferring);
	if (real->wake >= 0)
		close(real->wake);
	for (size_t i = 0; i < real->lock_count; i++)
		close(real->locks[i]);
	queue_free(&real->done);
	queue_free(&real->deferred);
	queue_free(&real->flying);
	pthread_mutex_destroy(&real->lock);
	pthread_cond_destroy(&real->ended);
	pthread_cond_destroy(&real->writer.called);
	pthread_cond_destroy(&real->helper.called);
	free(real);
}

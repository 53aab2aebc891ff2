#include "indexer.h"

#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>
#include <time.h>

#include "proc.h"
#include "store/index_feed.h"

enum {
	BATCH = 16384, /* entries of one transaction, while there are many */
	ENOUGH = 4096, /* so many that wait are taken in at once */
	PATIENCE = 10, /* seconds that fewer wait */
	BACK_OFF = 60, /* seconds after something failed */
	PATH_SIZE = 1024
};

enum ask_kind { ASK_FORGET, ASK_PRUNE, ASK_REBUILD };

struct ask {
	struct ask *next;
	enum ask_kind kind;
	char pseudonym[2 * PSEUDONYM_SIZE + 1];
	uint64_t minimum;
	indexer_answer *done;
	void *arg;
	struct fail fail;
};

/*
 * The thread's own is `feed`, `file` and `disk`; the rest is under the lock, but for
 * what is atomic.  The loop never waits for the lock in its daily work: a
 * thread that runs when nobody else wants to may hold it for long.
 */
struct indexer {
	struct indexer_options o;
	char directory[PATH_SIZE], path[PATH_SIZE];
	struct disk *disk;
	struct index_feed *feed;
	struct stat file; /* that the feed has open */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t called;
	bool stopping;
	bool hurry;		/* atomic: end the batch */
	uint64_t entries, done; /* atomic */
	struct ask *asks, **asks_end;
	struct ask *answers, **answers_end;
	bool is_failing, was_failing, anew, was_told;
	struct fail fail;
};

/* --- answers, in the loop --- */

static void
tell(struct indexer *indexer)
{
	bool failing, anew, change;
	struct fail fail;

	pthread_mutex_lock(&indexer->lock);
	failing = indexer->is_failing;
	change = failing != indexer->was_failing;
	indexer->was_failing = failing;
	anew = indexer->anew && !indexer->was_told;
	indexer->was_told = indexer->anew;
	fail = indexer->fail;
	pthread_mutex_unlock(&indexer->lock);
	if (indexer->o.log == NULL)
		return;
	if (change)
		indexer->o.log(indexer->o.log_context,
		    failing ? "error" : "info",
		    failing ? "index-stopped" : "index-goes-on",
		    failing ? &fail : NULL);
	if (anew)
		indexer->o.log(
		    indexer->o.log_context, "info", "index-made-anew", NULL);
}

static void
answer(void *arg)
{
	struct indexer *indexer = arg;
	struct ask *ask;

	tell(indexer);
	pthread_mutex_lock(&indexer->lock);
	ask = indexer->answers;
	indexer->answers = NULL;
	indexer->answers_end = &indexer->answers;
	pthread_mutex_unlock(&indexer->lock);
	while (ask != NULL) {
		struct ask *next = ask->next;

		ask->done(
		    ask->arg, ask->fail.kind != FAIL_NONE ? &ask->fail : NULL);
		free(ask);
		ask = next;
	}
}

/* --- the thread --- */

/* Did somebody remove what the feed has open, as is allowed at any time? */
static bool
is_lost(const struct indexer *indexer)
{
	struct stat now;

	return indexer->feed != NULL &&
	       (stat(indexer->path, &now) != 0 ||
		   now.st_ino != indexer->file.st_ino ||
		   now.st_dev != indexer->file.st_dev);
}

static bool
make_directory(const struct indexer *indexer, struct fail *fail)
{
	char directory[PATH_SIZE];
	char *slash;

	memcpy(directory, indexer->path, sizeof(directory));
	slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return true;
	*slash = '\0';
	return proc_make_directory(directory, fail);
}

static bool
has_feed(struct indexer *indexer, struct fail *fail)
{
	const struct index_feed_options options = {.disk = indexer->disk,
	    .directory = indexer->directory,
	    .path = indexer->path,
	    .keys = indexer->o.keys};
	bool anew = false, lost = is_lost(indexer);

	if (indexer->feed != NULL && !lost)
		return true;
	index_feed_close(indexer->feed);
	indexer->feed = NULL;
	if (make_directory(indexer, fail))
		indexer->feed = index_feed_open(&options, &anew, fail);
	if (indexer->feed != NULL && stat(indexer->path, &indexer->file) != 0)
		memset(&indexer->file, 0, sizeof(indexer->file));
	pthread_mutex_lock(&indexer->lock);
	indexer->anew = indexer->feed != NULL && (anew || lost);
	indexer->was_told = indexer->was_told && !lost;
	pthread_mutex_unlock(&indexer->lock);
	return indexer->feed != NULL;
}

static void
publish(struct indexer *indexer)
{
	if (indexer->feed != NULL)
		__atomic_store_n(&indexer->done, index_feed_next(indexer->feed),
		    __ATOMIC_RELAXED);
}

/* What failed is opened anew the next time. */
static void
note(struct indexer *indexer, const struct fail *fail)
{
	bool failing = fail->kind != FAIL_NONE, changed;

	if (failing) {
		index_feed_close(indexer->feed);
		indexer->feed = NULL;
	}
	publish(indexer);
	pthread_mutex_lock(&indexer->lock);
	indexer->is_failing = failing;
	indexer->fail = *fail;
	changed = failing != indexer->was_failing ||
		  indexer->anew != indexer->was_told ||
		  indexer->answers != NULL;
	pthread_mutex_unlock(&indexer->lock);
	if (changed)
		indexer->o.loop->operations->soon(
		    indexer->o.loop, answer, indexer);
}

static uint64_t
take_in(struct indexer *indexer, uint64_t most)
{
	struct fail fail = FAIL_INIT;
	uint64_t left = 0;

	if (has_feed(indexer, &fail))
		index_feed_run(
		    indexer->feed, most, &indexer->hurry, &left, &fail);
	note(indexer, &fail);
	return fail.kind == FAIL_NONE ? left : 0;
}

static void
do_ask(struct indexer *indexer, struct ask *ask)
{
	struct fail *fail = &ask->fail;

	if (ask->kind == ASK_REBUILD) {
		index_feed_close(indexer->feed);
		indexer->feed = NULL;
		index_remove(indexer->path, fail);
	}
	if (fail->kind != FAIL_NONE || !has_feed(indexer, fail))
		return;
	if (ask->kind == ASK_FORGET)
		index_feed_forget(
		    indexer->feed, slice_from(ask->pseudonym), fail);
	else if (ask->kind == ASK_PRUNE)
		index_feed_prune(indexer->feed, ask->minimum, fail);
}

static void
do_asks(struct indexer *indexer)
{
	struct ask *ask = indexer->asks;

	indexer->asks = ask->next;
	if (indexer->asks == NULL) {
		indexer->asks_end = &indexer->asks;
		__atomic_store_n(&indexer->hurry, false, __ATOMIC_RELAXED);
	}
	pthread_mutex_unlock(&indexer->lock);
	do_ask(indexer, ask);
	publish(indexer);
	pthread_mutex_lock(&indexer->lock);
	ask->next = NULL;
	*indexer->answers_end = ask;
	indexer->answers_end = &ask->next;
	pthread_mutex_unlock(&indexer->lock);
	note(indexer, &ask->fail);
	pthread_mutex_lock(&indexer->lock);
}

static uint64_t
behind(const struct indexer *indexer)
{
	return __atomic_load_n(&indexer->entries, __ATOMIC_RELAXED) -
	       __atomic_load_n(&indexer->done, __ATOMIC_RELAXED);
}

/*
 * Until something is asked, many wait, the index is removed, or so many seconds
 * have gone.
 */
static void
rest(struct indexer *indexer, int seconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	while (seconds-- != 0 && !indexer->stopping && indexer->asks == NULL &&
	       (indexer->is_failing ||
		   (behind(indexer) < ENOUGH && !is_lost(indexer)))) {
		until.tv_sec++;
		pthread_cond_timedwait(
		    &indexer->called, &indexer->lock, &until);
	}
}

static void
be_idle(void)
{
	const struct sched_param nothing = {.sched_priority = 0};

	/* Where it may not be, it is a thread like others. */
	pthread_setschedparam(pthread_self(), SCHED_IDLE, &nothing);
}

static void *
thread_main(void *arg)
{
	struct indexer *indexer = arg;
	uint64_t left;

	be_idle();
	left = take_in(indexer, BATCH);
	pthread_mutex_lock(&indexer->lock);
	while (!indexer->stopping) {
		if (left == 0)
			rest(
			    indexer, indexer->is_failing ? BACK_OFF : PATIENCE);
		left = 0;
		if (indexer->stopping)
			break;
		if (indexer->asks != NULL) {
			do_asks(indexer);
			continue;
		}
		if (behind(indexer) == 0 && !indexer->is_failing &&
		    !is_lost(indexer))
			continue;
		pthread_mutex_unlock(&indexer->lock);
		left = take_in(indexer, BATCH);
		pthread_mutex_lock(&indexer->lock);
	}
	pthread_mutex_unlock(&indexer->lock);
	index_feed_close(indexer->feed);
	return NULL;
}

/* --- the loop's side --- */

struct indexer *
indexer_create(const struct indexer_options *options, struct fail *fail)
{
	struct indexer *indexer = calloc(1, sizeof(*indexer));
	pthread_condattr_t clock;

	if (indexer == NULL) {
		fail_memory(fail);
		return NULL;
	}
	indexer->o = *options;
	indexer->asks_end = &indexer->asks;
	indexer->answers_end = &indexer->answers;
	snprintf(indexer->directory, PATH_SIZE, "%s", options->directory);
	snprintf(indexer->path, PATH_SIZE, "%s", options->path);
	indexer->disk = disk_real_create(NULL, fail);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&indexer->lock, NULL);
	pthread_cond_init(&indexer->called, &clock);
	pthread_condattr_destroy(&clock);
	if (indexer->disk != NULL &&
	    pthread_create(&indexer->thread, NULL, thread_main, indexer) == 0)
		return indexer;
	fail_set(fail, FAIL_WORLD, "cannot make a thread for the index");
	disk_real_destroy(indexer->disk);
	free(indexer);
	return NULL;
}

static void
free_asks(struct ask *ask)
{
	while (ask != NULL) {
		struct ask *next = ask->next;

		free(ask);
		ask = next;
	}
}

void
indexer_destroy(struct indexer *indexer)
{
	if (indexer == NULL)
		return;
	pthread_mutex_lock(&indexer->lock);
	__atomic_store_n(&indexer->stopping, true, __ATOMIC_RELAXED);
	__atomic_store_n(&indexer->hurry, true, __ATOMIC_RELAXED);
	pthread_cond_signal(&indexer->called);
	pthread_mutex_unlock(&indexer->lock);
	pthread_join(indexer->thread, NULL);
	free_asks(indexer->asks);
	free_asks(indexer->answers);
	disk_real_destroy(indexer->disk);
	pthread_mutex_destroy(&indexer->lock);
	pthread_cond_destroy(&indexer->called);
	free(indexer);
}

void
indexer_nudge(struct indexer *indexer, uint64_t entries)
{
	__atomic_store_n(&indexer->entries, entries, __ATOMIC_RELAXED);
}

uint64_t
indexer_done(const struct indexer *indexer)
{
	return __atomic_load_n(&indexer->done, __ATOMIC_RELAXED);
}

static void
add_ask(struct indexer *indexer, const struct ask *given)
{
	struct ask *ask = calloc(1, sizeof(*ask));
	struct fail fail = FAIL_INIT;

	if (ask == NULL) {
		fail_memory(&fail);
		given->done(given->arg, &fail);
		return;
	}
	*ask = *given;
	pthread_mutex_lock(&indexer->lock);
	*indexer->asks_end = ask;
	indexer->asks_end = &ask->next;
	__atomic_store_n(&indexer->hurry, true, __ATOMIC_RELAXED);
	pthread_cond_signal(&indexer->called);
	pthread_mutex_unlock(&indexer->lock);
}

void
indexer_forget(struct indexer *indexer, struct slice pseudonym,
    indexer_answer *done, void *arg)
{
	struct ask ask = {.kind = ASK_FORGET, .done = done, .arg = arg};

	snprintf(
	    ask.pseudonym, sizeof(ask.pseudonym), "%.*s", SLICE_ARG(pseudonym));
	add_ask(indexer, &ask);
}

void
indexer_prune(
    struct indexer *indexer, uint64_t minimum, indexer_answer *done, void *arg)
{
	add_ask(indexer, &(struct ask){.kind = ASK_PRUNE,
			     .minimum = minimum,
			     .done = done,
			     .arg = arg});
}

void
indexer_rebuild(struct indexer *indexer, indexer_answer *done, void *arg)
{
	add_ask(indexer,
	    &(struct ask){.kind = ASK_REBUILD, .done = done, .arg = arg});
}

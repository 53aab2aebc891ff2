#include "runner/fake_loop.h"

#include "base/slice.h"

struct loop_timer {
	struct fake_loop *loop; /* whose it is */
	struct loop_timer *next;
	void (*fire)(void *arg);
	void *arg;
	int64_t due;
	uint64_t order; /* 0: not set */
};

struct soon {
	struct soon *next;
	struct fake_loop *loop;
	void (*call)(void *arg);
	void *arg;
};

/* Clock, timers and calls are the root's; the count is each one's own. */
struct fake_loop {
	struct loop base;
	struct fake_loop *root;
	int64_t now;
	uint64_t order;
	struct loop_timer *timers;
	struct soon *first, **last;
	size_t timer_count;
};

/* A scenario that calls back more often than this will never be quiet. */
enum { CALLS_MAX = 200000 };

static int64_t
now(struct loop *loop)
{
	return ((struct fake_loop *)loop)->root->now;
}

static struct loop_timer *
timer_create_(struct loop *loop, void (*fire)(void *arg), void *arg)
{
	struct fake_loop *fake = (struct fake_loop *)loop;
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	*timer = (struct loop_timer){.loop = fake,
	    .next = fake->root->timers,
	    .fire = fire,
	    .arg = arg};
	fake->root->timers = timer;
	fake->timer_count++;
	return timer;
}

static void
timer_set(struct loop_timer *timer, int64_t delay)
{
	struct fake_loop *root = timer->loop->root;

	timer->due = root->now + (delay > 0 ? delay : 0);
	timer->order = ++root->order;
}

static void
timer_destroy(struct loop_timer *timer)
{
	struct loop_timer **at;

	if (timer == NULL)
		return;
	for (at = &timer->loop->root->timers; *at != timer; at = &(*at)->next)
		;
	*at = timer->next;
	timer->loop->timer_count--;
	free(timer);
}

static bool
soon(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct fake_loop *fake = (struct fake_loop *)loop;
	struct soon *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return false;
	*item = (struct soon){.loop = fake, .call = call, .arg = arg};
	*fake->root->last = item;
	fake->root->last = &item->next;
	return true;
}

static const struct loop_operations fake_operations = {
    .now = now,
    .timer_create = timer_create_,
    .timer_set = timer_set,
    .timer_destroy = timer_destroy,
    .soon = soon,
};

struct loop *
fake_loop_create(int64_t start)
{
	struct fake_loop *fake = calloc(1, sizeof(*fake));

	if (fake == NULL)
		return NULL;
	fake->base.operations = &fake_operations;
	fake->root = fake;
	fake->now = start;
	fake->last = &fake->first;
	return &fake->base;
}

struct loop *
fake_loop_share(struct loop *loop)
{
	struct fake_loop *fake = calloc(1, sizeof(*fake));

	if (fake == NULL)
		return NULL;
	fake->base.operations = &fake_operations;
	fake->root = ((struct fake_loop *)loop)->root;
	return &fake->base;
}

/* The earliest timer due at `until` or before. */
static struct loop_timer *
next_timer(struct fake_loop *fake, int64_t until)
{
	struct loop_timer *timer, *best = NULL;

	for (timer = fake->timers; timer != NULL; timer = timer->next) {
		if (timer->order == 0 || timer->due > until)
			continue;
		if (best == NULL || timer->due < best->due ||
		    (timer->due == best->due && timer->order < best->order))
			best = timer;
	}
	return best;
}

/* One callback: what was asked for soon goes before any timer. */
static bool
step(struct fake_loop *fake, int64_t until)
{
	struct soon *item = fake->first;
	struct loop_timer *timer;

	if (item != NULL) {
		fake->first = item->next;
		if (fake->first == NULL)
			fake->last = &fake->first;
		item->call(item->arg);
		free(item);
		return true;
	}
	timer = next_timer(fake, until);
	if (timer == NULL)
		return false;
	if (timer->due > fake->now)
		fake->now = timer->due;
	timer->order = 0;
	timer->fire(timer->arg);
	return true;
}

bool
fake_loop_advance(struct loop *loop, int64_t milliseconds)
{
	struct fake_loop *fake = (struct fake_loop *)loop;
	int64_t until = fake->now + milliseconds;
	int calls = 0;

	while (step(fake, until))
		if (++calls > CALLS_MAX)
			return false;
	fake->now = until;
	return true;
}

void
fake_loop_set_clock(struct loop *loop, int64_t milliseconds)
{
	struct fake_loop *fake = (struct fake_loop *)loop;

	fake->now += milliseconds;
	for (struct loop_timer *timer = fake->timers; timer != NULL;
	     timer = timer->next)
		timer->due += milliseconds;
}

bool
fake_loop_settle(struct loop *loop)
{
	return fake_loop_advance(loop, 0);
}

void
fake_loop_drop(struct loop *loop)
{
	struct fake_loop *fake = (struct fake_loop *)loop;
	struct fake_loop *root = fake->root;
	struct soon **at = &root->first, *item;

	while ((item = *at) != NULL) {
		if (item->loop != fake) {
			at = &item->next;
			continue;
		}
		*at = item->next;
		free(item);
	}
	root->last = at;
}

size_t
fake_loop_timers(const struct loop *loop)
{
	return ((const struct fake_loop *)loop)->timer_count;
}

void
fake_loop_destroy(struct loop *loop)
{
	struct fake_loop *fake = (struct fake_loop *)loop;

	if (fake == NULL)
		return;
	fake_loop_drop(loop);
	while (fake->timers != NULL) /* a root's */
		timer_destroy(fake->timers);
	free(fake);
}

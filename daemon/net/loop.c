#include "net/loop.h"

#include <event2/event.h>
#include <event2/thread.h>
#include <pthread.h>

/* One call that soon() promised. */
struct call {
	void (*call)(void *arg);
	void *arg;
};

struct calls {
	struct call *items;
	size_t count, size;
};

struct real_loop {
	struct loop loop;
	struct event_base *base;
	struct event *wake;
	pthread_mutex_t lock; /* over `waiting` only */
	struct calls waiting, running;
};

struct loop_timer {
	struct event *event;
	void (*fire)(void *arg);
	void *arg;
};

static struct real_loop *
real(struct loop *loop)
{
	return (struct real_loop *)(void *)loop;
}

static int64_t
now(struct loop *loop)
{
	struct timespec at;

	(void)loop;
	clock_gettime(CLOCK_REALTIME, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void
timer_fired(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;

	(void)fd;
	(void)what;
	timer->fire(timer->arg);
}

static struct loop_timer *
timer_create_real(struct loop *loop, void (*fire)(void *arg), void *arg)
{
	struct loop_timer *timer = malloc(sizeof(*timer));

	if (timer == NULL)
		return NULL;
	*timer = (struct loop_timer){.fire = fire, .arg = arg};
	timer->event = evtimer_new(real(loop)->base, timer_fired, timer);
	if (timer->event == NULL) {
		free(timer);
		return NULL;
	}
	return timer;
}

static void
timer_set(struct loop_timer *timer, int64_t delay)
{
	if (delay < 0)
		delay = 0;
	event_add(timer->event,
	    &(struct timeval){.tv_sec = delay / 1000,
		.tv_usec = delay % 1000 * 1000});
}

static void
timer_destroy(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	free(timer);
}

static bool
calls_add(struct calls *calls, struct call call)
{
	if (calls->count == calls->size) {
		size_t size = calls->size == 0 ? 64 : 2 * calls->size;
		struct call *items =
		    reallocarray(calls->items, size, sizeof(*items));

		if (items == NULL)
			return false;
		calls->items = items;
		calls->size = size;
	}
	calls->items[calls->count++] = call;
	return true;
}

static bool
soon(struct loop *loop, void (*call)(void *arg), void *arg)
{
	struct real_loop *this = real(loop);
	bool ok;

	pthread_mutex_lock(&this->lock);
	ok = calls_add(&this->waiting, (struct call){call, arg});
	pthread_mutex_unlock(&this->lock);
	if (ok)
		event_active(this->wake, EV_TIMEOUT, 0);
	return ok;
}

/* What the calls ask for in turn waits for the next round. */
static void
run_calls(evutil_socket_t fd, short what, void *arg)
{
	struct real_loop *this = arg;
	struct calls calls;

	(void)fd;
	(void)what;
	pthread_mutex_lock(&this->lock);
	calls = this->waiting;
	this->waiting = this->running;
	this->waiting.count = 0;
	this->running = calls;
	pthread_mutex_unlock(&this->lock);
	for (size_t i = 0; i < calls.count; i++)
		calls.items[i].call(calls.items[i].arg);
}

static const struct loop_operations operations = {
    .now = now,
    .timer_create = timer_create_real,
    .timer_set = timer_set,
    .timer_destroy = timer_destroy,
    .soon = soon,
};

struct loop *
loop_create(void)
{
	struct real_loop *this;

	if (evthread_use_pthreads() != 0)
		return NULL;
	this = calloc(1, sizeof(*this));
	if (this == NULL)
		return NULL;
	this->loop.operations = &operations;
	pthread_mutex_init(&this->lock, NULL);
	this->base = event_base_new();
	if (this->base != NULL)
		this->wake = event_new(this->base, -1, 0, run_calls, this);
	if (this->wake == NULL) {
		loop_destroy(&this->loop);
		return NULL;
	}
	return &this->loop;
}

void
loop_destroy(struct loop *loop)
{
	struct real_loop *this;

	if (loop == NULL)
		return;
	this = real(loop);
	if (this->wake != NULL)
		event_free(this->wake);
	if (this->base != NULL)
		event_base_free(this->base);
	pthread_mutex_destroy(&this->lock);
	free(this->waiting.items);
	free(this->running.items);
	free(this);
}

struct event_base *
loop_base(struct loop *loop)
{
	return real(loop)->base;
}

bool
loop_run(struct loop *loop)
{
	return event_base_loop(
		   real(loop)->base, EVLOOP_NO_EXIT_ON_EMPTY) != -1;
}

void
loop_stop(struct loop *loop)
{
	event_base_loopbreak(real(loop)->base);
}

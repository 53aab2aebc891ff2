/*
 * The loop: time, timers and "soon".  The seam through which tests give a
 * virtual clock and run the engine without a socket or a sleep.  Sockets and
 * HTTP use libevent directly through loop_base(); the fake loop has none.
 */
#ifndef MISU_LOOP_H
#define MISU_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct loop;
struct loop_timer;

struct loop_operations {
	/* Unix time in milliseconds. */
	int64_t (*now)(struct loop *loop);
	/* NULL when out of memory. */
	struct loop_timer *(*timer_create)(
	    struct loop *loop, void (*fire)(void *arg), void *arg);
	/* Fire once, `delay` milliseconds from now; sets anew if set. */
	void (*timer_set)(struct loop_timer *timer, int64_t delay);
	void (*timer_destroy)(struct loop_timer *timer);
	/*
	 * Call once from the loop, after what is running returns.  The real
	 * loop takes this from any thread; false when out of memory.
	 */
	bool (*soon)(struct loop *loop, void (*call)(void *arg), void *arg);
};

struct loop {
	const struct loop_operations *operations;
};

/* The real loop, on a libevent base it owns. */
struct loop *loop_create(void);
void loop_destroy(struct loop *loop);
struct event_base *loop_base(struct loop *loop);

/* Run until loop_stop(). */
bool loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif

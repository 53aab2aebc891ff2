/*
 * The loop with a virtual clock: nothing sleeps, nothing happens by itself.
 * A scenario says how far the clock goes; what is due in between fires in
 * order of time, then of being set, so that a run can be played again.
 */
#ifndef MISU_TESTS_FAKE_LOOP_H
#define MISU_TESTS_FAKE_LOOP_H

#include "net/loop.h"

struct loop *fake_loop_create(int64_t now);
void fake_loop_destroy(struct loop *loop);

/*
 * The same clock and order for another process of the scenario: what it asked
 * for is counted, and forgotten, by itself.  The first loop outlives it.
 */
struct loop *fake_loop_share(struct loop *loop);

/* Run what was asked for "soon" and every timer already due, until quiet. */
bool fake_loop_settle(struct loop *loop);

/* Let time pass, firing timers on the way; false if it never came to rest. */
bool fake_loop_advance(struct loop *loop, int64_t milliseconds);

/* Somebody sets the clock: timers go on as before. */
void fake_loop_set_clock(struct loop *loop, int64_t milliseconds);

/* Forget calls nobody will wait for: the process was killed. */
void fake_loop_drop(struct loop *loop);

/* Timers not destroyed yet. */
size_t fake_loop_timers(const struct loop *loop);

#endif

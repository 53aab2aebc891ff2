/*
 * Something is told that is not for everybody: that it was asked for is an
 * entry, or several, durable before the answer goes out.  Shared by the files
 * that tell such things.
 */
#ifndef MISU_ENGINE_REVEAL_H
#define MISU_ENGINE_REVEAL_H

#include "engine_priv.h"

struct reveal {
	struct engine *engine;
	struct arena *arena;
	struct slice body;	       /* what is told once it is recorded */
	const struct subject *subject; /* whose values; NULL: nobody's */
	engine_answer *answer;
	void *arg;
};

/* NULL after an answer. */
struct reveal *reveal_start(
    struct engine *engine, engine_answer *answer, void *arg);

/* Answer with a problem; the reveal is over. */
void reveal_give_up(struct reveal *reveal, int status, const char *type,
    const struct fail *fail);

/*
 * Write these events, and then answer.  What they point to lives in the
 * reveal's arena.
 */
void reveal_record(
    struct reveal *reveal, const struct event *events, size_t count);

#endif

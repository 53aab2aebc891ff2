/*
 * Submissions under way, for engine.c, engine_merge.c and engine_wait.c.
 */
#ifndef MISU_ENGINE_WORK_H
#define MISU_ENGINE_WORK_H

#include "engine_priv.h"

/* One submission between engine_submit() and its answer. */
struct work {
	struct engine *engine;
	struct arena *arena;
	const struct conf *conf; /* what it is decided under */
	struct work *next;	 /* in its bucket */
	struct work *accepted;	 /* the next one whose entries are durable */
	struct slice principal, key, id;
	struct digest body;
	struct record *record;
	struct share shares[BLOCKS_MAX];
	size_t share_count;
	int64_t given; /* number of the case that gives it out; 0: none */
	bool is_durable;
	bool stays;	/* what misu has of the object does */
	bool doubts;	/* what was told of it is told no more */
	bool passes_by; /* a registry may hold it that it is not for */
	bool follows;	/* which then is told what that changes */
	struct record *withdrawn; /* kept of what all refuse */
	struct slice text;	  /* of one that waits for another: its body */
	bool waited;		  /* its turn has come */
	struct work *behind;	  /* the next that waits */
	engine_answer *answer;
	void *arg;
};

/* Decide it, and let it become durable; or it waits for another. */
void engine_work_begin(struct work *work, struct slice body);

/* --- engine_merge.c --- */

/*
 * Put the submission together with what misu has of its object: a part of it
 * is judged on what the object is after it.  Of an object that was deleted
 * nothing comes back: false, with the status and type of the answer.
 */
bool engine_work_merge(
    struct work *work, int *status, const char **type, struct fail *fail);

/* --- engine_wait.c --- */

/*
 * A submission changes what the one before left, so it is read only when that
 * one was answered: else each would put back what the other took away, a
 * consent above all.  True: it waits, and is begun later.  False with a fail:
 * it cannot.
 */
bool engine_work_waits(struct work *work, struct slice body, struct fail *fail);

/* One was answered: who waited for it goes on, in order. */
void engine_work_wake(struct engine *engine);

#endif

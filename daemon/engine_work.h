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
	struct conf_use use; /* what it is decided under */
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
	const struct record *update; /* as it came; NULL: nothing to merge */
	struct slice text;	  /* of one that waits for another: its body */
	bool waited;		  /* its turn has come */
	int64_t deadline;	  /* then it waits for no registry any more */
	struct work *behind;	  /* the next that waits */
	engine_answer *answer;
	void *arg;
};

/* Decide it, and let it become durable; or it waits for another. */
void engine_work_begin(struct work *work, struct slice body);

/* It ends here; nothing of it is kept. */
void engine_work_fail(
    struct work *work, int status, const char *type, const struct fail *fail);

/* --- engine_beside.c --- */

/* Is its object being changed over EPP? */
bool engine_work_is_beside(const struct work *work);
/* It waits for that so long and no longer: then it has failed. */
void engine_work_set_patience(struct work *work);
bool engine_work_is_overdue(const struct work *work, struct fail *fail);
/* Contacts that came by EPP come to stand where no domain command said it. */
bool engine_work_mark_unseen(
    struct work *work, struct batch *batch, struct fail *fail);
/* What is in doubt of the object gets what it says. */
bool engine_work_propose(
    struct work *work, struct batch *batch, struct fail *fail);
/*
 * Refused by all, it was not.  But that somebody withdrew a consent holds
 * whatever else is wrong with it: that much is kept, and followed.
 */
bool engine_work_keep_withdrawal(
    struct work *work, struct batch *batch, struct fail *fail);

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
 * consent above all; nor while the object is changed over EPP.  True: it
 * waits, and is begun later.  False with a fail:
 * it cannot.
 */
bool engine_work_waits(struct work *work, struct slice body, struct fail *fail);

/* One was answered: who waited for it goes on, in order. */
void engine_work_wake(struct engine *engine);

#endif

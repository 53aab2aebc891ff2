/*
 * First approvals of what two operators must agree on, in the database of
 * cases.  Durable, so that a restart loses none; each lasts until a second
 * operator's makes it whole, or until it is too old.
 */
#ifndef MISU_APPROVALS_H
#define MISU_APPROVALS_H

#include "store/sqlite.h"

struct approvals;

struct approval {
	struct slice matter; /* "hold", "forgetting", "authority-request" */
	struct slice about;  /* which: "12", a digest, a case's id */
	struct slice actor;
	int64_t time; /* Unix ms */
};

struct approvals *approvals_open(struct sqlite *db, struct fail *fail);
void approvals_close(struct approvals *approvals);

/* False without a fail: there is none. */
bool approvals_find(struct approvals *approvals, struct arena *arena,
    struct slice matter, struct slice about, struct approval *out,
    struct fail *fail);
/* In the place of an older one. */
bool approvals_put(struct approvals *approvals, const struct approval *approval,
    struct fail *fail);
bool approvals_remove(struct approvals *approvals, struct slice matter,
    struct slice about, struct fail *fail);
/* All of a matter. */
bool approvals_remove_all(
    struct approvals *approvals, struct slice matter, struct fail *fail);
/* All from before that time go. */
bool approvals_prune(
    struct approvals *approvals, int64_t before, struct fail *fail);
/* Oldest first; false from `visit` ends it. */
bool approvals_each(struct approvals *approvals, struct arena *arena,
    bool (*visit)(void *arg, const struct approval *approval), void *arg,
    struct fail *fail);

#endif

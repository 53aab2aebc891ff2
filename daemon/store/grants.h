/*
 * Grants: what a case lets somebody with a token ask for, until when and how
 * often.  In the database of cases, and only while the case is open.  Of the
 * token its SHA-256 stands there; objects and from where it may come stand
 * encrypted, for both say whom the case is about.
 *
 * Each answer is counted before it is decided, and its row stays until the
 * ledger knows how it ended: after a crash none is without an outcome.
 */
#ifndef MISU_GRANTS_H
#define MISU_GRANTS_H

#include "store/keys.h"
#include "store/sqlite.h"

struct grants;

enum {
	GRANT_OBJECTS_MAX = 64,
	GRANT_TEXT_MAX = 400, /* bytes of an object, or of prefixes */
	GRANT_ANSWERS_MAX = 1000000
};

struct grant {
	int64_t id, case_id;
	struct digest token; /* SHA-256 */
	struct slice recipient, purpose;
	struct slice from;	/* "192.0.2.0/24 2001:db8::/32"; empty: all */
	int64_t granted, until; /* Unix ms */
	int64_t answers, used;
	/* ruleset_terms() of what was approved; all 0: it is not known */
	struct digest terms;
	bool is_outdated; /* that these are in force no more was noted */
	bool is_revoked;
	bool is_open; /* read alone: the case is */
	/* "example.jp", ".example.jp", "192.0.2.0/24"; canonical */
	struct slice objects[GRANT_OBJECTS_MAX];
	size_t object_count;
};

/* `db` is that of the cases, opened before. */
struct grants *grants_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail);
void grants_close(struct grants *grants);

/* Durable when it returns true; grant->id is set. */
bool grants_add(struct grants *grants, struct grant *grant, struct fail *fail);

/* False without a fail: there is none.  Texts in the arena. */
bool grants_find(struct grants *grants, struct arena *arena,
    const struct digest *token, struct grant *out, struct fail *fail);

/* Those of a case, oldest first. */
bool grants_each(struct grants *grants, struct arena *arena, int64_t case_id,
    bool (*visit)(void *arg, const struct grant *grant), void *arg,
    struct fail *fail);

/* One of a case's, or all of them with id 0; *count says how many it was. */
bool grants_revoke(struct grants *grants, int64_t case_id, int64_t id,
    int *count, struct fail *fail);

/* It was noted that its terms are in force no more. */
bool grants_set_outdated(
    struct grants *grants, int64_t id, struct fail *fail);

/*
 * Count one answer: false without a fail where none is left.  `first` is an
 * entry of the ledger below which nothing of it stands.
 */
bool grants_begin_answer(struct grants *grants, int64_t grant, uint64_t first,
    int64_t *answer, struct fail *fail);
bool grants_end_answer(
    struct grants *grants, int64_t answer, struct fail *fail);

/* The next answer after *answer (0: the first) that has not ended. */
bool grants_next_answer(struct grants *grants, int64_t *answer, uint64_t *first,
    bool *found, struct fail *fail);

/*
 * Grants that ended before this time go, with their objects, some with each
 * call: *left says whether there are more.  One whose answer has not ended
 * stays.
 */
bool grants_prune(
    struct grants *grants, int64_t before, bool *left, struct fail *fail);

/*
 * Forgetting: the next object after *row (0: the first), of any grant; and
 * one that goes.
 */
bool grants_next_object(struct grants *grants, struct arena *arena,
    int64_t *row, struct slice *object, bool *found, struct fail *fail);
bool grants_drop_object(struct grants *grants, int64_t row, struct fail *fail);

#endif

/*
 * A query in terms of the index: which entries of a span may answer it.  It
 * names all that do, and where `is_exact` is set no others but for the time.
 */
#ifndef MISU_LOG_PLAN_H
#define MISU_LOG_PLAN_H

#include "core/query_match.h"
#include "store/index.h"

enum { LOG_CLAUSES_MAX = 2 * QUERY_TERMS_MAX + 1 };

/* Entries that have any of these terms, or none of them. */
struct log_clause {
	bool negated;
	unsigned cost;	/* the fewer entries it leaves, the lower */
	int64_t *terms; /* sorted */
	size_t count;
};

struct log_plan {
	struct index *index;
	const struct query *query;
	/*
	 * Entries were pruned: the index may have of an event what it was
	 * about, when the event cannot be asked for that any more.
	 */
	bool is_pruned;
	/* The rest is log_plan_make()'s. */
	struct log_clause clauses[LOG_CLAUSES_MAX];
	size_t count;
	bool is_exact, is_empty;
};

/*
 * `object_key` is for names of objects; NULL: they are not looked for by it.
 * In `arena`.
 */
bool log_plan_make(struct log_plan *plan, const struct digest_key *object_key,
    struct arena *arena, struct fail *fail);

/*
 * The first `count` entries of a span; *doubt are those of bundles that the
 * query's time cuts through.  NULL: whoever asks looks at each, so that some
 * may be among them that need not.
 */
bool log_plan_span(const struct log_plan *plan, uint64_t span, unsigned count,
    struct bits *out, struct bits *doubt, struct fail *fail);

#endif

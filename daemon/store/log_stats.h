/*
 * How many entries answer a query, for each recipient, field, day and so on:
 * from the index's sets where they decide it alone, else entry by entry.
 */
#ifndef MISU_LOG_STATS_H
#define MISU_LOG_STATS_H

#include "core/query.h"
#include "store/disk.h"
#include "store/keys.h"

enum stats_by {
	STATS_TYPE,
	STATS_RECIPIENT,
	STATS_ROLE,
	STATS_FIELD,
	STATS_VERDICT,
	STATS_RULE, /* "POLICY/NUMBER", eight digits of the identity */
	STATS_PURPOSE,
	STATS_OPERATION,
	STATS_CHANNEL,
	STATS_POLICY,
	STATS_OUTCOME, /* hold and refuse among them */
	STATS_ACTOR,
	STATS_DAY,
	STATS_BY_COUNT
};

const char *stats_by_name(enum stats_by by);
bool stats_by_find(struct slice name, enum stats_by *out);
/* All names there are, for who gave another. */
extern const char stats_by_hint[];

struct log_given;

struct stats_row {
	struct slice key;
	uint64_t count;
};

struct log_stats {
	struct disk *disk;
	const char *directory;
	const char *index;	 /* or NULL */
	const struct keys *keys; /* or NULL */
	const struct query *query;
	/* As in log_query: with any, what the index has is counted. */
	const struct log_given *givens;
	size_t given_count;
	uint64_t budget; /* of entries to read: more is a fail; 0: no limit */
	enum stats_by by;
	int zone; /* minutes that days are ahead of UTC */
};

struct stats_result {
	struct stats_row *rows; /* many first; days in their order */
	size_t count;
	uint64_t total;	 /* entries that answer the query */
	uint64_t looked; /* entries that were read */
};

/*
 * An entry counts once for each key that it has: what the query says of role,
 * field, verdict, rule and recipient holds for what a key is taken from, too.
 * In `arena`.
 */
bool log_stats_run(const struct log_stats *stats, struct arena *arena,
    struct stats_result *result, struct fail *fail);

#endif

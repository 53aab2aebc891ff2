/*
 * What the files of the counting share: log_stats.c (from the index's sets)
 * and log_stats_keys.c (keys, and entries one by one).
 */
#ifndef MISU_LOG_STATS_PRIV_H
#define MISU_LOG_STATS_PRIV_H

#include "base/text.h"
#include "store/log_look.h"
#include "store/log_stats.h"

enum { KEYS_MAX = 4096 };

/* A key, and the entries of the span at hand that have it. */
struct key {
	struct slice name;
	uint64_t count;
	struct bits *entries; /* NULL: none of this span yet */
	bool is_marked;	      /* by the entry at hand */
};

/* A term of the index and the keys that entries with it have. */
struct part {
	int64_t term;
	size_t *keys;
	size_t count;
};

struct counting {
	const struct log_stats *o;
	struct log_look look;
	struct arena *arena;
	struct stats_result *result;
	struct key *keys;
	size_t key_count, key_last;
	struct part *parts;
	size_t part_count, part_room;
	struct fail *fail;
	bool failed;
};

/* The number of a key; KEYS_MAX when there is no room or memory. */
size_t stats_key(struct counting *counting, struct slice name);

/* Does the query want something decided, so that keys are taken of that? */
bool stats_of_rulings(const struct counting *counting);

/* "POLICY/NUMBER" */
struct slice stats_rule_name(
    struct counting *counting, struct slice policy, struct slice rule);

typedef void stats_on_key(
    struct counting *counting, void *context, struct slice key);

/* Every key that a group of rulings has under the query. */
void stats_each_key(struct counting *counting, const struct entry_group *group,
    stats_on_key *on, void *context);

/* One more for each key of an entry that answers the query. */
void stats_mark(struct counting *counting, struct log_entry *entry);

#endif

/*
 * One look at the ledger for a query: its reader, the index where there is
 * one that fits, and what is newer than the index.  Shared by those who show
 * entries and those who count them.
 */
#ifndef MISU_LOG_LOOK_H
#define MISU_LOG_LOOK_H

#include "core/query_match.h"
#include "store/index.h"
#include "store/keys.h"
#include "store/log_plan.h"
#include "store/log_reader.h"

struct log_given;

/* The latest outcome entry of a disclosure, among what is newer. */
struct log_newer {
	uint64_t entry; /* plus one; 0: empty */
	uint64_t event;
};

struct log_look {
	const struct query *query;
	const struct keys *keys;
	const struct log_given *givens; /* see log_query */
	size_t given_count;
	bool wants_outcome; /* also where the query asks for none */
	uint64_t budget;    /* of entries to read; 0: no limit */
	bool bundles_only;
	struct log_reader *log;
	struct index *index; /* or NULL */
	struct digest_key object_key;
	struct log_plan plan;
	struct arena *arena, *kept; /* of one entry; of the look */
	uint64_t size;		    /* entries there are */
	uint64_t minimum;	    /* those below were pruned */
	uint64_t indexed;	    /* those below it are in the index */
	struct log_newer *newer;
	size_t newer_count, newer_room;
	uint64_t looked;
};

/* An entry that was looked at; lives until the next one. */
struct log_entry {
	uint64_t index;
	struct slice entry, object, outcome;
	struct entry_parts parts, other; /* other: what an event is about */
	const struct entry_parts *about; /* one of the two, or NULL */
};

/* False: there is nothing to finish. */
bool log_look_start(struct log_look *look, struct disk *disk,
    const char *directory, const char *index, struct fail *fail);
void log_look_finish(struct log_look *look);

/* Does this entry answer the query?  `with_name`: find its object's name. */
bool log_look_at(struct log_look *look, uint64_t index, bool with_name,
    struct log_entry *out, bool *matches, struct fail *fail);

/*
 * Entries of a span of the index to be looked at.  *doubt, unless NULL, are
 * those that the index alone does not decide.
 */
bool log_look_span(struct log_look *look, uint64_t span, struct bits *out,
    struct bits *doubt, struct fail *fail);

#endif

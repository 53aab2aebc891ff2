/*
 * The ledger's entries that answer a query (core/query.h), straight from
 * bundles and journal, also while a daemon writes.  Where there is an index
 * it says where to look, and what it does not have yet is looked at entry by
 * entry: what comes out is the same without it.
 */
#ifndef MISU_LOG_QUERY_H
#define MISU_LOG_QUERY_H

#include "core/entry_parts.h"
#include "core/entry_print.h"
#include "core/query.h"
#include "store/disk.h"
#include "store/keys.h"

/*
 * What a query says of objects, for who has no keys to find their names: terms
 * of the index (index_object_term()), sorted.  The index alone decides it.
 */
struct log_given {
	bool negated;
	const int64_t *terms;
	size_t count;
};

struct log_query {
	struct disk *disk;
	const char *directory;
	const char *index; /* file; NULL: none.  One that is no use is left */
	/* For names of objects; NULL: they stay unknown. */
	const struct keys *keys;
	const struct query *query; /* subjects stand as pseudonyms in it */
	/* With any of these, only what the index has is found. */
	const struct log_given *givens;
	size_t given_count;
	bool newest_first;
	/*
	 * Where a page goes on: the first index to look at, or, with the newest
	 * first, the first not to look at.
	 */
	bool has_start;
	uint64_t start;
	size_t limit; /* entries of a page; 0: all */
	/*
	 * So many entries are read for a page; then it ends, and the next one
	 * goes on.  Where the index is further behind, it fails.  0: no limit
	 */
	uint64_t budget;
	bool bundles_only; /* what the checkpoint covers */
	/* False ends it early.  `shown` is borrowed for the call. */
	bool (*show)(void *context, const struct entry_shown *shown);
	void *context;
};

struct log_page {
	bool has_more;
	uint64_t start;	  /* of the next page */
	uint64_t size;	  /* entries there were */
	uint64_t minimum; /* those below were pruned */
	uint64_t indexed; /* of them, by the index */
	uint64_t looked;  /* entries that were read to decide */
};

/*
 * False if the ledger cannot be read; entries of it that are damaged are
 * verify's to find.
 */
bool log_query_run(
    const struct log_query *query, struct log_page *page, struct fail *fail);

/*
 * Where the next page starts, as text that says nothing to whoever keeps it;
 * it stays good while entries are added.
 */
enum { LOG_CURSOR_SIZE = 24 };
void log_cursor_write(
    bool newest_first, uint64_t start, char out[LOG_CURSOR_SIZE]);
bool log_cursor_read(
    struct slice text, bool newest_first, uint64_t *start, struct fail *fail);

/* The object's name of a disclosure; false without its key. */
bool log_query_object(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name);
/* Of an entry taken apart, with a cipher that is kept from one to the next. */
bool log_query_object_of(const struct keys *keys, struct digest_cipher *cipher,
    const struct entry_parts *parts, struct arena *arena, struct slice *name);

/* Is its subject's key slot overwritten? */
bool log_query_forgotten(const struct keys *keys, struct slice entry);

/*
 * The same, and what the disclosure was decided by (core/inputs.h); empty
 * where that was not kept.
 */
bool log_query_inputs(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name, struct slice *inputs);

#endif

/*
 * Reading and filtering a ledger's entries straight from bundles and journal,
 * also while a daemon writes: `misuctl log`.
 */
#ifndef MISU_LOG_QUERY_H
#define MISU_LOG_QUERY_H

#include "core/entry_print.h"
#include "core/field.h"
#include "store/disk.h"
#include "store/keys.h"

/*
 * What is empty, or has its is_ or has_ flag unset, does not matter.  An event
 * about a disclosure (its outcome, say) passes where the disclosure would.
 */
struct log_filter {
	bool has_from, has_until;
	int64_t from, until;     /* Unix ms; until is not included */
	struct slice object;     /* canonical name; needs keys */
	struct slice subject;    /* the backend's id; needs keys */
	struct slice pseudonym;  /* the same, in hex as entries have it */
	struct slice recipient;
	struct slice type;       /* "disclosure", "outcome", ... */
	struct slice outcome;    /* an event's word, or hold, refuse, forward */
	bool has_verdict;
	enum verdict verdict;    /* some field has it */
	unsigned rule;           /* some field, or the outcome, is by it */
};

struct log_query {
	struct disk *disk;
	const char *directory;
	/* For names of objects and subjects; NULL: they stay unknown. */
	const struct keys *keys;
	struct log_filter filter;
	uint64_t start; /* the first index to look at: to follow, `next` */
	/* False ends it early.  `shown` is borrowed for the call. */
	bool (*show)(void *context, const struct entry_shown *shown);
	void *context;
};

/*
 * `*next` is the index after the last entry looked at.  False if the ledger
 * cannot be read; entries of it that are damaged are verify's to find.
 */
bool log_query_run(
    const struct log_query *query, uint64_t *next, struct fail *fail);

/* The object's name of a disclosure; false without its key. */
bool log_query_object(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name);

/* Is its subject's key slot overwritten? */
bool log_query_forgotten(const struct keys *keys, struct slice entry);

/*
 * The same, and what the disclosure was decided by (core/inputs.h); empty
 * where that was not kept.
 */
bool log_query_inputs(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name, struct slice *inputs);

#endif

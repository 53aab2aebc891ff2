/*
 * The keeper's thread that keeps the index behind the ledger.  It runs only
 * while no other wants the processor, reads bundles as anybody could, and asks
 * nothing of the loop but a subject's key now and then.  What it has not come
 * to yet, who queries reads from the ledger.
 */
#ifndef MISU_INDEXER_H
#define MISU_INDEXER_H

#include <stdint.h>

#include "base/fail.h"
#include "base/slice.h"
#include "net/loop.h"
#include "store/keys.h"

struct indexer;

struct indexer_options {
	struct loop *loop;
	const struct keys *keys;
	const char *directory; /* the ledger's; copied */
	const char *path;      /* the index's; copied */
	/* From the loop, when something changes for the worse or the better. */
	void (*log)(void *context, const char *level, const char *event,
	    const struct fail *fail);
	void *log_context;
};

struct indexer *indexer_create(
    const struct indexer_options *options, struct fail *fail);
/* Ends what it is at.  NULL-safe. */
void indexer_destroy(struct indexer *indexer);

/* So many entries are behind the checkpoint now. */
void indexer_nudge(struct indexer *indexer, uint64_t entries);

/* Entries that the index has. */
uint64_t indexer_done(const struct indexer *indexer);

/*
 * To be done before anything else; `done` is called once, from the loop, with
 * NULL or why it could not be.  It is not called any more when the indexer is
 * destroyed.
 */
typedef void indexer_answer(void *arg, const struct fail *fail);

/* Nothing of this subject (32 hex digits) stays in the index's files. */
void indexer_forget(struct indexer *indexer, struct slice pseudonym,
    indexer_answer *done, void *arg);
/* Entries below this one are gone from the ledger. */
void indexer_prune(
    struct indexer *indexer, uint64_t minimum, indexer_answer *done, void *arg);
/* Begin again from nothing; done when it has begun. */
void indexer_rebuild(struct indexer *indexer, indexer_answer *done, void *arg);

#endif

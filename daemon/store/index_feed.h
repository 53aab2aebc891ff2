/*
 * From the ledger's bundles into the index, entry by entry.  In its own thread
 * beside a running keeper, or alone: it opens what it reads itself.
 */
#ifndef MISU_INDEX_FEED_H
#define MISU_INDEX_FEED_H

#include "store/disk.h"
#include "store/index.h"
#include "store/keys.h"

struct index_feed;

struct index_feed_options {
	struct disk *disk;	 /* to read with; of this thread alone */
	const char *directory;	 /* the ledger's */
	const char *path;	 /* of the index */
	const struct keys *keys; /* any thread may ask it for a slot */
};

/*
 * Opens the index, or makes it anew where it is damaged, of another version,
 * of another log, or ahead of this one; *anew says so.  What the pointers
 * point to must outlive it.
 */
struct index_feed *index_feed_open(
    const struct index_feed_options *options, bool *anew, struct fail *fail);
void index_feed_close(struct index_feed *feed);

/*
 * Take in what is behind the checkpoint now, at most `most` entries of it, and
 * commit.  *left: how many are still to come.  `stop`, if it is not NULL, may
 * be set by another thread to end the batch early.
 */
bool index_feed_run(struct index_feed *feed, uint64_t most, const bool *stop,
    uint64_t *left, struct fail *fail);

/* Entries that the index has. */
uint64_t index_feed_next(const struct index_feed *feed);

/* See index_forget() and index_prune(). */
bool index_feed_forget(
    struct index_feed *feed, struct slice pseudonym, struct fail *fail);
bool index_feed_prune(
    struct index_feed *feed, uint64_t minimum, struct fail *fail);

/* The key under which names of objects stand. */
void index_feed_key(const struct keys *keys, struct digest_key *out);

#endif

/*
 * What ledger.c (groups, checkpoints), ledger_replay.c (start) and batch.c
 * (entries of one request) share.
 */
#ifndef MISU_LEDGER_PRIV_H
#define MISU_LEDGER_PRIV_H

#include "core/entry.h"
#include "core/tree.h"
#include "store/journal.h"
#include "store/ledger.h"
#include "store/random_pool.h"
#include "store/requests.h"
#include "store/tiles.h"
#include "store/vault.h"

struct batch_queue {
	struct batch *first, **last;
};

/* Stands for the checkpoint under way, apart from other calls of the disk. */
struct ledger_work {
	struct ledger *ledger;
	bool tiles_due, vault_due, failed;
	uint64_t covered; /* newest group of it */
};

struct ledger {
	struct ledger_options options;
	struct disk *disk;
	struct journal *journal;
	struct tiles *tiles; /* what is durable */
	uint64_t next;	     /* index of the next entry of a group */
	struct requests *requests;
	struct entry_order order;
	struct digest_key payload_key, vault_key;
	struct digest_cipher *cipher;
	struct group *building, *flying;
	struct batch_queue built, flown, waiting;
	uint64_t deletions; /* ledger_deletions() */
	uint64_t wiped; /* groups up to this one are to be overwritten */
	bool is_flying, is_due; /* a launch was deferred */
	bool in_hurry; /* somebody waits for what is not flying yet */
	bool is_checkpointing;  /* behind the loop's back */
	struct ledger_work work;
	struct fail stopped;
	struct random_source random; /* ledger_random() for others */
	struct random_pool pool;
	char journal_directory[1024];
	char scratch[2 * ENTRY_MAX]; /* where an entry is written */
};

enum item_kind { ITEM_DISCLOSURE, ITEM_EVENT, ITEM_RECORD, ITEM_SUBJECT };

struct item {
	struct item *next;
	enum item_kind kind;
	struct slice bytes; /* the entry, the change, or the subject's line */
	uint32_t slot;      /* ITEM_SUBJECT */
	uint64_t index;     /* of an entry, once it has one */
	bool is_repeat;     /* the index is of the first time */
	bool has_request;
	bool is_elsewhere;  /* the payload: nothing to seal */
	struct digest leaf;
	struct digest request;        /* what a repeat would have too */
	struct digest payload_digest;
	struct slice recipient, payload;
};

enum { BATCH_ITEMS = 4 }; /* a commit's, as a rule */

struct batch {
	struct batch *next;
	struct ledger *ledger;
	struct arena *arena;
	struct item *items, **last;
	size_t bytes, count; /* of what goes into the journal */
	/* The first ones, side by side: a group's batches lie far apart. */
	struct item first[BATCH_ITEMS];
	size_t disclosures;
	bool has_deletion; /* a record proposes one */
	/* The subject asked for last: its record follows its disclosure. */
	struct slice subject_id;
	struct subject subject;
	struct digest_key subject_key; /* of subject.key */
	ledger_done *done;
	void *arg;
};

/*
 * It is put into the stores soon: its places in the vault's index are asked
 * for, and the batch behind it comes itself.
 */
void batch_expect(const struct batch *batch);

/* Random bytes from the pool, so that an entry costs no system call. */
bool ledger_random(
    struct ledger *ledger, void *out, size_t len, struct fail *fail);

/* From now on it writes nothing, and says why. */
void ledger_stop(struct ledger *ledger, const struct fail *fail);

/* Opens the journal behind the tiles, which are open. */
bool ledger_replay(struct ledger *ledger, struct fail *fail);

#endif

/*
 * The spool: what was accepted and is not finished, in SQLite with every
 * commit synced.  One transaction takes a submission's payloads, entry
 * indexes and Idempotency-Key, so that an acknowledged submission is never
 * lost and never taken twice.  Payloads are encrypted under a key of their
 * own; nothing here is in clear but ids, states and times.
 */
#ifndef MISU_SPOOL_H
#define MISU_SPOOL_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/fail.h"
#include "store/disk.h"
#include "store/keys.h"

struct spool;

enum spool_state {
	SPOOL_QUEUED,     /* waits for its time */
	SPOOL_SENDING,    /* the sending mark: the channel has it */
	SPOOL_UNKNOWN,    /* it may have left: evidence is sought */
	SPOOL_LAID_OUT,   /* a desk item waits for an operator */
	SPOOL_HELD,       /* waits for an operator's approval; no payload */
	SPOOL_DONE,       /* sent or done */
	SPOOL_REFUSED,    /* the recipient or an operator said no */
	SPOOL_GIVEN_UP,
	SPOOL_SUPERSEDED, /* decided again: another item stands for it */
	SPOOL_APPROVED,   /* waits for its content to come once more */
	SPOOL_STATE_COUNT
};

/*
 * What a recipient holds of an object when an item is done, as the engine
 * writes it (engine_told.c).  0 bytes: no word on it; one byte: nothing.
 */
enum { SPOOL_TOLD = 320, SPOOL_TOLD_NOTHING = 1 };
struct spool_told {
	size_t len;
	uint8_t bytes[SPOOL_TOLD];
};

/* One disclosure on its way. Slices are borrowed. */
struct spool_item {
	int64_t id; /* 0 when new */
	enum spool_state state;
	uint64_t entry;         /* ledger index */
	struct digest leaf;
	struct slice recipient; /* policy id */
	struct slice purpose;
	struct slice channel;
	struct slice object;    /* canonical name; stored encrypted */
	int object_type;        /* enum object_type */
	int operation;          /* enum operation */
	struct digest epoch;    /* policy and setup it was decided under */
	struct digest consents; /* of the object's subjects at that time */
	bool outdated;          /* the consents changed since */
	struct digest content;  /* HELD: what was held, keyed digest */
	struct slice payload;   /* the exact bytes; empty when held */
	struct slice submission; /* id of the submission */
	unsigned rule;          /* HELD: the rule that holds */
	unsigned attempts;
	int64_t due;            /* Unix ms of the next try */
	int64_t created;        /* Unix ms */
	uint64_t place;         /* entry it was first decided as: its turn */
	struct spool_told told; /* given to spool_add(); never read back */
};

/* What a principal's Idempotency-Key stands for. */
struct spool_request {
	struct slice principal, key; /* key empty: none was given */
	struct digest body;
	struct slice submission; /* id */
	struct slice answer;     /* the JSON that was answered; stored encrypted */
	int status;
	int64_t created;
};

struct spool *spool_open(struct disk *disk, const char *path,
    struct keys *keys, const struct random_source *random, struct fail *fail);
void spool_close(struct spool *spool);

/* Everything between begin and commit is durable whole or not at all. */
bool spool_begin(struct spool *spool, struct fail *fail);
bool spool_commit(struct spool *spool, struct fail *fail);
void spool_rollback(struct spool *spool);

bool spool_add(
    struct spool *spool, struct spool_item *item, struct fail *fail);
bool spool_add_request(struct spool *spool,
    const struct spool_request *request, struct fail *fail);
/* Every entry below `index` is in the spool or needs no delivery. */
bool spool_set_mark(struct spool *spool, uint64_t index, struct fail *fail);
uint64_t spool_mark(const struct spool *spool);

/* The same for entries that have an outcome or need none (daemon/keeper.h). */
bool spool_set_line_mark(
    struct spool *spool, uint64_t index, struct fail *fail);
uint64_t spool_line_mark(const struct spool *spool);

/*
 * The held or approved item of channel "epp" with this content.  False
 * without a fail when there is none.
 */
bool spool_find_content(struct spool *spool, const struct digest *content,
    int64_t *id, enum spool_state *state, struct fail *fail);

/* Does this content wait for an operator already, for the same recipient? */
bool spool_has_held(struct spool *spool, const struct spool_item *item,
    struct fail *fail);

/* An approved item is done, for this request; what it holds stays. */
bool spool_spend(struct spool *spool, int64_t id, struct slice submission,
    struct fail *fail);

/* False without a fail when there is none. */
bool spool_find_request(struct spool *spool, struct arena *arena,
    struct slice principal, struct slice key, struct spool_request *out,
    struct fail *fail);
bool spool_find_submission(struct spool *spool, struct arena *arena,
    struct slice submission, struct spool_request *out, struct fail *fail);
bool spool_get(struct spool *spool, struct arena *arena, int64_t id,
    struct spool_item *out, struct fail *fail);

/* A state that ends an item destroys its payload and its object's name. */
bool spool_set_state(struct spool *spool, int64_t id, enum spool_state state,
    struct fail *fail);
/* All SENDING items to UNKNOWN: what a crash leaves behind. */
bool spool_recover(struct spool *spool, struct fail *fail);
/*
 * Mark what waits for this object under other consents than these: it must
 * be decided again before it leaves.
 */
bool spool_outdate(struct spool *spool, int object_type, struct slice object,
    const struct digest *consents, struct fail *fail);
/* The same for one item, which is due at `now` then. */
bool spool_outdate_item(
    struct spool *spool, int64_t id, int64_t now, struct fail *fail);
/* Does anything wait for this object, with whomever? */
bool spool_waits(struct spool *spool, int object_type, struct slice object,
    bool *out, struct fail *fail);
/* The same with one of them. */
bool spool_waits_for(struct spool *spool, int object_type, struct slice object,
    struct slice recipient, bool *out, struct fail *fail);
/*
 * Did a recipient refuse what it was last to get of this object, or was that
 * given up?  Then it has what it had before.
 */
bool spool_is_refused(struct spool *spool, int object_type,
    struct slice object, bool *out, struct fail *fail);
/*
 * Was the last deletion of this object refused by all who were asked for it,
 * or given up?  Then it is there as before.
 */
bool spool_stays(struct spool *spool, int object_type, struct slice object,
    bool *out, struct fail *fail);
/* Does a later item for its object and recipient wait behind this one? */
bool spool_is_followed(struct spool *spool, const struct spool_item *item,
    bool *out, struct fail *fail);
bool spool_set_retry(struct spool *spool, int64_t id, unsigned attempts,
    int64_t due, struct fail *fail);
/*
 * What is queued and due after `longest` is due now; none of it came later than
 * that.
 */
bool spool_bring_near(struct spool *spool, int64_t now, int64_t longest,
    struct fail *fail);

/*
 * Walk items in one state, oldest due first, at most `limit`, without their
 * payloads.  The visitor may not change the spool; false stops the walk.
 */
bool spool_each(struct spool *spool, enum spool_state state, size_t limit,
    bool (*visit)(void *arg, const struct spool_item *item), void *arg,
    struct fail *fail);

/* The same for the items of one submission, in the order they were decided. */
bool spool_each_of(struct spool *spool, struct slice submission,
    bool (*visit)(void *arg, const struct spool_item *item), void *arg,
    struct fail *fail);

/*
 * Ids of queued items whose time has come, first accepted first; one that
 * follows an unfinished item for the same object and recipient waits for it,
 * so that an update never overtakes its create.
 */
bool spool_due(struct spool *spool, int64_t now, int64_t *ids, size_t limit,
    size_t *count, struct fail *fail);
/*
 * Forget finished items and answered requests from before that time, a few at
 * a call: an Idempotency-Key is remembered as long as this leaves it.
 */
bool spool_prune(struct spool *spool, int64_t before, struct fail *fail);

/* When the next queued item is due, or INT64_MAX. */
int64_t spool_next_due(struct spool *spool);
size_t spool_count(struct spool *spool, enum spool_state state);

/* --- what recipients hold (spool_told.c) --- */

/*
 * As the latest item that is done says it, for as long as nothing else is
 * known: of `target` object, type, recipient and purpose count.  It is doubtful
 * where one that came after it may have left, and was refused or given up.
 */
struct spool_held {
	bool is_known, is_doubtful;
	struct spool_told told;
};
bool spool_get_held(struct spool *spool, const struct spool_item *target,
    struct spool_held *out, struct fail *fail);

/* All of it is doubtful: others may have sent what is not known here. */
bool spool_doubt_held(struct spool *spool, struct fail *fail);

/* What the entry said stands at another one now. */
bool spool_move_held(
    struct spool *spool, uint64_t from, uint64_t to, struct fail *fail);

/* The entries that say it, SPOOL_PAGE of them from behind one (-1: all). */
bool spool_page_held(struct spool *spool, int64_t after, uint64_t *entries,
    size_t *count, struct fail *fail);
/* What this entry says is known no more. */
bool spool_drop_held(struct spool *spool, uint64_t entry, struct fail *fail);

/* All there is now, in a new file. */
bool spool_copy(struct spool *spool, const char *path, struct fail *fail);

/* --- forgetting --- */

/* How far it is with a subject. */
enum forget_phase {
	FORGET_WAITS,	  /* a duty to keep records runs until `due` */
	FORGET_ASKED,	  /* what is under way for it is being ended */
	FORGET_DESTROYED, /* its key is gone, and now all the rest goes */
};

struct forgetting {
	uint32_t slot;
	uint8_t pseudonym[PSEUDONYM_SIZE];
	int64_t due; /* Unix ms */
	enum forget_phase phase;
};

bool spool_set_forgetting(struct spool *spool,
    const struct forgetting *forgetting, struct fail *fail);
/* False without a fail when there is none. */
bool spool_get_forgetting(struct spool *spool, uint32_t slot,
    struct forgetting *out, struct fail *fail);
/* The one that is furthest, or else due first. */
bool spool_next_forgetting(
    struct spool *spool, struct forgetting *out, struct fail *fail);
bool spool_end_forgetting(
    struct spool *spool, uint32_t slot, struct fail *fail);

enum { SPOOL_PAGE = 256 };

struct spool_row {
	int64_t id;
	enum spool_state state;
	uint64_t entry;
};

/* The next SPOOL_PAGE rows in order of their ids, in any state. */
bool spool_page(struct spool *spool, int64_t after, struct spool_row *rows,
    size_t *count, struct fail *fail);
/* The same of those that are not finished. */
bool spool_page_open(struct spool *spool, int64_t after,
    struct spool_row *rows, size_t *count, struct fail *fail);
/* The row, and what its submission was answered. */
bool spool_drop(struct spool *spool, int64_t id, struct fail *fail);
/*
 * Answers whose rows are gone go too, and nothing of what went is left in the
 * database's files or in the log beside it.
 */
bool spool_scrub(struct spool *spool, struct fail *fail);
/* The lowest entry of what is not finished; UINT64_MAX: there is none. */
uint64_t spool_oldest(struct spool *spool);

const char *spool_state_name(enum spool_state state);

#endif

/*
 * The ledger: what was disclosed, to whom, under which rule; written before
 * anything leaves and never changed.  Entries are canonical JSON, the leaves
 * of a Merkle tree (core/entry.h, core/tree.h), first durable in the journal,
 * then in bundles and tiles under a signed checkpoint.
 *
 * A batch is everything one request writes; it becomes durable whole, in one
 * group with other batches of the same wake-up, or not at all.  The vault's
 * record rides in it.  When the group is on disk the callback hands out one
 * sealed for each disclosure of the batch, in the order they were added.
 *
 * After a failed write or sync the ledger stops: every later commit fails at
 * once with FAIL_WORLD and says why.  Only a restart, which replays the
 * journal, makes it write again.
 */
#ifndef MISU_LEDGER_H
#define MISU_LEDGER_H

#include "core/disclosure.h"
#include "core/entry.h"
#include "store/disk.h"
#include "store/keys.h"
#include "store/seal.h"
#include "store/vault.h"

struct ledger;
struct batch;

struct ledger_options {
	struct disk *disk;
	struct keys *keys;
	const char *directory;
	const char *origin; /* the log's name in checkpoints */
	const struct random_source *random;
	int64_t (*now)(void *context); /* Unix milliseconds */
	void *now_context;
	/*
	 * Where records and the subjects' slots go behind the journal.  NULL
	 * only where no subject's data is disclosed: they would be lost.
	 */
	struct vault *vault;
	uint64_t segment_size; /* of the journal; 0: JOURNAL_SEGMENT */
	uint64_t older;	       /* journal_scan's: bundles are a newer copy's */
};

/* Replays the journal; refuses, naming the place, what cannot be explained. */
struct ledger *ledger_open(
    const struct ledger_options *options, struct fail *fail);

/*
 * Waits for the write under way and writes a last checkpoint.  Callbacks still
 * owed are not called; their batches are durable or not, as after a crash.
 */
void ledger_close(struct ledger *ledger);

/* To be called about once a second: writes the checkpoint that is due. */
void ledger_tick(struct ledger *ledger);

/*
 * How a delivery ended, or what else happened that the ledger must know.
 * Words and numbers only; never a registrant's value.
 */
struct event {
	enum event_type type;
	/*
	 * What this is about: types that event_type_is_about() says, and others
	 * where has_entry is set.
	 */
	uint64_t entry;
	bool has_entry;
	struct slice word;    /* "sent", "unknown", "approved" */
	struct slice actor;   /* operator or principal; may be empty */
	struct slice reason;  /* a few words for operators; may be empty */
	struct digest policy; /* identities in force */
	struct digest setup;
	struct slice
	    request; /* id that makes asking twice harmless, or empty */
	struct slice
	    case_id; /* the subject's or authority's request, or empty */
	/*
	 * Whom it is about: a pseudonym and a slot; the key is not looked at.
	 * NULL: nobody.
	 */
	const struct subject *subject;
	/* EVENT_AUDIT of one object: NULL otherwise. */
	const struct event_audit *audit;
	struct slice kept; /* EVENT_KEPT: the disclosure that was there */
};

/*
 * What a server publishes of an object, held against what was decided for the
 * public that it stands for.
 */
struct event_audit {
	const struct disclosure *decided; /* its object and recipient */
	struct slice server;
	struct audit_findings findings;
};

#define LEDGER_NONE UINT64_MAX

/* What of a disclosure's way out the entry names. */
struct dispatch {
	struct slice channel; /* "file", "desk" */
	struct slice payload; /* the exact bytes; copied. Empty: hold, refuse */
	/*
	 * SHA-256 of a payload that lies in another process: no sealed is
	 * made of it here (batch_acknowledged()).  NULL otherwise.
	 */
	const struct digest *payload_sha;
	struct digest setup;
	struct slice request; /* the submission's id */
	struct slice inputs;  /* core/inputs.h; kept beside the object's name */
	uint64_t supersedes;  /* entry decided anew, or LEDGER_NONE */
	struct slice case_id; /* the request it is answered for, or empty */
	/*
	 * Shadow mode: the bytes pass unchanged, and the disclosure says what
	 * would have gone; even what would be held or refused has bytes.
	 */
	bool shadow;
};

/* `sealed` has a NULL for each disclosure with a payload elsewhere. */
typedef void ledger_done(void *arg, uint64_t first_index,
    struct sealed *const *sealed, size_t count, const struct fail *fail);

/*
 * A request id makes asking twice harmless among the last 65,536 entries: a
 * disclosure of the same request, recipient, purpose and superseded entry, or
 * an event of the same request, type, entry and word, makes no second entry,
 * and the callback gets the first one's.  If the payload is another, the
 * callback gets FAIL_INPUT.
 *
 * `arena` must live until the callback; the sealed are made in it.  After a
 * false from ledger_add_*() the batch must not be committed; it needs no
 * other end than its arena's.
 */
struct batch *ledger_begin(
    struct ledger *ledger, struct arena *arena, struct fail *fail);
bool ledger_add_disclosure(struct batch *batch,
    const struct disclosure *disclosure, const struct dispatch *dispatch,
    struct fail *fail);
bool ledger_add_event(
    struct batch *batch, const struct event *event, struct fail *fail);
/*
 * The latest record of its object, for the vault; a proposed one; a proposed
 * one that becomes the current one, if there is one; one that goes.  They
 * take effect in the order in which their batches were committed.
 */
bool ledger_add_record(
    struct batch *batch, const struct record *record, struct fail *fail);
bool ledger_add_record_as(struct batch *batch, const struct record *record,
    enum vault_slot slot, struct fail *fail);
bool ledger_add_promotion(struct batch *batch, enum object_type type,
    struct slice object, struct fail *fail);
bool ledger_add_removal(struct batch *batch, enum object_type type,
    struct slice object, enum vault_slot slot, struct fail *fail);
/*
 * A subject of this keys_id() has this slot, which keys_learn() was told: for
 * who is known by entries only.
 */
bool ledger_add_assignment(struct batch *batch, const struct digest *id,
    uint32_t slot, struct fail *fail);
/* `done` is called from the loop, never from within. */
void ledger_commit(struct batch *batch, ledger_done *done, void *arg);
/*
 * The same for what nobody waits for: it is written with the next that is in
 * a hurry, or after ledger_hurry(), so that it costs no write of its own.
 */
void ledger_commit_later(struct batch *batch, ledger_done *done, void *arg);
/* What was committed for later is written now. */
void ledger_hurry(struct ledger *ledger);

/*
 * Where the nth entry of the batch, disclosures and events in the order they
 * were added, is durable: its index and leaf hash.  Only in a callback that
 * brought no fail; false if there is no nth.
 */
bool batch_acknowledged(
    const struct batch *batch, size_t n, uint64_t *index, struct digest *leaf);

/* Did this request make an entry for this recipient and purpose? */
bool ledger_has_disclosure(const struct ledger *ledger,
    const struct disclosure *disclosure, struct slice request);

/* Was an event with this request, type, entry and word recorded? */
bool ledger_has_event(const struct ledger *ledger, const struct event *event);

/* NULL, or why the ledger does not write any more. */
const struct fail *ledger_stopped(const struct ledger *ledger);

/* Number of durable entries. */
uint64_t ledger_size(const struct ledger *ledger);

/*
 * So many batches with a deletion proposed were committed, and one: where it
 * is the same as when a batch was, none came to stand behind it.
 */
uint64_t ledger_deletions(const struct ledger *ledger);

/* The index that an entry committed now gets, unless it repeats another. */
uint64_t ledger_next(const struct ledger *ledger);

/* Those of them that the checkpoint on disk covers. */
uint64_t ledger_bundled(const struct ledger *ledger);

/*
 * The log's name, as it was opened with: misu.conf may name another one
 * already, from the next start on.
 */
const char *ledger_origin(const struct ledger *ledger);

/* Entries below were pruned: their places and hashes stay. */
uint64_t ledger_minimum(const struct ledger *ledger);

/*
 * Raise it to a multiple of 256; an entry that says so is durable.  The
 * bundles go with ledger_drop(), some with each call, while any are *left.
 */
bool ledger_prune(
    struct ledger *ledger, uint64_t minimum, struct fail *fail);
bool ledger_drop(
    struct ledger *ledger, unsigned count, bool *left, struct fail *fail);

/* The canonical bytes of a durable entry, in `arena`. */
bool ledger_read(struct ledger *ledger, uint64_t index, struct arena *arena,
    struct slice *out, struct fail *fail);

/* Write bundles, tiles and checkpoint for all that is durable, now. */
bool ledger_checkpoint(struct ledger *ledger, struct fail *fail);

const struct keys *ledger_keys(const struct ledger *ledger);

/*
 * What the journal has now goes, too, once it stands elsewhere: the next
 * group begins a segment, and all before are overwritten, one with each call
 * of ledger_wipe(), as they become free.  Between the two at least one batch
 * must become durable, and checkpoints be written.
 */
void ledger_wipe_begin(struct ledger *ledger);
bool ledger_wipe(struct ledger *ledger, bool *left, struct fail *fail);

/*
 * After a rotation of the signing key: the verifier keys for an entry that
 * tells of it, false without a fail if there is none to be told of; and, when
 * that is durable, log.vkey and a checkpoint.
 */
bool ledger_key_changed(struct ledger *ledger, struct arena *arena,
    struct slice *from, struct slice *to, struct fail *fail);
bool ledger_write_key(struct ledger *ledger, struct fail *fail);

/* Bytes of full bundles and tiles, and of the journal's segments. */
uint64_t ledger_bytes(const struct ledger *ledger);

/* --- for a backup --- */

/* The next group begins a segment of the journal. */
void ledger_roll(struct ledger *ledger);
/* Entries under the checkpoint on the disk. */
uint64_t ledger_covered(const struct ledger *ledger);
/*
 * Each file that changes in place and is needed with that checkpoint, by its
 * name below the state, and how much of it: the checkpoint, keys, partial
 * tiles, the segment of the journal that is written to.
 */
bool ledger_each_file(struct ledger *ledger,
    bool (*visit)(void *context, const char *name, uint64_t size),
    void *context, struct fail *fail);

/* HMAC of outgoing bytes' SHA-256, of which their entry has entry_payload(). */
struct digest ledger_payload_digest(
    const struct ledger *ledger, struct slice payload);
struct digest ledger_payload_digest_of(
    const struct ledger *ledger, const struct digest *sha256);

#endif

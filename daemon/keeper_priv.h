/*
 * What the files of the keeper share: keeper.c (workers and their messages),
 * keeper_commit.c, keeper_hold.c, keeper_end.c (outcomes), keeper_open.c
 * (entries that wait for one), keeper_delivery.c (channels and questions),
 * keeper_gather.c (questions to all), keeper_metrics.c, keeper_store.c (what
 * the vault has and gets) and keeper_follow.c (what the public view follows).
 */
#ifndef MISU_KEEPER_PRIV_H
#define MISU_KEEPER_PRIV_H

#include "codec/wire.h"
#include "keeper.h"
#include "net/keeper_link.h"

enum {
	ARENAS_MAX = 256, /* kept for the next requests */
	OPEN_HEADS = 4096,
	OPEN_MAX = 1 << 18, /* entries that wait for an outcome */
	UNSETTLED_HEADS = 4096,
	CHANGED_HEADS = 1 << 16,
	PLACING_HEADS = 1024,
	MARK_DELAY = 5000, /* ms between two marks in the spool */
	CHECKPOINT_DELAY_MS = 1000,
};

/* A worker, while it is there or anything of it is under way. */
struct keeper_worker {
	struct keeper *keeper;
	struct keeper_worker *next;
	bool (*send)(void *context, struct slice message);
	void *context;
	size_t jobs;
	bool is_gone;
};

struct open;
struct placing;
struct follow;

/* One request under way; first in the struct of each kind, in its arena. */
struct job {
	struct job *older, *newer;
	struct keeper *keeper;
	struct keeper_worker *worker; /* NULL: the keeper's own */
	struct arena *arena;
	struct open *open; /* what it will add; goes with it */
	struct placing *placing; /* lists of places that it changes */
	struct follow *follow;	 /* what is told of it comes in doubt first */
};

/*
 * A sealed entry without an outcome.  Where another of the same object is
 * committed before it ends, `packed` says what this one proposed.
 */
struct open {
	struct open *next;	  /* by entry */
	struct open *next_object; /* by object */
	uint64_t entry;
	uint32_t hash;		      /* of the object */
	struct keeper_worker *worker; /* who will report; NULL: nobody */
	int64_t deadline;	      /* then unknown, where nobody reports */
	enum keeper_store store;
	bool is_ending; /* an outcome is on its way to the disk */
	bool creates;
	bool is_claim; /* of what another backend has: nothing is proposed */
	/* ledger_deletions() when its proposed record went; 0: of a former life */
	uint64_t deletions;
	int64_t approval; /* the hold that it passed by; 0: none */
	enum object_type type;
	struct slice name, packed;
	struct slice before; /* a proposed record in doubt; its own bytes */
	size_t size;
	char bytes[];
};

/* What became of an entry, and through which channel, for /metrics. */
enum counted_channel {
	COUNTED_EPP,
	COUNTED_SHADOW,
	COUNTED_VAULT,
	COUNTED_IMPORT,
	COUNTED_OTHER,
	COUNTED_CHANNELS
};
enum counted_how { COUNTED_PASSED, COUNTED_REFUSED, COUNTED_HELD, COUNTED_HOWS };

struct fetch;
struct delivery_job;
struct question;

struct keeper {
	struct keeper_options o;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct slice bundle; /* in bundle_arena */
	struct arena *bundle_arena;
	struct digest policy, setup; /* identities in force */
	uint8_t content_key[KEY_SIZE];

	struct keeper_worker *workers;
	bool was_joined;
	struct job *jobs; /* newest first */
	size_t job_count;
	struct arena *arenas[ARENAS_MAX];
	size_t arena_count;
	struct arena *scratch; /* of one message while it is taken */

	struct open *open[OPEN_HEADS], *by_object[OPEN_HEADS];
	size_t open_count;
	unsigned doubt_shard; /* of the vault, to be looked through */
	size_t doubts_left;
	struct loop_timer *orphan_timer;
	struct loop_timer *mark_timer, *checkpoint_timer, *outcome_timer;
	bool mark_set, checkpoint_set, outcome_set, mark_told;

	/* Changes of the vault on their way to the disk, by object. */
	uint16_t unsettled[UNSETTLED_HEADS];
	struct fetch *parked, **parked_end;
	/*
	 * Which change was the last of an object, counted from a number of
	 * this life's own, by what may be several objects' hash.
	 */
	uint64_t changes, changes_before;
	uint64_t changed[CHANGED_HEADS];
	struct placing *placing[PLACING_HEADS]; /* lists on their way */

	/* Changes that wait until what is told of their objects is in doubt. */
	struct engine *engine; /* NULL: nothing is told of anything */
	struct follow *following, **following_end;
	struct loop_timer *follow_timer;

	int64_t serial; /* of deliveries and questions */
	struct delivery_job *deliveries;
	struct question *questions;
	uint64_t counted[COUNTED_CHANNELS][COUNTED_HOWS];
};

/* --- keeper.c --- */

/* `size` bytes that begin with a struct job; NULL when out of memory. */
void *job_create(
    struct keeper *keeper, struct keeper_worker *worker, size_t size);
void job_end(struct job *job);

struct arena *keeper_arena(struct keeper *keeper);
void keeper_arena_give(struct keeper *keeper, struct arena *arena);

/* To a worker that may be gone; false if it did not get it. */
bool worker_send(
    struct keeper_worker *worker, const struct wire_message *message);

int64_t keeper_now(const struct keeper *keeper);
void keeper_log(const struct keeper *keeper, const char *level,
    const char *event, const struct fail *fail);
/* Entries became durable: mark and checkpoint follow. */
void keeper_wrote(struct keeper *keeper);
/* Something was committed for later: it waits so long and no longer. */
void keeper_waits(struct keeper *keeper);

/* --- keeper_commit.c --- */

void commit_take(struct keeper_worker *worker, const struct wire_commit *from);

/* --- keeper_hold.c --- */

/* A keyed digest of what was held, and whose it is. */
bool hold_content(struct keeper *keeper, struct arena *arena,
    const struct wire_commit *from, const struct record *record,
    struct digest *out, struct fail *fail);
/* Was this content approved?  Then *id is the hold. */
bool hold_is_approved(struct keeper *keeper, const struct digest *content,
    int64_t *id, struct fail *fail);
/*
 * The approval is spent for `request` before anything else happens, so that
 * the content passes once; asking again for the same request is allowed.
 * use->entry is what is decided anew.
 */
struct hold_use {
	int64_t id;
	struct slice request;
	uint64_t entry;
	bool is_new; /* false: it was spent for this request before */
};
bool hold_use(struct keeper *keeper, struct arena *arena,
    const struct digest *content, struct hold_use *use, struct fail *fail);
/* What the approval was spent for did not come to be. */
void hold_give_back(struct keeper *keeper, int64_t id);
void hold_finish(struct keeper *keeper, int64_t id);
/* The hold's item in the spool, or the one that is there already. */
bool hold_lay_out(
    struct keeper *keeper, struct spool_item *item, struct fail *fail);

/* --- keeper_open.c --- */

uint32_t object_hash(enum object_type type, struct slice name);

/* Not yet in the table.  `packed` may be empty.  NULL with a fail. */
struct open *open_create(struct keeper *keeper, enum keeper_store store,
    const struct record *object, struct slice packed, struct fail *fail);
/* It is durable.  The same entry may be there already: then that one stays. */
void open_add(struct keeper *keeper, struct open *open, uint64_t entry,
    struct keeper_worker *worker);
/* `packed` or `before` of it is this from now on, copied; not empty. */
bool open_replace(
    struct open *open, struct slice *what, struct slice by, struct fail *fail);
/* NULL-safe; of one that is not in the table. */
void open_drop(struct open *open);
struct open *open_find(const struct keeper *keeper, uint64_t entry);
void open_remove(struct keeper *keeper, struct open *open);
/* The newest other one (than `open`, if any) that proposes a record of it. */
struct open *open_rival(struct keeper *keeper, const struct open *open,
    const struct wire_object *object);
void open_adopt(
    struct keeper_worker *worker, const struct wire_numbers *entries);
/* Its worker is gone, or nobody came yet. */
void open_orphan(struct keeper *keeper, struct keeper_worker *worker);
/* Since the first worker is there, the others' time runs. */
void open_first_join(struct keeper *keeper);
/* Those of earlier lives. */
bool open_scan(struct keeper *keeper, struct fail *fail);
void open_save_mark(struct keeper *keeper);
void open_finish(struct keeper *keeper);

/* --- keeper_end.c --- */

void end_take(struct keeper_worker *worker, const struct wire_outcome *outcome);
/* Nobody will say how it ended. */
void end_unknown(struct keeper *keeper, struct open *open);

/* --- keeper_store.c --- */

void fetch_take(struct keeper_worker *worker, const struct wire_fetch *from);
/* Fetches of this object wait between the two. */
void unsettled_begin(struct keeper *keeper, uint32_t hash);
void unsettled_end(struct keeper *keeper, uint32_t hash);

bool store_record(struct batch *batch, const struct record *record,
    bool proposed, struct fail *fail);
bool store_promotion(struct batch *batch, enum object_type type,
    struct slice name, struct fail *fail);
/* The proposed record, or both. */
bool store_removal(struct batch *batch, enum object_type type,
    struct slice name, bool proposed, struct fail *fail);

/* --- keeper_place.c --- */

/* What a batch changes of lists of places; all in the job's arena. */

/* A domain names contacts: that is where they stand from now on. */
bool place_domain(struct job *job, struct batch *batch, struct slice upstream,
    const struct record *domain, struct fail *fail);
/*
 * The registry made the contact: it stands nowhere else.  Its record says so
 * where it has no list.
 */
bool place_created(struct job *job, struct batch *batch, struct slice contact,
    struct fail *fail);
/* Others had or will have it, so it may stand anywhere. */
bool place_doubt(struct job *job, struct batch *batch, struct slice contact,
    struct fail *fail);
/* The batch goes to the disk; it is there, or never will be. */
void place_begin(struct job *job);
void place_end(struct job *job);

/*
 * Did what it was judged by change meanwhile: the object, where a contact
 * stands, or the contacts that a domain names?
 */
bool place_is_changed(struct keeper *keeper, const struct wire_commit *from,
    const struct record *stored, bool *changed, struct fail *fail);

/* --- keeper_follow.c --- */

/* Is anything told of it in the public view? */
bool follow_wants(
    const struct keeper *keeper, enum object_type type, struct slice name);
/*
 * Call `then` when all of that is in doubt, and no other change of the object
 * is under way; it must commit the change, if there is one.  The object is in
 * keeper_is_changing() until `then` returned.
 */
bool follow_begin(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail);
/* The same where nothing may be told of it: only others are waited for. */
bool follow_wait(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail);
/* Or for a job that made it change already (unsettled_begin()). */
bool follow_begin_own(struct job *job, const struct wire_object *object,
    void (*then)(struct job *job), struct fail *fail);
/* The object's name, as long as the job. */
struct slice follow_name(const struct job *job);
void follow_run(void *keeper);
/* The change is durable, or never will be. */
void follow_end(struct job *job);
/* Something is on the disk. */
void follow_settled(struct keeper *keeper);

/*
 * Of a domain that is told of: its new current record, with what the registry
 * said of it; what the registry said alone (`batch` NULL: would it be anything
 * new?); and that it is deleted.
 */
bool follow_current(struct job *job, struct batch *batch,
    const struct wire_outcome *outcome, struct record *record,
    struct fail *fail);
bool follow_registration(struct job *job, struct batch *batch,
    const struct wire_outcome *outcome, bool *stores, struct fail *fail);
bool follow_removal(struct job *job, struct batch *batch,
    const struct wire_object *object, bool *stores, struct fail *fail);

/* --- keeper_doubt.c --- */

/* What is proposed of it, where no answer is awaited; NULL: nothing is. */
bool doubt_of(struct keeper *keeper, enum object_type type, struct slice name,
    struct record **out, struct fail *fail);
/* Is an answer to a change of it awaited, and not being written? */
bool doubt_awaits(
    struct keeper *keeper, enum object_type type, struct slice name);
/* It is in doubt again if what is open comes to nothing. */
bool doubt_note(struct open *open, const struct record *before,
    struct arena *arena, struct fail *fail);
/* A deletion will be sent: it is what is proposed; or came to nothing. */
bool doubt_deletion(struct job *job, struct batch *batch,
    const struct wire_object *object, struct fail *fail);
bool doubt_no_deletion(struct job *job, struct batch *batch,
    const struct wire_object *object, struct fail *fail);
/* What is open of the same object since found this in doubt. */
bool doubt_hand_on(struct keeper *keeper, const struct open *from,
    struct slice packed, struct fail *fail);
/* What entries of earlier lives without an outcome may have left in doubt. */
void doubt_look(struct keeper *keeper);

/* --- keeper_withdraw.c --- */

/* Has the update a consent that was withdrawn, or not given? */
bool withdraw_is_asked(const struct record *update);
/* Or is all that is known here of the same mind, and to stay so? */
bool withdraw_is_news(struct keeper *keeper, const struct record *update,
    bool *news, struct fail *fail);
/*
 * Nothing else changes the contact: the batch brings the withdrawals of the
 * packed update into what is known of it.  `proposes`: the batch has the update
 * itself as what is proposed.
 */
bool withdraw_add(struct job *job, struct batch *batch, struct slice packed,
    bool proposes, struct fail *fail);

/* --- keeper_metrics.c --- */

enum counted_channel counted_channel(struct slice channel);

/* --- keeper_delivery.c --- */

/* `answer` is called once, also if it cannot be asked. */
void question_ask(struct keeper_worker *worker, struct slice verb,
    struct slice text, engine_answer *answer, void *arg);

void delivered_take(
    struct keeper_worker *worker, const struct wire_delivered *delivered);
void answer_take(
    struct keeper_worker *worker, const struct wire_answer *answer);
void deliveries_leave(struct keeper_worker *worker);
void deliveries_finish(struct keeper *keeper);

#endif

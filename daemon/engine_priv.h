/*
 * What the files of the engine share: engine.c (the one path), courier.c
 * (from the spool to the channels), engine_operator.c (holds and the desk)
 * and engine_answer.c (what is answered).
 */
#ifndef MISU_ENGINE_PRIV_H
#define MISU_ENGINE_PRIV_H

#include "base/text.h"
#include "codec/submission.h"
#include "codec/tier.h"
#include "codec/workitem.h"
#include "core/decide.h"
#include "core/subject_step.h"
#include "engine.h"

enum { BLOCKS_MAX = 64, PARCELS_MAX = 64, WORK_BUCKETS = 1024, IN_HAND_MAX = 64 };

enum { ENGINE_PATH = 1024 };

/* A submission id: 16 random bytes in hex. */
enum { ID_SIZE = 32 };

struct engine {
	struct engine_options o;
	char paths[4][ENGINE_PATH]; /* that the options have */
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct digest setup;
	struct digest epoch; /* over policy and setup identity */
	struct channel **channels; /* one for each conf->recipients */
	uint8_t content_key[KEY_SIZE];

	struct work *works[WORK_BUCKETS]; /* under way, by principal and key */
	struct renewal *renewals;
	struct work *accepted, **accepted_end; /* durable, not in the spool */
	struct work *behind; /* engine_wait.c: they wait for others */
	bool waking, wake_posted;
	struct loop_timer *wait_timer;
	bool wait_set;
	bool flush_posted;
	int64_t pruned; /* Unix ms of the last look at old spool rows */

	struct loop_timer *courier_timer;
	bool marks_stale; /* items say `sending` that nobody is at */
	int64_t ask_at; /* when to ask about what is unknown, Unix ms */
	int64_t courier_ran; /* last, Unix ms; 0: not since the start */
	struct loop_timer *checkpoint_timer;
	bool checkpoint_set;
	struct parcel *settling; /* results that wait to be recorded */
	size_t parcels;          /* from load to settled */
	bool settle_posted;

	int64_t in_hand[IN_HAND_MAX]; /* items that operators are at */

	struct loop_timer *view_timer;
	int64_t view_due; /* Unix ms; 0: nobody looks */
	bool view_again; /* somebody wanted to look meanwhile */
	struct refresh *refresh; /* rows of the view that are decided anew */
	int64_t view_epoch;
	uint64_t seen; /* entries that cases and the view need not look at */
	int64_t view_changes; /* of it, that are kept beside it */
	bool view_known; /* the view is there, and of this state */
	bool view_lost;	 /* it could not be told of a change */
	bool view_unsettled; /* nor that its epoch did not come in force */
	struct walk *walk; /* engine_walk.c; NULL: nothing is made anew */
	uint64_t stops_since; /* what is told from here on heeds all stops */
	struct flags *flags; /* engine_flags.c; NULL until it is needed */
	struct forget *forget; /* engine_forget.c; NULL until it is needed */
	bool forgets; /* somebody is to be forgotten */
	const struct forgetting *forget_asking; /* and that is on its way */
	bool courier_pauses;
	struct tier *tiers; /* engine_tier.c: answers under way */
	struct conf_use *uses; /* of confs that a reload may have replaced */
	uint64_t tier_results[TIER_RESULTS];
	struct retention *retention; /* engine_retention.c; NULL: nothing goes */
	struct engine_audit *audit; /* engine_audit.c; NULL until it is needed */

	size_t under_way; /* whatever a drain must wait for */
	bool spool_trouble; /* and it was logged */
	struct fail trouble; /* engine_health.c */
	bool draining, stop_recorded;
	bool stop_told; /* that the ledger stopped was logged */
	void (*drained)(void *arg);
	void *drained_arg;

	uint64_t submissions, refused, replays, failures;
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t outcomes[DELIVERY_COUNT];
};

/*
 * What is decided under a conf points into it, and into its ruleset, until the
 * ledger has answered: so long it is in use, and a reload does not free it.
 * (engine_use.c)
 */
struct conf_use {
	const struct conf *conf;
	struct conf_use *next, **at; /* at: NULL: of none */
};
/* The conf in force; another that it was of is left. */
void engine_use_conf(struct engine *engine, struct conf_use *use);
void engine_leave_conf(struct conf_use *use);

/* One recipient's share of a submission. */
struct share {
	const struct block *block;
	const struct disclosure *disclosure;
	const struct conf_recipient *binding; /* NULL: refused, none needed */
	struct slice inputs; /* what was decided by, for the entry */
	struct digest epoch; /* it was decided in: a reload may come between */
	struct slice payload;
	bool is_given;	 /* to who asked: nothing of it changes */
	bool is_nothing; /* nothing passes, so nothing goes */
	bool is_sealed;
	uint64_t entry;
	struct digest leaf;
	/*
	 * What its registry holds of each role of a domain, where it is to be
	 * told of that only (engine_told.h); NULL: of all.
	 */
	const struct shown *held;
};

/* How it is decided. */
enum engine_how {
	HOW_ASKED = 0,	  /* as the backend asked for it */
	HOW_APPROVED = 1, /* an operator, or the grant, approved the hold */
	/*
	 * What misu has is given to who asks: which operation the record is
	 * of says nothing of what the recipient has.
	 */
	HOW_ANSWERED = 2,
};

/* Decide for one block and encode; false with a fail.  `how`: engine_how. */
bool engine_share(struct engine *engine, const struct block *block,
    const struct record *record, unsigned how, struct arena *arena,
    struct share *share, struct fail *fail);

/* The same without channel and bytes. */
bool engine_judge(struct engine *engine, const struct block *block,
    const struct record *record, unsigned how, struct arena *arena,
    struct share *share, struct fail *fail);

/* Channel and bytes of a share whose disclosure and inputs are there. */
bool engine_fill_share(const struct engine *engine, struct share *share,
    struct arena *arena, struct fail *fail);
bool engine_manner(const struct engine *engine,
    const struct conf_recipient *binding, struct epp_manner *out,
    struct fail *fail);

/* What was decided, to be decided again as a subject's stop has it. */
struct engine_judged {
	const struct block *block;
	const struct record *record;
	struct decide_given given; /* gets what the stop says */
	bool answers;		   /* HOW_ANSWERED */
	bool by_token;		   /* and misu does so by itself */
	uint64_t kept[ROLE_COUNT];
};
/* engine_judge() of what is given; the stops are added to it. */
bool engine_judge_as(struct engine *engine, struct engine_judged *judged,
    struct arena *arena, struct share *share, struct fail *fail);
struct disclosure *engine_heed_stops(struct engine *engine,
    struct disclosure *disclosure, struct engine_judged *judged,
    struct arena *arena, struct fail *fail);

/* The block of the policy in force for this recipient and purpose, or NULL. */
const struct block *engine_block(const struct engine *engine,
    const struct record *record, struct slice recipient, struct slice purpose);

/* Add the entry of a share to a batch. */
bool engine_add_entry(struct engine *engine, struct batch *batch,
    const struct share *share, struct slice submission, uint64_t supersedes,
    struct fail *fail);

/*
 * Does nothing of the record pass to who is no registry?  Then there is
 * nothing to send: not that the object is there either.  An update and a
 * deletion are told all the same, so that who has something loses it.
 */
bool engine_is_nothing(const struct share *share);

/* The spool item of a share whose entry is durable. */
struct spool_item engine_item(const struct engine *engine,
    const struct record *record, const struct share *share,
    struct slice submission, struct arena *arena);

/* A keyed digest of a whole record: is it still what was approved? */
struct digest engine_content(const struct engine *engine,
    const struct record *record, struct arena *arena);

/* What is durable and not in the spool yet goes there now. */
void engine_flush(struct engine *engine);

/* Once an hour, rows that only remember what is over go away. */
bool engine_prune(struct engine *engine, struct fail *fail);

/* An event with the identities in force. */
struct event engine_event(const struct engine *engine, enum event_type type,
    const char *word, uint64_t entry);
/* The event of a step, about no entry. */
struct event engine_step_event(
    const struct engine *engine, enum subject_step step);

/* Entries became durable: a checkpoint covers them within a second. */
void engine_checkpoint_soon(struct engine *engine);

enum { OUTCOME_REQUEST = 64 };

/* The request id of an outcome: asked twice, it makes one entry. */
struct slice engine_outcome_request(
    char buffer[OUTCOME_REQUEST], uint64_t entry, const char *word);

/* Write one event or outcome by itself; a failure is logged. */
void engine_record_event(struct engine *engine, const struct event *event);
void engine_record_outcome(struct engine *engine, uint64_t entry,
    const char *word, struct slice reason);

struct channel *engine_channel(
    const struct engine *engine, struct slice recipient);

void engine_log(const struct engine *engine, const char *level,
    const char *event, const struct fail *fail);

/* The spool's state is logged when it changes, not at each call. */
void engine_spool_failed(struct engine *engine, const struct fail *fail);
/* Of a submission that could not be taken. */
void engine_write_failed(struct engine *engine, const struct fail *fail);
void engine_spool_works(struct engine *engine);

int64_t engine_now(const struct engine *engine);
struct arena *engine_arena(const struct engine *engine);

/* One thing less under way: a drain may be over. */
void engine_finish_one(struct engine *engine);

/* --- engine_operator.c -------------------------------------------------- */

/* Is an operator at this item of the spool? */
bool engine_is_in_hand(const struct engine *engine, int64_t id);

/* --- engine_courier.c --------------------------------------------------- */

/* After a start: what a crash left in the channels' hands. */
bool engine_courier_recover(struct engine *engine, struct fail *fail);
/* Look for deliveries now. */
void engine_courier_wake(struct engine *engine);
void engine_courier_wake_in(struct engine *engine, int64_t delay);
void engine_courier_stop(struct engine *engine);

/*
 * Decide a waiting item again from the vault, with an entry that supersedes
 * the first.  `then` is called when the new item, if any, is in the spool; or
 * with RENEW_WAITS where its object is being changed: what was withdrawn may
 * be durable and not in the vault yet, and an entry that knows nothing of it
 * would stand above it.  So it stays as it is until that is known.
 */
enum { RENEW_WAITS = -1, RENEW_SOON = 20 /* ms */ };
void engine_courier_renew(struct engine *engine, const struct spool_item *item,
    bool approved, void (*then)(void *arg, int64_t id, const struct fail *fail),
    void *arg);

/* --- engine_view.c ------------------------------------------------------- */

/*
 * What decides has this identity from now on: rows that were decided under
 * another are not told, and are decided anew in the background.
 */
bool engine_view_begin(struct engine *engine, const struct digest *identity,
    const struct conf *conf, struct fail *fail);
void engine_view_stop(struct engine *engine);

/* Within a second of a change: an older copy of the view is known for one. */
void engine_view_note(struct engine *engine);

/* What is told of this object may be too much from now on. */
bool engine_view_doubt(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, struct fail *fail);

/*
 * Before it is told that something of these goes to the view: whose it is is
 * known, so that nothing is told of who stops from that moment on.
 */
bool engine_view_know(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, struct arena *arena,
    struct fail *fail);
bool engine_view_doubt_subject(
    struct engine *engine, struct slice subject, struct fail *fail);

/* One object is told no more until it was decided anew, which is at once. */
bool engine_view_renew(struct engine *engine, enum object_type type,
    struct slice object, struct fail *fail);

/*
 * What came in doubt by engine_view_doubt() and is not on its way to the view:
 * it is empty where that was decided (`kept`: the vault has the record), else
 * decided anew.
 */
void engine_view_settle(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, bool kept);

/*
 * The current record of an object with its persons, also of a domain over EPP,
 * which names contacts; NULL: none, or a fail.
 */
struct record *engine_whole_record(const struct engine *engine,
    enum object_type type, struct slice name, struct arena *arena,
    struct fail *fail);

/* --- engine_case_give.c -------------------------------------------------- */

/* Which case the submission gives something out in; 0: none. */
#define ENGINE_GIVEN "given-R-"
int64_t engine_given_case(struct slice submission);
/*
 * The record as it may be given out there: whole, or for a subject who asks
 * the roles that are its own.  NULL with a fail, also where there is none.
 */
struct record *engine_given_record(const struct engine *engine, int64_t given,
    enum object_type type, struct slice name, struct arena *arena,
    struct fail *fail);

/* --- engine_case_held.c -------------------------------------------------- */

/* Does the item give something out in a case that is closed by now? */
bool engine_given_ends(const struct engine *engine,
    const struct spool_item *item, struct arena *arena, bool *out,
    struct fail *fail);
/* What a case that was closed held, or laid out, does not go any more. */
void engine_case_end_waiting(struct engine *engine, int64_t case_id);
/*
 * An operator decided a hold; the item `id` stands for it now, 0: none does.
 * Where a case gave it out that is a step there.
 */
void engine_case_decided(struct engine *engine, const struct spool_item *item,
    int64_t id, struct slice actor);

/*
 * The record that an item was decided by, as it is now; NULL: none, or fail.
 * *changes: another is on its way to the disk, so this one decides nothing.
 */
struct record *engine_stored(struct engine *engine,
    const struct spool_item *item, struct arena *arena, bool *changes,
    struct fail *fail);

/* Is a submission about it under way to the disk? */
bool engine_is_submitted(const struct engine *engine, enum object_type type,
    struct slice name);

/* --- engine_forget.c ---------------------------------------------------- */

/* What was asked for before goes on. */
void engine_forget_resume(struct engine *engine);
/* One at a time is waited for. */
bool engine_forget_is_busy(const struct engine *engine);
/* The entry that says who asked is durable; `answer` is called at the end. */
bool engine_forget_begin(struct engine *engine,
    const struct forgetting *what, engine_answer *answer, void *arg,
    struct fail *fail);
/* --- engine_forget_heed.c */

/* The key of a role's person: the subject's, or that of the place itself. */
bool engine_find_person(const struct engine *engine,
    const struct record *record, enum role role, struct subject *subject);
/*
 * Items that came to an end, as the list says, end; those that were decided
 * again are, before they leave.  Costs nothing where the list is empty.
 */
struct ended_list;
bool engine_end_items(
    struct engine *engine, struct ended_list *list, struct fail *fail);

/* Is anybody to be forgotten?  The hot path asks only this. */
bool engine_any_leaves(const struct engine *engine);
/* 1 << role of those in the record whose person is. */
unsigned engine_leaving_roles(
    const struct engine *engine, const struct record *record);
/*
 * Who has no subject, and stopped by the place or is to be forgotten, gets none
 * by a change that says one: `record`, made of `stored`, has it as before.
 */
void engine_keep_persons(const struct engine *engine,
    const struct record *stored, struct record *record);
/* Is that so of whom the place names, whoever has an id there now? */
bool engine_place_is_kept(
    const struct engine *engine, const struct record *record, enum role role);
/* Does it ever?  The hot path asks only this. */
bool engine_may_keep_persons(const struct engine *engine);
/* That changed. */
void engine_forget_note(struct engine *engine);

/* Who waits is told that it goes on at the next start. */
void engine_forget_stop(struct engine *engine);
void engine_forget_destroy(struct engine *engine);

/* --- engine_forget_list.c ----------------------------------------------- */

/* The slot is in the list, and in its copy, before its key goes. */
bool engine_forget_list(
    struct engine *engine, uint32_t slot, struct fail *fail);

/* --- engine_forget_case.c ----------------------------------------------- */

/* Before the subject's key is destroyed: nothing of it stays in requests. */
bool engine_forget_cases(const struct engine *engine,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail);

/* --- engine_grant.c ----------------------------------------------------- */

/* No grant names what is the subject's any more. */
bool engine_forget_grants(const struct engine *engine,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct arena *arena,
    struct fail *fail);

/* --- engine_tier.c ------------------------------------------------------ */

/* Is this the request id of an answer to a token? */
bool engine_is_tier(struct slice request);
/* What a crash left without an outcome gets one. */
void engine_tier_recover(struct engine *engine);
void engine_tier_destroy(struct engine *engine);

/* --- engine_forget_view.c ------------------------------------------------ */

/*
 * Rows of the public view whose entry has the text `mark` go, some with each
 * call while any are *left; at the end, if it `scrubs`, nothing of them is in
 * any file.
 */
struct engine_view_walk;
struct engine_view_walk *engine_view_walk_create(bool scrubs);
void engine_view_walk_destroy(struct engine_view_walk *walk);
bool engine_view_walk_on(struct engine *engine, struct engine_view_walk *walk,
    struct slice mark, bool *left, struct fail *fail);

/* --- engine_retention.c ------------------------------------------------- */

/* With each conf; nothing to do where entries are kept for ever. */
void engine_retention_start(struct engine *engine);
void engine_retention_destroy(struct engine *engine);

/* --- engine_carry.c ------------------------------------------------------ */

/*
 * Entries below the minimum to be that are about what is here still: each is
 * carried on by an entry of type "kept", and whoever refers to it refers to
 * that from then on.
 */
struct engine_carry;

struct engine_carry *engine_carry_create(struct engine *engine);
void engine_carry_destroy(struct engine_carry *carry);

/* Is there room for those of one bundle more? */
bool engine_carry_has_room(const struct engine_carry *carry);
void engine_carry_add(struct engine_carry *carry, uint64_t index);

/*
 * Some of them: *left false says that all are durable, and that there are
 * none from here on.  Else `then` is called when some more are.
 */
bool engine_carry_on(struct engine_carry *carry, bool *left,
    void (*then)(void *arg, const struct fail *fail), void *arg,
    struct fail *fail);
/* Those from this entry on are not carried on after all. */
void engine_carry_cut(struct engine_carry *carry, uint64_t end);
/* Begin again with none. */
void engine_carry_drop(struct engine_carry *carry);

/* --- engine_answer.c ---------------------------------------------------- */

struct slice engine_answer_accepted(struct arena *arena, struct slice id,
    const struct record *record, const struct share *shares, size_t count);
struct slice engine_answer_problem(
    struct arena *arena, int status, const char *type, const struct fail *fail);

/* What a way in asked. */
struct engine_asked {
	struct slice principal, key; /* Idempotency-Key */
	struct slice body;
	const struct digest *digest; /* of the body */
	int64_t given; /* number of the case that gives it out; 0: none */
};

/* engine_submit() of what an Idempotency-Key, or a case, comes with. */
void engine_submit_asked(struct engine *engine,
    const struct engine_asked *asked, engine_answer *answer, void *arg);

/*
 * Was this key answered before?  Then the answer is the same, and says so, or
 * 422; and it says if somebody in it has stopped provision, so that it might
 * be another by now.  False: it is a new one.
 */
bool engine_replay(struct engine *engine, const struct engine_asked *asked,
    engine_answer *answer, void *arg);

/* When there is not even memory for an answer. */
extern const struct slice engine_out_of_memory;

/* Answer with a problem and no arena of one's own. */
void engine_answer_fail(struct engine *engine, int status, const char *type,
    const struct fail *fail, engine_answer *answer, void *arg);

#endif

/*
 * The engine is the one path:
 *
 *	body -> record -> decide -> disclosure -> encode -> ledger -> sealed
 *	     -> spool -> answered -> channel -> outcome entry
 *
 * It owns no socket and no thread; it is driven by calls and by the loop, and
 * runs whole inside the tests.  Ways in (HTTP, control socket, later EPP)
 * call engine_submit(); ways out are channels (net/channel.h).
 */
#ifndef MISU_ENGINE_H
#define MISU_ENGINE_H

#include "codec/tier.h"
#include "conf.h"
#include "net/channel.h"
#include "net/loop.h"
#include "store/ledger.h"
#include "store/approvals.h"
#include "store/cases.h"
#include "store/grants.h"
#include "store/spool.h"
#include "store/stops.h"
#include "store/vault.h"
#include "store/view.h"

struct engine;

struct engine_options {
	struct loop *loop;
	struct disk *disk;
	const struct random_source *random;
	const struct memory *memory; /* for each transaction's arena; or NULL */
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct stops *stops; /* or NULL: nobody can stop anything */
	struct approvals *approvals; /* or NULL: what needs two cannot be */
	struct cases *cases;	     /* or NULL: none are kept */
	struct grants *grants;	     /* or NULL: no tokens are given */
	struct view *view; /* NULL: nothing is published here */
	/* What the view is made from; NULL: only from submissions. */
	struct standing *standing;
	/* Is a change of this record by others under way?  Or NULL. */
	bool (*changing)(
	    void *context, enum object_type type, struct slice name);
	/* Is the answer to what is proposed of it still awaited?  Or NULL. */
	bool (*awaits)(
	    void *context, enum object_type type, struct slice name);
	/*
	 * Is one proposed and not answered yet, or on its way to the disk?
	 * engine_settled() says that something is neither any more.  Or NULL.
	 */
	bool (*under_way)(
	    void *context, enum object_type type, struct slice name);
	/* A change of it by the engine begins, or ended; or NULL. */
	void (*change)(void *context, enum object_type type,
	    struct slice name, bool begins);
	void *follow_context;
	/*
	 * What makes the channel of a recipient that is reached over EPP;
	 * NULL: such recipients are refused.
	 */
	struct channel *(*epp_channel)(
	    void *context, struct slice upstream, struct fail *fail);
	void *epp_context;
	/* The list of forgotten key slots (store/forgotten.h); NULL: none. */
	const char *forgotten_path; /* copied */
	/*
	 * The ledger's directory and its index, for retention; both copied.
	 * NULL: entries about what is here still are not carried on, and hold
	 * back those after them; without an index few can be looked through.
	 */
	const char *ledger_path, *index_path;
	/*
	 * After a restore with a newer ledger: of entries below this one the
	 * spool knows nothing, and what has no outcome may have been sent.
	 */
	uint64_t recovered;
	/*
	 * Forgetting: do others have an entry without an outcome that has
	 * this text?  And what else knows the subject: false without a fail
	 * says that it is at it, and wants to be called again.  Both may be
	 * NULL.
	 */
	bool (*in_flight)(void *context, struct slice text);
	/* Save how far outcomes are known (spool_line_mark()); or NULL. */
	void (*mark)(void *context);
	bool (*forget_more)(void *context, uint32_t slot,
	    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail);
	void *forget_context;
	/*
	 * The auditor (codec/audit_line.h): false where it is not there.  What
	 * it says comes by engine_audit_told().  NULL: nothing is audited.
	 */
	bool (*audit_ask)(void *context, struct slice message);
	void *audit_context;
	const char *audit_directory; /* where its place is kept; or NULL */
	/* Operational log: level "info"/"warn"/"error", event, fail or NULL. */
	void (*log)(void *context, const char *level, const char *event,
	    const struct fail *fail);
	void *log_context;
};

/*
 * What a way in answers: an HTTP status and its body.  4xx and 5xx bodies are
 * problem+json (RFC 9457).  The body is borrowed for the call.
 */
typedef void engine_answer(void *arg, int status, struct slice body);

struct engine *engine_create(
    const struct engine_options *options, struct fail *fail);
/* As they were given. */
const struct engine_options *engine_given(const struct engine *engine);
/* Channels are stopped; what waits stays in the spool. */
void engine_destroy(struct engine *engine);

/*
 * Put a policy and a conf in force, with an entry each if they differ from
 * those before.  Both were checked and must live until another call put others
 * in their place and engine_uses() is false.  At the
 * first call, start is recorded, the spool is reconciled with the ledger
 * (entries without an outcome get one), and deliveries begin.
 */
bool engine_set_policy(struct engine *engine, const struct ruleset *ruleset,
    const struct conf *conf, struct fail *fail);

/*
 * Where entries of others follow the engine's last one, a start need not look
 * through them again: note that, if nothing is under way.
 */
void engine_mark(struct engine *engine);

/* Is this conf in force, or anything under way that was decided under it? */
bool engine_uses(const struct engine *engine, const struct conf *conf);

/*
 * Take one submission.  `principal` names who asks (a token's name, "uid 0");
 * `key` is the Idempotency-Key or empty.  `answer` is called once, after
 * everything it promises is durable.  Slices are borrowed for the call.
 */
void engine_submit(struct engine *engine, struct slice principal,
    struct slice key, struct slice body, engine_answer *answer, void *arg);

/*
 * Why the last one could not be written, until a write succeeds; NULL: it
 * could.  To try writes to the spool, though nothing is handed in.
 */
const struct fail *engine_trouble(const struct engine *engine);
void engine_try_write(struct engine *engine);

/* What an earlier submission was answered, and where each delivery is now. */
void engine_status(struct engine *engine, struct slice principal,
    struct slice id, engine_answer *answer, void *arg);

/* Operators.  `actor` is who; `id` the number that the list shows. */
void engine_hold_list(struct engine *engine, engine_answer *answer, void *arg);
void engine_hold_show(struct engine *engine, struct slice actor, int64_t id,
    engine_answer *answer, void *arg);
void engine_hold_decide(struct engine *engine, struct slice actor, int64_t id,
    bool approve, struct slice reason, engine_answer *answer, void *arg);
void engine_desk_list(struct engine *engine, engine_answer *answer, void *arg);
/* Showing an item reveals values: an entry is written first. */
void engine_desk_show(struct engine *engine, struct slice actor, int64_t id,
    engine_answer *answer, void *arg);
void engine_desk_done(struct engine *engine, struct slice actor, int64_t id,
    struct slice note, engine_answer *answer, void *arg);

/*
 * For who reads the log: the pseudonym and slot of a subject, by the backend's
 * id; and leave to look for an object by its name.  Each is an entry first.
 */
void engine_reveal_subject(struct engine *engine, struct slice actor,
    struct slice id, engine_answer *answer, void *arg);
void engine_reveal_object(struct engine *engine, struct slice actor,
    engine_answer *answer, void *arg);
/*
 * For who has no keys: `text` is {"objects":[NAME],"subjects":[ID]}, of each at
 * most so many.  Answered with what the index has in their place,
 * {"objects":["16 hex digits"],"subjects":["a pseudonym"]}, "" for a subject
 * that is not there.  An entry for the objects and one for each subject first.
 */
enum { ENGINE_FIND_MAX = 16 };
void engine_find(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg);

/*
 * A subject's stop of provision; `text` is JSON.  stop: {"subject", "case",
 * "reason"}, answered with who holds data of the subject; resume: the same;
 * list: {"subject"} for one with its holders, or {} for all.
 */
void engine_provision_stop(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_provision_resume(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_provision_list(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
/*
 * Cases: requests of subjects, authorities and registries; `text` is JSON of
 * strings, "id" the case's.  Each step is an entry.
 *	open	kind, law, subject, who, basis, asked, due
 *	list	nothing; show: id
 *	verify	id, evidence, date, agent
 *	note	id, text;	fee: id, fee
 *	give	id, object, type, to, purpose: a disclosure, decided as any
 *	grant	id, to, for, objects, purpose, answers, from: a token
 *	revoke	id, grant
 *	close	id, as, text
 */
void engine_request_open(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_list(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_show(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_verify(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_note(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_fee(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_give(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_grant(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_revoke(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_request_close(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
/* Steps whose entry a crash prevented get it. */
void engine_request_recover(struct engine *engine);
/* How many are open, due and overdue, for /metrics. */
void engine_request_metrics(struct engine *engine, struct text *text);

/* {"subject"} or {"object"}: recipients that hold data are made to lose it. */
void engine_resubmit(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
/* Stops that a crash left half done are gone on with. */
void engine_provision_recover(struct engine *engine);
/* The policy and setup in force, into an event of somebody else's. */
void engine_identities(const struct engine *engine, struct event *event);

struct engine_forget_ask {
	struct slice actor, reason;
	struct slice subject; /* the backend's id; in no entry and no file */
	bool now; /* although records are to be kept, where misu.conf lets it */
};

/*
 * Forget a subject.  Answered when it is done (200), or when it waits for the
 * end of a duty to keep records (202): {"state":"done" or "waiting",...,
 * "until":Unix ms}.
 */
void engine_forget(struct engine *engine, const struct engine_forget_ask *ask,
    engine_answer *answer, void *arg);
/*
 * Does the copy of the list that this conf names know of nobody who is known
 * again here?  Before anything is served, and before the conf is in force.
 */
bool engine_forget_check(const struct engine_options *options,
    const struct conf *conf, struct fail *fail);
/* The same, once as many operators agreed as misu.conf wants. */
void engine_forget_by_two(struct engine *engine,
    const struct engine_forget_ask *ask, engine_answer *answer, void *arg);
/*
 * What is held of a subject in one object, for the subject's own account: text
 * is {"subject":ID,"type":"domain","object":NAME}.  An entry about the subject
 * first.  Passwords are not in it.
 */
void engine_reveal_values(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);

/* Rows of forgetting were put into the spool: go on with them. */
void engine_forget_again(struct engine *engine);

/*
 * The audit: what servers of others publish.  start: {"object"} is answered
 * when it is through, {} begins a run over all objects; status: {"run",
 * "from"} or {}; stop: the run over all.
 */
void engine_audit_start(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_audit_status(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_audit_end(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
/* The auditor is there, and can be asked. */
void engine_audit_met(struct engine *engine);
/* False: it said what makes no sense. */
bool engine_audit_told(struct engine *engine, struct slice message);
/* The auditor went away, and nothing that it was asked is answered. */
void engine_audit_lost(struct engine *engine);
/* Another conf is in force: the timer may have another period. */
void engine_audit_apply(struct engine *engine);
void engine_audit_metrics(struct engine *engine, struct text *text);
/* Nothing of it goes on; at the end of the engine. */
void engine_audit_stop(struct engine *engine);
void engine_audit_destroy(struct engine *engine);

/*
 * Somebody asks with a token (codec/tier.h).  `told` is called once, now or
 * later, and where there is something to be told, with the bytes whose entry
 * is durable: borrowed for the call.  Then engine_tier_end() must be called,
 * once, with how it ended: "sent", "not-sent" or "unknown".
 */
struct tier;
typedef void engine_tier_told(void *arg, enum tier_result result,
    struct tier *tier, const struct sealed *sealed);
void engine_tier_ask(struct engine *engine,
    const struct tier_question *question, engine_tier_told *told, void *arg);
void engine_tier_end(struct tier *tier, const char *word);
/* What came of them, for /metrics. */
void engine_tier_metrics(const struct engine *engine, struct text *text);

/*
 * Records that others change (the keeper, by what comes over EPP): is anything
 * told of it in the public view?  If so, engine_follow() is called until each
 * `is_done`, only then may the change be committed, and while that is under
 * way engine_options.changing says so; and when it is durable, or failed,
 * engine_followed() is.  What is told follows in the background.
 */
struct engine_followed {
	enum object_type type;
	struct slice name;
	bool is_done;
	char after[256]; /* the engine's own */
	size_t after_len;
};
bool engine_follows(
    struct engine *engine, enum object_type type, struct slice name);
/* False: the view could not be told, and is to be asked again later. */
bool engine_follow(
    struct engine *engine, struct engine_followed *const *all, size_t count);
void engine_followed(struct engine *engine);
/* A change of others ended: submissions that wait for it go on. */
void engine_settled(struct engine *engine);

/*
 * A contact's consent is withdrawn by a command that does not go on to its
 * registry: what that may publish is looked at, which is promised before it is
 * durable and begun after.
 */
bool engine_consent_promise(struct engine *engine, struct fail *fail);
void engine_consent_ended(struct engine *engine, struct slice contact);

/* {}: the public view is made anew; or how far that is. */
void engine_view_rebuild(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);
void engine_view_status(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg);

/* No more submissions; calls `drained` when nothing is under way. */
void engine_drain(struct engine *engine, void (*drained)(void *arg), void *arg);

/* Counters for /metrics, Prometheus text format. */
struct slice engine_metrics(struct engine *engine, struct arena *arena);

#endif

/*
 * A world is everything around one run of a scenario: the clock, the disk,
 * chance, memory, the daemon's parts, and what was seen of them from outside.
 * Each run has its own, so that nothing carries over.
 */
#ifndef MISU_TESTS_WORLD_H
#define MISU_TESTS_WORLD_H

#include "base/digest.h"
#include "engine.h"
#include "store/sqlite.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "runner/script.h"

/* A journal segment: small, since a disk in memory is copied often. */
enum { WORLD_SEGMENT = 1 << 18 };

enum fault_kind {
	PLAN_NONE,
	PLAN_ALLOC, /* the nth allocation of a transaction fails */
	PLAN_WRITE,
	PLAN_SYNC,
	PLAN_KILL,
	PLAN_WORKER, /* killed before the nth message between it and the keeper */
	PLAN_KEEPER,
	PLAN_COUNT /* none, but all that could be are counted */
};

struct plan {
	enum fault_kind kind;
	unsigned nth;
	enum disk_loss loss; /* KILL */
	bool again; /* the same as before: what was searched must be the same */
};

/* A run of bytes that grows, outside any arena: what was seen. */
struct seen {
	char *data;
	size_t len, size;
};

void seen_add(struct seen *seen, struct slice bytes);
void seen_finish(struct seen *seen);

/* What a recipient's channel was given. */
struct got {
	struct got *next;
	char recipient[64];
	uint64_t entry;
	bool arrived;  /* false: refused, or it never got there */
	bool consumed; /* a step has looked at it */
	char *payload;
	size_t len;
	char *text; /* the ledger entry that covers it */
	size_t text_len;
	char frame[32]; /* a registry's: "contact:create"; else empty */
	bool shadow;	/* passed unchanged, whatever was decided */
};

/* The last word on a delivery, so that none is repeated blindly. */
struct attempt {
	struct attempt *next;
	uint64_t entry;
	enum delivery told;
};

/* What the scenario said a recipient will do or show next. */
struct behaviour {
	struct behaviour *next;
	char recipient[64];
	char word[16];
	int64_t times;
	bool evidence;
};

enum answer_kind {
	ANSWER_HTTP,
	ANSWER_EPP,
	ANSWER_GREETING,
	ANSWER_CLOSED /* the connection's end */
};

struct answer {
	struct answer *next;
	enum answer_kind kind;
	struct world *world;
	char actor[32];
	int status;
	char *body;
	size_t len;
	bool consumed;
};

/* What servers of others show, and what they were asked. */
enum { AUDITOR_ASKED_MAX = 64 };
struct auditor {
	const struct step *step; /* NULL: nobody answers */
	struct auditor_asked {
		int64_t number;
		char object[64];
	} asked[AUDITOR_ASKED_MAX];
	size_t count;
	bool posted;
};

struct world {
	const struct script *script;
	struct plan plan;
	bool transcript; /* print what happens */
	unsigned counts[PLAN_COUNT]; /* of what could fail, but of the disk's */
	bool struck;     /* the planned fault happened */
	bool calm;       /* no fault is to happen any more */
	struct digest_run searched; /* all that canaries are looked for in */

	struct loop *loop;
	struct loop *outside; /* what is of neither process */
	struct disk *disk;
	uint64_t random_state;
	struct random_source random;
	struct memory memory;
	size_t allocated; /* outstanding */

	struct arena *load; /* policies and confs of this life of the daemon */
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct sqlite *cases_db; /* NULL where the script needs none */
	struct stops *stops;
	struct approvals *approvals;
	struct cases *cases;
	struct grants *grants;
	struct view *view; /* NULL where the conf has none */
	struct standing *standing;
	struct engine *engine;
	struct keeper *keeper;
	struct keeper_worker *seat; /* the worker's, at the keeper */
	struct epp_worker *worker;  /* NULL: it does not run */
	struct letters *letters;    /* between the two */
	struct epp_registry *registries;
	struct epp_backend *backends;
	const struct ruleset *ruleset;
	const struct conf *conf;
	struct slice policy_name, conf_name; /* in force, or wanted */

	struct witness *witness; /* the last one; invariants.c */
	struct got *got, **got_last;
	struct attempt *attempts;
	struct behaviour *behaviours;
	struct answer *answers;
	char submission[64];    /* id of the last one taken */
	char token[64];	        /* the last one granted */
	uint64_t asked;	        /* with a token */
	struct tier *unsaid;    /* nobody says how this answer ended */
	struct auditor auditor;
	struct slice record;    /* name of the last one submitted */
	struct seen log;        /* operational log */
	struct seen written;    /* all bytes written but to recipients */
	struct seen transcript_bytes; /* must be the same at a replay */
	char ledger_path[200]; /* of the last life that had a conf */
	const struct step *step;
	unsigned failures;
	unsigned expected_failures; /* of steps, when a fault was planned */
};

struct world *world_create(const struct script *script, struct plan plan);
void world_destroy(struct world *world);

/* Something happens that could fail, not of the disk: does it? */
bool world_strikes(struct world *world, enum fault_kind kind);
/* How many times could that fail?  Of a PLAN_COUNT. */
unsigned world_counted(const struct world *world, enum fault_kind kind);
/* As failures have it, "write"; NULL: it is none. */
const char *world_fault_name(enum fault_kind kind);

/* A failed check: one line, counted. */
bool world_fail(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Words for the transcript, which replays must repeat. */
void world_note(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of the keeper, or of the worker while there is no keeper; or NULL. */
const struct conf *world_conf(const struct world *world);

/* --- daemon.c: the daemon's life */
bool daemon_start(struct world *world, struct fail *fail);
void daemon_stop(struct world *world);
/*
 * Nothing more is written; then what is left of the disk is shown.  A worker
 * lives on: see epp_worker_kill().
 */
void daemon_kill(struct world *world, enum disk_loss loss);
bool daemon_reload(struct world *world, struct slice policy, struct slice conf,
    struct fail *fail);
bool daemon_settle(struct world *world, int64_t milliseconds);

extern const uint8_t daemon_master_key[KEY_SIZE];
void daemon_log(void *world, const char *level, const char *event,
    const struct fail *fail);
/* Policy and conf by their names; they live as long as the process. */
bool daemon_read(struct world *world, struct slice policy, struct slice conf,
    const struct ruleset **ruleset, const struct conf **out, struct fail *fail);

/* --- recipients.c: channels that record what they are given */
void recipients_use(struct world *world);
bool recipients_is_output(const struct world *world, const char *path);
/* What stands in this directory is what a recipient gets. */
void recipients_add_output(const char *directory);

/* Somebody was handed this in another way than by a channel. */
void recipients_keep(struct world *world, const struct sealed *sealed);

/* A channel of the engine, as it is for recipients. */
struct channel *recipients_epp(
    void *world, struct slice upstream, struct fail *fail);

/* --- play.c */
void play_run(struct world *world);
/* A step that does not find what it expects; see there. */
void play_unmet(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Do these bytes pass the checks of a step? */
void play_check(struct world *world, const struct step *step,
    const char *who, struct slice bytes);
/* Expect an answer for this actor; engine_answer and its arg. */
struct answer *play_expect(struct world *world, struct slice actor);
void play_answered(void *arg, int status, struct slice body);

/* --- play_find.c: an engine_order; its members are strings, not lists */
void play_find(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg);

/* --- play_tier.c */
/* False: it is another step. */
bool play_tier(struct world *world, const struct step *step);
/* Before the daemon's end, however it comes. */
void play_tier_end(struct world *world);

/* --- play_audit.c */
bool play_audit_ask(void *world, struct slice message);
/* The engine is there, and the auditor with it. */
void play_audit_start(struct world *world);
/* False: it is another step. */
bool play_audit(struct world *world, const struct step *step);

/* --- review.c: what the ledger is good for afterwards */

/* The policy in force would have done what was done under it. */
void review_check(struct world *world);
/* A subject's record of provision in English, blanks made one. */
struct slice review_account(
    struct world *world, struct slice id, struct arena *arena);

/* --- published.c */

/* The view tells what would be decided now, and all of it. */
void published_check(struct world *world);

/* --- told.c */

/* Registries were told all that is to be told of what they hold. */
void told_check(struct world *world);

/* --- invariants.c: what is checked after every scenario, unasked */
void invariants_check(struct world *world);
/* Is everything durable in the ledger as it was written and signed? */
void invariants_ledger(struct world *world);
/* What the verifier finds in the durable ledger, a line each; malloc'ed. */
struct seen invariants_findings(struct world *world);
/* The entry's canonical bytes as a reader finds them after a crash now. */
bool invariants_durable(struct world *world, const struct sealed *sealed,
    struct slice *entry);
/* The durable entry for exactly these bytes; {NULL, 0} if there is none. */
struct slice invariants_entry_of(struct world *world, struct slice payload);
/* With the world. */
void invariants_finish(struct world *world);

#endif

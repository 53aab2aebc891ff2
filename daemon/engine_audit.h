/*
 * The audit inside the engine.  engine_audit.c has runs and the auditor,
 * engine_audit_verb.c what operators see of them; engine_audit_object.c has
 * one object: who is asked, and what differs from what was decided;
 * engine_audit_result.c its entries; engine_audit_target.c which servers stand
 * for which public; engine_audit_timer.c the walk over all, every so often.
 * engine.h has what others call.
 */
#ifndef MISU_ENGINE_AUDIT_H
#define MISU_ENGINE_AUDIT_H

#include "codec/audit_line.h"
#include "engine_priv.h"

enum {
	AUDITED_MAX = 16,    /* objects at a time */
	TARGETS_MAX = 16,    /* servers of one object */
	QUESTIONS_MAX = 13,  /* to one of them: the object, its contacts */
	RESULTS_MAX = 10000, /* of a run that are kept to be shown */
	RESULTS_ROOM = 4 << 20, /* bytes of them, likewise; all are entries */
	TROUBLES_MAX = 64,   /* servers of a run that gave no answer */
	GIVE_UP_AFTER = 5,   /* times in a row */
};

/* One server, as the public that it stands for. */
struct audit_target {
	struct slice recipient; /* all in the object's arena */
	struct slice behind;	/* the one before it; or empty */
	struct slice key;	/* what it is called while a run lasts */
	struct audit_ask asks[QUESTIONS_MAX];
	bool is_another[QUESTIONS_MAX]; /* a further handle of a role */
	bool done[QUESTIONS_MAX];
	size_t ask_count, open;
	bool is_found; /* misu.conf does not name it */
	/* What came of it. */
	bool answered, unanswered, nobody, held, skipped;
	struct slice server, reason; /* who was asked, and why not */
	struct audit_finding *findings;
	size_t finding_count;
};

/* An object that is being audited. */
struct audited {
	struct audited *next;
	struct engine *engine;
	struct audit_run *run;
	struct arena *arena;
	enum object_type type;
	struct slice object;
	struct audit_target targets[TARGETS_MAX];
	size_t target_count, open; /* targets without all answers */
	/* The stops of who stands in it; entry: STOP_NOT_RECORDED without. */
	struct audit_stop {
		int64_t entry;
		struct slice case_id; /* may be empty */
	} stops[ROLE_COUNT];
	bool is_committed; /* its entries are on their way */
};

/* A server that does not answer in this run. */
struct audit_trouble {
	struct slice key;
	unsigned in_a_row;
	bool given_up;
};

struct audit_counts {
	uint64_t objects;			     /* that were looked at */
	uint64_t clean, found, unreachable, skipped; /* servers of them */
	uint64_t kinds[AUDIT_KIND_COUNT];
};

enum audit_extent { AUDIT_ONE, AUDIT_ALL, AUDIT_TIMED };

struct audit_run {
	struct audit_run *next;
	struct engine *engine;
	struct arena *arena;
	int64_t number;
	enum audit_extent extent;
	struct slice actor;
	struct vault_cursor cursor;
	bool walked; /* no more objects are begun */
	bool is_pumping;
	bool is_paused; /* it looked at much, and goes on in another turn */
	bool ended;
	size_t under_way; /* objects */
	int64_t since, until;
	struct audit_counts counts;
	const struct slice *results; /* JSON, those that are not clean */
	size_t result_count, result_bytes;
	uint64_t left_out; /* results there was no room for */
	struct audit_trouble troubles[TROUBLES_MAX];
	size_t trouble_count;
	engine_answer *answer; /* of who waits for one object; or NULL */
	void *arg;
};

/* A recipient's findings since the start, for /metrics. */
struct audit_tally {
	char recipient[48];
	uint64_t kinds[AUDIT_KIND_COUNT];
};

enum { TALLIES_MAX = 64 };

struct engine_audit {
	struct audit_run *runs;
	struct audited *objects;
	size_t object_count;
	bool is_met; /* the auditor is there */
	int64_t next_number, next_run;
	struct audit_counts total;
	struct audit_tally tallies[TALLIES_MAX];
	size_t tally_count;
	uint64_t runs_ended;
	int64_t last_end;	  /* Unix ms of the last run over all objects */
	struct audit_counts last; /* and what it found */
	/* The timer. */
	struct loop_timer *timer;
	int64_t period_start; /* Unix ms; 0: none */
	struct audit_run *timed;
	int64_t kept_at; /* when its place was last kept */
	bool is_stopped; /* the engine ends */
};

/* Made when it is first needed; NULL when out of memory. */
struct engine_audit *engine_audit_of(struct engine *engine);

/* --- engine_audit.c ------------------------------------------------------ */

struct audit_run *audit_run_create(
    struct engine *engine, enum audit_extent extent, struct slice actor);

/* Begin with more of its objects, as far as there is room. */
void audit_run_pump(struct audit_run *run);

/* Where a server's turn is of no use any more in this run. */
bool audit_run_gave_up(const struct audit_run *run, struct slice key);
void audit_run_note(struct audit_run *run, struct slice key, bool answered);
void audit_run_give_up(struct audit_run *run, struct slice key);

/* In another turn of the loop. */
void audit_run_soon(struct audit_run *run);

/* An object of it is through; it may have been the last. */
void audit_run_object_done(struct audit_run *run);

/* The object behind, as far as the run may go now; *record NULL: none. */
bool audit_run_next(struct audit_run *run, struct arena *arena,
    struct record **record, struct fail *fail);

void audit_run_add_result(struct audit_run *run, struct slice json);

/* --- engine_audit_verb.c ------------------------------------------------- */

/* The run as JSON, its results from this one on. */
void audit_run_answer(const struct audit_run *run, size_t from, int status,
    engine_answer *answer, void *arg);
void audit_refuse(struct engine *engine, int status, const char *what,
    const char *hint, engine_answer *answer, void *arg);

/* --- engine_audit_object.c ----------------------------------------------- */

/* False with a fail: nothing is under way.  It may be over at once. */
bool audit_object_begin(struct audit_run *run, enum object_type type,
    struct slice object, struct fail *fail);
void audit_object_told(struct audited *audited, size_t target, size_t ask,
    const struct audit_told *told);
/*
 * The record as it is now, and of what came over EPP with its contacts; NULL:
 * none, or a fail.  *changes: a newer one is on its way to the disk.
 */
const struct record *audit_record(struct audited *audited, struct arena *arena,
    bool *changes, struct fail *fail);
/* Those that the target does not have yet. */
void audit_take_findings(struct audited *audited, struct audit_target *target,
    const struct audit_findings *findings);
/* Nobody answers what is open: it is left out. */
void audit_object_lost(struct audited *audited);
void audit_object_free(struct audited *audited);

/* --- engine_audit_result.c ----------------------------------------------- */

/* All is answered: entries, results, counts, and it is freed. */
void audit_object_done(struct audited *audited);

/* --- engine_audit_target.c ----------------------------------------------- */

/* Which servers show the record, as which public. */
bool audit_targets(
    struct audited *audited, const struct record *record, struct fail *fail);

/* What is decided for a public: a block for each purpose of its. */
struct audit_decided {
	const struct disclosure *items[BLOCKS_MAX];
	size_t count;
};
/* What the public may see of it; NULL: nothing is said of it, or a fail. */
const struct audit_decided *audit_decide(struct engine *engine,
    const struct record *record, struct slice recipient, struct arena *arena,
    struct fail *fail);
/* All of that together; NULL with a fail. */
struct audit_intent *audit_intend_all(const struct audit_decided *decided,
    const struct record *record, struct arena *arena, struct fail *fail);

/* --- engine_audit_timer.c ------------------------------------------------ */

/* How far may the timed run go now? */
bool audit_timer_may(
    const struct engine *engine, const struct vault_cursor *cursor);
void audit_timer_ended(struct engine *engine);
void audit_timer_stop(struct engine *engine);

#endif

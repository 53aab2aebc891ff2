/* What the files of the service share: service*.c, reload.c. */
#ifndef MISU_SERVICE_PRIV_H
#define MISU_SERVICE_PRIV_H

#include "codec/tally.h"
#include "control.h"
#include "engine.h"
#include "net/intake_http.h"
#include "service.h"
#include "service_disk.h"
#include "store/sqlite.h"
#include "store/stops.h"

enum { INTAKES_MAX = 2 };

struct indexer;
struct keeper;
struct service_tiers;
struct service_console;
struct service_worker;
struct wire_stream;

/* A subject that the index is to forget: one at a time. */
struct index_forgetting {
	char pseudonym[2 * PSEUDONYM_SIZE + 1]; /* "": nobody */
	bool is_done;
	struct fail fail;
};

enum { RECOVERED_AT_ONCE = 4096 };

/* After a restore with a newer ledger: slots that only entries know. */
struct recovered {
	uint64_t end; /* of those entries; 0: there was no such restore */
	uint32_t *slots;
	size_t count, room, recorded;
};

struct service {
	struct setup_given given;
	struct setup *setup;   /* in force */
	struct setup *retired; /* no more in force, maybe still in use */
	const struct ruleset *ruleset; /* in force */
	const struct setup *told_setup; /* that workers have */
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct sqlite *cases_db; /* stops, requests, approvals */
	const char *cases_path;
	struct stops *stops;
	struct approvals *approvals;
	struct cases *cases;
	struct grants *grants;
	struct view *view;
	struct standing *standing;
	struct engine *engine;
	struct indexer *indexer;
	struct index_forgetting forgetting;
	uint64_t index_minimum; /* that the index was told */
	struct intake *intakes[INTAKES_MAX];
	size_t intake_count;
	struct control *control;
	struct wire_stream *parent;
	struct keeper *keeper;
	struct service_worker *workers; /* that have a line here */
	struct wire_stream *auditor; /* NULL: it is not there */
	struct service_tiers *tiers;	/* the publisher's line; or NULL */
	struct tally tally;		/* what publishers were asked */
	struct service_console *console; /* NULL: no line to it */
	struct loop_timer *policy_timer, *ledger_timer, *idle_timer;
	int64_t started; /* Unix ms */
	int64_t try_after; /* ms up: a write that failed before */
	int64_t steady_start, clock_ahead; /* ms, of a clock nobody sets */
	struct disk_forecast forecast;
	int64_t backup_since; /* Unix ms; 0: none is being made */
	struct recovered recovered;
	int64_t hours; /* up, as far as they were looked at */
	uint64_t reloads, reloads_failed;
	bool restart_needed; /* for some of what reloads have changed */
	bool stopping, ledger_told, has_landlock;
	bool broken; /* it ends, to be started anew */
};

/* --- reload.c ----------------------------------------------------------- */

/*
 * Read everything anew, beside what is in force, and swap if it is clean.
 * False: all is as before; *diagnostics (to be freed) and the fail say why.
 */
bool reload_run(
    struct service *service, char **diagnostics, struct fail *fail);

/* Put the newest effective revision in force, and wait for the next. */
bool reload_apply(struct service *service, struct fail *fail);

/* Setups that nothing under way was decided under go away. */
void reload_free_retired(struct service *service);

/* --- service_control.c -------------------------------------------------- */

void service_control(void *context, const struct control_ask *ask,
    struct control_request *request);

/* --- service_cases.c ---------------------------------------------------- */

bool service_open_cases(
    struct service *service, const char *path, struct fail *fail);
void service_close_cases(struct service *service);
/* Is it as new as the ledger?  FAIL_WORLD: an older file was put there. */
bool service_check_cases(
    struct service *service, bool is_restored, struct fail *fail);
/* What else knows a subject that is forgotten (engine_options). */
bool service_forget_more(void *context, uint32_t slot,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail);

/* --- service_operators.c ------------------------------------------------ */

/* See control_options. */
unsigned service_operator(
    void *context, int fd, uid_t uid, struct slice *name);

/* The same of a certificate that the console saw; the name is misu.conf's. */
unsigned service_certificate(const struct service *service,
    const struct digest *certificate, struct slice subject,
    struct slice *name);

/* Which of the rights (CONF_MAY_*) a verb needs. */
unsigned service_right_of(struct slice verb);
void service_refuse_right(struct slice verb, struct control_request *request);
/* An answer that is a fail. */
void service_problem(
    struct control_request *request, int status, const struct fail *fail);

/* --- service_console.c -------------------------------------------------- */

/* The line to the console, in place of the one there was. */
void service_console_join(struct service *service, int fd);
void service_console_leave(struct service *service);
/* The nth verb that operators may send from afar; NULL: there are no more. */
const char *service_console_order(size_t n);

/* --- service_forget.c, service_keys.c, service_backup.c ------------------ */

void service_forget(struct service *service, const struct control_ask *ask,
    struct control_request *request);
void service_key_show(struct service *service, const struct control_ask *ask,
    struct control_request *request);
void service_key_rotate(struct service *service,
    const struct control_ask *ask, struct control_request *request);
void service_key_confirm(struct service *service,
    const struct control_ask *ask, struct control_request *request);
void service_backup(struct service *service, const struct control_ask *ask,
    struct control_request *request);

/* --- service_recover.c: a ledger that is newer than the rest ------------- */

/*
 * From entry `first` on nothing but the ledger knows what was done: the keys
 * get to know the slots that entries name, who was forgotten is forgotten, and
 * nothing that waits in the spool leaves as if it had not yet.
 */
bool service_recover(
    struct service *service, uint64_t first, struct fail *fail);
/* What it found, into a batch; *left: there is more for another one. */
bool service_recover_add(struct service *service, struct batch *batch,
    bool *left, struct fail *fail);
void service_recover_finish(struct service *service);

/* A backup that was left alone is given up. */
void service_backup_tick(struct service *service);
/* Entries of the backup, where the ledger is a newer copy; else 0. */
bool service_backup_older(
    struct service *service, uint64_t *older, struct fail *fail);
/*
 * After a restore, before the engine is there: what was forgotten since the
 * backup is forgotten again; and then the entry that says so.
 */
bool service_backup_forget(struct service *service, struct fail *fail);
bool service_forget_again(
    struct service *service, uint32_t slot, struct fail *fail);
bool service_backup_started(struct service *service, struct fail *fail);

/* The master key, and the keys under it; a rotation cut short is ended. */
bool service_open_keys(struct service *service, struct fail *fail);
/* What a rotation or a start leaves to be recorded. */
void service_keys_started(struct service *service);
/* Once an hour: an older signing key whose time is over goes. */
void service_keys_tick(struct service *service);

/* --- service_disk.c ------------------------------------------------------ */

/* To be called about once a second. */
void service_disk_tick(struct service *service);
void service_disk_metrics(struct service *service, struct text *text);

/* Why submissions are not taken now; NULL: they are. */
const struct fail *service_refuses(struct service *service);

/* --- service_metrics.c -------------------------------------------------- */

struct slice service_metrics(void *context, struct arena *arena);

/* --- service_witness.c -------------------------------------------------- */

/* The member "witnesses" of the status, with the comma before it. */
struct text;
void service_add_witnesses(
    struct service *service, struct arena *arena, struct text *out);

/* --- service_clock.c ---------------------------------------------------- */

/* Milliseconds since the start, whatever the clock was set to. */
int64_t service_up(const struct service *service);

/* Is the clock behind the log?  Before anything is written to it. */
void service_clock_start(struct service *service);
void service_clock_tick(struct service *service);

/* --- service_state.c ---------------------------------------------------- */

/* Can nobody but this user change what is there, sockets too? */
bool service_state_own(const struct service *service, struct fail *fail);

/* False if a part of a directory in use is missing. */
bool service_state_whole(struct service *service, struct fail *fail);

/* Has nothing been written under a master key yet? */
bool service_state_fresh(
    struct service *service, bool *fresh, struct fail *fail);

/* --- service_files.c ---------------------------------------------------- */

/* Before the first thread is made; later it reaches no other files. */
bool service_keep_to_files(struct service *service, struct fail *fail);

/* --- service_index.c ---------------------------------------------------- */

bool service_open_index(struct service *service, struct fail *fail);
/*
 * The index knows subjects and their objects: false without a fail while it
 * is at it.
 */
bool service_index_forget(struct service *service,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail);
/* To be called about once a second. */
void service_index_tick(struct service *service);
/* Verbs of misuctl: begin the index anew; how far it is. */
void service_reindex(struct service *service, const struct control_ask *ask,
    struct control_request *request);
void service_index_status(struct service *service,
    const struct control_ask *ask, struct control_request *request);

/* --- service_tier.c ----------------------------------------------------- */

/* A line to the publisher; the descriptor is taken over. */
void service_open_tiers(struct service *service, int fd);
void service_close_tiers(struct service *service);

/* --- service_lines.c ---------------------------------------------------- */

bool service_open_parent(struct service *service, struct fail *fail);
void service_close_lines(struct service *service);

/* A message of line.h to the parent. */
void service_tell(struct service *service, char kind, struct slice text);

/* --- service_audit.c ---------------------------------------------------- */

/* The line to the auditor; takes the socket over. */
void service_meet_auditor(struct service *service, int fd);
/* See engine_options. */
bool service_audit_ask(void *context, struct slice message);

/* --- service.c ---------------------------------------------------------- */

void service_stop(struct service *service);
void service_drain(struct service *service);

#endif

/* What the files of the service share: service*.c, reload.c. */
#ifndef MISU_SERVICE_PRIV_H
#define MISU_SERVICE_PRIV_H

#include "control.h"
#include "engine.h"
#include "net/intake_http.h"
#include "service.h"

enum { INTAKES_MAX = 2 };

struct keeper;
struct service_worker;
struct wire_stream;

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
	struct view *view;
	struct engine *engine;
	struct intake *intakes[INTAKES_MAX];
	size_t intake_count;
	struct control *control;
	struct wire_stream *parent;
	struct keeper *keeper;
	struct service_worker *workers; /* that have a line here */
	struct loop_timer *policy_timer, *ledger_timer, *idle_timer;
	int64_t started; /* Unix ms */
	int64_t hours; /* since then, as far as they were looked at */
	uint64_t reloads, reloads_failed;
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

/* An answer that is a fail. */
void service_problem(
    struct control_request *request, int status, const struct fail *fail);

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

/* The master key, and the keys under it; a rotation cut short is ended. */
bool service_open_keys(struct service *service, struct fail *fail);
/* What a rotation or a start leaves to be recorded. */
void service_keys_started(struct service *service);
/* Once an hour: an older signing key whose time is over goes. */
void service_keys_tick(struct service *service);

/* --- service_metrics.c -------------------------------------------------- */

struct slice service_metrics(void *context, struct arena *arena);

/* --- service_witness.c -------------------------------------------------- */

/* The member "witnesses" of the status, with the comma before it. */
struct text;
void service_add_witnesses(
    struct service *service, struct arena *arena, struct text *out);

/* --- service_state.c ---------------------------------------------------- */

/* False if a part of a directory in use is missing. */
bool service_state_whole(struct service *service, struct fail *fail);

/* Has nothing been written under a master key yet? */
bool service_state_fresh(
    struct service *service, bool *fresh, struct fail *fail);

/* --- service_files.c ---------------------------------------------------- */

/* Before the first thread is made; later it reaches no other files. */
bool service_keep_to_files(struct service *service, struct fail *fail);

/* --- service_lines.c ---------------------------------------------------- */

bool service_open_parent(struct service *service, struct fail *fail);
void service_close_lines(struct service *service);

/* A message of line.h to the parent. */
void service_tell(struct service *service, char kind, struct slice text);

/* --- service.c ---------------------------------------------------------- */

void service_stop(struct service *service);
void service_drain(struct service *service);

#endif

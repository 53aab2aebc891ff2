/* What the files of the service share: service*.c, reload.c. */
#ifndef MISU_SERVICE_PRIV_H
#define MISU_SERVICE_PRIV_H

#include "control.h"
#include "engine.h"
#include "net/intake_http.h"
#include "service.h"

enum { INTAKES_MAX = 2 };

struct event;

struct service {
	struct setup_given given;
	struct setup *setup;   /* in force */
	struct setup *retired; /* no more in force, maybe still in use */
	const struct ruleset *ruleset; /* in force */
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct engine *engine;
	struct intake *intakes[INTAKES_MAX];
	size_t intake_count;
	struct control *control;
	struct loop_timer *policy_timer, *watchdog_timer, *ledger_timer;
	struct event *signals[3];
	int64_t started; /* Unix ms */
	int64_t watchdog; /* ms; 0: none */
	uint64_t reloads, reloads_failed;
	bool stopping, ledger_told;
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

/* --- service_metrics.c -------------------------------------------------- */

struct slice service_metrics(void *context, struct arena *arena);

/* --- service_state.c ---------------------------------------------------- */

/* False if a part of a directory in use is missing. */
bool service_state_whole(struct service *service, struct fail *fail);

/* Has nothing been written under a master key yet? */
bool service_state_fresh(
    struct service *service, bool *fresh, struct fail *fail);

/* --- service.c ---------------------------------------------------------- */

void service_stop(struct service *service);

#endif

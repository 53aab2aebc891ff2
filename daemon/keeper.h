/*
 * The keeper's side of its lines to the workers: fetches from the vault,
 * decides again what a worker decided, commits entry and record, remembers
 * which entries wait for an outcome, keeps holds, and hands deliveries of the
 * spool to workers.  It belongs to the process that has the ledger.
 *
 * Holds are items of channel "epp" in the spool.  An operator decides them as
 * any other (engine_hold_decide()); what is approved waits there until the
 * same backend sends the same content again, passes once, and is done.
 */
#ifndef MISU_KEEPER_H
#define MISU_KEEPER_H

#include "base/text.h"
#include "engine.h"
#include "store/stops.h"

struct keeper;
struct keeper_worker;

/* So long (ms) an outcome waits for a commit that it is written with. */
enum { KEEPER_OUTCOME_DELAY = 20 };

struct keeper_options {
	struct loop *loop;
	const struct random_source *random;
	const struct memory *memory;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct stops *stops; /* or NULL: nobody can stop anything */
	void (*log)(void *context, const char *level, const char *event,
	    const struct fail *fail);
	void *log_context;
	/*
	 * Called now and then while entries are written, so that others move
	 * their marks behind them too (engine_mark()).  Or NULL.
	 */
	void (*marked)(void *context);
	void *marked_context;
};

/*
 * Entries of earlier lives without an outcome are looked for; a worker that
 * joins may still report them; those nobody reports within KEEPER_PATIENCE of
 * the first join, or of their worker's end, are `unknown`.
 */
struct keeper *keeper_create(
    const struct keeper_options *options, struct fail *fail);
/* The engine ended before; spool and ledger are still open. */
void keeper_destroy(struct keeper *keeper);

/*
 * What is in force, borrowed; workers get `bundle` (setup_bundle()), which is
 * copied.
 */
bool keeper_set_policy(struct keeper *keeper, const struct ruleset *ruleset,
    const struct conf *conf, struct slice bundle, struct fail *fail);

struct keeper_worker *keeper_join(struct keeper *keeper,
    bool (*send)(void *context, struct slice message), void *context);
/* Its process is gone. */
void keeper_leave(struct keeper_worker *worker);
/* False: no message of ours; let the worker go. */
bool keeper_receive(struct keeper_worker *worker, struct slice message);

/*
 * From now on what this engine's public view tells follows what comes over
 * EPP; it must live as long as the keeper is called.
 */
void keeper_follow_with(struct keeper *keeper, struct engine *engine);
/* Others change this record, and are done. */
void keeper_change(struct keeper *keeper, enum object_type type,
    struct slice name, bool begins);
/* Is a change of this record on its way to the disk?  Perhaps not. */
bool keeper_is_changing(
    const struct keeper *keeper, enum object_type type, struct slice name);

/*
 * Of a record that is proposed: does a worker still wait for the registry's
 * answer to it?  Else, and where an earlier one was never answered, nobody
 * knows what the registry has.
 */
bool keeper_awaits(
    const struct keeper *keeper, enum object_type type, struct slice name);

/* The same, or on its way to the disk. */
bool keeper_is_under_way(
    const struct keeper *keeper, enum object_type type, struct slice name);

/*
 * Is nothing being written, nor waits for it?  (Open entries may still wait
 * for an outcome.)
 */
bool keeper_is_idle(const struct keeper *keeper);

/*
 * A channel of the engine that workers carry out (net/channel.h); it must be
 * stopped before the keeper ends.  What a worker was given and it went away
 * is unknown; where none is there, a delivery is for later, and what became
 * of an earlier one unknown.
 */
struct channel *keeper_channel(
    struct keeper *keeper, struct slice upstream, struct fail *fail);

/*
 * Ask a worker; `answer` is called once.  Where answers came before the last
 * its body is {"progress":[...],"last":...}, else the last one as it is.
 */
void keeper_ask_worker(struct keeper *keeper, struct slice verb,
    struct slice text, engine_answer *answer, void *arg);

/*
 * Ask every worker; `answer` is called once, with {"workers":[...]}: what each
 * said, or its error, in no order.
 */
void keeper_ask_each(struct keeper *keeper, struct slice verb,
    engine_answer *answer, void *arg);

/* Save in the spool how far outcomes are known. */
void keeper_mark(struct keeper *keeper);

/* Does an entry that has this text wait for its outcome? */
bool keeper_waits_for(struct keeper *keeper, struct slice text);

/* What the workers' side adds to GET /metrics. */
void keeper_add_metrics(const struct keeper *keeper, struct text *text);

#endif

/*
 * Entries older than `keep entries` in misu.conf go: the log's minimum is
 * raised to where the first one begins that is younger or has no outcome yet.
 * What is about an object that is here still is carried on before
 * (engine_carry.c), so that what was provided of it stands.  Looked at after a
 * start and once a day, in pieces; each piece ends with an entry that says
 * what was pruned.
 */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "engine_priv.h"
#include "store/log_query.h"
#include "store/tiles.h"

enum {
	FIRST_LOOK = 2000,    /* ms after a start */
	NEXT_LOOK = 86400000, /* ms: a day */
	TRY_AGAIN = 600000,   /* ms, after a trouble */
	PIECE = 20,	      /* ms */
	PIECE_ENTRIES = 1000,
	PIECE_BUNDLES = 64,
	CARRIED_MAX = ENTRY_MAX - 1024, /* bytes of what can be carried on */
};

enum step {
	STEP_REST,  /* what is gone goes from the disk; then look */
	STEP_LOOK,  /* through what is old enough */
	STEP_CARRY, /* on, what is in force in the piece */
	STEP_ENTRY  /* one is on its way to the disk */
};

struct retention {
	struct engine *engine;
	struct loop_timer *timer;
	struct arena *arena;
	uint64_t at, cut; /* looked at up to; entries below may go */
	int64_t before;	  /* entries from then on stay */
	struct engine_carry *carry;
	enum step step;
	bool drops; /* bundles below a new minimum are to go */
};

static void
wake(struct retention *retention, int64_t delay)
{
	retention->engine->o.loop->operations->timer_set(
	    retention->timer, delay);
}

static void
give_up(struct retention *retention, const struct fail *fail)
{
	retention->step = STEP_REST;
	engine_carry_drop(retention->carry);
	engine_log(retention->engine, "error", "not-pruned", fail);
	wake(retention, TRY_AGAIN);
}

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void
look(struct retention *retention)
{
	struct engine *engine = retention->engine;
	int64_t keep = (int64_t)engine->conf->keep_entries * 1000;
	uint64_t size = ledger_size(engine->o.ledger), cut;
	struct fail fail = FAIL_INIT;

	if (keep == 0) {
		wake(retention, NEXT_LOOK);
		return;
	}
	retention->before = engine_now(engine) - keep;
	/* The newest bundle stays in any case. */
	cut = size != 0 ? (size - 1) / TILE_WIDTH * TILE_WIDTH : 0;
	if (engine->under_way == 0 &&
	    !spool_set_mark(
		engine->o.spool, ledger_size(engine->o.ledger), &fail)) {
		give_up(retention, &fail);
		return;
	}
	if (engine->o.mark != NULL)
		engine->o.mark(engine->o.forget_context);
	cut = least(cut, spool_oldest(engine->o.spool));
	cut = least(cut, spool_mark(engine->o.spool));
	cut = least(cut, spool_line_mark(engine->o.spool));
	retention->cut = cut / TILE_WIDTH * TILE_WIDTH;
	retention->at = ledger_minimum(engine->o.ledger);
	if (retention->at < retention->cut)
		retention->step = STEP_LOOK;
	wake(retention, retention->at < retention->cut ? 0 : NEXT_LOOK);
}

/* Is what this entry provided in force still? */
static bool
is_in_force(struct retention *retention, struct slice entry, bool *in_force,
    struct fail *fail)
{
	struct engine *engine = retention->engine;
	struct arena *arena = retention->arena;
	enum object_type type;
	struct slice given, object, word, name;

	*in_force = false;
	if (!entry_disclosed(entry, arena, &given) ||
	    !canon_member(given, "payload", &word) ||
	    !canon_member(given, "object", &object) ||
	    !canon_get_string(object, "type", arena, &word) ||
	    !object_type_find(word, &type) ||
	    !log_query_object(engine->o.keys, given, arena, &name))
		return true;
	*in_force = vault_get(engine->o.vault, arena, type, name, fail) != NULL;
	return fail->kind == FAIL_NONE;
}

/* --- the entry, and then the bundles --- */

struct pruning {
	struct retention *retention;
	struct arena *arena;
	uint64_t minimum;
};

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct pruning *pruning = arg;
	struct retention *retention = pruning->retention;
	struct engine *engine = retention->engine;
	struct fail trouble = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		trouble = *fail;
	retention->step = STEP_LOOK;
	retention->drops = true;
	if (trouble.kind != FAIL_NONE ||
	    !ledger_prune(engine->o.ledger, pruning->minimum, &trouble))
		give_up(retention, &trouble);
	else
		wake(retention, PIECE);
	arena_destroy(pruning->arena);
	engine_finish_one(engine);
}

static void
record(struct retention *retention, uint64_t minimum)
{
	struct engine *engine = retention->engine;
	struct arena *arena = engine_arena(engine);
	struct pruning *pruning =
	    arena != NULL ? arena_take(arena, sizeof(*pruning)) : NULL;
	struct event event =
	    engine_event(engine, EVENT_PRUNE, "pruned", minimum);
	struct fail fail = FAIL_INIT;
	struct batch *batch = pruning != NULL
				  ? ledger_begin(engine->o.ledger, arena, &fail)
				  : NULL;

	event.has_entry = true;
	if (pruning == NULL)
		fail_memory(&fail);
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		arena_destroy(arena);
		give_up(retention, &fail);
		return;
	}
	*pruning = (struct pruning){retention, arena, minimum};
	retention->step = STEP_ENTRY;
	engine->under_way++;
	ledger_commit(batch, durable, pruning);
}

/* --- what is carried on before --- */

static void
carried(void *arg, const struct fail *fail)
{
	struct retention *retention = arg;

	retention->step = STEP_CARRY;
	if (fail != NULL)
		give_up(retention, fail);
	else
		wake(retention, PIECE);
}

static void
carry_on(struct retention *retention)
{
	struct fail fail = FAIL_INIT;
	bool left;

	retention->step = STEP_ENTRY;
	if (!engine_carry_on(
		retention->carry, &left, carried, retention, &fail))
		give_up(retention, &fail);
	else if (!left)
		record(retention, retention->at);
}

/* --- looking --- */

/* What cannot be carried on holds back what comes after it. */
static void
stop_at(struct retention *retention, uint64_t index)
{
	retention->cut = index / TILE_WIDTH * TILE_WIDTH;
	retention->at = least(retention->at, retention->cut);
	engine_carry_cut(retention->carry, retention->cut);
}

/*
 * Of each one is asked when it came: where the clock was set back, later ones
 * look older than they are.  One that the clock had when it was ahead says
 * nothing.
 */
static bool
is_young(const struct retention *retention, struct slice entry)
{
	int64_t time;

	return canon_get_number(entry, "time", &time) &&
	       time >= retention->before &&
	       time <= engine_now(retention->engine);
}

static bool
look_at(struct retention *retention, uint64_t index, struct fail *fail)
{
	struct engine *engine = retention->engine;
	struct slice entry;
	bool in_force;

	arena_reset(retention->arena);
	if (!ledger_read(
		engine->o.ledger, index, retention->arena, &entry, fail))
		return false;
	if (is_young(retention, entry)) {
		stop_at(retention, index);
		return true;
	}
	if (!is_in_force(retention, entry, &in_force, fail))
		return false;
	if (!in_force)
		return true;
	if (engine->o.ledger_path == NULL || entry.len > CARRIED_MAX)
		stop_at(retention, index);
	else
		engine_carry_add(retention->carry, index);
	return true;
}

/* A piece ends with a bundle. */
static bool
is_whole(const struct retention *retention)
{
	return retention->at == retention->cut ||
	       (retention->at % TILE_WIDTH == 0 &&
		   !engine_carry_has_room(retention->carry));
}

static void
look_on(struct retention *retention)
{
	struct engine *engine = retention->engine;
	struct fail fail = FAIL_INIT;
	bool ok = true;

	for (unsigned i = 0;
	     ok && i < PIECE_ENTRIES && !is_whole(retention); i++)
		ok = look_at(retention, retention->at++, &fail);
	if (!ok) {
		give_up(retention, &fail);
	} else if (!is_whole(retention)) {
		wake(retention, PIECE);
	} else if (retention->at > ledger_minimum(engine->o.ledger)) {
		retention->step = STEP_CARRY;
		wake(retention, 0);
	} else {
		retention->step = STEP_REST;
		engine_carry_drop(retention->carry);
		wake(retention, retention->drops ? 0 : NEXT_LOOK);
	}
}

static void
rest(struct retention *retention)
{
	struct fail fail = FAIL_INIT;
	bool left = false;

	if (!ledger_drop(
		retention->engine->o.ledger, PIECE_BUNDLES, &left, &fail))
		give_up(retention, &fail);
	else if (left)
		wake(retention, PIECE);
	else if (retention->drops) {
		retention->drops = false;
		wake(retention, NEXT_LOOK);
	} else
		look(retention);
}

static void
run(void *arg)
{
	struct retention *retention = arg;
	struct engine *engine = retention->engine;

	if (engine->draining || ledger_stopped(engine->o.ledger) != NULL)
		return;
	switch (retention->step) {
	case STEP_REST:
		rest(retention);
		break;
	case STEP_LOOK:
		look_on(retention);
		break;
	case STEP_CARRY:
		carry_on(retention);
		break;
	case STEP_ENTRY:
		break;
	}
}

void
engine_retention_start(struct engine *engine)
{
	struct retention *retention = engine->retention;

	if (retention != NULL || (engine->conf->keep_entries == 0 &&
				     ledger_minimum(engine->o.ledger) == 0))
		return;
	retention = calloc(1, sizeof(*retention));
	if (retention == NULL)
		return;
	retention->engine = engine;
	retention->arena = engine_arena(engine);
	retention->timer = engine->o.loop->operations->timer_create(
	    engine->o.loop, run, retention);
	engine->retention = retention;
	retention->carry = engine_carry_create(engine);
	if (retention->timer == NULL || retention->arena == NULL ||
	    retention->carry == NULL)
		engine_retention_destroy(engine);
	else
		wake(retention, FIRST_LOOK);
}

void
engine_retention_destroy(struct engine *engine)
{
	struct retention *retention = engine->retention;

	if (retention == NULL)
		return;
	if (retention->timer != NULL)
		engine->o.loop->operations->timer_destroy(retention->timer);
	arena_destroy(retention->arena);
	engine_carry_destroy(retention->carry);
	free(retention);
	engine->retention = NULL;
}

/*
 * Forgetting a subject, in steps that a crash may part anywhere:
 *
 *	asked      an entry, and a row in the spool: from here on it goes on
 *		   after every start
 *	           of what misu publishes or answers nothing shows it any more
 *	waiting    while records of provision must be kept
 *	           what is queued, held or laid out for the subject ends
 *	           the slot is in the list of forgotten ones, and overwritten
 *	destroyed  vault, journal and spool are written anew without it, and
 *		   what stood there is overwritten
 *	erased     begins a new segment, so that all before can be overwritten
 *	done
 *
 * One at a time, driven by a timer, in pieces that do not hold the loop up.
 */
#include "base/date.h"
#include "engine_forget_priv.h"
#include "engine_stop.h"
#include "engine_told.h"

static void run(void *arg);

static struct forget *
forget_of(struct engine *engine)
{
	struct forget *forget = engine->forget;

	if (forget != NULL)
		return forget;
	forget = calloc(1, sizeof(*forget));
	if (forget == NULL)
		return NULL;
	forget->engine = engine;
	forget->timer = engine->o.loop->operations->timer_create(
	    engine->o.loop, run, forget);
	if (forget->timer == NULL) {
		free(forget);
		return NULL;
	}
	engine->forget = forget;
	return forget;
}

void
forget_wake(struct forget *forget, int64_t delay)
{
	forget->engine->o.loop->operations->timer_set(forget->timer, delay);
}

void
engine_forget_resume(struct engine *engine)
{
	struct forgetting any;
	struct forget *forget;

	engine_forget_note(engine);
	if (!spool_next_forgetting(engine->o.spool, &any, NULL))
		return;
	forget = forget_of(engine);
	if (forget != NULL)
		forget_wake(forget, SOON);
}

void
engine_forget_again(struct engine *engine)
{
	engine_forget_resume(engine);
}

void
forget_pause_courier(struct forget *forget, bool pauses)
{
	struct engine *engine = forget->engine;

	if (engine->courier_pauses == pauses)
		return;
	engine->courier_pauses = pauses;
	if (!pauses)
		engine_courier_wake(engine);
}

static void
answer_with(struct forget *forget, int status, const char *state)
{
	engine_answer *answer = forget->answer;
	char body[160];

	if (answer == NULL || forget->asked_slot != forget->what.slot)
		return;
	forget->answer = NULL;
	snprintf(body, sizeof(body),
	    "{\"state\":\"%s\",\"slot\":%u,\"until\":%lld}", state,
	    forget->what.slot, (long long)forget->what.due);
	answer(forget->arg, status, slice_from(body));
}

void
engine_forget_stop(struct engine *engine)
{
	struct forget *forget = engine->forget;

	if (forget == NULL)
		return;
	if (forget->answer != NULL) {
		forget->what.slot = forget->asked_slot;
		answer_with(forget, 202, "goes-on-at-the-next-start");
	}
}

void
engine_forget_destroy(struct engine *engine)
{
	if (engine->forget == NULL)
		return;
	engine->o.loop->operations->timer_destroy(engine->forget->timer);
	arena_destroy(engine->forget->entry_arena);
	engine_view_walk_destroy(engine->forget->walk);
	free(engine->forget);
	engine->forget = NULL;
}

void
forget_trouble(struct forget *forget, const struct fail *fail)
{
	engine_log(forget->engine, "error", "forgetting-waits", fail);
	forget_pause_courier(forget, false);
	forget_wake(forget, TROUBLE);
}

/* --- entries --- */

static void
entry_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct forget *forget = arg;
	struct engine *engine = forget->engine;

	(void)first;
	(void)sealed;
	(void)count;
	arena_destroy(forget->entry_arena);
	forget->entry_arena = NULL;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE) {
		forget->step = STEP_NONE;
		forget_trouble(forget, fail);
	} else {
		if (forget->state != NULL)
			answer_with(forget, forget->status, forget->state);
		forget->step = forget->then;
		forget_wake(forget, 0);
	}
	forget->state = NULL;
	engine_finish_one(engine);
}

static struct event
event_of(const struct forget *forget, enum subject_step step,
    struct subject *subject)
{
	struct event event = engine_step_event(forget->engine, step);

	*subject = (struct subject){.slot = forget->what.slot};
	memcpy(subject->pseudonym, forget->what.pseudonym, PSEUDONYM_SIZE);
	event.subject = subject;
	return event;
}

/* Goes on in `then` when it is durable. */
static void
record(struct forget *forget, enum subject_step step, struct slice reason,
    enum step then)
{
	struct engine *engine = forget->engine;
	struct subject subject;
	struct event event = event_of(forget, step, &subject);
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    arena != NULL ? ledger_begin(engine->o.ledger, arena, &fail) : NULL;

	event.reason = reason;
	if (arena == NULL)
		fail_memory(&fail);
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		arena_destroy(arena);
		forget->step = STEP_NONE;
		forget_trouble(forget, &fail);
		return;
	}
	forget->entry_arena = arena;
	forget->step = STEP_ENTRY;
	forget->then = then;
	engine->under_way++;
	ledger_commit(batch, entry_durable, forget);
}

static bool
set_phase(struct forget *forget, enum forget_phase phase, struct fail *fail)
{
	forget->what.phase = phase;
	return spool_set_forgetting(
	    forget->engine->o.spool, &forget->what, fail);
}

/* --- the duty to keep records --- */

bool
forget_names_subject(const struct forget *forget, struct slice entry)
{
	return memmem(entry.data, entry.len, forget->mark, MARK_SIZE - 1) !=
	       NULL;
}

static void
begin_items(struct forget *forget, enum step step)
{
	forget->step = step;
	forget->row = 0;
	forget->any_waits = false;
	forget_pause_courier(forget, true);
	forget_wake(forget, 0);
}

static void
run_wait(struct forget *forget)
{
	int64_t keep = (int64_t)forget->engine->conf->keep_records * 1000;
	int64_t until = forget->provided + keep;
	char reason[64], date[DATE_SIZE];
	struct fail fail = FAIL_INIT;

	forget->what.due = until;
	if (!set_phase(forget, FORGET_WAITS, &fail)) {
		forget->step = STEP_NONE;
		forget_trouble(forget, &fail);
		return;
	}
	date_print(until / 1000, 0, date);
	snprintf(reason, sizeof(reason), "records are kept until %s", date);
	forget->status = 202;
	forget->state = "waiting";
	record(forget, SUBJECT_FORGET_WAITING, slice_from(reason), STEP_NONE);
}

static void
run_duty(struct forget *forget)
{
	struct engine *engine = forget->engine;
	int64_t keep = (int64_t)engine->conf->keep_records * 1000;
	bool ended = keep == 0 || forget->what.due < 0;
	struct fail fail = FAIL_INIT;

	if (!ended && !forget_look_back(forget, &ended, &fail)) {
		forget->step = STEP_NONE;
		forget_trouble(forget, &fail);
	} else if (!ended) {
		forget_wake(forget, 0);
	} else if (forget->provided + keep > engine_now(engine)) {
		forget->step = forget->what.phase == FORGET_ASKED ? STEP_HIDE
								  : STEP_WAIT;
		forget_wake(forget, 0);
	} else {
		begin_items(forget, STEP_ITEMS);
	}
}

/* --- the key, and all that is left --- */

static void
run_key(struct forget *forget)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;

	if (!engine_forget_cases(engine, forget->what.pseudonym, &fail) ||
	    !engine_forget_list(engine, forget->what.slot, &fail) ||
	    !keys_forget(engine->o.keys, forget->what.slot, &fail) ||
	    !set_phase(forget, FORGET_DESTROYED, &fail)) {
		forget->step = STEP_NONE;
		forget_trouble(forget, &fail);
		return;
	}
	record(forget, SUBJECT_FORGET_DESTROYED, (struct slice){"", 0}, STEP_ROLL);
}

/* All that was built with the key is in the journal by now. */
static void
run_roll(struct forget *forget)
{
	struct engine *engine = forget->engine;

	ledger_wipe_begin(engine->o.ledger);
	vault_purge(engine->o.vault);
	begin_items(forget, STEP_REST);
}

static void
run_told(struct forget *forget)
{
	struct fail fail = FAIL_INIT;
	bool left;

	if (!engine_told_forget(forget->engine,
		(struct slice){forget->mark, MARK_SIZE - 1}, &forget->told,
		&left, &fail)) {
		forget_trouble(forget, &fail);
		return;
	}
	if (!left)
		forget->step = STEP_VIEW;
	forget_wake(forget, 0);
}

/*
 * What is published of it is answered no more: at first what is left is told
 * again without it, in the end nothing of it is in any file.
 */
static void
run_view(struct forget *forget, bool scrubs, enum step then)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;
	bool left = false;

	if (engine->o.view != NULL && forget->walk == NULL)
		forget->walk = engine_view_walk_create(scrubs);
	if (engine->o.view != NULL &&
	    (forget->walk == NULL ||
		!engine_view_walk_on(engine, forget->walk,
		    (struct slice){forget->mark, MARK_SIZE - 1}, &left,
		    &fail))) {
		if (forget->walk == NULL)
			fail_memory(&fail);
		forget_trouble(forget, &fail);
		return;
	}
	/* So that an older view is known for one that has it still. */
	if (!left && engine->o.view != NULL &&
	    !view_take(engine->o.view, ledger_size(engine->o.ledger) - 1,
		&fail)) {
		forget_trouble(forget, &fail);
		return;
	}
	if (!left) {
		engine_view_walk_destroy(forget->walk);
		forget->walk = NULL;
		forget->step = then;
	}
	forget_wake(forget, 0);
}

static bool
forget_elsewhere(struct forget *forget, struct fail *fail)
{
	const struct engine *engine = forget->engine;

	return engine->o.forget_more == NULL ||
	       engine->o.forget_more(engine->o.forget_context,
		   forget->what.slot, forget->what.pseudonym, fail);
}

static void
run_purge(struct forget *forget)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;

	if (!vault_is_purged(engine->o.vault)) {
		ledger_tick(engine->o.ledger);
		forget_wake(forget, SOON);
		return;
	}
	if (!forget_elsewhere(forget, &fail) && fail.kind == FAIL_NONE) {
		forget_wake(forget, SOON); /* it is under way */
		return;
	}
	if (fail.kind != FAIL_NONE || !spool_scrub(engine->o.spool, &fail)) {
		forget_trouble(forget, &fail);
		return;
	}
	record(forget, SUBJECT_FORGET_ERASED, (struct slice){"", 0}, STEP_WIPE);
}

static void
finish(struct forget *forget)
{
	struct fail fail = FAIL_INIT;

	if (!spool_end_forgetting(
		forget->engine->o.spool, forget->what.slot, &fail)) {
		forget->step = STEP_NONE;
		forget_trouble(forget, &fail);
		return;
	}
	engine_forget_note(forget->engine);
	forget->what.due = 0;
	forget->status = 200;
	forget->state = "done";
	record(forget, SUBJECT_FORGET_DONE, (struct slice){"", 0}, STEP_NONE);
}

static void
run_wipe(struct forget *forget)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;
	bool left = true;

	ledger_tick(engine->o.ledger);
	if (!ledger_wipe(engine->o.ledger, &left, &fail))
		forget_trouble(forget, &fail);
	else if (left)
		forget_wake(forget, SOON);
	else
		finish(forget);
}

/* --- what is next --- */

static void
begin(struct forget *forget)
{
	static const char hex[] = "0123456789abcdef";
	char *at = forget->mark;

	*at++ = '"';
	for (size_t i = 0; i < PSEUDONYM_SIZE; i++) {
		*at++ = hex[forget->what.pseudonym[i] >> 4];
		*at++ = hex[forget->what.pseudonym[i] & 15];
	}
	*at++ = '"';
	*at = '\0';
	forget->scan = ledger_size(forget->engine->o.ledger);
	forget->provided = 0;
	forget->aged = 0;
	forget->floor = (struct forget_floor){0, 0};
	forget->told = -1;
}

static void
run_next(struct forget *forget)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;
	uint8_t key[KEY_SIZE];
	int64_t left;

	if (!spool_next_forgetting(engine->o.spool, &forget->what, &fail)) {
		if (fail.kind != FAIL_NONE)
			forget_trouble(forget, &fail);
		return;
	}
	left = forget->what.due - engine_now(engine);
	if (forget->what.phase == FORGET_WAITS && left > 0) {
		forget_wake(forget, left < LONGEST_WAIT ? left : LONGEST_WAIT);
		return;
	}
	begin(forget);
	if (forget->what.phase == FORGET_DESTROYED)
		forget->step = STEP_ROLL;
	else if (keys_slot(engine->o.keys, forget->what.slot, key))
		forget->step = STEP_DUTY;
	else
		forget->step = STEP_KEY;
	digest_wipe(key, sizeof(key));
	forget_wake(forget, 0);
}

static void
run(void *arg)
{
	struct forget *forget = arg;
	struct engine *engine = forget->engine;

	if (engine->draining || engine->ruleset == NULL ||
	    ledger_stopped(engine->o.ledger) != NULL) {
		forget_pause_courier(forget, false);
		return;
	}
	switch (forget->step) {
	case STEP_NONE:
		run_next(forget);
		break;
	case STEP_HIDE:
		run_view(forget, false, STEP_WAIT);
		break;
	case STEP_WAIT:
		run_wait(forget);
		break;
	case STEP_DUTY:
		run_duty(forget);
		break;
	case STEP_ITEMS:
	case STEP_REST:
		forget_run_items(forget);
		break;
	case STEP_KEY:
		run_key(forget);
		break;
	case STEP_ROLL:
		run_roll(forget);
		break;
	case STEP_TOLD:
		run_told(forget);
		break;
	case STEP_VIEW:
		run_view(forget, true, STEP_PURGE);
		break;
	case STEP_PURGE:
		run_purge(forget);
		break;
	case STEP_WIPE:
		run_wipe(forget);
		break;
	case STEP_ENTRY:
		break;
	}
}

/* --- asked for --- */

bool
engine_forget_is_busy(const struct engine *engine)
{
	return engine->forget != NULL && engine->forget->answer != NULL;
}

/*
 * What was decided before this was asked stands before it in the ledger, and
 * is in the spool by now.  Tokens for what is its own end.
 */
static void
hide(struct engine *engine, const struct forgetting *what)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;

	engine_flush(engine);
	engine_stop_waiting(engine);
	if (arena == NULL || !engine_forget_grants(engine, what->pseudonym,
				 arena, &fail))
		engine_log(engine, "error", "grants-not-ended", &fail);
	arena_destroy(arena);
}

bool
engine_forget_begin(struct engine *engine, const struct forgetting *what,
    engine_answer *answer, void *arg, struct fail *fail)
{
	struct forget *forget = forget_of(engine);

	if (forget == NULL)
		return fail_memory(fail);
	if (!spool_set_forgetting(engine->o.spool, what, fail))
		return false;
	engine->forgets = true;
	hide(engine, what);
	forget->answer = answer;
	forget->arg = arg;
	forget->asked_slot = what->slot;
	if (forget->step == STEP_NONE)
		forget_wake(forget, 0);
	return true;
}

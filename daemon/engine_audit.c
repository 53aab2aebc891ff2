#include "engine_audit.h"

enum {
	AT_ONCE = 64,	     /* objects that are begun in one turn */
	PASSED_AT_ONCE = 64, /* records of another kind, likewise */
	RUNS_KEPT = 16,	     /* that have ended */
};

struct engine_audit *
engine_audit_of(struct engine *engine)
{
	if (engine->audit == NULL)
		engine->audit = calloc(1, sizeof(*engine->audit));
	return engine->audit;
}

/* --- runs --- */

/* The newest that ended stay, so that they can be looked at. */
static void
forget_runs(struct engine_audit *audit)
{
	struct audit_run **at = &audit->runs;
	size_t kept = 0;

	while (*at != NULL) {
		struct audit_run *run = *at;

		if (run->ended && run->under_way == 0 && !run->is_pumping &&
		    ++kept > RUNS_KEPT) {
			*at = run->next;
			arena_destroy(run->arena);
		} else {
			at = &run->next;
		}
	}
}

struct audit_run *
audit_run_create(
    struct engine *engine, enum audit_extent extent, struct slice actor)
{
	struct engine_audit *audit = engine_audit_of(engine);
	struct arena *arena = audit != NULL ? engine_arena(engine) : NULL;
	struct audit_run *run =
	    arena != NULL ? arena_take(arena, sizeof(*run)) : NULL;

	if (run == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	*run = (struct audit_run){.engine = engine,
	    .arena = arena,
	    .number = ++audit->next_run,
	    .extent = extent,
	    .actor = arena_copy(arena, actor),
	    .since = engine_now(engine)};
	if (run->actor.data == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	forget_runs(audit);
	run->next = audit->runs;
	audit->runs = run;
	return run;
}

static struct audit_trouble *
trouble_of(struct audit_run *run, struct slice key)
{
	struct audit_trouble *trouble;

	for (size_t i = 0; i < run->trouble_count; i++)
		if (slice_equal(run->troubles[i].key, key))
			return &run->troubles[i];
	if (run->trouble_count == TROUBLES_MAX)
		return NULL;
	trouble = &run->troubles[run->trouble_count];
	*trouble = (struct audit_trouble){.key = arena_copy(run->arena, key)};
	if (trouble->key.data == NULL)
		return NULL;
	run->trouble_count++;
	return trouble;
}

bool
audit_run_gave_up(const struct audit_run *run, struct slice key)
{
	for (size_t i = 0; i < run->trouble_count; i++)
		if (slice_equal(run->troubles[i].key, key))
			return run->troubles[i].given_up;
	return false;
}

void
audit_run_note(struct audit_run *run, struct slice key, bool answered)
{
	struct audit_trouble *trouble = trouble_of(run, key);

	if (trouble == NULL)
		return;
	trouble->in_a_row = answered ? 0 : trouble->in_a_row + 1;
	if (trouble->in_a_row >= GIVE_UP_AFTER)
		trouble->given_up = true;
}

void
audit_run_give_up(struct audit_run *run, struct slice key)
{
	struct audit_trouble *trouble = trouble_of(run, key);

	if (trouble != NULL)
		trouble->given_up = true;
}

void
audit_run_add_result(struct audit_run *run, struct slice json)
{
	struct slice *more = (struct slice *)(uintptr_t)run->results;

	size_t max = run->extent == AUDIT_ONE ? TARGETS_MAX : RESULTS_MAX;

	if (json.data == NULL)
		return;
	if (more == NULL) {
		more = arena_take_array(run->arena, max, sizeof(*more));
		run->results = more;
	}
	if (more == NULL || run->result_count == max ||
	    run->result_bytes + json.len > RESULTS_ROOM) {
		run->left_out++;
		return;
	}
	more[run->result_count] = arena_copy(run->arena, json);
	if (more[run->result_count].data == NULL) {
		run->left_out++;
		return;
	}
	run->result_bytes += json.len;
	run->result_count++;
}

/* --- the end of a run --- */

/* One entry says what became of all. */
static void
record_run(struct audit_run *run)
{
	struct engine *engine = run->engine;
	struct event event =
	    engine_event(engine, EVENT_AUDIT, "run", LEDGER_NONE);
	const struct audit_counts *counts = &run->counts;
	unsigned long long servers = counts->clean + counts->found +
				     counts->unreachable + counts->skipped;
	char text[200];

	snprintf(text, sizeof(text),
	    "%llu object%s, %llu server%s: %llu clean, %llu with findings,"
	    " %llu unreachable, %llu skipped",
	    (unsigned long long)counts->objects,
	    counts->objects == 1 ? "" : "s", servers, servers == 1 ? "" : "s",
	    (unsigned long long)counts->clean,
	    (unsigned long long)counts->found,
	    (unsigned long long)counts->unreachable,
	    (unsigned long long)counts->skipped);
	event.actor = run->actor;
	event.reason = slice_from(text);
	engine_record_event(engine, &event);
}

/*
 * Leaks are what somebody must look at, if there are others than the last
 * time; all else waits for a reader.
 */
static void
tell_run(const struct audit_run *run)
{
	const struct engine_audit *audit = run->engine->audit;
	struct fail fail = FAIL_INIT;

	if (run->counts.kinds[AUDIT_LEAK] == 0 ||
	    run->counts.kinds[AUDIT_LEAK] == audit->last.kinds[AUDIT_LEAK])
		return;
	fail_set(&fail, FAIL_WORLD,
	    "%llu fields are published that must not be",
	    (unsigned long long)run->counts.kinds[AUDIT_LEAK]);
	fail_hint(&fail, "misuctl log \"type:audit outcome:leak\" lists them");
	engine_log(run->engine, "warn", "audit-leak", &fail);
}

static void
end_run(struct audit_run *run)
{
	struct engine *engine = run->engine;
	struct engine_audit *audit = engine->audit;
	engine_answer *answer = run->answer;

	run->ended = true;
	run->until = engine_now(engine);
	if (run->extent != AUDIT_ONE && !audit->is_stopped) {
		tell_run(run);
		audit->last_end = run->until;
		audit->last = run->counts;
		audit->runs_ended++;
		if (run->counts.objects != 0)
			record_run(run);
	}
	run->answer = NULL;
	if (answer != NULL)
		audit_run_answer(run, 0, 200, answer, run->arg);
	if (run->extent == AUDIT_TIMED)
		audit_timer_ended(engine);
}

static void go_on(void *arg);

void
audit_run_object_done(struct audit_run *run)
{
	struct engine *engine = run->engine;

	run->under_way--;
	if (engine->audit->is_stopped || run->is_pumping)
		return;
	audit_run_pump(run);
	/* Others may have waited for the room. */
	go_on(engine);
}

/* --- objects of a run --- */

static void
go_on(void *arg)
{
	struct engine *engine = arg;

	if (engine->audit == NULL || engine->audit->is_stopped)
		return;
	for (struct audit_run *run = engine->audit->runs; run != NULL;
	     run = run->next)
		if (!run->ended && run->extent != AUDIT_ONE)
			audit_run_pump(run);
}

bool
audit_run_next(struct audit_run *run, struct arena *arena,
    struct record **record, struct fail *fail)
{
	struct engine *engine = run->engine;
	struct vault_cursor cursor = run->cursor;

	for (int passed = 0; passed < PASSED_AT_ONCE; passed++) {
		if (!vault_next(engine->o.vault, &cursor, arena, record, fail))
			return false;
		if (*record == NULL) {
			run->walked = true;
			return true;
		}
		if (run->extent == AUDIT_TIMED &&
		    !audit_timer_may(engine, &cursor)) {
			*record = NULL;
			return true;
		}
		run->cursor = cursor;
		if (record_type(*record) == OBJECT_DOMAIN ||
		    record_type(*record) == OBJECT_NETWORK)
			return true;
		arena_reset(arena);
		*record = NULL;
	}
	run->is_paused = true;
	return true;
}

/* False: no more can be begun now. */
static bool
begin_next(struct audit_run *run)
{
	struct engine *engine = run->engine;
	struct arena *arena = engine_arena(engine);
	struct record *record = NULL;
	struct fail fail = FAIL_INIT;
	bool ok = arena != NULL && audit_run_next(run, arena, &record, &fail);

	if (!ok) {
		engine_log(engine, "error", "audit-broken-off", &fail);
		run->walked = true;
	}
	if (record != NULL && !audit_object_begin(run, record_type(record),
				  record_object(record), &fail)) {
		run->counts.objects++;
		run->counts.skipped++;
		engine->audit->total.objects++;
		engine->audit->total.skipped++;
	}
	arena_destroy(arena);
	return record != NULL;
}

void
audit_run_pump(struct audit_run *run)
{
	struct engine *engine = run->engine;
	struct engine_audit *audit = engine->audit;
	int begun = 0;

	if (run->is_pumping || run->ended)
		return;
	run->is_pumping = true;
	run->is_paused = false;
	while (!run->walked && audit->is_met &&
	       audit->object_count < AUDITED_MAX && begun < AT_ONCE &&
	       begin_next(run))
		begun++;
	run->is_pumping = false;
	/* Those that were over at once must not hold up the loop. */
	if ((begun == AT_ONCE || run->is_paused) && !run->walked &&
	    !engine->o.loop->operations->soon(engine->o.loop, go_on, engine))
		run->walked = true;
	if (run->walked && run->under_way == 0)
		end_run(run);
}

void
audit_run_soon(struct audit_run *run)
{
	struct engine *engine = run->engine;

	if (!engine->o.loop->operations->soon(engine->o.loop, go_on, engine))
		audit_run_pump(run);
}

/* --- the auditor --- */

static struct audited *
find_question(
    struct engine_audit *audit, int64_t number, size_t *target, size_t *ask)
{
	for (struct audited *a = audit->objects; a != NULL; a = a->next)
		for (size_t t = 0; t < a->target_count; t++)
			for (size_t q = 0; q < a->targets[t].ask_count; q++)
				if (a->targets[t].asks[q].number == number &&
				    !a->targets[t].done[q]) {
					*target = t;
					*ask = q;
					return a;
				}
	return NULL;
}

bool
engine_audit_told(struct engine *engine, struct slice message)
{
	struct arena *arena = engine_arena(engine);
	struct audit_told told;
	struct audited *audited;
	size_t target, ask;
	bool ok = arena != NULL && audit_read_told(message, arena, &told);

	if (ok && engine->audit != NULL && !engine->audit->is_stopped) {
		audited =
		    find_question(engine->audit, told.number, &target, &ask);
		if (audited != NULL)
			audit_object_told(audited, target, ask, &told);
	}
	arena_destroy(arena);
	return ok;
}

void
engine_audit_met(struct engine *engine)
{
	struct engine_audit *audit = engine_audit_of(engine);

	if (audit == NULL)
		return;
	audit->is_met = true;
	go_on(engine);
}

/* The first that waits for an answer; each that ends may begin others. */
static struct audited *
first_open(const struct engine_audit *audit)
{
	struct audited *audited = audit->objects;

	while (audited != NULL && audited->open == 0)
		audited = audited->next;
	return audited;
}

void
engine_audit_lost(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;
	struct audited *audited;

	if (audit == NULL || audit->is_stopped)
		return;
	audit->is_met = false;
	while ((audited = first_open(audit)) != NULL)
		audit_object_lost(audited);
}

/* --- the end --- */

void
engine_audit_stop(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;
	struct audited *audited, *next;

	if (audit == NULL || audit->is_stopped)
		return;
	audit_timer_stop(engine);
	audit->is_stopped = true;
	for (audited = audit->objects; audited != NULL; audited = next) {
		next = audited->next;
		if (!audited->is_committed)
			audit_object_free(audited);
	}
	for (struct audit_run *run = audit->runs; run != NULL;
	     run = run->next) {
		engine_answer *answer = run->answer;

		run->ended = true;
		run->answer = NULL;
		if (answer != NULL)
			audit_refuse(engine, 503, "misu is stopping", NULL,
			    answer, run->arg);
	}
}

void
engine_audit_destroy(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;

	if (audit == NULL)
		return;
	/* Who still waits where nothing was drained is gone already. */
	for (struct audit_run *run = audit->runs; run != NULL; run = run->next)
		run->answer = NULL;
	engine_audit_stop(engine);
	while (audit->runs != NULL) {
		struct audit_run *run = audit->runs;

		audit->runs = run->next;
		arena_destroy(run->arena);
	}
	free(audit);
	engine->audit = NULL;
}

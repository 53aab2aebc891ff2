#include "engine_audit.h"

#include "codec/ask.h"
#include "codec/json.h"

enum {
	AT_ONCE = 64,	     /* objects that are begun in one turn */
	PASSED_AT_ONCE = 64, /* records of another kind, likewise */
	SHOWN_AT_ONCE = 500, /* results in one answer */
	RUNS_KEPT = 4,	     /* that have ended */
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
	*trouble =
	    (struct audit_trouble){.key = arena_copy(run->arena, key)};
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

	if (json.data == NULL || run->result_count == RESULTS_MAX)
		return;
	if (more == NULL) {
		more = arena_take_array(run->arena,
		    run->extent == AUDIT_ONE ? TARGETS_MAX : RESULTS_MAX,
		    sizeof(*more));
		run->results = more;
	}
	if (more == NULL ||
	    (run->extent == AUDIT_ONE && run->result_count == TARGETS_MAX))
		return;
	more[run->result_count] = arena_copy(run->arena, json);
	if (more[run->result_count].data != NULL)
		run->result_count++;
}

/* --- as JSON --- */

static void
add_counts(struct text *out, const struct audit_counts *counts)
{
	text_add_format(out,
	    "\"objects\":%llu,\"clean\":%llu,\"found\":%llu,"
	    "\"unreachable\":%llu,\"skipped\":%llu",
	    (unsigned long long)counts->objects,
	    (unsigned long long)counts->clean,
	    (unsigned long long)counts->found,
	    (unsigned long long)counts->unreachable,
	    (unsigned long long)counts->skipped);
}

static struct slice
run_json(const struct audit_run *run, size_t from, struct arena *arena)
{
	struct text out = text_start(arena);
	size_t next = from;

	text_add_format(&out, "{\"run\":%lld,\"state\":\"%s\",\"since\":%lld,",
	    (long long)run->number, run->ended ? "done" : "running",
	    (long long)run->since);
	add_counts(&out, &run->counts);
	text_add_string(&out, ",\"results\":[");
	for (; next < run->result_count && next < from + SHOWN_AT_ONCE;
	     next++) {
		if (next != from)
			text_add_char(&out, ',');
		text_add(&out, run->results[next]);
	}
	text_add_format(&out, "],\"next\":%zu,\"more\":%s}", next,
	    next < run->result_count ? "true" : "false");
	return text_slice(&out);
}

static void
answer_run(const struct audit_run *run, size_t from, int status,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(run->engine);
	struct slice body = {NULL, 0};

	if (arena != NULL)
		body = run_json(run, from, arena);
	answer(arg, body.data != NULL ? status : 503,
	    body.data != NULL ? body : engine_out_of_memory);
	arena_destroy(arena);
}

/* --- the end of a run --- */

/* One entry says what became of all. */
static void
record_run(struct audit_run *run)
{
	struct engine *engine = run->engine;
	struct event event =
	    engine_event(engine, EVENT_AUDIT, "run", LEDGER_NONE);
	char text[200];

	snprintf(text, sizeof(text),
	    "%llu objects: %llu clean, %llu with findings, %llu unreachable,"
	    " %llu skipped",
	    (unsigned long long)run->counts.objects,
	    (unsigned long long)run->counts.clean,
	    (unsigned long long)run->counts.found,
	    (unsigned long long)run->counts.unreachable,
	    (unsigned long long)run->counts.skipped);
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
		answer_run(run, 0, 200, answer, run->arg);
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
		if (!vault_next(
			engine->o.vault, &cursor, arena, record, fail))
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
	if (record != NULL &&
	    !audit_object_begin(
		run, record_type(record), record_object(record), &fail)) {
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
	while (!run->walked && audit->is_met && audit->object_count < AUDITED_MAX &&
	       begun < AT_ONCE && begin_next(run))
		begun++;
	run->is_pumping = false;
	/* Those that were over at once must not hold up the loop. */
	if ((begun == AT_ONCE || run->is_paused) && !run->walked &&
	    !engine->o.loop->operations->soon(engine->o.loop, go_on, engine))
		run->walked = true;
	if (run->walked && run->under_way == 0)
		end_run(run);
}

/* --- verbs --- */

static void
refuse(struct engine *engine, int status, const char *what, const char *hint,
    engine_answer *answer, void *arg)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_INPUT, "%s", what);
	if (hint != NULL)
		fail_hint(&fail, "%s", hint);
	engine_answer_fail(engine, status, "audit", &fail, answer, arg);
}

static struct audit_run *
running_over_all(const struct engine_audit *audit)
{
	struct audit_run *run = audit->runs;

	while (run != NULL && (run->ended || run->extent != AUDIT_ALL))
		run = run->next;
	return run;
}

static void
start_all(struct engine *engine, struct slice actor, engine_answer *answer,
    void *arg)
{
	struct audit_run *run;

	if (running_over_all(engine->audit) != NULL) {
		refuse(engine, 409, "an audit of all objects is under way",
		    "misuctl audit --status, or --stop", answer, arg);
		return;
	}
	run = audit_run_create(engine, AUDIT_ALL, actor);
	if (run == NULL) {
		refuse(engine, 503, "out of memory", NULL, answer, arg);
		return;
	}
	answer_run(run, 0, 202, answer, arg);
	if (!engine->o.loop->operations->soon(engine->o.loop, go_on, engine))
		audit_run_pump(run);
}

static bool
read_object(struct slice text, struct arena *arena, enum object_type *type,
    struct slice *object, struct fail *fail)
{
	char printed[PREFIX_SIZE];
	struct ask ask;

	if (!ask_whois(arena, text, &ask, fail))
		return false;
	if (ask.kind == ASK_DOMAIN) {
		*type = OBJECT_DOMAIN;
		*object = ask.name;
		return true;
	}
	if (ask.kind != ASK_NETWORK)
		return fail_set(
		    fail, FAIL_INPUT, "an object is a domain or a network");
	*type = OBJECT_NETWORK;
	*object = arena_copy(arena,
	    (struct slice){printed, prefix_print(&ask.prefix, printed)});
	return object->data != NULL || fail_memory(fail);
}

static void
start_one(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct audit_run *run = audit_run_create(engine, AUDIT_ONE, actor);
	struct fail fail = FAIL_INIT;
	enum object_type type;
	struct slice object;

	if (run == NULL) {
		refuse(engine, 503, "out of memory", NULL, answer, arg);
		return;
	}
	run->walked = true;
	run->answer = answer;
	run->arg = arg;
	run->is_pumping = true;
	if (!read_object(text, run->arena, &type, &object, &fail) ||
	    !audit_object_begin(run, type, object, &fail)) {
		run->answer = NULL;
		run->ended = true;
		engine_answer_fail(engine, fail.kind == FAIL_INPUT ? 404 : 503,
		    "audit", &fail, answer, arg);
		run->is_pumping = false;
		return;
	}
	run->is_pumping = false;
	audit_run_pump(run);
}

/* NULL after an answer. */
static const struct json_node *
read_text(struct engine *engine, struct slice text, struct arena *arena,
    engine_answer *answer, void *arg)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *node = NULL;

	if (arena == NULL || engine_audit_of(engine) == NULL)
		fail_memory(&fail);
	else
		node = json_parse(
		    arena, text.len != 0 ? text : SLICE("{}"), &fail);
	if (node != NULL && node->kind == JSON_KIND_OBJECT)
		return node;
	refuse(engine, arena == NULL ? 503 : 400, "that is no JSON object",
	    NULL, answer, arg);
	return NULL;
}

static struct slice
member(const struct json_node *node, const char *name)
{
	const struct json_node *found = json_find(node, name);

	return found != NULL && found->kind == JSON_KIND_STRING
		   ? found->string
		   : (struct slice){"", 0};
}

void
engine_audit_start(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	const struct json_node *node =
	    read_text(engine, text, arena, answer, arg);

	if (node == NULL) {
		arena_destroy(arena);
		return;
	}
	if (engine->draining || engine->conf == NULL)
		refuse(engine, 503, "misu is stopping", NULL, answer, arg);
	else if (!engine->conf->audit.given || engine->o.audit_ask == NULL)
		refuse(engine, 409, "nothing is audited here",
		    "misu.conf: audit whois HOST for .TLD as RECIPIENT",
		    answer, arg);
	else if (member(node, "object").len != 0)
		start_one(engine, actor, member(node, "object"), answer, arg);
	else
		start_all(engine, actor, answer, arg);
	arena_destroy(arena);
}

static size_t
number_of(struct slice text)
{
	size_t number = 0;

	for (size_t i = 0; i < text.len && i < 9; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return 0;
		number = number * 10 + (size_t)(text.data[i] - '0');
	}
	return number;
}

/* The one with this number; 0: the newest over all objects. */
static const struct audit_run *
find_run(const struct engine_audit *audit, size_t number)
{
	const struct audit_run *run = audit->runs;

	while (run != NULL && (number != 0 ? (size_t)run->number != number
					   : run->extent == AUDIT_ONE))
		run = run->next;
	return run;
}

void
engine_audit_status(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	const struct json_node *node =
	    read_text(engine, text, arena, answer, arg);
	const struct audit_run *run;

	(void)actor;
	if (node == NULL) {
		arena_destroy(arena);
		return;
	}
	run = find_run(engine->audit, number_of(member(node, "run")));
	if (run == NULL)
		refuse(engine, 404, "there was no such audit since the start",
		    NULL, answer, arg);
	else
		answer_run(
		    run, number_of(member(node, "from")), 200, answer, arg);
	arena_destroy(arena);
}

void
engine_audit_end(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct engine_audit *audit = engine_audit_of(engine);
	struct audit_run *run =
	    audit != NULL ? running_over_all(audit) : NULL;

	(void)actor;
	(void)text;
	if (run == NULL) {
		refuse(engine, 404, "no audit of all objects is under way",
		    NULL, answer, arg);
		return;
	}
	run->walked = true;
	answer_run(run, 0, 200, answer, arg);
	audit_run_pump(run);
}

/* --- the auditor --- */

static struct audited *
find_question(struct engine_audit *audit, int64_t number, size_t *target,
    size_t *ask)
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
		audited = find_question(
		    engine->audit, told.number, &target, &ask);
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
			refuse(engine, 503, "misu is stopping", NULL, answer,
			    run->arg);
	}
}

void
engine_audit_destroy(struct engine *engine)
{
	struct engine_audit *audit = engine->audit;

	if (audit == NULL)
		return;
	engine_audit_stop(engine);
	while (audit->runs != NULL) {
		struct audit_run *run = audit->runs;

		audit->runs = run->next;
		arena_destroy(run->arena);
	}
	free(audit);
	engine->audit = NULL;
}

/* --- metrics --- */

static void
add_state(struct text *text, const char *name, const char *type,
    const struct audit_counts *counts)
{
	const struct {
		const char *state;
		uint64_t count;
	} states[] = {{"clean", counts->clean}, {"found", counts->found},
	    {"unreachable", counts->unreachable},
	    {"skipped", counts->skipped}};

	text_add_format(text, "# TYPE %s %s\n", name, type);
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		text_add_format(text, "%s{state=\"%s\"} %llu\n", name,
		    states[i].state, (unsigned long long)states[i].count);
}

static void
add_findings(struct text *text, const struct engine_audit *audit)
{
	text_add_string(
	    text, "# TYPE misu_audit_findings_total counter\n");
	for (size_t i = 0; i < audit->tally_count; i++)
		for (unsigned k = 0; k < AUDIT_KIND_COUNT; k++)
			text_add_format(text,
			    "misu_audit_findings_total{recipient=\"%s\","
			    "kind=\"%s\"} %llu\n",
			    audit->tallies[i].recipient,
			    audit_kind_name((enum audit_kind)k),
			    (unsigned long long)audit->tallies[i].kinds[k]);
}

void
engine_audit_metrics(struct engine *engine, struct text *text)
{
	const struct engine_audit *audit = engine->audit;

	if (audit == NULL)
		return;
	add_state(text, "misu_audit_servers_total", "counter", &audit->total);
	add_findings(text, audit);
	text_add_format(text,
	    "# TYPE misu_audit_objects_total counter\n"
	    "misu_audit_objects_total %llu\n"
	    "# TYPE misu_audit_runs_total counter\n"
	    "misu_audit_runs_total %llu\n"
	    "# TYPE misu_audit_last_run_seconds gauge\n"
	    "misu_audit_last_run_seconds %lld\n",
	    (unsigned long long)audit->total.objects,
	    (unsigned long long)audit->runs_ended,
	    (long long)audit->last_end / 1000);
	add_state(text, "misu_audit_last_run_servers", "gauge", &audit->last);
	text_add_format(text,
	    "# TYPE misu_audit_last_run_leaks gauge\n"
	    "misu_audit_last_run_leaks %llu\n",
	    (unsigned long long)audit->last.kinds[AUDIT_LEAK]);
}

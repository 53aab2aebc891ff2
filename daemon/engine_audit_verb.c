/* What operators ask of the audit, what they are shown, and /metrics. */
#include "codec/ask.h"
#include "codec/json.h"
#include "engine_audit.h"

enum {
	SHOWN_AT_ONCE = 500,	  /* results in one answer */
	SHOWN_BYTES = 256 * 1024, /* and no more of them behind so many */
};

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
	for (; next < run->result_count && next < from + SHOWN_AT_ONCE &&
	       out.len < SHOWN_BYTES;
	     next++) {
		if (next != from)
			text_add_char(&out, ',');
		text_add(&out, run->results[next]);
	}
	text_add_format(&out, "],\"next\":%zu,\"more\":%s,\"left_out\":%llu}",
	    next, next < run->result_count ? "true" : "false",
	    (unsigned long long)run->left_out);
	return text_slice(&out);
}

void
audit_run_answer(const struct audit_run *run, size_t from, int status,
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

/* --- verbs --- */

void
audit_refuse(struct engine *engine, int status, const char *what,
    const char *hint, engine_answer *answer, void *arg)
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
start_all(
    struct engine *engine, struct slice actor, engine_answer *answer, void *arg)
{
	struct audit_run *run;

	if (running_over_all(engine->audit) != NULL) {
		audit_refuse(engine, 409,
		    "an audit of all objects is under way",
		    "misuctl audit --status, or --stop", answer, arg);
		return;
	}
	run = audit_run_create(engine, AUDIT_ALL, actor);
	if (run == NULL) {
		audit_refuse(engine, 503, "out of memory", NULL, answer, arg);
		return;
	}
	audit_run_answer(run, 0, 202, answer, arg);
	audit_run_soon(run);
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
	*object = arena_copy(
	    arena, (struct slice){printed, prefix_print(&ask.prefix, printed)});
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
		audit_refuse(engine, 503, "out of memory", NULL, answer, arg);
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
	audit_refuse(engine, arena == NULL ? 503 : 400,
	    "that is no JSON object", NULL, answer, arg);
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
engine_audit_start(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	const struct json_node *node =
	    read_text(engine, text, arena, answer, arg);

	if (node == NULL) {
		arena_destroy(arena);
		return;
	}
	if (engine->draining || engine->conf == NULL)
		audit_refuse(
		    engine, 503, "misu is stopping", NULL, answer, arg);
	else if (!engine->conf->audit.given || engine->o.audit_ask == NULL)
		audit_refuse(engine, 409, "nothing is audited here",
		    "misu.conf: audit whois HOST for .TLD as RECIPIENT", answer,
		    arg);
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
		audit_refuse(engine, 404,
		    number_of(member(node, "run")) != 0
			? "misu was started again, and knows this audit no more"
			: "nobody asked for all objects since misu started",
		    "misuctl audit --all", answer, arg);
	else
		audit_run_answer(
		    run, number_of(member(node, "from")), 200, answer, arg);
	arena_destroy(arena);
}

void
engine_audit_end(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct engine_audit *audit = engine_audit_of(engine);
	struct audit_run *run = audit != NULL ? running_over_all(audit) : NULL;

	(void)actor;
	(void)text;
	if (run == NULL) {
		audit_refuse(engine, 404,
		    "no audit of all objects is under way", NULL, answer, arg);
		return;
	}
	run->walked = true;
	audit_run_answer(run, 0, 200, answer, arg);
	audit_run_pump(run);
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
	    {"unreachable", counts->unreachable}, {"skipped", counts->skipped}};

	text_add_format(text, "# TYPE %s %s\n", name, type);
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		text_add_format(text, "%s{state=\"%s\"} %llu\n", name,
		    states[i].state, (unsigned long long)states[i].count);
}

static void
add_findings(struct text *text, const struct engine_audit *audit)
{
	text_add_string(text, "# TYPE misu_audit_findings_total counter\n");
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

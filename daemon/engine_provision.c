/*
 * The verbs of a subject's stop.  It is in force, durable, before its entry
 * is written; a resumption is an entry before it is in force: so what goes
 * out is never more than the ledger says.
 */
#include "engine_flags.h"
#include "engine_stop.h"
#include "engine_view.h"

enum { CASE_MAX = 64, REASON_MAX = 500, HELD_MAX = 1000 };

struct order {
	struct engine *engine;
	struct arena *arena;
	struct stop stop;
	struct slice actor;
	bool again; /* it was stopped before */
	size_t from, limit; /* which of those who hold data are told */
	engine_answer *answer;
	void *arg; /* answer NULL: nobody asked, a crash left it */
};

static void
give_up(
    struct order *order, int status, const char *type, const struct fail *fail)
{
	struct engine *engine = order->engine;

	if (order->answer != NULL)
		engine_answer_fail(
		    engine, status, type, fail, order->answer, order->arg);
	else
		engine_log(engine, "error", "stop-half-done", fail);
	arena_destroy(order->arena);
}

struct slice
engine_member(const struct json_node *node, const char *name)
{
	const struct json_node *member = json_find(node, name);

	return member != NULL && member->kind == JSON_KIND_STRING
		   ? member->string
		   : (struct slice){"", 0};
}

/* A number in decimal; empty: 0. */
static bool
read_number(struct slice text, size_t *out)
{
	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' || i > 8)
			return false;
		*out = *out * 10 + (size_t)(text.data[i] - '0');
	}
	return true;
}

static bool
read_order(struct order *order, struct slice text, struct fail *fail)
{
	const struct json_node *node = json_parse(order->arena, text, fail);
	struct stop *stop = &order->stop;

	if (node == NULL || node->kind != JSON_KIND_OBJECT)
		return fail_set(fail, FAIL_INPUT, "not an order misu knows");
	stop->subject = engine_member(node, "subject");
	stop->case_id = engine_member(node, "case");
	stop->reason = engine_member(node, "reason");
	stop->actor = order->actor;
	if (!read_number(engine_member(node, "from"), &order->from) ||
	    !read_number(engine_member(node, "limit"), &order->limit) ||
	    order->limit > HELD_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "from is a number, and limit one of 1 to %d", HELD_MAX);
	if (stop->subject.len == 0 || stop->subject.len > 255)
		return fail_set(
		    fail, FAIL_INPUT, "a subject's id has 1 to 255 bytes");
	if (stop->case_id.len > CASE_MAX || stop->reason.len > REASON_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "a case has at most %d bytes, a reason %d", CASE_MAX,
		    REASON_MAX);
	return true;
}

/* NULL after an answer. */
static struct order *
order_create(
    struct engine *engine, struct slice actor, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct order *order =
	    arena != NULL ? arena_take(arena, sizeof(*order)) : NULL;
	struct fail fail = FAIL_INIT;

	if (order != NULL && engine->o.stops != NULL) {
		*order = (struct order){.engine = engine,
		    .arena = arena,
		    .actor = arena_copy(arena, actor),
		    .answer = answer,
		    .arg = arg};
		return order;
	}
	if (order == NULL)
		fail_memory(&fail);
	else
		fail_set(&fail, FAIL_WORLD, "misu keeps no stops here");
	if (answer != NULL)
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
	arena_destroy(arena);
	return NULL;
}

/* --- answers --- */

struct telling {
	struct engine *engine;
	struct text *text;
	const char *comma;
	struct stop_held *rows; /* gathered before any is told */
	size_t skip, count, limit;
	bool more;
};

static bool
gather_held(void *arg, const struct stop_held *held)
{
	struct telling *telling = arg;

	telling->more = telling->count == telling->limit;
	if (telling->more)
		return false;
	if (telling->skip != 0)
		telling->skip--;
	else
		telling->rows[telling->count++] = *held;
	return true;
}

static void
add_held(struct telling *telling, const struct stop_held *held)
{
	struct text *text = telling->text;
	const struct ruleset *ruleset = telling->engine->ruleset;
	const char *state;
	unsigned index;

	text_add_string(text, telling->comma);
	telling->comma = ",";
	text_add_format(text, "{\"type\":\"%s\",\"object\":",
	    object_type_name((enum object_type)held->type));
	text_add_json(text, held->object);
	text_add_string(text, ",\"recipient\":");
	text_add_json(text, held->recipient);
	if (ruleset_find_recipient(ruleset, held->recipient, &index)) {
		text_add_string(text, ",\"title\":");
		text_add_json(text, ruleset_recipient(ruleset, index)->title);
	}
	text_add_string(text, ",\"purpose\":");
	text_add_json(text, held->purpose);
	text_add_string(text, ",\"channel\":");
	text_add_json(text, held->channel);
	text_add_string(text, ",\"onward\":");
	text_add_json(text, held->onward);
	text_add_format(text, ",\"entry\":%llu,\"time\":%lld,\"state\":",
	    (unsigned long long)held->entry, (long long)held->time);
	state = engine_removal_state(telling->engine, text->arena, held);
	text_add_json(text, slice_from(state));
	if (strcmp(state, "held") == 0) {
		text_add_string(text, ",\"why\":");
		text_add_json(text,
		    slice_from(engine_flags_why_held(telling->engine, held)));
	}
	if (held->about >= 0)
		text_add_format(
		    text, ",\"removal\":%lld", (long long)held->about);
	text_add_char(text, '}');
}

static void
add_stop(struct text *text, const struct stop *stop)
{
	text_add_string(text, "{\"subject\":");
	text_add_json(text, stop->subject);
	text_add_string(text, ",\"pseudonym\":\"");
	text_add_hex(text, stop->pseudonym, PSEUDONYM_SIZE);
	text_add_string(text, "\",\"case\":");
	text_add_json(text, stop->case_id);
	text_add_string(text, ",\"actor\":");
	text_add_json(text, stop->actor);
	text_add_string(text, ",\"reason\":");
	text_add_json(text, stop->reason);
	text_add_format(text, ",\"since\":%lld,\"entry\":%lld,\"looked_up\":%s",
	    (long long)stop->since, (long long)stop->entry,
	    stop->is_looked_up ? "true" : "false");
}

static bool
add_whole(struct order *order, struct text *text, struct fail *fail)
{
	struct telling telling = {.engine = order->engine,
	    .text = text,
	    .comma = "",
	    .rows = arena_take_array(
		order->arena, HELD_MAX, sizeof(*telling.rows)),
	    .skip = order->from,
	    .limit = order->limit != 0 ? order->limit : HELD_MAX};

	if (telling.rows == NULL)
		return fail_memory(fail);
	add_stop(text, &order->stop);
	text_add_format(
	    text, ",\"again\":%s,\"held\":[", order->again ? "true" : "false");
	if (!stops_each_held(order->engine->o.stops, order->arena,
		order->stop.id, gather_held, &telling, fail))
		return false;
	for (size_t i = 0; i < telling.count; i++)
		add_held(&telling, &telling.rows[i]);
	text_add_char(text, ']');
	if (telling.more)
		text_add_format(
		    text, ",\"next\":%zu", order->from + telling.count);
	text_add_char(text, '}');
	return text_slice(text).data != NULL || fail_memory(fail);
}

static void
answer_whole(struct order *order)
{
	struct text text = text_start(order->arena);
	struct fail fail = FAIL_INIT;

	if (!add_whole(order, &text, &fail)) {
		give_up(order, 503, "stops", &fail);
		return;
	}
	if (order->answer != NULL)
		order->answer(order->arg, 200, text_slice(&text));
	arena_destroy(order->arena);
}

/* --- recording --- */

static void
record(struct order *order, enum subject_step step, ledger_done *done)
{
	struct engine *engine = order->engine;
	struct event event = engine_step_event(engine, step);
	struct subject subject = {.slot = order->stop.slot};
	char request[OUTCOME_REQUEST];
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, order->arena, &fail);

	memcpy(subject.pseudonym, order->stop.pseudonym, PSEUDONYM_SIZE);
	snprintf(request, sizeof(request), "provision/%lld/%s",
	    (long long)order->stop.id, subject_step_info[step].word);
	event.request = slice_from(request);
	event.actor = order->actor;
	event.reason = order->stop.reason;
	event.case_id = order->stop.case_id;
	event.subject = &subject;
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		give_up(order, 503, "ledger-stopped", &fail);
		return;
	}
	engine->under_way++;
	ledger_commit(batch, done, order);
}

/* --- stop --- */

static void
looked_up(void *arg, const struct fail *fail)
{
	struct order *order = arg;

	if (fail != NULL) {
		give_up(order, 503, "look-up", fail);
		return;
	}
	order->stop.is_looked_up = true;
	engine_stop_waiting(order->engine);
	engine_flags_stop(order->engine, order->stop.id);
	answer_whole(order);
}

static void
look_up(struct order *order)
{
	engine_look_up(order->engine, &order->stop, looked_up, order);
}

static void
stopped(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct order *order = arg;
	struct engine *engine = order->engine;
	struct fail fail = FAIL_INIT;

	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	order->stop.entry = (int64_t)first;
	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE)
		give_up(order, 503, "ledger-stopped", ledger_fail);
	else if (!stops_set_recorded(
		     engine->o.stops, order->stop.id, first, &fail) ||
		 (engine->o.view != NULL &&
		     !view_take(engine->o.view, first, &fail)))
		give_up(order, 503, "stops", &fail);
	else
		look_up(order);
	engine_finish_one(engine);
}

/* Whatever is not done yet of a stop that is in force. */
static void
pursue(struct order *order)
{
	if (order->stop.entry == STOP_NOT_RECORDED)
		record(order, SUBJECT_PROVISION_STOPPED, stopped);
	else if (!order->stop.is_looked_up)
		look_up(order);
	else
		answer_whole(order);
}

/* True: it is in force, perhaps since long. */
static bool
put_in_force(struct order *order, int *status, struct fail *fail)
{
	struct engine *engine = order->engine;
	struct stop *stop = &order->stop, found;
	struct subject subject;

	*status = 503;
	/* From its first moment on nothing is told of what is known. */
	if (!engine_view_doubt_subject(engine, stop->subject, fail))
		return false;
	if (stops_find(
		engine->o.stops, order->arena, stop->subject, &found, fail)) {
		*stop = found;
		order->again = true;
		return true;
	}
	if (fail->kind != FAIL_NONE)
		return false;
	if (!keys_find(engine->o.keys, stop->subject, &subject)) {
		*status = 404;
		fail_set(fail, FAIL_INPUT, "there is no such subject");
		fail_hint(fail,
		    "who has no id is \"object:TYPE:NAME/ROLE\", a contact "
		    "over EPP \"object:contact:UPSTREAM/ID/contact\"");
		return false;
	}
	memcpy(stop->pseudonym, subject.pseudonym, PSEUDONYM_SIZE);
	stop->slot = subject.slot;
	digest_wipe(&subject, sizeof(subject));
	stop->since = engine_now(engine);
	stop->entry = STOP_NOT_RECORDED;
	return stops_add(engine->o.stops, stop, &stop->id, fail);
}

void
engine_provision_stop(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct order *order = order_create(engine, actor, answer, arg);
	struct fail fail = FAIL_INIT;
	int status = 400;

	if (order == NULL)
		return;
	if (!read_order(order, text, &fail) ||
	    !put_in_force(order, &status, &fail))
		give_up(order, status, status == 404 ? "no-subject" : "stops",
		    &fail);
	else
		pursue(order);
}

/* --- resume --- */

static void
resumed(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct order *order = arg;
	struct engine *engine = order->engine;
	struct fail fail = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		give_up(order, 503, "ledger-stopped", ledger_fail);
		engine_finish_one(engine);
		return;
	}
	engine_flags_resume(engine, order->stop.id);
	if (!stops_end(engine->o.stops, order->stop.id, &fail) ||
	    !engine_walk_stops(engine, &fail)) {
		give_up(order, 503, "stops", &fail);
	} else {
		order->answer(order->arg, 200, SLICE("{\"resumed\":true}"));
		arena_destroy(order->arena);
	}
	engine_finish_one(engine);
}

void
engine_provision_resume(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct order *order = order_create(engine, actor, answer, arg);
	struct fail fail = FAIL_INIT;
	struct stop found;

	if (order == NULL)
		return;
	if (!read_order(order, text, &fail)) {
		give_up(order, 400, "stops", &fail);
		return;
	}
	if (!stops_find(engine->o.stops, order->arena, order->stop.subject,
		&found, &fail)) {
		if (fail.kind == FAIL_NONE)
			fail_set(&fail, FAIL_INPUT,
			    "this subject has not stopped anything");
		give_up(order, fail.kind == FAIL_INPUT ? 404 : 503, "no-stop",
		    &fail);
		return;
	}
	found.case_id = order->stop.case_id;
	found.reason = order->stop.reason;
	order->stop = found;
	record(order, SUBJECT_PROVISION_RESUMED, resumed);
}

/* --- list --- */

static bool
add_listed(void *arg, const struct stop *stop)
{
	struct telling *telling = arg;

	text_add_string(telling->text, telling->comma);
	telling->comma = ",";
	add_stop(telling->text, stop);
	text_add_char(telling->text, '}');
	return !telling->text->failed;
}

static void
list_all(struct order *order)
{
	struct text text = text_start(order->arena);
	struct telling telling = {
	    .engine = order->engine, .text = &text, .comma = ""};
	struct fail fail = FAIL_INIT;
	bool ok;

	text_add_char(&text, '[');
	ok = stops_each(
	    order->engine->o.stops, order->arena, add_listed, &telling, &fail);
	text_add_char(&text, ']');
	if (!ok || text_slice(&text).data == NULL) {
		fail_memory(&fail);
		give_up(order, 503, "stops", &fail);
		return;
	}
	order->answer(order->arg, 200, text_slice(&text));
	arena_destroy(order->arena);
}

void
engine_provision_list(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct order *order = order_create(engine, actor, answer, arg);
	struct fail fail = FAIL_INIT;

	if (order == NULL)
		return;
	if (text.len == 0 || slice_is(text, "{}")) {
		list_all(order);
	} else if (!read_order(order, text, &fail)) {
		give_up(order, 400, "stops", &fail);
	} else if (stops_find(engine->o.stops, order->arena,
		       order->stop.subject, &order->stop, &fail)) {
		answer_whole(order);
	} else {
		if (fail.kind == FAIL_NONE)
			fail_set(&fail, FAIL_INPUT,
			    "this subject has not stopped anything");
		give_up(order, fail.kind == FAIL_INPUT ? 404 : 503, "no-stop",
		    &fail);
	}
}

/* --- after a crash --- */

static bool
go_on(void *arg, const struct stop *stop)
{
	struct engine *engine = arg;
	struct order *order;

	if (stop->entry != STOP_NOT_RECORDED && stop->is_looked_up) {
		engine_flags_stop(engine, stop->id);
		return true;
	}
	order = order_create(engine, stop->actor, NULL, NULL);
	if (order == NULL)
		return false;
	order->stop = *stop;
	order->stop.subject = arena_copy(order->arena, stop->subject);
	order->stop.case_id = arena_copy(order->arena, stop->case_id);
	order->stop.actor = order->actor;
	order->stop.reason = arena_copy(order->arena, stop->reason);
	if (order->actor.data == NULL || order->stop.subject.data == NULL ||
	    order->stop.case_id.data == NULL ||
	    order->stop.reason.data == NULL) {
		arena_destroy(order->arena);
		return false;
	}
	pursue(order);
	return true;
}

void
engine_provision_recover(struct engine *engine)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;

	if (!stops_any(engine->o.stops) || arena == NULL) {
		arena_destroy(arena);
		return;
	}
	if (!stops_each(engine->o.stops, arena, go_on, engine, &fail))
		engine_log(engine, "error", "stops-not-read", &fail);
	arena_destroy(arena);
}

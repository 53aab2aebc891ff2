/*
 * What operators do: look at holds and decide them, take work items from the
 * desk and say they are done.  Every showing of a value and every decision is
 * an entry, durable before the operator sees the answer.
 */
#include "codec/pack.h"
#include "codec/wire.h"
#include "engine_approval.h"

/* An operator's request that waits for its entry. */
struct request {
	struct engine *engine;
	struct arena *arena;
	struct spool_item item;
	struct slice actor, reason;
	bool in_hand;
	engine_answer *answer;
	void *arg;
};

/* Nobody else works on this item meanwhile; false if somebody does. */
static bool
take_in_hand(struct engine *engine, int64_t id)
{
	size_t empty = IN_HAND_MAX;

	for (size_t i = 0; i < IN_HAND_MAX; i++) {
		if (engine->in_hand[i] == id)
			return false;
		if (engine->in_hand[i] == 0)
			empty = i;
	}
	if (empty == IN_HAND_MAX)
		return false;
	engine->in_hand[empty] = id;
	return true;
}

bool
engine_is_in_hand(const struct engine *engine, int64_t id)
{
	for (size_t i = 0; i < IN_HAND_MAX; i++)
		if (engine->in_hand[i] == id)
			return true;
	return false;
}

static void
request_end(struct request *request)
{
	struct engine *engine = request->engine;

	for (size_t i = 0; request->in_hand && i < IN_HAND_MAX; i++)
		if (engine->in_hand[i] == request->item.id)
			engine->in_hand[i] = 0;
	arena_destroy(request->arena);
}

static void
answer_fail(struct request *request, int status, const char *type,
    const struct fail *fail)
{
	engine_answer_fail(request->engine, status, type, fail,
	    request->answer, request->arg);
	request_end(request);
}

/*
 * Load the item an operator names, which must be in `state`.  NULL after it
 * was answered.
 */
static struct request *
request_create(struct engine *engine, struct slice actor, int64_t id,
    enum spool_state state, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct request *request =
	    arena != NULL ? arena_take(arena, sizeof(*request)) : NULL;
	struct request nothing = {
	    .engine = engine, .arena = arena, .answer = answer, .arg = arg};
	struct fail fail = FAIL_INIT;

	if (request == NULL) {
		fail_memory(&fail);
		answer_fail(&nothing, 503, "busy", &fail);
		return NULL;
	}
	*request = nothing;
	request->actor = arena_copy(arena, actor);
	if (!spool_get(engine->o.spool, arena, id, &request->item, &fail)) {
		if (fail.kind == FAIL_NONE)
			fail_set(&fail, FAIL_INPUT, "there is no item %lld",
			    (long long)id);
		answer_fail(request, fail.kind == FAIL_INPUT ? 404 : 503,
		    "no-item", &fail);
		return NULL;
	}
	if (request->item.state != state) {
		fail_set(&fail, FAIL_INPUT, "item %lld is %s, not %s",
		    (long long)id, spool_state_name(request->item.state),
		    spool_state_name(state));
		answer_fail(request, 409, "wrong-state", &fail);
		return NULL;
	}
	request->in_hand = take_in_hand(engine, id);
	if (!request->in_hand) {
		fail_set(&fail, FAIL_INPUT,
		    "another operator is at item %lld", (long long)id);
		answer_fail(request, 409, "in-hand", &fail);
		return NULL;
	}
	return request;
}

static void
add_item(struct text *text, const struct spool_item *item)
{
	text_add_format(text, "{\"id\":%lld,\"recipient\":",
	    (long long)item->id);
	text_add_json(text, item->recipient);
	text_add_string(text, ",\"purpose\":");
	text_add_json(text, item->purpose);
	text_add_format(text,
	    ",\"operation\":\"%s\",\"object_type\":\"%s\",\"entry\":%llu,"
	    "\"rule\":%u,\"created\":%lld,\"outdated\":%s,\"submission\":",
	    operation_name((enum operation)item->operation),
	    object_type_name((enum object_type)item->object_type),
	    (unsigned long long)item->entry, item->rule,
	    (long long)item->created, item->outdated ? "true" : "false");
	text_add_json(text, item->submission);
	if (engine_given_case(item->submission) != 0)
		text_add_format(text, ",\"case\":\"R-%lld\"",
		    (long long)engine_given_case(item->submission));
}

static struct slice
number_of(char buffer[24], int64_t id)
{
	snprintf(buffer, 24, "%lld", (long long)id);
	return slice_from(buffer);
}

struct listing {
	struct engine *engine;
	struct text *text;
};

static bool
list_item(void *arg, const struct spool_item *item)
{
	struct listing *listing = arg;
	struct text *text = listing->text;
	char id[24];

	if (text->len > 1)
		text_add_char(text, ',');
	add_item(text, item);
	if (item->state == SPOOL_HELD)
		approval_add(listing->engine, text, CONF_TWO_HOLDS,
		    number_of(id, item->id));
	text_add_char(text, '}');
	return true;
}

static void
list(struct engine *engine, enum spool_state state, engine_answer *answer,
    void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	struct slice body = {NULL, 0};

	if (arena != NULL) {
		struct text text = text_start(arena);
		struct listing listing = {engine, &text};

		text_add_char(&text, '[');
		if (spool_each(engine->o.spool, state, 10000, list_item,
			&listing, &fail)) {
			text_add_char(&text, ']');
			body = text_slice(&text);
		}
	}
	if (body.data != NULL) {
		answer(arg, 200, body);
	} else {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "spool", &fail, answer, arg);
	}
	arena_destroy(arena);
}

void
engine_hold_list(struct engine *engine, engine_answer *answer, void *arg)
{
	list(engine, SPOOL_HELD, answer, arg);
}

void
engine_desk_list(struct engine *engine, engine_answer *answer, void *arg)
{
	list(engine, SPOOL_LAID_OUT, answer, arg);
}

typedef void continued(struct request *request);

/* The request goes on in `then` once its event is durable. */
struct recorded {
	struct request *request;
	continued *then;
};

static void
event_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct recorded *recorded = arg;
	struct request *request = recorded->request;
	struct engine *engine = request->engine;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE)
		answer_fail(request, 503, "ledger-stopped", fail);
	else
		recorded->then(request);
	engine_finish_one(engine);
}

static void
record_first(struct request *request, enum event_type type, const char *word,
    continued *then)
{
	struct engine *engine = request->engine;
	char id[OUTCOME_REQUEST];
	struct event event =
	    engine_event(engine, type, word, request->item.entry);
	struct recorded *recorded =
	    arena_take(request->arena, sizeof(*recorded));
	struct fail fail = FAIL_INIT;
	struct batch *batch = recorded != NULL
	    ? ledger_begin(engine->o.ledger, request->arena, &fail)
	    : NULL;

	if (type == EVENT_OUTCOME)
		event.request = engine_outcome_request(
		    id, request->item.entry, word);
	event.actor = request->actor;
	event.reason = request->reason;
	if (recorded == NULL)
		fail_memory(&fail);
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		answer_fail(request, 503, "ledger-stopped", &fail);
		return;
	}
	*recorded = (struct recorded){request, then};
	engine->under_way++;
	ledger_commit(batch, event_durable, recorded);
}

/* A hold of an EPP command: its record is in the item, not in the vault. */
static bool
is_of_line(const struct request *request)
{
	return wire_is_request(request->item.submission);
}

static struct record *
stored_record(struct request *request, struct fail *fail)
{
	bool changes;
	struct record *record = is_of_line(request)
	    ? unpack_record(request->arena, request->item.payload, fail)
	    : engine_stored(request->engine, &request->item, request->arena,
		  &changes, fail);

	if (record == NULL)
		fail_set(fail, FAIL_WORLD, "the vault has no such record");
	return record;
}

static void
answer_text(struct request *request, struct text *text)
{
	struct slice body = text_slice(text);
	struct fail fail = FAIL_INIT;

	if (body.data == NULL) {
		fail_memory(&fail);
		answer_fail(request, 503, "busy", &fail);
		return;
	}
	request->answer(request->arg, 200, body);
	request_end(request);
}

static void
show_hold(struct request *request)
{
	struct engine *engine = request->engine;
	struct fail fail = FAIL_INIT;
	struct record *record = stored_record(request, &fail);
	struct text text = text_start(request->arena);
	char id[24];

	if (record == NULL) {
		answer_fail(request, 503, "vault", &fail);
		return;
	}
	add_item(&text, &request->item);
	approval_add(engine, &text, CONF_TWO_HOLDS,
	    number_of(id, request->item.id));
	text_add_string(&text, ",\"rule_text\":");
	text_add_json(&text,
	    ruleset_rule_text(engine->ruleset, request->item.rule));
	text_add_string(&text, ",\"record\":");
	text_add(&text, submission_print(request->arena, record));
	text_add_char(&text, '}');
	answer_text(request, &text);
}

void
engine_hold_show(struct engine *engine, struct slice actor, int64_t id,
    engine_answer *answer, void *arg)
{
	struct request *request =
	    request_create(engine, actor, id, SPOOL_HELD, answer, arg);

	if (request != NULL)
		record_first(request, EVENT_REVEAL, "hold-shown", show_hold);
}

static void
answer_word(struct request *request, const char *word, int64_t item)
{
	struct text text = text_start(request->arena);

	text_add_format(&text, "{\"id\":%lld,\"state\":\"%s\"",
	    (long long)request->item.id, word);
	if (item != 0)
		text_add_format(&text, ",\"item\":%lld", (long long)item);
	text_add_char(&text, '}');
	answer_text(request, &text);
}

/* It stays as it is: who asked asks again. */
static bool
is_put_off(struct request *request, int64_t id)
{
	struct fail fail = FAIL_INIT;

	if (id != RENEW_WAITS)
		return false;
	fail_set(&fail, FAIL_WORLD, "the object is being changed");
	fail_hint(&fail, "try again in a moment");
	answer_fail(request, 503, "busy", &fail);
	return true;
}

static void
released(void *arg, int64_t id, const struct fail *fail)
{
	struct request *request = arg;
	struct engine *engine = request->engine;

	if (is_put_off(request, id))
		return;
	if (fail != NULL) {
		answer_fail(request, 503, "release", fail);
		return;
	}
	engine_case_decided(engine, &request->item, id, request->actor);
	answer_word(request, "approved", id);
	engine_courier_wake(engine);
}

static void
refuse(struct request *request)
{
	struct fail fail = FAIL_INIT;
	char id[24];

	approval_drop(request->engine, CONF_TWO_HOLDS,
	    number_of(id, request->item.id));
	if (!spool_set_state(request->engine->o.spool, request->item.id,
		SPOOL_REFUSED, &fail)) {
		answer_fail(request, 503, "spool", &fail);
		return;
	}
	engine_case_decided(
	    request->engine, &request->item, 0, request->actor);
	answer_word(request, "refused", 0);
}

/*
 * An approval is for the content that was held, not for what came since, and
 * gives nothing out in a request that is closed.
 */
static bool
may_pass(struct request *request, struct fail *fail)
{
	struct record *record;
	struct digest now;
	bool ends;

	if (!engine_given_ends(request->engine, &request->item, request->arena,
		&ends, fail))
		return false;
	if (ends) {
		fail_set(fail, FAIL_INPUT,
		    "request R-%lld is closed: nothing was approved",
		    (long long)engine_given_case(request->item.submission));
		fail_hint(fail, "refuse this hold; another request may give it");
		return false;
	}
	record = stored_record(request, fail);
	if (record == NULL)
		return false;
	now = engine_content(request->engine, record, request->arena);
	if (digest_equal(&now, &request->item.content))
		return true;
	fail_set(fail, FAIL_INPUT,
	    "the record changed since it was held: nothing was approved");
	fail_hint(fail, "refuse this hold; the newer submission has its own");
	return false;
}

/* While the approval became durable, another submission may have come. */
static void
release(struct request *request)
{
	struct fail fail = FAIL_INIT;

	if (may_pass(request, &fail))
		engine_courier_renew(request->engine, &request->item, true,
		    released, request);
	else
		answer_fail(request, fail.kind == FAIL_INPUT ? 409 : 503,
		    "content-changed", &fail);
}

/* Nothing is sent: the backend sends the same command again. */
static void
let_pass(struct request *request)
{
	struct text text = text_start(request->arena);
	struct fail fail = FAIL_INIT;

	if (!spool_set_state(request->engine->o.spool, request->item.id,
		SPOOL_APPROVED, &fail)) {
		answer_fail(request, 503, "spool", &fail);
		return;
	}
	text_add_format(&text,
	    "{\"id\":%lld,\"state\":\"approved\",\"waits\":true}",
	    (long long)request->item.id);
	answer_text(request, &text);
}

/* As many agreed as misu.conf wants. */
static void
approved(void *arg, enum approval_word word, const struct fail *fail)
{
	struct request *request = arg;

	switch (word) {
	case APPROVAL_WHOLE:
		record_first(request, EVENT_HOLD, "approved",
		    is_of_line(request) ? let_pass : release);
		break;
	case APPROVAL_WAITS:
		answer_word(request, "approved-once", 0);
		break;
	case APPROVAL_REFUSED:
		answer_fail(request, 409, "same-operator", fail);
		break;
	case APPROVAL_FAILED:
		answer_fail(request, 503, "approval", fail);
		break;
	}
}

static void
give_approval(struct request *request)
{
	char id[24];
	const struct approval_ask ask = {.matter = CONF_TWO_HOLDS,
	    .about = number_of(id, request->item.id),
	    .actor = request->actor,
	    .reason = request->reason,
	    .entry = request->item.entry};

	approval_give(request->engine, &ask, approved, request);
}

void
engine_hold_decide(struct engine *engine, struct slice actor, int64_t id,
    bool approve, struct slice reason, engine_answer *answer, void *arg)
{
	struct request *request =
	    request_create(engine, actor, id, SPOOL_HELD, answer, arg);
	struct fail fail = FAIL_INIT;

	if (request == NULL)
		return;
	request->reason = arena_copy(request->arena, reason);
	if (approve && !is_of_line(request) &&
	    !may_pass(request, &fail)) {
		answer_fail(request, fail.kind == FAIL_INPUT ? 409 : 503,
		    "content-changed", &fail);
		return;
	}
	if (approve)
		give_approval(request);
	else
		record_first(request, EVENT_HOLD, "refused", refuse);
}

static void
show_desk(struct request *request)
{
	struct text text = text_start(request->arena);

	add_item(&text, &request->item);
	text_add_string(&text, ",\"text\":");
	text_add_json(&text, request->item.payload);
	text_add_char(&text, '}');
	answer_text(request, &text);
}

static void
desk_renewed(void *arg, int64_t id, const struct fail *fail)
{
	struct request *request = arg;
	struct engine *engine = request->engine;
	struct fail gone = FAIL_INIT;

	if (is_put_off(request, id))
		return;
	if (fail != NULL) {
		answer_fail(request, 503, "decide-again", fail);
		return;
	}
	fail_set(&gone, FAIL_INPUT,
	    "policy, consent or request changed since this item was laid"
	    " out");
	if (id != 0)
		fail_hint(&gone, "item %lld stands for it now", (long long)id);
	else
		fail_hint(&gone, "it may not be sent any more");
	answer_fail(request, 409, "superseded", &gone);
	engine_courier_wake(engine);
}

/* True when the item may be worked on; else it was answered. */
static bool
is_current(struct request *request)
{
	struct engine *engine = request->engine;
	struct spool_item *item = &request->item;
	struct fail fail = FAIL_INIT;
	bool ends;

	if (!engine_given_ends(engine, item, request->arena, &ends, &fail)) {
		answer_fail(request, 503, "spool", &fail);
		return false;
	}
	if (item->outdated || ends ||
	    !digest_equal(&item->epoch, &engine->epoch)) {
		engine_courier_renew(
		    engine, item, false, desk_renewed, request);
		return false;
	}
	if (seal_restore(engine->o.ledger, request->arena, item->entry,
		&item->leaf, item->payload, &fail) == NULL) {
		engine_log(engine, "error", "seal-broken", &fail);
		answer_fail(request, 503, "seal-broken", &fail);
		return false;
	}
	return true;
}

void
engine_desk_show(struct engine *engine, struct slice actor, int64_t id,
    engine_answer *answer, void *arg)
{
	struct request *request =
	    request_create(engine, actor, id, SPOOL_LAID_OUT, answer, arg);

	if (request != NULL && is_current(request))
		record_first(request, EVENT_REVEAL, "desk-shown", show_desk);
}

static void
desk_finished(struct request *request)
{
	struct fail fail = FAIL_INIT;

	if (!spool_set_state(request->engine->o.spool, request->item.id,
		SPOOL_DONE, &fail)) {
		answer_fail(request, 503, "spool", &fail);
		return;
	}
	answer_word(request, "done", 0);
}

void
engine_desk_done(struct engine *engine, struct slice actor, int64_t id,
    struct slice note, engine_answer *answer, void *arg)
{
	struct request *request =
	    request_create(engine, actor, id, SPOOL_LAID_OUT, answer, arg);

	if (request == NULL)
		return;
	request->reason = arena_copy(request->arena, note);
	record_first(request, EVENT_OUTCOME, "sent", desk_finished);
}

/* What misuctl may ask of a running misu: a table of verbs. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "codec/json.h"
#include "engine_order.h"
#include "keeper.h"
#include "line.h"
#include "log.h"
#include "service_priv.h"

enum { LIST = -1 };

struct verb {
	const char *name;
	bool needs_id;
	int breaks; /* of lines, that its text has; LIST: its reader looks */
	void (*run)(struct service *service, const struct control_ask *ask,
	    struct control_request *request);
};

static void
give_problem(struct control_request *request, int status,
    const struct fail *fail, const char *diagnostics)
{
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);

	if (arena == NULL) {
		control_answer(request, 503, SLICE("{}"));
		return;
	}
	text_add_string(&text, "{\"title\":");
	text_add_json(&text, slice_from(fail->text));
	text_add_format(&text, ",\"status\":%d,\"place\":", status);
	text_add_json(&text, slice_from(fail->place));
	text_add_string(&text, ",\"detail\":");
	text_add_json(&text, slice_from(fail->hint));
	text_add_string(&text, ",\"diagnostics\":");
	text_add_json(&text,
	    slice_from(diagnostics != NULL ? diagnostics : ""));
	text_add_string(&text, "}");
	control_answer(request, status, text_slice(&text));
	arena_destroy(arena);
}

void
service_problem(
    struct control_request *request, int status, const struct fail *fail)
{
	give_problem(request, status, fail, NULL);
}

static void
run_reload(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	struct fail fail = FAIL_INIT;
	char *diagnostics = NULL;

	(void)ask;
	if (reload_run(service, &diagnostics, &fail))
		control_answer(request, 200,
		    service->restart_needed
			? SLICE("{\"reloaded\":true,\"restart\":true}")
			: SLICE("{\"reloaded\":true}"));
	else
		give_problem(request, 422, &fail, diagnostics);
	free(diagnostics);
}

static void
add_policy(struct text *text, const struct ruleset *ruleset)
{
	text_add_string(text, "\"policy\":");
	text_add_json(text, ruleset_name(ruleset));
	text_add_format(text, ",\"revision\":%u,\"identity\":\"",
	    ruleset_revision(ruleset));
	text_add_hex(text, ruleset_identity(ruleset)->bytes, DIGEST_SIZE);
	text_add_string(text, "\"");
}

static void
run_status(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	const struct fail *stopped = ledger_stopped(service->ledger);
	const struct fail *refuses = service_refuses(service);
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);

	(void)ask;
	if (arena == NULL) {
		control_answer(request, 503, SLICE("{}"));
		return;
	}
	text_add_char(&text, '{');
	add_policy(&text, service->ruleset);
	text_add_format(&text,
	    ",\"uptime\":%lld,\"entries\":%llu,\"stopping\":%s,\"spool\":{",
	    (long long)service_up(service) / 1000,
	    (unsigned long long)ledger_size(service->ledger),
	    service->stopping ? "true" : "false");
	for (unsigned i = 0; i < SPOOL_STATE_COUNT; i++)
		text_add_format(&text, "%s\"%s\":%zu", i == 0 ? "" : ",",
		    spool_state_name((enum spool_state)i),
		    spool_count(service->spool, (enum spool_state)i));
	text_add_string(&text, "},\"ledger\":");
	text_add_json(&text,
	    slice_from(stopped != NULL ? stopped->text : "writes"));
	text_add_string(&text, ",\"submissions\":");
	text_add_json(&text,
	    slice_from(refuses != NULL ? refuses->text : "taken"));
	service_add_witnesses(service, arena, &text);
	text_add_string(&text, "}");
	control_answer(request, 200, text_slice(&text));
	arena_destroy(arena);
}

static void
run_stop(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	(void)ask;
	control_answer(request, 200, SLICE("{\"stopping\":true}"));
	service_tell(service, LINE_STOP_ASKED, SLICE(""));
}

static void
run_hold_list(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	(void)ask;
	engine_hold_list(service->engine, control_answer, request);
}

static void
run_hold_show(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_hold_show(
	    service->engine, ask->actor, ask->id, control_answer, request);
}

static void
run_hold_approve(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_hold_decide(service->engine, ask->actor, ask->id, true,
	    ask->text, control_answer, request);
}

static void
run_hold_refuse(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_hold_decide(service->engine, ask->actor, ask->id, false,
	    ask->text, control_answer, request);
}

static void
run_desk_list(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	(void)ask;
	engine_desk_list(service->engine, control_answer, request);
}

static void
run_desk_show(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_desk_show(
	    service->engine, ask->actor, ask->id, control_answer, request);
}

static void
run_desk_done(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_desk_done(service->engine, ask->actor, ask->id, ask->text,
	    control_answer, request);
}

static void
run_log_subject(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_reveal_subject(
	    service->engine, ask->actor, ask->text, control_answer, request);
}

static void
run_log_object(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_reveal_object(
	    service->engine, ask->actor, control_answer, request);
}

static void
run_subject_values(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	engine_reveal_values(
	    service->engine, ask->actor, ask->text, control_answer, request);
}

static void
run_upstreams(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	(void)ask;
	keeper_ask_each(
	    service->keeper, SLICE("upstreams"), control_answer, request);
}

/* A piece of a list: which, how fast and for whom is in its first line. */
static void
run_import(struct service *service, const struct control_ask *ask,
    struct control_request *request)
{
	keeper_ask_worker(service->keeper, SLICE("import"), ask->text,
	    control_answer, request);
}

static const struct verb verbs[] = {
    {"reload", false, 0, run_reload},
    {"status", false, 0, run_status},
    {"stop", false, 0, run_stop},
    {"hold-list", false, 0, run_hold_list},
    {"hold-show", true, 0, run_hold_show},
    {"hold-approve", true, 0, run_hold_approve},
    {"hold-refuse", true, 0, run_hold_refuse},
    {"desk-list", false, 0, run_desk_list},
    {"desk-show", true, 0, run_desk_show},
    {"desk-done", true, 0, run_desk_done},
    {"log-subject", false, 0, run_log_subject},
    {"log-object", false, 0, run_log_object},
    {"forget", false, 1, service_forget},
    {"backup", false, LIST, service_backup},
    {"key-show", false, 0, service_key_show},
    {"key-rotate", false, 0, service_key_rotate},
    {"key-confirm", false, 0, service_key_confirm},
    {"subject-values", false, 0, run_subject_values},
    {"upstreams", false, 0, run_upstreams},
    {"import", false, LIST, run_import},
    {"reindex", false, 0, service_reindex},
    {"index-status", false, 0, service_index_status},
};

/*
 * What an operator says stands in the ledger for ever, and on others'
 * terminals: no line of it may look like another entry, or drive the terminal.
 */
static bool
is_plain(struct slice text, int breaks)
{
	size_t from = 0;

	for (size_t i = 0; i <= text.len; i++) {
		if (i != text.len && text.data[i] != '\n')
			continue;
		if (breaks-- < 0 ||
		    !text_is_plain((struct slice){text.data + from, i - from}))
			return false;
		from = i + 1;
	}
	return true;
}

static bool
are_plain(const struct json_node *node)
{
	for (size_t i = 0; i < node->count; i++)
		if (node->items[i].kind == JSON_KIND_STRING &&
		    !text_is_plain(node->items[i].string))
			return false;
	return true;
}

/* What an order cannot read as an object it refuses itself. */
static bool
is_plain_order(struct slice text)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	const struct json_node *root =
	    arena != NULL ? json_parse(arena, text, &fail) : NULL;
	bool plain = arena != NULL && (root == NULL || are_plain(root));

	arena_destroy(arena);
	return plain;
}

static void
refuse_text(struct control_request *request)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_INPUT,
	    "the text has a line break, a control character or a mark that "
	    "changes the direction of reading");
	fail_hint(&fail, "write it in one line");
	service_problem(request, 400, &fail);
}

void
service_control(void *context, const struct control_ask *ask,
    struct control_request *request)
{
	struct service *service = context;
	engine_order *order = engine_order_find(ask->verb);

	if ((ask->rights & service_right_of(ask->verb)) == 0) {
		service_refuse_right(ask->verb, request);
		return;
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!slice_is(ask->verb, verbs[i].name))
			continue;
		if (verbs[i].needs_id && ask->id <= 0)
			control_answer(request, 400,
			    SLICE("{\"title\":\"an id is needed\",\"status\":400}"));
		else if (verbs[i].breaks != LIST && ask->text.len != 0 &&
			 !(text_is_utf8(ask->text) &&
			     is_plain(ask->text, verbs[i].breaks)))
			refuse_text(request);
		else
			verbs[i].run(service, ask, request);
		return;
	}
	if (order != NULL && !is_plain_order(ask->text)) {
		refuse_text(request);
		return;
	}
	if (order != NULL) {
		order(service->engine, ask->actor, ask->text, control_answer,
		    request);
		return;
	}
	control_answer(
	    request, 404, SLICE("{\"title\":\"misu knows no such verb\"}"));
}

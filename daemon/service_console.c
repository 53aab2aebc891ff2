/*
 * The keeper's end of the line to the console (console_line.h): auditors look
 * for objects and subjects, operators give orders.  The console vouches for
 * who they are; what they may is decided here.
 */
#include <unistd.h>

#include "base/text.h"
#include "codec/json.h"
#include "console_line.h"
#include "engine_order.h"
#include "log.h"
#include "net/wire_stream.h"
#include "service_priv.h"

_Static_assert((int)CONSOLE_FIND_MAX == (int)ENGINE_FIND_MAX,
    "what the console asks for, the keeper finds");

enum { ANSWER_MAX = WIRE_MESSAGE_MAX - 64 };

struct service_console {
	struct service *service;
	struct wire_stream *stream;
	struct order *orders; /* not answered yet */
	unsigned count;
};

struct order {
	struct service_console *console; /* NULL: its line is gone */
	struct order *next, **previous;
	char number[24];
};

/*
 * Verbs that operators may send from afar; others are the machine's own, as is
 * a new one until it stands here.
 */
static const char *const remote[] = {"status", "upstreams", "hold-list",
    "hold-show", "hold-approve", "hold-refuse", "desk-list", "desk-show",
    "desk-done", "forget", "index-status", "provision-stop", "provision-resume",
    "provision-list", "resubmit", "request-open", "request-list",
    "request-show", "request-verify", "request-note", "request-fee",
    "request-give", "request-grant", "request-revoke", "request-close"};

/* --- answers --- */

static void
unlink_order(struct order *order)
{
	*order->previous = order->next;
	if (order->next != NULL)
		order->next->previous = order->previous;
	order->console->count--;
	order->console = NULL;
}

/* Has the shape of an engine_answer. */
static void
answer(void *arg, int status, struct slice body)
{
	struct order *order = arg;
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);

	if (body.len > ANSWER_MAX) {
		status = 503;
		body = SLICE("{\"title\":\"this is too much for one answer\","
			     "\"status\":503,\"detail\":\"misuctl shows it on "
			     "the machine itself\"}");
	}
	if (order->console != NULL && arena != NULL) {
		text_add_format(&text, "%s %d\n", order->number, status);
		text_add(&text, body);
		if (!text.failed)
			wire_stream_send(
			    order->console->stream, text_slice(&text));
	}
	if (order->console != NULL)
		unlink_order(order);
	arena_destroy(arena);
	free(order);
}

static void
refuse(struct order *order, int status, const char *title, const char *detail)
{
	char body[512];
	int len = snprintf(body, sizeof(body),
	    "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,"
	    "\"detail\":\"%s\"}",
	    title, status, detail);

	answer(order, status, (struct slice){body, (size_t)len});
}

/* --- who asks, and what for --- */

struct question {
	struct arena *arena;
	struct slice token; /* of an auditor; empty: an operator asks */
	struct digest certificate;
	struct slice subject, verb, text;
};

static struct slice
take_string(const struct json_node *root, const char *name)
{
	const struct json_node *node = json_find(root, name);

	return node != NULL && node->kind == JSON_KIND_STRING
		   ? node->string
		   : (struct slice){"", 0};
}

static bool
read_question(struct slice json, struct question *out)
{
	struct fail ignored = FAIL_INIT;
	const struct json_node *root = json_parse(out->arena, json, &ignored);

	if (root == NULL || root->kind != JSON_KIND_OBJECT)
		return false;
	out->token = take_string(root, "token");
	out->subject = take_string(root, "subject");
	out->verb = take_string(root, "verb");
	out->text = take_string(root, "text");
	return out->verb.len != 0 &&
	       (out->token.len != 0 ||
		   text_hex_decode(take_string(root, "certificate"),
		       out->certificate.bytes, DIGEST_SIZE));
}

/* --- auditors --- */

static bool
asks_for(const struct json_node *root, const char *what)
{
	const struct json_node *names = json_find(root, what);

	return names != NULL && names->count != 0;
}

/* What is asked for that misu.conf does not let this token find. */
static unsigned
forbidden_finds(const struct service *service, const struct question *question)
{
	const struct conf *conf = service->setup->conf;
	struct fail ignored = FAIL_INIT;
	const struct json_node *root =
	    json_parse(question->arena, question->text, &ignored);
	unsigned finds = 0;

	for (size_t i = 0; i < conf->auditor_count; i++)
		if (slice_equal(conf->auditors[i].name, question->token))
			finds = conf->auditors[i].finds;
	return ((asks_for(root, "subjects") ? CONF_FIND_SUBJECTS : 0u) |
		   (asks_for(root, "objects") ? CONF_FIND_OBJECTS : 0u)) &
	       ~finds;
}

static void
find(struct service_console *console, struct order *order,
    const struct question *question)
{
	unsigned forbidden = forbidden_finds(console->service, question);
	struct text actor = text_start(question->arena);

	if (!slice_is(question->verb, "find")) {
		refuse(order, 404, "misu knows no such verb", "");
		return;
	}
	if (forbidden != 0) {
		refuse(order, 403,
		    (forbidden & CONF_FIND_SUBJECTS) != 0
			? "this token may not look for subjects"
			: "this token may not look for objects",
		    "misu.conf: auditor NAME may find subjects, objects");
		return;
	}
	text_add_string(&actor, "auditor ");
	text_add(&actor, question->token);
	if (text_slice(&actor).data == NULL)
		refuse(order, 503, "out of memory", "try again later");
	else
		engine_find(console->service->engine, text_slice(&actor),
		    question->text, answer, order);
}

/* --- operators --- */

const char *
service_console_order(size_t n)
{
	return n < sizeof(remote) / sizeof(*remote) ? remote[n] : NULL;
}

static bool
is_remote(struct slice verb)
{
	const char *name;

	for (size_t i = 0; (name = service_console_order(i)) != NULL; i++)
		if (slice_is(verb, name))
			return true;
	return false;
}

/* "certificate 0a1b2c3d4e5f6071 (alice)": which one it was, and whose. */
static bool
name_actor(
    const struct question *question, struct slice name, struct control_ask *ask)
{
	struct text text = text_start(question->arena);

	text_add_string(&text, "certificate ");
	text_add_hex(&text, question->certificate.bytes, 8);
	text_add_string(&text, " (");
	text_add(&text, name);
	text_add_char(&text, ')');
	ask->actor = text_slice(&text);
	return ask->actor.data != NULL;
}

/* As service_forget() takes it. */
static bool
read_forget(const struct question *question, const struct json_node *root,
    struct control_ask *ask)
{
	struct slice subject = take_string(root, "subject");
	struct slice reason = take_string(root, "reason");
	const struct json_node *now = json_find(root, "now");
	struct text text = text_start(question->arena);

	if (subject.len == 0 || reason.len == 0 ||
	    memchr(subject.data, '\n', subject.len) != NULL ||
	    (now != NULL && now->kind != JSON_KIND_BOOLEAN))
		return false;
	text_add(&text, subject);
	text_add_char(&text, '\n');
	text_add(&text, reason);
	ask->text = text_slice(&text);
	ask->id = now != NULL && now->boolean;
	return ask->text.data != NULL;
}

/*
 * Orders whose text is JSON get it as it is; of others the members "id" and
 * "text" are what the control socket has beside the verb.
 */
static bool
read_arguments(const struct question *question, struct control_ask *ask)
{
	struct fail ignored = FAIL_INIT;
	const struct json_node *root, *id, *text;

	ask->verb = question->verb;
	ask->text = question->text;
	root = json_parse(question->arena, question->text, &ignored);
	if (root == NULL || root->kind != JSON_KIND_OBJECT)
		return false;
	if (engine_order_find(question->verb) != NULL)
		return true;
	if (slice_is(question->verb, "forget"))
		return read_forget(question, root, ask);
	id = json_find(root, "id");
	text = json_find(root, "text");
	if ((id != NULL && id->kind != JSON_KIND_INTEGER) ||
	    (text != NULL && text->kind != JSON_KIND_STRING))
		return false;
	ask->id = id != NULL ? id->integer : 0;
	ask->text = text != NULL ? text->string : (struct slice){"", 0};
	return true;
}

/* Somebody has a certificate of the authority's, and no business here. */
static void
tell_stranger(const struct question *question)
{
	char hex[2 * DIGEST_SIZE + 1];

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(
		    hex + 2 * i, 3, "%02x", question->certificate.bytes[i]);
	log_event(LOG_LEVEL_WARN, "operator-unknown", "certificate", hex,
	    "subject", question->subject.data, NULL);
}

/* What misuctl on the machine asks with log-subject and log-object. */
static void
find_for_operator(struct service_console *console, struct order *order,
    const struct question *question, const struct control_ask *who)
{
	if ((who->rights & service_right_of(SLICE("log-subject"))) == 0)
		refuse(order, 403, "this operator may not look for objects or "
				   "subjects",
		    "misu.conf: operator ... may all");
	else
		engine_find(console->service->engine, who->actor,
		    question->text, answer, order);
}

static void
give_order(struct service_console *console, struct order *order,
    const struct question *question, struct control_ask *ask)
{
	struct control_request *request;

	if (!is_remote(question->verb)) {
		refuse(order, 404, "there is no such order",
		    "misu(8) lists what operators may send; misuctl on the "
		    "machine itself does the rest");
		return;
	}
	if (!read_arguments(question, ask)) {
		refuse(order, 400, "the order's arguments cannot be read",
		    "an object of JSON, as misu(8) says for each order");
		return;
	}
	request = control_request_create(answer, order);
	if (request == NULL)
		refuse(order, 503, "out of memory", "try again later");
	else
		service_control(console->service, ask, request);
}

static void
run_order(struct service_console *console, struct order *order,
    const struct question *question)
{
	struct control_ask ask = {.id = 0};
	struct slice name = {"", 0};

	ask.rights = service_certificate(
	    console->service, &question->certificate, question->subject, &name);
	if (ask.rights == 0) {
		tell_stranger(question);
		refuse(order, 403, "this certificate is no operator's",
		    "misu.conf: operator certificate sha256 ... NAME may ...");
		return;
	}
	if (!name_actor(question, name, &ask))
		refuse(order, 503, "out of memory", "try again later");
	else if (slice_is(question->verb, "log/read"))
		answer(order, 200, SLICE("{}"));
	else if (slice_is(question->verb, "log/find"))
		find_for_operator(console, order, question, &ask);
	else
		give_order(console, order, question, &ask);
}

/* --- the line --- */

static struct order *
order_create(struct service_console *console, struct slice number)
{
	struct order *order = NULL;

	if (number.len < sizeof(order->number))
		order = calloc(1, sizeof(*order));
	if (order == NULL)
		return NULL;
	memcpy(order->number, number.data, number.len);
	order->console = console;
	order->next = console->orders;
	order->previous = &console->orders;
	if (order->next != NULL)
		order->next->previous = &order->next;
	console->orders = order;
	console->count++;
	return order;
}

/* False: the console talks nonsense, or there is no memory. */
static bool
received(void *context, struct slice message, int fd)
{
	struct service_console *console = context;
	const char *end = memchr(message.data, '\n', message.len);
	struct question question = {.arena = arena_create(NULL)};
	struct order *order = NULL;
	struct slice json;

	(void)fd;
	if (end != NULL && question.arena != NULL)
		order = order_create(console,
		    (struct slice){message.data, (size_t)(end - message.data)});
	if (order == NULL) {
		arena_destroy(question.arena);
		return false;
	}
	json = (struct slice){
	    end + 1, message.len - (size_t)(end + 1 - message.data)};
	if (console->count > CONSOLE_LINE_AT_ONCE)
		refuse(order, 503, "too much is asked at one time",
		    "try again in a moment");
	else if (!read_question(json, &question))
		refuse(order, 400, "this is no question", "");
	else if (question.token.len != 0)
		find(console, order, &question);
	else
		run_order(console, order, &question);
	arena_destroy(question.arena);
	return true;
}

void
service_console_leave(struct service *service)
{
	struct service_console *console = service->console;

	if (console == NULL)
		return;
	service->console = NULL;
	while (console->orders != NULL)
		unlink_order(console->orders);
	wire_stream_destroy(console->stream);
	free(console);
}

static void
gone(void *context)
{
	struct service_console *console = context;

	service_console_leave(console->service);
}

void
service_console_join(struct service *service, int fd)
{
	struct service_console *console = calloc(1, sizeof(*console));
	const struct wire_stream_options options = {
	    .base = loop_base(service->loop),
	    .received = received,
	    .gone = gone,
	    .context = console,
	    .wipes = true};
	struct fail fail = FAIL_INIT;

	service_console_leave(service);
	if (console == NULL) {
		close(fd);
		fail_memory(&fail);
	} else {
		console->service = service;
		console->stream = wire_stream_create(&options, fd, &fail);
	}
	if (console != NULL && console->stream != NULL) {
		service->console = console;
		return;
	}
	free(console);
	log_fail(LOG_LEVEL_ERROR, "console-not-joined", &fail);
}

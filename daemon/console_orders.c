/*
 * Orders of operators over HTTPS: POST /v1/orders/VERB, with a JSON object of
 * its arguments; and what they read of the log, as auditors do.  TLS ends here, where no key of the ledger is; the keeper gets
 * the order with the certificate, and knows whose it is and what they may.
 */
#include <strings.h>

#include "base/text.h"
#include "console_priv.h"
#include "net/http_problem.h"
#include "net/http_tls.h"

/* What a certificate is worth is looked at when a connection begins. */
enum { BODY_MAX = 64 * 1024, CONNECTIONS = 64,
	PATIENCE = 30, AGE = 600 /* seconds */ };

static const char base_path[] = "/v1/orders/";

/* What is only looked at can be had with GET as well. */
static const char *const looks[] = {"status", "upstreams", "hold-list",
    "desk-list", "request-list", "provision-list", "index-status"};

struct waiting {
	struct console *console;
	struct http_request *request;
	struct console_operator operator;
};

/* --- answers --- */

static void
give(struct console *console, struct http_request *request, int status,
    struct slice body)
{
	struct console_request asked = {.console = console, .request = request};

	console_pass_on(&asked, status, body);
}

static void
refuse(struct console *console, struct http_request *request, int status,
    const char *detail)
{
	char body[512];
	int len = http_problem_print(body, sizeof(body), status, detail);

	give(console, request, status, (struct slice){body, (size_t)len});
}

static void
refuse_method(struct console *console, struct http_request *request, bool look)
{
	const struct http_header headers[] = {
	    {"Content-Type", "application/problem+json"},
	    {"Allow", look ? "GET, HEAD, POST" : "POST"}};
	char body[512];
	int len = http_problem_print(
	    body, sizeof(body), 405, look ? "GET or POST"
		: "POST, with Content-Type: application/json");

	console->answers[4]++;
	http_answer(
	    request, 405, headers, 2, (struct slice){body, (size_t)len});
}

static void
answered(void *arg, int status, struct slice body)
{
	struct waiting *waiting = arg;

	give(waiting->console, waiting->request, status, body);
	free(waiting);
}

/* The log is read here; that this operator may, the keeper says. */
static void
may_read(void *arg, int status, struct slice body)
{
	struct waiting *waiting = arg;

	if (status == 200)
		console_read(
		    waiting->console, waiting->request, &waiting->operator);
	else
		give(waiting->console, waiting->request, status, body);
	free(waiting);
}

/* --- orders --- */

void
console_add_operator(
    struct text *question, const struct console_operator *operator)
{
	text_add_string(question, "\"certificate\":\"");
	text_add_hex(question, operator->certificate.bytes, DIGEST_SIZE);
	text_add_string(question, "\",\"subject\":");
	text_add_json(question, slice_from(operator->subject));
}

static struct slice
make_question(struct arena *arena, const struct console_operator *operator,
    struct slice verb, struct slice body)
{
	struct text text = text_start(arena);

	text_add_string(&text, "{\"verb\":");
	text_add_json(&text, verb);
	text_add_char(&text, ',');
	console_add_operator(&text, operator);
	text_add_string(&text, ",\"text\":");
	text_add_json(&text, body.len != 0 ? body : (struct slice){"{}", 2});
	text_add_char(&text, '}');
	return text_slice(&text);
}

/* The keeper is asked, and `answer` told what it says. */
static void
pass(struct console *console, struct http_request *request, struct slice verb,
    struct slice body, console_answer *answer)
{
	struct arena *arena = arena_create(NULL);
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	struct slice question = {NULL, 0};

	if (arena != NULL && waiting != NULL) {
		*waiting = (struct waiting){
		    .console = console, .request = request};
		if (http_request_certificate(request,
			&waiting->operator.certificate,
			waiting->operator.subject))
			question = make_question(
			    arena, &waiting->operator, verb, body);
	}
	if (question.data != NULL) {
		console_keeper_ask(console->keeper, question, answer, waiting);
	} else {
		free(waiting);
		refuse(console, request, 503,
		    "out of memory, or the certificate cannot be read");
	}
	arena_destroy(arena);
}

const char *
console_orders_look(size_t n)
{
	return n < sizeof(looks) / sizeof(*looks) ? looks[n] : NULL;
}

static bool
is_look(struct slice verb)
{
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (slice_is(verb, looks[i]))
			return true;
	return false;
}

/* A page in an operator's browser cannot say so without being asked first. */
static bool
is_json(const struct http_request *request)
{
	static const char json[] = "application/json";
	const char *type = http_request_header(request, "Content-Type");
	size_t len = sizeof(json) - 1;

	return type != NULL && strncasecmp(type, json, len) == 0 &&
	       (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static void
order(struct console *console, struct http_request *request, struct slice verb)
{
	struct slice body = http_request_body(request);
	enum http_method method = http_request_method(request);

	if (!text_is_name(verb, 40))
		refuse(console, request, 404, "there is no such order");
	else if (http_request_query(request).len != 0)
		refuse(console, request, 400,
		    "an order has no parameters: its arguments are in the "
		    "body");
	else if ((method == HTTP_GET || method == HTTP_HEAD) && is_look(verb))
		pass(console, request, verb, (struct slice){"", 0}, answered);
	else if (method != HTTP_POST)
		refuse_method(console, request, is_look(verb));
	else if (!is_json(request))
		refuse(console, request, 415,
		    "the arguments are JSON: Content-Type: application/json");
	else if (!text_is_utf8(body))
		refuse(console, request, 400, "the arguments are not UTF-8");
	else
		pass(console, request, verb, body, answered);
}

void
console_orders_respond(void *context, struct http_request *request)
{
	struct console *console = context;
	struct slice path = http_request_path(request);
	size_t len = sizeof(base_path) - 1;
	struct console_operator operator;

	/* While it waited, who asked may have left. */
	if (http_request_is_gone(request))
		refuse(console, request, 503, "nobody waits any more");
	else if (!http_request_certificate(
		     request, &operator.certificate, operator.subject))
		refuse(console, request, 403, "a client certificate is needed");
	else if (console_is_reading(path))
		pass(console, request, SLICE("log/read"),
		    (struct slice){"", 0}, may_read);
	else if (path.len <= len || memcmp(path.data, base_path, len) != 0)
		refuse(console, request, 404,
		    "operators' orders are at /v1/orders/VERB");
	else
		order(console, request,
		    (struct slice){path.data + len, path.len - len});
}

/* What was not even a request. */
static int
unreadable(void *context, int status, char *out, size_t size)
{
	struct console *console = context;

	console->answers[status / 100 % 6]++;
	return http_problem_print(out, size, status,
	    status == 413 ? "an order has at most 64 KiB"
			  : "the request cannot be read as HTTP/1.1");
}

/* --- the port --- */

bool
console_orders_open(struct console *console, int fd, struct fail *fail)
{
	const struct http_server_options options = {
	    .base = loop_base(console->loop),
	    .body_max = BODY_MAX,
	    .connections = CONNECTIONS,
	    .patience = PATIENCE,
	    .age = AGE,
	    .handle = console_orders_respond,
	    .error = unreadable,
	    .context = console,
	    .tls = &console->tls};

	http_server_destroy(console->operators);
	console->operators = http_server_create(&options, fd, fail);
	return console->operators != NULL;
}

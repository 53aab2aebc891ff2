/* The console's paths: who may ask for what, and how it is answered. */
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "base/text.h"
#include "console_priv.h"
#include "net/http_problem.h"
#include "net/tokens.h"

enum {
	BODY_MAX = 64 * 1024,
	CONNECTIONS = 128,
	PATIENCE = 30, /* seconds */
	HEADERS = 3,
};

static const char *const of_entries[] = {"q", "cursor", "limit", NULL};
static const char *const of_stats[] = {"q", "by", NULL};
static const char *const of_why[] = {"entry", NULL};
static const char *const of_events[] = {"q", NULL};

static void health(struct console_request *);
static void metrics(struct console_request *);

/* The first that fits is taken. */
static const struct console_route routes[] = {
    {"/checkpoint", false, false, false, HTTP_GET, NULL, console_log_checkpoint},
    {"/log.vkey", false, false, false, HTTP_GET, NULL, console_log_key},
    {"/log.vkey.old", false, false, false, HTTP_GET, NULL, console_log_old_keys},
    {"/tile/entries/", true, true, false, HTTP_GET, NULL, console_log_entries},
    {"/v1/entries", false, true, true, HTTP_GET, of_entries, console_entries},
    {"/v1/events", false, true, true, HTTP_GET, of_events, console_events},
    {"/v1/stats", false, true, true, HTTP_GET, of_stats, console_stats},
    {"/v1/why", false, true, true, HTTP_GET, of_why, console_why},
    {"/tile/", true, false, false, HTTP_GET, NULL, console_log_tile},
    {"/healthz", false, false, false, HTTP_GET, NULL, health},
    {"/metrics", false, false, false, HTTP_GET, NULL, metrics},
};

const struct console_route *
console_routes(size_t *count)
{
	*count = sizeof(routes) / sizeof(*routes);
	return routes;
}

static void
reply(struct console_request *asked, int status,
    const struct http_header headers[HEADERS], struct slice body)
{
	size_t count = 0;

	while (count < HEADERS && headers[count].name != NULL)
		count++;
	asked->console->answers[status / 100 % 6]++;
	http_answer(asked->request, status, headers, count, body);
}

void
console_give(struct console_request *asked, const char *type, const char *cache,
    struct slice body)
{
	const struct http_header headers[HEADERS] = {
	    {"Content-Type", type}, {"Cache-Control", cache}};

	reply(asked, 200, headers, body);
}

static void
refuse(struct console_request *asked, int status, const char *detail,
    struct http_header extra)
{
	const struct http_header headers[HEADERS] = {
	    {"Content-Type", "application/problem+json"}, extra};
	char body[512];
	int len = http_problem_print(body, sizeof(body), status, detail);

	reply(asked, status, headers, (struct slice){body, (size_t)len});
}

void
console_refuse(struct console_request *asked, int status, const char *detail)
{
	struct http_header extra = {NULL, NULL};

	if (status == 503)
		extra = (struct http_header){"Retry-After", "5"};
	if (status == 401)
		extra = (struct http_header){
		    "WWW-Authenticate", "Bearer realm=\"misu\""};
	refuse(asked, status, detail, extra);
}

void
console_pass_on(struct console_request *asked, int status, struct slice body)
{
	const struct http_header headers[HEADERS] = {
	    {"Content-Type", status < 400 ? "application/json"
					  : "application/problem+json"},
	    {"Cache-Control", "no-store"},
	    {status == 503 ? "Retry-After" : NULL, "5"}};

	reply(asked, status, headers, body);
}

void
console_fail(struct console_request *asked, int status, const struct fail *fail)
{
	const struct http_header headers[HEADERS] = {
	    {"Content-Type", "application/problem+json"}};
	struct text text = text_start(asked->arena);
	struct slice body;

	text_add_string(&text, "{\"type\":\"about:blank\",\"title\":");
	text_add_json(&text, slice_from(fail->text));
	text_add_format(&text, ",\"status\":%d,\"detail\":", status);
	text_add_json(&text, slice_from(fail->hint));
	text_add_string(&text, ",\"pointer\":");
	text_add_json(&text, slice_from(fail->place));
	text_add_string(&text, "}\n");
	body = text_slice(&text);
	if (body.data == NULL)
		console_refuse(asked, 503, "out of memory");
	else
		reply(asked, status, headers, body);
}

static void
health(struct console_request *asked)
{
	const char *trouble = console_log_trouble(asked->console, asked->arena);

	if (trouble != NULL)
		console_refuse(asked, 503, trouble);
	else
		console_give(asked, "application/json", "no-store",
		    SLICE("{\"status\":\"ok\"}\n"));
}

static void
metrics(struct console_request *asked)
{
	struct console *console = asked->console;
	struct text text = text_start(asked->arena);
	struct slice all;

	text_add_string(&text, "# TYPE misu_console_answers_total counter\n");
	for (unsigned class = 2; class <= 5; class ++)
		text_add_format(&text,
		    "misu_console_answers_total{class=\"%uxx\"} %llu\n", class,
		    (unsigned long long)console->answers[class]);
	text_add_format(&text,
	    "# TYPE misu_console_connections gauge\n"
	    "misu_console_connections %u\n",
	    http_server_connections(console->server));
	witnesses_metrics(console->witnesses, &text);
	all = text_slice(&text);
	if (all.data == NULL)
		console_refuse(asked, 503, "out of memory");
	else
		console_give(asked, "text/plain; version=0.0.4; charset=utf-8",
		    "no-store", all);
}

/* The token's name, or empty. */
static struct slice
find_auditor(struct console_request *asked)
{
	const char *authorization =
	    http_request_header(asked->request, "Authorization");

	if (authorization == NULL || asked->console->auditors == NULL)
		return (struct slice){"", 0};
	return tokens_find(asked->console->auditors, slice_from(authorization));
}

static bool
fits(const struct console_route *route, struct slice path)
{
	size_t len = strlen(route->path);

	return route->below
		   ? path.len > len && memcmp(path.data, route->path, len) == 0
		   : slice_is(path, route->path);
}

/* "q, cursor and limit" */
static void
add_known(struct text *text, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++)
		text_add_format(text, "%s%s",
		    i == 0		     ? ""
		    : names[i + 1] == NULL ? " and "
					     : ", ",
		    names[i]);
}

/* A name that could be anything is shown as far as it is one. */
static void
refuse_parameter(struct console_request *asked, const char *name,
    const char *what, const char *const *known)
{
	struct fail fail = FAIL_INIT;
	struct text text = text_start(asked->arena);

	if (text_is_name(slice_from(name), 40))
		fail_set(&fail, FAIL_INPUT, "the parameter %s %s", name, what);
	else
		fail_set(&fail, FAIL_INPUT, "a parameter %s", what);
	fail_place(&fail, "query of the address");
	if (known == NULL) {
		fail_hint(&fail, "this path has no parameters");
	} else {
		text_add_string(&text, known[1] == NULL ? "there is " :
							  "there are ");
		add_known(&text, known);
		fail_hint(&fail, "%.*s", SLICE_ARG(text_slice(&text)));
	}
	console_fail(asked, 400, &fail);
}

static bool
is_known(const char *name, const char *const *known)
{
	for (size_t i = 0; known != NULL && known[i] != NULL; i++)
		if (strcmp(name, known[i]) == 0)
			return true;
	return false;
}

/* What is not understood, or said twice, is not guessed at. */
static bool
check_parameters(
    struct console_request *asked, const struct console_route *route)
{
	for (const struct evkeyval *at = asked->parameters->tqh_first;
	     at != NULL; at = at->next.tqe_next) {
		if (!is_known(at->key, route->parameters)) {
			refuse_parameter(asked, at->key, "is not known here",
			    route->parameters);
			return false;
		}
		for (const struct evkeyval *other = at->next.tqe_next;
		     other != NULL; other = other->next.tqe_next)
			if (strcmp(at->key, other->key) == 0) {
				refuse_parameter(asked, at->key,
				    "stands twice", route->parameters);
				return false;
			}
	}
	return true;
}

static void
run_with_parameters(
    struct console_request *asked, const struct console_route *route)
{
	struct slice raw = http_request_query(asked->request);
	struct console_request with = *asked;
	struct evkeyvalq parameters;

	if (evhttp_parse_query_str(raw.len != 0 ? raw.data : "", &parameters) !=
	    0) {
		console_refuse(
		    asked, 400, "the query of the address cannot be read");
		return;
	}
	with.parameters = &parameters;
	if (check_parameters(&with, route))
		route->run(&with);
	evhttp_clear_headers(&parameters);
}

static void
run(struct console_request *asked, const struct console_route *route)
{
	enum http_method method = http_request_method(asked->request);

	if (method == HTTP_HEAD)
		method = HTTP_GET;
	if (method != route->method) {
		refuse(asked, 405, "this method does not serve here",
		    (struct http_header){"Allow",
			route->method == HTTP_GET ? "GET, HEAD" : "POST"});
		return;
	}
	if (route->auditor && asked->operator == NULL) {
		asked->auditor = find_auditor(asked);
		if (asked->auditor.len == 0) {
			console_refuse(asked, 401,
			    "a bearer token from the console's tokens file "
			    "is needed");
			return;
		}
	}
	asked->rest = http_request_path(asked->request);
	asked->rest.data += strlen(route->path);
	asked->rest.len -= strlen(route->path);
	run_with_parameters(asked, route);
}

static const struct console_route *
find_route(struct slice path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
		if (fits(&routes[i], path))
			return &routes[i];
	return NULL;
}

static void
respond(struct console_request *asked)
{
	const struct console_route *route = NULL;

	/* While it waited, who asked may have left. */
	if (http_request_is_gone(asked->request)) {
		console_refuse(asked, 503, "nobody waits any more");
		return;
	}
	console_look(asked->console);
	route = find_route(http_request_path(asked->request));
	if (asked->arena == NULL)
		console_refuse(asked, 503, "out of memory");
	else if (route == NULL)
		console_refuse(asked, 404, "there is nothing here");
	else
		run(asked, route);
}

void
console_respond(void *context, struct http_request *request)
{
	struct console_request asked = {.console = context,
	    .request = request,
	    .arena = arena_create(NULL)};

	respond(&asked);
	arena_destroy(asked.arena);
}

bool
console_is_reading(struct slice path)
{
	const struct console_route *route = find_route(path);

	return route != NULL && route->operators;
}

/* What was found for a certificate is found for no token. */
static struct slice
name_operator(struct arena *arena, const struct console_operator *operator)
{
	struct text text = text_start(arena);

	text_add_string(&text, "certificate ");
	text_add_hex(&text, operator->certificate.bytes, DIGEST_SIZE);
	return text_slice(&text);
}

void
console_read(struct console *console, struct http_request *request,
    const struct console_operator *operator)
{
	struct console_request asked = {.console = console,
	    .request = request,
	    .arena = arena_create(NULL),
	    .operator = operator};

	if (asked.arena != NULL)
		asked.auditor = name_operator(asked.arena, operator);
	if (asked.auditor.data == NULL)
		console_refuse(&asked, 503, "out of memory");
	else
		respond(&asked);
	arena_destroy(asked.arena);
}

/* What was not even a request. */
static int
unreadable(void *context, int status, char *out, size_t size)
{
	struct console *console = context;

	console->answers[status / 100 % 6]++;
	return http_problem_print(out, size, status,
	    status == 413 ? "a body has at most 64 KiB"
			  : "the request cannot be read as HTTP/1.1");
}

bool
console_http_open(struct console *console, int fd, struct fail *fail)
{
	const struct http_server_options options = {
	    .base = loop_base(console->loop),
	    .body_max = BODY_MAX,
	    .connections = CONNECTIONS,
	    .patience = PATIENCE,
	    .handle = console_respond,
	    .error = unreadable,
	    .context = console};

	console_events_end(console);
	http_server_destroy(console->server);
	console->server = http_server_create(&options, fd, fail);
	return console->server != NULL;
}

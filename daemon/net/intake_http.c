#include "net/intake_http.h"

#include <strings.h>

#include "base/text.h"
#include "net/http_problem.h"
#include "net/http_server.h"
#include "net/peer.h"

enum {
	BODY_MAX = 1024 * 1024,
	BODY_SLACK = 64 * 1024, /* up to here 413 is a problem+json */
	CONNECTIONS = 512,
	PATIENCE = 30, /* seconds */
	KEY_MIN = 8,
	KEY_MAX = 255,
	PRINCIPAL_MAX = 80,
};

enum route { ROUTE_SUBMIT, ROUTE_STATUS, ROUTE_METRICS, ROUTE_HEALTH,
	ROUTE_OPENAPI, ROUTE_COUNT };

struct intake {
	struct intake_options options;
	struct http_server *server;
	uint64_t answers[6]; /* by the first digit of the status */
};

/* One request while the engine works on it. */
struct asked {
	struct intake *intake;
	struct http_request *request;
	char principal[PRINCIPAL_MAX];
	bool submission;
};

static void respond(void *, struct http_request *);
static http_error_word unreadable;

struct intake *
intake_http_create(
    const struct intake_options *options, int listen_fd, struct fail *fail)
{
	struct intake *intake = calloc(1, sizeof(*intake));
	struct http_server_options server = {.base = options->base,
	    .body_max = BODY_MAX + BODY_SLACK,
	    .connections = CONNECTIONS,
	    .patience = PATIENCE,
	    .handle = respond,
	    .error = unreadable,
	    .context = intake};

	if (intake == NULL) {
		fail_memory(fail);
		return NULL;
	}
	intake->options = *options;
	intake->server = http_server_create(&server, listen_fd, fail);
	if (intake->server != NULL)
		return intake;
	free(intake);
	return NULL;
}

void
intake_http_destroy(struct intake *intake)
{
	if (intake == NULL)
		return;
	http_server_destroy(intake->server);
	free(intake);
}

void
intake_http_pause(struct intake *intake)
{
	http_server_pause(intake->server);
}

static void
reply(struct intake *intake, struct http_request *request, int status,
    const struct http_header headers[2], struct slice body)
{
	size_t count = 0;

	while (count < 2 && headers[count].name != NULL)
		count++;
	intake->answers[status / 100 % 6]++;
	http_answer(request, status, headers, count, body);
}

/* Problems of the request's shape; the engine words its own. */
static void
refuse(struct intake *intake, struct http_request *request, int status,
    const char *detail, struct http_header extra)
{
	const struct http_header headers[2] = {
	    {"Content-Type", "application/problem+json"}, extra};
	char body[512];
	int len = http_problem_print(body, sizeof(body), status, detail);

	reply(intake, request, status, headers,
	    (struct slice){body, (size_t)len});
}

/* What was not even a request. */
static int
unreadable(void *context, int status, char *out, size_t size)
{
	struct intake *intake = context;
	const char *detail = "the request cannot be read as HTTP/1.1";

	if (status == 413)
		detail = "a body has at most 1 MiB, in chunks that are well made";
	else if (status == 417)
		detail = "misu expects nothing but 100-continue";
	else if (status == 501)
		detail = "misu knows GET, HEAD and POST";
	intake->answers[status / 100 % 6]++;
	return http_problem_print(out, size, status, detail);
}

static void
give(struct intake *intake, struct http_request *request, const char *type,
    struct slice body)
{
	const struct http_header headers[2] = {
	    {"Content-Type", type}, {"Cache-Control", "no-store"}};

	reply(intake, request, 200, headers, body);
}

/*
 * The path of what was accepted: the answer's "id" is the first member of
 * that name in it, and has letters, digits and hyphens only.
 */
static bool
find_location(struct slice body, char *out, size_t size)
{
	static const char before[] = "\"id\":\"";
	const char *at =
	    memmem(body.data, body.len, before, sizeof(before) - 1);
	size_t left, len = 0;

	if (at == NULL)
		return false;
	at += sizeof(before) - 1;
	left = body.len - (size_t)(at - body.data);
	while (len < left && at[len] != '"')
		len++;
	return len > 0 && len < left &&
	    (size_t)snprintf(out, size, "/v1/submissions/%.*s", (int)len, at) <
	    size;
}

/* What the engine has to say goes out as it is. */
static void
answered(void *arg, int status, struct slice body)
{
	struct asked *asked = arg;
	struct http_header headers[2] = {{"Content-Type",
	    status < 400 ? "application/json" : "application/problem+json"}};
	char location[128];

	if (status == 202 && asked->submission &&
	    find_location(body, location, sizeof(location)))
		headers[1] = (struct http_header){"Location", location};
	if (status == 503)
		headers[1] = (struct http_header){"Retry-After", "5"};
	reply(asked->intake, asked->request, status, headers, body);
	free(asked);
}

/* Who asks?  An empty principal was not let in. */
static bool
find_principal(const struct intake *intake, const struct http_request *request,
    char out[PRINCIPAL_MAX])
{
	const struct intake_handler *handler = &intake->options.handler;
	const char *authorization;
	struct slice name;
	uid_t uid;

	if (intake->options.unix_socket) {
		if (!peer_user(http_request_socket(request), &uid))
			return false;
		snprintf(out, PRINCIPAL_MAX, "uid %u", (unsigned)uid);
		return true;
	}
	authorization = http_request_header(request, "Authorization");
	if (authorization == NULL || handler->tokens(handler->context) == NULL)
		return false;
	name = tokens_find(handler->tokens(handler->context),
	    slice_from(authorization));
	snprintf(out, PRINCIPAL_MAX, "%.*s", SLICE_ARG(name));
	return name.len > 0;
}

static struct asked *
start_asking(struct intake *intake, struct http_request *request)
{
	struct asked *asked = calloc(1, sizeof(*asked));

	if (asked == NULL) {
		refuse(intake, request, 503, "out of memory",
		    (struct http_header){"Retry-After", "5"});
		return NULL;
	}
	asked->intake = intake;
	asked->request = request;
	if (find_principal(intake, request, asked->principal))
		return asked;
	free(asked);
	refuse(intake, request, 401,
	    intake->options.unix_socket
		? "the kernel does not say who asks"
		: "a bearer token from the tokens file is needed",
	    (struct http_header){"WWW-Authenticate", "Bearer realm=\"misu\""});
	return NULL;
}

static bool
is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t len = sizeof(json) - 1;

	return type != NULL && strncasecmp(type, json, len) == 0 &&
	    (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static bool
is_key(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return len >= KEY_MIN && len <= KEY_MAX;
}

static void
submit(struct intake *intake, struct http_request *request)
{
	const struct intake_handler *handler = &intake->options.handler;
	const char *key = http_request_header(request, "Idempotency-Key");
	struct slice body = http_request_body(request);
	struct http_header none = {NULL, NULL};
	struct asked *asked;

	if (!is_json(http_request_header(request, "Content-Type"))) {
		refuse(intake, request, 415, "send application/json",
		    (struct http_header){"Accept", "application/json"});
		return;
	}
	if (body.len > BODY_MAX) {
		refuse(intake, request, 413,
		    "a submission has at most 1048576 bytes", none);
		return;
	}
	if (key != NULL && !is_key(key)) {
		refuse(intake, request, 400,
		    "an Idempotency-Key has 8 to 255 visible ASCII characters",
		    none);
		return;
	}
	asked = start_asking(intake, request);
	if (asked == NULL)
		return;
	asked->submission = true;
	handler->submit(handler->context, slice_from(asked->principal),
	    slice_from(key), body, answered, asked);
}

static void
status(struct intake *intake, struct http_request *request)
{
	const struct intake_handler *handler = &intake->options.handler;
	struct slice id = http_request_path(request);
	struct asked *asked = start_asking(intake, request);
	size_t before = strlen("/v1/submissions/");

	if (asked == NULL)
		return;
	id.data += before;
	id.len -= before;
	handler->status(handler->context, slice_from(asked->principal), id,
	    answered, asked);
}

static void
metrics(struct intake *intake, struct http_request *request)
{
	const struct intake_handler *handler = &intake->options.handler;
	struct arena *arena = arena_create(NULL);
	struct slice text = {NULL, 0};

	if (arena != NULL)
		text = handler->metrics(handler->context, arena);
	if (text.data == NULL)
		refuse(intake, request, 503, "out of memory",
		    (struct http_header){"Retry-After", "5"});
	else
		give(intake, request,
		    "text/plain; version=0.0.4; charset=utf-8", text);
	arena_destroy(arena);
}

/* The reason is for operators and names no value, but may have quotes. */
static void
health(struct intake *intake, struct http_request *request)
{
	const struct intake_handler *handler = &intake->options.handler;
	const struct fail *fail = handler->health(handler->context);
	char detail[sizeof(fail->text)];
	size_t len = 0;

	if (fail == NULL) {
		give(intake, request, "application/json",
		    SLICE("{\"status\":\"ok\"}\n"));
		return;
	}
	for (const char *c = fail->text; *c != '\0'; c++)
		if (*c != '"' && *c != '\\' && (unsigned char)*c >= 0x20)
			detail[len++] = *c;
	detail[len] = '\0';
	refuse(intake, request, 503, detail,
	    (struct http_header){"Retry-After", "5"});
}

static void
openapi(struct intake *intake, struct http_request *request)
{
	give(intake, request, "application/json", intake->options.openapi);
}

static const struct {
	const char *path;
	enum http_method method;
	const char *allow;
	void (*run)(struct intake *, struct http_request *);
} routes[ROUTE_COUNT] = {
    [ROUTE_SUBMIT] = {"/v1/submissions", HTTP_POST, "POST", submit},
    [ROUTE_STATUS] = {"/v1/submissions/", HTTP_GET, "GET, HEAD", status},
    [ROUTE_METRICS] = {"/metrics", HTTP_GET, "GET, HEAD", metrics},
    [ROUTE_HEALTH] = {"/healthz", HTTP_GET, "GET, HEAD", health},
    [ROUTE_OPENAPI] = {"/openapi.json", HTTP_GET, "GET, HEAD", openapi},
};

const char *
intake_http_path(size_t n)
{
	return n < ROUTE_COUNT ? routes[n].path : NULL;
}

/* An id is one segment: no slash, and not nothing. */
static bool
matches(enum route route, struct slice path)
{
	size_t len = strlen(routes[route].path);

	if (route != ROUTE_STATUS)
		return slice_is(path, routes[route].path);
	return path.len > len && path.len - len <= 64 &&
	    memcmp(path.data, routes[route].path, len) == 0 &&
	    memchr(path.data + len, '/', path.len - len) == NULL;
}

static void
respond(void *context, struct http_request *request)
{
	struct intake *intake = context;
	struct slice path = http_request_path(request);
	enum http_method method = http_request_method(request);

	if (method == HTTP_HEAD)
		method = HTTP_GET;
	for (unsigned i = 0; i < ROUTE_COUNT; i++) {
		if (!matches((enum route)i, path))
			continue;
		if (method == routes[i].method)
			routes[i].run(intake, request);
		else
			refuse(intake, request, 405,
			    "this method does not serve here",
			    (struct http_header){"Allow", routes[i].allow});
		return;
	}
	refuse(intake, request, 404, "there is nothing here; see /openapi.json",
	    (struct http_header){NULL, NULL});
}

struct slice
intake_http_metrics(
    struct intake *const *intakes, size_t count, struct arena *arena)
{
	struct text text = text_start(arena);

	text_add_string(&text, "# TYPE misu_http_answers_total counter\n");
	for (size_t i = 0; i < count; i++)
		for (unsigned class = 2; class <= 5; class++)
			text_add_format(&text,
			    "misu_http_answers_total{listener=\"%s\","
			    "class=\"%uxx\"} %llu\n",
			    intakes[i]->options.unix_socket ? "unix" : "tcp",
			    class,
			    (unsigned long long)intakes[i]->answers[class]);
	text_add_string(&text, "# TYPE misu_http_connections gauge\n");
	for (size_t i = 0; i < count; i++)
		text_add_format(&text,
		    "misu_http_connections{listener=\"%s\"} %u\n",
		    intakes[i]->options.unix_socket ? "unix" : "tcp",
		    http_server_connections(intakes[i]->server));
	return text_slice(&text);
}

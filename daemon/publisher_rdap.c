/* RDAP over HTTP (RFC 7480): paths, headers and statuses. */
#include <stdio.h>
#include <sys/socket.h>

#include "codec/rdap.h"
#include "log.h"
#include "publisher_priv.h"

enum { CONNECTIONS = 2000, PATIENCE = 30 /* seconds */, HEADERS = 4 };

static void
reply(struct http_request *request, int status, unsigned wait,
    const struct text *text)
{
	struct http_header headers[HEADERS] = {
	    {"Content-Type", "application/rdap+json"},
	    {"Access-Control-Allow-Origin", "*"},
	    {"X-Content-Type-Options", "nosniff"}};
	size_t count = 3;
	char seconds[16];

	if (wait != 0) {
		snprintf(seconds, sizeof(seconds), "%u", wait);
		headers[count++] =
		    (struct http_header){"Retry-After", seconds};
	}
	http_answer(request, status, headers, count,
	    (struct slice){text->data, text->len});
}

static void
refuse(struct http_request *request, struct arena *arena, int status,
    const char *title, const char *description)
{
	struct text text = text_start(arena);
	struct fail ignored = FAIL_INIT;

	if (!rdap_error(&text, status, title, description, &ignored))
		text = (struct text){.data = (char *)(uintptr_t) "{}",
		    .len = 2};
	reply(request, status, status == 429 || status == 503 ? 60 : 0,
	    &text);
}

/* A proxy on this machine says for whom it asks. */
static bool
find_asker(struct http_request *request, struct prefix *asker)
{
	struct sockaddr_storage from = {0};
	socklen_t len = sizeof(from);
	const char *header =
	    http_request_last_header(request, "X-Forwarded-For");
	struct slice last;

	if (getpeername(http_request_socket(request),
		(struct sockaddr *)&from, &len) != 0 ||
	    !rate_block((struct sockaddr *)&from, asker))
		return false;
	if (header == NULL ||
	    !(asker->six ? memcmp(asker->bytes,
			       "\0\0\0\0\0\0\0", 8) == 0
			 : asker->bytes[0] == 127))
		return true;
	last = slice_from(header);
	for (size_t i = last.len; i-- > 0;)
		if (last.data[i] == ',' || last.data[i] == ' ') {
			last.data += i + 1;
			last.len -= i + 1;
			break;
		}
	rate_block_of(last, asker);
	return true;
}

/* The path below the base, which has one of its own behind the host. */
static bool
find_path(const struct publisher *publisher, struct slice *path)
{
	struct slice base = publisher->conf->publish.rdap_base;
	const char *host = memmem(base.data, base.len, "//", 2);
	const char *root = host != NULL
	    ? memchr(host + 2, '/', base.len - (size_t)(host + 2 - base.data))
	    : NULL;
	size_t len =
	    root != NULL ? base.len - (size_t)(root - base.data) : 1;

	if (root != NULL && path->len >= len &&
	    memcmp(path->data, root, len) == 0) {
		path->data += len;
		path->len -= len;
		return true;
	}
	/* A proxy may have taken it off. */
	if (path->len == 0 || path->data[0] != '/')
		return false;
	path->data++;
	path->len--;
	return true;
}

struct rdap_options
publisher_rdap_options(const struct publisher *publisher)
{
	const struct conf_publish *publish = &publisher->conf->publish;

	return (struct rdap_options){.base = publish->rdap_base,
	    .whois = publish->whois_address.len != 0
		? publish->registrar.whois_server
		: (struct slice){"", 0},
	    .contact_uri = publish->contact_form,
	    .terms = publish->terms,
	    .terms_url = publish->terms_url,
	    .now = publisher_now(publisher)};
}

static bool
write_object(struct publisher *publisher, const struct ask *ask,
    struct view_row *row, enum role role, struct text *text,
    struct fail *fail)
{
	const struct rdap_options options = publisher_rdap_options(publisher);

	if (ask->kind == ASK_CONTACT)
		return rdap_entity(text, &row->it, role, &options, fail);
	if (row->it.type == OBJECT_NETWORK)
		return rdap_network(text, &row->it, &options, fail);
	return rdap_domain(text, &row->it, &options, fail);
}

static void
tell_object(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct http_request *request,
    struct arena *arena)
{
	enum role role = ROLE_REGISTRANT;
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;
	struct view_row row;

	switch (publisher_find(publisher, ask, asker, arena, &row, &role)) {
	case FOUND:
		if (write_object(
			publisher, ask, &row, role, &text, &fail)) {
			reply(request, 200, 0, &text);
			return;
		}
		log_fail(LOG_LEVEL_ERROR, "rdap-not-answered", &fail);
		refuse(request, arena, 500, "Internal Error",
		    "The answer could not be made.");
		return;
	case NOT_FOUND:
		refuse(request, arena, 404, "Not Found",
		    "There is no such object here.");
		return;
	case NOT_NOW:
		refuse(request, arena, 503, "Not Now",
		    "This object is being decided anew.");
		return;
	case TOO_MANY:
		refuse(request, arena, 429, "Too Many",
		    "Too many personal records in one day.");
		return;
	}
}

static void
tell(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct http_request *request,
    struct arena *arena)
{
	const struct rdap_options options = publisher_rdap_options(publisher);
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;

	if (ask->kind == ASK_HELP && rdap_help(&text, &options, &fail))
		reply(request, 200, 0, &text);
	else if (ask->kind == ASK_SEARCH)
		refuse(request, arena, 501, "Not Implemented",
		    "Searches are not offered here.");
	else
		tell_object(publisher, ask, asker, request, arena);
}

static void
run(struct publisher *publisher, struct http_request *request,
    struct arena *arena)
{
	enum http_method method = http_request_method(request);
	struct slice path = http_request_path(request);
	struct fail fail = FAIL_INIT;
	struct prefix asker;
	struct ask ask;
	unsigned wait;

	if (method != HTTP_GET && method != HTTP_HEAD)
		refuse(request, arena, 405, "Method Not Allowed",
		    "GET and HEAD can be used.");
	else if (publisher->conf == NULL || !find_asker(request, &asker))
		refuse(request, arena, 503, "Not Now", "misu is starting.");
	else if (!publisher_may_ask(publisher, &asker, &wait))
		refuse(request, arena, 429, "Too Many",
		    "Too many questions in one minute.");
	else if (!find_path(publisher, &path) ||
	    !ask_rdap(arena, path, &ask, &fail))
		refuse(request, arena, 400, "Bad Request",
		    fail.text[0] != '\0' ? fail.text
					 : "This is no path of RDAP.");
	else if (publisher_tier_is_asked(request, &ask))
		publisher_tier_ask(publisher, &ask, &asker, request);
	else
		tell(publisher, &ask, &asker, request, arena);
}

static void
respond(void *context, struct http_request *request)
{
	struct arena *arena = arena_create(NULL);

	if (arena == NULL) {
		http_answer(request, 503, NULL, 0, SLICE("{}"));
		return;
	}
	run(context, request, arena);
	arena_destroy(arena);
}

/* What was not even a request. */
static int
unreadable(void *context, int status, char *out, size_t size)
{
	(void)context;
	return snprintf(out, size,
	    "{\"rdapConformance\":[\"rdap_level_0\"],\"errorCode\":%d,"
	    "\"title\":\"This cannot be read as HTTP/1.1\"}",
	    status);
}

bool
publisher_rdap_open(struct publisher *publisher, int fd, struct fail *fail)
{
	const struct http_server_options options = {
	    .base = loop_base(publisher->loop),
	    .body_max = 1024,
	    .connections = CONNECTIONS,
	    .patience = PATIENCE,
	    .handle = respond,
	    .error = unreadable,
	    .context = publisher};

	http_server_destroy(publisher->rdap);
	publisher->rdap = http_server_create(&options, fd, fail);
	return publisher->rdap != NULL;
}

/* RDAP over HTTP (RFC 7480): paths, headers and statuses. */
#include <stdio.h>

#include "codec/rdap.h"
#include "log.h"
#include "publisher_priv.h"

enum {
	CONNECTIONS = 4000,
	EACH = 400,
	PATIENCE = 30,		  /* seconds */
	OUTPUT = 32 * 1024 * 1024, /* bytes that wait for readers, of all */
	SOON = 60 /* seconds until what is decided anew is asked for again */
};

static const char json_type[] = "application/rdap+json";

/* `wait`: after so many seconds it may be asked again, if not now. */
static void
reply_later(struct rdap_request *request, int status, const struct text *text,
    unsigned wait)
{
	char seconds[16];
	const bool later = status == 429 || status == 503;
	const struct rdap_header headers[] = {{"Content-Type", json_type},
	    {"Access-Control-Allow-Origin", "*"},
	    {"X-Content-Type-Options", "nosniff"},
	    {status == 405 ? "Allow" : "Retry-After",
		status == 405 ? "GET, HEAD, OPTIONS" : seconds}};

	snprintf(seconds, sizeof(seconds), "%u", wait);
	rdap_answer(request, status, headers, later || status == 405 ? 4 : 3,
	    (struct slice){text->data, text->len});
}

static void
reply(struct rdap_request *request, int status, const struct text *text)
{
	reply_later(request, status, text, SOON);
}

/* A browser asks first what another page's script may ask (CORS). */
static void
allow(struct rdap_request *request)
{
	static const struct rdap_header headers[] = {
	    {"Allow", "GET, HEAD, OPTIONS"},
	    {"Access-Control-Allow-Origin", "*"},
	    {"Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"},
	    {"Access-Control-Allow-Headers",
		"Accept, Authorization, Content-Type"},
	    {"Access-Control-Max-Age", "86400"}};

	rdap_answer(request, 204, headers,
	    sizeof(headers) / sizeof(*headers), (struct slice){"", 0});
}

static struct text
error(struct arena *arena, int status, const char *title,
    const char *description)
{
	struct text text = text_start(arena);
	struct fail ignored = FAIL_INIT;

	if (!rdap_error(&text, status, title, description, &ignored))
		text = (struct text){.data = (char *)(uintptr_t) "{}",
		    .len = 2};
	return text;
}

static void
refuse(struct rdap_request *request, struct arena *arena, int status,
    const char *title, const char *description)
{
	struct text text = error(arena, status, title, description);

	reply(request, status, &text);
}

static void
refuse_more(struct rdap_request *request, struct arena *arena,
    const char *description, unsigned wait)
{
	struct text text = error(arena, 429, "Too Many", description);

	reply_later(request, 429, &text, wait);
}

bool
publisher_is_here(const struct prefix *peer)
{
	return peer->six ? memcmp(peer->bytes, "\0\0\0\0\0\0\0", 8) == 0
			 : peer->bytes[0] == 127;
}

/* What a proxy saw is the last address; what is before it anybody may say. */
bool
publisher_asker(const struct sockaddr *from, struct slice forwarded,
    struct prefix *asker)
{
	struct prefix other;

	if (!rate_block(from, asker))
		return false;
	if (!publisher_is_here(asker))
		return true;
	for (size_t i = forwarded.len; i-- > 0;)
		if (forwarded.data[i] == ',' || forwarded.data[i] == ' ') {
			forwarded.data += i + 1;
			forwarded.len -= i + 1;
			break;
		}
	if (forwarded.len != 0 && rate_block_of(forwarded, &other))
		*asker = other;
	return true;
}

/* A proxy on this machine says for whom it asks. */
static bool
find_asker(struct rdap_request *request, struct prefix *asker)
{
	return publisher_asker(rdap_request_from(request),
	    rdap_request_last_header(request, "X-Forwarded-For"), asker);
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
    struct publisher_found *found, struct text *text, struct fail *fail)
{
	const struct rdap_options options = publisher_rdap_options(publisher);
	const struct publication *it = &found->row.it;

	if (ask->kind == ASK_CONTACT)
		return rdap_entity(text, it, found->role, &options, fail);
	if (it->type == OBJECT_NETWORK)
		return rdap_network(text, it, &options, fail);
	return rdap_domain(text, it, &options, fail);
}

/* --- answers that are ready ----------------------------------------------- */

/* Where the database's time stands in the body; 0: nowhere. */
static size_t
place_of_date(struct slice body)
{
	static const char before[] =
	    "\"last update of RDAP database\",\"eventDate\":\"";
	const char *at =
	    memmem(body.data, body.len, before, sizeof(before) - 1);

	/* In a value quotation marks are escaped: it can only be ours. */
	return at != NULL ? (size_t)(at - body.data) + sizeof(before) - 1 : 0;
}

/* Head and body as they leave, and where the times stand in them. */
static bool
make_ready(struct publisher *publisher, const struct text *body,
    struct text *whole, struct answer *out)
{
	static const char start[] = "HTTP/1.1 200 OK\r\nDate: ";
	size_t date = place_of_date((struct slice){body->data, body->len});

	publisher_set_clock(publisher);
	text_add_string(whole, start);
	text_add_string(whole, publisher->http_date);
	text_add_format(whole,
	    "\r\nContent-Type: %s\r\nAccess-Control-Allow-Origin: *\r\n"
	    "X-Content-Type-Options: nosniff\r\nContent-Length: %zu\r\n\r\n",
	    json_type, body->len);
	out->head = whole->len;
	out->http_date = sizeof(start) - 1;
	out->date = date != 0 ? out->head + date : 0;
	text_add(whole, (struct slice){body->data, body->len});
	out->bytes = text_slice(whole);
	return out->bytes.data != NULL;
}

static void
reply_and_keep(struct publisher *publisher, const struct ask *ask,
    const struct publisher_found *found, struct rdap_request *request,
    const struct text *body)
{
	struct text whole = text_start(body->arena);
	struct text key = text_start(body->arena);
	struct answer made = {.key = {NULL, 0}};

	publisher_key(&key, ask);
	made.key = text_slice(&key);
	if (made.key.data == NULL ||
	    !make_ready(publisher, body, &whole, &made)) {
		reply(request, 200, body);
		return;
	}
	publisher_keep(publisher, ask, found, &made);
	rdap_answer_ready(request, made.bytes, made.head);
}

/* False: it has to be made. */
static bool
tell_kept(struct publisher *publisher, struct slice key,
    const struct prefix *asker, struct rdap_request *request)
{
	const struct answer *answer;
	unsigned ignored;

	/* Who shows who they are may be told more than the public. */
	if (rdap_request_header(request, "Authorization").data != NULL)
		return false;
	answer = publisher_kept(publisher, key);
	if (answer == NULL ||
	    !publisher_may_tell(
		publisher, asker, answer->personal, &ignored))
		return false;
	rdap_answer_ready(request, answer->bytes, answer->head);
	return true;
}

/* --- questions ------------------------------------------------------------ */

static void
tell_object(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct rdap_request *request,
    struct arena *arena)
{
	struct publisher_found found = {.role = ROLE_REGISTRANT};
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;

	switch (publisher_find(publisher, ask, asker, arena, &found)) {
	case FOUND:
		if (write_object(publisher, ask, &found, &text, &fail)) {
			reply_and_keep(
			    publisher, ask, &found, request, &text);
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
		refuse_more(request, arena,
		    "Too many personal records in one day.", found.wait);
		return;
	}
}

/* It is told of by no row alone, and made each time. */
static void
tell_server(struct publisher *publisher, const struct ask *ask,
    struct rdap_request *request, struct arena *arena)
{
	const struct rdap_options options = publisher_rdap_options(publisher);
	struct text text = text_start(arena);
	struct publisher_server server;
	struct fail fail = FAIL_INIT;

	switch (publisher_find_server(publisher, ask->name, arena, &server)) {
	case FOUND:
		if (rdap_nameserver(&text, &server.it, server.addresses,
			&options, &fail))
			reply(request, 200, &text);
		else
			refuse(request, arena, 500, "Internal Error",
			    "The answer could not be made.");
		return;
	case NOT_FOUND:
		refuse(request, arena, 404, "Not Found",
		    "No object here has this name server.");
		return;
	case NOT_NOW:
	case TOO_MANY:
		refuse(request, arena, 503, "Not Now",
		    "Its objects are being decided anew.");
		return;
	}
}

static void
tell_help(struct publisher *publisher, struct rdap_request *request,
    struct arena *arena)
{
	const struct rdap_options options = publisher_rdap_options(publisher);
	struct text text = text_start(arena);
	struct fail fail = FAIL_INIT;

	if (rdap_help(&text, &options, &fail))
		reply(request, 200, &text);
	else
		refuse(request, arena, 500, "Internal Error",
		    "The answer could not be made.");
}

static void
tell(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct rdap_request *request,
    struct arena *arena)
{
	switch (ask->kind) {
	case ASK_DOMAIN:
	case ASK_NETWORK:
	case ASK_CONTACT:
		tell_object(publisher, ask, asker, request, arena);
		return;
	case ASK_NAMESERVER:
		tell_server(publisher, ask, request, arena);
		return;
	case ASK_HELP:
		tell_help(publisher, request, arena);
		return;
	case ASK_REFERENCES:
	case ASK_SEARCH:
		refuse(request, arena, 501, "Not Implemented",
		    "Searches are not offered here.");
		return;
	/* RFC 9082 section 3 has this status for what is not served. */
	case ASK_AUTNUM:
		refuse(request, arena, 501, "Not Implemented",
		    "Autonomous systems are not served here.");
		return;
	}
}

/* The spelling of a key is the usual one; others are found once read. */
static void
find(struct publisher *publisher, struct slice path,
    const struct prefix *asker, struct rdap_request *request,
    struct arena *arena)
{
	struct text key = text_start(arena);
	struct fail fail = FAIL_INIT;
	struct ask ask;

	if (!ask_rdap(arena, path, &ask, &fail)) {
		refuse(request, arena, 400, "Bad Request", fail.text);
		return;
	}
	if (publisher_tier_is_asked(request, &ask)) {
		publisher_tier_ask(publisher, &ask, asker, request);
		return;
	}
	publisher_key(&key, &ask);
	if (key.failed || key.len == 0 ||
	    !tell_kept(publisher, (struct slice){key.data, key.len}, asker,
		request))
		tell(publisher, &ask, asker, request, arena);
}

/* `wait`: it may not ask now, but in so many seconds. */
static void
run(struct publisher *publisher, struct rdap_request *request,
    const struct prefix *asker, unsigned wait, struct arena *arena)
{
	enum rdap_method method = rdap_request_method(request);
	struct slice path = rdap_request_path(request);

	if (method == RDAP_OTHER)
		refuse(request, arena, 405, "Method Not Allowed",
		    "GET, HEAD and OPTIONS can be used.");
	else if (asker == NULL)
		refuse(request, arena, 503, "Not Now", "misu is starting.");
	else if (wait != 0)
		refuse_more(request, arena,
		    "Too many questions in one minute.", wait);
	else if (!find_path(publisher, &path))
		refuse(request, arena, 400, "Bad Request",
		    "This is no path of RDAP.");
	else
		find(publisher, path, asker, request, arena);
}

/* What is asked for often is answered without an arena or a reader. */
static bool
run_quickly(struct publisher *publisher, struct rdap_request *request,
    const struct prefix *asker)
{
	enum rdap_method method = rdap_request_method(request);
	struct slice path = rdap_request_path(request);

	return (method == RDAP_GET || method == RDAP_HEAD) &&
	       find_path(publisher, &path) &&
	       tell_kept(publisher, path, asker, request);
}

static void
respond(void *context, struct rdap_request *request)
{
	struct publisher *publisher = context;
	struct prefix asker;
	struct arena *arena;
	bool known, may;
	unsigned wait = 0;

	if (rdap_request_method(request) == RDAP_OPTIONS) {
		allow(request);
		return;
	}
	known = publisher->conf != NULL && find_asker(request, &asker);
	may = known && publisher_may_ask(publisher, &asker, &wait);
	if (may && run_quickly(publisher, request, &asker))
		return;
	arena = arena_create(NULL);
	if (arena == NULL) {
		rdap_answer(request, 503, NULL, 0, SLICE("{}"));
		return;
	}
	run(publisher, request, known ? &asker : NULL, wait, arena);
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

static void
answered(void *context, int status)
{
	publisher_count(context, TALLY_RDAP, tally_of_status(status));
}

bool
publisher_rdap_open(struct publisher *publisher, int fd, struct fail *fail)
{
	const struct rdap_server_options options = {
	    .base = loop_base(publisher->loop),
	    .connections = CONNECTIONS,
	    .each = EACH,
	    .patience = PATIENCE,
	    .output = OUTPUT,
	    .handle = respond,
	    .error = unreadable,
	    .answered = answered,
	    .context = publisher};

	rdap_server_destroy(publisher->rdap);
	publisher->rdap = rdap_server_create(&options, fd, fail);
	return publisher->rdap != NULL;
}

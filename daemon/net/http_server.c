#include "net/http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_tls.h"

/*
 * A listener that is disabled still takes what one accept loop finds in the
 * kernel's queue: BURST places more are kept for those.
 */
enum { HEADERS_MAX = 16 * 1024, SWEEP_SECONDS = 1, GRACE_MS = 2000,
	BURST = 1024 };

/*
 * A connection as we see it.  evhttp tells nobody when it drops one, so we
 * hold a reference to its bufferevent: once the callbacks are gone, so is
 * the connection.
 */
struct connection {
	struct bufferevent *stream;
	int64_t begun; /* ms: accepted */
	int64_t since; /* ms: accepted, or last answered */
	bool asking;   /* a request is with the handler */
	bool foreign;  /* libevent put an answer of its own into the output */
	bool ends;     /* takes no more requests */
};

struct http_server {
	struct http_server_options options;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *sweep, *reword;
	struct connection *connections;
	unsigned count;
	bool paused, full;
	bool answering; /* what comes into an output now is ours */
};

struct http_request {
	struct http_server *server; /* NULL once the peer has gone */
	struct evhttp_request *request;
	struct bufferevent *stream;
	struct slice path, query, body;
};

static int64_t
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static bool
is_gone(const struct connection *connection)
{
	bufferevent_data_cb read, write;
	bufferevent_event_cb event;

	bufferevent_getcb(connection->stream, &read, &write, &event, NULL);
	return read == NULL && write == NULL && event == NULL;
}

/* A shut socket reads as closed, and evhttp then frees all that is its. */
static void
hang_up(struct connection *connection)
{
	shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
}

/* All that have been silent since before then. */
static void
hang_up_older(struct http_server *server, int64_t since)
{
	for (unsigned i = 0; i < server->count; i++)
		if (!server->connections[i].asking &&
		    server->connections[i].since < since)
			hang_up(&server->connections[i]);
}

/* One that ends does so when its answer is written. */
static void
end_idle(struct connection *connection)
{
	if (connection->ends && !connection->asking &&
	    evbuffer_get_length(
		bufferevent_get_output(connection->stream)) == 0)
		hang_up(connection);
}

static void
forget_gone(struct http_server *server)
{
	for (unsigned i = 0; i < server->count;) {
		if (is_gone(&server->connections[i])) {
			bufferevent_decref(server->connections[i].stream);
			server->connections[i] =
			    server->connections[--server->count];
		} else {
			i++;
		}
	}
}

static void
listen_again(struct http_server *server)
{
	server->full = server->count >= server->options.connections;
	if (server->paused || server->full)
		evconnlistener_disable(server->listener);
	else
		evconnlistener_enable(server->listener);
}

/*
 * Those who took too long must go.  When all places are taken, so must who
 * has been silent longest, or the silent would keep the others out.
 */
static void
sweep(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;
	struct connection *oldest = NULL;
	int64_t at = now(), age = (int64_t)server->options.age * 1000;

	(void)fd;
	(void)what;
	forget_gone(server);
	for (unsigned i = 0; i < server->count; i++) {
		struct connection *this = &server->connections[i];

		this->ends = this->ends || (age != 0 && at - this->begun > age);
		end_idle(this);
		if (this->asking)
			continue;
		if (at - this->since > (int64_t)server->options.patience * 1000)
			hang_up(this);
		else if (oldest == NULL || this->since < oldest->since)
			oldest = this;
	}
	if (server->full && oldest != NULL && at - oldest->since > GRACE_MS)
		hang_up_older(server, oldest->since + GRACE_MS / 2);
	listen_again(server);
}

static struct connection *
find(struct http_server *server, const struct bufferevent *stream)
{
	for (unsigned i = 0; i < server->count; i++)
		if (server->connections[i].stream == stream)
			return &server->connections[i];
	return NULL;
}

/* Something came into an output: by libevent itself, if not by us. */
static void
output_grew(
    struct evbuffer *output, const struct evbuffer_cb_info *info, void *arg)
{
	struct http_server *server = arg;

	if (server->answering || info->n_added == 0)
		return;
	for (unsigned i = 0; i < server->count; i++)
		if (bufferevent_get_output(server->connections[i].stream) ==
		    output)
			server->connections[i].foreign = true;
	/* The whole page is there, and nothing of it written, when it runs. */
	event_active(server->reword, EV_TIMEOUT, 0);
}

static void
reword(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *server = arg;

	(void)fd;
	(void)what;
	server->answering = true;
	for (unsigned i = 0; i < server->count; i++) {
		struct connection *this = &server->connections[i];

		if (this->foreign && !is_gone(this))
			http_error_reword(bufferevent_get_output(this->stream),
			    server->options.error, server->options.context);
		this->foreign = false;
	}
	server->answering = false;
}

/* evhttp asks for the stream of a connection it is about to serve. */
static struct bufferevent *
new_connection(struct event_base *base, void *arg)
{
	struct http_server *server = arg;
	struct http_tls *const *tls = server->options.tls;
	struct bufferevent *stream = NULL;

	if (tls == NULL)
		stream = bufferevent_socket_new(base, -1, 0);
	else if (*tls != NULL)
		stream = http_tls_stream(*tls, base);
	if (stream == NULL)
		return NULL;
	/* Before the new one, whose callbacks are not set yet. */
	if (server->count + 1 >= server->options.connections)
		forget_gone(server);
	if (server->count < server->options.connections + BURST) {
		int64_t at = now();

		bufferevent_incref(stream);
		server->connections[server->count++] = (struct connection){
		    .stream = stream, .begun = at, .since = at};
		evbuffer_add_cb(
		    bufferevent_get_output(stream), output_grew, server);
	}
	if (server->count >= server->options.connections) {
		server->full = true;
		evconnlistener_disable(server->listener);
	}
	return stream;
}

static void
peer_gone(struct evhttp_connection *connection, void *arg)
{
	struct http_request *request = arg;

	(void)connection;
	request->server = NULL;
}

static struct slice
request_body(struct evhttp_request *request)
{
	struct evbuffer *input = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(input);

	return (struct slice){(char *)evbuffer_pullup(input, -1), len};
}

/* No more is read of the connection that it came by. */
static void
turn_away(struct evhttp_request *from, int status)
{
	evhttp_add_header(
	    evhttp_request_get_output_headers(from), "Connection", "close");
	evhttp_send_error(from, status, NULL);
}

static bool
is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0' && text[0] != '\0';
}

/*
 * A header that says one thing, said twice, or a length that is no number: of
 * such a request a proxy in front may have understood another one (RFC 9112,
 * 6.3), with a body that ends elsewhere, or of somebody else.
 */
static bool
is_ambiguous(struct evhttp_request *request)
{
	static const char *const once[] = {"Content-Length",
	    "Transfer-Encoding", "Host", "Authorization", "Content-Type",
	    "Idempotency-Key"};
	unsigned seen = 0;

	for (const struct evkeyval *at =
		 evhttp_request_get_input_headers(request)->tqh_first;
	     at != NULL; at = at->next.tqe_next)
		for (unsigned i = 0; i < sizeof(once) / sizeof(*once); i++) {
			if (evutil_ascii_strcasecmp(at->key, once[i]) != 0)
				continue;
			if ((seen & 1u << i) != 0 ||
			    (i == 0 && !is_number(at->value)))
				return true;
			seen |= 1u << i;
		}
	return (seen & 3u) == 3u;
}

static void
handle(struct evhttp_request *from, void *arg)
{
	struct http_server *server = arg;
	struct http_request *request = calloc(1, sizeof(*request));
	struct evhttp_connection *evcon = evhttp_request_get_connection(from);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(from);
	struct connection *connection;

	if (request == NULL) {
		evhttp_send_error(from, 503, NULL);
		return;
	}
	if (uri == NULL || is_ambiguous(from)) {
		free(request);
		turn_away(from, 400);
		return;
	}
	*request = (struct http_request){.server = server,
	    .request = from,
	    .stream = evhttp_connection_get_bufferevent(evcon),
	    .path = slice_from(evhttp_uri_get_path(uri)),
	    .query = slice_from(evhttp_uri_get_query(uri)),
	    .body = request_body(from)};
	connection = find(server, request->stream);
	if (connection != NULL && connection->ends) {
		free(request);
		turn_away(from, 503); /* it is asked elsewhere */
		return;
	}
	if (connection != NULL)
		connection->asking = true;
	evhttp_connection_set_closecb(evcon, peer_gone, request);
	server->options.handle(server->options.context, request);
}

static void
set_limits(struct http_server *server)
{
	evhttp_set_max_headers_size(server->http, HEADERS_MAX);
	evhttp_set_max_body_size(
	    server->http, (ev_ssize_t)server->options.body_max);
	evhttp_set_timeout(server->http, (int)server->options.patience);
	evhttp_set_allowed_methods(server->http,
	    EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
		EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
		EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	/* Who sends a body that is too long can read why it is refused. */
	evhttp_set_flags(server->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_default_content_type(server->http, NULL);
	evhttp_set_bevcb(server->http, new_connection, server);
	evhttp_set_gencb(server->http, handle, server);
}

/*
 * Connections inherit it: the end of a long answer does not wait until its
 * beginning was acknowledged.  A Unix socket has no use for it.
 */
static void
set_no_delay(int listen_fd)
{
	int on = 1;

	setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
start(struct http_server *server, int listen_fd)
{
	set_no_delay(listen_fd);
	server->connections = calloc(server->options.connections + BURST,
	    sizeof(*server->connections));
	server->http = evhttp_new(server->options.base);
	server->sweep =
	    event_new(server->options.base, -1, EV_PERSIST, sweep, server);
	server->reword = event_new(server->options.base, -1, 0, reword, server);
	if (server->connections == NULL || server->http == NULL ||
	    server->sweep == NULL || server->reword == NULL)
		return false;
	set_limits(server);
	server->listener = evconnlistener_new(server->options.base, NULL, NULL,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	if (server->listener == NULL)
		return false;
	if (evhttp_bind_listener(server->http, server->listener) == NULL) {
		evconnlistener_free(server->listener);
		server->listener = NULL;
		return false;
	}
	event_add(server->sweep, &(struct timeval){.tv_sec = SWEEP_SECONDS});
	return true;
}

struct http_server *
http_server_create(const struct http_server_options *options, int listen_fd,
    struct fail *fail)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server != NULL) {
		server->options = *options;
		if (start(server, listen_fd))
			return server;
		if (server->listener != NULL)
			listen_fd = -1;
		http_server_destroy(server);
	}
	if (listen_fd >= 0)
		close(listen_fd);
	fail_memory(fail);
	return NULL;
}

void
http_server_destroy(struct http_server *server)
{
	if (server == NULL)
		return;
	if (server->sweep != NULL)
		event_free(server->sweep);
	server->answering = true;
	if (server->http != NULL)
		evhttp_free(server->http);
	if (server->reword != NULL)
		event_free(server->reword);
	for (unsigned i = 0; i < server->count; i++)
		bufferevent_decref(server->connections[i].stream);
	free(server->connections);
	free(server);
}

void
http_server_pause(struct http_server *server)
{
	server->paused = true;
	evconnlistener_disable(server->listener);
}

void
http_server_end_connections(struct http_server *server)
{
	for (unsigned i = 0; server != NULL && i < server->count; i++) {
		struct connection *this = &server->connections[i];

		this->ends = true;
		if (!is_gone(this))
			end_idle(this);
	}
}

unsigned
http_server_connections(const struct http_server *server)
{
	return server->count;
}

enum http_method
http_request_method(const struct http_request *request)
{
	switch (evhttp_request_get_command(request->request)) {
	case EVHTTP_REQ_GET:
		return HTTP_GET;
	case EVHTTP_REQ_HEAD:
		return HTTP_HEAD;
	case EVHTTP_REQ_POST:
		return HTTP_POST;
	case EVHTTP_REQ_PUT:
	case EVHTTP_REQ_DELETE:
	case EVHTTP_REQ_OPTIONS:
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT:
	case EVHTTP_REQ_PATCH:
		break;
	}
	return HTTP_OTHER;
}

struct slice
http_request_path(const struct http_request *request)
{
	return request->path;
}

struct slice
http_request_query(const struct http_request *request)
{
	return request->query;
}

struct slice
http_request_body(const struct http_request *request)
{
	return request->body;
}

const char *
http_request_header(const struct http_request *request, const char *name)
{
	return evhttp_find_header(
	    evhttp_request_get_input_headers(request->request), name);
}

bool
http_request_certificate(const struct http_request *request,
    struct digest *certificate, char *subject)
{
	return http_tls_peer(request->stream, certificate, subject);
}

bool
http_request_is_gone(const struct http_request *request)
{
	return request->server == NULL;
}

int
http_request_socket(const struct http_request *request)
{
	return bufferevent_getfd(request->stream);
}

/* A HEAD's answer has the length of a body that does not come. */
static void
send_answer(struct http_request *request, int status,
    const struct http_header *headers, size_t count, struct slice body)
{
	struct evkeyvalq *out =
	    evhttp_request_get_output_headers(request->request);
	struct evbuffer *buffer =
	    evhttp_request_get_output_buffer(request->request);
	char length[24];

	for (size_t i = 0; i < count; i++)
		evhttp_add_header(out, headers[i].name, headers[i].value);
	snprintf(length, sizeof(length), "%zu", body.len);
	evhttp_add_header(out, "Content-Length", length);
	if (http_request_method(request) != HTTP_HEAD)
		evbuffer_add(buffer, body.data, body.len);
	evhttp_send_reply(request->request, status, http_reason(status), NULL);
}

void
http_answer(struct http_request *request, int status,
    const struct http_header *headers, size_t count, struct slice body)
{
	struct http_server *server = request->server;
	struct connection *connection;

	if (server != NULL) {
		connection = find(server, request->stream);
		if (connection != NULL) {
			connection->asking = false;
			connection->since = now();
			if (connection->ends)
				evhttp_add_header(
				    evhttp_request_get_output_headers(
					request->request),
				    "Connection", "close");
		}
		evhttp_connection_set_closecb(
		    evhttp_request_get_connection(request->request), NULL,
		    NULL);
		server->answering = true;
		send_answer(request, status, headers, count, body);
		server->answering = false;
	}
	free(request);
}

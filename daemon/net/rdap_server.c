#include "net/rdap_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "codec/http_head.h"
#include "net/crowd.h"

enum {
	INPUT_MAX = 2 * HTTP_HEAD_MAX,
	OUTPUT_MAX = 256 * 1024, /* waits at most before more is read */
	DRAIN_MAX = 1024 * 1024, /* thrown away at most, of who was refused */
	GRACE_MS = 2000,
	SWEEP_SECONDS = 1
};

/*
 * In the list the one that was silent longest comes first.  What came of a
 * request that is not whole is kept apart, so that who is silent costs little.
 */
struct connection {
	struct connection *next, *before;
	struct rdap_server *server;
	struct event readable, writable;
	struct sockaddr_in6 from; /* room for IPv4 too */
	int fd;
	int counter;   /* of the crowd */
	int64_t since; /* ms: accepted, or last answered */
	char *kept;    /* input that waits */
	size_t kept_len;
	struct evbuffer *output; /* NULL: nothing waits */
	struct rdap_request *asking;
	bool ending; /* no more requests after the answers under way */
	bool ended;  /* our end is said */
	size_t drained;
};

struct rdap_request {
	struct connection *connection; /* NULL once it has gone */
	struct http_head head;
	char *held; /* its bytes, where the answer comes later */
	size_t held_len;
	bool more; /* input follows: answers are gathered */
	bool answered;
};

struct rdap_server {
	struct rdap_server_options options;
	struct evconnlistener *listener;
	struct event *sweep;
	struct connection *first, *last;
	unsigned count;
	struct rdap_request *spare;
	struct crowd crowd;
	char input[INPUT_MAX];
};

/* What it says may be a secret. */
static void
wipe_and_free(char *bytes, size_t len)
{
	if (bytes != NULL)
		digest_wipe(bytes, len);
	free(bytes);
}

static void take(struct connection *connection, struct slice input);

static int64_t
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* --- connections ---------------------------------------------------------- */

static void
unlink_one(struct connection *connection)
{
	struct rdap_server *server = connection->server;

	if (connection->before != NULL)
		connection->before->next = connection->next;
	else
		server->first = connection->next;
	if (connection->next != NULL)
		connection->next->before = connection->before;
	else
		server->last = connection->before;
}

static void
link_last(struct connection *connection)
{
	struct rdap_server *server = connection->server;

	connection->next = NULL;
	connection->before = server->last;
	if (server->last != NULL)
		server->last->next = connection;
	else
		server->first = connection;
	server->last = connection;
	connection->since = now();
}

static void
connection_free(struct connection *connection)
{
	struct rdap_server *server = connection->server;

	unlink_one(connection);
	event_del(&connection->readable);
	event_del(&connection->writable);
	if (connection->asking != NULL)
		connection->asking->connection = NULL;
	if (connection->output != NULL)
		evbuffer_free(connection->output);
	wipe_and_free(connection->kept, connection->kept_len);
	close(connection->fd);
	crowd_leave(&server->crowd, connection->counter);
	free(connection);
	if (server->count-- == server->options.connections &&
	    server->listener != NULL)
		evconnlistener_enable(server->listener);
}

/*
 * Our end is said, and what still comes is thrown away until the other end
 * goes: closing with something unread would take the last answer back.
 */
static void
end(struct connection *connection)
{
	connection->ended = true;
	shutdown(connection->fd, SHUT_WR);
	event_add(&connection->readable, NULL);
}

/* --- output --------------------------------------------------------------- */

static bool
waits(const struct connection *connection)
{
	return connection->output != NULL &&
	       evbuffer_get_length(connection->output) != 0;
}

/* What the socket does not take now waits; false without memory. */
static bool
put(struct connection *connection, struct slice bytes)
{
	if (connection->output == NULL)
		connection->output = evbuffer_new();
	return connection->output != NULL &&
	       evbuffer_add(connection->output, bytes.data, bytes.len) == 0;
}

/* One piece that nothing waits before goes out as it stands. */
static bool
put_or_send(struct connection *connection, struct slice bytes, bool more)
{
	ssize_t sent = 0;

	if (!more && !waits(connection)) {
		sent =
		    send(connection->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (sent < 0)
			sent = 0;
		if ((size_t)sent == bytes.len)
			return true;
	}
	return put(connection,
	    (struct slice){bytes.data + sent, bytes.len - (size_t)sent});
}

/* False if the other end is gone. */
static bool
flush(struct connection *connection)
{
	while (waits(connection))
		if (evbuffer_write(connection->output, connection->fd) < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN;
		}
	if (connection->output != NULL) {
		evbuffer_free(connection->output);
		connection->output = NULL;
	}
	return true;
}

/*
 * After answers: what waits is written when it can be, and read is only when
 * nothing does.  The connection may be gone when this returns false.
 */
static bool
settle(struct connection *connection)
{
	if (!flush(connection)) {
		connection_free(connection);
		return false;
	}
	if (waits(connection)) {
		event_del(&connection->readable);
		event_add(&connection->writable, NULL);
	} else if (connection->asking != NULL) {
		event_del(&connection->readable);
	} else if (connection->ending && !connection->ended) {
		end(connection);
	}
	return true;
}

/* What was kept back is looked at again as soon as nothing waits. */
static void
go_on(struct connection *connection)
{
	if (!settle(connection) || waits(connection) ||
	    connection->asking != NULL || connection->ended)
		return;
	event_add(&connection->readable, NULL);
	take(connection, (struct slice){NULL, 0});
}

static void
writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	go_on(context);
}

/* --- answers -------------------------------------------------------------- */

static void
give_back(struct rdap_server *server, struct rdap_request *request)
{
	wipe_and_free(request->held, request->held_len);
	request->held = NULL;
	if (server->spare == NULL)
		server->spare = request;
	else
		free(request);
}

/* The peer has gone. */
static void
answer_nobody(struct rdap_request *request)
{
	wipe_and_free(request->held, request->held_len);
	free(request);
}

/*
 * Later than the handler's return, the connection goes on by itself: in a
 * turn of its own, for a handler of another may be under way.
 */
static void
answered(struct rdap_request *request, bool ok)
{
	struct connection *connection = request->connection;
	struct rdap_server *server = connection->server;

	request->answered = true;
	unlink_one(connection);
	link_last(connection);
	if (!ok)
		connection->ending = true;
	if (connection->asking != request)
		return;
	connection->asking = NULL;
	give_back(server, request);
	event_active(&connection->writable, EV_WRITE, 1);
}

void
rdap_answer_ready(struct rdap_request *request, struct slice bytes, size_t head)
{
	struct connection *connection = request->connection;
	static const char first[] = "HTTP/1.1 200 OK\r\n";
	size_t len = sizeof(first) - 1;
	const char *ends;
	bool ok;

	if (connection == NULL) {
		answer_nobody(request);
		return;
	}
	if (rdap_request_method(request) == RDAP_HEAD)
		bytes.len = head;
	if (!connection->ending && !request->head.is_1_0) {
		answered(request,
		    put_or_send(connection, bytes,
			request->more || connection->asking == request));
		return;
	}
	ends = connection->ending ? "HTTP/1.1 200 OK\r\nConnection: close\r\n"
				  : "HTTP/1.1 200 OK\r\n"
				    "Connection: keep-alive\r\n";
	ok = put(connection, slice_from(ends)) &&
	     put(connection, (struct slice){bytes.data + len, bytes.len - len});
	answered(request, ok);
}

static bool
put_head(struct connection *connection, const struct rdap_request *request,
    int status, size_t body)
{
	char date[HTTP_DATE_LEN + 1];
	const char *ends = connection->ending	  ? "Connection: close\r\n"
			   : request->head.is_1_0 ? "Connection: keep-alive\r\n"
						  : "";

	http_date_print((int64_t)time(NULL), date);
	if (connection->output == NULL)
		connection->output = evbuffer_new();
	if (connection->output == NULL ||
	    evbuffer_add_printf(connection->output,
		"HTTP/1.1 %d %s\r\n%sDate: %s\r\n", status, http_reason(status),
		ends, date) < 0)
		return false;
	/* RFC 9110 section 8.6: there is none where there can be no body. */
	return status == 204 || evbuffer_add_printf(connection->output,
				    "Content-Length: %zu\r\n", body) >= 0;
}

void
rdap_answer(struct rdap_request *request, int status,
    const struct rdap_header *headers, size_t count, struct slice body)
{
	struct connection *connection = request->connection;
	bool ok;

	if (connection == NULL) {
		answer_nobody(request);
		return;
	}
	ok = put_head(connection, request, status, body.len);
	for (size_t i = 0; ok && i < count; i++)
		ok = evbuffer_add_printf(connection->output, "%s: %s\r\n",
			 headers[i].name, headers[i].value) >= 0;
	ok = ok && put(connection, SLICE("\r\n"));
	if (ok && status != 204 && rdap_request_method(request) != RDAP_HEAD)
		ok = put(connection, body);
	answered(request, ok);
}

/* --- requests ------------------------------------------------------------- */

/* What was no request has an answer too, and it is the last. */
static void
refuse(struct connection *connection, int status)
{
	const struct rdap_server_options *options =
	    &connection->server->options;
	static const struct rdap_request none;
	char body[512];
	int len = options->error(options->context, status, body, sizeof(body));

	connection->ending = true;
	if (len < 0 || (size_t)len >= sizeof(body))
		len = 0;
	if (put_head(connection, &none, status, (size_t)len) &&
	    put(connection, SLICE("Content-Type: application/rdap+json\r\n"
				  "Access-Control-Allow-Origin: *\r\n\r\n")))
		put(connection, (struct slice){body, (size_t)len});
}

static struct rdap_request *
request_make(struct connection *connection)
{
	struct rdap_server *server = connection->server;
	struct rdap_request *request = server->spare;

	server->spare = NULL;
	if (request == NULL)
		request = malloc(sizeof(*request));
	if (request != NULL) {
		request->connection = connection;
		request->held = NULL;
		request->answered = false;
	}
	return request;
}

/* Bytes that belong to a request that waits, or to one that is not whole. */
static bool
keep(struct connection *connection, struct slice rest)
{
	char *copy = NULL;

	if (rest.len != 0) {
		copy = malloc(rest.len);
		if (copy == NULL)
			return false;
		memcpy(copy, rest.data, rest.len);
	}
	wipe_and_free(connection->kept, connection->kept_len);
	connection->kept = copy;
	connection->kept_len = rest.len;
	return true;
}

/*
 * The handler answers later: what it was given must stay, in memory of the
 * connection's own.
 */
static bool
wait_for(struct rdap_request *request, struct slice input, size_t len)
{
	struct connection *connection = request->connection;
	char *head = malloc(len);
	size_t again;

	if (head == NULL || !keep(connection, (struct slice){input.data + len,
						  input.len - len})) {
		free(head);
		return false;
	}
	memcpy(head, input.data, len);
	request->held = head;
	request->held_len = len;
	http_head_read((struct slice){head, len}, &request->head, &again);
	connection->asking = request;
	return true;
}

/* False if the connection can take no more now. */
static bool
ask(struct connection *connection, struct rdap_request *request,
    struct slice input, size_t len)
{
	struct rdap_server *server = connection->server;
	bool later;

	connection->ending |= http_head_ends(&request->head) ||
			      http_head_has_body(&request->head);
	request->more = input.len > len && !connection->ending;
	server->options.handle(server->options.context, request);
	later = !request->answered;
	if (later && !wait_for(request, input, len)) {
		connection->ending = true;
		refuse(connection, 503);
		request->connection = NULL; /* its answer frees it */
		return false;
	}
	if (later)
		return false;
	give_back(server, request);
	return !connection->ending &&
	       (connection->output == NULL ||
		   evbuffer_get_length(connection->output) < OUTPUT_MAX);
}

static int
status_of(enum http_head_state state)
{
	switch (state) {
	case HTTP_HEAD_LONG:
		return 431;
	case HTTP_HEAD_VERSION:
		return 505;
	case HTTP_HEAD_WHOLE:
	case HTTP_HEAD_MORE:
	case HTTP_HEAD_BAD:
		break;
	}
	return 400;
}

/*
 * One request after the other; false: the output is full, and what is left
 * waits for it.
 */
static bool
take_all(struct connection *connection, struct slice *input)
{
	while (input->len != 0) {
		struct rdap_request *request = request_make(connection);
		enum http_head_state state = HTTP_HEAD_LONG;
		bool goes_on;
		size_t len;

		if (request != NULL)
			state = http_head_read(*input, &request->head, &len);
		if (state != HTTP_HEAD_WHOLE) {
			if (request != NULL)
				give_back(connection->server, request);
			if (state != HTTP_HEAD_MORE || request == NULL)
				refuse(connection,
				    request == NULL ? 503 : status_of(state));
			return true;
		}
		goes_on = ask(connection, request, *input, len);
		input->data += len;
		input->len -= len;
		if (!goes_on)
			return connection->asking != NULL || connection->ending;
	}
	return true;
}

/* `input` without data: what was kept back. */
static void
take(struct connection *connection, struct slice input)
{
	struct rdap_server *server = connection->server;
	size_t used;
	bool done, ok;

	if (input.data == NULL) {
		input = (struct slice){server->input, connection->kept_len};
		if (input.len != 0)
			memcpy(server->input, connection->kept, input.len);
	}
	used = input.len;
	do {
		done = take_all(connection, &input);
		/* Where it asks, wait_for() has kept the rest. */
		ok = connection->asking != NULL ||
		     keep(connection,
			 connection->ending ? (struct slice){NULL, 0} : input);
		if (!ok) {
			connection_free(connection);
			break;
		}
	} while (settle(connection) && !done && !waits(connection));
	digest_wipe(server->input, used);
}

static void
throw_away(struct connection *connection)
{
	struct rdap_server *server = connection->server;
	ssize_t len =
	    recv(connection->fd, server->input, sizeof(server->input), 0);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	connection->drained += len > 0 ? (size_t)len : 0;
	if (len <= 0 || connection->drained > DRAIN_MAX)
		connection_free(connection);
}

static void
readable(evutil_socket_t fd, short what, void *context)
{
	struct connection *connection = context;
	struct rdap_server *server = connection->server;
	size_t have = connection->kept_len;
	ssize_t len;

	(void)what;
	if (connection->ended) {
		throw_away(connection);
		return;
	}
	if (have != 0)
		memcpy(server->input, connection->kept, have);
	len = recv(fd, server->input + have, sizeof(server->input) - have, 0);
	if (len > 0)
		take(connection,
		    (struct slice){server->input, have + (size_t)len});
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		connection_free(connection);
}

/* --- the server ----------------------------------------------------------- */

/*
 * Those who took too long must go.  When all places are taken, so must who
 * has been silent longest, or the silent would keep the others out.
 */
static void
sweep(evutil_socket_t fd, short what, void *context)
{
	struct rdap_server *server = context;
	int64_t at = now(), before;
	struct connection *next;

	(void)fd;
	(void)what;
	before = at - (int64_t)server->options.patience * 1000;
	if (server->count >= server->options.connections &&
	    server->first->since + GRACE_MS < at &&
	    server->first->since + GRACE_MS / 2 > before)
		before = server->first->since + GRACE_MS / 2;
	for (struct connection *c = server->first;
	     c != NULL && c->since < before; c = next) {
		next = c->next;
		if (c->asking == NULL)
			connection_free(c);
	}
	if (server->count < server->options.connections)
		evconnlistener_enable(server->listener);
}

static void
accepted(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *from, int len, void *context)
{
	struct rdap_server *server = context;
	struct connection *connection = calloc(1, sizeof(*connection));
	int counter = CROWD_FULL;

	if (connection != NULL && server->count < server->options.connections)
		counter = crowd_join(&server->crowd, from);
	if (counter == CROWD_FULL) {
		free(connection);
		close(fd);
		return;
	}
	memcpy(&connection->from, from,
	    (size_t)len < sizeof(connection->from) ? (size_t)len
						   : sizeof(connection->from));
	connection->server = server;
	connection->fd = fd;
	connection->counter = counter;
	event_assign(&connection->readable, server->options.base, fd,
	    EV_READ | EV_PERSIST, readable, connection);
	event_assign(&connection->writable, server->options.base, fd, EV_WRITE,
	    writable, connection);
	link_last(connection);
	if (++server->count == server->options.connections)
		evconnlistener_disable(listener);
	event_add(&connection->readable, NULL);
}

/* No descriptors are left: who waits waits until the next sweep. */
static void
not_accepted(struct evconnlistener *listener, void *context)
{
	(void)context;
	evconnlistener_disable(listener);
}

/* Connections inherit it: no end of an answer waits for what was before. */
static void
set_no_delay(int listen_fd)
{
	int on = 1;

	setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

struct rdap_server *
rdap_server_create(
    const struct rdap_server_options *options, int listen_fd, struct fail *fail)
{
	static const struct timeval often = {.tv_sec = SWEEP_SECONDS};
	struct rdap_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		close(listen_fd);
		fail_memory(fail);
		return NULL;
	}
	server->options = *options;
	crowd_init(&server->crowd, options->each);
	evutil_make_socket_nonblocking(listen_fd);
	set_no_delay(listen_fd);
	server->sweep = event_new(
	    options->base, -1, EV_PERSIST | EV_TIMEOUT, sweep, server);
	server->listener = evconnlistener_new(options->base, accepted, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	if (server->listener != NULL) {
		evconnlistener_set_error_cb(server->listener, not_accepted);
		if (server->sweep != NULL &&
		    event_add(server->sweep, &often) == 0)
			return server;
	}
	fail_set(fail, FAIL_WORLD, "cannot listen: %s", strerror(errno));
	if (server->listener == NULL)
		close(listen_fd);
	rdap_server_destroy(server);
	return NULL;
}

void
rdap_server_destroy(struct rdap_server *server)
{
	if (server == NULL)
		return;
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	while (server->first != NULL)
		connection_free(server->first);
	if (server->sweep != NULL)
		event_free(server->sweep);
	free(server->spare);
	free(server);
}

unsigned
rdap_server_connections(const struct rdap_server *server)
{
	return server != NULL ? server->count : 0;
}

/* --- what a request says -------------------------------------------------- */

enum rdap_method
rdap_request_method(const struct rdap_request *request)
{
	struct slice method = request->head.method;

	if (slice_is(method, "GET"))
		return RDAP_GET;
	if (slice_is(method, "HEAD"))
		return RDAP_HEAD;
	return slice_is(method, "OPTIONS") ? RDAP_OPTIONS : RDAP_OTHER;
}

bool
rdap_request_is_gone(const struct rdap_request *request)
{
	return request->connection == NULL;
}

struct slice
rdap_request_path(const struct rdap_request *request)
{
	return request->head.path;
}

struct slice
rdap_request_query(const struct rdap_request *request)
{
	return request->head.query;
}

static struct slice
value_of(const struct http_field *field)
{
	return field != NULL ? field->value : (struct slice){NULL, 0};
}

struct slice
rdap_request_header(const struct rdap_request *request, const char *name)
{
	return value_of(http_head_first(&request->head, name));
}

struct slice
rdap_request_last_header(const struct rdap_request *request, const char *name)
{
	return value_of(http_head_last(&request->head, name));
}

/* What is read again later must still be a head. */
void
rdap_request_wipe(struct rdap_request *request, struct slice secret)
{
	(void)request;
	memset((char *)(uintptr_t)secret.data, 'x', secret.len);
}

const struct sockaddr *
rdap_request_from(const struct rdap_request *request)
{
	return (const struct sockaddr *)&request->connection->from;
}

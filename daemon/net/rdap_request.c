/* What comes in: requests, one after the other, each whole. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/digest.h"
#include "net/rdap_server_priv.h"

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
		request->watch.ended = NULL;
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
	rdap_wipe_and_free(connection->kept, connection->kept_len);
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
		rdap_refuse(connection, 503);
		request->connection = NULL; /* its answer frees it */
		return false;
	}
	if (later)
		return false;
	rdap_give_back(server, request);
	return !connection->ending && connection->watch.ended == NULL &&
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
				rdap_give_back(connection->server, request);
			if (state != HTTP_HEAD_MORE || request == NULL)
				rdap_refuse(connection,
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
void
rdap_take(struct connection *connection, struct slice input)
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
			rdap_connection_free(connection);
			break;
		}
	} while (rdap_settle(connection) && !done && !rdap_waits(connection));
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
	/* A token may be in what comes behind a request that ends it all. */
	if (len > 0)
		digest_wipe(server->input, (size_t)len);
	if (len <= 0 || connection->drained > DRAIN_MAX)
		rdap_connection_free(connection);
}

void
rdap_readable(evutil_socket_t fd, short what, void *context)
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
		rdap_take(connection,
		    (struct slice){server->input, have + (size_t)len});
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		rdap_connection_free(connection);
	if (len <= 0)
		digest_wipe(server->input, have);
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

/*
 * While it waits nothing is read: what the peer said last is asked for.  Who
 * wrote the end of its side alone would hear the answer, but looks like one
 * that closed; what was asked for in confidence goes to nobody in doubt.
 */
bool
rdap_request_is_gone(struct rdap_request *request)
{
	struct connection *connection = request->connection;
	struct pollfd look = {.events = POLLRDHUP};

	if (connection == NULL)
		return true;
	look.fd = connection->fd;
	if (connection->asking != request || poll(&look, 1, 0) <= 0)
		return false;
	rdap_connection_free(connection);
	return true;
}

void
rdap_request_watch(struct rdap_request *request, rdap_ended *ended, void *arg)
{
	request->watch = (struct rdap_watch){ended, arg};
}

struct slice
rdap_request_path(const struct rdap_request *request)
{
	return request->head.path;
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

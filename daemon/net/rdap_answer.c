/* What goes out: an answer at once where it can be, else when there is room. */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "net/rdap_server_priv.h"

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

size_t
rdap_waiting(const struct connection *connection)
{
	return connection->output != NULL
		   ? evbuffer_get_length(connection->output)
		   : 0;
}

bool
rdap_waits(const struct connection *connection)
{
	return rdap_waiting(connection) != 0;
}

void
rdap_count(struct connection *connection)
{
	struct rdap_server *server = connection->server;
	size_t waiting = rdap_waiting(connection);

	server->output += waiting - connection->counted;
	connection->counted = waiting;
	if (server->output > server->options.output)
		event_active(server->relief, EV_WRITE, 1);
}

void
rdap_end_watch(struct connection *connection, enum rdap_end end)
{
	const struct rdap_watch watch = connection->watch;

	connection->watch.ended = NULL;
	if (watch.ended != NULL)
		watch.ended(watch.arg, end);
}

static void
say_answered(const struct connection *connection, int status)
{
	const struct rdap_server_options *options =
	    &connection->server->options;

	if (options->answered != NULL)
		options->answered(options->context, status);
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

	if (!more && !rdap_waits(connection)) {
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
	while (rdap_waits(connection))
		if (evbuffer_write(connection->output, connection->fd) < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN;
		}
	if (connection->output != NULL) {
		evbuffer_free(connection->output);
		connection->output = NULL;
	}
	rdap_end_watch(connection, connection->cut ? RDAP_CUT : RDAP_SENT);
	return true;
}

/*
 * After answers: what waits is written when it can be, and read is only when
 * nothing does.  The connection may be gone when this returns false.
 */
bool
rdap_settle(struct connection *connection)
{
	if (!flush(connection)) {
		rdap_connection_free(connection);
		return false;
	}
	rdap_count(connection);
	if (rdap_waits(connection)) {
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
	if (!rdap_settle(connection) || rdap_waits(connection) ||
	    connection->asking != NULL || connection->ended)
		return;
	event_add(&connection->readable, NULL);
	rdap_take(connection, (struct slice){NULL, 0});
}

void
rdap_writable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	go_on(context);
}

/* --- answers -------------------------------------------------------------- */

void
rdap_give_back(struct rdap_server *server, struct rdap_request *request)
{
	rdap_wipe_and_free(request->held, request->held_len);
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
	const struct rdap_watch watch = request->watch;

	rdap_wipe_and_free(request->held, request->held_len);
	free(request);
	if (watch.ended != NULL)
		watch.ended(watch.arg, RDAP_GONE);
}

/*
 * Later than the handler's return, the connection goes on by itself: in a
 * turn of its own, for a handler of another may be under way.
 */
static void
answered(struct rdap_request *request, size_t before, bool ok)
{
	struct connection *connection = request->connection;
	struct rdap_server *server = connection->server;

	request->answered = true;
	rdap_connection_touch(connection);
	if (!ok)
		connection->ending = true;
	if (request->watch.ended != NULL) {
		connection->watch = request->watch;
		connection->watched = rdap_waiting(connection) - before;
		connection->cut = !ok;
	}
	if (connection->asking != request)
		return;
	connection->asking = NULL;
	rdap_give_back(server, request);
	event_active(&connection->writable, EV_WRITE, 1);
	/* After that: what leaves at once does not count. */
	rdap_count(connection);
}

void
rdap_answer_ready(struct rdap_request *request, struct slice bytes, size_t head)
{
	struct connection *connection = request->connection;
	static const char first[] = "HTTP/1.1 200 OK\r\n";
	size_t len = sizeof(first) - 1;
	const char *ends;
	size_t before;
	bool ok;

	if (connection == NULL) {
		answer_nobody(request);
		return;
	}
	say_answered(connection, 200);
	before = rdap_waiting(connection);
	if (rdap_request_method(request) == RDAP_HEAD)
		bytes.len = head;
	if (!connection->ending && !request->head.is_1_0) {
		answered(request, before,
		    put_or_send(connection, bytes,
			request->more || connection->asking == request));
		return;
	}
	ends = connection->ending ? "HTTP/1.1 200 OK\r\nConnection: close\r\n"
				  : "HTTP/1.1 200 OK\r\n"
				    "Connection: keep-alive\r\n";
	ok = put(connection, slice_from(ends)) &&
	     put(connection, (struct slice){bytes.data + len, bytes.len - len});
	answered(request, before, ok);
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
	size_t before;
	bool ok;

	if (connection == NULL) {
		answer_nobody(request);
		return;
	}
	say_answered(connection, status);
	before = rdap_waiting(connection);
	ok = put_head(connection, request, status, body.len);
	for (size_t i = 0; ok && i < count; i++)
		ok = evbuffer_add_printf(connection->output, "%s: %s\r\n",
			 headers[i].name, headers[i].value) >= 0;
	ok = ok && put(connection, SLICE("\r\n"));
	if (ok && status != 204 && rdap_request_method(request) != RDAP_HEAD)
		ok = put(connection, body);
	answered(request, before, ok);
}

/* What was no request has an answer too, and it is the last. */
void
rdap_refuse(struct connection *connection, int status)
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

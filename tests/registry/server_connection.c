#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "registry/server.h"

#define FRAME_MAX (16U << 20)

enum state {
	STATE_HANDSHAKE,
	STATE_OPEN,
	STATE_DELAYED, /* an answer waits for its time */
	STATE_CLOSING, /* what is left goes out, then the end */
	STATE_LINGER,  /* the peer is to read it before the socket is gone */
	STATE_STALLED,
};

struct connection {
	struct server *server;
	struct connection *next, **previous;
	struct registry_session *session;
	SSL *ssl;
	int fd;
	enum state state;
	enum registry_action then; /* when the delay is over */
	struct bytes in, out;
	struct event readable, writable, timer;
};

static void connection_ready(int fd, short what, void *argument);
static void connection_time(int fd, short what, void *argument);
static void frames_play(struct connection *connection);

/* Frees the connection. */
static void
end(struct connection *connection, bool reset)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		(void)setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger,
		    sizeof(linger));
	event_del(&connection->readable);
	event_del(&connection->writable);
	event_del(&connection->timer);
	SSL_free(connection->ssl);
	(void)close(connection->fd);
	*connection->previous = connection->next;
	if (connection->next != NULL)
		connection->next->previous = connection->previous;
	registry_session_destroy(connection->session);
	bytes_finish(&connection->in);
	bytes_finish(&connection->out);
	free(connection);
}

void
connection_accept(struct server *server, int fd)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int one = 1;

	if (connection == NULL)
		abort();
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connection->server = server;
	connection->fd = fd;
	connection->ssl = SSL_new(server->tls);
	if (connection->ssl == NULL || SSL_set_fd(connection->ssl, fd) != 1)
		abort();
	SSL_set_accept_state(connection->ssl);
	connection->session = registry_session_create(server->registry);
	connection->next = server->connections;
	connection->previous = &server->connections;
	if (connection->next != NULL)
		connection->next->previous = &connection->next;
	server->connections = connection;
	event_assign(&connection->readable, server->base, fd,
	    EV_READ | EV_PERSIST, connection_ready, connection);
	event_assign(&connection->writable, server->base, fd, EV_WRITE,
	    connection_ready, connection);
	event_assign(&connection->timer, server->base, -1, EV_TIMEOUT,
	    connection_time, connection);
	event_add(&connection->readable, NULL);
}

/* Say that no more comes, and wait a second for the peer to have read it. */
static void
linger(struct connection *connection)
{
	const struct timeval second = {1, 0};

	ERR_clear_error();
	(void)SSL_shutdown(connection->ssl);
	(void)shutdown(connection->fd, SHUT_WR);
	connection->state = STATE_LINGER;
	event_del(&connection->writable);
	event_add(&connection->timer, &second);
}

/* Write what is in `data`; what does not go now is kept.  False: it died. */
static bool
put(struct connection *connection, const char *data, size_t len)
{
	size_t written = 0;

	if (connection->out.len > 0) {
		bytes_add(&connection->out, data, len);
		return true;
	}
	while (len > 0) {
		ERR_clear_error();
		if (SSL_write_ex(connection->ssl, data, len, &written) != 1) {
			int error = SSL_get_error(connection->ssl, 0);

			if (error != SSL_ERROR_WANT_WRITE &&
			    error != SSL_ERROR_WANT_READ)
				return false;
			bytes_add(&connection->out, data, len);
			event_add(&connection->writable, NULL);
			return true;
		}
		data += written;
		len -= written;
	}
	return true;
}

/* Send the wake-up's answers so far. */
static bool
flush(struct connection *connection)
{
	struct bytes *out = &connection->server->out;
	bool good = put(connection, out->data, out->len);

	out->len = 0;
	return good;
}

/* False: the connection is gone, or has to wait before it does more. */
static bool
act(struct connection *connection, enum registry_action action)
{
	switch (action) {
	case REGISTRY_ANSWER:
		return true;
	case REGISTRY_ANSWER_CLOSE:
	case REGISTRY_CLOSE:
		if (!flush(connection))
			end(connection, false);
		else if (connection->out.len > 0)
			connection->state = STATE_CLOSING;
		else
			linger(connection);
		return false;
	case REGISTRY_RESET:
		(void)flush(connection);
		end(connection, true);
		return false;
	case REGISTRY_STALL:
		if (!flush(connection)) {
			end(connection, false);
			return false;
		}
		connection->state = STATE_STALLED;
		event_del(&connection->readable);
		return false;
	}
	return false;
}

/* An answer from `start` on is to wait; those before it are not. */
static bool
delay(struct connection *connection, struct registry_reply reply, size_t start)
{
	const struct timeval wait = {
	    reply.delay_ms / 1000, (suseconds_t)(reply.delay_ms % 1000) * 1000};
	struct bytes *out = &connection->server->out;
	struct bytes late = {NULL, 0, 0};

	bytes_add(&late, out->data + start, out->len - start);
	out->len = start;
	if (!flush(connection)) {
		bytes_finish(&late);
		end(connection, false);
		return false;
	}
	connection->state = STATE_DELAYED;
	connection->then = reply.action;
	bytes_add(&connection->out, late.data, late.len);
	bytes_finish(&late);
	event_del(&connection->readable);
	event_del(&connection->writable);
	event_add(&connection->timer, &wait);
	return false;
}

static bool
played(struct connection *connection, struct registry_reply reply, size_t start)
{
	if (reply.delay_ms > 0)
		return delay(connection, reply, start);
	return act(connection, reply.action);
}

/*
 * Play every whole frame; `used` says how far.  False: the connection is gone
 * or waits.
 */
static bool
frames_take(struct connection *connection, struct slice from, size_t *used)
{
	struct server *server = connection->server;

	*used = 0;
	while (from.len - *used >= 4) {
		const char *at = from.data + *used;
		size_t len = bytes_frame_length(at), start = server->out.len;
		struct registry_reply reply;

		if (len < 5 || len > FRAME_MAX) {
			end(connection, false);
			return false;
		}
		if (from.len - *used < len)
			break;
		*used += len;
		reply = registry_receive(connection->session,
		    (struct slice){at + 4, len - 4}, &server->out);
		if (reply.delay_ms > 0 && from.data != connection->in.data)
			bytes_add(&connection->in, from.data + *used,
			    from.len - *used);
		else if (reply.delay_ms > 0)
			bytes_drop(&connection->in, *used);
		if (!played(connection, reply, start))
			return false;
	}
	return true;
}

/* What was read goes straight from the scratch, or behind what is kept. */
static bool
take(struct connection *connection, struct slice piece)
{
	size_t used;

	if (connection->in.len > 0) {
		bytes_add(&connection->in, piece.data, piece.len);
		if (!frames_take(
			connection, bytes_slice(&connection->in), &used))
			return false;
		bytes_drop(&connection->in, used);
		if (connection->in.len == 0)
			bytes_finish(&connection->in);
		return true;
	}
	if (!frames_take(connection, piece, &used))
		return false;
	bytes_add(&connection->in, piece.data + used, piece.len - used);
	return true;
}

static void
read_on(struct connection *connection)
{
	struct server *server = connection->server;
	size_t len;

	for (;;) {
		ERR_clear_error();
		if (SSL_read_ex(
			connection->ssl, server->scratch, SCRATCH, &len) != 1) {
			int error = SSL_get_error(connection->ssl, 0);

			if (error != SSL_ERROR_WANT_READ &&
			    error != SSL_ERROR_WANT_WRITE) {
				server->out.len = 0;
				end(connection, false);
				return;
			}
			break;
		}
		if (connection->state == STATE_LINGER ||
		    connection->state == STATE_CLOSING)
			continue;
		if (!take(connection, (struct slice){server->scratch, len})) {
			server->out.len = 0;
			return;
		}
	}
	if (!flush(connection))
		end(connection, false);
}

static void
handshake(struct connection *connection)
{
	struct server *server = connection->server;
	struct registry_reply reply;
	int result, error;

	ERR_clear_error();
	result = SSL_do_handshake(connection->ssl);
	if (result != 1) {
		error = SSL_get_error(connection->ssl, result);
		if (error == SSL_ERROR_WANT_WRITE)
			event_add(&connection->writable, NULL);
		else if (error != SSL_ERROR_WANT_READ)
			end(connection, false);
		return;
	}
	connection->state = STATE_OPEN;
	reply = registry_greeting(connection->session, &server->out);
	if (!played(connection, reply, 0)) {
		server->out.len = 0;
		return;
	}
	read_on(connection);
}

/* Write what had to wait; false if some of it still has to, or it died. */
static bool
write_on(struct connection *connection)
{
	struct bytes left = connection->out;

	connection->out = (struct bytes){NULL, 0, 0};
	if (!put(connection, left.data, left.len)) {
		bytes_finish(&left);
		end(connection, false);
		return false;
	}
	bytes_finish(&left);
	return connection->out.len == 0;
}

static void
connection_ready(int fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd;
	registry_set_time(connection->server->registry, time(NULL));
	if (connection->state == STATE_HANDSHAKE) {
		handshake(connection);
		return;
	}
	if ((what & EV_WRITE) != 0) {
		if (write_on(connection) && connection->state == STATE_CLOSING)
			linger(connection);
		return;
	}
	read_on(connection);
}

/* The delay is over: the answer goes, and then what came behind it. */
static void
connection_time(int fd, short what, void *argument)
{
	struct connection *connection = argument;

	(void)fd;
	(void)what;
	registry_set_time(connection->server->registry, time(NULL));
	if (connection->state == STATE_LINGER) {
		end(connection, false);
		return;
	}
	connection->state = STATE_OPEN;
	event_add(&connection->readable, NULL);
	if (connection->out.len > 0 && !write_on(connection))
		return;
	if (act(connection, connection->then))
		frames_play(connection);
}

static void
frames_play(struct connection *connection)
{
	struct slice none = {"", 0};

	if (!take(connection, none)) {
		connection->server->out.len = 0;
		return;
	}
	read_on(connection);
}

void
connections_drop(struct server *server)
{
	while (server->connections != NULL)
		end(server->connections, true);
}

void
connections_end(struct server *server)
{
	while (server->connections != NULL)
		end(server->connections, false);
}

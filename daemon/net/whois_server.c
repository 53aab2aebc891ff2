#include "net/whois_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/ask.h"
#include "net/crowd.h"

/* Milliseconds that each has while all places are taken. */
enum { GRACE = 1000 };

struct connection {
	struct connection *next, **link;
	struct whois_server *server;
	struct bufferevent *stream;
	struct sockaddr_storage from;
	int64_t since; /* ms */
	int counter;   /* of the crowd */
	bool answered;
};

struct whois_server {
	struct whois_server_options options;
	struct evconnlistener *listener;
	struct event *sweep;
	struct connection *connections;
	struct crowd crowd;
	unsigned count;
};

static int64_t
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static void
connection_free(struct connection *connection)
{
	struct whois_server *server = connection->server;

	*connection->link = connection->next;
	if (connection->next != NULL)
		connection->next->link = connection->link;
	bufferevent_free(connection->stream);
	crowd_leave(&server->crowd, connection->counter);
	free(connection);
	if (server->count-- == server->options.connections)
		evconnlistener_enable(server->listener);
}

/* "\n" as CRLF; false if memory ran out or there is nothing. */
static bool
put_lines(struct evbuffer *output, struct slice text)
{
	if (text.len == 0)
		return false;
	while (text.len != 0) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;

		if (evbuffer_add(output, text.data, len) != 0 ||
		    evbuffer_add(output, "\r\n", 2) != 0)
			return false;
		len += end != NULL;
		text.data += len;
		text.len -= len;
	}
	return true;
}

/* The time for the whole of it runs on while it is told. */
static void
tell(struct connection *connection, struct slice line)
{
	const struct whois_server_options *options =
	    &connection->server->options;
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	struct evbuffer *output = bufferevent_get_output(connection->stream);
	struct slice ready = {NULL, 0};
	bool ok = arena != NULL;

	if (ok)
		ready = options->answer(options->context,
		    (const struct sockaddr *)&connection->from, line, &text);
	connection->answered = true;
	bufferevent_disable(connection->stream, EV_READ);
	if (ready.data != NULL)
		ok = ok && evbuffer_add(output, ready.data, ready.len) == 0;
	else
		ok = ok && put_lines(output, text_slice(&text));
	arena_destroy(arena);
	if (ok)
		bufferevent_enable(connection->stream, EV_WRITE);
	else
		connection_free(connection);
}

static void
readable(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t have = evbuffer_get_length(input);
	char line[ASK_LINE_MAX + 2];
	const char *end;
	size_t len;

	if (connection->answered) {
		evbuffer_drain(input, have);
		return;
	}
	len = have < sizeof(line) ? have : sizeof(line);
	evbuffer_copyout(input, line, len);
	end = memchr(line, '\n', len);
	if (end == NULL && len <= ASK_LINE_MAX)
		return;
	if (end != NULL)
		len = (size_t)(end - line);
	if (len != 0 && line[len - 1] == '\r')
		len--;
	tell(connection, (struct slice){line, len});
}

/*
 * Our end is said, and what still comes is thrown away until the other end
 * goes: closing with something unread would take the answer back.
 */
static void
written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	if (!connection->answered ||
	    evbuffer_get_length(bufferevent_get_output(stream)) != 0)
		return;
	shutdown(bufferevent_getfd(stream), SHUT_WR);
	bufferevent_disable(stream, EV_WRITE);
	bufferevent_enable(stream, EV_READ);
}

/* It has left, it was too slow, or it sent all it has without an end. */
static void
ended(struct bufferevent *stream, short what, void *context)
{
	struct connection *connection = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t len = evbuffer_get_length(input);
	char line[ASK_LINE_MAX];

	if ((what & BEV_EVENT_EOF) != 0 && !connection->answered && len != 0 &&
	    len <= sizeof(line)) {
		evbuffer_copyout(input, line, len);
		tell(connection, (struct slice){line, len});
		return;
	}
	connection_free(connection);
}

/*
 * Every second, those whose time is over, however often they move.  Where
 * others wait for a place, it is over sooner.
 */
static void
sweep(evutil_socket_t fd, short what, void *context)
{
	struct whois_server *server = context;
	bool full = server->count >= server->options.connections;
	int64_t oldest = now() -
	    (full ? GRACE : (int64_t)server->options.patience * 1000);
	struct connection *next;

	(void)fd;
	(void)what;
	for (struct connection *c = server->connections; c != NULL; c = next) {
		next = c->next;
		if (c->since < oldest)
			connection_free(c);
	}
}

static void
accepted(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *from, int len, void *context)
{
	struct whois_server *server = context;
	struct connection *connection = calloc(1, sizeof(*connection));
	int counter = crowd_join(&server->crowd, from);

	(void)listener;
	if (connection != NULL && counter != CROWD_FULL)
		connection->stream = bufferevent_socket_new(
		    server->options.base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (connection == NULL || connection->stream == NULL) {
		crowd_leave(&server->crowd, counter);
		free(connection);
		close(fd);
		return;
	}
	connection->counter = counter;
	memcpy(&connection->from, from,
	    (size_t)len < sizeof(connection->from) ? (size_t)len
						   : sizeof(connection->from));
	connection->server = server;
	connection->since = now();
	connection->next = server->connections;
	connection->link = &server->connections;
	if (connection->next != NULL)
		connection->next->link = &connection->next;
	server->connections = connection;
	if (++server->count == server->options.connections)
		evconnlistener_disable(server->listener);
	bufferevent_setcb(
	    connection->stream, readable, written, ended, connection);
	bufferevent_setwatermark(
	    connection->stream, EV_READ, 0, ASK_LINE_MAX + 2);
	bufferevent_enable(connection->stream, EV_READ);
}

struct whois_server *
whois_server_create(const struct whois_server_options *options, int listen_fd,
    struct fail *fail)
{
	static const struct timeval second = {.tv_sec = 1};
	struct whois_server *server = calloc(1, sizeof(*server));

	if (server == NULL) {
		close(listen_fd);
		fail_memory(fail);
		return NULL;
	}
	server->options = *options;
	crowd_init(&server->crowd, options->each);
	evutil_make_socket_nonblocking(listen_fd);
	server->sweep = event_new(
	    options->base, -1, EV_PERSIST | EV_TIMEOUT, sweep, server);
	server->listener = evconnlistener_new(options->base, accepted, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	if (server->listener != NULL && server->sweep != NULL &&
	    event_add(server->sweep, &second) == 0)
		return server;
	fail_set(fail, FAIL_WORLD, "cannot listen: %s", strerror(errno));
	if (server->listener == NULL)
		close(listen_fd);
	whois_server_destroy(server);
	return NULL;
}

void
whois_server_destroy(struct whois_server *server)
{
	struct connection *next;

	if (server == NULL)
		return;
	for (struct connection *at = server->connections; at != NULL;
	     at = next) {
		next = at->next;
		connection_free(at);
	}
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	if (server->sweep != NULL)
		event_free(server->sweep);
	free(server);
}

unsigned
whois_server_connections(const struct whois_server *server)
{
	return server != NULL ? server->count : 0;
}

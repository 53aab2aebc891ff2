#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/digest.h"
#include "net/rdap_server_priv.h"

static int64_t
now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
	return (int64_t)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

/* --- connections ---------------------------------------------------------- */

/* What it says may be a secret. */
void
rdap_wipe_and_free(char *bytes, size_t len)
{
	if (bytes != NULL)
		digest_wipe(bytes, len);
	free(bytes);
}

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

/* What of the answer that is watched is in the output still never leaves. */
static enum rdap_end
how_it_ends(const struct connection *connection)
{
	return !connection->cut &&
		       rdap_waiting(connection) >= connection->watched
		   ? RDAP_GONE
		   : RDAP_CUT;
}

void
rdap_connection_free(struct connection *connection)
{
	struct rdap_server *server = connection->server;

	unlink_one(connection);
	rdap_end_watch(connection, how_it_ends(connection));
	server->output -= connection->counted;
	event_del(&connection->readable);
	event_del(&connection->writable);
	if (connection->asking != NULL)
		connection->asking->connection = NULL;
	if (connection->output != NULL)
		evbuffer_free(connection->output);
	rdap_wipe_and_free(connection->kept, connection->kept_len);
	close(connection->fd);
	crowd_leave(&server->crowd, connection->counter);
	free(connection);
	if (server->count-- == server->options.connections &&
	    server->listener != NULL)
		evconnlistener_enable(server->listener);
}

void
rdap_connection_touch(struct connection *connection)
{
	unlink_one(connection);
	link_last(connection);
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
			rdap_connection_free(c);
	}
	if (server->count < server->options.connections)
		evconnlistener_enable(server->listener);
}

/*
 * Too much waits to be read: whoever was given an answer longest ago, and has
 * not taken it, goes first.  In a turn of its own, for a connection may be in
 * somebody's hands while its answer is counted.
 */
static void
relieve(evutil_socket_t fd, short what, void *context)
{
	struct rdap_server *server = context;
	struct connection *next;

	(void)fd;
	(void)what;
	for (struct connection *c = server->first;
	     c != NULL && server->output > server->options.output; c = next) {
		next = c->next;
		if (c->counted != 0)
			rdap_connection_free(c);
	}
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
	    EV_READ | EV_PERSIST, rdap_readable, connection);
	event_assign(&connection->writable, server->options.base, fd, EV_WRITE,
	    rdap_writable, connection);
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
	server->relief = event_new(options->base, -1, 0, relieve, server);
	server->listener = evconnlistener_new(options->base, accepted, server,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, listen_fd);
	if (server->listener != NULL) {
		evconnlistener_set_error_cb(server->listener, not_accepted);
		if (server->sweep != NULL && server->relief != NULL &&
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
	struct connection *next;

	if (server == NULL)
		return;
	if (server->listener != NULL)
		evconnlistener_free(server->listener);
	server->listener = NULL;
	for (struct connection *at = server->first; at != NULL; at = next) {
		next = at->next;
		rdap_connection_free(at);
	}
	if (server->sweep != NULL)
		event_free(server->sweep);
	if (server->relief != NULL)
		event_free(server->relief);
	free(server->spare);
	free(server);
}

unsigned
rdap_server_connections(const struct rdap_server *server)
{
	return server != NULL ? server->count : 0;
}

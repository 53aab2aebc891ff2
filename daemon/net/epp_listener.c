#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/epp_conn_priv.h"

enum {
	BATCH = 32,	  /* accepted in a turn */
	RETRY_SECONDS = 1 /* after the system had no more to give */
};

struct epp_listener {
	struct epp_listener_options options;
	struct epp_hub *hub; /* kept, so that its memory stays */
	struct event *ready, *retry;
	int fd;
	unsigned count; /* of connections, each of which needs us */
	bool destroyed, full;
};

static void accept_some(evutil_socket_t fd, short what, void *arg);
static void try_again(evutil_socket_t fd, short what, void *arg);
static void released(void *context);

static void
listener_free(struct epp_listener *listener)
{
	if (listener->ready != NULL)
		event_free(listener->ready);
	if (listener->retry != NULL)
		event_free(listener->retry);
	listener->ready = listener->retry = NULL;
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
	if (listener->hub != NULL)
		epp_hub_release(listener->hub);
	listener->hub = NULL;
	if (listener->count == 0)
		free(listener);
}

struct epp_listener *
epp_listener_create(
    const struct epp_listener_options *options, int fd, struct fail *fail)
{
	struct epp_listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL) {
		close(fd);
		fail_memory(fail);
		return NULL;
	}
	listener->options = *options;
	listener->fd = fd;
	listener->hub = epp_hub_get(options->base);
	listener->ready = event_new(
	    options->base, fd, EV_READ | EV_PERSIST, accept_some, listener);
	listener->retry = evtimer_new(options->base, try_again, listener);
	if (listener->hub == NULL || listener->ready == NULL ||
	    listener->retry == NULL ||
	    evutil_make_socket_nonblocking(fd) != 0 ||
	    event_add(listener->ready, NULL) != 0) {
		fail_set(
		    fail, FAIL_WORLD, "cannot listen: %s", strerror(errno));
		listener_free(listener);
		return NULL;
	}
	return listener;
}

void
epp_listener_destroy(struct epp_listener *listener)
{
	if (listener == NULL)
		return;
	listener->destroyed = true;
	listener_free(listener);
}

/* False: refused, or no memory; the socket is closed. */
static bool
take_one(struct epp_listener *listener, int fd)
{
	const struct epp_listener_options *options = &listener->options;
	struct conn *conn =
	    conn_create(options->base, options->tls, &options->limits);

	if (conn == NULL || !conn_start(conn, fd)) {
		conn_free(conn);
		close(fd);
		return false;
	}
	if (!options->accept(
		options->context, &conn->conn, &conn->events, &conn->arg)) {
		conn_free(conn);
		return false;
	}
	conn->released = released;
	conn->released_context = listener;
	listener->count++;
	return true;
}

/* Descriptors or memory are out: the queue waits, and we do not spin. */
static void
rest(struct epp_listener *listener)
{
	event_del(listener->ready);
	evtimer_add(
	    listener->retry, &(struct timeval){.tv_sec = RETRY_SECONDS});
}

static void
accept_some(evutil_socket_t fd, short what, void *arg)
{
	struct epp_listener *listener = arg;
	int one;

	(void)what;
	for (int i = 0; i < BATCH; i++) {
		if (listener->count >= listener->options.connections) {
			listener->full = true;
			event_del(listener->ready);
			return;
		}
		one = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (one >= 0) {
			(void)take_one(listener, one);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			rest(listener);
		/* Else none waits, or one has left already: go on later. */
		return;
	}
}

static void
try_again(evutil_socket_t fd, short what, void *arg)
{
	struct epp_listener *listener = arg;

	(void)fd;
	(void)what;
	if (!listener->full && event_add(listener->ready, NULL) != 0)
		rest(listener);
}

static void
released(void *context)
{
	struct epp_listener *listener = context;

	listener->count--;
	if (listener->destroyed) {
		if (listener->count == 0)
			free(listener);
		return;
	}
	if (!listener->full)
		return;
	listener->full = false;
	try_again(-1, 0, listener);
}

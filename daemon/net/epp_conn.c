#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/epp_conn_priv.h"

static const struct epp_conn_operations operations;

static struct conn *
conn_of(const struct epp_conn *conn)
{
	return (struct conn *)(void *)conn;
}

/* What is not set is bounded all the same. */
static struct epp_conn_limits
with_defaults(const struct epp_conn_limits *limits)
{
	struct epp_conn_limits all = *limits;

	if (all.frame == 0)
		all.frame = 65536;
	if (all.handshake == 0)
		all.handshake = 10;
	if (all.partial == 0)
		all.partial = 30;
	if (all.queue == 0)
		all.queue = 1 << 20;
	return all;
}

struct conn *
conn_create(struct event_base *base, struct epp_tls *tls,
    const struct epp_conn_limits *limits)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL)
		return NULL;
	conn->hub = epp_hub_get(base);
	if (conn->hub == NULL) {
		free(conn);
		return NULL;
	}
	conn->conn.operations = &operations;
	conn->tls = tls;
	conn->limits = with_defaults(limits);
	conn->framing.limit = conn->limits.frame;
	conn->fd = -1;
	conn->since = conn->hub->tick;
	return conn;
}

/* "192.0.2.1:1234", "[2001:db8::1]:1234" */
static void
write_address(int fd, char *out, size_t size)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof(at);
	const struct sockaddr_in *four = (const void *)&at;
	const struct sockaddr_in6 *six = (const void *)&at;
	char text[INET6_ADDRSTRLEN];

	memset(&at, 0, sizeof(at));
	if (getpeername(fd, (struct sockaddr *)&at, &len) != 0)
		at.ss_family = AF_UNSPEC;
	if (at.ss_family == AF_INET &&
	    inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text)) != NULL)
		snprintf(out, size, "%s:%u", text, ntohs(four->sin_port));
	else if (at.ss_family == AF_INET6 &&
		 inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text)) !=
		     NULL)
		snprintf(out, size, "[%s]:%u", text, ntohs(six->sin6_port));
	else
		snprintf(out, size, "local");
}

/*
 * Frames are gathered here, so the kernel need not wait for more; and it
 * finds out about a peer that is gone where no patience does.
 */
static void
set_socket(int fd)
{
	static const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

bool
conn_start(struct conn *conn, int fd)
{
	struct event_base *base = conn->hub->base;

	conn->stream = epp_stream_create(conn->tls, fd);
	if (conn->stream == NULL)
		return false;
	conn->fd = fd;
	set_socket(fd);
	write_address(fd, conn->peer.address, sizeof(conn->peer.address));
	event_assign(&conn->readable, base, fd, EV_READ | EV_PERSIST,
	    conn_readable, conn);
	event_assign(&conn->writable, base, fd, EV_WRITE, conn_writable, conn);
	conn->state = CONN_SHAKING;
	conn->since = conn->hub->tick;
	epp_hub_time(conn);
	epp_hub_ready(conn);
	return true;
}

void
conn_free(struct conn *conn)
{
	struct epp_hub *hub;

	if (conn == NULL)
		return;
	hub = conn->hub;
	epp_hub_leave(conn);
	if (conn->state == CONN_LINGERING)
		hub->lingering--;
	epp_dial_free(conn->dial);
	epp_stream_destroy(conn->stream);
	if (event_initialized(&conn->readable))
		event_del(&conn->readable);
	if (event_initialized(&conn->writable))
		event_del(&conn->writable);
	if (conn->fd >= 0)
		close(conn->fd);
	epp_framing_finish(&conn->framing);
	conn_bytes_free(hub, &conn->rest);
	conn_bytes_free(hub, &conn->out);
	if (conn->released != NULL)
		conn->released(conn->released_context);
	free(conn->fail);
	free(conn);
	epp_hub_release(hub);
}

/* --- operations --- */

static const struct fail no_memory = {
    .kind = FAIL_MEMORY, .text = "out of memory"};

static void
takes_too_little(struct conn *conn)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD,
	    "the peer takes too little: %zu bytes wait for it", conn->out.len);
	conn_fail(conn, &fail);
}

static bool
send_frame(struct epp_conn *public, struct slice xml)
{
	struct conn *conn = conn_of(public);
	char header[EPP_FRAMING_HEADER];

	if (conn->state > CONN_OPEN)
		return false;
	if (xml.len > UINT32_MAX - sizeof(header) ||
	    conn->out.len + xml.len + sizeof(header) > conn->limits.queue) {
		takes_too_little(conn);
		return false;
	}
	epp_framing_put(header, xml.len);
	if (!conn_bytes_add(conn->hub, &conn->out,
		(struct slice){header, sizeof(header)}, xml.len) ||
	    !conn_bytes_add(conn->hub, &conn->out, xml, 0)) {
		conn_fail(conn, &no_memory);
		return false;
	}
	if (conn->state != CONN_OPEN || conn->blocked != 0)
		return true;
	if (conn->out.len >= CONN_EARLY)
		conn_flush_early(conn);
	else
		epp_hub_dirty(conn);
	return true;
}

static size_t
queued(const struct epp_conn *public)
{
	return conn_of(public)->out.len;
}

/* Time in which nobody listened is not the peer's. */
static void
pause_reading(struct epp_conn *public, bool paused)
{
	struct conn *conn = conn_of(public);

	if (conn->paused == paused)
		return;
	conn->paused = paused;
	if (conn->state != CONN_OPEN)
		return;
	if (paused) {
		event_del(&conn->readable);
		return;
	}
	conn->heard = conn->hub->tick;
	if (conn->begun != 0)
		conn->begun = conn->hub->tick;
	if (event_add(&conn->readable, NULL) != 0) {
		conn_fail(conn, &no_memory);
		return;
	}
	epp_hub_time(conn);
	if (conn->rest.len != 0 || epp_stream_has_more(conn->stream))
		epp_hub_ready(conn);
}

static void
set_patience(struct epp_conn *public, unsigned seconds)
{
	struct conn *conn = conn_of(public);

	conn->patience = seconds * HUB_TICKS;
	conn->heard = conn->hub->tick;
	epp_hub_time(conn);
}

static void
close_conn(struct epp_conn *public)
{
	struct conn *conn = conn_of(public);

	switch (conn->state) {
	case CONN_OPEN:
		conn->state = CONN_CLOSING;
		conn->since = conn->hub->tick;
		event_del(&conn->readable);
		epp_hub_time(conn);
		break;
	case CONN_DIALING:
	case CONN_SHAKING:
	case CONN_FAILED:
		conn->state = CONN_GONE;
		break;
	case CONN_CLOSING:
	case CONN_LINGERING:
	case CONN_GONE:
		return;
	}
	conn->events = NULL;
	epp_hub_dirty(conn);
}

static const struct epp_conn_operations operations = {
    .send = send_frame,
    .queued = queued,
    .pause = pause_reading,
    .patience = set_patience,
    .close = close_conn,
};

const struct epp_peer *
epp_conn_peer(const struct epp_conn *conn)
{
	static const struct epp_peer nobody;

	if (conn->operations != &operations)
		return &nobody;
	return &conn_of(conn)->peer;
}

/* --- the end --- */

void
conn_end(struct conn *conn, const struct fail *fail, bool broken)
{
	const struct epp_conn_events *events = conn->events;
	enum conn_state state = conn->state;

	/* From here on the owner's calls have no effect. */
	conn->state = CONN_GONE;
	conn->events = NULL;
	if (events != NULL)
		events->closed(conn->arg, fail);
	if (broken || state != CONN_OPEN) {
		conn_free(conn);
		return;
	}
	event_del(&conn->readable);
	conn->state = CONN_CLOSING;
	conn->since = conn->hub->tick;
	epp_hub_time(conn);
	epp_hub_dirty(conn);
}

void
conn_fail(struct conn *conn, const struct fail *fail)
{
	if (conn->state >= CONN_FAILED)
		return;
	conn->fail = malloc(sizeof(*conn->fail));
	if (conn->fail != NULL)
		*conn->fail = *fail;
	conn->state = CONN_FAILED;
	epp_hub_dirty(conn);
}

/* Write what is queued, take leave, and shut the way out. */
static void
take_leave(struct conn *conn)
{
	if (conn->out.len != 0 && (!conn_flush(conn) || conn->out.len != 0))
		return;
	event_del(&conn->writable);
	epp_stream_end(conn->stream);
	epp_stream_destroy(conn->stream);
	conn->stream = NULL;
	/*
	 * Closing with bytes unread would reset the connection, and what was
	 * sent last would be lost.
	 */
	if (conn->hub->lingering >= HUB_LINGERING ||
	    shutdown(conn->fd, SHUT_WR) != 0 ||
	    event_add(&conn->readable, NULL) != 0) {
		conn_free(conn);
		return;
	}
	conn->hub->lingering++;
	conn->state = CONN_LINGERING;
	epp_framing_finish(&conn->framing);
	conn_bytes_free(conn->hub, &conn->rest);
	epp_hub_time(conn);
}

/* The turn ends: what was marked in it is done now. */
void
conn_look(struct conn *conn)
{
	switch (conn->state) {
	case CONN_OPEN:
		(void)conn_flush(conn);
		return;
	case CONN_FAILED:
		conn_end(
		    conn, conn->fail != NULL ? conn->fail : &no_memory, true);
		return;
	case CONN_CLOSING:
		take_leave(conn);
		return;
	case CONN_GONE:
		conn_free(conn);
		return;
	case CONN_DIALING:
	case CONN_SHAKING:
	case CONN_LINGERING:
		return;
	}
}

/* --- times --- */

static void
earlier(uint32_t *due, uint32_t since, uint32_t ticks)
{
	if (since != 0 && (*due == 0 || since + ticks + 1 < *due))
		*due = since + ticks + 1;
}

uint32_t
conn_deadline(const struct conn *conn)
{
	uint32_t due = 0;

	switch (conn->state) {
	case CONN_DIALING:
	case CONN_SHAKING:
		earlier(&due, conn->since, conn->limits.handshake * HUB_TICKS);
		break;
	case CONN_OPEN:
		earlier(&due, conn->blocked, CONN_STALL_SECONDS * HUB_TICKS);
		if (conn->paused)
			break;
		earlier(&due, conn->begun, conn->limits.partial * HUB_TICKS);
		if (conn->patience != 0)
			earlier(&due, conn->heard, conn->patience);
		break;
	case CONN_CLOSING:
	case CONN_LINGERING:
		earlier(&due, conn->since, CONN_LINGER_SECONDS * HUB_TICKS);
		break;
	case CONN_FAILED:
	case CONN_GONE:
		break;
	}
	return due;
}

static void
expire_open(struct conn *conn)
{
	uint32_t tick = conn->hub->tick, begun = 0, blocked = 0;
	struct fail fail = FAIL_INIT;

	earlier(&begun, conn->begun, conn->limits.partial * HUB_TICKS);
	earlier(&blocked, conn->blocked, CONN_STALL_SECONDS * HUB_TICKS);
	if (blocked != 0 && blocked <= tick)
		fail_set(&fail, FAIL_WORLD,
		    "the peer has taken nothing for %d s", CONN_STALL_SECONDS);
	else if (begun != 0 && begun <= tick && !conn->paused)
		fail_set(&fail, FAIL_WORLD, "a frame was not whole within %u s",
		    conn->limits.partial);
	else
		fail_set(&fail, FAIL_WORLD, "the peer was silent for %u s",
		    conn->patience / HUB_TICKS);
	conn_end(conn, &fail, blocked != 0);
}

void
conn_expire(struct conn *conn)
{
	struct fail fail = FAIL_INIT;

	switch (conn->state) {
	case CONN_DIALING:
		epp_dial_expire(conn);
		return;
	case CONN_SHAKING:
		fail_set(&fail, FAIL_WORLD, "tls: no handshake within %u s",
		    conn->limits.handshake);
		conn_end(conn, &fail, true);
		return;
	case CONN_OPEN:
		expire_open(conn);
		return;
	case CONN_CLOSING:
	case CONN_LINGERING:
		conn_free(conn);
		return;
	case CONN_FAILED:
	case CONN_GONE:
		return;
	}
}

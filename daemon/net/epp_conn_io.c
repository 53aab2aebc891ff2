#include <errno.h>
#include <sys/socket.h>

#include "net/epp_conn_priv.h"

enum {
	FIRST_SIZE = 2048, /* of a queue: a frame or two */
	LONG_SIZE = 32768, /* of one that had to grow */
	/*
	 * OpenSSL reads ahead as much as one great record has; whoever gave
	 * it less has nothing more.
	 */
	READ_AHEAD = 15000,
	DISCARDS = 4, /* reads of what nobody wants any more, in a turn */
};

static bool hand_out(struct conn *conn, struct slice piece);
static void receive(struct conn *conn);

/* --- bytes that wait --- */

static struct hub_spares *
spares_of(struct epp_hub *hub, size_t size)
{
	return size == FIRST_SIZE  ? &hub->first
	       : size == LONG_SIZE ? &hub->longer
				   : NULL;
}

void
conn_bytes_free(struct epp_hub *hub, struct conn_bytes *bytes)
{
	struct hub_spare *spare = (void *)bytes->data;
	struct hub_spares *spares = spares_of(hub, bytes->size);

	if (spares != NULL && spares->count < HUB_SPARE_BYTES / bytes->size) {
		spare->next = spares->list;
		spares->list = spare;
		spares->count++;
	} else {
		free(bytes->data);
	}
	*bytes = (struct conn_bytes){0};
}

static char *
take_spare(struct hub_spares *spares)
{
	struct hub_spare *spare = spares != NULL ? spares->list : NULL;

	if (spare != NULL) {
		spares->list = spare->next;
		spares->count--;
	}
	return (char *)spare;
}

static bool
move_bytes(struct epp_hub *hub, struct conn_bytes *bytes, size_t size)
{
	struct conn_bytes to = {.len = bytes->len, .size = size};

	to.data = take_spare(spares_of(hub, size));
	if (to.data == NULL)
		to.data = malloc(size);
	if (to.data == NULL)
		return false;
	if (bytes->len != 0)
		memcpy(to.data, bytes->data + bytes->start, bytes->len);
	conn_bytes_free(hub, bytes);
	*bytes = to;
	return true;
}

/* A queue that has to grow at all has many frames coming. */
static bool
make_room(struct epp_hub *hub, struct conn_bytes *bytes, size_t more)
{
	size_t need = bytes->len + more, size = LONG_SIZE;

	if (bytes->start + need <= bytes->size)
		return true;
	if (bytes->start >= need) {
		memcpy(bytes->data, bytes->data + bytes->start, bytes->len);
		bytes->start = 0;
		return true;
	}
	while (size < need)
		size *= 4;
	return move_bytes(hub, bytes, need <= FIRST_SIZE ? FIRST_SIZE : size);
}

/* Add bytes, with room for as many as `extra` after them. */
bool
conn_bytes_add(struct epp_hub *hub, struct conn_bytes *bytes, struct slice data,
    size_t extra)
{
	if (!make_room(hub, bytes, data.len + extra))
		return false;
	if (data.len != 0)
		memcpy(bytes->data + bytes->start + bytes->len, data.data,
		    data.len);
	bytes->len += data.len;
	return true;
}

static void
take(struct epp_hub *hub, struct conn_bytes *bytes, size_t len)
{
	bytes->start += len;
	bytes->len -= len;
	if (bytes->len == 0)
		conn_bytes_free(hub, bytes);
}

/* --- handshake --- */

static void
opened(struct conn *conn)
{
	conn->state = CONN_OPEN;
	conn->heard = conn->hub->tick;
	epp_stream_peer(conn->stream, &conn->peer);
	if (!conn->paused && event_add(&conn->readable, NULL) != 0) {
		conn_fail(conn, &(struct fail){.kind = FAIL_MEMORY,
				    .text = "out of memory"});
		return;
	}
	epp_hub_time(conn);
	if (conn->out.len != 0)
		epp_hub_dirty(conn);
	conn->events->opened(conn->arg);
	/* What came with the end of the handshake lies in OpenSSL. */
	if (conn->state == CONN_OPEN && !conn->paused &&
	    epp_stream_has_more(conn->stream))
		epp_hub_ready(conn);
}

void
conn_shake(struct conn *conn)
{
	struct fail fail = FAIL_INIT;
	int result = 0;

	if (conn->state != CONN_SHAKING)
		return;
	switch (epp_stream_shake(conn->stream, &fail)) {
	case EPP_STREAM_DONE:
		opened(conn);
		return;
	case EPP_STREAM_WANTS_READ:
		result = event_add(&conn->readable, NULL);
		break;
	case EPP_STREAM_WANTS_WRITE:
		result = event_add(&conn->writable, NULL);
		break;
	case EPP_STREAM_ENDED:
		fail_set(&fail, FAIL_WORLD,
		    "tls: the peer left during the handshake");
		result = -1;
		break;
	case EPP_STREAM_BROKEN:
		result = -1;
		break;
	}
	if (result == 0)
		return;
	fail_memory(&fail);
	conn_end(conn, &fail, true);
}

/* --- reading --- */

/* The socket is only shut when the peer has said all it had to say. */
static void
discard(struct conn *conn)
{
	ssize_t len = 1;

	for (int i = 0; i < DISCARDS && len > 0; i++)
		len = recv(conn->fd, conn->hub->scratch,
		    sizeof(conn->hub->scratch), 0);
	if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))
		conn_free(conn);
}

void
conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_SHAKING:
		event_del(&conn->readable);
		epp_hub_ready(conn);
		return;
	case CONN_OPEN:
		receive(conn);
		return;
	case CONN_LINGERING:
		discard(conn);
		return;
	case CONN_DIALING:
	case CONN_FAILED:
	case CONN_CLOSING:
	case CONN_GONE:
		return;
	}
}

/* What was stopped for others' sake goes on. */
void
conn_go_on(struct conn *conn)
{
	if (conn->state != CONN_OPEN || conn->paused)
		return;
	if (conn->rest.len != 0 &&
	    (!hand_out(conn, (struct slice){conn->rest.data + conn->rest.start,
				 conn->rest.len}) ||
		conn->state != CONN_OPEN || conn->paused))
		return;
	receive(conn);
}

static void
ended(struct conn *conn)
{
	struct fail fail = FAIL_INIT;

	if (epp_framing_is_within(&conn->framing))
		fail_set(&fail, FAIL_INPUT, "the peer left within a frame");
	conn_end(conn, &fail, false);
}

static void
receive(struct conn *conn)
{
	struct epp_hub *hub = conn->hub;
	enum epp_stream_step step = EPP_STREAM_DONE;
	struct fail fail = FAIL_INIT;
	bool more = true;
	size_t len = 0, got;

	if (conn->rest.len != 0)
		return;
	while (more && len < sizeof(hub->scratch)) {
		step = epp_stream_read(conn->stream, hub->scratch + len,
		    sizeof(hub->scratch) - len, &got, &fail);
		if (step != EPP_STREAM_DONE)
			break;
		len += got;
		more = epp_stream_has_more(conn->stream) || len >= READ_AHEAD;
	}
	if (len != 0) {
		conn->heard = hub->tick;
		if (!hand_out(conn, (struct slice){hub->scratch, len}))
			return;
	}
	/* The end is found again once what came before it is handed out. */
	if (conn->state != CONN_OPEN || conn->rest.len != 0)
		return;
	if (step == EPP_STREAM_DONE && more && !conn->paused)
		epp_hub_ready(conn);
	else if (step == EPP_STREAM_WANTS_WRITE) {
		conn->read_wants_write = true;
		event_add(&conn->writable, NULL);
	} else if (step == EPP_STREAM_ENDED)
		ended(conn);
	else if (step == EPP_STREAM_BROKEN)
		conn_end(conn, &fail, true);
}

/* Keep what is not handed out; a part of the rest stays where it is. */
static bool
keep_rest(struct conn *conn, struct slice piece)
{
	struct conn_bytes *rest = &conn->rest;

	if (rest->len != 0)
		take(conn->hub, rest, rest->len - piece.len);
	else if (!conn_bytes_add(conn->hub, rest, piece, 0)) {
		conn_end(conn,
		    &(struct fail){
			.kind = FAIL_MEMORY, .text = "out of memory"},
		    false);
		return false;
	}
	if (rest->len != 0 && conn->state == CONN_OPEN && !conn->paused)
		epp_hub_ready(conn);
	return true;
}

static bool
refuse(struct conn *conn, enum epp_framing_step step)
{
	struct fail fail = FAIL_INIT;

	if (step == EPP_FRAMING_MEMORY)
		fail_memory(&fail);
	else
		fail_set(&fail, FAIL_INPUT,
		    "a frame's length is not between 5 and %zu bytes",
		    conn->limits.frame);
	conn_end(conn, &fail, false);
	return false;
}

/* Note when the frame begun has begun: its time runs from there. */
static void
note_begun(struct conn *conn, unsigned frames)
{
	if (!epp_framing_is_within(&conn->framing))
		conn->begun = 0;
	else if (frames != 0 || conn->begun == 0) {
		conn->begun = conn->hub->tick;
		epp_hub_time(conn);
	}
}

/* Hand out what frames `piece` completes; false: `conn` is gone. */
static bool
hand_out(struct conn *conn, struct slice piece)
{
	enum epp_framing_step step = EPP_FRAMING_FRAME;
	unsigned frames = 0;
	struct slice xml;

	while (
	    conn->state == CONN_OPEN && !conn->paused && frames < HUB_FRAMES) {
		step = epp_framing_next(&conn->framing, &piece, &xml);
		if (step != EPP_FRAMING_FRAME)
			break;
		frames++;
		conn->events->frame(conn->arg, xml);
		epp_hub_relieve(conn);
	}
	if (step == EPP_FRAMING_BAD || step == EPP_FRAMING_MEMORY)
		return refuse(conn, step);
	if (conn->state != CONN_OPEN)
		return true;
	note_begun(conn, frames);
	return keep_rest(conn, piece);
}

/* --- writing --- */

static bool
wait_for_room(struct conn *conn)
{
	if (conn->blocked == 0)
		conn->blocked = conn->hub->tick;
	event_add(&conn->writable, NULL);
	epp_hub_time(conn);
	return true;
}

/* As much as the kernel takes; false: the fail says why it never will. */
static bool
write_out(struct conn *conn, struct fail *fail)
{
	struct conn_bytes *out = &conn->out;
	enum epp_stream_step step = EPP_STREAM_DONE;
	size_t done;

	while (out->len != 0) {
		step = epp_stream_write(conn->stream,
		    (struct slice){out->data + out->start, out->len}, &done,
		    fail);
		if (step != EPP_STREAM_DONE)
			break;
		conn->blocked = 0;
		take(conn->hub, out, done);
	}
	switch (step) {
	case EPP_STREAM_DONE:
		return true;
	case EPP_STREAM_WANTS_READ:
	case EPP_STREAM_WANTS_WRITE:
		return wait_for_room(conn);
	case EPP_STREAM_ENDED:
		return fail_set(fail, FAIL_WORLD, "tls: the peer has left");
	case EPP_STREAM_BROKEN:
		break;
	}
	return false;
}

bool
conn_flush(struct conn *conn)
{
	struct fail fail = FAIL_INIT;

	if (write_out(conn, &fail))
		return true;
	conn_end(conn, &fail, true);
	return false;
}

void
conn_flush_early(struct conn *conn)
{
	struct fail fail = FAIL_INIT;

	if (!write_out(conn, &fail))
		conn_fail(conn, &fail);
}

void
conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_DIALING:
		epp_dial_go_on(conn);
		return;
	case CONN_SHAKING:
		epp_hub_ready(conn);
		return;
	case CONN_OPEN:
		if (!conn_flush(conn) || !conn->read_wants_write)
			return;
		conn->read_wants_write = false;
		receive(conn);
		return;
	case CONN_CLOSING:
		conn_look(conn);
		return;
	case CONN_FAILED:
	case CONN_LINGERING:
	case CONN_GONE:
		return;
	}
}

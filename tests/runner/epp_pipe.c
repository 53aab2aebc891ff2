#include "runner/epp_pipe.h"

/* What is on its way, in one direction. */
enum parcel_kind { PARCEL_OPENED, PARCEL_FRAME, PARCEL_END };

struct parcel {
	struct parcel *next;
	enum parcel_kind kind;
	struct fail fail; /* END */
	size_t len;
	char bytes[];
};

struct way {
	struct parcel *first, **last;
	bool blocked;	/* the reader does not read */
	bool scheduled; /* a call of the loop is on its way */
	bool over;	/* its END was delivered, or nobody reads any more */
};

struct epp_pipe {
	struct epp_conn conn; /* first: the filter's end */
	struct loop *loop;
	const struct epp_conn_events *events;
	void *arg;
	const struct epp_pipe_peer *peer;
	void *context;
	struct way in, out; /* to the filter; to the peer */
	struct loop_timer *timer;
	unsigned patience;
	bool ended;	  /* an END was put in: nothing comes behind it */
	bool filter_gone; /* closed() came, or close() was called */
	bool peer_gone;
	unsigned busy; /* calls to either side under way */
};

static void turn_in(void *arg);
static void turn_out(void *arg);

static struct epp_pipe *
pipe_of(const struct epp_conn *conn)
{
	return (struct epp_pipe *)(uintptr_t)conn;
}

static void
schedule(struct epp_pipe *pipe, struct way *way)
{
	if (way->scheduled || way->first == NULL ||
	    (way->blocked && way->first->kind == PARCEL_FRAME))
		return;
	way->scheduled = pipe->loop->operations->soon(
	    pipe->loop, way == &pipe->in ? turn_in : turn_out, pipe);
}

static void
add(struct epp_pipe *pipe, struct way *way, enum parcel_kind kind,
    struct slice bytes, const struct fail *fail)
{
	struct parcel *parcel = calloc(1, sizeof(*parcel) + bytes.len + 1);

	if (parcel == NULL)
		abort();
	parcel->kind = kind;
	if (fail != NULL)
		parcel->fail = *fail;
	parcel->len = bytes.len;
	if (bytes.len != 0)
		memcpy(parcel->bytes, bytes.data, bytes.len);
	*way->last = parcel;
	way->last = &parcel->next;
	schedule(pipe, way);
}

static struct parcel *
take(struct way *way)
{
	struct parcel *parcel = way->first;

	if (parcel == NULL)
		return NULL;
	way->first = parcel->next;
	if (way->first == NULL)
		way->last = &way->first;
	return parcel;
}

static void
drop(struct way *way)
{
	struct parcel *parcel;

	while ((parcel = take(way)) != NULL)
		free(parcel);
}

static void
stop_timer(struct epp_pipe *pipe)
{
	if (pipe->timer != NULL)
		pipe->loop->operations->timer_destroy(pipe->timer);
	pipe->timer = NULL;
}

/* Neither side has it any more, and no call of the loop is on its way. */
static void
release(struct epp_pipe *pipe)
{
	if (!pipe->filter_gone || !pipe->peer_gone || pipe->in.scheduled ||
	    pipe->out.scheduled || pipe->busy != 0)
		return;
	drop(&pipe->in);
	drop(&pipe->out);
	stop_timer(pipe);
	free(pipe);
}

/* --- to the filter --- */

static void
restart_patience(struct epp_pipe *pipe)
{
	if (pipe->timer != NULL && pipe->patience != 0)
		pipe->loop->operations->timer_set(
		    pipe->timer, (int64_t)pipe->patience * 1000);
}

static void
turn_in(void *arg)
{
	struct epp_pipe *pipe = arg;
	struct parcel *parcel;

	pipe->in.scheduled = false;
	if (pipe->filter_gone || pipe->events == NULL) {
		release(pipe);
		return;
	}
	if (pipe->in.blocked && pipe->in.first != NULL &&
	    pipe->in.first->kind == PARCEL_FRAME)
		return;
	parcel = take(&pipe->in);
	if (parcel == NULL)
		return;
	schedule(pipe, &pipe->in);
	pipe->busy++;
	switch (parcel->kind) {
	case PARCEL_OPENED:
		pipe->events->opened(pipe->arg);
		break;
	case PARCEL_FRAME:
		restart_patience(pipe);
		pipe->events->frame(
		    pipe->arg, (struct slice){parcel->bytes, parcel->len});
		break;
	case PARCEL_END:
		stop_timer(pipe);
		pipe->filter_gone = true;
		pipe->events->closed(pipe->arg, &parcel->fail);
		break;
	}
	pipe->busy--;
	free(parcel);
	release(pipe);
}

static void
out_of_patience(void *arg)
{
	struct epp_pipe *pipe = arg;
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "nothing came for %us", pipe->patience);
	stop_timer(pipe);
	if (pipe->filter_gone)
		return;
	pipe->filter_gone = true;
	add(pipe, &pipe->out, PARCEL_END, (struct slice){NULL, 0}, NULL);
	pipe->events->closed(pipe->arg, &fail);
}

/* --- from the filter --- */

static void
turn_out(void *arg)
{
	struct epp_pipe *pipe = arg;
	struct parcel *parcel;

	pipe->out.scheduled = false;
	if (pipe->peer_gone) {
		drop(&pipe->out);
		release(pipe);
		return;
	}
	if (pipe->out.blocked && pipe->out.first != NULL &&
	    pipe->out.first->kind == PARCEL_FRAME)
		return;
	parcel = take(&pipe->out);
	if (parcel == NULL)
		return;
	schedule(pipe, &pipe->out);
	pipe->busy++;
	if (parcel->kind == PARCEL_FRAME) {
		pipe->peer->frame(
		    pipe->context, (struct slice){parcel->bytes, parcel->len});
	} else {
		pipe->out.over = true;
		pipe->peer->gone(pipe->context);
	}
	pipe->busy--;
	free(parcel);
	release(pipe);
}

static bool
send_frame(struct epp_conn *conn, struct slice xml)
{
	struct epp_pipe *pipe = pipe_of(conn);

	if (pipe->filter_gone)
		return false;
	add(pipe, &pipe->out, PARCEL_FRAME, xml, NULL);
	return true;
}

static size_t
queued(const struct epp_conn *conn)
{
	const struct epp_pipe *pipe = pipe_of(conn);
	size_t len = 0;

	for (const struct parcel *p = pipe->out.first; p != NULL; p = p->next)
		len += p->len;
	return len;
}

static void
pause_reading(struct epp_conn *conn, bool paused)
{
	struct epp_pipe *pipe = pipe_of(conn);

	pipe->in.blocked = paused;
	schedule(pipe, &pipe->in);
}

static void
set_patience(struct epp_conn *conn, unsigned seconds)
{
	struct epp_pipe *pipe = pipe_of(conn);

	pipe->patience = seconds;
	if (seconds == 0) {
		stop_timer(pipe);
		return;
	}
	if (pipe->timer == NULL)
		pipe->timer = pipe->loop->operations->timer_create(
		    pipe->loop, out_of_patience, pipe);
	restart_patience(pipe);
}

static void
close_pipe(struct epp_conn *conn)
{
	struct epp_pipe *pipe = pipe_of(conn);

	if (pipe->filter_gone)
		return;
	pipe->filter_gone = true;
	pipe->events = NULL;
	stop_timer(pipe);
	add(pipe, &pipe->out, PARCEL_END, (struct slice){NULL, 0}, NULL);
}

static const struct epp_conn_operations operations = {
    .send = send_frame,
    .queued = queued,
    .pause = pause_reading,
    .patience = set_patience,
    .close = close_pipe,
};

/* --- the other end --- */

struct epp_pipe *
pipe_create(struct loop *loop, const struct epp_pipe_peer *peer, void *context)
{
	struct epp_pipe *pipe = calloc(1, sizeof(*pipe));

	if (pipe == NULL)
		abort();
	pipe->conn.operations = &operations;
	pipe->loop = loop;
	pipe->peer = peer;
	pipe->context = context;
	pipe->in.last = &pipe->in.first;
	pipe->out.last = &pipe->out.first;
	return pipe;
}

struct epp_conn *
pipe_conn(struct epp_pipe *pipe)
{
	return &pipe->conn;
}

void
pipe_dial(
    struct epp_pipe *pipe, const struct epp_conn_events *events, void *arg)
{
	pipe->events = events;
	pipe->arg = arg;
}

void
pipe_open(
    struct epp_pipe *pipe, const struct epp_conn_events *events, void *arg)
{
	pipe_dial(pipe, events, arg);
	add(pipe, &pipe->in, PARCEL_OPENED, (struct slice){NULL, 0}, NULL);
}

void
pipe_put(struct epp_pipe *pipe, struct slice xml)
{
	if (!pipe->ended && !pipe->filter_gone)
		add(pipe, &pipe->in, PARCEL_FRAME, xml, NULL);
}

void
pipe_cut(struct epp_pipe *pipe, enum fail_kind kind, const char *text)
{
	struct fail fail = FAIL_INIT;

	if (kind != FAIL_NONE)
		fail_set(&fail, kind, "%s", text);
	if (!pipe->ended && !pipe->filter_gone)
		add(pipe, &pipe->in, PARCEL_END, (struct slice){NULL, 0},
		    &fail);
	pipe->ended = true;
}

void
pipe_stall(struct epp_pipe *pipe, bool stalled)
{
	pipe->out.blocked = stalled;
	schedule(pipe, &pipe->out);
}

void
pipe_leave(struct epp_pipe *pipe)
{
	pipe->peer_gone = true;
	pipe_cut(pipe, FAIL_WORLD, "the connection was reset");
	drop(&pipe->out);
	release(pipe);
}

void
pipe_kill(struct epp_pipe *pipe, bool lost)
{
	if (pipe->filter_gone)
		return;
	if (lost)
		drop(&pipe->out);
	close_pipe(&pipe->conn);
}

bool
pipe_is_over(const struct epp_pipe *pipe)
{
	return pipe->filter_gone || pipe->ended;
}

/*
 * A connection without a socket: what the filter sends comes out at the other
 * end as whole frames, in order, one turn of the loop later; and what is put
 * in there comes to the filter.  Both directions keep their order also for
 * their end.
 */
#ifndef MISU_TESTS_EPP_PIPE_H
#define MISU_TESTS_EPP_PIPE_H

#include "net/epp_conn.h"

struct epp_pipe;

/* Who is at the other end; both are called from the loop. */
struct epp_pipe_peer {
	void (*frame)(void *context, struct slice xml);
	/* The filter closed, after all it had sent; nothing comes any more. */
	void (*gone)(void *context);
};

/* The events are set by pipe_open(), or here where a dialer makes it. */
struct epp_pipe *pipe_create(
    struct loop *loop, const struct epp_pipe_peer *peer, void *context);
struct epp_conn *pipe_conn(struct epp_pipe *pipe);

/* The handshake is over. */
void pipe_open(
    struct epp_pipe *pipe, const struct epp_conn_events *events, void *arg);

/* They are known, and the handshake is still under way. */
void pipe_dial(
    struct epp_pipe *pipe, const struct epp_conn_events *events, void *arg);

/* A frame for the filter; copied.  After its end it is dropped. */
void pipe_put(struct epp_pipe *pipe, struct slice xml);
/* The end for the filter, after what was put; kind FAIL_NONE: in order. */
void pipe_cut(struct epp_pipe *pipe, enum fail_kind kind, const char *text);
/* The peer reads no more, or again. */
void pipe_stall(struct epp_pipe *pipe, bool stalled);
/* The peer will neither put nor be called any more: its last call. */
void pipe_leave(struct epp_pipe *pipe);
/*
 * The filter's process is gone.  What it had sent in this turn is lost, or
 * not; then gone() comes.
 */
void pipe_kill(struct epp_pipe *pipe, bool lost);
/* Has either side ended it? */
bool pipe_is_over(const struct epp_pipe *pipe);

#endif

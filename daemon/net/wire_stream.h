/*
 * Messages between misu's own processes, over a Unix stream socket: each is
 * its length (32 bits, little-endian) and its bytes.  What is sent in one turn
 * of the loop leaves in one write at its end; 4 KB leave at once, so that the
 * other end begins with them.  All streams of a process read into one buffer,
 * out of which messages are handed on where they lie; only what is not whole
 * yet is kept.  Both queues are bounded: a stream that would
 * need more is over.
 *
 * A stream with `fds` carries file descriptors too, one a message.
 */
#ifndef MISU_WIRE_STREAM_H
#define MISU_WIRE_STREAM_H

#include "base/fail.h"
#include "base/slice.h"

struct event_base;
struct wire_stream;

enum {
	WIRE_MESSAGE_MAX = 16 * 1024 * 1024,
	WIRE_QUEUE_MAX = 64 * 1024 * 1024, /* bytes that wait to leave */
};

struct wire_stream_options {
	struct event_base *base;
	/*
	 * A message came; it is borrowed for the call.  `fd` is the
	 * receiver's, or -1.  False: it makes no sense, end the stream.
	 */
	bool (*received)(void *context, struct slice message, int fd);
	/*
	 * The stream is over, once: the other end went away, broke the rules
	 * or reads too slowly.  It may be destroyed from here.
	 */
	void (*gone)(void *context);
	void *context;
	bool fds;     /* else none is accepted */
	bool wipes;   /* secrets pass: nothing of them stays in a buffer */
	int priority; /* among the events of the base; 0 where it has one */
};

/* Takes the socket over, in success and failure. */
struct wire_stream *wire_stream_create(
    const struct wire_stream_options *options, int fd, struct fail *fail);

/* NULL-safe; not from `received`.  Waiting messages are thrown away. */
void wire_stream_destroy(struct wire_stream *stream);

/* Queue a message; false if the stream is over, or is so with this one. */
bool wire_stream_send(struct wire_stream *stream, struct slice message);

/*
 * The same for what nobody waits for: it leaves with the next message that
 * somebody does wait for, or after some ms.
 */
bool wire_stream_send_late(struct wire_stream *stream, struct slice message);

/*
 * As wire_stream_send in two pieces, `kind` before `message`; with `fd`, or -1.  The
 * descriptor goes to the stream, in success and failure.
 */
bool wire_stream_post(
    struct wire_stream *stream, char kind, struct slice message, int fd);

/* Write now, as far as the socket takes it. */
void wire_stream_flush(struct wire_stream *stream);

/* Before the process ends: wait at most so many ms until all has left. */
void wire_stream_finish(struct wire_stream *stream, int patience);

/* Does anything wait to leave? */
bool wire_stream_waits(const struct wire_stream *stream);

/* Two connected ends, close-on-exec and non-blocking. */
bool wire_stream_pair(int ends[2], struct fail *fail);

#endif

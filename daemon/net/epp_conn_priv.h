/*
 * What the files of EPP connections share: the connection itself, and the hub
 * of those of one loop.  The hub does once for all what each would do for
 * itself: write what a turn of the loop has queued, come back to those that
 * were stopped for others' sake, and watch their times.  Nothing of it may be
 * called from another thread than the loop's.
 *
 * A connection is freed only from the hub's events or its own, never while a
 * call of its owner runs: close() and failures in send() only leave a mark.
 */
#ifndef MISU_EPP_CONN_PRIV_H
#define MISU_EPP_CONN_PRIV_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "codec/epp_framing.h"
#include "net/epp_stream.h"

enum {
	HUB_SCRATCH = 32768,  /* bytes read from one in a turn */
	HUB_FRAMES = 64,      /* frames handed out of one in a turn */
	HUB_HANDSHAKES = 4,   /* steps of handshakes in a turn: 1 ms each */
	HUB_LINGERING = 1024, /* at most wait for the peer's end */
	HUB_TICKS = 4,	      /* a second */
	HUB_SLOTS = 256,      /* of the wheel, a tick each */
	HUB_SPARE_BYTES = 1 << 18, /* queues' memory that is kept, a size */
	HUB_DIRTY = 8,		 /* connections that wait for the turn's end */
	CONN_EARLY = 16384,	 /* bytes, a TLS record, that leave at once */
	CONN_LINGER_SECONDS = 3, /* after close() */
	CONN_STALL_SECONDS = 60, /* for a peer that takes nothing */
};

enum conn_state {
	CONN_DIALING, /* no socket, or one that is not connected */
	CONN_SHAKING, /* hands: the handshake runs */
	CONN_OPEN,
	CONN_FAILED,	/* within a call: closed() is yet to come */
	CONN_CLOSING,	/* what is queued leaves; no event any more */
	CONN_LINGERING, /* goodbye is said: the peer's end is awaited */
	CONN_GONE	/* to be freed at the end of this turn */
};

/* A queue's memory while no connection has it. */
struct hub_spare {
	struct hub_spare *next;
};

struct hub_spares {
	struct hub_spare *list;
	size_t count;
};

/* Bytes that wait: from `start` on, `len` of them. */
struct conn_bytes {
	char *data;
	size_t start, len, size;
};

struct epp_dial;

struct conn {
	struct epp_conn conn;
	struct epp_hub *hub;
	const struct epp_conn_events *events;
	void *arg;
	struct epp_tls *tls;
	struct epp_stream *stream;
	struct epp_conn_limits limits;
	enum conn_state state;
	int fd;
	bool paused, dirty, ready, shaking, read_wants_write;
	struct event readable, writable;
	struct epp_framing framing; /* the frame begun */
	struct conn_bytes rest;	    /* read, and not looked at yet */
	struct conn_bytes out;
	/* Ticks of the hub; 0: never. */
	uint32_t since;	  /* the state's beginning */
	uint32_t heard;	  /* the peer's last byte */
	uint32_t begun;	  /* the first byte of the frame begun */
	uint32_t blocked; /* when the kernel took no more */
	uint32_t patience, due;
	struct epp_dial *dial;
	void (*released)(void *context); /* after it is freed */
	void *released_context;
	TAILQ_ENTRY(conn) dirties, readies;
	LIST_ENTRY(conn) times;
	struct fail *fail; /* CONN_FAILED: why; NULL: no memory for it */
	struct epp_peer peer;
};

TAILQ_HEAD(conn_queue, conn);
LIST_HEAD(conn_list, conn);

struct epp_hub {
	struct epp_hub *next;
	struct event_base *base;
	struct event *flush, *again, *clock;
	unsigned references;
	uint32_t tick; /* never 0 */
	size_t timed, lingering, ready_count, shaking_count, dirty_count;
	struct hub_spares first, longer; /* by the size of a queue */
	struct conn_queue dirty, ready, shaking;
	struct conn_list slots[HUB_SLOTS];
	char scratch[HUB_SCRATCH];
};

/* The hub of a base, made at need; NULL when out of memory. */
struct epp_hub *epp_hub_get(struct event_base *base);
void epp_hub_release(struct epp_hub *hub);

/* Look at it when the turn ends. */
void epp_hub_dirty(struct conn *conn);
/*
 * A long turn does not keep back what many wait for: between two frames of
 * `busy`, which stays for the turn's end.  Not within an owner's call.
 */
void epp_hub_relieve(struct conn *busy);
/* Go on with it in the next turn: it has data, or hands to shake. */
void epp_hub_ready(struct conn *conn);
/* Its times changed: look at it when the first of them is over. */
void epp_hub_time(struct conn *conn);
/* Forget it. */
void epp_hub_leave(struct conn *conn);

/* --- epp_conn.c --- */

struct conn *conn_create(struct event_base *base, struct epp_tls *tls,
    const struct epp_conn_limits *limits);
/* Take a connected socket; the handshake begins in the next turn. */
bool conn_start(struct conn *conn, int fd);
void conn_free(struct conn *conn);
/*
 * It is over: closed() now.  A whole connection then takes leave of the peer,
 * a broken one is freed; do not touch it afterwards.
 */
void conn_end(struct conn *conn, const struct fail *fail, bool broken);
/* It is over, found within a call: closed() when the turn ends. */
void conn_fail(struct conn *conn, const struct fail *fail);
void conn_look(struct conn *conn);
void conn_expire(struct conn *conn);
/* The tick at which conn_expire() has work; 0: none. */
uint32_t conn_deadline(const struct conn *conn);

/* --- epp_conn_io.c --- */

void conn_readable(evutil_socket_t fd, short what, void *arg);
void conn_writable(evutil_socket_t fd, short what, void *arg);
void conn_go_on(struct conn *conn);
void conn_shake(struct conn *conn);
/* False: `conn` is gone. */
bool conn_flush(struct conn *conn);
/* The same within a call of the owner's: the end comes with the turn's. */
void conn_flush_early(struct conn *conn);
void conn_bytes_free(struct epp_hub *hub, struct conn_bytes *bytes);
bool conn_bytes_add(struct epp_hub *hub, struct conn_bytes *bytes,
    struct slice data, size_t extra);

/* --- epp_dialer.c --- */

/* The socket is connected, or is not. */
void epp_dial_go_on(struct conn *conn);
/* Time is over: the next address. */
void epp_dial_expire(struct conn *conn);
void epp_dial_free(struct epp_dial *dial);

#endif

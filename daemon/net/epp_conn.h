/*
 * A connection that carries EPP frames (RFC 5734): TLS on a socket, or in
 * tests a pipe.  Whoever owns one is told of each whole frame and of its end;
 * it knows nothing of sessions.
 *
 * SSL_read and SSL_write run on the socket under libevent's events.  All
 * frames of one wake-up leave in one write, or in several where they fill
 * records; where many connections have something to write, it leaves before
 * the wake-up is over.  An idle connection holds no buffer.  All of it belongs
 * to the loop's thread; SIGPIPE must be ignored.
 */
#ifndef MISU_EPP_CONN_H
#define MISU_EPP_CONN_H

#include "base/digest.h"
#include "base/fail.h"
#include "net/loop.h"

struct epp_conn;

struct epp_conn_events {
	/* The handshake is over; frames may be sent from now on. */
	void (*opened)(void *arg);
	/* One whole frame, without its length; borrowed for the call. */
	void (*frame)(void *arg, struct slice xml);
	/*
	 * It is over, and gone after this returns; the fail says why
	 * (FAIL_NONE: the peer closed between frames; FAIL_INPUT: a bad
	 * frame; FAIL_WORLD: network, TLS, time).  Never called from within
	 * a call on the connection, nor after close().
	 */
	void (*closed)(void *arg, const struct fail *fail);
};

struct epp_conn_operations {
	/*
	 * Queue one frame (its XML; the length is added); copied.  It leaves
	 * when the loop's turn ends, or before.  False: no memory; the
	 * connection will close.
	 */
	bool (*send)(struct epp_conn *conn, struct slice xml);
	/* Bytes queued and not taken by the kernel. */
	size_t (*queued)(const struct epp_conn *conn);
	/*
	 * Read no more for now: the backend sends faster than it is served.
	 * No frame() comes, not even of what was read already; the peer's
	 * end is not noticed, and none of its times runs.
	 */
	void (*pause)(struct epp_conn *conn, bool paused);
	/*
	 * Seconds of silence after which closed() comes; 0: none.  They run
	 * from the peer's last byte or from this call, whichever is later;
	 * what is sent does not count.  Like all times here they are coarse:
	 * up to half a second late.
	 */
	void (*patience)(struct epp_conn *conn, unsigned seconds);
	/* Send what is queued, say goodbye, and go; no event comes any more. */
	void (*close)(struct epp_conn *conn);
};

struct epp_conn {
	const struct epp_conn_operations *operations;
};

/* Who is at the other end: SHA-256 of its certificate, subject, address. */
struct epp_peer {
	bool has_certificate;
	struct digest certificate;
	char name[128];	  /* the certificate's common name, for logs */
	char address[64]; /* "192.0.2.1:1234" */
};

const struct epp_peer *epp_conn_peer(const struct epp_conn *conn);

/* --- TLS --- */

/* Certificates, keys, what is demanded of the peer; its connections keep it. */
struct epp_tls;

struct epp_tls_options {
	bool server;
	struct slice certificate, key; /* PEM texts; a client's may be empty */
	struct slice authority; /* PEM: whom the peer's certificate must be
				   from; server and empty: no client
				   certificate is asked for */
	struct slice name;	/* client: SNI, and name the server must have */
	const struct digest
	    *pins; /* client: SHA-256 of acceptable certificates'
		      public keys (SPKI); none: no pinning */
	size_t pin_count;
	/* Where they are from, for a fail's place; may be empty. */
	struct slice certificate_path, key_path, authority_path;
};

/*
 * From when to when the first certificate of a PEM text is good, in Unix
 * seconds; false if there is none.
 */
bool epp_tls_times(struct slice pem, int64_t *begin, int64_t *end);

/* TLS 1.2 (AEAD with ECDHE only) and 1.3.  The fail never shows a key. */
struct epp_tls *epp_tls_create(
    const struct epp_tls_options *options, struct fail *fail);
void epp_tls_destroy(struct epp_tls *tls);

/* What is 0 gets a default: 64 KB, 10 s, 30 s, 1 MB. */
struct epp_conn_limits {
	size_t frame;	    /* bytes, the length's four included */
	unsigned handshake; /* seconds */
	unsigned partial;   /* seconds for a frame from its first byte */
	size_t queue;	    /* bytes that may wait to be written; more closes */
};

/* --- listening and dialing --- */

struct epp_listener;

struct epp_listener_options {
	struct event_base *base;
	struct loop *loop;
	struct epp_tls *tls; /* borrowed */
	struct epp_conn_limits limits;
	unsigned connections; /* at most; more wait to be accepted */
	/*
	 * Gives events and their arg for a new connection, whose address is
	 * known and whose certificate is not before opened(); false refuses
	 * it.  The listener must not be destroyed within.
	 */
	bool (*accept)(void *context, struct epp_conn *conn,
	    const struct epp_conn_events **events, void **arg);
	void *context;
};

/* Takes the listening socket over. */
struct epp_listener *epp_listener_create(
    const struct epp_listener_options *options, int fd, struct fail *fail);
/* Connections live on; no new ones. */
void epp_listener_destroy(struct epp_listener *listener);

/* What makes a connection to a registry; tests give another. */
struct epp_dialer {
	/*
	 * NULL with a fail if it cannot even begin; else opened() or closed()
	 * follows.
	 */
	struct epp_conn *(*dial)(struct epp_dialer *dialer,
	    const struct epp_conn_events *events, void *arg, struct fail *fail);
};

struct evdns_base;

struct epp_tcp_options {
	struct event_base *base;
	struct loop *loop;
	struct epp_tls *tls; /* borrowed */
	const char *address; /* "192.0.2.1:700", "[2001:db8::1]:700",
				"epp.registry.example:700" */
	struct evdns_base *dns; /* for names; borrowed.  NULL: one of its
				   own, which reads resolv.conf */
	struct epp_conn_limits limits;
};

struct epp_dialer *epp_tcp_dialer_create(
    const struct epp_tcp_options *options, struct fail *fail);
void epp_tcp_dialer_destroy(struct epp_dialer *dialer);

/*
 * Does any connection of the base still take leave: has it something to write,
 * or to hear that the peer is gone too?
 */
bool epp_conn_leaving(struct event_base *base);

/*
 * Before a loop is destroyed: free at once all connections of its base whose
 * owners have called close(), or been told closed().
 */
void epp_conn_drop(struct event_base *base);

#endif

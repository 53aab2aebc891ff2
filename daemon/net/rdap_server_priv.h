/* What the files of the server of RDAP share: rdap_*.c here. */
#ifndef MISU_RDAP_SERVER_PRIV_H
#define MISU_RDAP_SERVER_PRIV_H

#include <event2/event_struct.h>
#include <netinet/in.h>

#include "codec/http_head.h"
#include "net/crowd.h"
#include "net/rdap_server.h"

struct evbuffer;
struct evconnlistener;

enum {
	INPUT_MAX = 2 * HTTP_HEAD_MAX,
	OUTPUT_MAX = 32 * 1024, /* waits at most before more is read */
	DRAIN_MAX = 1024 * 1024, /* thrown away at most, of who was refused */
	GRACE_MS = 2000,
	SWEEP_SECONDS = 1
};

struct rdap_watch {
	rdap_ended *ended; /* NULL: nobody asks */
	void *arg;
};

/*
 * In the list the one that was silent longest comes first.  What came of a
 * request that is not whole is kept apart, so that who is silent costs little.
 */
struct connection {
	struct connection *next, *before;
	struct rdap_server *server;
	struct event readable, writable;
	struct sockaddr_in6 from; /* room for IPv4 too */
	int fd;
	int counter;   /* of the crowd */
	int64_t since; /* ms: accepted, or last answered */
	char *kept;    /* input that waits */
	size_t kept_len;
	struct evbuffer *output; /* NULL: nothing waits */
	size_t counted;		 /* bytes of it in the server's sum */
	struct rdap_request *asking;
	/* The last answer in the output is watched: its bytes, or it was cut. */
	struct rdap_watch watch;
	size_t watched;
	bool cut;
	bool ending; /* no more requests after the answers under way */
	bool ended;  /* our end is said */
	size_t drained;
};

struct rdap_request {
	struct connection *connection; /* NULL once it has gone */
	struct http_head head;
	char *held; /* its bytes, where the answer comes later */
	size_t held_len;
	bool more; /* input follows: answers are gathered */
	bool answered;
	struct rdap_watch watch;
};

struct rdap_server {
	struct rdap_server_options options;
	struct evconnlistener *listener;
	struct event *sweep, *relief;
	size_t output; /* bytes that wait, of all connections */
	struct connection *first, *last;
	unsigned count;
	struct rdap_request *spare;
	struct crowd crowd;
	char input[INPUT_MAX];
};

/* --- rdap_server.c: connections ------------------------------------------- */

void rdap_connection_free(struct connection *connection);
/* It asked, or was answered: of all it is the last to be silent. */
void rdap_connection_touch(struct connection *connection);
/* Nothing of what was said is left in memory that is given back. */
void rdap_wipe_and_free(char *bytes, size_t len);

/* --- rdap_request.c: what comes in ---------------------------------------- */

void rdap_readable(evutil_socket_t fd, short what, void *context);
/* `input` without data: what was kept back. */
void rdap_take(struct connection *connection, struct slice input);

/* --- rdap_answer.c: what goes out ----------------------------------------- */

void rdap_writable(evutil_socket_t fd, short what, void *context);
/* Does anything wait to be written, and how much? */
bool rdap_waits(const struct connection *connection);
size_t rdap_waiting(const struct connection *connection);
/* The server's sum is brought up to it. */
void rdap_count(struct connection *connection);
/* Whoever watches the connection's last answer is told how it ended. */
void rdap_end_watch(struct connection *connection, enum rdap_end end);
/*
 * After answers: what waits is written when it can be, and read is only when
 * nothing does.  The connection is gone when this returns false.
 */
bool rdap_settle(struct connection *connection);
/* What was no request has an answer too, and it is the last. */
void rdap_refuse(struct connection *connection, int status);
/* The request is over; the next may have its memory. */
void rdap_give_back(struct rdap_server *server, struct rdap_request *request);

#endif

/*
 * HTTP/1.1 as RDAP needs it (RFC 7480), made for many short questions on few
 * connections: GET, HEAD and OPTIONS, no bodies, an answer that is ready in
 * memory goes out in one system call.  All that waits is bounded: heads,
 * connections, the time of each.  What is asked and told is the handler's.
 *
 * What came is overwritten before it is given back: a header may be a token.
 * Memory of libevent's is wiped where net/wiped.h was told to.
 *
 * evhttp, which the console and the intake have, takes as much time for a
 * question of this kind as nginx does for a whole file, and twice what this
 * does; tests/bench/publish.txt has the figures.
 */
#ifndef MISU_RDAP_SERVER_H
#define MISU_RDAP_SERVER_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/fail.h"
#include "base/slice.h"
#include "net/http_error.h"

struct event_base;
struct rdap_server;
struct rdap_request;

enum rdap_method { RDAP_GET, RDAP_HEAD, RDAP_OPTIONS, RDAP_OTHER };

/* How an answer ended: what this machine took over for the peer has left. */
enum rdap_end {
	RDAP_SENT, /* all of it left */
	RDAP_GONE, /* nothing of it did, and nothing will */
	RDAP_CUT   /* some of it may have; the rest never will */
};
typedef void rdap_ended(void *arg, enum rdap_end end);

struct rdap_header {
	const char *name, *value;
};

struct rdap_server_options {
	struct event_base *base;
	unsigned connections; /* at most, at one time */
	unsigned each;        /* of them, those of one address block */
	unsigned patience;    /* seconds a connection may take or idle */
	/*
	 * Bytes of answers that wait for their readers, of all connections: with
	 * more, those that were given theirs longest ago are cut off.
	 */
	size_t output;
	void (*handle)(void *context, struct rdap_request *request);
	/* Words what never gets to the handler: it was no request. */
	http_error_word *error;
	/* Each question, with the status it was answered; or NULL. */
	void (*answered)(void *context, int status);
	void *context;
};

/* Takes the listening socket over. */
struct rdap_server *rdap_server_create(
    const struct rdap_server_options *options, int listen_fd,
    struct fail *fail);
/* NULL-safe.  Answers to what was not yet answered may still be given. */
void rdap_server_destroy(struct rdap_server *server);
unsigned rdap_server_connections(const struct rdap_server *server);

enum rdap_method rdap_request_method(const struct rdap_request *request);
/* Borrowed until the answer; the path begins with a slash, or is "*". */
struct slice rdap_request_path(const struct rdap_request *request);
/* data NULL if there is none; what a proxy adds comes last. */
struct slice rdap_request_header(
    const struct rdap_request *request, const char *name);
struct slice rdap_request_last_header(
    const struct rdap_request *request, const char *name);
/*
 * Has the peer of a request that waits for its answer gone, or said the end of
 * its side?  Then its connection is given up, and nobody hears the answer.
 */
bool rdap_request_is_gone(struct rdap_request *request);
/*
 * Say once how the answer that rdap_answer() gives next has ended: when it
 * does, in a turn of the loop or as the server is destroyed.  Who is told
 * answers nobody else meanwhile.
 */
void rdap_request_watch(
    struct rdap_request *request, rdap_ended *ended, void *arg);
/*
 * A secret that stands in a header goes: the handler has read it, and before
 * it returns it is written over where it lies.
 */
void rdap_request_wipe(struct rdap_request *request, struct slice secret);
/* Who is at the other end of the connection, while it is not gone. */
const struct sockaddr *rdap_request_from(const struct rdap_request *request);

/*
 * Answer, once, now or later; ends the request.  If the peer has gone,
 * nothing is sent.
 */
void rdap_answer(struct rdap_request *request, int status,
    const struct rdap_header *headers, size_t count, struct slice body);

/*
 * The same with bytes that are ready: "HTTP/1.1 200 OK", all headers with
 * Date and Content-Length, an empty line, the body behind `head` bytes.
 */
void rdap_answer_ready(
    struct rdap_request *request, struct slice bytes, size_t head);

#endif

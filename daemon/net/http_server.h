/*
 * HTTP on libevent's evhttp, with the limits it lacks: a bounded number of
 * connections a listener, a time by which a connection must have asked
 * something, and peers that may leave while an answer is being made.  It
 * knows nothing of misu's paths; see intake_http.
 */
#ifndef MISU_HTTP_SERVER_H
#define MISU_HTTP_SERVER_H

#include "base/digest.h"
#include "base/fail.h"
#include "base/slice.h"
#include "net/http_error.h"

struct event_base;
struct http_tls;
struct http_server;
struct http_request;

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OTHER };

struct http_header {
	const char *name, *value;
};

struct http_server_options {
	struct event_base *base;
	size_t body_max;         /* bytes */
	unsigned connections;    /* at most, at one time */
	unsigned patience;       /* seconds a connection may take or idle */
	unsigned age;            /* seconds it lasts at most; 0: for ever */
	void (*handle)(void *context, struct http_request *request);
	/* Words what never gets to the handler: it was no request. */
	http_error_word *error;
	void *context;
	/*
	 * Where the TLS for connections to come stands, which may change; who
	 * comes while it is NULL is turned away.  NULL: without TLS.
	 */
	struct http_tls *const *tls;
};

/* Takes the listening socket over. */
struct http_server *http_server_create(
    const struct http_server_options *options, int listen_fd,
    struct fail *fail);
/* Requests not yet answered are dropped; http_answer() may still be called. */
void http_server_destroy(struct http_server *server);

/* Take no more connections; those there are go on. */
void http_server_pause(struct http_server *server);
/*
 * Those there are take no more requests: each ends with the answer in work, or
 * now.  Who comes again is let in by what holds then.  NULL-safe.
 */
void http_server_end_connections(struct http_server *server);
unsigned http_server_connections(const struct http_server *server);

enum http_method http_request_method(const struct http_request *request);
/* Without the query; borrowed like the body until the handler returns. */
struct slice http_request_path(const struct http_request *request);
/* What follows the question mark, as it was written; empty if none. */
struct slice http_request_query(const struct http_request *request);
struct slice http_request_body(const struct http_request *request);
/* NULL if there is none. */
const char *http_request_header(
    const struct http_request *request, const char *name);
int http_request_socket(const struct http_request *request);
/* Whose certificate it came under; see http_tls_peer(). */
bool http_request_certificate(const struct http_request *request,
    struct digest *certificate, char *subject);
/*
 * Has the peer left while the request waited?  Then there is nothing to look at
 * any more, and an answer goes nowhere.
 */
bool http_request_is_gone(const struct http_request *request);

/*
 * Answer, once, now or later; frees the request.  If the peer has gone,
 * nothing is sent.
 */
void http_answer(struct http_request *request, int status,
    const struct http_header *headers, size_t count, struct slice body);

#endif

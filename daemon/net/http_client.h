/*
 * HTTP as a client, on libcurl's multi interface and a libevent loop: the one
 * file that knows libcurl.  http and https, no redirects unless they are
 * asked for, certificates are checked; an answer's size and time are bounded.
 */
#ifndef MISU_HTTP_CLIENT_H
#define MISU_HTTP_CLIENT_H

#include "base/fail.h"
#include "base/slice.h"

struct event_base;
struct http_client;

struct http_client_answer {
	int status; /* 0: there was none, and `reason` says why */
	const char *reason;
	const char *type; /* Content-Type; "" if none */
	unsigned wait;	  /* Retry-After in seconds; 0: it did not say */
	struct slice body;
};

struct http_client_ask {
	const char *url;
	const char *token; /* bearer; NULL: none */
	struct slice post; /* data NULL: GET */
	const char *media; /* type of what is posted; NULL: plain text */
	/* PEM files of one's own; NULL: none is shown, the key is in it. */
	const char *certificate, *key;
	const char *accept;    /* media types; NULL: any */
	const char *authority; /* PEM file; NULL: the system's */
	unsigned redirects;    /* so many are followed, to https alone */
	/*
	 * The URL is gopher's (RFC 1436), which libcurl asks as WHOIS is asked:
	 * a line out, and what comes until the end.  Its status is 200.
	 */
	bool is_line;
	size_t answer_max; /* bytes */
	unsigned patience; /* seconds for all of it */
	/* From the loop, once; what it is given ends with it. */
	void (*done)(void *context, const struct http_client_answer *answer);
	void *context;
};

/* Borrows the base.  NULL with a fail. */
struct http_client *http_client_create(
    struct event_base *base, struct fail *fail);

/* What is under way ends without being done. */
void http_client_destroy(struct http_client *client);

/* Copies what it needs.  False with a fail: it is not asked. */
bool http_client_start(struct http_client *client,
    const struct http_client_ask *ask, struct fail *fail);

/* For who has no loop of their own: until something was done; false: never. */
bool http_client_wait(struct http_client *client);

#endif

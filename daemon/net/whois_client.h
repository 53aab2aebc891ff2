/*
 * WHOIS (RFC 3912) as a client: one line out, and what comes until the other
 * end closes.  No referral is followed.
 */
#ifndef MISU_WHOIS_CLIENT_H
#define MISU_WHOIS_CLIENT_H

#include "net/http_client.h"

enum {
	WHOIS_PORT = 43,
	WHOIS_ANSWER_MAX = 64 * 1024, /* bytes */
	WHOIS_LINE_MAX = 300,
	WHOIS_SERVER_MAX = 300,
};

struct whois_client_ask {
	/* "whois.jprs.jp", "192.0.2.1:4343", "[2001:db8::1]:43" */
	struct slice server;
	struct slice line; /* without its end; no control characters */
	unsigned patience; /* seconds for all of it */
	/* As http_client_ask has it; a status of 200 says that it answered. */
	void (*done)(void *context, const struct http_client_answer *answer);
	void *context;
};

/* Copies what it needs.  False with a fail: it is not asked. */
bool whois_client_start(struct http_client *client,
    const struct whois_client_ask *ask, struct fail *fail);

#endif

/*
 * WHOIS (RFC 3912): a line comes in, a text goes out, the connection ends.
 * Lines, connections and time are bounded, and time is short while all places
 * are taken; what is asked and what is told is
 * the handler's.
 */
#ifndef MISU_WHOIS_SERVER_H
#define MISU_WHOIS_SERVER_H

#include <sys/socket.h>

#include "base/fail.h"
#include "base/text.h"

struct event_base;
struct whois_server;

struct whois_server_options {
	struct event_base *base;
	unsigned connections; /* at most, at one time */
	unsigned each;        /* of them, those of one address block */
	unsigned patience;    /* seconds, from the first byte to the last */
	/*
	 * Append the answer, lines ended by "\n"; they leave as CRLF.  Or
	 * give back bytes that leave as they are, in memory of your own.  The
	 * line is what came, without its end and perhaps no text at all;
	 * `text` is in an arena that ends with the call.
	 */
	struct slice (*answer)(void *context, const struct sockaddr *from,
	    struct slice line, struct text *text);
	void *context;
};

/* Takes the listening socket over. */
struct whois_server *whois_server_create(
    const struct whois_server_options *options, int listen_fd,
    struct fail *fail);
/* Those being answered are cut off. */
void whois_server_destroy(struct whois_server *server);

unsigned whois_server_connections(const struct whois_server *server);

#endif

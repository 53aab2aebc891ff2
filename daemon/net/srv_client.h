/*
 * Looks up an SRV record (RFC 2782) over a libevent loop: the packets are
 * ldns's, the socket is here.  An answer that is not for the question is not
 * looked at; one that was cut is used as far as it goes.
 */
#ifndef MISU_SRV_CLIENT_H
#define MISU_SRV_CLIENT_H

#include "base/fail.h"
#include "base/slice.h"

struct event_base;
struct srv_client;

enum srv_state {
	SRV_FOUND,
	SRV_NONE,   /* there is no such name, or no service at it */
	SRV_FAILED, /* nobody could say */
};

enum { SRV_HOST_SIZE = 256 };

struct srv_answer {
	enum srv_state state;
	char host[SRV_HOST_SIZE]; /* without its last dot */
	unsigned port;
};

/*
 * Borrows the base.  `resolver` is an address with a port; NULL: those of
 * resolv.conf, which is read now.  NULL with a fail.
 */
struct srv_client *srv_client_create(
    struct event_base *base, const char *resolver, struct fail *fail);

/* What is under way ends without being done. */
void srv_client_destroy(struct srv_client *client);

/*
 * "_nicname._tcp.jp".  `done` is called once, from the loop.  False with a
 * fail: it is not asked.
 */
bool srv_client_ask(struct srv_client *client, const char *name,
    void (*done)(void *context, const struct srv_answer *answer), void *context,
    struct fail *fail);

#endif

/* A crowd of EPP sessions in one event loop: for load and for idling. */
#ifndef TESTS_REGISTRY_CLIENT_PEER_H
#define TESTS_REGISTRY_CLIENT_PEER_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "registry/client.h"

#define SCRATCH (256 * 1024)

enum peer_state { PEER_NEW, PEER_SHAKING, PEER_GREETED, PEER_READY, PEER_DEAD };

/* A command on its way. */
struct flight {
	uint64_t start, number;
};

struct peer {
	struct crowd *crowd;
	SSL *ssl;
	int fd;
	enum peer_state state;
	struct event readable, writable;
	struct bytes in, out;
	struct flight *flights; /* a ring of crowd->flights */
	unsigned first, count;
};

struct crowd {
	const struct client_options *options;
	struct event_base *base;
	SSL_CTX *tls;
	struct peer *peers;
	unsigned size, flights;
	unsigned started, ready, dead;
	struct bytes login;
	char scratch[SCRATCH];
	/* All are logged in. */
	void (*on_ready)(struct crowd *crowd);
	/* A response to a ready peer, and the end of a wake-up's responses. */
	void (*on_response)(struct peer *peer, struct slice frame);
	void (*on_responses)(struct peer *peer);
	void *context;
};

/* Opens options->connections sessions, some at a time. */
void crowd_start(struct crowd *crowd);
void crowd_finish(struct crowd *crowd);

/* Bytes for a ready peer; they are sent or kept. */
void peer_write(struct peer *peer, const char *data, size_t len);

#endif

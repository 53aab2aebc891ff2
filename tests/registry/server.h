/*
 * The registry simulator as a program: its connections.  Everything runs in
 * one thread under libevent.
 */
#ifndef TESTS_REGISTRY_SERVER_H
#define TESTS_REGISTRY_SERVER_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "registry/registry.h"

#define SCRATCH (128 * 1024)

struct server {
	struct event_base *base;
	SSL_CTX *tls;
	struct registry *registry;
	struct connection *connections;
	struct bytes out; /* one wake-up's answers */
	char scratch[SCRATCH];
};

/* Takes the socket over; it is not blocking. */
void connection_accept(struct server *server, int fd);

/* Reset every connection. */
void connections_drop(struct server *server);

/* Close what is left when the program ends. */
void connections_end(struct server *server);

#endif

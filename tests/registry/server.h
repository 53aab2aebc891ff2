/*
 * The registry simulator as a program: its connections.  Everything runs in
 * one thread under libevent.
 */
#ifndef TESTS_REGISTRY_SERVER_H
#define TESTS_REGISTRY_SERVER_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "registry/registry.h"

#define SCRATCH (128 * 1024)

struct server {
	struct event_base *base;
	SSL_CTX *tls;
	struct registry *registry;
	struct connection *connections;
	struct publishing *publishing; /* WHOIS and RDAP; or NULL */
	struct bytes out; /* one wake-up's answers */
	char scratch[SCRATCH];
};

/* Takes the socket over; it is not blocking. */
void connection_accept(struct server *server, int fd);

/*
 * server_publish.c: WHOIS and RDAP over plain HTTP, each on an address, or
 * NULL for none.  Lines "whois ADDRESS PORT" and "rdap ADDRESS PORT" say
 * where.  False, with errno, if one cannot be had.
 */
bool publishing_start(
    struct server *server, const char *whois, const char *rdap);
void publishing_end(struct server *server);

/* server.c: "127.0.0.1:0" or "[::1]:700"; port 0 takes a free one. */
bool address_read(
    const char *where, struct sockaddr_storage *address, socklen_t *size);
/* Prints WHAT, the address and the port of a socket that listens. */
bool listening_tell(const char *what, int fd);

/* Reset every connection. */
void connections_drop(struct server *server);

/* Close what is left when the program ends. */
void connections_end(struct server *server);

#endif

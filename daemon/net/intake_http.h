/*
 * The HTTP way in: POST /v1/submissions, GET /v1/submissions/{id}, and what
 * monitors ask for (/healthz, /metrics, /openapi.json).  It finds out who
 * asks, checks the shape of the request and carries the engine's answer; it
 * decides nothing and keeps nothing.
 *
 * On a Unix socket the principal is the peer's user, "uid 1000"; on loopback
 * TCP it is the name of the bearer token.
 */
#ifndef MISU_INTAKE_HTTP_H
#define MISU_INTAKE_HTTP_H

#include "base/arena.h"
#include "base/fail.h"
#include "net/tokens.h"

struct event_base;
struct intake;

/* As struct engine answers: the body is JSON, 4xx and 5xx problem+json. */
typedef void intake_answer(void *arg, int status, struct slice body);

struct intake_handler {
	void *context;
	void (*submit)(void *context, struct slice principal, struct slice key,
	    struct slice body, intake_answer *answer, void *arg);
	void (*status)(void *context, struct slice principal, struct slice id,
	    intake_answer *answer, void *arg);
	/* Prometheus text. */
	struct slice (*metrics)(void *context, struct arena *arena);
	/* NULL when all is well. */
	const struct fail *(*health)(void *context);
	/* Who may come over TCP, as of now. */
	const struct tokens *(*tokens)(void *context);
};

struct intake_options {
	struct event_base *base;
	struct intake_handler handler;
	struct slice openapi; /* the document to give out */
	bool unix_socket;     /* else TCP: a token is needed */
};

/* Takes the listening socket over. */
struct intake *intake_http_create(
    const struct intake_options *options, int listen_fd, struct fail *fail);
void intake_http_destroy(struct intake *intake);

/* The nth path it has; one that ends in a slash has a name behind it. */
const char *intake_http_path(size_t n);

/* Take no more connections. */
void intake_http_pause(struct intake *intake);

/* Counters of all listeners, Prometheus text. */
struct slice intake_http_metrics(
    struct intake *const *intakes, size_t count, struct arena *arena);

#endif

/*
 * The EPP filter: what a worker does.  A backend's session comes in, a
 * registry's session goes out, and between them each command is
 *
 *	read -> (vault) -> decided -> spliced -> recorded -> sealed -> sent
 *
 * or, where it carries nothing personal, read and sent.  filter_session.c has
 * the backends' side, filter_command.c the way of one command, filter_line.c
 * and filter_pool.c the registry's side.
 *
 * It owns no disk and no key of the ledger: the keeper is asked through
 * keeper_link.  Connections come from epp_conn, or in tests from pipes.
 */
#ifndef MISU_FILTER_H
#define MISU_FILTER_H

#include "conf.h"
#include "net/epp_conn.h"
#include "net/keeper_link.h"

struct event_base;
struct filter;

/*
 * Files that misu.conf names, by the path written there; the empty path is
 * the system's authorities.
 */
struct filter_secret {
	struct slice path, text;
};

struct filter_secrets {
	const struct filter_secret *items;
	size_t count;
};

struct filter_options {
	struct event_base *base; /* NULL: no sockets, `dialer` makes all */
	struct evdns_base *dns;	 /* borrowed; it has read resolv.conf */
	struct loop *loop;
	const struct random_source *random;
	const struct memory *memory; /* for commands' arenas; or NULL */
	struct keeper_link *link;
	/* Registries, for tests; NULL: TCP and TLS as misu.conf says. */
	struct epp_dialer *(*dialer)(void *context, struct slice upstream);
	/* Operational log; the fail may be NULL. */
	void (*log)(void *context, const char *level, const char *event,
	    struct slice upstream, const struct fail *fail);
	void *context;
	unsigned worker, workers; /* which of how many, from 0 */
};

struct filter *filter_create(
    const struct filter_options *options, struct fail *fail);
/*
 * Every connection is closed; what was written and not answered is told, and
 * answers of the keeper are waited for no more.  The link is destroyed later.
 */
void filter_destroy(struct filter *filter);

/*
 * Put a setup in force.  Both were checked and must live until another is
 * set; secrets are copied as far as needed.  False with a fail, and all is as
 * before, if a certificate or key cannot be used.
 */
bool filter_set(struct filter *filter, const struct ruleset *ruleset,
    const struct conf *conf, const struct filter_secrets *secrets,
    struct fail *fail);

/* Accept backends of an upstream on this socket, which is taken over. */
bool filter_listen(struct filter *filter, struct slice upstream, int fd,
    struct fail *fail);

/* A backend's connection, as a listener's accept() gives it. */
bool filter_accept(struct filter *filter, struct slice upstream,
    struct epp_conn *conn, const struct epp_conn_events **events, void **arg);

/* What the keeper asks, for keeper_link_options. */
void filter_deliver(
    struct filter *filter, const struct keeper_delivery *delivery);
void filter_ask(struct filter *filter, const struct keeper_ask *ask);

/*
 * No new sessions; those there are end when their commands are answered.
 * `drained` is called once nothing is under way.
 */
void filter_drain(
    struct filter *filter, void (*drained)(void *arg), void *arg);

#endif

/*
 * STUB, replaced by the lead: the EPP filter as the processes see it.  A
 * worker makes one before it enters its sandbox: everything that reads a file
 * or makes a thread must have happened in filter_create().
 */
#ifndef MISU_FILTER_H
#define MISU_FILTER_H

#include "base/arena.h"
#include "net/keeper_link.h"

struct conf;
struct event_base;
struct evdns_base;
struct filter;
struct ruleset;

/* What a worker got from its parent: files named by misu.conf, as written. */
struct filter_secrets {
	/* False if there is none; borrowed for the call of filter_set(). */
	bool (*find)(void *context, struct slice path, struct slice *text);
	void *context;
};

/* The path under which the system's authorities are found. */
#define FILTER_SYSTEM_AUTHORITIES ""

struct filter_options {
	struct event_base *base;
	struct evdns_base *dns; /* it has read resolv.conf */
	struct loop *loop;
	const struct random_source *random;
	const struct memory *memory;
	struct keeper_link *link;
	/* `level` is "info", "warn" or "error"; upstream and fail or NULL. */
	void (*log)(void *context, const char *level, const char *event,
	    const char *upstream, const struct fail *fail);
	void *log_context;
	unsigned worker, workers; /* from 1 */
};

struct filter *filter_create(
    const struct filter_options *options, struct fail *fail);
void filter_destroy(struct filter *filter);

/*
 * A new setup in force.  The one before must live until filter_uses() is
 * false of its conf.  Listeners of upstreams that are gone or listen
 * elsewhere now are closed.
 */
bool filter_set(struct filter *filter, const struct ruleset *ruleset,
    const struct conf *conf, const struct filter_secrets *secrets,
    struct fail *fail);
bool filter_uses(const struct filter *filter, const struct conf *conf);

/* Takes the listening socket over. */
bool filter_listen(struct filter *filter, struct slice upstream, int fd,
    struct fail *fail);

void filter_deliver(
    struct filter *filter, const struct keeper_delivery *delivery);
void filter_ask(struct filter *filter, const struct keeper_ask *ask);

/* Take no more, finish what is under way; `drained` is called once, later. */
void filter_drain(
    struct filter *filter, void (*drained)(void *context), void *context);

#endif

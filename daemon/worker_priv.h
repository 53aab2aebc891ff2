/* What worker.c and worker_setup.c share. */
#ifndef MISU_WORKER_PRIV_H
#define MISU_WORKER_PRIV_H

#include "setup.h"
#include "store/random_pool.h"
#include "worker.h"

struct evdns_base;
struct filter;
struct keeper_link;
struct loop;
struct wire_stream;
struct worker_next;

/* A listening socket whose upstream is not in force yet. */
struct worker_socket {
	struct worker_socket *next;
	int fd;
	char upstream[];
};

struct worker {
	struct loop *loop;
	struct evdns_base *dns;
	struct wire_stream *parent, *keeper; /* keeper: NULL: away */
	struct keeper_link *link;
	struct filter *filter;
	struct random_pool pool;
	struct random_source random; /* draws from it: a worker never forks */
	struct setup *setup;   /* in force; NULL: none yet */
	struct worker_next *next; /* waits for its secrets */
	struct worker_socket *sockets;
	unsigned tag; /* of the newest setup */
	bool stopping, ready, broken;
	struct loop_timer *leave; /* drained: until the backends are gone */
	unsigned looks;		  /* that were taken then */
};

/* --- worker_setup.c ----------------------------------------------------- */

/* Compile it, ask for its secrets, and put it in force when they came. */
void worker_take_setup(struct worker *worker, struct slice bundle);

/* False if it is no answer of the parent's. */
bool worker_take_secret(struct worker *worker, struct slice answer);

/* Given to the filter when its upstream is in force. */
void worker_listen(struct worker *worker, struct slice upstream, int fd);

void worker_free_setups(struct worker *worker);

#endif

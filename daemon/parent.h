/*
 * The parent: the process that is misu to whoever started it.  It reads
 * misu.conf, opens the ports that backends come to, starts keeper and workers
 * and starts them again when they end, hands files to workers, and turns
 * signals into orders.  It never sees a record and holds no ledger and no key
 * of one.
 */
#ifndef MISU_PARENT_H
#define MISU_PARENT_H

#include "setup.h"

struct parent;

/* The setup is the parent's from here on.  NULL with a fail. */
struct parent *parent_create(const struct setup_given *given, bool debug,
    struct setup *setup, struct fail *fail);

/*
 * Until SIGTERM, SIGINT or `misuctl stop`.  False if the keeper or a worker
 * never got ready, which it said itself, or did not end well.
 */
bool parent_run(struct parent *parent);
void parent_destroy(struct parent *parent);

#endif

/*
 * The service is what the keeper does: the stores, the engine, the ways in,
 * the lines to parent and workers and the timers, in one loop.  It opens them
 * in the order in which they need one another, swaps setups on reload, and
 * ends without losing a thing.
 */
#ifndef MISU_SERVICE_H
#define MISU_SERVICE_H

#include "setup.h"

struct service;

/*
 * The setup is the service's from here on.  NULL with a fail that says, in
 * one line, what keeps misu from running.
 */
struct service *service_create(const struct setup_given *given,
    struct setup *setup, struct fail *fail);

/* Until the parent says stop; false if it ended otherwise. */
bool service_run(struct service *service);
void service_destroy(struct service *service);

#endif

/*
 * The publisher: the process that answers WHOIS and RDAP.  It reads the public
 * view and nothing else: no vault, no ledger, no key; what was redacted never
 * comes near it.  The parent gives it its ports and misu.conf.
 */
#ifndef MISU_PUBLISHER_H
#define MISU_PUBLISHER_H

#include "setup.h"

struct publisher;

/* It is in its sandbox when this returns. */
struct publisher *publisher_create(
    const struct setup_given *given, struct fail *fail);

/* Until the parent says stop; false if it broke. */
bool publisher_run(struct publisher *publisher);
void publisher_destroy(struct publisher *publisher);

#endif

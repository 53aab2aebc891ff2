/*
 * The publisher: the process that answers WHOIS and RDAP.  It reads the public
 * view and nothing else: no vault, no ledger, no key; what was redacted never
 * comes near it, but for what the keeper decided, recorded and sealed for one
 * who asked with a token: that it relays, and forgets.  The parent gives it
 * its ports, misu.conf and a line to the keeper.
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

/*
 * Statuses that a registered object may be told to have: a closed list, since
 * they are published as they stand.  (RFC 5731 2.3, RFC 3915 3.1, RFC 8056,
 * RFC 9083 10.2.2; JPRS's as its WHOIS words them.)
 */
#ifndef MISU_STATUS_H
#define MISU_STATUS_H

#include "base/slice.h"

/*
 * How RDAP words a status: "client hold" for "clientHold"; NULL if there is no
 * such status.  JPRS's may have a day, "Connected (2027/03/31)".
 */
const char *status_rdap(struct slice status);

/* "AgentChangeLocked": a word that says what is locked at JPRS. */
bool status_is_lock(struct slice lock);

#endif

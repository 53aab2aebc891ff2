/*
 * Whether a subject's stop (store/stops.h) forbids a disclosure.  Asked once
 * the policy has decided, by the engine for what came over HTTP and by the
 * keeper for what a worker decided; both then decide again with the answer
 * (decide_given.stopped).
 */
#ifndef MISU_PROVISION_H
#define MISU_PROVISION_H

#include "core/disclosure.h"
#include "store/ledger.h"
#include "store/stops.h"

/* What it is judged by; borrowed. */
struct provision {
	struct stops *stops; /* NULL: nobody stopped anything */
	struct ledger *ledger;
	const struct keys *keys;
};

/*
 * 1 << role of those whose person stopped and of whom this shows something;
 * 0: it may go.  These go in any case:
 *
 *	where a law, a court or a life demands it: basis law, court or urgent
 *	renewals and deletions
 *	what carries nothing of the person: another's data, an update that
 *	only takes away
 *	an update that shows only what this recipient was shown before, value
 *	for value, by the entry's commitments
 *
 * What would be held is stopped at once.
 */
unsigned provision_stopped(const struct provision *provision,
    const struct record *record, const struct disclosure *disclosure,
    struct arena *arena);

#endif

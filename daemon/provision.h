/*
 * Whether a subject's stop (store/stops.h) forbids a disclosure, and what of it
 * goes all the same.  Asked once the policy has decided, by the engine for what
 * came over HTTP and for what misu itself shows, by the keeper for what a
 * worker decided; both then decide again with the answer (decide_given).
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

/* How it leaves. */
enum provision_way {
	PROVISION_SENT,	     /* to a recipient, for what the backend asked */
	PROVISION_PUBLISHED, /* to the public, whatever was done to it last */
	PROVISION_ANSWERED,  /* to who asks, likewise */
};

struct provision_asked {
	const struct provision *provision;
	const struct record *record;
	const struct disclosure *disclosure;
	enum provision_way way;
	struct arena *arena;
};

struct provision_ruling {
	unsigned stopped;	   /* 1 << role; 0: it goes as it was decided */
	bool minimises;		   /* it goes without what is not kept */
	bool hides;		   /* nor may what is kept go any further */
	bool cuts;		   /* something of the person is not kept */
	uint64_t kept[ROLE_COUNT]; /* FIELD_BITs */
};

/*
 * `stopped` has those whose person stopped and of whom this shows something;
 * where it is not minimised, the whole is refused.  What goes:
 *
 *	where a law, a court or a life demands it (basis law, court or urgent):
 *		all
 *	published: what is nobody's
 *	an update that shows only what this recipient has, value for value by
 *		the entry's commitments: all of it, but no further
 *	renewals and deletions: what this recipient has, but no further
 *	what carries nothing of the person: all
 *
 * What would be held is stopped at once.
 */
void provision_judge(
    const struct provision_asked *asked, struct provision_ruling *ruling);

/* A law, a court or a life demands it: no stop is in the way. */
bool provision_is_duty(const struct disclosure *disclosure);
bool provision_owes(const struct recipient *recipient);

/* FIELD_BITs of what is nobody's data: name servers and keys. */
uint64_t provision_of_nobody(void);

/* Does it show anything of the role's person? */
bool provision_shows(const struct disclosure *disclosure, enum role role);

/* FIELD_BITs of what it shows of the person and the recipient has already. */
uint64_t provision_had(const struct provision *provision,
    const struct record *record, const struct disclosure *disclosure,
    enum role role, struct arena *arena);

#endif

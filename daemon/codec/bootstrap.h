/*
 * The files of RFC 9224 that say which RDAP server has a domain or a network:
 * dns.json, ipv4.json and ipv6.json, as IANA publishes them.  Read strictly:
 * a file with anything in it that the RFC does not have is not used.
 */
#ifndef MISU_BOOTSTRAP_H
#define MISU_BOOTSTRAP_H

#include "base/arena.h"
#include "base/fail.h"
#include "base/prefix.h"

enum bootstrap_kind { BOOTSTRAP_DNS, BOOTSTRAP_IPV4, BOOTSTRAP_IPV6 };

struct bootstrap_service {
	struct slice entry; /* a name in lower case, "" for all; a prefix */
	struct prefix prefix;
	struct slice url; /* a slash at its end; empty: none that is asked */
};

struct bootstrap {
	enum bootstrap_kind kind;
	struct slice publication; /* when; as it stands there */
	const struct bootstrap_service *services;
	size_t count;
};

/* Borrows from the text or is in `arena`.  False with a fail. */
bool bootstrap_read(struct slice text, enum bootstrap_kind kind,
    struct arena *arena, struct bootstrap *out, struct fail *fail);

/*
 * The base URL for a canonical domain name, by the longest entry it is under;
 * or for a prefix, by the smallest that has all of it.  False: there is none.
 */
bool bootstrap_find_domain(
    const struct bootstrap *bootstrap, struct slice name, struct slice *url);
bool bootstrap_find_prefix(const struct bootstrap *bootstrap,
    const struct prefix *prefix, struct slice *url);

/* "dns.json" */
const char *bootstrap_file(enum bootstrap_kind kind);

/* May this base URL be asked?  In clear only where nobody can listen. */
bool bootstrap_is_base(struct slice url);

#endif

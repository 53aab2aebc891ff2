/*
 * What misu itself publishes of one object, as the layouts of WHOIS and RDAP
 * read it: values that may be shown, and of every other field whether it was
 * redacted or never collected.  No layout sees anything else.
 *
 * Everything is borrowed; texts are UTF-8 without control characters.
 */
#ifndef MISU_PUBLICATION_H
#define MISU_PUBLICATION_H

#include "base/date.h"
#include "core/field.h"
#include "core/record.h"

enum publication_state { NOT_COLLECTED, REDACTED, PUBLISHED };

/* PUBLISHED: is it the record's own value? */
enum publication_alteration { UNALTERED, GENERALISED, REPLACED };

struct publication_item {
	enum publication_state state;
	enum publication_alteration altered;
	/* REDACTED, as it is not known what the registry has. */
	bool withheld;
	struct values values; /* PUBLISHED: at least one */
};

struct publication_role {
	bool present;
	struct publication_item items[FIELD_COUNT];
};

/* Who sponsors the object: of misu.conf, the same for all. */
struct publication_registrar {
	struct slice name, iana_id, whois_server, url;
	struct slice abuse_email, abuse_phone, reseller;
};

/*
 * What stands where the name of a registrant below .jp, or of who has a
 * network, may not; of misu.conf, and empty where it says nothing.
 */
struct publication_hidden {
	struct slice japanese, english;
};

/* A network above or below one. */
struct publication_relative {
	struct slice organization, organization_japanese;
	struct slice netname; /* all of them may be empty */
	struct slice kind, kind_japanese;   /* "Allocation", "割り振り" */
	struct slice range;		    /* "192.0.2.0/24" */
};

struct publication_relatives {
	const struct publication_relative *items;
	size_t count;
	bool more; /* there are others, of which nothing is told here */
};

struct publication {
	enum object_type type;
	struct slice name;    /* canonical: A-labels in lower case, a prefix */
	struct slice unicode; /* a domain's U-labels where they differ */
	struct publication_item roid;
	const struct publication_registrar *registrar; /* NULL: not said */
	const struct publication_hidden *hidden; /* NULL: a blank */
	/* Unix seconds; 0: not said. */
	int64_t created, updated, expires, connected, returned;
	struct values status; /* of EPP ("clientHold"), or as JPRS words it */
	struct values locks;  /* .jp: "AgentChangeLocked" */
	struct publication_item ns, ds;
	bool is_allocation; /* networks: to a provider, not to its customer */
	struct publication_relatives above, below;
	struct publication_role roles[ROLE_COUNT];
};

/*
 * The item of a field with two forms: the first of them that is published,
 * else redacted if one is.  `prefer` and `other` may be the same.
 */
struct publication_item publication_either(const struct publication *it,
    enum role role, enum field prefer, enum field other);

/*
 * Leaves of a role only what is of the holder of this handle, one of those
 * that it has: what else is in the role is of the first of them.
 */
void publication_narrow(
    struct publication *it, enum role role, struct slice handle);

/* Of a name server its name, without the addresses that may stand behind. */
struct slice publication_host(struct slice server);
/* The names of those that may be shown; the list in the arena. */
struct values publication_hosts(const struct publication *it, struct arena *arena);

#endif

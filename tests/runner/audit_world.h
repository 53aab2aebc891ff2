/*
 * A made object for the tests of the audit: a publication, and the intent
 * that it is exactly what may be seen.
 */
#ifndef TESTS_AUDIT_WORLD_H
#define TESTS_AUDIT_WORLD_H

#include "codec/audit_answer.h"
#include "codec/publication.h"

struct audit_world {
	struct arena *arena;
	struct publication it;
	struct audit_intent *intent;
};

/* Every layout there is, each language apart. */
enum audit_paper {
	PAPER_GTLD,
	PAPER_JPRS,
	PAPER_JPRS_ENGLISH,
	PAPER_JPRS_ORGANIZATIONAL,
	PAPER_JPRS_ORGANIZATIONAL_ENGLISH,
	PAPER_NETWORK,
	PAPER_NETWORK_ENGLISH,
	PAPER_CONTACT,
	PAPER_CONTACT_ENGLISH,
	PAPER_GROUP,
	PAPER_RDAP,
	PAPER_RDAP_NETWORK,
	PAPER_RDAP_ENTITY,
	PAPER_COUNT
};

/*
 * The object of that kind of paper, every field of the roles that registries
 * publish told and published.
 */
void audit_world_make(
    struct audit_world *world, enum audit_paper paper, struct arena *arena);

/* What the paper says of the publication; and read again. */
struct slice audit_world_write(
    const struct audit_world *world, enum audit_paper paper);
void audit_world_read(const struct audit_world *world, enum audit_paper paper,
    struct slice bytes, struct audit_answer *out);

/* Another value than the one it has. */
void audit_world_change(
    struct audit_world *world, enum role role, enum field field);
/* Not published, and in the intent still to be. */
void audit_world_hide(
    struct audit_world *world, enum role role, enum field field);
/* Published, and in the intent redacted by this rule. */
void audit_world_leak(
    struct audit_world *world, enum role role, enum field field, unsigned rule);

#endif

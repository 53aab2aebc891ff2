/*
 * Does an entry answer a query?  The one judge of it: the index only says
 * where to look.  Asked in two steps, so that another entry is read, or a name
 * decrypted, only where the entry's own members leave it open.
 */
#ifndef MISU_QUERY_MATCH_H
#define MISU_QUERY_MATCH_H

#include "core/entry_parts.h"
#include "core/query.h"

/* What stands in the entry itself, and where it lies. */
bool query_matches_own(
    const struct query *query, uint64_t index, const struct entry_parts *parts);

/* What query_matches_about() would look at. */
bool query_needs_about(const struct query *query);
bool query_needs_object(const struct query *query);
bool query_needs_outcome(const struct query *query);

struct query_about {
	/* The disclosure itself, or what an event is about; NULL: none. */
	const struct entry_parts *disclosure;
	struct slice object; /* its name in clear; empty: not known */
	/* The latest outcome entry's word about it; empty: there is none. */
	struct slice outcome;
};

bool query_matches_about(const struct query *query,
    const struct entry_parts *parts, const struct query_about *about,
    struct arena *arena);

/*
 * What a query wants decided, as conditions on groups (core/entry_parts.h):
 * of number 0 some group must fit, of the others none may.
 */
size_t query_conditions(const struct query *query);
/* False for number 0 of a query that wants nothing of the kind. */
bool query_has_condition(const struct query *query, size_t number);
bool query_group_fits(
    const struct query *query, size_t number, const struct entry_group *group);
/* The same of one field's ruling; `field` empty: of all at once. */
bool query_ruling_fits(const struct query *query, size_t number,
    struct slice field, struct slice ruling);

#endif

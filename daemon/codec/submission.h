/*
 * A submission is what a backend sends: a record and, if it likes, the names
 * of the recipients it is for.  In short (conf/openapi.json says it in full):
 *
 *   { "object":  {"type": "domain", "name": "例え.jp"}
 *              | {"type": "network", "prefix": "192.0.2.0/29"}
 *              | {"type": "subscriber" | "spam-report", "id": "..."},
 *     "request": "create" | "update" | "renew" | "transfer" | "delete",
 *     "plan":    "fixed-8",
 *     "expires": "2027-01-31",           of a renewal: when it expires now
 *     "registration": {                  what misu is to publish of the object
 *         "created": RFC 3339, "updated": ..., "expires": ...,
 *         "connected": ..., "returned": ..., "roid": "D1-EXAMPLE",
 *         "status": ["clientHold"], "locks": ["AgentChangeLocked"]},
 *     "subject": "cust-1001",            for every role that names no other
 *     "to":      ["jprs", {"recipient": "jprs", "purpose": "p10"}],
 *     "roles": { "registrant": {
 *         "kind": "natural" | "legal" | "unknown",
 *         "subject": "...",
 *         "consents": [{"purpose": "p11", "audience": "public" | "registry" |
 *             "company" | "any", "given": true, "time": RFC 3339,
 *             "version": "..."}],
 *         "fields": { "name": {"loc": "...", "int": "..."},
 *             "street": {"loc": ["...", "..."]}, "email": "..." } } } }
 *
 * "object" and "request" are required, and of a consent all but "version".
 * Fields are the groups of field.tbl; one with two forms takes an object, one
 * with several values a string or an array.  Where no subject is named the
 * role's is "object:TYPE:NAME/ROLE".
 *
 * null takes away: a form, a field, all "fields" of a role, or the role (the
 * same as its "fields").  A create has nothing to take: there it is an error.
 *
 * Reading is strict (json.h); the place of a complaint is a JSON pointer.
 */
#ifndef MISU_SUBMISSION_H
#define MISU_SUBMISSION_H

#include "core/record.h"

enum { SUBMISSION_RECIPIENTS_MAX = 32 };

/* A recipient that the backend named; the purpose is empty for any. */
struct addressee {
	struct slice recipient, purpose;
};

struct submission {
	struct record *record;
	const struct addressee *to; /* count 0: whoever the policy says */
	size_t to_count;
};

/* Everything, the record included, is in `arena`; `json` may go away. */
struct submission *submission_parse(
    struct arena *arena, struct slice json, struct fail *fail);

/*
 * Make an object's name the one it is known by: a domain's lower-case
 * A-labels, a network's prefix; another's stays as it is.  In the arena.
 */
bool submission_name(struct arena *arena, enum object_type type,
    struct slice *name, struct fail *fail);

/*
 * The record as JSON in one fixed order.  submission_parse() makes the same
 * record of it, and printing that gives the same bytes: the vault keeps it.
 * {NULL, 0} when out of memory.
 */
struct slice submission_print(
    struct arena *arena, const struct record *record);

#endif

/*
 * What can be asked of the ledger, for the command line and the API alike:
 * terms with blanks between them, all of which must hold.
 *
 *	recipient:jprs verdict:redact field:email time>=2026-04-01 -type:start
 *
 * A term is KEY:VALUE, or KEY:VALUE,VALUE where any will do, "-" before it
 * says not.  A value with blanks or commas stands between double quotes, in
 * which \" and \\ are those characters.  Keys:
 *
 *	type		"disclosure" or an event's type
 *	recipient	of a disclosure, those onward included
 *	role, field, verdict, rule
 *			of what was decided; those of one query, recipient
 *			too, are about one and the same decision
 *	object		its name
 *	subject		the backend's id; pseudonym: as entries have it
 *	purpose, operation, channel
 *	policy		identity, or its first digits
 *	outcome		of a disclosure: hold, refuse or forward, and the word
 *			of the latest outcome entry about it, "open" where a
 *			forwarded one has none; of an event: its word
 *	actor, case	of events
 *	about		index of the entry an event is about
 *	entry		index: 12, 12..40, and >= > < <=
 *	time		a day, or a time of RFC 3339: >= > < <=, from: until:
 *	sort		newest or oldest
 *
 * An event about a disclosure answers as that disclosure would where a term
 * is about disclosures only (recipient to operation, outcome apart).  A
 * negated role, field, verdict or rule says that nothing of that kind was
 * decided in what the others leave: "field:email -verdict:forward" is where
 * there was an e-mail and it was not forwarded.
 *
 * Pure; everything lives in the arena given.
 */
#ifndef MISU_QUERY_H
#define MISU_QUERY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

enum {
	QUERY_TEXT_MAX = 4096,
	QUERY_TERMS_MAX = 32,
	QUERY_VALUES_MAX = 64 /* of one term */
};

enum query_key {
	QUERY_TYPE,
	QUERY_RECIPIENT,
	QUERY_ROLE,
	QUERY_FIELD,
	QUERY_VERDICT,
	QUERY_RULE,
	QUERY_OBJECT,
	QUERY_SUBJECT,
	QUERY_PSEUDONYM,
	QUERY_PURPOSE,
	QUERY_OPERATION,
	QUERY_CHANNEL,
	QUERY_POLICY,
	QUERY_OUTCOME,
	QUERY_ACTOR,
	QUERY_CASE,
	QUERY_ABOUT,
	QUERY_KEYS, /* those that are terms */
	QUERY_ENTRY = QUERY_KEYS,
	QUERY_TIME,
	QUERY_FROM,
	QUERY_UNTIL,
	QUERY_SORT,
	QUERY_WORDS
};

struct query_term {
	enum query_key key;
	bool negated;
	struct slice *values; /* canonical */
	size_t count;
};

enum query_sort { QUERY_SORT_UNSAID, QUERY_NEWEST, QUERY_OLDEST };

struct query {
	struct query_term terms[QUERY_TERMS_MAX];
	size_t count;
	uint64_t first, end; /* indexes; `end` is not included */
	int64_t from, until; /* Unix ms; `until` is not included */
	enum query_sort sort;
};

/* Everything. */
void query_init(struct query *query);

/*
 * Add the terms of `text` to a query.  `zone` is the offset, in minutes, of
 * days given without one.  On false fail.place is "query:COLUMN", counted in
 * bytes from 1, and fail.hint says what can stand there.
 */
bool query_parse(struct query *query, struct slice text, int zone,
    struct arena *arena, struct fail *fail);

/* One term more, as the old options of the command line have it. */
bool query_add(struct query *query, enum query_key key, struct slice value,
    int zone, struct arena *arena, struct fail *fail);

/*
 * The query as a text that gives the same one again, whatever zone that is
 * parsed in; {NULL, 0} when out of memory.
 */
struct slice query_print(const struct query *query, struct arena *arena);

const char *query_key_name(enum query_key key);
bool query_has(const struct query *query, enum query_key key);

#endif

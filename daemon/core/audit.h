/*
 * The audit: does a server publish of an object what the policy lets its
 * public have, and nothing else?  The intent is made from the decision for
 * the public recipient, the answer by the readers of codec/audit_answer.h,
 * and audit_compare() gives what differs.
 *
 * A finding says what is wrong with which field and which rule it breaks; no
 * value, and nothing made from one, is in it.
 */
#ifndef MISU_AUDIT_H
#define MISU_AUDIT_H

#include "core/disclosure.h"

/* --- what should be seen -------------------------------------------------- */

struct audit_intended {
	struct ruling ruling;
	bool collected; /* the record has the field */
	/* FORWARD, REPLACE, GENERALISE: what may be seen; else none. */
	struct values allowed;
	/* The record's own values where they are not what is allowed. */
	struct values hidden;
	/* Of several decisions: one hides it, one lets another value be seen. */
	bool may_hide, may_differ;
};

struct audit_intent {
	enum object_type type;
	struct slice object; /* canonical */
	unsigned stopped;    /* 1 << role: by the person, who is not shown */
	bool is_deleted;     /* it should not be there; the caller sets it */
	/*
	 * The answer is about one contact, with one of its role's handles; or
	 * about another of them than the one that the record tells of.  The
	 * caller sets them.
	 */
	bool is_contact, is_another;
	bool knows_record;   /* `hidden` has all that is hidden */
	bool has_role[ROLE_COUNT];
	struct audit_intended items[ROLE_COUNT][FIELD_COUNT];
};

/*
 * Of the decision for a public recipient.  A held or refused decision lets
 * nothing be seen, by the rule that holds or refuses it.  `record` is what
 * was decided on, so that a value which should be replaced or generalised and
 * is not can be told from an older replacement; NULL: not known, and any
 * value but the allowed one is then a leak.  Borrows from both; in `arena`,
 * NULL only when out of memory.
 */
struct audit_intent *audit_intend(const struct disclosure *disclosure,
    const struct record *record, struct arena *arena, struct fail *fail);

/*
 * The same public has the object for another purpose, too: whatever either
 * lets be seen may be, and nothing that one of them hides must be; for a
 * registry is told to hide what any of them hides.  Of one object.
 */
void audit_widen(
    struct audit_intent *intent, const struct audit_intent *other);

/* --- what was seen -------------------------------------------------------- */

enum audit_sight {
	AUDIT_ABSENT,	/* no such line or member, or an empty one */
	AUDIT_REDACTED, /* a placeholder, a member of "redacted", a form */
	AUDIT_SHOWN
};

enum audit_shape {
	AUDIT_EACH,  /* each value is one value of one of the fields */
	AUDIT_LINES, /* all are the lines of one value of one of the fields */
	AUDIT_PARTS, /* all are one text, in which all of the fields stand */
	AUDIT_OWN,   /* may be the server's own: only the record's counts */
	AUDIT_SHAPE_COUNT
};

struct audit_item {
	enum role role;
	uint64_t fields; /* FIELD_BITs of what can stand in this place */
	/* Those of them that a server hides where the place shows nothing. */
	uint64_t expected;
	enum audit_sight sight;
	enum audit_shape shape;
	/* As written, UTF-8; of AUDIT_REDACTED, what stands there instead. */
	struct values values;
};

enum audit_state {
	AUDIT_FOUND,
	AUDIT_NOT_FOUND, /* the server has no such object */
	AUDIT_LIMITED,	 /* too many questions: ask later */
	AUDIT_NOT_UNDERSTOOD
};

struct audit_answer {
	enum audit_state state;
	struct slice object; /* the name that the answer is about; lower case */
	const struct audit_item *items; /* one for each place of the layout */
	size_t count;
	/*
	 * All that it says, also where it is not AUDIT_FOUND: UTF-8 in lines,
	 * some with AUDIT_TEXT_OWN before them.
	 */
	struct slice text;
};

/* Before a line that is about a registrar, and not about the object. */
#define AUDIT_TEXT_OWN '|'

/* --- what differs -------------------------------------------------------- */

enum audit_kind {
	AUDIT_LEAK,	      /* published though it must not be */
	AUDIT_OVER_REDACTION, /* the policy publishes it, the server hides it */
	AUDIT_STALE,	      /* another value than the current one */
	AUDIT_MISSING,	      /* of the whole object: not found */
	AUDIT_UNREACHABLE,    /* of the whole object: no answer to be read */
	AUDIT_KIND_COUNT
};

struct audit_finding {
	enum audit_kind kind;
	bool is_whole; /* of the object: role, field and rule say nothing */
	enum role role;
	enum field field;
	unsigned rule; /* that is broken or not served; 0: none, or a stop */
	bool is_stop;  /* it is the person's stop that is broken */
	/* A leak: what is seen is the value that the record has now. */
	bool is_current;
};

/* A field has one finding of a kind at most. */
enum { AUDIT_FINDINGS_MAX = AUDIT_KIND_COUNT * SLOT_COUNT };

struct audit_findings {
	const struct audit_finding *items; /* by kind, role and field */
	size_t count;
};

/*
 * Values are compared by what they say: case, blanks, the width of letters,
 * the order of an address's parts, "+81.3..." and "03-...", letters of a
 * domain name in either form make no difference.  Nothing is found where all
 * is as it should be.  Findings are in `arena`; false only when out of
 * memory.
 *
 * Wherever it stands in the text of an answer, a value that is the record's
 * and must not be seen is a leak, if it is one that tells a person.
 *
 * Of what was deleted only leaks are found, and the whole is stale where it
 * is still there.  An answer that is not AUDIT_FOUND gives a finding of the whole: missing
 * (only where something of the object is to be seen), or unreachable.
 */
bool audit_compare(const struct audit_intent *intent,
    const struct audit_answer *answer, struct arena *arena,
    struct audit_findings *out, struct fail *fail);

/* "leak", "over-redaction", "stale", "missing", "unreachable". */
const char *audit_kind_name(enum audit_kind kind);
bool audit_kind_find(struct slice name, enum audit_kind *out);

#endif

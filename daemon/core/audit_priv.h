/*
 * What the files of the comparison share: audit_compare.c, audit_parts.c,
 * audit_text.c.
 */
#ifndef MISU_AUDIT_PRIV_H
#define MISU_AUDIT_PRIV_H

#include "core/audit.h"

enum { AUDIT_CANDIDATES_MAX = 16 };

/* A field that can stand in a place, and the keys of its values. */
struct audit_candidate {
	enum role role; /* where the record has the field */
	enum field field;
	const struct audit_intended *of;
	const struct slice *allowed, *hidden; /* keys: as many as of->... */
};

struct audit_comparison {
	const struct audit_intent *intent;
	const struct audit_item *item;
	struct audit_candidate candidates[AUDIT_CANDIDATES_MAX];
	size_t count;
	struct arena *arena;
	struct fail *fail;
	bool is_anothers[ROLE_COUNT]; /* who is shown there is someone else */
	bool told[AUDIT_KIND_COUNT][SLOT_COUNT];
	bool is_current[SLOT_COUNT];
};

void audit_tell(struct audit_comparison *it, enum audit_kind kind,
    const struct audit_candidate *of, bool is_current);

/* Another value than those that may be seen is seen there. */
void audit_tell_other(
    struct audit_comparison *it, const struct audit_candidate *of);

/* Only what the record has counts in this place. */
bool audit_is_own(const struct audit_comparison *it);

/* The keys of values, as many; NULL when out of memory. */
struct slice *audit_keys(
    struct audit_comparison *it, enum field field, struct values values);

/* The place is one text, in which all fields stand. */
bool audit_compare_parts(struct audit_comparison *it);

/* Where a key stands in a text, or NULL; the key is not empty. */
char *audit_find(char *text, size_t len, struct slice key);

/* All that was answered, whatever it has a place for. */
bool audit_compare_text(struct audit_comparison *it, struct slice text);

#endif

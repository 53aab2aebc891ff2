/*
 * A disclosure's entry read back as tables: what it says of every field of
 * every role, for its recipient and for those behind it.  A pure function over
 * canonical bytes; everything else of an entry is a canon_get_string() away.
 */
#ifndef MISU_ENTRY_RULINGS_H
#define MISU_ENTRY_RULINGS_H

#include "core/disclosure.h"
#include "core/entry.h"

struct entry_table {
	struct slice recipient; /* its id */
	bool has_role[ROLE_COUNT];
	uint64_t listed[ROLE_COUNT]; /* FIELD_BIT: what the entry speaks of */
	struct ruling rulings[ROLE_COUNT][FIELD_COUNT];
};

struct entry_rulings {
	enum object_type type;
	enum operation operation;
	struct digest policy, setup;
	struct slice purpose, basis, channel, request;
	struct slice case_id; /* the request it was answered for, or empty */
	int64_t time;	       /* Unix ms */
	struct ruling outcome; /* VERDICT_FORWARD: it went */
	bool has_payload;      /* bytes were made for it */
	uint64_t supersedes;   /* or ENTRY_NONE */
	struct entry_table own;
	struct entry_table *onward;
	size_t onward_count;
	/* Whose data stands in each role: a pseudonym in hex; or empty. */
	struct slice pseudonyms[ROLE_COUNT];
	uint32_t slots[ROLE_COUNT];
};

/* NULL if it is no disclosure's entry, or memory ran out. */
struct entry_rulings *entry_rulings_read(
    struct slice entry, struct arena *arena);

/*
 * What a field came to in the end: the outcome's, where that is hold or
 * refuse.
 */
struct ruling entry_table_ruling(const struct entry_table *table,
    struct ruling outcome, enum role role, enum field field);

/* Other words' readers: false if there is no such word. */
bool entry_object_type_find(struct slice word, enum object_type *out);
bool entry_digest(struct slice entry, const char *name, struct digest *out);

#endif

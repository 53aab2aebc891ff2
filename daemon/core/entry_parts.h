/*
 * A ledger entry taken apart once, for whoever asks many things of it: the
 * evaluator of queries and the index.  Nothing is copied but what was escaped.
 */
#ifndef MISU_ENTRY_PARTS_H
#define MISU_ENTRY_PARTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/canon_known.h"

struct entry_parts {
	bool is_disclosure, has_about, has_time;
	int64_t time;  /* Unix ms */
	int64_t about; /* "entry": index of the entry an event is about */
	/* Texts; empty where there is none. */
	struct slice type, word, actor, reason, case_id, policy;
	struct slice recipient, purpose, channel, operation, salt;
	/* As they are written; empty where there is none. */
	struct slice fields, onward, outcome, object, subjects, subject, kept;
	struct slice findings;
	/* Of canon_known_take(); 0: none was given. */
	uint64_t fields_number, onward_number;
};

/* False if it is no entry. */
bool entry_parts_read(
    struct slice entry, struct arena *arena, struct entry_parts *out);
/* For who reads many of them. */
bool entry_parts_read_known(struct slice entry, struct arena *arena,
    struct canon_known *known, struct entry_parts *out);

/*
 * The disclosure that an entry has: itself, or the one that an entry of type
 * "kept" carries on.  False if it has none.
 */
bool entry_disclosed(
    struct slice entry, struct arena *arena, struct slice *disclosure);

/* A disclosure carried on: where it stood, and what came of it. */
struct entry_kept {
	uint64_t index;
	struct slice disclosure;
	struct slice outcome; /* an outcome's word; empty: none was known */
};

/* False if the entry carries none. */
bool entry_kept_read(
    struct slice entry, struct arena *arena, struct entry_kept *out);

/*
 * What was decided in a disclosure, group by group: for each recipient, those
 * onward too, and each role the fields and their rulings.  What was decided of
 * all of it at once (hold, refuse) is a group without a role: `fields` is then
 * that ruling.
 */
struct entry_group {
	struct slice recipient, role, fields;
};

struct entry_groups {
	struct arena *arena;
	struct slice recipient, outcome, roles, onward;
};

void entry_groups_start(struct entry_groups *groups,
    const struct entry_parts *parts, struct arena *arena);
bool entry_groups_next(struct entry_groups *groups, struct entry_group *out);

/* Take a ruling, ["forward",3] or ["forward",3,"..."], apart. */
bool entry_ruling(struct slice ruling, struct slice *verdict, int64_t *rule);

/* " role.field" of each field of an entry's "fields" that was not redacted. */
void entry_add_passed(struct text *text, struct slice fields);

/* The next pseudonym, in hex, and its key slot, of "subjects". */
bool entry_next_subject(
    struct slice *subjects, struct slice *pseudonym, int64_t *slot);

#endif

/*
 * Ledger entries as people and programs read them: a line of columns, or a
 * line of JSON.  Pure functions over an entry's canonical bytes.
 */
#ifndef MISU_ENTRY_PRINT_H
#define MISU_ENTRY_PRINT_H

#include "base/text.h"

struct entry_shown {
	uint64_t index;
	struct slice entry;  /* canonical bytes */
	struct slice object; /* the object's name in clear; empty: unknown */
	bool is_forgotten;   /* the subject whose key it was under */
};

/*
 * "12  2026-04-01T00:00:00.000Z  disclosure  jprs  taro.example  create
 * forward 9, redact 3", one line without its end; {NULL, 0} when out of
 * memory.
 */
struct slice entry_print_text(
    struct arena *arena, const struct entry_shown *shown);

/* The object as a reader sees it; in `arena`, or borrowed. */
struct slice entry_object_text(
    struct arena *arena, const struct entry_shown *shown);

/*
 * What an audit found, "leak registrant.email rule 12, missing": at most as
 * many findings as fit a line, and how many more there are.
 */
void entry_add_findings(
    struct text *text, struct slice findings, struct arena *arena);

/* The entry's members after "index" and, where it is known, "name". */
struct slice entry_print_json(
    struct arena *arena, const struct entry_shown *shown);

#endif

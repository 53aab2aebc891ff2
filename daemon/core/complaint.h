/*
 * Complaints are what the policy compiler has to say about a policy: an entry
 * of complaint.tbl and a place.  They are collected, sorted by place and
 * printed together, each as
 *
 *     file:line:col: error: text
 *     the source line
 *         ^
 *     hint: what to do
 */
#ifndef MISU_COMPLAINT_H
#define MISU_COMPLAINT_H

#include "base/arena.h"
#include "base/slice.h"

struct source {
	struct slice name, text;
	unsigned number; /* in the order they were opened */
};

struct place {
	const struct source *source;
	size_t at; /* bytes from the start of the text */
};

enum complaint {
#define COMPLAINT(id, text, hint) COMPLAINT_##id,
#include "core/complaint.tbl"
#undef COMPLAINT
	COMPLAINT_COUNT
};

struct complaints {
	struct arena *arena;
	struct complaint_item *items;
	size_t count;
	bool failed; /* memory ran out: what is there is not all */
	bool lacks_file; /* what it would have defined is not missed, too */
};

/* After this many the rest is dropped. */
enum { COMPLAINTS_MAX = 200 };

/* What another compiler with places has to say: misu.conf's own table. */
struct complaint_text {
	const char *text, *hint;
	bool warning;
};

/* `one` and `two` fill %1 and %2 of the text and the hint; copied. */
void complain(struct complaints *complaints, struct place place,
    enum complaint complaint, struct slice one, struct slice two);

void complain_text(struct complaints *complaints, struct place place,
    const struct complaint_text *text, struct slice one, struct slice two);

/* How many are errors, not warnings? */
size_t complaints_errors(const struct complaints *complaints);

/* All of them, ready to print; {NULL, 0} if memory ran out. */
struct slice complaints_print(struct complaints *complaints);

/* Line and column, from 1; a column is a character, not a byte. */
void place_find(struct place place, unsigned *line, unsigned *column);

#endif

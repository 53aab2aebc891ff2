/*
 * Ledger entries as columns of a terminal and as lines of CSV (RFC 4180).
 * Pure functions over an entry's canonical bytes, beside core/entry_print.h.
 */
#ifndef MISU_ENTRY_TABLE_H
#define MISU_ENTRY_TABLE_H

#include "core/entry_print.h"

enum { ENTRY_WIDTH_MIN = 60 };

struct entry_layout {
	size_t width; /* columns, ENTRY_WIDTH_MIN at least */
	int zone;     /* minutes that times are ahead of UTC */
};

/*
 * One line that takes at most so many columns: index, time, type, recipient
 * or what the event is about, object (cut in the middle), what happened.  No
 * control character of the entry reaches the terminal.  {NULL, 0} when out of
 * memory.
 */
struct slice entry_print_columns(struct arena *arena,
    const struct entry_shown *shown, const struct entry_layout *layout);
struct slice entry_print_heading(
    struct arena *arena, const struct entry_layout *layout);

/*
 * The same as CSV, with all there is of words, without the line's end.  What
 * a spreadsheet would take for a formula has an apostrophe before it.
 */
struct slice entry_print_csv(
    struct arena *arena, const struct entry_shown *shown, int zone);
struct slice entry_print_csv_heading(struct arena *arena);

/* One value of CSV, quoted where it must be; for other tables too. */
void csv_add(struct text *text, struct slice value);

#endif

/*
 * Reading canonical JSON (RFC 8785) as far as ledger entries use it: objects,
 * arrays, strings and integers.  canon_check() proves that a text is exactly
 * what a canonical writer gives; the other functions expect one that passed,
 * walk it in place and copy nothing.
 */
#ifndef MISU_CANON_H
#define MISU_CANON_H

#include "base/text.h"

/* On false, *place is the offset of the first byte that cannot stand. */
bool canon_check(struct slice text, size_t *place);

/* The value of a member of an object, as it is written; false if absent. */
bool canon_member(
    struct slice object, const char *name, struct slice *value);

/*
 * Take the next member or item off an object or an array.  `rest` starts as
 * the whole of it; false at the end.
 */
bool canon_next_member(
    struct slice *rest, struct slice *name, struct slice *value);
bool canon_next_item(struct slice *rest, struct slice *value);

/*
 * canon_next_member() in two steps: the name, with `rest` then at its value,
 * which has to be taken off before the next one.
 */
bool canon_next_name(struct slice *rest, struct slice *name);
bool canon_take_value(struct slice *rest, struct slice *value);

/*
 * A string's text: the bytes between the quotes where nothing is escaped,
 * else a copy in `arena`.  False if it is no string or memory ran out.
 */
bool canon_string(
    struct slice value, struct arena *arena, struct slice *out);
bool canon_number(struct slice value, int64_t *out);

/* canon_member and canon_string or canon_number in one; false if absent. */
bool canon_get_string(struct slice object, const char *name,
    struct arena *arena, struct slice *out);
bool canon_get_number(struct slice object, const char *name, int64_t *out);

#endif

/*
 * The key of a value: two values of a field that say the same have the same
 * key, however servers and records write them.  Keys are for comparing, and
 * are as secret as the value.
 */
#ifndef MISU_AUDIT_KEY_H
#define MISU_AUDIT_KEY_H

#include "base/arena.h"
#include "base/fail.h"
#include "core/field.h"

/* In `arena`; may be empty.  False only when out of memory. */
bool audit_key(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail);

/*
 * The same of a whole text, in which gaps are kept: each is one blank, or the
 * dots and ends of lines that stand there.
 */
bool audit_key_text(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail);

static inline bool
audit_is_gap(char c)
{
	return (unsigned char)c <= ' ' || c == '.';
}

#endif

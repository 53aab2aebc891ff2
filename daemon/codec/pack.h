/*
 * A record as bytes, between misu's own processes and in the vault: compact,
 * read and written without a parser.  Bytes are host-independent (lengths
 * little-endian).  Reading checks every length and count, and that text is
 * UTF-8, but not the shape of values: they were made canonical before.
 */
#ifndef MISU_PACK_H
#define MISU_PACK_H

#include "base/text.h"
#include "core/record.h"

/* Everything, or one role's part (the vault encrypts each by itself). */
void pack_record(struct text *out, const struct record *record);
void pack_role(
    struct text *out, const struct record *record, enum role role);

/* NULL with FAIL_WORLD if it is damaged.  Borrows from `bytes`. */
struct record *unpack_record(
    struct arena *arena, struct slice bytes, struct fail *fail);

#endif

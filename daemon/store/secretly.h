/*
 * Texts that stand encrypted in a database, AES-256-GCM with a nonce of their
 * own and a label that says what they are.
 */
#ifndef MISU_SECRETLY_H
#define MISU_SECRETLY_H

#include "base/arena.h"
#include "store/keys.h"
#include "store/sqlite.h"

struct secretly {
	const uint8_t *key; /* KEY_SIZE bytes, borrowed */
	const struct random_source *random;
	const char *label;
};

/* Bind a parameter; SQLite copies it. */
bool secretly_bind(const struct secretly *secretly, struct statement *s, int at,
    struct slice plain, struct fail *fail);

/* What was bound so, in `arena`.  FAIL_WORLD where it is damaged. */
bool secretly_read(const struct secretly *secretly, struct arena *arena,
    struct slice cipher, struct slice *out, struct fail *fail);

#endif

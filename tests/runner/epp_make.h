/*
 * The frames that backends send, made from a scenario's words and records.
 * Nothing of the daemon's encoders is in it: what it expects of a frame is
 * not what this one writes by being the same code.
 */
#ifndef MISU_TESTS_EPP_MAKE_H
#define MISU_TESTS_EPP_MAKE_H

#include "registry/bytes.h"
#include "runner/script.h"

/* What every contact's authInfo is: no trace of it may be anywhere. */
#define EPP_MAKE_AUTH "auth-canary-2fooBAR"

/*
 * Append the frame that `words` ask for, without a header.  False if they
 * make none: *wrong is the word that is, and *why says so.  An empty `id`
 * leaves clTRID out.
 */
bool epp_make(const struct script *script, const struct script_word *words,
    size_t count, struct slice id, struct bytes *out, size_t *wrong,
    const char **why);

#endif

/*
 * What was decided, in 64 bits: two processes that decide the same thing tell
 * by it whether they agree.  It guards against errors, not against forgery.
 */
#ifndef MISU_VERDICTS_H
#define MISU_VERDICTS_H

#include "core/disclosure.h"

/* Over recipient, purpose, outcome, and each field's ruling and values. */
uint64_t verdicts_digest(const struct disclosure *disclosure);

#endif

/*
 * One value of one field: is it well-formed, and what is its canonical form?
 * Canonical forms are what conditions test and what recipients get: country
 * in upper case, domain in lower-case A-labels, no control characters.
 */
#ifndef MISU_VALUE_H
#define MISU_VALUE_H

#include "base/arena.h"
#include "base/fail.h"
#include "core/field.h"

/* Copies the canonical value into `arena`.  A complaint never quotes it. */
bool value_canonical(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail);

#endif

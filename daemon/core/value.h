/*
 * One value of one field: is it well-formed, and what is its canonical form?
 * Canonical forms are what conditions test and what recipients get.  Making
 * a canonical value canonical again changes nothing.
 *
 *   text     UTF-8 without control characters, line or bidi marks; the long
 *            fields (mail, uploads, spam) may have line ends and tabs
 *   ascii    printable 7-bit ASCII
 *   email    a dot-atom of ASCII, "@", a domain of two labels or more in any
 *            script; kept as it is
 *   phone    EPP's form "+81.312345678".  Blanks, hyphens, dots, slashes and
 *            parentheses are taken out, a trunk 0 after +81 and "(0)" too; a
 *            number without "+" is Japanese: "03-1234-5678" is the above
 *   digits   ASCII digits
 *   country  an assigned ISO 3166-1 alpha-2 code, upper case
 *   domain, host, ds, prefix: base/name.h, base/prefix.h
 *
 * Full-width letters, digits and hyphens are made ASCII in postcode, phone,
 * digits and country, and nowhere else.
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

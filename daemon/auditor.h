/*
 * The auditor: the process that asks other people's WHOIS and RDAP servers
 * what they publish.  Their answers are hostile input: they are read here,
 * where there is no key, no vault and no ledger, and the keeper is told plain
 * items (codec/audit_line.h).  What should be published it never learns, so
 * that whoever breaks in here learns only what is public already.
 */
#ifndef MISU_AUDITOR_H
#define MISU_AUDITOR_H

#include "setup.h"

struct auditor;

/* It is in its sandbox when this returns. */
struct auditor *auditor_create(
    const struct setup_given *given, struct fail *fail);

/* Until the parent says stop; false if it broke. */
bool auditor_run(struct auditor *auditor);
void auditor_destroy(struct auditor *auditor);

#endif

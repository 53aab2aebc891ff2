/*
 * The console: the process that shows the log to those who are not misu.  It
 * gives out checkpoint and tiles to everybody and entries to auditors, and
 * takes checkpoints to witnesses.  It reads the ledger's files and the index
 * and writes nothing but what witnesses said; it has no key, no vault and no
 * record.  The parent gives it its port, misu.conf and the auditors' tokens.
 */
#ifndef MISU_CONSOLE_H
#define MISU_CONSOLE_H

#include "setup.h"

struct console;

/* It is in its sandbox when this returns. */
struct console *console_create(
    const struct setup_given *given, struct fail *fail);

/* Until the parent says stop; false if it broke. */
bool console_run(struct console *console);
void console_destroy(struct console *console);

#endif

/* What `misu -n` and `misu -nv` print of a setup that is sound. */
#ifndef MISU_REPORT_H
#define MISU_REPORT_H

#include <stdio.h>

#include "setup.h"

/* Revisions, identities, and every placeholder; false: no memory. */
bool report_summary(const struct setup *setup, FILE *out);

/* The canonical policies and their decision matrices too. */
bool report_setup(const struct setup *setup, FILE *out);

#endif

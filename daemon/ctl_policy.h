/* Policies as misuctl's commands name them. */
#ifndef MISU_CTL_POLICY_H
#define MISU_CTL_POLICY_H

#include "ctl.h"

/* A whole setup, complaints printed; NULL after one. */
struct setup *ctl_policy_setup(struct ctl *ctl);

/*
 * A policy file, or a revision of misu.conf's by its number; NULL after a
 * complaint.
 */
const struct ruleset *ctl_policy_ruleset(
    struct ctl *ctl, struct setup *setup, const char *name);

#endif

/*
 * Facts are what a policy's conditions can see of one record: the value of
 * each of the ruleset's variables.  Strings are compared here, once a record;
 * deciding is then a few loads.
 */
#ifndef MISU_FACTS_H
#define MISU_FACTS_H

#include "core/ruleset.h"

/* One number a variable, in `arena`; NULL when out of memory. */
const uint16_t *facts_of(const struct ruleset *ruleset,
    const struct record *record, struct arena *arena, struct fail *fail);

/*
 * The value of one variable if the person in `role` stood in the role that
 * the variable asks about.
 */
uint16_t fact_of(const struct ruleset *ruleset, unsigned variable,
    const struct record *record, enum role role);

#endif

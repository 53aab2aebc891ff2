/*
 * Policy tree to ruleset: conditions bound to variables, tables filled.
 * Whatever the tables show on the way is complained of: a slot no rule
 * decides, a rule that never wins, too many combinations.
 */
#ifndef MISU_COMPILE_H
#define MISU_COMPILE_H

#include "base/text.h"
#include "core/ruleset_priv.h"

/* False when out of memory; complaints tell the rest. */
bool compile(struct ruleset *ruleset, struct complaints *complaints);

/* variable.c: do both ask the same of a record? */
bool variable_same(const struct variable *a, const struct variable *b);

/* variable.c: find or make the variable a test asks for, in this role. */
bool variable_bind(struct ruleset *ruleset, const struct test *test, int role,
    enum audience audience, struct bound_test *out,
    struct complaints *complaints);

/* variable.c: once all tests are bound, the classes of values. */
bool variable_classes(struct ruleset *ruleset);

/* Three-valued truth of a test, given each variable's value. */
enum truth bound_truth(const struct ruleset *ruleset,
    const struct bound_test *test, const uint16_t *values);
enum truth bound_rule_truth(const struct ruleset *ruleset,
    const struct bound_rule *rule, const uint16_t *values);

/* Does a rule of this verdict act when its condition is so? */
bool verdict_fires(enum verdict verdict, enum truth truth);

/*
 * Step the variables of `terms` through all their combinations; false after
 * the last, when all are at their first value again.
 */
bool terms_step(const struct ruleset *ruleset, const struct term *terms,
    size_t count, uint16_t *values);

/* "when registrant kind is natural, ...": a combination in words. */
void terms_print(struct text *out, const struct ruleset *ruleset,
    const struct term *terms, size_t count, const uint16_t *values);

#endif

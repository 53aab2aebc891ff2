/*
 * What replace and generalise make of one value.  A template knows the
 * object's name and an opaque token and no field; policy_check has shown that
 * what it makes is a value of its field, so nothing here can fail but memory.
 */
#ifndef MISU_ALTER_H
#define MISU_ALTER_H

#include "core/policy_tree.h"

/* Only %{object}, %{opaque} and %% ?  If not, *wrong is what is not known. */
bool alter_template_sound(struct slice template, struct slice *wrong);

bool alter_template_names_object(struct slice template);

/* Is what it makes a value of the field, for the longest object as well? */
bool alter_template_fits(struct arena *arena, struct slice template,
    enum field field, enum object_type type, struct fail *fail);

struct alter_given {
	struct slice object;
	uint8_t random[16];
	enum role role;
	enum field field;
};

/*
 * The token is made from the random bytes, the role and the field: the same
 * in every recipient of one decision, another in every decision.
 */
bool alter_values(struct arena *arena, const struct rule *rule,
    const struct alter_given *given, struct values from, struct values *out,
    struct fail *fail);

#endif

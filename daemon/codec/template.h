/*
 * A template turns a disclosure into the text a recipient gets.  It is read
 * once at load, where every name in it is checked, and can only ask for what
 * the disclosure lets pass.  Line by line:
 *
 *	text with %{registrant.name.loc} in it
 *	%if registrant.email            lines until %end only if a value passed
 *	%unless registrant.email        or only if none did
 *	%each subscriber.ns             lines until %end, once for each value
 *	%end
 *
 * Names: %{role.field}, several values joined with ", "; %{!role.field}, a
 * value the wire demands: the recipient's placeholder where none passed;
 * %{value} and %{,} (a comma but after the last value) inside %each;
 * %{publish:role.field} (yes or no: may the public behind the recipient see
 * it); %{verdict:role.field}; %{object}, %{recipient}, %{purpose},
 * %{operation}; %% is a percent sign.  The first line may be
 * "%escape none|json|form|xml": how everything put in is written.
 *
 * On an update nothing is passed over in silence: a field without a value
 * counts as passed, empty, in %if and %each, so that the recipient loses the
 * old one.
 */
#ifndef MISU_TEMPLATE_H
#define MISU_TEMPLATE_H

#include "core/disclosure.h"

struct template;

/* A value sent where the policy redacts and the wire demands something. */
struct placeholder {
	enum role role;
	enum field field;
	struct slice value;
};

struct placeholders {
	const struct placeholder *items;
	size_t count;
};

/* A bad template's fail has "name:line:col" as its place. */
struct template *template_parse(struct arena *arena, struct slice name,
    struct slice text, struct fail *fail);

/*
 * The exact bytes to send; data NULL with a fail when they cannot be made:
 * no memory, or a demanded value has no placeholder.
 */
struct slice template_render(const struct template *template,
    const struct disclosure *disclosure,
    const struct placeholders *placeholders, struct arena *arena,
    struct fail *fail);

/* Does the template print this field, demand it, mark it publishable? */
bool template_prints(
    const struct template *template, enum role role, enum field field);
bool template_demands(
    const struct template *template, enum role role, enum field field);
bool template_marks(
    const struct template *template, enum role role, enum field field);
/* FIELD_BITs of a role that it marks, or that it prints. */
uint64_t template_marked(const struct template *template, enum role role);
uint64_t template_printed(const struct template *template, enum role role);
/* Does it mark anything? */
bool template_has_marks(const struct template *template);

#endif

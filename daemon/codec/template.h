/*
 * A template turns a disclosure into the text a recipient gets.  It is read
 * once at load, where every name in it is checked, and can only ask for what
 * the disclosure lets pass.  Line by line:
 *
 *	text with %{registrant.name.loc} in it
 *	%if registrant.email            lines until %end only if a value passed
 *	%unless registrant.email        or only if none passed
 *	%each subscriber.ns             lines until %end, once a value: %{value}
 *	%end
 *
 * Other names: %{object} (empty for a subscriber), %{recipient}, %{purpose},
 * %{operation}, %{publish:registrant.name.loc} (yes or no: may the public
 * behind the recipient see it), %{verdict:registrant.name.loc}, %%.
 * The first line may be "%escape none|json|form|xml": how values are written.
 */
#ifndef MISU_TEMPLATE_H
#define MISU_TEMPLATE_H

#include "core/disclosure.h"

struct template;

/* A bad template's fail has "name:line:col" as its place. */
struct template *template_parse(struct arena *arena, struct slice name,
    struct slice text, struct fail *fail);

/* The exact bytes to send; data NULL with a fail when they cannot be made. */
struct slice template_render(const struct template *template,
    const struct disclosure *disclosure, struct arena *arena,
    struct fail *fail);

/* Does the template print this field; does it say whether it may be shown? */
bool template_prints(
    const struct template *template, enum role role, enum field field);
bool template_marks(
    const struct template *template, enum role role, enum field field);

#endif

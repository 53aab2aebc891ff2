/*
 * A change whose answer was lost may have been made or not.  Before another is
 * put together with it the registry is asked for the object, and what it shows
 * says upon which of the two records, that before the change or that after it,
 * the next one is made.  What may be shown stays what either may have shown:
 * the keeper's doubt ends with an answer only (keeper_doubt.c).
 */
#include "filter_priv.h"

static struct shown
shown_by_either(struct shown a, struct shown b)
{
	return (struct shown){.passed = a.passed | b.passed,
	    .altered = a.altered | b.altered,
	    .published = a.published | b.published};
}

/* One of the two, with what is known of both.  Out of memory: NULL. */
static struct record *
with_both(const struct command *command, const struct keeper_held *held,
    const struct record *record)
{
	struct epp_facts facts = *record_epp(record);
	struct fail fail = FAIL_INIT;
	struct record *copy = record_create(command->arena, record_type(record),
	    record_operation(record), record_object(record), &fail);

	if (copy != NULL)
		copy = record_merge(command->arena, record, copy, &fail);
	/* Whether the registry made what is proposed is not known yet. */
	facts.made = held->current != NULL && record_epp(held->current)->made;
	if (held->current != NULL)
		facts.shown = shown_by_either(record_epp(held->current)->shown,
		    record_epp(held->proposed)->shown);
	return copy != NULL && record_set_epp(copy, &facts, &fail) ? copy
								   : NULL;
}

struct record *
command_held(const struct command *command, size_t index)
{
	const struct keeper_held *held = &command->held[index];

	return held->proposed != NULL ? with_both(command, held, held->proposed)
				      : held->current;
}

bool
doubt_wants_info(const struct command *command, size_t index)
{
	const struct keeper_held *held = &command->held[index];

	return held->in_doubt && held->current != NULL &&
	       held->proposed != NULL &&
	       !command->session->upstream->conf->shadows;
}

/*
 * Where it does not tell, of a contact the later record holds, which may be
 * told to be stricter; of a domain what its info has shown.
 */
struct record *
doubt_settle(struct command *command, size_t index, const struct record *found)
{
	const struct keeper_held *held = &command->held[index];
	bool has_links =
	    command->session->upstream->conf->contacts != CONTACTS_PROHIBITED;
	enum record_which which =
	    found != NULL
		? record_which(found, held->current, held->proposed, has_links)
		: WHICH_UNTOLD;

	if (which == WHICH_UNTOLD)
		which = record_type(held->current) == OBJECT_CONTACT
			    ? WHICH_SECOND
			    : WHICH_FIRST;
	return with_both(command, held,
	    which == WHICH_FIRST ? held->current : held->proposed);
}

/*
 * Shadow mode changes nothing, also of what cannot be read: such a frame
 * passes, under an entry that says no more than that it did.  What it did at
 * the registry is not known; so where the contacts of this upstream stand is
 * not known whole any more, which a mark in the vault says.
 */
#include "core/place.h"
#include "filter_priv.h"

bool
unread_keep(struct command *command, struct slice text)
{
	const struct session *session = command->session;
	const struct conf_upstream *conf = session->upstream->conf;

	/* Who is not logged in has nothing to be recorded; a pool's frames
	   must get another clTRID; an empty one is no frame of anybody. */
	if (text.len == 0 || conf == NULL || !conf->shadows ||
	    session->pooled || session->state != SESSION_OPEN)
		return false;
	command->unread = text;
	/* The answer is told by its place in the order. */
	command->flight.client_id = (struct slice){NULL, 0};
	return true;
}

void
unread_start(struct command *command)
{
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	struct decide_scope scope = {.recipient = upstream->recipient};
	struct decide_given given = {.approved = false};
	struct decision decision = {
	    .scope = &scope, .given = &given, .store = KEEP_HERE};
	struct fail fail = FAIL_INIT;

	/* A reload ended the shadow while it waited. */
	if (upstream->conf == NULL || !upstream->conf->shadows) {
		command_answer(command, EPP_SYNTAX, "the frame cannot be read");
		return;
	}
	command->record = place_mark(command->arena, slice_from(upstream->name),
	    filter_now(filter) / 1000, &fail);
	if (command->record != NULL &&
	    filter_random(filter, given.random, &fail))
		decision.disclosure = decide_contact(filter->ruleset, &scope,
		    command->record, &given, command->arena, &fail);
	if (decision.disclosure == NULL)
		command_answer_fail(command, EPP_FAILED, &fail);
	else
		command_commit(command, &decision);
}

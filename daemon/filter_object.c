/*
 * What carries no person: hosts, transfers, and updates of domains that link
 * nobody and of whom nobody is known.  An entry says that it went.
 */
#include "filter_priv.h"

void
object_start(struct command *command)
{
	const struct epp_command *epp = command->epp;
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	struct decide_scope scope = {.recipient = upstream->recipient};
	struct decide_given given = {.approved = command->approved};
	struct decision decision = {
	    .scope = &scope, .given = &given, .store = KEEP_NOTHING};
	enum operation operation = epp->verb == EPP_CREATE ? OPERATION_CREATE
				   : epp->verb == EPP_UPDATE
				       ? OPERATION_UPDATE
				       : OPERATION_TRANSFER;
	struct slice name =
	    command_object_name(command, epp->id, command->arena);
	struct fail fail = FAIL_INIT;

	command->record =
	    record_create(command->arena, OBJECT_HOST, operation, name, &fail);
	if (command->record != NULL &&
	    filter_random(filter, given.random, &fail))
		decision.disclosure = decide_contact(filter->ruleset, &scope,
		    command->record, &given, command->arena, &fail);
	if (decision.disclosure == NULL)
		command_answer_fail(command, EPP_FAILED, &fail);
	else
		command_commit(command, &decision);
}

/*
 * on-link update: before a contact comes to stand where its record may show
 * less, the registry is made to lose what may not be shown there.  The update
 * is a command of misu's own, decided, recorded and sent like any other, on
 * the line that the domain command will take.
 */
#include "filter_priv.h"

enum { LINK_UPDATES_MAX = 16 };

struct link_update {
	struct flight flight; /* first */
	struct command *command; /* the domain command that waits */
	struct epp_command *epp;
	struct record *record;
	struct keeper_object object;
	uint64_t seen, entry;
	void (*then)(struct command *command);
};

static void committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail);

static void
answered(struct flight *flight, const struct epp_response *response)
{
	struct link_update *update = (struct link_update *)(void *)flight;
	struct command *command = update->command;
	struct session *session = command->session;
	bool ok = response->code < EPP_UNKNOWN_COMMAND;
	const struct keeper_outcome outcome = {.entry = update->entry,
	    .end = ok ? KEEPER_ANSWERED : KEEPER_REFUSED,
	    .code = response->code,
	    .object = update->object,
	    .store = KEEP_RECORD};

	session->on_line--;
	keeper_outcome(session->upstream->filter->o.link, &outcome);
	if (session->conn == NULL)
		command->state = COMMAND_DONE;
	else if (ok && session->upstream->conf != NULL)
		update->then(command);
	else
		command_answer(command, EPP_POLICY,
		    "the registry refused the update that must come before "
		    "this link (%u)",
		    response->code);
	session_pump(session);
}

static void
lost(struct flight *flight, const struct fail *fail)
{
	struct link_update *update = (struct link_update *)(void *)flight;
	struct command *command = update->command;
	const struct keeper_outcome outcome = {.entry = update->entry,
	    .end = KEEPER_UNKNOWN,
	    .object = update->object,
	    .store = KEEP_RECORD};

	command->session->on_line--;
	keeper_outcome(
	    command->session->upstream->filter->o.link, &outcome);
	command_answer(command, EPP_FAILED, "not sent: %s", fail->text);
	session_pump(command->session);
}

static bool
send_update(struct link_update *update, const struct sealed *sealed)
{
	struct session *session = update->command->session;
	struct line *line =
	    session->pooled ? pool_line(session) : session->line;

	if (session->conn == NULL || line == NULL ||
	    !line_send_sealed(line, &update->flight, sealed))
		return false;
	session->on_line++;
	return true;
}

static void
committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct link_update *update = arg;
	struct command *command = update->command;
	struct session *session = command->session;
	struct keeper_outcome outcome = {.end = KEEPER_NOT_SENT,
	    .object = update->object,
	    .store = KEEP_RECORD};

	if (fail != NULL && fail->kind != FAIL_NONE) {
		command_not_recorded(command, committed, fail);
	} else if (committed->word == KEEPER_STALE) {
		command_stale(command);
	} else if (committed->word == KEEPER_CHANGED) {
		update->then(command); /* which looks at it anew */
	} else if (committed->word == KEEPER_STOPPED) {
		command_answer(command, EPP_POLICY,
		    "stopped: the contact's person stopped its provision "
		    "(entry %llu)",
		    (unsigned long long)committed->entry);
	} else if (committed->word != KEEPER_DURABLE ||
		   committed->sealed == NULL) {
		command_answer(command, EPP_POLICY,
		    "the contact may not stand there at all");
	} else {
		update->entry = committed->entry;
		if (!send_update(update, committed->sealed)) {
			outcome.entry = committed->entry;
			keeper_outcome(
			    session->upstream->filter->o.link, &outcome);
			command_answer(command, EPP_FAILED,
			    "not sent: no session at the registry");
		}
	}
	session_pump(session);
}

static bool
commit_update(struct link_update *update, const struct decide_scope *scope,
    const struct record *contact, struct fail *fail)
{
	struct command *command = update->command;
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	const struct epp_facts *before = record_epp(contact);
	struct epp_facts facts = *before;
	uint64_t limit[ROLE_COUNT] = {0};
	struct decide_given given = {.limit = limit};
	struct epp_manner manner = upstream->manner;
	struct disclosure *disclosure;
	struct keeper_commit commit = {.record = update->record,
	    .scope = scope,
	    .given = &given,
	    .upstream = slice_from(upstream->name),
	    .channel = SLICE("epp"),
	    .principal = slice_from(command->session->client),
	    .setup = filter->setup,
	    .store = KEEP_RECORD,
	    .seen = update->seen};

	/* It gets nothing new by this: only what it has may stay. */
	limit[CONTACT_ROLE] = before->shown.passed | before->shown.altered;
	manner.client_id = update->flight.client_id;
	manner.held = &before->shown;
	if (!filter_random(filter, given.random, fail))
		return false;
	disclosure = decide_contact(filter->ruleset, scope, update->record,
	    &given, command->arena, fail);
	if (disclosure == NULL)
		return false;
	facts.shown = decide_shown(disclosure, CONTACT_ROLE);
	commit.disclosure = disclosure;
	if (disclosure_outcome(disclosure).verdict == VERDICT_FORWARD &&
	    !epp_frame_contact(update->epp, disclosure, &manner,
		command->arena, &commit.payload, fail))
		return false;
	if (!record_set_epp(update->record, &facts, fail))
		return false;
	keeper_commit(
	    filter->o.link, command->arena, &commit, committed, update);
	return true;
}

void
command_update_contact(struct command *command, const struct link *link,
    struct record *contact, void (*then)(struct command *command))
{
	struct arena *arena = command->arena;
	struct upstream *upstream = command->session->upstream;
	struct link_update *update = arena_take(arena, sizeof(*update));
	struct decide_scope scope = {.recipient = upstream->recipient,
	    .roles = 1u << link->role,
	    .object = command->epp->domain->name};
	struct fail fail = FAIL_INIT;

	command->state = COMMAND_ASKING;
	if (update == NULL || ++command->link_updates > LINK_UPDATES_MAX) {
		command_answer(command, EPP_POLICY,
		    "contact %.*s cannot be made to show less",
		    SLICE_ARG(link->id));
		return;
	}
	*update = (struct link_update){
	    .flight = {.arena = arena, .answered = answered, .lost = lost},
	    .command = command,
	    .then = then,
	    .seen = link->seen,
	    .object = {
		OBJECT_CONTACT, command_object_name(command, link->id, arena)}};
	update->flight.client_id = filter_client_id(upstream->filter, arena);
	update->epp = epp_frame_bare_update(link->id, arena, &fail);
	update->record = record_create(arena, OBJECT_CONTACT,
	    OPERATION_UPDATE, update->object.name, &fail);
	if (update->epp == NULL || update->record == NULL ||
	    !record_copy_role(
		update->record, contact, CONTACT_ROLE, &fail) ||
	    !commit_update(update, &scope, contact, &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
}

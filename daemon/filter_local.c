/*
 * A registry that takes no contacts (the minimum data set): contact commands
 * are carried out here, on the vault, and answered as RFC 5733 says.  The
 * backend need not know.
 */
#include "filter_priv.h"

/* --- check and info --- */

static void
checked(struct command *command)
{
	const struct epp_command *epp = command->epp;
	bool available[KEEPER_OBJECTS_MAX];

	for (size_t i = 0; i < epp->id_count; i++)
		available[i] = kept_contact(&command->held[i]) == NULL;
	command_answer_data(command, EPP_OK,
	    epp_frame_contact_check(
		epp->ids, available, epp->id_count, command->arena));
}

/* Whose it is decides; what it holds was never sent anywhere. */
static const struct record *
own_record(struct command *command)
{
	const struct record *record = kept_contact(&command->held[0]);

	if (record == NULL) {
		command_answer(command, EPP_NOT_EXISTS, NULL);
		return NULL;
	}
	if (tenant_is_others(command->session, record)) {
		command_answer(command, EPP_AUTHORIZATION, NULL);
		return NULL;
	}
	return record;
}

static void
shown(struct command *command, bool is_named)
{
	command_answer_data(command, EPP_OK,
	    epp_frame_contact_info(kept_contact(&command->held[0]),
		slice_from(command->session->client), is_named,
		command->arena));
}

static void
asked(struct command *command)
{
	const struct record *record = own_record(command);

	if (record != NULL)
		kept_look(command, record, shown);
}

/* Nothing here is ever under way: where it is, it stays. */
static void
queried(struct command *command)
{
	if (own_record(command) != NULL)
		command_answer(command, EPP_NOT_PENDING, NULL);
}

/* --- create, update and delete --- */

/* Nothing of it travels: an entry says that it was taken, and no more. */
static void
keep(struct command *command, enum keeper_store store)
{
	struct upstream *upstream = command->session->upstream;
	struct filter *filter = upstream->filter;
	uint64_t limit[ROLE_COUNT] = {0};
	struct decide_scope scope =
	    contact_scope(upstream, command->epp->id, &command->epp->hints);
	struct decide_given given = {.limit = limit, .approved = true};
	struct decision decision = {
	    .scope = &scope, .given = &given, .store = store};
	struct fail fail = FAIL_INIT;

	if (filter_random(filter, given.random, &fail) &&
	    conf_presume_kind(upstream->conf, command->record,
		command->epp->id, &fail))
		decision.disclosure = decide_contact(filter->ruleset, &scope,
		    command->record, &given, command->arena, &fail);
	if (decision.disclosure == NULL) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	command->is_local = true;
	command->object = (struct keeper_object){
	    OBJECT_CONTACT, record_object(command->record)};
	command_commit(command, &decision);
}

static void
note_contact(const struct epp_contact *contact, struct epp_facts *facts)
{
	struct epp_kept *kept = &facts->kept;

	kept->statuses &= ~contact->remove_statuses;
	kept->statuses |= contact->add_statuses;
	if (contact->disclose.at != contact->disclose.end)
		kept->disclose = contact->disclosed;
	if (contact->auth.at != contact->auth.end)
		facts->auth = contact->password;
}

static bool
set_facts(
    struct command *command, const struct epp_facts *before, struct fail *fail)
{
	struct filter *filter = command->session->upstream->filter;
	int64_t now = filter_now(filter) / 1000;
	struct epp_facts facts = {.given = true,
	    .client = slice_from(command->session->client),
	    .created = now};

	if (before != NULL && before->given)
		facts = *before;
	if (before != NULL)
		facts.kept.updated = now;
	note_contact(command->epp->contact, &facts);
	return kept_change(command, &facts.kept, fail) &&
	       record_set_epp(command->record, &facts, fail);
}

static void
created(struct command *command)
{
	struct filter *filter = command->session->upstream->filter;
	struct fail fail = FAIL_INIT;

	if (kept_contact(&command->held[0]) != NULL) {
		command_answer(command, EPP_EXISTS, NULL);
		return;
	}
	if (!set_facts(command, NULL, &fail)) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	command->local_data = epp_frame_contact_created(
	    command->epp->id, filter_now(filter) / 1000, command->arena);
	keep(command, KEEP_HERE);
}

/*
 * It stays as it is, but for a consent that its person withdraws: that holds
 * whatever comes of the rest (keeper_withdraw.c).
 */
static void
refuse_update(struct command *command, const struct record *stored)
{
	struct epp_facts facts = *record_epp(stored);
	struct fail fail = FAIL_INIT;
	struct record *kept = record_create(command->arena, OBJECT_CONTACT,
	    OPERATION_UPDATE, record_object(stored), &fail);
	bool any = false;

	kept = kept != NULL ? record_merge(command->arena, stored, kept, &fail)
			    : NULL;
	if (kept == NULL ||
	    !record_withdraw(kept, command->record, &any, &fail) ||
	    !kept_change(command, &facts.kept, &fail) ||
	    !record_set_epp(kept, &facts, &fail)) {
		command_answer_fail(command, EPP_FAILED, &fail);
	} else if (!any) {
		command_answer(command, EPP_STATUS, NULL);
	} else {
		command->record = kept;
		command->local_code = EPP_STATUS;
		keep(command, KEEP_HERE);
	}
}

/* True if its statuses let it be changed so; else it was answered. */
static bool
may_update(struct command *command, const struct record *stored)
{
	const struct epp_contact *contact = command->epp->contact;
	unsigned statuses = record_epp(stored)->kept.statuses;

	if (contact->has_foreign_status) {
		command_answer(command, EPP_VALUE_POLICY,
		    "this status is not a client's to set");
		return false;
	}
	/* Whoever may not change it may take that away. */
	if ((statuses & ~contact->remove_statuses & CONTACT_NO_UPDATE) != 0) {
		refuse_update(command, stored);
		return false;
	}
	return true;
}

static void
updated(struct command *command)
{
	const struct record *stored = own_record(command);
	struct fail fail = FAIL_INIT;

	if (stored == NULL || !may_update(command, stored))
		return;
	command->record =
	    record_merge(command->arena, stored, command->record, &fail);
	if (command->record == NULL ||
	    !set_facts(command, record_epp(stored), &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
	else if (contact_forms_agree(command, stored))
		keep(command, KEEP_HERE);
}

static void
removed(struct command *command, bool is_named)
{
	const struct record *stored = kept_contact(&command->held[0]);
	struct epp_facts facts = *record_epp(stored);
	struct fail fail = FAIL_INIT;

	if (is_named) {
		command_answer(command, EPP_ASSOCIATION, NULL);
		return;
	}
	kept_forget_pages(command);
	command->kept = NULL;
	facts.kept.domains.count = 0;
	command->record = record_create(command->arena, OBJECT_CONTACT,
	    OPERATION_DELETE, record_object(stored), &fail);
	if (command->record == NULL ||
	    !record_copy_role(command->record, stored, CONTACT_ROLE, &fail) ||
	    !kept_change(command, &facts.kept, &fail) ||
	    !record_set_epp(command->record, &facts, &fail))
		command_answer_fail(command, EPP_FAILED, &fail);
	else
		keep(command, KEEP_REMOVAL);
}

static void
deleted(struct command *command)
{
	const struct record *stored = own_record(command);

	if (stored == NULL)
		return;
	if ((record_epp(stored)->kept.statuses & CONTACT_NO_DELETE) != 0)
		command_answer(command, EPP_STATUS, NULL);
	else
		kept_look(command, stored, removed);
}

static void
take(struct command *command, void (*then)(struct command *command))
{
	struct keeper_object object = {.type = OBJECT_CONTACT};
	struct fail fail = FAIL_INIT;

	command->record = contact_record(command, &fail);
	if (command->record == NULL) {
		command_answer_fail(command,
		    fail.kind == FAIL_INPUT ? EPP_VALUE : EPP_FAILED, &fail);
		return;
	}
	object.name = record_object(command->record);
	command_fetch(command, &object, 1, then);
}

static void
ask(struct command *command, void (*then)(struct command *command))
{
	const struct epp_command *epp = command->epp;
	struct keeper_object objects[KEEPER_OBJECTS_MAX];

	if (epp->id_count > KEEPER_OBJECTS_MAX) {
		command_answer(command, EPP_RANGE, "more than %d ids",
		    (int)KEEPER_OBJECTS_MAX);
		return;
	}
	for (size_t i = 0; i < epp->id_count; i++)
		objects[i] = (struct keeper_object){OBJECT_CONTACT,
		    command_object_name(command, epp->ids[i], command->arena)};
	command_fetch(command, objects, epp->id_count, then);
}

void
local_start(struct command *command)
{
	command->kept = NULL;
	command->local_code = EPP_OK;
	switch (command->epp->verb) {
	case EPP_CHECK:
		ask(command, checked);
		return;
	case EPP_INFO:
		ask(command, asked);
		return;
	case EPP_DELETE:
		ask(command, deleted);
		return;
	case EPP_CREATE:
		take(command, created);
		return;
	case EPP_UPDATE:
		take(command, updated);
		return;
	case EPP_HELLO:
	case EPP_LOGIN:
	case EPP_LOGOUT:
	case EPP_POLL:
	case EPP_RENEW:
	case EPP_VERB_COUNT:
		break;
	case EPP_TRANSFER:
		if (slice_is(command->epp->operation, "query")) {
			ask(command, queried);
			return;
		}
		break;
	}
	command_answer(command, EPP_UNIMPLEMENTED,
	    "this registry takes no contacts; misu keeps them, and does not "
	    "transfer them");
}

bool
local_domain_info(struct command *command, const struct epp_response *response)
{
	const struct epp_command *epp = command->epp;
	struct fail fail = FAIL_INIT;
	const struct record *record;
	struct slice client_id =
	    command->session->pooled ? epp->client_id : response->client_id;

	if (epp->verb != EPP_INFO || epp->object != EPP_DOMAIN ||
	    response->code != EPP_OK || command->object_count == 0 ||
	    command->session->upstream->conf == NULL ||
	    command->session->upstream->conf->contacts != CONTACTS_PROHIBITED)
		return false;
	record = kept_contact(&command->held[0]);
	/* The next change is made upon the same (domain_start). */
	if (doubt_wants_info(command, 0))
		record = doubt_settle(command, 0,
		    epp_response_record(response, command->arena, &fail));
	if (record == NULL)
		return false;
	command_answer_bytes(command,
	    epp_frame_domain_info(response, record, client_id, command->arena));
	return true;
}

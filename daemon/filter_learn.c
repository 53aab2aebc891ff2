/*
 * What the keeper gets to know from answers beside how a command ended: what
 * the registry says of a domain itself, where something is published of it;
 * and which objects are its client's no more.
 */
#include "codec/pack.h"
#include "filter_priv.h"

/* --- what is registered --- */

void
command_learn(struct command *command, const struct epp_response *response)
{
	const struct upstream *upstream = command->session->upstream;
	struct arena *arena = command->flight.arena;
	struct text packed = text_start(arena);
	struct registration registration;
	struct fail fail = FAIL_INIT;
	struct record *record;

	command->registered = (struct slice){NULL, 0};
	if (!upstream->filter->publishes ||
	    response->code >= EPP_UNKNOWN_COMMAND ||
	    !epp_response_registration(response, arena, &registration, &fail) ||
	    !registration.given)
		return;
	record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_UPDATE, command->epp->id, &fail);
	if (record == NULL ||
	    !record_set_registration(record, &registration, &fail))
		return;
	pack_record(&packed, record);
	command->registered = text_slice(&packed);
}

/* Of a command without an entry it is told by itself. */
static void
tell_registered(struct command *command)
{
	const struct epp_command *epp = command->epp;
	const struct keeper_outcome outcome = {.entry = UINT64_MAX,
	    .end = KEEPER_ANSWERED,
	    .object = {OBJECT_DOMAIN, epp->id},
	    .store = KEEP_REGISTERED,
	    .registered = command->registered};

	if (command->registered.len != 0 &&
	    (epp->verb == EPP_INFO || epp->verb == EPP_RENEW))
		keeper_outcome(
		    command->session->upstream->filter->o.link, &outcome);
	command->registered = (struct slice){NULL, 0};
}

static bool
has_word(const struct slice *words, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(words[i], word))
			return true;
	return false;
}

static bool
is_removed(const struct epp_domain *domain, struct slice status)
{
	const char *word;

	for (unsigned i = 0; (word = epp_domain_status(i)) != NULL; i++)
		if ((domain->remove_statuses >> i & 1) != 0 &&
		    slice_is(status, word))
			return true;
	return false;
}

/* "ok" stands alone: where something was added it goes, else it comes back. */
static size_t
change_statuses(const struct epp_domain *domain, struct values before,
    struct slice out[REGISTRATION_WORDS])
{
	const char *word;
	size_t count = 0;

	for (size_t i = 0; i < before.count && i < REGISTRATION_WORDS; i++)
		if (!is_removed(domain, before.items[i]) &&
		    !(slice_is(before.items[i], "ok") &&
			domain->add_statuses != 0))
			out[count++] = before.items[i];
	for (unsigned i = 0; (word = epp_domain_status(i)) != NULL; i++)
		if ((domain->add_statuses >> i & 1) != 0 &&
		    count < REGISTRATION_WORDS && !has_word(out, count, word))
			out[count++] = slice_from(word);
	if (count == 0)
		out[count++] = SLICE("ok");
	return count;
}

bool
command_keep_statuses(const struct command *command,
    const struct record *stored, struct record *kept, struct fail *fail)
{
	const struct epp_domain *domain = command->epp->domain;
	struct slice words[REGISTRATION_WORDS];
	struct registration registration;

	if (!command->session->upstream->filter->publishes || stored == NULL ||
	    (domain->add_statuses | domain->remove_statuses) == 0)
		return true;
	registration = *record_registration(stored);
	if (!registration.given || registration.status.count == 0)
		return true;
	registration.status.count =
	    change_statuses(domain, registration.status, words);
	registration.status.items = words;
	return record_set_registration(kept, &registration, fail);
}

/* --- what is gone --- */

static void
tell_removal(struct command *command, enum keeper_end end,
    enum object_type type, struct slice name)
{
	const struct keeper_outcome outcome = {.entry = UINT64_MAX,
	    .end = end,
	    .object = {type, name},
	    .store = KEEP_REMOVAL};

	if (name.len != 0)
		keeper_outcome(
		    command->session->upstream->filter->o.link, &outcome);
}

static void
forget(struct command *command, enum object_type type, struct slice name)
{
	tell_removal(command, KEEPER_ANSWERED, type, name);
}

/* Empty: nothing is kept of such objects. */
static struct keeper_object
deleted_object(const struct command *command)
{
	const struct epp_command *epp = command->epp;

	if (epp->object == EPP_CONTACT)
		return (struct keeper_object){OBJECT_CONTACT,
		    command_object_name(command, epp->id, command->arena)};
	return (struct keeper_object){OBJECT_DOMAIN,
	    epp->object == EPP_DOMAIN ? epp->id : (struct slice){"", 0}};
}

static void
tell_deletion(struct command *command, enum keeper_end end)
{
	const struct keeper_object object = deleted_object(command);

	tell_removal(command, end, object.type, object.name);
}

/* A deleted object's record goes too: nothing of it is needed any more. */
void
command_forget(struct command *command)
{
	tell_deletion(command, KEEPER_ANSWERED);
}

static bool
is_told_before(const struct command *command)
{
	return command->epp != NULL && command->epp->verb == EPP_DELETE &&
	       command->session->upstream->filter->publishes;
}

/* Also where the keeper is away: a deletion passes then, too. */
static void
noted(void *arg, const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;

	command->deletes = fail == NULL;
	if (session->conn == NULL) {
		command_not_sent(command);
		command->state = COMMAND_DONE;
	} else if (session->upstream->conf == NULL) {
		command_answer(command, EPP_FAILED,
		    "misu stands before this registry no more");
	} else {
		command_pass(command);
	}
	session_pump(session);
}

/*
 * A deletion has no entry: where something is published of the object, that
 * is in doubt before it is sent, whoever dies, and until the answer.
 */
void
command_delete(struct command *command)
{
	const struct keeper_outcome outcome = {.end = KEEPER_UNKNOWN,
	    .object = deleted_object(command),
	    .store = KEEP_REMOVAL};

	if (!is_told_before(command) || outcome.object.name.len == 0) {
		command_pass(command);
		return;
	}
	command->state = COMMAND_ASKING;
	keeper_tell(command->session->upstream->filter->o.link, command->arena,
	    &outcome, noted, command);
}

void
command_sent(struct command *command)
{
	if (is_told_before(command) && !command->deletes)
		tell_deletion(command, KEEPER_UNKNOWN);
	command->deletes = false;
}

void
command_not_sent(struct command *command)
{
	if (command->deletes)
		tell_deletion(command, KEEPER_NOT_SENT);
	command->deletes = false;
}

/* Only misu has the contacts that it knows to stand in a domain. */
static bool
keeps_links(const struct command *command)
{
	const struct conf_upstream *conf = command->session->upstream->conf;

	return conf != NULL && conf->contacts == CONTACTS_PROHIBITED &&
	       command->epp->object == EPP_DOMAIN;
}

/*
 * What is not there was deleted before, or never made: perhaps nobody knew.
 * Its contacts would be linked for ever.
 */
static void
not_deleted(struct command *command, unsigned code)
{
	enum epp_verb verb = command->epp->verb;
	bool is_gone = code == EPP_NOT_EXISTS;

	if (verb == EPP_DELETE &&
	    command->session->upstream->filter->publishes)
		tell_deletion(
		    command, is_gone ? KEEPER_ANSWERED : KEEPER_REFUSED);
	else if (is_gone && keeps_links(command) &&
	    (verb == EPP_DELETE || verb == EPP_INFO))
		command_forget(command);
}

/* Who logs in at the registry. */
static struct slice
own_client(const struct command *command)
{
	const struct session *session = command->session;

	return session->pooled && session->upstream->conf != NULL
		   ? session->upstream->conf->login
		   : slice_from(session->client);
}

/* Approved here, or told in the queue: it is another registrar's now. */
static void
forget_passed_on(struct command *command, const struct epp_response *response)
{
	const struct epp_command *epp = command->epp;
	struct slice domain, from;

	if ((epp->verb == EPP_TRANSFER && epp->object == EPP_DOMAIN &&
		slice_is(epp->operation, "approve")) ||
	    (epp->verb == EPP_POLL && slice_is(epp->operation, "req") &&
		epp_response_passed_on(
		    response, command->flight.arena, &domain, &from) &&
		slice_equal(from, own_client(command))))
		forget(command, OBJECT_DOMAIN,
		    epp->verb == EPP_POLL ? domain : epp->id);
}

void
command_learned(struct command *command, const struct epp_response *response)
{
	if (response->code >= EPP_UNKNOWN_COMMAND) {
		not_deleted(command, response->code);
		return;
	}
	tell_registered(command);
	if (command->epp->verb == EPP_DELETE)
		command_forget(command);
	else
		forget_passed_on(command, response);
}

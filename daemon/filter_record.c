/*
 * What a command asks of the keeper: records of the vault, and that its
 * decision be recorded before anything of it is sent.
 */
#include "base/text.h"
#include "filter_priv.h"

static void fetched(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail);
static void committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail);

struct slice
command_object_name(
    const struct command *command, struct slice id, struct arena *arena)
{
	struct slice upstream = slice_from(command->session->upstream->name);
	size_t len = upstream.len + 1 + id.len;
	char *name = arena_take(arena, len + 1);

	if (name == NULL)
		return (struct slice){NULL, 0};
	memcpy(name, upstream.data, upstream.len);
	name[upstream.len] = '/';
	if (id.len != 0)
		memcpy(name + upstream.len + 1, id.data, id.len);
	return (struct slice){name, len};
}

void
command_fetch(struct command *command, const struct keeper_object *objects,
    size_t count, void (*then)(struct command *command))
{
	struct keeper_object *copy =
	    arena_take_array(command->arena, count, sizeof(*copy));

	if (copy == NULL) {
		command_answer(command, EPP_FAILED, "out of memory");
		return;
	}
	memcpy(copy, objects, count * sizeof(*copy));
	command->objects = copy;
	command->object_count = count;
	command->then = then;
	command->state = COMMAND_ASKING;
	keeper_fetch(command->session->upstream->filter->o.link, command->arena,
	    copy, count, fetched, command);
}

static void
fetched(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;

	if (fail != NULL && fail->kind != FAIL_NONE) {
		command_answer(command, EPP_FAILED,
		    "not recorded, not sent: %s", fail->text);
	} else if (session->conn == NULL) {
		command->state = COMMAND_DONE;
	} else if (session->upstream->conf == NULL) {
		command_answer(command, EPP_FAILED,
		    "misu stands before this registry no more");
	} else {
		struct keeper_held *copy =
		    arena_take_array(command->arena, count, sizeof(*copy));

		if (copy == NULL) {
			command_answer(command, EPP_FAILED, "out of memory");
		} else {
			memcpy(copy, held, count * sizeof(*copy));
			command->held = copy;
			command->then(command);
		}
	}
	session_pump(session);
}

/* --- the decision --- */

static bool
encode(struct command *command, const struct disclosure *disclosure,
    struct slice *payload, struct fail *fail)
{
	const struct upstream *upstream = command->session->upstream;
	struct epp_manner manner = upstream->manner;
	const struct epp_command *epp = command->epp;

	*payload = (struct slice){NULL, 0};
	if (command->session->pooled)
		manner.client_id = command->flight.client_id;
	manner.held = command->shown;
	if (command->unread.len != 0) {
		*payload = command->unread;
		return true;
	}
	if (upstream->conf->shadows && !command->is_local)
		return epp_frame_shadow(
		    epp, disclosure, &manner, command->arena, payload, fail);
	if (disclosure_outcome(disclosure).verdict != VERDICT_FORWARD ||
	    command->is_local)
		return true;
	if (epp->object == EPP_CONTACT && epp->contact != NULL)
		return epp_frame_contact(
		    epp, disclosure, &manner, command->arena, payload, fail);
	return epp_frame_object(
	    epp, disclosure, &manner, command->arena, payload, fail);
}

/*
 * Nothing is judged of a contact's creation any more, unless it begins anew.
 * While the session is pumped the command is there, however it ended.
 */
static bool
may_settle(const struct command *command)
{
	return command->session->pumping && command->state == COMMAND_ASKING &&
	       command->epp->verb == EPP_CREATE &&
	       command->epp->contact != NULL && !command->is_local &&
	       command->more == NULL && command->kept == NULL &&
	       command->domain == NULL;
}

void
command_commit(struct command *command, const struct decision *decision)
{
	struct upstream *upstream = command->session->upstream;
	struct keeper_commit commit = {.disclosure = decision->disclosure,
	    .record = command->record,
	    .scope = decision->scope,
	    .block = decision->block,
	    .given = decision->given,
	    .upstream = slice_from(upstream->name),
	    .principal = slice_from(command->session->client),
	    .setup = upstream->filter->setup,
	    .store = decision->store,
	    .stored = decision->stored,
	    .seen = decision->seen,
	    .approval = command->approval};
	struct fail fail;

	fail_clear(&fail);
	command->store = decision->store;
	command->outcome = disclosure_outcome(decision->disclosure);
	/* It is told when the answer comes: the setup may be another then. */
	command->reason = (struct slice){NULL, 0};
	if (command->outcome.verdict != VERDICT_FORWARD)
		command->reason = arena_copy(
		    command->keep, disclosure_reason(decision->disclosure));
	if (!encode(command, decision->disclosure, &commit.payload, &fail)) {
		filter_log(upstream, "error", "frame-not-made", &fail);
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	commit.channel = SLICE("epp");
	if (upstream->conf->shadows)
		commit.channel = SLICE("epp-shadow");
	else if (commit.payload.len == 0 &&
		 command->outcome.verdict == VERDICT_FORWARD)
		commit.channel = SLICE("vault");
	/* What only misu keeps waits for nobody's answer. */
	if (commit.payload.len == 0 && commit.store == KEEP_RECORD)
		commit.store = command->store = KEEP_HERE;
	command->state = COMMAND_ASKING;
	upstream->decided++;
	keeper_commit(upstream->filter->o.link, command->keep, &commit,
	    committed, command);
	if (may_settle(command))
		command_settle(command);
}

/* This entry's outcome will be the command's; now the next one. */
static void
note_also(struct command *command, uint64_t entry)
{
	struct also *also = arena_take(command->arena, sizeof(*also));

	if (also == NULL) {
		command_end_entry(command, entry, KEEPER_NOT_SENT, 0);
		command_outcome(command, KEEPER_NOT_SENT, 0);
		command_answer(command, EPP_FAILED, "out of memory");
		return;
	}
	*also = (struct also){.next = command->also, .entry = entry};
	command->also = also;
	command->more(command);
}

/* Durable: it goes, or is refused, or was for misu alone. */
static void
recorded(struct command *command, const struct keeper_committed *committed)
{
	struct session *session = command->session;

	command->entry = committed->entry;
	if (committed->sealed == NULL &&
	    command->outcome.verdict != VERDICT_FORWARD) {
		if (command->refusal.len != 0)
			command_answer(command, EPP_POLICY, "%.*s",
			    SLICE_ARG(command->refusal));
		else
			command_answer(command, EPP_POLICY, "rule %u: %.*s",
			    command->outcome.rule, SLICE_ARG(command->reason));
		return;
	}
	if (command->more != NULL &&
	    (session->conn == NULL || session->upstream->conf == NULL)) {
		if (committed->sealed != NULL)
			command_end_entry(
			    command, committed->entry, KEEPER_NOT_SENT, 0);
		command_answer(command, EPP_FAILED, "not sent");
		return;
	}
	if (committed->sealed == NULL && command->more != NULL) {
		command->more(command);
		return;
	}
	if (command->more != NULL) {
		note_also(command, committed->entry);
		return;
	}
	command->recorded = committed->sealed != NULL;
	command->sealed = committed->sealed;
	if (session->conn == NULL) {
		command_outcome(command, KEEPER_NOT_SENT, 0);
		command->state = COMMAND_DONE;
	} else if (command->kept != NULL) {
		kept_note(command);
	} else {
		command_go(command);
	}
}

void
command_go(struct command *command)
{
	unsigned code = command->local_code != 0 ? command->local_code : EPP_OK;

	if (command->sealed != NULL)
		command_ready(command);
	else
		command_answer_data(command, code, command->local_data);
}

void
command_not_recorded(struct command *command,
    const struct keeper_committed *committed, const struct fail *fail)
{
	command_answer(command, EPP_FAILED,
	    committed != NULL ? "perhaps recorded, not sent: %s"
			      : "not recorded, not sent: %s",
	    fail->text);
}

static void
committed(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct command *command = arg;
	struct session *session = command->session;

	if (fail != NULL && fail->kind != FAIL_NONE) {
		command_not_recorded(command, committed, fail);
		session_pump(session);
		return;
	}
	switch (committed->word) {
	case KEEPER_DURABLE:
		recorded(command, committed);
		break;
	case KEEPER_HELD:
		command_answer(command, EPP_POLICY,
		    "held, hold %lld; rule %u: %.*s; send it again once an "
		    "operator has approved it",
		    (long long)committed->id, command->outcome.rule,
		    SLICE_ARG(command->reason));
		break;
	case KEEPER_APPROVED:
		command->approved = true;
		command->approval = committed->id;
		command->state = COMMAND_NEW;
		break;
	case KEEPER_STALE:
		command_stale(command);
		break;
	case KEEPER_CHANGED:
		command->state = COMMAND_NEW;
		break;
	case KEEPER_STOPPED:
		command_answer(command, EPP_POLICY,
		    "stopped: a person whose data this shows stopped its "
		    "provision (entry %llu); only what takes data away passes",
		    (unsigned long long)committed->entry);
		break;
	case KEEPER_LOST:
		break; /* with a fail */
	}
	session_pump(session);
}

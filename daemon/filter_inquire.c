/*
 * What misu does not know of an object it asks the registry, on the line the
 * command itself will take: an info, which carries nothing personal.
 */
#include "filter_priv.h"

struct inquiry {
	struct flight flight; /* first */
	struct command *command;
	enum epp_object object;
	struct slice id;
	void (*then)(struct command *command, struct record *found);
};

/* What the registry has it may show, unless it publishes nothing unmarked. */
static bool
note_shown(const struct inquiry *inquiry, struct record *record,
    struct fail *fail)
{
	const struct session *session = inquiry->command->session;
	struct epp_facts facts = {
	    .given = true, .client = slice_from(session->client)};

	contact_presume(session->upstream, inquiry->id, record, &facts);
	return record_set_epp(record, &facts, fail);
}

/* Under the name the vault knows. */
static struct record *
rename_contact(const struct inquiry *inquiry, struct record *found,
    struct fail *fail)
{
	struct command *command = inquiry->command;
	struct slice name =
	    command_object_name(command, inquiry->id, command->arena);
	struct record *record = name.data == NULL
	    ? NULL
	    : record_create(command->arena, OBJECT_CONTACT, OPERATION_CREATE,
		  name, fail);

	if (record == NULL ||
	    !record_copy_role(record, found, CONTACT_ROLE, fail) ||
	    !conf_presume_kind(command->session->upstream->conf, record,
		inquiry->id, fail) ||
	    !note_shown(inquiry, record, fail))
		return NULL;
	return record;
}

static void
answered(struct flight *flight, const struct epp_response *response)
{
	struct inquiry *inquiry = (struct inquiry *)(void *)flight;
	struct command *command = inquiry->command;
	struct session *session = command->session;
	struct fail fail = FAIL_INIT;
	struct record *found = NULL;

	session->on_line--;
	if (response->code == EPP_OK) {
		found = epp_response_record(response, command->arena, &fail);
		if (found != NULL && inquiry->object == EPP_CONTACT)
			found = rename_contact(inquiry, found, &fail);
	}
	if (session->conn == NULL)
		command->state = COMMAND_DONE;
	else if (session->upstream->conf == NULL)
		command_answer(command, EPP_FAILED, "not sent");
	else
		inquiry->then(command, found);
	session_pump(session);
}

static void
lost(struct flight *flight, const struct fail *fail)
{
	struct inquiry *inquiry = (struct inquiry *)(void *)flight;
	struct command *command = inquiry->command;

	command->session->on_line--;
	command_answer(command, EPP_FAILED, "not sent: %s", fail->text);
	session_pump(command->session);
}

void
command_inquire(struct command *command, enum epp_object object,
    struct slice id,
    void (*then)(struct command *command, struct record *found))
{
	struct session *session = command->session;
	struct arena *arena = command->arena;
	struct inquiry *inquiry = arena_take(arena, sizeof(*inquiry));
	struct line *line =
	    session->pooled ? pool_line(session) : session->line;
	const struct epp_plain *ask;
	struct fail fail = FAIL_INIT;

	if (inquiry == NULL) {
		command_answer(command, EPP_FAILED, "out of memory");
		return;
	}
	*inquiry = (struct inquiry){.flight = {.arena = arena,
					.answered = answered,
					.lost = lost},
	    .command = command,
	    .object = object,
	    .id = id,
	    .then = then};
	inquiry->flight.client_id =
	    filter_client_id(session->upstream->filter, arena);
	ask = epp_frame_own_ask(
	    EPP_INFO, object, id, inquiry->flight.client_id, arena, &fail);
	command->state = COMMAND_ASKING;
	if (ask == NULL)
		command_answer_fail(command, EPP_FAILED, &fail);
	else if (line == NULL ||
	    !line_send_plain(line, &inquiry->flight, ask))
		command_answer(command, EPP_FAILED,
		    "not sent: no session at the registry");
	else
		session->on_line++;
}

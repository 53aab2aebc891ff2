/*
 * The way of one command: read, let begin in its turn, decided by what it is
 * about (filter_contact.c and so on), recorded, sent, answered.
 */
#include <stdarg.h>

#include "filter_priv.h"

static void answered(
    struct flight *flight, const struct epp_response *response);
static void lost(struct flight *flight, const struct fail *fail);

/* --- reading --- */

/* Its clTRID at the registry; a frame that is read again keeps it. */
static void
name_flight(struct command *command)
{
	struct session *session = command->session;

	if (!session->pooled)
		command->flight.client_id = command->epp->client_id;
	else if (command->flight.client_id.len == 0)
		command->flight.client_id =
		    filter_client_id(session->upstream->filter, command->keep);
}

static void
read_frame(struct command *command)
{
	struct session *session = command->session;
	const struct conf_upstream *conf = session->upstream->conf;
	struct xml_limits limits = xml_limits_default;
	struct epp_problem problem = {.code = EPP_SYNTAX};
	struct fail fail;

	fail_clear(&fail);
	if (conf != NULL)
		limits.bytes = conf->frame;
	command->settled = false;
	command->epp = epp_read_command(
	    command->arena, command->text, &limits, &problem, &fail);
	if (command->epp != NULL) {
		name_flight(command);
		return;
	}
	command->epp = arena_take(command->arena, sizeof(*command->epp));
	if (command->epp != NULL) {
		command->epp->verb = EPP_VERB_COUNT;
		command->epp->client_id = problem.client_id;
	}
	if (command->epp != NULL && fail.kind != FAIL_MEMORY &&
	    unread_keep(command, command->text)) {
		filter_log(session->upstream, "warn", "frame-not-read", &fail);
		return;
	}
	command_answer_fail(command,
	    fail.kind == FAIL_MEMORY ? EPP_FAILED : problem.code, &fail);
}

/* NULL when out of memory. */
static struct command *
make_command(struct filter *filter)
{
	struct arena *keep = filter_arena(filter), *work;
	struct command *command =
	    keep != NULL ? arena_take(keep, sizeof(*command)) : NULL;

	work = command != NULL ? filter_work(filter) : NULL;
	if (work == NULL) {
		if (keep != NULL)
			filter_give_arena(filter, keep);
		return NULL;
	}
	command->keep = keep;
	command->arena = work;
	return command;
}

bool
command_create(struct session *session, struct slice xml)
{
	struct command *command = make_command(session->upstream->filter);

	if (command == NULL)
		return false;
	command->flight.answered = answered;
	command->flight.lost = lost;
	command->session = session;
	command->deadline = INT64_MAX;
	*session->last = command;
	session->last = &command->next;
	session->count++;
	command->text = arena_copy(command->keep, xml);
	if (command->text.data == NULL)
		command_answer(command, EPP_FAILED, "out of memory");
	else
		read_frame(command);
	return true;
}

/* What is left of what was read: enough for an answer. */
static struct epp_command *
make_rest(const struct command *command)
{
	const struct epp_command *epp = command->epp;
	struct epp_command *rest = arena_take(command->keep, sizeof(*rest));

	if (rest == NULL)
		return NULL;
	rest->verb = epp->verb;
	rest->object = epp->object;
	rest->client_id = arena_copy(command->keep, epp->client_id);
	return rest->client_id.data != NULL ? rest : NULL;
}

void
command_settle(struct command *command)
{
	struct filter *filter = command->session->upstream->filter;
	struct slice name = arena_copy(command->keep, command->object.name);
	struct epp_command *rest = make_rest(command);

	/* Without the memory for less it keeps what it has. */
	if (rest == NULL || name.data == NULL)
		return;
	command->object.name = name;
	command->epp = rest;
	if (!command->session->pooled)
		command->flight.client_id = rest->client_id;
	command->record = NULL;
	command->shown = NULL;
	command->places = NULL;
	command->held = NULL;
	command->objects = NULL;
	command->object_count = 0;
	filter_give_work(filter, command->arena);
	command->arena = command->keep;
	command->settled = true;
}

/* It begins anew: false if that cannot be, and it is answered. */
static bool
read_again(struct command *command)
{
	struct arena *work = filter_work(command->session->upstream->filter);

	if (work == NULL) {
		command_answer(command, EPP_FAILED, "out of memory");
		return false;
	}
	command->arena = work;
	read_frame(command);
	return command->state != COMMAND_DONE;
}

void
command_free(struct command *command)
{
	struct filter *filter = command->session->upstream->filter;

	if (command->scratch != NULL)
		filter_give_arena(filter, command->scratch);
	if (command->arena != command->keep)
		filter_give_work(filter, command->arena);
	/* The command lies in its own arena. */
	filter_give_arena(filter, command->keep);
}

/* --- answering --- */

static void
answer(struct command *command, unsigned code, struct slice message,
    struct slice data)
{
	struct epp_answer answer = {.code = code,
	    .message = message,
	    .data = data,
	    .server_id = filter_client_id(
		command->session->upstream->filter, command->arena)};

	if (command->epp != NULL)
		answer.client_id = command->epp->client_id;
	command_answer_bytes(
	    command, epp_frame_answer(&answer, command->arena));
	if (epp_code_closes(code))
		command->session->state = SESSION_ENDING;
}

void
command_answer(struct command *command, unsigned code, const char *format, ...)
{
	static const char who[] = "misu: "; /* not the registry */
	char message[512] = "";
	size_t len = sizeof(who) - 1;
	va_list list;

	command->session->upstream->refused += code == EPP_POLICY;
	if (format != NULL) {
		memcpy(message, who, len);
		va_start(list, format);
		vsnprintf(message + len, sizeof(message) - len, format, list);
		va_end(list);
	}
	answer(command, code, slice_from(message), (struct slice){NULL, 0});
}

void
command_answer_fail(
    struct command *command, unsigned code, const struct fail *fail)
{
	command_answer(command, code, "%s%s%s%s%s", fail->place,
	    fail->place[0] != '\0' ? ": " : "", fail->text,
	    fail->hint[0] != '\0' ? "; " : "", fail->hint);
}

void
command_answer_data(struct command *command, unsigned code, struct slice data)
{
	answer(command, code, (struct slice){NULL, 0}, data);
}

void
command_answer_bytes(struct command *command, struct slice bytes)
{
	struct session *session = command->session;

	/* What was recorded of it and not sent will not be any more. */
	command_outcome(command, KEEPER_NOT_SENT, 0);
	command->state = COMMAND_DONE;
	command->answer = (struct slice){NULL, 0};
	if (session->conn == NULL)
		return;
	if (bytes.data == NULL) {
		/* No memory even for an answer: silence would be worse. */
		session->state = SESSION_ENDING;
		return;
	}
	if (session->first == command && session->state != SESSION_OPENING)
		session->conn->operations->send(session->conn, bytes);
	else
		command->answer = arena_copy(command->arena, bytes);
}

/* --- its turn --- */

static bool
is_plain(const struct command *command)
{
	return epp_verb_is_plain(command->epp->verb);
}

/* Must it see what those before it did? */
static bool
looks_back(const struct command *command)
{
	const struct epp_command *epp = command->epp;
	const struct upstream *upstream = command->session->upstream;

	if (epp->verb == EPP_CREATE && epp->object != EPP_DOMAIN &&
	    upstream->conf != NULL &&
	    upstream->conf->contacts != CONTACTS_PROHIBITED)
		return false;
	return !is_plain(command) || epp->verb == EPP_LOGIN ||
	       epp->verb == EPP_LOGOUT ||
	       (upstream->conf != NULL &&
		   (upstream->conf->contacts == CONTACTS_PROHIBITED ||
		       upstream->conf->backend_count > 1));
}

bool
command_must_wait(const struct command *command)
{
	const struct session *session = command->session;
	bool back = looks_back(command);

	for (const struct command *c = session->first; c != command;
	     c = c->next) {
		if (c->state == COMMAND_DONE)
			continue;
		if (back || c->epp->verb == EPP_LOGIN ||
		    c->epp->verb == EPP_LOGOUT)
			return true;
	}
	return false;
}

static void
answer_lost(struct command *command, const char *what, const struct fail *why)
{
	bool last = command->next == NULL && !command->session->pooled;

	command_answer(command, last ? EPP_FAILED_CLOSING : EPP_FAILED,
	    "%s, registry away: %s", what, why->text);
}

/* --- login and logout --- */

static const struct conf_backend *
find_backend(const struct session *session, struct slice id, size_t *index)
{
	const struct conf_upstream *conf = session->upstream->conf;

	for (size_t i = 0; i < conf->backend_count; i++)
		if (slice_equal(conf->backends[i].login, id)) {
			*index = i;
			return &conf->backends[i];
		}
	return NULL;
}

static bool
shows_certificate(
    const struct session *session, const struct conf_backend *backend)
{
	const struct epp_peer *peer;

	if (!backend->has_certificate)
		return true;
	peer = session->conn != NULL ? epp_conn_peer(session->conn) : NULL;
	return peer != NULL && peer->has_certificate &&
	       digest_equal(&peer->certificate, &backend->certificate);
}

/* Equal without telling by time how far. */
static bool
is_password(const struct session *session, size_t index, struct slice given)
{
	struct slice right = session->upstream->backend_passwords[index];
	struct digest a = digest_sha256(right), b = digest_sha256(given);

	return right.len != 0 && digest_equal(&a, &b);
}

static bool
may_come(const struct session *session, const struct conf_backend *backend)
{
	const struct upstream *upstream = session->upstream;
	size_t count = 0, most = backend->connections != 0
				     ? backend->connections
				     : upstream->conf->backend_connections;

	for (const struct session *s = upstream->sessions; s != NULL;
	     s = s->next)
		count += s->state == SESSION_OPEN &&
			 slice_is(backend->login, s->client);
	return most == 0 || count < filter_share(upstream->filter, most);
}

static void
refuse_login(struct command *command)
{
	struct session *session = command->session;

	if (++session->failures >= LOGIN_FAILURES)
		command_answer(command, EPP_AUTHENTICATION_CLOSING, NULL);
	else
		command_answer(command, EPP_AUTHENTICATION, NULL);
}

static void
keep_client(struct session *session, struct slice id)
{
	size_t len = id.len < sizeof(session->client)
			 ? id.len
			 : sizeof(session->client) - 1;

	memcpy(session->client, id.data, len);
	session->client[len] = '\0';
	session->state = SESSION_OPEN;
	if (session->conn != NULL && session->upstream->conf != NULL)
		session->conn->operations->patience(
		    session->conn, session->upstream->conf->idle);
}

static void
login_start(struct command *command)
{
	struct session *session = command->session;
	const struct epp_login *login = command->epp->login;
	const struct conf_backend *backend;
	size_t index = 0;

	if (session->state == SESSION_OPEN) {
		command_answer(command, EPP_USE, "logged in already");
		return;
	}
	backend = find_backend(session, login->id, &index);
	if ((session->pooled || session->upstream->conf->backend_count != 0) &&
	    (backend == NULL || !shows_certificate(session, backend))) {
		refuse_login(command);
		return;
	}
	if (backend != NULL && !may_come(session, backend)) {
		command_answer(command, EPP_SESSION_LIMIT, NULL);
		return;
	}
	if (!session->pooled) {
		command_pass(command);
		return;
	}
	if (backend->password_file.len != 0 &&
	    !is_password(session, index, login->password)) {
		refuse_login(command);
		return;
	}
	if (login->has_new_password) {
		command_answer(command, EPP_OPTION,
		    "newPW: this password is changed where misu is run");
		return;
	}
	keep_client(session, login->id);
	command_answer(command, EPP_OK, NULL);
}

static void
logout_start(struct command *command)
{
	if (command->session->pooled || command->session->state != SESSION_OPEN)
		command_answer(command, EPP_ENDING, NULL);
	else
		command_pass(command);
}

static void
hello_start(struct command *command)
{
	struct upstream *upstream = command->session->upstream;
	char date[DATE_SIZE];
	size_t len = date_print(filter_now(upstream->filter) / 1000, 0, date);

	command_answer_bytes(
	    command, epp_frame_greeting(upstream->greeting,
			 upstream->conf->contacts == CONTACTS_PROHIBITED,
			 (struct slice){date, len}, command->arena));
}

/* --- plain commands --- */

/* A domain's contacts are kept here: its info gets them back. */
static bool
wants_links(const struct command *command)
{
	const struct epp_command *epp = command->epp;

	return epp->verb == EPP_INFO && epp->object == EPP_DOMAIN &&
	       command->session->upstream->conf->contacts ==
		   CONTACTS_PROHIBITED;
}

/* The queue is that of all backends, over all workers: each its own word. */
static bool
has_read(const struct command *command)
{
	const struct session *session = command->session;
	struct digest id = digest_sha256(command->epp->message_id);

	return session->has_read && digest_equal(&session->read, &id);
}

static void
plain_start(struct command *command)
{
	const struct epp_command *epp = command->epp;
	struct keeper_object object = {.type = OBJECT_DOMAIN};

	if (epp->verb == EPP_POLL && slice_is(epp->operation, "ack") &&
	    tenant_is_one_of_many(command->session) && !has_read(command)) {
		command_answer(command, EPP_AUTHORIZATION,
		    "a message is acknowledged by who read it");
		return;
	}
	if (wants_links(command)) {
		object.name = epp->id;
		command_fetch(command, &object, 1, command_pass);
	} else if (epp->verb == EPP_DELETE) {
		command_delete(command);
	} else {
		command_pass(command);
	}
}

/* --- starting --- */

static bool
check_frame(struct command *command)
{
	struct upstream *upstream = command->session->upstream;
	struct epp_problem problem = {.code = EPP_EXTENSION};
	struct fail fail;
	enum field field;

	fail_clear(&fail);
	if (!upstream->conf->shadows &&
	    !epp_frame_check_extensions(
		command->epp, &upstream->manner, &problem, &fail)) {
		command_answer_fail(command, problem.code, &fail);
		return false;
	}
	if (!is_plain(command) && !upstream->conf->shadows &&
	    epp_frame_has_placeholder(
		command->epp, &upstream->manner, &field)) {
		command_answer(command, EPP_VALUE_POLICY,
		    "%s is the placeholder that stands for a redacted value, "
		    "not data",
		    field_info[field].name);
		return false;
	}
	return true;
}

static void
open_start(struct command *command)
{
	const struct epp_command *epp = command->epp;
	const struct conf_upstream *conf = command->session->upstream->conf;

	if (!check_frame(command))
		return;
	if (conf->contacts == CONTACTS_PROHIBITED && epp->object == EPP_CONTACT)
		local_start(command);
	else if (is_plain(command))
		tenant_look(command, plain_start);
	else if (epp->object == EPP_CONTACT && epp->contact != NULL)
		contact_start(command);
	else if (epp->object == EPP_DOMAIN && epp->verb != EPP_TRANSFER)
		domain_start(command);
	else
		tenant_look(command, object_start);
}

void
command_start(struct command *command)
{
	struct session *session = command->session;

	command->state = COMMAND_ASKING; /* until something else is said */
	command->setups = session->upstream->filter->setups;
	/* Of an earlier try nothing is left. */
	command_outcome(command, KEEPER_NOT_SENT, 0);
	command->sealed = NULL;
	command->plain = NULL;
	command->more = NULL;
	if (command->settled && !read_again(command))
		return;
	if (session->state == SESSION_LOST || session->upstream->conf == NULL)
		answer_lost(command, "not sent", &session->why);
	else if (command->epp->verb == EPP_HELLO)
		hello_start(command);
	else if (command->epp->verb == EPP_LOGIN)
		login_start(command);
	else if (command->epp->verb == EPP_LOGOUT)
		logout_start(command);
	else if (session->state != SESSION_OPEN)
		command_answer(command, EPP_USE, "log in first");
	else if (command->unread.len != 0)
		unread_start(command);
	else
		open_start(command);
}

/* --- what is sent --- */

static struct epp_manner
manner_of(const struct command *command)
{
	struct epp_manner manner = command->session->upstream->manner;

	if (command->session->pooled)
		manner.client_id = command->flight.client_id;
	return manner;
}

void
command_ready(struct command *command)
{
	struct upstream *upstream = command->session->upstream;

	command->state = COMMAND_READY;
	command->deadline =
	    filter_now(upstream->filter) +
	    (upstream->conf != NULL ? (int64_t)upstream->conf->answer * 1000
				    : 0);
	filter_tick(upstream);
}

void
command_stale(struct command *command)
{
	struct filter *filter = command->session->upstream->filter;

	/* It may have come while the keeper was asked. */
	if (command->setups != filter->setups) {
		command->state = COMMAND_NEW;
		return;
	}
	command->state = COMMAND_STALE;
	command->deadline = filter_now(filter) + KEEPER_PATIENCE;
	filter_tick(command->session->upstream);
}

void
command_pass(struct command *command)
{
	struct epp_manner manner = manner_of(command);
	struct fail fail;

	fail_clear(&fail);
	command->plain =
	    epp_frame_plain(command->epp, &manner, command->arena, &fail);
	if (command->plain == NULL) {
		command_answer_fail(command, EPP_FAILED, &fail);
		return;
	}
	command->session->upstream->passed++;
	command_ready(command);
}

bool
command_send(struct command *command)
{
	struct session *session = command->session;
	struct line *line =
	    session->pooled ? pool_line(session) : session->line;
	bool sent;

	if (line == NULL && session->state == SESSION_LOST) {
		command_outcome(command, KEEPER_NOT_SENT, 0);
		answer_lost(command, "not sent", &session->why);
		return true;
	}
	if (line == NULL)
		return false;
	sent = command->sealed != NULL
		   ? line_send_sealed(line, &command->flight, command->sealed)
		   : line_send_plain(line, &command->flight, command->plain);
	if (!sent)
		return false;
	session->on_line++;
	command->state = COMMAND_SENT;
	command_sent(command);
	return true;
}

/* --- what comes back --- */

void
command_end_entry(
    struct command *command, uint64_t entry, enum keeper_end end, unsigned code)
{
	const struct keeper_outcome outcome = {
	    .entry = entry, .end = end, .code = code, .store = KEEP_NOTHING};

	keeper_outcome(command->session->upstream->filter->o.link, &outcome);
}

void
command_outcome(struct command *command, enum keeper_end end, unsigned code)
{
	struct upstream *upstream = command->session->upstream;
	const struct keeper_outcome outcome = {.entry = command->entry,
	    .end = end,
	    .code = code,
	    .object = command->object,
	    .store = command->store,
	    .registered = command->registered};

	if (end == KEEPER_ANSWERED)
		upstream->answered++;
	else if (end == KEEPER_UNKNOWN)
		upstream->lost++;
	for (; command->also != NULL; command->also = command->also->next)
		command_end_entry(command, command->also->entry, end, code);
	if (end == KEEPER_NOT_SENT)
		command_not_sent(command);
	if (!command->recorded)
		return;
	command->recorded = false;
	keeper_outcome(upstream->filter->o.link, &outcome);
}

static void
note_message(struct command *command, const struct epp_response *response)
{
	struct session *session = command->session;

	if (command->epp->verb != EPP_POLL ||
	    !slice_is(command->epp->operation, "req") ||
	    response->code != EPP_ACK_TO_DEQUEUE)
		return;
	session->has_read = true;
	session->read = digest_sha256(response->message_id);
}

/* What the answer means for the session. */
static void
note_session(struct command *command, unsigned code)
{
	if (command->epp->verb == EPP_LOGIN && code == EPP_OK)
		keep_client(command->session, command->epp->login->id);
}

static void
answered(struct flight *flight, const struct epp_response *response)
{
	struct command *command = (struct command *)(void *)flight;
	struct session *session = command->session;
	struct slice bytes = response->text;

	session->on_line--;
	command_learn(command, response);
	command_outcome(command,
	    response->code < EPP_UNKNOWN_COMMAND ? KEEPER_ANSWERED
						 : KEEPER_REFUSED,
	    response->code);
	note_message(command, response);
	command_learned(command, response);
	if (session->pooled && epp_code_closes(response->code)) {
		/* In a pool only the registry's session ends. */
		command_answer(command, EPP_FAILED,
		    "the registry ended its session: %u %s", response->code,
		    epp_code_text(response->code));
	} else if (!local_domain_info(command, response)) {
		if (session->pooled)
			bytes = epp_frame_response(
			    response, command->epp->client_id, flight->arena);
		command_answer_bytes(command, bytes);
	}
	note_session(command, response->code);
	session_pump(session);
}

static void
lost(struct flight *flight, const struct fail *fail)
{
	struct command *command = (struct command *)(void *)flight;
	struct session *session = command->session;

	session->on_line--;
	command_outcome(command, KEEPER_UNKNOWN, 0);
	command_answer(command, EPP_FAILED, "outcome unknown: %s", fail->text);
	session_pump(session);
}

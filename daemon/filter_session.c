/*
 * A backend's session (RFC 5730 section 2): greeted as the registry greets,
 * logged in, and then a queue of commands whose answers go back in the order
 * the commands came.
 */
#include "filter_priv.h"

enum { REFUSAL_PAUSE = 10000 /* ms */ };

static void session_opened(void *arg);
static void session_frame(void *arg, struct slice xml);
static void session_closed(void *arg, const struct fail *fail);

const struct epp_conn_events session_events = {.opened = session_opened,
    .frame = session_frame,
    .closed = session_closed};

struct session *
session_create(struct upstream *upstream, struct epp_conn *conn)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->upstream = upstream;
	session->conn = conn;
	session->last = &session->first;
	session->pooled = upstream->conf->mode == UPSTREAM_POOL;
	session->next = upstream->sessions;
	session->at = &upstream->sessions;
	if (session->next != NULL)
		session->next->at = &session->next;
	upstream->sessions = session;
	upstream->session_count++;
	return session;
}

static void
set_patience(struct session *session)
{
	const struct conf_upstream *conf = session->upstream->conf;
	unsigned seconds = conf == NULL ? 1 : conf->idle;

	if (conf != NULL && session->state == SESSION_GREETED)
		seconds = conf->log_in;
	if (session->conn != NULL)
		session->conn->operations->patience(session->conn, seconds);
}

/* --- greeting --- */

/* False: no memory for it, and the session is over. */
static bool
send_greeting(struct session *session)
{
	struct upstream *upstream = session->upstream;
	struct filter *filter = upstream->filter;
	struct arena *arena = filter_arena(filter);
	char date[DATE_SIZE];
	struct slice greeting = {NULL, 0};

	if (arena != NULL) {
		size_t len = date_print(filter_now(filter) / 1000, 0, date);

		greeting = epp_frame_greeting(upstream->greeting,
		    upstream->conf != NULL &&
			upstream->conf->contacts == CONTACTS_PROHIBITED,
		    (struct slice){date, len}, arena);
	}
	if (greeting.data != NULL)
		session->conn->operations->send(session->conn, greeting);
	if (arena != NULL)
		filter_give_arena(filter, arena);
	if (greeting.data == NULL)
		session_close(session);
	return greeting.data != NULL;
}

void
session_greet(struct session *session)
{
	if (session->state != SESSION_OPENING || session->conn == NULL)
		return;
	session->state = SESSION_GREETED;
	session->greeted = filter_now(session->upstream->filter);
	if (!send_greeting(session))
		return;
	set_patience(session);
	session_pump(session); /* it may have spoken already */
}

static void
session_opened(void *arg)
{
	struct session *session = arg;
	struct upstream *upstream = session->upstream;
	struct fail fail = FAIL_INIT;

	if (upstream->conf == NULL || upstream->filter->draining) {
		session_close(session);
		return;
	}
	session->conn->operations->patience(
	    session->conn, upstream->conf->greet + 1);
	if (session->pooled) {
		if (upstream->greeting != NULL)
			session_greet(session);
		else
			pool_fill(upstream);
		return;
	}
	session->line = line_dial(upstream, session, false, &fail);
	if (session->line == NULL)
		session_lost(session, &fail);
}

/* --- the registry's session is gone --- */

/*
 * What waits is answered; the next command, or the last of these, gets 2500.
 * Without a greeting to speak after, the connection ends.
 */
void
session_lost(struct session *session, const struct fail *fail)
{
	struct upstream *upstream = session->upstream;

	if (!upstream->told)
		filter_log(upstream, "error", "registry-session-lost", fail);
	if (session->conn == NULL) {
		session_release(session);
		return;
	}
	if (session->state == SESSION_ENDING)
		return;
	session->why = *fail;
	if (session->state == SESSION_OPENING) {
		if (upstream->greeting == NULL) {
			session_close(session);
			return;
		}
		if (!send_greeting(session))
			return;
	}
	session->state = SESSION_LOST;
	session_pump(session);
}

/* --- frames --- */

/* Whoever only says hello, again and again, does not log in either. */
static bool
is_late(const struct session *session)
{
	const struct conf_upstream *conf = session->upstream->conf;

	return session->state == SESSION_GREETED && conf != NULL &&
	    filter_now(session->upstream->filter) - session->greeted >
	    (int64_t)conf->log_in * 1000;
}

static void
session_frame(void *arg, struct slice xml)
{
	struct session *session = arg;

	if (session->state == SESSION_ENDING || session->conn == NULL)
		return;
	if (is_late(session)) {
		session_close(session);
		return;
	}
	if (!command_create(session, xml)) {
		session_close(session);
		return;
	}
	if (session->conn != NULL && session->count >= COMMANDS_MAX &&
	    !session->paused) {
		session->paused = true;
		session->conn->operations->pause(session->conn, true);
	}
	session_pump(session);
}

/*
 * In the backend's order: begin what may begin, send what is ready, and let
 * go of what is answered.
 */
static bool
pump_once(struct session *session)
{
	bool moved = false, may_send = true;

	for (struct command *c = session->first, *next; c != NULL; c = next) {
		next = c->next;
		if (c->state == COMMAND_NEW && !command_must_wait(c)) {
			command_start(c);
			return true; /* the list may be another now */
		}
		if (c->state == COMMAND_READY && may_send) {
			moved = command_send(c);
			if (moved)
				return true;
		}
		if (c->state != COMMAND_SENT && c->state != COMMAND_DONE)
			may_send = false;
	}
	return moved;
}

/* Answers leave from the head of the queue. */
static void
release_answers(struct session *session)
{
	struct command *c;

	while ((c = session->first) != NULL && c->state == COMMAND_DONE) {
		session->first = c->next;
		if (session->first == NULL)
			session->last = &session->first;
		session->count--;
		if (session->conn != NULL && c->answer.data != NULL)
			session->conn->operations->send(
			    session->conn, c->answer);
		command_free(c);
	}
	if (session->paused && session->conn != NULL &&
	    session->count < COMMANDS_MAX / 2) {
		session->paused = false;
		session->conn->operations->pause(session->conn, false);
	}
}

void
session_pump(struct session *session)
{
	/* Nothing is answered before the greeting. */
	if (session->state == SESSION_OPENING && session->conn != NULL) {
		if (session->upstream->filter->draining)
			session_close(session);
		return;
	}
	if (session->pumping) {
		session->again = true;
		return;
	}
	session->pumping = true;
	do {
		session->again = false;
		release_answers(session);
		while (session->first != NULL && pump_once(session))
			release_answers(session);
		release_answers(session);
	} while (session->again);
	session->pumping = false;
	if (session->count == 0 && session->conn != NULL &&
	    (session->state == SESSION_ENDING ||
		session->upstream->filter->draining))
		session_close(session);
	else
		session_release(session);
}

/* --- the end --- */

/* The backend is gone: what was not sent is not sent any more. */
static void
abandon(struct session *session)
{
	struct line *line = session->line;

	for (struct command *c = session->first; c != NULL; c = c->next) {
		if (c->state == COMMAND_READY) {
			command_outcome(c, KEEPER_NOT_SENT, 0);
			c->state = COMMAND_DONE;
		} else if (c->state == COMMAND_NEW ||
		    c->state == COMMAND_STALE) {
			c->state = COMMAND_DONE;
		}
	}
	/* In mode session what is in flight is waited for, then it ends. */
	if (line != NULL && !session->pooled && line->first == NULL) {
		session->line = NULL;
		line->session = NULL;
		line_close(line);
	}
}

void
session_close(struct session *session)
{
	struct epp_conn *conn = session->conn;

	session->state = SESSION_ENDING;
	if (conn == NULL)
		return;
	session->conn = NULL;
	conn->operations->close(conn);
	abandon(session);
	session_pump(session);
}

void
filter_end_sessions(struct upstream *upstream)
{
	struct session *next;

	for (struct session *s = upstream->sessions; s != NULL; s = next) {
		next = s->next;
		session_close(s);
	}
}

/*
 * An operator who looks for a backend that does not come finds it here; not
 * each of many.
 */
static void
log_refusal(const struct session *session, const struct fail *fail)
{
	struct upstream *upstream = session->upstream;
	int64_t now = filter_now(upstream->filter);
	struct fail told = *fail;

	if (upstream->refusal != 0 && now - upstream->refusal < REFUSAL_PAUSE)
		return;
	upstream->refusal = now;
	fail_place(&told, "%s", epp_conn_peer(session->conn)->address);
	filter_log(upstream, "warn", "backend-refused", &told);
}

static void
session_closed(void *arg, const struct fail *fail)
{
	struct session *session = arg;

	/* A certificate was not what it has to be: that has a hint. */
	if (session->state == SESSION_OPENING && fail->hint[0] != '\0')
		log_refusal(session, fail);
	session->conn = NULL;
	session->state = SESSION_ENDING;
	if (fail->kind == FAIL_INPUT)
		filter_log(
		    session->upstream, "warn", "backend-closed", fail);
	abandon(session);
	session_pump(session);
}

void
session_release(struct session *session)
{
	struct upstream *upstream = session->upstream;
	struct line *line = session->line;

	if (session->conn != NULL || session->count != 0 || session->is_held)
		return;
	*session->at = session->next;
	if (session->next != NULL)
		session->next->at = session->at;
	upstream->session_count--;
	if (line != NULL && !session->pooled) {
		line->session = NULL;
		line_close(line);
	}
	free(session);
	filter_look_drained(upstream->filter);
}

/* --- time --- */

void
session_tick(struct session *session, int64_t now)
{
	struct fail fail = FAIL_INIT;
	bool changed = false;

	if (session->state == SESSION_OPENING && session->pooled &&
	    session->upstream->greeting == NULL)
		return; /* its patience ends it */
	fail_set(&fail, FAIL_WORLD, "%s",
	    session->upstream->told
		? "not sent, registry away"
		: "not sent: no session at the registry came free in time");
	for (struct command *c = session->first; c != NULL; c = c->next) {
		if (c->deadline > now ||
		    (c->state != COMMAND_READY && c->state != COMMAND_STALE))
			continue;
		command_outcome(c, KEEPER_NOT_SENT, 0);
		command_answer_fail(c, EPP_FAILED, &fail);
		changed = true;
	}
	if (changed)
		session_pump(session);
}

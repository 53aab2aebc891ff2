/*
 * A session at the registry: dialed, greeted, logged in where it is misu's
 * own, and then a queue of flights that the registry answers in order.
 */
#include "filter_priv.h"

static void line_opened(void *arg);
static void line_frame(void *arg, struct slice xml);
static void line_closed(void *arg, const struct fail *fail);

static const struct epp_conn_events line_events = {
    .opened = line_opened, .frame = line_frame, .closed = line_closed};

struct line *
line_dial(struct upstream *upstream, struct session *session, bool pooled,
    struct fail *fail)
{
	struct line *line = calloc(1, sizeof(*line));

	if (line == NULL) {
		fail_memory(fail);
		return NULL;
	}
	line->upstream = upstream;
	line->session = session;
	line->own = session == NULL;
	line->pooled = pooled;
	line->last = &line->first;
	line->quiet = filter_now(upstream->filter);
	line->conn = upstream->dialer->dial(
	    upstream->dialer, &line_events, line, fail);
	if (line->conn == NULL) {
		free(line);
		return NULL;
	}
	line->conn->operations->patience(line->conn, upstream->conf->greet);
	if (line->own) {
		line->next = upstream->lines;
		upstream->lines = line;
		upstream->line_count++;
		line->in_upstream = true;
	}
	return line;
}

static void
leave_upstream(struct line *line)
{
	struct upstream *upstream = line->upstream;
	struct line **at = &upstream->lines;

	if (!line->in_upstream)
		return;
	while (*at != line)
		at = &(*at)->next;
	*at = line->next;
	if (!line->retired)
		upstream->line_count--;
	line->in_upstream = false;
}

static void
line_free(struct line *line)
{
	struct filter *filter = line->upstream->filter;

	leave_upstream(line);
	if (line->login.arena != NULL)
		filter_give_arena(filter, line->login.arena);
	free(line);
	filter_look_drained(filter);
}

/* What was written and not answered: nobody knows what became of it. */
static void
lose_flights(struct line *line, const struct fail *fail)
{
	struct flight *flight = line->first, *next;

	line->first = NULL;
	line->last = &line->first;
	line->flights = 0;
	for (; flight != NULL; flight = next) {
		next = flight->next;
		flight->line = NULL;
		if (flight->lost != NULL)
			flight->lost(flight, fail);
	}
}

/* The connection is gone already, or is closed here. */
static void
end(struct line *line, const struct fail *fail)
{
	struct upstream *upstream = line->upstream;
	struct session *session = line->session;
	bool own = line->own;

	if (line->state == LINE_DEAD)
		return;
	line->state = LINE_DEAD;
	leave_upstream(line);
	if (session != NULL) {
		session->line = NULL;
		session->is_held = true; /* its last command may end here */
	}
	lose_flights(line, fail);
	if (session != NULL)
		session->is_held = false;
	if (own) {
		for (struct session *s = upstream->sessions; s != NULL;
		     s = s->next)
			if (s->line == line)
				s->line = NULL;
		pool_failed(upstream, fail);
	} else if (session != NULL) {
		session_lost(session, fail);
	}
	line_free(line);
}

static void
line_closed(void *arg, const struct fail *why)
{
	struct line *line = arg;
	struct fail fail = FAIL_INIT;

	line->conn = NULL;
	if (why->kind == FAIL_NONE) {
		fail_set(&fail, FAIL_WORLD,
		    "the registry closed the connection");
		why = &fail;
	}
	end(line, why);
}

void
line_kill(struct line *line, const struct fail *fail)
{
	struct epp_conn *conn = line->conn;

	line->conn = NULL;
	if (conn != NULL)
		conn->operations->close(conn);
	end(line, fail);
}

void
line_close(struct line *line)
{
	struct filter *filter = line->upstream->filter;
	struct epp_conn *conn = line->conn;
	struct arena *arena;
	struct fail fail = FAIL_INIT;

	if (line->state == LINE_DEAD)
		return;
	if (line->state == LINE_READY && conn != NULL &&
	    (arena = filter_arena(filter)) != NULL) {
		const struct epp_plain *logout = epp_frame_own_logout(
		    filter_client_id(filter, arena), arena, &fail);

		if (logout != NULL)
			conn->operations->send(conn, epp_plain_bytes(logout));
		filter_give_arena(filter, arena);
	}
	fail_set(&fail, FAIL_WORLD, "the session was closed");
	line->conn = NULL;
	line->state = LINE_DEAD;
	leave_upstream(line);
	lose_flights(line, &fail);
	if (line->session != NULL)
		line->session->line = NULL;
	if (conn != NULL)
		conn->operations->close(conn);
	line_free(line);
}

void
line_retire(struct line *line)
{
	if (line->retired)
		return;
	if (line->first == NULL || line->state != LINE_READY) {
		line_close(line);
		return;
	}
	line->retired = true;
	line->upstream->line_count--;
}

static void
line_opened(void *arg)
{
	struct line *line = arg;

	line->state = LINE_GREETING;
}

static bool
put(struct line *line, struct flight *flight, struct slice bytes)
{
	struct filter *filter = line->upstream->filter;

	if (line->conn == NULL || line->state == LINE_DEAD)
		return false;
	line->quiet = filter_now(filter);
	flight->next = NULL;
	flight->line = line;
	flight->deadline = line->quiet;
	if (line->upstream->conf != NULL)
		flight->deadline +=
		    (int64_t)line->upstream->conf->answer * 1000;
	*line->last = flight;
	line->last = &flight->next;
	line->flights++;
	filter_tick(line->upstream);
	/* If there is no memory for it the connection closes, and says so. */
	line->conn->operations->send(line->conn, bytes);
	return true;
}

bool
line_send_sealed(
    struct line *line, struct flight *flight, const struct sealed *sealed)
{
	return line->state == LINE_READY &&
	    put(line, flight, sealed_payload(sealed));
}

bool
line_send_part(struct line *line, struct flight *flight,
    const struct sealed *sealed, struct slice part)
{
	struct slice whole = sealed_payload(sealed);

	return line->state == LINE_READY && part.data >= whole.data &&
	    part.data + part.len <= whole.data + whole.len &&
	    put(line, flight, part);
}

bool
line_send_plain(
    struct line *line, struct flight *flight, const struct epp_plain *plain)
{
	return line->state == LINE_READY &&
	    put(line, flight, epp_plain_bytes(plain));
}

/* --- greeting and misu's own login --- */

static void
login_answered(struct flight *flight, const struct epp_response *response)
{
	struct line *line =
	    (struct line *)(void *)((char *)flight -
		offsetof(struct line, login));
	struct upstream *upstream = line->upstream;
	struct fail fail = FAIL_INIT;

	if (response->code != EPP_OK) {
		fail_set(&fail, FAIL_DENIED, "login refused (%u)",
		    response->code);
		fail_hint(&fail,
		    "is the login of misu.conf, and its password file, what "
		    "the registry knows?");
		line_kill(line, &fail);
		return;
	}
	line->state = LINE_READY;
	line->conn->operations->patience(line->conn, 0);
	upstream->failures = 0;
	if (upstream->told)
		filter_log(upstream, "info", "registry-is-back", NULL);
	upstream->told = false;
	filter_tick(upstream);
	pool_changed(upstream);
}

/* The flight is part of the line, which is ending anyway. */
static void
login_lost(struct flight *flight, const struct fail *fail)
{
	(void)flight;
	(void)fail;
}

static const struct epp_plain *
own_login(struct line *line, const struct epp_greeting *greeting,
    struct arena *arena, struct fail *fail)
{
	const struct upstream *upstream = line->upstream;
	const struct conf_upstream *conf = upstream->conf;
	struct epp_own_login login = {.id = conf->login,
	    .password = slice_from(upstream->password),
	    .version = SLICE("1.0"),
	    .language = SLICE("en")};
	struct slice objects[32], extensions[64];

	for (size_t i = 0; i < greeting->object_count; i++) {
		if (conf->contacts == CONTACTS_PROHIBITED &&
		    slice_is(greeting->objects[i], EPP_CONTACT_SPACE))
			continue;
		objects[login.object_count++] = greeting->objects[i];
	}
	/* What misu would strip it does not ask for. */
	for (size_t i = 0; i < greeting->extension_count; i++)
		for (size_t k = 0; k < conf->extension_count; k++)
			if (conf->extensions[k].pass &&
			    slice_equal(conf->extensions[k].space,
				greeting->extensions[i])) {
				extensions[login.extension_count++] =
				    greeting->extensions[i];
				break;
			}
	login.objects = objects;
	login.extensions = extensions;
	return epp_frame_own_login(
	    &login, filter_client_id(upstream->filter, arena), arena, fail);
}

/* Once, until the greeting says what misu.conf says. */
static void
compare_dcp(struct upstream *upstream)
{
	bool publishes = upstream->greeting->publishes;
	enum upstream_dcp dcp = upstream->conf != NULL
	    ? upstream->conf->dcp
	    : UPSTREAM_DCP_UNSAID;
	bool differs = (dcp == UPSTREAM_DCP_PRIVATE && publishes) ||
	    (dcp == UPSTREAM_DCP_PUBLIC && !publishes);
	struct fail fail = FAIL_INIT;

	if (differs && !upstream->dcp_told) {
		fail_set(&fail, FAIL_INPUT,
		    "the greeting's dcp is %s, misu.conf says %s",
		    publishes ? "public" : "private",
		    publishes ? "private" : "public");
		filter_log(upstream, "warn", "dcp-differs", &fail);
	}
	upstream->dcp_told = differs;
}

/* The newest greeting is what backends are greeted with. */
static bool
keep_greeting(struct upstream *upstream, struct slice xml, struct fail *fail)
{
	struct arena *arena = arena_create(upstream->filter->o.memory);
	struct slice copy;
	struct epp_greeting *greeting = NULL;

	if (arena == NULL)
		return fail_memory(fail);
	copy = arena_copy(arena, xml);
	if (copy.data != NULL)
		greeting = epp_read_greeting(
		    arena, copy, &xml_limits_default, fail);
	if (greeting == NULL) {
		arena_destroy(arena);
		return copy.data == NULL ? fail_memory(fail) : false;
	}
	arena_destroy(upstream->greeting_arena);
	upstream->greeting_arena = arena;
	upstream->greeting = greeting;
	upstream->manner.publishes = filter_publishes(upstream);
	compare_dcp(upstream);
	return true;
}

static void
greeted(struct line *line, struct slice xml)
{
	struct upstream *upstream = line->upstream;
	struct fail fail = FAIL_INIT;
	const struct epp_plain *login;

	if (!keep_greeting(upstream, xml, &fail)) {
		fail_set(&fail, FAIL_INPUT, "no greeting came first");
		line_kill(line, &fail);
		return;
	}
	if (!line->own) {
		line->state = LINE_READY;
		line->conn->operations->patience(line->conn, 0);
		session_greet(line->session);
		return;
	}
	line->login.arena = filter_arena(upstream->filter);
	login = line->login.arena == NULL ? NULL
	    : own_login(line, upstream->greeting, line->login.arena, &fail);
	if (login == NULL) {
		fail_memory(&fail);
		line_kill(line, &fail);
		return;
	}
	line->state = LINE_LOGIN;
	line->login.answered = login_answered;
	line->login.lost = login_lost;
	line->conn->operations->patience(line->conn, upstream->conf->log_in);
	put(line, &line->login, epp_plain_bytes(login));
}

/* --- answers --- */

static void
hello_answered(struct line *line, struct slice xml)
{
	struct fail fail = FAIL_INIT;

	/* It answered a keep-alive of ours; what was sent since comes next. */
	line->hello = 0;
	if (!keep_greeting(line->upstream, xml, &fail))
		line_kill(line, &fail);
}

static bool
is_greeting(struct slice xml)
{
	size_t len = xml.len < 400 ? xml.len : 400;

	return memmem(xml.data, len, "greeting", 8) != NULL &&
	    memmem(xml.data, len, "<response", 9) == NULL;
}

static struct epp_response *
read_answer(const struct line *line, struct arena *arena, struct slice xml,
    struct fail *fail)
{
	const struct conf_upstream *conf = line->upstream->conf;
	struct xml_limits limits = xml_limits_default;

	if (conf != NULL && ANSWER_TIMES * conf->frame > limits.bytes) {
		limits.bytes = ANSWER_TIMES * conf->frame;
		limits.elements = (unsigned)(limits.bytes / 16);
	}
	return epp_read_response(arena, xml, &limits, fail);
}

static void
tell(struct flight *flight, struct arena *arena,
    const struct epp_response *response)
{
	if (flight->arena == NULL)
		flight->arena = arena;
	flight->answered(flight, response);
}

/*
 * The registry's last answer on this line.  The line goes before the answer
 * is told: whoever waits for it is there as long as it waits.  The bytes went
 * with the connection, so it is read again.
 */
static void
end_with(struct line *line, struct flight *flight, struct arena *arena,
    struct slice xml)
{
	struct session *session = line->session;
	struct slice copy = arena_copy(arena, xml);
	struct epp_response *response = NULL;
	struct fail fail = FAIL_INIT;

	if (copy.data != NULL)
		response = read_answer(line, arena, copy, &fail);
	fail_set(&fail, FAIL_WORLD, "the registry ended the session");
	if (session != NULL) {
		session->state = SESSION_ENDING;
		session->line = NULL;
		line->session = NULL;
	}
	line_kill(line, &fail);
	if (response != NULL)
		tell(flight, arena, response);
	else
		flight->lost(flight, &fail);
}

static void
flight_answered(struct line *line, struct arena *arena, struct slice xml)
{
	struct flight *flight = line->first;
	struct epp_response *response;
	struct fail fail;

	fail_clear(&fail);
	response = read_answer(line, arena, xml, &fail);
	if (response == NULL || (flight->client_id.len != 0 &&
	    !slice_equal(response->client_id, flight->client_id))) {
		fail = (struct fail)FAIL_INIT;
		fail_set(&fail, FAIL_INPUT, response == NULL
			? "the registry answered with what is no EPP response"
			: "the registry answered another command (clTRID)");
		line_kill(line, &fail);
		return;
	}
	line->first = flight->next;
	if (line->first == NULL)
		line->last = &line->first;
	line->flights--;
	flight->line = NULL;
	if (flight != &line->login && epp_code_closes(response->code))
		end_with(line, flight, arena, xml);
	else
		tell(flight, arena, response);
}

static void
take_answer(struct line *line, struct slice xml)
{
	struct filter *filter = line->upstream->filter;
	struct arena *arena = line->first->arena;
	bool lent = arena == NULL;
	struct fail fail;

	if (lent)
		arena = filter_work(filter);
	if (arena == NULL) {
		fail_clear(&fail);
		fail_memory(&fail);
		line_kill(line, &fail);
		return;
	}
	flight_answered(line, arena, xml);
	if (lent)
		filter_give_work(filter, arena);
}

static void
line_frame(void *arg, struct slice xml)
{
	struct line *line = arg;
	struct fail fail;

	if (line->state == LINE_GREETING || line->state == LINE_DIALING) {
		greeted(line, xml);
	} else if (line->hello != 0 && is_greeting(xml)) {
		hello_answered(line, xml);
	} else if (line->first != NULL) {
		take_answer(line, xml);
	} else {
		fail_clear(&fail);
		fail_set(&fail, FAIL_INPUT,
		    "the registry answered what nobody asked");
		line_kill(line, &fail);
	}
}

static void
say_hello(struct line *line, int64_t now)
{
	const struct conf_upstream *conf = line->upstream->conf;
	struct filter *filter = line->upstream->filter;
	struct arena *arena = filter_arena(filter);
	struct fail fail = FAIL_INIT;
	struct epp_plain *hello =
	    arena != NULL ? epp_frame_own_hello(arena, &fail) : NULL;

	line->quiet = now;
	if (hello != NULL) {
		line->hello = now + (int64_t)conf->answer * 1000;
		line->conn->operations->send(
		    line->conn, epp_plain_bytes(hello));
	}
	if (arena != NULL)
		filter_give_arena(filter, arena);
}

void
line_tick(struct line *line, int64_t now)
{
	const struct conf_upstream *conf = line->upstream->conf;
	struct fail fail = FAIL_INIT;

	if (line->retired && line->first == NULL) {
		line_close(line);
		return;
	}
	if ((line->first != NULL && line->first->deadline <= now) ||
	    (line->hello != 0 && line->hello <= now)) {
		fail_set(&fail, FAIL_WORLD,
		    "the registry did not answer in time");
		line_kill(line, &fail);
		return;
	}
	/* A hello now and then keeps a session of ours alive. */
	if (line->own && line->state == LINE_READY && line->first == NULL &&
	    line->hello == 0 && conf != NULL &&
	    now - line->quiet >= (int64_t)conf->idle * 1000 / 3)
		say_hello(line, now);
}

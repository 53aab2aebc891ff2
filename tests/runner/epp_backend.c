/*
 * Backends: the script's ends of pipes.  Each answer must be to the command
 * that has waited longest.
 */
#include "runner/epp_make.h"
#include "runner/epp_world.h"

enum { WAITING_MAX = 128, ID_SIZE = 24 };

struct epp_backend {
	struct epp_backend *next;
	struct world *world;
	char actor[32];
	char upstream[64];
	const struct step *login; /* to come back after a planned fault */
	struct epp_pipe *pipe;	  /* NULL: not connected */
	char waiting[WAITING_MAX]
		    [ID_SIZE]; /* clTRIDs; "": not to be looked at */
	size_t first, count;
	size_t hellos; /* without a greeting yet */
	unsigned serial;
};

static struct epp_backend *
backend_of(struct world *world, struct slice actor)
{
	struct epp_backend *backend = world->backends;

	while (backend != NULL && !slice_is(actor, backend->actor))
		backend = backend->next;
	if (backend != NULL)
		return backend;
	backend = calloc(1, sizeof(*backend));
	if (backend == NULL)
		abort();
	backend->world = world;
	snprintf(
	    backend->actor, sizeof(backend->actor), "%.*s", SLICE_ARG(actor));
	backend->next = world->backends;
	world->backends = backend;
	return backend;
}

/* --- answers --- */

static struct slice
between(struct slice in, const char *before, const char *after)
{
	const char *at = memmem(in.data, in.len, before, strlen(before));
	const char *end;
	struct slice none = {"", 0};

	if (at == NULL)
		return none;
	at += strlen(before);
	end = memmem(at, (size_t)(in.data + in.len - at), after, strlen(after));
	return end != NULL ? (struct slice){at, (size_t)(end - at)} : none;
}

static int
code_of(struct slice xml)
{
	struct slice text = between(xml, "<result code=\"", "\"");

	int code = 0;

	for (size_t i = 0; i < text.len && text.len == 4; i++)
		code = code * 10 + (text.data[i] - '0');
	return code;
}

static void
record(struct epp_backend *backend, enum answer_kind kind, int status,
    struct slice body)
{
	struct answer *answer =
	    play_expect(backend->world, slice_from(backend->actor));

	answer->kind = kind;
	play_answered(answer, status, body);
}

/* Where memory runs out before the command's id is read, it is not said. */
static bool
ran_out(const struct epp_backend *backend, struct slice xml)
{
	static const char words[] = "misu: out of memory";

	return backend->world->plan.kind == PLAN_ALLOC &&
	    memmem(xml.data, xml.len, words, sizeof(words) - 1) != NULL;
}

static void
check_order(struct epp_backend *backend, struct slice xml)
{
	struct slice id = between(xml, "<clTRID>", "</clTRID>");
	const char *expected;

	/* A session that is lost says so to a hello, too. */
	if (backend->hellos != 0 && id.len == 0 &&
	    (backend->count == 0 ||
		backend->waiting[backend->first % WAITING_MAX][0] != '\0')) {
		backend->hellos--;
		return;
	}
	if (backend->count == 0) {
		world_fail(backend->world,
		    "%s was answered what it did not ask", backend->actor);
		return;
	}
	expected = backend->waiting[backend->first++ % WAITING_MAX];
	backend->count--;
	if (expected[0] != '\0' && !slice_is(id, expected) &&
	    (id.len != 0 || !ran_out(backend, xml)))
		world_fail(backend->world, "%s waits for %s and got %.*s",
		    backend->actor, expected, SLICE_ARG(id));
}

static void
check_valid(struct epp_backend *backend, struct slice xml)
{
	struct bytes complaint = {NULL, 0, 0};

	if (!registry_frame_valid(xml, &complaint))
		world_fail(backend->world,
		    "%s got what is not valid: %.*s: "
		    "%.900s",
		    backend->actor, (int)complaint.len, complaint.data,
		    xml.data);
	bytes_finish(&complaint);
}

static void
frame_came(void *context, struct slice xml)
{
	struct epp_backend *backend = context;
	bool greeting = memmem(xml.data, xml.len, "<greeting", 9) != NULL;

	check_valid(backend, xml);
	if (greeting) {
		backend->hellos -= backend->hellos != 0;
		record(backend, ANSWER_GREETING, 1, xml);
		return;
	}
	check_order(backend, xml);
	record(backend, ANSWER_EPP, code_of(xml), xml);
}

static void
leave(struct epp_backend *backend)
{
	struct epp_pipe *pipe = backend->pipe;

	backend->pipe = NULL;
	backend->count = backend->hellos = 0;
	if (pipe != NULL)
		pipe_leave(pipe);
}

static void
filter_gone(void *context)
{
	struct epp_backend *backend = context;

	record(backend, ANSWER_CLOSED, 2, SLICE("closed"));
	leave(backend);
}

static const struct epp_pipe_peer peer = {frame_came, filter_gone};

/* --- what it does --- */

static void
connect_to(struct epp_backend *backend)
{
	struct world *world = backend->world;
	const struct epp_conn_events *events;
	void *arg;

	if (world->worker == NULL)
		return;
	leave(backend);
	backend->pipe = pipe_create(world->outside, &peer, backend);
	if (filter_accept(world->worker->filter, slice_from(backend->upstream),
		pipe_conn(backend->pipe), &events, &arg))
		pipe_open(backend->pipe, events, arg);
	else
		pipe_kill(backend->pipe, true);
	daemon_settle(world, 0);
}

void
epp_backend_connect(
    struct world *world, struct slice actor, struct slice upstream)
{
	struct epp_backend *backend = backend_of(world, actor);

	world_note(world, "%s connects", backend->actor);
	snprintf(backend->upstream, sizeof(backend->upstream), "%.*s",
	    SLICE_ARG(upstream));
	connect_to(backend);
}

void
epp_backend_drop(struct world *world, struct slice actor)
{
	struct epp_backend *backend = backend_of(world, actor);

	world_note(world, "%s drops", backend->actor);
	if (backend->pipe != NULL)
		pipe_cut(backend->pipe, FAIL_WORLD, "the connection was reset");
	leave(backend);
	daemon_settle(world, 0);
}

static void
wait_for(struct epp_backend *backend, struct slice id)
{
	size_t at = (backend->first + backend->count++) % WAITING_MAX;

	if (backend->count > WAITING_MAX)
		abort();
	snprintf(backend->waiting[at], ID_SIZE, "%.*s", SLICE_ARG(id));
}

static bool
is_raw(const struct step *step)
{
	return slice_is(step->words[0].text, "frame");
}

static void
send_words(struct epp_backend *backend, const struct step *step)
{
	struct bytes out = {NULL, 0, 0};
	const char *why;
	size_t wrong;
	char id[ID_SIZE];

	snprintf(id, sizeof(id), "%.12s-%u", backend->actor, ++backend->serial);
	if (!epp_make(backend->world->script, step->words, step->word_count,
		slice_from(id), &out, &wrong, &why))
		abort(); /* it was tried when it was read */
	if (slice_is(step->words[0].text, "hello"))
		backend->hellos++;
	else
		wait_for(backend, is_raw(step) ? SLICE("") : slice_from(id));
	pipe_put(backend->pipe, bytes_slice(&out));
	bytes_finish(&out);
}

/* After a planned fault it comes back as a backend would. */
static bool
come_back(struct epp_backend *backend)
{
	if (backend->world->plan.kind == PLAN_NONE ||
	    backend->upstream[0] == '\0')
		return false;
	connect_to(backend);
	if (backend->pipe != NULL && backend->login != NULL) {
		send_words(backend, backend->login);
		daemon_settle(backend->world, 0);
	}
	return backend->pipe != NULL;
}

void
epp_backend_send(struct world *world, const struct step *step)
{
	struct epp_backend *backend = backend_of(world, step->actor);

	world_note(
	    world, "%s > %.*s", backend->actor, SLICE_ARG(step->words[0].text));
	if (backend->pipe == NULL && !come_back(backend)) {
		play_unmet(world, "%s is not connected", backend->actor);
		return;
	}
	if (slice_is(step->words[0].text, "login"))
		backend->login = step;
	send_words(backend, step);
	if (!step->hurries)
		daemon_settle(world, 0);
}

void
epp_backends_kill(struct world *world, bool lost)
{
	for (struct epp_backend *b = world->backends; b != NULL; b = b->next)
		if (b->pipe != NULL)
			pipe_kill(b->pipe, lost);
}

void
epp_backends_destroy(struct world *world)
{
	struct epp_backend *backend;

	while ((backend = world->backends) != NULL) {
		world->backends = backend->next;
		leave(backend);
		free(backend);
	}
}

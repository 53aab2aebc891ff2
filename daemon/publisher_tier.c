/*
 * RDAP for those who have a token (RFC 6750).  The publisher knows no token
 * and has nothing to tell them: it asks the keeper, which decides, records and
 * seals, writes what comes back as RDAP, says how that ended, and keeps none
 * of it.  Whoever is not answered is never given what is public instead.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/digest.h"
#include "codec/rdap.h"
#include "codec/tier.h"
#include "log.h"
#include "net/wiped.h"
#include "net/wire_stream.h"
#include "publisher_priv.h"

enum {
	WAITING_MAX = 128,
	LOOK = 1000,	      /* ms */
	PATIENCE = 10 * 1000, /* ms until the keeper is taken to be busy */
	HEADERS = 6
};

/* A request whose answer the keeper is asked for. */
struct waiting {
	struct waiting *next;
	struct arena *arena; /* wiped at the end */
	struct rdap_request *request;
	uint64_t number;
	int64_t due; /* ms */
	struct ask ask;
};

static int64_t
now(const struct publisher *publisher)
{
	return publisher->loop->operations->now(publisher->loop);
}

/* --- answers --- */

static void
reply(struct rdap_request *request, const struct tier_wording *wording,
    const struct text *text)
{
	char bearer[80];
	struct rdap_header headers[HEADERS] = {
	    {"Content-Type", "application/rdap+json"},
	    {"Cache-Control", "no-store"},
	    {"Access-Control-Allow-Origin", "*"},
	    {"X-Content-Type-Options", "nosniff"}};
	size_t count = 4;

	if (wording->error[0] != '\0') {
		snprintf(bearer, sizeof(bearer),
		    "Bearer realm=\"rdap\", error=\"%s\"", wording->error);
		headers[count++] =
		    (struct rdap_header){"WWW-Authenticate", bearer};
	}
	if (wording->status == 503)
		headers[count++] = (struct rdap_header){"Retry-After", "60"};
	if (wording->status == 405)
		headers[count++] = (struct rdap_header){"Allow", "GET"};
	rdap_answer(request, wording->status, headers, count,
	    (struct slice){text->data, text->len});
}

static void
refuse(struct rdap_request *request, enum tier_result result)
{
	const struct tier_wording *wording = tier_wording(result);
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);
	struct fail ignored = FAIL_INIT;

	if (arena == NULL || !rdap_tier_error(&text, wording, &ignored))
		text =
		    (struct text){.data = (char *)(uintptr_t) "{}", .len = 2};
	reply(request, wording, &text);
	arena_destroy(arena);
}

static bool
write_object(const struct publisher *publisher, const struct ask *ask,
    struct view_row *row, struct text *text, struct fail *fail)
{
	struct rdap_options options = publisher_rdap_options(publisher);
	enum role role = ROLE_REGISTRANT;

	options.with_token = true;
	row->it.registrar = &publisher->conf->publish.registrar;
	if (row->it.registrar->name.len == 0)
		row->it.registrar = NULL;
	if (ask->kind == ASK_CONTACT)
		return publisher_find_role(&row->it, ask, &role)
			   ? rdap_entity(text, &row->it, role, &options, fail)
			   : fail_set(fail, FAIL_WORLD,
				 "the contact is not in the answer");
	if (row->it.type == OBJECT_NETWORK)
		return rdap_network(text, &row->it, &options, fail);
	return rdap_domain(text, &row->it, &options, fail);
}

/* --- the keeper --- */

static bool
post(struct publisher *publisher, char kind, const struct text *text)
{
	return publisher->keeper != NULL && !text->failed &&
	       wire_stream_post(publisher->keeper, kind,
		   (struct slice){text->data, text->len}, -1);
}

static void
drop(struct publisher *publisher, struct waiting *waiting)
{
	struct waiting **at = &publisher->waiting;

	while (*at != waiting)
		at = &(*at)->next;
	*at = waiting->next;
	publisher->waiting_count--;
	arena_destroy(waiting->arena);
}

static void
say_end(struct publisher *publisher, uint64_t number, enum tier_left left)
{
	const struct tier_end end = {number, left};
	struct arena *arena = arena_create(NULL);
	struct text text = text_start(arena);

	/* Unsaid, it is taken to be unknown. */
	if (arena != NULL && tier_write_end(&text, &end))
		post(publisher, TIER_END, &text);
	arena_destroy(arena);
}

/* An answer is on its way out: the ledger is told how that ended, then. */
struct leaving {
	struct publisher *publisher;
	uint64_t number;
};

static void
left(void *arg, enum rdap_end end)
{
	static const enum tier_left how[] = {[RDAP_SENT] = TIER_LEFT_ALL,
	    [RDAP_GONE] = TIER_LEFT_NONE,
	    [RDAP_CUT] = TIER_LEFT_PART};
	struct leaving *leaving = arg;

	say_end(leaving->publisher, leaving->number, how[end]);
	free(leaving);
}

/* False: nothing of it was handed out, and nothing will be. */
static bool
tell(struct publisher *publisher, struct waiting *waiting, struct slice bytes)
{
	struct text text = text_start(waiting->arena);
	struct leaving *leaving = malloc(sizeof(*leaving));
	struct fail fail = FAIL_INIT;
	struct view_row row;

	if (leaving == NULL)
		fail_memory(&fail);
	/* Who has gone is not told, nor kept waiting for. */
	if (leaving != NULL && !rdap_request_is_gone(waiting->request) &&
	    view_decode(bytes, waiting->arena, &row, &fail) &&
	    write_object(publisher, &waiting->ask, &row, &text, &fail)) {
		*leaving = (struct leaving){publisher, waiting->number};
		rdap_request_watch(waiting->request, left, leaving);
		reply(waiting->request, tier_wording(TIER_TOLD), &text);
		return true;
	}
	free(leaving);
	if (fail.kind != FAIL_NONE)
		log_fail(LOG_LEVEL_ERROR, "rdap-not-answered", &fail);
	refuse(waiting->request, TIER_BUSY);
	return false;
}

static void
take_answer(struct publisher *publisher, const struct tier_answer *answer)
{
	struct waiting *waiting = publisher->waiting;
	bool leaves = false;

	while (waiting != NULL && waiting->number != answer->number)
		waiting = waiting->next;
	if (waiting != NULL && answer->result == TIER_TOLD)
		leaves = tell(publisher, waiting, answer->bytes);
	else if (waiting != NULL)
		refuse(waiting->request, answer->result);
	if (waiting != NULL)
		drop(publisher, waiting);
	wiped_stack();
	if (answer->result == TIER_TOLD && !leaves)
		say_end(publisher, answer->number, TIER_LEFT_NONE);
}

static bool
received(void *context, struct slice message, int fd)
{
	struct publisher *publisher = context;
	struct tier_answer answer;

	(void)fd;
	if (message.len == 0 || message.data[0] != TIER_ANSWER ||
	    !tier_read_answer(
		(struct slice){message.data + 1, message.len - 1}, &answer))
		return false;
	take_answer(publisher, &answer);
	return true;
}

static void
refuse_before(struct publisher *publisher, int64_t due)
{
	struct waiting *next;

	for (struct waiting *at = publisher->waiting; at != NULL; at = next) {
		next = at->next;
		if (at->due > due)
			continue;
		refuse(at->request, TIER_BUSY);
		drop(publisher, at);
	}
}

static void
keeper_gone(void *context)
{
	struct publisher *publisher = context;

	wire_stream_destroy(publisher->keeper);
	publisher->keeper = NULL;
	refuse_before(publisher, INT64_MAX);
}

static void
look(void *arg)
{
	struct publisher *publisher = arg;

	refuse_before(publisher, now(publisher));
	if (publisher->waiting != NULL)
		publisher->loop->operations->timer_set(
		    publisher->waiting_timer, LOOK);
}

void
publisher_tier_connect(struct publisher *publisher, int fd)
{
	const struct wire_stream_options options = {
	    .base = loop_base(publisher->loop),
	    .received = received,
	    .gone = keeper_gone,
	    .context = publisher,
	    .wipes = true};
	struct fail fail = FAIL_INIT;

	if (publisher->keeper != NULL)
		keeper_gone(publisher);
	if (publisher->waiting_timer == NULL)
		publisher->waiting_timer =
		    publisher->loop->operations->timer_create(
			publisher->loop, look, publisher);
	publisher->keeper = wire_stream_create(&options, fd, &fail);
	if (publisher->keeper == NULL)
		log_fail(LOG_LEVEL_ERROR, "keeper-not-reached", &fail);
}

void
publisher_tier_close(struct publisher *publisher)
{
	refuse_before(publisher, INT64_MAX);
	wire_stream_destroy(publisher->keeper);
	publisher->keeper = NULL;
	if (publisher->waiting_timer != NULL)
		publisher->loop->operations->timer_destroy(
		    publisher->waiting_timer);
	publisher->waiting_timer = NULL;
}

/* --- questions --- */

bool
publisher_tier_is_asked(
    const struct rdap_request *request, const struct ask *ask)
{
	return rdap_request_header(request, "Authorization").data != NULL &&
	       (ask->kind == ASK_DOMAIN || ask->kind == ASK_NETWORK ||
		   ask->kind == ASK_CONTACT);
}

static bool
is_loopback(const struct sockaddr *from)
{
	struct prefix peer;

	return rate_block(from, &peer) && publisher_is_here(&peer);
}

/*
 * Nobody on the way has read it: it came from this machine, and if from a
 * proxy, that one says that it was asked over TLS.
 */
static bool
is_secure(const struct rdap_request *request)
{
	struct slice scheme =
	    rdap_request_last_header(request, "X-Forwarded-Proto");

	if (!is_loopback(rdap_request_from(request)))
		return false;
	return scheme.data != NULL
		   ? slice_is(scheme, "https")
		   : rdap_request_header(request, "X-Forwarded-For").data ==
			 NULL;
}

static struct waiting *
add_waiting(struct publisher *publisher, const struct ask *ask,
    struct rdap_request *request)
{
	struct arena *arena =
	    publisher->waiting_count < WAITING_MAX ? arena_create(NULL) : NULL;
	struct waiting *waiting =
	    arena != NULL ? arena_take(arena, sizeof(*waiting)) : NULL;

	if (waiting != NULL) {
		*waiting = (struct waiting){.arena = arena,
		    .request = request,
		    .due = now(publisher) + PATIENCE,
		    .ask = *ask};
		waiting->ask.name = arena_copy(arena, ask->name);
	}
	if (waiting == NULL || waiting->ask.name.data == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	waiting->number = ++publisher->last_number;
	if (publisher->waiting == NULL)
		publisher->loop->operations->timer_set(
		    publisher->waiting_timer, LOOK);
	waiting->next = publisher->waiting;
	publisher->waiting = waiting;
	publisher->waiting_count++;
	return waiting;
}

/* Which object it is; false where there is none of that handle. */
static bool
find_object(struct publisher *publisher, struct waiting *waiting,
    struct tier_question *question)
{
	const struct ask *ask = &waiting->ask;
	char text[PREFIX_SIZE];
	struct view_row row;

	question->type = OBJECT_DOMAIN;
	question->object = ask->name;
	question->network = ask->prefix;
	if (ask->kind == ASK_CONTACT) {
		if (!publisher_object_of(
			publisher, ask->name, waiting->arena, &row))
			return false;
		question->type = row.it.type;
		question->object = row.it.name;
		question->handle = ask->name;
	}
	if (ask->kind == ASK_NETWORK) {
		question->type = OBJECT_NETWORK;
		question->object = arena_copy(waiting->arena,
		    (struct slice){text, prefix_print(&ask->prefix, text)});
	}
	return question->object.data != NULL;
}

static void
ask_keeper(struct publisher *publisher, struct waiting *waiting,
    struct tier_question *question)
{
	struct text text = text_start(waiting->arena);
	enum tier_result result = TIER_NONE;

	question->number = waiting->number;
	if (find_object(publisher, waiting, question)) {
		if (tier_write_question(&text, question) &&
		    post(publisher, TIER_QUESTION, &text))
			return;
		result = TIER_BUSY;
	}
	refuse(waiting->request, result);
	drop(publisher, waiting);
}

/* Why it is not even asked; TOLD where it is. */
static enum tier_result
check(const struct publisher *publisher, const struct rdap_request *request,
    struct slice *token)
{
	if (!tier_find_token(
		rdap_request_header(request, "Authorization"), token))
		return TIER_MALFORMED;
	if (!is_secure(request))
		return TIER_INSECURE;
	if (rdap_request_method(request) != RDAP_GET)
		return TIER_METHOD;
	if (publisher->conf->publish.tier_count == 0)
		return TIER_UNKNOWN;
	return publisher->keeper != NULL && publisher->waiting_timer != NULL
		   ? TIER_TOLD
		   : TIER_BUSY;
}

void
publisher_tier_ask(struct publisher *publisher, const struct ask *ask,
    const struct prefix *asker, struct rdap_request *request)
{
	struct slice token;
	enum tier_result result = check(publisher, request, &token);
	struct tier_question question = {.address = *asker};
	struct waiting *waiting;

	if (result == TIER_TOLD)
		question.token = digest_sha256(token);
	rdap_request_wipe(
	    request, rdap_request_header(request, "Authorization"));
	if (result != TIER_TOLD) {
		refuse(request, result);
		return;
	}
	waiting = add_waiting(publisher, ask, request);
	if (waiting != NULL)
		ask_keeper(publisher, waiting, &question);
	else
		refuse(request, TIER_BUSY);
	digest_wipe(&question.token, sizeof(question.token));
}

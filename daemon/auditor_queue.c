/*
 * Servers of others: each is asked one question at a time and no more a
 * minute than misu.conf says; who wants a pause gets it, and who goes on
 * wanting one is left alone.
 */
#include <stdlib.h>

#include "auditor_priv.h"
#include "base/text.h"
#include "net/whois_client.h"

enum {
	PATIENCE = 30, /* seconds for one answer */
	REDIRECTS_MAX = 3,
	PAUSE = 60 * 1000,		/* ms, where it does not say */
	PAUSE_LONGEST = 15 * 60 * 1000, /* longer than this is not waited for */
	SERVERS_MAX = 64,		/* idle ones that are remembered */
};

struct server {
	struct auditor *auditor;
	struct server *next;
	char *key;
	struct asked *first, **last; /* that wait */
	struct asked *running;
	int64_t due;  /* ms: not asked before */
	bool is_held; /* it wanted a pause, and has answered nothing since */
	bool is_long; /* a longer one than is waited for: nobody waits */
	struct loop_timer *timer;
};

static void turn(void *arg);

/* --- servers --- */

/* Scheme, host and port: paths of one host are one server. */
static struct slice
key_of(const struct asked *asked)
{
	struct slice where = asked->where;
	size_t slashes = 0;

	if (!asked->ask.is_rdap)
		return where;
	for (size_t i = 0; i < where.len; i++)
		if (where.data[i] == '/' && ++slashes == 3)
			where.len = i;
	return where;
}

static struct server *
server_create(struct auditor *auditor, struct slice key)
{
	struct server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return NULL;
	server->auditor = auditor;
	server->last = &server->first;
	server->key = strndup(key.data, key.len);
	server->timer = auditor->loop->operations->timer_create(
	    auditor->loop, turn, server);
	if (server->key != NULL && server->timer != NULL) {
		server->next = auditor->servers;
		auditor->servers = server;
		return server;
	}
	if (server->timer != NULL)
		auditor->loop->operations->timer_destroy(server->timer);
	free(server->key);
	free(server);
	return NULL;
}

static void
server_free(struct server *server)
{
	server->auditor->loop->operations->timer_destroy(server->timer);
	free(server->key);
	free(server);
}

static bool
is_idle(const struct server *server)
{
	return server->running == NULL && server->first == NULL &&
	       server->due <= auditor_now(server->auditor);
}

/* Those that may be forgotten, where there are many. */
static void
forget_idle(struct auditor *auditor)
{
	struct server **at = &auditor->servers;
	size_t count = 0;

	while (*at != NULL) {
		struct server *server = *at;

		if (++count > SERVERS_MAX && is_idle(server)) {
			*at = server->next;
			server_free(server);
		} else {
			at = &server->next;
		}
	}
}

static struct server *
find(struct auditor *auditor, struct slice key)
{
	for (struct server *s = auditor->servers; s != NULL; s = s->next)
		if (slice_is(key, s->key))
			return s;
	forget_idle(auditor);
	return server_create(auditor, key);
}

/* --- turns --- */

static void
put_last(struct server *server, struct asked *asked)
{
	asked->next = NULL;
	*server->last = asked;
	server->last = &asked->next;
}

static void
put_first(struct server *server, struct asked *asked)
{
	asked->next = server->first;
	if (server->first == NULL)
		server->last = &asked->next;
	server->first = asked;
}

static struct asked *
take_first(struct server *server)
{
	struct asked *asked = server->first;

	server->first = asked->next;
	if (server->first == NULL)
		server->last = &server->first;
	asked->next = NULL;
	return asked;
}

static void
go_on(struct server *server)
{
	int64_t wait = server->due - auditor_now(server->auditor);

	if (server->running == NULL && server->first != NULL)
		server->auditor->loop->operations->timer_set(
		    server->timer, wait > 0 ? wait : 0);
}

/* --- answers --- */

static void
tell_held(struct asked *asked, unsigned wait)
{
	struct audit_told told = {.end = AUDIT_HELD,
	    .wait = wait,
	    .reason = SLICE("it wants no more questions for now")};

	auditor_tell(asked, &told);
}

/* All who wait for this server hear that it is of no use. */
static void
hold_all(struct server *server, unsigned wait)
{
	while (server->first != NULL)
		tell_held(take_first(server), wait);
}

/*
 * Once a pause is kept and the question asked again; twice it is enough.
 * However long it wants to be left alone, it is tried again some time.
 */
static void
put_off(struct server *server, struct asked *asked, unsigned wait)
{
	int64_t pause = wait != 0 ? (int64_t)wait * 1000 : PAUSE;
	bool enough = server->is_held || asked->again ||
		      pause > PAUSE_LONGEST || !asked->ask.waits;

	server->is_held = true;
	server->is_long = pause > PAUSE_LONGEST;
	server->due = auditor_now(server->auditor) +
		      (server->is_long ? PAUSE_LONGEST : pause);
	if (!enough && !asked->dropped) {
		asked->again = true;
		put_first(server, asked);
		return;
	}
	tell_held(asked, (unsigned)(pause / 1000));
	hold_all(server, (unsigned)(pause / 1000));
}

static void
take_answer(struct server *server, struct asked *asked,
    const struct audit_answer *answer)
{
	struct audit_told told = {.end = AUDIT_ANSWERED, .answer = *answer};

	if (answer->state == AUDIT_LIMITED) {
		put_off(server, asked, 0);
		return;
	}
	server->is_held = server->is_long = false;
	auditor_tell(asked, &told);
}

static void
take_rdap(struct server *server, struct asked *asked,
    const struct http_client_answer *answer)
{
	struct audit_answer read = {.state = AUDIT_NOT_FOUND};
	struct fail fail = FAIL_INIT;
	char reason[64];

	switch (answer->status) {
	case 200:
		if (audit_read_rdap(&asked->ask.question, answer->body,
			asked->arena, &read, &fail))
			take_answer(server, asked, &read);
		else
			auditor_tell_end(asked, AUDIT_UNANSWERED, fail.text);
		return;
	case 404:
		take_answer(server, asked, &read);
		return;
	case 429:
	case 503:
		put_off(server, asked, answer->wait);
		return;
	}
	snprintf(reason, sizeof(reason), "it answered %d", answer->status);
	auditor_tell_end(asked, AUDIT_UNANSWERED, reason);
}

static void
take_whois(struct server *server, struct asked *asked,
    const struct http_client_answer *answer)
{
	struct audit_answer read;
	struct fail fail = FAIL_INIT;

	if (audit_read_whois(asked->ask.layout, &asked->ask.question,
		answer->body, asked->arena, &read, &fail))
		take_answer(server, asked, &read);
	else
		auditor_tell_end(asked, AUDIT_UNANSWERED, fail.text);
}

static void
answered(void *context, const struct http_client_answer *answer)
{
	struct asked *asked = context;
	struct server *server = asked->server;

	server->running = NULL;
	if (answer->status == 0)
		auditor_tell_end(asked, AUDIT_UNANSWERED, answer->reason);
	else if (asked->ask.is_rdap)
		take_rdap(server, asked, answer);
	else
		take_whois(server, asked, answer);
	go_on(server);
}

/* --- questions --- */

static bool
ask_whois(struct asked *asked, struct fail *fail)
{
	struct text line = text_start(asked->arena);

	text_add(&line, asked->ask.question.name);
	if (asked->ask.english)
		text_add_string(&line, "/e");
	return whois_client_start(asked->auditor->client,
	    &(struct whois_client_ask){.server = asked->where,
		.line = text_slice(&line),
		.patience = PATIENCE,
		.done = answered,
		.context = asked},
	    fail);
}

/* RFC 9082, section 3.1 */
static bool
ask_rdap(struct asked *asked, struct fail *fail)
{
	const struct audit_question *question = &asked->ask.question;
	struct text url = text_start(asked->arena);

	text_add(&url, asked->where);
	if (question->is_contact) {
		text_add_string(&url, "entity/");
		text_add_percent(&url, question->name);
	} else if (question->type == OBJECT_NETWORK) {
		text_add_string(&url, "ip/");
		text_add(&url, question->name); /* a canonical prefix */
	} else {
		text_add_string(&url, "domain/");
		text_add_percent(&url, question->name);
	}
	if (url.failed)
		return fail_memory(fail);
	return http_client_start(asked->auditor->client,
	    &(struct http_client_ask){.url = text_slice(&url).data,
		.accept = "application/rdap+json",
		.authority = asked->auditor->authority,
		.redirects = REDIRECTS_MAX,
		.answer_max = AUDIT_BYTES_MAX,
		.patience = PATIENCE,
		.done = answered,
		.context = asked},
	    fail);
}

static void
turn(void *arg)
{
	struct server *server = arg;
	struct auditor *auditor = server->auditor;
	struct fail fail = FAIL_INIT;
	struct asked *asked;

	if (server->running != NULL || server->first == NULL)
		return;
	if (server->due > auditor_now(auditor)) {
		go_on(server);
		return;
	}
	asked = take_first(server);
	server->running = asked;
	server->due = auditor_now(auditor) +
		      (int64_t)60 * 1000 / auditor->conf->audit.rate;
	if (asked->ask.is_rdap ? ask_rdap(asked, &fail)
			       : ask_whois(asked, &fail))
		return;
	server->running = NULL;
	auditor_tell_end(asked, AUDIT_UNANSWERED, fail.text);
	go_on(server);
}

void
auditor_queue(struct asked *asked)
{
	struct server *server = find(asked->auditor, key_of(asked));
	int64_t wait;

	if (server == NULL) {
		auditor_tell_end(asked, AUDIT_UNANSWERED, "out of memory");
		return;
	}
	asked->server = server;
	wait = server->due - auditor_now(asked->auditor);
	if (server->is_held && wait > 0 &&
	    (server->is_long || !asked->ask.waits)) {
		tell_held(asked, (unsigned)(wait / 1000 + 1));
		return;
	}
	put_last(server, asked);
	go_on(server);
}

void
auditor_queue_drop(struct auditor *auditor)
{
	for (struct server *s = auditor->servers; s != NULL; s = s->next) {
		if (s->running != NULL)
			s->running->dropped = true;
		while (s->first != NULL) {
			struct asked *asked = take_first(s);

			asked->dropped = true;
			tell_held(asked, 0);
		}
	}
}

void
auditor_queue_finish(struct auditor *auditor)
{
	auditor_queue_drop(auditor);
	while (auditor->servers != NULL) {
		struct server *server = auditor->servers;

		auditor->servers = server->next;
		if (server->running != NULL)
			tell_held(server->running, 0);
		server_free(server);
	}
}

/*
 * What misu itself asks of a registry, on a line of its own: deliveries of
 * the spool, and imports.  One request at a time has a line; a request is a
 * list of steps, each a frame and its answer.
 *
 * A delivery is idempotent: what exists and agrees with the frame is success,
 * and what a lost answer became is found out by info before anything is
 * written again.  A refused one leaves nothing: contacts that it made for its
 * domain are deleted again.
 */
#include "base/name.h"
#include "base/text.h"
#include "filter_own.h"

static void next_step(struct own *own);
static void step_answered(
    struct flight *flight, const struct epp_response *response);
static void step_lost(struct flight *flight, const struct fail *fail);

struct own *
own_create(struct upstream *upstream, enum own_kind kind, int64_t id)
{
	struct filter *filter = upstream->filter;
	struct arena *arena = arena_create(filter->o.memory);
	struct own *own =
	    arena != NULL ? arena_take(arena, sizeof(*own)) : NULL;

	if (own == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	own->upstream = upstream;
	own->arena = own->flight.arena = arena;
	own->flight.answered = step_answered;
	own->flight.lost = step_lost;
	own->kind = kind;
	own->id = id;
	own->deadline = filter_now(filter) +
	    2 * (int64_t)upstream->conf->answer * 1000;
	return own;
}

void
own_queue(struct own *own)
{
	struct upstream *upstream = own->upstream;

	*upstream->own_last = own;
	upstream->own_last = &own->next;
	pool_fill(upstream);
	own_pump(upstream);
	filter_tick(upstream);
}

/* Out of the queue it leads, with its word. */
static void
leave(struct own *own)
{
	struct upstream *upstream = own->upstream;
	struct own **at = &upstream->own_first;

	while (*at != own)
		at = &(*at)->next;
	*at = own->next;
	if (upstream->own_last == &own->next)
		upstream->own_last = at;
}

static void
own_free(struct own *own)
{
	struct filter *filter = own->upstream->filter;

	if (own->sealed_arena != NULL)
		arena_destroy(own->sealed_arena);
	arena_destroy(own->arena);
	filter_look_drained(filter);
}

void
own_end(struct own *own, enum delivery delivery, const struct fail *fail)
{
	struct upstream *upstream = own->upstream;

	leave(own);
	if (own->kind == OWN_DELIVERY)
		keeper_delivered(upstream->filter->o.link, own->id,
		    (int)delivery, fail);
	else
		import_end(own, fail);
	own->over = true;
	if (!own->asking)
		own_free(own);
	own_pump(upstream);
}

bool
own_answered(struct own *own)
{
	bool over = own->over;

	own->asking = false;
	if (over)
		own_free(own);
	return !over;
}

void
own_pump(struct upstream *upstream)
{
	struct own *own = upstream->own_first;

	/* One at a time: an update never overtakes its create. */
	if (own == NULL || own->running)
		return;
	own->line = pool_own_line(upstream);
	if (own->line == NULL)
		return;
	own->running = true;
	next_step(own);
}

/* What may have left, now or earlier, is not to be repeated. */
static enum delivery
without_answer(const struct own *own)
{
	return own->wrote || own->again ? DELIVERY_UNKNOWN : DELIVERY_LATER;
}

void
own_fail_all(struct upstream *upstream, const struct fail *fail)
{
	while (upstream->own_first != NULL) {
		struct own *own = upstream->own_first;

		own->asking = false;
		own_end(own, without_answer(own), fail);
	}
}

void
own_tick(struct upstream *upstream, int64_t now)
{
	struct own *own = upstream->own_first;
	struct fail fail = FAIL_INIT;

	if (own == NULL || own->running || own->deadline > now)
		return;
	fail_set(&fail, FAIL_WORLD, "no session at registry %s",
	    upstream->name);
	own_end(own, without_answer(own), &fail);
}

/* --- asking --- */

bool
own_ask(struct own *own, enum epp_object object, struct slice id)
{
	struct filter *filter = own->upstream->filter;
	struct fail fail = FAIL_INIT;
	const struct epp_plain *ask;

	own->flight.client_id = filter_client_id(filter, own->arena);
	ask = epp_frame_own_ask(EPP_INFO, object, id, own->flight.client_id,
	    own->arena, &fail);
	return ask != NULL && line_send_plain(own->line, &own->flight, ask);
}

/* --- a delivery's frames --- */

static bool
take_frame(struct own *own)
{
	struct epp_problem problem;
	struct fail fail = FAIL_INIT;

	if (!epp_frame_next(&own->rest, &own->frame))
		return false;
	own->epp = epp_read_command(own->arena, own->frame,
	    &xml_limits_default, &problem, &fail);
	return own->epp != NULL;
}

static void
trouble(struct own *own, const char *what)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "%s", what);
	own_end(own, without_answer(own), &fail);
}

/*
 * 2400 and 2500: the registry says that it did nothing.  What an earlier frame
 * of this delivery made is found there when it is tried again.
 */
static void
failed(struct own *own)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD, "the registry failed");
	own_end(own, own->again ? DELIVERY_UNKNOWN : DELIVERY_LATER, &fail);
}

/*
 * Another setup came since: what was decided before may be too much by now,
 * and the keeper, who took it back, decides it again.
 */
static bool
is_stale(const struct own *own)
{
	return !own->again && own->setups != own->upstream->filter->setups;
}

static bool
send_frame(struct own *own)
{
	own->flight.client_id = own->epp->client_id;
	own->step = STEP_SENT;
	if (!line_send_part(
		own->line, &own->flight, own->sealed, own->frame))
		return false;
	own->wrote = true;
	return true;
}

/*
 * What there may be already is looked at before it is made; so is a domain
 * that is to be changed, as servers and links cannot be added twice.
 */
static bool
begin_frame(struct own *own)
{
	const struct epp_command *epp = own->epp;

	if (own->again || epp->verb == EPP_CREATE ||
	    (epp->verb == EPP_UPDATE && epp->object == EPP_DOMAIN)) {
		own->step = STEP_LOOKED;
		return own_ask(own, epp->object, epp->id);
	}
	return send_frame(own);
}

/*
 * Its frames were made for a registry that hides what it is told nothing of.
 * Another's greeting says that it does not.
 */
static bool
is_shown_as_said(const struct upstream *upstream)
{
	return upstream->conf == NULL ||
	    upstream->conf->dcp != UPSTREAM_DCP_PRIVATE ||
	    upstream->greeting == NULL || !upstream->greeting->publishes;
}

static void
next_step(struct own *own)
{
	if (own->kind == OWN_IMPORT) {
		import_step(own);
		return;
	}
	if (!is_shown_as_said(own->upstream)) {
		trouble(own,
		    "the registry publishes what is not hidden, and misu.conf "
		    "says dcp private");
	} else if (own->rest.len == 0) {
		own_end(own, DELIVERY_SENT, NULL);
	} else if (is_stale(own)) {
		trouble(own, "another setup is in force since");
	} else if (!take_frame(own)) {
		trouble(own, "the payload holds no frames");
	} else if (!begin_frame(own)) {
		trouble(own, "the session at the registry is gone");
	}
}

/* A contact's id is no secret, but may be a person's word: it stays out. */
static bool
send_removal(struct own *own, struct slice id, enum own_step step)
{
	struct fail fail = FAIL_INIT;
	const struct epp_plain *removal;

	own->step = step;
	own->flight.client_id =
	    filter_client_id(own->upstream->filter, own->arena);
	removal = epp_frame_own_removal(
	    id, own->flight.client_id, own->arena, &fail);
	if (removal == NULL ||
	    !line_send_plain(own->line, &own->flight, removal))
		return false;
	own->wrote = true;
	return true;
}

static void
take_back(struct own *own)
{
	if (own->made_count == 0)
		own_end(own, DELIVERY_REFUSED, &own->refusal);
	else if (!send_removal(
		     own, own->made[--own->made_count], STEP_TAKEN_BACK))
		trouble(own, "the session at the registry is gone");
}

/*
 * One that is linked (2305) serves another domain, too; what else keeps it
 * there an operator must know.
 */
static void
taken_back(struct own *own, unsigned code)
{
	struct fail fail = FAIL_INIT;

	if (code >= EPP_UNKNOWN_COMMAND && code != EPP_NOT_EXISTS &&
	    code != EPP_ASSOCIATION) {
		fail_set(&fail, FAIL_DENIED,
		    "a contact that a refused delivery made stays at the "
		    "registry: delete contact: %u %s",
		    code, epp_code_text(code));
		filter_log(own->upstream, "warn", "contact-stays", &fail);
	}
	take_back(own);
}

static void
refused(struct own *own, unsigned code)
{
	fail_set(&own->refusal, FAIL_DENIED, "%s %s: %u %s",
	    own->step == STEP_LOOKED && code != EPP_EXISTS
		? "info"
		: epp_verb_name(own->epp->verb),
	    own->epp->object == EPP_CONTACT ? "contact" : "domain", code,
	    epp_code_text(code));
	take_back(own);
}

/* It is there now, and if the domain is not, nobody needs it. */
static void
note_made(struct own *own)
{
	if (own->epp->verb == EPP_CREATE && own->epp->object == EPP_CONTACT &&
	    own->made_count < OWN_MADE)
		own->made[own->made_count++] = own->epp->id;
}

/*
 * A contact by an id that only this domain's submissions make, which no object
 * names: an earlier one left it.
 */
static bool
is_left(const struct own *own, const struct epp_response *response)
{
	return own->epp->verb == EPP_CREATE &&
	       own->epp->object == EPP_CONTACT &&
	       epp_frame_is_made_id(own->epp->id) &&
	       !epp_response_is_linked(response, own->arena);
}

/* What was sent before and is not there is no longer on its way. */
static void
not_sent(struct own *own, bool exists)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_WORLD,
	    exists ? "the registry's object is another than sent"
		   : "the registry has no such object");
	own_end(own, DELIVERY_NOT_SENT, &fail);
}

static void
send_or_end(struct own *own)
{
	if (is_stale(own))
		trouble(own, "another setup is in force since");
	else if (!send_frame(own))
		trouble(own, "the session at the registry is gone");
}

static void
clear_way(struct own *own)
{
	if (is_stale(own))
		trouble(own, "another setup is in force since");
	else if (!send_removal(own, own->epp->id, STEP_CLEARED))
		trouble(own, "the session at the registry is gone");
}

static void
cleared(struct own *own, unsigned code)
{
	if (code < EPP_UNKNOWN_COMMAND || code == EPP_NOT_EXISTS)
		send_or_end(own);
	else
		refused(own, EPP_EXISTS);
}

/* It exists: is it what we want it to be? */
static void
looked(struct own *own, const struct epp_response *response)
{
	enum epp_verb verb = own->epp->verb;
	bool exists = response->code == EPP_OK;
	bool missing = response->code == EPP_NOT_EXISTS;

	if ((missing && verb == EPP_DELETE) ||
	    (exists &&
		epp_frame_agrees(own->frame, response, own->arena))) {
		if (exists && is_left(own, response))
			note_made(own);
		next_step(own);
	} else if (own->again && !exists && !missing) {
		trouble(own, "the registry does not show what became of it");
	} else if (own->again) {
		not_sent(own, exists);
	} else if (exists && is_left(own, response)) {
		clear_way(own);
	} else if (exists && verb == EPP_CREATE) {
		refused(own, EPP_EXISTS);
	} else if (!exists && !missing) {
		refused(own, response->code);
	} else {
		send_or_end(own);
	}
}

/* A contact that is to go and is not there went before. */
static bool
is_done(const struct own *own, unsigned code)
{
	return code < EPP_UNKNOWN_COMMAND ||
	       (code == EPP_NOT_EXISTS && own->epp->verb == EPP_DELETE &&
		   own->epp->object == EPP_CONTACT);
}

static void
step_answered(struct flight *flight, const struct epp_response *response)
{
	struct own *own = (struct own *)(void *)flight;

	if (own->kind == OWN_IMPORT) {
		import_answered(own, response);
	} else if (response->code == EPP_FAILED ||
	    epp_code_closes(response->code)) {
		failed(own);
	} else if (own->step == STEP_LOOKED) {
		looked(own, response);
	} else if (own->step == STEP_CLEARED) {
		cleared(own, response->code);
	} else if (own->step == STEP_TAKEN_BACK) {
		taken_back(own, response->code);
	} else if (is_done(own, response->code)) {
		note_made(own);
		next_step(own);
	} else {
		refused(own, response->code);
	}
}

static void
step_lost(struct flight *flight, const struct fail *fail)
{
	struct own *own = (struct own *)(void *)flight;

	own_end(own, without_answer(own), fail);
}

/* --- what the keeper asks --- */

void
filter_deliver(
    struct filter *filter, const struct keeper_delivery *delivery)
{
	struct upstream *upstream =
	    filter_upstream(filter, delivery->upstream);
	struct fail fail = FAIL_INIT;
	struct own *own = NULL;

	if (upstream != NULL && upstream->conf != NULL &&
	    upstream->conf->login.len != 0 && !filter->draining)
		own = own_create(upstream, OWN_DELIVERY, delivery->id);
	if (own == NULL) {
		fail_set(&fail, FAIL_WORLD,
		    "upstream %.*s has no session of misu's own",
		    SLICE_ARG(delivery->upstream));
		fail_hint(&fail, "give it a login in misu.conf");
		keeper_delivered(filter->o.link, delivery->id,
		    delivery->again ? DELIVERY_UNKNOWN : DELIVERY_LATER,
		    &fail);
		arena_destroy(delivery->arena);
		return;
	}
	own->sealed = delivery->sealed;
	own->sealed_arena = delivery->arena;
	own->rest = sealed_payload(delivery->sealed);
	own->again = delivery->again;
	own->setups = filter->setups;
	own_queue(own);
}

static void
add_upstream(struct text *text, const struct upstream *upstream)
{
	const struct conf_upstream *conf = upstream->conf;
	size_t ready = 0;

	for (const struct line *line = upstream->lines; line != NULL;
	     line = line->next)
		ready += line->state == LINE_READY;
	text_add_string(text, "{\"name\":");
	text_add_json(text, slice_from(upstream->name));
	text_add_format(text,
	    ",\"mode\":\"%s\",\"shadow\":%s,\"backends\":%zu,\"lines\":%zu,"
	    "\"ready\":%zu,\"passed\":%llu,\"decided\":%llu,"
	    "\"refused\":%llu,\"answered\":%llu,\"lost\":%llu}",
	    conf == NULL			? "gone"
		: conf->mode == UPSTREAM_POOL	? "pool"
						: "session",
	    conf != NULL && conf->shadows ? "true" : "false",
	    upstream->session_count, upstream->line_count, ready,
	    (unsigned long long)upstream->passed,
	    (unsigned long long)upstream->decided,
	    (unsigned long long)upstream->refused,
	    (unsigned long long)upstream->answered,
	    (unsigned long long)upstream->lost);
}

static void
answer_upstreams(struct filter *filter, int64_t id)
{
	struct arena *arena = arena_create(filter->o.memory);
	struct text text = text_start(arena);
	const char *separator = "";

	if (arena == NULL) {
		keeper_answer(filter->o.link, id, 503, SLICE("{}"), true);
		return;
	}
	text_add_format(&text, "{\"worker\":%u,\"upstreams\":[",
	    filter->o.worker + 1);
	for (const struct upstream *u = filter->upstreams; u != NULL;
	     u = u->next) {
		text_add_string(&text, separator);
		add_upstream(&text, u);
		separator = ",";
	}
	text_add_string(&text, "]}");
	keeper_answer(filter->o.link, id, 200, text_slice(&text), true);
	arena_destroy(arena);
}

void
filter_ask(struct filter *filter, const struct keeper_ask *ask)
{
	if (slice_is(ask->verb, "upstreams"))
		answer_upstreams(filter, ask->id);
	else if (slice_is(ask->verb, "import"))
		import_ask(filter, ask);
	else
		keeper_answer(filter->o.link, ask->id, 404,
		    SLICE("{\"title\":\"a worker knows no such verb\"}"),
		    true);
}

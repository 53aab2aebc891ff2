#include "filter_priv.h"

#include "base/text.h"

int64_t
filter_now(const struct filter *filter)
{
	return filter->o.loop->operations->now(filter->o.loop);
}

void
filter_log(struct upstream *upstream, const char *level, const char *event,
    const struct fail *fail)
{
	const struct filter_options *o = &upstream->filter->o;

	if (o->log != NULL)
		o->log(o->context, level, event, slice_from(upstream->name),
		    fail);
}

bool
filter_random(
    const struct filter *filter, uint8_t out[16], struct fail *fail)
{
	return filter->o.random->fill(
		   filter->o.random->context, out, 16) ||
	    fail_set(fail, FAIL_WORLD, "no random bytes");
}

/* --- arenas: made once, used again --- */

struct arena *
filter_arena(struct filter *filter)
{
	if (filter->arena_count == 0)
		return arena_create(filter->o.memory);
	if (--filter->arena_count < filter->arena_least)
		filter->arena_least = filter->arena_count;
	return filter->arenas[filter->arena_count];
}

/* Half of those that nobody needed since the last look go. */
static void
let_arenas_go(struct filter *filter)
{
	for (size_t i = filter->arena_least / 2; i != 0; i--)
		arena_destroy(filter->arenas[--filter->arena_count]);
	filter->arena_least = filter->arena_count;
}

void
filter_give_arena(struct filter *filter, struct arena *arena)
{
	if (filter->arena_count == FILTER_ARENAS) {
		arena_destroy(arena);
		return;
	}
	arena_reset(arena);
	filter->arenas[filter->arena_count++] = arena;
}

struct arena *
filter_work(struct filter *filter)
{
	struct arena *arena = filter->work;

	filter->work = NULL;
	return arena != NULL ? arena : filter_arena(filter);
}

void
filter_give_work(struct filter *filter, struct arena *arena)
{
	if (filter->work != NULL) {
		filter_give_arena(filter, arena);
		return;
	}
	arena_reset(arena);
	filter->work = arena;
}

/* "MISU-3f2a91c0-2-17": which life, which worker, which one. */
struct slice
filter_client_id(struct filter *filter, struct arena *arena)
{
	char digits[20], *at = digits + sizeof(digits), *text;
	uint64_t rest = ++filter->counter;
	size_t len;

	do
		*--at = (char)('0' + rest % 10);
	while ((rest /= 10) != 0);
	len = (size_t)(digits + sizeof(digits) - at);
	text = arena_take(arena, filter->life_len + len + 1);
	if (text == NULL)
		return (struct slice){NULL, 0};
	memcpy(text, filter->life, filter->life_len);
	memcpy(text + filter->life_len, at, len);
	return (struct slice){text, filter->life_len + len};
}

/* --- time --- */

static bool
has_work(const struct upstream *upstream)
{
	if (upstream->lines != NULL || upstream->own_first != NULL ||
	    (upstream->conf != NULL &&
		upstream->conf->mode == UPSTREAM_POOL))
		return true;
	for (const struct session *s = upstream->sessions; s != NULL;
	     s = s->next)
		if (s->count != 0 || s->on_line != 0)
			return true;
	return false;
}

/* Is anything waited for, so that a second counts? */
static bool
is_busy(const struct upstream *upstream)
{
	if (upstream->own_first != NULL || upstream->lines == NULL)
		return true;
	for (const struct line *l = upstream->lines; l != NULL; l = l->next)
		if (l->state != LINE_READY || l->first != NULL ||
		    l->hello != 0 || l->retired)
			return true;
	for (const struct session *s = upstream->sessions; s != NULL;
	     s = s->next)
		if (s->count != 0 || s->on_line != 0 ||
		    s->state != SESSION_OPEN)
			return true;
	return upstream->failures != 0;
}

/* Nothing is waited for but the time to say hello, a third of idle. */
static int64_t
slow_tick(const struct upstream *upstream)
{
	int64_t delay = upstream->conf != NULL
	    ? (int64_t)upstream->conf->idle * 1000 / 12
	    : TICK_SLOW;

	if (delay > TICK_SLOW)
		return TICK_SLOW;
	return delay > TICK ? delay : TICK + 1;
}

static void
set_tick(struct upstream *upstream, int64_t delay)
{
	struct loop *loop = upstream->filter->o.loop;

	upstream->ticking = true;
	upstream->tick_is_slow = delay > TICK;
	loop->operations->timer_set(upstream->tick, delay);
}

static void
tick(void *arg)
{
	struct upstream *upstream = arg;
	int64_t now = filter_now(upstream->filter);
	struct line *next_line;
	struct session *next_session;

	upstream->ticking = false;
	let_arenas_go(upstream->filter);
	/* One that is late ends; what it ends may be the next one's, too. */
	for (struct line *l = upstream->lines; l != NULL; l = next_line) {
		next_line = l->next;
		line_tick(l, now);
	}
	for (struct session *s = upstream->sessions; s != NULL;
	     s = next_session) {
		next_session = s->next;
		if (s->line != NULL && !s->pooled)
			line_tick(s->line, now);
	}
	for (struct session *s = upstream->sessions; s != NULL;
	     s = next_session) {
		next_session = s->next;
		session_tick(s, now);
	}
	pool_fill(upstream);
	own_tick(upstream, now);
	/* What was asked for meanwhile is not made later again. */
	if (has_work(upstream) && !upstream->ticking)
		set_tick(upstream,
		    is_busy(upstream) ? TICK : slow_tick(upstream));
}

void
filter_tick(struct upstream *upstream)
{
	struct loop *loop = upstream->filter->o.loop;

	if (upstream->ticking && !upstream->tick_is_slow)
		return;
	if (upstream->tick == NULL)
		upstream->tick =
		    loop->operations->timer_create(loop, tick, upstream);
	if (upstream->tick != NULL)
		set_tick(upstream, TICK);
}

/* --- life --- */

struct filter *
filter_create(const struct filter_options *options, struct fail *fail)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	uint8_t random[16];

	if (filter == NULL) {
		fail_memory(fail);
		return NULL;
	}
	filter->o = *options;
	if (filter->o.workers == 0)
		filter->o.workers = 1;
	if (!filter_random(filter, random, fail)) {
		free(filter);
		return NULL;
	}
	filter->life_len = (size_t)snprintf(filter->life,
	    sizeof(filter->life), "MISU-%02x%02x%02x%02x-%u-", random[0],
	    random[1], random[2], random[3], filter->o.worker);
	return filter;
}

struct upstream *
filter_upstream(struct filter *filter, struct slice name)
{
	struct upstream *upstream = filter->upstreams;

	while (upstream != NULL && !slice_is(name, upstream->name))
		upstream = upstream->next;
	return upstream;
}

/* Whoever asked for them is gone, and so is the line to the keeper. */
static void
free_sessions(struct upstream *upstream)
{
	for (struct session *s = upstream->sessions, *next; s != NULL;
	     s = next) {
		next = s->next;
		for (struct command *c = s->first, *after; c != NULL;
		     c = after) {
			after = c->next;
			command_free(c);
		}
		free(s);
	}
}

static void
upstream_free(struct upstream *upstream)
{
	struct loop *loop = upstream->filter->o.loop;

	free_sessions(upstream);

	filter_drop_upstream_sockets(upstream);
	if (upstream->tick != NULL)
		loop->operations->timer_destroy(upstream->tick);
	arena_destroy(upstream->greeting_arena);
	arena_destroy(upstream->password_arena);
	digest_wipe(upstream->password, sizeof(upstream->password));
	free(upstream);
}

/* Sessions are closed; what they still wait for nobody will hear. */
static void
end_lines(struct upstream *upstream)
{
	struct session *session = upstream->sessions;

	while (session != NULL) {
		struct line *line = session->line;

		if (session->pooled || line == NULL) {
			session = session->next;
			continue;
		}
		session->line = NULL;
		line->session = NULL;
		line_close(line);
		session = upstream->sessions; /* another list now */
	}
}

void
filter_destroy(struct filter *filter)
{
	struct fail fail = FAIL_INIT;

	if (filter == NULL)
		return;
	fail_set(&fail, FAIL_WORLD, "misu is stopping");
	filter->draining = true;
	filter->drained = NULL;
	keeper_link_forget(filter->o.link);
	for (struct upstream *u = filter->upstreams, *next; u != NULL;
	     u = next) {
		next = u->next;
		while (u->lines != NULL)
			line_close(u->lines);
		own_fail_all(u, &fail);
		filter_end_sessions(u);
		end_lines(u);
		upstream_free(u);
	}
	while (filter->arena_count != 0)
		arena_destroy(filter->arenas[--filter->arena_count]);
	arena_destroy(filter->work);
	free(filter);
}

size_t
filter_share(const struct filter *filter, size_t all)
{
	return (all + filter->o.workers - 1) / filter->o.workers;
}

bool
filter_accept(struct filter *filter, struct slice name, struct epp_conn *conn,
    const struct epp_conn_events **events, void **arg)
{
	struct upstream *upstream = filter_upstream(filter, name);
	struct session *session;

	if (upstream == NULL || upstream->conf == NULL || filter->draining)
		return false;
	if (upstream->conf->connections != 0 &&
	    upstream->session_count >=
		filter_share(filter, upstream->conf->connections))
		return false;
	session = session_create(upstream, conn);
	if (session == NULL)
		return false;
	*events = &session_events;
	*arg = session;
	return true;
}

void
filter_look_drained(struct filter *filter)
{
	void (*drained)(void *arg) = filter->drained;

	if (!filter->draining || drained == NULL)
		return;
	for (const struct upstream *u = filter->upstreams; u != NULL;
	     u = u->next)
		if (u->sessions != NULL || u->own_first != NULL)
			return;
	filter->drained = NULL;
	drained(filter->drained_arg);
}

void
filter_drain(
    struct filter *filter, void (*drained)(void *arg), void *arg)
{
	struct session *next;

	filter->draining = true;
	filter->drained = drained;
	filter->drained_arg = arg;
	for (struct upstream *u = filter->upstreams; u != NULL; u = u->next) {
		filter_drop_listener(u);
		for (struct session *s = u->sessions; s != NULL; s = next) {
			next = s->next;
			session_pump(s);
		}
	}
	filter_look_drained(filter);
}

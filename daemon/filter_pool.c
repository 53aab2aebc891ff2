/*
 * Lines of misu's own: how many there are, which one a command takes, and
 * when a lost registry is tried again.
 *
 * The commands of one backend session stay on one line while any of them is
 * in flight, so that the registry sees them in the backend's order.
 */
#include "filter_priv.h"

enum { REDIAL_FIRST = 1000, REDIAL_LONGEST = 60000 /* ms */ };

/* This worker's share of the sessions the registry allows. */
static size_t
share(const struct upstream *upstream)
{
	const struct filter_options *o = &upstream->filter->o;
	size_t all = upstream->conf->mode == UPSTREAM_POOL
	    ? upstream->conf->sessions
	    : 0;
	size_t mine = all / o->workers + (o->worker < all % o->workers);

	return mine;
}

static bool
wants_own(const struct upstream *upstream)
{
	return upstream->conf->login.len != 0 && upstream->own_first != NULL;
}

/* Without a pool one line is made when misu itself has something to ask. */
static size_t
wanted(const struct upstream *upstream)
{
	size_t count = share(upstream);

	return count == 0 && wants_own(upstream) ? 1 : count;
}

void
pool_fill(struct upstream *upstream)
{
	struct filter *filter = upstream->filter;
	struct fail fail = FAIL_INIT;
	bool pooled;

	if (upstream->conf == NULL || filter->draining ||
	    upstream->redial > filter_now(filter))
		return;
	pooled = upstream->conf->mode == UPSTREAM_POOL;
	while (upstream->line_count < wanted(upstream)) {
		/* After a failure one is tried before all others. */
		if (upstream->failures != 0 && upstream->line_count != 0)
			break;
		if (line_dial(upstream, NULL, pooled, &fail) == NULL) {
			pool_failed(upstream, &fail);
			break;
		}
		filter_tick(upstream);
	}
}

void
pool_failed(struct upstream *upstream, const struct fail *fail)
{
	struct filter *filter = upstream->filter;
	int64_t wait = REDIAL_FIRST;
	struct session *next;

	if (!upstream->told || upstream->told_kind != fail->kind)
		filter_log(upstream, "error", "registry-is-away", fail);
	upstream->told = true;
	upstream->told_kind = fail->kind;
	for (unsigned i = 0; i < upstream->failures && wait < REDIAL_LONGEST;
	     i++)
		wait *= 2;
	if (wait > REDIAL_LONGEST)
		wait = REDIAL_LONGEST;
	upstream->failures++;
	upstream->redial = filter_now(filter) + wait;
	filter_tick(upstream);
	for (struct session *s = upstream->sessions; s != NULL; s = next) {
		next = s->next;
		if (s->pooled && s->state == SESSION_OPENING &&
		    upstream->greeting != NULL)
			session_greet(s);
		else if (s->pooled)
			session_pump(s);
	}
}

void
pool_changed(struct upstream *upstream)
{
	struct session *next;

	pool_fill(upstream);
	for (struct session *s = upstream->sessions; s != NULL; s = next) {
		next = s->next;
		if (!s->pooled)
			continue;
		if (s->state == SESSION_OPENING)
			session_greet(s);
		else
			session_pump(s);
	}
	own_pump(upstream);
}

void
pool_settle(struct upstream *upstream, bool elsewhere)
{
	bool pool = upstream->conf->mode == UPSTREAM_POOL;
	struct line *next;

	for (struct line *line = upstream->lines; line != NULL; line = next) {
		next = line->next;
		if (elsewhere || (pool && !line->pooled) ||
		    (pool && upstream->line_count > share(upstream)))
			line_retire(line);
	}
	if (elsewhere) {
		upstream->failures = 0;
		upstream->redial = 0;
		upstream->told = false;
	}
}

static struct line *
idlest(struct upstream *upstream, bool pooled)
{
	struct line *best = NULL;

	for (struct line *line = upstream->lines; line != NULL;
	     line = line->next)
		if (line->state == LINE_READY && !line->retired &&
		    (!pooled || line->pooled) &&
		    (best == NULL || line->flights < best->flights))
			best = line;
	return best;
}

struct line *
pool_line(struct session *session)
{
	if (session->on_line != 0)
		return session->line;
	session->line = idlest(session->upstream, true);
	return session->line;
}

struct line *
pool_own_line(struct upstream *upstream)
{
	return idlest(upstream, false);
}

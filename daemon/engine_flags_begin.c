/*
 * What makes registries be told: another policy, a stop and its end, and what
 * ended of what was on its way.
 */
#include "engine_flags_priv.h"

#include "engine_told.h"

bool
engine_is_flags(const struct spool_item *item)
{
	const struct slice prefix = SLICE(ENGINE_FLAGS);

	return item->submission.len > prefix.len &&
	       memcmp(item->submission.data, prefix.data, prefix.len) == 0;
}

/* --- who is looked at --- */

void
flags_look_in(struct engine *engine, int64_t delay)
{
	const struct loop_operations *ops = engine->o.loop->operations;
	struct flags *flags = engine->flags;

	if (flags->timer == NULL)
		flags->timer =
		    ops->timer_create(engine->o.loop, flags_turn, engine);
	if (flags->timer != NULL)
		ops->timer_set(flags->timer, delay);
}

static bool
make_flags(struct engine *engine)
{
	if (engine->flags != NULL)
		return true;
	engine->flags = calloc(1, sizeof(*engine->flags));
	if (engine->flags == NULL)
		return false;
	engine->flags->last = &engine->flags->first;
	return true;
}

void
engine_flags_finish(struct engine *engine)
{
	struct flags *flags = engine->flags;

	if (flags == NULL)
		return;
	for (struct flags_wanted *w = flags->first, *next; w != NULL;
	     w = next) {
		next = w->next;
		free(w);
	}
	if (flags->timer != NULL)
		engine->o.loop->operations->timer_destroy(flags->timer);
	free(flags);
	engine->flags = NULL;
}

static void
want(struct engine *engine, const struct flags_wanted *what)
{
	size_t len = what->object.len + what->recipient.len + what->purpose.len;
	struct flags_wanted *wanted =
	    make_flags(engine) ? malloc(sizeof(*wanted) + len) : NULL;
	struct fail fail = FAIL_INIT;
	char *at;

	if (wanted == NULL) {
		fail_memory(&fail);
		engine_log(engine, "error", "registry-not-told", &fail);
		return;
	}
	at = wanted->bytes;
	*wanted = (struct flags_wanted){
	    .type = what->type, .held = what->held, .again = what->again};
	memcpy(at, what->object.data, what->object.len);
	wanted->object = (struct slice){at, what->object.len};
	at += what->object.len;
	memcpy(at, what->recipient.data, what->recipient.len);
	wanted->recipient = (struct slice){at, what->recipient.len};
	at += what->recipient.len;
	memcpy(at, what->purpose.data, what->purpose.len);
	wanted->purpose = (struct slice){at, what->purpose.len};
	*engine->flags->last = wanted;
	engine->flags->last = &wanted->next;
	flags_look_in(engine, 0);
}

bool
flags_keep_walk(struct engine *engine, struct fail *fail)
{
	const struct flags *flags = engine->flags;
	const struct standing_walk walk = {.stage = flags->walks || flags->owes
							? STANDING_VAULT
							: STANDING_WHOLE,
	    .type = SLICE(""),
	    .name = SLICE(""),
	    .key = {(const char *)flags->cursor.key,
		flags->cursor.begun && !flags->owes ? VAULT_CURSOR : 0}};

	return standing_set_walk(
	    engine->o.standing, STANDING_FOR_REGISTRIES, &walk, fail);
}

/* --- what makes it look --- */

static bool
resume(struct engine *engine, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct standing_walk at = {.stage = STANDING_WHOLE};
	bool ok = (arena != NULL || fail_memory(fail)) &&
		  standing_walk(engine->o.standing, STANDING_FOR_REGISTRIES,
		      arena, &at, fail);

	if (ok && at.stage != STANDING_WHOLE) {
		engine->flags->walks = true;
		engine->flags->walk++;
		engine->flags->cursor.begun = at.key.len == VAULT_CURSOR;
		if (engine->flags->cursor.begun)
			memcpy(engine->flags->cursor.key, at.key.data,
			    VAULT_CURSOR);
		flags_look_in(engine, 0);
	}
	arena_destroy(arena);
	return ok;
}

static bool
begin_anew(struct engine *engine, struct fail *fail)
{
	engine->flags->walks = true;
	engine->flags->walk++;
	engine->flags->refused = 0;
	engine->flags->cursor = (struct vault_cursor){.begun = false};
	flags_look_in(engine, 0);
	return flags_keep_walk(engine, fail);
}

static bool
begin(struct engine *engine, struct fail *fail)
{
	struct flags *flags = engine->flags;
	struct digest before;
	bool known, ok;

	if (!standing_told(engine->o.standing, &before, &known, fail))
		return false;
	/* Where nothing is known any more, all is looked through, too. */
	if (known && digest_equal(&before, &flags->identity))
		ok = flags->has_begun || resume(engine, fail);
	else
		ok = begin_anew(engine, fail) &&
		     standing_set_told(
			 engine->o.standing, &flags->identity, fail);
	flags->has_begun = flags->has_begun || ok;
	return ok;
}

bool
flags_begin_if_due(struct engine *engine)
{
	struct flags *flags = engine->flags;
	struct fail fail = FAIL_INIT;

	if (!flags->is_due)
		return true;
	flags->is_due = !begin(engine, &fail);
	if (!flags->is_due)
		return true;
	engine_log(engine, "error", "registry-not-told", &fail);
	flags_look_in(engine, FLAGS_TROUBLE_DELAY);
	return false;
}

void
engine_flags_begin(struct engine *engine, const struct digest *identity)
{
	struct fail fail = FAIL_INIT;

	if (engine->o.standing == NULL)
		return;
	if (!make_flags(engine)) {
		fail_memory(&fail);
		engine_log(engine, "error", "registry-not-told", &fail);
		return;
	}
	engine->flags->identity = *identity;
	engine->flags->is_due = true;
	flags_begin_if_due(engine);
}

/* --- what ended --- */

/* Has the channel by which it went a word for what is published? */
static bool
is_told(
    const struct engine *engine, struct slice channel, struct slice recipient)
{
	return slice_is(channel, "epp") || slice_is(channel, "epp-shadow") ||
	       (slice_is(channel, "file") && engine_told_by_file(conf_recipient(
						 engine->conf, recipient)));
}

/*
 * What was sent may have been decided under another policy; and what was
 * refused leaves what was there before, which may be too much by now.  What
 * misu told of itself, and was refused, is not told once more.
 */
static bool
is_looked_at_again(const struct engine *engine, const struct flags_end *end)
{
	const struct spool_item *item = end->item;
	bool is_own = engine_is_flags(item);
	bool is_stale = !digest_equal(&item->epoch, &engine->epoch);
	bool is_sent = end->result == DELIVERY_SENT;
	bool is_refused = end->result == DELIVERY_REFUSED || end->gives_up;

	if (engine->o.standing == NULL ||
	    !is_told(engine, item->channel, item->recipient))
		return false;
	if (is_own)
		return is_sent || (is_refused && is_stale);
	return item->object_type < OBJECT_SUBMITTED &&
	       ((is_sent && is_stale) || is_refused);
}

/* What is wanted from here on is found by a walk, if it does not come to it. */
static bool
owe(struct engine *engine, struct fail *fail)
{
	struct flags *flags;

	if (engine->o.standing == NULL)
		return true;
	if (!make_flags(engine))
		return fail_memory(fail);
	flags = engine->flags;
	if (!flags->owes) {
		flags->owes = true;
		flags->owes = flags_keep_walk(engine, fail);
	}
	return flags->owes;
}

bool
engine_flags_suspect(struct engine *engine, struct fail *fail)
{
	return owe(engine, fail);
}

bool
engine_flags_promise(
    struct engine *engine, const struct flags_end *end, struct fail *fail)
{
	/* What is told of itself, and still is so, brings nothing more. */
	return !is_looked_at_again(engine, end) ||
	       (engine_is_flags(end->item) &&
		   digest_equal(&end->item->epoch, &engine->epoch)) ||
	       owe(engine, fail);
}

bool
engine_flags_expect(struct engine *engine, const struct record *record,
    bool *follows, struct fail *fail)
{
	struct flags_target targets[BLOCKS_MAX];
	size_t count;

	*follows = false;
	if (record_type(record) >= OBJECT_SUBMITTED)
		return true;
	if (!flags_find_targets(engine, record, targets, &count, fail))
		return false;
	*follows = count != 0;
	return count == 0 || owe(engine, fail);
}

void
engine_flags_follow(struct engine *engine, const struct record *record)
{
	struct flags_target targets[BLOCKS_MAX];
	struct fail fail = FAIL_INIT;
	size_t count;

	if (!flags_find_targets(engine, record, targets, &count, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	for (size_t i = 0; fail.kind == FAIL_NONE && i < count; i++) {
		const struct flags_wanted wanted = {.type = record_type(record),
		    .again = true,
		    .object = record_object(record),
		    .recipient = targets[i].recipient,
		    .purpose = targets[i].purpose};

		want(engine, &wanted);
	}
}

bool
engine_consent_promise(struct engine *engine, struct fail *fail)
{
	return owe(engine, fail);
}

void
engine_consent_ended(struct engine *engine, struct slice contact)
{
	const struct flags_wanted wanted = {.type = OBJECT_CONTACT,
	    .again = true,
	    .object = contact,
	    .recipient = SLICE(""),
	    .purpose = SLICE("")};

	if (engine->o.standing != NULL)
		want(engine, &wanted);
}

/* Unless the row is about something else by now. */
static void
end_hiding(struct engine *engine, const struct flags_end *end)
{
	static const char prefix[] = ENGINE_HIDING;
	char submission[FLAGS_SUBMISSION];
	struct fail fail = FAIL_INIT;
	struct slice name = end->item->submission;
	bool is_sent = end->result == DELIVERY_SENT;
	long long row, about;
	char *rest;

	if (name.len < sizeof(prefix) || name.len >= sizeof(submission) ||
	    memcmp(name.data, prefix, sizeof(prefix) - 1) != 0 ||
	    !(is_sent || end->result == DELIVERY_REFUSED || end->gives_up))
		return;
	memcpy(submission, name.data, name.len);
	submission[name.len] = '\0';
	row = strtoll(submission + sizeof(prefix) - 1, &rest, 10);
	about = *rest == '-' ? strtoll(rest + 1, NULL, 10) : -1;
	if (!stops_end_hiding(engine->o.stops, row, about,
		is_sent ? "hidden" : "not-hidden", &fail))
		engine_log(engine, "error", "stops", &fail);
}

void
engine_flags_ended(struct engine *engine, const struct flags_end *end)
{
	const struct spool_item *item = end->item;
	const struct flags_wanted again = {
	    .type = (enum object_type)item->object_type,
	    .again = true,
	    .object = item->object,
	    .recipient = item->recipient,
	    .purpose = item->purpose};

	end_hiding(engine, end);
	if (!engine->draining && is_looked_at_again(engine, end))
		want(engine, &again);
}

/* Rows are read before any is changed. */
struct rows {
	struct engine *engine;
	bool again; /* also those that were told */
	struct fail *fail;
};

static bool
want_row(void *arg, const struct stop_held *row)
{
	const struct rows *rows = arg;
	const struct flags_wanted wanted = {.type = (enum object_type)row->type,
	    .held = rows->again ? 0 : row->id,
	    .object = row->object,
	    .recipient = row->recipient,
	    .purpose = row->purpose};

	if (is_told(rows->engine, row->channel, row->recipient) &&
	    (rows->again || slice_is(row->state, "held")))
		want(rows->engine, &wanted);
	/* What misu itself tells is as the policy has it, too. */
	if (slice_is(row->channel, "view") && rows->again)
		return engine_view_renew(rows->engine,
		    (enum object_type)row->type, row->object, rows->fail);
	return true;
}

static void
want_rows(struct engine *engine, int64_t stop, bool again)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	struct rows rows = {engine, again, &fail};

	if (arena == NULL || !stops_each_held(engine->o.stops, arena, stop,
				 want_row, &rows, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	arena_destroy(arena);
}

void
engine_flags_stop(struct engine *engine, int64_t stop)
{
	want_rows(engine, stop, false);
}

static bool
ends_shadow(const struct engine *engine, const struct conf *old)
{
	const struct conf *conf = engine->conf;

	for (size_t i = 0; i < conf->upstream_count; i++) {
		const struct conf_upstream *before =
		    conf_upstream(old, conf->upstreams[i].name);

		if (!conf->upstreams[i].shadows && before != NULL &&
		    before->shadows)
			return true;
	}
	return false;
}

static bool
want_stop(void *arg, const struct stop *stop)
{
	struct engine *engine = arg;

	if (stop->is_looked_up)
		want_rows(engine, stop->id, false);
	return true;
}

void
engine_flags_catch_up(struct engine *engine, const struct conf *old)
{
	struct arena *arena;
	struct fail fail = FAIL_INIT;

	if (!stops_any(engine->o.stops) ||
	    (old != NULL && !ends_shadow(engine, old)))
		return;
	arena = engine_arena(engine);
	if (arena == NULL ||
	    !stops_each(engine->o.stops, arena, want_stop, engine, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	arena_destroy(arena);
}

void
engine_flags_resume(struct engine *engine, int64_t stop)
{
	struct fail fail = FAIL_INIT;

	/* The rows go with the stop. */
	if (!owe(engine, &fail))
		engine_log(engine, "error", "registry-not-told", &fail);
	want_rows(engine, stop, true);
}

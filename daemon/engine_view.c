/*
 * The public view under the policy in force: no row of an earlier one is told
 * (the epoch is raised before anything else), and each is decided anew from
 * the vault, with an entry that supersedes its own.
 */
#include "engine_view.h"

enum {
	REFRESH_MAX = 64,      /* objects in one batch */
	REFRESH_LOOK = 10000,  /* ms between looks for what is in doubt */
	REFRESH_SOON = 20,     /* ms until what changes is on the disk */
	REFRESH_PACE = 2,      /* ms: what is made anew leaves room for others */
	REFRESH_NEVER = -1,    /* until something comes in doubt */
	DOUBT_LONGEST = 60000, /* ms until a row in doubt is decided anew */
};

/* One object that is decided anew; without a disclosure nothing is told. */
struct renewed {
	struct view_stale row;
	struct published published;
	struct share share;
	size_t nth; /* entry of the batch, where one is written */
	bool failed; /* it stays in doubt, and is tried again */
	bool waits; /* until a change of it is on the disk */
};

struct refresh {
	struct engine *engine;
	struct arena *arena;
	struct conf_use use; /* what its rows are decided under */
	struct batch *batch;
	struct view_stale rows[REFRESH_MAX];
	struct renewed items[REFRESH_MAX];
	size_t count, entries, removals, waiting;
	int64_t epoch; /* it is decided in */
	uint64_t from; /* no entry of it is below */
};

static void look(void *arg);

/* Or earlier, where that was said before. */
static void
look_in(struct engine *engine, int64_t delay)
{
	const struct loop_operations *ops = engine->o.loop->operations;
	int64_t due = engine_now(engine) + delay;

	if (engine->view_timer == NULL)
		engine->view_timer =
		    ops->timer_create(engine->o.loop, look, engine);
	if (engine->view_timer == NULL ||
	    (engine->view_due != 0 && engine->view_due <= due))
		return;
	engine->view_due = due;
	ops->timer_set(engine->view_timer, delay);
}

void
engine_view_look(struct engine *engine)
{
	look_in(engine, 0);
}

/*
 * What was begun does not come in force: rows go on being decided by what was
 * in force before, under the new epoch.  So the next beginning has to be one,
 * whatever identity it has.
 */
static bool
unsettle(struct engine *engine, struct fail *fail)
{
	engine->view_unsettled = !view_unsettle(engine->o.view, fail);
	return !engine->view_unsettled;
}

bool
engine_view_begin(struct engine *engine, const struct digest *identity,
    const struct conf *conf, struct fail *fail)
{
	int64_t before = engine->view_epoch;

	if (engine->o.view == NULL)
		return true;
	if (engine->view_unsettled && !unsettle(engine, fail))
		return false;
	if (!engine_walk_check(engine, conf, fail) ||
	    !view_begin(engine->o.view, identity, &engine->view_epoch, fail))
		return false;
	if (engine->view_epoch != before &&
	    !engine_walk_missing(engine, conf, fail)) {
		struct fail ignored = FAIL_INIT;

		unsettle(engine, &ignored);
		return false;
	}
	look_in(engine, 0);
	return true;
}

void
engine_view_stop(struct engine *engine)
{
	if (engine->view_timer != NULL)
		engine->o.loop->operations->timer_destroy(engine->view_timer);
	engine->view_timer = NULL;
	engine_walk_stop(engine);
}

static bool
is_for_view(const struct share *share)
{
	return share->binding != NULL &&
	       share->binding->channel == CHANNEL_VIEW;
}

static bool
is_addressed(const struct share *shares, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_for_view(&shares[i]))
			return true;
	return false;
}

/* Does something of it wait for the view, or is it in its channel's hands? */
static bool
is_on_its_way(
    const struct engine *engine, const struct record *record, struct fail *fail)
{
	const struct conf *conf = engine->conf;
	bool is = false;

	for (size_t i = 0; !is && i < conf->recipient_count; i++) {
		const struct spool_item any = {
		    .object = record_object(record),
		    .object_type = record_type(record),
		    .recipient = conf->recipients[i].id,
		    .place = UINT64_MAX};

		if (conf->recipients[i].channel == CHANNEL_VIEW &&
		    !spool_is_followed(engine->o.spool, &any, &is, fail))
			return false;
	}
	return is;
}

/*
 * Whoever it is addressed to: the view is told of what it has, or is about to
 * have.  Of the first that comes of an object it has nothing yet.
 */
bool
engine_view_doubt(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, struct fail *fail)
{
	const struct view_doubted row = {
	    slice_from(object_type_name(record_type(record))),
	    record_object(record)};

	if (engine->o.view == NULL)
		return true;
	if ((!is_addressed(shares, count) ||
		record_operation(record) == OPERATION_CREATE) &&
	    !view_has(engine->o.view, row.type, row.name) &&
	    !is_on_its_way(engine, record, fail))
		return fail->kind == FAIL_NONE;
	look_in(engine, DOUBT_LONGEST + REFRESH_LOOK);
	return view_doubt(engine->o.view, &row, 1,
	    ledger_next(engine->o.ledger), engine_now(engine) / 1000, fail);
}

bool
engine_view_renew(struct engine *engine, enum object_type type,
    struct slice object, struct fail *fail)
{
	const struct view_doubted row = {
	    slice_from(object_type_name(type)), object};

	if (engine->o.view == NULL)
		return true;
	look_in(engine, 0);
	return view_want(
	    engine->o.view, &row, 1, ledger_next(engine->o.ledger), fail);
}

/* It goes to the view; nothing does of what is refused or held. */
static bool
is_told(const struct share *share)
{
	return disclosure_outcome(share->disclosure).verdict == VERDICT_FORWARD;
}

static bool
end_share(struct engine *engine, const struct record *record,
    const struct share *share, struct fail *fail)
{
	const struct view_ended ended = {
	    .type = slice_from(object_type_name(record_type(record))),
	    .name = record_object(record),
	    .from = share->entry + 1,
	    .epoch = engine->view_epoch,
	    .time = engine_now(engine) / 1000};

	return view_end_row(engine->o.view, &ended, fail);
}

void
engine_view_settle(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, bool kept)
{
	struct fail fail = FAIL_INIT;
	bool ok = true;

	if (engine->o.view == NULL)
		return;
	if (!is_addressed(shares, count) &&
	    view_has(engine->o.view,
		slice_from(object_type_name(record_type(record))),
		record_object(record)))
		ok = engine_view_renew(engine, record_type(record),
		    record_object(record), &fail);
	for (size_t i = 0; ok && i < count; i++) {
		const struct share *share = &shares[i];

		if (!is_for_view(share) || (kept && is_told(share)))
			continue;
		ok = kept ? end_share(engine, record, share, &fail)
			  : engine_view_renew(engine, record_type(record),
				record_object(record), &fail);
	}
	if (!ok)
		engine_log(engine, "error", "view-not-settled", &fail);
}

void
engine_followed(struct engine *engine)
{
	look_in(engine, 0);
}

/* Each is asked anew, also one that a crash made necessary again. */
static struct slice
request_of(struct refresh *refresh, const struct renewed *item)
{
	const struct view_stale *row = &item->row;
	struct text text = text_start(refresh->arena);

	text_add_format(&text, "view/%lld/%llu/%llu/%zu",
	    (long long)refresh->epoch,
	    (unsigned long long)row->entry,
	    (unsigned long long)refresh->from,
	    (size_t)(item - refresh->items));
	return text_slice(&text);
}

/*
 * NULL: nothing is told of it.  What was deleted over EPP has a last entry,
 * with which its record goes; what was deleted otherwise had its own.
 */
static const struct block *
block_for(const struct engine *engine, const struct published *published)
{
	if (published->record == NULL ||
	    (record_operation(published->record) == OPERATION_DELETE &&
		!published->is_assembled))
		return NULL;
	return engine_view_block(engine, published->record);
}

static bool
is_gone(const struct published *published)
{
	return published->record == NULL ||
	    record_operation(published->record) == OPERATION_DELETE;
}

static bool
end_record(struct refresh *refresh, const struct renewed *item,
    struct fail *fail)
{
	if (!is_gone(&item->published) || !item->published.is_assembled)
		return true;
	refresh->removals++;
	return ledger_add_removal(refresh->batch, OBJECT_DOMAIN,
	    item->row.name, VAULT_CURRENT, fail);
}

/*
 * What was published is so no longer, and no disclosure says it: where no
 * block publishes it any more, or the object is gone.
 */
static bool
add_ended(struct refresh *refresh, struct renewed *item, struct fail *fail)
{
	struct event event = engine_event(
	    refresh->engine, EVENT_OUTCOME, "ended", item->row.entry);

	if (!item->row.has_told)
		return true;
	event.request = request_of(refresh, item);
	event.reason = is_gone(&item->published)
			   ? SLICE("the object is gone")
			   : SLICE("the policy in force does not publish it");
	if (!ledger_add_event(refresh->batch, &event, fail))
		return false;
	refresh->entries++;
	return true;
}

static bool
decide_again(struct refresh *refresh, struct renewed *item, struct fail *fail)
{
	struct engine *engine = refresh->engine;
	struct published *published = &item->published;
	const struct block *block;
	enum object_type type;

	if (!object_type_find(item->row.type, &type))
		return true;
	if (!engine_published(engine, type, item->row.name, refresh->arena,
		published, fail))
		return false;
	if (published->changes) {
		item->waits = true;
		refresh->waiting++;
		return true;
	}
	block = block_for(engine, published);
	if (block == NULL)
		return add_ended(refresh, item, fail) &&
		       end_record(refresh, item, fail);
	if (!engine_either(engine, block, HOW_ASKED, refresh->arena, published,
		fail) ||
	    !engine_share(engine, block, published->record, HOW_ASKED,
		refresh->arena, &item->share, fail))
		return false;
	item->nth = refresh->entries++;
	return engine_add_entry(engine, refresh->batch, &item->share,
		   request_of(refresh, item),
		   item->row.entry != 0 ? item->row.entry : LEDGER_NONE,
		   fail) &&
	    end_record(refresh, item, fail);
}

/* One that cannot be decided must not keep the others from it. */
static bool
decide_all(struct refresh *refresh, struct fail *fail)
{
	for (size_t i = 0; i < refresh->count; i++) {
		struct renewed *item = &refresh->items[i];
		size_t entries = refresh->entries;
		struct fail own = FAIL_INIT;

		item->row = refresh->rows[i];
		if (decide_again(refresh, item, &own))
			continue;
		if (own.kind == FAIL_MEMORY || refresh->entries != entries) {
			*fail = own;
			return false;
		}
		engine_log(refresh->engine, "error", "view-not-renewed", &own);
		item->failed = true;
	}
	return true;
}

/* Before anything of it is told: what it is made from is known. */
static bool
keep_parts(struct refresh *refresh, struct fail *fail)
{
	struct standing_made made[REFRESH_MAX];
	struct standing *standing = refresh->engine->o.standing;
	size_t count = 0;

	for (size_t i = 0; i < refresh->count; i++) {
		const struct renewed *item = &refresh->items[i];
		const struct published *published = &item->published;
		bool told = !is_gone(published);

		if (!item->failed && !item->waits)
			made[count++] = (struct standing_made){item->row.type,
			    item->row.name, published->parts,
			    told ? published->part_count : 0};
	}
	return standing == NULL || standing_set(standing, made, count, fail);
}

/*
 * What is under way is not begun once more by the next look, and nothing from
 * before ends its doubt.
 */
static bool
doubt_all(struct refresh *refresh, struct fail *fail)
{
	struct view_doubted rows[REFRESH_MAX];
	size_t count = 0;

	for (size_t i = 0; i < refresh->count; i++)
		if (refresh->items[i].share.disclosure != NULL ||
		    refresh->items[i].failed)
			rows[count++] = (struct view_doubted){
			    refresh->rows[i].type, refresh->rows[i].name};
	return count == 0 ||
	    view_doubt(refresh->engine->o.view, rows, count, refresh->from,
		engine_now(refresh->engine) / 1000, fail);
}

static void
finish(struct refresh *refresh, int64_t delay)
{
	struct engine *engine = refresh->engine;

	engine->refresh = NULL;
	engine_leave_conf(&refresh->use);
	arena_destroy(refresh->arena);
	if (!engine->draining && engine->view_again)
		look_in(engine, 0);
	else if (!engine->draining && delay != REFRESH_NEVER)
		look_in(engine, delay);
	engine_finish_one(engine);
}

static void
give_up(struct refresh *refresh, const struct fail *fail)
{
	engine_log(refresh->engine, "error", "view-not-renewed", fail);
	finish(refresh, REFRESH_LOOK);
}

/*
 * Nothing is published of it any more: an empty row, which a later policy may
 * fill again, or none where the object itself is gone.
 */
static bool
empty_row(struct refresh *refresh, const struct renewed *item, uint64_t from,
    struct fail *fail)
{
	struct engine *engine = refresh->engine;
	const struct view_ended ended = {.type = item->row.type,
	    .name = item->row.name,
	    .from = from,
	    .epoch = refresh->epoch,
	    .time = engine_now(engine) / 1000,
	    .gone = is_gone(&item->published)};

	return view_end_row(engine->o.view, &ended, fail);
}

/* An operator decides; what was laid out with the same content stays. */
static bool
lay_out(struct spool *spool, struct spool_item *held, struct fail *fail)
{
	return spool_has_held(spool, held, fail) ||
	    (fail->kind == FAIL_NONE && spool_add(spool, held, fail));
}

/* What the ledger handed out, by entries. */
struct handed {
	uint64_t first;
	struct sealed *const *sealed;
	size_t count;
};

static const struct sealed *
find_sealed(const struct handed *handed, uint64_t entry)
{
	for (size_t i = 0; i < handed->count; i++)
		if (handed->sealed[i] != NULL &&
		    sealed_index(handed->sealed[i]) == entry)
			return handed->sealed[i];
	return NULL;
}

static bool
take_one(struct refresh *refresh, struct renewed *item,
    const struct handed *handed, struct fail *fail)
{
	struct engine *engine = refresh->engine;
	const struct sealed *sealed;
	struct spool_item waits;

	if (item->failed || item->waits)
		return true;
	if (item->share.disclosure == NULL)
		return empty_row(refresh, item, refresh->from, fail);
	item->share.entry = handed->first + item->nth;
	sealed = find_sealed(handed, item->share.entry);
	if (sealed != NULL)
		item->share.leaf = *sealed_leaf(sealed);
	waits = engine_item(engine, item->published.record, &item->share,
	    request_of(refresh, item), refresh->arena);
	if (is_told(&item->share))
		return spool_add(engine->o.spool, &waits, fail);
	return (waits.state != SPOOL_HELD ||
		   lay_out(engine->o.spool, &waits, fail)) &&
	    empty_row(refresh, item, item->share.entry + 1, fail);
}

static bool
take_all(struct refresh *refresh, const struct handed *handed,
    struct fail *fail)
{
	struct spool *spool = refresh->engine->o.spool;
	struct view *view = refresh->engine->o.view;
	bool ok = spool_begin(spool, fail) && view_batch_begin(view, fail);

	for (size_t i = 0; ok && i < refresh->count; i++)
		ok = take_one(refresh, &refresh->items[i], handed, fail);
	ok = view_batch_end(view, ok, fail);
	ok = ok &&
	    (refresh->entries == 0 ||
		spool_set_mark(
		    spool, handed->first + refresh->entries, fail)) &&
	    spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	return ok;
}

static int64_t
delay_after(const struct refresh *refresh)
{
	bool walks = refresh->engine->walk != NULL;

	/* What came of nothing may be in doubt still, and is no hurry. */
	if (refresh->waiting != 0 || (walks && refresh->entries == 0))
		return REFRESH_SOON;
	return refresh->count == REFRESH_MAX || walks ? 0 : REFRESH_LOOK;
}

/* Nothing waits: when to look again whether what is in doubt came to its end. */
static int64_t
delay_idle(const struct engine *engine)
{
	return view_doubts(engine->o.view) ? REFRESH_LOOK : REFRESH_NEVER;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct refresh *refresh = arg;
	struct engine *engine = refresh->engine;
	const struct handed handed = {first, sealed, count};
	struct fail fail = FAIL_INIT;

	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		give_up(refresh, ledger_fail);
		return;
	}
	engine_checkpoint_soon(engine);
	engine_flush(engine); /* the mark covers earlier entries too */
	if (!take_all(refresh, &handed, &fail)) {
		give_up(refresh, &fail);
		return;
	}
	engine_courier_wake(engine);
	finish(refresh, delay_after(refresh));
}

/* NULL without memory. */
static struct refresh *
start(struct engine *engine)
{
	struct arena *arena = engine_arena(engine);
	struct refresh *refresh =
	    arena != NULL ? arena_take(arena, sizeof(*refresh)) : NULL;

	if (refresh == NULL) {
		arena_destroy(arena);
		look_in(engine, REFRESH_LOOK);
		return NULL;
	}
	*refresh = (struct refresh){
	    .engine = engine,
	    .arena = arena,
	    .epoch = engine->view_epoch,
	    .from = ledger_next(engine->o.ledger)};
	engine_use_conf(engine, &refresh->use);
	engine->refresh = refresh;
	engine->under_way++;
	return refresh;
}

/* Nothing waits: what is made anew goes on. */
static void
walk_on(struct refresh *refresh)
{
	struct engine *engine = refresh->engine;
	struct fail fail = FAIL_INIT;
	bool left = false;

	if (engine_walk_on(engine, &left, &fail))
		finish(refresh, left ? REFRESH_PACE : delay_idle(engine));
	else
		give_up(refresh, &fail);
}

static bool
begin(struct refresh *refresh, struct fail *fail)
{
	struct engine *engine = refresh->engine;

	refresh->batch = ledger_begin(engine->o.ledger, refresh->arena, fail);
	return refresh->batch != NULL && decide_all(refresh, fail) &&
	    keep_parts(refresh, fail) && doubt_all(refresh, fail);
}

static void
look(void *arg)
{
	struct engine *engine = arg;
	struct fail fail = FAIL_INIT;
	struct refresh *refresh;

	engine->view_due = 0;
	engine->view_again = engine->refresh != NULL;
	if (engine->draining || engine->refresh != NULL ||
	    engine->conf == NULL || ledger_stopped(engine->o.ledger) != NULL)
		return;
	refresh = start(engine);
	if (refresh == NULL)
		return;
	if (!view_stale(engine->o.view, refresh->arena,
		(engine_now(engine) - DOUBT_LONGEST) / 1000, refresh->rows,
		&refresh->count, REFRESH_MAX, &fail))
		give_up(refresh, &fail);
	else if (refresh->count == 0)
		walk_on(refresh);
	else if (!begin(refresh, &fail))
		give_up(refresh, &fail);
	else if (refresh->entries == 0 && refresh->removals == 0)
		durable(refresh, 0, NULL, 0, NULL);
	else
		ledger_commit(refresh->batch, durable, refresh);
}

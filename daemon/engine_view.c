/*
 * The public view under the policy in force: no row of an earlier one is told
 * (the epoch is raised before anything else), and each is decided anew from
 * the vault, with an entry that supersedes its own.
 */
#include "engine_priv.h"
#include "store/view.h"

enum {
	REFRESH_MAX = 32,      /* objects in one batch */
	REFRESH_LOOK = 10000,  /* ms between looks for what is in doubt */
	DOUBT_LONGEST = 60000, /* ms until a row in doubt is decided anew */
};

/* One object that is decided anew; without a disclosure nothing is told. */
struct renewed {
	struct view_stale row;
	const struct record *record;
	struct share share;
	size_t nth; /* entry of the batch, where one is written */
	bool failed; /* it stays in doubt, and is tried again */
};

struct refresh {
	struct engine *engine;
	struct arena *arena;
	const struct conf *conf;
	struct batch *batch;
	struct view_stale rows[REFRESH_MAX];
	struct renewed items[REFRESH_MAX];
	size_t count, entries;
	int64_t epoch; /* it is decided in */
	uint64_t from; /* no entry of it is below */
};

static void look(void *arg);

static void
look_in(struct engine *engine, int64_t delay)
{
	const struct loop_operations *ops = engine->o.loop->operations;

	if (engine->view_timer == NULL)
		engine->view_timer =
		    ops->timer_create(engine->o.loop, look, engine);
	if (engine->view_timer != NULL)
		ops->timer_set(engine->view_timer, delay);
}

bool
engine_view_begin(struct engine *engine, const struct digest *identity,
    struct fail *fail)
{
	if (engine->o.view == NULL)
		return true;
	if (!view_begin(engine->o.view, identity, &engine->view_epoch, fail))
		return false;
	look_in(engine, 0);
	return true;
}

void
engine_view_stop(struct engine *engine)
{
	if (engine->view_timer != NULL)
		engine->o.loop->operations->timer_destroy(engine->view_timer);
	engine->view_timer = NULL;
}

bool
engine_view_refreshes_under(
    const struct engine *engine, const struct conf *conf)
{
	return engine->refresh != NULL && engine->refresh->conf == conf;
}

bool
engine_view_doubt(struct engine *engine, const struct record *record,
    const struct share *shares, size_t count, struct fail *fail)
{
	const struct view_doubted row = {
	    slice_from(object_type_name(record_type(record))),
	    record_object(record)};

	for (size_t i = 0; i < count; i++)
		if (shares[i].binding != NULL &&
		    shares[i].binding->channel == CHANNEL_VIEW &&
		    engine->o.view != NULL)
			return view_doubt(engine->o.view, &row, 1,
			    ledger_next(engine->o.ledger),
			    engine_now(engine) / 1000, fail);
	return true;
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
	/* Since long: nobody is about to put it again. */
	return view_doubt(engine->o.view, &row, 1,
	    ledger_next(engine->o.ledger), 1, fail);
}

/* The block that says what is published of it; NULL: nothing is. */
static const struct block *
block_of(const struct engine *engine, const struct record *record)
{
	const struct block *blocks[BLOCKS_MAX];
	size_t count =
	    ruleset_match(engine->ruleset, record, blocks, BLOCKS_MAX);

	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++) {
		const struct recipient *recipient = ruleset_recipient(
		    engine->ruleset, blocks[i]->recipient);
		const struct conf_recipient *binding =
		    conf_recipient(engine->conf, recipient->id);

		if (binding != NULL && binding->channel == CHANNEL_VIEW)
			return blocks[i];
	}
	return NULL;
}

/* Each is asked anew, also one that a crash made necessary again. */
static struct slice
request_of(struct refresh *refresh, const struct view_stale *row)
{
	struct text text = text_start(refresh->arena);

	text_add_format(&text, "view/%lld/%llu/%llu",
	    (long long)refresh->epoch,
	    (unsigned long long)row->entry,
	    (unsigned long long)refresh->from);
	return text_slice(&text);
}

static bool
decide_again(struct refresh *refresh, struct renewed *item, struct fail *fail)
{
	struct engine *engine = refresh->engine;
	const struct block *block;
	enum object_type type;

	if (!object_type_find(item->row.type, &type))
		return true;
	item->record = vault_get(
	    engine->o.vault, refresh->arena, type, item->row.name, fail);
	if (item->record == NULL)
		return fail->kind == FAIL_NONE;
	block = record_operation(item->record) == OPERATION_DELETE
	    ? NULL
	    : block_of(engine, item->record);
	if (block == NULL)
		return true;
	if (!engine_share(engine, block, item->record, false, refresh->arena,
		&item->share, fail))
		return false;
	item->nth = refresh->entries++;
	return engine_add_entry(engine, refresh->batch, &item->share,
	    request_of(refresh, &item->row), item->row.entry, fail);
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
	arena_destroy(refresh->arena);
	if (!engine->draining)
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
empty_row(struct refresh *refresh, const struct renewed *item,
    uint64_t entry, struct fail *fail)
{
	struct engine *engine = refresh->engine;
	const struct view_put put = {.type = item->row.type,
	    .name = item->row.name,
	    .entry = entry,
	    .epoch = refresh->epoch,
	    .time = engine_now(engine) / 1000};

	return item->record == NULL ||
		record_operation(item->record) == OPERATION_DELETE
	    ? view_remove(engine->o.view, &put, fail)
	    : view_put(engine->o.view, &put, fail);
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

	if (item->failed)
		return true;
	if (item->share.disclosure == NULL)
		return empty_row(refresh, item, item->row.entry, fail);
	item->share.entry = handed->first + item->nth;
	sealed = find_sealed(handed, item->share.entry);
	if (sealed == NULL)
		return empty_row(refresh, item, item->share.entry, fail);
	item->share.leaf = *sealed_leaf(sealed);
	waits = engine_item(engine, item->record, &item->share,
	    request_of(refresh, &item->row), refresh->arena);
	return spool_add(engine->o.spool, &waits, fail);
}

static bool
take_all(struct refresh *refresh, const struct handed *handed,
    struct fail *fail)
{
	struct spool *spool = refresh->engine->o.spool;
	bool ok = spool_begin(spool, fail);

	for (size_t i = 0; ok && i < refresh->count; i++)
		ok = take_one(refresh, &refresh->items[i], handed, fail);
	ok = ok &&
	    (refresh->entries == 0 ||
		spool_set_mark(
		    spool, handed->first + refresh->entries, fail)) &&
	    spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	return ok;
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
	finish(refresh,
	    refresh->count == REFRESH_MAX && refresh->entries != 0
		? 0
		: REFRESH_LOOK);
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
	    .conf = engine->conf,
	    .epoch = engine->view_epoch,
	    .from = ledger_next(engine->o.ledger)};
	engine->refresh = refresh;
	engine->under_way++;
	return refresh;
}

static void
look(void *arg)
{
	struct engine *engine = arg;
	struct fail fail = FAIL_INIT;
	struct refresh *refresh;
	bool ok;

	if (engine->draining || engine->refresh != NULL ||
	    engine->conf == NULL || ledger_stopped(engine->o.ledger) != NULL)
		return;
	refresh = start(engine);
	if (refresh == NULL)
		return;
	ok = view_stale(engine->o.view, refresh->arena,
	    (engine_now(engine) - DOUBT_LONGEST) / 1000, refresh->rows,
	    &refresh->count, REFRESH_MAX, &fail);
	if (ok && refresh->count != 0)
		refresh->batch =
		    ledger_begin(engine->o.ledger, refresh->arena, &fail);
	if (refresh->batch != NULL)
		ok = decide_all(refresh, &fail) && doubt_all(refresh, &fail);
	if (!ok || (refresh->count != 0 && refresh->batch == NULL))
		give_up(refresh, &fail);
	else if (refresh->count == 0)
		finish(refresh, REFRESH_LOOK);
	else if (refresh->entries == 0)
		durable(refresh, 0, NULL, 0, NULL);
	else
		ledger_commit(refresh->batch, durable, refresh);
}

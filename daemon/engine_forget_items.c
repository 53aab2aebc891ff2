/*
 * What is queued, held or laid out for a subject who is forgotten ends: first
 * the entries that say so, then the rows go.
 */
#include "engine_forget_priv.h"

/* How an item that was not sent, and now never will be, ended: false: it has.
 */
static bool
end_of(const struct forget *forget, const struct spool_row *row,
    char request[OUTCOME_REQUEST], struct event *event)
{
	const struct engine *engine = forget->engine;
	const char *word = "unknown";

	switch (row->state) {
	case SPOOL_QUEUED:
	case SPOOL_LAID_OUT:
		word = "not-sent";
		break;
	case SPOOL_SENDING:
	case SPOOL_UNKNOWN:
		break;
	case SPOOL_HELD:
		*event =
		    engine_event(engine, EVENT_HOLD, "refused", row->entry);
		event->reason = SLICE("the subject is forgotten");
		return true;
	case SPOOL_APPROVED:
	case SPOOL_DONE:
	case SPOOL_REFUSED:
	case SPOOL_GIVEN_UP:
	case SPOOL_SUPERSEDED:
	case SPOOL_STATE_COUNT:
		return false;
	}
	*event = engine_event(engine, EVENT_OUTCOME, word, row->entry);
	event->reason = SLICE("the subject is forgotten");
	event->request = engine_outcome_request(request, row->entry, word);
	return true;
}

/* What was pruned ended long ago, and its row is as old. */
static bool
is_of_subject(struct forget *forget, const struct spool_row *row,
    struct arena *arena, bool *is_its, struct fail *fail)
{
	struct ledger *ledger = forget->engine->o.ledger;
	struct slice entry;

	*is_its = true;
	if (row->entry < ledger_minimum(ledger))
		return true;
	arena_reset(arena);
	if (!ledger_read(ledger, row->entry, arena, &entry, fail))
		return false;
	*is_its = forget_names_subject(forget, entry);
	return true;
}

/* A row that goes, once an entry says how it ended. */
static bool
take_row(struct forget *forget, const struct spool_row *row,
    struct arena *arena, struct batch *batch, struct fail *fail)
{
	char request[OUTCOME_REQUEST];
	struct event event;
	bool is_its;

	if (!is_of_subject(forget, row, arena, &is_its, fail))
		return false;
	if (is_its && engine_is_in_hand(forget->engine, row->id)) {
		forget->any_waits = true;
		is_its = false;
	}
	if (is_its && end_of(forget, row, request, &event)) {
		if (!ledger_add_event(batch, &event, fail))
			return false;
		forget->ends++;
	}
	if (is_its)
		forget->drops[forget->drop_count++] = row->id;
	return true;
}

static bool
drop_rows(struct forget *forget, struct fail *fail)
{
	for (size_t i = 0; i < forget->drop_count; i++)
		if (!spool_drop(
			forget->engine->o.spool, forget->drops[i], fail))
			return false;
	forget->row = forget->page_end;
	return true;
}

/* Back to the page that could not be dropped, or on to the next. */
static void
ends_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct forget *forget = arg;
	struct engine *engine = forget->engine;
	struct fail trouble_with = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	arena_destroy(forget->entry_arena);
	forget->entry_arena = NULL;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE)
		trouble_with = *fail;
	else
		drop_rows(forget, &trouble_with);
	forget->step = forget->then;
	if (trouble_with.kind != FAIL_NONE)
		forget_trouble(forget, &trouble_with);
	else
		forget_wake(forget, 0);
	engine_finish_one(engine);
}

static void
commit_ends(struct forget *forget, struct batch *batch, struct arena *kept)
{
	forget->entry_arena = kept;
	forget->then = forget->step;
	forget->step = STEP_ENTRY;
	forget->engine->under_way++;
	ledger_commit(batch, ends_durable, forget);
}

/* Rows of one page; *left: there may be more. */
static bool
take_page(struct forget *forget, struct arena *arena, struct batch *batch,
    bool *left, struct fail *fail)
{
	struct spool_row rows[SPOOL_PAGE];
	size_t count = 0;
	bool ok = spool_page(
	    forget->engine->o.spool, forget->row, rows, &count, fail);

	forget->drop_count = 0;
	forget->ends = 0;
	forget->page_end = forget->row;
	for (size_t i = 0; ok && i < count; i++) {
		ok = take_row(forget, &rows[i], arena, batch, fail);
		forget->page_end = rows[i].id;
	}
	*left = count == SPOOL_PAGE;
	return ok;
}

/*
 * One page more; *left: there is more to come, which wakes us where an entry
 * is on its way.
 */
static bool
walk_items(struct forget *forget, bool *left, struct fail *fail)
{
	struct engine *engine = forget->engine;
	struct arena *arena = engine_arena(engine);
	struct arena *kept = engine_arena(engine);
	struct batch *batch = NULL;
	bool ok = (arena != NULL && kept != NULL) || fail_memory(fail);

	if (ok)
		batch = ledger_begin(engine->o.ledger, kept, fail);
	ok = ok && batch != NULL && take_page(forget, arena, batch, left, fail);
	arena_destroy(arena);
	if (ok && forget->ends != 0) {
		commit_ends(forget, batch, kept);
		*left = true;
		return true;
	}
	arena_destroy(kept);
	return ok && drop_rows(forget, fail);
}

/* Commands of EPP end by themselves; so do submissions. */
static bool
others_wait(const struct forget *forget)
{
	const struct engine *engine = forget->engine;

	return engine->o.in_flight != NULL &&
	       engine->o.in_flight(engine->o.forget_context,
		   (struct slice){forget->mark, MARK_SIZE - 1});
}

void
forget_run_items(struct forget *forget)
{
	struct engine *engine = forget->engine;
	struct fail fail = FAIL_INIT;
	bool left = false;

	forget_pause_courier(forget, true);
	if (engine->parcels != 0 || engine->renewals != NULL ||
	    engine->tiers != NULL) {
		forget_wake(forget, SOON); /* the courier comes to rest first */
		return;
	}
	engine_flush(engine);
	if (!walk_items(forget, &left, &fail)) {
		forget_trouble(forget, &fail);
		return;
	}
	if (left) {
		if (forget->step != STEP_ENTRY)
			forget_wake(forget, 0);
		return;
	}
	forget_pause_courier(forget, false);
	if (forget->any_waits ||
	    (forget->step == STEP_ITEMS && others_wait(forget))) {
		forget->row = 0;
		forget->any_waits = false;
		forget_wake(forget, 10 * SOON);
		return;
	}
	forget->step = forget->step == STEP_ITEMS ? STEP_KEY : STEP_TOLD;
	forget_wake(forget, 0);
}

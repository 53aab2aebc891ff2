/*
 * What a case gives out and what did not go yet: held for an operator, queued
 * or laid out on the desk.  It ends with the case, and what an operator makes
 * of a hold is a step of the case like the giving itself.
 */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "engine_case.h"
#include "engine_stop.h"

enum { ENDS_AT_ONCE = 1000 };

bool
engine_given_ends(const struct engine *engine, const struct spool_item *item,
    struct arena *arena, bool *out, struct fail *fail)
{
	int64_t given = engine_given_case(item->submission);
	struct case_row row;

	*out = given != 0;
	if (given == 0 || engine->o.cases == NULL)
		return true;
	/* A case that is not there gives nothing. */
	if (!cases_get(engine->o.cases, arena, given, &row, fail))
		return fail->kind == FAIL_NONE;
	*out = row.state == CASE_REFUSED || row.state == CASE_WITHDRAWN ||
	       (row.state == CASE_ANSWERED && item->state == SPOOL_HELD);
	return true;
}

/* --- with the case --- */

struct ending {
	struct engine *engine;
	int64_t given;
	int64_t ids[ENDS_AT_ONCE];
	size_t count;
};

static bool
collect(void *arg, const struct spool_item *item)
{
	struct ending *ending = arg;

	if (engine_given_case(item->submission) == ending->given)
		ending->ids[ending->count++] = item->id;
	return ending->count < ENDS_AT_ONCE;
}

static void
ended(void *arg, int64_t id, const struct fail *fail)
{
	struct engine *engine = arg;

	(void)id;
	if (fail != NULL)
		engine_log(engine, "error", "decide-again-failed", fail);
}

static bool
end_item(
    struct ending *ending, int64_t id, struct arena *arena, struct fail *fail)
{
	struct engine *engine = ending->engine;
	struct spool_item item;
	bool ends;

	if (!spool_get(engine->o.spool, arena, id, &item, fail) ||
	    !engine_given_ends(engine, &item, arena, &ends, fail))
		return fail->kind == FAIL_NONE;
	/* Whoever has it in hand now finds that it ended. */
	if (ends && !engine_is_in_hand(engine, id))
		engine_courier_renew(engine, &item, false, ended, engine);
	return true;
}

void
engine_case_end_waiting(struct engine *engine, int64_t case_id)
{
	static const enum spool_state states[] = {SPOOL_HELD, SPOOL_LAID_OUT};
	struct arena *arena = engine_arena(engine);
	struct ending *ending =
	    arena != NULL ? arena_take(arena, sizeof(*ending)) : NULL;
	struct fail fail = FAIL_INIT;
	bool ok = ending != NULL || fail_memory(&fail);

	for (size_t s = 0; ok && s < sizeof(states) / sizeof(*states); s++) {
		*ending = (struct ending){.engine = engine, .given = case_id};
		ok = spool_each(engine->o.spool, states[s], SIZE_MAX >> 1,
		    collect, ending, &fail);
		for (size_t i = 0; ok && i < ending->count; i++)
			ok = end_item(ending, ending->ids[i], arena, &fail);
	}
	if (!ok)
		engine_spool_failed(engine, &fail);
	arena_destroy(arena);
}

/* --- what an operator decides of a hold --- */

static bool
add_passed(const struct engine *engine, uint64_t entry, struct arena *arena,
    struct text *text, struct fail *fail)
{
	struct slice line, fields;

	if (!ledger_read(engine->o.ledger, entry, arena, &line, fail))
		return false;
	if (canon_member(line, "fields", &fields))
		entry_add_passed(text, fields);
	return true;
}

/* As the step of the giving has it (engine_case_give.c). */
static bool
describe(struct affair *affair, const struct spool_item *item, uint64_t entry,
    struct slice *out, struct fail *fail)
{
	struct text text = text_start(affair->arena);

	text_add(&text, item->object);
	text_add_string(&text, " to ");
	text_add(&text, item->recipient);
	text_add_string(&text, " for ");
	text_add(&text, item->purpose);
	text_add_string(&text, ": ");
	text_add(&text, affair->state);
	if (entry != LEDGER_NONE &&
	    !add_passed(affair->engine, entry, affair->arena, &text, fail))
		return false;
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

/* What came of it: the item that stands for it now, or none. */
static bool
take_outcome(struct affair *affair, const struct spool_item *item, int64_t id,
    struct fail *fail)
{
	struct spool_item now = {.entry = item->entry};
	uint64_t entry = LEDGER_NONE;
	struct slice text;

	affair->state = SLICE("refused");
	if (id != 0) {
		if (!spool_get(
			affair->engine->o.spool, affair->arena, id, &now, fail))
			return false;
		affair->state =
		    now.state == SPOOL_HELD ? SLICE("held") : SLICE("queued");
		entry = now.entry;
	}
	if (!describe(affair, item, entry, &text, fail))
		return false;
	affair_take_given(affair, text, (int64_t)now.entry);
	return true;
}

void
engine_case_decided(struct engine *engine, const struct spool_item *item,
    int64_t id, struct slice actor)
{
	int64_t given = engine_given_case(item->submission);
	struct affair *affair;
	struct fail fail = FAIL_INIT;

	if (given == 0)
		return;
	affair =
	    affair_create(engine, actor, (struct slice){"", 0}, NULL, NULL);
	if (affair == NULL)
		return;
	if (!cases_get(
		engine->o.cases, affair->arena, given, &affair->row, &fail) ||
	    !take_outcome(affair, item, id, &fail)) {
		if (fail.kind != FAIL_NONE)
			engine_log(engine, "error", "case-not-noted", &fail);
		affair_fail(affair, 503, &fail);
	}
}

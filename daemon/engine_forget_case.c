/*
 * What requests say of somebody who is forgotten: those of the subject itself
 * go with its pseudonym; what an authority was given of it is found by the
 * entry that says so, and what waits for a second operator is asked for anew.
 */
#include "engine_approval.h"

/* One that was pruned cannot be asked any more: then it is taken to be. */
static bool
is_about(const struct engine *engine, int64_t index, struct slice pseudonym,
    struct arena *arena, bool *about, struct fail *fail)
{
	struct slice entry;

	*about = true;
	if ((uint64_t)index < ledger_minimum(engine->o.ledger))
		return true;
	if (!ledger_read(
		engine->o.ledger, (uint64_t)index, arena, &entry, fail))
		return false;
	*about = memmem(entry.data, entry.len, pseudonym.data, pseudonym.len) !=
		 NULL;
	return true;
}

static bool
wipe_given(const struct engine *engine, struct slice pseudonym,
    struct arena *arena, struct fail *fail)
{
	struct cases *cases = engine->o.cases;
	int64_t step = 0, index = 0;
	bool ok, found, about;

	do {
		arena_reset(arena);
		ok = cases_next_given(cases, &step, &index, &found, fail) &&
		     (!found ||
			 (is_about(
			      engine, index, pseudonym, arena, &about, fail) &&
			     (!about || cases_wipe_step(cases, step, fail))));
	} while (ok && found);
	return ok;
}

/* Before the key goes: after that nobody can tell whose a case is. */
bool
engine_forget_cases(const struct engine *engine,
    const uint8_t pseudonym[PSEUDONYM_SIZE], struct fail *fail)
{
	struct arena *arena = arena_create(NULL);
	char hex[2 * PSEUDONYM_SIZE + 1];
	bool ok;

	if (arena == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < PSEUDONYM_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", pseudonym[i]);
	ok = engine->o.cases == NULL ||
	     (cases_name(engine->o.cases, arena, fail) &&
		 wipe_given(engine, slice_from(hex), arena, fail) &&
		 engine_forget_grants(engine, pseudonym, arena, fail));
	ok = ok && (engine->o.approvals == NULL ||
		       approvals_remove_all(engine->o.approvals,
			   SLICE("authority-request"), fail));
	arena_destroy(arena);
	return ok;
}

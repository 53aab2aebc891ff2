/*
 * Submissions about one object are taken one after the other, and after what
 * changes it over EPP.
 */
#include "engine_work.h"

/* Is it about the same object?  What is given out changes nothing. */
static bool
is_about(const struct work *other, const struct record *record)
{
	return other->record != NULL && other->given == 0 &&
	       record_type(other->record) == record_type(record) &&
	       slice_equal(record_object(other->record), record_object(record));
}

/* One that is not answered yet, whether it is durable or not. */
static bool
is_busy(const struct work *work)
{
	struct engine *engine = work->engine;

	for (size_t i = 0; i < WORK_BUCKETS; i++)
		for (struct work *w = engine->works[i]; w != NULL; w = w->next)
			if (w != work && w->text.data == NULL &&
			    is_about(w, work->record))
				return true;
	return false;
}

bool
engine_work_waits(struct work *work, struct slice body, struct fail *fail)
{
	struct work **at = &work->engine->behind;
	bool first = true;

	if (work->waited)
		return false;
	for (; *at != NULL; at = &(*at)->behind)
		first = first && !is_about(*at, work->record);
	if (first && !is_busy(work) && !engine_work_is_beside(work))
		return false;
	work->text = arena_copy(work->arena, body);
	if (work->text.data == NULL)
		return fail_memory(fail);
	*at = work;
	engine_work_set_patience(work);
	return true;
}

static void
begin(struct work *work)
{
	struct slice text = work->text;

	work->behind = NULL;
	work->record = NULL;
	work->text = (struct slice){NULL, 0};
	engine_use_conf(work->engine, &work->use);
	work->waited = true;
	engine_work_begin(work, text);
}

void
engine_work_wake(struct engine *engine)
{
	struct work **at = &engine->behind, *work;
	bool beside;

	/* What is answered meanwhile wakes nobody: all are looked at anew. */
	if (engine->waking)
		return;
	engine->waking = true;
	while (*at != NULL) {
		struct fail fail = FAIL_INIT;

		work = *at;
		beside = !is_busy(work) && engine_work_is_beside(work);
		if (is_busy(work) ||
		    (beside && !engine_work_is_overdue(work, &fail))) {
			at = &work->behind;
			continue;
		}
		*at = work->behind;
		if (beside)
			engine_work_fail(work, 503, "busy", &fail);
		else
			begin(work);
		at = &engine->behind;
	}
	engine->waking = false;
}

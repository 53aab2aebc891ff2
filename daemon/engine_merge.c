/*
 * A submission put together with the record that misu has of its object.
 */
#include "engine_work.h"

static bool
merge_given(
    struct work *work, int *status, const char **type, struct fail *fail)
{
	const struct spool_item item = {
	    .state = SPOOL_HELD, .submission = work->id};
	bool ends;

	if (!engine_given_ends(work->engine, &item, work->arena, &ends, fail))
		return false;
	if (ends) {
		*status = 409;
		*type = "request";
		return fail_set(fail, FAIL_DENIED, "request R-%lld is closed",
		    (long long)work->given);
	}
	work->record = engine_given_record(work->engine, work->given,
	    record_type(work->record), record_object(work->record), work->arena,
	    fail);
	return work->record != NULL;
}

/* What is created may be there, and somebody in it who stays who it was. */
static bool
keep_persons(struct work *work, struct fail *fail)
{
	const struct record *stored;

	if (!engine_may_keep_persons(work->engine))
		return true;
	stored = vault_get(work->engine->o.vault, work->arena,
	    record_type(work->record), record_object(work->record), fail);
	if (stored != NULL)
		engine_keep_persons(work->engine, stored, work->record);
	return fail->kind == FAIL_NONE;
}

static bool
merge(struct work *work, const struct record *stored, bool waits, bool refused,
    struct fail *fail)
{
	work->record = record_merge(work->arena, stored, work->record, fail);
	if (work->record == NULL)
		return false;
	engine_keep_persons(work->engine, stored, work->record);
	if (!waits && refused)
		record_undo(work->record);
	else if (!waits)
		record_settle(work->record);
	return true;
}

/*
 * Whoever stood in a deleted object does not come back with a change of it,
 * which would tell their data to who was told that the object is gone.  A
 * second deletion is judged on what it brings.
 */
static bool
refuse_deleted(struct work *work, bool waits, struct fail *fail)
{
	work->stays = record_operation(work->record) == OPERATION_DELETE;
	if (work->stays)
		return true;
	if (waits) {
		fail_set(fail, FAIL_DENIED,
		    "a deletion of this object is under way");
		fail_hint(fail, "what waits ends, or misuctl hold refuse"
				" ends it; then submit this once more");
		return false;
	}
	fail_set(fail, FAIL_DENIED, "this object was deleted");
	fail_hint(fail, "if it is there again, submit it whole, with the"
			" request create");
	return false;
}

bool
engine_work_merge(
    struct work *work, int *status, const char **type, struct fail *fail)
{
	struct spool *spool = work->engine->o.spool;
	const enum object_type object_type = record_type(work->record);
	const struct slice object = record_object(work->record);
	const struct record *stored;
	bool waits, refused, deleted;

	if (record_operation(work->record) == OPERATION_CREATE)
		return keep_persons(work, fail);
	if (work->given != 0)
		return merge_given(work, status, type, fail);
	work->update = work->record;
	stored = vault_get(
	    work->engine->o.vault, work->arena, object_type, object, fail);
	if (stored == NULL)
		return fail->kind == FAIL_NONE;
	deleted = record_operation(stored) == OPERATION_DELETE;
	if (!spool_waits(spool, object_type, object, &waits, fail) ||
	    !(deleted ? spool_stays(spool, object_type, object, &refused, fail)
		      : spool_is_refused(
			    spool, object_type, object, &refused, fail)))
		return false;
	if (!deleted || (!waits && refused))
		return merge(work, stored, waits, refused, fail);
	*status = 409;
	*type = "deleted";
	return refuse_deleted(work, waits, fail);
}

/*
 * Submissions beside EPP.  An object that a backend changes over EPP is not
 * decided by the record which that change will replace: a submission waits
 * until the registry's answer is durable, though not for ever.  Where nobody
 * knows what the registry made (keeper_doubt.c), the submission is in what is
 * proposed, too, so that the next change over EPP takes nothing of it back.
 */
#include "core/place.h"
#include "engine_work.h"

enum { BESIDE_MAX = 20000 /* ms that a submission waits */, LOOK_DELAY = 1000 };

bool
engine_work_is_beside(const struct work *work)
{
	const struct engine_options *o = &work->engine->o;

	return work->given == 0 && o->under_way != NULL &&
	       o->under_way(o->follow_context, record_type(work->record),
		   record_object(work->record));
}

/* --- waiting --- */

static void look(void *arg);

static void
look_later(struct engine *engine)
{
	const struct loop_operations *ops = engine->o.loop->operations;

	if (engine->wait_timer == NULL)
		engine->wait_timer =
		    ops->timer_create(engine->o.loop, look, engine);
	if (engine->wait_timer == NULL || engine->wait_set)
		return;
	ops->timer_set(engine->wait_timer, LOOK_DELAY);
	engine->wait_set = true;
}

static void
look(void *arg)
{
	struct engine *engine = arg;

	engine->wait_set = false;
	engine_work_wake(engine);
	if (engine->behind != NULL)
		look_later(engine);
}

static void
wake(void *arg)
{
	struct engine *engine = arg;

	engine->wake_posted = false;
	engine_work_wake(engine);
}

void
engine_settled(struct engine *engine)
{
	struct loop *loop = engine->o.loop;

	if (engine->behind != NULL && !engine->wake_posted)
		engine->wake_posted =
		    loop->operations->soon(loop, wake, engine);
}

void
engine_work_set_patience(struct work *work)
{
	work->deadline = engine_now(work->engine) + BESIDE_MAX;
	look_later(work->engine);
}

bool
engine_work_is_overdue(const struct work *work, struct fail *fail)
{
	const struct engine *engine = work->engine;

	if (!engine->draining && engine_now(engine) < work->deadline)
		return false;
	fail_set(fail, FAIL_WORLD,
	    "the object is being changed over EPP, and "
	    "the registry has not answered");
	fail_hint(fail, "submit it again");
	return true;
}

/* --- what is in doubt --- */

static bool
get_proposed(struct work *work, struct record **out, struct fail *fail)
{
	*out = vault_get_slot(work->engine->o.vault, work->arena,
	    record_type(work->record), record_object(work->record),
	    VAULT_PROPOSED, fail);
	return *out != NULL || fail->kind == FAIL_NONE;
}

/* A deletion that is proposed stays one. */
static bool
put_proposed(struct work *work, struct batch *batch,
    const struct record *changed, enum operation operation, struct fail *fail)
{
	const struct record *record = record_create(work->arena,
	    record_type(changed), operation, record_object(changed), fail);

	if (record != NULL)
		record = record_merge(work->arena, changed, record, fail);
	return record != NULL &&
	       ledger_add_record_as(batch, record, VAULT_PROPOSED, fail);
}

bool
engine_work_propose(struct work *work, struct batch *batch, struct fail *fail)
{
	struct record *changed, *proposed;

	if (work->update == NULL || !get_proposed(work, &proposed, fail))
		return fail->kind == FAIL_NONE;
	if (proposed == NULL)
		return true;
	changed = record_merge(work->arena, proposed, work->update, fail);
	if (changed != NULL)
		engine_keep_persons(work->engine, proposed, changed);
	return changed != NULL && put_proposed(work, batch, changed,
				      record_operation(proposed), fail);
}

static bool
withdraw_proposed(struct work *work, struct batch *batch, struct fail *fail)
{
	struct record *proposed;
	bool any = false;

	return get_proposed(work, &proposed, fail) &&
	       (proposed == NULL ||
		   record_withdraw(proposed, work->record, &any, fail)) &&
	       (!any || put_proposed(work, batch, proposed,
			    record_operation(proposed), fail));
}

bool
engine_work_keep_withdrawal(
    struct work *work, struct batch *batch, struct fail *fail)
{
	struct record *stored = vault_get(work->engine->o.vault, work->arena,
	    record_type(work->record), record_object(work->record), fail);
	bool any;

	if (stored == NULL || record_operation(stored) == OPERATION_DELETE)
		return fail->kind == FAIL_NONE;
	if (!record_withdraw(stored, work->record, &any, fail))
		return false;
	if (!any)
		return true;
	work->withdrawn = stored;
	return ledger_add_record(batch, stored, fail) &&
	       withdraw_proposed(work, batch, fail);
}

/* --- where contacts stand --- */

static bool
names_contacts(const struct record *record)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (record_values(record, (enum role)role, FIELD_HANDLE)
			.count != 0)
			return true;
	return false;
}

bool
engine_work_mark_unseen(
    struct work *work, struct batch *batch, struct fail *fail)
{
	bool ok = true;

	if (record_type(work->record) != OBJECT_DOMAIN ||
	    !names_contacts(work->record))
		return true;
	for (size_t i = 0; ok && i < work->share_count; i++) {
		const struct conf_recipient *binding = work->shares[i].binding;
		struct record *mark;

		if (binding == NULL || binding->channel != CHANNEL_EPP)
			continue;
		mark = place_mark(work->arena, binding->upstream,
		    engine_now(work->engine) / 1000, fail);
		ok = mark != NULL && ledger_add_record(batch, mark, fail);
	}
	return ok;
}

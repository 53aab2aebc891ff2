/*
 * Holds of EPP commands.  An operator approves a content, not a command: the
 * backend sends it again, and it passes once.
 */
#include "codec/pack.h"
#include "keeper_priv.h"

/*
 * The record without when it was made and what was shown of it: the next one
 * is made at another time, and more is shown of what was approved.
 */
static const struct record *
bare_record(struct arena *arena, const struct record *from, struct fail *fail)
{
	struct epp_facts facts = *record_epp(from);
	struct record *to;
	bool ok;

	if (!facts.given)
		return from;
	facts.created = 0;
	facts.made = false;
	facts.shown = (struct shown){0, 0, 0};
	to = record_create(arena, record_type(from), record_operation(from),
	    record_object(from), fail);
	ok = to != NULL && record_set_epp(to, &facts, fail) &&
	     (record_plan(from).len == 0 ||
		 record_set_plan(to, record_plan(from), fail));
	for (unsigned role = 0; ok && role < ROLE_COUNT; role++)
		if (record_has_role(from, (enum role)role))
			ok = record_copy_role(to, from, (enum role)role, fail);
	return ok ? to : NULL;
}

bool
hold_content(struct keeper *keeper, struct arena *arena,
    const struct wire_commit *from, const struct record *record,
    struct digest *out, struct fail *fail)
{
	const struct record *bare = bare_record(arena, record, fail);
	struct text text = text_start(arena);
	struct slice bytes;

	if (bare == NULL)
		return false;
	text_add(&text, from->upstream);
	text_add_char(&text, '\0');
	text_add(&text, from->principal);
	text_add_char(&text, '\0');
	pack_record(&text, bare);
	bytes = text_slice(&text);
	if (bytes.data == NULL)
		return fail_memory(fail);
	*out = digest_hmac(keeper->content_key, bytes);
	return true;
}

bool
hold_is_approved(struct keeper *keeper, const struct digest *content,
    int64_t *id, struct fail *fail)
{
	enum spool_state state;

	return spool_find_content(keeper->o.spool, content, id, &state, fail) &&
	       state == SPOOL_APPROVED;
}

bool
hold_use(struct keeper *keeper, struct arena *arena,
    const struct digest *content, struct hold_use *use, struct fail *fail)
{
	long long id = (long long)use->id;
	struct spool_item item;

	if (!spool_get(keeper->o.spool, arena, use->id, &item, fail)) {
		if (fail->kind == FAIL_NONE)
			fail_set(
			    fail, FAIL_DENIED, "there is no hold %lld", id);
		return false;
	}
	if (!digest_equal(&item.content, content))
		return fail_set(
		    fail, FAIL_DENIED, "hold %lld is of another content", id);
	use->entry = item.entry;
	if (item.state == SPOOL_DONE &&
	    slice_equal(item.submission, use->request))
		return true;
	if (item.state != SPOOL_APPROVED)
		return fail_set(fail, FAIL_DENIED, "hold %lld is %s", id,
		    spool_state_name(item.state));
	use->is_new = true;
	return spool_spend(keeper->o.spool, use->id, use->request, fail);
}

void
hold_give_back(struct keeper *keeper, int64_t id)
{
	struct fail fail = FAIL_INIT;

	if (!spool_set_state(keeper->o.spool, id, SPOOL_APPROVED, &fail))
		keeper_log(keeper, "error", "spool-failed", &fail);
}

void
hold_finish(struct keeper *keeper, int64_t id)
{
	struct fail fail = FAIL_INIT;

	if (!spool_set_state(keeper->o.spool, id, SPOOL_DONE, &fail))
		keeper_log(keeper, "error", "spool-failed", &fail);
}

bool
hold_lay_out(struct keeper *keeper, struct spool_item *item, struct fail *fail)
{
	enum spool_state state;

	if (spool_find_content(
		keeper->o.spool, &item->content, &item->id, &state, fail))
		return true;
	return fail->kind == FAIL_NONE &&
	       spool_add(keeper->o.spool, item, fail);
}

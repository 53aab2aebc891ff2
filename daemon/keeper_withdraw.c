/*
 * A consent that a contact:update withdraws is withdrawn from the moment that
 * its entry is durable, whatever comes of the rest of the command: held or
 * refused here, refused by the registry, or lost.  It comes into the current
 * record, into what is proposed, and into what earlier commands will leave
 * there when their answers come.
 */
#include "codec/pack.h"
#include "keeper_priv.h"

static bool
get(struct keeper *keeper, const struct record *update, enum vault_slot slot,
    struct arena *arena, struct record **out, struct fail *fail)
{
	*out = vault_get_slot(keeper->o.vault, arena, record_type(update),
	    record_object(update), slot, fail);
	return *out != NULL || fail->kind == FAIL_NONE;
}

static bool
may_stand(const struct record *record)
{
	return record != NULL && record_operation(record) != OPERATION_DELETE;
}

/* What is in a slot of the vault, with the withdrawal; *any: it is news. */
static bool
withdraw_in(struct keeper *keeper, const struct record *update,
    enum vault_slot slot, struct arena *arena, struct record **out, bool *any,
    struct fail *fail)
{
	*any = false;
	return get(keeper, update, slot, arena, out, fail) &&
	       (!may_stand(*out) || record_withdraw(*out, update, any, fail));
}

bool
withdraw_is_asked(const struct record *update)
{
	return record_type(update) == OBJECT_CONTACT &&
	       record_operation(update) == OPERATION_UPDATE &&
	       record_withdraws(update);
}

bool
withdraw_is_news(struct keeper *keeper, const struct record *update, bool *news,
    struct fail *fail)
{
	const struct wire_object object = {
	    record_type(update), record_object(update)};
	struct record *record;

	/* What is on its way may be of another mind. */
	*news = keeper_is_changing(keeper, object.type, object.name) ||
		open_rival(keeper, NULL, &object) != NULL;
	return *news ||
	       (withdraw_in(keeper, update, VAULT_CURRENT, keeper->scratch,
		    &record, news, fail) &&
		   (*news || withdraw_in(keeper, update, VAULT_PROPOSED,
				 keeper->scratch, &record, news, fail)));
}

/* --- what earlier commands will leave there --- */

/* The packed record with the withdrawal, in the arena. */
static bool
repack(struct slice packed, const struct record *update, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	struct text text = text_start(arena);
	struct record *record = unpack_record(arena, packed, fail);
	bool any;

	if (record == NULL || !record_withdraw(record, update, &any, fail))
		return false;
	*out = packed;
	if (!any)
		return true;
	pack_record(&text, record);
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

static bool
withdraw_open(struct open *open, const struct record *update,
    struct arena *arena, struct fail *fail)
{
	struct slice packed = open->packed, before = open->before;

	return (packed.len == 0 ||
		   (repack(open->packed, update, arena, &packed, fail) &&
		       open_replace(open, &open->packed, packed, fail))) &&
	       (before.len == 0 ||
		   (repack(open->before, update, arena, &before, fail) &&
		       open_replace(open, &open->before, before, fail)));
}

static bool
withdraw_all_open(struct keeper *keeper, const struct record *update,
    struct arena *arena, struct fail *fail)
{
	enum object_type type = record_type(update);
	uint32_t hash = object_hash(type, record_object(update));
	struct open *o = keeper->by_object[hash % OPEN_HEADS];
	bool ok = true;

	for (; ok && o != NULL; o = o->next_object)
		if (o->type == type && o->store == KEEP_RECORD &&
		    slice_equal(o->name, record_object(update)))
			ok = withdraw_open(o, update, arena, fail);
	return ok;
}

/* --- the vault --- */

/* A change of what only misu keeps is one that others must see. */
static bool
note_change(
    struct record *record, const struct record *update, struct fail *fail)
{
	struct epp_facts facts = *record_epp(record);

	if (record_epp(update)->kept.revision == 0)
		return true;
	facts.kept.before = record_epp(update)->kept.before;
	facts.kept.revision = record_epp(update)->kept.revision;
	return record_set_epp(record, &facts, fail);
}

bool
withdraw_add(struct job *job, struct batch *batch, struct slice packed,
    bool proposes, struct fail *fail)
{
	struct keeper *keeper = job->keeper;
	struct arena *arena = job->arena;
	const struct record *update = unpack_record(arena, packed, fail);
	struct record *record;
	bool any;

	if (update == NULL ||
	    !withdraw_in(
		keeper, update, VAULT_CURRENT, arena, &record, &any, fail) ||
	    (any && (!note_change(record, update, fail) ||
			!store_record(batch, record, false, fail))))
		return false;
	/* What it proposes itself says so already. */
	if (!proposes && (!withdraw_in(keeper, update, VAULT_PROPOSED, arena,
			      &record, &any, fail) ||
			     (any && !store_record(batch, record, true, fail))))
		return false;
	return withdraw_all_open(keeper, update, arena, fail);
}

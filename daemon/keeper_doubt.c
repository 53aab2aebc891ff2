/*
 * Changes of which nobody knows whether the registry made them: their proposed
 * records stay in the vault, and what is told in the public view must be
 * allowed by both, the current one and that (engine_either.c).  A later change
 * takes the proposed one's place; where it comes to nothing, what was in doubt
 * before it is in doubt again.
 *
 * A deletion of what is told there is proposed before it goes to the registry,
 * as the record it deletes under that operation: it is known after a crash,
 * too.
 */
#include "codec/pack.h"
#include "keeper_priv.h"

struct looking {
	struct job job;
	struct wire_object object;
};

static bool
may_be_told(enum object_type type)
{
	return type == OBJECT_CONTACT || type == OBJECT_DOMAIN;
}

static bool
changes(const struct open *open, enum object_type type, struct slice name)
{
	return open->type == type && slice_equal(open->name, name) &&
	       open->store == KEEP_RECORD && !open->is_claim;
}

static const struct open *
find_open(const struct keeper *keeper, enum object_type type, struct slice name)
{
	uint32_t hash = object_hash(type, name);
	const struct open *open = keeper->by_object[hash % OPEN_HEADS];

	while (open != NULL && !changes(open, type, name))
		open = open->next_object;
	return open;
}

bool
keeper_awaits(
    const struct keeper *keeper, enum object_type type, struct slice name)
{
	const struct open *first = find_open(keeper, type, name);

	for (const struct open *o = first; o != NULL; o = o->next_object)
		if (changes(o, type, name) && o->before.len != 0)
			return false;
	return first != NULL;
}

bool
keeper_is_under_way(
    const struct keeper *keeper, enum object_type type, struct slice name)
{
	return keeper_is_changing(keeper, type, name) ||
	       find_open(keeper, type, name) != NULL;
}

bool
doubt_awaits(struct keeper *keeper, enum object_type type, struct slice name)
{
	const struct wire_object object = {type, name};

	return open_rival(keeper, NULL, &object) !=
	       NULL;
}

bool
doubt_of(struct keeper *keeper, enum object_type type, struct slice name,
    struct record **out, struct fail *fail)
{
	*out = NULL;
	if (!may_be_told(type) || find_open(keeper, type, name) != NULL)
		return true;
	*out = vault_get_slot(
	    keeper->o.vault, keeper->scratch, type, name, VAULT_PROPOSED, fail);
	return *out != NULL || fail->kind == FAIL_NONE;
}

bool
doubt_note(struct open *open, const struct record *before, struct arena *arena,
    struct fail *fail)
{
	struct text text = text_start(arena);

	pack_record(&text, before);
	return text_slice(&text).data != NULL
		   ? open_replace(open, &open->before, text_slice(&text), fail)
		   : fail_memory(fail);
}

bool
doubt_hand_on(struct keeper *keeper, const struct open *from,
    struct slice packed, struct fail *fail)
{
	struct open *o = keeper->by_object[from->hash % OPEN_HEADS];

	for (; packed.len != 0 && o != NULL; o = o->next_object)
		if (changes(o, from->type, from->name) &&
		    o->entry > from->entry && o->before.len == 0 &&
		    !open_replace(o, &o->before, packed, fail))
			return false;
	return true;
}

/* --- deletions --- */

static struct record *
as_operation(struct job *job, const struct record *record,
    enum operation operation, struct fail *fail)
{
	struct record *bare = record_create(job->arena, record_type(record),
	    operation, record_object(record), fail);

	return bare != NULL ? record_merge(job->arena, record, bare, fail)
			    : NULL;
}

bool
doubt_deletion(struct job *job, struct batch *batch,
    const struct wire_object *object, struct fail *fail)
{
	struct vault *vault = job->keeper->o.vault;
	const struct record *record = vault_get_slot(vault, job->arena,
	    object->type, object->name, VAULT_PROPOSED, fail);
	const struct record *gone;

	if (record == NULL && fail->kind == FAIL_NONE)
		record = vault_get(
		    vault, job->arena, object->type, object->name, fail);
	if (record == NULL)
		return fail->kind == FAIL_NONE;
	gone = as_operation(job, record, OPERATION_DELETE, fail);
	return gone != NULL && store_record(batch, gone, true, fail);
}

static bool
is_same(struct job *job, const struct record *a, const struct record *b,
    bool *out, struct fail *fail)
{
	struct text left = text_start(job->arena);
	struct text right = text_start(job->arena);
	const struct record *one = as_operation(job, a, OPERATION_UPDATE, fail);
	const struct record *other =
	    as_operation(job, b, OPERATION_UPDATE, fail);

	if (one == NULL || other == NULL)
		return false;
	pack_record(&left, one);
	pack_record(&right, other);
	if (text_slice(&left).data == NULL || text_slice(&right).data == NULL)
		return fail_memory(fail);
	*out = slice_equal(text_slice(&left), text_slice(&right));
	return true;
}

/* What was in doubt before it is so again. */
bool
doubt_no_deletion(struct job *job, struct batch *batch,
    const struct wire_object *object, struct fail *fail)
{
	struct vault *vault = job->keeper->o.vault;
	const struct record *gone = vault_get_slot(vault, job->arena,
	    object->type, object->name, VAULT_PROPOSED, fail);
	const struct record *current =
	    gone != NULL
		? vault_get(vault, job->arena, object->type, object->name, fail)
		: NULL;
	bool same = false;

	if (gone == NULL || record_operation(gone) != OPERATION_DELETE)
		return fail->kind == FAIL_NONE;
	if ((current == NULL && fail->kind != FAIL_NONE) ||
	    (current != NULL && !is_same(job, gone, current, &same, fail)))
		return false;
	if (same)
		return store_removal(
		    batch, object->type, object->name, true, fail);
	gone = as_operation(job, gone, OPERATION_UPDATE, fail);
	return gone != NULL && store_record(batch, gone, true, fail);
}

/* --- of an earlier life --- */

static void look_on(struct keeper *keeper);

static void
looked(struct job *job)
{
	struct keeper *keeper = job->keeper;

	engine_followed(keeper->engine);
	job_end(job);
	if (--keeper->doubts_left == 0)
		look_on(keeper);
}

static bool
look_at(struct keeper *keeper, const struct record *record, struct fail *fail)
{
	const struct wire_object object = {
	    record_type(record), record_object(record)};
	struct looking *looking;

	if (!follow_wants(keeper, object.type, object.name))
		return true;
	looking = job_create(keeper, NULL, sizeof(*looking));
	if (looking == NULL)
		return fail_memory(fail);
	if (!follow_begin(&looking->job, &object, looked, fail)) {
		job_end(&looking->job);
		return false;
	}
	keeper->doubts_left++;
	return true;
}

/* A shard of the vault after the other, so that few wait at a time. */
static void
look_on(struct keeper *keeper)
{
	struct fail fail = FAIL_INIT;
	struct record *record;
	bool ok = true;

	while (ok && keeper->doubts_left == 0 &&
	       keeper->doubt_shard < VAULT_SHARDS) {
		uint32_t at = 0;

		do {
			arena_reset(keeper->scratch);
			ok = vault_next_proposed(keeper->o.vault,
				 keeper->doubt_shard, &at, keeper->scratch,
				 &record, &fail) &&
			     (record == NULL || look_at(keeper, record, &fail));
		} while (ok && record != NULL);
		keeper->doubt_shard++;
	}
	arena_reset(keeper->scratch);
	if (!ok)
		keeper_log(keeper, "error", "doubts-not-followed", &fail);
}

void
doubt_look(struct keeper *keeper)
{
	if (keeper->open_count == 0 || keeper->engine == NULL)
		return;
	keeper->doubt_shard = 0;
	if (keeper->doubts_left == 0)
		look_on(keeper);
}

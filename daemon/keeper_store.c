/*
 * What the vault has and what it gets.  A change becomes readable when its
 * group is durable: until then fetches of the same object wait, so that a
 * worker reads what it, or another, wrote before.
 */
#include "codec/pack.h"
#include "keeper_priv.h"

struct fetch {
	struct job job;
	struct fetch *next; /* parked behind this one */
	uint64_t number;
	size_t count;
	struct wire_object objects[WIRE_OBJECTS_MAX];
};

/* FNV-1a: spreads names, and is in nobody's interest to break. */
uint32_t
object_hash(enum object_type type, struct slice name)
{
	uint32_t hash = (2166136261U ^ (uint32_t)type) * 16777619U;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.data[i]) * 16777619U;
	return hash;
}

/* --- answering --- */

static bool
get(struct fetch *fetch, const struct wire_object *object, enum vault_slot slot,
    struct wire_record *out, struct fail *fail)
{
	*out = (struct wire_record){NULL, {NULL, 0}};
	out->record = vault_get_slot(fetch->job.keeper->o.vault,
	    fetch->job.arena, object->type, object->name, slot, fail);
	return out->record != NULL || fail->kind == FAIL_NONE;
}

static void
answer(struct fetch *fetch)
{
	struct wire_message message;
	struct wire_fetched *fetched = &message.of.fetched;

	message.type = WIRE_FETCHED;
	fetched->number = fetch->number;
	fetched->seen = fetch->job.keeper->changes;
	fetched->count = 0;
	fetched->fail = (struct fail)FAIL_INIT;
	for (size_t i = 0; i < fetch->count; i++) {
		if (!get(fetch, &fetch->objects[i], VAULT_CURRENT,
			&fetched->held[i].current, &fetched->fail) ||
		    !get(fetch, &fetch->objects[i], VAULT_PROPOSED,
			&fetched->held[i].proposed, &fetched->fail))
			break;
		fetched->held[i].in_doubt =
		    fetched->held[i].proposed.record != NULL &&
		    !doubt_awaits(fetch->job.keeper, fetch->objects[i].type,
			fetch->objects[i].name);
		fetched->count++;
	}
	if (fetched->fail.kind != FAIL_NONE)
		fetched->count = 0;
	worker_send(fetch->job.worker, &message);
	job_end(&fetch->job);
}

static bool
is_unsettled(const struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->count; i++)
		if (fetch->job.keeper
			->unsettled[object_hash(fetch->objects[i].type,
					fetch->objects[i].name) %
				    UNSETTLED_HEADS] != 0)
			return true;
	return false;
}

static void
park(struct fetch *fetch)
{
	struct keeper *keeper = fetch->job.keeper;

	fetch->next = NULL;
	*keeper->parked_end = fetch;
	keeper->parked_end = &fetch->next;
	ledger_hurry(keeper->o.ledger);
}

/* The names are copied where the fetch outlives its message. */
static bool
copy_names(struct fetch *fetch)
{
	for (size_t i = 0; i < fetch->count; i++) {
		fetch->objects[i].name =
		    arena_copy(fetch->job.arena, fetch->objects[i].name);
		if (fetch->objects[i].name.data == NULL)
			return false;
	}
	return true;
}

void
fetch_take(struct keeper_worker *worker, const struct wire_fetch *from)
{
	size_t unused =
	    (WIRE_OBJECTS_MAX - from->count) * sizeof(struct wire_object);
	struct fetch *fetch =
	    job_create(worker->keeper, worker, sizeof(*fetch) - unused);
	struct wire_message message;

	if (fetch != NULL) {
		fetch->number = from->number;
		fetch->count = from->count;
		memcpy(fetch->objects, from->objects,
		    from->count * sizeof(struct wire_object));
		if (!is_unsettled(fetch)) {
			answer(fetch);
			return;
		}
		if (copy_names(fetch)) {
			park(fetch);
			return;
		}
		job_end(&fetch->job);
	}
	message.type = WIRE_FETCHED;
	message.of.fetched.number = from->number;
	message.of.fetched.seen = 0;
	message.of.fetched.count = 0;
	message.of.fetched.fail = (struct fail)FAIL_INIT;
	fail_memory(&message.of.fetched.fail);
	worker_send(worker, &message);
}

/* --- what is on its way to the disk --- */

void
unsettled_begin(struct keeper *keeper, uint32_t hash)
{
	keeper->unsettled[hash % UNSETTLED_HEADS]++;
	keeper->changed[hash % CHANGED_HEADS] = ++keeper->changes;
}

void
unsettled_end(struct keeper *keeper, uint32_t hash)
{
	struct fetch *list = keeper->parked, *next;

	if (--keeper->unsettled[hash % UNSETTLED_HEADS] != 0)
		return;
	follow_settled(keeper);
	if (keeper->engine != NULL)
		engine_settled(keeper->engine);
	if (list == NULL)
		return;
	keeper->parked = NULL;
	keeper->parked_end = &keeper->parked;
	for (; list != NULL; list = next) {
		next = list->next;
		if (is_unsettled(list))
			park(list);
		else
			answer(list);
	}
}

/* --- changes --- */

bool
store_record(struct batch *batch, const struct record *record, bool proposed,
    struct fail *fail)
{
	return ledger_add_record_as(
	    batch, record, proposed ? VAULT_PROPOSED : VAULT_CURRENT, fail);
}

bool
store_promotion(struct batch *batch, enum object_type type, struct slice name,
    struct fail *fail)
{
	return ledger_add_promotion(batch, type, name, fail);
}

bool
store_removal(struct batch *batch, enum object_type type, struct slice name,
    bool proposed, struct fail *fail)
{
	if (!proposed &&
	    !ledger_add_removal(batch, type, name, VAULT_CURRENT, fail))
		return false;
	return ledger_add_removal(batch, type, name, VAULT_PROPOSED, fail);
}

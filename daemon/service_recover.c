/*
 * The first start after `misuctl restore --ledger`: the ledger is newer than
 * the keys' assignments, the vault and the spool.  What can be told from
 * entries is put right before anything is served.
 */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "ended.h"
#include "log.h"
#include "service_priv.h"

enum { BATCH_SLOTS = RECOVERED_AT_ONCE };

struct recovery {
	struct service *service;
	uint64_t first, size;
	struct ended_list ended; /* of entries below `first` */
	struct arena *arena; /* of one entry */
	struct fail *fail;
};

/* --- slots --- */

static bool
keep_slot(struct recovery *recovery, uint32_t slot)
{
	struct recovered *recovered = &recovery->service->recovered;
	size_t room = recovered->room == 0 ? 64 : 2 * recovered->room;
	uint32_t *grown;

	if (recovered->count == recovered->room) {
		grown = realloc(recovered->slots, room * sizeof(*grown));
		if (grown == NULL)
			return fail_memory(recovery->fail);
		recovered->slots = grown;
		recovered->room = room;
	}
	recovered->slots[recovered->count++] = slot;
	return true;
}

/*
 * By this id an operator finds who has no other: nobody is given the slot
 * again, and it can be forgotten.
 */
static struct digest
id_of(const struct keys *keys, uint32_t slot)
{
	char id[32];

	snprintf(id, sizeof(id), "recovered:%u", slot);
	return keys_id(keys, slice_from(id));
}

static bool
take_slot(struct recovery *recovery, int64_t number)
{
	struct keys *keys = recovery->service->keys;
	uint32_t slot = (uint32_t)number;
	struct subject subject;
	struct digest id;

	if (number < 0 || number > UINT32_MAX || keys_is_taken(keys, slot))
		return true;
	/* Its key was made after the backup: it is gone. */
	if (slot >= keys_describe(keys).slots)
		return keys_forget(keys, slot, recovery->fail);
	if (!keys_slot_subject(keys, slot, &subject))
		return true;
	digest_wipe(&subject, sizeof(subject));
	id = id_of(keys, slot);
	return keys_learn(keys, &id, slot, recovery->fail) &&
	       keep_slot(recovery, slot);
}

static bool
take_slots(struct recovery *recovery, const struct entry_parts *parts)
{
	struct slice rest = parts->subjects, item;
	int64_t slot;

	while (entry_next_subject(&rest, &item, &slot))
		if (!take_slot(recovery, slot))
			return false;
	if (canon_get_number(parts->object, "slot", &slot) &&
	    !take_slot(recovery, slot))
		return false;
	rest = parts->subject;
	if (!canon_next_item(&rest, &item) || !canon_next_item(&rest, &item) ||
	    !canon_number(item, &slot) || !take_slot(recovery, slot))
		return recovery->fail->kind == FAIL_NONE;
	return !slice_is(parts->type, "forget") ||
	       !slice_is(parts->word, "destroyed") || slot < 0 ||
	       slot > UINT32_MAX ||
	       service_forget_again(
		   recovery->service, (uint32_t)slot, recovery->fail);
}

/* --- outcomes --- */

/*
 * What waited when the backup was made may have gone since: it is settled as
 * the ledger says, or else by evidence, but never just sent.  What waits for
 * an operator waits on where nothing is known; what one had approved waits for
 * an operator again, since it may have been spent.
 */
static bool
settle_row(struct recovery *recovery, const struct spool_row *row)
{
	struct spool *spool = recovery->service->spool;
	const struct ended *ended = ended_find(&recovery->ended, row->entry);
	enum spool_state state =
	    ended != NULL ? ended->state : SPOOL_UNKNOWN;

	/* One that was made since, if this is done a second time. */
	if (row->entry >= recovery->first)
		return true;
	switch (row->state) {
	case SPOOL_QUEUED:
	case SPOOL_SENDING:
	case SPOOL_UNKNOWN:
		break;
	case SPOOL_LAID_OUT:
		if (state == SPOOL_UNKNOWN)
			return true;
		break;
	case SPOOL_HELD:
	case SPOOL_APPROVED:
		/* There are no bytes of it that could be looked for. */
		if (state == SPOOL_UNKNOWN)
			state = SPOOL_HELD;
		break;
	case SPOOL_DONE:
	case SPOOL_REFUSED:
	case SPOOL_GIVEN_UP:
	case SPOOL_SUPERSEDED:
	case SPOOL_STATE_COUNT:
		return true;
	}
	return spool_set_state(spool, row->id, state, recovery->fail);
}

static bool
settle_rows(struct recovery *recovery)
{
	struct spool_row rows[SPOOL_PAGE];
	size_t count = SPOOL_PAGE;
	int64_t after = 0;
	bool ok = true;

	while (ok && count == SPOOL_PAGE) {
		ok = spool_page(recovery->service->spool, after, rows, &count,
		    recovery->fail);
		for (size_t i = 0; ok && i < count; i++) {
			ok = settle_row(recovery, &rows[i]);
			after = rows[i].id;
		}
	}
	return ok;
}

/* --- all entries --- */

static bool
take_entry(struct recovery *recovery, uint64_t index)
{
	struct entry_parts parts;
	struct slice entry;

	arena_reset(recovery->arena);
	if (!ledger_read(recovery->service->ledger, index, recovery->arena,
		&entry, recovery->fail))
		return false;
	return !entry_parts_read(entry, recovery->arena, &parts) ||
	       (take_slots(recovery, &parts) &&
		   ended_take(&recovery->ended, index, entry, &parts,
		       recovery->first, recovery->fail));
}

bool
service_recover(struct service *service, uint64_t first, struct fail *fail)
{
	struct recovery recovery = {.service = service,
	    .first = first,
	    .size = ledger_size(service->ledger),
	    .arena = arena_create(NULL),
	    .fail = fail};
	bool ok = recovery.arena != NULL || fail_memory(fail);
	uint64_t at = first > ledger_minimum(service->ledger)
			  ? first
			  : ledger_minimum(service->ledger);

	for (; ok && at < recovery.size; at++)
		ok = take_entry(&recovery, at);
	ok = ok && settle_rows(&recovery) &&
	     spool_doubt_held(service->spool, fail);
	service->recovered.end = recovery.size;
	ended_finish(&recovery.ended);
	arena_destroy(recovery.arena);
	return ok;
}

/* --- what is durable of it --- */

bool
service_recover_add(struct service *service, struct batch *batch, bool *left,
    struct fail *fail)
{
	struct recovered *recovered = &service->recovered;

	for (unsigned i = 0;
	     i < BATCH_SLOTS && recovered->recorded < recovered->count; i++) {
		uint32_t slot = recovered->slots[recovered->recorded++];
		struct digest id = id_of(service->keys, slot);

		if (!ledger_add_assignment(batch, &id, slot, fail))
			return false;
	}
	*left = recovered->recorded < recovered->count;
	return true;
}

void
service_recover_finish(struct service *service)
{
	free(service->recovered.slots);
	service->recovered.slots = NULL;
}

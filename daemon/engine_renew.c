/*
 * Deciding again: what waits under an older policy, setup or consent, and
 * what an operator released from a hold.  The record comes from the vault;
 * the new entry names the one it supersedes.
 */
#include "engine_flags.h"
#include "engine_stop.h"

struct renewal {
	struct engine *engine;
	struct conf_use use; /* what it is decided under */
	struct renewal *next;
	struct arena *arena;
	struct spool_item item; /* the old one */
	struct record *record;
	struct share share;
	bool ends; /* the request that it was given out in is closed */
	void (*then)(void *arg, int64_t id, const struct fail *fail);
	void *arg;
};

static void renew_durable(void *arg, uint64_t first,
    struct sealed *const *sealed, size_t count, const struct fail *fail);

static void
finish(struct renewal *renewal, int64_t id, const struct fail *fail)
{
	struct engine *engine = renewal->engine;
	void (*then)(void *, int64_t, const struct fail *) = renewal->then;
	void *arg = renewal->arg;
	struct renewal **at = &engine->renewals;

	while (*at != renewal)
		at = &(*at)->next;
	*at = renewal->next;
	then(arg, id, fail);
	engine_leave_conf(&renewal->use);
	arena_destroy(renewal->arena);
	engine_finish_one(engine);
}

/* What the public view has of an object goes with its record. */
static bool
is_shown(const struct renewal *renewal)
{
	const struct conf_recipient *binding = conf_recipient(
	    renewal->engine->conf, renewal->item.recipient);

	return binding != NULL && binding->channel == CHANNEL_VIEW;
}

/*
 * The object as it is now, under the operation that waited.  NULL without a
 * fail: there is none, and nothing to tell of it.
 */
static struct record *
record_now(struct renewal *renewal, bool *changes, struct fail *fail)
{
	struct spool_item *item = &renewal->item;
	struct record *stored = engine_stored(
	    renewal->engine, item, renewal->arena, changes, fail);
	struct record *as_asked, *merged;
	bool later;

	if (*changes)
		return NULL;
	if (stored == NULL) {
		if (fail->kind == FAIL_NONE && !is_shown(renewal))
			fail_set(fail, FAIL_WORLD,
			    "the vault has no record for a waiting item");
		return NULL;
	}
	as_asked = record_create(renewal->arena,
	    (enum object_type)item->object_type,
	    (enum operation)item->operation, item->object, fail);
	merged = as_asked != NULL
	    ? record_merge(renewal->arena, stored, as_asked, fail)
	    : NULL;
	if (merged == NULL ||
	    !spool_is_followed(
		renewal->engine->o.spool, item, &later, fail))
		return NULL;
	record_decide_again(merged, stored, !later);
	return merged;
}

static struct renewal *
renewal_create(struct engine *engine, const struct spool_item *item)
{
	struct arena *arena = engine_arena(engine);
	struct renewal *renewal =
	    arena != NULL ? arena_take(arena, sizeof(*renewal)) : NULL;

	if (renewal == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	renewal->engine = engine;
	renewal->arena = arena;
	renewal->item = *item;
	renewal->item.recipient = arena_copy(arena, item->recipient);
	renewal->item.purpose = arena_copy(arena, item->purpose);
	renewal->item.object = arena_copy(arena, item->object);
	renewal->item.submission = arena_copy(arena, item->submission);
	if (renewal->item.recipient.data == NULL ||
	    renewal->item.purpose.data == NULL ||
	    renewal->item.object.data == NULL ||
	    renewal->item.submission.data == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	return renewal;
}

/* No block sends this any more: the item ends, and an entry says so. */
static bool
add_dropped(struct renewal *renewal, struct batch *batch, struct fail *fail)
{
	char request[OUTCOME_REQUEST];
	struct event event = engine_event(
	    renewal->engine, EVENT_OUTCOME, "not-sent", renewal->item.entry);

	event.request = engine_outcome_request(
	    request, renewal->item.entry, "not-sent");
	event.reason = renewal->ends
			   ? SLICE("its request is closed")
			   : SLICE("the policy in force does not send it");
	return ledger_add_event(batch, &event, fail);
}

/* Each renewal is asked anew, also one that a crash made necessary again. */
static struct slice
renewal_id(struct renewal *renewal)
{
	struct text text = text_start(renewal->arena);

	text_add(&text, renewal->item.submission);
	text_add_format(&text, "/%llu",
	    (unsigned long long)ledger_size(renewal->engine->o.ledger));
	return text_slice(&text);
}

/* What misu itself asks of a recipient. */
static bool
share_again(struct renewal *renewal, struct fail *fail)
{
	struct engine *engine = renewal->engine;

	return engine_is_flags(&renewal->item)
	    ? engine_flags_share(engine, &renewal->item, renewal->arena,
		  &renewal->share, &renewal->record, fail)
	    : engine_removal_share(engine, &renewal->item, renewal->arena,
		  &renewal->share, &renewal->record, fail);
}

/* Where the subject did not stop any more it is dropped. */
static void
renew_removal(struct renewal *renewal)
{
	struct engine *engine = renewal->engine;
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, renewal->arena, &fail);
	bool ok = batch != NULL;

	if (ok && share_again(renewal, &fail)) {
		ok = engine_add_entry(engine, batch, &renewal->share,
		    renewal_id(renewal), renewal->item.entry, &fail);
	} else if (ok &&
	    (fail.kind == FAIL_INPUT || fail.kind == FAIL_NONE)) {
		renewal->share.disclosure = NULL;
		ok = add_dropped(renewal, batch, &fail);
	}
	if (ok)
		ledger_commit(batch, renew_durable, renewal);
	else
		finish(renewal, 0, &fail);
}

static bool
add_decision(struct renewal *renewal, struct batch *batch, bool approved,
    struct fail *fail)
{
	struct engine *engine = renewal->engine;
	unsigned how = (approved ? HOW_APPROVED : HOW_ASKED) |
	    (engine_given_case(renewal->item.submission) != 0 ? HOW_ANSWERED
							      : HOW_ASKED);
	const struct block *block = renewal->record == NULL
	    ? NULL
	    : engine_block(engine, renewal->record, renewal->item.recipient,
		  renewal->item.purpose);

	if (renewal->ends)
		return add_dropped(renewal, batch, fail);
	if (renewal->record == NULL &&
	    !engine_view_renew(engine,
		(enum object_type)renewal->item.object_type,
		renewal->item.object, fail))
		return false;
	return block == NULL
	    ? add_dropped(renewal, batch, fail)
	    : engine_share(engine, block, renewal->record, how,
		  renewal->arena, &renewal->share, fail) &&
		engine_add_entry(engine, batch, &renewal->share,
		    renewal_id(renewal), renewal->item.entry, fail);
}

void
engine_courier_renew(struct engine *engine, const struct spool_item *item,
    bool approved, void (*then)(void *arg, int64_t id, const struct fail *fail),
    void *arg)
{
	struct renewal *renewal = renewal_create(engine, item);
	struct fail fail = FAIL_INIT;
	bool changes = false;
	struct batch *batch;

	if (renewal == NULL) {
		fail_memory(&fail);
		then(arg, 0, &fail);
		return;
	}
	renewal->then = then;
	renewal->arg = arg;
	engine_use_conf(engine, &renewal->use);
	renewal->next = engine->renewals;
	engine->renewals = renewal;
	engine->under_way++;
	if (engine_is_removal(item) || engine_is_flags(item)) {
		renew_removal(renewal);
		return;
	}
	if (!engine_given_ends(
		engine, item, renewal->arena, &renewal->ends, &fail)) {
		finish(renewal, 0, &fail);
		return;
	}
	if (!renewal->ends)
		renewal->record = record_now(renewal, &changes, &fail);
	if (changes && fail.kind == FAIL_NONE) {
		finish(renewal, RENEW_WAITS, NULL);
		return;
	}
	batch = fail.kind == FAIL_NONE
	    ? ledger_begin(engine->o.ledger, renewal->arena, &fail)
	    : NULL;
	if (batch != NULL && add_decision(renewal, batch, approved, &fail))
		ledger_commit(batch, renew_durable, renewal);
	else
		finish(renewal, 0, &fail);
}

static void
renew_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *ledger_fail)
{
	struct renewal *renewal = arg;
	struct engine *engine = renewal->engine;
	struct spool *spool = engine->o.spool;
	struct fail fail = FAIL_INIT;
	struct spool_item item = {.id = 0};
	bool goes = false, ok;

	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		finish(renewal, 0, ledger_fail);
		return;
	}
	engine_checkpoint_soon(engine);
	if (renewal->share.disclosure != NULL) {
		renewal->share.entry = first;
		if (count != 0 && sealed[0] != NULL)
			renewal->share.leaf = *sealed_leaf(sealed[0]);
		item = engine_item(engine, renewal->record, &renewal->share,
		    renewal->item.submission, renewal->arena);
		item.created = renewal->item.created;
		item.place = renewal->item.place;
		goes = disclosure_outcome(renewal->share.disclosure).verdict !=
		    VERDICT_REFUSE;
	}
	engine_flush(engine); /* the mark below covers earlier entries too */
	ok = spool_begin(spool, &fail) &&
	    spool_set_state(spool, renewal->item.id,
		goes ? SPOOL_SUPERSEDED : SPOOL_REFUSED, &fail) &&
	    (!goes || spool_add(spool, &item, &fail)) &&
	    spool_set_mark(spool, first + 1, &fail) &&
	    spool_commit(spool, &fail);
	if (!ok)
		spool_rollback(spool);
	finish(renewal, item.id, ok ? NULL : &fail);
}

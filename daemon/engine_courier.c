/*
 * The courier takes what is due from the spool to its channel:
 *
 *	due -> still true? -> sending mark -> sealed -> channel
 *	    -> outcome entry -> the item is done
 *
 * An item whose policy, setup or consents are no longer those in force is
 * decided again first.  A delivery that may have left is never repeated: the
 * channel is asked what became of it.
 */
#include "engine_flags.h"

/* Milliseconds; the clock may go back a little without being wrong. */
enum { TROUBLE_DELAY = 5000, CLOCK_SLACK = 2000 };

/* One item in a channel's hands. */
struct parcel {
	struct engine *engine;
	struct arena *arena;
	struct parcel *next; /* in the list that settles */
	struct spool_item item;
	const struct sealed *sealed;
	enum delivery result;
	struct fail fail;
	bool recovering; /* it may have left: what became of it is asked */
	bool changes; /* the vault's record, with the outcome */
	bool gives_up;
	bool is_broken; /* its entry covers no such bytes */
};

static void run(void *arg);
static void carry(struct engine *engine, const int64_t *ids, size_t count);
static void settle(void *arg);
static void parcel_done(
    void *arg, enum delivery delivery, const struct fail *fail);
static bool ask_unknown(struct engine *engine, struct fail *fail);

void
engine_courier_wake(struct engine *engine)
{
	engine_courier_wake_in(engine, 0);
}

void
engine_courier_wake_in(struct engine *engine, int64_t delay)
{
	const struct loop_operations *ops = engine->o.loop->operations;

	if (engine->courier_timer == NULL)
		engine->courier_timer =
		    ops->timer_create(engine->o.loop, run, engine);
	if (engine->courier_timer != NULL)
		ops->timer_set(engine->courier_timer, delay);
}

void
engine_courier_stop(struct engine *engine)
{
	if (engine->courier_timer != NULL)
		engine->o.loop->operations->timer_destroy(
		    engine->courier_timer);
	engine->courier_timer = NULL;
	/* Results that came while it ended: their items are asked about. */
	while (engine->settling != NULL) {
		struct parcel *parcel = engine->settling;

		engine->settling = parcel->next;
		arena_destroy(parcel->arena);
	}
}

/*
 * What is to be tried again is never further away than the longest pause, nor
 * older than now: the clock was ahead when that was written.
 */
static bool
bring_near(struct engine *engine, struct fail *fail)
{
	int64_t now = engine_now(engine);
	int64_t longest = (int64_t)engine->conf->retry_longest * 1000;

	if (engine->ask_at > now + longest)
		engine->ask_at = now;
	return spool_bring_near(engine->o.spool, now, now + longest, fail);
}

/* Was the clock set back, or may it have been before the start? */
static bool
heed_clock(struct engine *engine, struct fail *fail)
{
	int64_t now = engine_now(engine), seen = engine->courier_ran;

	if (seen != 0 && now + CLOCK_SLACK >= seen) {
		engine->courier_ran = now;
		return true;
	}
	if (!bring_near(engine, fail))
		return false;
	engine->courier_ran = now;
	return true;
}

/* The world is wrong: look again when it may have been put right. */
static void
wake_later(struct engine *engine)
{
	if (engine->courier_timer != NULL)
		engine->o.loop->operations->timer_set(
		    engine->courier_timer, TROUBLE_DELAY);
}

/* What became of these is for their channels to say. */
static bool
end_stale_marks(struct engine *engine, struct fail *fail)
{
	if (!engine->marks_stale)
		return true;
	engine->ask_at = engine_now(engine);
	engine->marks_stale = !spool_recover(engine->o.spool, fail);
	return !engine->marks_stale;
}

static void
run(void *arg)
{
	struct engine *engine = arg;
	struct fail fail = FAIL_INIT;
	int64_t ids[PARCELS_MAX], next, now = engine_now(engine);
	size_t count = 0;

	if (engine->parcels != 0 || engine->draining ||
	    engine->courier_pauses ||
	    ledger_stopped(engine->o.ledger) != NULL)
		return; /* settling wakes the courier again */
	if (!end_stale_marks(engine, &fail) || !heed_clock(engine, &fail) ||
	    !spool_due(
		engine->o.spool, now, ids, PARCELS_MAX, &count, &fail)) {
		engine_spool_failed(engine, &fail);
		wake_later(engine);
		return;
	}
	if (count != 0) {
		carry(engine, ids, count);
		return;
	}
	next = spool_next_due(engine->o.spool);
	if (spool_count(engine->o.spool, SPOOL_UNKNOWN) != 0) {
		if (engine->ask_at <= now && ask_unknown(engine, &fail))
			return;
		if (fail.kind != FAIL_NONE)
			engine_spool_failed(engine, &fail);
		if (engine->ask_at < next)
			next = engine->ask_at;
	}
	/* What is due and was not given waits behind an earlier item. */
	if (next != INT64_MAX && engine->courier_timer != NULL)
		engine->o.loop->operations->timer_set(engine->courier_timer,
		    next > now ? next - now : 1000);
}

static struct parcel *
parcel_load(struct engine *engine, int64_t id, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct parcel *parcel =
	    arena != NULL ? arena_take(arena, sizeof(*parcel)) : NULL;

	if (parcel == NULL) {
		arena_destroy(arena);
		fail_memory(fail);
		return NULL;
	}
	parcel->engine = engine;
	parcel->arena = arena;
	if (!spool_get(engine->o.spool, arena, id, &parcel->item, fail)) {
		arena_destroy(arena);
		return NULL;
	}
	engine->parcels++;
	engine->under_way++;
	return parcel;
}

static void
parcel_drop(struct parcel *parcel)
{
	struct engine *engine = parcel->engine;

	arena_destroy(parcel->arena);
	engine->parcels--;
	engine_finish_one(engine);
}

static bool
is_outdated(const struct parcel *parcel)
{
	const struct spool_item *item = &parcel->item;
	struct fail fail = FAIL_INIT;
	bool ends;

	return item->outdated ||
	       !digest_equal(&item->epoch, &parcel->engine->epoch) ||
	       !engine_given_ends(
		   parcel->engine, item, parcel->arena, &ends, &fail) ||
	       ends;
}

static void
renewed(void *arg, int64_t id, const struct fail *fail)
{
	struct parcel *parcel = arg;
	struct engine *engine = parcel->engine;

	/* What cannot be made out of it is tried, and given up, as what a
	   recipient does not take. */
	if (fail != NULL && fail->kind == FAIL_INPUT) {
		parcel_done(parcel, DELIVERY_LATER, fail);
		return;
	}
	if (fail != NULL)
		engine_log(engine, "error", "decide-again-failed", fail);
	parcel_drop(parcel);
	if (fail != NULL)
		wake_later(engine);
	else if (id == RENEW_WAITS)
		engine_courier_wake_in(engine, RENEW_SOON);
	else
		engine_courier_wake(engine);
}

/* The sending mark is durable for all of them before the first one goes. */
static bool
mark_sending(struct engine *engine, struct parcel **parcels, size_t count,
    struct fail *fail)
{
	bool ok = spool_begin(engine->o.spool, fail);

	for (size_t i = 0; ok && i < count; i++)
		ok = spool_set_state(engine->o.spool, parcels[i]->item.id,
		    SPOOL_SENDING, fail);
	ok = ok && spool_commit(engine->o.spool, fail);
	if (!ok)
		spool_rollback(engine->o.spool);
	return ok;
}

/* Hand one over; the channel answers through parcel_done(). */
static void
hand_over(struct parcel *parcel)
{
	struct engine *engine = parcel->engine;
	struct channel *channel =
	    engine_channel(engine, parcel->item.recipient);
	/* What may have left earlier is not to be repeated. */
	enum delivery nowhere =
	    parcel->recovering ? DELIVERY_UNKNOWN : DELIVERY_LATER;
	struct fail fail = FAIL_INIT;

	parcel->sealed = seal_restore(engine->o.ledger, parcel->arena,
	    parcel->item.entry, &parcel->item.leaf, parcel->item.payload,
	    &fail);
	if (parcel->sealed == NULL) {
		engine_log(engine, "error", "seal-broken", &fail);
		/* No later try makes it covered: its person was forgotten. */
		parcel->is_broken = fail.kind == FAIL_DENIED;
		parcel_done(parcel,
		    parcel->is_broken ? DELIVERY_LATER : nowhere, &fail);
		return;
	}
	if (channel == NULL) {
		fail_set(&fail, FAIL_INPUT,
		    "recipient %.*s has no channel in misu.conf",
		    SLICE_ARG(parcel->item.recipient));
		parcel_done(parcel, nowhere, &fail);
		return;
	}
	if (parcel->recovering)
		channel->operations->status(
		    channel, parcel->sealed, parcel_done, parcel);
	else
		channel->operations->submit(
		    channel, parcel->sealed, parcel_done, parcel);
}

static bool
has_outcome(const struct parcel *parcel, enum delivery delivery)
{
	struct engine *engine = parcel->engine;
	const char *word = delivery_name(delivery);
	struct event event =
	    engine_event(engine, EVENT_OUTCOME, word, parcel->item.entry);
	char request[OUTCOME_REQUEST];

	event.request =
	    engine_outcome_request(request, parcel->item.entry, word);
	return ledger_has_event(engine->o.ledger, &event);
}

/*
 * What became of one that may have left.  Where it was recorded, and only the
 * spool did not hear of it any more, a channel that cannot tell must not be
 * believed: "unknown" would stand behind it for good.
 */
static void
inquire(struct parcel *parcel)
{
	parcel->recovering = true;
	if (has_outcome(parcel, DELIVERY_SENT))
		parcel_done(parcel, DELIVERY_SENT, NULL);
	else if (has_outcome(parcel, DELIVERY_REFUSED))
		parcel_done(parcel, DELIVERY_REFUSED, NULL);
	else
		hand_over(parcel);
}

static void
carry(struct engine *engine, const int64_t *ids, size_t count)
{
	struct parcel *ready[PARCELS_MAX];
	size_t ready_count = 0;
	struct fail fail = FAIL_INIT, unloaded = FAIL_INIT;

	engine->under_way++;
	for (size_t i = 0; i < count; i++) {
		struct parcel *parcel = parcel_load(engine, ids[i], &unloaded);

		if (parcel == NULL)
			continue;
		if (is_outdated(parcel))
			engine_courier_renew(engine, &parcel->item, false,
			    renewed, parcel);
		else
			ready[ready_count++] = parcel;
	}
	if (!mark_sending(engine, ready, ready_count, &fail)) {
		for (size_t i = 0; i < ready_count; i++)
			parcel_drop(ready[i]);
		ready_count = 0;
	}
	if (fail.kind == FAIL_NONE)
		fail = unloaded;
	if (fail.kind != FAIL_NONE) {
		engine_spool_failed(engine, &fail);
		wake_later(engine);
	}
	for (size_t i = 0; i < ready_count; i++)
		hand_over(ready[i]);
	engine_finish_one(engine);
}

static void
parcel_done(void *arg, enum delivery delivery, const struct fail *fail)
{
	struct parcel *parcel = arg;
	struct engine *engine = parcel->engine;

	parcel->result = delivery;
	if (fail != NULL)
		parcel->fail = *fail;
	parcel->next = engine->settling;
	engine->settling = parcel;
	engine->outcomes[delivery]++;
	if (engine->settle_posted)
		return;
	engine->settle_posted = engine->o.loop->operations->soon(
	    engine->o.loop, settle, engine);
	if (!engine->settle_posted)
		settle(engine);
}

/* Results recorded together: one ledger group, then one spool transaction. */
struct settlement {
	struct engine *engine;
	struct arena *arena;
	struct parcel *parcels;
};

static bool
is_final(const struct parcel *parcel)
{
	switch (parcel->result) {
	case DELIVERY_SENT:
	case DELIVERY_REFUSED:
	case DELIVERY_UNKNOWN:
	case DELIVERY_SUPERSEDED:
		return true;
	case DELIVERY_LATER:
		return parcel->gives_up;
	case DELIVERY_ACCEPTED:
	case DELIVERY_NOT_SENT:
	case DELIVERY_COUNT:
		break;
	}
	return false;
}

/* What was overtaken on its way was not sent; after a crash nobody knows. */
static const char *
word_of(const struct parcel *parcel)
{
	if (parcel->gives_up)
		return "given-up";
	if (parcel->result != DELIVERY_SUPERSEDED)
		return delivery_name(parcel->result);
	return delivery_name(
	    parcel->recovering ? DELIVERY_UNKNOWN : DELIVERY_NOT_SENT);
}

static bool
add_outcome(struct batch *batch, struct parcel *parcel, struct fail *fail)
{
	const char *word = word_of(parcel);
	struct event event = engine_event(
	    parcel->engine, EVENT_OUTCOME, word, parcel->item.entry);
	char request[OUTCOME_REQUEST];

	event.request = engine_outcome_request(
	    request, parcel->item.entry, word);
	if (parcel->gives_up || parcel->result == DELIVERY_REFUSED)
		event.reason = slice_from(parcel->fail.text);
	else if (parcel->result == DELIVERY_SUPERSEDED)
		event.reason = SLICE("a newer decision stands there");
	return ledger_add_event(batch, &event, fail);
}

static int64_t
retry_delay(const struct engine *engine, unsigned attempts)
{
	int64_t delay = (int64_t)engine->conf->retry_first * 1000;
	int64_t longest = (int64_t)engine->conf->retry_longest * 1000;

	for (unsigned i = 0; i < attempts && delay < longest; i++)
		delay *= 2;
	return delay < longest ? delay : longest;
}

static bool
keep_result(struct parcel *parcel, struct fail *fail)
{
	struct engine *engine = parcel->engine;
	struct spool *spool = engine->o.spool;
	struct spool_item *item = &parcel->item;

	switch (parcel->result) {
	case DELIVERY_SENT:
	case DELIVERY_SUPERSEDED: /* what came after it stands for it */
		return spool_set_state(spool, item->id, SPOOL_DONE, fail);
	case DELIVERY_ACCEPTED:
		return spool_set_state(spool, item->id, SPOOL_LAID_OUT, fail);
	case DELIVERY_REFUSED:
		return spool_set_state(spool, item->id, SPOOL_REFUSED, fail);
	case DELIVERY_UNKNOWN:
		if (!parcel->recovering)
			engine->ask_at = engine_now(engine) +
			    retry_delay(engine, 0);
		return spool_set_state(spool, item->id, SPOOL_UNKNOWN, fail);
	case DELIVERY_NOT_SENT:
		return spool_set_retry(spool, item->id, item->attempts,
		    engine_now(engine), fail);
	case DELIVERY_LATER:
		if (parcel->gives_up)
			return spool_set_state(
			    spool, item->id, SPOOL_GIVEN_UP, fail);
		return spool_set_retry(spool, item->id, item->attempts + 1,
		    engine_now(engine) + retry_delay(engine, item->attempts),
		    fail);
	case DELIVERY_COUNT:
		break;
	}
	return true;
}

/* What a registry was told to publish is known from now on. */
static bool
note_told(struct batch *batch, struct parcel *parcel, struct fail *fail)
{
	return parcel->result != DELIVERY_SENT ||
	    !engine_is_flags(&parcel->item) ||
	    engine_flags_told(parcel->engine, batch, &parcel->item,
		parcel->arena, &parcel->changes, fail);
}

static struct flags_end
end_of(const struct parcel *parcel)
{
	return (struct flags_end){
	    &parcel->item, parcel->result, parcel->gives_up};
}

static void
end_change(const struct parcel *parcel)
{
	struct engine *engine = parcel->engine;
	struct flags_end end = end_of(parcel);

	if (parcel->changes && engine->o.change != NULL)
		engine->o.change(engine->o.follow_context,
		    (enum object_type)parcel->item.object_type,
		    parcel->item.object, false);
	engine_flags_ended(engine, &end);
}

/* What follows from these ends happens, whatever fails after them. */
static bool
promise_all(
    struct engine *engine, const struct parcel *parcels, struct fail *fail)
{
	bool ok = true;

	for (const struct parcel *p = parcels; ok && p != NULL; p = p->next) {
		struct flags_end end = end_of(p);

		ok = engine_flags_promise(engine, &end, fail);
	}
	return ok;
}

static void
settled(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct settlement *settlement = arg;
	struct engine *engine = settlement->engine;
	struct fail fail = FAIL_INIT;
	bool ok = true;

	(void)first;
	(void)sealed;
	(void)count;
	engine->under_way++;
	engine_checkpoint_soon(engine);
	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		/* The items stay marked; the next start asks the channels. */
		engine_log(engine, "error", "outcome-not-recorded", ledger_fail);
		ok = false;
	}
	ok = ok && promise_all(engine, settlement->parcels, &fail) &&
	    spool_begin(engine->o.spool, &fail);
	for (struct parcel *p = settlement->parcels; ok && p != NULL;
	     p = p->next)
		ok = keep_result(p, &fail);
	ok = ok && spool_commit(engine->o.spool, &fail);
	if (fail.kind != FAIL_NONE) {
		/* Recorded, but not kept: the channels will say it again. */
		spool_rollback(engine->o.spool);
		engine_spool_failed(engine, &fail);
		engine->marks_stale = true;
		wake_later(engine);
	} else if (ok) {
		engine_spool_works(engine);
	}
	for (struct parcel *p = settlement->parcels, *next; p != NULL;
	     p = next) {
		next = p->next;
		end_change(p);
		parcel_drop(p);
	}
	arena_destroy(settlement->arena);
	if (ok)
		engine_courier_wake(engine);
	engine_finish_one(engine);
}

static void
log_result(const struct parcel *parcel)
{
	struct fail fail = parcel->fail;

	if (parcel->fail.kind == FAIL_NONE)
		return;
	fail_place(&fail, "recipient %.*s, entry %llu",
	    SLICE_ARG(parcel->item.recipient),
	    (unsigned long long)parcel->item.entry);
	engine_log(parcel->engine,
	    parcel->gives_up ? "error" : "warn",
	    parcel->gives_up ? "given-up" : delivery_name(parcel->result),
	    &fail);
}

static void
settle(void *arg)
{
	struct engine *engine = arg;
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;
	struct settlement *settlement =
	    arena != NULL ? arena_take(arena, sizeof(*settlement)) : NULL;
	struct settlement nothing = {.engine = engine,
	    .parcels = engine->settling};
	struct batch *batch = settlement != NULL
	    ? ledger_begin(engine->o.ledger, arena, &fail)
	    : NULL;
	bool ok = batch != NULL;

	engine->settling = NULL;
	engine->settle_posted = false;
	for (struct parcel *p = nothing.parcels; p != NULL; p = p->next) {
		p->gives_up = p->result == DELIVERY_LATER &&
		    (p->is_broken ||
			engine_now(engine) - p->item.created >
			    (int64_t)engine->conf->give_up_after * 1000);
		log_result(p);
		if (ok && is_final(p))
			ok = add_outcome(batch, p, &fail) &&
			    note_told(batch, p, &fail);
	}
	if (ok) {
		*settlement = nothing;
		settlement->arena = arena;
		ledger_commit(batch, settled, settlement);
		return;
	}
	arena_destroy(arena);
	if (fail.kind == FAIL_NONE)
		fail_memory(&fail);
	settled(&nothing, 0, NULL, 0, &fail);
}

static bool
collect_id(void *arg, const struct spool_item *item)
{
	int64_t **next = arg;

	*(*next)++ = item->id;
	return true;
}

/*
 * Ask the channels what became of everything unknown; the next time is the
 * longest retry away.  False where nothing could be asked.
 */
static bool
ask_unknown(struct engine *engine, struct fail *fail)
{
	size_t count = spool_count(engine->o.spool, SPOOL_UNKNOWN);
	int64_t *ids = calloc(count + 1, sizeof(*ids)), *end = ids;
	bool ok = ids != NULL || fail_memory(fail), asked = false;

	engine->ask_at = engine_now(engine) +
	    (int64_t)engine->conf->retry_longest * 1000;
	ok = ok &&
	    spool_each(engine->o.spool, SPOOL_UNKNOWN, count, collect_id, &end,
		fail);
	for (int64_t *id = ids; ok && id != end; id++) {
		struct parcel *parcel = parcel_load(engine, *id, fail);

		ok = parcel != NULL;
		asked = asked || ok;
		if (ok)
			inquire(parcel);
	}
	free(ids);
	return asked;
}

/*
 * After a crash: everything that had a sending mark is unknown until its
 * channel says more.
 */
bool
engine_courier_recover(struct engine *engine, struct fail *fail)
{
	if (!spool_recover(engine->o.spool, fail))
		return false;
	ask_unknown(engine, fail);
	return fail->kind == FAIL_NONE;
}

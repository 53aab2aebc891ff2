/*
 * What subjects' stops make of decisions, and of what waits.  A stop is asked
 * when something is decided, and what was decided before is decided again.
 */
#include "codec/pack.h"
#include "codec/wire.h"
#include "core/policy_tree.h"
#include "engine_stop.h"
#include "provision.h"

enum { WAITING_MAX = 10000 };

/* To the public it matters what is shown, not what was done to it last. */
static enum provision_way
way_of(const struct recipient *recipient, const struct conf_recipient *binding,
    bool answers)
{
	if (recipient->public ||
	    (binding != NULL && binding->channel == CHANNEL_VIEW))
		return PROVISION_PUBLISHED;
	return answers ? PROVISION_ANSWERED : PROVISION_SENT;
}

/* A paper that cannot do without what is taken away does not go. */
static bool
lacks_demanded(const struct conf_recipient *binding,
    const struct disclosure *disclosure, const struct provision_ruling *ruling)
{
	if (binding == NULL || binding->channel != CHANNEL_FILE)
		return false;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if ((ruling->stopped & 1u << r) != 0 &&
			    (ruling->kept[r] & FIELD_BIT(f)) == 0 &&
			    disclosure_values(
				disclosure, (enum role)r, (enum field)f)
				    .count != 0 &&
			    conf_needs_value(
				binding, (enum role)r, (enum field)f))
				return true;
	return false;
}

/*
 * Who is to be forgotten is shown to nobody new by misu itself: published is
 * what is nobody's, and no token is answered.
 */
static void
heed_leaving(struct engine *engine, const struct provision_asked *asked,
    bool by_token, struct provision_ruling *ruling)
{
	unsigned leaving = engine_leaving_roles(engine, asked->record);

	if (disclosure_outcome(asked->disclosure).verdict == VERDICT_REFUSE ||
	    (asked->way != PROVISION_PUBLISHED && !by_token))
		return;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if ((leaving & 1u << r) == 0 ||
		    (by_token && !provision_shows(asked->disclosure,
				     (enum role)r)))
			continue;
		ruling->stopped |= 1u << r;
		ruling->kept[r] = provision_of_nobody();
	}
	if (ruling->stopped != 0)
		ruling->minimises = !by_token;
}

bool
engine_can_hide(const struct engine *engine, struct slice recipient)
{
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, recipient);
	const struct conf_upstream *upstream;

	if (binding == NULL || binding->channel != CHANNEL_EPP)
		return true;
	upstream = conf_upstream(engine->conf, binding->upstream);
	return upstream != NULL && upstream->disclose == EPP_DISCLOSE_SUPPORTED;
}

struct disclosure *
engine_heed_stops(struct engine *engine, struct disclosure *disclosure,
    struct engine_judged *judged, struct arena *arena, struct fail *fail)
{
	const struct provision provision = {
	    engine->o.stops, engine->o.ledger, engine->o.keys};
	const struct recipient *recipient = disclosure_recipient(disclosure);
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, recipient->id);
	const struct provision_asked asked = {.provision = &provision,
	    .record = judged->record,
	    .disclosure = disclosure,
	    .way = way_of(recipient, binding, judged->answers),
	    .arena = arena};
	struct decide_given *given = &judged->given;
	struct provision_ruling ruling;

	provision_judge(&asked, &ruling);
	heed_leaving(engine, &asked, judged->by_token, &ruling);
	given->stopped = ruling.stopped;
	if (given->stopped == 0)
		return disclosure;
	given->minimises = ruling.minimises &&
	    !lacks_demanded(binding, disclosure, &ruling);
	given->hides = given->minimises && ruling.hides &&
		       engine_can_hide(engine, recipient->id);
	memcpy(judged->kept, ruling.kept, sizeof(judged->kept));
	given->kept = judged->kept;
	return decide(
	    engine->ruleset, judged->block, judged->record, given, arena, fail);
}

bool
engine_find_had(struct engine *engine, const struct record *record,
    const struct spool_item *target, unsigned stopped,
    uint64_t had[ROLE_COUNT], struct arena *arena, struct fail *fail)
{
	const struct provision provision = {
	    engine->o.stops, engine->o.ledger, engine->o.keys};
	const struct decide_given given = {.kept = NULL};
	const struct block *block =
	    engine_block(engine, record, target->recipient, target->purpose);
	const struct disclosure *disclosure;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		had[r] = provision_of_nobody();
	if (stopped == 0 || block == NULL)
		return true;
	disclosure =
	    decide(engine->ruleset, block, record, &given, arena, fail);
	if (disclosure == NULL)
		return false;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if ((stopped & 1u << r) != 0)
			had[r] |= provision_had(&provision, record, disclosure,
			    (enum role)r, arena);
	return true;
}

bool
engine_is_removal(const struct spool_item *item)
{
	static const struct slice prefix = {
	    ENGINE_REMOVAL, sizeof(ENGINE_REMOVAL) - 1};

	return item->submission.len > prefix.len &&
	       memcmp(item->submission.data, prefix.data, prefix.len) == 0;
}

/* --- what waits --- */

struct waiting {
	struct engine *engine;
	struct arena *arena, *scratch;
	int64_t *ids;
	size_t count;
	struct fail fail;
};

static const struct record *
record_of(struct waiting *waiting, const struct spool_item *item)
{
	struct engine *engine = waiting->engine;
	struct fail fail = FAIL_INIT;
	bool changes;

	if (item->state == SPOOL_HELD && wire_is_request(item->submission))
		return unpack_record(waiting->scratch, item->payload, &fail);
	return engine_stored(
	    engine, item, waiting->scratch, &changes, &fail);
}

static bool
collect(void *arg, const struct spool_item *item)
{
	struct waiting *waiting = arg;

	if (waiting->count < WAITING_MAX && !engine_is_removal(item))
		waiting->ids[waiting->count++] = item->id;
	return true;
}

/* An EPP command's hold has no record but its own: it ends here. */
static bool
refuse_hold(struct waiting *waiting, const struct spool_item *item)
{
	struct engine *engine = waiting->engine;
	struct event event =
	    engine_event(engine, EVENT_HOLD, "refused", item->entry);

	event.reason = SLICE("the subject stopped provision");
	engine_record_event(engine, &event);
	return spool_set_state(
	    engine->o.spool, item->id, SPOOL_REFUSED, &waiting->fail);
}

static void
renewed(void *arg, int64_t id, const struct fail *fail)
{
	struct engine *engine = arg;

	(void)id;
	if (fail != NULL)
		engine_log(engine, "error", "decide-again-failed", fail);
	engine_courier_wake(engine);
}

static bool
shows_leaving(const struct engine *engine, const struct spool_item *item,
    const struct record *record)
{
	return slice_is(item->channel, channel_kind_name(CHANNEL_VIEW)) &&
	    engine_leaving_roles(engine, record) != 0;
}

/* What the law demands waits as before, and what was approved stays so. */
static bool
is_owed(const struct engine *engine, const struct spool_item *item)
{
	unsigned index;

	return ruleset_find_recipient(
		   engine->ruleset, item->recipient, &index) &&
	       provision_owes(ruleset_recipient(engine->ruleset, index));
}

static bool
look_at(struct waiting *waiting, int64_t id)
{
	struct engine *engine = waiting->engine;
	const struct record *record;
	struct spool_item item;

	arena_reset(waiting->scratch);
	if (!spool_get(
		engine->o.spool, waiting->scratch, id, &item, &waiting->fail))
		return waiting->fail.kind == FAIL_NONE;
	if (is_owed(engine, &item))
		return true;
	record = record_of(waiting, &item);
	if (record == NULL || (stops_roles(engine->o.stops, record) == 0 &&
				  !shows_leaving(engine, &item, record)))
		return true;
	if (wire_is_request(item.submission))
		return item.state != SPOOL_HELD || refuse_hold(waiting, &item);
	/* Whoever has it in hand now finds it outdated. */
	if (!spool_outdate_item(
		engine->o.spool, id, engine_now(engine), &waiting->fail))
		return false;
	if (item.state == SPOOL_QUEUED || engine_is_in_hand(engine, id))
		return true;
	engine_courier_renew(engine, &item, false, renewed, engine);
	return true;
}

static bool
look_through(struct waiting *waiting)
{
	static const enum spool_state states[] = {
	    SPOOL_QUEUED, SPOOL_LAID_OUT, SPOOL_HELD};
	struct spool *spool = waiting->engine->o.spool;

	waiting->ids = arena_take_array(
	    waiting->arena, WAITING_MAX, sizeof(*waiting->ids));
	if (waiting->ids == NULL || waiting->scratch == NULL)
		return fail_memory(&waiting->fail);
	for (size_t s = 0; s < sizeof(states) / sizeof(*states); s++) {
		waiting->count = 0;
		if (!spool_each(spool, states[s], WAITING_MAX, collect, waiting,
			&waiting->fail))
			return false;
		for (size_t i = 0; i < waiting->count; i++)
			if (!look_at(waiting, waiting->ids[i]))
				return false;
	}
	return true;
}

void
engine_stop_waiting(struct engine *engine)
{
	struct waiting waiting = {.engine = engine,
	    .arena = engine_arena(engine),
	    .scratch = engine_arena(engine)};
	bool ok = waiting.arena != NULL || fail_memory(&waiting.fail);

	engine->under_way++;
	if (!ok || !look_through(&waiting))
		engine_spool_failed(engine, &waiting.fail);
	arena_destroy(waiting.scratch);
	arena_destroy(waiting.arena);
	engine_courier_wake(engine);
	engine_finish_one(engine);
}

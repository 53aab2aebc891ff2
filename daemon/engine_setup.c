/*
 * The engine's life: what it is made of, which policy and setup are in force,
 * what a crash left behind, and how it ends.
 */
#include "codec/json.h"
#include "codec/wire.h"
#include "core/canon.h"
#include "core/entry_parts.h"
#include "ended.h"
#include "engine_flags.h"
#include "engine_work.h"
#include "store/log_query.h"
#include "store/standing.h"

#define PRUNE_EVERY (INT64_C(3600) * 1000)            /* ms: an hour */
#define KEEP_ANSWERS (INT64_C(30) * 24 * 3600 * 1000) /* ms: 30 days */
#define KEEP_GRANTS (INT64_C(90) * 24 * 3600 * 1000)  /* ms: 90 days */

enum {
	CHECKPOINT_DELAY = 1000, /* milliseconds */
	MARK_ENTRIES = 4096,     /* that a start may look through in vain */
};

static bool
keep_path(const char **path, char copy[ENGINE_PATH])
{
	int len = *path != NULL
		      ? snprintf(copy, ENGINE_PATH, "%s", *path)
		      : 0;

	if (*path != NULL)
		*path = copy;
	return len < ENGINE_PATH;
}

struct engine *
engine_create(const struct engine_options *options, struct fail *fail)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		fail_memory(fail);
		return NULL;
	}
	engine->o = *options;
	/* The setup they are of may go at a reload. */
	if (!keep_path(&engine->o.forgotten_path, engine->paths[0]) ||
	    !keep_path(&engine->o.ledger_path, engine->paths[1]) ||
	    !keep_path(&engine->o.index_path, engine->paths[2]) ||
	    !keep_path(&engine->o.audit_directory, engine->paths[3])) {
		free(engine);
		fail_set(fail, FAIL_INPUT, "a path of the state is too long");
		return NULL;
	}
	engine->accepted_end = &engine->accepted;
	keys_derive(options->keys, "content", engine->content_key);
	return engine;
}

const struct engine_options *
engine_given(const struct engine *engine)
{
	return &engine->o;
}

static void
stop_channels(struct channel **channels, size_t count)
{
	for (size_t i = 0; channels != NULL && i < count; i++)
		if (channels[i] != NULL)
			channels[i]->operations->stop(channels[i]);
	free(channels);
}

void
engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	if (engine->checkpoint_timer != NULL)
		engine->o.loop->operations->timer_destroy(
		    engine->checkpoint_timer);
	if (engine->wait_timer != NULL)
		engine->o.loop->operations->timer_destroy(engine->wait_timer);
	if (engine->conf != NULL)
		stop_channels(
		    engine->channels, engine->conf->recipient_count);
	engine_view_stop(engine);
	engine_flags_finish(engine);
	engine_courier_stop(engine);
	engine_forget_destroy(engine);
	engine_retention_destroy(engine);
	engine_audit_destroy(engine);
	engine_tier_destroy(engine);
	digest_wipe(engine->content_key, KEY_SIZE);
	free(engine);
}

static void
flush_channels(struct engine *engine)
{
	for (size_t i = 0; i < engine->conf->recipient_count; i++)
		if (engine->channels[i]->operations->flush != NULL)
			engine->channels[i]->operations->flush(
			    engine->channels[i]);
}

static struct channel *
start_channel(struct engine *engine, const struct conf *conf,
    const struct conf_recipient *recipient, struct fail *fail)
{
	char id[64], directory[200], suffix[16];
	struct channel_options options = {.loop = engine->o.loop,
	    .disk = engine->o.disk,
	    .recipient = id,
	    .directory = directory,
	    .suffix = suffix,
	    .view = engine->o.view,
	    .epoch = &engine->view_epoch};
	bool absolute =
	    recipient->directory.len != 0 && recipient->directory.data[0] == '/';

	snprintf(id, sizeof(id), "%.*s", SLICE_ARG(recipient->id));
	snprintf(suffix, sizeof(suffix), "%.*s", SLICE_ARG(recipient->suffix));
	if (snprintf(directory, sizeof(directory), "%.*s%s%.*s",
		absolute ? 0 : (int)conf->state.len, conf->state.data,
		absolute ? "" : "/", SLICE_ARG(recipient->directory)) >=
	    (int)sizeof(directory)) {
		fail_set(fail, FAIL_INPUT,
		    "the directory of recipient %s is too long", id);
		return NULL;
	}
	if (recipient->channel == CHANNEL_VIEW)
		return channel_view_start(&options, fail);
	return recipient->channel == CHANNEL_FILE
	    ? channel_file_start(&options, fail)
	    : channel_desk_start(&options, fail);
}

static struct channel *
start_epp_channel(struct engine *engine,
    const struct conf_recipient *recipient, struct fail *fail)
{
	if (engine->o.epp_channel != NULL)
		return engine->o.epp_channel(
		    engine->o.epp_context, recipient->upstream, fail);
	fail_set(fail, FAIL_INPUT, "recipient %.*s: nothing here speaks EPP",
	    SLICE_ARG(recipient->id));
	return NULL;
}

static struct channel **
start_channels(
    struct engine *engine, const struct conf *conf, struct fail *fail)
{
	struct channel **channels =
	    calloc(conf->recipient_count + 1, sizeof(struct channel *));

	if (channels == NULL) {
		fail_memory(fail);
		return NULL;
	}
	for (size_t i = 0; i < conf->recipient_count; i++) {
		channels[i] =
		    conf->recipients[i].channel == CHANNEL_EPP
		    ? start_epp_channel(engine, &conf->recipients[i], fail)
		    : start_channel(engine, conf, &conf->recipients[i], fail);
		if (channels[i] == NULL) {
			stop_channels(channels, conf->recipient_count);
			return NULL;
		}
	}
	return channels;
}

struct channel *
engine_channel(const struct engine *engine, struct slice recipient)
{
	for (size_t i = 0; i < engine->conf->recipient_count; i++)
		if (slice_equal(engine->conf->recipients[i].id, recipient))
			return engine->channels[i];
	return NULL;
}

struct event
engine_event(const struct engine *engine, enum event_type type,
    const char *word, uint64_t entry)
{
	return (struct event){.type = type,
	    .entry = entry,
	    .word = slice_from(word),
	    .policy = *ruleset_identity(engine->ruleset),
	    .setup = engine->setup};
}

struct event
engine_step_event(const struct engine *engine, enum subject_step step)
{
	return engine_event(engine, subject_step_info[step].type,
	    subject_step_info[step].word, LEDGER_NONE);
}

void
engine_identities(const struct engine *engine, struct event *event)
{
	event->policy = *ruleset_identity(engine->ruleset);
	event->setup = engine->setup;
}

/*
 * What the ledger says of cases and of the view stood in these first: so a
 * start need not look at it to know that they are not older.
 */
static void
note_seen(struct engine *engine)
{
	uint64_t size = ledger_size(engine->o.ledger);
	struct fail fail = FAIL_INIT;

	if (size - engine->seen < MARK_ENTRIES)
		return;
	if ((engine->o.cases != NULL &&
		!cases_set_seen(engine->o.cases, size, &fail)) ||
	    (engine->view_known &&
		!standing_set_seen(engine->o.standing, size, &fail)))
		engine_log(engine, "error", "seen-not-noted", &fail);
	engine->seen = size;
}

static void
checkpoint(void *arg)
{
	struct engine *engine = arg;

	engine->checkpoint_set = false;
	ledger_tick(engine->o.ledger);
	engine_view_note(engine);
	note_seen(engine);
}

void
engine_checkpoint_soon(struct engine *engine)
{
	const struct loop_operations *ops = engine->o.loop->operations;

	if (engine->checkpoint_timer == NULL)
		engine->checkpoint_timer = ops->timer_create(
		    engine->o.loop, checkpoint, engine);
	if (engine->checkpoint_timer == NULL || engine->checkpoint_set)
		return;
	engine->checkpoint_set = true;
	ops->timer_set(engine->checkpoint_timer, CHECKPOINT_DELAY);
}

struct recording {
	struct engine *engine;
	struct arena *arena;
	uint64_t mark; /* what the spool covers once this is durable, or 0 */
};

static void
recorded(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct recording *recording = arg;
	struct engine *engine = recording->engine;
	struct fail spool_fail = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	if (fail != NULL && fail->kind != FAIL_NONE)
		engine_log(engine, "error", "event-not-recorded", fail);
	else if (recording->mark > spool_mark(engine->o.spool) &&
	    !spool_set_mark(engine->o.spool, recording->mark, &spool_fail))
		engine_spool_failed(engine, &spool_fail);
	arena_destroy(recording->arena);
	engine_checkpoint_soon(engine);
	engine_finish_one(engine);
}

static void
record(struct engine *engine, const struct event *event, uint64_t mark)
{
	struct fail fail = FAIL_INIT;
	struct arena *arena = engine_arena(engine);
	struct recording *recording =
	    arena != NULL ? arena_take(arena, sizeof(*recording)) : NULL;
	struct batch *batch = recording != NULL
	    ? ledger_begin(engine->o.ledger, arena, &fail)
	    : NULL;

	if (recording == NULL)
		fail_memory(&fail);
	if (batch == NULL || !ledger_add_event(batch, event, &fail)) {
		engine_log(engine, "error", "event-not-recorded", &fail);
		arena_destroy(arena);
		return;
	}
	*recording = (struct recording){engine, arena, mark};
	engine->under_way++;
	ledger_commit(batch, recorded, recording);
}

void
engine_record_event(struct engine *engine, const struct event *event)
{
	record(engine, event, 0);
}

struct slice
engine_outcome_request(
    char buffer[OUTCOME_REQUEST], uint64_t entry, const char *word)
{
	snprintf(buffer, OUTCOME_REQUEST, "outcome/%llu/%s",
	    (unsigned long long)entry, word);
	return slice_from(buffer);
}

static void
record_outcome(struct engine *engine, uint64_t entry, const char *word,
    struct slice reason, uint64_t mark)
{
	char request[OUTCOME_REQUEST];
	struct event event =
	    engine_event(engine, EVENT_OUTCOME, word, entry);

	event.reason = reason;
	event.request = engine_outcome_request(request, entry, word);
	record(engine, &event, mark);
}

void
engine_record_outcome(struct engine *engine, uint64_t entry, const char *word,
    struct slice reason)
{
	record_outcome(engine, entry, word, reason, 0);
}

/*
 * Is this the entry of a disclosure that was to be sent, and neither by a
 * worker, whose entries are the keeper's (keeper_open.c), nor to somebody with
 * a token (engine_tier.c)?
 */
static bool
entry_goes(struct arena *arena, struct slice bytes, bool *goes,
    struct fail *fail)
{
	const struct json_node *entry = json_parse(arena, bytes, fail);
	const struct json_node *type =
	    entry != NULL ? json_find(entry, "type") : NULL;

	const struct json_node *request =
	    entry != NULL ? json_find(entry, "request") : NULL;

	*goes = type != NULL && slice_is(type->string, "disclosure") &&
	    json_find(entry, "payload") != NULL &&
	    (request == NULL ||
		(!wire_is_request(request->string) &&
		    !engine_is_tier(request->string)));
	return entry != NULL;
}

/* Those from the mark on that have an outcome already, a bit each. */
static bool
find_ended(struct engine *engine, struct ended_list *list, uint64_t size,
    uint8_t **ended, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	uint64_t mark = spool_mark(engine->o.spool);
	bool ok;

	*ended = calloc((size_t)((size - mark) / 8 + 1), 1);
	ok = (*ended != NULL && arena != NULL) || fail_memory(fail);
	for (uint64_t i = mark; ok && i < size; i++) {
		struct entry_parts parts;
		struct slice bytes;

		arena_reset(arena);
		ok = ledger_read(engine->o.ledger, i, arena, &bytes, fail);
		if (!ok || !entry_parts_read(bytes, arena, &parts))
			continue;
		ok = ended_take(list, i, bytes, &parts, size, fail);
		if (slice_is(parts.type, "outcome") && parts.has_about &&
		    parts.about >= (int64_t)mark && parts.about < (int64_t)i)
			(*ended)[((uint64_t)parts.about - mark) / 8] |=
			    (uint8_t)(1u << ((uint64_t)parts.about - mark) % 8);
	}
	arena_destroy(arena);
	return ok;
}

/* What never reached the spool was not sent; but see engine_options. */
static void
end_missed(struct engine *engine, uint64_t entry, uint64_t mark)
{
	if (entry < engine->o.recovered)
		record_outcome(engine, entry, "unknown",
		    SLICE("recovered from a copy of the ledger"), mark);
	else
		record_outcome(engine, entry, "not-sent",
		    SLICE("stopped before it was accepted"), mark);
}

/*
 * The vault has its record all the same: what is published of it, and what
 * registries may publish, is as that has it.
 */
static bool
follow_missed(struct engine *engine, struct slice entry, struct arena *arena,
    struct fail *fail)
{
	enum object_type type;
	struct slice given, channel, object, word, name;

	if (!engine_flags_suspect(engine, fail))
		return false;
	return !entry_disclosed(entry, arena, &given) ||
	    !canon_get_string(given, "channel", arena, &channel) ||
	    !slice_is(channel, "view") ||
	    !canon_member(given, "object", &object) ||
	    !canon_get_string(object, "type", arena, &word) ||
	    !object_type_find(word, &type) ||
	    !log_query_object(engine->o.keys, given, arena, &name) ||
	    engine_view_renew(engine, type, name, fail);
}

static bool
end_all_missed(struct engine *engine, uint64_t mark, uint64_t size,
    const uint8_t *ended, struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	uint64_t last = LEDGER_NONE;
	bool ok = arena != NULL || fail_memory(fail);

	for (uint64_t i = mark; ok && i < size; i++) {
		struct slice bytes;
		bool goes = false;

		arena_reset(arena);
		ok = ledger_read(engine->o.ledger, i, arena, &bytes, fail) &&
		    entry_goes(arena, bytes, &goes, fail);
		if (!ok || !goes ||
		    (ended[(i - mark) / 8] >> (i - mark) % 8 & 1) != 0)
			continue;
		ok = follow_missed(engine, bytes, arena, fail);
		if (last != LEDGER_NONE)
			end_missed(engine, last, 0);
		last = i;
	}
	arena_destroy(arena);
	if (ok && last != LEDGER_NONE)
		end_missed(engine, last, size);
	else if (ok && mark < size)
		ok = spool_set_mark(engine->o.spool, size, fail);
	return ok;
}

/*
 * Entries that came to be and never reached the spool: the submission was not
 * acknowledged and nothing of it was sent.  The mark moves when all of their
 * outcomes are durable: a crash before that finds them again.
 */
static bool
reconcile(struct engine *engine, struct fail *fail)
{
	uint64_t size = ledger_size(engine->o.ledger);
	uint64_t mark = spool_mark(engine->o.spool);
	struct ended_list list = {NULL, 0, 0, false};
	uint8_t *ended = NULL;
	bool ok;

	if (mark > size) {
		fail_set(fail, FAIL_WORLD,
		    "the spool knows of %llu entries, the ledger of %llu",
		    (unsigned long long)mark, (unsigned long long)size);
		fail_hint(fail, "restore spool and ledger from one backup");
		return false;
	}
	ok = find_ended(engine, &list, size, &ended, fail) &&
	     engine_end_items(engine, &list, fail) &&
	     end_all_missed(engine, mark, size, ended, fail);
	free(ended);
	ended_finish(&list);
	return ok;
}

/* A token that nobody can use any more: the request's steps name it still. */
static void
prune_grants(struct engine *engine, int64_t before)
{
	struct fail fail = FAIL_INIT;
	bool left;

	if (engine->o.grants != NULL &&
	    !grants_prune(engine->o.grants, before, &left, &fail))
		engine_log(engine, "error", "grants-not-pruned", &fail);
}

bool
engine_prune(struct engine *engine, struct fail *fail)
{
	int64_t now = engine_now(engine);

	if (now - engine->pruned < PRUNE_EVERY)
		return true;
	engine->pruned = now;
	prune_grants(engine, now - KEEP_GRANTS);
	return spool_prune(engine->o.spool, now - KEEP_ANSWERS, fail);
}

void
engine_mark(struct engine *engine)
{
	uint64_t size = ledger_size(engine->o.ledger);
	struct fail fail = FAIL_INIT;

	bool ok;

	if (engine->ruleset != NULL && ledger_stopped(engine->o.ledger) == NULL)
		note_seen(engine);
	if (engine->ruleset == NULL || engine->under_way != 0 ||
	    ledger_stopped(engine->o.ledger) != NULL)
		return;
	ok = engine_prune(engine, &fail) &&
	    (size - spool_mark(engine->o.spool) < MARK_ENTRIES ||
		spool_set_mark(engine->o.spool, size, &fail));
	if (!ok)
		engine_spool_failed(engine, &fail);
}

static struct digest
epoch_of(const struct ruleset *ruleset, const struct digest *setup)
{
	const struct digest *policy = ruleset_identity(ruleset);

	return digest_sha256_two(
	    (struct slice){(const char *)policy->bytes, DIGEST_SIZE},
	    (struct slice){(const char *)setup->bytes, DIGEST_SIZE});
}

/* The entries that a change of policy or setup makes. */
static void
record_change(struct engine *engine, const struct ruleset *old_ruleset,
    const struct digest *old_setup)
{
	struct event event;

	if (old_ruleset == NULL) {
		event = engine_event(
		    engine, EVENT_START, "started", LEDGER_NONE);
		engine_record_event(engine, &event);
		return;
	}
	if (!digest_equal(ruleset_identity(old_ruleset),
		ruleset_identity(engine->ruleset))) {
		event = engine_event(
		    engine, EVENT_POLICY, "in-force", LEDGER_NONE);
		engine_record_event(engine, &event);
	}
	if (!digest_equal(old_setup, &engine->setup)) {
		event = engine_event(
		    engine, EVENT_SETUP, "in-force", LEDGER_NONE);
		engine_record_event(engine, &event);
	}
}

/* What these decide with; false without memory. */
static bool
identify(struct engine *engine, const struct ruleset *ruleset,
    const struct conf *conf, struct digest *setup, struct digest *epoch)
{
	struct arena *arena = engine_arena(engine);

	if (arena == NULL)
		return false;
	*setup = conf_setup_identity(conf, arena);
	*epoch = epoch_of(ruleset, setup);
	arena_destroy(arena);
	return true;
}

/*
 * The view last, when nothing else can fail: from here on nothing is told
 * that was decided before.
 */
static struct channel **
begin_channels(struct engine *engine, const struct conf *conf,
    const struct digest *epoch, struct fail *fail)
{
	struct channel **channels = start_channels(engine, conf, fail);

	if (channels == NULL || engine_view_begin(engine, epoch, conf, fail))
		return channels;
	stop_channels(channels, conf->recipient_count);
	return NULL;
}

bool
engine_set_policy(struct engine *engine, const struct ruleset *ruleset,
    const struct conf *conf, struct fail *fail)
{
	const struct ruleset *old_ruleset = engine->ruleset;
	const struct conf *old_conf = engine->conf;
	struct digest old_setup = engine->setup, setup, epoch;
	struct channel **channels;

	if (!identify(engine, ruleset, conf, &setup, &epoch))
		return fail_memory(fail);
	if (engine->conf != NULL)
		flush_channels(engine);
	channels = begin_channels(engine, conf, &epoch, fail);
	if (channels == NULL)
		return false;
	if (engine->conf != NULL)
		stop_channels(
		    engine->channels, engine->conf->recipient_count);
	engine->channels = channels;
	engine->ruleset = ruleset;
	engine->conf = conf;
	engine->setup = setup;
	engine->epoch = epoch;
	record_change(engine, old_ruleset, &old_setup);
	if (old_ruleset == NULL &&
	    (!reconcile(engine, fail) ||
		!engine_courier_recover(engine, fail)))
		return false;
	engine_flags_begin(engine, ruleset_identity(ruleset));
	engine_flags_catch_up(engine, old_conf);
	if (old_ruleset == NULL) {
		engine_provision_recover(engine);
		engine_request_recover(engine);
		engine_tier_recover(engine);
	}
	engine_courier_wake(engine);
	if (old_ruleset == NULL)
		engine_forget_resume(engine);
	engine_retention_start(engine);
	engine_audit_apply(engine);
	return true;
}

const struct block *
engine_block(const struct engine *engine, const struct record *record,
    struct slice recipient, struct slice purpose)
{
	const struct block *blocks[BLOCKS_MAX];
	size_t count =
	    ruleset_match(engine->ruleset, record, blocks, BLOCKS_MAX);

	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++)
		if (slice_equal(blocks[i]->purpose, purpose) &&
		    slice_equal(ruleset_recipient(
				    engine->ruleset, blocks[i]->recipient)
				    ->id,
			recipient))
			return blocks[i];
	return NULL;
}

void
engine_log(const struct engine *engine, const char *level, const char *event,
    const struct fail *fail)
{
	if (engine->o.log != NULL)
		engine->o.log(engine->o.log_context, level, event, fail);
}

int64_t
engine_now(const struct engine *engine)
{
	return engine->o.loop->operations->now(engine->o.loop);
}

struct arena *
engine_arena(const struct engine *engine)
{
	return arena_create(engine->o.memory);
}

void
engine_drain(struct engine *engine, void (*drained)(void *arg), void *arg)
{
	engine->draining = true;
	engine_work_wake(engine); /* no registry is waited for any more */
	engine_forget_stop(engine);
	engine_audit_stop(engine);
	engine->drained = drained;
	engine->drained_arg = arg;
	engine->under_way++;
	engine_finish_one(engine);
}

/*
 * The stop entry is the last: it is written when nothing else is under way,
 * and the drain is over when it is durable.
 */
void
engine_finish_one(struct engine *engine)
{
	void (*drained)(void *) = engine->drained;

	if (--engine->under_way != 0 || drained == NULL)
		return;
	if (engine->draining && engine->ruleset != NULL &&
	    !engine->stop_recorded &&
	    ledger_stopped(engine->o.ledger) == NULL) {
		struct event event = engine_event(
		    engine, EVENT_STOP, "stopped", LEDGER_NONE);

		engine->stop_recorded = true;
		engine_record_event(engine, &event);
		if (engine->under_way != 0)
			return;
	}
	engine->drained = NULL;
	drained(engine->drained_arg);
}

struct slice
engine_metrics(struct engine *engine, struct arena *arena)
{
	struct text text = text_start(arena);
	struct spool *spool = engine->o.spool;

	text_add_format(&text,
	    "# TYPE misu_submissions_total counter\n"
	    "misu_submissions_total %llu\n"
	    "# TYPE misu_replays_total counter\n"
	    "misu_replays_total %llu\n"
	    "# TYPE misu_failures_total counter\n"
	    "misu_failures_total %llu\n"
	    "# TYPE misu_refused_total counter\n"
	    "misu_refused_total %llu\n",
	    (unsigned long long)engine->submissions,
	    (unsigned long long)engine->replays,
	    (unsigned long long)engine->failures,
	    (unsigned long long)engine->refused);
	text_add_string(&text, "# TYPE misu_disclosures_total counter\n");
	for (unsigned v = 0; v < VERDICT_COUNT; v++)
		if (v == VERDICT_FORWARD || v <= VERDICT_HOLD)
			text_add_format(&text,
			    "misu_disclosures_total{outcome=\"%s\"} %llu\n",
			    verdict_name((enum verdict)v),
			    (unsigned long long)engine->verdicts[v]);
	text_add_string(&text, "# TYPE misu_deliveries_total counter\n");
	for (unsigned d = 0; d < DELIVERY_COUNT; d++)
		text_add_format(&text,
		    "misu_deliveries_total{result=\"%s\"} %llu\n",
		    delivery_name((enum delivery)d),
		    (unsigned long long)engine->outcomes[d]);
	text_add_string(&text, "# TYPE misu_spool_items gauge\n");
	for (unsigned s = 0; s < SPOOL_DONE; s++)
		text_add_format(&text, "misu_spool_items{state=\"%s\"} %zu\n",
		    spool_state_name((enum spool_state)s),
		    spool_count(spool, (enum spool_state)s));
	text_add_format(&text,
	    "# TYPE misu_ledger_entries gauge\nmisu_ledger_entries %llu\n"
	    "# TYPE misu_ledger_stopped gauge\nmisu_ledger_stopped %d\n",
	    (unsigned long long)ledger_size(engine->o.ledger),
	    ledger_stopped(engine->o.ledger) != NULL);
	return text_slice(&text);
}

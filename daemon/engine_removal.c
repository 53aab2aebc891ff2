/*
 * misuctl resubmit: whoever holds data of a subject that stopped is made to
 * lose it, by an update that shows nothing of the subject but what the
 * channel cannot go without.  Each is decided, an entry, and an item of the
 * spool like any other; one after the other.
 */
#include "codec/wire.h"
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/inputs.h"
#include "engine_flags.h"
#include "engine_stop.h"
#include "engine_told.h"

enum { ROWS_MAX = 10000, SUBMISSION_SIZE = 40, WHY_SIZE = 200 };

/* --- one removal --- */

void
engine_find_kept(const struct engine *engine, struct slice recipient,
    uint64_t kept[ROLE_COUNT])
{
	const struct conf_recipient *binding =
	    conf_recipient(engine->conf, recipient);

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		kept[r] = 0;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (field_info[f].class == CLASS_OBJECT ||
			    field_info[f].class == CLASS_AUTHINFO ||
			    (binding != NULL &&
				conf_needs_value(
				    binding, (enum role)r, (enum field)f)))
				kept[r] |= (uint64_t)1 << f;
	}
}

bool
engine_share_contact(const struct engine *engine, const struct record *record,
    struct decide_scope *scope, const struct decide_given *given,
    struct share *share, struct arena *arena, struct fail *fail)
{
	const struct epp_facts *facts = record_epp(record);
	const struct inputs_given decided = {.ruleset = engine->ruleset,
	    .scope = scope,
	    .minimal = given->minimises ? given : NULL};
	struct slice id = record_object(record), payload;
	const char *slash = memchr(id.data, '/', id.len);
	struct epp_manner manner;

	scope->roles = facts->roles;
	if (facts->scope.len != 0 && facts->scope.data[0] == '.')
		scope->suffix = facts->scope;
	else
		scope->object = facts->scope;
	*share = (struct share){.disclosure = decide_contact(engine->ruleset,
				    scope, record, given, arena, fail),
	    .inputs = inputs_write(record, &decided, arena),
	    .epoch = engine->epoch,
	    .binding = conf_recipient(engine->conf,
		ruleset_recipient(engine->ruleset, scope->recipient)->id)};
	if (share->disclosure == NULL || share->inputs.data == NULL)
		return fail_memory(fail);
	if (disclosure_outcome(share->disclosure).verdict != VERDICT_FORWARD)
		return true;
	if (share->binding == NULL || share->binding->channel != CHANNEL_EPP ||
	    slash == NULL)
		return fail_set(fail, FAIL_INPUT,
		    "the recipient is not reached over EPP any more");
	if (!engine_manner(engine, share->binding, &manner, fail))
		return false;
	if (facts->given)
		manner.held = &facts->shown;
	id = (struct slice){slash + 1, id.len - (size_t)(slash + 1 - id.data)};
	if (!epp_frame_removal(
		share->disclosure, &manner, id, arena, &payload, fail))
		return false;
	share->payload = payload;
	return true;
}

bool
engine_share_object(struct engine *engine, const struct record *record,
    const struct spool_item *target, const struct decide_given *given,
    struct share *share, struct arena *arena, struct fail *fail)
{
	const struct block *block =
	    engine_block(engine, record, target->recipient, target->purpose);
	const struct inputs_given decided = {.ruleset = engine->ruleset,
	    .minimal = given->minimises ? given : NULL};

	if (block == NULL)
		return fail_set(fail, FAIL_INPUT,
		    "the policy in force has no block for this recipient");
	*share = (struct share){.block = block,
	    .disclosure =
		decide(engine->ruleset, block, record, given, arena, fail),
	    .inputs = inputs_write(record, &decided, arena),
	    .held = share->held};
	if (share->disclosure == NULL)
		return false;
	return engine_fill_share(engine, share, arena, fail);
}

struct record *
engine_record_now(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct fail *fail)
{
	enum object_type type = (enum object_type)target->object_type;
	struct record *stored =
	    vault_get(engine->o.vault, arena, type, target->object, fail);
	struct record *update;

	if (stored == NULL) {
		if (fail->kind == FAIL_NONE)
			fail_set(fail, FAIL_INPUT,
			    "misu has no record of it any more");
		return NULL;
	}
	update =
	    record_create(arena, type, OPERATION_UPDATE, target->object, fail);
	return update != NULL ? record_merge(arena, stored, update, fail)
			      : NULL;
}

bool
engine_removal_share(struct engine *engine, const struct spool_item *target,
    struct arena *arena, struct share *share, struct record **record,
    struct fail *fail)
{
	uint64_t kept[ROLE_COUNT], had[ROLE_COUNT];
	struct decide_given given = {.minimises = true,
	    .hides = engine_can_hide(engine, target->recipient),
	    .kept = kept};
	struct decide_scope scope = {.recipient = 0};

	*record = engine_record_now(engine, target, arena, fail);
	if (*record == NULL)
		return false;
	given.stopped = stops_roles(engine->o.stops, *record);
	if (given.stopped == 0)
		return fail_set(fail, FAIL_INPUT,
		    "nobody who stopped stands in it any more");
	if (!engine->o.random->fill(
		engine->o.random->context, given.random, sizeof(given.random)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	engine_find_kept(engine, target->recipient, kept);
	if (target->object_type != OBJECT_CONTACT) {
		if (!engine_find_had(engine, *record, target, given.stopped,
			had, arena, fail))
			return false;
		for (unsigned r = 0; r < ROLE_COUNT; r++)
			kept[r] &= had[r];
		return engine_told_name(
			   engine, target, arena, share, &given, fail) &&
		       engine_share_object(
			   engine, *record, target, &given, share, arena, fail);
	}
	if (!ruleset_find_recipient(
		engine->ruleset, target->recipient, &scope.recipient))
		return fail_set(fail, FAIL_INPUT,
		    "the policy in force has no such recipient");
	return engine_share_contact(
	    engine, *record, &scope, &given, share, arena, fail);
}

/* --- all of them --- */

struct removals {
	struct engine *engine;
	struct conf_use use; /* what the row under way is decided under */
	struct arena *arena; /* of all */
	struct arena *one;   /* of the row under way */
	struct slice actor, subject, object;
	struct stop_held *rows;
	size_t count, at, asked;
	bool is_recorded; /* who asked */
	struct spool_item item;
	struct share share;
	struct record *record;
	char submission[SUBMISSION_SIZE];
	struct text results;
	engine_answer *answer;
	void *arg;
};

static void next_row(struct removals *removals);

static void
end_all(struct removals *removals, int status, const struct fail *fail)
{
	struct engine *engine = removals->engine;
	struct text *text = &removals->results;

	text_add_format(text, "],\"asked\":%zu}", removals->asked);
	if (fail == NULL && text_slice(text).data != NULL)
		removals->answer(removals->arg, 200, text_slice(text));
	else
		engine_answer_fail(engine, status, "removals", fail,
		    removals->answer, removals->arg);
	engine_leave_conf(&removals->use);
	arena_destroy(removals->one);
	arena_destroy(removals->arena);
	engine_courier_wake(engine);
	engine_finish_one(engine);
}

/* What became of one; the next is in turn. */
static void
tell(struct removals *removals, const char *state, int64_t entry,
    const struct fail *why)
{
	const struct stop_held *row = &removals->rows[removals->at];
	struct text *text = &removals->results;
	struct fail fail = FAIL_INIT;

	if (!stops_set_held(
		removals->engine->o.stops, row->id, state, entry, &fail))
		engine_log(removals->engine, "error", "stops", &fail);
	text_add_string(
	    text, removals->at == 0 ? "{\"object\":" : ",{\"object\":");
	text_add_json(text, row->object);
	text_add_string(text, ",\"recipient\":");
	text_add_json(text, row->recipient);
	text_add_format(text, ",\"state\":\"%s\"", state);
	if (entry >= 0)
		text_add_format(text, ",\"entry\":%lld", (long long)entry);
	if (why != NULL) {
		text_add_string(text, ",\"why\":");
		text_add_json(text, slice_from(why->text));
	}
	text_add_char(text, '}');
	removals->at++;
}

/* Where the latest item of a removal is, or of what hides. */
static bool
latest_state(void *arg, const struct spool_item *item)
{
	const char **state = arg;
	static const char *const words[2][SPOOL_STATE_COUNT] = {
	    {
		[SPOOL_QUEUED] = "asked",
		[SPOOL_SENDING] = "asked",
		[SPOOL_UNKNOWN] = "unknown",
		[SPOOL_LAID_OUT] = "at-desk",
		[SPOOL_HELD] = "asked",
		[SPOOL_DONE] = "removed",
		[SPOOL_REFUSED] = "refused",
		[SPOOL_GIVEN_UP] = "given-up",
		[SPOOL_SUPERSEDED] = "asked",
		[SPOOL_APPROVED] = "asked",
	    },
	    {
		[SPOOL_QUEUED] = "hiding",
		[SPOOL_SENDING] = "hiding",
		[SPOOL_UNKNOWN] = "hiding",
		[SPOOL_LAID_OUT] = "hiding",
		[SPOOL_HELD] = "hiding",
		[SPOOL_DONE] = "hidden",
		[SPOOL_REFUSED] = "not-hidden",
		[SPOOL_GIVEN_UP] = "not-hidden",
		[SPOOL_SUPERSEDED] = "hiding",
		[SPOOL_APPROVED] = "hiding",
	    },
	};

	*state = words[!engine_is_removal(item)][item->state];
	return true;
}

/* Does what is under way for it decide on its state? */
static bool
is_open(const char *state)
{
	static const char *const words[] = {
	    "asked", "at-desk", "unknown", "hiding"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(state, words[i]) == 0)
			return true;
	return false;
}

/* The spool forgets what is over after a while: how it ended is kept. */
const char *
engine_removal_state(
    struct engine *engine, struct arena *arena, const struct stop_held *row)
{
	const char *state = arena_copy(arena, row->state).data;
	char submission[FLAGS_SUBMISSION];
	struct fail fail = FAIL_INIT;

	if (state == NULL || row->about < 0 || !is_open(state))
		return state != NULL ? state : "held";
	if (strcmp(state, "hiding") == 0)
		snprintf(submission, sizeof(submission),
		    ENGINE_HIDING "%lld-%lld", (long long)row->id,
		    (long long)row->about);
	else
		snprintf(submission, sizeof(submission),
		    ENGINE_REMOVAL "%lld", (long long)row->id);
	if (!spool_each_of(engine->o.spool, slice_from(submission),
		latest_state, &state, &fail) ||
	    (!slice_is(row->state, state) &&
		!stops_set_held(
		    engine->o.stops, row->id, state, row->about, &fail)))
		engine_spool_failed(engine, &fail);
	return state;
}

static const char *
to_spool(struct removals *removals, uint64_t entry, struct fail *fail)
{
	struct engine *engine = removals->engine;
	struct spool *spool = engine->o.spool;
	struct spool_item item = engine_item(engine, removals->record,
	    &removals->share, slice_from(removals->submission), removals->one);
	enum verdict outcome =
	    disclosure_outcome(removals->share.disclosure).verdict;
	bool ok;

	engine_flush(engine); /* the mark below covers earlier entries too */
	ok = spool_begin(spool, fail) &&
	     (outcome != VERDICT_FORWARD || spool_add(spool, &item, fail)) &&
	     spool_set_mark(spool, entry + 1, fail) &&
	     spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	if (outcome != VERDICT_FORWARD)
		return outcome == VERDICT_HOLD ? "held-back" : "refused";
	return item.state == SPOOL_DONE ? "nothing" : "asked";
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct removals *removals = arg;
	struct fail fail = FAIL_INIT;
	const char *state;

	engine_checkpoint_soon(removals->engine);
	if (ledger_fail != NULL && ledger_fail->kind != FAIL_NONE) {
		end_all(removals, 503, ledger_fail);
		return;
	}
	removals->share.entry = first;
	if (count != 0 && sealed[0] != NULL)
		removals->share.leaf = *sealed_leaf(sealed[0]);
	state = to_spool(removals, first, &fail);
	if (fail.kind != FAIL_NONE) {
		end_all(removals, 503, &fail);
		return;
	}
	removals->asked += strcmp(state, "asked") == 0;
	tell(removals, state, (int64_t)first, NULL);
	next_row(removals);
}

/* A domain over EPP only names its contacts: they are rows of their own. */
static bool
is_by_contact(struct removals *removals, const struct stop_held *row)
{
	struct fail fail = FAIL_INIT;
	struct slice entry, given, request;

	return row->type == OBJECT_DOMAIN &&
	       ledger_read(removals->engine->o.ledger, row->entry,
		   removals->one, &entry, &fail) &&
	       entry_disclosed(entry, removals->one, &given) &&
	       canon_get_string(given, "request", removals->one, &request) &&
	       wire_is_request(request);
}

/* Does an earlier removal wait, or was it carried out? */
static bool
is_under_way(const char *state)
{
	static const char *const words[] = {
	    "asked", "at-desk", "unknown", "removed"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(state, words[i]) == 0)
			return true;
	return false;
}

static bool
has_session(const struct removals *removals, struct fail *fail)
{
	const struct conf_recipient *binding = removals->share.binding;
	const struct conf_upstream *upstream;

	if (binding == NULL || binding->channel != CHANNEL_EPP)
		return true;
	upstream = conf_upstream(removals->engine->conf, binding->upstream);
	return (upstream != NULL && upstream->login.len != 0) ||
	       fail_set(fail, FAIL_INPUT,
		   "upstream %.*s has no session of misu's own: give it a "
		   "login",
		   SLICE_ARG(binding->upstream));
}

/* Who asked for it, with the first. */
static bool
add_order(struct removals *removals, struct batch *batch, struct fail *fail)
{
	struct event event = engine_step_event(
	    removals->engine, SUBJECT_PROVISION_RESUBMIT);

	event.actor = removals->actor;
	if (removals->is_recorded)
		return true;
	removals->is_recorded = true;
	return ledger_add_event(batch, &event, fail);
}

static bool
commit_row(
    struct removals *removals, const struct stop_held *row, struct fail *fail)
{
	struct engine *engine = removals->engine;
	char request[SUBMISSION_SIZE + 24];
	struct batch *batch;

	engine_use_conf(engine, &removals->use);
	removals->item = (struct spool_item){.object = row->object,
	    .object_type = row->type,
	    .recipient = row->recipient,
	    .purpose = row->purpose};
	snprintf(removals->submission, sizeof(removals->submission),
	    ENGINE_REMOVAL "%lld", (long long)row->id);
	if (!engine_removal_share(engine, &removals->item, removals->one,
		&removals->share, &removals->record, fail) ||
	    !has_session(removals, fail))
		return false;
	/* Asked once more, it is another entry. */
	snprintf(request, sizeof(request), "%s-%llu", removals->submission,
	    (unsigned long long)ledger_size(engine->o.ledger));
	batch = ledger_begin(engine->o.ledger, removals->one, fail);
	if (batch == NULL ||
	    !engine_add_entry(engine, batch, &removals->share,
		slice_from(request), LEDGER_NONE, fail) ||
	    !add_order(removals, batch, fail))
		return false;
	ledger_commit(batch, durable, removals);
	return true;
}

static void
next_row(struct removals *removals)
{
	while (removals->at < removals->count && !removals->results.failed) {
		const struct stop_held *row = &removals->rows[removals->at];
		const char *state = engine_removal_state(
		    removals->engine, removals->arena, row);
		struct fail fail = FAIL_INIT;

		arena_reset(removals->one);
		if (is_under_way(state))
			tell(removals, state, row->about, NULL);
		else if (is_by_contact(removals, row))
			tell(removals, "by-contact", -1, NULL);
		else if (commit_row(removals, row, &fail))
			return; /* goes on when it is durable */
		else
			tell(removals, "cannot", -1, &fail);
	}
	end_all(removals, 503, NULL);
}

/* --- which --- */

static bool
collect_row(void *arg, const struct stop_held *row)
{
	struct removals *removals = arg;

	if (removals->object.len != 0 &&
	    !slice_equal(removals->object, row->object))
		return true;
	if (removals->count == ROWS_MAX)
		return false;
	removals->rows[removals->count++] = *row;
	return true;
}

struct stops_seen {
	int64_t ids[ROWS_MAX];
	size_t count;
};

static bool
collect_stop(void *arg, const struct stop *stop)
{
	struct stops_seen *seen = arg;

	if (seen->count < ROWS_MAX)
		seen->ids[seen->count++] = stop->id;
	return true;
}

static bool
collect(struct removals *removals, struct fail *fail)
{
	struct stops *stops = removals->engine->o.stops;
	struct arena *arena = removals->arena;
	struct stops_seen *seen = arena_take(arena, sizeof(*seen));
	struct stop stop;
	bool ok;

	removals->rows =
	    arena_take_array(arena, ROWS_MAX, sizeof(*removals->rows));
	if (removals->rows == NULL || seen == NULL)
		return fail_memory(fail);
	seen->count = 0;
	if (removals->subject.len == 0)
		ok = stops_each(stops, arena, collect_stop, seen, fail);
	else {
		ok = stops_find(stops, arena, removals->subject, &stop, fail);
		if (!ok && fail->kind == FAIL_NONE)
			fail_set(fail, FAIL_INPUT,
			    "this subject has not stopped anything");
		if (ok)
			collect_stop(seen, &stop);
	}
	for (size_t i = 0; ok && i < seen->count; i++)
		ok = stops_each_held(
		    stops, arena, seen->ids[i], collect_row, removals, fail);
	return ok;
}

/* NULL after an answer. */
static struct removals *
removals_create(struct engine *engine, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct arena *one = engine_arena(engine);
	struct removals *removals =
	    arena != NULL ? arena_take(arena, sizeof(*removals)) : NULL;
	struct fail fail = FAIL_INIT;

	if (removals != NULL && one != NULL && engine->o.stops != NULL) {
		*removals = (struct removals){.engine = engine,
		    .arena = arena,
		    .one = one,
		    .results = text_start(arena),
		    .answer = answer,
		    .arg = arg};
		return removals;
	}
	arena_destroy(one);
	arena_destroy(arena);
	fail_memory(&fail);
	engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
	return NULL;
}

void
engine_resubmit(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct removals *removals = removals_create(engine, answer, arg);
	const struct json_node *node;
	struct fail fail = FAIL_INIT;

	if (removals == NULL)
		return;
	engine->under_way++;
	removals->actor = arena_copy(removals->arena, actor);
	node = json_parse(removals->arena, text, &fail);
	if (node != NULL) {
		removals->subject = engine_member(node, "subject");
		removals->object = engine_member(node, "object");
	}
	if (removals->subject.len == 0 && removals->object.len == 0) {
		fail_set(&fail, FAIL_INPUT, "a subject or an object is needed");
		end_all(removals, 400, &fail);
	} else if (!collect(removals, &fail)) {
		end_all(removals, fail.kind == FAIL_INPUT ? 404 : 503, &fail);
	} else {
		text_add_string(&removals->results, "{\"results\":[");
		next_row(removals);
	}
}

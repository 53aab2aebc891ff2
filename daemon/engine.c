#include "codec/view.h"
#include "core/inputs.h"
#include "engine_flags.h"
#include "engine_work.h"

static bool work_prepare(struct work *work, struct slice body, int *status,
    const char **type, struct fail *fail);
static void work_commit(struct work *work);
static void work_finish(struct work *work, int status, struct slice body);

static struct work **
bucket_of(struct engine *engine, struct slice principal, struct slice key)
{
	size_t hash = 5381;

	for (size_t i = 0; i < principal.len; i++)
		hash = hash * 33 + (unsigned char)principal.data[i];
	for (size_t i = 0; i < key.len; i++)
		hash = hash * 33 + (unsigned char)key.data[i];
	return &engine->works[hash % WORK_BUCKETS];
}

static bool
is_under_way(struct engine *engine, struct slice principal, struct slice key)
{
	struct work *work = *bucket_of(engine, principal, key);

	while (work != NULL &&
	    !(key.len != 0 && slice_equal(work->key, key) &&
		slice_equal(work->principal, principal)))
		work = work->next;
	return work != NULL;
}

bool
engine_is_submitted(
    const struct engine *engine, enum object_type type, struct slice name)
{
	for (size_t i = 0; i < WORK_BUCKETS; i++)
		for (struct work *w = engine->works[i]; w != NULL; w = w->next)
			if (w->record != NULL && !w->is_durable &&
			    w->given == 0 && record_type(w->record) == type &&
			    slice_equal(record_object(w->record), name))
				return true;
	return false;
}

/* What is given out shows by its id that the vault has more of it. */
static struct slice
work_id(const struct work *work, const uint8_t bytes[ID_SIZE / 2])
{
	struct text text = text_start(work->arena);

	if (work->given != 0)
		text_add_format(
		    &text, ENGINE_GIVEN "%lld-", (long long)work->given);
	text_add_hex(&text, bytes, ID_SIZE / 2);
	return text_slice(&text);
}

static struct work *
work_create(struct engine *engine, const struct engine_asked *asked,
    struct fail *fail)
{
	struct arena *arena = engine_arena(engine);
	struct work *work =
	    arena != NULL ? arena_take(arena, sizeof(*work)) : NULL;
	uint8_t bytes[ID_SIZE / 2];

	if (work == NULL) {
		arena_destroy(arena);
		fail_memory(fail);
		return NULL;
	}
	if (!engine->o.random->fill(
		engine->o.random->context, bytes, sizeof(bytes))) {
		arena_destroy(arena);
		fail_set(fail, FAIL_WORLD, "no random bytes");
		return NULL;
	}
	work->engine = engine;
	work->arena = arena;
	work->given = asked->given;
	work->body = *asked->digest;
	work->principal = arena_copy(arena, asked->principal);
	work->key = arena_copy(arena, asked->key);
	work->id = work_id(work, bytes);
	if (work->principal.data == NULL || work->key.data == NULL ||
	    work->id.data == NULL) {
		arena_destroy(arena);
		fail_memory(fail);
		return NULL;
	}
	engine_use_conf(engine, &work->use);
	return work;
}

void
engine_submit(struct engine *engine, struct slice principal, struct slice key,
    struct slice body, engine_answer *answer, void *arg)
{
	const struct digest digest = digest_sha256(body);

	engine_submit_asked(engine,
	    &(struct engine_asked){principal, key, body, &digest, 0}, answer,
	    arg);
}

void
engine_submit_asked(struct engine *engine, const struct engine_asked *asked,
    engine_answer *answer, void *arg)
{
	struct slice principal = asked->principal, key = asked->key;
	struct fail fail = FAIL_INIT;
	const struct fail *stopped = ledger_stopped(engine->o.ledger);
	struct work *work, **bucket;

	if (engine->draining || engine->ruleset == NULL) {
		fail_set(&fail, FAIL_WORLD, "misu is stopping");
		engine_answer_fail(engine, 503, "stopping", &fail, answer, arg);
		return;
	}
	if (key.len != 0 && is_under_way(engine, principal, key)) {
		fail_set(&fail, FAIL_INPUT,
		    "a request with this Idempotency-Key is under way");
		engine_answer_fail(
		    engine, 409, "idempotency-conflict", &fail, answer, arg);
		return;
	}
	if (key.len != 0 && engine_replay(engine, asked, answer, arg))
		return;
	if (stopped != NULL) {
		engine_answer_fail(
		    engine, 503, "ledger-stopped", stopped, answer, arg);
		return;
	}
	work = work_create(engine, asked, &fail);
	if (work == NULL) {
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
		return;
	}
	engine->submissions++;
	engine->under_way++;
	work->answer = answer;
	work->arg = arg;
	bucket = bucket_of(engine, principal, key);
	work->next = *bucket;
	*bucket = work;
	engine_work_begin(work, asked->body);
}

void
engine_work_begin(struct work *work, struct slice body)
{
	struct fail fail = FAIL_INIT;
	const char *type = NULL;
	int status = 0;

	if (work_prepare(work, body, &status, &type, &fail))
		work_commit(work);
	else if (work->text.data == NULL)
		engine_work_fail(work, status, type, &fail);
}

/* Does the submission want this block's recipient? */
static bool
is_addressed(const struct submission *submission,
    const struct ruleset *ruleset, const struct block *block)
{
	struct slice id = ruleset_recipient(ruleset, block->recipient)->id;

	if (submission->to_count == 0)
		return !block->on_request;
	for (size_t i = 0; i < submission->to_count; i++) {
		const struct addressee *to = &submission->to[i];

		if (slice_equal(to->recipient, id) &&
		    (to->purpose.len == 0 ||
			slice_equal(to->purpose, block->purpose)))
			return true;
	}
	return false;
}

/* Every recipient the submission names must be one the policy lets have it. */
static bool
check_addressees(const struct submission *submission,
    const struct ruleset *ruleset, const struct block *const *blocks,
    size_t count, struct fail *fail)
{
	for (size_t i = 0; i < submission->to_count; i++) {
		const struct addressee *to = &submission->to[i];
		bool found = false;

		for (size_t k = 0; k < count && !found; k++)
			found = slice_equal(to->recipient,
				    ruleset_recipient(
					ruleset, blocks[k]->recipient)
					->id) &&
			    (to->purpose.len == 0 ||
				slice_equal(to->purpose, blocks[k]->purpose));
		if (!found) {
			fail_set(fail, FAIL_DENIED,
			    "no block of the policy sends this object to that "
			    "recipient");
			fail_place(fail, "/to/%zu", i);
			fail_hint(fail,
			    "misuctl explain shows which blocks match");
			return false;
		}
	}
	return true;
}

/* EPP takes changes, which need to know what there was. */
static bool
lacks_input(const struct share *share)
{
	return share->binding != NULL && share->binding->channel == CHANNEL_EPP;
}

static bool
work_decide(struct work *work, const struct submission *submission,
    int *status, const char **type, struct fail *fail)
{
	const struct ruleset *ruleset = work->engine->ruleset;
	const struct block *blocks[BLOCKS_MAX];
	size_t count = ruleset_match(ruleset, work->record, blocks, BLOCKS_MAX);

	*status = 403;
	*type = "not-covered";
	if (count > BLOCKS_MAX)
		return fail_set(fail, FAIL_WORLD,
		    "more than %d blocks match one object", BLOCKS_MAX);
	if (!check_addressees(submission, ruleset, blocks, count, fail))
		return false;
	*status = 500;
	*type = "encode";
	for (size_t i = 0; i < count; i++) {
		struct share *share = &work->shares[work->share_count];

		if (!is_addressed(submission, ruleset, blocks[i])) {
			work->passes_by |=
			    engine_is_told(work->engine, blocks[i]);
			continue;
		}
		work->share_count++;
		if (engine_share(work->engine, blocks[i], work->record,
			work->given != 0 ? HOW_ANSWERED : HOW_ASKED,
			work->arena, share, fail))
			continue;
		if (fail->kind == FAIL_INPUT && lacks_input(share)) {
			*status = 422;
			*type = "incomplete";
		}
		return false;
	}
	if (work->share_count == 0) {
		*status = 403;
		*type = "not-covered";
		fail_set(fail, FAIL_DENIED,
		    "no block of the policy covers this object: refused");
		fail_hint(fail,
		    "name recipients in \"to\" where blocks are on request");
		return false;
	}
	return true;
}

static bool
work_prepare(struct work *work, struct slice body, int *status,
    const char **type, struct fail *fail)
{
	struct submission *submission;

	*status = 400;
	*type = "record";
	submission = submission_parse(work->arena, body, fail);
	if (submission == NULL) {
		if (fail->kind == FAIL_MEMORY) {
			*status = 503;
			*type = "busy";
		}
		return false;
	}
	work->record = submission->record;
	if (work->given == 0 && !record_date_consents(work->record,
				    engine_now(work->engine) / 1000, fail))
		return false;
	*status = 503;
	*type = "vault";
	if (engine_work_waits(work, body, fail) || fail->kind != FAIL_NONE)
		return false;
	return engine_work_merge(work, status, type, fail) &&
	    work_decide(work, submission, status, type, fail);
}

bool
engine_manner(const struct engine *engine, const struct conf_recipient *binding,
    struct epp_manner *out, struct fail *fail)
{
	const struct conf_upstream *upstream =
	    conf_upstream(engine->conf, binding->upstream);

	if (upstream == NULL)
		return fail_set(fail, FAIL_INPUT,
		    "recipient %.*s has no upstream in misu.conf",
		    SLICE_ARG(binding->id));
	*out = (struct epp_manner){.extensions = upstream->extensions,
	    .extension_count = upstream->extension_count,
	    .placeholders = &binding->placeholders,
	    .disclose = upstream->disclose,
	    .publishes = upstream->dcp != UPSTREAM_DCP_PRIVATE,
	    .prohibits_contacts =
		upstream->contacts == CONTACTS_PROHIBITED};
	return true;
}

/* The frames that a worker will send, made here: the entry covers them. */
static bool
encode_epp(const struct engine *engine, struct share *share,
    struct arena *arena, struct fail *fail)
{
	struct epp_manner manner;
	uint8_t random[16];

	if (!engine_manner(engine, share->binding, &manner, fail))
		return false;
	manner.told = share->held;
	if (!engine->o.random->fill(
		engine->o.random->context, random, sizeof(random)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	return epp_frame_submission(share->disclosure, &manner, random, arena,
	    &share->payload, fail);
}

static bool
encode(const struct engine *engine, struct share *share, struct arena *arena,
    struct fail *fail)
{
	const struct conf_recipient *binding = share->binding;

	if (binding->channel == CHANNEL_EPP)
		return encode_epp(engine, share, arena, fail);
	if (binding->channel == CHANNEL_VIEW) {
		share->payload = view_encode(share->disclosure, arena, fail);
		return share->payload.data != NULL;
	}
	share->payload = binding->template != NULL
	    ? template_render(binding->template, share->disclosure,
		  &binding->placeholders, arena, fail)
	    : workitem_render(share->disclosure, arena, fail);
	return share->payload.data != NULL;
}

bool
engine_fill_share(const struct engine *engine, struct share *share,
    struct arena *arena, struct fail *fail)
{
	struct slice id = disclosure_recipient(share->disclosure)->id;

	share->binding = conf_recipient(engine->conf, id);
	share->epoch = engine->epoch;
	if (share->inputs.data == NULL)
		return fail_memory(fail);
	if (disclosure_outcome(share->disclosure).verdict != VERDICT_FORWARD)
		return true;
	share->is_nothing = engine_is_nothing(share);
	if (share->is_nothing)
		return true;
	if (share->binding == NULL)
		return fail_set(fail, FAIL_INPUT,
		    "recipient %.*s has no channel in misu.conf",
		    SLICE_ARG(id));
	return encode(engine, share, arena, fail);
}

bool
engine_share(struct engine *engine, const struct block *block,
    const struct record *record, unsigned how, struct arena *arena,
    struct share *share, struct fail *fail)
{
	if (!engine_judge(engine, block, record, how, arena, share, fail))
		return false;
	share->is_given = (how & HOW_ANSWERED) != 0;
	return engine_fill_share(engine, share, arena, fail);
}

bool
engine_judge_as(struct engine *engine, struct engine_judged *judged,
    struct arena *arena, struct share *share, struct fail *fail)
{
	struct inputs_given decided = {
	    .ruleset = engine->ruleset, .approved = judged->given.approved};
	struct disclosure *disclosure;

	if (!engine->o.random->fill(engine->o.random->context,
		judged->given.random, sizeof(judged->given.random)))
		return fail_set(fail, FAIL_WORLD, "no random bytes");
	disclosure = decide(engine->ruleset, judged->block, judged->record,
	    &judged->given, arena, fail);
	if (disclosure != NULL && (stops_any(engine->o.stops) ||
					  engine_any_leaves(engine)))
		disclosure =
		    engine_heed_stops(engine, disclosure, judged, arena, fail);
	if (disclosure == NULL)
		return false;
	if (judged->given.minimises)
		decided.minimal = &judged->given;
	*share = (struct share){.block = judged->block,
	    .disclosure = disclosure,
	    .inputs = inputs_write(judged->record, &decided, arena)};
	return share->inputs.data != NULL || fail_memory(fail);
}

bool
engine_judge(struct engine *engine, const struct block *block,
    const struct record *record, unsigned how, struct arena *arena,
    struct share *share, struct fail *fail)
{
	struct engine_judged judged = {.block = block,
	    .record = record,
	    .given = {.approved = (how & HOW_APPROVED) != 0},
	    .answers = (how & HOW_ANSWERED) != 0};

	return engine_judge_as(engine, &judged, arena, share, fail);
}

bool
engine_add_entry(struct engine *engine, struct batch *batch,
    const struct share *share, struct slice submission, uint64_t supersedes,
    struct fail *fail)
{
	struct channel *channel = engine_channel(
	    engine, disclosure_recipient(share->disclosure)->id);
	struct dispatch dispatch = {
	    .channel = channel != NULL
		? slice_from(channel->operations->name)
		: SLICE("none"),
	    .payload = share->payload,
	    .setup = engine->setup,
	    .request = submission,
	    .inputs = share->inputs,
	    .supersedes = supersedes,
	};
	int64_t given = engine_given_case(submission);
	char case_id[24];

	snprintf(case_id, sizeof(case_id), "R-%lld", (long long)given);
	if (given != 0)
		dispatch.case_id = slice_from(case_id);
	return ledger_add_disclosure(batch, share->disclosure, &dispatch, fail);
}

static void work_durable(void *arg, uint64_t first,
    struct sealed *const *sealed, size_t count, const struct fail *fail);

static bool
anything_accepted(const struct work *work)
{
	for (size_t i = 0; i < work->share_count; i++)
		if (disclosure_outcome(work->shares[i].disclosure).verdict !=
		    VERDICT_REFUSE)
			return true;
	return false;
}

/* What comes over EPP reads the object again once that is durable. */
static void
work_change(const struct work *work, bool begins)
{
	const struct engine_options *o = &work->engine->o;

	if (work->given == 0 && o->change != NULL)
		o->change(o->follow_context, record_type(work->record),
		    record_object(work->record), begins);
}

static void
work_commit(struct work *work)
{
	struct engine *engine = work->engine;
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, work->arena, &fail);
	bool ok = batch != NULL;

	for (size_t i = 0; ok && i < work->share_count; i++)
		ok = engine_add_entry(engine, batch, &work->shares[i],
		    work->id, LEDGER_NONE, &fail);
	/* Refused by all: nothing of it is kept but the entries. */
	if (ok && work->given == 0 && anything_accepted(work))
		ok = (work->stays ||
			 (ledger_add_record(batch, work->record, &fail) &&
			     engine_work_propose(work, batch, &fail))) &&
		     engine_work_mark_unseen(work, batch, &fail);
	else if (ok && work->given == 0)
		ok = engine_work_keep_withdrawal(work, batch, &fail);
	/* What is given out changes nothing of the object. */
	if (ok && work->given == 0)
		work->doubts = ok =
		    (!work->passes_by ||
			engine_flags_expect(
			    engine, work->record, &work->follows, &fail)) &&
		    engine_view_doubt(engine, work->record, work->shares,
			work->share_count, &fail);
	if (!ok) {
		engine_work_fail(
		    work, fail.kind == FAIL_INPUT ? 422 : 503, "ledger", &fail);
		return;
	}
	work_change(work, true);
	ledger_commit(batch, work_durable, work);
}

static void flush(void *arg);

void
engine_flush(struct engine *engine)
{
	if (engine->accepted != NULL)
		flush(engine);
}

static void
work_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct work *work = arg;
	struct engine *engine = work->engine;

	work->is_durable = true;
	work_change(work, false);
	if (fail != NULL && fail->kind != FAIL_NONE) {
		if (!engine->stop_told)
			engine_log(engine, "error", "ledger-stopped", fail);
		engine->stop_told = true;
		engine_work_fail(work, 503, "ledger-stopped", fail);
		return;
	}
	for (size_t i = 0; i < work->share_count; i++)
		work->shares[i].entry = first + i;
	for (size_t i = 0; i < count; i++) {
		struct share *share;

		if (sealed[i] == NULL)
			continue;
		share = &work->shares[sealed_index(sealed[i]) - first];
		share->is_sealed = true;
		share->leaf = *sealed_leaf(sealed[i]);
	}
	engine_checkpoint_soon(engine);
	*engine->accepted_end = work;
	engine->accepted_end = &work->accepted;
	if (!engine->flush_posted)
		engine->flush_posted =
		    engine->o.loop->operations->soon(
			engine->o.loop, flush, engine);
	if (!engine->flush_posted)
		flush(engine);
}

/* What waits was decided by a consent that is none any more. */
static bool
outdate_withdrawn(const struct work *work, struct fail *fail)
{
	struct engine *engine = work->engine;
	struct spool_item item;

	if (work->withdrawn == NULL)
		return true;
	item = engine_item(engine, work->withdrawn, &work->shares[0], work->id,
	    work->arena);
	return spool_outdate(engine->o.spool, item.object_type, item.object,
	    &item.consents, fail);
}

static bool
spool_work(struct work *work, struct slice *body, struct fail *fail)
{
	struct engine *engine = work->engine;
	struct spool *spool = engine->o.spool;
	bool accepted = anything_accepted(work);
	struct spool_request request;

	*body = engine_answer_accepted(work->arena, work->id, work->record,
	    work->shares, work->share_count);
	if (body->data == NULL)
		return fail_memory(fail);
	request = (struct spool_request){.principal = work->principal,
	    .key = work->key,
	    .body = work->body,
	    .submission = work->id,
	    .answer = *body,
	    .status = accepted ? 202 : 403,
	    .created = engine_now(engine)};
	for (size_t i = 0; i < work->share_count; i++) {
		struct spool_item item = engine_item(engine, work->record,
		    &work->shares[i], work->id, work->arena);

		if (disclosure_outcome(work->shares[i].disclosure).verdict ==
		    VERDICT_REFUSE)
			continue;
		if ((work->given == 0 &&
			!spool_outdate(spool, item.object_type, item.object,
			    &item.consents, fail)) ||
		    !spool_add(spool, &item, fail))
			return false;
	}
	return outdate_withdrawn(work, fail) &&
	    spool_add_request(spool, &request, fail) &&
	    spool_set_mark(spool,
		work->shares[work->share_count - 1].entry + 1, fail);
}

/* Everything that one group made durable goes into one spool transaction. */
static void
flush(void *arg)
{
	struct engine *engine = arg;
	struct work *list = engine->accepted;
	struct fail fail = FAIL_INIT;
	bool ok;

	engine->flush_posted = false;
	if (list == NULL)
		return; /* somebody could not wait */
	engine->accepted = NULL;
	engine->accepted_end = &engine->accepted;
	ok = spool_begin(engine->o.spool, &fail);
	for (struct work *w = list; ok && w != NULL; w = w->accepted) {
		struct slice body;

		ok = engine_view_know(engine, w->record, w->shares,
			 w->share_count, w->arena, &fail) &&
		     spool_work(w, &body, &fail);
	}
	ok = ok && engine_prune(engine, &fail) &&
	    spool_commit(engine->o.spool, &fail);
	if (!ok) {
		spool_rollback(engine->o.spool);
		engine_spool_failed(engine, &fail);
	}
	if (ok)
		engine_spool_works(engine);
	for (struct work *w = list, *next; w != NULL; w = next) {
		next = w->accepted;
		if (!ok) {
			for (size_t i = 0; i < w->share_count; i++)
				if (w->shares[i].is_sealed)
					engine_record_outcome(engine,
					    w->shares[i].entry, "not-sent",
					    SLICE("the spool failed"));
			/* The vault has its record all the same. */
			engine_flags_follow(engine, w->record);
			engine_work_fail(w, 503, "spool", &fail);
			continue;
		}
		work_finish(w, anything_accepted(w) ? 202 : 403,
		    engine_answer_accepted(w->arena, w->id, w->record,
			w->shares, w->share_count));
	}
	if (ok)
		engine_courier_wake(engine);
}

void
engine_work_fail(
    struct work *work, int status, const char *type, const struct fail *fail)
{
	work->engine->failures++;
	if (status == 503)
		engine_write_failed(work->engine, fail);
	work_finish(work, status,
	    engine_answer_problem(work->arena, status, type, fail));
}

static void
work_finish(struct work *work, int status, struct slice body)
{
	struct engine *engine = work->engine;
	struct work **at = bucket_of(engine, work->principal, work->key);

	while (*at != work)
		at = &(*at)->next;
	*at = work->next;
	if (work->doubts)
		engine_view_settle(engine, work->record, work->shares,
		    work->share_count, status == 202);
	if (work->follows && status == 202)
		engine_flags_follow(engine, work->record);
	for (size_t i = 0; status < 500 && i < work->share_count; i++)
		engine->verdicts[disclosure_outcome(work->shares[i].disclosure)
				     .verdict]++;
	if (status == 403)
		engine->refused++;
	if (body.data == NULL)
		body = engine_out_of_memory;
	work->answer(work->arg, status, body);
	engine_work_wake(engine);
	engine_leave_conf(&work->use);
	arena_destroy(work->arena);
	engine_finish_one(engine);
}

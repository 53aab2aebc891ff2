/*
 * Answers to who has a token.  Decided from the vault's record and under the
 * policy of this moment, for the recipient, purpose and case of the grant;
 * counted, recorded, sealed, and only then handed to who relays it.
 *
 * It is the keeper that seals, and no worker: the record, the grant and the
 * ledger are all here, so that a worker could only carry what it is told, and
 * would be one more process through which the data goes.
 *
 * A row of the answer is there before its entry, and until its outcome is
 * durable: whatever a crash parts, the entry has one outcome.
 */
#include <strings.h>

#include "base/prefix.h"
#include "codec/view.h"
#include "core/canon.h"
#include "engine_case.h"
#include "engine_view.h"

enum { REQUEST_SIZE = 64 };

struct tier {
	struct engine *engine;
	struct arena *arena; /* NULL once it was told */
	struct tier *next;
	struct conf_use use; /* it is decided under */
	struct digest epoch, token;
	uint64_t stops; /* their version when it was decided */
	struct grant *grant;
	const struct record *record;
	struct published published;
	struct share share;
	bool is_told;
	int64_t answer; /* its row; 0: none yet */
	uint64_t entry;
	char request[REQUEST_SIZE], case_id[CASE_NAME];
	engine_tier_told *told;
	void *arg;
};

bool
engine_is_tier(struct slice request)
{
	return request.len > 5 && memcmp(request.data, "tier/", 5) == 0;
}

static struct tier *
tier_create(struct engine *engine)
{
	struct tier *tier = calloc(1, sizeof(*tier));

	if (tier == NULL)
		return NULL;
	tier->arena = engine_arena(engine);
	tier->grant = tier->arena != NULL
			  ? arena_take(tier->arena, sizeof(*tier->grant))
			  : NULL;
	if (tier->grant == NULL) {
		arena_destroy(tier->arena);
		free(tier);
		return NULL;
	}
	tier->engine = engine;
	engine_use_conf(engine, &tier->use);
	tier->next = engine->tiers;
	engine->tiers = tier;
	engine->under_way++;
	return tier;
}

static void
tier_free(struct tier *tier)
{
	engine_leave_conf(&tier->use);
	arena_destroy(tier->arena);
	digest_wipe(tier, sizeof(*tier));
	free(tier);
}

static void
finish(struct tier *tier)
{
	struct engine *engine = tier->engine;
	struct tier **at = &engine->tiers;

	while (*at != tier)
		at = &(*at)->next;
	*at = tier->next;
	tier_free(tier);
	engine_finish_one(engine);
}

void
engine_tier_destroy(struct engine *engine)
{
	while (engine->tiers != NULL) {
		struct tier *tier = engine->tiers;

		engine->tiers = tier->next;
		if (!tier->is_told && tier->told != NULL)
			tier->told(tier->arg, TIER_BUSY, NULL, NULL);
		tier_free(tier);
	}
}

/* --- its outcome --- */

/* A row that stays is looked after at the next start. */
static void
end_row(struct tier *tier)
{
	struct engine *engine = tier->engine;
	struct fail fail = FAIL_INIT;

	if (tier->answer != 0 &&
	    !grants_end_answer(engine->o.grants, tier->answer, &fail))
		engine_log(engine, "error", "tier-not-ended", &fail);
}

static void
ended(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct tier *tier = arg;
	struct engine *engine = tier->engine;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE)
		engine_log(engine, "error", "event-not-recorded", fail);
	else
		end_row(tier);
	finish(tier);
}

static void
record_end(struct tier *tier, const char *word, struct slice reason)
{
	struct engine *engine = tier->engine;
	struct event event =
	    engine_event(engine, EVENT_OUTCOME, word, tier->entry);
	char request[OUTCOME_REQUEST];
	struct fail fail = FAIL_INIT;
	struct batch *batch;

	event.reason = reason;
	event.request = engine_outcome_request(request, tier->entry, word);
	if (tier->arena == NULL)
		tier->arena = engine_arena(engine);
	batch = tier->arena != NULL
		    ? ledger_begin(engine->o.ledger, tier->arena, &fail)
		    : NULL;
	if (tier->arena == NULL)
		fail_memory(&fail);
	if (batch != NULL && ledger_add_event(batch, &event, &fail)) {
		ledger_commit(batch, ended, tier);
		return;
	}
	engine_log(engine, "error", "event-not-recorded", &fail);
	finish(tier);
}

void
engine_tier_end(struct tier *tier, const char *word)
{
	record_end(tier, word, (struct slice){"", 0});
}

/* --- what is answered --- */

static void
tell(struct tier *tier, enum tier_result result, const struct sealed *sealed)
{
	tier->engine->tier_results[result]++;
	tier->is_told = true;
	tier->told(tier->arg, result, sealed != NULL ? tier : NULL, sealed);
}

static void
refuse(struct tier *tier, enum tier_result result)
{
	tell(tier, result, NULL);
	finish(tier);
}

/* Nothing of it is handed out, and the entry says so. */
static void
withhold(struct tier *tier, enum tier_result result, const char *why)
{
	tell(tier, result, NULL);
	record_end(tier, "not-sent", slice_from(why));
}

/* Who is told may end it at once: then it is gone when this returns. */
static void
hand_out(struct tier *tier, const struct sealed *sealed)
{
	struct arena *arena = tier->arena;

	tier->arena = NULL;
	engine_leave_conf(&tier->use);
	tell(tier, TIER_TOLD, sealed);
	arena_destroy(arena);
}

/* Is it still what was decided?  The world may have turned meanwhile. */
static bool
is_fresh(struct tier *tier, enum tier_result *result)
{
	const struct engine *engine = tier->engine;
	struct fail fail = FAIL_INIT;

	*result = TIER_BUSY;
	if (!digest_equal(&tier->epoch, &engine->epoch) ||
	    tier->stops != stops_version(engine->o.stops))
		return false;
	if (!grants_find(engine->o.grants, tier->arena, &tier->token,
		tier->grant, &fail))
		return false;
	*result = TIER_REVOKED;
	return !tier->grant->is_revoked && tier->grant->is_open;
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct tier *tier = arg;
	enum tier_result result;

	engine_checkpoint_soon(tier->engine);
	if (fail != NULL && fail->kind != FAIL_NONE) {
		engine_log(tier->engine, "error", "tier-not-answered", fail);
		refuse(tier, TIER_BUSY);
		return;
	}
	tier->entry = first;
	if (count == 0 || sealed[0] == NULL || tier->share.payload.len == 0) {
		end_row(tier);
		refuse(tier, TIER_REFUSED);
	} else if (!is_fresh(tier, &result)) {
		withhold(tier, result, "it is to be decided anew");
	} else {
		hand_out(tier, sealed[0]);
	}
}

/* --- may it be asked --- */

/* Is the asker at one of these prefixes? */
static bool
comes_from(const struct grant *grant, const struct prefix *address)
{
	struct slice list = grant->from;

	while (list.len != 0) {
		const char *blank = memchr(list.data, ' ', list.len);
		struct slice word = {list.data,
		    blank != NULL ? (size_t)(blank - list.data) : list.len};
		struct fail ignored = FAIL_INIT;
		struct prefix prefix;

		if (prefix_parse(word, &prefix, &ignored) &&
		    prefix_contains(&prefix, address))
			return true;
		list.data += word.len + (blank != NULL);
		list.len -= word.len + (blank != NULL);
	}
	return grant->from.len == 0;
}

static bool
covers_name(struct slice object, struct slice name)
{
	if (object.data[0] != '.')
		return slice_equal(object, name);
	return name.len > object.len &&
	       memcmp(name.data + name.len - object.len, object.data,
		   object.len) == 0;
}

static bool
covers(const struct grant *grant, enum object_type type, struct slice name)
{
	struct fail ignored = FAIL_INIT;
	struct prefix asked = {.bits = 0}, granted;

	if (type == OBJECT_NETWORK && !prefix_parse(name, &asked, &ignored))
		return false;
	for (size_t i = 0; i < grant->object_count; i++) {
		struct slice object = grant->objects[i];

		if (object.len == 0)
			continue;
		if (type == OBJECT_DOMAIN
			? covers_name(object, name)
			: prefix_parse(object, &granted, &ignored) &&
			      prefix_contains(&granted, &asked))
			return true;
	}
	return false;
}

static bool
may_ask(struct tier *tier, const struct tier_question *question,
    enum tier_result *result, struct fail *fail)
{
	const struct engine *engine = tier->engine;
	struct grant *grant = tier->grant;

	*result = TIER_UNKNOWN;
	if (!grants_find(
		engine->o.grants, tier->arena, &question->token, grant, fail))
		return false;
	*result =
	    grant->is_revoked || !grant->is_open	       ? TIER_REVOKED
	    : grant->until <= engine_now(engine)	       ? TIER_EXPIRED
	    : grant->used >= grant->answers		       ? TIER_SPENT
	    : !comes_from(grant, &question->address)	       ? TIER_ELSEWHERE
	    : !conf_has_tier(engine->conf, grant->recipient)   ? TIER_REFUSED
	    : !covers(grant, question->type, question->object) ? TIER_OUTSIDE
							       : TIER_TOLD;
	snprintf(tier->case_id, sizeof(tier->case_id), "R-%lld",
	    (long long)grant->case_id);
	tier->token = question->token;
	return *result == TIER_TOLD;
}

/* --- what of --- */

/* A prefix's name with so many bits. */
static struct slice
network_name(struct arena *arena, struct prefix prefix, unsigned bits)
{
	char text[PREFIX_SIZE];
	size_t len;

	for (unsigned i = bits; i < (prefix.six ? 128u : 32u); i++)
		prefix.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	prefix.bits = (uint8_t)bits;
	len = prefix_print(&prefix, text);
	return arena_copy(arena, (struct slice){text, len});
}

/* The smallest network that holds all that was asked for. */
static struct record *
find_network(struct tier *tier, const struct prefix *asked, bool *changes,
    struct fail *fail)
{
	for (unsigned bits = asked->bits; bits != 0; bits--) {
		struct slice name = network_name(tier->arena, *asked, bits);
		struct published published;

		if (name.data == NULL) {
			fail_memory(fail);
			return NULL;
		}
		if (!engine_published(tier->engine, OBJECT_NETWORK, name,
			tier->arena, &published, fail))
			return NULL;
		*changes |= published.changes;
		if (published.record != NULL)
			return published.record;
	}
	return NULL;
}

/*
 * A person is told its own data alone.  The policy has no words for a part of
 * an object's persons, so one in which others stand is not told at all.
 */
static bool
is_alone(const struct record *record, struct slice subject)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if (record_has_role(record, role) &&
		    !affair_is_own(record, role, subject))
			return false;
	}
	return true;
}

/* Whose object it is now counts: it may have changed hands. */
static bool
may_have(struct tier *tier, enum tier_result *result, struct fail *fail)
{
	struct case_row row;

	if (!covers(tier->grant, record_type(tier->record),
		record_object(tier->record))) {
		*result = TIER_OUTSIDE;
		return false;
	}
	if (!cases_get(tier->engine->o.cases, tier->arena, tier->grant->case_id,
		&row, fail)) {
		*result = TIER_BUSY;
		return false;
	}
	*result = TIER_OUTSIDE;
	return !affair_is_of_subject(row.kind) ||
	       (affair_is_about(tier->record, row.subject) &&
		   is_alone(tier->record, row.subject));
}

/* `*changes`: it is not known what it says as long as a change is under way. */
static struct record *
find_published(struct tier *tier, const struct tier_question *question,
    bool *changes, struct fail *fail)
{
	struct published *published = &tier->published;

	if (!engine_published(tier->engine, question->type, question->object,
		tier->arena, published, fail))
		return NULL;
	*changes = published->changes;
	return published->record;
}

static bool
find_record(struct tier *tier, const struct tier_question *question,
    enum tier_result *result, struct fail *fail)
{
	bool changes = false;

	tier->record = question->type == OBJECT_NETWORK
			   ? find_network(
				 tier, &question->network, &changes, fail)
			   : find_published(tier, question, &changes, fail);
	*result = fail->kind != FAIL_NONE || changes ? TIER_BUSY : TIER_NONE;
	return tier->record != NULL && !changes &&
	       record_operation(tier->record) != OPERATION_DELETE &&
	       may_have(tier, result, fail);
}

/* --- decided --- */

/*
 * Whoever granted it approved rules: under others neither their holds are
 * approved nor what they let through.
 */
static bool
is_in_force(struct tier *tier, enum tier_result *result, struct fail *fail)
{
	bool is;

	*result = TIER_BUSY;
	if (!engine_grant_is_in_force(
		tier->engine, tier->grant, tier->arena, &is, fail))
		return false;
	*result = TIER_OUTDATED;
	if (!is)
		engine_grant_outdated(tier->engine, tier->grant);
	return is;
}

/* Of these values, one without regard to case? */
static bool
has_handle(struct values values, struct slice handle)
{
	for (size_t i = 0; i < values.count; i++)
		if (values.items[i].len == handle.len &&
		    strncasecmp(values.items[i].data, handle.data,
			handle.len) == 0)
			return true;
	return false;
}

/* What these rules hold for a person to look at, the grant has approved. */
static bool
judge_only(struct tier *tier, const struct block *block, unsigned only,
    struct fail *fail)
{
	struct engine_judged judged = {.block = block,
	    .record = tier->record,
	    .given = {.approved = true, .only = only},
	    .answers = true,
	    .by_token = true};

	return engine_judge_as(
	    tier->engine, &judged, tier->arena, &tier->share, fail);
}

static bool
is_forwarded(const struct tier *tier)
{
	return disclosure_outcome(tier->share.disclosure).verdict ==
	       VERDICT_FORWARD;
}

/*
 * A contact by its handle: of the first role that has it and may be told it,
 * and of no other.  Where no role's handle is told there is none.
 */
static bool
judge_contact(struct tier *tier, const struct block *block, struct slice handle,
    enum tier_result *result, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if (!has_handle(record_values(tier->record, role, FIELD_HANDLE),
			handle))
			continue;
		if (!judge_only(tier, block, 1u << r, fail))
			return false;
		if (!is_forwarded(tier) ||
		    has_handle(disclosure_values(tier->share.disclosure, role,
				   FIELD_HANDLE),
			handle))
			return true;
	}
	*result = TIER_NONE;
	return false;
}

static bool
judge(struct tier *tier, const struct tier_question *question,
    enum tier_result *result, struct fail *fail)
{
	struct engine *engine = tier->engine;
	const struct block *block = engine_block(
	    engine, tier->record, tier->grant->recipient, tier->grant->purpose);

	*result = TIER_REFUSED;
	if (block == NULL)
		return false;
	*result = TIER_BUSY;
	tier->epoch = engine->epoch;
	tier->stops = stops_version(engine->o.stops);
	if (!engine_either(engine, block, HOW_ANSWERED, tier->arena,
		&tier->published, fail))
		return false;
	if (tier->published.doubts != 0)
		tier->record = tier->published.record;
	if (question->handle.len != 0
		? !judge_contact(tier, block, question->handle, result, fail)
		: !judge_only(tier, block, 0, fail))
		return false;
	if (!is_forwarded(tier))
		return true;
	tier->share.payload =
	    view_encode(tier->share.disclosure, tier->arena, fail);
	if (tier->share.payload.data == NULL)
		return false;
	return tier->share.payload.len <= TIER_BYTES_MAX ||
	       fail_set(fail, FAIL_WORLD, "more than an answer can carry");
}

/* Unlike any before, also where cases came back from a backup. */
static void
name_request(char out[REQUEST_SIZE], int64_t answer, uint64_t first)
{
	snprintf(out, REQUEST_SIZE, "tier/%lld/%llu", (long long)answer,
	    (unsigned long long)first);
}

static bool
count(struct tier *tier, enum tier_result *result, struct fail *fail)
{
	struct engine *engine = tier->engine;
	uint64_t first = ledger_next(engine->o.ledger);

	*result = TIER_SPENT;
	if (!grants_begin_answer(
		engine->o.grants, tier->grant->id, first, &tier->answer, fail))
		return false;
	name_request(tier->request, tier->answer, first);
	return true;
}

static bool
commit(struct tier *tier, struct fail *fail)
{
	struct engine *engine = tier->engine;
	const struct dispatch dispatch = {.channel = SLICE("rdap"),
	    .payload = tier->share.payload,
	    .setup = engine->setup,
	    .request = slice_from(tier->request),
	    .inputs = tier->share.inputs,
	    .case_id = slice_from(tier->case_id),
	    .supersedes = LEDGER_NONE};
	struct batch *batch = ledger_begin(engine->o.ledger, tier->arena, fail);

	if (batch == NULL || !ledger_add_disclosure(batch,
				 tier->share.disclosure, &dispatch, fail))
		return false;
	ledger_commit(batch, durable, tier);
	return true;
}

/* False after an answer is known: *result. */
static bool
take(struct tier *tier, const struct tier_question *question,
    enum tier_result *result, struct fail *fail)
{
	if (!may_ask(tier, question, result, fail) ||
	    !is_in_force(tier, result, fail) ||
	    !find_record(tier, question, result, fail) ||
	    !judge(tier, question, result, fail) || !count(tier, result, fail))
		return false;
	if (commit(tier, fail))
		return true;
	/* No entry was made of it, and none will be. */
	end_row(tier);
	return false;
}

static bool
is_ready(const struct engine *engine)
{
	return !engine->draining && engine->ruleset != NULL &&
	       engine->o.grants != NULL && engine->o.cases != NULL &&
	       !engine->courier_pauses &&
	       ledger_stopped(engine->o.ledger) == NULL;
}

void
engine_tier_ask(struct engine *engine, const struct tier_question *question,
    engine_tier_told *told, void *arg)
{
	struct tier *tier = is_ready(engine) ? tier_create(engine) : NULL;
	enum tier_result result = TIER_BUSY;
	struct fail fail = FAIL_INIT;

	if (tier == NULL) {
		engine->tier_results[TIER_BUSY]++;
		told(arg, TIER_BUSY, NULL, NULL);
		return;
	}
	tier->told = told;
	tier->arg = arg;
	if (take(tier, question, &result, &fail))
		return;
	if (fail.kind != FAIL_NONE) {
		engine_log(engine, "error", "tier-not-answered", &fail);
		result = TIER_BUSY;
	}
	refuse(tier, result);
}

/* --- after a crash --- */

struct left {
	uint64_t first, entry; /* LEDGER_NONE: none was made */
	char mark[REQUEST_SIZE + 16];
	bool is_ended;
};

static void
look_at(struct left *left, uint64_t index, struct slice entry)
{
	static const char outcome[] = "\"type\":\"outcome\"";
	static const char payload[] = "\"payload\":";
	int64_t about;

	if (left->entry == LEDGER_NONE) {
		if (memmem(entry.data, entry.len, left->mark,
			strlen(left->mark)) == NULL)
			return;
		left->entry = index;
		/* One that was refused had nothing to send. */
		left->is_ended = memmem(entry.data, entry.len, payload,
				     sizeof(payload) - 1) == NULL;
	} else if (memmem(entry.data, entry.len, outcome,
		       sizeof(outcome) - 1) != NULL &&
		   canon_get_number(entry, "entry", &about) &&
		   (uint64_t)about == left->entry) {
		left->is_ended = true;
	}
}

static bool
find_left(struct engine *engine, struct left *left, struct fail *fail)
{
	struct ledger *ledger = engine->o.ledger;
	struct arena *arena = engine_arena(engine);
	uint64_t from = left->first, size = ledger_size(ledger);
	bool ok = arena != NULL || fail_memory(fail);

	if (from < ledger_minimum(ledger))
		from = ledger_minimum(ledger);
	for (; ok && !left->is_ended && from < size; from++) {
		struct slice entry;

		arena_reset(arena);
		ok = ledger_read(ledger, from, arena, &entry, fail);
		if (ok)
			look_at(left, from, entry);
	}
	arena_destroy(arena);
	return ok;
}

/* It may have been handed out: nobody can say. */
static bool
end_left(struct engine *engine, int64_t answer, const struct left *left,
    struct fail *fail)
{
	struct tier *tier;

	if (left->entry == LEDGER_NONE || left->is_ended)
		return grants_end_answer(engine->o.grants, answer, fail);
	tier = tier_create(engine);
	if (tier == NULL)
		return fail_memory(fail);
	tier->answer = answer;
	tier->entry = left->entry;
	record_end(tier, "unknown", SLICE("misu went down meanwhile"));
	return true;
}

void
engine_tier_recover(struct engine *engine)
{
	struct fail fail = FAIL_INIT;
	bool ok = true, found = engine->o.grants != NULL;
	int64_t answer = 0;

	while (ok && found) {
		struct left left = {.entry = LEDGER_NONE};
		char request[REQUEST_SIZE];

		ok = grants_next_answer(
		    engine->o.grants, &answer, &left.first, &found, &fail);
		if (!ok || !found)
			break;
		name_request(request, answer, left.first);
		snprintf(left.mark, sizeof(left.mark), "\"request\":\"%s\"",
		    request);
		ok = find_left(engine, &left, &fail) &&
		     end_left(engine, answer, &left, &fail);
	}
	if (!ok)
		engine_log(engine, "error", "tier-not-ended", &fail);
}

void
engine_tier_metrics(const struct engine *engine, struct text *text)
{
	text_add_string(text, "# TYPE misu_tier_answers_total counter\n");
	for (unsigned i = 0; i < TIER_RESULTS; i++)
		if (engine->tier_results[i] != 0 || i == TIER_TOLD)
			text_add_format(text,
			    "misu_tier_answers_total{result=\"%s\"} %llu\n",
			    tier_wording((enum tier_result)i)->word,
			    (unsigned long long)engine->tier_results[i]);
}

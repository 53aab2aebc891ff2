/*
 * One object: its servers are asked, each answer is held against what was
 * decided of the record as it is when the answer comes, and what differs is
 * an entry.
 */
#include "engine_audit.h"
#include "engine_view.h"

/* --- beginning --- */

void
audit_object_free(struct audited *audited)
{
	struct engine_audit *audit = audited->engine->audit;
	struct audited **at = &audit->objects;

	while (*at != NULL && *at != audited)
		at = &(*at)->next;
	if (*at != NULL) {
		*at = audited->next;
		audit->object_count--;
	}
	arena_destroy(audited->arena);
}

static void object_done(struct audited *audited);

static bool
ask_one(struct audited *audited, const struct audit_ask *ask)
{
	struct engine *engine = audited->engine;
	struct arena *arena = engine_arena(engine);
	struct slice message = {NULL, 0};
	bool ok;

	if (arena != NULL)
		message = audit_write_ask(ask, arena);
	ok = message.data != NULL && engine->o.audit_ask != NULL &&
	     engine->o.audit_ask(engine->o.audit_context, message);
	arena_destroy(arena);
	return ok;
}

static void
close_question(struct audited *audited, struct audit_target *target, size_t ask)
{
	if (target->done[ask])
		return;
	target->done[ask] = true;
	if (--target->open == 0)
		audited->open--;
}

static void
ask_target(struct audited *audited, struct audit_target *target)
{
	struct engine_audit *audit = audited->engine->audit;

	target->open = target->ask_count;
	if (audit_run_gave_up(audited->run, target->key)) {
		target->skipped = true;
		target->reason = SLICE("it gave no answers before");
	}
	for (size_t i = 0; i < target->ask_count; i++) {
		target->asks[i].number = ++audit->next_number;
		if (target->skipped) {
			close_question(audited, target, i);
		} else if (!ask_one(audited, &target->asks[i])) {
			target->skipped = true;
			target->reason = SLICE("the auditor is not there");
			close_question(audited, target, i);
		}
	}
}

static struct audited *
object_create(struct audit_run *run, enum object_type type, struct slice object)
{
	struct engine *engine = run->engine;
	struct arena *arena = engine_arena(engine);
	struct audited *audited =
	    arena != NULL ? arena_take(arena, sizeof(*audited)) : NULL;

	if (audited == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	*audited = (struct audited){.engine = engine,
	    .run = run,
	    .arena = arena,
	    .type = type,
	    .object = arena_copy(arena, object)};
	if (audited->object.data == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	audited->next = engine->audit->objects;
	engine->audit->objects = audited;
	engine->audit->object_count++;
	return audited;
}

/*
 * The record as it is now, and of what came over EPP with its contacts; NULL:
 * none, or a fail.  *changes: its registry has not said yes to the newest.
 */
static const struct record *
record_of(struct audited *audited, struct arena *arena, bool *changes,
    struct fail *fail)
{
	struct engine *engine = audited->engine;
	struct published published;
	bool waits = false;

	if (!engine_published(engine, audited->type, audited->object, arena,
		&published, fail) ||
	    !spool_waits(engine->o.spool, (int)audited->type, audited->object,
		&waits, fail))
		return NULL;
	*changes = published.changes || waits;
	return published.record;
}

static bool
prepare(struct audited *audited, struct fail *fail)
{
	bool changes;
	const struct record *record =
	    record_of(audited, audited->arena, &changes, fail);

	if (record == NULL) {
		fail_set(fail, FAIL_INPUT, "misu has no such object");
		return false;
	}
	if (changes)
		return fail_set(fail, FAIL_INPUT,
		    "a submission of it is still under way");
	if (record_operation(record) == OPERATION_DELETE)
		return true;
	return audit_targets(audited, record, fail);
}

bool
audit_object_begin(struct audit_run *run, enum object_type type,
    struct slice object, struct fail *fail)
{
	struct audited *audited = object_create(run, type, object);

	if (audited == NULL)
		return fail_memory(fail);
	if (!prepare(audited, fail)) {
		audit_object_free(audited);
		return false;
	}
	run->under_way++;
	audited->open = audited->target_count;
	/* One more, so that it is not over while it is begun. */
	audited->open++;
	for (size_t i = 0; i < audited->target_count; i++)
		ask_target(audited, &audited->targets[i]);
	if (--audited->open == 0)
		object_done(audited);
	return true;
}

/* --- answers --- */

static bool
has_finding(
    const struct audit_target *target, const struct audit_finding *finding)
{
	for (size_t i = 0; i < target->finding_count; i++) {
		const struct audit_finding *other = &target->findings[i];

		if (other->kind == finding->kind &&
		    other->is_whole == finding->is_whole &&
		    (finding->is_whole || (other->role == finding->role &&
					      other->field == finding->field)))
			return true;
	}
	return false;
}

/*
 * What is made anew with every decision cannot be compared: an opaque token
 * of a replacement is another one each time.
 */
static bool
is_token(const struct engine *engine, const struct audit_finding *finding)
{
	static const char token[] = "%{opaque}";
	struct slice text;

	if (finding->kind != AUDIT_STALE || finding->is_whole ||
	    finding->rule == 0)
		return false;
	text = ruleset_rule_text(engine->ruleset, finding->rule);
	return memmem(text.data, text.len, token, sizeof(token) - 1) != NULL;
}

static void
take_findings(struct audited *audited, struct audit_target *target,
    const struct audit_findings *findings)
{
	if (findings->count != 0 && target->findings == NULL)
		target->findings = arena_take_array(
		    audited->arena, AUDIT_FINDINGS_MAX, sizeof(*target->findings));
	if (target->findings == NULL)
		return;
	for (size_t i = 0; i < findings->count; i++) {
		const struct audit_finding *finding = &findings->items[i];

		if (target->finding_count < AUDIT_FINDINGS_MAX &&
		    !has_finding(target, finding) &&
		    !is_token(audited->engine, finding))
			target->findings[target->finding_count++] = *finding;
	}
}

static bool
compare(struct audited *audited, struct audit_target *target,
    const struct audit_answer *answer, struct arena *arena, struct fail *fail)
{
	struct engine *engine = audited->engine;
	bool changes;
	const struct record *record =
	    record_of(audited, arena, &changes, fail);
	const struct disclosure *decided;
	const struct audit_intent *intent;
	struct audit_findings findings;

	if (record == NULL || changes)
		return fail_set(
		    fail, FAIL_INPUT, "it has changed meanwhile");
	decided =
	    audit_decide(engine, record, target->recipient, arena, fail);
	if (decided == NULL)
		return fail_set(
		    fail, FAIL_INPUT, "the policy says nothing of it");
	intent = audit_intend(decided, record, arena, fail);
	if (intent == NULL ||
	    !audit_compare(intent, answer, arena, &findings, fail))
		return false;
	take_findings(audited, target, &findings);
	return true;
}

static void
take_answer(struct audited *audited, struct audit_target *target,
    const struct audit_answer *answer)
{
	struct arena *arena = engine_arena(audited->engine);
	struct fail fail = FAIL_INIT;

	if (arena != NULL &&
	    compare(audited, target, answer, arena, &fail)) {
		target->answered = true;
		if (answer->state == AUDIT_NOT_UNDERSTOOD)
			target->reason =
			    SLICE("its answer is not of its layout");
	} else {
		target->skipped = true;
		target->reason =
		    arena_copy(audited->arena, slice_from(fail.text));
	}
	arena_destroy(arena);
}

static void
keep_words(struct audited *audited, struct audit_target *target,
    const struct audit_told *told)
{
	if (told->reason.len != 0)
		target->reason = arena_copy(audited->arena, told->reason);
	if (told->server.len != 0 && target->ask_count != 0)
		target->server = arena_copy(audited->arena, told->server);
}

void
audit_object_told(struct audited *audited, size_t index, size_t ask,
    const struct audit_told *told)
{
	struct audit_target *target = &audited->targets[index];

	if (target->done[ask])
		return;
	keep_words(audited, target, told);
	switch (told->end) {
	case AUDIT_ANSWERED:
		take_answer(audited, target, &told->answer);
		audit_run_note(audited->run, target->key, true);
		break;
	case AUDIT_UNANSWERED:
		target->unanswered = true;
		audit_run_note(audited->run, target->key, false);
		break;
	case AUDIT_NOBODY:
		target->nobody = true;
		break;
	case AUDIT_HELD:
		target->held = true;
		audit_run_give_up(audited->run, target->key);
		break;
	case AUDIT_END_COUNT:
		break;
	}
	close_question(audited, target, ask);
	if (audited->open == 0)
		object_done(audited);
}

void
audit_object_lost(struct audited *audited)
{
	for (size_t i = 0; i < audited->target_count; i++) {
		struct audit_target *target = &audited->targets[i];

		if (target->open == 0)
			continue;
		target->skipped = true;
		target->reason = SLICE("the auditor went away");
		for (size_t k = 0; k < target->ask_count; k++)
			close_question(audited, target, k);
	}
	object_done(audited);
}

/* --- what comes of it --- */

enum verdict_of_target { CLEAN, FOUND, UNREACHABLE, SKIPPED };

static const char *
state_name(enum verdict_of_target state)
{
	static const char *const names[] = {
	    "clean", "found", "unreachable", "skipped"};

	return names[state];
}

/* Of servers that were to be found, those that are not there say nothing. */
static bool
is_nothing(const struct audited *audited, const struct audit_target *target)
{
	if (!target->nobody)
		return false;
	for (size_t i = 0; i < audited->target_count; i++) {
		const struct audit_target *other = &audited->targets[i];

		if (other != target && !(other->nobody && other < target) &&
		    slice_equal(other->recipient, target->recipient))
			return true;
	}
	return false;
}

static bool
is_only_unreachable(const struct audit_target *target)
{
	for (size_t i = 0; i < target->finding_count; i++)
		if (target->findings[i].kind != AUDIT_UNREACHABLE)
			return false;
	return true;
}

/* No answer to one of its questions is a finding of the whole. */
static void
add_unreachable(struct audited *audited, struct audit_target *target)
{
	static const struct audit_finding finding = {
	    .kind = AUDIT_UNREACHABLE, .is_whole = true};
	const struct audit_findings one = {&finding, 1};

	if (target->unanswered || target->held || target->nobody)
		take_findings(audited, target, &one);
}

static enum verdict_of_target
state_of(const struct audit_target *target)
{
	if (target->skipped)
		return SKIPPED;
	if (target->finding_count == 0)
		return CLEAN;
	return is_only_unreachable(target) ? UNREACHABLE : FOUND;
}

static void
add_finding_json(struct text *out, const struct engine *engine,
    const struct audit_finding *finding)
{
	text_add_format(out, "{\"kind\":\"%s\"", audit_kind_name(finding->kind));
	if (!finding->is_whole)
		text_add_format(out,
		    ",\"role\":\"%s\",\"field\":\"%s\",\"rule\":%u",
		    role_name(finding->role), field_info[finding->field].name,
		    finding->rule);
	if (finding->is_current)
		text_add_string(out, ",\"current\":true");
	if (!finding->is_whole && finding->rule != 0) {
		text_add_string(out, ",\"text\":");
		text_add_json(
		    out, ruleset_rule_text(engine->ruleset, finding->rule));
		text_add_string(out, ",\"place\":");
		text_add_json(
		    out, ruleset_rule_place(engine->ruleset, finding->rule));
	}
	text_add_char(out, '}');
}

/* As an operator is shown it. */
static struct slice
result_json(const struct audited *audited, const struct audit_target *target,
    uint64_t entry)
{
	struct text out = text_start(audited->arena);

	text_add_string(&out, "{\"object\":");
	text_add_json(&out, audited->object);
	text_add_string(&out, ",\"recipient\":");
	text_add_json(&out, target->recipient);
	text_add_string(&out, ",\"protocol\":");
	text_add_json(
	    &out, target->asks[0].is_rdap ? SLICE("rdap") : SLICE("whois"));
	text_add_string(&out, ",\"server\":");
	text_add_json(&out, target->server);
	text_add_format(
	    &out, ",\"state\":\"%s\"", state_name(state_of(target)));
	if (target->reason.len != 0) {
		text_add_string(&out, ",\"reason\":");
		text_add_json(&out, target->reason);
	}
	if (entry != LEDGER_NONE)
		text_add_format(
		    &out, ",\"entry\":%llu", (unsigned long long)entry);
	text_add_string(&out, ",\"findings\":[");
	for (size_t i = 0; i < target->finding_count; i++) {
		if (i != 0)
			text_add_char(&out, ',');
		add_finding_json(&out, audited->engine, &target->findings[i]);
	}
	text_add_string(&out, "]}");
	return text_slice(&out);
}

static struct audit_tally *
tally_of(struct engine_audit *audit, struct slice recipient)
{
	struct audit_tally *tally;

	for (size_t i = 0; i < audit->tally_count; i++)
		if (slice_is(recipient, audit->tallies[i].recipient))
			return &audit->tallies[i];
	if (audit->tally_count == TALLIES_MAX)
		return NULL;
	tally = &audit->tallies[audit->tally_count++];
	snprintf(tally->recipient, sizeof(tally->recipient), "%.*s",
	    SLICE_ARG(recipient));
	return tally;
}

static void
count_state(struct audit_counts *counts, enum verdict_of_target state)
{
	switch (state) {
	case CLEAN:
		counts->clean++;
		break;
	case FOUND:
		counts->found++;
		break;
	case UNREACHABLE:
		counts->unreachable++;
		break;
	case SKIPPED:
		counts->skipped++;
		break;
	}
}

static void
count_target(struct audited *audited, const struct audit_target *target)
{
	struct engine_audit *audit = audited->engine->audit;
	struct audit_tally *tally = tally_of(audit, target->recipient);
	struct audit_run *run = audited->run;

	count_state(&run->counts, state_of(target));
	count_state(&audit->total, state_of(target));
	for (size_t i = 0; i < target->finding_count; i++) {
		enum audit_kind kind = target->findings[i].kind;

		run->counts.kinds[kind]++;
		audit->total.kinds[kind]++;
		if (tally != NULL)
			tally->kinds[kind]++;
	}
}

/* --- the entries --- */

struct recording {
	struct audited *audited;
	struct batch *batch;
	size_t nth[TARGETS_MAX]; /* entry of the batch, plus one; 0: none */
	size_t entries;
};

static void
finish(struct audited *audited, const struct recording *recording)
{
	struct audit_run *run = audited->run;

	run->counts.objects++;
	audited->engine->audit->total.objects++;
	for (size_t i = 0; i < audited->target_count; i++) {
		struct audit_target *target = &audited->targets[i];
		uint64_t entry = LEDGER_NONE;
		struct digest leaf;

		if (is_nothing(audited, target))
			continue;
		count_target(audited, target);
		if (recording != NULL && recording->nth[i] != 0 &&
		    !batch_acknowledged(recording->batch,
			recording->nth[i] - 1, &entry, &leaf))
			entry = LEDGER_NONE;
		if (run->extent == AUDIT_ONE || state_of(target) != CLEAN)
			audit_run_add_result(
			    run, result_json(audited, target, entry));
	}
	audit_object_free(audited);
	audit_run_object_done(run);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct recording *recording = arg;
	struct audited *audited = recording->audited;
	struct engine *engine = audited->engine;
	bool ok = fail == NULL || fail->kind == FAIL_NONE;

	(void)first;
	(void)sealed;
	(void)count;
	if (ok)
		engine_checkpoint_soon(engine);
	else
		engine_log(engine, "error", "audit-not-recorded", fail);
	finish(audited, ok ? recording : NULL);
	engine_finish_one(engine);
}

/* A clean one is an entry where somebody asked for it, or misu.conf says so. */
static bool
is_recorded(const struct audited *audited, const struct audit_target *target)
{
	enum verdict_of_target state = state_of(target);

	if (is_nothing(audited, target) || state == SKIPPED)
		return false;
	return state != CLEAN || audited->run->extent == AUDIT_ONE ||
	       audited->engine->conf->audit.records_all;
}

static bool
record_target(struct recording *recording, size_t index,
    const struct record *record, struct fail *fail)
{
	struct audited *audited = recording->audited;
	struct audit_target *target = &audited->targets[index];
	struct engine *engine = audited->engine;
	struct event_audit what = {.server = target->server,
	    .findings = {target->findings, target->finding_count}};
	struct event event = engine_event(engine, EVENT_AUDIT,
	    target->finding_count != 0
		? audit_kind_name(target->findings[0].kind)
		: "clean",
	    LEDGER_NONE);

	what.decided = audit_decide(
	    engine, record, target->recipient, audited->arena, fail);
	if (what.decided == NULL)
		return fail->kind == FAIL_NONE;
	event.actor = audited->run->actor;
	event.reason = target->reason;
	event.audit = &what;
	if (!ledger_add_event(recording->batch, &event, fail))
		return false;
	recording->nth[index] = ++recording->entries;
	return true;
}

static bool
record_all(struct recording *recording, struct fail *fail)
{
	struct audited *audited = recording->audited;
	struct engine *engine = audited->engine;
	bool changes;
	const struct record *record =
	    record_of(audited, audited->arena, &changes, fail);

	if (record == NULL)
		return fail->kind == FAIL_NONE;
	recording->batch =
	    ledger_begin(engine->o.ledger, audited->arena, fail);
	if (recording->batch == NULL)
		return false;
	for (size_t i = 0; i < audited->target_count; i++)
		if (is_recorded(audited, &audited->targets[i]) &&
		    !record_target(recording, i, record, fail))
			return false;
	return true;
}

/* The gravest kind first: it is the entry's word. */
static void
sort_findings(struct audit_target *target)
{
	for (size_t i = 1; i < target->finding_count; i++) {
		struct audit_finding finding = target->findings[i];
		size_t at = i;

		for (; at > 0 && target->findings[at - 1].kind > finding.kind;
		     at--)
			target->findings[at] = target->findings[at - 1];
		target->findings[at] = finding;
	}
}

static void
object_done(struct audited *audited)
{
	struct engine *engine = audited->engine;
	struct recording *recording =
	    arena_take(audited->arena, sizeof(*recording));
	struct fail fail = FAIL_INIT;

	for (size_t i = 0; i < audited->target_count; i++) {
		add_unreachable(audited, &audited->targets[i]);
		sort_findings(&audited->targets[i]);
	}
	if (recording == NULL) {
		finish(audited, NULL);
		return;
	}
	recording->audited = audited;
	if (!record_all(recording, &fail)) {
		engine_log(engine, "error", "audit-not-recorded", &fail);
		finish(audited, NULL);
	} else if (recording->entries == 0) {
		finish(audited, NULL);
	} else {
		audited->is_committed = true;
		engine->under_way++;
		ledger_commit(recording->batch, durable, recording);
	}
}

/*
 * What comes of an object: its findings as an operator is shown them, their
 * entries, and what is counted.
 */
#include "engine_audit.h"

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
		audit_take_findings(audited, target, &one);
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

/* By which entry, and in which case, the person stopped it. */
static void
add_stop_json(struct text *out, const struct audit_stop *stop)
{
	text_add_string(out, ",\"stop\":{");
	if (stop->entry != STOP_NOT_RECORDED)
		text_add_format(out, "\"entry\":%lld", (long long)stop->entry);
	if (stop->entry != STOP_NOT_RECORDED && stop->case_id.len != 0) {
		text_add_string(out, ",\"case\":");
		text_add_json(out, stop->case_id);
	}
	text_add_char(out, '}');
}

static void
add_finding_json(struct text *out, const struct audited *audited,
    const struct audit_finding *finding)
{
	const struct engine *engine = audited->engine;

	text_add_format(
	    out, "{\"kind\":\"%s\"", audit_kind_name(finding->kind));
	if (!finding->is_whole)
		text_add_format(out,
		    ",\"role\":\"%s\",\"field\":\"%s\",\"rule\":%u",
		    role_name(finding->role), field_info[finding->field].name,
		    finding->rule);
	if (finding->is_current)
		text_add_string(out, ",\"current\":true");
	if (finding->is_stop)
		add_stop_json(out, &audited->stops[finding->role]);
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
		add_finding_json(&out, audited, &target->findings[i]);
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
		    !batch_acknowledged(
			recording->batch, recording->nth[i] - 1, &entry, &leaf))
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
	const struct audit_decided *decided;
	struct event_audit what = {.server = target->server,
	    .findings = {target->findings, target->finding_count}};
	struct event event = engine_event(engine, EVENT_AUDIT,
	    target->finding_count != 0
		? audit_kind_name(target->findings[0].kind)
		: "clean",
	    LEDGER_NONE);

	decided = audit_decide(
	    engine, record, target->recipient, audited->arena, fail);
	if (decided == NULL)
		return fail->kind == FAIL_NONE;
	what.decided = decided->items[0];
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
	    audit_record(audited, audited->arena, &changes, fail);

	if (record == NULL)
		return fail->kind == FAIL_NONE;
	recording->batch = ledger_begin(engine->o.ledger, audited->arena, fail);
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

void
audit_object_done(struct audited *audited)
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

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
	if (!target->skipped && audit_run_gave_up(audited->run, target->key)) {
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
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		audited->stops[r].entry = STOP_NOT_RECORDED;
	audited->next = engine->audit->objects;
	engine->audit->objects = audited;
	engine->audit->object_count++;
	return audited;
}

const struct record *
audit_record(struct audited *audited, struct arena *arena, bool *changes,
    struct fail *fail)
{
	struct engine *engine = audited->engine;
	struct published published;

	if (!engine_published(engine, audited->type, audited->object, arena,
		&published, fail))
		return NULL;
	*changes = published.changes;
	return published.record;
}

/*
 * Has the public, or who stands before it, not had the newest yet?  Others may
 * keep what they have on a desk for weeks.
 */
static bool
is_under_way(const struct audited *audited, const struct audit_target *target,
    bool *out, struct fail *fail)
{
	struct spool *spool = audited->engine->o.spool;

	if (!spool_waits_for(spool, (int)audited->type, audited->object,
		target->recipient, out, fail))
		return false;
	return *out || target->behind.len == 0 ||
	       spool_waits_for(spool, (int)audited->type, audited->object,
		   target->behind, out, fail);
}

static const char under_way[] = "a submission of it is still under way";

/* Who waits for it is not asked; where all do, nobody is. */
static bool
leave_waiting(struct audited *audited, struct fail *fail)
{
	size_t waiting = 0;

	for (size_t i = 0; i < audited->target_count; i++) {
		struct audit_target *target = &audited->targets[i];

		if (!is_under_way(audited, target, &target->skipped, fail))
			return false;
		if (target->skipped)
			target->reason = slice_from(under_way);
		waiting += target->skipped;
	}
	return waiting == 0 || waiting < audited->target_count ||
	       fail_set(fail, FAIL_INPUT, under_way);
}

static bool
prepare(struct audited *audited, struct fail *fail)
{
	bool changes;
	const struct record *record =
	    audit_record(audited, audited->arena, &changes, fail);

	if (record == NULL) {
		fail_set(fail, FAIL_INPUT, "misu has no such object");
		return false;
	}
	if (changes)
		return fail_set(fail, FAIL_INPUT, under_way);
	if (!audit_targets(audited, record, fail) ||
	    !leave_waiting(audited, fail))
		return false;
	return record_operation(record) != OPERATION_DELETE ||
	       audited->target_count != 0 ||
	       fail_set(fail, FAIL_INPUT,
		   "it is deleted, and misu.conf names no server that showed"
		   " it");
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
		audit_object_done(audited);
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

void
audit_take_findings(struct audited *audited, struct audit_target *target,
    const struct audit_findings *findings)
{
	if (findings->count != 0 && target->findings == NULL)
		target->findings = arena_take_array(audited->arena,
		    AUDIT_FINDINGS_MAX, sizeof(*target->findings));
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

/* Whose stop it is that hides something, for who reads what was found. */
static void
note_stops(struct audited *audited, const struct record *record,
    const struct audit_intent *intent, struct arena *arena)
{
	struct stop stop = {.id = 0};
	struct fail ignored = FAIL_INIT;

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct audit_stop *note = &audited->stops[r];

		if ((intent->stopped & 1u << r) == 0 ||
		    !stops_of_role(audited->engine->o.stops, record,
			(enum role)r, arena, &stop, &ignored))
			continue;
		note->case_id = arena_copy(audited->arena, stop.case_id);
		note->entry = note->case_id.data != NULL ? stop.entry
							 : STOP_NOT_RECORDED;
	}
}

/* The object is there; its contact is what is missing, by its handle. */
static void
blame_contact(const struct audit_intent *intent, enum role role,
    struct audit_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		struct audit_finding *finding =
		    (struct audit_finding *)(uintptr_t)&findings->items[i];

		if (finding->kind == AUDIT_MISSING)
			*finding = (struct audit_finding){
			    .kind = AUDIT_MISSING,
			    .role = role,
			    .field = FIELD_HANDLE,
			    .rule = intent->items[role][FIELD_HANDLE]
					.ruling.rule};
	}
}

/* The intent for the target, if it still has what it was asked for. */
static struct audit_intent *
intend(struct audited *audited, struct audit_target *target,
    const struct record **record, struct arena *arena, struct fail *fail)
{
	const struct audit_decided *decided;
	struct audit_intent *intent;
	bool changes = false, waits = false;

	*record = audit_record(audited, arena, &changes, fail);
	if (*record != NULL && !is_under_way(audited, target, &waits, fail))
		return NULL;
	if (*record == NULL || changes || waits) {
		fail_set(fail, FAIL_INPUT, "it has changed meanwhile");
		return NULL;
	}
	decided = audit_decide(
	    audited->engine, *record, target->recipient, arena, fail);
	if (decided == NULL) {
		fail_set(fail, FAIL_INPUT, "the policy says nothing of it");
		return NULL;
	}
	intent = audit_intend_all(decided, *record, arena, fail);
	if (intent != NULL)
		intent->is_deleted =
		    record_operation(*record) == OPERATION_DELETE;
	return intent;
}

struct audited_answer {
	const struct audit_question *question;
	const struct audit_answer *answer;
	bool is_another;
};

static bool
compare(struct audited *audited, struct audit_target *target,
    const struct audited_answer *of, struct arena *arena, struct fail *fail)
{
	const struct audit_question *question = of->question;
	const struct audit_answer *answer = of->answer;
	const struct record *record;
	struct audit_intent *intent =
	    intend(audited, target, &record, arena, fail);
	struct audit_findings findings;

	if (intent == NULL)
		return false;
	intent->is_contact = question->is_contact;
	intent->is_another = of->is_another;
	if (!audit_compare(intent, answer, arena, &findings, fail))
		return false;
	if (question->is_contact)
		blame_contact(intent, question->role, &findings);
	if (intent->is_deleted && answer->state == AUDIT_FOUND)
		target->reason = SLICE("it was deleted, and is still shown");
	audit_take_findings(audited, target, &findings);
	note_stops(audited, record, intent, arena);
	return true;
}

static void
take_answer(struct audited *audited, struct audit_target *target, size_t ask,
    const struct audit_answer *answer)
{
	const struct audited_answer of = {&target->asks[ask].question,
	    answer, target->is_another[ask]};
	struct arena *arena = engine_arena(audited->engine);
	struct fail fail = FAIL_INIT;

	if (arena != NULL &&
	    compare(audited, target, &of, arena, &fail)) {
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
		take_answer(audited, target, ask, &told->answer);
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
		audit_object_done(audited);
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
	audit_object_done(audited);
}

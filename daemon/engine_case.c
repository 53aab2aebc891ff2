/*
 * Cases step by step.  A step is durable in the database of cases, then an
 * entry, then answered; one whose entry a crash prevented gets it at the next
 * start.  Nothing personal of a case is in the ledger: its number, what was
 * done and by whom, and the subject's pseudonym.
 */
#include "engine_case.h"

#include "base/date.h"
#include "engine_stop.h"

void
affair_fail(struct affair *affair, int status, const struct fail *fail)
{
	if (affair->answer != NULL)
		engine_answer_fail(affair->engine, status, "request", fail,
		    affair->answer, affair->arg);
	arena_destroy(affair->arena);
}

void
affair_wrong(struct affair *affair, const char *text, const char *hint)
{
	struct fail fail = FAIL_INIT;

	fail_set(&fail, FAIL_INPUT, "%s", text);
	if (hint != NULL)
		fail_hint(&fail, "%s", hint);
	affair_fail(affair, 400, &fail);
}

struct affair *
affair_create(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct affair *affair =
	    arena != NULL ? arena_take(arena, sizeof(*affair)) : NULL;
	struct affair nothing = {.engine = engine,
	    .arena = arena,
	    .step = {.about = -1},
	    .answer = answer,
	    .arg = arg};
	struct fail fail = FAIL_INIT;

	if (affair == NULL || engine->o.cases == NULL) {
		if (affair == NULL)
			fail_memory(&fail);
		else
			fail_set(&fail, FAIL_WORLD, "misu keeps no cases here");
		affair_fail(&nothing, 503, &fail);
		return NULL;
	}
	*affair = nothing;
	affair->actor = arena_copy(arena, actor);
	affair->node = text.len != 0 ? json_parse(arena, text, &fail) : NULL;
	if (affair->actor.data != NULL &&
	    (text.len == 0 || affair->node != NULL))
		return affair;
	affair_fail(affair, fail.kind == FAIL_INPUT ? 400 : 503, &fail);
	return NULL;
}

/* "R-7" or "7" */
static int64_t
number_of(struct slice name)
{
	int64_t number = 0;

	if (name.len > 2 && memcmp(name.data, "R-", 2) == 0)
		name = (struct slice){name.data + 2, name.len - 2};
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] < '0' || name.data[i] > '9' || i > 15)
			return 0;
		number = number * 10 + (name.data[i] - '0');
	}
	return number;
}

static void
no_such(struct slice id, struct fail *fail)
{
	bool sound = number_of(id) != 0;

	if (sound)
		fail_set(fail, FAIL_INPUT, "there is no request %.*s",
		    SLICE_ARG(id));
	else
		fail_set(fail, FAIL_INPUT, "this is not a request's number");
	fail_hint(fail, "they look like R-7; misuctl request list");
}

struct affair *
affair_find(struct affair *affair, bool open)
{
	struct slice id = affair->node != NULL
			      ? engine_member(affair->node, "id")
			      : (struct slice){"", 0};
	struct fail fail = FAIL_INIT;

	if (!cases_get(affair->engine->o.cases, affair->arena, number_of(id),
		&affair->row, &fail)) {
		if (fail.kind == FAIL_NONE)
			no_such(id, &fail);
		affair_fail(affair, fail.kind == FAIL_INPUT ? 404 : 503, &fail);
		return NULL;
	}
	snprintf(affair->name, sizeof(affair->name), "R-%lld",
	    (long long)affair->row.id);
	if (!open || affair->row.state == CASE_OPEN)
		return affair;
	fail_set(&fail, FAIL_INPUT, "request %s is closed: %s", affair->name,
	    case_state_name(affair->row.state));
	affair_fail(affair, 409, &fail);
	return NULL;
}

bool
affair_stays_open(struct affair *affair)
{
	struct fail fail = FAIL_INIT;
	struct case_row row;

	if (!cases_get(affair->engine->o.cases, affair->arena, affair->row.id,
		&row, &fail)) {
		if (fail.kind == FAIL_NONE)
			no_such(slice_from(affair->name), &fail);
		affair_fail(affair, fail.kind == FAIL_INPUT ? 404 : 503, &fail);
		return false;
	}
	if (row.state == CASE_OPEN)
		return true;
	fail_set(&fail, FAIL_INPUT, "request %s is closed: %s", affair->name,
	    case_state_name(row.state));
	affair_fail(affair, 409, &fail);
	return false;
}

/* --- steps --- */

static void
answer_step(struct affair *affair)
{
	struct text text = text_start(affair->arena);
	struct slice body;

	text_add_format(&text,
	    "{\"id\":\"%s\",\"entry\":%lld,\"state\":", affair->name,
	    (long long)affair->entry);
	text_add_json(
	    &text, affair->state.len != 0
		       ? affair->state
		       : slice_from(case_state_name(affair->row.state)));
	text_add_format(&text, ",\"due\":%lld", (long long)affair->row.due);
	text_add(&text, affair->more);
	text_add_char(&text, '}');
	body = text_slice(&text);
	if (affair->answer != NULL)
		affair->answer(affair->arg, body.data != NULL ? 200 : 503,
		    body.data != NULL ? body : engine_out_of_memory);
	arena_destroy(affair->arena);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *ledger_fail)
{
	struct affair *affair = arg;
	struct engine *engine = affair->engine;
	struct fail fail = FAIL_INIT;
	bool ok;

	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	affair->entry = (int64_t)first;
	ok = ledger_fail == NULL || ledger_fail->kind == FAIL_NONE;
	if (!ok)
		fail = *ledger_fail;
	else
		ok = cases_set_recorded(
		    engine->o.cases, affair->step.id, first, &fail);
	if (ok)
		answer_step(affair);
	else
		affair_fail(affair, 503, &fail);
	engine_finish_one(engine);
}

static void
record(struct affair *affair)
{
	struct engine *engine = affair->engine;
	char word[32], request[OUTCOME_REQUEST];
	struct subject subject;
	struct fail fail = FAIL_INIT;
	struct event event;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, affair->arena, &fail);
	bool known = affair->row.subject.len != 0 &&
		     keys_find(engine->o.keys, affair->row.subject, &subject);

	snprintf(word, sizeof(word), "%.*s", SLICE_ARG(affair->step.word));
	snprintf(
	    request, sizeof(request), "case/%lld", (long long)affair->step.id);
	event = engine_event(engine, EVENT_CASE, word, LEDGER_NONE);
	event.has_entry = affair->step.about >= 0;
	if (event.has_entry)
		event.entry = (uint64_t)affair->step.about;
	event.actor = affair->step.actor;
	event.case_id = slice_from(affair->name);
	event.request = slice_from(request);
	event.subject = known ? &subject : NULL;
	if (batch != NULL && ledger_add_event(batch, &event, &fail)) {
		engine->under_way++;
		ledger_commit(batch, durable, affair);
	} else {
		affair_fail(affair, 503, &fail);
	}
	if (known)
		digest_wipe(subject.key, sizeof(subject.key));
}

/* So that it can be forgotten with its subject. */
static void
note_pseudonym(struct affair *affair)
{
	struct case_row *row = &affair->row;
	struct subject subject;

	row->has_pseudonym =
	    row->subject.len != 0 &&
	    keys_find(affair->engine->o.keys, row->subject, &subject);
	if (!row->has_pseudonym)
		return;
	memcpy(row->pseudonym, subject.pseudonym, PSEUDONYM_SIZE);
	digest_wipe(&subject, sizeof(subject));
}

void
affair_take_step(
    struct affair *affair, enum subject_step step, struct slice text,
    int64_t about)
{
	struct cases *cases = affair->engine->o.cases;
	struct fail fail = FAIL_INIT;
	bool ok;

	affair->step = (struct case_step){.time = engine_now(affair->engine),
	    .actor = affair->actor,
	    .word = slice_from(subject_step_info[step].word),
	    .text = text,
	    .about = about};
	note_pseudonym(affair);
	if (text.len > CASE_TEXT_MAX) {
		affair_wrong(
		    affair, "a text of a case has at most 2000 bytes", NULL);
		return;
	}
	ok = affair->row.id == 0
		 ? cases_add(cases, &affair->row, &affair->step, &fail)
		 : cases_change(cases, &affair->row, &affair->change,
		       &affair->step, &fail);
	if (!ok) {
		affair_fail(affair, fail.kind == FAIL_INPUT ? 409 : 503, &fail);
		return;
	}
	snprintf(affair->name, sizeof(affair->name), "R-%lld",
	    (long long)affair->row.id);
	record(affair);
}

/* --- open --- */

bool
affair_is_of_subject(enum case_kind kind)
{
	return kind != CASE_AUTHORITY && kind != CASE_REGISTRY;
}

static bool
find_law(struct slice name, unsigned *law)
{
	for (*law = 0; *law < CONF_LAWS; (*law)++)
		if (slice_is(name, conf_law_name((enum conf_law) * law)))
			return true;
	return false;
}

/* An RFC 3339 time, or a day, which ends where Japan's does. */
static bool
read_due(struct slice text, int64_t *out, struct fail *fail)
{
	char whole[40];
	int64_t seconds;

	snprintf(whole, sizeof(whole), "%.*s%s",
	    (int)(text.len < 30 ? text.len : 30), text.data,
	    text.len == 10 ? "T23:59:59+09:00" : "");
	if (!date_parse(slice_from(whole), &seconds, fail))
		return false;
	*out = seconds * 1000;
	return true;
}

static bool
read_texts(struct affair *affair)
{
	struct case_row *row = &affair->row;
	struct slice *texts[] = {
	    &row->subject, &row->who, &row->basis, &row->asked};
	static const char *const names[] = {"subject", "who", "basis", "asked"};

	for (size_t i = 0; i < 4; i++) {
		*texts[i] = engine_member(affair->node, names[i]);
		if (texts[i]->len <= CASE_TEXT_MAX)
			continue;
		affair_wrong(
		    affair, "a text of a case has at most 2000 bytes", NULL);
		return false;
	}
	row->has_basis = row->basis.len != 0;
	if (affair_is_of_subject(row->kind) && row->subject.len == 0) {
		affair_wrong(affair, "whose data it is about is missing",
		    "--subject ID");
		return false;
	}
	if (affair_is_of_subject(row->kind) || (row->who.len != 0 && row->has_basis))
		return true;
	affair_wrong(affair, "who asks or on which basis is missing",
	    "--who \"the office\" --basis \"article, number of the warrant\"");
	return false;
}

static bool
read_time_limit(struct affair *affair)
{
	struct case_row *row = &affair->row;
	struct slice law = engine_member(affair->node, "law");
	struct slice due = engine_member(affair->node, "due");
	const struct conf *conf = affair->engine->conf;
	struct fail fail = FAIL_INIT;

	row->law = row->kind == CASE_AUTHORITY	? CONF_LAW_AUTHORITY
		   : row->kind == CASE_REGISTRY ? CONF_LAW_REGISTRY
						: CONF_LAW_APPI;
	if (law.len != 0 && !find_law(law, &row->law)) {
		affair_wrong(affair, "no law that misu.conf has a limit for",
		    "appi, gdpr, nis2, authority or registry");
		return false;
	}
	row->opened = engine_now(affair->engine);
	if (conf->limits[row->law] != 0)
		row->due = row->opened + (int64_t)conf->limits[row->law] * 1000;
	if (due.len == 0 || read_due(due, &row->due, &fail))
		return true;
	affair_wrong(affair, "no time by which it is due",
	    "2026-04-30, or 2026-04-30T12:00:00+09:00");
	return false;
}

void
engine_request_open(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct case_row *row;

	if (affair == NULL)
		return;
	row = &affair->row;
	if (affair->node == NULL ||
	    !case_kind_find(engine_member(affair->node, "kind"), &row->kind)) {
		affair_wrong(affair, "no kind of request",
		    "disclosure, correction, stop, record, authority or "
		    "registry");
		return;
	}
	if (!read_texts(affair) || !read_time_limit(affair))
		return;
	if (row->kind == CASE_DISCLOSURE && engine->conf->fee != 0) {
		row->fee = FEE_DUE;
		row->amount = engine->conf->fee;
		row->unit = engine->conf->fee_unit;
	}
	affair_take_step(affair, SUBJECT_CASE_OPENED, (struct slice){"", 0}, -1);
}

/* --- further steps --- */

/* Which evidence, seen when; never a copy of it. */
void
engine_request_verify(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct slice evidence, date, agent;
	struct text note;

	if (affair == NULL || affair_find(affair, true) == NULL)
		return;
	evidence = engine_member(affair->node, "evidence");
	date = engine_member(affair->node, "date");
	agent = engine_member(affair->node, "agent");
	if (evidence.len == 0) {
		affair_wrong(affair, "what was seen is missing",
		    "--evidence \"driving licence\"; its kind, not its number");
		return;
	}
	note = text_start(affair->arena);
	text_add(&note, evidence);
	if (date.len != 0) {
		text_add_string(&note, ", seen ");
		text_add(&note, date);
	}
	if (agent.len != 0) {
		text_add_string(&note, "; agent by ");
		text_add(&note, agent);
	}
	affair->change.verifies = true;
	affair_take_step(
	    affair, SUBJECT_CASE_VERIFIED, text_slice(&note), -1);
}

void
engine_request_note(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);

	if (affair == NULL || affair_find(affair, false) == NULL)
		return;
	affair_take_step(affair, SUBJECT_CASE_NOTED,
	    engine_member(affair->node, "text"), -1);
}

void
engine_request_fee(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	static const enum subject_step steps[FEES] = {
	    [FEE_NONE] = SUBJECT_CASE_FEE_NONE,
	    [FEE_DUE] = SUBJECT_CASE_FEE_DUE,
	    [FEE_PAID] = SUBJECT_CASE_FEE_PAID,
	    [FEE_WAIVED] = SUBJECT_CASE_FEE_WAIVED,
	};
	struct case_change *change;

	if (affair == NULL || affair_find(affair, false) == NULL)
		return;
	change = &affair->change;
	if (!case_fee_find(engine_member(affair->node, "fee"), &change->fee)) {
		affair_wrong(
		    affair, "no state of a fee", "none, due, paid or waived");
		return;
	}
	change->charges = true;
	change->amount = affair->row.amount;
	if (change->fee == FEE_DUE && change->amount == 0)
		change->amount = engine->conf->fee;
	affair_take_step(
	    affair, steps[change->fee], (struct slice){"", 0}, -1);
}

/* --- close --- */

static bool
may_be_answered(struct affair *affair)
{
	const struct case_row *row = &affair->row;

	if (affair_is_of_subject(row->kind) && !row->is_verified) {
		affair_wrong(affair, "it is not verified that the subject asks",
		    "misuctl request verify-identity, or close it as refused");
		return false;
	}
	if (affair_is_of_subject(row->kind) || row->has_basis)
		return true;
	affair_wrong(affair, "no basis is given", "close it as refused");
	return false;
}

void
engine_request_close(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	static const enum subject_step steps[CASE_STATES] = {
	    [CASE_ANSWERED] = SUBJECT_CASE_ANSWERED,
	    [CASE_REFUSED] = SUBJECT_CASE_REFUSED,
	    [CASE_WITHDRAWN] = SUBJECT_CASE_WITHDRAWN,
	};
	enum case_state state;
	int64_t id;

	if (affair == NULL || affair_find(affair, true) == NULL)
		return;
	if (!case_state_find(engine_member(affair->node, "as"), &state) ||
	    state == CASE_OPEN) {
		affair_wrong(affair, "no way to close a case",
		    "--as answered, refused or withdrawn");
		return;
	}
	if (state == CASE_ANSWERED && !may_be_answered(affair))
		return;
	affair->row.state = state;
	affair->change.closes = true;
	affair->change.state = state;
	affair->change.closed = engine_now(engine);
	id = affair->row.id;
	affair_take_step(affair, steps[state],
	    engine_member(affair->node, "text"), -1);
	engine_case_end_waiting(engine, id);
}

/* --- after a crash --- */

static bool
go_on(void *arg, const struct case_step *step)
{
	struct affair *affair =
	    affair_create(arg, step->actor, (struct slice){"", 0}, NULL, NULL);

	if (affair == NULL)
		return false;
	affair->step = *step;
	affair->step.actor = affair->actor;
	affair->step.word = arena_copy(affair->arena, step->word);
	snprintf(affair->name, sizeof(affair->name), "R-%lld",
	    (long long)step->case_id);
	if (affair->step.word.data == NULL) {
		arena_destroy(affair->arena);
		return false;
	}
	record(affair);
	return true;
}

void
engine_request_recover(struct engine *engine)
{
	struct arena *arena = engine_arena(engine);
	struct fail fail = FAIL_INIT;

	if (engine->o.cases != NULL && arena != NULL &&
	    !cases_each_unrecorded(
		engine->o.cases, arena, go_on, engine, &fail))
		engine_log(engine, "error", "cases-not-read", &fail);
	arena_destroy(arena);
}

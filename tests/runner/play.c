/* The steps of a scenario, one after another. */
#include <stdarg.h>

#include "engine_order.h"
#include "runner/canary.h"
#include "runner/submission_json.h"
#include "runner/epp_world.h"

static void run_step(struct world *world, const struct step *step);

/*
 * What a step expects and does not find.  Where a fault was planned the story
 * takes another turn, and only the invariants count.
 */
void
play_unmet(struct world *world, const char *format, ...)
{
	char text[600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (world->plan.kind == PLAN_NONE)
		world_fail(world, "%s", text);
	else
		world->expected_failures++;
}

static bool
struck(const struct world *world)
{
	return world->struck || memory_disk_struck(world->disk);
}

/* A start that a planned fault spoiled is tried once more without it. */
static bool
start(struct world *world)
{
	struct fail fail = FAIL_INIT, again = FAIL_INIT;
	bool was_struck = struck(world);

	if (daemon_start(world, &fail))
		return true;
	if (memory_disk_is_dead(world->disk))
		daemon_kill(world, world->plan.loss);
	if (!was_struck && struck(world) && daemon_start(world, &again))
		return true;
	return world_fail(world, "the daemon does not start: %s: %s",
	    again.kind != FAIL_NONE ? again.place : fail.place,
	    again.kind != FAIL_NONE ? again.text : fail.text);
}

/* The planned kill happened: the next life begins with what is left. */
static void
rise_again(struct world *world)
{
	if (!memory_disk_is_dead(world->disk))
		return;
	daemon_kill(world, world->plan.loss);
	start(world);
}

void
play_run(struct world *world)
{
	const struct script *script = world->script;

	if (!start(world))
		return;
	for (size_t i = 0; i < script->step_count; i++) {
		world->step = &script->steps[i];
		run_step(world, world->step);
		rise_again(world);
		if (world->plan.kind == PLAN_NONE && world->failures != 0)
			break;
	}
	world->step = NULL;
	invariants_check(world);
}

/* --- asking */

void
play_answered(void *arg, int status, struct slice body)
{
	struct answer *answer = arg;
	struct world *world = answer->world;
	struct slice id = {body.data, body.len};
	const char *at;

	if (answer->kind == ANSWER_HTTP && memory_disk_is_dead(world->disk))
		return; /* nobody hears it */
	if (answer->status != 0)
		world_fail(world, "%s was answered twice", answer->actor);
	free(answer->body);
	answer->status = status;
	answer->body = malloc(body.len + 1);
	if (answer->body == NULL)
		abort();
	if (body.len != 0)
		memcpy(answer->body, body.data, body.len);
	answer->body[body.len] = '\0';
	answer->len = body.len;
	world_note(world, "%s < %d", answer->actor, status);
	seen_add(&world->transcript_bytes, body);
	if (world->transcript)
		printf("%.*s\n", SLICE_ARG(body));
	at = memmem(id.data, id.len, "\"token\":\"", 9);
	if (at != NULL)
		snprintf(world->token, sizeof(world->token), "%.49s", at + 9);
	at = memmem(id.data, id.len, "\"id\":\"", 6);
	if (status == 202 && at != NULL)
		snprintf(world->submission, sizeof(world->submission), "%.32s",
		    at + 6);
}

struct answer *
play_expect(struct world *world, struct slice actor)
{
	struct answer **at, *answer = calloc(1, sizeof(*answer));

	if (answer == NULL)
		abort();
	snprintf(answer->actor, sizeof(answer->actor), "%.*s",
	    SLICE_ARG(actor));
	answer->world = world;
	for (at = &world->answers; *at != NULL; at = &(*at)->next)
		;
	*at = answer;
	return answer;
}

static void
ask(struct world *world, const struct step *step, struct slice body)
{
	struct answer *answer = play_expect(world, step->actor);

	engine_submit(
	    world->engine, step->actor, step->key, body, play_answered, answer);
	daemon_settle(world, 0);
	if (answer->status == 0 && !step->waits &&
	    !memory_disk_is_dead(world->disk))
		world_fail(world, "a submission was never answered");
	if (answer->status != 0 && step->waits)
		world_fail(world, "a submission was answered at once");
}

static void
run_submit(struct world *world, const struct step *step)
{
	struct arena *arena = arena_create(NULL);
	const struct script_record *record =
	    script_record(world->script, step->record);
	struct slice body = submission_json(
	    arena, step, record, world->loop->operations->now(world->loop) / 1000);

	world_note(world, "%.*s > %s %.*s record %.*s", SLICE_ARG(step->actor),
	    operation_name(step->operation), SLICE_ARG(step->name),
	    SLICE_ARG(step->record));
	world->record = step->record;
	if (world->engine != NULL)
		ask(world, step, body);
	/* A backend that heard nothing asks again, if it may. */
	if (memory_disk_is_dead(world->disk) && step->key.len != 0) {
		rise_again(world);
		if (world->engine != NULL)
			ask(world, step, body);
	}
	arena_destroy(arena);
}

static void
run_post(struct world *world, const struct step *step)
{
	if (world->engine != NULL)
		ask(world, step,
		    step->string_count != 0 ? step->strings[0]
					    : (struct slice){"", 0});
}

static void
run_status(struct world *world, const struct step *step)
{
	if (world->engine == NULL)
		return;
	engine_status(world->engine, step->actor,
	    slice_from(world->submission), play_answered,
	    play_expect(world, step->actor));
	daemon_settle(world, 0);
}

/* A subject, and the reason. */
static void
run_forget(struct world *world, const struct step *step)
{
	struct engine_forget_ask ask = {.actor = step->actor,
	    .now = step->number != 0};

	if (step->string_count > 0)
		ask.subject = step->strings[0];
	if (step->string_count > 1)
		ask.reason = step->strings[1];
	engine_forget_by_two(world->engine, &ask, play_answered,
	    play_expect(world, step->actor));
	daemon_settle(world, 0);
}

static void
run_operator(struct world *world, const struct step *step)
{
	struct engine *engine = world->engine;
	struct slice actor = step->actor, reason = {"", 0};
	bool hold = slice_is(step->name, "hold");
	struct answer *answer;

	if (engine == NULL)
		return;
	if (slice_is(step->verb, "forget")) {
		run_forget(world, step);
		return;
	}
	answer = play_expect(world, actor);
	if (step->string_count != 0)
		reason = step->strings[0];
	if (slice_is(step->verb, "list") && hold)
		engine_hold_list(engine, play_answered, answer);
	else if (slice_is(step->verb, "list"))
		engine_desk_list(engine, play_answered, answer);
	else if (slice_is(step->verb, "show") && hold)
		engine_hold_show(engine, actor, step->number, play_answered, answer);
	else if (slice_is(step->verb, "show"))
		engine_desk_show(engine, actor, step->number, play_answered, answer);
	else if (slice_is(step->verb, "done"))
		engine_desk_done(
		    engine, actor, step->number, reason, play_answered, answer);
	else
		engine_hold_decide(engine, actor, step->number,
		    slice_is(step->verb, "approve"), reason, play_answered, answer);
	daemon_settle(world, 0);
}

static void
run_order(struct world *world, const struct step *step)
{
	engine_order *order = slice_is(step->verb, "find")
	    ? play_find
	    : engine_order_find(step->verb);
	struct slice text = {"", 0};

	if (world->engine == NULL)
		return;
	if (order == NULL) {
		play_unmet(world, "there is no verb %.*s",
		    SLICE_ARG(step->verb));
		return;
	}
	if (step->string_count != 0)
		text = step->strings[0];
	order(world->engine, step->actor, text, play_answered,
	    play_expect(world, step->actor));
	daemon_settle(world, 0);
}

/* --- what came back */

static bool
has(const char *data, size_t len, struct slice text)
{
	return text.len == 0 ||
	    (len != 0 && memmem(data, len, text.data, text.len) != NULL);
}

static void
run_answer(struct world *world, const struct step *step)
{
	struct answer *answer = world->answers;

	/* Greetings are waited for by their own step only. */
	while (answer != NULL &&
	    (answer->consumed || answer->kind == ANSWER_GREETING ||
		!slice_is(step->actor, answer->actor)))
		answer = answer->next;
	if (answer == NULL) {
		play_unmet(world, "%.*s was not answered", SLICE_ARG(step->actor));
		return;
	}
	answer->consumed = true;
	if (answer->status != step->number)
		play_unmet(world, "answered %d, not %lld: %.300s", answer->status,
		    (long long)step->number,
		    answer->body != NULL ? answer->body : "");
	for (size_t i = 0; i < step->string_count; i++)
		if (!has(answer->body, answer->len, step->strings[i]))
			play_unmet(world, "the answer lacks \"%.*s\": %.300s",
			    SLICE_ARG(step->strings[i]), answer->body);
}

static struct got *
next_got(struct world *world, struct slice recipient)
{
	struct got *got = world->got;

	while (got != NULL &&
	    (got->consumed || !got->arrived || got->frame[0] != '\0' ||
		!slice_is(recipient, got->recipient)))
		got = got->next;
	return got;
}

static bool
is_in(struct slice bytes, struct slice value)
{
	struct canary_found found;

	return has(bytes.data, bytes.len, value) ||
	    canary_find(bytes, &value, 1, &found);
}

/* A field of a record, by its own name or its group's. */
static void
check_field(struct world *world, const char *who, struct slice bytes,
    const struct script_record *record, const struct script_check *check)
{
	bool want = check->kind == CHECK_PRESENT, some = false;

	for (size_t i = 0; i < record->value_count; i++) {
		const struct script_value *value = &record->values[i];
		const struct field_info *info = &field_info[value->field];

		if (value->role != check->role ||
		    (!slice_is(check->field, info->name) &&
			!slice_is(check->field, info->group)))
			continue;
		for (size_t k = 0; k < value->count; k++) {
			bool there = is_in(bytes, value->items[k]);

			some = some || there;
			if (there && !want)
				play_unmet(world, "%s got %s.%s", who,
				    role_name(check->role), info->name);
		}
	}
	if (want && !some)
		play_unmet(world, "%s did not get %s.%.*s", who,
		    role_name(check->role), SLICE_ARG(check->field));
}

void
play_check(struct world *world, const struct step *step, const char *who,
    struct slice bytes)
{
	struct slice name =
	    step->record.len != 0 ? step->record : world->record;
	const struct script_record *record =
	    script_record(world->script, name);

	for (size_t i = 0; i < step->check_count; i++) {
		const struct script_check *check = &step->checks[i];

		if (check->field.len != 0 && record != NULL)
			check_field(world, who, bytes, record, check);
		else if (has(bytes.data, bytes.len, check->text) !=
		    (check->kind == CHECK_HAS))
			play_unmet(world, "what %s got %s \"%.*s\"", who,
			    check->kind == CHECK_HAS ? "lacks" : "has",
			    SLICE_ARG(check->text));
	}
}

static void
run_payload(struct world *world, const struct step *step)
{
	struct got *got = next_got(world, step->actor);

	if (got == NULL) {
		play_unmet(world, "%.*s got nothing", SLICE_ARG(step->actor));
		return;
	}
	got->consumed = true;
	play_check(world, step, got->recipient,
	    (struct slice){got->payload, got->len});
}

/* Neither an answer nor a payload, nor a frame that says anything. */
static void
run_nothing(struct world *world, const struct step *step)
{
	if (next_got(world, step->actor) != NULL)
		play_unmet(
		    world, "%.*s got something", SLICE_ARG(step->actor));
	for (const struct got *got = world->got; got != NULL; got = got->next)
		if (!got->consumed && got->frame[0] != '\0' &&
		    strcmp(got->frame, "login") != 0 &&
		    strcmp(got->frame, "logout") != 0 &&
		    slice_is(step->actor, got->recipient))
			play_unmet(world, "%s got a %s", got->recipient,
			    got->frame);
	for (struct answer *a = world->answers; a != NULL; a = a->next)
		if (!a->consumed && a->status != 0 &&
		    a->kind != ANSWER_GREETING &&
		    slice_is(step->actor, a->actor))
			play_unmet(world, "%s was answered", a->actor);
}

static void
run_behave(struct world *world, const struct step *step)
{
	struct behaviour **at, *b = calloc(1, sizeof(*b));

	if (b == NULL)
		abort();
	snprintf(b->recipient, sizeof(b->recipient), "%.*s",
	    SLICE_ARG(step->actor));
	snprintf(b->word, sizeof(b->word), "%.*s", SLICE_ARG(step->name));
	b->times = step->number;
	b->evidence = step->kind == STEP_EVIDENCE;
	for (at = &world->behaviours; *at != NULL; at = &(*at)->next)
		;
	*at = b;
}

/* --- ledger and log */

/* Outcomes are written a moment after they are told. */
static void
await_ledger(struct world *world)
{
	if (world->keeper != NULL && !keeper_is_idle(world->keeper))
		daemon_settle(world, KEEPER_OUTCOME_DELAY);
}

static void
run_ledger_has(struct world *world, const struct step *step)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice entry;

	await_ledger(world);
	for (size_t i = 0; i < step->string_count; i++) {
		bool found = false;
		uint64_t size =
		    world->ledger != NULL ? ledger_size(world->ledger) : 0;

		for (uint64_t n = 0; n < size && !found; n++)
			found = ledger_read(world->ledger, n, arena, &entry,
				    &fail) &&
			    has(entry.data, entry.len, step->strings[i]);
		if (found == step->lacks)
			play_unmet(world, "%s entry has \"%.*s\"",
			    found ? "an" : "no", SLICE_ARG(step->strings[i]));
	}
	arena_destroy(arena);
}

static void
grown(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	(void)first;
	(void)sealed;
	(void)count;
	*(bool *)arg = fail == NULL || fail->kind == FAIL_NONE;
}

/* As many entries as fit into a group well, that are about nobody. */
static bool
grow(struct world *world, uint64_t to)
{
	struct arena *arena = arena_create(NULL);
	struct event event = {.type = EVENT_AUDIT, .word = SLICE("nothing")};
	struct fail fail = FAIL_INIT;
	struct batch *batch = ledger_begin(world->ledger, arena, &fail);
	unsigned added = 0;
	bool done = false;

	engine_identities(world->engine, &event);
	for (uint64_t n = ledger_size(world->ledger);
	     batch != NULL && n < to && added++ < 512; n++)
		if (!ledger_add_event(batch, &event, &fail))
			batch = NULL;
	if (batch != NULL)
		ledger_commit(batch, grown, &done);
	daemon_settle(world, 0);
	arena_destroy(arena);
	return done;
}

static void
run_ledger_grows(struct world *world, const struct step *step)
{
	uint64_t to = (uint64_t)step->number;

	await_ledger(world);
	while (world->ledger != NULL && ledger_size(world->ledger) < to)
		if (!grow(world, to)) {
			play_unmet(world, "the ledger does not grow");
			break;
		}
}

static void
run_ledger_account(struct world *world, const struct step *step)
{
	struct arena *arena = arena_create(NULL);
	struct slice account = {"", 0};

	if (world->ledger != NULL)
		account = review_account(world, step->strings[0], arena);
	for (size_t i = 1; i < step->string_count; i++)
		if (!has(account.data, account.len, step->strings[i]))
			play_unmet(world, "the account does not say \"%.*s\": "
					  "%.*s",
			    SLICE_ARG(step->strings[i]), SLICE_ARG(account));
	arena_destroy(arena);
}

static void
run_ledger_finds(struct world *world, const struct step *step)
{
	struct seen findings = invariants_findings(world);

	for (size_t i = 0; i < step->string_count; i++)
		if (!has(findings.data, findings.len, step->strings[i]))
			play_unmet(world, "the verifier says \"%.300s\"",
			    findings.data != NULL ? findings.data : "");
	seen_finish(&findings);
}

static void
run_log(struct world *world, const struct step *step)
{
	bool want = step->kind == STEP_LOG_HAS;

	for (size_t i = 0; i < step->string_count; i++)
		if (has(world->log.data, world->log.len, step->strings[i]) !=
		    want)
			play_unmet(world, "the log %s \"%.*s\"",
			    want ? "lacks" : "has",
			    SLICE_ARG(step->strings[i]));
}

static void
check_told(
    struct world *world, const struct step *step, struct view_found *found)
{
	bool tells = slice_is(step->verb, "tells");

	if (tells && found->state != VIEW_CURRENT)
		play_unmet(world, "the view tells nothing of %.*s",
		    SLICE_ARG(step->name));
	for (size_t i = 0; i < step->string_count; i++)
		if (is_in(found->bytes, step->strings[i]) != tells)
			play_unmet(world, "the view %s \"%.*s\": %.*s",
			    tells ? "lacks" : "tells",
			    SLICE_ARG(step->strings[i]),
			    SLICE_ARG(found->bytes));
}

static void
lose_view(struct world *world)
{
	struct fail ignored = FAIL_INIT;

	if (world->view == NULL) {
		world->disk->operations->remove(
		    world->disk, "state/view/view.sqlite", &ignored);
		world->disk->operations->remove(
		    world->disk, "state/view/view.sqlite-journal", &ignored);
	}
}

static void
run_view(struct world *world, const struct step *step)
{
	struct arena *arena;
	struct view_found found = {.state = VIEW_NONE};
	struct fail fail = FAIL_INIT;

	if (slice_is(step->verb, "lost")) {
		lose_view(world);
		return;
	}
	arena = arena_create(NULL);
	await_ledger(world);
	if (world->view != NULL &&
	    !view_get(world->view, arena, SLICE("domain"), step->name, &found,
		&fail))
		play_unmet(world, "%s", fail.text);
	if (slice_is(step->verb, "nothing")) {
		if (found.state != VIEW_NONE)
			play_unmet(world, "the view tells of %.*s (%d)",
			    SLICE_ARG(step->name), (int)found.state);
	} else if (slice_is(step->verb, "stale")) {
		if (found.state != VIEW_STALE)
			play_unmet(world, "%.*s is not stale",
			    SLICE_ARG(step->name));
	} else {
		check_told(world, step, &found);
	}
	arena_destroy(arena);
}

/* --- the world changes */

static void
run_daemon(struct world *world, const struct step *step)
{
	struct fail fail = FAIL_INIT;
	char text[600];

	if (slice_is(step->verb, "starts") && world->engine == NULL)
		start(world);
	if (slice_is(step->verb, "stopped"))
		daemon_stop(world);
	if (slice_is(step->verb, "killed"))
		epp_worker_kill(world, step->name.len == 0 ||
			slice_is(step->name, "lost"));
	if (slice_is(step->verb, "killed"))
		daemon_kill(world,
		    slice_is(step->name, "kept")       ? LOSS_NONE
			: slice_is(step->name, "torn") ? LOSS_TORN
						       : LOSS_ALL);
	if (!slice_is(step->verb, "refuses"))
		return;
	if (daemon_start(world, &fail)) {
		play_unmet(world, "the daemon started");
		return;
	}
	snprintf(text, sizeof(text), "%s: %s %s", fail.place, fail.text,
	    fail.hint);
	for (size_t i = 0; i < step->string_count; i++)
		if (!has(text, strlen(text), step->strings[i]))
			play_unmet(world, "it refused with %s", text);
}

static void
run_disk(struct world *world, const struct step *step)
{
	memory_disk_set_state(world->disk,
	    slice_is(step->name, "full")	    ? DISK_FULL
		: slice_is(step->name, "read-only") ? DISK_READ_ONLY
						    : DISK_OK);
}

static void
run_damage(struct world *world, const struct step *step)
{
	char path[256];

	snprintf(path, sizeof(path), "%.*s", SLICE_ARG(step->name));
	if (!memory_disk_flip(world->disk, path, (uint64_t)step->number))
		play_unmet(world, "%s has no byte %lld", path,
		    (long long)step->number);
}

static void
run_reload(struct world *world, const struct step *step)
{
	bool conf = step->kind == STEP_RELOAD_CONF;
	bool want = step->verb.len == 0;
	struct fail fail = FAIL_INIT;
	bool ok;

	if (world->engine == NULL)
		return;
	ok = daemon_reload(world, conf ? world->policy_name : step->name,
	    conf ? step->name : world->conf_name, &fail);
	if (ok != want)
		play_unmet(world, "the reload %s: %s",
		    ok ? "succeeded" : "failed", fail.text);
	for (size_t i = 0; i < step->string_count; i++)
		if (!has(fail.text, strlen(fail.text), step->strings[i]))
			play_unmet(world, "the reload failed with: %s", fail.text);
}

/* False: it is not about the ledger. */
static bool
run_ledger(struct world *world, const struct step *step)
{
	switch ((int)step->kind) {
	case STEP_LEDGER_ENTRIES:
		await_ledger(world);
		if (world->ledger != NULL &&
		    ledger_size(world->ledger) != (uint64_t)step->number)
			play_unmet(world, "the ledger has %llu entries",
			    (unsigned long long)ledger_size(world->ledger));
		return true;
	case STEP_LEDGER_GROWS:
		run_ledger_grows(world, step);
		return true;
	case STEP_LEDGER_HAS:
		run_ledger_has(world, step);
		return true;
	case STEP_LEDGER_ACCOUNT:
		run_ledger_account(world, step);
		return true;
	case STEP_LEDGER_VERIFIES:
		await_ledger(world);
		invariants_ledger(world);
		return true;
	case STEP_LEDGER_FINDS:
		await_ledger(world);
		run_ledger_finds(world, step);
		return true;
	}
	return false;
}

static void
run_step(struct world *world, const struct step *step)
{
	if (play_epp(world, step) ||
	    play_tier(world, step) || play_audit(world, step) ||
	    run_ledger(world, step))
		return;
	switch ((int)step->kind) {
	case STEP_SUBMIT:
		run_submit(world, step);
		return;
	case STEP_POST:
		run_post(world, step);
		return;
	case STEP_STATUS:
		run_status(world, step);
		return;
	case STEP_ANSWER:
		run_answer(world, step);
		return;
	case STEP_PAYLOAD:
		run_payload(world, step);
		return;
	case STEP_NOTHING:
		run_nothing(world, step);
		return;
	case STEP_BEHAVE:
	case STEP_EVIDENCE:
		run_behave(world, step);
		return;
	case STEP_ORDER:
		run_order(world, step);
		return;
	case STEP_OPERATOR:
		run_operator(world, step);
		return;
	case STEP_VIEW:
		run_view(world, step);
		return;
	case STEP_LOG_HAS:
	case STEP_LOG_LACKS:
		run_log(world, step);
		return;
	case STEP_CLOCK:
		world_note(world, "clock %+llds",
		    (long long)step->number / 1000);
		if (step->is_set)
			fake_loop_set_clock(world->loop, step->number);
		daemon_settle(world, step->is_set ? 0 : step->number);
		return;
	case STEP_DISK:
		run_disk(world, step);
		return;
	case STEP_DAEMON:
		run_daemon(world, step);
		return;
	case STEP_DAMAGE:
		run_damage(world, step);
		return;
	case STEP_RELOAD_POLICY:
	case STEP_RELOAD_CONF:
		run_reload(world, step);
		return;
	}
}

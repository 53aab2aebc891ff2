/*
 * The auditor's part, played by the world: what servers of others show of any
 * object is what the scenario said last.
 */
#include "codec/audit_line.h"
#include "runner/world.h"

static void
show(struct world *world, struct audit_told *told)
{
	static const uint64_t fields[2] = {
	    (uint64_t)1 << FIELD_STATE_INT | (uint64_t)1 << FIELD_STATE_LOC,
	    (uint64_t)1 << FIELD_NAME_INT | (uint64_t)1 << FIELD_NAME_LOC};
	static struct audit_item items[2];
	const struct step *step = world->auditor.step;

	for (size_t i = 0; i < 2; i++) {
		bool shown = i < step->string_count;

		items[i] = (struct audit_item){.role = ROLE_REGISTRANT,
		    .fields = fields[i],
		    .expected = fields[i],
		    .sight = shown ? AUDIT_SHOWN : AUDIT_REDACTED,
		    .values = {&step->strings[i], shown}};
	}
	told->end = AUDIT_ANSWERED;
	told->answer.items = items;
	told->answer.count = 2;
}

static void
tell(struct world *world, const struct auditor_asked *asked)
{
	struct arena *arena = arena_create(NULL);
	const struct step *step = world->auditor.step;
	struct audit_told told = {.number = asked->number,
	    .end = AUDIT_UNANSWERED,
	    .server = SLICE("192.0.2.43:43"),
	    .reason = SLICE("nobody is there")};
	struct slice message;

	told.answer = (struct audit_answer){
	    .state = AUDIT_FOUND, .object = slice_from(asked->object)};
	if (step != NULL && slice_is(step->verb, "shows"))
		show(world, &told);
	message = audit_write_told(&told, arena);
	if (message.data == NULL)
		abort();
	engine_audit_told(world->engine, message);
	arena_destroy(arena);
}

/* One after the other: an answer may lead to more questions. */
static void
tell_all(void *arg)
{
	struct world *world = arg;
	struct auditor *auditor = &world->auditor;

	auditor->posted = false;
	while (world->engine != NULL && auditor->count != 0) {
		struct auditor_asked asked = auditor->asked[0];

		memmove(auditor->asked, auditor->asked + 1,
		    --auditor->count * sizeof(*auditor->asked));
		tell(world, &asked);
	}
}

bool
play_audit_ask(void *context, struct slice message)
{
	struct world *world = context;
	struct auditor *auditor = &world->auditor;
	struct arena *arena = arena_create(NULL);
	struct auditor_asked *asked = &auditor->asked[auditor->count];
	struct audit_ask ask;
	bool ok = auditor->count < AUDITOR_ASKED_MAX &&
		  audit_read_ask(message, arena, &ask);

	if (ok) {
		asked->number = ask.number;
		snprintf(asked->object, sizeof(asked->object), "%.*s",
		    SLICE_ARG(ask.question.name));
		auditor->count++;
	}
	arena_destroy(arena);
	if (ok && !auditor->posted)
		auditor->posted =
		    world->loop->operations->soon(world->loop, tell_all, world);
	return ok && auditor->posted;
}

/* Of a new life: what another asked is answered to nobody. */
void
play_audit_start(struct world *world)
{
	world->auditor.count = 0;
	if (world->conf->audit.given)
		engine_audit_met(world->engine);
}

bool
play_audit(struct world *world, const struct step *step)
{
	if (step->kind != STEP_AUDITOR)
		return false;
	world->auditor.step = step;
	return true;
}

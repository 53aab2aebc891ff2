/* Asking to forget a subject: an entry, and then engine_forget.c goes on. */
#include "engine_priv.h"

struct asked {
	struct engine *engine;
	struct arena *arena;
	struct forgetting what;
	engine_answer *answer;
	void *arg;
};

static void
refuse(
    struct asked *asked, int status, const char *type, const struct fail *fail)
{
	engine_answer_fail(
	    asked->engine, status, type, fail, asked->answer, asked->arg);
	arena_destroy(asked->arena);
}

static void
asked_durable(void *arg, uint64_t first, struct sealed *const *sealed,
    size_t count, const struct fail *fail)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;
	struct fail trouble = FAIL_INIT;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	engine->forget_asking = NULL;
	if (fail != NULL && fail->kind != FAIL_NONE)
		refuse(asked, 503, "ledger-stopped", fail);
	else if (!engine_forget_begin(
		     engine, &asked->what, asked->answer, asked->arg, &trouble))
		refuse(asked, 503, "spool", &trouble);
	else
		arena_destroy(asked->arena);
	engine_finish_one(engine);
}

static void
record_asked(struct asked *asked, struct slice actor, struct slice reason)
{
	struct engine *engine = asked->engine;
	struct event event = engine_step_event(engine, SUBJECT_FORGET_ASKED);
	struct subject subject = {.slot = asked->what.slot};
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, asked->arena, &fail);

	memcpy(subject.pseudonym, asked->what.pseudonym, PSEUDONYM_SIZE);
	event.subject = &subject;
	event.actor = actor;
	event.reason = reason;
	if (batch == NULL || !ledger_add_event(batch, &event, &fail)) {
		refuse(asked, 503, "ledger-stopped", &fail);
		return;
	}
	engine->under_way++;
	engine->forget_asking = &asked->what;
	ledger_commit(batch, asked_durable, asked);
}

/* NULL: it may be asked. */
static const char *
check(struct asked *asked, struct slice id, bool now, int *status,
    struct fail *fail)
{
	struct engine *engine = asked->engine;
	struct forgetting found;
	struct subject subject;

	*status = 409;
	if (engine_forget_is_busy(engine)) {
		fail_set(
		    fail, FAIL_INPUT, "another subject is being forgotten");
		return "busy";
	}
	*status = 403;
	if (now && !engine->conf->forget_now) {
		fail_set(fail, FAIL_DENIED,
		    "records of provision must be kept: --now is refused");
		fail_hint(fail, "`forget now` in misu.conf allows it");
		return "duty";
	}
	*status = 404;
	if (!keys_find(engine->o.keys, id, &subject)) {
		fail_set(fail, FAIL_INPUT, "there is no such subject");
		return "no-subject";
	}
	asked->what = (struct forgetting){
	    .slot = subject.slot, .phase = FORGET_ASKED, .due = now ? -1 : 0};
	memcpy(asked->what.pseudonym, subject.pseudonym, PSEUDONYM_SIZE);
	digest_wipe(&subject, sizeof(subject));
	*status = 409;
	if (spool_get_forgetting(
		engine->o.spool, asked->what.slot, &found, fail) &&
	    found.phase != FORGET_WAITS) {
		fail_set(fail, FAIL_INPUT, "it is being forgotten already");
		return "under-way";
	}
	*status = 503;
	return fail->kind != FAIL_NONE ? "spool" : NULL;
}

void
engine_forget(struct engine *engine, const struct engine_forget_ask *ask,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct asked *asked =
	    arena != NULL ? arena_take(arena, sizeof(*asked)) : NULL;
	struct fail fail = FAIL_INIT;
	const char *type;
	int status;

	if (asked == NULL) {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
		arena_destroy(arena);
		return;
	}
	*asked = (struct asked){
	    .engine = engine, .arena = arena, .answer = answer, .arg = arg};
	type = check(asked, ask->subject, ask->now, &status, &fail);
	if (type != NULL)
		refuse(asked, status, type, &fail);
	else
		record_asked(asked, ask->actor, ask->reason);
}

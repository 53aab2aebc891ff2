/* Forgetting, where misu.conf wants two operators to agree on it. */
#include "engine_approval.h"

struct asking {
	struct engine *engine;
	struct arena *arena;
	struct engine_forget_ask ask;
	engine_answer *answer;
	void *arg;
};

static void
approved(void *arg, enum approval_word word, const struct fail *fail)
{
	struct asking *asking = arg;
	struct engine *engine = asking->engine;

	switch (word) {
	case APPROVAL_WHOLE:
		engine_forget(
		    engine, &asking->ask, asking->answer, asking->arg);
		break;
	case APPROVAL_WAITS:
		asking->answer(
		    asking->arg, 200, SLICE("{\"state\":\"approved-once\"}"));
		break;
	case APPROVAL_REFUSED:
		engine_answer_fail(engine, 409, "same-operator", fail,
		    asking->answer, asking->arg);
		break;
	case APPROVAL_FAILED:
		engine_answer_fail(
		    engine, 503, "approval", fail, asking->answer, asking->arg);
		break;
	}
	arena_destroy(asking->arena);
}

static struct asking *
asking_create(struct engine *engine, const struct engine_forget_ask *ask,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct asking *asking =
	    arena != NULL ? arena_take(arena, sizeof(*asking)) : NULL;

	if (asking == NULL) {
		arena_destroy(arena);
		return NULL;
	}
	*asking = (struct asking){engine, arena, *ask, answer, arg};
	asking->ask.actor = arena_copy(arena, ask->actor);
	asking->ask.reason = arena_copy(arena, ask->reason);
	asking->ask.subject = arena_copy(arena, ask->subject);
	if (asking->ask.actor.data != NULL && asking->ask.reason.data != NULL &&
	    asking->ask.subject.data != NULL)
		return asking;
	arena_destroy(arena);
	return NULL;
}

void
engine_forget_by_two(struct engine *engine, const struct engine_forget_ask *ask,
    engine_answer *answer, void *arg)
{
	struct approval_ask approval = {.matter = CONF_TWO_FORGETTING,
	    .reason = ask->reason,
	    .entry = LEDGER_NONE};
	struct asking *asking;
	struct subject subject;
	struct fail fail = FAIL_INIT;
	struct text about;

	/* Whom nobody knows is refused there. */
	if (!approval_needed(engine, CONF_TWO_FORGETTING) ||
	    !keys_find(engine->o.keys, ask->subject, &subject)) {
		engine_forget(engine, ask, answer, arg);
		return;
	}
	digest_wipe(subject.key, sizeof(subject.key));
	asking = asking_create(engine, ask, answer, arg);
	if (asking == NULL) {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
		return;
	}
	about = text_start(asking->arena);
	text_add_hex(&about, subject.pseudonym, PSEUDONYM_SIZE);
	if (ask->now)
		text_add_string(&about, " now");
	approval.about = text_slice(&about);
	approval.actor = asking->ask.actor;
	approval.subject = &subject;
	approval_give(engine, &approval, approved, asking);
}

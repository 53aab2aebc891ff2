/*
 * Who is behind a pseudonym of the ledger.  That somebody asked is an entry,
 * durable before the answer goes out; the name asked for is in none.
 */
#include "engine_priv.h"

struct asked {
	struct engine *engine;
	struct arena *arena;
	struct slice body; /* what is told once it is recorded */
	engine_answer *answer;
	void *arg;
};

static void
give_up(struct asked *asked, int status, const char *type,
    const struct fail *fail)
{
	engine_answer_fail(asked->engine, status, type, fail, asked->answer,
	    asked->arg);
	arena_destroy(asked->arena);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct asked *asked = arg;
	struct engine *engine = asked->engine;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE) {
		give_up(asked, 503, "ledger-stopped", fail);
	} else {
		asked->answer(asked->arg, 200, asked->body);
		arena_destroy(asked->arena);
	}
	engine_finish_one(engine);
}

static void
record(struct asked *asked, const char *word, struct slice actor,
    struct slice reason)
{
	struct engine *engine = asked->engine;
	struct event event =
	    engine_event(engine, EVENT_REVEAL, word, LEDGER_NONE);
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, asked->arena, &fail);

	event.actor = arena_copy(asked->arena, actor);
	event.reason = reason;
	if (batch == NULL || event.actor.data == NULL ||
	    !ledger_add_event(batch, &event, &fail)) {
		if (fail.kind == FAIL_NONE)
			fail_memory(&fail);
		give_up(asked, 503, "ledger-stopped", &fail);
		return;
	}
	engine->under_way++;
	ledger_commit(batch, durable, asked);
}

/* NULL after an answer. */
static struct asked *
start(struct engine *engine, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct asked *asked =
	    arena != NULL ? arena_take(arena, sizeof(*asked)) : NULL;
	struct fail fail = FAIL_INIT;

	if (asked == NULL) {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
		arena_destroy(arena);
		return NULL;
	}
	*asked = (struct asked){.engine = engine,
	    .arena = arena,
	    .answer = answer,
	    .arg = arg};
	return asked;
}

void
engine_reveal_subject(struct engine *engine, struct slice actor,
    struct slice id, engine_answer *answer, void *arg)
{
	struct asked *asked = start(engine, answer, arg);
	struct fail fail = FAIL_INIT;
	struct subject subject;
	struct text body, reason;

	if (asked == NULL)
		return;
	if (!keys_find(engine->o.keys, id, &subject)) {
		fail_set(&fail, FAIL_INPUT, "there is no such subject");
		give_up(asked, 404, "no-subject", &fail);
		return;
	}
	body = text_start(asked->arena);
	text_add_string(&body, "{\"pseudonym\":\"");
	text_add_hex(&body, subject.pseudonym, PSEUDONYM_SIZE);
	text_add_format(&body, "\",\"slot\":%u}", subject.slot);
	digest_wipe(&subject.key, sizeof(subject.key));
	reason = text_start(asked->arena);
	text_add_string(&reason, "pseudonym ");
	text_add_hex(&reason, subject.pseudonym, PSEUDONYM_SIZE);
	asked->body = text_slice(&body);
	if (asked->body.data == NULL || text_slice(&reason).data == NULL) {
		fail_memory(&fail);
		give_up(asked, 503, "busy", &fail);
		return;
	}
	record(asked, "subject-shown", actor, text_slice(&reason));
}

void
engine_reveal_object(struct engine *engine, struct slice actor,
    engine_answer *answer, void *arg)
{
	struct asked *asked = start(engine, answer, arg);

	if (asked == NULL)
		return;
	asked->body = SLICE("{\"recorded\":true}");
	record(asked, "object-shown", actor, (struct slice){"", 0});
}

/* One question to all workers, and their answers as one. */
#include "keeper_priv.h"

struct gather {
	struct arena *arena;
	struct text text;
	size_t waiting, count;
	engine_answer *answer;
	void *arg;
};

static void
end_gather(struct gather *gather)
{
	struct slice body;

	text_add_string(&gather->text, "]}");
	body = text_slice(&gather->text);
	if (body.data != NULL)
		gather->answer(gather->arg, 200, body);
	else
		gather->answer(gather->arg, 503,
		    SLICE("{\"title\":\"out of memory\",\"status\":503}"));
	arena_destroy(gather->arena);
}

static void
gathered(void *arg, int status, struct slice body)
{
	struct gather *gather = arg;

	(void)status; /* a problem says its own */
	if (body.len != 0) {
		if (gather->count++ != 0)
			text_add_char(&gather->text, ',');
		text_add(&gather->text, body);
	}
	if (--gather->waiting == 0)
		end_gather(gather);
}

void
keeper_ask_each(
    struct keeper *keeper, struct slice verb, engine_answer *answer, void *arg)
{
	struct arena *arena = arena_create(keeper->o.memory);
	struct gather *gather =
	    arena != NULL ? arena_take(arena, sizeof(*gather)) : NULL;

	if (gather == NULL) {
		arena_destroy(arena);
		answer(arg, 503,
		    SLICE("{\"title\":\"out of memory\",\"status\":503}"));
		return;
	}
	*gather = (struct gather){.arena = arena,
	    .text = text_start(arena),
	    .waiting = 1, /* until all are asked */
	    .answer = answer,
	    .arg = arg};
	text_add_string(&gather->text, "{\"workers\":[");
	for (struct keeper_worker *w = keeper->workers; w != NULL;
	     w = w->next) {
		gather->waiting++;
		question_ask(w, verb, (struct slice){"", 0}, gathered, gather);
	}
	gathered(gather, 200, (struct slice){NULL, 0});
}

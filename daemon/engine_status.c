/*
 * What became of a submission: the answer it had, and where each delivery of
 * it is now.  An item that was decided again stands for the one before.
 */
#include "engine_priv.h"

static bool
add_delivery(void *arg, const struct spool_item *item)
{
	struct text *text = arg;

	if (item->state == SPOOL_SUPERSEDED)
		return true;
	if (text->data[text->len - 1] != '[')
		text_add_char(text, ',');
	text_add_string(text, "{\"recipient\":");
	text_add_json(text, item->recipient);
	text_add_string(text, ",\"purpose\":");
	text_add_json(text, item->purpose);
	text_add_format(text, ",\"entry\":%llu,\"state\":\"%s\"}",
	    (unsigned long long)item->entry, spool_state_name(item->state));
	return true;
}

/* The answer is an object: its last brace makes room for one member more. */
static struct slice
with_deliveries(struct engine *engine, const struct spool_request *request,
    struct arena *arena, struct fail *fail)
{
	struct text text = text_start(arena);

	text_add(&text,
	    (struct slice){request->answer.data, request->answer.len - 1});
	text_add_string(&text, ",\"deliveries\":[");
	if (text.failed ||
	    !spool_each_of(engine->o.spool, request->submission, add_delivery,
		&text, fail))
		return (struct slice){NULL, 0};
	text_add_string(&text, "]}");
	return text_slice(&text);
}

void
engine_status(struct engine *engine, struct slice principal, struct slice id,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct slice body = {NULL, 0};
	struct spool_request request;
	struct fail fail = FAIL_INIT;
	bool found = arena != NULL &&
	    spool_find_submission(
		engine->o.spool, arena, id, &request, &fail) &&
	    slice_equal(request.principal, principal) &&
	    request.answer.len != 0;

	if (found)
		body = with_deliveries(engine, &request, arena, &fail);
	if (body.data != NULL) {
		answer(arg, 200, body);
	} else if (fail.kind == FAIL_NONE && arena != NULL && !found) {
		fail_set(&fail, FAIL_INPUT, "there is no such submission");
		engine_answer_fail(
		    engine, 404, "no-submission", &fail, answer, arg);
	} else {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "spool", &fail, answer, arg);
	}
	arena_destroy(arena);
}

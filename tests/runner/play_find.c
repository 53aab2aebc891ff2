/* What an auditor without keys has found: lists where a script has strings. */
#include "codec/json.h"
#include "runner/world.h"

/* {"objects":"a"} becomes {"objects":["a"]}. */
static struct slice
make_lists(struct arena *arena, struct slice text)
{
	struct fail ignored = FAIL_INIT;
	const struct json_node *root = json_parse(arena, text, &ignored);
	struct text out = text_start(arena);

	text_add_char(&out, '{');
	for (size_t i = 0; root != NULL && i < root->count; i++) {
		if (i != 0)
			text_add_char(&out, ',');
		text_add_json(&out, root->items[i].name);
		text_add_string(&out, ":[");
		text_add_json(&out, root->items[i].string);
		text_add_char(&out, ']');
	}
	text_add_char(&out, '}');
	return text_slice(&out);
}

void
play_find(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct arena *arena = arena_create(NULL);

	engine_find(engine, actor, make_lists(arena, text), answer, arg);
	arena_destroy(arena);
}

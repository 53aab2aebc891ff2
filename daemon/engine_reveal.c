/*
 * Who is behind a pseudonym of the ledger.  That somebody asked is an entry,
 * durable before the answer goes out; the name asked for is in none.
 */
#include "codec/json.h"
#include "core/entry_rulings.h"
#include "engine_view.h"

struct asked {
	struct engine *engine;
	struct arena *arena;
	struct slice body; /* what is told once it is recorded */
	const struct subject *subject; /* whose values; NULL: nobody's */
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
	event.subject = asked->subject;
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

/* --- values --- */

/* {"subject":ID,"type":"domain","object":NAME} */
struct wanted {
	struct slice subject, object;
	enum object_type type;
};

static bool
read_wanted(struct arena *arena, struct slice text, struct wanted *out,
    struct fail *fail)
{
	const struct json_node *root = json_parse(arena, text, fail);
	const struct json_node *subject, *type, *object;

	if (root == NULL)
		return false;
	subject = json_find(root, "subject");
	type = json_find(root, "type");
	object = json_find(root, "object");
	if (subject == NULL || subject->kind != JSON_KIND_STRING ||
	    object == NULL || object->kind != JSON_KIND_STRING ||
	    type == NULL || type->kind != JSON_KIND_STRING ||
	    !entry_object_type_find(type->string, &out->type))
		return fail_set(
		    fail, FAIL_INPUT, "subject, type and object are needed");
	out->subject = subject->string;
	out->object = object->string;
	return true;
}

/* A password is nobody's to be shown. */
static bool
is_shown(enum field field)
{
	return field_info[field].class != CLASS_PASSWORD &&
	    field_info[field].class != CLASS_AUTHINFO;
}

static void
add_role(struct text *body, const struct record *record, enum role role)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct values values =
		    record_values(record, role, (enum field)f);

		for (size_t i = 0; is_shown((enum field)f) && i < values.count;
		     i++) {
			text_add_format(body,
			    "%s{\"role\":\"%s\",\"field\":\"%s\",\"value\":",
			    body->data[body->len - 1] == '[' ? "" : ",",
			    object_role_name(record_type(record), role),
			    field_info[f].name);
			text_add_json(body, values.items[i]);
			text_add_char(body, '}');
		}
	}
}

/* Of the roles in which this subject stands, and of no other. */
static struct slice
values_of(struct asked *asked, const struct wanted *wanted, struct fail *fail)
{
	struct slice nothing = {NULL, 0};
	struct text body = text_start(asked->arena);
	struct published published;
	const struct record *record;

	if (!engine_published(asked->engine, wanted->type, wanted->object,
		asked->arena, &published, fail))
		return nothing;
	record = published.record;
	text_add_string(&body, "{\"values\":[");
	for (unsigned r = 0; record != NULL && r < ROLE_COUNT; r++)
		if (record_has_role(record, (enum role)r) &&
		    slice_equal(record_subject(record, (enum role)r),
			wanted->subject))
			add_role(&body, record, (enum role)r);
	text_add_string(&body, "]}");
	if (body.failed)
		fail_memory(fail);
	return text_slice(&body);
}

void
engine_reveal_values(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct asked *asked = start(engine, answer, arg);
	struct fail fail = FAIL_INIT;
	struct subject *subject;
	struct wanted wanted;

	if (asked == NULL)
		return;
	if (!read_wanted(asked->arena, text, &wanted, &fail)) {
		give_up(asked, 400, "request", &fail);
		return;
	}
	subject = arena_take(asked->arena, sizeof(*subject));
	if (subject == NULL ||
	    !keys_find(engine->o.keys, wanted.subject, subject)) {
		fail_set(&fail, FAIL_INPUT, "there is no such subject");
		give_up(asked, 404, "no-subject", &fail);
		return;
	}
	digest_wipe(&subject->key, sizeof(subject->key));
	asked->subject = subject;
	asked->body = values_of(asked, &wanted, &fail);
	if (asked->body.data == NULL) {
		give_up(asked, 503, "busy", &fail);
		return;
	}
	record(asked, "values-shown", actor, (struct slice){"", 0});
}

/*
 * Who is behind a pseudonym of the ledger.  That somebody asked is an entry,
 * durable before the answer goes out; the name asked for is in none.
 */
#include "codec/json.h"
#include "core/entry_rulings.h"
#include "engine_reveal.h"
#include "engine_view.h"

void
reveal_give_up(struct reveal *reveal, int status, const char *type,
    const struct fail *fail)
{
	engine_answer_fail(reveal->engine, status, type, fail, reveal->answer,
	    reveal->arg);
	arena_destroy(reveal->arena);
}

static void
durable(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	struct reveal *reveal = arg;
	struct engine *engine = reveal->engine;

	(void)first;
	(void)sealed;
	(void)count;
	engine_checkpoint_soon(engine);
	if (fail != NULL && fail->kind != FAIL_NONE) {
		reveal_give_up(reveal, 503, "ledger-stopped", fail);
	} else {
		reveal->answer(reveal->arg, 200, reveal->body);
		arena_destroy(reveal->arena);
	}
	engine_finish_one(engine);
}

void
reveal_record(struct reveal *reveal, const struct event *events, size_t count)
{
	struct engine *engine = reveal->engine;
	struct fail fail = FAIL_INIT;
	struct batch *batch =
	    ledger_begin(engine->o.ledger, reveal->arena, &fail);
	bool ok = batch != NULL;

	for (size_t i = 0; ok && i < count; i++)
		ok = ledger_add_event(batch, &events[i], &fail);
	if (!ok) {
		reveal_give_up(reveal, 503, "ledger-stopped", &fail);
		return;
	}
	engine->under_way++;
	ledger_commit(batch, durable, reveal);
}

static void
record(struct reveal *reveal, enum subject_step step, struct slice actor,
    struct slice reason)
{
	struct event event = engine_step_event(reveal->engine, step);
	struct fail fail = FAIL_INIT;

	event.actor = arena_copy(reveal->arena, actor);
	event.reason = reason;
	event.subject = reveal->subject;
	if (event.actor.data != NULL) {
		reveal_record(reveal, &event, 1);
	} else {
		fail_memory(&fail);
		reveal_give_up(reveal, 503, "ledger-stopped", &fail);
	}
}

struct reveal *
reveal_start(struct engine *engine, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct reveal *reveal =
	    arena != NULL ? arena_take(arena, sizeof(*reveal)) : NULL;
	struct fail fail = FAIL_INIT;

	if (reveal == NULL) {
		fail_memory(&fail);
		engine_answer_fail(engine, 503, "busy", &fail, answer, arg);
		arena_destroy(arena);
		return NULL;
	}
	*reveal = (struct reveal){.engine = engine,
	    .arena = arena,
	    .answer = answer,
	    .arg = arg};
	return reveal;
}

void
engine_reveal_subject(struct engine *engine, struct slice actor,
    struct slice id, engine_answer *answer, void *arg)
{
	struct reveal *reveal = reveal_start(engine, answer, arg);
	struct fail fail = FAIL_INIT;
	struct subject subject;
	struct text body, reason;

	if (reveal == NULL)
		return;
	if (!keys_find(engine->o.keys, id, &subject)) {
		fail_set(&fail, FAIL_INPUT, "there is no such subject");
		reveal_give_up(reveal, 404, "no-subject", &fail);
		return;
	}
	body = text_start(reveal->arena);
	text_add_string(&body, "{\"pseudonym\":\"");
	text_add_hex(&body, subject.pseudonym, PSEUDONYM_SIZE);
	text_add_format(&body, "\",\"slot\":%u}", subject.slot);
	digest_wipe(&subject.key, sizeof(subject.key));
	reason = text_start(reveal->arena);
	text_add_string(&reason, "pseudonym ");
	text_add_hex(&reason, subject.pseudonym, PSEUDONYM_SIZE);
	reveal->body = text_slice(&body);
	if (reveal->body.data == NULL || text_slice(&reason).data == NULL) {
		fail_memory(&fail);
		reveal_give_up(reveal, 503, "busy", &fail);
		return;
	}
	record(reveal, SUBJECT_PSEUDONYM_SHOWN, actor, text_slice(&reason));
}

void
engine_reveal_object(struct engine *engine, struct slice actor,
    engine_answer *answer, void *arg)
{
	struct reveal *reveal = reveal_start(engine, answer, arg);

	if (reveal == NULL)
		return;
	reveal->body = SLICE("{\"recorded\":true}");
	record(reveal, SUBJECT_OBJECT_SHOWN, actor, (struct slice){"", 0});
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
values_of(struct reveal *reveal, const struct wanted *wanted, struct fail *fail)
{
	struct slice nothing = {NULL, 0};
	struct text body = text_start(reveal->arena);
	struct published published;
	const struct record *record;

	if (!engine_published(reveal->engine, wanted->type, wanted->object,
		reveal->arena, &published, fail))
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
	struct reveal *reveal = reveal_start(engine, answer, arg);
	struct fail fail = FAIL_INIT;
	struct subject *subject;
	struct wanted wanted;

	if (reveal == NULL)
		return;
	if (!read_wanted(reveal->arena, text, &wanted, &fail)) {
		reveal_give_up(reveal, 400, "request", &fail);
		return;
	}
	subject = arena_take(reveal->arena, sizeof(*subject));
	if (subject == NULL ||
	    !keys_find(engine->o.keys, wanted.subject, subject)) {
		fail_set(&fail, FAIL_INPUT, "there is no such subject");
		reveal_give_up(reveal, 404, "no-subject", &fail);
		return;
	}
	digest_wipe(&subject->key, sizeof(subject->key));
	reveal->subject = subject;
	reveal->body = values_of(reveal, &wanted, &fail);
	if (reveal->body.data == NULL) {
		reveal_give_up(reveal, 503, "busy", &fail);
		return;
	}
	record(reveal, SUBJECT_VALUES_SHOWN, actor, (struct slice){"", 0});
}

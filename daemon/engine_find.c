/*
 * What the index has for names of objects and for subjects, told to who reads
 * the log without keys.  Who asked is in entries first; whom for is not.
 */
#include "codec/json.h"
#include "engine_reveal.h"
#include "store/index.h"
#include "store/index_feed.h"

struct finding {
	struct reveal *reveal;
	struct slice actor;
	const struct json_node *objects, *subjects; /* NULL: none */
	struct event events[ENGINE_FIND_MAX + 1];
	size_t count;
	struct text body;
};

/* A list of strings; *out stays NULL where there is no such member. */
static bool
take_names(const struct json_node *root, const char *member,
    const struct json_node **out, struct fail *fail)
{
	const struct json_node *names = json_find(root, member);

	*out = NULL;
	if (names == NULL)
		return true;
	if (names->kind != JSON_KIND_ARRAY || names->count > ENGINE_FIND_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "this is no list of at most %d names", ENGINE_FIND_MAX);
	for (size_t i = 0; i < names->count; i++)
		if (names->items[i].kind != JSON_KIND_STRING)
			return fail_set(fail, FAIL_INPUT, "this is no name");
	if (names->count != 0)
		*out = names;
	return true;
}

static struct event *
add_event(struct finding *finding, const char *word)
{
	struct event *event = &finding->events[finding->count++];

	*event = engine_event(
	    finding->reveal->engine, EVENT_REVEAL, word, LEDGER_NONE);
	event->actor = finding->actor;
	return event;
}

/* One entry for all of them, as one query is one search. */
static void
find_objects(struct finding *finding)
{
	const struct json_node *names = finding->objects;
	struct digest_key key;

	if (names == NULL)
		return;
	add_event(finding, "object-shown");
	index_feed_key(finding->reveal->engine->o.keys, &key);
	for (size_t i = 0; i < names->count; i++)
		text_add_format(&finding->body, "%s\"%016llx\"",
		    i != 0 ? "," : "",
		    (unsigned long long)index_object_term(
			&key, names->items[i].string));
	digest_wipe(&key, sizeof(key));
}

/* Who is not there was asked for, too. */
static bool
find_subject(struct finding *finding, struct slice id)
{
	struct reveal *reveal = finding->reveal;
	struct text reason = text_start(reveal->arena);
	struct event *event = add_event(finding, "subject-shown");
	struct subject subject;

	if (keys_find(reveal->engine->o.keys, id, &subject)) {
		text_add_string(&reason, "pseudonym ");
		text_add_hex(&reason, subject.pseudonym, PSEUDONYM_SIZE);
		text_add_hex(&finding->body, subject.pseudonym, PSEUDONYM_SIZE);
		digest_wipe(&subject, sizeof(subject));
	} else {
		text_add_string(&reason, "there is no such subject");
	}
	event->reason = text_slice(&reason);
	return event->reason.data != NULL;
}

static bool
find_subjects(struct finding *finding)
{
	const struct json_node *names = finding->subjects;

	for (size_t i = 0; names != NULL && i < names->count; i++) {
		text_add_string(&finding->body, i != 0 ? ",\"" : "\"");
		if (!find_subject(finding, names->items[i].string))
			return false;
		text_add_char(&finding->body, '"');
	}
	return true;
}

static bool
find_all(struct finding *finding)
{
	finding->body = text_start(finding->reveal->arena);
	text_add_string(&finding->body, "{\"objects\":[");
	find_objects(finding);
	text_add_string(&finding->body, "],\"subjects\":[");
	if (!find_subjects(finding))
		return false;
	text_add_string(&finding->body, "]}");
	finding->reveal->body = text_slice(&finding->body);
	return finding->reveal->body.data != NULL;
}

static bool
read_names(struct finding *finding, struct slice text, struct fail *fail)
{
	const struct json_node *root =
	    json_parse(finding->reveal->arena, text, fail);

	if (root == NULL ||
	    !take_names(root, "objects", &finding->objects, fail) ||
	    !take_names(root, "subjects", &finding->subjects, fail))
		return false;
	return finding->objects != NULL || finding->subjects != NULL ||
	       fail_set(fail, FAIL_INPUT, "nothing is asked for");
}

void
engine_find(struct engine *engine, struct slice actor, struct slice text,
    engine_answer *answer, void *arg)
{
	struct reveal *reveal = reveal_start(engine, answer, arg);
	struct fail fail = FAIL_INIT;
	struct finding *finding;

	if (reveal == NULL)
		return;
	finding = arena_take(reveal->arena, sizeof(*finding));
	if (finding == NULL) {
		fail_memory(&fail);
		reveal_give_up(reveal, 503, "busy", &fail);
		return;
	}
	finding->reveal = reveal;
	finding->actor = arena_copy(reveal->arena, actor);
	if (!read_names(finding, text, &fail)) {
		reveal_give_up(reveal, 400, "request", &fail);
	} else if (finding->actor.data == NULL || !find_all(finding)) {
		fail_memory(&fail);
		reveal_give_up(reveal, 503, "busy", &fail);
	} else {
		reveal_record(reveal, finding->events, finding->count);
	}
}

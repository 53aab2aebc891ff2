/* What ways in are answered: JSON for success, problem+json (RFC 9457). */
#include "engine_priv.h"

#define OUT_OF_MEMORY                                                         \
	"{\"type\":\"about:blank\",\"status\":503,\"title\":\"out of memory\"}"
const struct slice engine_out_of_memory = {
    OUT_OF_MEMORY, sizeof(OUT_OF_MEMORY) - 1};

static void
add_fields(struct text *text, const struct record *record,
    const struct disclosure *disclosure)
{
	unsigned stopped = disclosure_stopped_roles(disclosure);
	bool first = true;

	text_add_string(text, ",\"fields\":[");
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);
		struct ruling ruling;

		if (record_values(record, role, field).count == 0)
			continue;
		ruling = disclosure_ruling(disclosure, role, field);
		text_add_format(text,
		    "%s{\"role\":\"%s\",\"field\":\"%s\",\"verdict\":\"%s\","
		    "\"rule\":%u%s}",
		    first ? "" : ",", role_name(role), field_info[field].name,
		    verdict_name(ruling.verdict), ruling.rule,
		    ruling.rule == 0 && (stopped & 1u << role) != 0
			? ",\"stopped\":true"
			: "");
		first = false;
	}
	text_add_char(text, ']');
}

static void
add_share(
    struct text *text, const struct record *record, const struct share *share)
{
	const struct disclosure *disclosure = share->disclosure;
	struct ruling outcome = disclosure_outcome(disclosure);

	text_add_string(text, "{\"recipient\":");
	text_add_json(text, disclosure_recipient(disclosure)->id);
	text_add_string(text, ",\"purpose\":");
	text_add_json(text, disclosure_purpose(disclosure));
	text_add_string(text, ",\"outcome\":");
	text_add_string(text,
	    outcome.verdict == VERDICT_REFUSE ? "\"refused\""
		: outcome.verdict == VERDICT_HOLD ? "\"held\""
		: share->is_nothing		  ? "\"nothing\""
						  : "\"queued\"");
	text_add_format(
	    text, ",\"entry\":%llu", (unsigned long long)share->entry);
	if (outcome.verdict != VERDICT_FORWARD) {
		text_add_format(text, ",\"rule\":%u,\"reason\":", outcome.rule);
		text_add_json(text, disclosure_reason(disclosure));
	}
	add_fields(text, record, disclosure);
	text_add_char(text, '}');
}

/* All refused is a problem too, and still says which rule did it. */
static bool
all_refused(const struct share *shares, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (disclosure_outcome(shares[i].disclosure).verdict !=
		    VERDICT_REFUSE)
			return false;
	return true;
}

struct slice
engine_answer_accepted(struct arena *arena, struct slice id,
    const struct record *record, const struct share *shares, size_t count)
{
	struct text text = text_start(arena);

	text_add_char(&text, '{');
	if (all_refused(shares, count))
		text_add_string(&text,
		    "\"type\":\"urn:misu:problem:refused\","
		    "\"title\":\"the policy refuses this record\","
		    "\"status\":403,");
	text_add_string(&text, "\"id\":");
	text_add_json(&text, id);
	text_add_string(&text, ",\"recipients\":[");
	for (size_t i = 0; i < count; i++) {
		if (i != 0)
			text_add_char(&text, ',');
		add_share(&text, record, &shares[i]);
	}
	text_add_string(&text, "]}");
	return text_slice(&text);
}

/* Has somebody who stands in it stopped the provision of their data? */
static bool
is_stopped(
    const struct engine *engine, struct slice body, struct arena *arena)
{
	struct submission *submission;
	struct fail ignored = FAIL_INIT;

	if (!stops_any(engine->o.stops))
		return false;
	submission = submission_parse(arena, body, &ignored);
	return submission != NULL &&
	       stops_roles(engine->o.stops, submission->record) != 0;
}

static struct slice
replayed(const struct engine *engine, struct arena *arena,
    const struct spool_request *request, struct slice body)
{
	struct text text = text_start(arena);

	if (request->answer.len == 0)
		return (struct slice){NULL, 0};
	text_add(&text,
	    (struct slice){request->answer.data, request->answer.len - 1});
	text_add_string(&text, ",\"replayed\":true");
	if (is_stopped(engine, body, arena))
		text_add_string(&text, ",\"stopped\":true");
	text_add_char(&text, '}');
	return text_slice(&text);
}

bool
engine_replay(struct engine *engine, const struct engine_asked *asked,
    engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct spool_request request;
	struct fail fail = FAIL_INIT;
	bool found;

	if (arena == NULL)
		return false;
	found = spool_find_request(engine->o.spool, arena, asked->principal,
	    asked->key, &request, &fail);
	if (found && digest_equal(&request.body, asked->digest)) {
		struct slice again = replayed(
		    engine, arena, &request, asked->body);

		engine->replays++;
		answer(arg, again.data != NULL ? request.status : 503,
		    again.data != NULL ? again : engine_out_of_memory);
	} else if (found) {
		fail_set(&fail, FAIL_INPUT,
		    "this Idempotency-Key was used with another body");
		fail_hint(&fail, "use a new key for a new request");
		engine_answer_fail(
		    engine, 422, "idempotency-key-reused", &fail, answer, arg);
	} else if (fail.kind != FAIL_NONE) {
		engine_answer_fail(engine, 503, "spool", &fail, answer, arg);
		found = true;
	}
	arena_destroy(arena);
	return found;
}

struct slice
engine_answer_problem(
    struct arena *arena, int status, const char *type, const struct fail *fail)
{
	struct text text = text_start(arena);

	text_add_format(
	    &text, "{\"type\":\"urn:misu:problem:%s\",\"title\":", type);
	text_add_json(&text, slice_from(fail->text));
	text_add_format(&text, ",\"status\":%d", status);
	if (fail->place[0] != '\0') {
		/* A file's path begins with a slash too: it is no pointer. */
		bool pointer = fail->place[0] == '/' &&
		    (fail->kind == FAIL_INPUT || fail->kind == FAIL_DENIED);

		text_add_string(
		    &text, pointer ? ",\"pointer\":" : ",\"place\":");
		text_add_json(&text, slice_from(fail->place));
	}
	if (fail->hint[0] != '\0') {
		text_add_string(&text, ",\"detail\":");
		text_add_json(&text, slice_from(fail->hint));
	}
	text_add_char(&text, '}');
	return text_slice(&text);
}

void
engine_answer_fail(struct engine *engine, int status, const char *type,
    const struct fail *fail, engine_answer *answer, void *arg)
{
	struct arena *arena = engine_arena(engine);
	struct slice body = arena != NULL
	    ? engine_answer_problem(arena, status, type, fail)
	    : (struct slice){NULL, 0};

	if (body.data == NULL)
		body = engine_out_of_memory;
	answer(arg, status, body);
	arena_destroy(arena);
}

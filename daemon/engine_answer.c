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
		    "\"rule\":%u}",
		    first ? "" : ",", role_name(role), field_info[field].name,
		    verdict_name(ruling.verdict), ruling.rule);
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

struct slice
engine_answer_replayed(
    struct arena *arena, const struct spool_request *request)
{
	struct text text = text_start(arena);

	if (request->answer.len == 0)
		return (struct slice){NULL, 0};
	text_add(&text,
	    (struct slice){request->answer.data, request->answer.len - 1});
	text_add_string(&text, ",\"replayed\":true}");
	return text_slice(&text);
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

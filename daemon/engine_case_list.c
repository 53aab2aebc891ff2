/* Cases as operators see them: a list without anybody in it, and one whole. */
#include "engine_approval.h"
#include "engine_case.h"

#define DAY (INT64_C(24) * 3600 * 1000)

static void
add_plain(struct engine *engine, struct text *text, const struct case_row *row)
{
	int64_t now = engine_now(engine);
	bool open = row->state == CASE_OPEN && row->due != 0;

	text_add_format(text,
	    "{\"id\":\"R-%lld\",\"kind\":\"%s\",\"state\":\"%s\",\"law\":\"%"
	    "s\","
	    "\"opened\":%lld,\"due\":%lld,\"closed\":%lld,\"overdue\":%s,"
	    "\"soon\":%s,\"verified\":%s,\"fee\":\"%s\",\"amount\":%lld,"
	    "\"unit\":",
	    (long long)row->id, case_kind_name(row->kind),
	    case_state_name(row->state),
	    row->law < CONF_LAWS ? conf_law_name((enum conf_law)row->law) : "",
	    (long long)row->opened, (long long)row->due, (long long)row->closed,
	    open && row->due <= now ? "true" : "false",
	    open && row->due > now && row->due <= now + DAY ? "true" : "false",
	    row->is_verified ? "true" : "false", case_fee_name(row->fee),
	    (long long)row->amount);
	text_add_json(text, row->unit);
}

struct listing {
	struct engine *engine;
	struct text *text;
	bool any;
	const struct affair *affair; /* of a list */
	struct fail *fail;
};

/* A token that gives nothing any more is one that somebody waits for. */
static bool
add_tokens(struct listing *listing, const struct case_row *row)
{
	struct grant_counts counts = {0, 0};

	if (row->state == CASE_OPEN && !affair_count_grants(listing->affair,
					   row->id, &counts, listing->fail))
		return false;
	text_add_format(listing->text, ",\"tokens\":%u,\"outdated\":%u}",
	    counts.valid + counts.outdated, counts.outdated);
	return !listing->text->failed;
}

static bool
add_listed(void *arg, const struct case_row *row)
{
	struct listing *listing = arg;

	if (listing->any)
		text_add_char(listing->text, ',');
	listing->any = true;
	add_plain(listing->engine, listing->text, row);
	return add_tokens(listing, row);
}

static void
answer_text(
    struct affair *affair, struct text *text, bool ok, const struct fail *fail)
{
	struct fail memory = FAIL_INIT;

	if (!ok || text_slice(text).data == NULL) {
		if (ok)
			fail_memory(&memory);
		affair_fail(affair, 503, ok ? &memory : fail);
		return;
	}
	affair->answer(affair->arg, 200, text_slice(text));
	arena_destroy(affair->arena);
}

void
engine_request_list(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct fail fail = FAIL_INIT;
	struct listing listing = {
	    .engine = engine, .affair = affair, .fail = &fail};
	struct text out;
	bool ok;

	if (affair == NULL)
		return;
	out = text_start(affair->arena);
	listing.text = &out;
	text_add_char(&out, '[');
	ok = cases_each(
	    engine->o.cases, affair->arena, add_listed, &listing, &fail);
	text_add_char(&out, ']');
	answer_text(affair, &out, ok && fail.kind == FAIL_NONE, &fail);
}

/* --- one of them --- */

static bool
add_step(void *arg, const struct case_step *step)
{
	struct listing *listing = arg;
	struct text *text = listing->text;

	text_add_format(text,
	    "%s{\"time\":%lld,\"entry\":%lld,\"about\":%lld,"
	    "\"word\":",
	    listing->any ? "," : "", (long long)step->time,
	    (long long)step->entry, (long long)step->about);
	listing->any = true;
	text_add_json(text, step->word);
	text_add_string(text, ",\"actor\":");
	text_add_json(text, step->actor);
	text_add_string(text, ",\"text\":");
	text_add_json(text, step->text);
	text_add_char(text, '}');
	return !text->failed;
}

static bool
add_whole(struct affair *affair, struct text *text, struct fail *fail)
{
	const struct case_row *row = &affair->row;
	struct listing listing = {.engine = affair->engine, .text = text};
	char begin[CASE_NAME + 2];
	const struct {
		const char *name;
		struct slice text;
	} texts[] = {{"subject", row->subject}, {"who", row->who},
	    {"basis", row->basis}, {"asked", row->asked}};

	snprintf(begin, sizeof(begin), "%s ", affair->name);
	add_plain(affair->engine, text, row);
	for (size_t i = 0; i < 4; i++) {
		text_add_format(text, ",\"%s\":", texts[i].name);
		text_add_json(text, texts[i].text);
	}
	if (row->kind == CASE_AUTHORITY)
		approval_add_all(affair->engine, text, CONF_TWO_AUTHORITY,
		    slice_from(begin));
	if (!affair_add_grants(affair, text, fail))
		return false;
	text_add_string(text, ",\"steps\":[");
	if (!cases_each_step(affair->engine->o.cases, affair->arena, row->id,
		add_step, &listing, fail))
		return false;
	text_add_string(text, "]}");
	return true;
}

static void
shown(void *arg, int status, struct slice body)
{
	struct affair *affair = arg;
	struct text text = text_start(affair->arena);
	struct fail fail = FAIL_INIT;
	bool ok;

	if (status >= 300) {
		affair->answer(affair->arg, status, body);
		arena_destroy(affair->arena);
		return;
	}
	ok = add_whole(affair, &text, &fail);
	answer_text(affair, &text, ok, &fail);
}

/* Who asks, and for what, is personal: that it was looked at is a step. */
void
engine_request_show(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct affair *look;

	if (affair == NULL || affair_find(affair, false) == NULL)
		return;
	look = affair_create(engine, actor, text, shown, affair);
	if (look != NULL && affair_find(look, false) != NULL)
		affair_take_step(
		    look, SUBJECT_CASE_SHOWN, (struct slice){"", 0}, -1);
}

/* --- alarms --- */

void
engine_request_metrics(struct engine *engine, struct text *text)
{
	int64_t now = engine_now(engine);
	struct fail fail = FAIL_INIT;
	struct case_counts counts;

	if (engine->o.cases == NULL ||
	    !cases_count(engine->o.cases, now, now + DAY, &counts, &fail))
		return;
	text_add_string(text, "# TYPE misu_requests gauge\n");
	for (unsigned k = 0; k < CASE_KINDS; k++) {
		const char *kind = case_kind_name((enum case_kind)k);

		text_add_format(text,
		    "misu_requests{kind=\"%s\",time=\"open\"} %zu\n"
		    "misu_requests{kind=\"%s\",time=\"due-within-a-day\"} %zu\n"
		    "misu_requests{kind=\"%s\",time=\"overdue\"} %zu\n",
		    kind, counts.open[k], kind, counts.soon[k], kind,
		    counts.overdue[k]);
	}
	text_add_format(text, "# TYPE misu_stops gauge\nmisu_stops %zu\n",
	    stops_count(engine->o.stops));
}

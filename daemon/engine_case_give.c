/*
 * Giving data out on a request is a disclosure like any other: it is
 * submitted for the recipient that the policy has for it, on request, decided
 * there, and goes the way misu.conf says.  The case keeps what came of it.
 */
#include "engine_approval.h"
#include "engine_case.h"
#include "engine_stop.h"
#include "engine_view.h"

/* What engine_submit() answered for the recipient. */
struct given {
	struct slice outcome;
	int64_t entry; /* -1: none */
	struct slice text;
};

static void
add_passed(struct text *text, const struct json_node *fields)
{
	for (size_t i = 0; fields != NULL && i < fields->count; i++) {
		const struct json_node *field = &fields->items[i];
		struct slice verdict = engine_member(field, "verdict");

		if (slice_is(verdict, "redact"))
			continue;
		text_add_char(text, ' ');
		text_add(text, engine_member(field, "role"));
		text_add_char(text, '.');
		text_add(text, engine_member(field, "field"));
	}
}

/* "example.jp to authority: queued; registrant.name registrant.city" */
static bool
read_given(struct affair *affair, struct slice body, struct given *out)
{
	struct fail fail = FAIL_INIT;
	const struct json_node *root = json_parse(affair->arena, body, &fail);
	const struct json_node *all =
	    root != NULL ? json_find(root, "recipients") : NULL;
	struct text text = text_start(affair->arena);

	*out = (struct given){.entry = -1};
	if (all == NULL || all->kind != JSON_KIND_ARRAY || all->count == 0)
		return false;
	text_add(&text, affair->object);
	for (size_t i = 0; i < all->count; i++) {
		const struct json_node *one = &all->items[i];
		const struct json_node *entry = json_find(one, "entry");

		text_add_string(&text, i == 0 ? " to " : "; to ");
		text_add(&text, engine_member(one, "recipient"));
		text_add_string(&text, " for ");
		text_add(&text, engine_member(one, "purpose"));
		text_add_string(&text, ": ");
		text_add(&text, engine_member(one, "outcome"));
		add_passed(&text, json_find(one, "fields"));
		if (i == 0 && entry != NULL && entry->kind == JSON_KIND_INTEGER)
			out->entry = entry->integer;
		if (i == 0)
			out->outcome = engine_member(one, "outcome");
	}
	out->text = text_slice(&text);
	return out->text.data != NULL;
}

void
affair_take_given(struct affair *affair, struct slice text, int64_t about)
{
	if (text.len > CASE_TEXT_MAX)
		text.len = CASE_TEXT_MAX;
	while (text.len != 0 && !text_is_utf8(text))
		text.len--;
	affair_take_step(affair,
	    slice_is(affair->state, "queued") ? SUBJECT_CASE_GIVEN
	    : slice_is(affair->state, "held") ? SUBJECT_CASE_GIVEN_HELD
					      : SUBJECT_CASE_GIVEN_REFUSED,
	    text, about);
}

static void
submitted(void *arg, int status, struct slice body)
{
	struct affair *affair = arg;
	struct given given;

	if (!read_given(affair, body, &given)) {
		affair->answer(affair->arg, status, body);
		arena_destroy(affair->arena);
		return;
	}
	affair->state = given.outcome;
	affair_take_given(affair, given.text, given.entry);
}

static void
add_pair(struct text *text, const char *name, struct slice value)
{
	text_add_format(text, "\"%s\":", name);
	text_add_json(text, value);
}

static void
submit(struct affair *affair)
{
	struct slice type = engine_member(affair->node, "type");
	struct slice purpose = engine_member(affair->node, "purpose");
	struct text body = text_start(affair->arena);
	char principal[CASE_NAME + 8];
	struct engine_asked asked = {.key = {"", 0}, .given = affair->row.id};
	struct digest digest;

	text_add_string(&body, "{\"object\":{");
	if (type.len == 0)
		type = SLICE("subscriber");
	add_pair(&body, "type", type);
	text_add_char(&body, ',');
	add_pair(&body,
	    slice_is(type, "domain")	? "name"
	    : slice_is(type, "network") ? "prefix"
					: "id",
	    affair->object);
	text_add_string(&body, "},\"request\":\"update\",\"roles\":{},"
			       "\"to\":[{");
	add_pair(&body, "recipient", engine_member(affair->node, "to"));
	if (purpose.len != 0) {
		text_add_char(&body, ',');
		add_pair(&body, "purpose", purpose);
	}
	text_add_string(&body, "}]}");
	if (text_slice(&body).data == NULL) {
		affair->answer(affair->arg, 503, engine_out_of_memory);
		arena_destroy(affair->arena);
		return;
	}
	snprintf(principal, sizeof(principal), "case %s", affair->name);
	asked.principal = slice_from(principal);
	asked.body = text_slice(&body);
	digest = digest_sha256(asked.body);
	asked.digest = &digest;
	engine_submit_asked(affair->engine, &asked, submitted, affair);
}

bool
affair_is_approved(
    struct affair *affair, enum approval_word word, const struct fail *fail)
{
	struct text text;

	switch (word) {
	case APPROVAL_WHOLE:
		return true;
	case APPROVAL_WAITS:
		text = text_start(affair->arena);
		text_add_format(&text,
		    "{\"id\":\"%s\",\"state\":\"approved-once\"}",
		    affair->name);
		affair->answer(affair->arg, 200,
		    text_slice(&text).data != NULL ? text_slice(&text)
						   : engine_out_of_memory);
		arena_destroy(affair->arena);
		break;
	case APPROVAL_REFUSED:
		affair_fail(affair, 409, fail);
		break;
	case APPROVAL_FAILED:
		affair_fail(affair, 503, fail);
		break;
	}
	return false;
}

static void
approved(void *arg, enum approval_word word, const struct fail *fail)
{
	struct affair *affair = arg;

	if (affair_is_approved(affair, word, fail) &&
	    affair_stays_open(affair))
		submit(affair);
}

/*
 * What exactly is approved: the case, the object, who gets it, and, where they
 * are said, of which type it is and for which purpose.
 */
static struct slice
what_of(struct affair *affair)
{
	struct slice type = engine_member(affair->node, "type");
	struct slice purpose = engine_member(affair->node, "purpose");
	struct text text = text_start(affair->arena);

	text_add_string(&text, affair->name);
	text_add_char(&text, ' ');
	if (type.len != 0 && !slice_is(type, "subscriber")) {
		text_add(&text, type);
		text_add_char(&text, ' ');
	}
	text_add(&text, affair->object);
	text_add_string(&text, " to ");
	text_add(&text, engine_member(affair->node, "to"));
	if (purpose.len != 0) {
		text_add_string(&text, " for ");
		text_add(&text, purpose);
	}
	return text_slice(&text);
}

bool
affair_is_own(const struct record *record, enum role role, struct slice subject)
{
	struct slice whose = record_subject(record, role);

	return slice_equal(whose, subject) ||
	       (role == ROLE_SUBSCRIBER && whose.len == 0);
}

/* A person is given its own data, not what misu has of somebody else. */
bool
affair_is_about(const struct record *record, struct slice subject)
{
	/* Nobody's is not the one's who was forgotten. */
	for (size_t role = 0; subject.len != 0 && role < ROLE_COUNT; role++)
		if (slice_equal(
			record_subject(record, (enum role)role), subject))
			return true;
	return false;
}

/* Of an object in which others stand too: the roles that are the subject's. */
static struct record *
own_part(const struct record *record, struct slice subject, struct arena *arena,
    struct fail *fail)
{
	bool about = affair_is_about(record, subject);
	const struct registration *registration = record_registration(record);
	struct record *part = record_create(arena, record_type(record),
	    record_operation(record), record_object(record), fail);
	bool ok =
	    part != NULL &&
	    (!registration->given ||
		record_set_registration(part, registration, fail)) &&
	    (record_plan(record).len == 0 ||
		record_set_plan(part, record_plan(record), fail));

	for (unsigned r = 0; ok && about && r < ROLE_COUNT; r++)
		if (record_has_role(record, (enum role)r) &&
		    affair_is_own(record, (enum role)r, subject))
			ok = record_copy_role(part, record, (enum role)r, fail);
	return ok ? part : NULL;
}

int64_t
engine_given_case(struct slice submission)
{
	const size_t len = sizeof(ENGINE_GIVEN) - 1;
	int64_t number = 0;

	if (submission.len <= len ||
	    memcmp(submission.data, ENGINE_GIVEN, len) != 0)
		return 0;
	for (size_t i = len; i < submission.len && i < len + 18; i++) {
		char c = submission.data[i];

		if (c < '0' || c > '9')
			return c == '-' ? number : 0;
		number = number * 10 + (c - '0');
	}
	return 0;
}

/* As an update that changes nothing: what stands there is given. */
static struct record *
as_given(const struct record *record, struct arena *arena, struct fail *fail)
{
	struct record *nothing = record_create(arena, record_type(record),
	    OPERATION_UPDATE, record_object(record), fail);
	struct record *merged =
	    nothing != NULL ? record_merge(arena, record, nothing, fail) : NULL;

	if (merged != NULL)
		record_settle(merged);
	return merged;
}

struct record *
engine_given_record(const struct engine *engine, int64_t given,
    enum object_type type, struct slice name, struct arena *arena,
    struct fail *fail)
{
	const struct record *record;
	struct published published;
	struct case_row row;

	if (engine->o.cases == NULL ||
	    !cases_get(engine->o.cases, arena, given, &row, fail)) {
		if (fail->kind == FAIL_NONE)
			fail_set(fail, FAIL_WORLD, "the request is not there");
		return NULL;
	}
	if (!engine_published(engine, type, name, arena, &published, fail))
		return NULL;
	record = published.record;
	if (record == NULL) {
		fail_set(fail, FAIL_WORLD, "misu has the object no more");
		return NULL;
	}
	if (affair_is_of_subject(row.kind))
		record = own_part(record, row.subject, arena, fail);
	return record != NULL ? as_given(record, arena, fail) : NULL;
}

/* Does misu have it?  Else nothing would be given, and nobody told. */
static bool
is_there(struct affair *affair, bool of_subject)
{
	struct slice type = engine_member(affair->node, "type");
	enum object_type object_type = OBJECT_SUBSCRIBER;
	struct fail fail = FAIL_INIT;
	const struct record *record;
	struct published published = {.record = NULL};

	if (type.len != 0 && !object_type_find(type, &object_type)) {
		affair_wrong(affair, "no type of objects",
		    "domain, network, subscriber or spam-report");
		return false;
	}
	affair->object = engine_member(affair->node, "object");
	if (!submission_name(
		affair->arena, object_type, &affair->object, &fail)) {
		affair_fail(affair, fail.kind == FAIL_INPUT ? 400 : 503, &fail);
		return false;
	}
	if (!engine_published(affair->engine, object_type, affair->object,
		affair->arena, &published, &fail) ||
	    published.changes) {
		if (fail.kind == FAIL_NONE)
			fail_set(&fail, FAIL_WORLD,
			    "a change of it is under way: give it once more");
		affair_fail(affair, 503, &fail);
		return false;
	}
	record = published.record;
	if (record == NULL) {
		affair_wrong(affair, "misu has no such object",
		    "--object NAME, and --type domain, network or subscriber");
		return false;
	}
	if (!of_subject || affair_is_about(record, affair->row.subject))
		return true;
	affair_wrong(affair, "the object has nothing of who asks",
	    "misuctl subject --with-values ID lists whose it is");
	return false;
}

static bool
may_give(struct affair *affair)
{
	const struct case_row *row = &affair->row;
	bool of_subject = affair_is_of_subject(row->kind);

	if (engine_member(affair->node, "to").len == 0) {
		affair_wrong(affair, "who gets it is missing",
		    "--to: a recipient of the policy that gets data on "
		    "request");
		return false;
	}
	if (of_subject ? row->is_verified : row->has_basis)
		return is_there(affair, of_subject);
	affair_wrong(affair,
	    of_subject ? "it is not verified that the subject asks"
		       : "no basis is given",
	    of_subject ? "misuctl request verify-identity" : NULL);
	return false;
}

void
engine_request_give(struct engine *engine, struct slice actor,
    struct slice text, engine_answer *answer, void *arg)
{
	struct affair *affair = affair_create(engine, actor, text, answer, arg);
	struct approval_ask ask = {
	    .matter = CONF_TWO_AUTHORITY, .actor = actor, .entry = LEDGER_NONE};

	if (affair == NULL || affair_find(affair, true) == NULL ||
	    !may_give(affair))
		return;
	if (affair->row.kind != CASE_AUTHORITY) {
		submit(affair);
		return;
	}
	ask.about = what_of(affair);
	ask.case_id = slice_from(affair->name);
	approval_give(engine, &ask, approved, affair);
}

/*
 * Giving data out on a request is a disclosure like any other: it is
 * submitted for the recipient that the policy has for it, on request, decided
 * there, and goes the way misu.conf says.  The case keeps what came of it.
 */
#include "engine_approval.h"
#include "engine_case.h"
#include "engine_stop.h"

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
	text_add(&text, engine_member(affair->node, "object"));
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
	if (out->text.len > CASE_TEXT_MAX)
		out->text.len = CASE_TEXT_MAX;
	while (out->text.len != 0 && !text_is_utf8(out->text))
		out->text.len--;
	return out->text.data != NULL;
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
	affair_take_step(affair,
	    slice_is(given.outcome, "queued") ? "given"
	    : slice_is(given.outcome, "held") ? "given-held"
					      : "given-refused",
	    given.text, given.entry);
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

	text_add_string(&body, "{\"object\":{");
	if (type.len == 0)
		type = SLICE("subscriber");
	add_pair(&body, "type", type);
	text_add_char(&body, ',');
	add_pair(&body,
	    slice_is(type, "domain")	? "name"
	    : slice_is(type, "network") ? "prefix"
					: "id",
	    engine_member(affair->node, "object"));
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
	engine_submit(affair->engine, slice_from(principal),
	    (struct slice){"", 0}, text_slice(&body), submitted, affair);
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

	if (affair_is_approved(affair, word, fail))
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
	text_add(&text, engine_member(affair->node, "object"));
	text_add_string(&text, " to ");
	text_add(&text, engine_member(affair->node, "to"));
	if (purpose.len != 0) {
		text_add_string(&text, " for ");
		text_add(&text, purpose);
	}
	return text_slice(&text);
}

/* A person is given its own data, not what misu has of somebody else. */
bool
affair_is_about(const struct record *record, struct slice subject)
{
	for (size_t role = 0; role < ROLE_COUNT; role++)
		if (slice_equal(
			record_subject(record, (enum role)role), subject))
			return true;
	return false;
}

/* Does the vault have it?  Else nothing would be given, and nobody told. */
static bool
is_there(struct affair *affair, bool of_subject)
{
	struct slice type = engine_member(affair->node, "type");
	enum object_type object_type = OBJECT_SUBSCRIBER;
	struct fail fail = FAIL_INIT;
	const struct record *record;

	if (type.len != 0 && !object_type_find(type, &object_type)) {
		affair_wrong(affair, "no type of objects",
		    "domain, network, subscriber or spam-report");
		return false;
	}
	record = vault_get(affair->engine->o.vault, affair->arena, object_type,
	    engine_member(affair->node, "object"), &fail);
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
	bool of_subject =
	    row->kind != CASE_AUTHORITY && row->kind != CASE_REGISTRY;

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

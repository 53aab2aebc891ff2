/*
 * Whatever frame of a contact misu can read: what goes out is a frame that
 * it can read too, and no value that the policy redacts is in it.
 */
#include "base/text.h"
#include "codec/epp_frame.h"
#include "core/decide.h"
#include "core/policy.h"
#include "runner/fuzz.h"

static const char stored_frame[] =
    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command><create>"
    "<create xmlns=\"urn:ietf:params:xml:ns:contact-1.0\"><id>mihon-1</id>"
    "<postalInfo type=\"int\"><name>Stored Name</name><org>Stored Org</org>"
    "<addr><street>Stored Street</street><city>Stored City</city><sp>Stored "
    "State</sp><pc>670-0001</pc><cc>JP</cc></addr></postalInfo>"
    "<voice x=\"1234567\">+81.792955353</voice><fax>+81.792955354</fax>"
    "<email>stored@mihon.example</email><authInfo><pw>x</pw></authInfo>"
    "</create></create></command></epp>";

static const struct placeholder items[] = {
    {ROLE_REGISTRANT, FIELD_NAME_INT, {"Nobody", 6}},
    {ROLE_REGISTRANT, FIELD_NAME_LOC, {"Nobody", 6}},
    {ROLE_REGISTRANT, FIELD_CITY_INT, {"Nowhere", 7}},
    {ROLE_REGISTRANT, FIELD_CITY_LOC, {"Nowhere", 7}},
    {ROLE_REGISTRANT, FIELD_COUNTRY, {"ZZ", 2}},
    {ROLE_REGISTRANT, FIELD_EMAIL, {"nobody@example.invalid", 22}}};
static const struct placeholders placeholders = {items, 6};

static const struct ruleset *
load(void)
{
	static const struct policy_source source = {{"fuzz", 4},
	    SLICE("policy \"t\" revision 1 effective 2020-01-01T00:00:00Z\n"
		  "purpose p \"register\"\npurpose w \"publish\"\n"
		  "recipient reg \"r\" in JP class registry basis contract "
		  "by api {\n may receive name, org, street, city, postcode, "
		  "country, phone, fax-ext, email of registrant\n}\n"
		  "recipient pub \"w\" public via reg\n"
		  "for .example to reg for p {\n"
		  " redact name.loc, org, postcode, phone, email of registrant "
		  "unless registrant.kind is legal\n"
		  " forward name.int, city, country, fax-ext of registrant\n"
		  " redact * of *\n}\n"
		  "for .example to pub for w {\n"
		  " forward name.int of registrant\n redact * of *\n}\n")};
	static const struct ruleset *ruleset;
	struct slice diagnostics;

	if (ruleset == NULL)
		ruleset = policy_load(arena_create(NULL), &source, NULL, NULL,
		    0, &diagnostics, NULL);
	fuzz_must(ruleset != NULL);
	return ruleset;
}

static struct epp_command *
command_of(struct arena *arena, struct slice text)
{
	struct epp_problem problem;

	return epp_read_command(
	    arena, text, &xml_limits_default, &problem, NULL);
}

/* The person as the registrant of a domain, so that decide() judges it. */
static struct record *
record_of(struct arena *arena, const struct epp_command *command)
{
	struct record *contact = epp_contact_record(command, arena, NULL);
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    command->verb == EPP_UPDATE ? OPERATION_UPDATE : OPERATION_CREATE,
	    SLICE("mihon.example"), NULL);

	if (contact == NULL)
		return NULL;
	fuzz_must(record_copy_role(record, contact, CONTACT_ROLE, NULL));
	return record;
}

static void
add(struct text *to, struct slice piece)
{
	text_add_char(to, '\n');
	text_add(to, piece);
}

static size_t
name_end(const char *text, size_t at)
{
	while (strchr(" \t\r\n/>=", text[at]) == NULL)
		at++;
	return at;
}

/* Names of elements, prefixes and namespaces, which the backend chose. */
static void
add_names(struct text *to, const struct xml_document *document)
{
	const char *text = document->text.data;

	for (uint32_t i = 0; i < document->element_count; i++) {
		size_t at = document->elements[i].whole.at, end;

		add(to, xml_space(document, i));
		add(to, (struct slice){text + at, name_end(text, at) - at});
		for (; text[at] != '>'; at++) {
			if (memcmp(text + at, "xmlns:", 6) != 0)
				continue;
			end = name_end(text, at);
			add(to, (struct slice){text + at, end - at});
		}
	}
}

/* Where a value may stand although it is redacted elsewhere. */
static struct slice
allowed(struct arena *arena, const struct epp_command *out,
    const struct disclosure *disclosure)
{
	struct text text = text_start(arena);
	struct xml_span auth = out->contact->auth;

	add(&text, out->id);
	add(&text, out->client_id);
	add(&text,
	    (struct slice){out->text.data + auth.at, auth.end - auth.at});
	add(&text, SLICE("version encoding standalone"));
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct values values =
		    disclosure_values(disclosure, CONTACT_ROLE, (enum field)f);

		for (size_t i = 0; i < values.count; i++)
			add(&text, values.items[i]);
	}
	for (size_t i = 0; i < placeholders.count; i++)
		add(&text, placeholders.items[i].value);
	add_names(&text, out->document);
	return text_slice(&text);
}

/* The bytes, and behind them every text without its escapes. */
static struct slice
looked_at(struct arena *arena, const struct epp_command *out)
{
	struct text text = text_start(arena);
	const struct xml_document *document = out->document;

	text_add(&text, out->text);
	for (uint32_t i = 0; i < document->element_count; i++) {
		struct slice x = xml_attribute_text(document, i, "x", arena);

		if (document->elements[i].first == XML_NONE)
			add(&text, xml_text(document, i, arena));
		add(&text, x);
	}
	return text_slice(&text);
}

static bool
holds(struct slice in, struct slice what)
{
	return memmem(in.data, in.len, what.data, what.len) != NULL;
}

static void
look(struct arena *arena, const struct epp_command *command,
    const struct epp_command *out, const struct disclosure *disclosure)
{
	struct slice may = allowed(arena, out, disclosure);
	struct slice all = looked_at(arena, out);

	for (size_t i = 0; i < command->contact->value_count; i++) {
		const struct epp_value *value = &command->contact->values[i];

		if (value->text.len < 6 ||
		    disclosure_values(disclosure, CONTACT_ROLE, value->field)
			    .count != 0)
			continue;
		fuzz_must(!holds(all, value->text) || holds(may, value->text));
	}
}

static void
play(struct arena *arena, struct epp_command *command, bool publishes)
{
	struct epp_manner manner = {
	    .placeholders = &placeholders, .publishes = publishes};
	struct decide_given given = {.approved = false};
	const struct disclosure *disclosure;
	struct record *record = record_of(arena, command);
	struct epp_command *read;
	struct slice out;

	if (record != NULL && command->verb == EPP_UPDATE)
		record = record_merge(arena,
		    record_of(arena, command_of(arena, SLICE(stored_frame))),
		    record, NULL);
	if (record == NULL)
		return;
	disclosure = decide(
	    load(), ruleset_block(load(), 0), record, &given, arena, NULL);
	fuzz_must(disclosure != NULL && epp_frame_contact(command, disclosure,
					    &manner, arena, &out, NULL));
	if (out.len == 0)
		return;
	read = command_of(arena, out);
	fuzz_must(read != NULL && read->verb == command->verb &&
		  read->contact != NULL && slice_equal(read->id, command->id));
	look(arena, command, read, disclosure);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct epp_command *command =
	    command_of(arena, (struct slice){(const char *)data, size});

	if (command != NULL && command->contact != NULL)
		play(arena, command, size % 2 != 0);
	arena_destroy(arena);
	return 0;
}

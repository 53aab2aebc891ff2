/*
 * From a frame and a policy's rules to the frame that goes out.  A contact is
 * told to be for registrants.
 */
#ifndef MISU_TESTS_EPP_FRAME_WORLD_H
#define MISU_TESTS_EPP_FRAME_WORLD_H

#include "unit/arena_fixture.h"
#include "unit/epp_valid.h"

#include "base/text.h"
#include "codec/epp_frame.h"
#include "core/decide.h"
#include "core/policy.h"
#include "runner/canary.h"

#define HEAD                                                                   \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                         \
	"<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\"><command>"
#define TAIL "</command></epp>\n"
#define CONTACT " xmlns:contact=\"urn:ietf:params:xml:ns:contact-1.0\">"

#define PERSON                                                                 \
	"<contact:postalInfo type=\"int\">"                                    \
	"<contact:name>Taro Mihon</contact:name>"                              \
	"<contact:org>Mihon Trading</contact:org>"                             \
	"<contact:addr><contact:street>1-2-3 Otesaki</contact:street>"         \
	"<contact:street>Mihon Heights 405</contact:street>"                   \
	"<contact:city>Himeji-shi</contact:city>"                              \
	"<contact:sp>Hyogo-ken</contact:sp>"                                   \
	"<contact:pc>670-0001</contact:pc><contact:cc>JP</contact:cc>"         \
	"</contact:addr></contact:postalInfo>\n"                               \
	"<contact:postalInfo type=\"loc\">"                                    \
	"<contact:name>見本太郎</contact:name>"                            \
	"<contact:addr><contact:street>大手前一丁目</contact:street>"    \
	"<contact:city>兵庫県姫路市</contact:city>"                      \
	"<contact:pc>670-0001</contact:pc><contact:cc>JP</contact:cc>"         \
	"</contact:addr></contact:postalInfo>\n"                               \
	"<contact:voice x=\"123456\">+81.792955353</contact:voice>\n"          \
	"<contact:fax x=\"654321\">+81.792955354</contact:fax>\n"              \
	"<contact:email>taro@mihon.example</contact:email>\n"

#define CREATE_WITH(person, disclose, after)                                   \
	HEAD "<create><contact:create" CONTACT "<contact:id>mihon-1"           \
	     "</contact:id>" person "<contact:authInfo><contact:pw>2fooBAR"    \
	     "</contact:pw></contact:authInfo>" disclose                       \
	     "</contact:create></create>" after TAIL
#define CREATE CREATE_WITH(PERSON, "", "<clTRID>ABC-12345</clTRID>")

#define UPDATE_WITH(inside, after)                                             \
	HEAD "<update><contact:update" CONTACT "<contact:id>mihon-1"           \
	     "</contact:id>" inside "</contact:update></update>" after TAIL
#define UPDATE(change) UPDATE_WITH("<contact:chg>" change "</contact:chg>", "")

/* Everything that PERSON holds, where it can be told from all else. */
static const struct slice person_values[] = {{"Taro Mihon", 10},
    {"Mihon Trading", 13}, {"1-2-3 Otesaki", 13}, {"Mihon Heights 405", 17},
    {"Himeji-shi", 10}, {"Hyogo-ken", 9}, {"670-0001", 8}, {"見本太郎", 12},
    {"大手前一丁目", 18}, {"兵庫県姫路市", 18}, {"123456", 6},
    {"+81.792955353", 13}, {"654321", 6}, {"+81.792955354", 13},
    {"taro@mihon.example", 18}};

static const struct placeholder placeholder_items[] = {
    {ROLE_REGISTRANT, FIELD_NAME_INT, SLICE("Not Shown")},
    {ROLE_REGISTRANT, FIELD_NAME_LOC, SLICE("非公開")},
    {ROLE_REGISTRANT, FIELD_CITY_INT, SLICE("No City")},
    {ROLE_REGISTRANT, FIELD_CITY_LOC, SLICE("市なし")},
    {ROLE_REGISTRANT, FIELD_COUNTRY, SLICE("ZZ")},
    {ROLE_REGISTRANT, FIELD_EMAIL, SLICE("nobody@example.invalid")}};
static const struct placeholders all_placeholders = {placeholder_items, 6};

static struct epp_manner manner;

static inline int
world_setup(void **state)
{
	manner = (struct epp_manner){.placeholders = &all_placeholders};
	return setup(state);
}

#define ALL_FIELDS                                                             \
	"name, org, street, city, state, postcode, country, phone, "           \
	"phone-ext, fax, fax-ext, email, handle, ns, ds, auth-info"
#define ALL "\tforward " ALL_FIELDS " of registrant, admin, tech, subscriber\n"

/* `shown`: what the public behind the registry may see; NULL: no public. */
static inline const struct ruleset *
ruleset_of(const char *rules, const char *shown)
{
	struct text text = text_start(arena);
	struct slice diagnostics = {NULL, 0};
	struct policy_source source = {.name = SLICE("t.policy")};
	const struct ruleset *ruleset;
	struct fail fail = FAIL_INIT;

	text_add_format(&text,
	    "policy \"t\" revision 1 effective 2020-01-01T00:00:00Z\n"
	    "purpose p10 \"register\"\npurpose p11 \"publish\"\n"
	    "recipient reg \"a registry\" in JP basis contract by api "
	    "class registry {\n\tmay receive " ALL_FIELDS
	    " of registrant, admin, tech, subscriber\n}\n%s"
	    "for .example to reg for p10 {\n%s\tredact * of *\n}\n",
	    shown != NULL ? "recipient pub \"its whois\" public via reg\n" : "",
	    rules);
	if (shown != NULL)
		text_add_format(&text,
		    "for .example to pub for p11 {\n%s\tredact * of *\n}\n",
		    shown);
	source.text = text_slice(&text);
	ruleset =
	    policy_load(arena, &source, NULL, NULL, 0, &diagnostics, &fail);
	if (ruleset == NULL)
		fail_msg("%.*s %s", SLICE_ARG(diagnostics), fail.text);
	return ruleset;
}

static inline const struct disclosure *
decide_record(const struct ruleset *ruleset, const struct record *record)
{
	static const struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	struct decide_scope scope = {.roles = 1u << ROLE_REGISTRANT};
	const struct disclosure *disclosure;

	assert_true(
	    ruleset_find_recipient(ruleset, SLICE("reg"), &scope.recipient));
	if (record_type(record) == OBJECT_CONTACT)
		disclosure = decide_contact(
		    ruleset, &scope, record, &given, arena, &fail);
	else
		disclosure = decide(ruleset, ruleset_block(ruleset, 0), record,
		    &given, arena, &fail);
	assert_non_null(disclosure);
	assert_int_equal(
	    disclosure_outcome(disclosure).verdict, VERDICT_FORWARD);
	return disclosure;
}

static inline struct epp_command *
command_of(struct slice frame)
{
	struct epp_problem problem = {0};
	struct fail fail = FAIL_INIT;
	struct epp_command *command = epp_read_command(
	    arena, frame, &xml_limits_default, &problem, &fail);

	if (command == NULL)
		fail_msg("%u %s: %s\n%.*s", problem.code, fail.place, fail.text,
		    SLICE_ARG(frame));
	return command;
}

static inline struct record *
record_of(const struct epp_command *command)
{
	struct fail fail = FAIL_INIT;
	struct record *record = epp_contact_record(command, arena, &fail);

	if (record == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return record;
}

/* An arena that has room for so many bytes and then refuses. */
static inline void *
take_one(void *context, size_t size)
{
	unsigned *left = context;

	return (*left)-- != 0 ? malloc(size) : NULL;
}

static inline void
give_back(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

struct made {
	struct slice frame;
	bool ok;
	struct fail fail;
};

/* `stored`: the create that made what an update changes. */
static inline struct made
try_frame(const struct ruleset *ruleset, const char *stored, const char *frame)
{
	struct epp_command *command = command_of(slice_from(frame));
	struct record *record = record_of(command);
	struct made made = {.ok = false};

	if (stored != NULL)
		record = record_merge(arena,
		    record_of(command_of(slice_from(stored))), record,
		    &made.fail);
	made.ok = epp_frame_contact(command, decide_record(ruleset, record),
	    &manner, arena, &made.frame, &made.fail);
	return made;
}

static inline struct slice
frame_of(const struct ruleset *ruleset, const char *stored, const char *frame)
{
	struct made made = try_frame(ruleset, stored, frame);

	if (!made.ok)
		fail_msg("%s %s", made.fail.place, made.fail.text);
	if (made.frame.len != 0) {
		command_of(made.frame);
		valid_keep(made.frame);
	}
	return made.frame;
}

/* A frame is whole or none, whatever allocation fails. */
static inline void
sweep_memory(
    const struct ruleset *ruleset, const char *stored, const char *frame)
{
	struct made whole = try_frame(ruleset, stored, frame);
	struct epp_command *command = command_of(slice_from(frame));
	struct record *record = record_of(command);
	const struct disclosure *disclosure;

	assert_true(whole.ok);
	if (stored != NULL)
		record = record_merge(arena,
		    record_of(command_of(slice_from(stored))), record,
		    &whole.fail);
	disclosure = decide_record(ruleset, record);
	for (size_t used = 0; used < 16000; used += 48) {
		unsigned left = 2;
		struct memory memory = {take_one, give_back, &left};
		struct arena *small = arena_create(&memory);
		struct fail fail = FAIL_INIT;
		struct slice out;

		assert_non_null(arena_take(small, 16 + used));
		if (epp_frame_contact(
			command, disclosure, &manner, small, &out, &fail))
			assert_true(slice_equal(out, whole.frame));
		else
			assert_int_equal(fail.kind, FAIL_MEMORY);
		arena_destroy(small);
	}
}

static inline void
has(struct slice frame, const char *text)
{
	if (memmem(frame.data, frame.len, text, strlen(text)) == NULL)
		fail_msg("%s\nis not in\n%.*s", text, SLICE_ARG(frame));
}

static inline void
is(struct slice frame, const char *text)
{
	if (!slice_is(frame, text))
		fail_msg("%.*s\nis not\n%s", SLICE_ARG(frame), text);
}

static inline void
lacks(struct slice frame, const char *text)
{
	if (memmem(frame.data, frame.len, text, strlen(text)) != NULL)
		fail_msg("%s\nis in\n%.*s", text, SLICE_ARG(frame));
}

/* None of PERSON's values but those allowed, as they are or in any dress. */
static inline void
holds_only(struct slice frame, const char *const *allowed)
{
	enum { COUNT = sizeof(person_values) / sizeof(person_values[0]) };
	struct slice canaries[COUNT];
	struct canary_found found;
	size_t count = 0;

	for (size_t i = 0; i < COUNT; i++) {
		bool may = false;

		for (size_t a = 0; allowed[a] != NULL; a++)
			may |= slice_is(person_values[i], allowed[a]);
		if (!may)
			canaries[count++] = person_values[i];
	}
	if (canary_find(frame, canaries, count, &found))
		fail_msg("%.*s as %s in\n%.*s",
		    SLICE_ARG(canaries[found.value]), found.how,
		    SLICE_ARG(frame));
}

#endif

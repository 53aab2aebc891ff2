/* What a contact's update looks like: what is redacted the registry loses. */
#include "unit/epp_frame_world.h"

#include "core/policy_tree.h"

#define NEW_EMAIL "<contact:email>new@mihon.example</contact:email>"
#define NEW_VOICE "<contact:voice>+81.312345678</contact:voice>"

/* All pass, but these of a natural person; and nothing of a legal one's. */
static const struct ruleset *
but(const char *fields)
{
	char rules[512];

	snprintf(rules, sizeof(rules),
	    "\tredact %s of registrant unless registrant.kind is legal\n" ALL,
	    fields);
	return ruleset_of(rules, NULL);
}

static void
what_passes_is_as_it_was_written(void **state)
{
	const char *update = UPDATE(
	    "<contact:postalInfo type=\"loc\"><contact:org>会社</contact:org>"
	    "</contact:postalInfo>" NEW_VOICE
	    "<contact:authInfo><contact:pw>x</contact:pw></contact:authInfo>");

	(void)state;
	is(frame_of(ruleset_of(ALL, NULL), CREATE, update), update);
}

static void
what_the_update_does_not_name_goes_too(void **state)
{
	static const struct {
		const char *fields, *expected, *gone;
	} cases[] = {
	    {"phone", "<contact:chg><contact:voice/><contact:email>new@",
		"7929"},
	    {"phone-ext",
		"<contact:chg><contact:voice>+81.792955353</contact:voice>"
		"<contact:email>",
		"123456"},
	    {"fax", "<contact:chg><contact:fax/><contact:email>", "7929"},
	    {"org",
		"<contact:chg><contact:postalInfo type=\"int\"><contact:org/>"
		"</contact:postalInfo><contact:email>",
		"Mihon Trading"},
	    {"name",
		"<contact:chg><contact:postalInfo type=\"int\"><contact:name>"
		"Not Shown</contact:name></contact:postalInfo>"
		"<contact:postalInfo type=\"loc\"><contact:name>非公開"
		"</contact:name></contact:postalInfo><contact:email>",
		"Taro"},
	    {"street.int",
		"<contact:chg><contact:postalInfo type=\"int\"><contact:addr>"
		"<contact:city>Himeji-shi</contact:city><contact:sp>Hyogo-ken"
		"</contact:sp><contact:pc>670-0001</contact:pc><contact:cc>JP"
		"</contact:cc></contact:addr></contact:postalInfo>"
		"<contact:email>",
		"Otesaki"},
	    {"postcode", "大手前一丁目</contact:street>", "670-0001"},
	    {"city", "<contact:city>市なし</contact:city>", "Himeji"},
	    {"country", "<contact:cc>ZZ</contact:cc>", "JP"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice frame =
		    frame_of(but(cases[i].fields), CREATE, UPDATE(NEW_EMAIL));

		has(frame, cases[i].expected);
		lacks(frame, cases[i].gone);
		has(frame, NEW_EMAIL);
	}
}

static void
what_it_names_goes_where_it_stands(void **state)
{
	static const char *const none[] = {NULL};
	struct slice frame =
	    frame_of(ruleset_of("", NULL), CREATE, UPDATE(PERSON));

	(void)state;
	holds_only(frame, none);
	has(frame, "<contact:voice/>\n<contact:fax/>\n<contact:email>nobody@");
	frame = frame_of(but("org, street, phone"), CREATE, UPDATE(PERSON));
	has(frame, "<contact:org/>");
	has(frame, "<contact:voice/>");
	lacks(frame, "street");
}

static void
an_e_mail_is_replaced_by_the_placeholder(void **state)
{
	struct slice frame = frame_of(but("email"), CREATE, UPDATE(NEW_VOICE));

	(void)state;
	has(frame,
	    NEW_VOICE "<contact:email>nobody@example.invalid</contact:email>"
		      "</contact:chg>");
}

static void
what_never_passed_is_not_spoken_of(void **state)
{
	static const char update[] = UPDATE(NEW_EMAIL);

	(void)state;
	is(frame_of(ruleset_of(
			"\tforward name, email, country of registrant\n", NULL),
	       CREATE, update),
	    update);
}

static void
a_change_is_added_where_there_is_none(void **state)
{
	struct slice frame = frame_of(but("phone"), CREATE,
	    UPDATE_WITH("<contact:add><contact:status s=\"clientDelete"
			"Prohibited\" lang=\"ja\">見本太郎の件</contact:status>"
			"</contact:add>",
		""));

	(void)state;
	has(frame,
	    "\"clientDeleteProhibited\"></contact:status></contact:add>"
	    "<contact:chg><contact:voice/></contact:chg></contact:update>");
	has(frame_of(but("phone"), CREATE, UPDATE_WITH("<contact:chg/>", "")),
	    "<contact:chg><contact:voice/></contact:chg></contact:update>");
	has(frame_of(but("phone"), CREATE,
		UPDATE_WITH("<contact:chg></contact:chg>", "")),
	    "<contact:chg><contact:voice/></contact:chg></contact:update>");
}

/* What the schema does not allow and clients in use send. */
static void
empty_parts_are_cut(void **state)
{
	const char *hollow = "<contact:add/><contact:rem>\n</contact:rem>";
	char frame[1024];

	(void)state;
	snprintf(frame, sizeof(frame),
	    UPDATE_WITH("%s<contact:chg>" NEW_VOICE "</contact:chg>", ""),
	    hollow);
	is(frame_of(ruleset_of(ALL, NULL), CREATE, frame), UPDATE(NEW_VOICE));
	snprintf(frame, sizeof(frame), UPDATE_WITH("%s", ""), hollow);
	is(frame_of(ruleset_of(ALL, NULL), CREATE, frame), UPDATE_WITH("", ""));
	has(frame_of(but("phone"), CREATE, frame),
	    "</contact:id><contact:chg><contact:voice/></contact:chg>");
	snprintf(frame, sizeof(frame),
	    UPDATE_WITH("%s<contact:chg><contact:postalInfo type=\"loc\">"
			"<contact:name>見本次郎</contact:name>"
			"</contact:postalInfo></contact:chg>",
		""),
	    hollow);
	assert_int_equal(frame_of(ruleset_of("\tforward name.int, city.int, "
					     "email, country of registrant\n",
				      NULL),
			     CREATE, frame)
			     .len,
	    0);
}

static void
a_postal_info_is_completed(void **state)
{
	struct slice frame = frame_of(but("name, street"), CREATE,
	    UPDATE("<contact:postalInfo type=\"int\"><contact:org>New"
		   "</contact:org></contact:postalInfo>"));

	(void)state;
	has(frame, "<contact:postalInfo type=\"int\"><contact:name>Not Shown"
		   "</contact:name><contact:org>New</contact:org><contact:addr>"
		   "<contact:city>Himeji-shi");
	has(frame, "</contact:postalInfo><contact:postalInfo type=\"loc\">");
	frame = frame_of(but("org"), CREATE,
	    UPDATE("<contact:postalInfo type='int'/>" NEW_EMAIL));
	has(frame, "<contact:chg><contact:postalInfo type=\"int\">"
		   "<contact:org/></contact:postalInfo><contact:email>");
	frame = frame_of(but("org"), CREATE,
	    UPDATE("<contact:postalInfo type=\"int\"><contact:name>New"
		   "</contact:name><contact:addr><contact:city>C"
		   "</contact:city><contact:cc>JP</contact:cc></contact:addr>"
		   "</contact:postalInfo>"));
	has(frame, "</contact:name><contact:org/><contact:addr>");
}

static void
an_address_is_what_the_update_says_it_is(void **state)
{
	static const char update[] =
	    UPDATE("<contact:postalInfo type=\"int\"><contact:addr>"
		   "<contact:city>Kobe-shi</contact:city><contact:pc>650-0001"
		   "</contact:pc><contact:cc>JP</contact:cc></contact:addr>"
		   "</contact:postalInfo>");

	(void)state;
	is(frame_of(ruleset_of(ALL, NULL), CREATE, update), update);
}

/* There is one postcode: taken from one form, it goes from the other too. */
static void
a_postcode_goes_from_both_forms(void **state)
{
	struct slice frame = frame_of(ruleset_of(ALL, NULL), CREATE,
	    UPDATE("<contact:postalInfo type=\"int\"><contact:addr>"
		   "<contact:city>Kobe-shi</contact:city><contact:cc>JP"
		   "</contact:cc></contact:addr></contact:postalInfo>"));

	(void)state;
	has(frame, "<contact:city>兵庫県姫路市</contact:city><contact:cc>");
}

static void
nothing_may_be_left(void **state)
{
	struct slice frame = frame_of(
	    ruleset_of("\tforward name.int, city.int, email, country of "
		       "registrant\n",
		NULL),
	    CREATE,
	    UPDATE("<contact:postalInfo type=\"loc\"><contact:name>見本次郎"
		   "</contact:name></contact:postalInfo>"));

	(void)state;
	assert_int_equal(frame.len, 0);
}

static void
a_removal_is_passed_on(void **state)
{
	static const char update[] = UPDATE(
	    "<contact:postalInfo type=\"int\"><contact:org/>"
	    "</contact:postalInfo><contact:voice/><contact:fax></contact:fax>");

	(void)state;
	is(frame_of(ruleset_of(ALL, NULL), CREATE, update), update);
}

static void
the_whole_statement_is_made_anew(void **state)
{
	struct slice frame;

	(void)state;
	manner.publishes = true;
	frame = frame_of(
	    ruleset_of(ALL, "\tforward name, org, phone, fax of registrant\n"),
	    CREATE,
	    UPDATE("<contact:authInfo><contact:pw>x</contact:pw>"
		   "</contact:authInfo>"));
	has(frame,
	    "</contact:authInfo><contact:disclose flag=\"0\"><contact:addr "
	    "type=\"int\"/><contact:addr type=\"loc\"/><contact:voice/>"
	    "<contact:fax/><contact:email/></contact:disclose></contact:chg>");
	frame = frame_of(ruleset_of(ALL, ALL), CREATE,
	    UPDATE("<contact:disclose flag=\"0\"><contact:fax/>"
		   "</contact:disclose>"));
	has(frame, "<contact:chg><contact:disclose flag=\"0\"><contact:fax/>"
		   "</contact:disclose></contact:chg>");
	frame = frame_of(ruleset_of(ALL, ALL), CREATE, UPDATE(NEW_EMAIL));
	has(frame, NEW_EMAIL "<contact:disclose flag=\"1\"><contact:name");
}

static void
what_the_registry_holds_decides_if_it_is_known(void **state)
{
	struct shown held = {.passed = FIELD_BIT(FIELD_PHONE)};
	const char *rules = "\tforward name, email, country of registrant\n";
	struct slice frame;

	(void)state;
	manner.held = &held;
	frame = frame_of(ruleset_of(rules, NULL), CREATE, UPDATE(NEW_EMAIL));
	has(frame, "<contact:chg><contact:voice/><contact:email>");
	held.passed = FIELD_BIT(FIELD_EMAIL);
	is(frame_of(but("phone, org"), CREATE, UPDATE(NEW_EMAIL)),
	    UPDATE(NEW_EMAIL));
}

static void
what_is_held_in_full_is_lowered(void **state)
{
	const struct ruleset *ruleset = ruleset_of(
	    "\tforward org, email of registrant when registrant.kind is legal\n"
	    "\treplace org by \"a firm\" of registrant\n"
	    "\treplace email by \"%{opaque}@relay.example\" of registrant\n"
	    "\tforward name, phone of registrant\n",
	    NULL);
	struct shown held = {.passed = FIELD_BIT(FIELD_ORG_INT),
	    .altered = FIELD_BIT(FIELD_EMAIL)};
	struct slice frame;

	(void)state;
	frame = frame_of(ruleset, CREATE, UPDATE(NEW_VOICE));
	has(frame, "<contact:org>a firm</contact:org>");
	has(frame, "@relay.example</contact:email>");
	manner.held = &held;
	frame = frame_of(ruleset, CREATE, UPDATE(NEW_VOICE));
	has(frame, "<contact:org>a firm</contact:org>");
	lacks(frame, "email");
}

static void
a_frame_is_whole_or_none(void **state)
{
	const struct ruleset *ruleset = ruleset_of(
	    "\tforward name, fax of registrant when registrant.kind is legal\n"
	    "\tforward org, city, state, country, phone of registrant\n",
	    "\tforward org of registrant\n");

	(void)state;
	manner.publishes = true;
	manner.client_id = SLICE("misu-1");
	sweep_memory(ruleset, NULL, CREATE);
	sweep_memory(ruleset, CREATE, UPDATE(NEW_EMAIL));
	sweep_memory(ruleset, CREATE,
	    UPDATE("<contact:postalInfo type=\"int\"/>" NEW_VOICE));
	sweep_memory(ruleset, CREATE, UPDATE_WITH("", ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_passes_is_as_it_was_written),
	    TEST(what_the_update_does_not_name_goes_too),
	    TEST(what_it_names_goes_where_it_stands),
	    TEST(an_e_mail_is_replaced_by_the_placeholder),
	    TEST(what_never_passed_is_not_spoken_of),
	    TEST(a_change_is_added_where_there_is_none),
	    TEST(empty_parts_are_cut),
	    TEST(a_postal_info_is_completed),
	    TEST(an_address_is_what_the_update_says_it_is),
	    TEST(a_postcode_goes_from_both_forms),
	    TEST(nothing_may_be_left),
	    TEST(a_removal_is_passed_on),
	    TEST(the_whole_statement_is_made_anew),
	    TEST(what_the_registry_holds_decides_if_it_is_known),
	    TEST(what_is_held_in_full_is_lowered),
	    TEST(a_frame_is_whole_or_none),
	    TEST(every_frame_is_valid),
	};

	return cmocka_run_group_tests(tests, valid_setup, valid_teardown);
}

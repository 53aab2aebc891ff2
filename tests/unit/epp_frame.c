/* What a contact's create looks like when the policy is through with it. */
#include "unit/epp_frame_world.h"

static void
what_passes_is_as_it_was_written(void **state)
{
	struct slice frame = frame_of(ruleset_of(ALL, NULL), NULL, CREATE);

	(void)state;
	is(frame, CREATE);
}

static void
nothing_that_is_redacted_is_left(void **state)
{
	static const char *const none[] = {NULL};
	struct slice frame = frame_of(ruleset_of("", NULL), NULL, CREATE);

	(void)state;
	holds_only(frame, none);
	has(frame, "<contact:id>mihon-1</contact:id>");
	has(frame, "<contact:pw>2fooBAR</contact:pw>");
	has(frame, "<contact:name>Not Shown</contact:name>");
	has(frame, "<contact:city>No City</contact:city>");
	has(frame, "<contact:cc>ZZ</contact:cc>");
	has(frame, "<contact:email>nobody@example.invalid</contact:email>");
	lacks(frame, "loc");
	lacks(frame, "voice");
	lacks(frame, "street");
}

static void
each_field_goes_or_stays_by_itself(void **state)
{
	static const struct {
		const char *rule, *allowed[4];
	} cases[] = {{"name", {"Taro Mihon", "見本太郎"}},
	    {"org", {"Mihon Trading"}}, {"street.loc", {"大手前一丁目"}},
	    {"street", {"大手前一丁目", "1-2-3 Otesaki", "Mihon Heights 405"}},
	    {"city.int", {"Himeji-shi"}}, {"state", {"Hyogo-ken"}},
	    {"postcode", {"670-0001"}}, {"phone", {"+81.792955353"}},
	    {"phone-ext", {NULL}},
	    {"phone, phone-ext", {"+81.792955353", "123456"}},
	    {"fax", {"+81.792955354"}}, {"fax-ext", {NULL}},
	    {"email", {"taro@mihon.example"}}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rules[80];
		struct slice frame;

		snprintf(rules, sizeof(rules), "\tforward %s of registrant\n",
		    cases[i].rule);
		frame = frame_of(ruleset_of(rules, NULL), NULL, CREATE);
		holds_only(frame, cases[i].allowed);
		for (size_t k = 0; cases[i].allowed[k] != NULL; k++)
			has(frame, cases[i].allowed[k]);
	}
}

static void
a_canonical_value_stands_where_another_was_written(void **state)
{
	struct slice frame = frame_of(ruleset_of(ALL, NULL), NULL,
	    CREATE_WITH("<contact:postalInfo type=\"int\"><contact:name>A "
			"&#38; &lt;B&gt;</contact:name><contact:addr>"
			"<contact:city>C</contact:city><contact:cc>jp"
			"</contact:cc></contact:addr></contact:postalInfo>"
			"<contact:email>a@mihon.example</contact:email>",
		"", ""));

	(void)state;
	has(frame, "A &#38; &lt;B&gt;</contact:name>");
	has(frame, "<contact:cc>JP</contact:cc>");
}

static void
a_replacement_is_escaped(void **state)
{
	struct slice frame = frame_of(
	    ruleset_of("\treplace name by \"<&Person>\" of registrant\n", NULL),
	    NULL, CREATE);

	(void)state;
	has(frame, "<contact:name>&lt;&amp;Person&gt;</contact:name>");
	lacks(frame, "Taro Mihon");
}

static void
a_demanded_value_needs_a_placeholder(void **state)
{
	struct made made;

	(void)state;
	manner.placeholders = NULL;
	made = try_frame(
	    ruleset_of("\tforward name of registrant\n", NULL), NULL, CREATE);
	assert_false(made.ok);
	assert_int_equal(made.fail.kind, FAIL_INPUT);
	assert_non_null(strstr(made.fail.text, "city.int"));
}

static void
other_prefixes_are_kept(void **state)
{
	struct slice frame = frame_of(
	    ruleset_of("\tforward name of registrant\n", NULL), NULL,
	    "<e:epp xmlns:e=\"urn:ietf:params:xml:ns:epp-1.0\">"
	    "<e:command><e:create>"
	    "<create xmlns=\"urn:ietf:params:xml:ns:contact-1.0\">"
	    "<id>mihon-1</id><postalInfo type='loc'><name>見本太郎</name>"
	    "<addr><city>兵庫県姫路市</city><cc>JP</cc></addr></postalInfo>"
	    "<email>taro@mihon.example</email><authInfo><pw>x</pw></authInfo>"
	    "</create></e:create></e:command></e:epp>");

	(void)state;
	has(frame, "<city>市なし</city>");
	has(frame, "</authInfo></create>");
	manner.publishes = true;
	manner.client_id = SLICE("misu-1");
	frame = frame_of(ruleset_of("\tforward name of registrant\n", ""), NULL,
	    "<e:epp xmlns:e=\"urn:ietf:params:xml:ns:epp-1.0\">"
	    "<e:command><e:create>"
	    "<create xmlns=\"urn:ietf:params:xml:ns:contact-1.0\">"
	    "<id>mihon-1</id><postalInfo type='loc'><name>見本太郎</name>"
	    "<addr><city>兵庫県姫路市</city><cc>JP</cc></addr></postalInfo>"
	    "<email>taro@mihon.example</email><authInfo><pw>x</pw></authInfo>"
	    "</create></e:create></e:command></e:epp>");
	has(frame,
	    "</authInfo><disclose flag=\"0\"><name type=\"loc\"/></disclose>"
	    "</create>");
	has(frame, "</e:create><e:clTRID>misu-1</e:clTRID></e:command>");
}

static void
what_was_not_read_does_not_go(void **state)
{
	struct slice frame = frame_of(ruleset_of("", NULL), NULL,
	    "<epp xmlns=\"urn:ietf:params:xml:ns:epp-1.0\" "
	    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
	    "xmlns:x='urn:taro.mihon' "
	    "xsi:schemaLocation=\"taro.mihon epp-1.0.xsd\"><command><create>"
	    "<contact:create" CONTACT "<contact:id>mihon-1</contact:id>" PERSON
	    "<contact:authInfo><contact:pw>x</contact:pw></contact:authInfo>"
	    "</contact:create></create></command></epp>");

	(void)state;
	lacks(frame, "taro.mihon");
	lacks(frame, "schemaLocation");
}

static void
registries_that_publish_are_told_what_not_to(void **state)
{
	struct slice frame;

	(void)state;
	manner.publishes = true;
	frame = frame_of(ruleset_of(ALL, "\tforward name, org of registrant\n"),
	    NULL, CREATE);
	has(frame, "</contact:authInfo><contact:disclose flag=\"0\">"
		   "<contact:addr type=\"int\"/><contact:addr type=\"loc\"/>"
		   "<contact:voice/><contact:fax/><contact:email/>"
		   "</contact:disclose></contact:create>");
	frame = frame_of(ruleset_of(ALL, ALL), NULL, CREATE);
	is(frame, CREATE);
}

static void
registries_that_do_not_are_told_what_to(void **state)
{
	struct slice frame = frame_of(
	    ruleset_of(ALL, "\tforward name.int, country of registrant\n"),
	    NULL, CREATE);

	(void)state;
	has(frame, "<contact:disclose flag=\"1\"><contact:name type=\"int\"/>"
		   "</contact:disclose></contact:create>");
	frame = frame_of(ruleset_of(ALL, ""), NULL, CREATE);
	is(frame, CREATE);
}

static void
one_hidden_part_hides_an_address(void **state)
{
	struct slice frame;

	(void)state;
	manner.publishes = true;
	frame =
	    frame_of(ruleset_of("\tforward postcode, country of registrant\n",
			 "\tforward country of registrant\n"),
		NULL, CREATE);
	has(frame, "<contact:disclose flag=\"0\"><contact:addr");
}

static void
the_stricter_of_two_wishes_holds(void **state)
{
	struct slice frame;

	(void)state;
	manner.publishes = true;
	frame =
	    frame_of(ruleset_of(ALL,
			 "\tforward name, org, street, city, state, postcode, "
			 "country, phone, phone-ext, email of registrant\n"),
		NULL,
		CREATE_WITH(PERSON,
		    "<contact:disclose flag=\"0\"><contact:email/>"
		    "</contact:disclose>",
		    ""));
	has(frame, "<contact:disclose flag=\"0\"><contact:fax/><contact:email/>"
		   "</contact:disclose>");
	manner.publishes = false;
	frame = frame_of(ruleset_of(ALL, ALL), NULL,
	    CREATE_WITH(PERSON,
		"<contact:disclose flag=\"true\"><contact:email/>"
		"</contact:disclose>",
		""));
	has(frame, "<contact:disclose flag=\"1\"><contact:email/>"
		   "</contact:disclose>");
}

static void
what_cannot_be_hidden_is_not_sent(void **state)
{
	struct made made;

	(void)state;
	manner.disclose = EPP_DISCLOSE_REJECTED;
	made = try_frame(
	    ruleset_of(ALL, "\tforward name of registrant\n"), NULL, CREATE);
	assert_false(made.ok);
	assert_int_equal(made.fail.kind, FAIL_INPUT);
	made.frame = frame_of(ruleset_of(ALL, ALL), NULL,
	    CREATE_WITH(PERSON,
		"<contact:disclose flag=\"0\"><contact:email/>"
		"</contact:disclose>",
		""));
	lacks(made.frame, "disclose");
}

#define EXTENSION                                                              \
	"<extension><fee:create "                                              \
	"xmlns:fee=\"urn:ietf:params:xml:ns:epp:fee-1.0\"><fee:fee>5</"        \
	"fee:fee>"                                                             \
	"</fee:create><o:other xmlns:o=\"urn:example:other-1.0\"/>"            \
	"</extension>"

static void
extensions_pass_or_are_stripped(void **state)
{
	static const struct epp_extension_rule rules[] = {
	    {SLICE("urn:ietf:params:xml:ns:epp:fee-1.0"), true},
	    {SLICE("urn:example:other-1.0"), false}};
	const char *create =
	    CREATE_WITH(PERSON, "", EXTENSION "<clTRID>ABC-12345</clTRID>");
	struct epp_problem problem = {0};
	struct fail fail = FAIL_INIT;
	struct slice frame;

	(void)state;
	manner.extensions = rules;
	manner.extension_count = 2;
	frame = frame_of(ruleset_of(ALL, NULL), NULL, create);
	has(frame, "<fee:fee>5</fee:fee></fee:create></extension><clTRID>ABC");
	lacks(frame, "other");
	assert_true(epp_frame_check_extensions(
	    command_of(slice_from(create)), &manner, &problem, &fail));
	manner.extensions = &rules[1];
	manner.extension_count = 1;
	assert_false(epp_frame_check_extensions(
	    command_of(slice_from(create)), &manner, &problem, &fail));
	assert_int_equal(problem.code, EPP_EXTENSION);
	frame = frame_of(ruleset_of(ALL, NULL), NULL, create);
	has(frame, "</create><clTRID>ABC-12345</clTRID></command>");
}

#define ADDITIONAL                                                             \
	"<extension><a:addlEmail xmlns:a=\"urn:ietf:params:xml:ns:epp:"        \
	"addlEmail-1.0\"><a:email primary=\"true\">taro@mihon.example"         \
	"</a:email></a:addlEmail></extension>"

static void
a_second_e_mail_goes_with_the_first(void **state)
{
	static const struct epp_extension_rule rule = {
	    SLICE(EPP_ADDL_EMAIL_SPACE), true};
	const char *create = CREATE_WITH(PERSON, "", ADDITIONAL);
	struct slice frame;

	(void)state;
	manner.extensions = &rule;
	manner.extension_count = 1;
	frame = frame_of(ruleset_of(ALL, NULL), NULL, create);
	is(frame, create);
	frame = frame_of(ruleset_of("", NULL), NULL, create);
	lacks(frame, "xtension");
	lacks(frame, "taro@mihon");
	frame = frame_of(ruleset_of("", NULL), CREATE,
	    UPDATE_WITH("<contact:chg/>", ADDITIONAL));
	lacks(frame, "taro@mihon");
	has(frame, "<a:addlEmail");
}

static void
the_transaction_is_named_by_the_manner(void **state)
{
	struct slice frame;

	(void)state;
	manner.client_id = SLICE("misu-7");
	frame = frame_of(ruleset_of(ALL, NULL), NULL, CREATE);
	has(frame, "<clTRID>misu-7</clTRID></command>");
	lacks(frame, "ABC");
	frame = frame_of(
	    ruleset_of(ALL, NULL), NULL, CREATE_WITH(PERSON, "", ADDITIONAL));
	has(frame, "</create><clTRID>misu-7</clTRID></command>");
}

static void
a_placeholder_is_no_data(void **state)
{
	struct epp_command *command = command_of(SLICE(CREATE_WITH(
	    "<contact:postalInfo type=\"int\"><contact:name>Not Shown"
	    "</contact:name><contact:addr><contact:city>C</contact:city>"
	    "<contact:cc>JP</contact:cc></contact:addr></contact:postalInfo>"
	    "<contact:email>a@mihon.example</contact:email>",
	    "", "")));
	enum field field;

	(void)state;
	assert_true(epp_frame_has_placeholder(command, &manner, &field));
	assert_int_equal(field, FIELD_NAME_INT);
	assert_false(epp_frame_has_placeholder(
	    command_of(SLICE(CREATE)), &manner, &field));
}

static void
shadow_changes_nothing_but_misus_own(void **state)
{
	struct epp_command *command = command_of(SLICE(CREATE));
	struct fail fail = FAIL_INIT;
	struct slice frame;

	(void)state;
	assert_true(
	    epp_frame_shadow(command, NULL, &manner, arena, &frame, &fail));
	is(frame, CREATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_passes_is_as_it_was_written),
	    TEST(nothing_that_is_redacted_is_left),
	    TEST(each_field_goes_or_stays_by_itself),
	    TEST(a_canonical_value_stands_where_another_was_written),
	    TEST(a_replacement_is_escaped),
	    TEST(a_demanded_value_needs_a_placeholder),
	    TEST(other_prefixes_are_kept),
	    TEST(what_was_not_read_does_not_go),
	    TEST(registries_that_publish_are_told_what_not_to),
	    TEST(registries_that_do_not_are_told_what_to),
	    TEST(one_hidden_part_hides_an_address),
	    TEST(the_stricter_of_two_wishes_holds),
	    TEST(what_cannot_be_hidden_is_not_sent),
	    TEST(extensions_pass_or_are_stripped),
	    TEST(a_second_e_mail_goes_with_the_first),
	    TEST(the_transaction_is_named_by_the_manner),
	    TEST(a_placeholder_is_no_data),
	    TEST(shadow_changes_nothing_but_misus_own),
	    TEST(every_frame_is_valid),
	};

	return cmocka_run_group_tests(tests, valid_setup, valid_teardown);
}

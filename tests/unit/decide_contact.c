/* decide_contact(): what of a contact passes before its domain is known. */
#include "contact_world.h"

static void
consent(struct record *record)
{
	struct consent c = {
	    .purpose = SLICE("p11"), .audience = AUDIENCE_ANY, .given = true};

	assert_true(record_add_consent(record, CONTACT_ROLE, &c, NULL));
}

/* The verdict on a field, and a piece of its rule's line. */
static void
check(const struct disclosure *d, enum field field, enum verdict verdict,
    const char *rule)
{
	struct ruling ruling = disclosure_ruling(d, CONTACT_ROLE, field);
	struct slice line =
	    ruleset_rule_text(disclosure_ruleset(d), ruling.rule);

	assert_string_equal(
	    verdict_name(ruling.verdict), verdict_name(verdict));
	assert_non_null(memmem(line.data, line.len, rule, strlen(rule)));
	assert_int_equal(disclosure_values(d, CONTACT_ROLE, field).count != 0,
	    verdict_passes(verdict) &&
		disclosure_collected(d, CONTACT_ROLE, field));
}

static void
the_strictest_verdict_of_all_blocks_holds(void **state)
{
	struct disclosure *d = decide_any(load(two_tlds), contact());
	struct values values =
	    disclosure_values(d, CONTACT_ROLE, FIELD_POSTCODE);

	(void)state;
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
	check(d, FIELD_POSTCODE, VERDICT_GENERALISE, "generalise postcode");
	assert_true(slice_is(values.items[0], "100"));
	assert_true(slice_is(disclosure_purpose(d), "p10"));
	assert_true(slice_is(disclosure_recipient(d)->id, "reg"));
	assert_int_equal(disclosure_object(d).len, 0);
	assert_true(slice_is(disclosure_reference(d), "reg/TARO-1"));
	assert_int_equal(disclosure_type(d), OBJECT_CONTACT);
	assert_string_equal(disclosure_role_word(d, CONTACT_ROLE), "contact");
}

static void
a_role_that_one_block_mentions_counts_in_all(void **state)
{
	struct disclosure *d =
	    decide_any(load("for .jp to reg for p10 {\n"
			    " forward name of registrant\n"
			    " redact * of *\n}\n"
			    "for .org to reg for p10 {\n"
			    " forward name of registrant, tech\n"
			    " redact * of *\n}\n"),
		contact());

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "redact *");
}

static void
a_role_that_no_block_mentions_does_not_count(void **state)
{
	struct disclosure *d = decide_any(load("for .jp to reg for p10 {\n"
					       " forward name of registrant\n"
					       " redact * of *\n}\n"),
	    contact());

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
}

static void
a_gate_mentions_a_role_too(void **state)
{
	struct disclosure *d =
	    decide_any(load("for .jp to reg for p10 {\n"
			    " hold \"tech\" when tech.kind is legal\n"
			    " forward name of registrant\n"
			    " redact * of *\n}\n"),
		contact());

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "redact *");
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_HOLD);
}

static void
a_scope_narrows_roles_and_blocks(void **state)
{
	const struct ruleset *ruleset = load(two_tlds);
	struct decide_scope scope = scope_of(ruleset);
	struct disclosure *d;

	(void)state;
	scope.suffix = SLICE(".jp");
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_EMAIL, VERDICT_FORWARD, "forward name");
	check(d, FIELD_POSTCODE, VERDICT_FORWARD, "forward postcode");
	scope.suffix = (struct slice){"", 0};
	scope.object = SLICE("taro.org");
	scope.roles = ROLE_BIT(ROLE_ADMIN);
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_POSTCODE, VERDICT_FORWARD, "of admin");
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
	/* A role it names counts, whether or not a block mentions it. */
	scope.roles = ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_BILLING);
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "redact *");
}

static void
the_longest_suffix_wins_in_a_scope(void **state)
{
	const struct ruleset *ruleset = load("for .jp to reg for p10 {\n"
					     " forward name of registrant\n"
					     " redact * of *\n}\n"
					     "for .co.jp to reg for p10 {\n"
					     " forward org of registrant\n"
					     " redact * of *\n}\n");
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();

	(void)state;
	put(record, FIELD_ORG_INT, "Example KK");
	scope.suffix = SLICE(".jp");
	check(decide_in(ruleset, &scope, record), FIELD_NAME_INT,
	    VERDICT_FORWARD, "forward name");
	scope.suffix = SLICE(".co.jp");
	check(decide_in(ruleset, &scope, record), FIELD_NAME_INT,
	    VERDICT_REDACT, "redact *");
	scope.object = SLICE("a.co.jp");
	check(decide_in(ruleset, &scope, record), FIELD_ORG_INT,
	    VERDICT_FORWARD, "forward org");
	scope.suffix = SLICE("");
	scope.object = SLICE("");
	check(decide_in(ruleset, &scope, record), FIELD_ORG_INT, VERDICT_REDACT,
	    "redact *");
}

static void
no_block_in_the_scope_is_a_refusal(void **state)
{
	const struct ruleset *ruleset = load(two_tlds);
	struct decide_scope scope = scope_of(ruleset);
	struct record *host = record_create(arena, OBJECT_HOST,
	    OPERATION_CREATE, SLICE("reg/ns1.example.org"), NULL);
	struct disclosure *d;

	(void)state;
	scope.suffix = SLICE(".info");
	d = decide_in(ruleset, &scope, contact());
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	assert_int_equal(disclosure_outcome(d).rule, 0);
	assert_true(disclosure_reason(d).len != 0);
	assert_true(slice_is(disclosure_recipient(d)->id, "reg"));
	assert_int_equal(
	    disclosure_values(d, CONTACT_ROLE, FIELD_NAME_INT).count, 0);
	d = decide_in(ruleset, &scope, host);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	scope.suffix = SLICE(".org");
	d = decide_in(ruleset, &scope, host);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	assert_int_equal(disclosure_type(d), OBJECT_HOST);
	/* A recipient that gets no domain at all. */
	assert_true(
	    ruleset_find_recipient(ruleset, SLICE("whois"), &scope.recipient));
	d = decide_in(ruleset, &scope, contact());
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
}

static void
blocks_on_request_do_not_count(void **state)
{
	struct disclosure *d =
	    decide_any(load("for .jp to reg for p10 {\n"
			    " forward name of registrant\n"
			    " redact * of *\n}\n"
			    "for .org to reg for p11 on request {\n"
			    " forward org of registrant\n"
			    " redact * of *\n}\n"),
		contact());

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
}

static void
two_replacements_that_differ_are_a_redact(void **state)
{
	static const char policy[] =
	    "for .jp to reg for p10 {\n"
	    " replace email by \"a@relay.example\" of registrant\n"
	    " generalise postcode to first 3 of registrant\n"
	    " replace phone by \"+81.300000000\" of registrant\n"
	    " redact * of *\n}\n"
	    "for .org to reg for p10 {\n"
	    " replace email by \"b@relay.example\" of registrant\n"
	    " generalise postcode to first 2 of registrant\n"
	    " replace phone by \"+81.300000000\" of registrant\n"
	    " redact * of *\n}\n";
	struct record *record = contact();
	struct disclosure *d;

	(void)state;
	put(record, FIELD_PHONE, "+81.311112222");
	d = decide_any(load(policy), record);
	check(d, FIELD_EMAIL, VERDICT_REDACT, "\"a@relay.example\"");
	check(d, FIELD_POSTCODE, VERDICT_REDACT, "first 3");
	check(d, FIELD_PHONE, VERDICT_REPLACE, "replace phone");
}

static void
a_real_redact_is_named_rather_than_two_replacements(void **state)
{
	struct disclosure *d =
	    decide_any(load("for .jp to reg for p10 {\n"
			    " replace email by \"a@relay.example\" of "
			    "registrant\n redact * of *\n}\n"
			    "for .org to reg for p10 {\n"
			    " replace email by \"b@relay.example\" of "
			    "registrant\n redact * of *\n}\n"
			    "for .net to reg for p10 {\n"
			    " forward name of registrant\n"
			    " redact * of *\n}\n"),
		contact());

	(void)state;
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
}

static void
a_replacement_that_names_the_object_needs_one(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " replace name by \"%{object}\" of registrant\n"
		 " redact * of *\n}\n");
	struct decide_scope scope = scope_of(ruleset);
	struct disclosure *d = decide_in(ruleset, &scope, contact());
	struct values values;

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "replace name");
	scope.object = SLICE("taro.jp");
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_NAME_INT, VERDICT_REPLACE, "replace name");
	values = disclosure_values(d, CONTACT_ROLE, FIELD_NAME_INT);
	assert_true(slice_is(values.items[0], "taro.jp"));
}

static const char gated[] =
    "for .jp to reg for p10 {\n"
    " refuse \"no address in Japan\" unless registrant.country in japan\n"
    " hold \"admin unknown\" when admin.kind is unknown\n"
    " refuse \"plan\" when plan is free\n"
    " refuse \"both\" when registrant.kind is legal and admin.kind is legal\n"
    " forward name of registrant, admin\n redact * of *\n}\n";

static void
gates_about_the_role_or_none_bind(void **state)
{
	const struct ruleset *ruleset = load(gated);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct disclosure *d;

	(void)state;
	d = decide_in(ruleset, &scope, record);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	assert_true(slice_is(disclosure_reason(d), "plan"));
	assert_true(record_set_plan(record, SLICE("paid"), NULL));
	d = decide_in(ruleset, &scope, record);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_HOLD);
	assert_true(slice_is(disclosure_reason(d), "admin unknown"));
	put(record, FIELD_COUNTRY, "DE");
	d = decide_in(ruleset, &scope, record);
	assert_true(slice_is(disclosure_reason(d), "no address in Japan"));
}

static void
gates_about_another_role_wait(void **state)
{
	const struct ruleset *ruleset = load(gated);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct disclosure *d;

	(void)state;
	assert_true(record_set_plan(record, SLICE("paid"), NULL));
	assert_true(record_set_role(record, CONTACT_ROLE, KIND_LEGAL, NULL));
	scope.roles = ROLE_BIT(ROLE_ADMIN);
	put(record, FIELD_COUNTRY, "DE");
	d = decide_in(ruleset, &scope, record);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
}

static void
an_approved_hold_passes(void **state)
{
	const struct ruleset *ruleset = load(gated);
	struct decide_scope scope = scope_of(ruleset);
	struct decide_given given = {.approved = true};
	struct record *record = contact();
	struct disclosure *d;

	(void)state;
	assert_true(record_set_plan(record, SLICE("paid"), NULL));
	d = decide_contact(ruleset, &scope, record, &given, arena, NULL);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
}

static void
conditions_see_the_contact_in_each_role(void **state)
{
	static const char policy[] =
	    "for .jp to reg for p10 {\n"
	    " forward name of registrant when kind is legal\n"
	    " forward name of admin\n redact * of *\n}\n";
	struct record *record = contact();

	(void)state;
	check(decide_any(load(policy), record), FIELD_NAME_INT, VERDICT_REDACT,
	    "redact *");
	assert_true(record_set_role(record, CONTACT_ROLE, KIND_LEGAL, NULL));
	check(decide_any(load(policy), record), FIELD_NAME_INT, VERDICT_FORWARD,
	    "forward name");
}

static void
what_another_role_is_is_not_known(void **state)
{
	static const char policy[] =
	    "for .jp to reg for p10 {\n"
	    " forward name of registrant unless admin.org.int is present\n"
	    " forward email of registrant when admin.kind is unknown\n"
	    " redact phone of registrant when admin.org.int is present\n"
	    " forward phone of registrant\n"
	    " forward postcode of registrant\n"
	    " redact * of *\n}\n";
	const struct ruleset *ruleset = load(policy);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct disclosure *d;

	(void)state;
	put(record, FIELD_PHONE, "+81.311112222");
	scope.roles = ROLE_BIT(ROLE_REGISTRANT);
	d = decide_in(ruleset, &scope, record);
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "redact *");
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
	check(d, FIELD_PHONE, VERDICT_REDACT, "redact phone");
	check(d, FIELD_POSTCODE, VERDICT_FORWARD, "forward postcode");
	/* Even where the same question is the contact's own in another. */
	scope.roles |= ROLE_BIT(ROLE_ADMIN);
	d = decide_in(ruleset, &scope, record);
	check(d, FIELD_NAME_INT, VERDICT_REDACT, "redact *");
}

static void
what_one_public_may_not_have_is_not_publishable(void **state)
{
	const struct ruleset *ruleset = load(published);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct disclosure *d = decide_in(ruleset, &scope, record);

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
	assert_false(disclosure_publishable(d, CONTACT_ROLE, FIELD_NAME_INT));
	assert_false(disclosure_publishable(d, CONTACT_ROLE, FIELD_EMAIL));
	assert_int_equal(disclosure_onward_count(d), 1);
	assert_true(slice_is(disclosure_onward(d, 0)->id, "whois"));
	assert_int_equal(
	    disclosure_onward_ruling(d, 0, CONTACT_ROLE, FIELD_NAME_INT)
		.verdict,
	    VERDICT_REDACT);
	scope.suffix = SLICE(".jp");
	d = decide_in(ruleset, &scope, record);
	assert_true(disclosure_publishable(d, CONTACT_ROLE, FIELD_NAME_INT));
	consent(record);
	d = decide_any(ruleset, record);
	assert_true(disclosure_publishable(d, CONTACT_ROLE, FIELD_NAME_INT));
	assert_false(disclosure_publishable(d, CONTACT_ROLE, FIELD_EMAIL));
	assert_int_equal(
	    disclosure_onward_ruling(d, 0, CONTACT_ROLE, FIELD_NAME_INT)
		.verdict,
	    VERDICT_FORWARD);
}

static void
a_gate_behind_binds_too(void **state)
{
	struct disclosure *d =
	    decide_any(load("for .jp to reg for p10 {\n"
			    " forward name of registrant\n redact * of *\n}\n"
			    "for .jp to whois for p11 {\n"
			    " refuse \"who\" when registrant.kind is unknown\n"
			    " forward name of registrant\n"
			    " redact * of *\n}\n"),
		contact());

	(void)state;
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	assert_true(slice_is(disclosure_reason(d), "who"));
	assert_int_equal(
	    disclosure_values(d, CONTACT_ROLE, FIELD_NAME_INT).count, 0);
}

static void
a_limit_keeps_back_but_conditions_see_all(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " forward name of registrant when country is JP\n"
		 " redact * of *\n}\n");
	struct decide_scope scope = scope_of(ruleset);
	uint64_t limit[ROLE_COUNT] = {
	    [CONTACT_ROLE] = FIELD_BIT(FIELD_NAME_INT)};
	struct decide_given given = {.limit = limit};
	struct disclosure *d =
	    decide_contact(ruleset, &scope, contact(), &given, arena, NULL);

	(void)state;
	check(d, FIELD_NAME_INT, VERDICT_FORWARD, "forward name");
	assert_false(disclosure_collected(d, CONTACT_ROLE, FIELD_COUNTRY));
	limit[CONTACT_ROLE] = 0;
	d = decide_contact(ruleset, &scope, contact(), &given, arena, NULL);
	assert_int_equal(
	    disclosure_values(d, CONTACT_ROLE, FIELD_NAME_INT).count, 0);
}

/* Known to stand somewhere: the strictest over that, and no other place. */
static void
places_are_the_scope_where_there_are_no_others(void **state)
{
	const struct ruleset *ruleset = load(two_tlds);
	struct decide_scope scope = scope_of(ruleset);
	const struct decide_place places[] = {
	    {1u << ROLE_REGISTRANT, SLICE(".jp")},
	    {1u << ROLE_ADMIN, SLICE(".org")}};
	struct disclosure *d;

	(void)state;
	scope.places = places;
	scope.place_count = 1;
	scope.is_placed = true;
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_EMAIL, VERDICT_FORWARD, "forward name, email");
	check(d, FIELD_POSTCODE, VERDICT_FORWARD, "forward postcode");
	/* Each role under its own TLD: as registrant of .org it is not. */
	scope.place_count = 2;
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
	check(d, FIELD_POSTCODE, VERDICT_FORWARD, "forward postcode");
	/* Unless it is told to be for that role. */
	scope.roles = 1u << ROLE_REGISTRANT;
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_POSTCODE, VERDICT_GENERALISE, "generalise");
}

static void
places_narrow_nothing_where_there_may_be_others(void **state)
{
	const struct ruleset *ruleset = load(two_tlds);
	struct decide_scope scope = scope_of(ruleset);
	const struct decide_place place = {
	    1u << ROLE_REGISTRANT, SLICE(".org")};
	const struct decide_place nowhere = {
	    1u << ROLE_REGISTRANT, SLICE(".nowhere")};
	struct disclosure *d;

	(void)state;
	scope.places = &place;
	scope.place_count = 1;
	scope.suffix = SLICE(".jp");
	scope.roles = 1u << ROLE_ADMIN;
	d = decide_in(ruleset, &scope, contact());
	check(d, FIELD_EMAIL, VERDICT_REDACT, "redact *");
	check(d, FIELD_POSTCODE, VERDICT_GENERALISE, "generalise");
	/* Where no block is for, nothing may be shown. */
	scope.places = &nowhere;
	d = decide_in(ruleset, &scope, contact());
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_strictest_verdict_of_all_blocks_holds),
	    TEST(a_role_that_one_block_mentions_counts_in_all),
	    TEST(a_role_that_no_block_mentions_does_not_count),
	    TEST(a_gate_mentions_a_role_too),
	    TEST(a_scope_narrows_roles_and_blocks),
	    TEST(the_longest_suffix_wins_in_a_scope),
	    TEST(no_block_in_the_scope_is_a_refusal),
	    TEST(blocks_on_request_do_not_count),
	    TEST(two_replacements_that_differ_are_a_redact),
	    TEST(a_real_redact_is_named_rather_than_two_replacements),
	    TEST(a_replacement_that_names_the_object_needs_one),
	    TEST(gates_about_the_role_or_none_bind),
	    TEST(gates_about_another_role_wait),
	    TEST(an_approved_hold_passes),
	    TEST(conditions_see_the_contact_in_each_role),
	    TEST(what_another_role_is_is_not_known),
	    TEST(what_one_public_may_not_have_is_not_publishable),
	    TEST(a_gate_behind_binds_too),
	    TEST(a_limit_keeps_back_but_conditions_see_all),
	    TEST(places_are_the_scope_where_there_are_no_others),
	    TEST(places_narrow_nothing_where_there_may_be_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

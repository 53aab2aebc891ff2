/* decide(): from a record and a policy to what one recipient gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/decide.h"
#include "core/policy.h"

static struct arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
drop_arena(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static const char head[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\npurpose p11 \"publish\"\n"
    "set japan = JP\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, org, email, postcode, country of registrant, admin\n"
    "}\n"
    "recipient whois \"public\" public via reg\n";

static const struct ruleset *
load(const char *body)
{
	static char text[8192];
	static const struct slice prefixes[] = {
	    {"192.0.2.0/25", 12}, {"192.0.2.128/26", 14}};
	static const struct network_group groups[] = {
	    {{"own", 3}, prefixes, 2}};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;

	snprintf(text, sizeof(text), "%s%s", head, body);
	ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(text)}, NULL,
	    groups, 1, &diagnostics, &fail);
	if (ruleset == NULL)
		print_message("%.*s%s\n", SLICE_ARG(diagnostics), fail.text);
	assert_non_null(ruleset);
	return ruleset;
}

static struct record *
record_of(const char *object, enum object_type type)
{
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, type, OPERATION_CREATE, slice_from(object), &fail);

	assert_non_null(record);
	return record;
}

static void
put(struct record *record, enum role role, enum field field, const char *value)
{
	struct fail fail = FAIL_INIT;
	struct slice item = slice_from(value);

	assert_true(record_set(record, role, field, &item, 1, &fail));
}

static void
consent(struct record *record, enum role role, enum audience audience,
    bool given, int64_t time)
{
	struct fail fail = FAIL_INIT;
	struct consent c = {.purpose = SLICE("p11"),
	    .audience = audience,
	    .given = given,
	    .time = time};

	assert_true(record_add_consent(record, role, &c, &fail));
}

static struct disclosure *
decide_to(const struct ruleset *ruleset, const char *recipient,
    const struct record *record, bool approved)
{
	struct decide_given given = {.approved = approved};
	struct fail fail = FAIL_INIT;

	for (unsigned i = 0; i < ruleset_block_count(ruleset); i++) {
		const struct block *block = ruleset_block(ruleset, i);

		if (slice_is(ruleset_recipient(ruleset, block->recipient)->id,
			recipient)) {
			struct disclosure *d = decide(
			    ruleset, block, record, &given, arena, &fail);
			assert_non_null(d);
			return d;
		}
	}
	fail();
	return NULL;
}

static void
check_value(const struct disclosure *d, enum role role, enum field field,
    const char *want)
{
	struct values values = disclosure_values(d, role, field);

	if (want == NULL) {
		assert_int_equal(values.count, 0);
		return;
	}
	assert_int_equal(values.count, 1);
	assert_int_equal(values.items[0].len, strlen(want));
	assert_memory_equal(values.items[0].data, want, strlen(want));
}

static void
test_only_what_a_rule_names_passes(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " forward name of registrant\n redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_EMAIL, "taro@a.example");
	put(record, ROLE_ADMIN, FIELD_NAME_INT, "Hanako");
	d = decide_to(ruleset, "reg", record, false);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	check_value(d, ROLE_REGISTRANT, FIELD_EMAIL, NULL);
	check_value(d, ROLE_ADMIN, FIELD_NAME_INT, NULL);
	assert_int_equal(
	    disclosure_ruling(d, ROLE_REGISTRANT, FIELD_NAME_INT).rule, 1);
	assert_int_equal(
	    disclosure_ruling(d, ROLE_REGISTRANT, FIELD_EMAIL).rule, 2);
	assert_int_equal(
	    disclosure_ruling(d, ROLE_REGISTRANT, FIELD_EMAIL).verdict,
	    VERDICT_REDACT);
	assert_true(disclosure_collected(d, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_false(disclosure_collected(d, ROLE_REGISTRANT, FIELD_FAX));
}

static void
test_unknown_stops_forward_and_fires_hold(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " hold \"who\" when registrant.kind is legal\n"
		 " forward name of admin when kind is natural\n"
		 " redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct fail fail = FAIL_INIT;
	struct disclosure *d;

	(void)state;
	put(record, ROLE_ADMIN, FIELD_NAME_INT, "Hanako");
	d = decide_to(ruleset, "reg", record, false);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_HOLD);
	assert_true(slice_is(disclosure_reason(d), "who"));
	d = decide_to(ruleset, "reg", record, true);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check_value(d, ROLE_ADMIN, FIELD_NAME_INT, NULL);
	assert_true(record_set_role(record, ROLE_ADMIN, KIND_NATURAL, &fail));
	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, KIND_NATURAL, &fail));
	d = decide_to(ruleset, "reg", record, false);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check_value(d, ROLE_ADMIN, FIELD_NAME_INT, "Hanako");
}

static void
test_no_value_is_in_a_held_or_refused_disclosure(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " refuse \"abroad\" unless registrant.country in japan\n"
		 " forward name of registrant\n redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "DE");
	d = decide_to(ruleset, "reg", record, true);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, NULL);
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	d = decide_to(ruleset, "reg", record, false);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
}

static const char chain[] =
    "for .jp to reg for p10 {\n"
    " forward name, email of registrant\n redact * of *\n}\n"
    "for .jp to whois for p11 {\n"
    " refuse \"moved\" when request is transfer\n"
    " forward name of registrant\n"
    " forward email of registrant when consent to p11\n"
    " redact * of *\n}\n";

static void
test_what_the_public_may_not_see_is_not_publishable(void **state)
{
	const struct ruleset *ruleset = load(chain);
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_EMAIL, "taro@a.example");
	d = decide_to(ruleset, "reg", record, false);
	check_value(d, ROLE_REGISTRANT, FIELD_EMAIL, "taro@a.example");
	assert_int_equal(disclosure_onward_count(d), 1);
	assert_false(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_true(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_NAME_INT));
	consent(record, ROLE_REGISTRANT, AUDIENCE_REGISTRY, true, 5);
	d = decide_to(ruleset, "reg", record, false);
	assert_false(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_EMAIL));
	consent(record, ROLE_REGISTRANT, AUDIENCE_PUBLIC, true, 6);
	d = decide_to(ruleset, "reg", record, false);
	assert_true(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_EMAIL));
	consent(record, ROLE_REGISTRANT, AUDIENCE_ANY, false, 7);
	d = decide_to(ruleset, "reg", record, false);
	assert_false(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_EMAIL));
}

static void
test_a_refusal_behind_binds_the_one_before(void **state)
{
	const struct ruleset *ruleset = load(chain);
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_TRANSFER, SLICE("a.jp"), &fail);
	struct disclosure *d = decide_to(ruleset, "reg", record, false);

	(void)state;
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	assert_true(slice_is(disclosure_reason(d), "moved"));
}

static void
test_the_longest_suffix_wins(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n redact * of *\n}\n"
		 "for .co.jp to reg for p10 {\n forward name of registrant\n"
		 " redact * of *\n}\n");
	const struct block *block;

	(void)state;
	assert_int_equal(ruleset_match(ruleset,
			     record_of("a.co.jp", OBJECT_DOMAIN), &block, 1),
	    1);
	assert_int_equal(block->number, 1);
	assert_int_equal(ruleset_match(ruleset,
			     record_of("aco.jp", OBJECT_DOMAIN), &block, 1),
	    1);
	assert_int_equal(block->number, 0);
	assert_int_equal(ruleset_match(ruleset,
			     record_of("a.xjp", OBJECT_DOMAIN), &block, 1),
	    0);
}

static void
test_a_prefix_must_be_covered_whole(void **state)
{
	const struct ruleset *ruleset =
	    load("for network own to reg for p10 {\n redact * of *\n}\n");
	const struct block *block;

	(void)state;
	assert_int_equal(
	    ruleset_match(
		ruleset, record_of("192.0.2.8/29", OBJECT_NETWORK), &block, 1),
	    1);
	assert_int_equal(
	    ruleset_match(
		ruleset, record_of("192.0.2.0/24", OBJECT_NETWORK), &block, 1),
	    0);
	assert_int_equal(
	    ruleset_match(ruleset, record_of("192.0.2.192/28", OBJECT_NETWORK),
		&block, 1),
	    0);
}

static void
test_replaced_and_generalised_values(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " replace name.int by \"%{object}\" of registrant\n"
		 " replace email by \"%{opaque}@relay.example\" of registrant, "
		 "admin\n"
		 " generalise postcode to first 3 of registrant\n"
		 " generalise postcode, country to country of admin\n"
		 " redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;
	struct values token;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_EMAIL, "taro@a.example");
	put(record, ROLE_REGISTRANT, FIELD_POSTCODE, "999-0001");
	put(record, ROLE_ADMIN, FIELD_POSTCODE, "999-0002");
	put(record, ROLE_ADMIN, FIELD_COUNTRY, "JP");
	d = decide_to(ruleset, "reg", record, false);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, "a.jp");
	check_value(d, ROLE_REGISTRANT, FIELD_POSTCODE, "999");
	check_value(d, ROLE_ADMIN, FIELD_POSTCODE, NULL);
	check_value(d, ROLE_ADMIN, FIELD_COUNTRY, "JP");
	assert_int_equal(
	    disclosure_ruling(d, ROLE_ADMIN, FIELD_POSTCODE).verdict,
	    VERDICT_REDACT);
	token = disclosure_values(d, ROLE_REGISTRANT, FIELD_EMAIL);
	assert_int_equal(token.count, 1);
	assert_int_equal(token.items[0].len, 20 + strlen("@relay.example"));
	check_value(d, ROLE_ADMIN, FIELD_EMAIL, NULL);
}

static void
test_an_approved_hold_behind_passes_and_hides_nothing_else(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " forward name of registrant\n redact * of *\n}\n"
		 "for .jp to whois for p11 {\n"
		 " hold \"ask\" unless registrant.consent to p11\n"
		 " redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	d = decide_to(ruleset, "reg", record, false);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_HOLD);
	d = decide_to(ruleset, "reg", record, true);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	assert_false(
	    disclosure_publishable(d, ROLE_REGISTRANT, FIELD_NAME_INT));
}

static void
test_a_block_on_request_says_so_and_has_nobody_behind(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 on request {\n redact * of *\n}\n"
		 "for .jp to reg for p11 {\n redact * of *\n}\n"
		 "for .jp to whois for p11 {\n redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	const struct block *blocks[2], *onward[2];

	(void)state;
	assert_int_equal(ruleset_match(ruleset, record, blocks, 2), 2);
	assert_true(blocks[0]->on_request);
	assert_false(blocks[1]->on_request);
	assert_int_equal(
	    ruleset_onward(ruleset, blocks[0], record, onward, 2), 0);
	assert_int_equal(
	    ruleset_onward(ruleset, blocks[1], record, onward, 2), 1);
}

static void
test_the_reference_of_a_subscriber_is_no_object_name(void **state)
{
	const struct ruleset *ruleset =
	    load("for subscriber to reg for p10 {\n redact * of *\n}\n");
	struct record *record = record_of("customer-7", OBJECT_SUBSCRIBER);
	struct disclosure *d = decide_to(ruleset, "reg", record, false);

	(void)state;
	assert_int_equal(disclosure_object(d).len, 0);
	assert_true(slice_is(disclosure_reference(d), "customer-7"));
}

static void
test_a_block_for_other_objects_is_refused(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " forward name of registrant\n redact * of *\n}\n");
	struct record *record = record_of("a.example", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	d = decide_to(ruleset, "reg", record, true);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, NULL);
	assert_true(disclosure_reason(d).len != 0);
}

static void
test_a_slot_tells_what_it_can_ever_do(void **state)
{
	const struct ruleset *ruleset = load(chain);
	const struct block *block = ruleset_block(ruleset, 0);

	(void)state;
	assert_int_equal(
	    ruleset_slot_ever(ruleset, block, ROLE_REGISTRANT, FIELD_NAME_INT),
	    SLOT_PASSES);
	assert_int_equal(
	    ruleset_slot_ever(ruleset, block, ROLE_REGISTRANT, FIELD_EMAIL),
	    SLOT_PASSES | SLOT_HIDDEN);
	assert_int_equal(
	    ruleset_slot_ever(ruleset, block, ROLE_ADMIN, FIELD_EMAIL),
	    SLOT_REDACTS);
}

/*
 * reg -> copy -> copy-whois: nobody can tell copy to hide the e-mail, so reg is
 * told.  The organization is nothing that reg passes on to copy.
 */
static void
test_the_recipient_in_front_hides_for_all_behind(void **state)
{
	const struct ruleset *ruleset =
	    load("recipient copy \"c\" class registry basis law via reg {\n"
		 " may receive name, email of registrant\n}\n"
		 "recipient copy-whois \"p\" public via copy\n"
		 "for .jp to copy-whois for p11 {\n"
		 " forward name of registrant\n redact * of *\n}\n"
		 "for .jp to copy for p10 {\n"
		 " forward name, email of registrant\n redact * of *\n}\n"
		 "for .jp to reg for p10 {\n"
		 " forward name, email, org of registrant\n"
		 " redact * of *\n}\n");
	const struct block *reg = ruleset_block(ruleset, 2), *onward[4];
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct disclosure *d;

	(void)state;
	assert_int_equal(ruleset_onward(ruleset, reg, record, onward, 4), 2);
	assert_int_equal(
	    ruleset_slot_ever(ruleset, reg, ROLE_REGISTRANT, FIELD_EMAIL),
	    SLOT_PASSES | SLOT_HIDDEN);
	assert_int_equal(
	    ruleset_slot_ever(ruleset, reg, ROLE_REGISTRANT, FIELD_ORG_INT),
	    SLOT_PASSES);
	assert_int_equal(
	    ruleset_slot_ever(ruleset, reg, ROLE_REGISTRANT, FIELD_NAME_INT),
	    SLOT_PASSES);
	d = decide_to(ruleset, "reg", record, false);
	assert_false(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_EMAIL));
	assert_true(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_ORG_INT));
	assert_true(
	    disclosure_publishable(d, ROLE_REGISTRANT, FIELD_NAME_INT));
}

static void
test_the_newest_effective_revision_is_in_force(void **state)
{
	static const char *const lines[] = {
	    "policy \"t\" revision 1 effective 2020-01-01T00:00:00Z",
	    "policy \"t\" revision 2 effective 2022-01-01T00:00:00Z",
	    "policy \"t\" revision 3 effective 2022-01-01T00:00:00Z"};
	const struct ruleset *rulesets[3];
	struct slice diagnostics;
	size_t chosen = 9;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		rulesets[i] = policy_load(arena,
		    &(struct policy_source){SLICE("t"), slice_from(lines[i])},
		    NULL, NULL, 0, &diagnostics, NULL);
	assert_false(policy_choose(rulesets, 3, 1577836799, &chosen));
	assert_true(policy_choose(rulesets, 3, 1577836800, &chosen));
	assert_int_equal(chosen, 0);
	assert_true(policy_choose(rulesets, 3, 1900000000, &chosen));
	assert_int_equal(chosen, 2);
	assert_true(policy_choose(rulesets, 2, 1900000000, &chosen));
	assert_int_equal(chosen, 1);
}

/* The same record, policy and random bytes give the same token. */
static void
test_opaque_tokens_hang_on_the_random_bytes_alone(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " replace email by \"%{opaque}@relay.example\" of "
		 "registrant\n redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	struct decide_given given[3] = {
	    {.random = {1}}, {.random = {1}}, {.random = {2}}};
	struct slice tokens[3];

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_EMAIL, "taro@a.example");
	for (size_t i = 0; i < 3; i++)
		tokens[i] =
		    disclosure_values(decide(ruleset, ruleset_block(ruleset, 0),
					  record, &given[i], arena, NULL),
			ROLE_REGISTRANT, FIELD_EMAIL)
			.items[0];
	assert_true(slice_equal(tokens[0], tokens[1]));
	assert_false(slice_equal(tokens[0], tokens[2]));
}

static void
test_a_limit_keeps_back_but_conditions_see_all(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " forward name of registrant when country is JP\n"
		 " forward country of registrant\n redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	uint64_t limit[ROLE_COUNT] = {
	    [ROLE_REGISTRANT] = (uint64_t)1 << FIELD_NAME_INT};
	struct decide_given given = {.limit = limit};
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	d = decide(ruleset, ruleset_block(ruleset, 0), record, &given, arena,
	    NULL);
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	check_value(d, ROLE_REGISTRANT, FIELD_COUNTRY, NULL);
	assert_false(disclosure_collected(d, ROLE_REGISTRANT, FIELD_COUNTRY));
}

static void
test_a_stop_refuses_the_whole_or_empties_a_role(void **state)
{
	const struct ruleset *ruleset =
	    load("for .jp to reg for p10 {\n"
		 " refuse \"not there\" when registrant.country is KP\n"
		 " forward name, country of registrant, admin\n"
		 " redact * of *\n}\n");
	struct record *record = record_of("a.jp", OBJECT_DOMAIN);
	uint64_t kept[ROLE_COUNT] = {
	    [ROLE_REGISTRANT] = (uint64_t)1 << FIELD_COUNTRY};
	struct decide_given given = {.stopped = 1u << ROLE_REGISTRANT};
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	put(record, ROLE_ADMIN, FIELD_NAME_INT, "Hanako");
	d = decide(ruleset, ruleset_block(ruleset, 0), record, &given, arena,
	    NULL);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_REFUSE);
	assert_int_equal(disclosure_outcome(d).rule, 0);
	assert_true(disclosure_is_stopped(d));
	check_value(d, ROLE_ADMIN, FIELD_NAME_INT, NULL);
	given.minimises = true;
	given.kept = kept;
	d = decide(ruleset, ruleset_block(ruleset, 0), record, &given, arena,
	    NULL);
	assert_int_equal(disclosure_outcome(d).verdict, VERDICT_FORWARD);
	assert_false(disclosure_is_stopped(d));
	check_value(d, ROLE_REGISTRANT, FIELD_NAME_INT, NULL);
	check_value(d, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	check_value(d, ROLE_ADMIN, FIELD_NAME_INT, "Hanako");
	/* A rule's own refusal keeps its number. */
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "KP");
	given.minimises = false;
	d = decide(ruleset, ruleset_block(ruleset, 0), record, &given, arena,
	    NULL);
	assert_int_equal(disclosure_outcome(d).rule, 1);
	assert_false(disclosure_is_stopped(d));
}

/* Who is hidden from those behind keeps a name's servers published. */
static void
test_what_is_hidden_behind_is_the_persons_alone(void **state)
{
	const struct ruleset *ruleset =
	    load("recipient dns \"D\" in JP class registry basis contract by "
		 "api {\n  may receive name, ns of registrant\n}\n"
		 "recipient dns-whois \"public\" public via dns\n"
		 "for .example to dns for p10 {\n"
		 "  forward name, ns of registrant\n  redact * of *\n}\n"
		 "for .example to dns-whois for p11 {\n"
		 "  forward name, ns of registrant\n  redact * of *\n}\n");
	struct record *record = record_of("taro.example", OBJECT_DOMAIN);
	uint64_t kept[ROLE_COUNT] = {[ROLE_REGISTRANT] = ~(uint64_t)0};
	const struct decide_given given = {.stopped = 1 << ROLE_REGISTRANT,
	    .minimises = true,
	    .hides = true,
	    .kept = kept};
	struct fail fail = FAIL_INIT;
	struct disclosure *d;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Taro");
	put(record, ROLE_REGISTRANT, FIELD_NS, "ns1.dns.example");
	d = decide(ruleset, ruleset_block(ruleset, 0), record, &given, arena,
	    &fail);
	assert_non_null(d);
	assert_int_equal(
	    disclosure_values(d, ROLE_REGISTRANT, FIELD_NAME_INT).count, 1);
	assert_false(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_NAME_INT));
	assert_true(disclosure_publishable(d, ROLE_REGISTRANT, FIELD_NS));
	assert_int_equal(
	    disclosure_stopped_roles(d), 1 << ROLE_REGISTRANT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_hidden_behind_is_the_persons_alone),
	    cmocka_unit_test(test_only_what_a_rule_names_passes),
	    cmocka_unit_test(test_unknown_stops_forward_and_fires_hold),
	    cmocka_unit_test(test_no_value_is_in_a_held_or_refused_disclosure),
	    cmocka_unit_test(
		test_what_the_public_may_not_see_is_not_publishable),
	    cmocka_unit_test(test_a_refusal_behind_binds_the_one_before),
	    cmocka_unit_test(test_the_longest_suffix_wins),
	    cmocka_unit_test(test_a_prefix_must_be_covered_whole),
	    cmocka_unit_test(test_replaced_and_generalised_values),
	    cmocka_unit_test(
		test_an_approved_hold_behind_passes_and_hides_nothing_else),
	    cmocka_unit_test(
		test_a_block_on_request_says_so_and_has_nobody_behind),
	    cmocka_unit_test(
		test_the_reference_of_a_subscriber_is_no_object_name),
	    cmocka_unit_test(test_a_block_for_other_objects_is_refused),
	    cmocka_unit_test(test_a_slot_tells_what_it_can_ever_do),
	    cmocka_unit_test(test_the_recipient_in_front_hides_for_all_behind),
	    cmocka_unit_test(test_the_newest_effective_revision_is_in_force),
	    cmocka_unit_test(test_opaque_tokens_hang_on_the_random_bytes_alone),
	    cmocka_unit_test(test_a_limit_keeps_back_but_conditions_see_all),
	    cmocka_unit_test(test_a_stop_refuses_the_whole_or_empties_a_role),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}

/* Links judged, and decide_contact() against decide() under any policy. */
#include "contact_world.h"

#include "base/text.h"
#include "core/contact_plan.h"
#include "runner/random_policy.h"

static const struct disclosure *
domain(const struct ruleset *ruleset, const char *name,
    const struct record *person)
{
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_CREATE, slice_from(name), NULL);
	struct decide_given given = {.approved = false};
	const struct block *blocks[8];

	assert_non_null(record);
	assert_true(
	    record_copy_person(record, ROLE_ADMIN, person, CONTACT_ROLE, NULL));
	assert_true(record_copy_person(
	    record, ROLE_REGISTRANT, person, CONTACT_ROLE, NULL));
	for (size_t i = ruleset_match(ruleset, record, blocks, 8); i-- > 0;)
		if (slice_is(
			ruleset_recipient(ruleset, blocks[i]->recipient)->id,
			"reg"))
			return decide(
			    ruleset, blocks[i], record, &given, arena, NULL);
	fail();
	return NULL;
}

static void
a_link_shows_no_more_than_its_block_lets_through(void **state)
{
	const struct ruleset *ruleset = load(two_tlds);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct shown shown =
	    decide_shown(decide_in(ruleset, &scope, record), CONTACT_ROLE);
	struct ruling ruling;
	enum field field;

	(void)state;
	assert_int_equal(shown.passed, FIELD_BIT(FIELD_NAME_INT));
	assert_int_equal(shown.altered, FIELD_BIT(FIELD_POSTCODE));
	/* Decided for all, it may be linked anywhere. */
	assert_true(decide_link(domain(ruleset, "a.jp", record),
	    ROLE_REGISTRANT, &shown, &field, &ruling));
	assert_true(decide_link(domain(ruleset, "a.org", record), ROLE_ADMIN,
	    &shown, &field, &ruling));
	scope.suffix = SLICE(".jp");
	shown = decide_shown(decide_in(ruleset, &scope, record), CONTACT_ROLE);
	assert_true(decide_link(domain(ruleset, "a.jp", record),
	    ROLE_REGISTRANT, &shown, &field, &ruling));
	assert_false(decide_link(domain(ruleset, "a.org", record),
	    ROLE_REGISTRANT, &shown, &field, &ruling));
	assert_int_equal(field, FIELD_POSTCODE);
	assert_int_equal(ruling.verdict, VERDICT_GENERALISE);
	assert_false(decide_link(domain(ruleset, "a.org", record), ROLE_ADMIN,
	    &shown, &field, &ruling));
	assert_int_equal(field, FIELD_EMAIL);
	assert_int_equal(ruling.verdict, VERDICT_REDACT);
	assert_true(ruling.rule != 0);
	assert_false(decide_link(domain(ruleset, "a.jp", record), ROLE_BILLING,
	    &shown, &field, &ruling));
}

static void
a_link_publishes_no_more_either(void **state)
{
	const struct ruleset *ruleset = load(published);
	struct decide_scope scope = scope_of(ruleset);
	struct record *record = contact();
	struct shown shown;
	struct ruling ruling;
	enum field field;

	(void)state;
	scope.suffix = SLICE(".jp");
	shown = decide_shown(decide_in(ruleset, &scope, record), CONTACT_ROLE);
	assert_int_equal(shown.published, FIELD_BIT(FIELD_NAME_INT));
	assert_true(decide_link(domain(ruleset, "a.jp", record),
	    ROLE_REGISTRANT, &shown, &field, &ruling));
	assert_false(decide_link(domain(ruleset, "a.org", record),
	    ROLE_REGISTRANT, &shown, &field, &ruling));
	assert_int_equal(field, FIELD_NAME_INT);
	/* The public's word, not the registry's, which lets it through. */
	assert_int_equal(ruling.verdict, VERDICT_REDACT);
	assert_true(ruling.rule !=
	    disclosure_ruling(domain(ruleset, "a.org", record),
		ROLE_REGISTRANT, FIELD_NAME_INT)
		.rule);
}

/* --- any policy --- */

enum { POLICIES = 400 };

struct tally {
	unsigned contacts, passed, compared;
};

static struct record *
random_contact(struct random *random)
{
	struct record *record = record_create(
	    arena, OBJECT_CONTACT, OPERATION_CREATE, SLICE("reg/RANDOM"), NULL);
	enum kind kind = (enum kind)random_below(random, KIND_COUNT);

	assert_true(record_set_role(record, CONTACT_ROLE, kind, NULL));
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct slice value = random_value(random, arena, (enum field)f);

		if (!random_once_in(random, 4))
			assert_true(record_set(record, CONTACT_ROLE,
			    (enum field)f, &value, 1, NULL));
	}
	for (unsigned i = 0; i < 18; i++) {
		char purpose[8];
		struct consent c = {.audience = AUDIENCE_ANY};
		int n = snprintf(purpose, sizeof(purpose), "p%u", i + 1);

		c.purpose = (struct slice){purpose, (size_t)n};
		c.given = !random_once_in(random, 3);
		if (random_once_in(random, 2))
			assert_true(
			    record_add_consent(record, CONTACT_ROLE, &c, NULL));
	}
	return record;
}

/* A name that falls under this block and no longer suffix. */
static struct slice
name_under(const struct policy_block *block)
{
	struct text text = text_start(arena);

	text_add_string(&text, "zq");
	text_add(&text, block->patterns[0].word);
	return text_slice(&text);
}

static void
compare(const struct ruleset *ruleset, const struct disclosure *merged,
    const struct policy_block *block, enum role role,
    const struct record *person, struct tally *tally)
{
	struct record *record = record_create(
	    arena, OBJECT_DOMAIN, OPERATION_CREATE, name_under(block), NULL);
	struct decide_given given = {.approved = false};
	const struct disclosure *one;

	assert_true(
	    record_copy_person(record, role, person, CONTACT_ROLE, NULL));
	one = decide(ruleset, &block->is, record, &given, arena, NULL);
	tally->compared++;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum field field = (enum field)f;
		enum verdict got =
		    disclosure_ruling(merged, CONTACT_ROLE, field).verdict;

		if (!verdict_passes(got))
			continue;
		assert_true(got <= disclosure_ruling(one, role, field).verdict);
		if (!disclosure_publishable(one, role, field))
			assert_false(disclosure_publishable(
			    merged, CONTACT_ROLE, field));
	}
}

static void
check_policy(
    struct random *random, const struct ruleset *ruleset, struct tally *tally)
{
	const struct policy *policy = ruleset->policy;
	struct record *person = random_contact(random);

	for (unsigned r = 0; r < policy->recipient_count; r++) {
		struct decide_scope scope = {.recipient = r};
		unsigned roles = ruleset->contacts[r].mentioned;
		struct disclosure *merged;

		if (random_once_in(random, 2))
			roles = scope.roles = 1 + random_below(random, 15);
		merged = decide_in(ruleset, &scope, person);
		if (policy->recipients[r].is.via >= 0)
			continue;
		tally->contacts++;
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			tally->passed += disclosure_values(merged, CONTACT_ROLE,
					     (enum field)f)
					     .count != 0;
		for (size_t b = 0; b < policy->block_count; b++)
			for (unsigned role = 0; role < EPP_ROLES; role++)
				if (policy->blocks[b].is.recipient == r &&
				    policy->blocks[b].is.type ==
					OBJECT_DOMAIN &&
				    !policy->blocks[b].is.on_request &&
				    (roles & ROLE_BIT(role)) != 0)
					compare(ruleset, merged,
					    &policy->blocks[b], (enum role)role,
					    person, tally);
	}
}

static void
never_more_than_any_block_and_role_would(void **state)
{
	static const struct network_group own = {
	    {"own", 3}, random_prefixes, 1};
	struct tally tally = {0, 0, 0};

	(void)state;
	for (uint32_t i = 0; i < POLICIES; i++) {
		struct random random =
		    random_from((struct slice){(const char *)&i, sizeof(i)});
		struct slice diagnostics;
		struct policy_source source = {
		    SLICE("random.policy"), random_policy(&random, arena)};
		const struct ruleset *ruleset = policy_load(
		    arena, &source, NULL, &own, 1, &diagnostics, NULL);

		if (ruleset != NULL)
			check_policy(&random, ruleset, &tally);
		arena_reset(arena);
	}
	/* The test must not pass because nothing happened. */
	assert_true(tally.contacts > POLICIES);
	assert_true(tally.compared > POLICIES);
	assert_true(tally.passed > POLICIES / 2);
}

/* --- out of memory --- */

struct budget {
	unsigned left;
};

static void *
take(void *context, size_t size)
{
	struct budget *budget = context;

	if (budget->left == 0)
		return NULL;
	budget->left--;
	return malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static void
out_of_memory_is_told(void **state)
{
	const struct ruleset *ruleset = load(published);
	struct decide_scope scope = scope_of(ruleset);
	struct decide_given given = {.approved = false};
	struct record *record = contact();
	struct budget budget = {1};
	struct memory memory = {take, give, &budget};
	struct arena *small = arena_create(&memory);
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_null(
	    decide_contact(ruleset, &scope, record, &given, small, &fail));
	assert_int_equal(fail.kind, FAIL_MEMORY);
	arena_destroy(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_link_shows_no_more_than_its_block_lets_through),
	    TEST(a_link_publishes_no_more_either),
	    TEST(never_more_than_any_block_and_role_would),
	    TEST(out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

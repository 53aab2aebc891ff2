/*
 * What an entry keeps of a record: decided again from it, the same comes out,
 * and no value is in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/inputs.h"
#include "core/policy.h"
#include "core/policy_tree.h"
#include "runner/canary.h"
#include "runner/random_policy.h"

enum { ITERATIONS = 300, BLOCKS = 32 };

static struct arena *arena;
static unsigned compared, conditioned;

static struct ruleset *
some_policy(struct random *random)
{
	static const struct network_group own = {
	    SLICE("own"), random_prefixes, 1};
	struct policy_source source = {
	    SLICE("random.policy"), random_policy(random, arena)};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;

	return policy_load(arena, &source, NULL, &own, 1, &diagnostics, &fail);
}

static void
assert_same(const struct disclosure *one, const struct disclosure *two)
{
	struct ruling a = disclosure_outcome(one), b = disclosure_outcome(two);

	assert_int_equal(a.verdict, b.verdict);
	assert_int_equal(a.rule, b.rule);
	assert_int_equal(
	    disclosure_onward_count(one), disclosure_onward_count(two));
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);

		a = disclosure_ruling(one, role, field);
		b = disclosure_ruling(two, role, field);
		assert_int_equal(a.verdict, b.verdict);
		assert_int_equal(a.rule, b.rule);
		assert_int_equal(disclosure_publishable(one, role, field),
		    disclosure_publishable(two, role, field));
		for (size_t i = 0; i < disclosure_onward_count(one); i++)
			assert_int_equal(
			    disclosure_onward_ruling(one, i, role, field).rule,
			    disclosure_onward_ruling(two, i, role, field).rule);
	}
	compared++;
}

static void
assert_no_value(const struct record *record, struct slice bytes)
{
	struct slice values[SLOT_COUNT * 2];
	struct canary_found found;
	size_t count = 0;

	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);
		struct values from = record_values(record, role, field);

		for (size_t i = 0; i < from.count && count < SLOT_COUNT * 2;
		     i++)
			if (random_is_canary(field))
				values[count++] = from.items[i];
	}
	assert_false(count != 0 && canary_find(bytes, values, count, &found));
}

static struct stand_in *
stand_in_of(const struct record *record, struct slice bytes,
    const struct ruleset *was, const struct ruleset *now)
{
	struct inputs *inputs = arena_take(arena, sizeof(*inputs));
	struct stand_in_given given = {.inputs = inputs,
	    .was = was,
	    .now = now,
	    .type = record_type(record),
	    .operation = record_operation(record),
	    .object = record_object(record)};
	struct fail fail = FAIL_INIT;

	assert_non_null(inputs);
	assert_true(inputs_read(bytes, arena, inputs));
	return stand_in_create(&given, arena, &fail);
}

/* Of persons who stopped provision what was left out is left out again. */
static void
check_minimal(const struct ruleset *ruleset, const struct block *block,
    const struct record *record)
{
	const uint64_t left[ROLE_COUNT] = {
	    [ROLE_REGISTRANT] = FIELD_BIT(FIELD_COUNTRY)};
	const struct decide_given given = {
	    .stopped = 1u << ROLE_REGISTRANT | 1u << ROLE_SUBSCRIBER,
	    .minimises = true,
	    .kept = left};
	const struct inputs_given kept = {
	    .ruleset = ruleset, .minimal = &given};
	struct slice bytes = inputs_write(record, &kept, arena);
	struct fail fail = FAIL_INIT;
	struct stand_in *stand_in =
	    stand_in_of(record, bytes, ruleset, ruleset);

	assert_no_value(record, bytes);
	assert_non_null(stand_in);
	assert_same(decide(ruleset, block, record, &given, arena, &fail),
	    stand_in_decide(stand_in, block->recipient, block, arena, &fail));
}

/* Of one block: under its own policy, and what another can tell. */
static void
check_block(const struct ruleset *ruleset, const struct ruleset *other,
    const struct block *block, const struct record *record)
{
	const struct inputs_given kept = {.ruleset = ruleset};
	struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	struct slice bytes = inputs_write(record, &kept, arena);
	struct disclosure *real =
	    decide(ruleset, block, record, &given, arena, &fail);
	struct stand_in *stand_in =
	    stand_in_of(record, bytes, ruleset, ruleset);
	const struct block *blocks[BLOCKS];
	size_t count;
	bool met = false;

	check_minimal(ruleset, block, record);
	assert_no_value(record, bytes);
	assert_non_null(real);
	assert_non_null(stand_in);
	assert_same(real,
	    stand_in_decide(stand_in, block->recipient, block, arena, &fail));
	assert_false(stand_in_step(stand_in));
	count = ruleset_match(other, record, blocks, BLOCKS);
	stand_in = stand_in_of(record, bytes, ruleset, other);
	if (count == 0 || stand_in == NULL)
		return;
	/* One of the stand-ins is what the record was. */
	real = decide(other, blocks[0], record, &given, arena, &fail);
	do {
		struct disclosure *maybe = stand_in_decide(
		    stand_in, blocks[0]->recipient, blocks[0], arena, &fail);
		bool same = true;

		for (unsigned slot = 0; same && slot < SLOT_COUNT; slot++) {
			enum role role = (enum role)(slot / FIELD_COUNT);
			enum field field = (enum field)(slot % FIELD_COUNT);

			same = disclosure_ruling(maybe, role, field).rule ==
			       disclosure_ruling(real, role, field).rule;
		}
		met = met || same;
	} while (stand_in_step(stand_in));
	assert_true(met);
	conditioned++;
}

static void
the_same_policy_decides_the_same_from_what_was_kept(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ITERATIONS; i++) {
		struct random random =
		    random_from((struct slice){(const char *)&i, sizeof(i)});
		struct fail fail = FAIL_INIT;
		const struct block *blocks[BLOCKS];
		struct ruleset *ruleset, *other;
		struct record *record;
		size_t count;

		arena = arena_create(NULL);
		assert_non_null(arena);
		ruleset = some_policy(&random);
		other = some_policy(&random);
		record = random_record(&random, arena, &fail);
		assert_non_null(record);
		count =
		    ruleset != NULL && record_type(record) < OBJECT_SUBMITTED
			? ruleset_match(ruleset, record, blocks, BLOCKS)
			: 0;
		for (size_t b = 0; b < count && b < BLOCKS; b++)
			check_block(ruleset, other != NULL ? other : ruleset,
			    blocks[b], record);
		arena_destroy(arena);
	}
	print_message(
	    "%u compared, %u under another policy\n", compared, conditioned);
	assert_true(compared > ITERATIONS / 4);
	assert_true(conditioned > ITERATIONS / 8);
}

static const char conditions[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "set %s\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, country, state of registrant\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  forward name of registrant when registrant.country in here\n"
    "  redact * of *\n"
    "}\n";

static const struct ruleset *
policy_of(const char *set)
{
	char text[1024];
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;

	snprintf(text, sizeof(text), conditions, set);
	ruleset = policy_load(arena,
	    &(struct policy_source){
		SLICE("t.policy"), arena_copy(arena, slice_from(text))},
	    NULL, NULL, 0, &diagnostics, &fail);
	if (ruleset == NULL)
		print_message("%.*s\n", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	return ruleset;
}

static struct record *
living_in(const char *country)
{
	struct slice name = SLICE("Hanako"), code = slice_from(country);
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("hanako.example"), &fail);

	assert_non_null(record);
	assert_true(record_set(record, ROLE_REGISTRANT, FIELD_NAME_INT, &name,
			1, &fail) &&
		    record_set(record, ROLE_REGISTRANT, FIELD_COUNTRY, &code, 1,
			&fail));
	return record;
}

/* A digit for each stand-in: the verdict on the name. */
static const char *
verdicts(const char *country, const char *was, const char *now)
{
	static char out[16];
	const struct ruleset *old = policy_of(was), *new = policy_of(now);
	const struct inputs_given kept = {.ruleset = old};
	struct record *record = living_in(country);
	struct stand_in *stand_in =
	    stand_in_of(record, inputs_write(record, &kept, arena), old, new);
	struct fail fail = FAIL_INIT;
	size_t len = 0;

	assert_non_null(stand_in);
	do {
		struct disclosure *disclosure = stand_in_decide(
		    stand_in, 0, ruleset_block(new, 0), arena, &fail);

		out[len++] = disclosure_ruling(
				 disclosure, ROLE_REGISTRANT, FIELD_NAME_INT)
					 .verdict == VERDICT_FORWARD
				 ? 'f'
				 : 'r';
	} while (len < 15 && stand_in_step(stand_in));
	out[len] = '\0';
	return out;
}

static void
what_was_not_kept_is_not_known(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	/* The one literal it was, or another one of those asked for. */
	assert_string_equal(verdicts("JP", "here = JP", "here = JP, US"), "f");
	assert_string_equal(verdicts("JP", "here = JP", "here = US"), "r");
	assert_string_equal(verdicts("DE", "here = JP", "here = JP"), "r");
	/* Not JP: that it was US was not kept. */
	assert_string_equal(verdicts("DE", "here = JP", "here = JP, US"), "rf");
	/* One of two: which was not kept. */
	assert_string_equal(verdicts("JP", "here = JP, US", "here = US"), "rf");
	assert_string_equal(
	    verdicts("JP", "here = JP, US", "here = JP, US, DE"), "f");
	arena_destroy(arena);
}

static void
damage_is_no_inputs(void **state)
{
	struct record *record;
	struct inputs inputs;
	struct slice bytes;

	(void)state;
	arena = arena_create(NULL);
	record = living_in("JP");
	bytes = inputs_write(record,
	    &(struct inputs_given){.ruleset = policy_of("here = JP")}, arena);
	assert_true(inputs_read(bytes, arena, &inputs));
	assert_true(bytes.len < 40);
	for (size_t len = 0; len < bytes.len; len++)
		assert_false(inputs_read(
		    (struct slice){bytes.data, len}, arena, &inputs));
	for (size_t i = 0; i < bytes.len; i++) {
		char *copy = arena_take(arena, bytes.len);

		for (unsigned byte = 0; byte < 256; byte += 5) {
			memcpy(copy, bytes.data, bytes.len);
			copy[i] = (char)byte;
			inputs_read(
			    (struct slice){copy, bytes.len}, arena, &inputs);
		}
	}
	arena_destroy(arena);
}

static void
too_much_is_said_to_be(void **state)
{
	char version[256];
	struct consent consent = {
	    .purpose = SLICE("p10"), .given = true, .version = {version, 255}};
	struct fail fail = FAIL_INIT;
	struct record *record;
	struct inputs inputs;
	struct slice bytes;

	(void)state;
	arena = arena_create(NULL);
	memset(version, 'v', sizeof(version));
	record = living_in("JP");
	for (unsigned i = 0; i < 20; i++) {
		consent.time = i;
		if (!record_add_consent(
			record, ROLE_REGISTRANT, &consent, &fail))
			break;
	}
	bytes = inputs_write(record,
	    &(struct inputs_given){.ruleset = policy_of("here = JP")}, arena);
	assert_true(inputs_read(bytes, arena, &inputs));
	assert_true(inputs.too_much);
	arena_destroy(arena);
}

static void
a_kind_that_nobody_told_is_kept_as_presumed(void **state)
{
	static const struct {
		enum kind kind;
		bool told;
	} of[] = {{KIND_LEGAL, false}, {KIND_LEGAL, true},
	    {KIND_NATURAL, false}, {KIND_NATURAL, true}, {KIND_UNKNOWN, false},
	    {KIND_UNKNOWN, true}};
	struct fail fail = FAIL_INIT;
	struct inputs inputs;

	(void)state;
	arena = arena_create(NULL);
	for (size_t i = 0; i < sizeof(of) / sizeof(*of); i++) {
		struct record *record = living_in("JP");
		struct slice bytes;

		assert_true(of[i].told
			? record_set_role(
			      record, ROLE_REGISTRANT, of[i].kind, &fail)
			: record_presume_kind(
			      record, ROLE_REGISTRANT, of[i].kind, &fail));
		bytes = inputs_write(record,
		    &(struct inputs_given){.ruleset = policy_of("here = JP")},
		    arena);
		assert_true(inputs_read(bytes, arena, &inputs));
		assert_int_equal(
		    inputs.roles[ROLE_REGISTRANT].kind, of[i].kind);
		assert_int_equal(inputs.roles[ROLE_REGISTRANT].is_presumed,
		    !of[i].told && of[i].kind != KIND_UNKNOWN);
	}
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_same_policy_decides_the_same_from_what_was_kept),
	    cmocka_unit_test(what_was_not_kept_is_not_known),
	    cmocka_unit_test(damage_is_no_inputs),
	    cmocka_unit_test(too_much_is_said_to_be),
	    cmocka_unit_test(a_kind_that_nobody_told_is_kept_as_presumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

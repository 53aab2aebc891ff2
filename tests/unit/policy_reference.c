/*
 * The compiled form against the reference reading, for every block of every
 * sound policy of the tests and of conf/, over the whole finite domain of
 * each role's conditions.  Each combination is made into a real record, so
 * that facts, tables and decide() are all on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/prefix.h"
#include "base/text.h"
#include "core/compile.h"
#include "core/decide.h"
#include "core/value.h"
#include "runner/files.h"
#include "runner/random_policy.h"
#include "runner/reference.h"

/* A value of the field in none of the policy's sets. */
static bool
other_value(
    const struct variable *variable, struct arena *arena, struct slice *out)
{
	static const char *const tries[] = {"ZZ other 1", "SE", "NO", "AT",
	    "CH", "other", "other.example", "o@other.example", "+81.300000000",
	    "12345", "192.0.2.0/24"};

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		bool known = false;

		if (!value_canonical(arena, variable->field,
			slice_from(tries[i]), out, NULL))
			continue;
		for (size_t k = 0; k < variable->literal_count; k++)
			known |= slice_equal(variable->literals[k].text, *out);
		if (!known)
			return true;
	}
	return false;
}

/* The text that puts a value or plan variable in this state. */
static bool
text_for(const struct variable *variable, unsigned state, struct arena *arena,
    struct slice *out)
{
	if (state == STATE_MALFORMED)
		return false;
	if (state == STATE_OTHER) {
		*out = SLICE("a plan no set has");
		return variable->subject == TEST_PLAN ||
		       other_value(variable, arena, out);
	}
	for (size_t i = 0; i < variable->literal_count; i++) {
		if (variable->literals[i].state == state) {
			*out = variable->literals[i].text;
			return true;
		}
	}
	return false;
}

/* A network of that length in the block's; other objects have none. */
static bool
set_length(struct record *record, const struct variable *variable,
    unsigned state, struct arena *arena)
{
	struct slice object = record_object(record), length = SLICE("31");
	struct text name = text_start(arena);
	struct prefix outer, inner;

	if (record_type(record) != OBJECT_NETWORK)
		return state == STATE_MISSING;
	if (state < STATE_OTHER ||
	    (state != STATE_OTHER && !text_for(variable, state, arena, &length)))
		return false;
	for (size_t i = 0; object.data[i] != '/'; i++)
		text_add_char(&name, object.data[i]);
	text_add_char(&name, '/');
	text_add(&name, length);
	return prefix_parse(object, &outer, NULL) &&
	       prefix_parse(text_slice(&name), &inner, NULL) &&
	       prefix_contains(&outer, &inner) &&
	       record_set_object(record, text_slice(&name), NULL);
}

/* Make one variable so in the record; false if no record can be so. */
static bool
realise(struct record *record, const struct variable *variable, unsigned state,
    struct arena *arena)
{
	struct consent consent = {.purpose = variable->purpose,
	    .audience = variable->audience,
	    .given = state == CONSENT_GIVEN,
	    .time = 100};
	enum role role = (enum role)variable->role;
	struct slice text;

	switch (variable->subject) {
	case TEST_KIND:
		return record_set_role(record, role, (enum kind)state, NULL);
	case TEST_CONSENT:
		return state == CONSENT_UNKNOWN ||
		       record_add_consent(record, role, &consent, NULL);
	case TEST_REQUEST:
		return true;
	case TEST_SIZE:
		return set_length(record, variable, state, arena);
	case TEST_PLAN:
	case TEST_VALUE:
	case TEST_PRESENT:
		break;
	}
	if (state == STATE_MISSING)
		return true;
	if (!text_for(variable, state, arena, &text))
		return false;
	if (variable->subject == TEST_PLAN)
		return record_set_plan(record, text, NULL);
	return record_set(record, role, variable->field, &text, 1, NULL);
}

/* An object that the block is for. */
static struct slice
object_for(const struct policy_block *block, struct arena *arena)
{
	const struct pattern *pattern = &block->patterns[0];
	struct text name = text_start(arena);

	if (block->is.type == OBJECT_NETWORK)
		return pattern->group->prefixes[0];
	text_add_string(&name, "x");
	text_add(&name, pattern->word);
	return text_slice(&name);
}

static struct record *
record_for(const struct ruleset *ruleset, const struct table *table,
    const struct policy_block *block, const uint16_t *values,
    struct arena *arena)
{
	enum operation operation = OPERATION_CREATE;
	struct record *record;

	for (size_t i = 0; i < table->term_count; i++) {
		unsigned v = table->terms[i].variable;

		if (ruleset->variables[v].subject == TEST_REQUEST)
			operation = (enum operation)values[v];
	}
	record = record_create(
	    arena, block->is.type, operation, object_for(block, arena), NULL);
	assert_non_null(record);
	for (size_t i = 0; i < table->term_count; i++) {
		unsigned v = table->terms[i].variable;

		if (!realise(record, &ruleset->variables[v], values[v], arena))
			return NULL;
	}
	return record;
}

static void
compare(const struct ruleset *ruleset, const struct bound_block *bound,
    const struct record *record, struct arena *arena)
{
	struct decide_given given = {.approved = false};
	struct fail fail = FAIL_INIT;
	const struct disclosure *disclosure =
	    decide(ruleset, &bound->block->is, record, &given, arena, &fail);
	unsigned gate = reference_gate(ruleset->policy, bound->block, record);

	assert_non_null(disclosure);
	if (disclosure_onward_count(disclosure) == 0)
		assert_int_equal(disclosure_outcome(disclosure).rule, gate);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			assert_int_equal(disclosure_ruling(disclosure,
					     (enum role)role, (enum field)f)
					     .rule,
			    reference_slot(ruleset->policy, bound->block,
				record, (enum role)role, (enum field)f));
}

static size_t
compare_table(const struct ruleset *ruleset, const struct bound_block *bound,
    const struct table *table)
{
	struct arena *arena = arena_create(NULL);
	uint16_t *values = calloc(ruleset->variable_count + 1, sizeof(*values));
	size_t compared = 0;

	assert_non_null(arena);
	assert_non_null(values);
	do {
		struct record *record =
		    record_for(ruleset, table, bound->block, values, arena);

		if (record != NULL) {
			compare(ruleset, bound, record, arena);
			compared++;
		}
		arena_reset(arena);
	} while (terms_step(ruleset, table->terms, table->term_count, values));
	arena_destroy(arena);
	free(values);
	return compared;
}

static void
compare_ruleset(const struct ruleset *ruleset)
{
	for (size_t b = 0; b < ruleset->block_count; b++) {
		const struct bound_block *bound = &ruleset->blocks[b];
		size_t compared = compare_table(ruleset, bound, &bound->gate);

		for (unsigned role = 0; role < ROLE_COUNT; role++)
			compared +=
			    compare_table(ruleset, bound, &bound->roles[role]);
		assert_true(compared > 0);
	}
}

static void
compare_policy(struct arena *arena, const char *path)
{
	struct slice diagnostics;
	struct ruleset *ruleset = files_load(arena, path, &diagnostics);

	if (ruleset == NULL)
		print_error("%.*s", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	compare_ruleset(ruleset);
}

/* Policies nobody wrote: the same comparison for some that compile. */
static void
test_tables_of_random_policies_say_it_too(void **state)
{
	static const struct network_group own = {
	    {"own", 3}, random_prefixes, 1};
	unsigned compiled = 0;

	(void)state;
	for (unsigned seed = 0; seed < 60; seed++) {
		struct arena *arena = arena_create(NULL);
		struct random random = random_from(
		    (struct slice){(const char *)&seed, sizeof(seed)});
		struct policy_source source = {SLICE("random"), {NULL, 0}};
		struct slice diagnostics;
		struct ruleset *ruleset;

		source.text = random_policy(&random, arena);
		assert_non_null(source.text.data);
		ruleset = policy_load(
		    arena, &source, NULL, &own, 1, &diagnostics, NULL);
		if (ruleset != NULL) {
			compare_ruleset(ruleset);
			compiled++;
		}
		arena_destroy(arena);
	}
	assert_true(compiled > 10);
}

static void
test_tables_say_what_the_rules_say(void **state)
{
	(void)state;
	files_each("tests/policy/ok/*.policy", compare_policy);
	files_each("conf/policy/revision-*.policy", compare_policy);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tables_say_what_the_rules_say),
	    cmocka_unit_test(test_tables_of_random_policies_say_it_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * policy_load() under memory that runs out: after any number of blocks, and
 * at any byte of the block it is in, it says so and gives no ruleset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/policy.h"

static const char text[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\npurpose p11 \"publish\"\n"
    "set japan = JP\nset plans = \"a \\\" b\", c\n"
    "recipient reg \"Registry\" in JP class registry basis law by api {\n"
    "  may receive name, email, country of registrant, admin\n}\n"
    "recipient whois \"public\" public via reg\n"
    "for .jp, .example to reg for p10 {\n"
    "  refuse \"abroad\" unless registrant.country in japan\n"
    "  forward name of registrant, admin when kind is legal\n"
    "  replace email by \"%{opaque}@relay.example\" of registrant\n"
    "  generalise country to country of admin when plan in plans\n"
    "  redact * of *\n}\n"
    "for .jp to whois for p11 {\n"
    "  forward name of admin when kind is legal and consent to p11\n"
    "  redact * of *\n}\n";

/* The same, with something wrong in each stage's own way. */
static const char broken[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\nfor .jp to nobody for p11 {\n send it\n}\n";

struct budget {
	size_t blocks; /* to give before refusing */
};

static void *
take(void *context, size_t size)
{
	struct budget *budget = context;

	return budget->blocks-- == 0 ? (budget->blocks = 0, NULL)
				     : malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

/* Load with `blocks` blocks, `left` bytes free in the first. */
static bool
load(const char *policy, size_t blocks, size_t left, struct fail *fail)
{
	struct budget budget = {blocks + 1};
	struct memory memory = {take, give, &budget};
	struct arena *arena = arena_create(&memory);
	struct policy_source source = {SLICE("t.policy"), slice_from(policy)};
	struct slice diagnostics;
	struct ruleset *ruleset;

	assert_non_null(arena);
	if (blocks != 0)
		assert_non_null(arena_take(arena, 16384 - left));
	ruleset =
	    policy_load(arena, &source, NULL, NULL, 0, &diagnostics, fail);
	assert_true(ruleset != NULL || fail->kind != FAIL_NONE);
	if (fail->kind == FAIL_MEMORY)
		assert_null(ruleset);
	arena_destroy(arena);
	return fail->kind != FAIL_MEMORY;
}

static void
sweep(const char *policy, enum fail_kind end)
{
	for (size_t left = 0; left < 16384; left += 112) {
		for (size_t blocks = 1; blocks < 1000; blocks++) {
			struct fail fail = FAIL_INIT;

			if (load(policy, blocks, left, &fail)) {
				assert_int_equal(fail.kind, end);
				break;
			}
		}
	}
}

static void
test_memory_that_runs_out_is_told(void **state)
{
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_false(load(text, 0, 0, &fail));
	sweep(text, FAIL_NONE);
}

static void
test_memory_that_runs_out_over_errors_is_told(void **state)
{
	(void)state;
	sweep(broken, FAIL_INPUT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_memory_that_runs_out_is_told),
	    cmocka_unit_test(test_memory_that_runs_out_over_errors_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

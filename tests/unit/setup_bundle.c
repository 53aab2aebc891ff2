/*
 * A setup that goes to a process without files: the same texts make the same
 * setup there, and what is not whole or not the same makes none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <unistd.h>

#include "setup.h"

struct world {
	struct arena *arena;
	struct setup *setup;
	struct slice bundle;
};

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct setup_given given = {
	    .conf = "conf/misu.conf", .state = "/nowhere", .check = true};
	struct fail fail = FAIL_INIT;
	char *diagnostics;

	world->arena = arena_create(NULL);
	world->setup = setup_load(&given, &diagnostics, &fail);
	free(diagnostics);
	assert_non_null(world->setup);
	world->bundle = setup_bundle(
	    world->setup, world->setup->rulesets[1], world->arena);
	assert_non_null(world->bundle.data);
	*state = world;
	return 0;
}

static int
finish(void **state)
{
	struct world *world = *state;

	setup_free(world->setup);
	arena_destroy(world->arena);
	free(world);
	return 0;
}

static void
the_same_setup_comes_out_without_a_file(void **state)
{
	struct world *world = *state;
	const struct ruleset *in_force = NULL;
	struct fail fail = FAIL_INIT;
	struct setup *setup;
	struct digest one, two;

	setup = setup_from_bundle(world->bundle, &in_force, &fail);
	assert_string_equal(fail.text, "");
	assert_non_null(setup);
	assert_ptr_equal(in_force, setup->rulesets[1]);
	assert_true(digest_equal(ruleset_identity(in_force),
	    ruleset_identity(world->setup->rulesets[1])));
	one = conf_setup_identity(world->setup->conf, world->arena);
	two = conf_setup_identity(setup->conf, world->arena);
	assert_true(digest_equal(&one, &two));
	assert_string_equal(
	    setup_state_path(setup, SLICE("x")), "/nowhere/x");
	assert_true(slice_equal(
	    setup_bundle(setup, in_force, world->arena), world->bundle));
	setup_free(setup);
}

static void
what_is_cut_or_changed_is_refused(void **state)
{
	struct world *world = *state;
	const struct ruleset *in_force;
	size_t step = 1 + world->bundle.len / 150;
	char *copy = malloc(world->bundle.len);

	for (size_t len = 0; len < world->bundle.len; len += step) {
		struct fail fail = FAIL_INIT;

		assert_null(
		    setup_from_bundle((struct slice){world->bundle.data, len},
			&in_force, &fail));
		assert_int_not_equal(fail.kind, FAIL_NONE);
	}
	memcpy(copy, world->bundle.data, world->bundle.len);
	for (size_t at = 0; at < 13 + 4; at++) {
		struct fail fail = FAIL_INIT;

		copy[at] ^= 1;
		assert_null(setup_from_bundle(
		    (struct slice){copy, world->bundle.len}, &in_force,
		    &fail));
		copy[at] ^= 1;
	}
	free(copy);
}

static void
another_policy_than_promised_is_refused(void **state)
{
	struct world *world = *state;
	const struct ruleset *in_force;
	struct fail fail = FAIL_INIT;
	char *copy = malloc(world->bundle.len), *at;

	memcpy(copy, world->bundle.data, world->bundle.len);
	at = memmem(copy, world->bundle.len, "to file out/freebit ", 20);
	assert_non_null(at);
	memcpy(memmem(at, 90, "access.json", 11), "hosted.json", 11);
	assert_null(setup_from_bundle(
	    (struct slice){copy, world->bundle.len}, &in_force, &fail));
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(the_same_setup_comes_out_without_a_file),
	    TEST(what_is_cut_or_changed_is_refused),
	    TEST(another_policy_than_promised_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

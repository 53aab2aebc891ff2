/* Answers that are kept: by key, within their bytes, the oldest go first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "answers.h"

static struct answer *
keep(struct answers *answers, const char *key, const char *bytes)
{
	const struct answer answer = {.key = slice_from(key),
	    .bytes = slice_from(bytes),
	    .ask = {.kind = ASK_DOMAIN, .name = SLICE("example.com")},
	    .entry = 7};

	return answers_keep(answers, &answer);
}

static struct answer *
find(struct answers *answers, const char *key)
{
	return answers_find(answers, slice_from(key));
}

static void
what_is_kept_is_found_as_it_was(void **state)
{
	struct answers *answers = answers_create(100000, 7);
	char key[] = "domain/example.com";

	(void)state;
	assert_null(find(answers, key));
	assert_non_null(keep(answers, key, "one"));
	key[0] = 'x'; /* it was copied */
	assert_null(find(answers, key));
	assert_true(
	    slice_is(find(answers, "domain/example.com")->bytes, "one"));
	assert_true(slice_is(
	    find(answers, "domain/example.com")->ask.name, "example.com"));
	assert_int_equal(find(answers, "domain/example.com")->entry, 7);
	assert_non_null(keep(answers, "domain/example.com", "two"));
	assert_true(
	    slice_is(find(answers, "domain/example.com")->bytes, "two"));
	assert_int_equal(answers_count(answers), 1);
	answers_drop(answers, find(answers, "domain/example.com"));
	assert_null(find(answers, "domain/example.com"));
	assert_int_equal(answers_bytes(answers), 0);
	answers_destroy(answers);
}

static void
bytes_are_bounded_and_the_oldest_goes(void **state)
{
	struct answers *answers = answers_create(1, 7);
	size_t each;

	(void)state;
	assert_null(keep(answers, "a", "one"));
	answers_set_limit(answers, 100000);
	keep(answers, "a", "one");
	each = answers_bytes(answers);
	keep(answers, "b", "two");
	keep(answers, "c", "six");
	answers_set_limit(answers, 3 * each);
	assert_non_null(find(answers, "a")); /* b is the oldest now */
	keep(answers, "d", "ten");
	assert_null(find(answers, "b"));
	assert_non_null(find(answers, "a"));
	assert_non_null(find(answers, "c"));
	assert_non_null(find(answers, "d"));
	assert_true(answers_bytes(answers) <= 3 * each);
	answers_set_limit(answers, each);
	assert_non_null(find(answers, "d"));
	assert_int_equal(answers_count(answers), 1);
	answers_destroy(answers);
}

static void
many_are_found_and_all_are_forgotten(void **state)
{
	struct answers *answers = answers_create(SIZE_MAX / 2, 7);
	char key[32];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "domain/d%u.example", i);
		assert_non_null(keep(answers, key, key));
	}
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(key, sizeof(key), "domain/d%u.example", i);
		assert_true(slice_is(find(answers, key)->bytes, key));
	}
	assert_int_equal(answers_count(answers), 20000);
	answers_clear(answers);
	assert_int_equal(answers_count(answers), 0);
	assert_int_equal(answers_bytes(answers), 0);
	assert_null(find(answers, key));
	answers_destroy(answers);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_kept_is_found_as_it_was),
	    cmocka_unit_test(bytes_are_bounded_and_the_oldest_goes),
	    cmocka_unit_test(many_are_found_and_all_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

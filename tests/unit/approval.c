/* Two pairs of eyes: who is another, and who only comes another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_approval.h"

/* misu.conf names two of the users; others come by a group. */
static bool
same(const char *one, const char *two)
{
	static const struct conf_operator named[] = {
	    {.by = CONF_BY_USER, .id = 1001}, {.by = CONF_BY_USER, .id = 1002},
	    {.by = CONF_BY_GROUP, .id = 1003}};
	static const struct conf conf = {
	    .operators = named, .operator_count = 3};
	bool same =
	    approval_is_same_person(&conf, slice_from(one), slice_from(two));

	assert_int_equal(same,
	    approval_is_same_person(&conf, slice_from(two), slice_from(one)));
	return same;
}

static void
a_user_is_known_by_the_number_whatever_the_name(void **state)
{
	(void)state;
	assert_true(same("uid 1001 (alice)", "uid 1001 (alicia)"));
	assert_true(same("uid 1001", "uid 1001 (alice)"));
	assert_false(same("uid 1001 (readers)", "uid 1002 (readers)"));
	assert_false(same("uid 1001", "uid 1002"));
}

static void
a_certificate_is_whoever_has_its_name(void **state)
{
	(void)state;
	assert_true(same("certificate 0011223344556677 (alice)",
	    "certificate 8899aabbccddeeff (alice)"));
	assert_false(same("certificate 0011223344556677 (alice)",
	    "certificate 8899aabbccddeeff (bob)"));
	/* The same one by the socket is no second pair of eyes. */
	assert_true(
	    same("certificate 0011223344556677 (alice)", "uid 1001 (alice)"));
	assert_false(
	    same("certificate 0011223344556677 (alice)", "uid 1002 (bob)"));
	assert_false(same("certificate 0011223344556677 (alice)", "uid 0"));
	/* Nobody says who of the group that is. */
	assert_true(
	    same("certificate 0011223344556677 (alice)", "uid 1003 (staff)"));
	assert_false(same("uid 1003 (staff)", "uid 1001 (alice)"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_user_is_known_by_the_number_whatever_the_name),
	    cmocka_unit_test(a_certificate_is_whoever_has_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

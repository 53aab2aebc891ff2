/* When the disk is full, at the rate it was filled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "service_disk.h"

static void
what_grows_fills_what_is_free(void **state)
{
	const struct disk_sample then = {1000, 5000}, now = {61000, 5600};

	(void)state;
	assert_int_equal(disk_full_in(&then, &now, 6000), 600);
	assert_int_equal(disk_full_in(&then, &now, 0), 0);
}

static void
what_does_not_grow_lasts(void **state)
{
	const struct disk_sample then = {1000, 5000}, now = {61000, 5000};
	const struct disk_sample less = {61000, 4000};

	(void)state;
	assert_int_equal(disk_full_in(&then, &now, 6000), -1);
	assert_int_equal(disk_full_in(&then, &less, 6000), -1);
	assert_int_equal(disk_full_in(&now, &now, 6000), -1);
}

static void
a_byte_in_an_hour_of_the_largest_disk_is_no_overflow(void **state)
{
	const struct disk_sample then = {1000, 0}, now = {3601000, 1};

	(void)state;
	assert_int_equal(disk_full_in(&then, &now, UINT64_MAX), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_grows_fills_what_is_free),
	    cmocka_unit_test(what_does_not_grow_lasts),
	    cmocka_unit_test(
		a_byte_in_an_hour_of_the_largest_disk_is_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

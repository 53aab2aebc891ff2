/* The property target over a fixed run of inputs, each time the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/property.c"

enum { ITERATIONS = 200 };

static void
no_redacted_value_is_in_anything_rendered(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < ITERATIONS; i++)
		LLVMFuzzerTestOneInput((const uint8_t *)&i, sizeof(i));
	/* The test must not pass because nothing happened. */
	assert_true(property_compiled * 2 > ITERATIONS);
	assert_true(property_disclosed > ITERATIONS / 4);
	assert_true(property_passed > ITERATIONS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_redacted_value_is_in_anything_rendered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

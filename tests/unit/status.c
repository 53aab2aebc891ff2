/* The statuses that may be told are a closed list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/status.h"

static void
assert_status(const char *status, const char *rdap)
{
	const char *found = status_rdap(slice_from(status));

	assert_non_null(found);
	assert_string_equal(found, rdap);
}

static void
a_status_has_its_word_in_rdap(void **state)
{
	(void)state;
	assert_status("clientHold", "client hold");
	assert_status("ok", "active");
	assert_status("To be suspended", "active");
}

static void
a_state_of_jprs_may_have_a_day(void **state)
{
	(void)state;
	assert_status("Connected", "active");
	assert_status("Connected (2027/03/31)", "active");
	assert_null(status_rdap(SLICE("Connected (Taro)")));
	assert_null(status_rdap(SLICE("Connected (2027/03/31) ")));
	assert_null(status_rdap(SLICE("Active (2027/03/31)")));
}

static void
free_text_is_no_status(void **state)
{
	(void)state;
	assert_null(status_rdap(SLICE("")));
	assert_null(status_rdap(SLICE("call 03-0000-0000")));
	assert_null(status_rdap(SLICE("clientHol")));
	assert_null(status_rdap(SLICE("clientHolding")));
}

static void
a_lock_is_one_word_that_ends_with_locked(void **state)
{
	(void)state;
	assert_true(status_is_lock(SLICE("AgentChangeLocked")));
	assert_false(status_is_lock(SLICE("Locked")));
	assert_false(status_is_lock(SLICE("Agent 03 Locked")));
	assert_false(status_is_lock(SLICE("AgentChange")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_status_has_its_word_in_rdap),
	    cmocka_unit_test(a_state_of_jprs_may_have_a_day),
	    cmocka_unit_test(free_text_is_no_status),
	    cmocka_unit_test(a_lock_is_one_word_that_ends_with_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* How many connections a block may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "net/crowd.h"

static int
join(struct crowd *crowd, const char *address)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET6, address, &six.sin6_addr) == 1)
		return crowd_join(crowd, (const struct sockaddr *)&six);
	assert_int_equal(inet_pton(AF_INET, address, &four.sin_addr), 1);
	return crowd_join(crowd, (const struct sockaddr *)&four);
}

static void
a_block_has_so_many_and_no_more(void **state)
{
	struct crowd crowd;
	int first;

	(void)state;
	crowd_init(&crowd, 2);
	crowd.seed = 7;
	first = join(&crowd, "2001:db8::1");
	assert_in_range(first, 0, CROWD_COUNTERS - 1);
	assert_int_equal(join(&crowd, "2001:db8::2"), first);
	assert_int_equal(join(&crowd, "2001:db8::3"), CROWD_FULL);
	assert_int_not_equal(join(&crowd, "2001:db8:0:1::3"), CROWD_FULL);
	assert_int_not_equal(join(&crowd, "192.0.2.1"), CROWD_FULL);
	crowd_leave(&crowd, first);
	assert_int_equal(join(&crowd, "2001:db8::3"), first);
	assert_int_equal(join(&crowd, "2001:db8::3"), CROWD_FULL);
}

static void
a_proxy_on_this_machine_is_not_counted(void **state)
{
	struct crowd crowd;

	(void)state;
	crowd_init(&crowd, 1);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(join(&crowd, "127.0.0.1"), CROWD_FREE);
		assert_int_equal(join(&crowd, "::1"), CROWD_FREE);
		assert_int_equal(join(&crowd, "::ffff:127.0.0.1"), CROWD_FREE);
	}
	crowd_leave(&crowd, CROWD_FREE);
	crowd_leave(&crowd, CROWD_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_block_has_so_many_and_no_more),
	    cmocka_unit_test(a_proxy_on_this_machine_is_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Who is counted as asking over RDAP, whatever a header claims. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include "publisher_priv.h"

/* The asker's block as text, or "none". */
static const char *
asker(const char *peer, const char *forwarded)
{
	static char text[PREFIX_SIZE + 1];
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	bool is_four = inet_pton(AF_INET, peer, &four.sin_addr) == 1;
	struct prefix prefix;

	if (!is_four)
		assert_int_equal(inet_pton(AF_INET6, peer, &six.sin6_addr), 1);
	if (!publisher_asker(is_four ? (const struct sockaddr *)&four
				     : (const struct sockaddr *)&six,
		forwarded != NULL ? slice_from(forwarded)
				  : (struct slice){NULL, 0},
		&prefix))
		return "none";
	text[prefix_print(&prefix, text)] = '\0';
	return text;
}

static void
a_stranger_is_its_own_address_whatever_it_claims(void **state)
{
	(void)state;
	assert_string_equal(asker("198.51.100.7", NULL), "198.51.100.7/32");
	assert_string_equal(
	    asker("198.51.100.7", "203.0.113.9"), "198.51.100.7/32");
	assert_string_equal(
	    asker("2001:db8:1:2:3:4:5:6", "127.0.0.1"), "2001:db8:1:2::/64");
	assert_string_equal(
	    asker("::ffff:198.51.100.7", "203.0.113.9"), "198.51.100.7/32");
}

static void
of_a_proxy_here_the_last_address_counts(void **state)
{
	(void)state;
	assert_string_equal(
	    asker("127.0.0.1", "203.0.113.9"), "203.0.113.9/32");
	assert_string_equal(
	    asker("127.0.0.1", "192.0.2.1, 203.0.113.9"), "203.0.113.9/32");
	assert_string_equal(
	    asker("::1", "127.0.0.1,203.0.113.9"), "203.0.113.9/32");
	assert_string_equal(
	    asker("::ffff:127.0.0.1", "203.0.113.9"), "203.0.113.9/32");
	assert_string_equal(
	    asker("127.8.8.8", "evil, 2001:db8::1:2:3:4"), "2001:db8::/64");
	/* One address, however it is written. */
	assert_string_equal(
	    asker("127.0.0.1", "::ffff:203.0.113.9"), "203.0.113.9/32");
}

/* What it says is none: it is counted as the proxy, with all such. */
static void
what_is_no_address_names_nobody(void **state)
{
	static const char *const none[] = {"", " ", "unknown", "203.0.113.9,",
	    "203.0.113.9 ", "203.0.113.9:80", "[2001:db8::1]", "203.0.113",
	    "203.0.113.9/8", "_hidden", "203.0.113.256"};

	(void)state;
	assert_string_equal(asker("127.0.0.1", NULL), "127.0.0.1/32");
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_string_equal(
		    asker("127.0.0.1", none[i]), "127.0.0.1/32");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_stranger_is_its_own_address_whatever_it_claims),
	    cmocka_unit_test(of_a_proxy_here_the_last_address_counts),
	    cmocka_unit_test(what_is_no_address_names_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

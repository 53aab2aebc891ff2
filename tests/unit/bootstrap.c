/* RDAP's bootstrap files: which server has a domain or a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "codec/bootstrap.h"

#define HEAD "{\"version\":\"1.0\",\"publication\":\"2026-01-01T00:00:00Z\","

static struct arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static bool
read_as(const char *text, enum bootstrap_kind kind, struct bootstrap *out)
{
	struct fail fail = FAIL_INIT;
	bool ok = bootstrap_read(slice_from(text), kind, arena, out, &fail);

	assert_true(ok || fail.text[0] != '\0');
	return ok;
}

static void
domain_is(const struct bootstrap *files, const char *name, const char *url)
{
	struct slice found;

	if (url == NULL) {
		assert_false(
		    bootstrap_find_domain(files, slice_from(name), &found));
		return;
	}
	assert_true(bootstrap_find_domain(files, slice_from(name), &found));
	assert_true(slice_is(found, url));
}

static void
the_longest_name_that_a_domain_is_under_counts(void **state)
{
	struct bootstrap files;

	(void)state;
	assert_true(read_as(HEAD
	    "\"services\":[[[\"com\",\"NET\"],[\"https://a.example/\"]],"
	    "[[\"co.com\"],[\"https://b.example/x/\"]],"
	    "[[\"xn--q9jyb4c\"],[\"https://c.example/\"]]]}",
	    BOOTSTRAP_DNS, &files));
	domain_is(&files, "example.com", "https://a.example/");
	domain_is(&files, "example.co.com", "https://b.example/x/");
	domain_is(&files, "exampleco.com", "https://a.example/");
	domain_is(&files, "example.net", "https://a.example/");
	domain_is(&files, "x.xn--q9jyb4c", "https://c.example/");
	domain_is(&files, "example.org", NULL);
}

static void
the_smallest_prefix_that_has_all_of_it_counts(void **state)
{
	struct bootstrap files;
	struct prefix prefix;
	struct fail fail = FAIL_INIT;
	struct slice url;

	(void)state;
	assert_true(
	    read_as(HEAD "\"services\":[[[\"192.0.2.0/24\","
			 "\"198.51.100.0/24\"],[\"https://a.example/\"]],"
			 "[[\"192.0.2.128/25\"],[\"https://b.example/\"]]]}",
		BOOTSTRAP_IPV4, &files));
	assert_true(prefix_parse(SLICE("192.0.2.128/29"), &prefix, &fail));
	assert_true(bootstrap_find_prefix(&files, &prefix, &url));
	assert_true(slice_is(url, "https://b.example/"));
	assert_true(prefix_parse(SLICE("192.0.2.0/24"), &prefix, &fail));
	assert_true(bootstrap_find_prefix(&files, &prefix, &url));
	assert_true(slice_is(url, "https://a.example/"));
	assert_true(prefix_parse(SLICE("203.0.113.0/24"), &prefix, &fail));
	assert_false(bootstrap_find_prefix(&files, &prefix, &url));
}

static void
https_is_taken_and_http_to_others_never(void **state)
{
	struct bootstrap files;

	(void)state;
	assert_true(read_as(HEAD "\"services\":[[[\"com\"],"
				 "[\"http://a.example/\",\"https://a.example/"
				 "\"]],[[\"net\"],[\"http://b.example/\"]],"
				 "[[\"org\"],[\"http://127.0.0.1:81/\"]]]}",
	    BOOTSTRAP_DNS, &files));
	domain_is(&files, "example.com", "https://a.example/");
	domain_is(&files, "example.net", NULL);
	domain_is(&files, "example.org", "http://127.0.0.1:81/");
	assert_false(bootstrap_is_base(SLICE("https://user@b.example/")));
	assert_false(bootstrap_is_base(SLICE("https://b.example/?q=/")));
	assert_false(bootstrap_is_base(SLICE("http://127.0.0.1.example/")));
	assert_false(bootstrap_is_base(SLICE("gopher://127.0.0.1/")));
	assert_false(bootstrap_is_base(SLICE("https:///")));
}

static void
a_file_that_is_not_as_the_rfc_says_is_not_used(void **state)
{
	static const char *const bad[] = {"", "[]", "{}",
	    "{\"version\":\"2.0\",\"publication\":\"\",\"services\":[]}",
	    "{\"version\":\"1.0\",\"services\":[]}", HEAD "\"services\":{}}",
	    HEAD "\"services\":[[[\"com\"]]]}",
	    HEAD "\"services\":[[[\"com\"],[]]]}",
	    HEAD "\"services\":[[[\"com\"],[\"https://a.example\"]]]}",
	    HEAD "\"services\":[[[\"a..b\"],[\"https://a.example/\"]]]}",
	    HEAD "\"services\":[[[1],[\"https://a.example/\"]]]}",
	    HEAD "\"services\":[[\"com\",[\"https://a.example/\"]]]}",
	    HEAD "\"services\":[1]}"};
	struct bootstrap files;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(read_as(bad[i], BOOTSTRAP_DNS, &files));
	assert_false(read_as(HEAD "\"services\":[[[\"2001:db8::/32\"],"
				  "[\"https://a.example/\"]]]}",
	    BOOTSTRAP_IPV4, &files));
	assert_false(read_as(HEAD "\"services\":[[[\"192.0.2.1/24\"],"
				  "[\"https://a.example/\"]]]}",
	    BOOTSTRAP_IPV4, &files));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	    TEST(the_longest_name_that_a_domain_is_under_counts),
	    TEST(the_smallest_prefix_that_has_all_of_it_counts),
	    TEST(https_is_taken_and_http_to_others_never),
	    TEST(a_file_that_is_not_as_the_rfc_says_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is asked of WHOIS and RDAP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/ask.h"

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

static struct ask
whois(const char *line)
{
	struct fail fail = FAIL_INIT;
	struct ask ask;

	if (!ask_whois(arena, slice_from(line), &ask, &fail))
		fail_msg("%s: %s", line, fail.text);
	return ask;
}

static void
assert_refused(const char *line)
{
	struct fail fail = FAIL_INIT;
	struct ask ask;

	assert_false(ask_whois(arena, slice_from(line), &ask, &fail));
	assert_int_equal(fail.kind, FAIL_INPUT);
}

static void
a_name_is_asked_for_in_any_script(void **state)
{
	(void)state;
	assert_true(slice_is(whois("EXAMPLE.JP").name, "example.jp"));
	assert_true(slice_is(whois("例え.jp").name, "xn--r8jz45g.jp"));
	assert_true(
	    slice_is(whois(" domain Example.com. ").name, "example.com"));
	assert_int_equal(whois("DOM example.jp").kind, ASK_DOMAIN);
	assert_int_equal(whois("HOST ns1.example.jp").kind, ASK_NAMESERVER);
}

static void
what_refers_to_it_is_asked_for_with_a_circumflex(void **state)
{
	(void)state;
	assert_int_equal(whois("^tm1234jp").kind, ASK_REFERENCES);
	assert_true(slice_is(whois("^ tm1234jp /e").name, "TM1234JP"));
	assert_true(whois("^tm1234jp/e").english);
	assert_true(slice_is(whois("^NS1.Example.JP").name, "ns1.example.jp"));
	assert_refused("^");
	assert_refused("^ /e");
	assert_refused("^a b");
	assert_refused("^^a");
	assert_refused("^192.0.2.1");
}

static void
english_is_asked_for_at_the_end(void **state)
{
	struct ask ask = whois("example.jp/e");

	(void)state;
	assert_true(ask.english);
	assert_true(slice_is(ask.name, "example.jp"));
	assert_false(whois("example.jp").english);
	assert_true(whois("192.0.2.0/29 /E").english);
}

static void
an_address_is_the_prefix_of_itself(void **state)
{
	struct ask ask = whois("192.0.2.9");

	(void)state;
	assert_int_equal(ask.kind, ASK_NETWORK);
	assert_int_equal(ask.prefix.bits, 32);
	assert_int_equal(whois("2001:db8::/48/e").prefix.bits, 48);
}

static void
a_word_without_a_dot_is_a_handle(void **state)
{
	(void)state;
	assert_true(slice_is(whois("tm1234jp").name, "TM1234JP"));
	assert_int_equal(whois("CONTACT JP00000127").kind, ASK_CONTACT);
	assert_int_equal(whois("AS 64496").kind, ASK_AUTNUM);
	assert_int_equal(whois("help").kind, ASK_HELP);
}

static void
what_cannot_be_asked_is_refused(void **state)
{
	char longest[ASK_LINE_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_refused("");
	assert_refused("   ");
	assert_refused("a b.example");
	assert_refused("\xff\xfe");
	assert_refused("a\033[2J.jp");
	assert_refused("../../etc/passwd");
	assert_refused("192.0.2.1.");
	assert_refused("DOM 192.0.2.1");
	assert_refused(longest);
}

static void
a_path_is_decoded_once(void **state)
{
	struct fail fail = FAIL_INIT;
	struct ask ask;

	(void)state;
	assert_true(ask_rdap(
	    arena, SLICE("domain/%E4%BE%8B%E3%81%88.jp"), &ask, &fail));
	assert_true(slice_is(ask.name, "xn--r8jz45g.jp"));
	assert_false(ask_rdap(arena, SLICE("domain/a%2e%00jp"), &ask, &fail));
	assert_false(ask_rdap(arena, SLICE("domain/%2"), &ask, &fail));
	assert_false(ask_rdap(arena, SLICE("domain/%252e.jp"), &ask, &fail));
}

static void
paths_of_rfc_9082(void **state)
{
	static const struct {
		const char *path;
		enum ask_kind kind;
	} paths[] = {{"help", ASK_HELP}, {"ip/192.0.2.0/29", ASK_NETWORK},
	    {"ip/2001:db8::1", ASK_NETWORK}, {"entity/TM1234JP", ASK_CONTACT},
	    {"nameserver/ns1.example.jp", ASK_NAMESERVER},
	    {"autnum/64496", ASK_AUTNUM}, {"domains", ASK_SEARCH}};
	struct fail fail = FAIL_INIT;
	struct ask ask;

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_true(
		    ask_rdap(arena, slice_from(paths[i].path), &ask, &fail));
		assert_int_equal(ask.kind, paths[i].kind);
	}
	assert_false(ask_rdap(arena, SLICE("etc/passwd"), &ask, &fail));
	assert_false(ask_rdap(arena, SLICE(""), &ask, &fail));
}

static void
an_as_number_is_a_number_of_32_bits(void **state)
{
	static const char *const bad[] = {"autnum/", "autnum/x", "autnum/-1",
	    "autnum/AS64496", "autnum/4294967296", "autnum/00000000001"};
	struct fail fail = FAIL_INIT;
	struct ask ask;

	(void)state;
	assert_true(ask_rdap(arena, SLICE("autnum/4294967295"), &ask, &fail));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(ask_rdap(arena, slice_from(bad[i]), &ask, &fail));
}

static void
a_mapped_address_is_the_ipv4_it_holds(void **state)
{
	struct fail fail = FAIL_INIT;
	char text[PREFIX_SIZE];
	struct ask ask;

	(void)state;
	assert_true(
	    ask_rdap(arena, SLICE("ip/::ffff:192.0.2.1"), &ask, &fail));
	prefix_print(&ask.prefix, text);
	assert_string_equal(text, "192.0.2.1/32");
	assert_true(
	    ask_rdap(arena, SLICE("ip/::ffff:192.0.2.0/120"), &ask, &fail));
	prefix_print(&ask.prefix, text);
	assert_string_equal(text, "192.0.2.0/24");
	assert_true(ask_whois(arena, SLICE("::FFFF:c000:201"), &ask, &fail));
	prefix_print(&ask.prefix, text);
	assert_string_equal(text, "192.0.2.1/32");
	assert_true(ask_rdap(arena, SLICE("ip/::/95"), &ask, &fail));
	assert_true(ask.prefix.six);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_asked_for_in_any_script),
	    cmocka_unit_test(what_refers_to_it_is_asked_for_with_a_circumflex),
	    cmocka_unit_test(english_is_asked_for_at_the_end),
	    cmocka_unit_test(an_address_is_the_prefix_of_itself),
	    cmocka_unit_test(a_word_without_a_dot_is_a_handle),
	    cmocka_unit_test(what_cannot_be_asked_is_refused),
	    cmocka_unit_test(a_path_is_decoded_once),
	    cmocka_unit_test(paths_of_rfc_9082),
	    cmocka_unit_test(an_as_number_is_a_number_of_32_bits),
	    cmocka_unit_test(a_mapped_address_is_the_ipv4_it_holds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

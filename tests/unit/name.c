/* Domain names, name servers, DS records, prefixes and reverse zones. */
#include "unit/arena_fixture.h"

#include "base/name.h"
#include "base/prefix.h"

typedef bool reader(
    struct arena *, struct slice, struct slice *, struct fail *);

static void
reads(reader *read, const char *from, const char *to)
{
	struct fail fail = FAIL_INIT;
	struct slice out;

	if (!read(arena, slice_from(from), &out, &fail))
		fail_msg("%s: %s", from, fail.text);
	assert_string_equal(out.data, to);
	assert_true(read(arena, out, &out, &fail));
	assert_string_equal(out.data, to);
}

static void
refuses(reader *read, const char *from, const char *text)
{
	struct fail fail = FAIL_INIT;
	struct slice out;

	if (read(arena, slice_from(from), &out, &fail))
		fail_msg("%s was accepted", from);
	assert_int_equal(fail.kind, FAIL_INPUT);
	if (strstr(fail.text, text) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fail.text, text);
}

static void
names_become_lower_case_a_labels(void **state)
{
	(void)state;
	reads(name_canonical, "Example.JP.", "example.jp");
	reads(name_canonical, "日本語.jp", "xn--wgv71a119e.jp");
	reads(name_canonical, "XN--WGV71A119E.jp", "xn--wgv71a119e.jp");
	reads(name_canonical, "日本語。ＪＰ", "xn--wgv71a119e.jp");
	reads(name_canonical, "straße.example", "xn--strae-oqa.example");
	reads(name_canonical, "BÜCHER.example", "xn--bcher-kva.example");
	reads(name_canonical, "u\xcc\x88.example", "xn--tda.example");
	reads(name_canonical, "0-9.example", "0-9.example");
	reads(name_canonical, "jp", "jp");
}

static void
bad_names_are_refused_by_label(void **state)
{
	char label[70];

	(void)state;
	refuses(name_canonical, "", "empty");
	refuses(name_canonical, ".", "label 1 is empty");
	refuses(name_canonical, "a..jp", "label 2 is empty");
	refuses(name_canonical, "example.jp..", "label 3 is empty");
	refuses(name_canonical, "ex_ample.jp", "label 1 has something else");
	refuses(name_canonical, "a b.jp", "label 1");
	refuses(name_canonical, "www.-a.jp", "label 2 begins or ends");
	refuses(name_canonical, "a-.jp", "label 1 begins or ends");
	refuses(name_canonical, "ab--c.jp", "no A-label");
	refuses(name_canonical, "xn--.jp", "label 1");
	refuses(name_canonical, "xn--999999999.jp", "label 1");
	refuses(name_canonical, "xn--example.jp", "label 1");
	refuses(name_canonical, "a.☃.jp", "label 2");
	refuses(name_canonical, "a\\046b.jp", "label 1");
	refuses(name_canonical, "\xff.jp", "UTF-8");
	memset(label, 'a', 64);
	snprintf(label + 64, sizeof(label) - 64, ".jp");
	refuses(name_canonical, label, "label 1 has more than 63");
	reads(name_canonical, label + 1, label + 1);
}

static void
a_name_has_at_most_253_bytes(void **state)
{
	char name[300];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		memset(name + len, 'a' + i, 63);
		len += 63;
		name[len++] = '.';
	}
	name[253] = '\0';
	reads(name_canonical, name, name);
	name[253] = 'd';
	name[254] = '\0';
	refuses(name_canonical, name, "more than 253");
}

static void
a_nul_is_no_part_of_a_name(void **state)
{
	struct fail fail = FAIL_INIT;
	struct slice out;

	(void)state;
	assert_false(name_canonical(arena, SLICE("a\0b.jp"), &out, &fail));
}

static void
people_see_u_labels(void **state)
{
	struct fail fail = FAIL_INIT;
	struct slice out;

	(void)state;
	assert_true(
	    name_display(arena, SLICE("www.xn--wgv71a119e.jp"), &out, &fail));
	assert_string_equal(out.data, "www.日本語.jp");
	assert_true(name_display(arena, SLICE("example.jp"), &out, &fail));
	assert_string_equal(out.data, "example.jp");
}

static void
suffixes_match_whole_labels(void **state)
{
	(void)state;
	assert_true(name_is_under(SLICE("example.co.jp"), SLICE("jp")));
	assert_true(name_is_under(SLICE("example.co.jp"), SLICE("co.jp")));
	assert_true(name_is_under(SLICE("jp"), SLICE("jp")));
	assert_true(name_is_under(SLICE("jp"), SLICE("")));
	assert_false(name_is_under(SLICE("examplejp"), SLICE("jp")));
	assert_false(name_is_under(SLICE("exampleco.jp"), SLICE("co.jp")));
	assert_false(name_is_under(SLICE("p"), SLICE("jp")));
	assert_int_equal(name_labels(SLICE("a.b.c")), 3);
	assert_int_equal(name_labels(SLICE("")), 0);
}

static void
name_servers_sort_their_addresses(void **state)
{
	(void)state;
	reads(name_server, "NS1.example.jp", "ns1.example.jp");
	reads(name_server,
	    " ns1.example.jp \t192.0.2.9  2001:DB8::1 192.0.2.10 ",
	    "ns1.example.jp 192.0.2.9 192.0.2.10 2001:db8::1");
	refuses(name_server, "", "empty");
	refuses(name_server, "jp", "two labels");
	refuses(name_server, "ns1.example.jp 192.0.2", "word 2");
	refuses(name_server, "ns1.example.jp 192.0.2.1 x", "word 3");
	refuses(name_server, "ns1.example.jp 192.0.2.1 192.0.2.1", "twice");
	refuses(name_server,
	    "ns1.example.jp ::1 ::2 ::3 ::4 ::5 ::6 ::7 ::8 ::9",
	    "more than 8");
}

static void
glue_stands_inside_the_zone_only(void **state)
{
	static const struct {
		const char *server;
		bool first, later;
	} cases[] = {{"ns1.example.jp 192.0.2.1", true, true},
	    {"ns1.example.jp", false, true}, {"ns1.example.net", true, true},
	    {"ns1.example.net 192.0.2.1", false, false},
	    {"ns.anexample.jp", true, true}};
	struct slice zone = SLICE("example.jp");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct slice server = slice_from(cases[i].server);

		assert_int_equal(
		    name_check_glue(server, zone, true, NULL), cases[i].first);
		assert_int_equal(
		    name_check_glue(server, zone, false, NULL), cases[i].later);
	}
}

#define SHA256_HEX                                                             \
	"E2D3C916F6DEEAC73294E8268FB5885044A833FC5459588F4A9184CFC41A5766"

static void
ds_parts_must_agree(void **state)
{
	(void)state;
	reads(name_ds, "370 13 2 " SHA256_HEX, "370 13 2 " SHA256_HEX);
	reads(name_ds,
	    "00370 13 2 e2d3c916f6deeac73294e8268fb5885044a833fc "
	    "5459588f4a9184cfc41a5766",
	    "370 13 2 " SHA256_HEX);
	refuses(name_ds, "370 13 1 " SHA256_HEX, "20 bytes");
	refuses(name_ds, "370 13 4 " SHA256_HEX, "48 bytes");
	refuses(name_ds, "370 13 3 " SHA256_HEX, "digest type");
	refuses(name_ds, "370 1 2 " SHA256_HEX, "algorithm");
	refuses(name_ds, "370 13 2 " SHA256_HEX "E", "DS");
	refuses(name_ds, "370 13 2 " SHA256_HEX "E2", "32 bytes");
	refuses(name_ds, "70000 13 2 " SHA256_HEX, "DS");
	refuses(name_ds, "370 ECDSAP256SHA256 2 " SHA256_HEX, "DS");
	refuses(name_ds, "370 13 2", "DS");
	refuses(name_ds, "370 13 2 ; x", "DS");
	refuses(name_ds, "", "DS");
}

/* --- prefixes ------------------------------------------------------------- */

static void
prefix_is(const char *from, const char *to)
{
	struct fail fail = FAIL_INIT;
	struct prefix prefix;
	char text[PREFIX_SIZE];

	if (!prefix_parse(slice_from(from), &prefix, &fail))
		fail_msg("%s: %s", from, fail.text);
	assert_int_equal(prefix_print(&prefix, text), strlen(to));
	assert_string_equal(text, to);
}

static void
no_prefix(const char *from, const char *text, const char *hint)
{
	struct fail fail = FAIL_INIT;
	struct prefix prefix;

	assert_false(prefix_parse(slice_from(from), &prefix, &fail));
	if (strstr(fail.text, text) == NULL)
		fail_msg("\"%s\" has no \"%s\"", fail.text, text);
	assert_non_null(strstr(fail.hint, hint));
}

static void
prefixes_have_one_text(void **state)
{
	(void)state;
	prefix_is("192.0.2.0/29", "192.0.2.0/29");
	prefix_is("0.0.0.0/0", "0.0.0.0/0");
	prefix_is("192.0.2.1/32", "192.0.2.1/32");
	prefix_is("2001:0DB8:0:0::/32", "2001:db8::/32");
	prefix_is("::/0", "::/0");
	no_prefix("192.0.2.9/29", "below its length", "192.0.2.8/29");
	no_prefix("2001:db8::1/64", "below its length", "2001:db8::/64");
	no_prefix("192.0.2.0", "a slash", "");
	no_prefix("192.0.2.0/33", "0 to 32", "");
	no_prefix("192.0.2.0/029", "0 to 32", "");
	no_prefix("192.0.2.0/", "0 to 32", "");
	no_prefix("192.0.2.0/-1", "0 to 32", "");
	no_prefix("192.0.02.0/24", "IP address", "");
	no_prefix("192.0.2/24", "IP address", "");
	no_prefix("fe80::%1/64", "IP address", "");
	no_prefix("/8", "IP address", "");
	no_prefix("", "a slash", "");
}

static struct prefix
prefix(const char *text)
{
	struct prefix out;

	assert_true(prefix_parse(slice_from(text), &out, NULL));
	return out;
}

static bool
contains(const char *outer, const char *inner)
{
	struct prefix a = prefix(outer), b = prefix(inner);

	return prefix_contains(&a, &b);
}

static void
containment_needs_every_bit(void **state)
{
	(void)state;
	assert_true(contains("192.0.2.0/24", "192.0.2.8/29"));
	assert_true(contains("192.0.2.0/29", "192.0.2.0/29"));
	assert_true(contains("0.0.0.0/0", "192.0.2.0/29"));
	assert_false(contains("192.0.2.0/29", "192.0.2.0/28"));
	assert_false(contains("192.0.2.0/29", "192.0.2.8/29"));
	assert_false(contains("::/0", "192.0.2.0/29"));
	assert_true(contains("2001:db8::/33", "2001:db8:7fff::/48"));
	assert_false(contains("2001:db8::/33", "2001:db8:8000::/48"));
}

static void
zones_are(const char *text, size_t count, const char *first, const char *last)
{
	struct prefix p = prefix(text);
	struct slice zones[PREFIX_ZONES_MAX];
	size_t n;

	assert_true(prefix_zones(arena, &p, zones, &n, NULL));
	assert_int_equal(n, count);
	assert_string_equal(zones[0].data, first);
	assert_string_equal(zones[n - 1].data, last);
}

static void
reverse_zones_follow_octets_and_nibbles(void **state)
{
	(void)state;
	zones_are(
	    "192.0.2.0/24", 1, "2.0.192.in-addr.arpa", "2.0.192.in-addr.arpa");
	zones_are("198.51.100.0/22", 4, "100.51.198.in-addr.arpa",
	    "103.51.198.in-addr.arpa");
	zones_are("10.0.0.0/7", 2, "10.in-addr.arpa", "11.in-addr.arpa");
	zones_are("128.0.0.0/1", 128, "128.in-addr.arpa", "255.in-addr.arpa");
	zones_are("192.0.2.8/29", 1, "8/29.2.0.192.in-addr.arpa",
	    "8/29.2.0.192.in-addr.arpa");
	zones_are("192.0.2.8/32", 1, "8.2.0.192.in-addr.arpa",
	    "8.2.0.192.in-addr.arpa");
	zones_are("0.0.0.0/0", 1, "in-addr.arpa", "in-addr.arpa");
	zones_are("2001:db8::/32", 1, "8.b.d.0.1.0.0.2.ip6.arpa",
	    "8.b.d.0.1.0.0.2.ip6.arpa");
	zones_are("2001:db8:8::/46", 4, "8.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
	    "b.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	zones_are("::/0", 1, "ip6.arpa", "ip6.arpa");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names_become_lower_case_a_labels),
	    cmocka_unit_test(bad_names_are_refused_by_label),
	    cmocka_unit_test(a_name_has_at_most_253_bytes),
	    cmocka_unit_test(a_nul_is_no_part_of_a_name),
	    cmocka_unit_test(people_see_u_labels),
	    cmocka_unit_test(suffixes_match_whole_labels),
	    cmocka_unit_test(name_servers_sort_their_addresses),
	    cmocka_unit_test(glue_stands_inside_the_zone_only),
	    cmocka_unit_test(ds_parts_must_agree),
	    cmocka_unit_test(prefixes_have_one_text),
	    cmocka_unit_test(containment_needs_every_bit),
	    cmocka_unit_test(reverse_zones_follow_octets_and_nibbles),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

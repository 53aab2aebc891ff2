/*
 * What stands around a network: those that hold it, the widest first, and those
 * right below it, of all that may be told of.
 */
#include "publisher_world.h"

static void
put(struct fixture *fixture, const char *name, bool doubted)
{
	static uint64_t entry;
	char *bytes = arena_take(fixture->arena, 400);
	struct view_put row = {.type = SLICE("network"),
	    .name = slice_from(name),
	    .entry = ++entry,
	    .epoch = 1};

	snprintf(bytes, 400,
	    "{\"name\":\"%s\",\"operation\":\"create\",\"roles\":{"
	    "\"registrant\":{\"netname\":[\"N\"],\"org.int\":[\"Org %s\"],"
	    "\"org.loc\":[\"組織\"]}},\"type\":\"network\",\"v\":1}",
	    name, name);
	row.bytes = slice_from(bytes);
	assert_true(view_put(fixture->view, &row, &fixture->fail));
	if (doubted)
		assert_true(view_doubt(fixture->view,
		    &(struct view_doubted){row.type, row.name}, 1, entry + 1,
		    NOW, &fixture->fail));
}

/* "above|below", as they are told; those named in `group` are allocations. */
static const char *
around(struct fixture *fixture, const char *name)
{
	static char out[2048];
	const struct slice own = SLICE("10.0.0.0/8");
	const struct network_group group = {SLICE("own"), &own, 1};
	struct conf conf = {.networks = &group, .network_count = 1};
	const struct prefix asker = {.bits = 32};
	struct publication it = {
	    .type = OBJECT_NETWORK, .name = slice_from(name)};
	size_t len = 0;

	fixture->publisher.conf = &conf;
	if (!publisher_relatives(&fixture->publisher, &asker, fixture->arena,
		&it, &fixture->fail))
		fail_msg("%s", fixture->fail.text);
	for (size_t i = 0; i < it.above.count; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, "%.*s%s ",
		    SLICE_ARG(it.above.items[i].range),
		    slice_is(it.above.items[i].kind, "Allocation") ? "!" : "");
	len += (size_t)snprintf(out + len, sizeof(out) - len, "|");
	for (size_t i = 0; i < it.below.count && i < 5; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len, " %.*s",
		    SLICE_ARG(it.below.items[i].range));
	if (it.below.more)
		snprintf(out + len, sizeof(out) - len, " ... of %zu",
		    it.below.count);
	return out;
}

static void
each_stands_where_it_belongs(void **state)
{
	static const char *const names[] = {"10.0.0.0/8", "10.1.0.0/16",
	    "10.1.0.0/24", "10.1.0.8/29", "10.1.7.0/24", "10.2.0.0/16",
	    "11.0.0.0/8", "2001:db8::/32", "2001:db8:1::/48"};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		put(fixture, names[i], false);
	assert_string_equal(
	    around(fixture, "10.0.0.0/8"), "| 10.1.0.0/16 10.2.0.0/16");
	assert_string_equal(around(fixture, "10.1.0.0/16"),
	    "10.0.0.0/8! | 10.1.0.0/24 10.1.7.0/24");
	assert_string_equal(around(fixture, "10.1.0.8/29"),
	    "10.0.0.0/8! 10.1.0.0/16 10.1.0.0/24 |");
	assert_string_equal(around(fixture, "11.0.0.0/8"), "|");
	assert_string_equal(
	    around(fixture, "2001:db8::/32"), "| 2001:db8:1::/48");
}

/* Those below it are told in its place. */
static void
what_is_in_doubt_is_left_out(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "10.0.0.0/8", false);
	put(fixture, "10.1.0.0/16", true);
	put(fixture, "10.1.0.0/24", false);
	put(fixture, "10.1.0.8/29", false);
	assert_string_equal(around(fixture, "10.0.0.0/8"), "| 10.1.0.0/24");
	assert_string_equal(
	    around(fixture, "10.1.0.8/29"), "10.0.0.0/8! 10.1.0.0/24 |");
}

static void
of_very_many_it_is_said_that_there_are_more(void **state)
{
	struct fixture *fixture = *state;
	char name[32];

	for (int i = 0; i < 101; i++) {
		snprintf(name, sizeof(name), "10.0.%d.0/24", i);
		put(fixture, name, false);
	}
	assert_string_equal(around(fixture, "10.0.0.0/8"),
	    "| 10.0.0.0/24 10.0.1.0/24 10.0.2.0/24 10.0.3.0/24 10.0.4.0/24"
	    " ... of 100");
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(each_stands_where_it_belongs),
	    CASE(what_is_in_doubt_is_left_out),
	    CASE(of_very_many_it_is_said_that_there_are_more),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

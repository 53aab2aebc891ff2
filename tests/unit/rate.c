/* How much a block may ask, whatever the clock and others do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>

#include "net/rate.h"

#define HOUR INT64_C(3600000)
#define START (1000 * HOUR)

static bool
no_surprise(void *context, void *out, size_t len)
{
	(void)context;
	memset(out, 7, len);
	return true;
}

static const struct random_source source = {.fill = no_surprise};

static struct rate *
make(unsigned a_minute, unsigned a_day)
{
	const struct rate_limits limits = {a_minute, a_day};
	struct fail fail = FAIL_INIT;
	struct rate *rate = rate_create(&limits, &source, &fail);

	assert_non_null(rate);
	return rate;
}

static struct prefix
block_of(const char *address)
{
	struct prefix block;

	assert_true(rate_block_of(slice_from(address), &block));
	return block;
}

/* How many of `tries` questions at this time are let through. */
static unsigned
ask(struct rate *rate, const char *address, unsigned tries, int64_t now)
{
	const struct prefix block = block_of(address);
	unsigned let = 0, wait;

	for (unsigned i = 0; i < tries; i++)
		let += rate_ask(rate, &block, now, &wait);
	return let;
}

static unsigned
spend(struct rate *rate, const char *address, unsigned tries, int64_t now)
{
	const struct prefix block = block_of(address);
	unsigned let = 0, wait;

	for (unsigned i = 0; i < tries; i++)
		let += rate_spend(rate, &block, now, &wait);
	return let;
}

static void
a_bucket_is_emptied_and_fills_again(void **state)
{
	struct rate *rate = make(6, 0);
	const struct prefix block = block_of("192.0.2.1");
	unsigned wait;

	(void)state;
	assert_int_equal(ask(rate, "192.0.2.1", 10, START), 6);
	assert_false(rate_ask(rate, &block, START, &wait));
	assert_in_range(wait, 10, 11);
	assert_int_equal(ask(rate, "192.0.2.2", 10, START), 6);
	assert_int_equal(ask(rate, "192.0.2.1", 10, START + 10000), 1);
	assert_int_equal(ask(rate, "192.0.2.1", 10, START + HOUR), 6);
	rate_destroy(rate);
}

/* A day begins with a block's first question, not at midnight. */
static void
who_has_spent_a_day_is_told_when_it_ends(void **state)
{
	struct rate *rate = make(6, 3);
	const struct prefix block = block_of("192.0.2.1");
	unsigned wait = 9;

	(void)state;
	assert_true(rate_spend(rate, &block, START, &wait));
	assert_int_equal(wait, 0);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START + HOUR), 2);
	assert_false(rate_spend(rate, &block, START + 20 * HOUR, &wait));
	assert_int_equal(wait, 4 * 3600);
	assert_false(rate_spend(rate, &block, START + 24 * HOUR - 1, &wait));
	assert_int_equal(wait, 1);
	assert_true(rate_spend(rate, &block, START + 24 * HOUR, &wait));
	rate_destroy(rate);
}

/* Who asks all the time is let through as often as it says. */
static void
steady_questions_lose_no_share(void **state)
{
	struct rate *rate = make(1, 0);
	unsigned let = 0;

	(void)state;
	for (int64_t at = 0; at < HOUR; at += 119)
		let += ask(rate, "192.0.2.1", 1, START + at);
	assert_in_range(let, 58, 61);
	rate_destroy(rate);
}

static void
a_clock_set_back_gives_nothing_and_takes_nothing(void **state)
{
	struct rate *rate = make(6, 3);

	(void)state;
	assert_int_equal(ask(rate, "192.0.2.1", 10, START), 6);
	assert_int_equal(ask(rate, "192.0.2.1", 10, START - HOUR), 0);
	assert_int_equal(ask(rate, "192.0.2.1", 10, START - HOUR + 10000), 1);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START), 3);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START - 100 * HOUR), 0);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START - 76 * HOUR), 3);
	rate_destroy(rate);
}

static void
a_budget_is_for_a_day(void **state)
{
	struct rate *rate = make(0, 3);

	(void)state;
	assert_int_equal(spend(rate, "192.0.2.1", 9, START), 3);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START + 23 * HOUR), 0);
	assert_int_equal(spend(rate, "192.0.2.1", 9, START + 24 * HOUR), 3);
	rate_destroy(rate);
}

static void
a_narrower_limit_holds_at_once(void **state)
{
	struct rate *rate = make(600, 0);

	(void)state;
	assert_int_equal(ask(rate, "192.0.2.1", 1, START), 1);
	rate_set_limits(rate, &(struct rate_limits){5, 0});
	assert_int_equal(ask(rate, "192.0.2.1", 20, START), 5);
	rate_destroy(rate);
}

static void
a_64_is_one_asker_and_a_mapped_address_its_ipv4(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct rate *rate = make(6, 0);
	struct prefix mapped;
	unsigned wait;

	(void)state;
	assert_int_equal(ask(rate, "2001:db8::1", 4, START), 4);
	assert_int_equal(ask(rate, "2001:db8::ffff:1", 4, START), 2);
	assert_int_equal(ask(rate, "2001:db8:0:1::1", 4, START), 4);
	assert_int_equal(ask(rate, "192.0.2.1", 6, START), 6);
	memcpy(in6.sin6_addr.s6_addr + 10, "\xff\xff\xc0\x00\x02\x01", 6);
	assert_true(rate_block((const struct sockaddr *)&in6, &mapped));
	assert_false(rate_ask(rate, &mapped, START, &wait));
	rate_destroy(rate);
}

/* More blocks than there is room for: nobody new waits for others. */
static void
a_full_table_forgets_who_was_quiet(void **state)
{
	struct rate *rate = make(6, 3);
	struct prefix block = block_of("192.0.2.1");
	unsigned wait, let = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		memcpy(block.bytes, &i, 4);
		let += rate_ask(rate, &block, START + i, &wait) &&
		       rate_spend(rate, &block, START + i, &wait);
	}
	assert_int_equal(let, 200000);
	rate_destroy(rate);
}

/* The nth /64 of a /48. */
static struct prefix
block_within(const char *network, unsigned nth)
{
	struct prefix block = block_of(network);

	block.bytes[6] = (uint8_t)(nth >> 8);
	block.bytes[7] = (uint8_t)nth;
	return block;
}

static void
a_48_has_a_share_and_no_more(void **state)
{
	struct rate *rate = make(6, 3);
	unsigned let = 0, spent = 0, wait;
	struct prefix block;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		block = block_within("2001:db8:1::", i);
		let += rate_ask(rate, &block, START, &wait);
		spent += rate_spend(rate, &block, START, &wait);
	}
	assert_int_equal(let, 6 * RATE_SHARE);
	assert_int_equal(spent, 3 * RATE_SHARE);
	assert_false(rate_ask(rate, &block, START, &wait));
	assert_int_equal(wait, 1); /* of 96 a minute */
	/* Its neighbour has its own. */
	assert_int_equal(ask(rate, "2001:db8:2::1", 10, START), 6);
	assert_int_equal(ask(rate, "2001:db8:1::1", 10, START + HOUR), 6);
	assert_int_equal(spend(rate, "2001:db8:1:7::1", 9, START + HOUR), 0);
	assert_int_equal(
	    spend(rate, "2001:db8:1:7::1", 9, START + 24 * HOUR), 3);
	rate_destroy(rate);
}

/* Who has used up a share keeps none of its blocks from using theirs. */
static void
a_64_uses_up_its_own_share_alone(void **state)
{
	struct rate *rate = make(6, 3);

	(void)state;
	assert_int_equal(ask(rate, "2001:db8:1::1", 1000, START), 6);
	assert_int_equal(ask(rate, "2001:db8:1:1::1", 1000, START), 6);
	assert_int_equal(spend(rate, "2001:db8:1::1", 1000, START), 3);
	assert_int_equal(spend(rate, "2001:db8:1:1::1", 1000, START), 3);
	rate_destroy(rate);
}

/* A network of 65,536 blocks makes neither others nor itself forgotten. */
static void
no_48_pushes_a_record_out(void **state)
{
	struct rate *rate = make(60, 100);
	unsigned wait;

	(void)state;
	assert_int_equal(spend(rate, "192.0.2.1", 1000, START), 100);
	assert_int_equal(spend(rate, "2001:db8:9::1", 1000, START), 100);
	assert_int_equal(spend(rate, "2001:db8:1::1", 1000, START), 100);
	for (unsigned hour = 1; hour < 24; hour++)
		for (unsigned i = 0; i < 65536; i++) {
			struct prefix block = block_within("2001:db8:1::", i);

			if (rate_ask(rate, &block, START + hour * HOUR, &wait))
				rate_spend(
				    rate, &block, START + hour * HOUR, &wait);
		}
	assert_int_equal(spend(rate, "192.0.2.1", 9, START + 23 * HOUR), 0);
	assert_int_equal(spend(rate, "2001:db8:9::1", 9, START + 23 * HOUR), 0);
	assert_int_equal(spend(rate, "2001:db8:1::1", 9, START + 23 * HOUR), 0);
	rate_destroy(rate);
}

static void
what_is_no_address_is_no_block(void **state)
{
	static const char *const bad[] = {"", "unknown", "192.0.2",
	    "192.0.2.1:80", "[2001:db8::1]", "192.0.2.1 "};
	const struct sockaddr local = {.sa_family = AF_UNIX};
	struct prefix block;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(rate_block_of(slice_from(bad[i]), &block));
	assert_false(rate_block(&local, &block));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_bucket_is_emptied_and_fills_again),
	    cmocka_unit_test(
		who_has_spent_a_day_is_told_when_it_ends),
	    cmocka_unit_test(steady_questions_lose_no_share),
	    cmocka_unit_test(a_clock_set_back_gives_nothing_and_takes_nothing),
	    cmocka_unit_test(a_budget_is_for_a_day),
	    cmocka_unit_test(a_narrower_limit_holds_at_once),
	    cmocka_unit_test(a_64_is_one_asker_and_a_mapped_address_its_ipv4),
	    cmocka_unit_test(a_full_table_forgets_who_was_quiet),
	    cmocka_unit_test(a_48_has_a_share_and_no_more),
	    cmocka_unit_test(a_64_uses_up_its_own_share_alone),
	    cmocka_unit_test(no_48_pushes_a_record_out),
	    cmocka_unit_test(what_is_no_address_is_no_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

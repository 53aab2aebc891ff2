/* The grammar of queries, and what a query says of an entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/query_match.h"

/* To jprs, and from there to jprs-whois, which is shown less. */
static const char disclosure[] =
    "{\"channel\":\"epp\",\"fields\":{\"admin\":{\"email\":[\"redact\",5]},"
    "\"registrant\":{\"email\":[\"forward\",3,\"x\"],\"fax\":[\"redact\",4]}}"
    ",\"object\":{\"data\":\"\",\"slot\":1,\"subject\":\"0b\","
    "\"type\":\"domain\"},\"onward\":[{\"fields\":{\"registrant\":"
    "{\"email\":[\"redact\",9],\"fax\":[\"redact\",9]}},\"recipient\":"
    "\"jprs-whois\"}],\"operation\":\"create\",\"policy\":\"ab12\","
    "\"purpose\":\"p10\",\"recipient\":\"jprs\",\"subjects\":{\"admin\":"
    "[\"0c\",2],\"registrant\":[\"0a\",1]},\"time\":1775000000000,"
    "\"type\":\"disclosure\",\"v\":1}";
static const char outcome[] =
    "{\"actor\":\"uid 0\",\"case\":\"c-1\",\"entry\":7,\"policy\":\"cd34\","
    "\"time\":1775000001000,\"type\":\"outcome\",\"v\":1,"
    "\"word\":\"sent\"}";

static bool
answers(const char *text, const char *latest, bool event)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct entry_parts parts, own;
	struct query_about about = {.disclosure = &parts,
	    .object = SLICE("taro.example"),
	    .outcome = slice_from(latest)};
	struct query query;
	bool yes;

	query_init(&query);
	if (!query_parse(&query, slice_from(text), 540, arena, &fail))
		print_message("%s: %s: %s\n", text, fail.place, fail.text);
	assert_int_equal(fail.kind, FAIL_NONE);
	assert_true(entry_parts_read(slice_from(disclosure), arena, &parts));
	assert_true(entry_parts_read(
	    slice_from(event ? outcome : disclosure), arena, &own));
	yes = query_matches_own(&query, event ? 8 : 7, &own) &&
	      query_matches_about(&query, &own, &about, arena);
	arena_destroy(arena);
	return yes;
}

static bool
is(const char *text)
{
	return answers(text, "", false);
}

static void
all_terms_hold_or_it_is_no_answer(void **state)
{
	(void)state;
	assert_true(is(""));
	assert_true(is("recipient:jprs purpose:p10 operation:create"));
	assert_false(is("recipient:jprs purpose:p11"));
	assert_true(is("purpose:p11,p10 channel:epp,smtp"));
	assert_true(is("object:Taro.EXAMPLE"));
	assert_true(is("pseudonym:0a") && is("pseudonym:0b") &&
		    is("pseudonym:0c") && !is("pseudonym:0d"));
	assert_true(is("policy:ab") && is("policy:ab12") && !is("policy:b"));
	assert_true(is("entry:7 entry:5..7 entry>=7 entry<8 entry<=7 entry>6"));
	assert_false(is("entry>7"));
	assert_false(is("-type:disclosure"));
	assert_true(is("-type:outcome -recipient:pir"));
}

static void
terms_of_what_was_decided_are_about_one_decision(void **state)
{
	(void)state;
	assert_true(is("role:registrant field:email verdict:forward rule:3"));
	assert_false(is("role:admin field:email verdict:forward"));
	assert_false(is("field:fax verdict:forward"));
	/* And about one recipient. */
	assert_true(is("recipient:jprs-whois field:email verdict:redact"));
	assert_false(is("recipient:jprs-whois field:email verdict:forward"));
	assert_true(is("recipient:jprs field:email verdict:forward"));
}

static void
what_is_negated_was_not_decided_in_what_is_left(void **state)
{
	(void)state;
	assert_false(is("field:email -verdict:forward"));
	assert_true(is("field:email role:admin -verdict:forward"));
	assert_true(is("recipient:jprs-whois field:email -verdict:forward"));
	assert_true(is("-verdict:replace") && !is("-verdict:redact"));
	assert_true(is("-field:org") && !is("-field:fax"));
	assert_false(is("-recipient:jprs-whois"));
}

static void
the_latest_outcome_is_the_disclosures(void **state)
{
	(void)state;
	assert_true(answers("outcome:sent", "sent", false));
	assert_false(answers("outcome:open", "sent", false));
	assert_true(answers("outcome:open", "", false));
	assert_true(answers("outcome:forward", "unknown", false));
	assert_true(answers("-outcome:sent", "unknown", false));
}

static void
an_event_answers_as_what_it_is_about(void **state)
{
	(void)state;
	assert_true(answers("recipient:jprs field:fax", "", true));
	assert_true(answers("outcome:sent about:7", "", true));
	assert_true(answers("type:outcome actor:\"uid 0\" case:c-1", "", true));
	assert_false(answers("recipient:pir", "", true));
	assert_true(answers("policy:cd34", "", true));
}

static void
days_are_those_of_the_zone(void **state)
{
	(void)state; /* 1775000000 is 2026-04-01 08:33:20 in Tokyo */
	assert_true(is("time:2026-04-01"));
	assert_false(is("time:2026-03-31"));
	assert_true(is("time>=2026-04-01 time<2026-04-02"));
	assert_true(is("time>2026-03-31 time<=2026-04-01"));
	assert_true(is("from:2026-03-31T23:33:20Z"));
	assert_false(is("until:2026-03-31T23:33:20Z"));
	assert_true(is("time:2026-04-01T08:33:20+09:00"));
}

static void
what_cannot_stand_is_pointed_at(void **state)
{
	static const struct {
		const char *text, *place, *says, *hint;
	} bad[] = {{"recipent:x", "query:1", "no term \"recipent\"",
		       "did you mean recipient?"},
	    {"type:start foo", "query:12", "no term", "KEY:VALUE"},
	    {"role:boss", "query:6", "value of \"role\"", "registrant"},
	    {"verdict:forward,perhaps", "query:17", "\"verdict\"", "redact"},
	    {"field:shoes", "query:7", "\"field\"", "misu.policy"},
	    {"object:\"a", "query:8", "does not end", "close it"},
	    {"object:\"a\"b", "query:11", "after a quote", "quote the whole"},
	    {"object:", "query:8", "\"object\"", "a word"},
	    {"recipient>=x", "query:12", "more or less", "colon"},
	    {"-time:2026-01-01", "query:7", "no \"-\"", "range"},
	    {"time:yesterday", "query:6", "\"time\"", "2026-04-01"},
	    {"entry:a..b", "query:7", "\"entry\"", "12..40"},
	    {"entry:5..2", "query:7", "\"entry\"", "first comes first"},
	    {"sort:up", "query:6", "\"sort\"", "newest or oldest"},
	    {"pseudonym:XY", "query:11", "\"pseudonym\"", "hex"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct arena *arena = arena_create(NULL);
		struct fail fail = FAIL_INIT;
		struct query query;

		query_init(&query);
		assert_false(query_parse(
		    &query, slice_from(bad[i].text), 0, arena, &fail));
		if (strstr(fail.text, bad[i].says) == NULL)
			print_message("%s: %s\n", bad[i].text, fail.text);
		assert_string_equal(fail.place, bad[i].place);
		assert_non_null(strstr(fail.text, bad[i].says));
		assert_non_null(strstr(fail.hint, bad[i].hint));
		arena_destroy(arena);
	}
}

static void
there_is_an_end_to_terms_and_values(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	char text[QUERY_TEXT_MAX + 2] = "";
	struct query query;

	(void)state;
	query_init(&query);
	for (unsigned i = 0; i <= QUERY_TERMS_MAX; i++)
		memcpy(text + (size_t)7 * i, "rule:1 ", 8);
	assert_false(query_parse(&query, slice_from(text), 0, arena, &fail));
	fail_clear(&fail);
	query_init(&query);
	snprintf(text, sizeof(text), "rule:1");
	for (unsigned i = 0; i < QUERY_VALUES_MAX; i++)
		memcpy(text + 6 + (size_t)2 * i, ",1", 3);
	assert_false(query_parse(&query, slice_from(text), 0, arena, &fail));
	fail_clear(&fail);
	query_init(&query);
	memset(text, ' ', sizeof(text));
	assert_false(query_parse(
	    &query, (struct slice){text, sizeof(text) - 1}, 0, arena, &fail));
	arena_destroy(arena);
}

static struct slice
printed(const char *text, int zone, struct query *query, struct arena *arena)
{
	struct fail fail = FAIL_INIT;

	query_init(query);
	if (!query_parse(query, slice_from(text), zone, arena, &fail))
		print_message("%s: %s: %s\n", text, fail.place, fail.text);
	assert_int_equal(fail.kind, FAIL_NONE);
	return query_print(query, arena);
}

static void
what_is_printed_asks_the_same(void **state)
{
	static const char *const texts[] = {"", "recipient:jprs",
	    "-recipient:jprs,pir verdict:redact field:email -rule:3",
	    "field:name,street actor:\"uid 1001 (al\\\"ice\\\\)\"",
	    "time>=2026-04-01 time<2026-05-01T09:30:00+09:00",
	    "from:2026-04-01 until:2026-04-01 time:2026-04-02",
	    "entry:12..40 sort:oldest", "entry>=7 sort:newest",
	    "object:\"例え.jp\" subject:\"a, b\""};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct arena *arena = arena_create(NULL);
		struct query one, two;
		struct slice text = printed(texts[i], 540, &one, arena);
		struct slice again = printed(text.data, 0, &two, arena);

		assert_string_equal(text.data, again.data);
		assert_true(one.from == two.from && one.until == two.until);
		assert_true(one.first == two.first && one.end == two.end);
		assert_int_equal(one.sort, two.sort);
		assert_int_equal(one.count, two.count);
		for (size_t j = 0; j < one.count; j++) {
			const struct query_term *a = &one.terms[j];
			const struct query_term *b = &two.terms[j];

			assert_true(a->key == b->key &&
				    a->negated == b->negated &&
				    a->count == b->count);
			for (size_t k = 0; k < a->count; k++)
				assert_true(slice_equal(
				    a->values[k], b->values[k]));
		}
		arena_destroy(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_terms_hold_or_it_is_no_answer),
	    cmocka_unit_test(terms_of_what_was_decided_are_about_one_decision),
	    cmocka_unit_test(what_is_negated_was_not_decided_in_what_is_left),
	    cmocka_unit_test(the_latest_outcome_is_the_disclosures),
	    cmocka_unit_test(an_event_answers_as_what_it_is_about),
	    cmocka_unit_test(days_are_those_of_the_zone),
	    cmocka_unit_test(what_cannot_stand_is_pointed_at),
	    cmocka_unit_test(there_is_an_end_to_terms_and_values),
	    cmocka_unit_test(what_is_printed_asks_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

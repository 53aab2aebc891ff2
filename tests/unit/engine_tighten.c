/*
 * What tightens is told from its first moment, whatever comes at the same
 * time, whoever it is addressed to, and also where it is refused.
 */
#define CONF                                                                   \
	"state /state policy p forget now\n"                                   \
	"recipient reg to desk recipient self to view\n"                       \
	"registrar \"R\" { iana-id \"9999\" }\n"                               \
	"publish whois on 127.0.0.1:4343\n"
#include "core/canon.h"
#include "view_world.h"

#define RULES(revision, asked, rules)                                          \
	"policy \"t\" revision " revision " effective 2026-01-01T00:00:00Z\n"  \
	"purpose p10 \"submit\"\npurpose p11 \"publish\"\n"                    \
	"recipient reg \"Registry\" in JP class registry basis contract"       \
	" by web-form {\n  may receive state of registrant\n}\n"               \
	"recipient self \"public\" public via self basis contract {\n"         \
	"  may receive name, state, country of registrant\n}\n"                \
	"for .com to reg for p10 {\n"                                          \
	"forward state of registrant\nredact * of *\n}\n"                      \
	"for .com to self for p11" asked " {\n" rules "redact * of *\n}\n"
#define STATE_BY_CONSENT "forward state of registrant when consent to p11\n"

static const char one[] =
    RULES("1", "", STATE_BY_CONSENT "forward country of registrant\n");
static const char other[] =
    RULES("2", "", STATE_BY_CONSENT "forward name of registrant\n");
static const char asked[] = RULES(
    "3", " on request", STATE_BY_CONSENT "forward country of registrant\n");
static const char told[] =
    RULES("5", "", "forward state, country of registrant\n");
#define ELSEWHERE(revision)                                                    \
	"policy \"t\" revision " revision " effective 2026-01-01T00:00:00Z\n"  \
	"purpose p11 \"publish\"\n"                                            \
	"recipient self \"public\" public via self basis contract {\n"         \
	"  may receive name of registrant\n}\n"                                \
	"for .net to self for p11 { redact * of * }\n"
static const char closed[] = ELSEWHERE("6");
static const char gone[] = ELSEWHERE("7");
static const char refusing[] =
    "policy \"t\" revision 4 effective 2026-01-01T00:00:00Z\n"
    "purpose p11 \"publish\"\n"
    "recipient self \"public\" public via self basis contract {\n"
    "  may receive state, country of registrant\n}\n"
    "for .com to self for p11 {\n"
    "refuse \"none\" unless registrant.consent to p11\n"
    "forward state, country of registrant\nredact * of *\n}\n";

#define CONSENT(given, day)                                                    \
	"\"consents\":[{\"purpose\":\"p11\",\"audience\":\"public\","          \
	"\"given\":" given ",\"time\":\"2026-03-" day "T00:00:00Z\"}]"
#define PERSON "\"kind\":\"natural\",\"fields\":{\"state\":{\"int\":\"Kakuu\"}}"

static void
publish(struct world *world, const char *policy)
{
	set_policy(world, policy);
	submit(world, "create", PERSON "," CONSENT("true", "01"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_true(tells(world, "Kakuu"));
}

static bool
finds_for_view(void *arg, const struct spool_item *item)
{
	int64_t *id = arg;

	if (slice_is(item->recipient, "self"))
		*id = item->id;
	return true;
}

static void
decided_again(void *arg, int64_t id, const struct fail *fail)
{
	int64_t *out = arg;

	assert_null(fail);
	*out = id;
}

/* What waits for the view is decided again now, as its turn has come. */
static void
decide_what_waits(struct world *world, int64_t *renewed)
{
	struct spool_item item;
	int64_t id = 0;

	assert_true(spool_each(
	    world->spool, SPOOL_QUEUED, 10, finds_for_view, &id, &world->fail));
	assert_true(
	    spool_get(world->spool, world->arena, id, &item, &world->fail));
	engine_courier_renew(
	    world->engine, &item, false, decided_again, renewed);
}

/*
 * An update waits for the view when the policy changes; the withdrawal behind
 * it is on its way to the disk: it is what stands at the end.
 */
static void
a_withdrawal_outlives_what_is_decided_again_beside_it(void **state)
{
	struct world *world = *state;
	int64_t renewed = 0;

	publish(world, one);
	world->engine->courier_pauses = true;
	submit(world, "update", CONSENT("true", "02"));
	pass_time(world, 1);
	set_policy(world, other);
	submit(world, "update", CONSENT("false", "03"));
	decide_what_waits(world, &renewed);
	world->engine->courier_pauses = false;
	pass_time(world, 5);
	assert_int_equal(renewed, RENEW_WAITS);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
	set_policy(world, one);
	pass_time(world, 70);
	assert_false(tells(world, "Kakuu"));
}

/* Neither knows of the other: what one took away the other puts back. */
static void
an_update_beside_a_withdrawal_takes_nothing_of_it_back(void **state)
{
	struct world *world = *state;

	publish(world, one);
	submit(world, "update", CONSENT("false", "02"));
	submit(world, "update", "\"fields\":{\"country\":\"JP\"}");
	pass_time(world, 5);
	assert_int_equal(world->status, 202);
	assert_true(tells(world, "JP"));
	assert_false(tells(world, "Kakuu"));
}

/* As submit(), to some only. */
static void
submit_to(struct world *world, const char *to, const char *request,
    const char *registrant)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"object\":{\"type\":\"domain\",\"name\":\"example.com\"},"
	    "\"to\":[{\"recipient\":\"%s\"}],"
	    "\"request\":\"%s\",\"roles\":{\"registrant\":{%s}}}",
	    to, request, registrant);
	world->status = 0;
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    slice_from(body), answered, world);
}

static void
a_change_for_another_is_followed_by_the_view(void **state)
{
	struct world *world = *state;

	publish(world, one);
	submit_to(world, "reg", "update", CONSENT("false", "02"));
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
	submit_to(world, "reg", "delete", "");
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_NONE);
}

/* What the view never got does not come to it so. */
static void
what_is_for_another_alone_is_not_published(void **state)
{
	struct world *world = *state;

	set_policy(world, one);
	pass_time(world, 1);
	submit_to(world, "reg", "create", PERSON "," CONSENT("true", "01"));
	pass_time(world, 1);
	submit_to(world, "reg", "update", CONSENT("true", "02"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_NONE);
}

/* Published because somebody asked for it; changed by who asks for nothing. */
static void
what_is_published_on_request_follows_all_changes(void **state)
{
	struct world *world = *state;

	set_policy(world, asked);
	submit_to(world, "self", "create", PERSON "," CONSENT("true", "01"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_true(tells(world, "Kakuu"));
	submit(world, "update", CONSENT("false", "02"));
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
}

/* Its first row is not written when the consent is withdrawn. */
static void
a_first_row_that_is_too_late_is_not_told(void **state)
{
	struct world *world = *state;
	struct view_found found;
	const struct view_put late = {.type = SLICE("domain"),
	    .name = SLICE("example.com"),
	    .entry = 2,
	    .epoch = 1,
	    .bytes = SLICE("Kakuu")};

	set_policy(world, one);
	world->engine->courier_pauses = true;
	submit(world, "create", PERSON "," CONSENT("true", "01"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	submit(world, "update", CONSENT("false", "02"));
	assert_true(view_put(world->view, &late, &world->fail));
	found = find(world);
	assert_int_equal(found.state, VIEW_STALE);
	pass_time(world, 1);
	world->engine->courier_pauses = false;
	engine_courier_wake(world->engine);
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
}

/* All of it is refused for want of the consent; it is withdrawn all the same.
 */
static void
a_withdrawal_that_is_refused_is_one(void **state)
{
	struct world *world = *state;

	publish(world, refusing);
	submit(world, "update",
	    CONSENT("false", "02") ",\"fields\":{\"country\":\"JP\"}");
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 1);
	assert_int_equal(world->status, 403);
	assert_int_equal(find(world).state, VIEW_NONE);
	/* And by any other policy. */
	set_policy(world, one);
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
	assert_false(tells(world, "JP"));
}

/* Before the entry, and the look through the ledger, come to their ends. */
static void
who_stops_is_told_no_more_from_that_moment(void **state)
{
	struct world *world = *state;

	set_policy(world, told);
	submit(world, "create", "\"subject\":\"person-1\"," PERSON);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	world->status = 0;
	engine_provision_stop(world->engine, SLICE("tester"),
	    SLICE("{\"subject\":\"person-1\"}"), answered, world);
	assert_int_equal(world->status, 0);
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 5);
	assert_int_equal(world->status, 200);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
}

/* The word of the last outcome of an entry; empty: it has none. */
static struct slice
outcome_of(struct world *world, uint64_t about)
{
	struct slice word = {"", 0}, entry, type;
	int64_t it;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		if (canon_get_string(entry, "type", world->arena, &type) &&
		    slice_is(type, "outcome") &&
		    canon_get_number(entry, "entry", &it) &&
		    (uint64_t)it == about)
			canon_get_string(entry, "word", world->arena, &word);
	}
	return word;
}

/* Two at once: what the second overtook was never in the view. */
static void
what_was_overtaken_is_not_said_to_be_sent(void **state)
{
	struct world *world = *state;
	uint64_t next;

	publish(world, one);
	next = ledger_next(world->ledger);
	world->engine->courier_pauses = true;
	submit(world, "update", "\"fields\":{\"state\":{\"int\":\"Hokkai\"}}");
	pass_time(world, 1);
	submit(world, "update", "\"fields\":{\"state\":{\"int\":\"Tohoku\"}}");
	pass_time(world, 1);
	world->engine->courier_pauses = false;
	engine_courier_wake(world->engine);
	pass_time(world, 5);
	assert_true(tells(world, "Tohoku"));
	assert_true(slice_is(outcome_of(world, next + 1), "not-sent"));
	assert_true(slice_is(outcome_of(world, next + 3), "sent"));
}

/* No disclosure says that nothing is published any more: an entry does. */
static void
the_end_of_a_publication_has_its_entry(void **state)
{
	struct world *world = *state;
	uint64_t entry, next;

	publish(world, one);
	entry = find(world).entry;
	set_policy(world, closed);
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_NONE);
	assert_true(slice_is(outcome_of(world, entry), "ended"));
	/* And one only: nothing is ended that has ended. */
	assert_true(view_entry(
	    world->view, SLICE("domain"), SLICE("example.com"), &next));
	set_policy(world, gone);
	pass_time(world, 1);
	assert_true(slice_is(outcome_of(world, next), ""));
}

static enum view_state
state_of(struct world *world, const char *name, bool host)
{
	struct view_found found;

	assert_true((host ? view_get_host : view_get_handle)(world->reader,
	    world->arena, slice_from(name), &found, &world->fail));
	return found.state;
}

/* Who was published and is not to be any more, as who never was. */
static void
what_may_not_be_told_is_found_like_what_is_not_there(void **state)
{
	struct world *world = *state;
	const struct slice handles[] = {SLICE("REG-1"), SLICE("ns.example")};
	const struct view_doubted row = {SLICE("domain"), SLICE("a.com")};
	struct view_put put = {.type = SLICE("domain"),
	    .name = SLICE("a.com"),
	    .entry = 1,
	    .epoch = 1,
	    .bytes = SLICE("x"),
	    .handles = handles,
	    .handle_count = 2};
	int64_t epoch;

	assert_true(view_put(world->view, &put, &world->fail));
	assert_int_equal(state_of(world, "REG-1", false), VIEW_CURRENT);
	assert_int_equal(state_of(world, "ns.example", true), VIEW_CURRENT);
	assert_int_equal(state_of(world, "REG-2", false), VIEW_NONE);
	assert_true(view_doubt(world->view, &row, 1, 2, 1, &world->fail));
	assert_int_equal(state_of(world, "REG-1", false), VIEW_NONE);
	assert_int_equal(state_of(world, "ns.example", true), VIEW_NONE);
	put.entry = 2;
	assert_true(view_put(world->view, &put, &world->fail));
	assert_true(view_raise(world->view, &epoch, &world->fail));
	assert_int_equal(state_of(world, "REG-1", false), VIEW_STALE);
	assert_int_equal(state_of(world, "REG-2", false), VIEW_STALE);
	assert_int_equal(state_of(world, "ns.example", true), VIEW_STALE);
	assert_int_equal(state_of(world, "ns.other.example", true), VIEW_STALE);
}

static void
copy(const char *from, const char *to)
{
	char bytes[1 << 16];
	FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
	size_t got;

	assert_true(in != NULL && out != NULL);
	while ((got = fread(bytes, 1, sizeof(bytes), in)) != 0)
		assert_int_equal(fwrite(bytes, 1, got, out), got);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

static void
close_view(struct world *world)
{
	engine_destroy(world->engine);
	view_close(world->reader);
	view_close(world->view);
}

static void
open_view(struct world *world)
{
	world->view = view_open(world->view_path, &world->fail);
	world->reader = view_open_reader(world->view_path, &world->fail);
	assert_true(world->view != NULL && world->reader != NULL);
	make_engine(world);
}

/* It has the life and the epoch that it should have, and tells too much. */
static void
an_older_copy_of_the_view_is_made_anew(void **state)
{
	struct world *world = *state;
	char kept[80];

	snprintf(kept, sizeof(kept), "%s/kept", world->directory);
	publish(world, one);
	close_view(world);
	copy(world->view_path, kept);
	open_view(world);
	set_policy(world, one);
	submit(world, "update", CONSENT("false", "02"));
	pass_time(world, 2);
	assert_false(tells(world, "Kakuu"));
	close_view(world);
	remove_file(world->view_path);
	copy(kept, world->view_path);
	unlink(kept);
	open_view(world);
	set_policy(world, one);
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 2);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_withdrawal_outlives_what_is_decided_again_beside_it),
	    CASE(an_update_beside_a_withdrawal_takes_nothing_of_it_back),
	    CASE(a_change_for_another_is_followed_by_the_view),
	    CASE(what_is_for_another_alone_is_not_published),
	    CASE(what_is_published_on_request_follows_all_changes),
	    CASE(a_first_row_that_is_too_late_is_not_told),
	    CASE(a_withdrawal_that_is_refused_is_one),
	    CASE(who_stops_is_told_no_more_from_that_moment),
	    CASE(the_end_of_a_publication_has_its_entry),
	    CASE(what_may_not_be_told_is_found_like_what_is_not_there),
	    CASE(an_older_copy_of_the_view_is_made_anew),
	    CASE(what_was_overtaken_is_not_said_to_be_sent),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

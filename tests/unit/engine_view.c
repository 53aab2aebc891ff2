/*
 * What the public view tells while policy, consent and records change: the
 * engine with a real view, a disk in memory whose writes wait for the loop.
 */
#include "view_world.h"

#include <signal.h>
#include <sys/resource.h>

static const char wide[] =
    POLICY("1", FOR_COM "forward state, country of registrant\n"
			"redact * of *\n}\n");
static const char tight[] =
    POLICY("2", FOR_COM "forward country of registrant\nredact * of *\n}\n");
static const char closed[] =
    POLICY("3", "for .net to self for p11 { redact * of * }\n");
static const char by_consent[] =
    POLICY("4", FOR_COM "forward state of registrant when consent to p11\n"
			"redact * of *\n}\n");
static const char refusing[] =
    POLICY("5", FOR_COM "refuse \"no\" when registrant.kind is natural\n"
			"forward state of registrant\nredact * of *\n}\n");

static const char both[] =
    "policy \"t\" revision 6 effective 2026-01-01T00:00:00Z\n"
    "purpose p11 \"publish\"\n"
    "recipient self \"public\" public via self basis contract {\n"
    "  may receive name, state of registrant, tech\n"
    "}\n" FOR_COM "forward state of registrant, tech\nredact * of *\n}\n";
static const char holding[] =
    POLICY("7", FOR_COM "hold \"look\" when registrant.kind is legal\n"
			"forward state of registrant\nredact * of *\n}\n");

static void
a_tighter_policy_is_told_from_its_first_moment(void **state)
{
	struct world *world = *state;

	set_policy(world, wide);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_true(tells(world, "Kakuu"));
	set_policy(world, tight);
	assert_int_equal(find(world).state, VIEW_STALE);
	pass_time(world, 1);
	assert_true(tells(world, "JP"));
	assert_false(tells(world, "Kakuu"));
}

/* Files grow no longer than the longest one, which is that of `standing`. */
static void
let_standing_fail(struct world *world, struct rlimit *before)
{
	struct rlimit now;
	struct stat status;
	char path[80];

	snprintf(path, sizeof(path), "%s-wal", world->standing_path);
	for (unsigned i = 0; i < 60; i++) {
		const struct digest part = digest_sha256(SLICE("part"));
		char name[24];
		struct standing_made made = {
		    SLICE("domain"), {name, 0}, &part, 1};

		made.name.len =
		    (size_t)snprintf(name, sizeof(name), "%u.com", i);
		assert_true(standing_set(
		    world->standing, &made, 1, &world->fail));
	}
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size > 100000);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
	now = (struct rlimit){(rlim_t)status.st_size, before->rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

/*
 * The view had begun an epoch, and what goes with it could not be kept: rows
 * go on being decided by what was in force, and none of that is told once the
 * policy that failed comes in force after all.
 */
static void
what_failed_to_come_in_force_begins_again(void **state)
{
	struct world *world = *state;
	const struct ruleset *ruleset;
	struct rlimit before;

	set_policy(world, wide);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	ruleset = load(world, tight);
	let_standing_fail(world, &before);
	assert_false(engine_set_policy(
	    world->engine, ruleset, world->conf, &world->fail));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(find(world).state, VIEW_STALE);
	pass_time(world, 100);
	assert_true(tells(world, "Kakuu"));
	set_policy(world, tight);
	assert_int_equal(find(world).state, VIEW_STALE);
	pass_time(world, 1);
	assert_true(tells(world, "JP"));
	assert_false(tells(world, "Kakuu"));
}

/* Decided, and its entry not durable yet, when the policy changes. */
static void
what_a_reload_overtakes_is_decided_again(void **state)
{
	struct world *world = *state;

	set_policy(world, wide);
	assert_true(fake_loop_settle(world->loop));
	submit(world, "create", LEGAL);
	set_policy(world, tight);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_true(tells(world, "JP"));
	assert_false(tells(world, "Kakuu"));
}

static void
rows_under_way_are_decided_again_after_a_reload(void **state)
{
	struct world *world = *state;

	set_policy(world, tight);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	set_policy(world, wide);
	/* The look has begun and waits for the disk, at one of these. */
	for (int i = 0; i < 4; i++) {
		set_policy(world, i % 2 == 0 ? tight : wide);
		pass_time(world, 0);
		assert_true(i % 2 != 0 || !tells(world, "Kakuu"));
	}
	set_policy(world, tight);
	pass_time(world, 70);
	assert_true(tells(world, "JP"));
	assert_false(tells(world, "Kakuu"));
}

static void
what_no_policy_publishes_comes_back_with_one_that_does(void **state)
{
	struct world *world = *state;

	set_policy(world, wide);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	set_policy(world, closed);
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_NONE);
	set_policy(world, wide);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	submit(world, "delete", "");
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_NONE);
	set_policy(world, tight);
	pass_time(world, 1);
	assert_int_equal(find(world).state, VIEW_NONE);
}

static void
a_withdrawn_consent_is_followed_before_the_answer(void **state)
{
	struct world *world = *state;

	set_policy(world, by_consent);
	submit(world, "create",
	    LEGAL ",\"consents\":[{\"purpose\":\"p11\","
		  "\"audience\":\"public\",\"given\":true,\"time\":\"2026-03-"
		  "01T00:00:00Z\"}]");
	pass_time(world, 1);
	if (world->status != 202)
		fail_msg("%d", world->status);
	assert_true(tells(world, "Kakuu"));
	submit(world, "update",
	    "\"consents\":[{\"purpose\":\"p11\","
	    "\"audience\":\"public\",\"given\":false,"
	    "\"time\":\"2026-03-02T00:00:00Z\"}]");
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	assert_int_equal(find(world).state, VIEW_CURRENT);
	assert_false(tells(world, "Kakuu"));
}

/* The public's block refuses the update: it never was, and that is known soon. */
static void
what_all_refuse_is_told_as_it_was_before_long(void **state)
{
	struct world *world = *state;

	set_policy(world, refusing);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	submit(world, "update", "\"kind\":\"natural\",\"fields\":{}");
	assert_false(tells(world, "Kakuu"));
	pass_time(world, 1);
	assert_int_equal(world->status, 403);
	assert_true(tells(world, "Kakuu"));
}

/* One entry an object, however slow what is before it in the spool. */
static void
an_object_is_decided_anew_once(void **state)
{
	struct world *world = *state;
	uint64_t before;

	set_policy(world, wide);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	set_policy(world, tight);
	pass_time(world, 1);
	before = ledger_size(world->ledger);
	pass_time(world, 600);
	assert_int_equal(ledger_size(world->ledger), before);
	assert_int_equal(world->errors, 0);
}

static void
forget(struct world *world)
{
	const struct engine_forget_ask ask = {.actor = SLICE("tester"),
	    .reason = SLICE("asked"),
	    .subject = SLICE("person-1"),
	    .now = true};

	/* The view is scrubbed when nobody reads. */
	view_close(world->reader);
	world->reader = NULL;
	world->status = 0;
	engine_forget(world->engine, &ask, answered, world);
	pass_time(world, 30);
	assert_int_equal(world->status, 200);
	world->reader = view_open_reader(world->view_path, &world->fail);
	assert_non_null(world->reader);
}

#define PERSON                                                                 \
	"\"subject\":\"person-1\",\"kind\":\"natural\","                       \
	"\"fields\":{\"state\":{\"int\":\"Kakuu\"}}"

static void
who_is_forgotten_is_told_no_more(void **state)
{
	struct world *world = *state;

	set_policy(world, wide);
	submit(world, "create", PERSON);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	forget(world);
	assert_int_equal(find(world).state, VIEW_NONE);
	set_policy(world, tight);
	pass_time(world, 90);
	assert_int_equal(find(world).state, VIEW_NONE);
}

/* One of two: the other's is told on, and nothing of the first. */
static void
what_is_another_persons_is_told_on(void **state)
{
	struct world *world = *state;

	set_policy(world, both);
	world->status = 0;
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    SLICE("{\"object\":{\"type\":\"domain\",\"name\":"
		  "\"example.com\"},\"request\":\"create\",\"roles\":{"
		  "\"registrant\":{" PERSON "},\"tech\":{\"subject\":"
		  "\"person-2\",\"kind\":\"natural\",\"fields\":{"
		  "\"state\":{\"int\":\"Hokkai\"}}}}}"),
	    answered, world);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	assert_true(tells(world, "Hokkai"));
	forget(world);
	pass_time(world, 1);
	assert_true(tells(world, "Hokkai"));
	assert_false(tells(world, "Kakuu"));
}

struct held {
	size_t count;
	int64_t id;
};

static bool
counts_held(void *arg, const struct spool_item *item)
{
	struct held *held = arg;

	held->count++;
	held->id = item->id;
	return true;
}

/* A hold of what is decided anew waits for an operator, and once only. */
static void
what_a_new_policy_holds_waits_for_an_operator(void **state)
{
	struct world *world = *state;
	struct held held = {0, 0};

	set_policy(world, wide);
	submit(world, "create", LEGAL);
	pass_time(world, 1);
	assert_true(tells(world, "Kakuu"));
	set_policy(world, holding);
	pass_time(world, 1);
	assert_false(tells(world, "Kakuu"));
	assert_true(engine_view_renew(world->engine, OBJECT_DOMAIN,
	    SLICE("example.com"), &world->fail));
	pass_time(world, 1);
	assert_true(spool_each(world->spool, SPOOL_HELD, 10, counts_held,
	    &held, &world->fail));
	assert_int_equal(held.count, 1);
	engine_hold_decide(world->engine, SLICE("tester"), held.id, true,
	    SLICE("fine"), answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 200);
	assert_true(tells(world, "Kakuu"));
}

/* The row's entry is pruned, and cannot say any more whose it was. */
static void
who_is_forgotten_after_the_entry_is_told_no_more(void **state)
{
	struct world *world = *state;
	struct view_found found;
	char other[192];

	set_policy(world, wide);
	submit(world, "create", PERSON);
	pass_time(world, 1);
	for (int i = 0; ledger_size(world->ledger) <= 256; i++) {
		snprintf(other, sizeof(other),
		    "{\"object\":{\"type\":\"domain\",\"name\":"
		    "\"d%d.com\"},\"request\":\"create\",\"roles\":"
		    "{\"registrant\":{" LEGAL "}}}",
		    i);
		engine_submit(world->engine, SLICE("tester"),
		    (struct slice){"", 0}, slice_from(other), answered, world);
		pass_time(world, 0);
	}
	pass_time(world, 2);
	if (!ledger_prune(world->ledger, 256, &world->fail))
		fail_msg("%s", world->fail.text);
	assert_true(tells(world, "Kakuu"));
	forget(world);
	assert_int_equal(find(world).state, VIEW_NONE);
	/* Others stay. */
	assert_true(view_get(world->reader, world->arena, SLICE("domain"),
	    SLICE("d0.com"), &found, &world->fail));
	assert_int_equal(found.state, VIEW_CURRENT);
}

/* --- what stands in many --- */

enum { MANY = 2500 };

static void
stand_in_many(struct world *world, struct standing *standing)
{
	struct digest part =
	    standing_part(standing, OBJECT_CONTACT, SLICE("biz/TEC-1"));
	char names[50][32];
	struct standing_made made[50];

	for (int i = 0; i < MANY; i++) {
		snprintf(names[i % 50], 32, "d%04d.com", i);
		made[i % 50] = (struct standing_made){SLICE("domain"),
		    slice_from(names[i % 50]), &part, 1};
		if (i % 50 == 49)
			assert_true(
			    standing_set(standing, made, 50, &world->fail));
	}
}

/* All in doubt before it is done, and only so many in one turn. */
static void
a_contact_of_many_is_followed_turn_by_turn(void **state)
{
	struct world *world = *state;
	struct engine_followed followed = {
	    .type = OBJECT_CONTACT, .name = SLICE("biz/TEC-1")};
	struct engine_followed *const all[] = {&followed};
	struct view_stale *rows =
	    arena_take_array(world->arena, MANY + 1, sizeof(*rows));
	unsigned turns = 0;
	size_t count;

	set_policy(world, wide);
	stand_in_many(world, world->standing);
	assert_true(engine_follows(
	    world->engine, OBJECT_CONTACT, SLICE("biz/TEC-1")));
	assert_false(engine_follows(
	    world->engine, OBJECT_CONTACT, SLICE("biz/TEC-2")));
	for (; !followed.is_done; turns++)
		engine_follow(world->engine, all, 1);
	assert_in_range(turns, 2, 10);
	assert_true(view_stale(world->view, world->arena, 1000, rows, &count,
	    MANY + 1, &world->fail));
	assert_int_equal(count, MANY);
	/* The vault has none of them: they go, a few at a time. */
	engine_followed(world->engine);
	pass_time(world, 5);
	assert_true(view_stale(world->view, world->arena, 1000, rows, &count,
	    MANY + 1, &world->fail));
	assert_int_equal(count, 0);
	assert_false(engine_follows(
	    world->engine, OBJECT_CONTACT, SLICE("biz/TEC-1")));
}

/* A crash takes back entries, and what is in doubt since them can still end. */
static void
doubt_since_an_entry_that_was_lost_ends(void **state)
{
	struct world *world = *state;
	const struct view_doubted row = {
	    SLICE("domain"), SLICE("example.com")};
	struct engine_options options;

	set_policy(world, wide);
	submit(world, "create", PERSON);
	pass_time(world, 1);
	assert_true(view_want(world->view, &row, 1,
	    ledger_next(world->ledger) + 100, &world->fail));
	assert_false(tells(world, "Kakuu"));
	options = *engine_given(world->engine);
	engine_destroy(world->engine);
	world->engine = engine_create(&options, &world->fail);
	assert_non_null(world->engine);
	set_policy(world, wide);
	pass_time(world, 60);
	assert_true(tells(world, "Kakuu"));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(a_tighter_policy_is_told_from_its_first_moment),
	    CASE(what_failed_to_come_in_force_begins_again),
	    CASE(what_a_reload_overtakes_is_decided_again),
	    CASE(rows_under_way_are_decided_again_after_a_reload),
	    CASE(what_no_policy_publishes_comes_back_with_one_that_does),
	    CASE(a_withdrawn_consent_is_followed_before_the_answer),
	    CASE(what_all_refuse_is_told_as_it_was_before_long),
	    CASE(an_object_is_decided_anew_once),
	    CASE(who_is_forgotten_is_told_no_more),
	    CASE(what_is_another_persons_is_told_on),
	    CASE(what_a_new_policy_holds_waits_for_an_operator),
	    CASE(a_contact_of_many_is_followed_turn_by_turn),
	    CASE(who_is_forgotten_after_the_entry_is_told_no_more),
	    CASE(doubt_since_an_entry_that_was_lost_ends),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

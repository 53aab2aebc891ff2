/*
 * The audit inside the engine, with a test that plays the auditor: what is
 * asked, what is found, recorded and counted, and what is left alone.
 */
#include "engine_audit_world.h"

/* --- what is found --- */

static void
a_leak_names_the_rule_that_it_breaks(void **state)
{
	struct world *world = *state;

	submit(world, "a.com");
	order(world, engine_audit_start, "{\"object\":\"A.com\"}");
	assert_int_equal(world->asked_count, 1);
	assert_true(slice_is(world->asked[0].question.name, "a.com"));
	assert_true(slice_is(world->asked[0].server, "whois.example"));
	assert_false(world->asked[0].waits);
	assert_int_equal(world->status, 0);
	tell(world, "Kakuu", "Canary");
	assert_int_equal(world->status, 200);
	assert_true(says(world, "\"kind\":\"leak\",\"role\":\"registrant\","
				"\"field\":\"name.int\",\"rule\":2"));
	assert_true(says(world, "redact * of *"));
	assert_false(says(world, "Canary"));
	assert_int_equal(entries(world, "leak"), 1);
}

static void
what_is_hidden_or_old_is_found_and_what_is_well_is_recorded(void **state)
{
	struct world *world = *state;

	submit(world, "a.com");
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	tell(world, "", "");
	assert_true(says(world, "\"kind\":\"over-redaction\""));
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	tell(world, "Elsewhere", "");
	assert_true(says(world, "\"kind\":\"stale\""));
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	tell(world, "KAKUU", "");
	assert_true(says(world, "\"state\":\"clean\""));
	assert_int_equal(entries(world, "over-redaction"), 1);
	assert_int_equal(entries(world, "stale"), 1);
	assert_int_equal(entries(world, "clean"), 1);
}

/*
 * The registry was told to hide what either block hides, and may show what
 * either lets be seen: what neither lets be seen is a leak still.
 */
static void
a_public_with_two_purposes_may_see_what_either_lets(void **state)
{
	struct world *world = *state;

	submit(world, "a.net");
	engine_desk_done(world->engine, SLICE("uid 0"), 1, SLICE("posted"),
	    answered, world);
	assert_true(fake_loop_settle(world->loop));
	assert_int_equal(world->status, 200);
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	tell(world, "Kakuu", "Canary");
	assert_true(says(world, "\"state\":\"clean\""));
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	tell(world, "", "");
	assert_true(says(world, "\"state\":\"clean\""));
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	tell(world, "Elsewhere", "");
	assert_true(says(world, "\"kind\":\"stale\""));
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	tell(world, "Kakuu", "Somebody Else");
	assert_true(says(world, "\"field\":\"name.int\",\"rule\":"));
	assert_int_equal(entries(world, "clean"), 2);
}

/*
 * A letter to its registry is on the desk for long: who publishes it from
 * there is not asked, everybody else is.
 */
static void
only_who_waits_for_it_is_not_asked(void **state)
{
	struct world *world = *state;

	submit(world, "a.com");
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	tell(world, "Kakuu", "");
	assert_true(says(world, "\"state\":\"clean\""));
	submit(world, "a.net");
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	assert_int_equal(world->status, 404);
	assert_true(says(world, "under way"));
	engine_desk_done(world->engine, SLICE("uid 0"), 3, SLICE("posted"),
	    answered, world);
	assert_true(fake_loop_settle(world->loop));
	order(world, engine_audit_start, "{\"object\":\"a.net\"}");
	assert_int_equal(world->asked_count, 1);
}

static void
what_was_deleted_should_not_be_there(void **state)
{
	struct world *world = *state;

	submit(world, "a.com");
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    SLICE("{\"object\":{\"type\":\"domain\",\"name\":\"a.com\"},"
		  "\"request\":\"delete\"}"),
	    answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	assert_int_equal(world->asked_count, 1);
	tell(world, "Kakuu", "Canary");
	assert_true(says(world, "\"reason\":\"it was deleted"));
	assert_true(says(world, "\"kind\":\"leak\",\"role\":\"registrant\","
				"\"field\":\"name.int\""));
	assert_true(says(world, "{\"kind\":\"stale\"}"));
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	tell_absent(world);
	assert_true(says(world, "\"state\":\"clean\""));
	assert_int_equal(entries(world, "clean"), 1);
}

/* Contacts are asked for by all handles of a role. */
static void
each_handle_is_asked_for(void **state)
{
	struct world *world = *state;

	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    SLICE("{\"object\":{\"type\":\"domain\",\"name\":\"a.jp\"},"
		  "\"request\":\"create\",\"roles\":{\"registrant\":{\"kind\":"
		  "\"legal\",\"fields\":{\"name\":{\"int\":\"Canary\"}}},"
		  "\"tech\":{\"kind\":\"natural\",\"fields\":{\"handle\":"
		  "[\"AA001JP\",\"BB002JP\"],\"name\":{\"int\":"
		  "\"Canary Tech\"}}}}}"),
	    answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
	order(world, engine_audit_start, "{\"object\":\"a.jp\"}");
	assert_int_equal(world->asked_count, 3);
	assert_true(slice_is(world->asked[1].question.name, "AA001JP"));
	assert_true(slice_is(world->asked[2].question.name, "BB002JP"));
	tell_jp(world, ROLE_TECH, "AA001JP", "BB002JP", "");
	tell_jp(world, ROLE_TECH, "AA001JP", "", "");
	/* Whoever else that is, the record does not know. */
	tell_jp(world, ROLE_TECH, "BB002JP", "", "Somebody Else");
	assert_true(says(world, "\"state\":\"clean\""));
	order(world, engine_audit_start, "{\"object\":\"a.jp\"}");
	tell_jp(world, ROLE_TECH, "AA001JP", "BB002JP", "");
	tell_jp(world, ROLE_TECH, "AA001JP", "", "");
	tell_jp(world, ROLE_TECH, "BB002JP", "", "Canary Tech");
	assert_true(says(world, "\"kind\":\"leak\",\"role\":\"tech\","
				"\"field\":\"name.int\""));
	/* The domain is there, and only a contact is not. */
	order(world, engine_audit_start, "{\"object\":\"a.jp\"}");
	tell_jp(world, ROLE_TECH, "AA001JP", "BB002JP", "");
	tell_jp(world, ROLE_TECH, "AA001JP", "", "");
	tell_absent(world);
	assert_true(says(world, "\"kind\":\"missing\",\"role\":\"tech\","
				"\"field\":\"handle\""));
}

static void
no_answer_is_a_finding_and_no_object_is_none(void **state)
{
	struct world *world = *state;

	submit(world, "a.org");
	order(world, engine_audit_start, "{\"object\":\"a.org\"}");
	assert_true(world->asked[0].is_rdap);
	tell_end(world, AUDIT_UNANSWERED);
	assert_true(says(world, "\"state\":\"unreachable\""));
	assert_true(says(world, "\"reason\":\"a reason\""));
	assert_int_equal(entries(world, "unreachable"), 1);
	order(world, engine_audit_start, "{\"object\":\"b.org\"}");
	assert_int_equal(world->status, 404);
	order(world, engine_audit_start, "{\"object\":\"../\"}");
	assert_int_equal(world->status, 404);
	assert_int_equal(world->asked_count, 0);
}

static void
an_auditor_that_goes_or_is_not_there_leaves_no_finding(void **state)
{
	struct world *world = *state;

	submit(world, "a.com");
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	engine_audit_lost(world->engine);
	assert_int_equal(world->status, 200);
	assert_true(says(world, "\"state\":\"skipped\""));
	world->is_away = true;
	order(world, engine_audit_start, "{\"object\":\"a.com\"}");
	assert_true(says(world, "\"state\":\"skipped\""));
	assert_int_equal(entries(world, "unreachable"), 0);
	/* What it said before it went is of no use any more. */
	world->is_away = false;
	world->asked_count = 1;
	tell(world, "Kakuu", "Canary");
	assert_int_equal(entries(world, "leak"), 0);
}

static void
what_makes_no_sense_ends_the_line(void **state)
{
	struct world *world = *state;

	assert_false(engine_audit_told(world->engine, SLICE("{}")));
	assert_false(engine_audit_told(world->engine, SLICE("\xff")));
	assert_true(engine_audit_told(
	    world->engine, SLICE("{\"number\":99,\"end\":\"nobody\",\"wait\":0,"
				 "\"server\":\"\",\"reason\":\"\"}")));
}

/* --- all of them --- */

static void
submit_many(struct world *world, unsigned count)
{
	char name[32];

	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "n%u.com", i);
		submit(world, name);
	}
}

static void
all_objects_are_asked_for_some_at_a_time(void **state)
{
	struct world *world = *state;

	submit_many(world, 20);
	order(world, engine_audit_start, "{}");
	assert_int_equal(world->status, 202);
	assert_int_equal(world->asked_count, 16);
	assert_true(world->asked[0].waits);
	order(world, engine_audit_start, "{}");
	assert_int_equal(world->status, 409);
	for (unsigned i = 0; i < 20; i++)
		tell(world, "Kakuu", i == 7 ? "Canary" : "");
	order(world, engine_audit_status, "{}");
	assert_true(says(world, "\"state\":\"done\""));
	assert_true(says(world,
	    "\"objects\":20,\"clean\":19,\"found\":1,\"unreachable\":0"));
	assert_int_equal(entries(world, "run"), 1);
	assert_int_equal(entries(world, "leak"), 1);
	assert_int_equal(entries(world, "clean"), 0);
	assert_int_equal(world->warned, 1);
	order(world, engine_audit_status, "{\"from\":\"1\"}");
	assert_true(says(world, "\"results\":[]"));
}

static void
who_does_not_answer_is_left_alone(void **state)
{
	struct world *world = *state;

	submit_many(world, 30);
	order(world, engine_audit_start, "{}");
	while (world->asked_count != 0)
		tell_end(world, AUDIT_UNANSWERED);
	assert_true(world->total < 25);
	order(world, engine_audit_status, "{}");
	assert_true(says(world, "\"state\":\"done\",\"since\""));
	assert_true(says(world, "\"objects\":30"));
	assert_int_equal(entries(world, "unreachable"), (unsigned)world->total);
}

static void
who_wants_a_pause_is_left_alone_at_once(void **state)
{
	struct world *world = *state;

	submit_many(world, 30);
	order(world, engine_audit_start, "{}");
	while (world->asked_count != 0)
		tell_end(world, AUDIT_HELD);
	assert_int_equal(world->total, 16);
}

/* However much is found, a run is shown with a bounded part of it. */
static void
results_have_a_bound_and_what_is_left_out_is_counted(void **state)
{
	struct world *world = *state;
	struct audit_run *run =
	    audit_run_create(world->engine, AUDIT_ALL, SLICE("uid 0"));
	static char json[2048];
	uint64_t given = 0;

	memset(json, ' ', sizeof(json));
	memcpy(json, "{", 1);
	json[sizeof(json) - 1] = '}';
	for (; given < 3 * RESULTS_ROOM / sizeof(json); given++)
		audit_run_add_result(run, (struct slice){json, sizeof(json)});
	assert_in_range(run->result_bytes, RESULTS_ROOM - sizeof(json) + 1,
	    RESULTS_ROOM);
	assert_int_equal(run->result_count + run->left_out, given);
	order(world, engine_audit_status, "{}");
	assert_int_equal(world->status, 200);
	/* Small ones have a bound, too. */
	run = audit_run_create(world->engine, AUDIT_ALL, SLICE("uid 0"));
	for (given = 0; given < 2 * RESULTS_MAX; given++)
		audit_run_add_result(run, SLICE("{}"));
	assert_int_equal(run->result_count, RESULTS_MAX);
	assert_int_equal(run->left_out, RESULTS_MAX);
	engine_audit_stop(world->engine);
}

static void
an_operator_ends_it(void **state)
{
	struct world *world = *state;

	submit_many(world, 20);
	order(world, engine_audit_start, "{}");
	order(world, engine_audit_end, "{}");
	assert_int_equal(world->status, 200);
	while (world->asked_count != 0)
		tell(world, "Kakuu", "");
	assert_int_equal(world->total, 16);
	order(world, engine_audit_status, "{}");
	assert_true(says(world, "\"state\":\"done\""));
	order(world, engine_audit_end, "{}");
	assert_int_equal(world->status, 404);
}

/* Every allocation of it fails once: it is answered, and nothing is lost. */
static void
memory_that_runs_out_is_no_crash(void **state)
{
	struct world *world = *state;
	bool ran_out = true;

	submit(world, "a.com");
	for (unsigned n = 1; ran_out; n++) {
		world->left = n;
		order(world, engine_audit_start, "{\"object\":\"a.com\"}");
		if (world->status == 0 && world->asked_count != 0)
			tell(world, "Kakuu", "");
		ran_out = world->left == 0;
		world->left = 0;
		/* What it could not even hear ends with the line. */
		if (world->status == 0)
			engine_audit_lost(world->engine);
		engine_audit_met(world->engine);
		world->asked_count = 0;
		assert_true(fake_loop_settle(world->loop));
		assert_int_not_equal(world->status, 0);
		assert_true(n < 500);
	}
	assert_true(says(world, "\"state\":\"clean\""));
}

/* --- the timer --- */

static void
pass_answering(struct world *world, int64_t seconds)
{
	for (int64_t i = 0; i < seconds; i++) {
		pass_time(world, 1);
		while (world->asked_count != 0)
			tell(world, "Kakuu", "");
	}
}

static void
the_timer_spreads_all_over_its_period(void **state)
{
	struct world *world = *state;
	size_t half;

	pass_answering(world, 1100);
	submit_many(world, 40);
	pass_answering(world, 1100);
	world->total = 0;
	while (entries(world, "run") < 2)
		pass_answering(world, 10);
	world->total = 0;
	pass_answering(world, 500);
	half = world->total;
	pass_answering(world, 510);
	assert_int_equal(world->total, 40);
	assert_in_range(half, 8, 32);
}

static void
the_timer_goes_on_after_a_restart(void **state)
{
	struct world *world = *state;
	unsigned runs;
	size_t half;

	submit_many(world, 40);
	while (entries(world, "run") < 1)
		pass_answering(world, 10);
	world->total = 0;
	pass_answering(world, 500);
	half = world->total;
	runs = entries(world, "run");
	assert_in_range(half, 1, 39);
	engine_destroy(world->engine);
	open_engine(world);
	while (entries(world, "run") == runs)
		pass_answering(world, 10);
	assert_int_equal(world->total, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
	    TEST(a_leak_names_the_rule_that_it_breaks),
	    TEST(what_is_hidden_or_old_is_found_and_what_is_well_is_recorded),
	    TEST(a_public_with_two_purposes_may_see_what_either_lets),
	    TEST(only_who_waits_for_it_is_not_asked),
	    TEST(what_was_deleted_should_not_be_there),
	    TEST(each_handle_is_asked_for),
	    TEST(no_answer_is_a_finding_and_no_object_is_none),
	    TEST(an_auditor_that_goes_or_is_not_there_leaves_no_finding),
	    TEST(what_makes_no_sense_ends_the_line),
	    TEST(all_objects_are_asked_for_some_at_a_time),
	    TEST(who_does_not_answer_is_left_alone),
	    TEST(who_wants_a_pause_is_left_alone_at_once),
	    TEST(results_have_a_bound_and_what_is_left_out_is_counted),
	    TEST(an_operator_ends_it),
	    TEST(memory_that_runs_out_is_no_crash),
	    TEST(the_timer_spreads_all_over_its_period),
	    TEST(the_timer_goes_on_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

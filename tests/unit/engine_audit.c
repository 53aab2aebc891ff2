/*
 * The audit inside the engine, with a test that plays the auditor: what is
 * asked, what is found, recorded and counted, and what is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/audit_line.h"
#include "core/canon.h"
#include "core/policy.h"
#include "engine_audit.h"
#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/view.h"

static const char policy_text[] =
    "policy \"t\" revision 1 effective 2026-01-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "purpose p11 \"publish\"\n"
    "purpose p12 \"publish, if only for research\"\n"
    "recipient self \"public\" public via self basis contract {\n"
    "  may receive name, state, country of registrant\n"
    "}\n"
    "recipient registry \"r\" in US class registry basis contract by post {\n"
    "  may receive name, state, country of registrant\n"
    "}\n"
    "recipient shown \"public of it\" public via registry\n"
    "for .com, .org to self for p11 {\n"
    "  forward state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .net to registry for p10 {\n"
    "  forward name, state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .net to shown for p11 {\n"
    "  forward state, country of registrant\n"
    "  redact * of *\n"
    "}\n"
    "for .net to shown for p12 {\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";

static const char conf_text[] =
    "state /state policy p forget now recipient self to view\n"
    "recipient registry to desk\n"
    "audit whois whois.net.example for .net as shown\n"
    "publish whois on 127.0.0.1:4343\n"
    "audit whois whois.example for .com as self\n"
    "audit rdap \"https://rdap.example/\" for .org as self\n"
    "audit every 1000s\n";

enum { ASKED_MAX = 64 };

struct world {
	struct loop *loop;
	struct disk *disk;
	struct random_source random;
	uint32_t counter;
	struct arena *arena;
	struct keys *keys;
	struct vault *vault;
	struct ledger *ledger;
	struct spool *spool;
	struct view *view;
	struct engine *engine;
	const struct conf *conf;
	char directory[32], spool_path[64], view_path[64];
	int status;
	char body[4096];
	struct audit_ask asked[ASKED_MAX]; /* not answered yet */
	size_t asked_count, total;
	bool is_away; /* the auditor */
	unsigned warned;
	struct memory memory;
	unsigned left; /* so many allocations work; 0: all */
	struct fail fail;
};

static void *
take(void *context, size_t size)
{
	struct world *world = context;

	return world->left != 0 && --world->left == 0 ? NULL : malloc(size);
}

static void
give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static bool
fill(void *context, void *out, size_t len)
{
	struct world *world = context;

	for (size_t i = 0; i < len; i++) {
		world->counter = world->counter * 1664525 + 1013904223;
		((uint8_t *)out)[i] = (uint8_t)(world->counter >> 24);
	}
	return true;
}

static int64_t
now(void *context)
{
	struct world *world = context;

	return world->loop->operations->now(world->loop);
}

static void
logged(void *context, const char *level, const char *event,
    const struct fail *fail)
{
	struct world *world = context;

	world->warned += strcmp(event, "audit-leak") == 0;
	if (strcmp(level, "error") == 0)
		print_message("%s: %s\n", event, fail ? fail->text : "");
}

static bool
ask(void *context, struct slice message)
{
	struct world *world = context;
	struct audit_ask *next = &world->asked[world->asked_count];

	if (world->is_away)
		return false;
	assert_true(world->asked_count < ASKED_MAX);
	assert_true(audit_read_ask(message, world->arena, next));
	/* What should be seen is not in it. */
	assert_null(memmem(message.data, message.len, "Kakuu", 5));
	world->asked_count++;
	world->total++;
	return true;
}

static void
open_engine(struct world *world)
{
	const struct engine_options options = {.loop = world->loop,
	    .disk = world->disk,
	    .random = &world->random,
	    .memory = &world->memory,
	    .keys = world->keys,
	    .vault = world->vault,
	    .ledger = world->ledger,
	    .spool = world->spool,
	    .view = world->view,
	    .audit_ask = ask,
	    .audit_context = world,
	    .audit_directory = "/state",
	    .log = logged,
	    .log_context = world};
	struct slice diagnostics = {NULL, 0};
	const struct ruleset *ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("t"), slice_from(policy_text)}, NULL,
	    NULL, 0, &diagnostics, &world->fail);

	if (ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	world->engine = engine_create(&options, &world->fail);
	assert_non_null(world->engine);
	if (!engine_set_policy(
		world->engine, ruleset, world->conf, &world->fail))
		fail_msg("%s", world->fail.text);
	engine_audit_met(world->engine);
	assert_true(fake_loop_settle(world->loop));
}

static void
open_stores(struct world *world)
{
	static const uint8_t master[KEY_SIZE] = "a master key for tests";
	struct ledger_options options = {.disk = world->disk,
	    .directory = "/state/ledger",
	    .origin = "ledger.example/misu",
	    .random = &world->random,
	    .now = now,
	    .now_context = world,
	    .segment_size = 1 << 20};
	struct fail *fail = &world->fail;

	assert_true(world->disk->operations->make_directory(
	    world->disk, "/state", fail));
	world->keys =
	    keys_open(world->disk, "/state/keys", master, &world->random, fail);
	assert_non_null(world->keys);
	world->vault =
	    vault_open(world->disk, "/state/vault", world->keys, fail);
	assert_non_null(world->vault);
	options.keys = world->keys;
	options.vault = world->vault;
	world->ledger = ledger_open(&options, fail);
	assert_non_null(world->ledger);
	world->spool = spool_open(
	    world->disk, world->spool_path, world->keys, &world->random, fail);
	assert_non_null(world->spool);
	world->view = view_open(world->view_path, fail);
	assert_non_null(world->view);
}

static int
start(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct policy_source conf = {SLICE("c"), slice_from(conf_text)};
	struct slice diagnostics = {NULL, 0};

	*state = world;
	world->random = (struct random_source){fill, world};
	world->memory = (struct memory){take, give, world};
	world->loop = fake_loop_create(INT64_C(1775001600000));
	world->disk = memory_disk_create(world->loop);
	world->arena = arena_create(NULL);
	snprintf(world->directory, sizeof(world->directory),
	    "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	snprintf(world->spool_path, sizeof(world->spool_path), "%s/spool",
	    world->directory);
	snprintf(world->view_path, sizeof(world->view_path), "%s/view",
	    world->directory);
	world->conf =
	    conf_parse(world->arena, &conf, NULL, &diagnostics, &world->fail);
	if (world->conf == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	open_stores(world);
	open_engine(world);
	return 0;
}

static int
end(void **state)
{
	struct world *world = *state;
	char command[80];

	engine_destroy(world->engine);
	view_close(world->view);
	spool_close(world->spool);
	ledger_close(world->ledger);
	vault_close(world->vault);
	keys_close(world->keys);
	arena_destroy(world->arena);
	memory_disk_destroy(world->disk);
	fake_loop_destroy(world->loop);
	snprintf(command, sizeof(command), "rm -r %s", world->directory);
	assert_int_equal(system(command), 0);
	free(world);
	return 0;
}

/* --- the players --- */

static void
answered(void *arg, int status, struct slice body)
{
	struct world *world = arg;

	world->status = status;
	snprintf(world->body, sizeof(world->body), "%.*s", SLICE_ARG(body));
}

static void
pass_time(struct world *world, int64_t seconds)
{
	assert_true(fake_loop_advance(world->loop, seconds * 1000));
}

static void
submit(struct world *world, const char *name)
{
	char body[512];

	snprintf(body, sizeof(body),
	    "{\"object\":{\"type\":\"domain\",\"name\":\"%s\"},"
	    "\"request\":\"create\",\"roles\":{\"registrant\":{\"kind\":"
	    "\"legal\",\"fields\":{\"state\":{\"int\":\"Kakuu\"},"
	    "\"name\":{\"int\":\"Canary\"},\"country\":\"JP\"}}}}",
	    name);
	engine_submit(world->engine, SLICE("tester"), (struct slice){"", 0},
	    slice_from(body), answered, world);
	pass_time(world, 1);
	assert_int_equal(world->status, 202);
}

static void
order(struct world *world,
    void (*verb)(struct engine *engine, struct slice actor, struct slice text,
	engine_answer *answer, void *arg),
    const char *text)
{
	world->status = 0;
	verb(world->engine, SLICE("uid 0"), slice_from(text), answered, world);
	assert_true(fake_loop_settle(world->loop));
}

/* What the server shows: state and, where it leaks, the name. */
static void
tell(struct world *world, const char *place, const char *name)
{
	const struct slice seen[] = {slice_from(place), slice_from(name)};
	struct audit_item items[2] = {
	    {.role = ROLE_REGISTRANT,
		.fields = (uint64_t)1 << FIELD_STATE_INT |
			  (uint64_t)1 << FIELD_STATE_LOC,
		.expected = (uint64_t)1 << FIELD_STATE_INT |
			    (uint64_t)1 << FIELD_STATE_LOC,
		.sight = *place != '\0' ? AUDIT_SHOWN : AUDIT_ABSENT,
		.values = {&seen[0], *place != '\0'}},
	    {.role = ROLE_REGISTRANT,
		.fields = (uint64_t)1 << FIELD_NAME_INT | (uint64_t)1
							      << FIELD_NAME_LOC,
		.sight = *name != '\0' ? AUDIT_SHOWN : AUDIT_REDACTED,
		.values = {&seen[1], *name != '\0'}}};
	struct audit_told told = {.end = AUDIT_ANSWERED,
	    .server = SLICE("192.0.2.1:43"),
	    .reason = SLICE("")};

	assert_true(world->asked_count != 0);
	told.number = world->asked[0].number;
	told.answer = (struct audit_answer){
	    AUDIT_FOUND, world->asked[0].question.name, items, 2, SLICE("")};
	memmove(world->asked, world->asked + 1,
	    --world->asked_count * sizeof(*world->asked));
	/* One it has no memory to hear is as good as senseless. */
	if (world->left == 0)
		assert_true(engine_audit_told(
		    world->engine, audit_write_told(&told, world->arena)));
	else
		engine_audit_told(
		    world->engine, audit_write_told(&told, world->arena));
	assert_true(fake_loop_settle(world->loop));
}

static void
tell_end(struct world *world, enum audit_end how)
{
	struct audit_told told = {
	    .end = how, .server = SLICE(""), .reason = SLICE("a reason")};

	assert_true(world->asked_count != 0);
	told.number = world->asked[0].number;
	memmove(world->asked, world->asked + 1,
	    --world->asked_count * sizeof(*world->asked));
	assert_true(engine_audit_told(
	    world->engine, audit_write_told(&told, world->arena)));
	assert_true(fake_loop_settle(world->loop));
}

/* The entries of type audit with this word. */
static unsigned
entries(struct world *world, const char *word)
{
	unsigned count = 0;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct slice entry, type, got;

		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		assert_null(memmem(entry.data, entry.len, "Canary", 6));
		assert_null(memmem(entry.data, entry.len, "Kakuu", 5));
		count += canon_get_string(entry, "type", world->arena, &type) &&
			 slice_is(type, "audit") &&
			 canon_get_string(entry, "word", world->arena, &got) &&
			 slice_is(got, word);
	}
	return count;
}

static bool
says(const struct world *world, const char *text)
{
	return strstr(world->body, text) != NULL;
}

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

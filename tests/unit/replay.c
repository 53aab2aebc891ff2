/*
 * Decided again from the ledger alone: under the same policy nothing changes,
 * under another what would is counted, and what was not kept is not guessed.
 */
#include "disclosure_world.h"

#include "core/inputs.h"
#include "core/replay.h"
#include "core/why.h"
#include "runner/random_policy.h"
#include "store/log_query.h"
#include "store/log_reader.h"

enum { ITERATIONS = 60, BLOCKS = 32 };

/* The entry of a decision, by way of the ledger and its files. */
static uint64_t
write_entry(struct world *world, const struct disclosure *disclosure,
    struct slice inputs)
{
	bool goes = disclosure_outcome(disclosure).verdict == VERDICT_FORWARD;
	struct dispatch dispatch = {.channel = SLICE("file"),
	    .payload = slice_from(goes ? "x" : ""),
	    .inputs = inputs,
	    .supersedes = LEDGER_NONE};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_non_null(batch);
	if (!ledger_add_disclosure(batch, disclosure, &dispatch, &world->fail))
		world_complain(world);
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	return answer.first;
}

static struct replay_entry
read_back(struct world *world, uint64_t index, const struct ruleset *was)
{
	struct replay_entry entry = {.index = index, .was = was};

	assert_true(ledger_read(
	    world->ledger, index, world->arena, &entry.entry, &world->fail));
	assert_true(log_query_inputs(world->keys, entry.entry, world->arena,
	    &entry.object, &entry.inputs));
	return entry;
}

static struct replay_result
run(struct world *world, const struct replay_entry *entry,
    const struct ruleset *now)
{
	struct replay *replay = replay_create(now, world->arena);

	assert_non_null(replay);
	assert_true(replay_add(replay, entry, world->arena, &world->fail));
	return *replay_finish(replay);
}

static const struct ruleset *
random_ruleset(struct world *world, struct random *random)
{
	static const struct network_group own = {
	    SLICE("own"), random_prefixes, 1};
	struct policy_source source = {
	    SLICE("random.policy"), random_policy(random, world->arena)};
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;

	return policy_load(
	    world->arena, &source, NULL, &own, 1, &diagnostics, &fail);
}

static void
the_same_policy_changes_nothing(void **state)
{
	struct world *world = world_create(1 << 20);
	unsigned done = 0;

	(void)state;
	for (uint32_t i = 0; i < ITERATIONS; i++) {
		struct random random =
		    random_from((struct slice){(const char *)&i, sizeof(i)});
		const struct ruleset *ruleset = random_ruleset(world, &random);
		struct record *record =
		    random_record(&random, world->arena, &world->fail);
		const struct block *blocks[BLOCKS];
		size_t count = ruleset != NULL ? ruleset_match(ruleset, record,
						     blocks, BLOCKS)
					       : 0;

		for (size_t b = 0; b < count && b < BLOCKS; b++) {
			const struct inputs_given kept = {.ruleset = ruleset};
			const struct decide_given given = {.approved = false};
			struct disclosure *disclosure =
			    decide(ruleset, blocks[b], record, &given,
				world->arena, &world->fail);
			struct replay_entry entry = read_back(world,
			    write_entry(world, disclosure,
				inputs_write(record, &kept, world->arena)),
			    ruleset);
			struct replay_result result =
			    run(world, &entry, ruleset);

			assert_int_equal(result.disclosures, 1);
			assert_int_equal(result.same, 1);
			assert_int_equal(result.group_count, 0);
			done++;
		}
	}
	assert_true(done > ITERATIONS / 4);
	world_destroy(world);
}

/* A contact's verdicts come from all blocks in its scope. */
static void
a_contact_is_decided_in_its_scope_again(void **state)
{
	struct world *world = world_create(1 << 20);
	const struct ruleset *ruleset = load(world->arena);
	const struct decide_scope scope = {
	    .roles = 1 << ROLE_REGISTRANT, .suffix = SLICE(".example")};
	const struct inputs_given kept = {
	    .ruleset = ruleset, .scope = &scope, .approved = true};
	const struct decide_given given = {.approved = true};
	struct slice name = SLICE("Taro Canary");
	struct record *record = record_create(world->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, SLICE("up/c-1"), &world->fail);
	struct replay_entry entry;
	struct slice text;

	(void)state;
	assert_true(
	    record_set_role(record, CONTACT_ROLE, KIND_UNKNOWN, &world->fail));
	assert_true(record_set(
	    record, CONTACT_ROLE, FIELD_NAME_INT, &name, 1, &world->fail));
	entry = read_back(world,
	    write_entry(world,
		decide_contact(ruleset, &scope, record, &given, world->arena,
		    &world->fail),
		inputs_write(record, &kept, world->arena)),
	    ruleset);
	assert_true(slice_is(entry.object, "up/c-1"));
	assert_int_equal(run(world, &entry, ruleset).same, 1);
	text = why_text(&(struct why_given){.shown = {.index = entry.index,
						.entry = entry.entry,
						.object = entry.object},
			    .ruleset = ruleset,
			    .inputs = entry.inputs},
	    world->arena, &world->fail);
	assert_non_null(text.data);
	assert_non_null(strstr(text.data, "create of a contact"));
	assert_non_null(strstr(text.data, "an operator had approved"));
	assert_non_null(strstr(text.data, "kept: the same"));
	world_destroy(world);
}

static const struct ruleset *
variant(struct world *world, const char *rule, const char *more)
{
	struct text text = text_start(world->arena);
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;

	text_add_format(&text,
	    "policy \"t\" revision 2 effective 2026-04-01T00:00:00Z\n"
	    "purpose p10 \"submit\"\n"
	    "recipient reg \"Registry\" in JP class registry basis contract"
	    " by api {\n"
	    "  may receive name, email, auth-info of registrant\n"
	    "}\n%s"
	    "for .example to reg for p10 {\n"
	    "%s  redact * of *\n"
	    "}\n",
	    more, rule);
	ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("v.policy"), text_slice(&text)}, NULL,
	    NULL, 0, &diagnostics, &fail);
	if (ruleset == NULL)
		print_message("%.*s\n", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	return ruleset;
}

static struct replay_entry
taro(struct world *world, const struct ruleset *ruleset)
{
	const struct inputs_given kept = {.ruleset = ruleset};
	const struct decide_given given = {.approved = false};
	struct record *record = record_of(world, KIND_NATURAL, "cust-1");

	return read_back(world,
	    write_entry(world,
		decide(ruleset, ruleset_block(ruleset, 0), record, &given,
		    world->arena, &world->fail),
		inputs_write(record, &kept, world->arena)),
	    ruleset);
}

static void
what_would_be_shown_more_is_marked(void **state)
{
	struct world *world = world_create(1 << 20);
	const struct ruleset *was = load(world->arena);
	struct replay_entry entry = taro(world, was);
	struct replay_result result;
	const struct ruleset *now;

	(void)state;
	now = variant(world, "  forward name, email of registrant\n", "");
	result = run(world, &entry, now);
	assert_int_equal(result.changed, 1);
	assert_int_equal(result.more, 1);
	assert_int_equal(result.group_count, 1);
	assert_string_equal(result.groups->field, "email");
	assert_int_equal(result.groups->old_verdict, VERDICT_REDACT);
	assert_int_equal(result.groups->new_verdict, VERDICT_FORWARD);
	assert_int_equal(result.groups->new_rule, 1);
	/* Less is shown. */
	result = run(world, &entry, variant(world, "", ""));
	assert_int_equal(result.changed, 1);
	assert_int_equal(result.more, 0);
	/* Everything is refused. */
	result = run(world, &entry, variant(world, "  refuse \"no\"\n", ""));
	assert_int_equal(result.changed, 1);
	assert_int_equal(result.groups->new_verdict, VERDICT_REFUSE);
	world_destroy(world);
}

static void
what_was_not_kept_is_not_guessed(void **state)
{
	struct world *world = world_create(1 << 20);
	const struct ruleset *was = load(world->arena);
	struct replay_entry entry = taro(world, was);
	struct replay_result result;

	(void)state;
	result = run(world, &entry,
	    variant(world,
		"  forward name of registrant when registrant.email is "
		"canary@mail.example\n",
		""));
	assert_int_equal(result.unknown, 1);
	assert_int_equal(result.changed, 0);
	assert_int_equal(result.groups->new_verdict, REPLAY_UNKNOWN);
	entry.inputs = SLICE("");
	result = run(world, &entry, was);
	assert_int_equal(result.unkept, 1);
	world_destroy(world);
}

static void
a_recipient_that_got_nothing_is_told_of(void **state)
{
	struct world *world = world_create(1 << 20);
	const struct ruleset *was = load(world->arena);
	struct replay_entry entry;
	struct replay_result result;
	struct slice text;

	(void)state;
	entry = taro(world, was);
	result = run(world, &entry,
	    variant(world, "  forward name of registrant\n",
		"recipient public \"public\" public via reg\n"
		"for .example to public for p10 {\n"
		"  forward name of registrant\n  redact * of *\n}\n"));
	assert_int_equal(result.more, 1);
	assert_true(slice_is(result.groups->recipient, "public"));
	assert_int_equal(result.groups->old_verdict, REPLAY_NOTHING);
	/* And why shows the entry whole. */
	text = why_text(&(struct why_given){.shown = {.index = entry.index,
						.entry = entry.entry,
						.object = entry.object},
			    .ruleset = was,
			    .inputs = entry.inputs},
	    world->arena, &world->fail);
	assert_non_null(text.data);
	assert_non_null(strstr(
	    text.data, "by rule 2, t.policy:8: forward name of registrant"));
	assert_non_null(strstr(text.data, "decided again from what was kept: "
					  "the same"));
	assert_non_null(strstr(text.data, "may receive name, email, auth-info"
					  " of registrant"));
	assert_null(strstr(text.data, "Canary"));
	text = why_json(&(struct why_given){.shown = {.index = entry.index,
						.entry = entry.entry},
			    .missing = SLICE("it is gone")},
	    world->arena, &world->fail);
	assert_non_null(strstr(text.data, "\"missing\":\"it is gone\""));
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_policy_changes_nothing),
	    cmocka_unit_test(a_contact_is_decided_in_its_scope_again),
	    cmocka_unit_test(what_would_be_shown_more_is_marked),
	    cmocka_unit_test(what_was_not_kept_is_not_guessed),
	    cmocka_unit_test(a_recipient_that_got_nothing_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Two pairs of eyes: who is another, and who only comes another way; and a
 * first approval that two of the second want.
 */
#include "ledger_world.h"

#include "core/policy.h"
#include "engine_approval.h"
#include "runner/fake_loop.h"
#include "store/approvals.h"

/* misu.conf names some of the users, one of them twice; others come by a group. */
static bool
same(const char *one, const char *two)
{
	static const struct conf_operator named[] = {
	    {.by = CONF_BY_USER, .id = 1001, .name = {"alice", 5}},
	    {.by = CONF_BY_USER, .id = 1002, .name = {"bob", 3}},
	    {.by = CONF_BY_USER, .id = 1011, .name = {"alice", 5}},
	    {.by = CONF_BY_GROUP, .id = 1003, .name = {"staff", 5}}};
	static const struct conf conf = {
	    .operators = named, .operator_count = 4};
	bool same =
	    approval_is_same_person(&conf, slice_from(one), slice_from(two));

	assert_int_equal(same,
	    approval_is_same_person(&conf, slice_from(two), slice_from(one)));
	return same;
}

static void
one_number_is_one_person_whatever_the_name(void **state)
{
	(void)state;
	assert_true(same("uid 1001 (alice)", "uid 1001 (alicia)"));
	assert_true(same("uid 1001", "uid 1001 (alice)"));
	assert_true(same("uid 1003 (staff)", "uid 1003 (readers)"));
}

static void
two_users_of_one_name_are_one_person(void **state)
{
	(void)state;
	assert_true(same("uid 1001 (alice)", "uid 1011 (alice)"));
	assert_false(same("uid 1001 (alice)", "uid 1002 (bob)"));
	/* What the name is now counts, not what it was. */
	assert_true(same("uid 1001 (alice)", "uid 1011 (alicia)"));
	assert_false(same("uid 1001 (bob)", "uid 1002 (bob)"));
	/* She had another number when she approved, which is nobody's now. */
	assert_true(same("uid 1099 (alice)", "uid 1011 (alice)"));
	assert_false(same("uid 1099 (alice)", "uid 1002 (bob)"));
	assert_false(same("uid 0", "uid 1001 (alice)"));
}

static void
a_groups_name_is_nobodys_own(void **state)
{
	(void)state;
	assert_false(same("uid 1003 (staff)", "uid 1004 (staff)"));
	assert_false(same("uid 1003 (staff)", "uid 1001 (alice)"));
	assert_false(same("uid 1003", "uid 1004"));
}

static void
a_certificate_is_whoever_has_its_name(void **state)
{
	(void)state;
	assert_true(same("certificate 0011223344556677 (alice)",
	    "certificate 8899aabbccddeeff (alice)"));
	assert_false(same("certificate 0011223344556677 (alice)",
	    "certificate 8899aabbccddeeff (bob)"));
	/* The same one by the socket is no second pair of eyes. */
	assert_true(
	    same("certificate 0011223344556677 (alice)", "uid 1001 (alice)"));
	assert_false(
	    same("certificate 0011223344556677 (alice)", "uid 1002 (bob)"));
	assert_false(same("certificate 0011223344556677 (alice)", "uid 0"));
	/* Nobody says who of the group that is. */
	assert_true(
	    same("certificate 0011223344556677 (alice)", "uid 1003 (staff)"));
	assert_false(same("uid 1003 (staff)", "uid 1001 (alice)"));
}

/* --- orders under way at one time --- */

/* As much of an engine as an approval needs. */
struct office {
	struct world *world;
	struct engine engine;
	struct conf conf;
	struct sqlite *db;
};

static int
open_office(void **state)
{
	static const char policy[] =
	    "policy \"t\" revision 1 effective 2026-01-01T00:00:00Z\n"
	    "purpose p11 \"publish\"\n"
	    "recipient self \"public\" public via self basis contract {\n"
	    "  may receive name of registrant\n"
	    "}\n"
	    "for .com to self for p11 { redact * of * }\n";
	struct office *office = calloc(1, sizeof(*office));
	struct slice diagnostics = {NULL, 0};
	struct world *world = world_create(1 << 16);
	struct engine *engine = &office->engine;
	char path[96];

	office->world = world;
	office->conf = (struct conf){
	    .two_for = 1u << CONF_TWO_FORGETTING, .approval_lasts = 3600};
	snprintf(path, sizeof(path), "%s/cases", world->root);
	office->db = sqlite_open(path, "", 1, &world->fail);
	assert_non_null(office->db);
	engine->conf = &office->conf;
	engine->ruleset = policy_load(world->arena,
	    &(struct policy_source){SLICE("t"), slice_from(policy)}, NULL,
	    NULL, 0, &diagnostics, &world->fail);
	if (engine->ruleset == NULL)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
	engine->o.ledger = world->ledger;
	engine->o.loop = fake_loop_create(world->now);
	engine->o.approvals = approvals_open(office->db, &world->fail);
	assert_non_null(engine->o.approvals);
	*state = office;
	return 0;
}

static int
close_office(void **state)
{
	struct office *office = *state;
	struct loop *loop = office->engine.o.loop;

	loop->operations->timer_destroy(office->engine.checkpoint_timer);
	approvals_close(office->engine.o.approvals);
	sqlite_close(office->db);
	fake_loop_destroy(loop);
	world_destroy(office->world);
	free(office);
	return 0;
}

struct given {
	bool done;
	enum approval_word word;
};

static void
on_given(void *arg, enum approval_word word, const struct fail *fail)
{
	struct given *given = arg;

	(void)fail;
	assert_false(given->done);
	*given = (struct given){true, word};
}

static void
give(struct office *office, const char *actor, struct given *given)
{
	const struct approval_ask ask = {.matter = CONF_TWO_FORGETTING,
	    .about = SLICE("0011"),
	    .actor = slice_from(actor),
	    .entry = LEDGER_NONE};

	*given = (struct given){false, APPROVAL_FAILED};
	approval_give(&office->engine, &ask, on_given, given);
}

static enum approval_word
word_of(struct office *office, const struct given *given)
{
	while (!given->done)
		event_base_loop(office->world->base, EVLOOP_ONCE);
	return given->word;
}

static void
one_first_approval_is_spent_once(void **state)
{
	struct office *office = *state;
	struct given alice, bob, carol, dave;

	give(office, "uid 1 (alice)", &alice);
	assert_int_equal(word_of(office, &alice), APPROVAL_WAITS);
	/* Neither is durable when the other comes. */
	give(office, "uid 2 (bob)", &bob);
	give(office, "uid 3 (carol)", &carol);
	assert_int_equal(word_of(office, &bob), APPROVAL_WHOLE);
	assert_int_equal(word_of(office, &carol), APPROVAL_REFUSED);
	/* The next thing of the kind wants two again. */
	give(office, "uid 4 (dave)", &dave);
	assert_int_equal(word_of(office, &dave), APPROVAL_WAITS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_number_is_one_person_whatever_the_name),
	    cmocka_unit_test(two_users_of_one_name_are_one_person),
	    cmocka_unit_test(a_groups_name_is_nobodys_own),
	    cmocka_unit_test(a_certificate_is_whoever_has_its_name),
	    cmocka_unit_test_setup_teardown(one_first_approval_is_spent_once,
		open_office, close_office),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

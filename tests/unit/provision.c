/* What a stop makes of a disclosure: by the way it leaves, and what was had. */
#include "ledger_world.h"

#include "core/decide.h"
#include "core/policy.h"
#include "provision.h"

static const char policy[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, email of registrant\n"
    "  may receive ns of subscriber\n"
    "}\n"
    "recipient court \"A court\" class authority basis court by api {\n"
    "  may receive name of registrant\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  hold \"kind unknown\" when registrant.kind is unknown\n"
    "  forward name, email of registrant\n"
    "  forward ns of subscriber\n"
    "  redact * of *\n"
    "}\n"
    "for .example to court for p10 {\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";

struct fixture {
	struct world *world;
	struct sqlite *db;
	struct stops *stops;
	const struct ruleset *ruleset;
	struct fail fail;
	int64_t stop;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct stop stop = {.subject = SLICE("su"), .since = 7};
	struct slice diagnostics = {NULL, 0};
	char path[96];

	f->world = world_create(1 << 20);
	snprintf(path, sizeof(path), "%s/cases", f->world->root);
	f->db = sqlite_open(path, "", 1, &f->fail);
	assert_non_null(f->db);
	f->stops = stops_open(f->db, f->world->keys, &random_system, &f->fail);
	assert_non_null(f->stops);
	assert_true(stops_add(f->stops, &stop, &f->stop, &f->fail));
	f->ruleset = policy_load(f->world->arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(policy)},
	    NULL, NULL, 0, &diagnostics, &f->fail);
	assert_non_null(f->ruleset);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	stops_close(f->stops);
	sqlite_close(f->db);
	world_destroy(f->world);
	free(f);
	return 0;
}

static void
set(struct fixture *f, struct record *record, enum role role, enum field field,
    const char *text)
{
	struct slice value = slice_from(text);

	assert_true(record_set(record, role, field, &value, 1, &f->fail));
}

static struct record *
record_of(struct fixture *f, enum operation operation, enum kind kind,
    const char *name, const char *email)
{
	struct record *record = record_create(f->world->arena, OBJECT_DOMAIN,
	    operation, SLICE("taro.example"), &f->fail);

	assert_non_null(record);
	assert_true(record_set_role(record, ROLE_REGISTRANT, kind, &f->fail));
	assert_true(
	    record_set_subject(record, ROLE_REGISTRANT, SLICE("su"), &f->fail));
	set(f, record, ROLE_REGISTRANT, FIELD_NAME_INT, name);
	if (email != NULL)
		set(f, record, ROLE_REGISTRANT, FIELD_EMAIL, email);
	assert_true(
	    record_set_role(record, ROLE_SUBSCRIBER, KIND_UNKNOWN, &f->fail));
	set(f, record, ROLE_SUBSCRIBER, FIELD_NS, "ns1.dns.example");
	return record;
}

static struct disclosure *
disclosure_of(struct fixture *f, const struct record *record, unsigned block)
{
	const struct decide_given given = {.approved = false};
	struct disclosure *disclosure =
	    decide(f->ruleset, ruleset_block(f->ruleset, block), record, &given,
		f->world->arena, &f->fail);

	assert_non_null(disclosure);
	return disclosure;
}

static struct provision_ruling
judge(struct fixture *f, const struct record *record, unsigned block,
    enum provision_way way)
{
	const struct provision provision = {
	    f->stops, f->world->ledger, f->world->keys};
	const struct provision_asked asked = {.provision = &provision,
	    .record = record,
	    .disclosure = disclosure_of(f, record, block),
	    .way = way,
	    .arena = f->world->arena};
	struct provision_ruling ruling;

	provision_judge(&asked, &ruling);
	return ruling;
}

/* The registry has a record by this entry. */
static uint64_t
give(struct fixture *f, const struct record *record, const char *request)
{
	const struct dispatch dispatch = {.channel = SLICE("file"),
	    .payload = SLICE("bytes"),
	    .request = slice_from(request),
	    .supersedes = LEDGER_NONE};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(f->world->ledger, f->world->arena, &f->fail);

	assert_non_null(batch);
	assert_true(ledger_add_record(batch, record, &f->fail));
	assert_true(ledger_add_disclosure(
	    batch, disclosure_of(f, record, 0), &dispatch, &f->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(f->world, &answer);
	return answer.first;
}

static void
hold(struct fixture *f, uint64_t entry, const char *state, int64_t about)
{
	const struct stop_held held = {.type = OBJECT_DOMAIN,
	    .object = SLICE("taro.example"),
	    .recipient = SLICE("reg"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("file"),
	    .onward = SLICE(""),
	    .entry = entry,
	    .state = slice_from(state),
	    .about = about};

	assert_true(stops_begin(f->stops, &f->fail));
	assert_true(stops_hold(f->stops, f->stop, &held, &f->fail));
	assert_true(stops_commit(f->stops, f->stop, &f->fail));
}

static bool
keeps(const struct provision_ruling *ruling, enum role role, enum field field)
{
	return (ruling->kept[role] & (uint64_t)1 << field) != 0;
}

static void
what_is_published_shows_only_what_is_nobodys(void **state)
{
	struct fixture *f = *state;

	hold(f,
	    give(f,
		record_of(f, OPERATION_CREATE, KIND_NATURAL, "Taro",
		    "t@mail.example"),
		"one"),
	    "held", -1);
	for (int o = 0; o < OPERATION_COUNT; o++) {
		struct provision_ruling ruling = judge(f,
		    record_of(f, (enum operation)o, KIND_NATURAL, "Taro",
			"t@mail.example"),
		    0, PROVISION_PUBLISHED);

		assert_int_equal(ruling.stopped, 1 << ROLE_REGISTRANT);
		assert_true(ruling.minimises);
		assert_false(keeps(&ruling, ROLE_REGISTRANT, FIELD_NAME_INT));
		assert_false(keeps(&ruling, ROLE_REGISTRANT, FIELD_EMAIL));
		assert_true(keeps(&ruling, ROLE_REGISTRANT, FIELD_NS));
	}
}

static void
an_answer_is_refused_though_it_was_given_before(void **state)
{
	struct fixture *f = *state;

	hold(f,
	    give(f,
		record_of(f, OPERATION_UPDATE, KIND_NATURAL, "Taro",
		    "t@mail.example"),
		"one"),
	    "held", -1);
	for (int o = 0; o < OPERATION_COUNT; o++) {
		struct provision_ruling ruling = judge(f,
		    record_of(f, (enum operation)o, KIND_NATURAL, "Taro",
			"t@mail.example"),
		    0, PROVISION_ANSWERED);

		assert_int_equal(ruling.stopped, 1 << ROLE_REGISTRANT);
		assert_false(ruling.minimises);
	}
}

static void
an_update_goes_if_all_of_it_was_had_and_no_further(void **state)
{
	struct fixture *f = *state;
	struct provision_ruling ruling;

	hold(f,
	    give(f,
		record_of(f, OPERATION_CREATE, KIND_NATURAL, "Taro",
		    "t@mail.example"),
		"one"),
	    "held", -1);
	ruling =
	    judge(f, record_of(f, OPERATION_UPDATE, KIND_NATURAL, "Taro", NULL),
		0, PROVISION_SENT);
	assert_true(ruling.minimises && ruling.hides && !ruling.cuts);
	assert_true(keeps(&ruling, ROLE_REGISTRANT, FIELD_NAME_INT));
	ruling = judge(f,
	    record_of(
		f, OPERATION_UPDATE, KIND_NATURAL, "Taro", "new@mail.example"),
	    0, PROVISION_SENT);
	assert_true(ruling.stopped != 0 && !ruling.minimises && ruling.cuts);
	/* The same by another operation is no update. */
	ruling =
	    judge(f, record_of(f, OPERATION_CREATE, KIND_NATURAL, "Taro", NULL),
		0, PROVISION_SENT);
	assert_true(ruling.stopped != 0 && !ruling.minimises);
	ruling = judge(f,
	    record_of(f, OPERATION_TRANSFER, KIND_NATURAL, "Taro", NULL), 0,
	    PROVISION_SENT);
	assert_true(ruling.stopped != 0 && !ruling.minimises);
}

static void
a_renewal_and_a_deletion_carry_what_was_had(void **state)
{
	static const enum operation operations[] = {
	    OPERATION_RENEW, OPERATION_DELETE};
	struct fixture *f = *state;

	hold(f,
	    give(f,
		record_of(f, OPERATION_CREATE, KIND_NATURAL, "Taro",
		    "t@mail.example"),
		"one"),
	    "hidden", -1);
	for (int i = 0; i < 2; i++) {
		struct provision_ruling ruling = judge(f,
		    record_of(f, operations[i], KIND_NATURAL, "Taro",
			"new@mail.example"),
		    0, PROVISION_SENT);

		assert_int_equal(ruling.stopped, 1 << ROLE_REGISTRANT);
		assert_true(ruling.minimises && ruling.hides && ruling.cuts);
		assert_true(keeps(&ruling, ROLE_REGISTRANT, FIELD_NAME_INT));
		assert_false(keeps(&ruling, ROLE_REGISTRANT, FIELD_EMAIL));
	}
}

static void
who_was_made_to_lose_it_has_it_no_more(void **state)
{
	static const char *const lost[] = {
	    "asked", "at-desk", "unknown", "removed"};
	static const char *const has[] = {"refused", "given-up", "hidden"};
	struct fixture *f = *state;
	uint64_t first = give(f,
	    record_of(
		f, OPERATION_CREATE, KIND_NATURAL, "Taro", "t@mail.example"),
	    "one");
	uint64_t removal = give(f,
	    record_of(f, OPERATION_UPDATE, KIND_NATURAL, "Removed", NULL),
	    "two");
	struct record *renewal = record_of(
	    f, OPERATION_RENEW, KIND_NATURAL, "Taro", "t@mail.example");
	struct provision_ruling ruling;

	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++) {
		hold(f, first, lost[i], (int64_t)removal);
		ruling = judge(f, renewal, 0, PROVISION_SENT);
		assert_true(ruling.cuts);
		assert_false(keeps(&ruling, ROLE_REGISTRANT, FIELD_NAME_INT));
	}
	for (size_t i = 0; i < sizeof(has) / sizeof(*has); i++) {
		hold(f, first, has[i], (int64_t)removal);
		ruling = judge(f, renewal, 0, PROVISION_SENT);
		assert_false(ruling.cuts);
		assert_true(keeps(&ruling, ROLE_REGISTRANT, FIELD_EMAIL));
	}
}

static void
who_is_not_known_to_have_it_gets_nothing(void **state)
{
	struct fixture *f = *state;
	struct provision_ruling ruling = judge(f,
	    record_of(
		f, OPERATION_RENEW, KIND_NATURAL, "Taro", "t@mail.example"),
	    0, PROVISION_SENT);

	assert_true(ruling.minimises && ruling.cuts);
	assert_false(keeps(&ruling, ROLE_REGISTRANT, FIELD_NAME_INT));
	/* An entry that was pruned says nothing. */
	hold(f, 12345, "held", -1);
	ruling =
	    judge(f, record_of(f, OPERATION_UPDATE, KIND_NATURAL, "Taro", NULL),
		0, PROVISION_SENT);
	assert_true(ruling.stopped != 0 && !ruling.minimises);
}

static void
a_court_gets_all_whatever_way_it_leaves(void **state)
{
	struct fixture *f = *state;
	struct record *record =
	    record_of(f, OPERATION_CREATE, KIND_NATURAL, "Taro", NULL);

	assert_int_equal(judge(f, record, 1, PROVISION_SENT).stopped, 0);
	assert_int_equal(judge(f, record, 1, PROVISION_ANSWERED).stopped, 0);
}

static void
what_would_be_held_is_stopped_at_once(void **state)
{
	struct fixture *f = *state;
	struct provision_ruling ruling =
	    judge(f, record_of(f, OPERATION_CREATE, KIND_UNKNOWN, "Taro", NULL),
		0, PROVISION_SENT);

	assert_true(ruling.stopped != 0 && !ruling.minimises && ruling.cuts);
	ruling =
	    judge(f, record_of(f, OPERATION_RENEW, KIND_UNKNOWN, "Taro", NULL),
		0, PROVISION_SENT);
	assert_int_equal(ruling.stopped, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_is_published_shows_only_what_is_nobodys),
	    TEST(an_answer_is_refused_though_it_was_given_before),
	    TEST(an_update_goes_if_all_of_it_was_had_and_no_further),
	    TEST(a_renewal_and_a_deletion_carry_what_was_had),
	    TEST(who_was_made_to_lose_it_has_it_no_more),
	    TEST(who_is_not_known_to_have_it_gets_nothing),
	    TEST(a_court_gets_all_whatever_way_it_leaves),
	    TEST(what_would_be_held_is_stopped_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

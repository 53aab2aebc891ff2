/*
 * What the public view tells of a domain over EPP while a change of its
 * contact, or of itself, is proposed and no answer came.
 */
#define CONF                                                                   \
	"state /state policy p forget now recipient self to view\n"            \
	"registrar \"R\" { iana-id \"9999\" }\n"                               \
	"publish whois on 127.0.0.1:4343\n"                                    \
	"upstream up {\n listen 127.0.0.1:7001\n"                              \
	" certificate c key k\n server epp.example:700\n mode session\n"       \
	" login registrar-x password p\n}\n"                                   \
	"recipient reg to epp up {\n"                                          \
	" placeholder \"X\" for name, city of *\n"                             \
	" placeholder \"x@mail.example\" for email of *\n"                     \
	" placeholder \"JP\" for country of *\n}\n"
#define EPP_CHANNEL make_channel

#include "net/channel.h"

/* What comes over EPP goes nowhere from here. */
static void
stop_channel(struct channel *channel)
{
	(void)channel;
}

static struct channel *
make_channel(void *context, struct slice upstream, struct fail *fail)
{
	static const struct channel_operations operations = {
	    .name = "epp", .stop = stop_channel};
	static struct channel channel = {&operations};

	(void)context;
	(void)upstream;
	(void)fail;
	return &channel;
}

#include "view_world.h"

static const char policy[] =
    "policy \"t\" revision 1 effective 2026-01-01T00:00:00Z\n"
    "purpose p10 \"submit\"\npurpose p11 \"publish\"\n"
    "recipient reg \"r\" in JP class registry basis contract by api {\n"
    "  may receive name, state, country, handle of registrant\n}\n"
    "recipient self \"public\" public via self basis contract {\n"
    "  may receive name, state, country of registrant\n}\n"
    "for .com to reg for p10 {\n"
    "  forward name, state, country, handle of registrant\n"
    "  redact * of *\n}\n"
    "for .com to self for p11 {\n"
    "  refuse \"no\" when registrant.country is KP\n"
    "  forward state, country of registrant\n"
    "  forward name of registrant when registrant.kind is legal\n"
    "  redact * of *\n}\n";

static struct record *
make(struct world *world, enum object_type type, const char *name,
    enum operation operation)
{
	const struct epp_facts facts = {.given = true};
	struct record *record = record_create(
	    world->arena, type, operation, slice_from(name), &world->fail);

	assert_non_null(record);
	assert_true(record_set_epp(record, &facts, &world->fail));
	return record;
}

static void
set(struct world *world, struct record *record, enum field field,
    const char *value)
{
	const struct slice item = slice_from(value);

	assert_true(
	    record_set(record, ROLE_REGISTRANT, field, &item, 1, &world->fail));
}

static struct record *
person(struct world *world, const char *name, enum kind kind, const char *state,
    const char *country)
{
	struct record *record =
	    make(world, OBJECT_CONTACT, name, OPERATION_UPDATE);

	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, kind, &world->fail));
	set(world, record, FIELD_NAME_INT, "Taro");
	set(world, record, FIELD_STATE_INT, state);
	set(world, record, FIELD_COUNTRY, country);
	return record;
}

static struct record *
domain(struct world *world, const char *registrant)
{
	struct record *record =
	    make(world, OBJECT_DOMAIN, "example.com", OPERATION_UPDATE);

	set(world, record, FIELD_HANDLE, registrant);
	return record;
}

static void
committed(void *arg, uint64_t first, struct sealed *const *sealed, size_t count,
    const struct fail *fail)
{
	(void)first;
	(void)sealed;
	(void)count;
	assert_true(fail == NULL || fail->kind == FAIL_NONE);
	*(bool *)arg = true;
}

static void
keep(struct world *world, const struct record *record, enum vault_slot slot)
{
	struct event event = {.type = EVENT_OUTCOME, .word = SLICE("unknown")};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);
	bool done = false;

	assert_non_null(batch);
	assert_true(ledger_add_event(batch, &event, &world->fail));
	assert_true(ledger_add_record_as(batch, record, slot, &world->fail));
	ledger_commit(batch, committed, &done);
	pass_time(world, 1);
	assert_true(done);
}

static void
look(struct world *world)
{
	assert_true(engine_view_renew(
	    world->engine, OBJECT_DOMAIN, SLICE("example.com"), &world->fail));
	pass_time(world, 5);
}

/* It is told of Taro, a company. */
static void
begin(struct world *world)
{
	set_policy(world, policy);
	keep(world, person(world, "up/A", KIND_LEGAL, "Kakuu", "JP"),
	    VAULT_CURRENT);
	keep(world, domain(world, "A"), VAULT_CURRENT);
	look(world);
	assert_true(tells(world, "Taro") && tells(world, "Kakuu"));
}

static void
what_either_hides_is_hidden(void **state)
{
	struct world *world = *state;

	begin(world);
	keep(world, person(world, "up/A", KIND_NATURAL, "Kakuu", "JP"),
	    VAULT_PROPOSED);
	look(world);
	assert_false(tells(world, "Taro"));
	assert_true(tells(world, "Kakuu"));
}

static void
what_either_refuses_is_not_told(void **state)
{
	struct world *world = *state;

	begin(world);
	keep(world, person(world, "up/A", KIND_LEGAL, "Kakuu", "KP"),
	    VAULT_PROPOSED);
	look(world);
	assert_false(tells(world, "Kakuu"));
}

static void
a_value_that_may_be_another_is_not_told(void **state)
{
	struct world *world = *state;

	begin(world);
	keep(world, person(world, "up/A", KIND_LEGAL, "Hokkai", "JP"),
	    VAULT_PROPOSED);
	look(world);
	assert_true(tells(world, "Taro"));
	assert_false(tells(world, "Kakuu") || tells(world, "Hokkai"));
}

/* The domain's other registrant is in doubt, too: three records may hold. */
static void
all_that_may_hold_together_count(void **state)
{
	struct world *world = *state;

	begin(world);
	keep(world, person(world, "up/B", KIND_LEGAL, "Kakuu", "JP"),
	    VAULT_CURRENT);
	keep(world, domain(world, "B"), VAULT_PROPOSED);
	look(world);
	assert_true(tells(world, "Taro") && tells(world, "Kakuu"));
	keep(world, person(world, "up/B", KIND_NATURAL, "Kakuu", "JP"),
	    VAULT_PROPOSED);
	look(world);
	assert_false(tells(world, "Taro"));
	assert_true(tells(world, "Kakuu"));
}

static void
of_a_contact_that_may_be_deleted_nothing_is_told(void **state)
{
	struct world *world = *state;

	begin(world);
	keep(world, make(world, OBJECT_CONTACT, "up/A", OPERATION_DELETE),
	    VAULT_PROPOSED);
	look(world);
	assert_false(tells(world, "Taro") || tells(world, "Kakuu"));
	assert_false(tells(world, "JP"));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, start, end)
	const struct CMUnitTest tests[] = {
	    CASE(what_either_hides_is_hidden),
	    CASE(what_either_refuses_is_not_told),
	    CASE(a_value_that_may_be_another_is_not_told),
	    CASE(all_that_may_hold_together_count),
	    CASE(of_a_contact_that_may_be_deleted_nothing_is_told),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

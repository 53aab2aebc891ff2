/* The vault behind the journal: every record is found, wherever it stands. */
#include "ledger_world.h"

enum { RECORDS = 400 };

static struct slice
object_name(unsigned i, char buffer[32])
{
	int n = snprintf(buffer, 32, "name-%u.example", i);

	return (struct slice){buffer, (size_t)n};
}

static void
put_record(struct world *world, unsigned i, const char *name)
{
	struct event event = {.type = EVENT_OUTCOME, .word = SLICE("sent")};
	struct slice value = slice_from(name);
	struct world_answer answer = {.done = 0};
	struct fail *fail = &world->fail;
	char buffer[32];
	struct record *record = record_create(world->arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, object_name(i, buffer), fail);
	struct batch *batch = ledger_begin(world->ledger, world->arena, fail);

	assert_non_null(record);
	assert_non_null(batch);
	assert_true(record_set_role(
	    record, ROLE_REGISTRANT, KIND_NATURAL, fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_NAME_INT, &value, 1, fail));
	assert_true(ledger_add_event(batch, &event, fail));
	assert_true(ledger_add_record(batch, record, fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	arena_reset(world->arena);
}

static void
assert_record(struct world *world, unsigned i, const char *name)
{
	char buffer[32];
	struct record *record = vault_get(world->vault, world->arena,
	    OBJECT_DOMAIN, object_name(i, buffer), &world->fail);
	struct values values;

	assert_non_null(record);
	values = record_values(record, ROLE_REGISTRANT, FIELD_NAME_INT);
	assert_int_equal(values.count, 1);
	assert_true(slice_is(values.items[0], name));
	arena_reset(world->arena);
}

static void
the_newest_record_is_found_in_memory_and_in_the_database(void **state)
{
	struct world *world = world_create(1 << 20);
	uint64_t sequence = vault_sequence(world->vault);

	(void)state;
	for (unsigned i = 0; i < RECORDS; i++)
		put_record(world, i, "First Example");
	for (unsigned i = 0; i < RECORDS; i += 2)
		put_record(world, i, "Second Example");
	/* Rows went into the database; what it covers is said by a flush. */
	assert_int_equal(vault_sequence(world->vault), sequence);
	for (unsigned i = 0; i < RECORDS; i++)
		assert_record(world, i,
		    i % 2 == 0 ? "Second Example" : "First Example");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	assert_true(vault_sequence(world->vault) > sequence);
	assert_true(world_restart(world));
	for (unsigned i = 0; i < RECORDS; i++)
		assert_record(world, i,
		    i % 2 == 0 ? "Second Example" : "First Example");
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		the_newest_record_is_found_in_memory_and_in_the_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

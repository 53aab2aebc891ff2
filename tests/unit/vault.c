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
	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, KIND_NATURAL, fail));
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
the_newest_record_is_found_in_memory_and_on_the_disk(void **state)
{
	struct world *world = world_create(1 << 20);
	uint64_t sequence = vault_sequence(world->vault);

	(void)state;
	for (unsigned i = 0; i < RECORDS; i++)
		put_record(world, i, "First Example");
	for (unsigned i = 0; i < RECORDS; i += 2)
		put_record(world, i, "Second Example");
	/* What the vault covers is said by a flush. */
	assert_int_equal(vault_sequence(world->vault), sequence);
	for (unsigned i = 0; i < RECORDS; i++)
		assert_record(
		    world, i, i % 2 == 0 ? "Second Example" : "First Example");
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	assert_true(vault_sequence(world->vault) > sequence);
	assert_true(world_restart(world));
	for (unsigned i = 0; i < RECORDS; i++)
		assert_record(
		    world, i, i % 2 == 0 ? "Second Example" : "First Example");
	world_destroy(world);
}

/* --- one after the other --- */

static unsigned
number_in(struct slice name)
{
	unsigned n = 0;

	for (size_t i = 5; i < name.len && name.data[i] != '.'; i++)
		n = n * 10 + (unsigned)(name.data[i] - '0');
	return n;
}

/* Also where a cursor is taken up again, and others come and go. */
static void
each_record_is_met_once(void **state)
{
	struct world *world = world_create(1 << 20);
	struct vault_cursor cursor = {.begun = false}, kept;
	unsigned met[2 * RECORDS] = {0};
	struct record *record;

	(void)state;
	for (unsigned i = 0; i < RECORDS; i++)
		put_record(world, i, "First Example");
	for (unsigned i = 0;; i++) {
		arena_reset(world->arena);
		assert_true(vault_next(world->vault, &cursor, world->arena,
		    &record, &world->fail));
		if (record == NULL)
			break;
		met[number_in(record_object(record))]++;
		kept = cursor;
		memset(&cursor, 0xff, sizeof(cursor));
		cursor = kept;
		/* Its shard may grow. */
		if (i < RECORDS)
			put_record(world, RECORDS + i, "Later Example");
		if (i == RECORDS / 2)
			assert_true(world_restart(world));
	}
	for (unsigned i = 0; i < RECORDS; i++)
		assert_int_equal(met[i], 1);
	for (unsigned i = RECORDS; i < 2 * RECORDS; i++)
		assert_true(met[i] <= 1);
	world_destroy(world);
}

/* --- generations --- */

/* What a contact's two generations ought to be; 0: none. */
struct model {
	unsigned of[2];
};

static struct slice
contact_name(unsigned i, char buffer[32])
{
	int n = snprintf(buffer, 32, "pir/C-%u", i);

	return (struct slice){buffer, (size_t)n};
}

static struct record *
contact(struct world *world, unsigned i, unsigned version)
{
	char buffer[32], text[32];
	struct record *record = record_create(world->arena, OBJECT_CONTACT,
	    OPERATION_CREATE, contact_name(i, buffer), &world->fail);
	struct slice value = {
	    text, (size_t)snprintf(text, sizeof(text), "Version %u", version)};
	struct epp_facts facts = {.given = true, .created = version};

	assert_non_null(record);
	assert_true(record_add_role(record, CONTACT_ROLE, &world->fail));
	assert_true(record_set(
	    record, CONTACT_ROLE, FIELD_NAME_INT, &value, 1, &world->fail));
	assert_true(record_set_epp(record, &facts, &world->fail));
	return record;
}

static unsigned
version_of(struct world *world, unsigned i, enum vault_slot slot)
{
	char buffer[32];
	struct fail fail = FAIL_INIT;
	struct record *record = vault_get_slot(world->vault, world->arena,
	    OBJECT_CONTACT, contact_name(i, buffer), slot, &fail);

	assert_int_equal(fail.kind, FAIL_NONE);
	return record == NULL ? 0 : (unsigned)record_epp(record)->created;
}

static void
assert_models(struct world *world, const struct model *models, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		for (unsigned slot = 0; slot < 2; slot++)
			assert_int_equal(
			    version_of(world, i, (enum vault_slot)slot),
			    models[i].of[slot]);
	arena_reset(world->arena);
}

static void
change(struct world *world, struct batch *batch, struct model *model,
    unsigned i, unsigned what, unsigned version)
{
	char buffer[32];
	struct slice name = contact_name(i, buffer);
	enum vault_slot slot = what % 2 == 0 ? VAULT_CURRENT : VAULT_PROPOSED;

	switch (what) {
	case 0:
	case 1:
		assert_true(ledger_add_record_as(
		    batch, contact(world, i, version), slot, &world->fail));
		model->of[slot] = version;
		break;
	case 2:
	case 3:
		assert_true(ledger_add_removal(
		    batch, OBJECT_CONTACT, name, slot, &world->fail));
		model->of[slot] = 0;
		break;
	default:
		assert_true(ledger_add_promotion(
		    batch, OBJECT_CONTACT, name, &world->fail));
		if (model->of[VAULT_PROPOSED] != 0)
			model->of[VAULT_CURRENT] = model->of[VAULT_PROPOSED];
		model->of[VAULT_PROPOSED] = 0;
		break;
	}
}

static void
commit(struct world *world, struct batch *batch)
{
	struct world_answer answer = {.done = 0};

	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
	arena_reset(world->arena);
}

static struct batch *
begin(struct world *world)
{
	struct event event = {.type = EVENT_OUTCOME, .word = SLICE("sent")};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_non_null(batch);
	assert_true(ledger_add_event(batch, &event, &world->fail));
	return batch;
}

enum { CONTACTS = 6, FILL_FROM = 1000, FILL = 150 };

/* So much that rows are written before a flush says so. */
static void
fill(struct world *world)
{
	struct batch *batch = begin(world);
	struct model ignored;

	for (unsigned i = 0; i < FILL; i++)
		change(world, batch, &ignored, FILL_FROM + i, 0, 1);
	commit(world, batch);
}

static void
a_proposal_becomes_the_record_or_is_withdrawn(void **state)
{
	struct world *world = world_create(1 << 20);
	struct model models[CONTACTS] = {{{0, 0}}};
	/* What happens, and is there a flush in between? */
	static const char *const stories[CONTACTS] = {
	    "14", "1.4", "01.4", "0.1.0.4", "1.3.4", "0.14.2"};

	(void)state;
	for (unsigned i = 0; i < CONTACTS; i++) {
		for (const char *at = stories[i]; *at != '\0'; at++) {
			struct batch *batch = begin(world);

			if (*at != '.')
				change(world, batch, &models[i], i,
				    (unsigned)(*at - '0'), i + 10);
			commit(world, batch);
			if (*at == '.')
				assert_true(ledger_checkpoint(
				    world->ledger, &world->fail));
			assert_models(world, models, CONTACTS);
		}
	}
	assert_int_equal(models[0].of[VAULT_CURRENT], 10);
	assert_int_equal(models[5].of[VAULT_CURRENT], 0);
	assert_true(world_restart(world));
	assert_models(world, models, CONTACTS);
	world_destroy(world);
}

/*
 * Changes in any order, rows written early, flushes, kills: what was
 * committed is there, and a promotion replayed promotes nothing else.
 */
static void
generations_survive_kills(void **state)
{
	struct world *world = world_create(1 << 20);
	struct model models[CONTACTS] = {{{0, 0}}};
	unsigned seed = 7;

	(void)state;
	for (unsigned step = 1; step <= 240; step++) {
		struct batch *batch = begin(world);

		for (unsigned k = 0; k < 3; k++) {
			unsigned i;

			seed = seed * 1103515245 + 12345;
			i = (seed >> 16) % CONTACTS;
			change(world, batch, &models[i], i, (seed >> 20) % 6,
			    step * 4 + k);
		}
		commit(world, batch);
		if (step % 3 == 0)
			fill(world);
		if (step % 8 == 1)
			assert_true(
			    ledger_checkpoint(world->ledger, &world->fail));
		assert_models(world, models, CONTACTS);
		if (step % 6 == 0) {
			struct world *copy = world_killed(world);

			if (!world_start(copy))
				world_complain(copy);
			assert_non_null(copy->ledger);
			assert_models(copy, models, CONTACTS);
			world_destroy(copy);
		}
	}
	world_destroy(world);
}

/*
 * Flushes behind the loop, with segments and chunks so small that there is
 * always one to be begun and one to be cleaned: while one is under way, all
 * is read as it is.
 */
static void
a_flush_under_way_hides_nothing(void **state)
{
	const struct vault_limits limits = {.segment = 1 << 14,
	    .pending = 1 << 13,
	    .slack = 1 << 12,
	    .chunk = 1 << 13};
	struct world *world = world_create(1 << 18);
	struct model models[CONTACTS] = {{{0, 0}}};
	unsigned seed = 3;
	char first[128];

	(void)state;
	vault_set_limits(world->vault, &limits);
	for (unsigned step = 1; step <= 400; step++) {
		struct batch *batch = begin(world);

		for (unsigned k = 0; k < 4; k++) {
			unsigned i;

			seed = seed * 1103515245 + 12345;
			i = (seed >> 16) % CONTACTS;
			change(world, batch, &models[i], i, (seed >> 20) % 5,
			    step * 4 + k);
		}
		commit(world, batch);
		ledger_tick(world->ledger);
		assert_models(world, models, CONTACTS);
		if (step % 40 == 0) {
			struct world *copy = world_killed(world);

			if (!world_start(copy))
				world_complain(copy);
			assert_non_null(copy->ledger);
			assert_models(copy, models, CONTACTS);
			world_destroy(copy);
		}
	}
	assert_null(ledger_stopped(world->ledger));
	snprintf(first, sizeof(first), "%s/00000000", world->vault_path);
	assert_int_not_equal(access(first, F_OK), 0);
	assert_true(world_restart(world));
	assert_models(world, models, CONTACTS);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_proposal_becomes_the_record_or_is_withdrawn),
	    cmocka_unit_test(generations_survive_kills),
	    cmocka_unit_test(a_flush_under_way_hides_nothing),
	    cmocka_unit_test(
		the_newest_record_is_found_in_memory_and_on_the_disk),
	    cmocka_unit_test(each_record_is_met_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

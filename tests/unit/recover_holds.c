/*
 * After `restore --ledger`: what waited for an operator when the backup was
 * made, settled by what the newer ledger says of it.
 */
#include "ledger_world.h"

#include "service_priv.h"
#include "store/spool.h"

struct fixture {
	struct world *world;
	struct service service;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char path[96];

	assert_non_null(f);
	f->world = world_create(1 << 16);
	snprintf(path, sizeof(path), "%s/spool", f->world->root);
	f->service.ledger = f->world->ledger;
	f->service.keys = f->world->keys;
	f->service.spool = spool_open(f->world->disk, path, f->world->keys,
	    &random_system, &f->world->fail);
	assert_non_null(f->service.spool);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	service_recover_finish(&f->service);
	spool_close(f->service.spool);
	world_destroy(f->world);
	free(f);
	return 0;
}

/* An item of the backup's spool, about one of the backup's entries. */
static int64_t
item(struct fixture *f, enum spool_state state, uint64_t entry)
{
	struct spool_item item = {.state = state,
	    .entry = entry,
	    .place = entry,
	    .recipient = SLICE("jprs"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("epp"),
	    .object = SLICE("held.example"),
	    .submission = SLICE("s")};
	struct fail *fail = &f->world->fail;

	assert_true(spool_begin(f->service.spool, fail));
	assert_true(spool_add(f->service.spool, &item, fail));
	assert_true(spool_commit(f->service.spool, fail));
	return item.id;
}

/* An entry that came after the backup. */
static void
tell(struct fixture *f, enum event_type type, const char *word, uint64_t entry)
{
	struct event event = {.type = type,
	    .entry = entry,
	    .has_entry = true,
	    .word = slice_from(word)};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(f->world->ledger, f->world->arena, &f->world->fail);

	assert_non_null(batch);
	assert_true(ledger_add_event(batch, &event, &f->world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(f->world, &answer);
	assert_int_equal(answer.fail.kind, FAIL_NONE);
}

static void
recover(struct fixture *f, uint64_t backed_up)
{
	if (!service_recover(&f->service, backed_up, &f->world->fail))
		world_complain(f->world);
	assert_int_equal(f->world->fail.kind, FAIL_NONE);
}

static enum spool_state
state_of(struct fixture *f, int64_t id)
{
	struct spool_item found;

	assert_true(spool_get(
	    f->service.spool, f->world->arena, id, &found, &f->world->fail));
	return found.state;
}

/* So many entries that the backup has. */
static uint64_t
backed_up(struct fixture *f)
{
	for (unsigned i = 0; i < 4; i++)
		world_append(f->world, "sent", "");
	return ledger_size(f->world->ledger);
}

static void
an_approved_hold_that_did_not_go_waits_once_more(void **state)
{
	struct fixture *f = *state;
	uint64_t first = backed_up(f);
	int64_t held = item(f, SPOOL_HELD, 1);
	int64_t approved = item(f, SPOOL_APPROVED, 2);

	tell(f, EVENT_HOLD, "approved", 1);
	recover(f, first);
	assert_int_equal(state_of(f, held), SPOOL_HELD);
	assert_int_equal(state_of(f, approved), SPOOL_HELD);
}

static void
a_hold_of_unknown_end_waits_once_more(void **state)
{
	struct fixture *f = *state;
	uint64_t first = backed_up(f);
	int64_t held = item(f, SPOOL_HELD, 1);
	int64_t approved = item(f, SPOOL_APPROVED, 2);

	tell(f, EVENT_OUTCOME, "unknown", 1);
	tell(f, EVENT_OUTCOME, "unknown", 2);
	recover(f, first);
	assert_int_equal(state_of(f, held), SPOOL_HELD);
	assert_int_equal(state_of(f, approved), SPOOL_HELD);
}

static void
a_refused_hold_stays_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t first = backed_up(f);
	int64_t held = item(f, SPOOL_HELD, 1);

	tell(f, EVENT_HOLD, "refused", 1);
	recover(f, first);
	assert_int_equal(state_of(f, held), SPOOL_REFUSED);
}

static void
an_approval_that_was_used_is_not_used_again(void **state)
{
	struct fixture *f = *state;
	uint64_t first = backed_up(f);
	int64_t approved = item(f, SPOOL_APPROVED, 2);

	tell(f, EVENT_OUTCOME, "sent", 2);
	recover(f, first);
	assert_int_equal(state_of(f, approved), SPOOL_DONE);
}

/* What was queued has bytes that evidence can be sought of. */
static void
what_was_queued_is_looked_for(void **state)
{
	struct fixture *f = *state;
	uint64_t first = backed_up(f);
	int64_t queued = item(f, SPOOL_QUEUED, 1);

	recover(f, first);
	assert_int_equal(state_of(f, queued), SPOOL_UNKNOWN);
}

int
main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    WITH(an_approved_hold_that_did_not_go_waits_once_more),
	    WITH(a_hold_of_unknown_end_waits_once_more),
	    WITH(a_refused_hold_stays_refused),
	    WITH(an_approval_that_was_used_is_not_used_again),
	    WITH(what_was_queued_is_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

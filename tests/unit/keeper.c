/*
 * Worker and keeper: what is acknowledged is durable and decided twice alike,
 * nothing is made twice, and nothing is left without an end.
 */
#include "keeper_world.h"

/* --- commits --- */

static void
a_commit_is_durable_before_it_is_done(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked = ask(side, &natural);
	struct slice entry;

	(void)state;
	assert_int_equal(side->setups, 1);
	carry(world);
	assert_int_equal(asked->done, 0);
	settle(world);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_NONE);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_non_null(asked->committed.sealed);
	assert_true(slice_is(
	    sealed_payload(asked->committed.sealed), "the exact bytes"));
	assert_true(slice_is(sealed_recipient(asked->committed.sealed), "reg"));
	assert_int_equal(
	    sealed_index(asked->committed.sealed), asked->committed.entry);
	assert_true(ledger_read(world->ledger, asked->committed.entry,
	    world->arena, &entry, &world->fail));
	assert_non_null(
	    memmem(entry.data, entry.len, DISCLOSURE, sizeof(DISCLOSURE) - 1));
	keeper_world_destroy(world);
}

static void
the_seal_is_that_of_the_same_bytes(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *asked = commit(&world->sides[0], &natural);
	struct sealed *again = seal_restore(world->ledger, world->arena,
	    asked->committed.entry, sealed_leaf(asked->committed.sealed),
	    SLICE("the exact bytes"), &world->fail);

	(void)state;
	assert_non_null(again);
	assert_null(seal_restore(world->ledger, world->arena,
	    asked->committed.entry, sealed_leaf(asked->committed.sealed),
	    SLICE("other bytes"), &world->fail));
	keeper_world_destroy(world);
}

static void
what_is_refused_is_recorded_and_not_sealed(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_NATURAL,
	    .operation = OPERATION_TRANSFER,
	    .store = KEEP_RECORD};
	struct asked *asked = commit(&world->sides[0], &wish);

	(void)state;
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_null(asked->committed.sealed);
	assert_int_equal(entries(world, DISCLOSURE, "\"refuse\""), 1);
	assert_held(&world->sides[0], "", "");
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 0);
	keeper_world_destroy(world);
}

static void
another_setup_is_stale(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = natural;
	struct asked *asked;

	(void)state;
	wish.is_old = true;
	asked = commit(&world->sides[0], &wish);
	assert_int_equal(asked->committed.word, KEEPER_STALE);
	read_conf(world, KEEPER_CONF("mode shadow"));
	assert_true(keeper_set_policy(world->keeper, world->ruleset,
	    world->conf, SLICE("the bundle"), &world->fail));
	asked = commit(&world->sides[0], &natural);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_int_equal(world->sides[0].setups, 2);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	keeper_world_destroy(world);
}

/* The message under way says that something else was decided. */
static void
another_decision_is_refused(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *asked = ask(&world->sides[0], &natural);
	struct letter *letter = world->first;
	struct wire_message *message = calloc(1, sizeof(*message));
	struct text text = text_start(world->arena);

	(void)state;
	assert_true(
	    wire_read((struct slice){letter->bytes, letter->len}, message));
	message->of.commit.verdicts ^= 1;
	assert_true(wire_write(&text, message, &world->fail));
	memcpy(letter->bytes, text.data, letter->len);
	free(message);
	settle(world);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_DENIED);
	assert_int_equal(world->errors, 1);
	assert_int_equal(entries(world, DISCLOSURE, ""), 0);
	keeper_world_destroy(world);
}

static void
a_contact_is_decided_in_its_scope(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_NATURAL,
	    .is_contact = true,
	    .object = "u/C1",
	    .store = KEEP_RECORD,
	    .created = 1775001600};
	struct asked *asked = commit(&world->sides[0], &wish);

	(void)state;
	assert_int_equal(asked->fail.kind, FAIL_NONE);
	assert_non_null(asked->committed.sealed);
	keeper_world_destroy(world);
}

static void
a_shadow_passes_what_would_be_refused(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_UNKNOWN,
	    .operation = OPERATION_TRANSFER,
	    .is_shadow = true,
	    .store = KEEP_RECORD};
	struct asked *asked = commit(&world->sides[0], &wish);

	(void)state;
	/* Not where misu.conf does not say so. */
	assert_int_equal(asked->fail.kind, FAIL_DENIED);
	read_conf(world, KEEPER_CONF("mode shadow"));
	assert_true(keeper_set_policy(world->keeper, world->ruleset,
	    world->conf, SLICE("the bundle"), &world->fail));
	asked = commit(&world->sides[0], &wish);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_non_null(asked->committed.sealed);
	wish.operation = OPERATION_CREATE;
	asked = commit(&world->sides[0], &wish);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_non_null(asked->committed.sealed);
	assert_int_equal(spool_count(world->spool, SPOOL_HELD), 0);
	assert_held(&world->sides[0], "", "Taro Canary");
	keeper_world_destroy(world);
}

static void
what_goes_nowhere_needs_no_approval(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_UNKNOWN,
	    .is_unasked = true,
	    .is_local = true,
	    .store = KEEP_HERE};
	struct asked *asked = commit(&world->sides[0], &wish);

	(void)state;
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_null(asked->committed.sealed);
	assert_held(&world->sides[0], "Taro Canary", "");
	wish.is_local = false;
	asked = commit(&world->sides[0], &wish);
	assert_int_equal(asked->fail.kind, FAIL_DENIED);
	/* And it waits for no outcome. */
	keeper_kill(world);
	join(&world->sides[0]);
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, ""), 0);
	keeper_world_destroy(world);
}

static void
two_workers_share_a_group(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish other = natural;
	struct asked *a, *b;
	unsigned before;

	(void)state;
	commit(&world->sides[0], &natural);
	other.object = "hanako.example";
	before = world->journal_writes;
	a = ask(&world->sides[0], &natural);
	b = ask(&world->sides[1], &other);
	settle(world);
	assert_int_equal(a->done + b->done, 2);
	assert_int_equal(world->journal_writes - before, 1);
	assert_int_equal(b->committed.entry, a->committed.entry + 1);
	keeper_world_destroy(world);
}

/* Told without waiting for it to be written. */
static void
tell(struct side *side, const struct asked *asked, const char *object)
{
	struct keeper_outcome outcome = {.entry = asked->committed.entry,
	    .end = KEEPER_ANSWERED,
	    .code = 1000,
	    .object = {OBJECT_DOMAIN, slice_from(object)},
	    .store = KEEP_RECORD};

	keeper_outcome(side->link, &outcome);
	settle(side->world);
}

static void
an_outcome_is_written_with_the_next_commit(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish other = natural;
	struct asked *asked = commit(side, &natural);
	unsigned before = world->journal_writes;

	(void)state;
	tell(side, asked, "taro.example");
	assert_int_equal(world->journal_writes, before);
	assert_false(keeper_is_idle(world->keeper));
	other.object = "hanako.example";
	commit(side, &other);
	assert_int_equal(world->journal_writes, before + 1);
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	assert_true(keeper_is_idle(world->keeper));
	keeper_world_destroy(world);
}

static void
an_outcome_alone_does_not_wait_for_long(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked = commit(side, &natural);

	(void)state;
	tell(side, asked, "taro.example");
	pass_time(world, KEEPER_OUTCOME_DELAY - 1);
	assert_int_equal(entries(world, OUTCOME, "answered"), 0);
	pass_time(world, 1);
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	keeper_world_destroy(world);
}

/* Who asks for what an outcome changes does not wait longer than before. */
static void
an_outcome_that_is_waited_for_is_written_at_once(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked = commit(side, &natural);

	(void)state;
	tell(side, asked, "taro.example");
	assert_held(side, "Taro Canary", "");
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	keeper_world_destroy(world);
}

/* --- lines that break --- */

static void
asked_again_makes_one_entry(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked;

	(void)state;
	side->is_deaf = true;
	asked = ask(side, &natural);
	settle(world);
	assert_int_equal(asked->done, 0);
	keeper_kill(world);
	side->is_deaf = false;
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	join(side);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_NONE);
	assert_non_null(asked->committed.sealed);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	end(side, asked, KEEPER_ANSWERED, "taro.example");
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 0);
	assert_held(side, "Taro Canary", "");
	keeper_world_destroy(world);
}

/* Killed while it writes: what is not on the disk is asked for again. */
static void
killed_while_it_writes_it_writes_again(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked = ask(side, &natural);
	struct fetched fetched;

	(void)state;
	ask_fetch(side, "taro.example", &fetched);
	carry(world);
	keeper_kill(world);
	assert_int_equal(asked->done, 0);
	assert_int_equal(entries(world, DISCLOSURE, ""), 0);
	join(side);
	assert_non_null(asked->committed.sealed);
	assert_int_equal(fetched.done, 1);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	keeper_world_destroy(world);
}

static void
beyond_patience_it_fails_and_was_not_sent(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *away, *slow;

	(void)state;
	cut(side);
	away = ask(side, &natural);
	pass_time(world, KEEPER_PATIENCE - 1);
	assert_int_equal(away->done, 0);
	pass_time(world, 1);
	assert_int_equal(away->done, 1);
	assert_int_equal(away->fail.kind, FAIL_WORLD);
	assert_int_not_equal(away->committed.word, KEEPER_LOST);
	join(side);
	assert_int_equal(entries(world, DISCLOSURE, ""), 0);

	/* The acknowledgement comes when nobody waits for it. */
	slow = ask(side, &natural);
	assert_true(fake_loop_advance(world->loop, KEEPER_PATIENCE));
	assert_int_equal(slow->fail.kind, FAIL_WORLD);
	pass_time(world, KEEPER_OUTCOME_DELAY);
	assert_int_equal(slow->done, 1);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	assert_int_equal(entries(world, OUTCOME, "not-sent"), 1);
	assert_held(side, "", "");
	keeper_world_destroy(world);
}

/* Killed between the disk and its answer, and away for too long. */
static void
what_a_dead_keeper_recorded_was_not_sent(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked;

	(void)state;
	side->is_deaf = true;
	asked = ask(side, &natural);
	settle(world);
	keeper_kill(world);
	side->is_deaf = false;
	pass_time(world, KEEPER_PATIENCE);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_WORLD);
	assert_int_equal(asked->committed.word, KEEPER_LOST);
	join(side);
	pass_time(world, 2 * KEEPER_PATIENCE + KEEPER_OUTCOME_DELAY);
	assert_int_equal(asked->done, 1);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	assert_int_equal(entries(world, OUTCOME, "not-sent"), 1);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 0);
	assert_held(side, "", "");
	keeper_world_destroy(world);
}

static void
a_lost_worker_leaves_the_unknown(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *asked = commit(&world->sides[0], &natural);

	(void)state;
	lose(&world->sides[0]);
	pass_time(world, KEEPER_PATIENCE - 1);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 0);
	pass_time(world, 1 + KEEPER_OUTCOME_DELAY);
	assert_int_equal(asked->done, 1);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 1);
	assert_held(&world->sides[1], "", "Taro Canary");
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 1);
	keeper_world_destroy(world);
}

static void
who_comes_back_reports(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *kept = commit(&world->sides[0], &natural);
	struct wish other = natural;

	(void)state;
	other.object = "hanako.example";
	commit(&world->sides[1], &other);
	keeper_kill(world);
	pass_time(world, 60000);
	assert_int_equal(entries(world, OUTCOME, ""), 0);
	join(&world->sides[0]);
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 1);
	end(&world->sides[0], kept, KEEPER_ANSWERED, "taro.example");
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	assert_held(&world->sides[0], "Taro Canary", "");
	keeper_world_destroy(world);
}

/* The mark moves: what ended is not looked at again. */
static void
a_start_looks_no_further_than_the_mark(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct asked *first = commit(&world->sides[0], &natural);
	struct asked *second = commit(&world->sides[0], &natural);

	(void)state;
	end(&world->sides[0], first, KEEPER_REFUSED, "taro.example");
	pass_time(world, 10000);
	assert_int_equal(
	    spool_line_mark(world->spool), second->committed.entry);
	end(&world->sides[0], second, KEEPER_REFUSED, "taro.example");
	pass_time(world, 10000);
	assert_int_equal(
	    spool_line_mark(world->spool), ledger_size(world->ledger));
	keeper_kill(world);
	join(&world->sides[0]);
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, "unknown"), 0);
	/* Nor does the engine take them for its own. */
	assert_int_equal(entries(world, OUTCOME, "not-sent"), 0);
	keeper_world_destroy(world);
}

/* The engine's mark moves behind what is the keeper's. */
static void
the_engine_does_not_look_through_it_all_again(void **state)
{
	struct keeper_world *world = keeper_world_create();
	uint64_t before = spool_mark(world->spool);

	(void)state;
	for (unsigned i = 0; i < 4200; i++)
		ask(&world->sides[0], &natural);
	pass_time(world, 10000);
	assert_true(ledger_size(world->ledger) > 4200);
	assert_true(spool_mark(world->spool) > before + 4200);
	keeper_world_destroy(world);
}

static void
an_outcome_is_kept_until_it_is_noted(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *asked = commit(side, &natural);

	(void)state;
	cut(side);
	end(side, asked, KEEPER_ANSWERED, "taro.example");
	assert_int_equal(entries(world, OUTCOME, ""), 0);
	join(side);
	pass_time(world, KEEPER_OUTCOME_DELAY);
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	keeper_kill(world);
	join(side);
	assert_int_equal(entries(world, OUTCOME, "answered"), 1);
	keeper_world_destroy(world);
}

/* --- what the vault has --- */

static void
the_outcome_makes_it_current_or_drops_it(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = natural;
	struct asked *asked = commit(side, &wish);
	struct keeper_outcome removal = {.entry = UINT64_MAX,
	    .end = KEEPER_ANSWERED,
	    .code = 1000,
	    .object = {OBJECT_DOMAIN, SLICE("taro.example")},
	    .store = KEEP_REMOVAL};

	(void)state;
	assert_held(side, "", "Taro Canary");
	end(side, asked, KEEPER_ANSWERED, "taro.example");
	assert_held(side, "Taro Canary", "");
	assert_int_equal(entries(world, OUTCOME, "EPP 1000"), 1);
	wish.name = "Jiro";
	asked = commit(side, &wish);
	assert_held(side, "Taro Canary", "Jiro");
	end(side, asked, KEEPER_REFUSED, "taro.example");
	assert_held(side, "Taro Canary", "");
	assert_int_equal(entries(world, OUTCOME, "EPP 2302"), 1);
	asked = commit(side, &wish);
	end(side, asked, KEEPER_UNKNOWN, "taro.example");
	assert_held(side, "Taro Canary", "Jiro");
	keeper_outcome(side->link, &removal);
	settle(world);
	assert_held(side, "", "");
	keeper_world_destroy(world);
}

/* Of two changes of the same record the second is made anew. */
static void
what_changed_meanwhile_is_not_changed(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_NATURAL,
	    .store = KEEP_HERE,
	    .is_local = true,
	    .created = 1,
	    .revision = 7};
	struct asked *first, *second;

	(void)state;
	first = ask(&world->sides[0], &wish);
	wish.name = "Jiro";
	wish.revision = 8;
	second = ask(&world->sides[1], &wish);
	settle(world);
	assert_int_equal(first->committed.word, KEEPER_DURABLE);
	assert_int_equal(second->committed.word, KEEPER_CHANGED);
	assert_held(&world->sides[0], "Taro Canary", "");
	second = commit(&world->sides[1], &wish);
	assert_int_equal(second->committed.word, KEEPER_CHANGED);
	wish.before = 7;
	second = commit(&world->sides[1], &wish);
	assert_int_equal(second->committed.word, KEEPER_DURABLE);
	assert_held(&world->sides[0], "Jiro", "");
	wish.store = KEEP_REMOVAL;
	wish.revision = 9;
	second = commit(&world->sides[0], &wish);
	assert_int_equal(second->committed.word, KEEPER_CHANGED);
	wish.before = 8;
	second = commit(&world->sides[0], &wish);
	assert_int_equal(second->committed.word, KEEPER_DURABLE);
	assert_held(&world->sides[1], "", "");
	/* What is gone does not come back by a change of it. */
	wish.store = KEEP_HERE;
	wish.revision = 10;
	wish.before = 8;
	second = commit(&world->sides[0], &wish);
	assert_int_equal(second->committed.word, KEEPER_CHANGED);
	keeper_world_destroy(world);
}

static void
what_is_kept_here_is_current_at_once(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct wish wish = {.kind = KIND_NATURAL, .store = KEEP_HERE};

	(void)state;
	commit(&world->sides[0], &wish);
	assert_held(&world->sides[1], "Taro Canary", "");
	keeper_world_destroy(world);
}

/* Two are under way for one object: each end does what it says. */
static void
an_earlier_end_does_not_take_the_later_record(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = natural;
	struct asked *first = commit(side, &wish), *second;

	(void)state;
	wish.name = "Jiro";
	second = commit(&world->sides[1], &wish);
	end(side, first, KEEPER_ANSWERED, "taro.example");
	assert_held(side, "Taro Canary", "Jiro");
	end(&world->sides[1], second, KEEPER_REFUSED, "taro.example");
	assert_held(side, "Taro Canary", "");

	wish.name = "Saburo";
	first = commit(side, &wish);
	wish.name = "Shiro";
	second = commit(&world->sides[1], &wish);
	end(&world->sides[1], second, KEEPER_REFUSED, "taro.example");
	assert_held(side, "Taro Canary", "Saburo");
	end(side, first, KEEPER_ANSWERED, "taro.example");
	assert_held(side, "Saburo", "");
	keeper_world_destroy(world);
}

static void
a_fetch_waits_for_what_is_on_its_way(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct fetched fetched, other;
	struct asked *asked = ask(side, &natural);

	(void)state;
	ask_fetch(side, "taro.example", &fetched);
	ask_fetch(side, "hanako.example", &other);
	carry(world);
	assert_int_equal(asked->done, 0);
	assert_int_equal(fetched.done, 0);
	assert_int_equal(other.done, 1);
	settle(world);
	assert_int_equal(fetched.done, 1);
	assert_string_equal(fetched.proposed, "Taro Canary");
	keeper_world_destroy(world);
}

/* --- bounds --- */

static void
what_is_no_message_ends_the_line(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];

	(void)state;
	assert_false(keeper_receive(side->worker, SLICE("")));
	assert_false(keeper_receive(side->worker, SLICE("\1\77")));
	assert_false(keeper_receive(side->worker, SLICE("\2\0")));
	/* What only a keeper says. */
	assert_false(keeper_receive(side->worker, SLICE("\1\6")));
	assert_false(keeper_link_receive(side->link, SLICE("\1\0")));
	keeper_world_destroy(world);
}

static void
not_everything_is_asked_at_once(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	static struct fetched fetched[8193];

	(void)state;
	cut(side);
	for (size_t i = 0; i < 8193; i++)
		ask_fetch(side, "taro.example", &fetched[i]);
	assert_int_equal(fetched[8191].done, 0);
	assert_int_equal(fetched[8192].fail.kind, FAIL_WORLD);
	pass_time(world, KEEPER_PATIENCE);
	assert_int_equal(fetched[0].fail.kind, FAIL_WORLD);
	keeper_world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_commit_is_durable_before_it_is_done),
	    cmocka_unit_test(the_seal_is_that_of_the_same_bytes),
	    cmocka_unit_test(what_is_refused_is_recorded_and_not_sealed),
	    cmocka_unit_test(another_setup_is_stale),
	    cmocka_unit_test(another_decision_is_refused),
	    cmocka_unit_test(a_contact_is_decided_in_its_scope),
	    cmocka_unit_test(a_shadow_passes_what_would_be_refused),
	    cmocka_unit_test(what_goes_nowhere_needs_no_approval),
	    cmocka_unit_test(two_workers_share_a_group),
	    cmocka_unit_test(an_outcome_is_written_with_the_next_commit),
	    cmocka_unit_test(an_outcome_alone_does_not_wait_for_long),
	    cmocka_unit_test(an_outcome_that_is_waited_for_is_written_at_once),
	    cmocka_unit_test(asked_again_makes_one_entry),
	    cmocka_unit_test(killed_while_it_writes_it_writes_again),
	    cmocka_unit_test(beyond_patience_it_fails_and_was_not_sent),
	    cmocka_unit_test(what_a_dead_keeper_recorded_was_not_sent),
	    cmocka_unit_test(a_lost_worker_leaves_the_unknown),
	    cmocka_unit_test(who_comes_back_reports),
	    cmocka_unit_test(a_start_looks_no_further_than_the_mark),
	    cmocka_unit_test(the_engine_does_not_look_through_it_all_again),
	    cmocka_unit_test(an_outcome_is_kept_until_it_is_noted),
	    cmocka_unit_test(the_outcome_makes_it_current_or_drops_it),
	    cmocka_unit_test(what_changed_meanwhile_is_not_changed),
	    cmocka_unit_test(what_is_kept_here_is_current_at_once),
	    cmocka_unit_test(an_earlier_end_does_not_take_the_later_record),
	    cmocka_unit_test(a_fetch_waits_for_what_is_on_its_way),
	    cmocka_unit_test(what_is_no_message_ends_the_line),
	    cmocka_unit_test(not_everything_is_asked_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

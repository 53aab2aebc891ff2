/*
 * Worker and keeper: what is acknowledged is durable and decided twice alike,
 * nothing is made twice, and nothing is left without an end.
 */
#include "keeper_world.h"

/* TEMP */
struct disclosure *__attribute__((weak))
decide_contact(const struct ruleset *ruleset, const struct decide_scope *scope,
    const struct record *record, const struct decide_given *given,
    struct arena *arena, struct fail *fail)
{
	(void)scope;
	return decide(
	    ruleset, ruleset_block(ruleset, 0), record, given, arena, fail);
}

/* A commit and what became of it. */
struct asked {
	struct arena *arena;
	unsigned done;
	struct keeper_committed committed;
	struct fail fail;
};

static void
asked_done(void *arg, const struct keeper_committed *committed,
    const struct fail *fail)
{
	struct asked *asked = arg;

	asked->done++;
	if (fail != NULL)
		asked->fail = *fail;
	else
		asked->committed = *committed;
}

/* What a commit is made of, where a test wants another. */
struct wish {
	const char *name, *object;
	enum kind kind;
	enum operation operation;
	enum keeper_store store;
	int64_t approval;
	bool is_old; /* under another setup */
};

static struct record *
record_of(struct keeper_world *world, const struct wish *wish)
{
	struct slice name =
	    slice_from(wish->name != NULL ? wish->name : "Taro Canary");
	struct record *record = record_create(world->arena, OBJECT_DOMAIN,
	    wish->operation,
	    slice_from(wish->object != NULL ? wish->object : "taro.example"),
	    &world->fail);

	assert_non_null(record);
	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, wish->kind, &world->fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_NAME_INT, &name, 1, &world->fail));
	return record;
}

static struct asked *
ask(struct side *side, const struct wish *wish)
{
	struct keeper_world *world = side->world;
	struct asked *asked = arena_take(world->arena, sizeof(*asked));
	struct decide_given given = {
	    .random = {7}, .approved = wish->approval != 0};
	struct record *record = record_of(world, wish);
	const struct block *block = ruleset_block(world->ruleset, 0);
	struct disclosure *disclosure = decide(
	    world->ruleset, block, record, &given, world->arena, &world->fail);
	struct keeper_commit commit = {.disclosure = disclosure,
	    .record = record,
	    .block = block,
	    .given = &given,
	    .upstream = SLICE("u"),
	    .channel = SLICE("epp"),
	    .principal = SLICE("backend"),
	    .setup = world->setup,
	    .store = wish->store,
	    .approval = wish->approval};

	assert_non_null(disclosure);
	if (disclosure_outcome(disclosure).verdict == VERDICT_FORWARD)
		commit.payload = SLICE("the exact bytes");
	if (wish->is_old)
		commit.setup.bytes[0] ^= 1;
	asked->arena = world->arena;
	keeper_commit(side->link, asked->arena, &commit, asked_done, asked);
	return asked;
}

static struct asked *
commit(struct side *side, const struct wish *wish)
{
	struct asked *asked = ask(side, wish);

	settle(side->world);
	assert_int_equal(asked->done, 1);
	return asked;
}

static void
end(struct side *side, const struct asked *asked, enum keeper_end how,
    const char *object)
{
	struct keeper_outcome outcome = {.entry = asked->committed.entry,
	    .end = how,
	    .code = how == KEEPER_REFUSED ? 2302 : 1000,
	    .object = {OBJECT_DOMAIN, slice_from(object)},
	    .store = KEEP_RECORD};

	keeper_outcome(side->link, &outcome);
	settle(side->world);
}

/* How many durable entries have these texts in them? */
static unsigned
entries(struct keeper_world *world, const char *a, const char *b)
{
	unsigned count = 0;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct slice entry;

		assert_true(ledger_read(
		    world->ledger, i, world->arena, &entry, &world->fail));
		count += memmem(entry.data, entry.len, a, strlen(a)) != NULL &&
			 memmem(entry.data, entry.len, b, strlen(b)) != NULL;
	}
	return count;
}

#define DISCLOSURE "\"type\":\"disclosure\""
#define OUTCOME "\"type\":\"outcome\""

static struct slice
name_in(const struct record *record)
{
	if (record == NULL)
		return SLICE("");
	return record_values(record, ROLE_REGISTRANT, FIELD_NAME_INT).items[0];
}

/* What a fetch says of one object. */
struct fetched {
	unsigned done;
	char current[32], proposed[32];
	struct fail fail;
};

static void
fetched_done(void *arg, const struct keeper_held *held, size_t count,
    const struct fail *fail)
{
	struct fetched *fetched = arg;

	fetched->done++;
	if (fail != NULL) {
		fetched->fail = *fail;
		return;
	}
	assert_int_equal(count, 1);
	snprintf(fetched->current, sizeof(fetched->current), "%.*s",
	    SLICE_ARG(name_in(held[0].current)));
	snprintf(fetched->proposed, sizeof(fetched->proposed), "%.*s",
	    SLICE_ARG(name_in(held[0].proposed)));
}

static void
ask_fetch(struct side *side, const char *name, struct fetched *out)
{
	struct keeper_object object = {OBJECT_DOMAIN, slice_from(name)};

	*out = (struct fetched){.done = 0};
	keeper_fetch(
	    side->link, side->world->arena, &object, 1, fetched_done, out);
}

static void
assert_held(struct side *side, const char *current, const char *proposed)
{
	struct fetched fetched;

	ask_fetch(side, "taro.example", &fetched);
	settle(side->world);
	assert_int_equal(fetched.done, 1);
	assert_int_equal(fetched.fail.kind, FAIL_NONE);
	assert_string_equal(fetched.current, current);
	assert_string_equal(fetched.proposed, proposed);
}

static const struct wish natural = {.kind = KIND_NATURAL, .store = KEEP_RECORD};

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
	join(side);
	assert_int_equal(entries(world, DISCLOSURE, ""), 0);

	/* The acknowledgement comes when nobody waits for it. */
	slow = ask(side, &natural);
	assert_true(fake_loop_advance(world->loop, KEEPER_PATIENCE));
	assert_int_equal(slow->fail.kind, FAIL_WORLD);
	settle(world);
	assert_int_equal(slow->done, 1);
	assert_int_equal(entries(world, DISCLOSURE, ""), 1);
	assert_int_equal(entries(world, OUTCOME, "not-sent"), 1);
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
	pass_time(world, 1);
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

/* --- holds --- */

static int answered_status;

static void
note_answer(void *arg, int status, struct slice body)
{
	struct seen_text {
		char text[2048];
	} *seen = arg;

	answered_status = status;
	snprintf(seen->text, sizeof(seen->text), "%.*s", SLICE_ARG(body));
}

static void
decide_hold(struct keeper_world *world, int64_t id, bool approve, int status)
{
	char text[2048];

	engine_hold_decide(world->engine, SLICE("uid 0"), id, approve,
	    SLICE("looked at"), note_answer, text);
	settle(world);
	assert_int_equal(answered_status, status);
}

static const struct wish unknown_kind = {
    .kind = KIND_UNKNOWN, .store = KEEP_RECORD};

static void
an_approved_content_passes_once(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = unknown_kind;
	struct asked *held = commit(side, &wish), *again;
	char text[2048];

	(void)state;
	assert_int_equal(held->committed.word, KEEPER_HELD);
	assert_null(held->committed.sealed);
	assert_true(held->committed.id > 0);
	again = commit(side, &wish);
	assert_int_equal(again->committed.word, KEEPER_HELD);
	assert_int_equal(again->committed.id, held->committed.id);
	engine_hold_list(world->engine, note_answer, text);
	assert_non_null(strstr(text, "\"recipient\":\"reg\""));
	engine_hold_show(world->engine, SLICE("uid 0"), held->committed.id,
	    note_answer, text);
	settle(world);
	assert_non_null(strstr(text, "Taro Canary"));

	decide_hold(world, held->committed.id, true, 200);
	assert_int_equal(entries(world, "\"type\":\"hold\"", "approved"), 1);
	again = commit(side, &wish);
	assert_int_equal(again->committed.word, KEEPER_APPROVED);
	assert_int_equal(again->committed.id, held->committed.id);
	wish.approval = again->committed.id;
	again = commit(side, &wish);
	assert_int_equal(again->committed.word, KEEPER_DURABLE);
	assert_non_null(again->committed.sealed);
	assert_int_equal(entries(world, DISCLOSURE, "\"supersedes\""), 1);

	again = commit(side, &wish);
	assert_int_equal(again->fail.kind, FAIL_DENIED);
	wish.approval = 0;
	again = commit(side, &wish);
	assert_int_equal(again->committed.word, KEEPER_HELD);
	assert_true(again->committed.id != held->committed.id);
	keeper_world_destroy(world);
}

static void
an_approval_is_for_its_content(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = unknown_kind;
	struct asked *held = commit(side, &wish), *other;

	(void)state;
	decide_hold(world, held->committed.id, true, 200);
	wish.name = "Jiro";
	other = commit(side, &wish);
	assert_int_equal(other->committed.word, KEEPER_HELD);
	assert_true(other->committed.id != held->committed.id);
	wish.approval = held->committed.id;
	other = commit(side, &wish);
	assert_int_equal(other->fail.kind, FAIL_DENIED);
	/* It is there still for what it is for. */
	wish = unknown_kind;
	wish.approval = held->committed.id;
	other = commit(side, &wish);
	assert_int_equal(other->committed.word, KEEPER_DURABLE);
	keeper_world_destroy(world);
}

static void
a_refused_hold_is_a_new_one_next_time(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct asked *held = commit(side, &unknown_kind), *again;

	(void)state;
	decide_hold(world, held->committed.id, false, 200);
	again = commit(side, &unknown_kind);
	assert_int_equal(again->committed.word, KEEPER_HELD);
	assert_true(again->committed.id != held->committed.id);
	decide_hold(world, held->committed.id, true, 409);
	keeper_world_destroy(world);
}

/* Spent, and the keeper died before it could say so: the same again. */
static void
an_approval_spent_before_a_kill_passes_its_request(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = unknown_kind;
	struct asked *asked = commit(side, &wish);

	(void)state;
	decide_hold(world, asked->committed.id, true, 200);
	wish.approval = asked->committed.id;
	side->is_deaf = true;
	asked = ask(side, &wish);
	settle(world);
	assert_int_equal(asked->done, 0);
	keeper_kill(world);
	side->is_deaf = false;
	join(side);
	assert_int_equal(asked->done, 1);
	assert_int_equal(asked->fail.kind, FAIL_NONE);
	assert_non_null(asked->committed.sealed);
	assert_int_equal(entries(world, DISCLOSURE, "\"supersedes\""), 1);
	keeper_world_destroy(world);
}

/* --- deliveries and questions --- */

struct delivered {
	unsigned done;
	enum delivery delivery;
};

static void
delivered_done(void *arg, enum delivery delivery, const struct fail *fail)
{
	struct delivered *delivered = arg;

	(void)fail;
	delivered->done++;
	delivered->delivery = delivery;
}

static void
a_worker_carries_a_delivery(void **state)
{
	struct keeper_world *world = keeper_world_create();
	const struct sealed *sealed =
	    commit(&world->sides[0], &natural)->committed.sealed;
	struct channel *channel =
	    keeper_channel(world->keeper, SLICE("u"), &world->fail);
	struct delivered first = {0}, second = {0}, third = {0};
	struct side *at;

	(void)state;
	channel->operations->submit(channel, sealed, delivered_done, &first);
	settle(world);
	at = &world->sides[world->sides[1].deliveries];
	assert_int_equal(at->deliveries, 1);
	assert_string_equal(at->payload, "the exact bytes");
	assert_false(at->delivery_again);
	keeper_delivered(at->link, at->delivery_id, DELIVERY_SENT, NULL);
	settle(world);
	assert_int_equal(first.done, 1);
	assert_int_equal(first.delivery, DELIVERY_SENT);

	channel->operations->submit(channel, sealed, delivered_done, &second);
	settle(world);
	lose(&world->sides[0]);
	lose(&world->sides[1]);
	assert_int_equal(second.done, 1);
	assert_int_equal(second.delivery, DELIVERY_UNKNOWN);
	channel->operations->submit(channel, sealed, delivered_done, &third);
	assert_int_equal(third.delivery, DELIVERY_LATER);
	channel->operations->status(channel, sealed, delivered_done, &third);
	assert_int_equal(third.delivery, DELIVERY_UNKNOWN);
	channel->operations->stop(channel);
	keeper_world_destroy(world);
}

static void
a_stopped_channel_ends_its_deliveries(void **state)
{
	struct keeper_world *world = keeper_world_create();
	const struct sealed *sealed =
	    commit(&world->sides[0], &natural)->committed.sealed;
	struct channel *channel =
	    keeper_channel(world->keeper, SLICE("u"), &world->fail);
	struct delivered delivered = {0};

	(void)state;
	channel->operations->submit(
	    channel, sealed, delivered_done, &delivered);
	channel->operations->stop(channel);
	assert_int_equal(delivered.delivery, DELIVERY_UNKNOWN);
	settle(world);
	keeper_world_destroy(world);
}

static void
a_question_has_one_answer(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *at;
	char text[2048] = "";

	(void)state;
	keeper_ask_worker(
	    world->keeper, SLICE("import"), SLICE("a b"), note_answer, text);
	settle(world);
	at = &world->sides[world->sides[1].asks];
	keeper_answer(at->link, at->ask_id, 200, SLICE("{\"at\":1}"), false);
	keeper_answer(at->link, at->ask_id, 200, SLICE("{\"at\":2}"), false);
	settle(world);
	assert_string_equal(text, "");
	keeper_answer(at->link, at->ask_id, 200, SLICE("{\"all\":2}"), true);
	settle(world);
	assert_string_equal(text,
	    "{\"progress\":[{\"at\":1},{\"at\":2}],\"last\":{\"all\":2}}");
	keeper_ask_worker(
	    world->keeper, SLICE("import"), SLICE("a b"), note_answer, text);
	settle(world);
	lose(&world->sides[0]);
	lose(&world->sides[1]);
	assert_int_equal(answered_status, 503);
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
	    cmocka_unit_test(two_workers_share_a_group),
	    cmocka_unit_test(asked_again_makes_one_entry),
	    cmocka_unit_test(beyond_patience_it_fails_and_was_not_sent),
	    cmocka_unit_test(a_lost_worker_leaves_the_unknown),
	    cmocka_unit_test(who_comes_back_reports),
	    cmocka_unit_test(a_start_looks_no_further_than_the_mark),
	    cmocka_unit_test(an_outcome_is_kept_until_it_is_noted),
	    cmocka_unit_test(the_outcome_makes_it_current_or_drops_it),
	    cmocka_unit_test(what_is_kept_here_is_current_at_once),
	    cmocka_unit_test(an_earlier_end_does_not_take_the_later_record),
	    cmocka_unit_test(a_fetch_waits_for_what_is_on_its_way),
	    cmocka_unit_test(an_approved_content_passes_once),
	    cmocka_unit_test(an_approval_is_for_its_content),
	    cmocka_unit_test(a_refused_hold_is_a_new_one_next_time),
	    cmocka_unit_test(
		an_approval_spent_before_a_kill_passes_its_request),
	    cmocka_unit_test(a_worker_carries_a_delivery),
	    cmocka_unit_test(a_stopped_channel_ends_its_deliveries),
	    cmocka_unit_test(a_question_has_one_answer),
	    cmocka_unit_test(what_is_no_message_ends_the_line),
	    cmocka_unit_test(not_everything_is_asked_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the keeper asks of others: operators about holds, workers to carry
 * deliveries and to answer.
 */
#include "keeper_world.h"

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

/* What is put down with the decision differs from one time to the next. */
/* The session went before a byte of it left. */
static void
an_approval_for_what_was_not_sent_is_given_back(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = unknown_kind;
	struct asked *asked = commit(side, &wish);
	int64_t id = asked->committed.id;

	(void)state;
	decide_hold(world, id, true, 200);
	for (unsigned i = 0; i < 2; i++) {
		wish.approval = 0;
		asked = commit(side, &wish);
		assert_int_equal(asked->committed.word, KEEPER_APPROVED);
		assert_int_equal(asked->committed.id, id);
		wish.approval = id;
		asked = commit(side, &wish);
		assert_non_null(asked->committed.sealed);
		end(side, asked, i == 0 ? KEEPER_NOT_SENT : KEEPER_REFUSED,
		    "taro.example");
	}
	/* What the registry refused was sent. */
	wish.approval = 0;
	assert_int_equal(commit(side, &wish)->committed.word, KEEPER_HELD);
	keeper_world_destroy(world);
}

static void
an_approval_does_not_mind_the_time(void **state)
{
	struct keeper_world *world = keeper_world_create();
	struct side *side = &world->sides[0];
	struct wish wish = unknown_kind;
	struct asked *asked;

	(void)state;
	wish.created = 1775001600;
	asked = commit(side, &wish);
	decide_hold(world, asked->committed.id, true, 200);
	wish.created++;
	asked = commit(side, &wish);
	assert_int_equal(asked->committed.word, KEEPER_APPROVED);
	wish.approval = asked->committed.id;
	asked = commit(side, &wish);
	assert_int_equal(asked->committed.word, KEEPER_DURABLE);
	assert_non_null(asked->committed.sealed);
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
	assert_int_equal(at->len, strlen("the exact bytes"));
	assert_memory_equal(at->payload, "the exact bytes", at->len);
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

/* From a submission to its outcome, by way of a worker. */
static void
a_submission_goes_out_over_epp(void **state)
{
	struct keeper_world *world = keeper_world_create();
	char text[2048] = "";
	struct side *at;

	(void)state;
	engine_submit(world->engine, SLICE("uid 0"), SLICE("key-1"),
	    SLICE("{\"object\":{\"type\":\"domain\",\"name\":"
		  "\"taro.example\"},\"request\":\"create\",\"roles\":"
		  "{\"registrant\":{\"kind\":\"natural\",\"fields\":"
		  "{\"name\":{\"int\":\"Taro Canary\"},\"city\":{\"int\":"
		  "\"Canary Town\"}}}}}"),
	    note_answer, text);
	settle(world);
	if (answered_status != 202)
		fail_msg("%s", text);
	at = &world->sides[world->sides[1].deliveries];
	assert_int_equal(at->deliveries, 1);
	assert_non_null(
	    memmem(at->payload, at->len, "Taro Canary", strlen("Taro Canary")));
	assert_null(
	    memmem(at->payload, at->len, "Canary Town", strlen("Canary Town")));
	keeper_delivered(at->link, at->delivery_id, DELIVERY_SENT, NULL);
	settle(world);
	assert_int_equal(entries(world, OUTCOME, "\"sent\""), 1);
	assert_int_equal(spool_count(world->spool, SPOOL_DONE), 1);
	/* It is the engine's, not a worker's. */
	pass_time(world, 10000);
	keeper_kill(world);
	join(&world->sides[0]);
	pass_time(world, 20000);
	assert_int_equal(entries(world, OUTCOME, ""), 1);
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

static void
a_question_to_all_has_one_answer_of_all(void **state)
{
	struct keeper_world *world = keeper_world_create();
	char text[2048] = "";

	(void)state;
	keeper_ask_each(world->keeper, SLICE("import"), note_answer, text);
	settle(world);
	for (unsigned i = 0; i < SIDES; i++) {
		struct side *side = &world->sides[i];
		char body[16];
		int len = snprintf(body, sizeof(body), "{\"worker\":%u}", i);

		assert_int_equal(side->asks, 1);
		assert_string_equal(text, "");
		keeper_answer(side->link, side->ask_id, 200,
		    (struct slice){body, (size_t)len}, true);
		settle(world);
	}
	assert_int_equal(answered_status, 200);
	assert_string_equal(
	    text, "{\"workers\":[{\"worker\":0},{\"worker\":1}]}");
	/* Who goes away has answered by that; nobody there is no error. */
	keeper_ask_each(world->keeper, SLICE("import"), note_answer, text);
	settle(world);
	lose(&world->sides[0]);
	lose(&world->sides[1]);
	assert_int_equal(answered_status, 200);
	assert_non_null(strstr(text, "the worker that was asked is gone"));
	keeper_ask_each(world->keeper, SLICE("import"), note_answer, text);
	assert_string_equal(text, "{\"workers\":[]}");
	keeper_world_destroy(world);
}

static void
entries_are_counted_by_channel_and_outcome(void **state)
{
	static const char *const expected[] = {
	    "misu_epp_entries_total{channel=\"epp\",outcome=\"passed\"} 2\n",
	    "misu_epp_entries_total{channel=\"epp\",outcome=\"held\"} 1\n",
	    "misu_epp_entries_total{channel=\"epp\",outcome=\"refused\"} 0\n",
	    "misu_epp_open_entries 2\n", "misu_workers 2\n"};
	struct keeper_world *world = keeper_world_create();
	struct wish held = {.kind = KIND_UNKNOWN};
	struct text text = text_start(world->arena);

	(void)state;
	commit(&world->sides[0], &natural);
	commit(&world->sides[1], &natural);
	commit(&world->sides[0], &held);
	keeper_add_metrics(world->keeper, &text);
	for (size_t i = 0; i < sizeof(expected) / sizeof(*expected); i++)
		assert_non_null(strstr(text_slice(&text).data, expected[i]));
	keeper_world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_approved_content_passes_once),
	    cmocka_unit_test(an_approval_for_what_was_not_sent_is_given_back),
	    cmocka_unit_test(an_approval_does_not_mind_the_time),
	    cmocka_unit_test(an_approval_is_for_its_content),
	    cmocka_unit_test(a_refused_hold_is_a_new_one_next_time),
	    cmocka_unit_test(
		an_approval_spent_before_a_kill_passes_its_request),
	    cmocka_unit_test(a_worker_carries_a_delivery),
	    cmocka_unit_test(a_submission_goes_out_over_epp),
	    cmocka_unit_test(a_stopped_channel_ends_its_deliveries),
	    cmocka_unit_test(a_question_has_one_answer),
	    cmocka_unit_test(a_question_to_all_has_one_answer_of_all),
	    cmocka_unit_test(entries_are_counted_by_channel_and_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

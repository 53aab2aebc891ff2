/* Reading and filtering entries from bundles and journal. */
#include "disclosure_world.h"

#include "store/log_query.h"

struct lines {
	unsigned count;
	uint64_t last;
	char text[512], json[4096];
};

static struct arena *print_arena;

static bool
show(void *context, const struct entry_shown *shown)
{
	struct lines *lines = context;

	lines->count++;
	lines->last = shown->index;
	snprintf(lines->text, sizeof(lines->text), "%.*s",
	    SLICE_ARG(entry_print_text(print_arena, shown)));
	snprintf(lines->json, sizeof(lines->json), "%.*s",
	    SLICE_ARG(entry_print_json(print_arena, shown)));
	return true;
}

static struct lines
query(struct world *world, const char *text)
{
	struct lines lines = {.count = 0};
	struct fail fail = FAIL_INIT;
	struct query asked;
	struct log_page page;
	struct log_query run = {.disk = world->disk,
	    .directory = world->ledger_path,
	    .keys = world->keys,
	    .query = &asked,
	    .show = show,
	    .context = &lines};

	arena_reset(print_arena);
	query_init(&asked);
	if (!query_parse(&asked, slice_from(text), 0, world->arena, &fail) ||
	    !log_query_run(&run, &page, &fail))
		print_message("%s: %s\n", fail.place, fail.text);
	assert_int_equal(fail.kind, FAIL_NONE);
	assert_int_equal(page.size, ledger_size(world->ledger));
	return lines;
}

/* Two disclosures and the outcome of the first; the last not in bundles. */
static struct world *
make(void)
{
	struct world *world = world_create(1 << 20);
	struct event event = {
	    .type = EVENT_OUTCOME, .entry = 0, .word = SLICE("sent")};
	struct world_answer answer = {.done = 0};
	struct batch *batch;

	print_arena = arena_create(NULL);
	commit(world, record_of(world, KIND_NATURAL, "cust-1"), "s-1", "x");
	batch = ledger_begin(world->ledger, world->arena, &world->fail);
	assert_true(ledger_add_event(batch, &event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
	commit(world, record_of(world, KIND_UNKNOWN, "cust-2"), "s-2", "");
	return world;
}

static void
unmake(struct world *world)
{
	arena_destroy(print_arena);
	world_destroy(world);
}

static const char *
pseudonym_of(struct world *world, struct slice id)
{
	struct text text = text_start(world->arena);
	struct subject subject;

	assert_true(keys_find(world->keys, id, &subject));
	text_add_string(&text, "pseudonym:");
	text_add_hex(&text, subject.pseudonym, PSEUDONYM_SIZE);
	return text_slice(&text).data;
}

static void
every_term_finds_what_it_names(void **state)
{
	struct world *world = make();

	(void)state;
	assert_int_equal(query(world, "").count, 3);
	assert_int_equal(query(world, "type:outcome").count, 1);
	assert_int_equal(query(world, "-type:outcome").count, 2);
	assert_int_equal(query(world, "outcome:hold").last, 2);
	assert_int_equal(query(world, "outcome:open").count, 0);
	/* The outcome entry, and the disclosure whose latest it is. */
	assert_int_equal(query(world, "outcome:sent").count, 2);
	assert_int_equal(query(world, "outcome:sent").last, 1);
	assert_int_equal(query(world, "recipient:reg").count, 3);
	assert_int_equal(query(world, "recipient:other").count, 0);
	assert_int_equal(
	    query(world, pseudonym_of(world, SLICE("cust-1"))).count, 2);
	assert_int_equal(
	    query(world, pseudonym_of(world, SLICE("cust-2"))).last, 2);
	assert_int_equal(query(world, "pseudonym:00").count, 0);
	/* Nobody's, before it is known whose it is. */
	assert_int_equal(query(world, "subject:cust-1").count, 0);
	assert_int_equal(query(world, "object:Taro.Example").count, 3);
	assert_int_equal(query(world, "object:a.example").count, 0);
	assert_int_not_equal(query(world, "verdict:redact").count, 0);
	assert_int_equal(query(world, "field:email verdict:redact").last, 2);
	assert_int_equal(query(world, "field:email verdict:forward").count, 0);
	assert_int_equal(query(world, "field:name -verdict:redact").last, 2);
	assert_int_equal(query(world, "field:email -verdict:redact").count, 0);
	assert_int_equal(query(world, "rule:1 type:disclosure").last, 2);
	assert_int_equal(query(world, "about:0").last, 1);
	assert_int_equal(query(world, "time>2100-01-01").count, 0);
	unmake(world);
}

static void
lines_name_time_object_and_verdicts(void **state)
{
	struct world *world = make();
	struct lines lines =
	    query(world, pseudonym_of(world, SLICE("cust-2")));

	(void)state;
	assert_non_null(strstr(lines.text,
	    "  disclosure  reg  taro.example  create  p10  file  hold rule "
	    "1"));
	assert_non_null(strstr(lines.text, "2  2026-0"));
	assert_int_equal(strncmp(lines.json,
			     "{\"index\":2,\"name\":\"taro.example\",", 33),
	    0);
	lines = query(world, "type:outcome");
	assert_non_null(strstr(lines.text, "  outcome  #0  sent"));
	unmake(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_term_finds_what_it_names),
	    cmocka_unit_test(lines_name_time_object_and_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

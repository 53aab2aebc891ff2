/*
 * Each row of the privacy policy through the real engine, under each revision:
 * a submission goes in, and what the recipient's channel is handed is, byte
 * for byte, the text made of the row's items.  Values that the row does not
 * name are searched for in all that is left: ledger, vault, spool, keys, log,
 * answers and deliveries; those that it names in all but the delivery.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/submission.h"
#include "rows/walk.h"
#include "runner/canary.h"
#include "runner/world.h"

/* One revision's life, and the submission under way in it. */
struct visit {
	const struct row *row;
	struct world *world;
	struct got **before; /* deliveries of earlier rows end here */
	int status;
	struct seen answers;
	int64_t hold; /* the id of what is held; 0: nothing */
};

static struct walk *walk;
static struct slice conf_text;

static int
set_up(void **state)
{
	struct text text;

	(void)state;
	walk = walk_open();
	text = text_start(walk->arena);
	text_add_string(&text, "state /state\n");
	text_add(&text, walk_read(walk->arena, "conf/misu.conf"));
	conf_text = text_slice(&text);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	walk_close(walk);
	return 0;
}

/* {"to": the row's recipient, and all the record says} */
static struct slice
body_of(struct arena *arena, const struct row *row, const struct record *record)
{
	struct slice json = submission_print(arena, record);
	struct text text = text_start(arena);

	assert_true(json.len > 1 && json.data[0] == '{');
	text_add_string(&text, "{\"to\":[{\"recipient\":");
	text_add_json(&text, row->recipient);
	text_add_string(&text, ",\"purpose\":");
	text_add_json(&text, row->purpose);
	text_add_string(&text, "}],");
	text_add(&text, (struct slice){json.data + 1, json.len - 1});
	return text_slice(&text);
}

static void
note_answer(void *arg, int status, struct slice body)
{
	struct visit *visit = arg;

	visit->status = status;
	seen_add(&visit->answers, body);
}

static void
note_holds(void *arg, int status, struct slice body)
{
	struct visit *visit = arg;
	struct slice rest = body;
	const char *id;

	assert_int_equal(status, 200);
	seen_add(&visit->answers, body);
	/* The last one is the newest. */
	while ((id = memmem(rest.data, rest.len, "{\"id\":", 6)) != NULL) {
		visit->hold = strtoll(id + 6, NULL, 10);
		rest.data = id + 6;
		rest.len = (size_t)(body.data + body.len - rest.data);
	}
}

static void
approve(struct visit *visit)
{
	struct engine *engine = visit->world->engine;

	engine_hold_list(engine, note_holds, visit);
	daemon_settle(visit->world, 1000);
	assert_true(visit->hold != 0);
	engine_hold_decide(engine, SLICE("uid 0"), visit->hold, true,
	    SLICE("looked at"), note_answer, visit);
	daemon_settle(visit->world, 5000);
	if (visit->status >= 300)
		fail_msg("line %u: not approved: %.*s", visit->row->line,
		    (int)visit->answers.len, visit->answers.data);
}

/* Those of the values that nobody gets first. */
static const struct slice canaries[] = {{LETTERS, sizeof(LETTERS) - 1},
    {DIGITS, sizeof(DIGITS) - 1}, {NAMED_LETTERS, sizeof(NAMED_LETTERS) - 1},
    {NAMED_DIGITS, sizeof(NAMED_DIGITS) - 1}};

static void
search(const struct visit *visit, const char *place, struct slice bytes,
    bool delivered)
{
	struct canary_found found;

	if (bytes.len != 0 &&
	    canary_find(bytes, canaries, delivered ? 2 : 4, &found))
		fail_msg("line %u: %s in %s as %s", visit->row->line,
		    found.value < 2 ? "what nobody gets"
				    : "what the recipient gets",
		    place, found.how);
}

static void
search_plain(const struct visit *visit, struct slice bytes)
{
	for (size_t i = 0; i < 4; i++)
		if (memmem(bytes.data, bytes.len, canaries[i].data,
			canaries[i].len) != NULL)
			fail_msg("line %u: a value was written in clear",
			    visit->row->line);
}

/* The journal's entries are in the tiles again; its clear text was searched. */
static void
search_file(void *arg, const char *path, struct slice content)
{
	if (strstr(path, "/journal/") != NULL || strstr(path, "/slots") != NULL)
		return;
	search(arg, path, content, recipients_is_output(NULL, path));
}

static bool
is_nothing(const struct row *row)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (row->fields[r] != 0)
			return false;
	return true;
}

static void
check_deliveries(struct arena *arena, const struct visit *visit,
    const struct ruleset *ruleset, const struct record *record)
{
	struct expected decided = walk_decide(arena, ruleset, visit->row, record);
	const struct got *got = *visit->before;

	/* Where no field passes there is nothing to tell. */
	if (visit->row->held || is_nothing(visit->row)) {
		assert_null(got);
		return;
	}
	if (got == NULL)
		fail_msg("line %u: nothing was delivered", visit->row->line);
	assert_null(got->next);
	assert_true(slice_is(visit->row->recipient, got->recipient));
	if (!slice_equal(walk_render(arena, walk, &decided),
		(struct slice){got->payload, got->len}))
		fail_msg("line %u: not what the row says:\n%s",
		    visit->row->line, got->payload);
	search(visit, "a delivery",
	    (struct slice){got->payload, got->len}, true);
}

static void
visit_row(struct visit *visit, const struct ruleset *ruleset,
    const struct row *row, unsigned who)
{
	struct arena *arena = arena_create(NULL);
	struct record *record =
	    walk_record(arena, row, row->objects[0], who, SEED_ONE);
	struct slice body = body_of(arena, row, record);

	visit->row = row;
	visit->before = visit->world->got_last;
	engine_submit(visit->world->engine, SLICE("uid 0"), SLICE(""), body,
	    note_answer, visit);
	daemon_settle(visit->world, 5000);
	if (visit->status != 202)
		fail_msg("line %u: answered %d: %.*s", row->line, visit->status,
		    (int)visit->answers.len, visit->answers.data);
	if (row->approved)
		approve(visit);
	check_deliveries(arena, visit, ruleset, record);
	arena_destroy(arena);
}

/* The first of those whom the row is about. */
static unsigned
first_who(const struct row *row)
{
	unsigned who = 0;

	while ((row->who & 1u << who) == 0)
		who++;
	return who;
}

/* Rows whose recipient misu itself reaches. */
static void
visit_rows(struct visit *visit, unsigned revision)
{
	const struct ruleset *ruleset = walk->rulesets[revision];
	size_t walked = 0;

	for (size_t i = 0; i < walk->rows->count; i++) {
		const struct row *row = &walk->rows->items[i];
		unsigned index;

		if ((row->revisions & 1u << revision) == 0 ||
		    !ruleset_find_recipient(ruleset, row->recipient, &index) ||
		    ruleset_recipient(ruleset, index)->via != VIA_NONE)
			continue;
		visit_row(visit, ruleset, row, first_who(row));
		walked++;
	}
	assert_true(walked > 30);
}

static void
walk_revision(unsigned revision, struct slice policy)
{
	struct script script = {.arena = walk->arena,
	    .path = "rows",
	    .policy = policy,
	    .conf = SLICE("conf/rows.conf"),
	    .texts = {{SLICE("conf/rows.conf"), conf_text}},
	    .text_count = 1};
	struct visit visit = {
	    .world = world_create(&script, (struct plan){.kind = PLAN_NONE})};
	struct fail fail = FAIL_INIT;

	if (!daemon_start(visit.world, &fail))
		fail_msg("%s: %s", fail.place, fail.text);
	visit_rows(&visit, revision);
	daemon_stop(visit.world);
	search(&visit, "the log",
	    (struct slice){visit.world->log.data, visit.world->log.len}, false);
	search(&visit, "an answer",
	    (struct slice){visit.answers.data, visit.answers.len}, false);
	/* What was written and is gone again, too. */
	search_plain(&visit, (struct slice){visit.world->written.data,
	    visit.world->written.len});
	memory_disk_each(visit.world->disk, search_file, &visit);
	assert_int_equal(visit.world->failures, 0);
	seen_finish(&visit.answers);
	world_destroy(visit.world);
}

static void
under_revision_1_each_row_gets_its_items(void **state)
{
	(void)state;
	walk_revision(0, SLICE("conf/policy/revision-1.policy"));
}

static void
under_revision_2_each_row_gets_its_items(void **state)
{
	(void)state;
	walk_revision(1, SLICE("conf/policy/revision-2.policy"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(under_revision_1_each_row_gets_its_items),
	    cmocka_unit_test(under_revision_2_each_row_gets_its_items),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

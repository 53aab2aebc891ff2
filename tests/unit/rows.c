/*
 * Walks tests/rows/rows.tbl: every row of the privacy policy, under each
 * revision.  A record with a value of its own in every field of every role
 * goes in; what the row's recipient gets, in the text that the template or
 * the work item makes of it, must be the row's items and nothing else.  What
 * is expected comes from the table, never from the policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "rows/walk.h"
#include "runner/canary.h"

static struct walk *walk;

static int
set_up(void **state)
{
	(void)state;
	walk = walk_open();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	walk_close(walk);
	return 0;
}

static bool
passes(enum verdict verdict)
{
	return verdict == VERDICT_FORWARD || verdict == VERDICT_REPLACE ||
	    verdict == VERDICT_GENERALISE;
}

static struct ruling
ruling_of(const struct expected *got, enum role role, enum field field)
{
	return got->onward == 0
	    ? disclosure_ruling(got->disclosure, role, field)
	    : disclosure_onward_ruling(
		  got->disclosure, got->onward - 1, role, field);
}

/* The rule that lets an item pass stands in the file the row names. */
static void
check_place(const struct row *row, const struct ruleset *ruleset, unsigned rule)
{
	struct slice place = ruleset_rule_place(ruleset, rule);
	char start[60];
	int len = snprintf(start, sizeof(start), "%.*s.policy:",
	    SLICE_ARG(row->file));

	if (memmem(place.data, place.len, start, (size_t)len) == NULL)
		fail_msg("line %u: carried out at %.*s", row->line,
		    SLICE_ARG(place));
}

static void
check_verdicts(const struct row *row, const struct expected *got,
    const struct record *record)
{
	const struct ruleset *ruleset = disclosure_ruleset(got->disclosure);

	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			enum role role = (enum role)r;
			enum field field = (enum field)f;
			struct ruling ruling = ruling_of(got, role, field);
			struct values has = disclosure_values(
			    got->disclosure, role, field);
			struct values gave =
			    record_values(record, role, field);

			if (passes(ruling.verdict) != row_has(row, role, field))
				fail_msg("line %u: %s.%s: %s by %.*s",
				    row->line, role_name(role),
				    field_info[field].name,
				    verdict_name(ruling.verdict),
				    SLICE_ARG(ruleset_rule_place(
					ruleset, ruling.rule)));
			if (!row_has(row, role, field)) {
				if (got->onward == 0)
					assert_int_equal(has.count, 0);
				continue;
			}
			assert_int_equal(has.count, gave.count);
			assert_true(slice_equal(has.items[0], gave.items[0]));
			check_place(row, ruleset, ruling.rule);
		}
	}
}

/* --- what left ------------------------------------------------------------ */

static const char *
find(struct slice text, struct slice needle)
{
	return memmem(text.data, text.len, needle.data, needle.len);
}

/* As the recipient's template writes values. */
static struct slice
escaped(struct arena *arena, const struct recipient *recipient,
    struct slice value)
{
	const struct conf_recipient *way = walk_way(walk, recipient);
	struct text text = text_start(arena);

	if (slice_is(way->suffix, ".json"))
		text_add_json_escaped(&text, value);
	else if (slice_is(way->suffix, ".form"))
		text_add_percent(&text, value);
	else
		text_add(&text, value);
	return text_slice(&text);
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* Where the whole value stands, with nothing run into it; NULL: nowhere. */
static const char *
find_whole(struct slice text, struct slice value)
{
	const char *end = text.data + text.len, *at;
	struct slice rest = text;

	while ((at = find(rest, value)) != NULL) {
		if ((at == text.data || !is_alnum(at[-1])) &&
		    (at + value.len == end || !is_alnum(at[value.len])))
			return at;
		rest = (struct slice){at + 1, (size_t)(end - at - 1)};
	}
	return NULL;
}

/* The line a value stands on. */
static struct slice
line_of(struct slice text, const char *at)
{
	const char *start = at, *end;

	while (start > text.data && start[-1] != '\n')
		start--;
	end = memchr(at, '\n', (size_t)(text.data + text.len - at));
	return (struct slice){start,
	    (size_t)((end != NULL ? end : text.data + text.len) - start)};
}

/* Whoever publishes is told, beside each value, whether to. */
static void
check_mark(const struct row *row, const struct expected *got, struct slice line,
    bool shown)
{
	const struct recipient *behind =
	    disclosure_onward(got->disclosure, got->onward - 1);

	if (!behind->public ||
	    ruleset_recipient(disclosure_ruleset(got->disclosure),
		(unsigned)behind->via) != got->recipient)
		return;
	if ((find(line, SLICE("publish: yes")) != NULL) != shown ||
	    (find(line, SLICE("publish: no")) != NULL) == shown)
		fail_msg("line %u: the mark is wrong: %.*s", row->line,
		    SLICE_ARG(line));
}

static void
check_text(struct arena *arena, const struct row *row, const struct expected *got,
    const struct record *record)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			enum role role = (enum role)r;
			enum field field = (enum field)f;
			bool expected = disclosure_values(got->disclosure, role,
			    field).count != 0;
			struct slice value = escaped(arena, got->recipient,
			    record_values(record, role, field).items[0]);
			const char *at = find_whole(got->text, value);

			if (got->onward == 0)
				expected = row_has(row, role, field);
			if (expected ? at == NULL
				     : field != FIELD_COUNTRY &&
				    find(got->text, value) != NULL)
				fail_msg("line %u: %s.%s %s in:\n%.*s",
				    row->line, role_name(role),
				    field_info[field].name,
				    expected ? "is not" : "is",
				    SLICE_ARG(got->text));
			if (expected && got->onward != 0)
				check_mark(row, got, line_of(got->text, at),
				    row_has(row, role, field));
		}
	}
}

/* In no encoding that a wire or a file could give it. */
static void
check_canaries(const struct row *row, struct slice text)
{
	static const struct slice canaries[] = {
	    {LETTERS, sizeof(LETTERS) - 1}, {DIGITS, sizeof(DIGITS) - 1}};
	struct canary_found found;

	if (canary_find(text, canaries, 2, &found))
		fail_msg("line %u: a value that is not the row's left as %s",
		    row->line, found.how);
}

/* The same but for values the row does not name: the same bytes. */
static void
check_blind(struct arena *arena, const struct ruleset *ruleset,
    const struct row *row, struct slice object, unsigned who)
{
	struct slice texts[2];

	for (unsigned i = 0; i < 2; i++) {
		struct record *record =
		    walk_record(arena, row, object, who, SEED_ONE + i);
		struct expected got = walk_decide(arena, ruleset, row, record);

		texts[i] = walk_render(arena, walk, &got);
	}
	if (!slice_equal(texts[0], texts[1]))
		fail_msg("line %u: what left depends on what may not:\n%.*s\n"
			 "%.*s",
		    row->line, SLICE_ARG(texts[0]), SLICE_ARG(texts[1]));
}

static void
check_held(const struct row *row, const struct expected *got)
{
	enum verdict verdict = disclosure_outcome(got->disclosure).verdict;

	if (verdict != VERDICT_HOLD)
		fail_msg("line %u: not held but %s", row->line,
		    verdict_name(verdict));
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			assert_int_equal(disclosure_values(got->disclosure,
			    (enum role)r, (enum field)f).count, 0);
}

static void
check_row(const struct ruleset *ruleset, const struct row *row,
    struct slice object, unsigned who)
{
	struct arena *arena = arena_create(NULL);
	struct record *record = walk_record(arena, row, object, who, SEED_ONE);
	struct expected got = walk_decide(arena, ruleset, row, record);

	if (row->held) {
		check_held(row, &got);
		arena_destroy(arena);
		return;
	}
	if (disclosure_outcome(got.disclosure).verdict != VERDICT_FORWARD)
		fail_msg("line %u: %.*s: %s", row->line, SLICE_ARG(object),
		    disclosure_reason(got.disclosure).data);
	check_verdicts(row, &got, record);
	got.text = walk_render(arena, walk, &got);
	check_text(arena, row, &got, record);
	if (got.onward == 0) {
		check_canaries(row, got.text);
		check_blind(arena, ruleset, row, object, who);
	}
	arena_destroy(arena);
}

/* --- the tests ------------------------------------------------------------ */

static void
every_row_gets_its_items_and_no_more(void **state)
{
	size_t walked = 0;

	(void)state;
	for (size_t i = 0; i < walk->rows->count; i++) {
		const struct row *row = &walk->rows->items[i];

		for (unsigned rev = 0; rev < REVISIONS; rev++)
			for (size_t o = 0; o < row->object_count; o++)
				for (unsigned w = 0; w < WHO_COUNT; w++) {
					if ((row->revisions & 1u << rev) == 0 ||
					    (row->who & 1u << w) == 0)
						continue;
					check_row(walk->rulesets[rev], row,
					    row->objects[o], w);
					walked++;
				}
	}
	assert_true(walked > 500);
}

static void
every_method_of_the_source_is_some_recipients(void **state)
{
	bool used[METHOD_COUNT] = {false};

	(void)state;
	for (size_t i = 0; i < walk->rows->method_count; i++) {
		const struct method_row *row = &walk->rows->methods[i];

		for (unsigned rev = 0; rev < REVISIONS; rev++)
			for (size_t k = 0; k < row->recipient_count; k++) {
				const struct recipient *recipient;
				unsigned index;

				if (!ruleset_find_recipient(walk->rulesets[rev],
					row->recipients[k], &index))
					fail_msg("line %u: no such recipient",
					    row->line);
				recipient =
				    ruleset_recipient(walk->rulesets[rev], index);
				assert_true(slice_is(row->method,
				    method_name(recipient->method)));
				used[recipient->method] = true;
			}
	}
	for (unsigned m = 0; m < METHOD_NONE; m++)
		assert_true(used[m]);
}

/* A recipient or a purpose nobody walked would be one nobody checked. */
static void
every_block_of_the_policy_has_a_row(void **state)
{
	(void)state;
	for (unsigned rev = 0; rev < REVISIONS; rev++)
		for (size_t b = 0; b < ruleset_block_count(walk->rulesets[rev]);
		     b++) {
			const struct block *block =
			    ruleset_block(walk->rulesets[rev], (unsigned)b);
			struct slice id =
			    ruleset_recipient(walk->rulesets[rev], block->recipient)
				->id;
			bool found = false;

			for (size_t i = 0; i < walk->rows->count; i++)
				if ((walk->rows->items[i].revisions & 1u << rev) !=
					0 &&
				    slice_equal(walk->rows->items[i].recipient, id) &&
				    slice_equal(walk->rows->items[i].purpose,
					block->purpose))
					found = true;
			if (!found)
				fail_msg("revision %u: %.*s for %.*s has no "
					 "row",
				    rev + 1, SLICE_ARG(id),
				    SLICE_ARG(block->purpose));
		}
}

/* Not even a warning: each field that may go is printed, and marked. */
static void
misu_conf_expresses_both_revisions(void **state)
{
	struct slice diagnostics = SLICE("");
	struct fail fail = FAIL_INIT;

	(void)state;
	conf_check(walk->conf,
	    (const struct ruleset *const *)walk->rulesets, REVISIONS,
	    walk->arena, &diagnostics, &fail);
	conf_check_idle(walk->conf,
	    (const struct ruleset *const *)walk->rulesets, REVISIONS,
	    walk->arena, &diagnostics, &fail);
	if (diagnostics.len != 0)
		fail_msg("%.*s", SLICE_ARG(diagnostics));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_row_gets_its_items_and_no_more),
	    cmocka_unit_test(every_method_of_the_source_is_some_recipients),
	    cmocka_unit_test(every_block_of_the_policy_has_a_row),
	    cmocka_unit_test(misu_conf_expresses_both_revisions),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

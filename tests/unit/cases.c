/* Cases and approvals: what is kept, sorted, counted and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <unistd.h>

#include "store/approvals.h"
#include "store/cases.h"
#include "store/grants.h"

static const uint8_t master[KEY_SIZE] = "a master key of tests, no secret";

struct fixture {
	char directory[64], path[96];
	struct event_base *base;
	struct arena *arena;
	struct disk *disk;
	struct keys *keys;
	struct sqlite *db;
	struct cases *cases;
	struct approvals *approvals;
	struct fail fail;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char keys[96];

	snprintf(f->directory, sizeof(f->directory), "/tmp/misu-cases-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/cases", f->directory);
	snprintf(keys, sizeof(keys), "%s/keys", f->directory);
	f->base = event_base_new();
	f->disk = disk_real_create(f->base, &f->fail);
	f->arena = arena_create(NULL);
	f->keys = keys_open(f->disk, keys, master, &random_system, &f->fail);
	assert_non_null(f->keys);
	f->db = sqlite_open(f->path, "", 1, &f->fail);
	assert_non_null(f->db);
	f->cases = cases_open(f->db, f->keys, &random_system, &f->fail);
	f->approvals = approvals_open(f->db, &f->fail);
	assert_non_null(f->cases);
	assert_non_null(f->approvals);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	approvals_close(f->approvals);
	cases_close(f->cases);
	sqlite_close(f->db);
	keys_close(f->keys);
	disk_real_destroy(f->disk);
	event_base_free(f->base);
	arena_destroy(f->arena);
	snprintf(command, sizeof(command), "rm -rf %s", f->directory);
	free(f);
	return system(command);
}

static struct case_row
add(struct fixture *f, enum case_kind kind, int64_t due, const char *subject)
{
	struct case_row row = {.kind = kind,
	    .opened = 1,
	    .due = due,
	    .unit = SLICE(""),
	    .subject = slice_from(subject),
	    .who = SLICE("Canary Person"),
	    .basis = SLICE(""),
	    .asked = SLICE("everything")};
	struct case_step step = {
	    .actor = SLICE("uid 0"), .word = SLICE("opened"), .about = -1};

	row.has_pseudonym = *subject != '\0';
	memcpy(row.pseudonym, subject, strlen(subject));
	assert_true(cases_add(f->cases, &row, &step, &f->fail));
	assert_int_equal(step.case_id, row.id);
	return row;
}

struct seen {
	int64_t ids[8];
	size_t count;
};

static bool
see(void *arg, const struct case_row *row)
{
	struct seen *seen = arg;

	seen->ids[seen->count++] = row->id;
	return true;
}

static void
those_due_first_come_first_and_closed_ones_last(void **state)
{
	struct fixture *f = *state;
	struct case_row late = add(f, CASE_STOP, 900, "a");
	struct case_row never = add(f, CASE_AUTHORITY, 0, "");
	struct case_row early = add(f, CASE_STOP, 100, "b");
	struct case_row closed = add(f, CASE_RECORD, 50, "c");
	struct case_step step = {
	    .actor = SLICE("uid 0"), .word = SLICE("answered"), .about = -1};
	const struct case_change answers = {
	    .closes = true, .state = CASE_ANSWERED, .closed = 7};
	struct seen seen = {.count = 0};

	assert_true(
	    cases_change(f->cases, &closed, &answers, &step, &f->fail));
	assert_true(cases_each(f->cases, f->arena, see, &seen, &f->fail));
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.ids[0], early.id);
	assert_int_equal(seen.ids[1], late.id);
	assert_int_equal(seen.ids[2], never.id);
	assert_int_equal(seen.ids[3], closed.id);
}

static void
open_due_and_overdue_are_counted_by_kind(void **state)
{
	struct fixture *f = *state;
	struct case_counts counts;

	add(f, CASE_STOP, 100, "a");
	add(f, CASE_STOP, 200, "a");
	add(f, CASE_STOP, 900, "a");
	add(f, CASE_AUTHORITY, 0, "");
	assert_true(cases_count(f->cases, 150, 250, &counts, &f->fail));
	assert_int_equal(counts.open[CASE_STOP], 3);
	assert_int_equal(counts.overdue[CASE_STOP], 1);
	assert_int_equal(counts.soon[CASE_STOP], 1);
	assert_int_equal(counts.open[CASE_AUTHORITY], 1);
	assert_int_equal(counts.overdue[CASE_AUTHORITY], 0);
}

static bool
count_step(void *arg, const struct case_step *step)
{
	size_t *count = arg;

	(void)step;
	++*count;
	return true;
}

static void
a_step_without_its_entry_is_found_again(void **state)
{
	struct fixture *f = *state;
	size_t count = 0;

	add(f, CASE_STOP, 1, "a");
	assert_true(cases_each_unrecorded(
	    f->cases, f->arena, count_step, &count, &f->fail));
	assert_int_equal(count, 1);
	assert_true(cases_set_recorded(f->cases, 1, 77, &f->fail));
	count = 0;
	assert_true(cases_each_unrecorded(
	    f->cases, f->arena, count_step, &count, &f->fail));
	assert_int_equal(count, 0);
}

static void
a_forgotten_subject_is_in_no_case(void **state)
{
	static const uint8_t gone[PSEUDONYM_SIZE] = "gone";
	struct fixture *f = *state;
	struct case_row mine = add(f, CASE_STOP, 1, "gone");
	struct case_row other = add(f, CASE_STOP, 1, "stays");
	struct case_row out;

	assert_true(cases_forget(f->cases, gone, &f->fail));
	assert_true(cases_get(f->cases, f->arena, mine.id, &out, &f->fail));
	assert_int_equal(out.who.len, 0);
	assert_int_equal(out.subject.len, 0);
	assert_int_equal(out.kind, CASE_STOP);
	assert_true(cases_get(f->cases, f->arena, other.id, &out, &f->fail));
	assert_true(slice_is(out.who, "Canary Person"));
	assert_false(cases_get(f->cases, f->arena, 99, &out, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
}

/* Read before, written after: only what the step is about changes. */
static void
a_step_leaves_what_others_changed_meanwhile(void **state)
{
	static const uint8_t gone[PSEUDONYM_SIZE] = "gone";
	const struct case_change nothing = {.closes = false};
	const struct case_change answers = {
	    .closes = true, .state = CASE_ANSWERED, .closed = 7};
	const struct case_change pays = {
	    .charges = true, .fee = FEE_PAID, .amount = 5};
	const struct case_change verifies = {.verifies = true};
	struct fixture *f = *state;
	struct case_row read = add(f, CASE_STOP, 1, "gone");
	struct case_step step = {.actor = SLICE("uid 0"),
	    .word = SLICE("given"),
	    .text = SLICE("Canary Object"),
	    .about = -1};
	struct case_row out;

	assert_true(cases_change(f->cases, &read, &verifies, &step, &f->fail));
	assert_true(cases_change(f->cases, &read, &pays, &step, &f->fail));
	assert_true(cases_change(f->cases, &read, &answers, &step, &f->fail));
	assert_true(cases_forget(f->cases, gone, &f->fail));
	assert_true(cases_change(f->cases, &read, &nothing, &step, &f->fail));
	assert_int_equal(step.text.len, 0);
	assert_true(cases_get(f->cases, f->arena, read.id, &out, &f->fail));
	assert_int_equal(out.state, CASE_ANSWERED);
	assert_int_equal(out.closed, 7);
	assert_int_equal(out.fee, FEE_PAID);
	assert_int_equal(out.amount, 5);
	assert_true(out.is_verified);
	/* Nor is its pseudonym there again: nothing is left to forget. */
	assert_true(cases_name(f->cases, f->arena, &f->fail));
	assert_int_equal(out.subject.len, 0);
	assert_false(cases_change(f->cases, &read, &answers, &step, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_INPUT);
}

static void
an_approval_is_one_and_grows_old(void **state)
{
	struct fixture *f = *state;
	struct approval one = {SLICE("hold"), SLICE("1"), SLICE("uid 1"), 5};
	struct approval out;

	assert_true(approvals_put(f->approvals, &one, &f->fail));
	one.actor = SLICE("uid 2");
	one.time = 9;
	assert_true(approvals_put(f->approvals, &one, &f->fail));
	assert_true(approvals_find(
	    f->approvals, f->arena, SLICE("hold"), SLICE("1"), &out, &f->fail));
	assert_true(slice_is(out.actor, "uid 2"));
	assert_true(approvals_prune(f->approvals, 10, &f->fail));
	assert_false(approvals_find(
	    f->approvals, f->arena, SLICE("hold"), SLICE("1"), &out, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
}

static bool
count_grant(void *arg, const struct grant *grant)
{
	++*(int *)arg;
	return grant->object_count == 1;
}

static int
grants_left(struct fixture *f, struct grants *grants, int64_t case_id)
{
	int count = 0;

	assert_true(grants_each(
	    grants, f->arena, case_id, count_grant, &count, &f->fail));
	return count;
}

/* What ended long ago goes, objects and all; what is under way stays. */
static void
tokens_that_ended_long_ago_go(void **state)
{
	enum { OLD = 300, YOUNG = 3 };
	struct fixture *f = *state;
	struct grants *grants =
	    grants_open(f->db, f->keys, &random_system, &f->fail);
	struct case_row row = add(f, CASE_AUTHORITY, 0, "");
	int64_t answer, object = 0;
	struct slice name;
	bool left, found;

	assert_non_null(grants);
	for (int i = 0; i < OLD + YOUNG; i++) {
		char token[16];
		struct grant grant = {.case_id = row.id,
		    .recipient = SLICE("authority"),
		    .purpose = SLICE("p16"),
		    .from = SLICE(""),
		    .granted = 1,
		    .until = i < OLD ? 1000 : 5000,
		    .answers = 10,
		    .object_count = 1};

		snprintf(token, sizeof(token), "%d", i);
		grant.token = digest_sha256(slice_from(token));
		grant.objects[0] = SLICE("example.jp");
		assert_true(grants_add(grants, &grant, &f->fail));
		if (i == 0)
			assert_true(grants_begin_answer(
			    grants, grant.id, 7, &answer, &f->fail));
	}
	assert_true(grants_prune(grants, 1000, &left, &f->fail));
	assert_false(left);
	assert_int_equal(grants_left(f, grants, row.id), OLD + YOUNG);
	assert_true(grants_prune(grants, 1001, &left, &f->fail));
	assert_true(left);
	assert_true(grants_prune(grants, 1001, &left, &f->fail));
	assert_false(left);
	assert_int_equal(grants_left(f, grants, row.id), YOUNG + 1);
	assert_true(grants_end_answer(grants, answer, &f->fail));
	assert_true(grants_prune(grants, 1001, &left, &f->fail));
	assert_int_equal(grants_left(f, grants, row.id), YOUNG);
	for (int i = 0; i <= YOUNG; i++) {
		assert_true(grants_next_object(
		    grants, f->arena, &object, &name, &found, &f->fail));
		assert_int_equal(found, i < YOUNG);
	}
	grants_close(grants);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(those_due_first_come_first_and_closed_ones_last),
	    TEST(open_due_and_overdue_are_counted_by_kind),
	    TEST(a_step_without_its_entry_is_found_again),
	    TEST(a_forgotten_subject_is_in_no_case),
	    TEST(a_step_leaves_what_others_changed_meanwhile),
	    TEST(an_approval_is_one_and_grows_old),
	    TEST(tokens_that_ended_long_ago_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

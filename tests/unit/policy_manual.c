/*
 * misu.policy(5) against what is so: its field table is field.tbl, its
 * examples are one valid policy, and its policy test is met by that policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "core/policy.h"
#include "core/policy_test.h"
#include "runner/files.h"

static struct arena *arena;
static struct slice manual;

static int
read_manual(void **state)
{
	(void)state;
	arena = arena_create(NULL);
	return arena == NULL ||
	       !files_read(arena, "daemon/misu.policy.5", &manual);
}

static int
drop_manual(void **state)
{
	(void)state;
	arena_destroy(arena);
	return 0;
}

/* The next display of this kind, undoing the page's escapes. */
static bool
next_display(struct slice *rest, const char *begin, struct text *out)
{
	const char *start = memmem(rest->data, rest->len, begin, strlen(begin));
	const char *end, *all = rest->data + rest->len;

	if (start == NULL)
		return false;
	start += strlen(begin);
	end = memmem(start, (size_t)(all - start), ".Ed\n", 4);
	assert_non_null(end);
	for (const char *at = start; at < end; at++) {
		if (at[0] == '\\' && at[1] == 'e')
			text_add_char(out, *++at == 'e' ? '\\' : *at);
		else
			text_add_char(out, *at);
	}
	*rest = (struct slice){end, (size_t)(all - end)};
	return true;
}

static struct ruleset *
load_examples(void)
{
	struct text text = text_start(arena);
	struct slice rest = manual, diagnostics;
	struct fail fail = FAIL_INIT;
	struct ruleset *ruleset;

	while (next_display(&rest, ".Bd -literal -offset indent\n", &text))
		;
	ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("misu.policy.5"), text_slice(&text)},
	    NULL, NULL, 0, &diagnostics, &fail);
	if (ruleset == NULL)
		print_error("%.*s", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	return ruleset;
}

static void
test_the_examples_are_one_valid_policy(void **state)
{
	(void)state;
	load_examples();
}

static void
test_the_policy_test_is_met(void **state)
{
	struct policy_test *test =
	    policy_test_create(arena, load_examples(), NULL);
	struct text text = text_start(arena);
	struct slice rest = manual, report;
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(next_display(
	    &rest, ".Bd -literal -offset indent -compact\n", &text));
	if (!policy_test_file(test,
		&(struct policy_source){
		    SLICE("misu.policy.5"), text_slice(&text)},
		&report, &fail)) {
		print_error("%.*s", SLICE_ARG(report));
		fail();
	}
}

static void
test_the_field_table_is_the_vocabulary(void **state)
{
	static const char *const classes[] = {[CLASS_PERSONAL] = "personal",
	    [CLASS_OBJECT] = "object",
	    [CLASS_ACCOUNT] = "account",
	    [CLASS_PASSWORD] = "password",
	    [CLASS_CONTENT] = "content",
	    [CLASS_AUTHINFO] = "authinfo"};
	struct text table = text_start(arena);
	struct slice want;

	(void)state;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *info = &field_info[f];

		text_add_format(&table, ".It %s Ta %s Ta %zu Ta %zu Ta %s\n",
		    info->name, classes[info->class], info->max, info->many,
		    info->japanese);
	}
	text_add_string(&table, ".El\n");
	want = text_slice(&table);
	if (memmem(manual.data, manual.len, want.data, want.len) == NULL) {
		print_error("the table should be:\n%.*s", SLICE_ARG(want));
		fail();
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_examples_are_one_valid_policy),
	    cmocka_unit_test(test_the_policy_test_is_met),
	    cmocka_unit_test(test_the_field_table_is_the_vocabulary),
	};

	return cmocka_run_group_tests(tests, read_manual, drop_manual);
}

/*
 * What operators read about a policy: the change log between two revisions
 * and the reasons for one decision, each against a golden file
 * (MISU_REWRITE=1 writes it anew).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/policy_diff.h"
#include "core/policy_explain.h"
#include "core/policy_test.h"
#include "runner/files.h"

static void
check_golden(struct arena *arena, const char *path, struct slice have)
{
	struct slice want = {"", 0};
	FILE *file;

	assert_non_null(have.data);
	if (getenv("MISU_REWRITE") != NULL) {
		file = fopen(path, "wb");
		assert_non_null(file);
		fwrite(have.data, 1, have.len, file);
		fclose(file);
		return;
	}
	if (!files_read(arena, path, &want) || !slice_equal(want, have)) {
		print_error(
		    "%s differs; it is now:\n%.*s", path, SLICE_ARG(have));
		fail();
	}
}

static struct ruleset *
load(struct arena *arena, const char *path)
{
	struct slice diagnostics;
	struct ruleset *ruleset = files_load(arena, path, &diagnostics);

	if (ruleset == NULL)
		print_error("%.*s", SLICE_ARG(diagnostics));
	assert_non_null(ruleset);
	return ruleset;
}

static void
test_a_diff_reads_like_a_change_log(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct ruleset *before = load(arena, "tests/policy/ok/example.policy");
	struct ruleset *after = load(arena, "tests/policy/diff/next.policy");

	(void)state;
	check_golden(arena, "tests/policy/diff/next.diff",
	    policy_diff(before, after, arena));
	arena_destroy(arena);
}

/* The canonical text has other words and the same meaning. */
static void
test_rewording_is_no_change(void **state)
{
	static const struct slice prefix = {"192.0.2.0/24", 12};
	static const struct network_group group = {{"own", 3}, &prefix, 1};
	struct arena *arena = arena_create(NULL);
	struct ruleset *before = load(arena, "tests/policy/ok/example.policy");
	struct slice diagnostics, text = ruleset_text(before);
	struct ruleset *after =
	    policy_load(arena, &(struct policy_source){SLICE("again"), text},
		NULL, &group, 1, &diagnostics, NULL);

	(void)state;
	assert_non_null(after);
	assert_true(slice_is(policy_diff(before, after, arena),
	    "perfect-one revision 3 -> revision 3\n"
	    "no record is decided otherwise\n"));
	arena_destroy(arena);
}

static void
put(struct record *record, enum role role, enum field field, const char *value)
{
	struct slice item = slice_from(value);

	assert_true(record_set(record, role, field, &item, 1, NULL));
}

static void
test_an_explanation_names_rules_and_reasons_but_no_value(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct ruleset *ruleset = load(arena, "tests/policy/ok/example.policy");
	struct fail fail = FAIL_INIT;
	struct record *record = record_create(arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("a.example.jp"), &fail);
	struct slice text;

	(void)state;
	put(record, ROLE_REGISTRANT, FIELD_NAME_INT, "Canary Taro");
	put(record, ROLE_REGISTRANT, FIELD_COUNTRY, "JP");
	put(record, ROLE_PUBLIC_CONTACT, FIELD_EMAIL, "canary@a.example");
	text =
	    policy_explain(ruleset, record, SLICE("jprs-whois"), arena, &fail);
	check_golden(arena, "tests/policy/diff/whois.explain", text);
	assert_null(memmem(text.data, text.len, "anary", 5));
	text = policy_explain(ruleset, record, SLICE("jprs"), arena, &fail);
	check_golden(arena, "tests/policy/diff/jprs.explain", text);
	assert_null(memmem(text.data, text.len, "anary", 5));
	text = policy_explain(ruleset, record, SLICE("nobody"), arena, &fail);
	assert_null(text.data);
	arena_destroy(arena);
}

static bool
run_file(struct policy_test *test, struct arena *arena, const char *path,
    struct slice *report)
{
	struct policy_source source = {
	    slice_from(strrchr(path, '/') + 1), {NULL, 0}};
	struct fail fail = FAIL_INIT;

	assert_true(files_read(arena, path, &source.text));
	return policy_test_file(test, &source, report, &fail);
}

static void
test_policy_tests_say_what_is_met_and_covered(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct ruleset *ruleset = load(arena, "tests/policy/ok/example.policy");
	struct policy_test *test = policy_test_create(arena, ruleset, NULL);
	struct slice report;

	(void)state;
	assert_non_null(test);
	if (!run_file(test, arena, "tests/policy/test/example.test", &report))
		print_error("%.*s", SLICE_ARG(report));
	assert_int_equal(report.len, 0);
	check_golden(arena, "tests/policy/test/example.summary",
	    policy_test_summary(test));
	assert_false(
	    run_file(test, arena, "tests/policy/test/unmet.test", &report));
	check_golden(arena, "tests/policy/test/unmet.err", report);
	arena_destroy(arena);
}

static void
test_the_shipped_policy_keeps_its_promises(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct ruleset *ruleset = load(arena, "conf/policy/revision-2.policy");
	struct policy_test *test = policy_test_create(arena, ruleset, NULL);
	struct slice report;

	(void)state;
	if (!run_file(test, arena, "conf/policy/revision-2.test", &report)) {
		print_error("%.*s", SLICE_ARG(report));
		fail();
	}
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_diff_reads_like_a_change_log),
	    cmocka_unit_test(test_rewording_is_no_change),
	    cmocka_unit_test(
		test_an_explanation_names_rules_and_reasons_but_no_value),
	    cmocka_unit_test(test_policy_tests_say_what_is_met_and_covered),
	    cmocka_unit_test(test_the_shipped_policy_keeps_its_promises),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The whole policy compiler against golden files: tests/policy/ok/X.policy
 * compiles to X.ok (canonical text, decision matrix, identity), and
 * tests/policy/fail/X.policy is refused with exactly X.err.  Run with
 * MISU_REWRITE=1 to write what is instead of comparing it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "core/complaint.h"
#include "core/policy.h"
#include "core/policy_matrix.h"
#include "runner/files.h"

static const struct {
	const char *text, *hint;
} says[COMPLAINT_COUNT] = {
#define COMPLAINT(id, text, hint) [COMPLAINT_##id] = {text, hint},
#include "core/complaint.tbl"
#undef COMPLAINT
};

/* The golden file's name: .policy becomes `ending`. */
static const char *
golden_path(struct arena *arena, const char *path, const char *ending)
{
	struct text out = text_start(arena);

	text_add(&out, (struct slice){path, strlen(path) - strlen(".policy")});
	text_add_string(&out, ending);
	return text_slice(&out).data;
}

static void
write_file(const char *path, struct slice text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	fwrite(text.data, 1, text.len, file);
	fclose(file);
}

static bool
compare(struct arena *arena, const char *path, struct slice have)
{
	struct slice want = {"", 0};

	if (getenv("MISU_REWRITE") != NULL) {
		write_file(path, have);
		return true;
	}
	if (files_read(arena, path, &want) && slice_equal(want, have))
		return true;
	print_error("%s differs; it is now:\n%.*s", path, SLICE_ARG(have));
	return false;
}

static struct slice
page(const struct ruleset *ruleset, struct arena *arena)
{
	struct text out = text_start(arena);

	text_add(&out, ruleset_text(ruleset));
	text_add_string(&out, "\n--- matrix ---\n");
	text_add(&out, policy_matrix(ruleset, arena));
	text_add_string(&out, "\n--- identity ---\n");
	text_add_hex(&out, ruleset_identity(ruleset)->bytes, DIGEST_SIZE);
	text_add_char(&out, '\n');
	return text_slice(&out);
}

/* The nth "network NAME" of the text; empty if there are fewer. */
static struct slice
network_name(struct slice text, size_t n)
{
	static const char word[] = "network ";
	const char *at = text.data, *end = text.data + text.len;

	while (
	    (at = memmem(at, (size_t)(end - at), word, strlen(word))) != NULL) {
		const char *start = at += strlen(word);

		while (at<end && * at> ' ' && *at != ',')
			at++;
		if (n-- == 0)
			return (struct slice){start, (size_t)(at - start)};
	}
	return (struct slice){"", 0};
}

static size_t wrong;

static void
check_sound(struct arena *arena, const char *path)
{
	struct slice diagnostics;
	struct ruleset *ruleset = files_load(arena, path, &diagnostics);

	if (ruleset == NULL)
		print_error("%.*s", SLICE_ARG(diagnostics));
	wrong +=
	    ruleset == NULL || !compare(arena, golden_path(arena, path, ".ok"),
				   page(ruleset, arena));
}

static void
test_sound_policies_compile_to_their_matrix(void **state)
{
	(void)state;
	wrong = 0;
	files_each("tests/policy/ok/*.policy", check_sound);
	assert_int_equal(wrong, 0);
}

/* The canonical text names networks, so it is read with the same groups. */
static void
check_fixed_point(struct arena *arena, const char *path)
{
	static const struct slice prefixes[] = {{"192.0.2.0/24", 12}};
	struct network_group groups[8];
	struct slice diagnostics;
	struct fail fail = FAIL_INIT;
	struct ruleset *first = files_load(arena, path, &diagnostics);
	struct ruleset *again;

	assert_non_null(first);
	for (size_t i = 0; i < 8; i++)
		groups[i] = (struct network_group){
		    network_name(ruleset_text(first), i), prefixes, 1};
	again = policy_load(arena,
	    &(struct policy_source){SLICE("canonical"), ruleset_text(first)},
	    NULL, groups, 8, &diagnostics, &fail);
	if (again == NULL)
		print_error("%.*s", SLICE_ARG(diagnostics));
	assert_non_null(again);
	assert_true(slice_equal(ruleset_text(first), ruleset_text(again)));
	assert_true(
	    digest_equal(ruleset_identity(first), ruleset_identity(again)));
}

static void
test_canonical_text_parses_to_itself(void **state)
{
	(void)state;
	files_each("tests/policy/ok/*.policy", check_fixed_point);
	files_each("conf/policy/revision-*.policy", check_fixed_point);
}

static void
check_broken(struct arena *arena, const char *path)
{
	struct slice diagnostics;
	struct ruleset *ruleset = files_load(arena, path, &diagnostics);

	if (ruleset != NULL)
		print_error("%s is not refused\n", path);
	wrong += ruleset != NULL ||
		 !compare(arena, golden_path(arena, path, ".err"), diagnostics);
}

static void
test_broken_policies_are_refused_exactly(void **state)
{
	(void)state;
	wrong = 0;
	files_each("tests/policy/fail/*.policy", check_broken);
	assert_int_equal(wrong, 0);
}

static struct text all_errors;

static void
add_errors(struct arena *arena, const char *path)
{
	struct slice text;

	assert_true(files_read(arena, path, &text));
	text_add(&all_errors, text);
}

/* Does the line hold the text, whatever stands for %1 and %2? */
static bool
line_says(struct slice line, const char *text)
{
	const char *at = line.data, *end = line.data + line.len;

	while (*text != '\0') {
		const char *mark = text;
		const char *found;

		while (*mark != '\0' &&
		       !(mark[0] == '%' && (mark[1] == '1' || mark[1] == '2')))
			mark++;
		found =
		    memmem(at, (size_t)(end - at), text, (size_t)(mark - text));
		if (found == NULL)
			return false;
		at = found + (mark - text);
		text = *mark == '\0' ? mark : mark + 2;
	}
	return true;
}

static bool
any_line_says(struct slice all, const char *lead, const char *text)
{
	struct slice rest = all;

	while (rest.len != 0) {
		const char *end = memchr(rest.data, '\n', rest.len);
		size_t len =
		    end == NULL ? rest.len : (size_t)(end - rest.data) + 1;
		struct slice line = {rest.data, len};
		const char *at = memmem(line.data, len, lead, strlen(lead));

		if (at != NULL) {
			line.len -= (size_t)(at - line.data) + strlen(lead);
			line.data = at + strlen(lead);
			if (line_says(line, text))
				return true;
		}
		rest = (struct slice){rest.data + len, rest.len - len};
	}
	return false;
}

static void
test_every_error_text_has_a_golden_file(void **state)
{
	struct arena *arena = arena_create(NULL);
	size_t missing = 0;

	(void)state;
	all_errors = text_start(arena);
	files_each("tests/policy/fail/*.err", add_errors);
	for (unsigned i = 0; i < COMPLAINT_OTHER; i++) {
		if (any_line_says(
			text_slice(&all_errors), ": error: ", says[i].text))
			continue;
		print_error("no golden file says: %s\n", says[i].text);
		missing++;
	}
	arena_destroy(arena);
	assert_int_equal(missing, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sound_policies_compile_to_their_matrix),
	    cmocka_unit_test(test_canonical_text_parses_to_itself),
	    cmocka_unit_test(test_broken_policies_are_refused_exactly),
	    cmocka_unit_test(test_every_error_text_has_a_golden_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

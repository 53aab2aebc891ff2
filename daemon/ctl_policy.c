/* misuctl explain, diff, test and check: policies, without a running misu. */
#include <unistd.h>

#include "codec/submission.h"
#include "core/policy_diff.h"
#include "core/policy_explain.h"
#include "core/policy_test.h"
#include "ctl_policy.h"
#include "proc.h"
#include "report.h"

enum { FILE_MAX = 1024 * 1024 };

struct setup *
ctl_policy_setup(struct ctl *ctl)
{
	struct setup_given given = ctl->given;
	struct fail fail = FAIL_INIT;
	struct setup *setup;
	char *diagnostics;

	given.check = true;
	setup = setup_load(&given, &diagnostics, &fail);
	if (setup == NULL && diagnostics != NULL)
		fputs(diagnostics, stderr);
	if (setup == NULL)
		ctl_fail(&fail);
	free(diagnostics);
	return setup;
}

static const struct ruleset *
in_force(const struct setup *setup)
{
	const struct ruleset *ruleset = setup_in_force(setup, time(NULL));

	if (ruleset == NULL)
		fputs("misuctl: no revision of the policy is effective yet\n",
		    stderr);
	return ruleset;
}

static bool
read_input(struct ctl *ctl, const char *name, struct slice *out,
    struct fail *fail)
{
	char *data;

	if (strcmp(name, "-") != 0)
		return proc_read_file(name, FILE_MAX, ctl->arena, out, fail);
	data = arena_take(ctl->arena, FILE_MAX);
	if (data == NULL)
		return fail_memory(fail);
	*out = (struct slice){data, fread(data, 1, FILE_MAX, stdin)};
	return true;
}

static struct record *
load_record(struct ctl *ctl, const char *name, struct fail *fail)
{
	struct submission *submission;
	struct slice text;

	if (!read_input(ctl, name, &text, fail))
		return NULL;
	submission = submission_parse(ctl->arena, text, fail);
	return submission != NULL ? submission->record : NULL;
}

static int
print_text(struct slice text, const struct fail *fail)
{
	struct fail memory = FAIL_INIT;

	if (text.data == NULL && fail->kind == FAIL_NONE) {
		fail_memory(&memory);
		fail = &memory;
	}
	if (text.data == NULL)
		return ctl_fail(fail);
	fwrite(text.data, 1, text.len, stdout);
	return CTL_OK;
}

static int
run_explain(struct ctl *ctl, int argc, char **argv)
{
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;
	struct record *record;
	struct setup *setup;
	int status = CTL_TROUBLE;

	if (argc != 4 || strcmp(argv[2], "to") != 0)
		return ctl_usage(&ctl_explain);
	record = load_record(ctl, argv[1], &fail);
	if (record == NULL)
		return ctl_fail(&fail);
	setup = ctl_policy_setup(ctl);
	ruleset = setup != NULL ? in_force(setup) : NULL;
	if (ruleset != NULL) {
		struct slice text = policy_explain(ruleset, record,
		    slice_from(argv[3]), ctl->arena, &fail);

		status = print_text(text, &fail);
	}
	setup_free(setup);
	return status;
}

const struct ruleset *
ctl_policy_ruleset(struct ctl *ctl, struct setup *setup, const char *name)
{
	struct slice diagnostics = {"", 0};
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset;
	int64_t revision;

	for (size_t i = 0; ctl_number(name, &revision) &&
	     i < setup->ruleset_count;
	     i++)
		if (ruleset_revision(setup->rulesets[i]) == revision)
			return setup->rulesets[i];
	ruleset = setup_policy(
	    setup, ctl->arena, slice_from(name), &diagnostics, &fail);
	if (ruleset != NULL)
		return ruleset;
	fwrite(diagnostics.data, 1, diagnostics.len, stderr);
	ctl_fail(&fail);
	return NULL;
}

static int
run_diff(struct ctl *ctl, int argc, char **argv)
{
	struct fail fail = FAIL_INIT;
	const struct ruleset *before, *after = NULL;
	struct setup *setup;
	int status = CTL_TROUBLE;

	if (argc != 3)
		return ctl_usage(&ctl_diff);
	setup = ctl_policy_setup(ctl);
	if (setup == NULL)
		return CTL_TROUBLE;
	before = ctl_policy_ruleset(ctl, setup, argv[1]);
	if (before != NULL)
		after = ctl_policy_ruleset(ctl, setup, argv[2]);
	if (after != NULL)
		status = print_text(
		    policy_diff(before, after, ctl->arena), &fail);
	setup_free(setup);
	return status;
}

static struct record *
load_test_record(void *context, struct slice name, struct arena *arena,
    struct fail *fail)
{
	const char *path = proc_path(
	    arena, *(const struct slice *)context, name);

	if (path == NULL)
		return fail_memory(fail), NULL;
	return load_record(&(struct ctl){.arena = arena}, path, fail);
}

/* Records are named relative to the test that uses them. */
static int
test_file(struct ctl *ctl, struct policy_test *test, const char *name,
    struct slice *directory)
{
	struct policy_source source = {.name = slice_from(name)};
	const char *slash = strrchr(name, '/');
	struct slice report = {"", 0};
	struct fail fail = FAIL_INIT;

	*directory = (struct slice){name,
	    slash != NULL ? (size_t)(slash - name) : 0};
	if (!read_input(ctl, name, &source.text, &fail))
		return ctl_fail(&fail);
	if (policy_test_file(test, &source, &report, &fail))
		return CTL_OK;
	if (fail.kind == FAIL_MEMORY)
		return ctl_fail(&fail);
	fwrite(report.data, 1, report.len, stdout);
	return CTL_REFUSED;
}

static int
run_test(struct ctl *ctl, int argc, char **argv)
{
	struct slice directory = {"", 0};
	const struct policy_test_loader loader = {
	    load_test_record, &directory};
	const struct ruleset *ruleset;
	struct policy_test *test = NULL;
	struct fail fail = FAIL_INIT;
	struct setup *setup;
	int status = CTL_TROUBLE, first = 1;

	if (argc > 3 && strcmp(argv[1], "--policy") == 0)
		first = 3;
	if (argc <= first || argv[first][0] == '-')
		return ctl_usage(&ctl_test);
	setup = ctl_policy_setup(ctl);
	if (setup == NULL)
		return CTL_TROUBLE;
	ruleset = first == 3 ? ctl_policy_ruleset(ctl, setup, argv[2])
			     : in_force(setup);
	if (ruleset != NULL)
		test = policy_test_create(ctl->arena, ruleset, &loader);
	if (test != NULL)
		status = CTL_OK;
	for (int i = first; test != NULL && i < argc; i++) {
		int one = test_file(ctl, test, argv[i], &directory);

		status = one > status ? one : status;
	}
	if (status != CTL_TROUBLE)
		print_text(policy_test_summary(test), &fail);
	setup_free(setup);
	return status;
}

static int
run_check(struct ctl *ctl, int argc, char **argv)
{
	struct setup *setup;
	bool ok;

	(void)argv;
	if (argc != 1)
		return ctl_usage(&ctl_check);
	setup = ctl_policy_setup(ctl);
	if (setup == NULL)
		return CTL_TROUBLE;
	fwrite(setup->diagnostics.data, 1, setup->diagnostics.len, stderr);
	ok = report_summary(setup, stdout);
	setup_free(setup);
	return ok ? CTL_OK : CTL_TROUBLE;
}

const struct ctl_command ctl_explain = {
    .name = "explain",
    .usage = "RECORD to RECIPIENT",
    .summary = "why a recipient would get what it gets of a record",
    .help = "RECORD is a JSON file, or - for standard input.",
    .run = run_explain,
};

const struct ctl_command ctl_diff = {
    .name = "diff",
    .usage = "OLD NEW",
    .summary = "what changes from one policy to another, by meaning",
    .help = "OLD and NEW are policy files, or numbers of revisions that\n"
	    "misu.conf names.",
    .run = run_diff,
};

const struct ctl_command ctl_test = {
    .name = "test",
    .usage = "[--policy POLICY] FILE ...",
    .summary = "check what a policy does against what is expected",
    .help = "POLICY is a file or the number of a revision; else the one in\n"
	    "force.  Exit status 1: an expectation is not met.",
    .run = run_test,
};

const struct ctl_command ctl_check = {
    .name = "check",
    .usage = "",
    .summary = "is misu.conf sound, with all policies and templates?",
    .run = run_check,
};

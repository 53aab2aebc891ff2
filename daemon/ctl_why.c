/* misuctl why: what an entry says, and why it says so. */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/why.h"
#include "ctl_opened.h"
#include "store/log_about.h"

enum { LATER_MAX = 256, ABOUT_DEPTH = 4 };

/* What was asked for. */
struct asked {
	struct ctl_opened opened;
	uint64_t entry;
	bool json;
};

/* What came later about a disclosure. */
struct later {
	struct arena *kept;
	struct entry_shown entries[LATER_MAX];
	size_t count;
	bool failed; /* out of memory */
};

static bool
on_later(void *context, const struct entry_shown *shown)
{
	struct later *later = context;
	struct entry_shown *kept = &later->entries[later->count];

	*kept = *shown;
	kept->entry = arena_copy(later->kept, shown->entry);
	kept->object = arena_copy(later->kept, shown->object);
	if (kept->entry.data == NULL || kept->object.data == NULL) {
		later->failed = true;
		return false;
	}
	later->count++;
	return later->count < LATER_MAX;
}

static bool
find_later(struct asked *asked, const struct entry_shown *disclosure,
    struct later *later, struct fail *fail)
{
	struct log_query run =
	    ctl_opened_query(&asked->opened, on_later, later);
	struct fail by_index = FAIL_INIT;
	struct log_page page;

	later->kept = asked->opened.ctl->arena;
	later->count = 0;
	if (!log_about_entry(&run, disclosure, &page, &by_index)) {
		run.index = NULL;
		later->count = 0;
		if (!log_about_entry(&run, disclosure, &page, fail))
			return false;
	}
	return !later->failed || fail_memory(fail);
}

static int
print(struct slice text, const struct fail *fail)
{
	if (text.data == NULL)
		return ctl_fail(fail);
	fwrite(text.data, 1, text.len, stdout);
	return CTL_OK;
}

static int
show_disclosure(struct asked *asked, const struct entry_shown *shown)
{
	struct ctl_opened *opened = &asked->opened;
	struct arena *arena = opened->ctl->arena;
	struct later later = {.failed = false};
	struct why_given given = {.shown = *shown, .later = later.entries};
	struct digest policy = {{0}}, setup = {{0}};
	struct fail fail = FAIL_INIT;
	struct slice text;

	if (opened->keys != NULL &&
	    log_query_inputs(opened->keys, shown->entry, arena,
		&given.shown.object, &given.inputs) &&
	    !ctl_opened_reveal(opened))
		return CTL_TROUBLE;
	if (entry_digest(shown->entry, "policy", &policy) &&
	    entry_digest(shown->entry, "setup", &setup))
		given.ruleset =
		    ctl_opened_policy(opened, &policy, &setup, &given.missing);
	if (!find_later(asked, &given.shown, &later, &fail))
		return ctl_fail(&fail);
	given.later_count = later.count;
	text = asked->json ? why_json(&given, arena, &fail)
			   : why_text(&given, arena, &fail);
	return print(text, &fail);
}

static bool
read_entry(struct asked *asked, uint64_t index, struct entry_shown *out)
{
	struct fail fail = FAIL_INIT;

	*out = (struct entry_shown){.index = index};
	if (log_reader_entry(asked->opened.log, index, asked->opened.ctl->arena,
		&out->entry, &fail))
		return true;
	ctl_fail(&fail);
	return false;
}

/* What a server showed, with each rule as it stood then. */
static void
print_finding(const struct ruleset *ruleset, struct slice finding,
    struct arena *arena)
{
	struct slice words[3] = {{"", 0}, {"", 0}, {"", 0}}, item;
	int64_t rule = 0;

	for (size_t i = 0; i < 3; i++)
		if (canon_next_item(&finding, &item))
			canon_string(item, arena, &words[i]);
	printf("  %.*s", SLICE_ARG(words[0]));
	if (words[1].len != 0)
		printf(" %.*s.%.*s", SLICE_ARG(words[1]), SLICE_ARG(words[2]));
	if (!canon_next_item(&finding, &item) || !canon_number(item, &rule) ||
	    rule == 0) {
		putchar('\n');
		return;
	}
	printf("  rule %lld\n", (long long)rule);
	if (ruleset != NULL && rule > 0 &&
	    rule <= (int64_t)ruleset_rule_count(ruleset))
		printf("    %.*s: %.*s\n",
		    SLICE_ARG(ruleset_rule_place(ruleset, (unsigned)rule)),
		    SLICE_ARG(ruleset_rule_text(ruleset, (unsigned)rule)));
}

static int
show_audit(struct asked *asked, struct entry_shown *shown)
{
	struct ctl_opened *opened = &asked->opened;
	struct arena *arena = opened->ctl->arena;
	struct digest policy = {{0}}, setup = {{0}};
	struct slice missing = {"", 0}, findings, finding;
	const struct ruleset *ruleset = NULL;
	struct fail fail = FAIL_INIT;

	if (opened->keys != NULL &&
	    log_query_object(
		opened->keys, shown->entry, arena, &shown->object) &&
	    !ctl_opened_reveal(opened))
		return CTL_TROUBLE;
	if (asked->json) {
		int status = print(entry_print_json(arena, shown), &fail);

		putchar('\n');
		return status;
	}
	print(entry_print_text(arena, shown), &fail);
	putchar('\n');
	if (entry_digest(shown->entry, "policy", &policy) &&
	    entry_digest(shown->entry, "setup", &setup))
		ruleset =
		    ctl_opened_policy(opened, &policy, &setup, &missing);
	if (canon_member(shown->entry, "findings", &findings))
		while (canon_next_item(&findings, &finding))
			print_finding(ruleset, finding, arena);
	if (ruleset == NULL)
		printf("%.*s\n", SLICE_ARG(missing));
	return CTL_OK;
}

/* As if it still stood where it was. */
static int
show_kept(struct asked *asked, const struct entry_shown *shown,
    const struct entry_kept *kept)
{
	const struct entry_shown there = {
	    .index = kept->index, .entry = kept->disclosure};
	struct fail fail = FAIL_INIT;

	if (!asked->json) {
		print(entry_print_text(asked->opened.ctl->arena, shown), &fail);
		printf("\nthis carries on entry %llu:\n\n",
		    (unsigned long long)kept->index);
	}
	return show_disclosure(asked, &there);
}

/* An event in a line; then what it is about, down to the disclosure. */
static int
show(struct asked *asked)
{
	struct arena *arena = asked->opened.ctl->arena;
	struct entry_shown shown = {.index = asked->entry};
	struct fail fail = FAIL_INIT;
	struct entry_kept kept;
	struct slice type, findings;
	int64_t about;

	for (unsigned i = 0; i < ABOUT_DEPTH; i++) {
		if (!read_entry(asked, shown.index, &shown))
			return CTL_TROUBLE;
		if (canon_get_string(shown.entry, "type", arena, &type) &&
		    slice_is(type, "disclosure"))
			return show_disclosure(asked, &shown);
		if (canon_member(shown.entry, "findings", &findings))
			return show_audit(asked, &shown);
		if (entry_kept_read(shown.entry, arena, &kept))
			return show_kept(asked, &shown, &kept);
		if (asked->json &&
		    !canon_get_number(shown.entry, "entry", &about)) {
			int status =
			    print(entry_print_json(arena, &shown), &fail);

			putchar('\n');
			return status;
		}
		if (!asked->json) {
			print(entry_print_text(arena, &shown), &fail);
			putchar('\n');
		}
		if (!canon_get_number(shown.entry, "entry", &about) ||
		    about < 0)
			return CTL_OK;
		if (!asked->json)
			printf(
			    "this is about entry %lld:\n\n", (long long)about);
		shown.index = (uint64_t)about;
	}
	return CTL_OK;
}

static bool
parse(struct asked *asked, int argc, char **argv)
{
	bool named = false;

	for (int i = 1; i < argc; i++) {
		char *end;

		if (strcmp(argv[i], "--json") == 0) {
			asked->json = true;
			continue;
		}
		if (named || argv[i][0] < '0' || argv[i][0] > '9')
			return false;
		asked->entry = strtoull(argv[i], &end, 10);
		named = *end == '\0';
	}
	return named;
}

static int
run_why(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.entry = 0};
	int status = CTL_TROUBLE;

	if (!parse(&asked, argc, argv))
		return ctl_usage(&ctl_why);
	if (ctl_opened_open(&asked.opened, ctl))
		status = show(&asked);
	ctl_opened_close(&asked.opened);
	return status;
}

const struct ctl_command ctl_why = {
    .name = "why",
    .usage = "[--json] ENTRY",
    .summary = "why an entry of the ledger says what it says",
    .help =
	"Each field's verdict with its rule as it stood then, the steps of\n"
	"the decision, and what came of it.  Of an event, what it is about.",
    .run = run_why,
};

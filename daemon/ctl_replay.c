/* misuctl replay: what another policy would have done. */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/replay.h"
#include "ctl_opened.h"
#include "ctl_policy.h"
#include "store/log_query.h"

struct asked {
	struct ctl_opened opened;
	const char *policy;
	bool json;
	int64_t since, until;
	struct replay *replay;
	struct log_page page; /* of the reading of disclosures */
	struct arena *scratch;
	struct fail fail; /* of the reading */
};

static bool
add(struct asked *asked, struct replay_entry entry)
{
	struct digest policy, setup;
	struct slice missing;

	if (asked->opened.keys != NULL)
		log_query_inputs(asked->opened.keys, entry.entry,
		    asked->scratch, &entry.object, &entry.inputs);
	if (entry_digest(entry.entry, "policy", &policy) &&
	    entry_digest(entry.entry, "setup", &setup))
		entry.was = ctl_opened_policy(
		    &asked->opened, &policy, &setup, &missing);
	return replay_add(asked->replay, &entry, asked->scratch, &asked->fail);
}

static bool
on_disclosure(void *context, const struct entry_shown *shown)
{
	struct asked *asked = context;

	arena_reset(asked->scratch);
	return add(asked, (struct replay_entry){
			      .index = shown->index, .entry = shown->entry});
}

/* Of what was pruned, what is carried on. */
static bool
on_kept(void *context, const struct entry_shown *shown)
{
	struct asked *asked = context;
	struct entry_kept kept;
	int64_t time;

	arena_reset(asked->scratch);
	if (!entry_kept_read(shown->entry, asked->scratch, &kept) ||
	    kept.index >= asked->page.minimum ||
	    !canon_get_number(kept.disclosure, "time", &time) ||
	    time < asked->since || time >= asked->until)
		return true;
	return add(asked, (struct replay_entry){.index = kept.index,
			      .entry = kept.disclosure});
}

static bool
read_type(struct asked *asked, const char *type, const char *index)
{
	bool is_kept = strcmp(type, "kept") == 0;
	struct log_query run = ctl_opened_query(
	    &asked->opened, is_kept ? on_kept : on_disclosure, asked);
	struct slice word = slice_from(type);
	struct log_page ignored;
	struct query query;

	query_init(&query);
	query.from = asked->since;
	/* It was carried on later than it was submitted. */
	if (!is_kept)
		query.until = asked->until;
	query.terms[query.count++] = (struct query_term){
	    .key = QUERY_TYPE, .values = &word, .count = 1};
	run.index = index;
	run.query = &query;
	return log_query_run(
		   &run, is_kept ? &ignored : &asked->page, &asked->fail) &&
	       asked->fail.kind == FAIL_NONE;
}

/* One reading of all disclosures of that time; the index may be NULL. */
static bool
read_by(struct asked *asked, const struct ruleset *now, const char *index)
{
	asked->fail = (struct fail)FAIL_INIT;
	asked->replay = replay_create(now, asked->opened.ctl->arena);
	if (asked->replay == NULL)
		return fail_memory(&asked->fail);
	return read_type(asked, "disclosure", index) &&
	       read_type(asked, "kept", index);
}

static int
replay_all(struct asked *asked, const struct ruleset *now)
{
	struct arena *arena = asked->opened.ctl->arena;
	struct slice text;

	if (!read_by(asked, now, asked->opened.index) &&
	    !read_by(asked, now, NULL))
		return ctl_fail(&asked->fail);
	text = asked->json ? replay_json(asked->replay, arena)
			   : replay_text(asked->replay, arena);
	if (text.data == NULL)
		return fail_memory(&asked->fail), ctl_fail(&asked->fail);
	fwrite(text.data, 1, text.len, stdout);
	return replay_finish(asked->replay)->more != 0 ? CTL_REFUSED : CTL_OK;
}

/* Without the keys nothing that was kept can be read. */
static bool
has_keys(const struct asked *asked)
{
	struct fail fail = FAIL_INIT;

	if (asked->opened.keys != NULL)
		return true;
	fail_set(&fail, FAIL_DENIED,
	    "what was kept of each decision needs the master key, which cannot"
	    " be read");
	ctl_fail(&fail);
	return false;
}

static bool
parse(struct asked *asked, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			asked->json = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--policy") == 0)
			asked->policy = argv[++i];
		else if (strcmp(argv[i], "--since") == 0 &&
			 ctl_parse_time(argv[i + 1], &asked->since))
			i++;
		else if (strcmp(argv[i], "--until") == 0 &&
			 ctl_parse_time(argv[i + 1], &asked->until))
			i++;
		else
			return false;
	}
	return asked->policy != NULL;
}

static int
run_replay(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {
	    .since = INT64_MIN, .until = INT64_MAX, .fail = FAIL_INIT};
	const struct ruleset *now;
	struct setup *setup;
	int status = CTL_TROUBLE;

	if (!parse(&asked, argc, argv))
		return ctl_usage(&ctl_replay);
	setup = ctl_policy_setup(ctl);
	now =
	    setup != NULL ? ctl_policy_ruleset(ctl, setup, asked.policy) : NULL;
	asked.scratch = now != NULL ? arena_create(NULL) : NULL;
	if (asked.scratch != NULL) {
		if (ctl_opened_open(&asked.opened, ctl) && has_keys(&asked))
			status = replay_all(&asked, now);
		ctl_opened_close(&asked.opened);
	}
	arena_destroy(asked.scratch);
	setup_free(setup);
	return status;
}

const struct ctl_command ctl_replay = {
    .name = "replay",
    .usage = "--policy NEW [--since TIME] [--until TIME] [--json]",
    .summary = "what another policy would have done with what was submitted",
    .help =
	"NEW is a policy file, or the number of a revision that misu.conf\n"
	"names.  Decides every disclosure of the ledger again from what was\n"
	"kept of it.  Exit status 1: something would be shown more.",
    .run = run_replay,
};

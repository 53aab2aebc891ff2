/* misuctl replay: what another policy would have done. */
#include "core/canon.h"
#include "core/replay.h"
#include "ctl_opened.h"
#include "ctl_policy.h"
#include "store/log_query.h"

struct asked {
	struct ctl_opened opened;
	const char *policy;
	bool has_since, has_until, json;
	int64_t since, until;
	struct arena *scratch;
};

static bool
is_in_time(const struct asked *asked, struct slice entry)
{
	int64_t time;

	return (!asked->has_since && !asked->has_until) ||
	       (canon_get_number(entry, "time", &time) &&
		   (!asked->has_since || time >= asked->since) &&
		   (!asked->has_until || time < asked->until));
}

static bool
add_entry(struct asked *asked, struct replay *replay, uint64_t index,
    struct fail *fail)
{
	struct replay_entry entry = {.index = index};
	struct digest policy, setup;
	struct slice missing, type;

	arena_reset(asked->scratch);
	if (!log_reader_entry(
		asked->opened.log, index, asked->scratch, &entry.entry, fail))
		return false;
	if (!canon_get_string(entry.entry, "type", asked->scratch, &type) ||
	    !slice_is(type, "disclosure") || !is_in_time(asked, entry.entry))
		return true;
	if (asked->opened.keys != NULL)
		log_query_inputs(asked->opened.keys, entry.entry,
		    asked->scratch, &entry.object, &entry.inputs);
	if (entry_digest(entry.entry, "policy", &policy) &&
	    entry_digest(entry.entry, "setup", &setup))
		entry.was = ctl_opened_policy(
		    &asked->opened, &policy, &setup, &missing);
	return replay_add(replay, &entry, asked->scratch, fail);
}

static int
replay_all(struct asked *asked, const struct ruleset *now)
{
	struct arena *arena = asked->opened.ctl->arena;
	struct replay *replay = replay_create(now, arena);
	uint64_t size = log_reader_size(asked->opened.log);
	struct fail fail = FAIL_INIT;
	struct slice text;

	if (replay == NULL)
		fail_memory(&fail);
	for (uint64_t i = log_reader_minimum(asked->opened.log);
	     fail.kind == FAIL_NONE && i < size; i++)
		if (!add_entry(asked, replay, i, &fail))
			break;
	if (fail.kind != FAIL_NONE)
		return ctl_fail(&fail);
	text = asked->json ? replay_json(replay, arena)
			   : replay_text(replay, arena);
	if (text.data == NULL)
		return fail_memory(&fail), ctl_fail(&fail);
	fwrite(text.data, 1, text.len, stdout);
	return replay_finish(replay)->more != 0 ? CTL_REFUSED : CTL_OK;
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
			asked->has_since = ++i != 0;
		else if (strcmp(argv[i], "--until") == 0 &&
			 ctl_parse_time(argv[i + 1], &asked->until))
			asked->has_until = ++i != 0;
		else
			return false;
	}
	return asked->policy != NULL;
}

static int
run_replay(struct ctl *ctl, int argc, char **argv)
{
	struct asked asked = {.policy = NULL};
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

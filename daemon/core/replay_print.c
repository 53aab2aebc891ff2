/* What a replay found, for people and for programs. */
#include "core/replay.h"

const char *
replay_verdict_name(unsigned verdict)
{
	if (verdict == REPLAY_NOTHING)
		return "nothing";
	if (verdict == REPLAY_UNKNOWN)
		return "cannot be told";
	return verdict_name((enum verdict)verdict);
}

static void
add_count(struct text *out, uint64_t count, const char *what)
{
	text_add_format(out, "%8llu %s\n", (unsigned long long)count, what);
}

static void
add_examples(struct text *out, const struct replay_group *group)
{
	uint64_t shown =
	    group->count < REPLAY_EXAMPLES ? group->count : REPLAY_EXAMPLES;

	for (uint64_t i = 0; i < shown; i++)
		text_add_format(out, "%s#%llu", i == 0 ? "" : " ",
		    (unsigned long long)group->examples[i]);
	if (group->count > shown)
		text_add_string(out, " ...");
}

static void
add_group(struct text *out, const struct replay_group *group)
{
	text_add_format(out, "%c %8llu  ", group->more ? '+' : ' ',
	    (unsigned long long)group->count);
	text_add(out, group->recipient);
	text_add_format(out, "  %s.%s  %s -> %s", group->role, group->field,
	    replay_verdict_name(group->old_verdict),
	    replay_verdict_name(group->new_verdict));
	if (group->new_verdict != REPLAY_UNKNOWN)
		text_add_format(
		    out, "  rule %u -> %u", group->old_rule, group->new_rule);
	text_add_string(out, "  ");
	add_examples(out, group);
	text_add_char(out, '\n');
}

struct slice
replay_text(const struct replay *replay, struct arena *arena)
{
	const struct replay_result *result = replay_finish(replay);
	struct text out = text_start(arena);

	add_count(&out, result->disclosures, "disclosures");
	add_count(&out, result->same, "would be the same");
	add_count(&out, result->changed, "would change");
	add_count(&out, result->more, "of these would show more");
	if (result->unknown != 0)
		add_count(&out, result->unknown,
		    "cannot be told whole: the policy tests what was not kept");
	if (result->unkept != 0)
		add_count(&out, result->unkept,
		    "cannot be told: nothing was kept, or the subject was "
		    "forgotten");
	if (result->groups != NULL)
		text_add_string(&out,
		    "\n  count  recipient, field, then -> now, rules, "
		    "entries (+: more is shown)\n");
	for (const struct replay_group *g = result->groups; g; g = g->next)
		add_group(&out, g);
	if (result->cut)
		text_add_string(&out, "... and others\n");
	return text_slice(&out);
}

static void
json_group(struct text *out, const struct replay_group *group)
{
	uint64_t shown =
	    group->count < REPLAY_EXAMPLES ? group->count : REPLAY_EXAMPLES;

	text_add_string(out, "{\"recipient\":");
	text_add_json(out, group->recipient);
	text_add_format(out,
	    ",\"role\":\"%s\",\"field\":\"%s\",\"old\":[\"%s\",%u],"
	    "\"new\":[\"%s\",%u],\"more\":%s,\"count\":%llu,\"entries\":[",
	    group->role, group->field, replay_verdict_name(group->old_verdict),
	    group->old_rule, replay_verdict_name(group->new_verdict),
	    group->new_rule, group->more ? "true" : "false",
	    (unsigned long long)group->count);
	for (uint64_t i = 0; i < shown; i++)
		text_add_format(out, "%s%llu", i == 0 ? "" : ",",
		    (unsigned long long)group->examples[i]);
	text_add_string(out, "]}");
}

struct slice
replay_json(const struct replay *replay, struct arena *arena)
{
	const struct replay_result *result = replay_finish(replay);
	struct text out = text_start(arena);

	text_add_format(&out,
	    "{\"disclosures\":%llu,\"same\":%llu,\"changed\":%llu,"
	    "\"more\":%llu,\"unknown\":%llu,\"unkept\":%llu,\"cut\":%s,"
	    "\"groups\":[",
	    (unsigned long long)result->disclosures,
	    (unsigned long long)result->same,
	    (unsigned long long)result->changed,
	    (unsigned long long)result->more,
	    (unsigned long long)result->unknown,
	    (unsigned long long)result->unkept, result->cut ? "true" : "false");
	for (const struct replay_group *g = result->groups; g; g = g->next) {
		if (g != result->groups)
			text_add_char(&out, ',');
		json_group(&out, g);
	}
	text_add_string(&out, "]}\n");
	return text_slice(&out);
}

#include "core/policy.h"

#include "core/compile.h"
#include "core/contact_plan.h"
#include "core/policy_check.h"
#include "core/policy_parse.h"
#include "core/policy_print.h"

static bool
add_lines(struct arena *arena, struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		struct rule *rule = policy->rules[i];
		struct text line = text_start(arena);
		struct text where = text_start(arena);
		unsigned number, column;

		place_find(rule->place, &number, &column);
		policy_print_rule(&line, rule);
		text_add(&where, rule->place.source->name);
		text_add_format(&where, ":%u", number);
		rule->line = text_slice(&line);
		rule->where = text_slice(&where);
		if (rule->line.data == NULL || rule->where.data == NULL)
			return false;
	}
	return true;
}

/* What decides is small and near: a byte a rule. */
static bool
add_verdicts(struct ruleset *ruleset)
{
	const struct policy *policy = ruleset->policy;
	uint8_t *verdicts = arena_take(ruleset->arena, policy->rule_count + 1);

	if (verdicts == NULL)
		return false;
	verdicts[0] = VERDICT_REDACT;
	for (size_t i = 0; i < policy->rule_count; i++)
		verdicts[i + 1] = (uint8_t)policy->rules[i]->verdict;
	ruleset->verdicts = verdicts;
	return true;
}

/* Canonical text and identity; false when out of memory. */
static bool
identify(struct ruleset *ruleset)
{
	struct text text = text_start(ruleset->arena);

	policy_print(&text, ruleset->policy);
	ruleset->text = text_slice(&text);
	if (ruleset->text.data == NULL)
		return false;
	ruleset->identity = digest_sha256(ruleset->text);
	return add_verdicts(ruleset) &&
	       add_lines(ruleset->arena, ruleset->policy);
}

/*
 * Each stage runs only on what the one before found sound, for its complaints
 * would else be echoes.  False when out of memory.
 */
static bool
build(struct ruleset *ruleset, const struct policy_given *given,
    const struct policy_source *source, struct complaints *complaints)
{
	ruleset->policy = policy_parse(given, source, complaints);
	if (ruleset->policy == NULL)
		return false;
	policy_check_recipients(ruleset->policy, complaints);
	if (complaints->count != 0)
		return !complaints->failed;
	if (!policy_check_blocks(given->arena, ruleset->policy, complaints) ||
	    !compile(ruleset, complaints))
		return false;
	if (complaints->count == 0 && !policy_prove(ruleset, complaints))
		return false;
	return !complaints->failed && identify(ruleset) &&
	       (complaints->count != 0 || contact_plan_make(ruleset));
}

struct ruleset *
policy_load(struct arena *arena, const struct policy_source *source,
    const struct policy_loader *loader, const struct network_group *networks,
    size_t network_count, struct slice *diagnostics, struct fail *fail)
{
	struct policy_given given = {arena, loader, networks, network_count};
	struct complaints complaints = {.arena = arena};
	struct ruleset *ruleset = arena_take(arena, sizeof(*ruleset));

	*diagnostics = (struct slice){"", 0};
	if (ruleset == NULL) {
		fail_memory(fail);
		return NULL;
	}
	ruleset->arena = arena;
	if (!build(ruleset, &given, source, &complaints)) {
		fail_memory(fail);
		return NULL;
	}
	if (complaints.count == 0)
		return ruleset;
	*diagnostics = complaints_print(&complaints);
	if (diagnostics->data == NULL) {
		*diagnostics = (struct slice){"", 0};
		fail_memory(fail);
		return NULL;
	}
	fail_set(fail, FAIL_INPUT, "the policy has %zu error%s",
	    complaints.count, complaints.count == 1 ? "" : "s");
	fail_place(fail, "%.*s", SLICE_ARG(source->name));
	return NULL;
}

bool
policy_choose(const struct ruleset *const *rulesets, size_t count, int64_t now,
    size_t *out)
{
	const struct ruleset *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct ruleset *r = rulesets[i];

		if (ruleset_effective(r) > now)
			continue;
		if (best != NULL &&
		    (ruleset_effective(r) < ruleset_effective(best) ||
			(ruleset_effective(r) == ruleset_effective(best) &&
			    ruleset_revision(r) <= ruleset_revision(best))))
			continue;
		best = r;
		*out = i;
	}
	return best != NULL;
}

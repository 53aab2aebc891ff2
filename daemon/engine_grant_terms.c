/*
 * What a grant was approved for are rules: those of the policy for its
 * recipient and purpose at that time.  Under others it is not answered.
 */
#include "engine_case.h"

bool
engine_grant_is_in_force(const struct engine *engine, const struct grant *grant,
    struct arena *arena, bool *is, struct fail *fail)
{
	struct digest terms;

	if (!ruleset_terms(engine->ruleset, grant->recipient, grant->purpose,
		arena, &terms))
		return fail_memory(fail);
	*is = digest_equal(&terms, &grant->terms);
	return true;
}

/* A crash in between makes the step twice rather than never. */
void
engine_grant_outdated(struct engine *engine, const struct grant *grant)
{
	struct fail fail = FAIL_INIT;
	struct affair *affair;
	struct text text;

	if (grant->is_outdated)
		return;
	affair = affair_create(
	    engine, SLICE("misu"), (struct slice){"", 0}, NULL, NULL);
	if (affair == NULL)
		return;
	text = text_start(affair->arena);
	text_add_format(&text, "token %lld: the policy has other rules for ",
	    (long long)grant->id);
	text_add(&text, grant->recipient);
	if (text.failed || !cases_get(engine->o.cases, affair->arena,
			       grant->case_id, &affair->row, &fail)) {
		affair_fail(affair, 503, &fail);
		return;
	}
	affair_take_step(
	    affair, SUBJECT_CASE_TOKEN_OUTDATED, text_slice(&text), -1);
	if (!grants_set_outdated(engine->o.grants, grant->id, &fail))
		engine_log(engine, "error", "tier-not-noted", &fail);
}

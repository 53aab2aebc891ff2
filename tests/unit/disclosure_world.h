/*
 * A small policy and record, and the way from there to a sealed.
 */
#ifndef MISU_DISCLOSURE_WORLD_H
#define MISU_DISCLOSURE_WORLD_H

#include "ledger_world.h"

#include "core/decide.h"
#include "core/policy.h"

static const char policy[] =
    "policy \"t\" revision 1 effective 2026-04-01T00:00:00Z\n"
    "purpose p10 \"submit\"\n"
    "recipient reg \"Registry\" in JP class registry basis contract by api {\n"
    "  may receive name, email, auth-info of registrant\n"
    "}\n"
    "for .example to reg for p10 {\n"
    "  hold \"kind unknown\" when registrant.kind is unknown\n"
    "  forward name of registrant\n"
    "  redact * of *\n"
    "}\n";

static inline const struct ruleset *
load(struct arena *arena)
{
	struct slice diagnostics = {NULL, 0};
	struct fail fail = FAIL_INIT;
	const struct ruleset *ruleset = policy_load(arena,
	    &(struct policy_source){SLICE("t.policy"), slice_from(policy)},
	    NULL, NULL, 0, &diagnostics, &fail);

	if (ruleset == NULL)
		print_message("%.*s%s\n", SLICE_ARG(diagnostics), fail.text);
	assert_non_null(ruleset);
	return ruleset;
}

static inline struct record *
record_of(struct world *world, enum kind kind, const char *subject)
{
	struct slice name = SLICE("Taro Canary"), mail =
	    SLICE("canary@mail.example");
	struct record *record = record_create(world->arena, OBJECT_DOMAIN,
	    OPERATION_CREATE, SLICE("taro.example"), &world->fail);

	assert_non_null(record);
	assert_true(
	    record_set_role(record, ROLE_REGISTRANT, kind, &world->fail));
	assert_true(record_set_subject(
	    record, ROLE_REGISTRANT, slice_from(subject), &world->fail));
	assert_true(record_set(record, ROLE_REGISTRANT, FIELD_NAME_INT, &name,
	    1, &world->fail));
	assert_true(record_set(
	    record, ROLE_REGISTRANT, FIELD_EMAIL, &mail, 1, &world->fail));
	return record;
}

static inline struct disclosure *
disclosure_of(struct world *world, const struct record *record)
{
	const struct ruleset *ruleset = load(world->arena);
	const struct decide_given given = {.approved = false};
	struct disclosure *disclosure =
	    decide(ruleset, ruleset_block(ruleset, 0), record, &given,
		world->arena, &world->fail);

	assert_non_null(disclosure);
	return disclosure;
}

static inline struct world_answer
commit(struct world *world, const struct record *record, const char *request,
    const char *payload)
{
	struct dispatch dispatch = {.channel = SLICE("file"),
	    .payload = slice_from(payload),
	    .request = slice_from(request),
	    .supersedes = LEDGER_NONE};
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_non_null(batch);
	assert_true(ledger_add_record(batch, record, &world->fail));
	if (!ledger_add_disclosure(batch, disclosure_of(world, record),
		&dispatch, &world->fail))
		world_complain(world);
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	return answer;
}

#endif

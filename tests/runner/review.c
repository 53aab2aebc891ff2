/*
 * What reviewers and subjects ask, checked on every ledger that a scenario
 * leaves: the policy in force, asked again, would have done the same; and the
 * record of provision of a person.
 */
#include "codec/account.h"
#include "core/entry_parts.h"
#include "core/replay.h"
#include "runner/world.h"
#include "store/log_query.h"

/* The whole entry, what it gave, and what its subject's key opens of that. */
static bool
open_entry(struct world *world, uint64_t index, struct arena *arena,
    struct replay_entry *out, struct slice *given)
{
	struct fail fail = FAIL_INIT;

	*out = (struct replay_entry){.index = index};
	if (!ledger_read(world->ledger, index, arena, &out->entry, &fail))
		return false;
	if (!entry_disclosed(out->entry, arena, given))
		*given = out->entry;
	log_query_inputs(
	    world->keys, *given, arena, &out->object, &out->inputs);
	return true;
}

static void
tell(struct world *world, const struct replay *replay, struct arena *arena)
{
	const struct replay_result *result = replay_finish(replay);
	struct slice text;

	if (result->disclosures == result->same + result->unkept)
		return;
	text = replay_text(replay, arena);
	world_fail(
	    world, "decided again, it is not the same:\n%.*s", SLICE_ARG(text));
}

void
review_check(struct world *world)
{
	struct arena *arena = arena_create(NULL), *scratch = arena_create(NULL);
	struct replay *replay = replay_create(world->ruleset, arena);
	struct fail fail = FAIL_INIT;

	if (replay == NULL || scratch == NULL)
		abort();
	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct replay_entry entry;
		struct digest policy;
		struct slice given;

		arena_reset(scratch);
		if (!open_entry(world, i, scratch, &entry, &given) ||
		    !entry_digest(given, "policy", &policy) ||
		    !digest_equal(&policy, ruleset_identity(world->ruleset)))
			continue;
		entry.entry = given;
		entry.was = world->ruleset;
		if (!replay_add(replay, &entry, scratch, &fail))
			abort();
	}
	tell(world, replay, arena);
	arena_destroy(scratch);
	arena_destroy(arena);
}

/* --- the record of provision, its blanks made one --- */

static struct slice
pseudonym_of(struct world *world, struct slice id, struct arena *arena)
{
	struct text hex = text_start(arena);
	struct subject subject;

	if (!keys_find(world->keys, id, &subject))
		return SLICE("");
	text_add_hex(&hex, subject.pseudonym, PSEUDONYM_SIZE);
	return text_slice(&hex);
}

static struct slice
squeeze(struct slice from, struct arena *arena)
{
	struct text out = text_start(arena);
	bool blank = false;

	for (size_t i = 0; i < from.len; i++) {
		bool is_blank = from.data[i] == ' ' || from.data[i] == '\n';

		if (!is_blank || !blank)
			text_add_char(&out, is_blank ? ' ' : from.data[i]);
		blank = is_blank;
	}
	return text_slice(&out);
}

struct slice
review_account(struct world *world, struct slice id, struct arena *arena)
{
	struct account account = {.language = ACCOUNT_ENGLISH,
	    .subject = id,
	    .pseudonym = pseudonym_of(world, id, arena),
	    .has_names = true};
	struct provided *provided = provided_create(account.pseudonym, arena);
	struct fail fail = FAIL_INIT;

	for (uint64_t i = 0; i < ledger_size(world->ledger); i++) {
		struct replay_entry opened;
		struct provided_entry entry;
		struct digest policy;
		struct slice given;

		if (!open_entry(world, i, arena, &opened, &given))
			continue;
		entry = (struct provided_entry){.index = i,
		    .entry = opened.entry,
		    .object = opened.object,
		    .inputs = opened.inputs};
		if (entry_digest(given, "policy", &policy) &&
		    digest_equal(&policy, ruleset_identity(world->ruleset)))
			entry.ruleset = world->ruleset;
		if (!provided_add(provided, &entry, arena, &fail))
			abort();
	}
	account.provided = provided_finish(provided, &fail);
	if (account.provided == NULL)
		abort();
	return squeeze(account_text(&account, arena), arena);
}

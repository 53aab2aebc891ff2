#include "core/decide.h"

#include "core/compile.h"
#include "core/disclosure_priv.h"
#include "core/facts.h"
#include "core/match.h"

void
decide_rows(const struct ruleset *ruleset, const struct block *block,
    const uint16_t *facts, const uint16_t *rows[ROLE_COUNT])
{
	const struct bound_block *bound = &ruleset->blocks[block->number];

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		rows[role] = bound->fixed[role] != NULL
				 ? bound->fixed[role]
				 : table_row(&bound->roles[role], facts);
}

struct ruling
decide_gate(const struct ruleset *ruleset, const struct block *block,
    const uint16_t *facts)
{
	const struct bound_block *bound = &ruleset->blocks[block->number];
	unsigned rule = bound->fixed_gate != NULL
			    ? *bound->fixed_gate
			    : *table_row(&bound->gate, facts);

	if (rule == 0)
		return (struct ruling){VERDICT_FORWARD, 0};
	return (struct ruling){ruleset->policy->rules[rule - 1]->verdict, rule};
}

/*
 * The strictest word of this recipient and those behind it, the nearest
 * first.  An approved hold passes; a refusal never does.
 */
static struct ruling
outcome_of(
    const struct disclosure *disclosure, const uint16_t *facts, bool approved)
{
	struct ruling outcome = {VERDICT_FORWARD, 0};

	for (size_t i = 0; i <= disclosure->onward_count; i++) {
		const struct decided *decided =
		    i == 0 ? &disclosure->own : &disclosure->onward[i - 1];
		struct ruling ruling =
		    decide_gate(disclosure->ruleset, decided->block, facts);

		if (approved && ruling.verdict == VERDICT_HOLD)
			continue;
		if (ruling.verdict < outcome.verdict)
			outcome = ruling;
	}
	return outcome;
}

static bool
find_onward(struct disclosure *disclosure, const struct record *record,
    const uint16_t *facts, struct arena *arena)
{
	const struct block *blocks[ONWARD_MAX];
	size_t count = ruleset_onward(disclosure->ruleset,
	    disclosure->own.block, record, blocks, ONWARD_MAX);

	if (count == 0)
		return true;
	disclosure->onward =
	    arena_take_array(arena, count, sizeof(*disclosure->onward));
	if (disclosure->onward == NULL)
		return false;
	disclosure->onward_count = count;
	for (size_t i = 0; i < count; i++) {
		disclosure->onward[i].block = blocks[i];
		decide_rows(disclosure->ruleset, blocks[i], facts,
		    disclosure->onward[i].rows);
	}
	return true;
}

void
decide_note_role(struct disclosure *disclosure, const struct record *record,
    enum role role, const struct decide_given *given)
{
	if (!record_has_role(record, role) ||
	    (given->only != 0 && (given->only & 1u << role) == 0))
		return;
	disclosure->has_role[role] = true;
	disclosure->subjects[role] = record_subject(record, role);
	record_fields(record, role, &disclosure->collected[role],
	    &disclosure->removed[role]);
	if (given->limit != NULL)
		disclosure->collected[role] &= given->limit[role];
	if (record_limit(record) == NULL)
		return;
	disclosure->withheld[role] =
	    disclosure->collected[role] & ~record_limit(record)[role];
	disclosure->collected[role] &= record_limit(record)[role];
}

static void
note_record(struct disclosure *disclosure, const struct record *record,
    const struct decide_given *given)
{
	disclosure->type = record_type(record);
	disclosure->operation = record_operation(record);
	disclosure->reference = record_object(record);
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		decide_note_role(disclosure, record, (enum role)role, given);
}

/* The value of one slot, as its rule lets it through. */
static bool
pass_value(struct disclosure *disclosure, const struct record *record,
    const struct decide_given *given, struct alter_given *alter,
    struct arena *arena, struct fail *fail)
{
	struct ruling ruling =
	    disclosure_ruling(disclosure, alter->role, alter->field);
	struct values from = record_values(record, alter->role, alter->field);
	struct values *to = &disclosure->values[alter->role][alter->field];

	switch (ruling.verdict) {
	case VERDICT_FORWARD:
		*to = from;
		return true;
	case VERDICT_REPLACE:
	case VERDICT_GENERALISE:
		memcpy(alter->random, given->random, sizeof(alter->random));
		return alter_values(arena,
		    disclosure->ruleset->policy->rules[ruling.rule - 1], alter,
		    from, to, fail);
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
	case VERDICT_REDACT:
	case VERDICT_COUNT:
		break;
	}
	return true;
}

bool
decide_pass_role(struct disclosure *disclosure, const struct record *record,
    const struct decide_given *given, struct alter_given *alter,
    struct arena *arena, struct fail *fail)
{
	enum role role = alter->role;

	if (disclosure->collected[role] == 0)
		return true;
	disclosure->values[role] =
	    arena_take_array(arena, FIELD_COUNT, sizeof(struct values));
	if (disclosure->values[role] == NULL)
		return fail_memory(fail);
	for (uint64_t left = disclosure->collected[role]; left != 0;
	     left &= left - 1) {
		alter->field = (enum field)__builtin_ctzll(left);
		if (!pass_value(disclosure, record, given, alter, arena, fail))
			return false;
	}
	return true;
}

static bool
pass_record(struct disclosure *disclosure, const struct record *record,
    const struct decide_given *given, struct arena *arena, struct fail *fail)
{
	struct alter_given alter = {.object = disclosure_object(disclosure)};

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		alter.role = (enum role)role;
		if (!decide_pass_role(
			disclosure, record, given, &alter, arena, fail))
			return false;
	}
	return true;
}

/* A row of rule 0 but for what is kept; NULL when out of memory. */
static const uint16_t *
minimal_row(const uint16_t *row, uint64_t kept, struct arena *arena)
{
	uint16_t *out = arena_take_array(arena, FIELD_COUNT, sizeof(*out));

	for (unsigned f = 0; out != NULL && f < FIELD_COUNT; f++)
		out[f] = (kept & FIELD_BIT(f)) != 0 ? row[f] : 0;
	return out;
}

/* What stays of a role: at the recipient, or where it hides at those behind. */
static uint64_t
kept_of(const struct decide_given *given, unsigned role, bool behind)
{
	uint64_t kept = given->kept != NULL ? given->kept[role] : 0;

	for (unsigned f = 0; behind && given->hides && f < FIELD_COUNT; f++)
		if (field_info[f].class != CLASS_OBJECT)
			kept &= ~FIELD_BIT(f);
	return kept;
}

static bool
minimise(struct disclosure *disclosure, const struct decide_given *given,
    struct arena *arena)
{
	for (size_t i = 0; i <= disclosure->onward_count; i++) {
		struct decided *decided =
		    i == 0 ? &disclosure->own : &disclosure->onward[i - 1];

		for (unsigned role = 0; role < ROLE_COUNT; role++) {
			if ((given->stopped & 1u << role) == 0)
				continue;
			decided->rows[role] = minimal_row(decided->rows[role],
			    kept_of(given, role, i != 0), arena);
			if (decided->rows[role] == NULL)
				return false;
		}
	}
	/* A contact's disclosure has one person. */
	if (given->hides)
		disclosure->hidden = ~(uint64_t)0;
	return true;
}

bool
decide_stop(struct disclosure *disclosure, const struct decide_given *given,
    struct arena *arena)
{
	if (given->stopped == 0 ||
	    disclosure->outcome.verdict == VERDICT_REFUSE)
		return true;
	disclosure->stopped_roles = given->stopped;
	if (given->minimises)
		return minimise(disclosure, given, arena);
	disclosure->outcome = (struct ruling){VERDICT_REFUSE, 0};
	disclosure->stopped = true;
	return true;
}

static void
pass_former(struct disclosure *disclosure, const struct record *record,
    unsigned named)
{
	struct record_former *former = &disclosure->former;
	bool servers = false;

	*former = *record_former(record);
	for (unsigned r = 0; former->known && r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if ((named & 1u << r) == 0 &&
		    disclosure_ruling(disclosure, role, FIELD_HANDLE).verdict !=
			VERDICT_FORWARD)
			former->handles[r] = (struct slice){"", 0};
		if (disclosure_ruling(disclosure, role, FIELD_NS).verdict ==
		    VERDICT_FORWARD)
			servers = true;
	}
	if (!servers)
		former->servers = (struct values){NULL, 0};
	disclosure->expires = record_expires(record);
	disclosure->registration = *record_registration(record);
}

static void
refuse_link(struct disclosure *disclosure, const struct decide_given *given)
{
	enum field field;
	struct ruling ruling;

	if (disclosure->outcome.verdict == VERDICT_FORWARD &&
	    given->link != NULL &&
	    !decide_link(disclosure, given->link_role, given->link, &field,
		&ruling))
		disclosure->outcome =
		    (struct ruling){VERDICT_REFUSE, ruling.rule};
}

struct disclosure *
decide(const struct ruleset *ruleset, const struct block *block,
    const struct record *record, const struct decide_given *given,
    struct arena *arena, struct fail *fail)
{
	struct disclosure *disclosure = arena_take(arena, sizeof(*disclosure));
	const uint16_t *facts = facts_of(ruleset, record, arena, fail);

	if (disclosure == NULL || facts == NULL) {
		fail_memory(fail);
		return NULL;
	}
	disclosure->ruleset = ruleset;
	disclosure->recipient = block->recipient;
	disclosure->purpose = block->purpose;
	disclosure->own.block = block;
	decide_rows(ruleset, block, facts, disclosure->own.rows);
	if (!find_onward(disclosure, record, facts, arena)) {
		fail_memory(fail);
		return NULL;
	}
	note_record(disclosure, record, given);
	disclosure->outcome = outcome_of(disclosure, facts, given->approved);
	if (!match_wins(ruleset->policy, ruleset->blocks[block->number].block,
		record_type(record), record_object(record)))
		disclosure->outcome = (struct ruling){VERDICT_REFUSE, 0};
	if (!decide_stop(disclosure, given, arena)) {
		fail_memory(fail);
		return NULL;
	}
	refuse_link(disclosure, given);
	if (disclosure->outcome.verdict != VERDICT_FORWARD)
		return disclosure;
	pass_former(disclosure, record, given->named);
	return pass_record(disclosure, record, given, arena, fail) ? disclosure
								   : NULL;
}

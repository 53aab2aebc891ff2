/*
 * What nobody knows (struct published's doubts): a registry was sent a change
 * and its answer never came.  Until an answer to a later one, or an import,
 * tells which record is its, only that is told which every possible one lets
 * through, with the same value in all of them.
 */
#include "core/policy_tree.h"
#include "engine_view.h"

struct either {
	struct engine *engine;
	const struct block *block;
	struct arena *arena;
	unsigned how;
	const struct values *told[ROLE_COUNT]; /* by the first; NULL: none */
	uint64_t limit[ROLE_COUNT]; /* where all others say the same */
	/* The strictest word on the whole, and the record that it is about. */
	enum verdict verdict;
	struct record *record;
};

/* What is held and then approved is told, too. */
static const struct disclosure *
judge(struct either *either, const struct record *record,
    enum verdict *verdict, struct fail *fail)
{
	unsigned how = either->how & ~(unsigned)HOW_APPROVED;
	struct share share;

	if (!engine_judge(either->engine, either->block, record, how,
		either->arena, &share, fail))
		return NULL;
	*verdict = disclosure_outcome(share.disclosure).verdict;
	if (*verdict == VERDICT_HOLD &&
	    !engine_judge(either->engine, either->block, record,
		how | HOW_APPROVED, either->arena, &share, fail))
		return NULL;
	return share.disclosure;
}

static bool
same_values(struct values a, struct values b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = slice_equal(a.items[i], b.items[i]);
	return same;
}

static bool
take_first(struct either *either, const struct disclosure *disclosure,
    struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct values *told = arena_take_array(
		    either->arena, FIELD_COUNT, sizeof(*told));

		if (told == NULL)
			return fail_memory(fail);
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			told[f] = disclosure_values(
			    disclosure, (enum role)r, (enum field)f);
		either->told[r] = told;
		either->limit[r] = FIELD_ALL;
	}
	return true;
}

static void
take_another(struct either *either, const struct disclosure *disclosure)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			if (!same_values(either->told[r][f],
				disclosure_values(disclosure, (enum role)r,
				    (enum field)f)))
				either->limit[r] &= ~FIELD_BIT(f);
}

static bool
look_at(struct either *either, struct record *record, struct fail *fail)
{
	enum verdict verdict;
	const struct disclosure *disclosure =
	    judge(either, record, &verdict, fail);

	if (disclosure == NULL)
		return false;
	if (either->record == NULL || verdict < either->verdict) {
		either->verdict = verdict;
		either->record = record;
	}
	if (either->told[0] == NULL)
		return take_first(either, disclosure, fail);
	take_another(either, disclosure);
	return true;
}

bool
engine_either(struct engine *engine, const struct block *block, unsigned how,
    struct arena *arena, struct published *out, struct fail *fail)
{
	struct either either = {
	    .engine = engine, .block = block, .arena = arena, .how = how};
	enum object_type type;
	struct slice name;

	if (out->doubts == 0 || out->record == NULL || block == NULL)
		return true;
	type = record_type(out->record);
	name = record_object(out->record);
	if (!look_at(&either, out->record, fail))
		return false;
	for (unsigned made = 1; made < PUBLISHED_WORLDS; made++) {
		struct published other;

		if ((made & ~out->doubts) != 0)
			continue;
		if (!engine_published_if(
			engine, type, name, made, arena, &other, fail) ||
		    other.record == NULL ||
		    !look_at(&either, other.record, fail))
			return false;
	}
	out->record = either.record;
	return record_set_limit(out->record, either.limit, fail);
}

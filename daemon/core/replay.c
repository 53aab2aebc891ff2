#include "core/replay.h"

#include "core/inputs.h"
#include "core/policy_tree.h"

enum { BUCKETS = 4096, BLOCKS_MAX = 64 };

struct replay {
	struct arena *arena;
	const struct ruleset *now;
	struct replay_result result;
	struct replay_group *buckets[BUCKETS];
	struct replay_group **last;
	struct slice request; /* of the submission looked at last */
};

/* One entry under way. */
struct again {
	struct replay *replay;
	const struct replay_entry *entry;
	const struct entry_rulings *was;
	struct stand_in *stand_in;
	const struct inputs *inputs;
	struct arena *arena;
	bool changed, more, unknown;
};

/* What a slot would come to; `met` once a stand-in was looked at. */
struct cell {
	bool met;
	unsigned verdict, rule;
};

struct cells {
	struct slice recipient;
	const struct entry_table *was; /* NULL: this recipient got nothing */
	struct cell cells[ROLE_COUNT][FIELD_COUNT];
};

struct replay *
replay_create(const struct ruleset *now, struct arena *arena)
{
	struct replay *replay = arena_take(arena, sizeof(*replay));

	if (replay == NULL)
		return NULL;
	replay->arena = arena;
	replay->now = now;
	return replay;
}

/* --- groups --- */

static bool
is_same_group(const struct replay_group *a, const struct replay_group *b)
{
	return a->role == b->role && a->field == b->field &&
	       a->old_verdict == b->old_verdict &&
	       a->new_verdict == b->new_verdict && a->old_rule == b->old_rule &&
	       a->new_rule == b->new_rule &&
	       slice_equal(a->recipient, b->recipient);
}

static size_t
bucket_of(const struct replay_group *group)
{
	size_t hash = 5381;

	for (size_t i = 0; i < group->recipient.len; i++)
		hash = hash * 33 + (unsigned char)group->recipient.data[i];
	hash = hash * 33 + (size_t)(uintptr_t)group->role;
	hash = hash * 33 + (size_t)(uintptr_t)group->field;
	hash = hash * 33 + group->old_rule;
	hash = hash * 33 + group->new_rule;
	return (hash * 33 + group->old_verdict * 8 + group->new_verdict) %
	       BUCKETS;
}

static bool
group_make(struct replay *replay, const struct replay_group *like,
    struct replay_group **out)
{
	struct replay_result *result = &replay->result;
	struct replay_group *group;

	*out = NULL;
	if (result->group_count == REPLAY_GROUPS_MAX) {
		result->cut = true;
		return true;
	}
	group = arena_take(replay->arena, sizeof(*group));
	if (group == NULL)
		return false;
	*group = *like;
	group->recipient = arena_copy(replay->arena, like->recipient);
	if (group->recipient.data == NULL)
		return false;
	group->chain = replay->buckets[bucket_of(like)];
	replay->buckets[bucket_of(like)] = group;
	if (result->groups == NULL)
		result->groups = group;
	else
		*replay->last = group;
	replay->last = &group->next;
	result->group_count++;
	*out = group;
	return true;
}

static bool
group_add(struct replay *replay, const struct replay_group *like,
    uint64_t index, struct fail *fail)
{
	struct replay_group *group = replay->buckets[bucket_of(like)];

	while (group != NULL && !is_same_group(group, like))
		group = group->chain;
	if (group == NULL && !group_make(replay, like, &group))
		return fail_memory(fail);
	if (group == NULL)
		return true;
	if (group->count < REPLAY_EXAMPLES)
		group->examples[group->count] = index;
	group->count++;
	return true;
}

/* --- comparing --- */

static bool
passes(unsigned verdict)
{
	return verdict < VERDICT_COUNT && verdict_passes((enum verdict)verdict);
}

/* Would more of a value be seen than was? */
static bool
shows_more(unsigned was, unsigned is)
{
	return passes(is) && (!passes(was) || is > was);
}

static bool
compare_slot(struct again *again, const struct cells *cells, enum role role,
    enum field field, struct fail *fail)
{
	const struct cell *cell = &cells->cells[role][field];
	struct ruling was = {(enum verdict)REPLAY_NOTHING, 0};
	struct replay_group like;

	if (cells->was != NULL)
		was = entry_table_ruling(
		    cells->was, again->was->outcome, role, field);
	if ((unsigned)was.verdict == cell->verdict ||
	    ((unsigned)was.verdict == REPLAY_NOTHING &&
		cell->verdict != REPLAY_UNKNOWN && !passes(cell->verdict)))
		return true;
	like = (struct replay_group){.recipient = cells->recipient,
	    .role = object_role_name(again->was->type, role),
	    .field = field_info[field].name,
	    .old_verdict = (unsigned)was.verdict,
	    .new_verdict = cell->verdict,
	    .old_rule = was.rule,
	    .new_rule = cell->rule,
	    .more = shows_more((unsigned)was.verdict, cell->verdict)};
	if (cell->verdict == REPLAY_UNKNOWN)
		again->unknown = true;
	else
		again->changed = true;
	again->more |= like.more;
	return group_add(again->replay, &like, again->entry->index, fail);
}

static bool
compare(struct again *again, const struct cells *cells, struct fail *fail)
{
	for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
		enum role role = (enum role)(slot / FIELD_COUNT);
		enum field field = (enum field)(slot % FIELD_COUNT);

		if (cells->cells[role][field].met &&
		    !compare_slot(again, cells, role, field, fail))
			return false;
	}
	return true;
}

/* --- deciding again --- */

/* NULL without a fail: the policy sends this object to nobody of that name. */
static struct disclosure *
decide_anew(struct again *again, const struct ruleset *ruleset,
    const struct stand_in *stand_in, struct fail *fail)
{
	const struct block *block = NULL;
	unsigned recipient;

	if (!ruleset_find_recipient(
		ruleset, again->was->own.recipient, &recipient))
		return NULL;
	if (!again->inputs->in_scope) {
		block = ruleset_find_block(ruleset, stand_in_record(stand_in),
		    again->was->own.recipient, again->was->purpose);
		if (block == NULL)
			return NULL;
	}
	return stand_in_decide(stand_in, recipient, block, again->arena, fail);
}

static void
meet(struct cell *cell, struct ruling ruling)
{
	if (!cell->met) {
		*cell = (struct cell){true, ruling.verdict, ruling.rule};
	} else if (cell->verdict != ruling.verdict) {
		cell->verdict = REPLAY_UNKNOWN;
		cell->rule = 0;
	}
}

/* What the new policy would do to the fields that the entry speaks of. */
static void
meet_own(const struct again *again, const struct disclosure *disclosure,
    struct cells *cells)
{
	struct ruling outcome = {VERDICT_REFUSE, 0};

	if (disclosure != NULL)
		outcome = disclosure_outcome(disclosure);
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			struct ruling ruling = outcome;

			if ((again->was->own.listed[r] & FIELD_BIT(f)) == 0)
				continue;
			if (outcome.verdict == VERDICT_FORWARD)
				ruling = disclosure_ruling(
				    disclosure, (enum role)r, (enum field)f);
			meet(&cells->cells[r][f], ruling);
		}
	}
}

static void
meet_onward(const struct again *again, const struct disclosure *disclosure,
    struct cells *cells)
{
	struct ruling outcome = {VERDICT_REFUSE, 0};
	size_t at = 0, count = 0;

	if (disclosure != NULL) {
		outcome = disclosure_outcome(disclosure);
		count = disclosure_onward_count(disclosure);
	}
	while (at < count && !slice_equal(disclosure_onward(disclosure, at)->id,
				 cells->recipient))
		at++;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		for (unsigned f = 0; f < FIELD_COUNT; f++) {
			struct ruling ruling = outcome;

			if ((again->was->own.listed[r] & FIELD_BIT(f)) == 0)
				continue;
			if (outcome.verdict == VERDICT_FORWARD && at == count)
				ruling = (struct ruling){VERDICT_REDACT, 0};
			else if (outcome.verdict == VERDICT_FORWARD)
				ruling = disclosure_onward_ruling(disclosure,
				    at, (enum role)r, (enum field)f);
			meet(&cells->cells[r][f], ruling);
		}
	}
}

/* The recipient, those behind it, and those that would newly be. */
struct all {
	struct cells *cells;
	size_t count;
};

static bool
all_start(struct again *again, struct all *all, struct fail *fail)
{
	const struct entry_rulings *was = again->was;

	all->cells = arena_take_array(again->arena,
	    was->onward_count + 1 + BLOCKS_MAX, sizeof(*all->cells));
	if (all->cells == NULL)
		return fail_memory(fail);
	all->count = was->onward_count + 1;
	all->cells[0].recipient = was->own.recipient;
	all->cells[0].was = &was->own;
	for (size_t i = 0; i < was->onward_count; i++) {
		all->cells[i + 1].recipient = was->onward[i].recipient;
		all->cells[i + 1].was = &was->onward[i];
	}
	return true;
}

static void
all_meet(const struct again *again, const struct disclosure *disclosure,
    struct all *all)
{
	size_t count =
	    disclosure != NULL ? disclosure_onward_count(disclosure) : 0;

	for (size_t i = 0; i < count; i++) {
		struct slice id = disclosure_onward(disclosure, i)->id;
		size_t at = 1;

		while (at < all->count &&
		       !slice_equal(all->cells[at].recipient, id))
			at++;
		if (at == all->count &&
		    at < again->was->onward_count + 1 + BLOCKS_MAX)
			all->cells[all->count++].recipient = id;
	}
	meet_own(again, disclosure, &all->cells[0]);
	for (size_t i = 1; i < all->count; i++)
		meet_onward(again, disclosure, &all->cells[i]);
}

static struct stand_in *
stand_in_under(
    const struct again *again, const struct ruleset *now, struct fail *fail)
{
	const struct stand_in_given given = {.inputs = again->inputs,
	    .was = again->entry->was,
	    .now = now,
	    .type = again->was->type,
	    .operation = again->was->operation,
	    .object = again->entry->object};

	return stand_in_create(&given, again->arena, fail);
}

/* What decided the outcome: the policy, or what no policy undoes. */
enum outside {
	OUTSIDE_NOT,  /* the policy did */
	OUTSIDE_STOP, /* the subject had provision stopped */
	OUTSIDE_LINK  /* a link would have shown what a registry holds */
};

static bool
is_same_ruling(struct ruling a, struct ruling b)
{
	return a.verdict == b.verdict && a.rule == b.rule;
}

/* Does the policy of then say what was recorded? */
static bool
look_outside(struct again *again, enum outside *out, struct fail *fail)
{
	const struct ruling outcome = again->was->outcome;
	struct disclosure *then;
	struct stand_in *stand_in;

	*out = OUTSIDE_NOT;
	if (again->entry->was == NULL)
		return true;
	stand_in = stand_in_under(again, again->entry->was, fail);
	if (stand_in == NULL)
		return false;
	then = decide_anew(again, again->entry->was, stand_in, fail);
	if (then == NULL)
		return fail->kind == FAIL_NONE;
	if (outcome.verdict != VERDICT_FORWARD &&
	    !is_same_ruling(outcome, disclosure_outcome(then)))
		*out = outcome.rule == 0 ? OUTSIDE_STOP : OUTSIDE_LINK;
	return true;
}

/* --- recipients that got nothing of a submission --- */

static bool
was_matched(const struct again *again, const struct block *block)
{
	const struct ruleset *was = again->entry->was;

	return ruleset_find_block(was, stand_in_record(again->stand_in),
		   ruleset_recipient(again->replay->now, block->recipient)->id,
		   block->purpose) != NULL;
}

static bool
add_new_block(struct again *again, const struct block *block, struct fail *fail)
{
	struct cells *cells = arena_take(again->arena, sizeof(*cells));
	struct disclosure *disclosure = stand_in_decide(
	    again->stand_in, block->recipient, block, again->arena, fail);

	if (cells == NULL || disclosure == NULL)
		return fail_memory(fail);
	cells->recipient = disclosure_recipient(disclosure)->id;
	meet_own(again, disclosure, cells);
	return compare(again, cells, fail);
}

/* Once a submission: its entries follow one another. */
static bool
add_new_blocks(struct again *again, struct fail *fail)
{
	struct replay *replay = again->replay;
	const struct block *blocks[BLOCKS_MAX];
	size_t count;

	if (again->entry->was == NULL || again->inputs->in_scope ||
	    again->was->request.len == 0 ||
	    slice_equal(again->was->request, replay->request))
		return true;
	if (replay->request.len < again->was->request.len) {
		replay->request =
		    arena_copy(replay->arena, again->was->request);
		if (replay->request.data == NULL)
			return fail_memory(fail);
	} else {
		memcpy((char *)(uintptr_t)replay->request.data,
		    again->was->request.data, again->was->request.len);
		replay->request.len = again->was->request.len;
	}
	count = ruleset_match(
	    replay->now, stand_in_record(again->stand_in), blocks, BLOCKS_MAX);
	for (size_t i = 0; i < count && i < BLOCKS_MAX; i++)
		if (!blocks[i]->on_request && !was_matched(again, blocks[i]) &&
		    !add_new_block(again, blocks[i], fail))
			return false;
	return true;
}

/* --- an entry --- */

static bool
decide_all(struct again *again, struct fail *fail)
{
	struct all all;

	if (!all_start(again, &all, fail))
		return false;
	do {
		struct disclosure *disclosure = decide_anew(
		    again, again->replay->now, again->stand_in, fail);

		if (fail->kind != FAIL_NONE)
			return false;
		all_meet(again, disclosure, &all);
	} while (stand_in_step(again->stand_in));
	for (size_t i = 0; i < all.count; i++)
		if (!compare(again, &all.cells[i], fail))
			return false;
	return add_new_blocks(again, fail);
}

static void
count_entry(struct again *again)
{
	struct replay_result *result = &again->replay->result;

	if (again->changed)
		result->changed++;
	else if (again->unknown)
		result->unknown++;
	else
		result->same++;
	if (again->more)
		result->more++;
}

bool
replay_add(struct replay *replay, const struct replay_entry *entry,
    struct arena *scratch, struct fail *fail)
{
	struct inputs inputs;
	struct again again = {.replay = replay,
	    .entry = entry,
	    .was = entry_rulings_read(entry->entry, scratch),
	    .inputs = &inputs,
	    .arena = scratch};
	struct fail once = FAIL_INIT;
	enum outside outside;

	if (again.was == NULL)
		return true;
	replay->result.disclosures++;
	if (entry->object.len == 0 || entry->inputs.len == 0 ||
	    !inputs_read(entry->inputs, scratch, &inputs) || inputs.too_much) {
		replay->result.unkept++;
		return true;
	}
	again.stand_in = stand_in_under(&again, replay->now, &once);
	if (again.stand_in == NULL && once.kind == FAIL_INPUT) {
		replay->result.unknown++;
		return true;
	}
	if (again.stand_in == NULL || !look_outside(&again, &outside, fail))
		return fail_memory(fail);
	if (outside == OUTSIDE_NOT && !decide_all(&again, fail))
		return false;
	again.unknown |= outside == OUTSIDE_LINK &&
			 !digest_equal(ruleset_identity(replay->now),
			     ruleset_identity(entry->was));
	count_entry(&again);
	return true;
}

const struct replay_result *
replay_finish(const struct replay *replay)
{
	return &replay->result;
}

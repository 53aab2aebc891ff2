#include "store/log_plan.h"

#include <stdlib.h>

/* To read FEW entries takes no longer than to look MANY terms up. */
enum { SPAN_BITS = 16, BUNDLES = 256, MANY = 48, FEW = 6 };

struct making {
	struct log_plan *plan;
	const struct digest_key *object_key;
	struct arena *arena;
	struct fail *fail;
};

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static struct log_clause *
add_clause(struct making *making, bool negated, unsigned cost, size_t room)
{
	struct log_plan *plan = making->plan;
	struct log_clause *clause = &plan->clauses[plan->count];

	*clause = (struct log_clause){.negated = negated,
	    .cost = cost,
	    .terms = arena_take_array(
		making->arena, room + 1, sizeof(*clause->terms))};
	if (clause->terms == NULL) {
		fail_memory(making->fail);
		return NULL;
	}
	plan->count++;
	return clause;
}

/* The class of a key whose values stand as words; 0: there is none. */
static enum index_class
class_of_key(enum query_key key)
{
	switch (key) {
	case QUERY_TYPE:
		return INDEX_TYPE;
	case QUERY_RECIPIENT:
		return INDEX_RECIPIENT;
	case QUERY_PSEUDONYM:
		return INDEX_SUBJECT;
	case QUERY_PURPOSE:
		return INDEX_PURPOSE;
	case QUERY_OPERATION:
		return INDEX_OPERATION;
	case QUERY_CHANNEL:
		return INDEX_CHANNEL;
	case QUERY_OUTCOME:
		return INDEX_OUTCOME;
	case QUERY_ACTOR:
		return INDEX_ACTOR;
	case QUERY_CASE:
		return INDEX_CASE;
	case QUERY_ROLE:
	case QUERY_FIELD:
	case QUERY_VERDICT:
	case QUERY_RULE:
	case QUERY_OBJECT:
	case QUERY_SUBJECT:
	case QUERY_POLICY:
	case QUERY_ABOUT:
	case QUERY_KEYS:
	case QUERY_TIME:
	case QUERY_FROM:
	case QUERY_UNTIL:
	case QUERY_SORT:
	case QUERY_WORDS:
		break;
	}
	return 0;
}

static unsigned cost_of(enum index_class class)
{
	if (class == INDEX_SUBJECT || class == INDEX_OBJECT)
		return 0;
	return class == INDEX_CASE || class == INDEX_ACTOR ? 1
	       : class == INDEX_OUTCOME			   ? 2
							   : 3;
}

static bool
add_words(struct making *making, const struct query_term *term,
    enum index_class class)
{
	struct log_clause *clause =
	    add_clause(making, term->negated, cost_of(class), 2 * term->count);

	if (clause == NULL)
		return false;
	for (size_t i = 0; i < term->count; i++) {
		clause->terms[clause->count++] =
		    index_word_term(class, term->values[i]);
		/* What was decided of a disclosure is an outcome, too. */
		if (class == INDEX_OUTCOME)
			clause->terms[clause->count++] =
			    index_word_term(INDEX_DECIDED, term->values[i]);
	}
	qsort(clause->terms, clause->count, sizeof(*clause->terms), by_number);
	return true;
}

static bool
add_objects(struct making *making, const struct query_term *term)
{
	struct log_clause *clause;

	if (making->object_key == NULL || term->negated) {
		making->plan->is_exact = false;
		return true;
	}
	clause = add_clause(making, false, 0, term->count);
	if (clause == NULL)
		return false;
	for (size_t i = 0; i < term->count; i++)
		clause->terms[clause->count++] =
		    index_object_term(making->object_key, term->values[i]);
	qsort(clause->terms, clause->count, sizeof(*clause->terms), by_number);
	return true;
}

/* --- words that must be looked up, and shapes --- */

struct gathering {
	struct making *making;
	const struct query_term *term; /* policies that begin so */
	size_t condition;	       /* or shapes that fit */
	int64_t *terms;
	size_t count, room;
	bool failed;
};

static bool
gather(struct gathering *gathering, int64_t term)
{
	if (gathering->count == gathering->room) {
		size_t room = gathering->room == 0 ? 64 : 2 * gathering->room;
		int64_t *grown =
		    realloc(gathering->terms, room * sizeof(*gathering->terms));

		if (grown == NULL) {
			gathering->failed = true;
			return false;
		}
		gathering->terms = grown;
		gathering->room = room;
	}
	gathering->terms[gathering->count++] = term;
	return true;
}

static bool
on_policy(void *context, int64_t term, struct slice bytes)
{
	struct gathering *gathering = context;

	for (size_t i = 0; i < gathering->term->count; i++) {
		struct slice begin = gathering->term->values[i];

		if (bytes.len >= begin.len &&
		    memcmp(bytes.data, begin.data, begin.len) == 0)
			return gather(gathering, term);
	}
	return true;
}

static bool
on_shape(void *context, int64_t term, struct slice bytes)
{
	struct gathering *gathering = context;
	struct entry_group group;

	return !index_shape(bytes, &group) ||
	       !query_group_fits(gathering->making->plan->query,
		   gathering->condition, &group) ||
	       gather(gathering, term);
}

static bool
add_gathered(struct gathering *gathering, bool negated, enum index_class class,
    bool (*each)(void *context, int64_t term, struct slice bytes))
{
	struct making *making = gathering->making;
	struct log_clause *clause = NULL;
	bool ok = index_each_name(
	    making->plan->index, class, each, gathering, making->fail);

	if (gathering->failed)
		ok = fail_memory(making->fail);
	if (ok)
		clause = add_clause(making, negated,
		    class == INDEX_POLICY ? 3 : 4, gathering->count);
	if (clause != NULL && gathering->count != 0)
		memcpy(clause->terms, gathering->terms,
		    gathering->count * sizeof(*clause->terms));
	if (clause != NULL)
		clause->count = gathering->count;
	free(gathering->terms);
	return clause != NULL;
}

static bool
add_policies(struct making *making, const struct query_term *term)
{
	struct gathering gathering = {.making = making, .term = term};

	return add_gathered(&gathering, term->negated, INDEX_POLICY, on_policy);
}

static bool is_of_disclosures(enum index_class class)
{
	return class == INDEX_RECIPIENT || class == INDEX_PURPOSE ||
	       class == INDEX_OPERATION || class == INDEX_CHANNEL;
}

/* Where nothing but disclosures is asked for, events do not matter. */
static bool
doubts_events(const struct log_plan *plan)
{
	const struct query *query = plan->query;

	for (size_t i = 0; i < query->count; i++) {
		const struct query_term *term = &query->terms[i];

		if (term->key == QUERY_TYPE && !term->negated &&
		    term->count == 1 && slice_is(term->values[0], "disclosure"))
			return false;
	}
	return plan->is_pruned;
}

static bool
add_conditions(struct making *making)
{
	const struct query *query = making->plan->query;

	for (size_t i = 0; i < query_conditions(query); i++) {
		struct gathering gathering = {.making = making, .condition = i};

		if (i != 0 && doubts_events(making->plan))
			continue;
		if (query_has_condition(query, i) &&
		    !add_gathered(&gathering, i != 0, INDEX_SHAPE, on_shape))
			return false;
	}
	return true;
}

static bool
add_term(struct making *making, const struct query_term *term)
{
	enum index_class class = class_of_key(term->key);

	if (class == INDEX_SUBJECT && term->negated) {
		making->plan->is_exact = false;
		return true;
	}
	if (term->negated && is_of_disclosures(class) &&
	    doubts_events(making->plan))
		return true;
	if (class != 0)
		return add_words(making, term, class);
	if (term->key == QUERY_OBJECT)
		return add_objects(making, term);
	if (term->key == QUERY_POLICY)
		return add_policies(making, term);
	if (term->key == QUERY_SUBJECT && !term->negated)
		making->plan->is_empty = true;
	if (term->key == QUERY_ABOUT)
		making->plan->is_exact = false;
	return true;
}

static int
by_cost(const void *a, const void *b)
{
	const struct log_clause *x = a, *y = b;
	unsigned first = x->cost + (x->negated ? 8 : 0);
	unsigned second = y->cost + (y->negated ? 8 : 0);

	return first < second ? -1 : first > second;
}

bool
log_plan_make(struct log_plan *plan, const struct digest_key *object_key,
    struct arena *arena, struct fail *fail)
{
	const struct query *query = plan->query;
	struct making making = {plan, object_key, arena, fail};

	plan->count = 0;
	plan->is_empty = false;
	plan->is_exact = !doubts_events(plan);
	for (size_t i = 0; i < query->count; i++)
		if (!add_term(&making, &query->terms[i]))
			return false;
	if (!add_conditions(&making))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->clauses[i].negated && plan->clauses[i].count == 0)
			plan->is_empty = true;
	qsort(plan->clauses, plan->count, sizeof(*plan->clauses), by_cost);
	return true;
}

/* --- spans --- */

static bool
keep_times(const struct log_plan *plan, uint64_t span, struct bits *out,
    struct bits *doubt, struct fail *fail)
{
	const struct query *query = plan->query;
	struct index_times times;

	if (query->from == INT64_MIN && query->until == INT64_MAX)
		return true;
	if (!index_read_times(plan->index, span, &times, fail))
		return false;
	for (unsigned i = 0; i < BUNDLES; i++) {
		uint64_t *words = &out->words[i * 4];

		if (times.first[i] >= query->until ||
		    times.last[i] < query->from)
			memset(words, 0, 4 * sizeof(*words));
		else if (doubt != NULL && (times.first[i] < query->from ||
					      times.last[i] >= query->until))
			bits_fill(doubt, i * BUNDLES, (i + 1) * BUNDLES);
	}
	return true;
}

static bool
keep_clause(const struct log_plan *plan, uint64_t span,
    const struct log_clause *clause, struct bits *out, struct fail *fail)
{
	struct bits some;

	if (clause->count == 0) {
		if (!clause->negated)
			bits_none(out);
		return true;
	}
	bits_none(&some);
	if (!index_read_terms(
		plan->index, span, clause->terms, clause->count, &some, fail))
		return false;
	if (clause->negated)
		bits_and_not(out, &some);
	else
		bits_and(out, &some);
	return true;
}

bool
log_plan_span(const struct log_plan *plan, uint64_t span, unsigned count,
    struct bits *out, struct bits *doubt, struct fail *fail)
{
	bits_none(out);
	if (doubt != NULL)
		bits_none(doubt);
	if (plan->is_empty)
		return true;
	bits_fill(out, 0, count);
	if (!keep_times(plan, span, out, doubt, fail))
		return false;
	for (size_t i = 0; i < plan->count; i++) {
		if (bits_next(out, 0) == BITS_COUNT)
			break;
		if (doubt == NULL && plan->clauses[i].count > MANY &&
		    bits_count(out) <= FEW)
			break;
		if (!keep_clause(plan, span, &plan->clauses[i], out, fail))
			return false;
	}
	if (doubt != NULL)
		bits_and(doubt, out);
	return true;
}

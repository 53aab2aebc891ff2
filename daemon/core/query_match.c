#include "core/query_match.h"

#include "core/canon.h"

static bool
has_value(const struct query_term *term, struct slice value)
{
	for (size_t i = 0; i < term->count; i++)
		if (slice_equal(term->values[i], value))
			return true;
	return false;
}

static bool
is_number(const struct query_term *term, int64_t number)
{
	for (size_t i = 0; i < term->count; i++) {
		int64_t wanted;

		if (canon_number(term->values[i], &wanted) && wanted == number)
			return true;
	}
	return false;
}

static bool
begins_with(const struct query_term *term, struct slice value)
{
	for (size_t i = 0; i < term->count; i++)
		if (value.len >= term->values[i].len &&
		    memcmp(value.data, term->values[i].data,
			term->values[i].len) == 0)
			return true;
	return false;
}

/* --- the entry itself --- */

static bool
own_holds(const struct query_term *term, const struct entry_parts *parts)
{
	switch (term->key) {
	case QUERY_TYPE:
		return has_value(term, parts->type) != term->negated;
	case QUERY_POLICY:
		return begins_with(term, parts->policy) != term->negated;
	case QUERY_ACTOR:
		return has_value(term, parts->actor) != term->negated;
	case QUERY_CASE:
		return has_value(term, parts->case_id) != term->negated;
	case QUERY_ABOUT:
		return (parts->has_about && is_number(term, parts->about)) !=
		       term->negated;
	case QUERY_RECIPIENT:
	case QUERY_ROLE:
	case QUERY_FIELD:
	case QUERY_VERDICT:
	case QUERY_RULE:
	case QUERY_OBJECT:
	case QUERY_SUBJECT:
	case QUERY_PSEUDONYM:
	case QUERY_PURPOSE:
	case QUERY_OPERATION:
	case QUERY_CHANNEL:
	case QUERY_OUTCOME:
	case QUERY_KEYS:
	case QUERY_TIME:
	case QUERY_FROM:
	case QUERY_UNTIL:
	case QUERY_SORT:
	case QUERY_WORDS:
		break;
	}
	return true;
}

bool
query_matches_own(
    const struct query *query, uint64_t index, const struct entry_parts *parts)
{
	if (index < query->first || index >= query->end)
		return false;
	if ((query->from != INT64_MIN || query->until != INT64_MAX) &&
	    (!parts->has_time || parts->time < query->from ||
		parts->time >= query->until))
		return false;
	for (size_t i = 0; i < query->count; i++)
		if (!own_holds(&query->terms[i], parts))
			return false;
	return true;
}

/* --- what it is about --- */

static bool
is_cell(enum query_key key)
{
	return key == QUERY_ROLE || key == QUERY_FIELD ||
	       key == QUERY_VERDICT || key == QUERY_RULE;
}

bool
query_needs_about(const struct query *query)
{
	for (size_t i = 0; i < query->count; i++) {
		enum query_key key = query->terms[i].key;

		if (is_cell(key) || key == QUERY_RECIPIENT ||
		    (key >= QUERY_OBJECT && key <= QUERY_CHANNEL))
			return true;
	}
	return false;
}

bool
query_needs_object(const struct query *query)
{
	return query_has(query, QUERY_OBJECT);
}

bool
query_needs_outcome(const struct query *query)
{
	return query_has(query, QUERY_OUTCOME);
}

static bool
has_recipient(const struct query_term *term, const struct entry_parts *parts,
    struct arena *arena)
{
	struct slice onward = parts->onward, item, recipient;

	if (has_value(term, parts->recipient))
		return true;
	while (canon_next_item(&onward, &item))
		if (canon_get_string(item, "recipient", arena, &recipient) &&
		    has_value(term, recipient))
			return true;
	return false;
}

/* Whose data stands in it, or under whose key its object's name is. */
static bool
has_pseudonym(const struct query_term *term, const struct entry_parts *parts,
    struct arena *arena)
{
	struct slice subjects = parts->subjects, pseudonym;
	int64_t slot;

	while (entry_next_subject(&subjects, &pseudonym, &slot))
		if (has_value(term, pseudonym))
			return true;
	return canon_get_string(parts->object, "subject", arena, &pseudonym) &&
	       has_value(term, pseudonym);
}

/* Whom an event is about. */
static bool
is_about_pseudonym(
    const struct query_term *term, const struct entry_parts *parts)
{
	struct slice subject = parts->subject, item;

	return canon_next_item(&subject, &item) && item.len >= 2 &&
	       has_value(term, (struct slice){item.data + 1, item.len - 2});
}

static bool
outcome_is(const struct query_term *term, const struct entry_parts *parts,
    struct slice outcome)
{
	struct slice decided = {"forward", 7};
	int64_t rule;

	if (!parts->is_disclosure)
		return has_value(term, parts->word);
	if (parts->outcome.len != 0 &&
	    !entry_ruling(parts->outcome, &decided, &rule))
		return false;
	if (outcome.len == 0 && parts->outcome.len == 0)
		outcome = (struct slice){"open", 4};
	return has_value(term, decided) ||
	       (outcome.len != 0 && has_value(term, outcome));
}

static bool
about_holds(const struct query_term *term, const struct entry_parts *parts,
    const struct query_about *about, struct arena *arena)
{
	const struct entry_parts *of = about->disclosure;

	switch (term->key) {
	case QUERY_RECIPIENT:
		return of != NULL && has_recipient(term, of, arena);
	case QUERY_OBJECT:
		return of != NULL && has_value(term, about->object);
	case QUERY_PSEUDONYM:
		return is_about_pseudonym(term, parts) ||
		       (of != NULL && has_pseudonym(term, of, arena));
	case QUERY_PURPOSE:
		return of != NULL && has_value(term, of->purpose);
	case QUERY_OPERATION:
		return of != NULL && has_value(term, of->operation);
	case QUERY_CHANNEL:
		return of != NULL && has_value(term, of->channel);
	case QUERY_OUTCOME:
		return outcome_is(term, parts, about->outcome);
	case QUERY_SUBJECT: /* nobody's, until it stands as a pseudonym */
	case QUERY_TYPE:
	case QUERY_ROLE:
	case QUERY_FIELD:
	case QUERY_VERDICT:
	case QUERY_RULE:
	case QUERY_POLICY:
	case QUERY_ACTOR:
	case QUERY_CASE:
	case QUERY_ABOUT:
	case QUERY_KEYS:
	case QUERY_TIME:
	case QUERY_FROM:
	case QUERY_UNTIL:
	case QUERY_SORT:
	case QUERY_WORDS:
		break;
	}
	return false;
}

static bool
is_of_about(enum query_key key)
{
	return key == QUERY_RECIPIENT ||
	       (key >= QUERY_OBJECT && key <= QUERY_CHANNEL) ||
	       key == QUERY_OUTCOME;
}

/* Which conditions does some group of it fit? */
static bool
some_group_fits(const struct query *query, size_t number,
    const struct entry_parts *of, struct arena *arena)
{
	struct entry_groups groups;
	struct entry_group group;

	if (of == NULL)
		return false;
	entry_groups_start(&groups, of, arena);
	while (entry_groups_next(&groups, &group))
		if (query_group_fits(query, number, &group))
			return true;
	return false;
}

bool
query_matches_about(const struct query *query, const struct entry_parts *parts,
    const struct query_about *about, struct arena *arena)
{
	size_t conditions = query_conditions(query);

	for (size_t i = 0; i < query->count; i++)
		if (is_of_about(query->terms[i].key) &&
		    about_holds(&query->terms[i], parts, about, arena) ==
			query->terms[i].negated)
			return false;
	for (size_t i = 0; i < conditions; i++)
		if (query_has_condition(query, i) &&
		    some_group_fits(query, i, about->disclosure, arena) ==
			(i != 0))
			return false;
	return true;
}

/* --- conditions --- */

size_t
query_conditions(const struct query *query)
{
	size_t count = 1;

	for (size_t i = 0; i < query->count; i++)
		count +=
		    is_cell(query->terms[i].key) && query->terms[i].negated;
	return count;
}

bool
query_has_condition(const struct query *query, size_t number)
{
	for (size_t i = 0; number == 0 && i < query->count; i++)
		if (is_cell(query->terms[i].key) && !query->terms[i].negated)
			return true;
	return number != 0;
}

/* The negated term that a condition is about; NULL for number 0. */
static const struct query_term *
negated_term(const struct query *query, size_t number)
{
	for (size_t i = 0; number != 0 && i < query->count; i++)
		if (is_cell(query->terms[i].key) && query->terms[i].negated &&
		    --number == 0)
			return &query->terms[i];
	return NULL;
}

/*
 * Does a term have a say in a condition?  All that are not negated do, but
 * those of the negated one's own key.
 */
static bool
has_say(const struct query_term *term, const struct query_term *negated)
{
	if (term == negated)
		return true;
	return !term->negated &&
	       (is_cell(term->key) || term->key == QUERY_RECIPIENT) &&
	       (negated == NULL || term->key != negated->key);
}

static bool
ruling_holds(const struct query_term *term, struct slice field,
    struct slice verdict, int64_t rule)
{
	if (term->key == QUERY_FIELD)
		return has_value(term, field);
	if (term->key == QUERY_VERDICT)
		return has_value(term, verdict);
	return term->key != QUERY_RULE || is_number(term, rule);
}

bool
query_ruling_fits(const struct query *query, size_t number, struct slice field,
    struct slice ruling)
{
	const struct query_term *negated = negated_term(query, number);
	struct slice verdict;
	int64_t rule;

	if (!entry_ruling(ruling, &verdict, &rule))
		return false;
	for (size_t i = 0; i < query->count; i++)
		if (has_say(&query->terms[i], negated) &&
		    !ruling_holds(&query->terms[i], field, verdict, rule))
			return false;
	return true;
}

static bool
group_holds(const struct query_term *term, const struct entry_group *group)
{
	if (term->key == QUERY_RECIPIENT)
		return has_value(term, group->recipient);
	return term->key != QUERY_ROLE || has_value(term, group->role);
}

bool
query_group_fits(
    const struct query *query, size_t number, const struct entry_group *group)
{
	const struct query_term *negated = negated_term(query, number);
	struct slice fields = group->fields, field, ruling;

	for (size_t i = 0; i < query->count; i++)
		if (has_say(&query->terms[i], negated) &&
		    !group_holds(&query->terms[i], group))
			return false;
	if (group->role.len == 0)
		return query_ruling_fits(
		    query, number, (struct slice){"", 0}, fields);
	while (canon_next_member(&fields, &field, &ruling))
		if (query_ruling_fits(query, number, field, ruling))
			return true;
	return false;
}

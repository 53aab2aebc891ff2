#include "core/facts.h"

#include "core/ruleset_priv.h"

/*
 * The latest word on a purpose for this audience; where two were said at the
 * same second, no wins.
 */
static unsigned
consent_state(const struct variable *variable, const struct record *record,
    enum role role)
{
	const struct consent *latest = NULL, *consents;
	size_t count;

	consents = record_consents(record, role, &count);
	for (size_t i = 0; i < count; i++) {
		const struct consent *c = &consents[i];

		if (!slice_equal(c->purpose, variable->purpose) ||
		    (c->audience != AUDIENCE_ANY &&
			c->audience != variable->audience))
			continue;
		if (latest == NULL || c->time > latest->time ||
		    (c->time == latest->time && !c->given))
			latest = c;
	}
	if (latest == NULL)
		return CONSENT_UNKNOWN;
	return latest->given ? CONSENT_GIVEN : CONSENT_WITHDRAWN;
}

static unsigned
class_state(const struct variable *variable, struct slice text)
{
	size_t low = 0, high = variable->literal_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct literal *literal = &variable->literals[middle];
		int order = slice_compare(text, literal->text);

		if (order == 0)
			return literal->state;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return STATE_OTHER;
}

/* The record's setters refuse what is malformed; an empty value is none. */
static unsigned
value_state(const struct variable *variable, const struct record *record,
    enum role role)
{
	struct values values = record_values(record, role, variable->field);

	if (values.count == 0 || values.items[0].len == 0)
		return STATE_MISSING;
	if (values.count > 1)
		return variable->set_count == 0 ? STATE_OTHER : STATE_MALFORMED;
	return class_state(variable, values.items[0]);
}

/* What stands behind the slash of a network's name, which is canonical. */
static unsigned
size_state(const struct variable *variable, const struct record *record)
{
	struct slice name = record_object(record);
	const char *slash =
	    record_type(record) == OBJECT_NETWORK && name.len != 0
	    ? memchr(name.data, '/', name.len)
	    : NULL;

	if (slash == NULL)
		return STATE_MISSING;
	slash++;
	return class_state(variable,
	    (struct slice){slash, (size_t)(name.data + name.len - slash)});
}

static unsigned
state_of(const struct variable *variable, const struct record *record,
    enum role role)
{
	struct slice plan;

	switch (variable->subject) {
	case TEST_KIND:
		return record_kind(record, role);
	case TEST_CONSENT:
		return consent_state(variable, record, role);
	case TEST_REQUEST:
		return record_operation(record);
	case TEST_PLAN:
		plan = record_plan(record);
		return plan.len == 0 ? STATE_MISSING
				     : class_state(variable, plan);
	case TEST_SIZE:
		return size_state(variable, record);
	case TEST_VALUE:
	case TEST_PRESENT:
		break;
	}
	return value_state(variable, record, role);
}

const uint16_t *
facts_of(const struct ruleset *ruleset, const struct record *record,
    struct arena *arena, struct fail *fail)
{
	uint16_t *values =
	    arena_take_array(arena, ruleset->variable_count, sizeof(*values));

	if (values == NULL) {
		fail_memory(fail);
		return NULL;
	}
	for (size_t i = 0; i < ruleset->variable_count; i++) {
		const struct variable *variable = &ruleset->variables[i];

		values[i] = (uint16_t)state_of(
		    variable, record, (enum role)variable->role);
	}
	return values;
}

uint16_t
fact_of(const struct ruleset *ruleset, unsigned variable,
    const struct record *record, enum role role)
{
	return (uint16_t)state_of(&ruleset->variables[variable], record, role);
}

/* A record made of what an entry kept of the one that was decided. */
#include "core/facts.h"
#include "core/inputs.h"
#include "core/record_priv.h"
#include "core/ruleset_priv.h"

/* No literal of any policy. */
#define FILLER SLICE("\x7f")

/* A value that may have been one of several that `now` tells apart. */
struct choice {
	struct values *values; /* of the record; its one item is set */
	struct slice *items;
	size_t count, at;
};

struct stand_in {
	struct stand_in_given given;
	struct record *record;
	struct choice *choices;
	size_t choice_count;
};

/* --- what a value may have been --- */

static bool
asks_about(const struct variable *variable, enum object_type type,
    enum role role, enum field field)
{
	return variable->subject == TEST_VALUE && variable->set_count != 0 &&
	       variable->field == field &&
	       (type == OBJECT_CONTACT || variable->role == (int)role);
}

static unsigned
literal_state(const struct variable *variable, struct slice text)
{
	for (size_t i = 0; i < variable->literal_count; i++)
		if (slice_equal(variable->literals[i].text, text))
			return variable->literals[i].state;
	return STATE_OTHER;
}

/* The state that was kept, of a field with one value. */
static unsigned
kept_state(const struct inputs *inputs, unsigned variable)
{
	for (size_t i = 0; i < inputs->literal_count; i++)
		if (inputs->literals[i].variable == variable)
			return inputs->literals[i].state;
	return STATE_OTHER;
}

/* Would the record with this value have had the states that were kept? */
static bool
may_have_been(const struct stand_in_given *given, enum role role,
    enum field field, struct slice text)
{
	const struct ruleset *was = given->was;

	for (unsigned v = 0; was != NULL && v < was->variable_count; v++) {
		const struct variable *variable = &was->variables[v];

		if (asks_about(variable, given->type, role, field) &&
		    literal_state(variable, text) !=
			kept_state(given->inputs, v))
			return false;
	}
	return true;
}

/* Can `now` not tell the two apart? */
static bool
is_same(const struct stand_in_given *given, enum role role, enum field field,
    const struct slice *two)
{
	const struct ruleset *now = given->now;

	for (unsigned v = 0; v < now->variable_count; v++)
		if (asks_about(&now->variables[v], given->type, role, field) &&
		    literal_state(&now->variables[v], two[0]) !=
			literal_state(&now->variables[v], two[1]))
			return false;
	return true;
}

/* The place of a field whose value is being found. */
struct search {
	struct stand_in *stand_in;
	enum role role;
	enum field field;
	struct choice *choice;
	struct arena *arena;
};

static bool
consider(struct search *search, struct slice text)
{
	const struct stand_in_given *given = &search->stand_in->given;
	struct choice *choice = search->choice;

	if (!may_have_been(given, search->role, search->field, text))
		return true;
	for (size_t i = 0; i < choice->count; i++) {
		const struct slice two[2] = {choice->items[i], text};

		if (is_same(given, search->role, search->field, two))
			return true;
	}
	if (choice->count == STAND_IN_MAX)
		return false;
	choice->items[choice->count++] = text;
	return true;
}

static bool
consider_literals(struct search *search, const struct ruleset *ruleset)
{
	const struct stand_in_given *given = &search->stand_in->given;

	for (unsigned v = 0; ruleset != NULL && v < ruleset->variable_count;
	     v++) {
		const struct variable *variable = &ruleset->variables[v];

		if (!asks_about(
			variable, given->type, search->role, search->field))
			continue;
		for (size_t i = 0; i < variable->literal_count; i++)
			if (!consider(search, variable->literals[i].text))
				return false;
	}
	return true;
}

/* --- the record --- */

static bool
fill_field(struct search *search, struct values *values, bool several,
    struct fail *fail)
{
	struct stand_in *stand_in = search->stand_in;
	struct choice *choice = &stand_in->choices[stand_in->choice_count];
	struct slice *items =
	    arena_take_array(search->arena, STAND_IN_MAX, sizeof(struct slice));

	if (items == NULL)
		return fail_memory(fail);
	*choice = (struct choice){.values = values, .items = items};
	search->choice = choice;
	if (several) {
		items[0] = items[1] = FILLER;
		*values = (struct values){items, 2};
		return true;
	}
	if (!consider(search, FILLER) ||
	    !consider_literals(search, stand_in->given.was) ||
	    !consider_literals(search, stand_in->given.now))
		return fail_set(fail, FAIL_INPUT,
		    "a value that was not kept may be too many things");
	/* A policy that is not the one it was decided under: anything. */
	if (choice->count == 0)
		items[choice->count++] = FILLER;
	*values = (struct values){items, 1};
	if (choice->count > 1)
		stand_in->choice_count++;
	return true;
}

/* Nobody asks what a field that no condition tests has in it. */
static const struct slice untold[2] = {{"\x7f", 1}, {"\x7f", 1}};

static bool
is_asked(const struct stand_in_given *given, enum role role, enum field field)
{
	for (unsigned v = 0; v < given->now->variable_count; v++)
		if (asks_about(
			&given->now->variables[v], given->type, role, field))
			return true;
	return false;
}

static bool
fill_role(struct stand_in *stand_in, enum role role, struct arena *arena,
    struct fail *fail)
{
	const struct inputs_role *from = &stand_in->given.inputs->roles[role];
	struct search search = {
	    .stand_in = stand_in, .role = role, .arena = arena};
	struct person *person = record_person(stand_in->record, role, fail);

	if (person == NULL)
		return false;
	person->kind = from->kind;
	for (size_t i = 0; i < from->consent_count; i++)
		if (!record_add_consent(
			stand_in->record, role, &from->consents[i], fail))
			return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		bool several = (from->several & FIELD_BIT(f)) != 0;

		if ((from->present & FIELD_BIT(f)) == 0)
			continue;
		search.field = (enum field)f;
		person->fields[f] = (struct values){untold, several ? 2 : 1};
		if (is_asked(&stand_in->given, role, (enum field)f) &&
		    !fill_field(&search, &person->fields[f], several, fail))
			return false;
	}
	return true;
}

static bool
count_all(const struct stand_in *stand_in, struct fail *fail)
{
	size_t product = 1;

	for (size_t i = 0; i < stand_in->choice_count; i++) {
		product *= stand_in->choices[i].count;
		if (product > STAND_IN_MAX)
			return fail_set(fail, FAIL_INPUT,
			    "what was not kept may be too many things");
	}
	return true;
}

struct stand_in *
stand_in_create(
    const struct stand_in_given *given, struct arena *arena, struct fail *fail)
{
	struct stand_in *stand_in = arena_take(arena, sizeof(*stand_in));
	struct choice *choices =
	    arena_take_array(arena, SLOT_COUNT + 1, sizeof(*choices));

	if (stand_in == NULL || choices == NULL) {
		fail_memory(fail);
		return NULL;
	}
	stand_in->given = *given;
	stand_in->choices = choices;
	stand_in->record = record_create(
	    arena, given->type, given->operation, given->object, fail);
	if (stand_in->record == NULL)
		return NULL;
	stand_in->record->plan = given->inputs->plan;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (given->inputs->roles[r].is_there &&
		    !fill_role(stand_in, (enum role)r, arena, fail))
			return NULL;
	return count_all(stand_in, fail) ? stand_in : NULL;
}

const struct record *
stand_in_record(const struct stand_in *stand_in)
{
	return stand_in->record;
}

bool
stand_in_step(struct stand_in *stand_in)
{
	for (size_t i = 0; i < stand_in->choice_count; i++) {
		struct choice *choice = &stand_in->choices[i];

		if (++choice->at < choice->count) {
			choice->values->items = &choice->items[choice->at];
			return true;
		}
		choice->at = 0;
		choice->values->items = choice->items;
	}
	return false;
}

struct disclosure *
stand_in_decide(const struct stand_in *stand_in, unsigned recipient,
    const struct block *block, struct arena *arena, struct fail *fail)
{
	const struct inputs *inputs = stand_in->given.inputs;
	const struct decide_given given = {.approved = inputs->approved,
	    .stopped = inputs->stopped,
	    .minimises = inputs->stopped != 0,
	    .kept = inputs->kept,
	    .hides = inputs->hides};
	struct decide_scope scope = inputs->scope;

	scope.recipient = recipient;
	if (inputs->in_scope)
		return decide_contact(stand_in->given.now, &scope,
		    stand_in->record, &given, arena, fail);
	return decide(
	    stand_in->given.now, block, stand_in->record, &given, arena, fail);
}

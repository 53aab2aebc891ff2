/* Variables: the finite domains that conditions are about. */
#include "core/compile.h"
#include "core/grow.h"
#include "core/policy_print.h"

static bool
same_values(const struct test *a, const struct test *b)
{
	if (a->value_count != b->value_count)
		return false;
	for (size_t i = 0; i < a->value_count; i++)
		if (!slice_equal(a->values[i], b->values[i]))
			return false;
	return true;
}

bool
variable_same(const struct variable *a, const struct variable *b)
{
	if (a->subject != b->subject || a->role != b->role)
		return false;
	if (a->subject == TEST_CONSENT)
		return a->audience == b->audience &&
		       slice_equal(a->purpose, b->purpose);
	return a->subject != TEST_VALUE || a->field == b->field;
}

static unsigned
first_size(enum test_subject subject)
{
	switch (subject) {
	case TEST_KIND:
		return KIND_COUNT;
	case TEST_CONSENT:
		return CONSENT_STATES;
	case TEST_REQUEST:
		return OPERATION_COUNT;
	case TEST_VALUE:
	case TEST_PRESENT:
	case TEST_PLAN:
	case TEST_SIZE:
		break;
	}
	return STATE_OTHER + 1;
}

static bool
find_variable(
    struct ruleset *ruleset, const struct variable *like, unsigned *out)
{
	struct variable *more;

	for (unsigned i = 0; i < ruleset->variable_count; i++) {
		if (variable_same(&ruleset->variables[i], like)) {
			*out = i;
			return true;
		}
	}
	more = grow(ruleset->arena, ruleset->variables, ruleset->variable_count,
	    sizeof(*more));
	if (more == NULL)
		return false;
	ruleset->variables = more;
	*out = (unsigned)ruleset->variable_count++;
	more[*out] = *like;
	return true;
}

static bool
add_set(struct ruleset *ruleset, struct bound_test *bound,
    struct complaints *complaints)
{
	struct variable *variable = &ruleset->variables[bound->variable];
	const struct test **sets;

	for (unsigned i = 0; i < variable->set_count; i++) {
		if (same_values(variable->sets[i], bound->test)) {
			bound->set = i;
			return true;
		}
	}
	bound->set = (unsigned)variable->set_count;
	if (variable->set_count == POLICY_SETS_MAX) {
		complain(complaints, ruleset->policy->place,
		    COMPLAINT_SETS_MANY,
		    slice_from(variable->subject == TEST_PLAN ? "plan"
			    : variable->subject == TEST_SIZE
				? "prefix-length"
				: field_info[variable->field].name),
		    (struct slice){"", 0});
		bound->set = 0;
		return true;
	}
	sets = grow(
	    ruleset->arena, variable->sets, variable->set_count, sizeof(*sets));
	if (sets == NULL)
		return false;
	variable->sets = sets;
	sets[variable->set_count++] = bound->test;
	return true;
}

bool
variable_bind(struct ruleset *ruleset, const struct test *test, int role,
    enum audience audience, struct bound_test *out,
    struct complaints *complaints)
{
	struct variable like = {.subject = test->subject,
	    .role = test->role == ROLE_RELATIVE ? role : test->role,
	    .field = test->field,
	    .purpose = test->purpose,
	    .audience = audience};

	if (test->subject == TEST_PRESENT)
		like.subject = TEST_VALUE;
	if (test_is_of_object(test->subject))
		like.role = ROLE_RELATIVE;
	like.size = first_size(like.subject);
	*out = (struct bound_test){.test = test};
	if (!find_variable(ruleset, &like, &out->variable))
		return false;
	if (!test_is_of_value(test->subject))
		return true;
	return add_set(ruleset, out, complaints);
}

/* Put a value in its sorted place; false when out of memory. */
static bool
add_literal(
    struct ruleset *ruleset, struct variable *variable, struct slice text)
{
	struct literal *literals;
	size_t at = 0;

	while (at < variable->literal_count &&
	       slice_compare(variable->literals[at].text, text) < 0)
		at++;
	if (at < variable->literal_count &&
	    slice_equal(variable->literals[at].text, text))
		return true;
	literals = grow(ruleset->arena, variable->literals,
	    variable->literal_count, sizeof(*literals));
	if (literals == NULL)
		return false;
	variable->literals = literals;
	memmove(literals + at + 1, literals + at,
	    (variable->literal_count - at) * sizeof(*literals));
	literals[at] = (struct literal){.text = text};
	variable->literal_count++;
	return true;
}

static uint64_t
signature(const struct variable *variable, struct slice text)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < variable->set_count; i++)
		for (size_t k = 0; k < variable->sets[i]->value_count; k++)
			if (slice_equal(variable->sets[i]->values[k], text))
				bits |= (uint64_t)1 << i;
	return bits;
}

/* Literals in the same sets cannot be told apart: one state for them. */
static bool
find_classes(struct ruleset *ruleset, struct variable *variable)
{
	size_t classes = 1;

	variable->members = arena_take_array(ruleset->arena,
	    variable->literal_count + 1, sizeof(*variable->members));
	if (variable->members == NULL)
		return false;
	for (size_t i = 0; i < variable->literal_count; i++) {
		struct literal *literal = &variable->literals[i];
		uint64_t bits = signature(variable, literal->text);
		size_t class = 1;

		while (class < classes && variable->members[class] != bits)
			class ++;
		if (class == classes)
			variable->members[classes++] = bits;
		literal->state = (unsigned)(STATE_OTHER + class);
	}
	variable->size = (unsigned)(STATE_OTHER + classes);
	return true;
}

bool
variable_classes(struct ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->variable_count; i++) {
		struct variable *variable = &ruleset->variables[i];

		if (!test_is_of_value(variable->subject))
			continue;
		for (size_t s = 0; s < variable->set_count; s++)
			for (size_t v = 0; v < variable->sets[s]->value_count;
			     v++)
				if (!add_literal(ruleset, variable,
					variable->sets[s]->values[v]))
					return false;
		if (!find_classes(ruleset, variable))
			return false;
	}
	return true;
}

static enum truth
truth_of(bool claim)
{
	return claim ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth
bound_truth(const struct ruleset *ruleset, const struct bound_test *bound,
    const uint16_t *values)
{
	const struct variable *variable = &ruleset->variables[bound->variable];
	const struct test *test = bound->test;
	unsigned value = values[bound->variable];

	switch (test->subject) {
	case TEST_KIND:
		if (value == KIND_UNKNOWN && test->word != KIND_UNKNOWN)
			return TRUTH_UNKNOWN;
		return truth_of(value == test->word);
	case TEST_CONSENT:
		if (value == CONSENT_UNKNOWN)
			return TRUTH_UNKNOWN;
		return truth_of(value == CONSENT_GIVEN);
	case TEST_PRESENT:
		if (value == STATE_MALFORMED)
			return TRUTH_UNKNOWN;
		return truth_of(value != STATE_MISSING);
	case TEST_REQUEST:
		return truth_of(value == test->word);
	case TEST_VALUE:
	case TEST_PLAN:
	case TEST_SIZE:
		break;
	}
	if (value < STATE_OTHER)
		return TRUTH_UNKNOWN;
	return truth_of(
	    (variable->members[value - STATE_OTHER] >> bound->set & 1) != 0);
}

/* Kleene's and over the tests: the least of them. */
static enum truth
all_of(const struct ruleset *ruleset, const struct bound_test *tests,
    size_t count, const uint16_t *values)
{
	enum truth least = TRUTH_TRUE;

	for (size_t i = 0; i < count; i++) {
		enum truth truth = bound_truth(ruleset, &tests[i], values);

		if (truth < least)
			least = truth;
	}
	return least;
}

enum truth
bound_rule_truth(const struct ruleset *ruleset, const struct bound_rule *rule,
    const uint16_t *values)
{
	enum truth when =
	    all_of(ruleset, rule->tests, rule->when_count, values);
	enum truth unless;

	if (rule->unless_count == 0)
		return when;
	unless = all_of(ruleset, rule->tests + rule->when_count,
	    rule->unless_count, values);
	unless = TRUTH_TRUE - unless;
	return when < unless ? when : unless;
}

bool
verdict_fires(enum verdict verdict, enum truth truth)
{
	return truth == TRUTH_TRUE ||
	       (truth == TRUTH_UNKNOWN && !verdict_passes(verdict));
}

bool
terms_step(const struct ruleset *ruleset, const struct term *terms,
    size_t count, uint16_t *values)
{
	for (size_t i = 0; i < count; i++) {
		unsigned v = terms[i].variable;

		if (++values[v] < ruleset->variables[v].size)
			return true;
		values[v] = 0;
	}
	return false;
}

/* Which literals are of this class: their first few. */
static void
add_class(struct text *out, const struct variable *variable, unsigned state)
{
	static const char *const states[] = {
	    "missing", "malformed", "another value"};
	unsigned shown = 0;

	if (state <= STATE_OTHER) {
		text_add_string(out, states[state]);
		return;
	}
	for (size_t i = 0; i < variable->literal_count; i++) {
		if (variable->literals[i].state != state)
			continue;
		if (shown == 3) {
			text_add_string(out, "|...");
			return;
		}
		if (shown++ != 0)
			text_add_char(out, '|');
		text_add(out, variable->literals[i].text);
	}
}

static void
add_state(struct text *out, const struct variable *variable, unsigned value)
{
	static const char *const consents[] = {"unknown", "given", "withdrawn"};

	if (variable->role != ROLE_RELATIVE) {
		text_add_string(out, role_name((enum role)variable->role));
		text_add_char(out, '.');
	}
	switch (variable->subject) {
	case TEST_KIND:
		text_add_string(out, "kind ");
		text_add_string(out, kind_name((enum kind)value));
		break;
	case TEST_CONSENT:
		text_add_string(out, "consent to ");
		text_add(out, variable->purpose);
		text_add_char(out, ' ');
		text_add_string(out, consents[value]);
		break;
	case TEST_REQUEST:
		text_add_string(out, "request ");
		text_add_string(out, operation_name((enum operation)value));
		break;
	case TEST_PLAN:
		text_add_string(out, "plan ");
		add_class(out, variable, value);
		break;
	case TEST_SIZE:
		text_add_string(out, "prefix-length ");
		add_class(out, variable, value);
		break;
	case TEST_VALUE:
	case TEST_PRESENT:
		text_add_string(out, field_info[variable->field].name);
		text_add_char(out, ' ');
		add_class(out, variable, value);
		break;
	}
}

void
terms_print(struct text *out, const struct ruleset *ruleset,
    const struct term *terms, size_t count, const uint16_t *values)
{
	for (size_t i = 0; i < count; i++) {
		unsigned v = terms[i].variable;

		if (i != 0)
			text_add_string(out, ", ");
		add_state(out, &ruleset->variables[v], values[v]);
	}
}

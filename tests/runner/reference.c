#include "runner/reference.h"

#include "base/prefix.h"

/* -1 no, 0 not known, 1 yes */
static int
consent_answer(const struct record *record, enum role role,
    struct slice purpose, enum audience audience)
{
	size_t count;
	const struct consent *all = record_consents(record, role, &count);
	int64_t latest = INT64_MIN;
	int answer = 0;

	for (size_t i = 0; i < count; i++) {
		if (!slice_equal(all[i].purpose, purpose))
			continue;
		if (all[i].audience != audience &&
		    all[i].audience != AUDIENCE_ANY)
			continue;
		if (all[i].time > latest)
			answer = all[i].given ? 1 : -1;
		else if (all[i].time == latest && !all[i].given)
			answer = -1;
		if (all[i].time > latest)
			latest = all[i].time;
	}
	return answer;
}

static int
among_answer(const struct test *test, struct slice value)
{
	if (value.len == 0)
		return 0;
	for (size_t i = 0; i < test->value_count; i++)
		if (slice_equal(test->values[i], value))
			return 1;
	return -1;
}

static int
value_answer(
    const struct test *test, const struct record *record, enum role role)
{
	struct values values = record_values(record, role, test->field);

	if (test->subject == TEST_PRESENT)
		return values.count != 0 && values.items[0].len != 0 ? 1 : -1;
	if (values.count != 1)
		return 0;
	return among_answer(test, values.items[0]);
}

static int
size_answer(const struct test *test, const struct record *record)
{
	char bits[8];
	struct prefix prefix;

	if (record_type(record) != OBJECT_NETWORK ||
	    !prefix_parse(record_object(record), &prefix, NULL))
		return 0;
	snprintf(bits, sizeof(bits), "%u", prefix.bits);
	return among_answer(test, slice_from(bits));
}

static int
test_answer(const struct test *test, const struct record *record,
    enum role slot, enum audience audience)
{
	enum role role =
	    test->role == ROLE_RELATIVE ? slot : (enum role)test->role;

	switch (test->subject) {
	case TEST_KIND:
		if (record_kind(record, role) == test->word)
			return 1;
		return record_kind(record, role) == KIND_UNKNOWN ? 0 : -1;
	case TEST_CONSENT:
		return consent_answer(record, role, test->purpose, audience);
	case TEST_VALUE:
	case TEST_PRESENT:
		return value_answer(test, record, role);
	case TEST_PLAN:
		return among_answer(test, record_plan(record));
	case TEST_SIZE:
		return size_answer(test, record);
	case TEST_REQUEST:
		return record_operation(record) == test->word ? 1 : -1;
	}
	return 0;
}

static int
condition_answer(const struct condition *condition, const struct record *record,
    enum role slot, enum audience audience)
{
	bool unknown = false;

	for (size_t i = 0; i < condition->count; i++) {
		int answer =
		    test_answer(&condition->tests[i], record, slot, audience);

		if (answer < 0)
			return -1;
		unknown |= answer == 0;
	}
	return unknown ? 0 : 1;
}

static bool
rule_fires(const struct rule *rule, const struct record *record, enum role slot,
    enum audience audience)
{
	int when = condition_answer(&rule->when, record, slot, audience);
	int unless = rule->unless.count == 0 ? -1
					     : condition_answer(&rule->unless,
						   record, slot, audience);

	if (when < 0 || unless > 0)
		return false;
	if (when > 0 && unless < 0)
		return true;
	return rule->verdict == VERDICT_REDACT ||
	       rule->verdict == VERDICT_HOLD || rule->verdict == VERDICT_REFUSE;
}

unsigned
reference_slot(const struct policy *policy, const struct policy_block *block,
    const struct record *record, enum role role, enum field field)
{
	enum audience audience =
	    policy->recipients[block->is.recipient].is.audience;

	for (size_t i = 0; i < block->rule_count; i++) {
		const struct rule *rule = block->rules[i];

		if ((rule->roles & ROLE_BIT(role)) != 0 &&
		    (rule->fields & FIELD_BIT(field)) != 0 &&
		    rule_fires(rule, record, role, audience))
			return rule->number;
	}
	return 0;
}

unsigned
reference_gate(const struct policy *policy, const struct policy_block *block,
    const struct record *record)
{
	static const enum verdict order[] = {VERDICT_REFUSE, VERDICT_HOLD};
	enum audience audience =
	    policy->recipients[block->is.recipient].is.audience;

	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < block->gate_count; i++)
			if (block->gates[i]->verdict == order[pass] &&
			    rule_fires(block->gates[i], record, ROLE_REGISTRANT,
				audience))
				return block->gates[i]->number;
	return 0;
}

#include "core/disclosure_priv.h"

#include "core/ruleset_priv.h"

static const struct rule *
rule_of(const struct ruleset *ruleset, unsigned number)
{
	return number == 0 ? NULL : ruleset->policy->rules[number - 1];
}

static struct ruling
ruling_of(const struct ruleset *ruleset, const struct decided *decided,
    enum role role, enum field field)
{
	unsigned number = decided->rows[role][field];
	const struct rule *rule = rule_of(ruleset, number);

	if (rule == NULL || (decided->redacted & FIELD_BIT(field)) != 0)
		return (struct ruling){VERDICT_REDACT, number};
	return (struct ruling){rule_verdict(rule, field), number};
}

struct ruling
disclosure_outcome(const struct disclosure *disclosure)
{
	return disclosure->outcome;
}

unsigned
disclosure_stopped_roles(const struct disclosure *disclosure)
{
	return disclosure->stopped_roles;
}

bool
disclosure_is_stopped(const struct disclosure *disclosure)
{
	return disclosure->stopped;
}

struct slice
disclosure_reason(const struct disclosure *disclosure)
{
	const struct rule *rule =
	    rule_of(disclosure->ruleset, disclosure->outcome.rule);

	if (disclosure->stopped)
		return SLICE("the person whose data this is stopped its "
			     "provision");
	if (rule == NULL && disclosure->outcome.verdict == VERDICT_REFUSE)
		return SLICE("no block is for this object");
	return rule != NULL ? rule->text : (struct slice){"", 0};
}

const struct ruleset *
disclosure_ruleset(const struct disclosure *disclosure)
{
	return disclosure->ruleset;
}

const struct recipient *
disclosure_recipient(const struct disclosure *disclosure)
{
	return ruleset_recipient(disclosure->ruleset, disclosure->recipient);
}

struct slice
disclosure_purpose(const struct disclosure *disclosure)
{
	return disclosure->purpose;
}

enum operation
disclosure_operation(const struct disclosure *disclosure)
{
	return disclosure->operation;
}

enum object_type
disclosure_type(const struct disclosure *disclosure)
{
	return disclosure->type;
}

const char *
disclosure_role_word(const struct disclosure *disclosure, enum role role)
{
	return object_role_name(disclosure->type, role);
}

struct slice
disclosure_object(const struct disclosure *disclosure)
{
	switch (disclosure_type(disclosure)) {
	case OBJECT_DOMAIN:
	case OBJECT_NETWORK:
		return disclosure->reference;
	case OBJECT_SUBSCRIBER:
	case OBJECT_SPAM_REPORT:
	case OBJECT_CONTACT:
	case OBJECT_HOST:
	case OBJECT_COUNT:
		break;
	}
	return (struct slice){"", 0};
}

struct slice
disclosure_reference(const struct disclosure *disclosure)
{
	return disclosure->reference;
}

bool
disclosure_has_role(const struct disclosure *disclosure, enum role role)
{
	return disclosure->has_role[role];
}

struct slice
disclosure_subject(const struct disclosure *disclosure, enum role role)
{
	return disclosure->subjects[role];
}

bool
disclosure_collected(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	return (disclosure->collected[role] & FIELD_BIT(field)) != 0;
}

bool
disclosure_withheld(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	return (disclosure->withheld[role] & FIELD_BIT(field)) != 0;
}

uint64_t
disclosure_collected_all(const struct disclosure *disclosure, enum role role)
{
	return disclosure->collected[role];
}

bool
disclosure_could_pass(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	if (disclosure->merged)
		return role == CONTACT_ROLE &&
		       (disclosure->could_pass & FIELD_BIT(field)) != 0;
	return (ruleset_slot_ever(
		    disclosure->ruleset, disclosure->own.block, role, field) &
		   SLOT_PASSES) != 0;
}

bool
disclosure_removed(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	return (disclosure->removed[role] & FIELD_BIT(field)) != 0;
}

struct ruling
disclosure_ruling(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	return ruling_of(disclosure->ruleset, &disclosure->own, role, field);
}

const struct record_former *
disclosure_former(const struct disclosure *disclosure)
{
	return &disclosure->former;
}

const struct registration *
disclosure_registration(const struct disclosure *disclosure)
{
	return &disclosure->registration;
}

struct slice
disclosure_expires(const struct disclosure *disclosure)
{
	return disclosure->expires;
}

struct values
disclosure_values(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	if (disclosure->values[role] == NULL)
		return (struct values){NULL, 0};
	return disclosure->values[role][field];
}

size_t
disclosure_onward_count(const struct disclosure *disclosure)
{
	return disclosure->onward_count;
}

const struct recipient *
disclosure_onward(const struct disclosure *disclosure, size_t index)
{
	return ruleset_recipient(
	    disclosure->ruleset, disclosure->onward[index].block->recipient);
}

struct ruling
disclosure_onward_ruling(const struct disclosure *disclosure, size_t index,
    enum role role, enum field field)
{
	return ruling_of(
	    disclosure->ruleset, &disclosure->onward[index], role, field);
}

/* Does the recipient before this one get the field, so that it goes on? */
static bool
goes_on(const struct disclosure *disclosure, int via, enum role role,
    enum field field)
{
	if (via == (int)disclosure->recipient)
		return true;
	for (size_t i = 0; i < disclosure->onward_count; i++)
		if ((int)disclosure->onward[i].block->recipient == via)
			return verdict_passes(disclosure_onward_ruling(
			    disclosure, i, role, field)
						  .verdict);
	return false;
}

bool
disclosure_publishable(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	struct ruling by;

	if (disclosure->merged)
		return (disclosure->hidden & FIELD_BIT(field)) == 0;
	return !disclosure_is_withheld(disclosure, role, field, &by);
}

bool
disclosure_is_withheld(const struct disclosure *disclosure, enum role role,
    enum field field, struct ruling *by)
{
	for (size_t i = 0; i < disclosure->onward_count; i++) {
		unsigned behind = disclosure->onward[i].block->recipient;

		*by = disclosure_onward_ruling(disclosure, i, role, field);
		if (!verdict_passes(by->verdict) &&
		    ruleset_passes_on(
			disclosure->ruleset, behind, role, field) &&
		    goes_on(disclosure, disclosure_onward(disclosure, i)->via,
			role, field))
			return true;
	}
	return false;
}

/* What must hold of recipients, whatever blocks there are. */
#include "core/policy_check.h"

static const struct slice nothing = {"", 0};

/* Fields of these classes may reach this kind of recipient. */
static bool
class_allowed(const struct policy_recipient *recipient, enum field_class class)
{
	switch (class) {
	case CLASS_PERSONAL:
	case CLASS_OBJECT:
		return true;
	case CLASS_ACCOUNT:
	case CLASS_PASSWORD:
	case CLASS_CONTENT:
		return !recipient->registry && !recipient->is.public;
	case CLASS_AUTHINFO:
		return recipient->registry && !recipient->is.public &&
		       recipient->is.via == VIA_NONE;
	}
	return false;
}

static const char *
class_word(const struct policy_recipient *recipient)
{
	if (recipient->is.public)
		return "public recipient";
	if (recipient->registry)
		return recipient->is.via == VIA_NONE
			   ? "registry"
			   : "registry behind another";
	return recipient->is.audience == AUDIENCE_ANY ? "authority" : "company";
}

static void
check_secrets(
    const struct policy_recipient *recipient, struct complaints *complaints)
{
	uint64_t all = 0;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		all |= recipient->ceiling[role];
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if ((all & FIELD_BIT(f)) != 0 &&
		    !class_allowed(recipient, field_info[f].class))
			complain(complaints, recipient->place, COMPLAINT_SECRET,
			    slice_from(field_info[f].name),
			    slice_from(class_word(recipient)));
}

static void
find_via(struct policy *policy, struct policy_recipient *recipient,
    struct complaints *complaints)
{
	if (recipient->via_word.len == 0)
		return;
	if (slice_is(recipient->via_word, "self")) {
		recipient->is.via = VIA_SELF;
		return;
	}
	for (size_t i = 0; i < policy->recipient_count; i++) {
		if (!slice_equal(
			policy->recipients[i].is.id, recipient->via_word))
			continue;
		recipient->is.via = (int)i;
		if (policy->recipients[i].is.public)
			complain(complaints, recipient->via_place,
			    COMPLAINT_VIA_PUBLIC, recipient->is.id, nothing);
		return;
	}
	complain(complaints, recipient->via_place, COMPLAINT_RECIPIENT_NONE,
	    recipient->via_word, nothing);
}

/* A chain longer than there are recipients is a ring: it is cut here. */
static void
check_chain(struct policy *policy, struct policy_recipient *recipient,
    struct complaints *complaints)
{
	int at = recipient->is.via;

	for (size_t steps = 0; at >= 0; steps++) {
		if (steps == policy->recipient_count) {
			complain(complaints, recipient->via_place,
			    COMPLAINT_VIA_LOOP, recipient->is.id, nothing);
			recipient->is.via = VIA_NONE;
			return;
		}
		at = policy->recipients[at].is.via;
	}
}

/* What the declaration must say, and may not. */
static void
check_options(
    const struct policy_recipient *recipient, struct complaints *complaints)
{
	const struct recipient *is = &recipient->is;
	bool behind = is->via >= 0;
	bool told = recipient->via_word.len != 0;
	const struct {
		bool wrong;
		enum complaint complaint;
	} checks[] = {
	    {!is->public && !recipient->has_class, COMPLAINT_CLASS_NONE},
	    {is->public && recipient->has_class, COMPLAINT_CLASS_PUBLIC},
	    {!is->public && is->basis.len == 0, COMPLAINT_BASIS_NONE},
	    {!is->public && !told && is->method == METHOD_NONE,
		COMPLAINT_METHOD_NONE},
	    {told && is->method != METHOD_NONE, COMPLAINT_METHOD_VIA},
	    {is->public && !told, COMPLAINT_PUBLIC_VIA},
	    {!is->public && is->via == VIA_SELF, COMPLAINT_SELF_PUBLIC},
	    {!(is->public && behind) && !recipient->has_ceiling,
		COMPLAINT_CEILING_NONE},
	};

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].wrong)
			complain(complaints, recipient->place,
			    checks[i].complaint, is->id, nothing);
}

void
policy_check_recipients(struct policy *policy, struct complaints *complaints)
{
	for (size_t i = 0; i < policy->recipient_count; i++)
		find_via(policy, &policy->recipients[i], complaints);
	for (size_t i = 0; i < policy->recipient_count; i++)
		check_chain(policy, &policy->recipients[i], complaints);
	for (size_t i = 0; i < policy->recipient_count; i++) {
		check_options(&policy->recipients[i], complaints);
		check_secrets(&policy->recipients[i], complaints);
	}
}

#include "core/audit.h"

#include "core/policy_tree.h"

static const char *const kinds[AUDIT_KIND_COUNT] = {
    [AUDIT_LEAK] = "leak",
    [AUDIT_OVER_REDACTION] = "over-redaction",
    [AUDIT_STALE] = "stale",
    [AUDIT_MISSING] = "missing",
    [AUDIT_UNREACHABLE] = "unreachable",
};

const char *
audit_kind_name(enum audit_kind kind)
{
	return kinds[kind];
}

bool
audit_kind_find(struct slice name, enum audit_kind *out)
{
	for (unsigned i = 0; i < AUDIT_KIND_COUNT; i++)
		if (slice_is(name, kinds[i])) {
			*out = (enum audit_kind)i;
			return true;
		}
	return false;
}

static bool
values_equal(struct values a, struct values b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
		if (!slice_equal(a.items[i], b.items[i]))
			return false;
	return true;
}

static void
intend(struct audit_intended *out, const struct disclosure *disclosure,
    const struct record *record, enum role role, enum field field)
{
	struct ruling outcome = disclosure_outcome(disclosure);

	out->collected = disclosure_collected(disclosure, role, field);
	out->ruling = disclosure_ruling(disclosure, role, field);
	out->allowed = disclosure_values(disclosure, role, field);
	if (outcome.verdict != VERDICT_FORWARD) {
		out->ruling = (struct ruling){VERDICT_REDACT, outcome.rule};
		out->allowed = (struct values){NULL, 0};
	}
	if (record == NULL || !record_has_role(record, role))
		return;
	out->hidden = record_values(record, role, field);
	out->collected |= out->hidden.count != 0;
	if (values_equal(out->hidden, out->allowed))
		out->hidden = (struct values){NULL, 0};
}

static void
widen(struct audit_intended *to, const struct audit_intended *other)
{
	bool passes = verdict_passes(to->ruling.verdict);
	bool passes_there = verdict_passes(other->ruling.verdict);

	to->may_hide |= other->may_hide || passes != passes_there;
	to->may_differ |= other->may_differ ||
			  (passes && passes_there &&
			      !values_equal(to->allowed, other->allowed));
	to->collected |= other->collected;
	/* Of two verdicts the more open one is the greater. */
	if (other->ruling.verdict <= to->ruling.verdict)
		return;
	to->ruling = other->ruling;
	to->allowed = other->allowed;
	to->hidden = other->hidden;
}

void
audit_widen(struct audit_intent *intent, const struct audit_intent *other)
{
	intent->stopped &= other->stopped;
	intent->knows_record &= other->knows_record;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		intent->has_role[role] |= other->has_role[role];
		for (unsigned field = 0; field < FIELD_COUNT; field++)
			widen(&intent->items[role][field],
			    &other->items[role][field]);
	}
}

struct audit_intent *
audit_intend(const struct disclosure *disclosure, const struct record *record,
    struct arena *arena, struct fail *fail)
{
	struct audit_intent *intent = arena_take(arena, sizeof(*intent));

	if (intent == NULL) {
		fail_memory(fail);
		return NULL;
	}
	intent->type = disclosure_type(disclosure);
	intent->object = disclosure_reference(disclosure);
	intent->stopped = disclosure_stopped_roles(disclosure);
	intent->knows_record = record != NULL;
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		intent->has_role[role] =
		    disclosure_has_role(disclosure, (enum role)role);
		for (unsigned field = 0; field < FIELD_COUNT; field++)
			intend(&intent->items[role][field], disclosure, record,
			    (enum role)role, (enum field)field);
	}
	return intent;
}

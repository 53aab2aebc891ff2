#include "core/decide.h"

#include "core/policy_tree.h"

/*
 * What was given as it is needs a forward; what was given otherwise shows
 * nothing that any passing verdict would not.
 */
static bool
link_allows(const struct disclosure *domain, enum role role,
    const struct shown *shown, enum field field, struct ruling *ruling)
{
	uint64_t bit = FIELD_BIT(field);

	*ruling = disclosure_ruling(domain, role, field);
	if ((shown->passed & bit) != 0 && ruling->verdict != VERDICT_FORWARD)
		return false;
	if ((shown->altered & bit) != 0 && !verdict_passes(ruling->verdict))
		return false;
	return (shown->published & bit) == 0 ||
	       !disclosure_is_withheld(domain, role, field, ruling);
}

bool
decide_link(const struct disclosure *domain, enum role role,
    const struct shown *shown, enum field *field, struct ruling *ruling)
{
	uint64_t held = shown->passed | shown->altered | shown->published;

	for (unsigned f = 0; held != 0 && f < FIELD_COUNT; f++) {
		if ((held & FIELD_BIT(f)) == 0)
			continue;
		held &= ~FIELD_BIT(f);
		*field = (enum field)f;
		if (!link_allows(domain, role, shown, *field, ruling))
			return false;
	}
	return true;
}

struct shown
decide_shown(const struct disclosure *disclosure, enum role role)
{
	struct shown shown = {0, 0, 0};
	uint64_t left = disclosure_collected_all(disclosure, role);

	for (; left != 0; left &= left - 1) {
		enum field field = (enum field)__builtin_ctzll(left);

		if (disclosure_values(disclosure, role, field).count == 0)
			continue;
		if (disclosure_ruling(disclosure, role, field).verdict ==
		    VERDICT_FORWARD)
			shown.passed |= FIELD_BIT(field);
		else
			shown.altered |= FIELD_BIT(field);
		if (disclosure_publishable(disclosure, role, field))
			shown.published |= FIELD_BIT(field);
	}
	return shown;
}

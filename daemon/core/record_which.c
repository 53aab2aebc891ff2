#include "core/record.h"

/* What a registry that has this record would show of a field. */
struct expected {
	bool known; /* else it was given something else, and shows that */
	struct values values;
};

struct votes {
	bool first, second;
};

static bool
has_value(struct values values, struct slice value)
{
	for (size_t i = 0; i < values.count; i++)
		if (slice_equal(values.items[i], value))
			return true;
	return false;
}

/* In whatever order: a registry has one of its own. */
static bool
same_values(struct values a, struct values b)
{
	bool same = a.count == b.count;

	for (size_t i = 0; same && i < a.count; i++)
		same = has_value(b, a.items[i]);
	return same;
}

static void
vote(struct votes *votes, struct values found, const struct expected *first,
    const struct expected *second)
{
	if (!first->known || !second->known ||
	    same_values(first->values, second->values))
		return;
	votes->first |= same_values(found, first->values);
	votes->second |= same_values(found, second->values);
}

static struct expected
expected_of_contact(const struct record *contact, enum field field)
{
	const struct shown *shown = &record_epp(contact)->shown;
	uint64_t bit = (uint64_t)1 << field;

	if ((shown->passed & bit) != 0)
		return (struct expected){
		    true, record_values(contact, CONTACT_ROLE, field)};
	return (struct expected){
	    (shown->altered & bit) == 0, (struct values){NULL, 0}};
}

static void
look_at_contact(struct votes *votes, const struct record *found,
    const struct record *first, const struct record *second)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct expected one = expected_of_contact(first, f);
		struct expected other = expected_of_contact(second, f);

		vote(
		    votes, record_values(found, CONTACT_ROLE, f), &one, &other);
	}
}

static void
look_at_domain(struct votes *votes, const struct record *found,
    const struct record *first, const struct record *second, bool has_links)
{
	static const enum role roles[] = {
	    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
	const struct registration *is = record_registration(found);
	const struct registration *a = record_registration(first);
	const struct registration *b = record_registration(second);
	struct expected one = {
	    true, record_values(first, ROLE_SUBSCRIBER, FIELD_NS)};
	struct expected other = {
	    true, record_values(second, ROLE_SUBSCRIBER, FIELD_NS)};

	/* In an answer they stand with the registrant. */
	vote(votes, record_values(found, ROLE_REGISTRANT, FIELD_NS), &one,
	    &other);
	for (size_t i = 0; has_links && i < sizeof(roles) / sizeof(*roles);
	     i++) {
		one.values = record_values(first, roles[i], FIELD_HANDLE);
		other.values = record_values(second, roles[i], FIELD_HANDLE);
		vote(votes, record_values(found, roles[i], FIELD_HANDLE), &one,
		    &other);
	}
	one = (struct expected){a->status.count != 0, a->status};
	other = (struct expected){b->status.count != 0, b->status};
	if (is->given && is->status.count != 0)
		vote(votes, is->status, &one, &other);
}

enum record_which
record_which(const struct record *found, const struct record *first,
    const struct record *second, bool has_links)
{
	struct votes votes = {false, false};

	if (record_type(first) == OBJECT_CONTACT)
		look_at_contact(&votes, found, first, second);
	else
		look_at_domain(&votes, found, first, second, has_links);
	if (votes.first == votes.second)
		return WHICH_UNTOLD;
	return votes.first ? WHICH_FIRST : WHICH_SECOND;
}

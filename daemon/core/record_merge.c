#include "core/record_priv.h"

#include "core/policy_tree.h"

static bool
agrees_on(const struct consent *a, const struct consent *b)
{
	return a->audience == b->audience && slice_equal(a->purpose, b->purpose);
}

/*
 * The latest word on a purpose and audience replaces those before it, whenever
 * it comes; of two of one time the update's.
 */
static bool
consent_replaced(const struct person *update, const struct consent *old)
{
	for (size_t i = 0; i < update->consent_count; i++)
		if (agrees_on(&update->consents[i], old) &&
		    update->consents[i].time >= old->time)
			return true;
	return false;
}

static bool
consent_is_old(const struct person *stored, const struct consent *new)
{
	for (size_t i = 0; i < stored->consent_count; i++)
		if (agrees_on(&stored->consents[i], new) &&
		    stored->consents[i].time > new->time)
			return true;
	return false;
}

static bool
merge_consents(struct record *merged, enum role role,
    const struct person *stored, const struct person *update, struct fail *fail)
{
	for (size_t i = 0; i < stored->consent_count; i++)
		if (!consent_replaced(update, &stored->consents[i]) &&
		    !record_add_consent(
			merged, role, &stored->consents[i], fail))
			return false;
	for (size_t i = 0; i < update->consent_count; i++)
		if (!consent_is_old(stored, &update->consents[i]) &&
		    !record_add_consent(
			merged, role, &update->consents[i], fail))
			return false;
	return true;
}

static struct consent *
find_consent(struct person *person, const struct consent *like)
{
	for (size_t i = 0; i < person->consent_count; i++)
		if (agrees_on(&person->consents[i], like))
			return &person->consents[i];
	return NULL;
}

/* --- is it the same person? --- */

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool
is_alike(struct slice a, struct slice b)
{
	size_t i = 0;

	if (a.len != b.len)
		return false;
	while (i < a.len && lower(a.data[i]) == lower(b.data[i]))
		i++;
	return i == a.len;
}

static bool
any_equal(struct values a, struct values b)
{
	for (size_t i = 0; i < a.count; i++)
		for (size_t k = 0; k < b.count; k++)
			if (is_alike(a.items[i], b.items[k]))
				return true;
	return false;
}

/*
 * Who had no id until now is another person only where all that tells who it
 * was, name, e-mail and telephone, is given anew or taken away, and nothing of
 * that is as it was: an id alone makes nobody somebody else.
 */
static bool
is_another(const struct person *stored, const struct person *update)
{
	static const enum field tells[] = {FIELD_NAME_LOC, FIELD_NAME_INT,
	    FIELD_NAME_KANA, FIELD_EMAIL, FIELD_NOTIFY_EMAIL, FIELD_PHONE,
	    FIELD_IP_PHONE};
	bool any = false;

	for (size_t i = 0; i < sizeof(tells) / sizeof(tells[0]); i++) {
		struct values was = stored->fields[tells[i]];
		struct values is = update->fields[tells[i]];

		if (was.count == 0)
			continue;
		any = true;
		if (any_equal(was, is) ||
		    (is.count == 0 && (update->fields_removed &
					  FIELD_BIT(tells[i])) == 0))
			return false;
	}
	return any;
}

static bool
is_same(const struct person *stored, const struct person *update)
{
	if (!update->subject_given)
		return true;
	return stored->subject_given
		   ? slice_equal(update->subject, stored->subject)
		   : !is_another(stored, update);
}

bool
record_keep_person(struct record *record, enum role role,
    const struct record *stored)
{
	const struct person *was = stored->persons[role];
	struct person *is = record->persons[role];

	if (was == NULL || was->removed || was->subject_given || is == NULL ||
	    !is->subject_given || !is_same(was, is))
		return false;
	is->subject = was->subject;
	is->subject_given = false;
	return true;
}

static bool
withdraw_one(struct record *record, enum role role,
    const struct consent *withdrawn, bool *any, struct fail *fail)
{
	struct consent *old = find_consent(record->persons[role], withdrawn);

	if (withdrawn->given ||
	    (old != NULL && old->time > withdrawn->time) ||
	    (old != NULL && old->time == withdrawn->time && !old->given))
		return true;
	*any = true;
	if (old == NULL)
		return record_add_consent(record, role, withdrawn, fail);
	old->given = false;
	old->time = withdrawn->time;
	return true;
}

bool
record_date_consents(struct record *record, int64_t now, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct person *person = record->persons[r];

		for (size_t i = 0; person != NULL && i < person->consent_count;
		     i++) {
			struct consent *consent = &person->consents[i];

			if (!consent->given && consent->time > now)
				consent->time = now;
			if (consent->time <= now + CONSENT_AHEAD)
				continue;
			fail_set(fail, FAIL_INPUT,
			    "a consent is dated in the future");
			fail_place(fail, "/roles/%s/consents/%zu/time",
			    object_role_name(record->type, (enum role)r), i);
			fail_hint(fail,
			    "the time when it was given; is the clock right?");
			return false;
		}
	}
	return true;
}

bool
record_withdraws(const struct record *update)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct person *person = update->persons[r];

		for (size_t i = 0; person != NULL && i < person->consent_count;
		     i++)
			if (!person->consents[i].given)
				return true;
	}
	return false;
}

bool
record_withdraw(struct record *record, const struct record *update, bool *any,
    struct fail *fail)
{
	*any = false;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct person *new = update->persons[r];

		if (record->persons[r] == NULL || new == NULL ||
		    new->removed || !is_same(record->persons[r], new))
			continue;
		for (size_t i = 0; i < new->consent_count; i++)
			if (!withdraw_one(record, (enum role)r,
				&new->consents[i], any, fail))
				return false;
	}
	return true;
}

/* Another person: nothing of the one before stays, and all of it is removed. */
static void
succeed_person(struct person *to, const struct person *stored)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (stored->fields[f].count != 0 && to->fields[f].count == 0)
			to->fields_removed |= FIELD_BIT(f);
}

static void
merge_fields(struct person *to, const struct person *stored)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (to->fields[f].count == 0 &&
		    (to->fields_removed & FIELD_BIT(f)) == 0)
			to->fields[f] = stored->fields[f];
	if (!to->kind_given) {
		to->kind = stored->kind;
		to->kind_given = stored->kind_given;
	}
}

static bool
merge_person(struct record *merged, enum role role, const struct person *stored,
    const struct person *update, struct fail *fail)
{
	struct person *to = record_person(merged, role, fail);
	bool same = is_same(stored, update);

	if (to == NULL)
		return false;
	*to = *update;
	if (!same) {
		succeed_person(to, stored);
		return true;
	}
	to->consents = NULL;
	to->consent_count = to->consent_size = 0;
	if (!update->subject_given) {
		to->subject = stored->subject;
		to->subject_given = stored->subject_given;
	}
	if (update->removed)
		return true;
	merge_fields(to, stored);
	return merge_consents(merged, role, stored, update, fail);
}

bool
record_copy_role(struct record *to, const struct record *from, enum role role,
    struct fail *fail)
{
	return record_copy_person(to, role, from, role, fail);
}

bool
record_copy_person(struct record *to, enum role role, const struct record *from,
    enum role from_role, struct fail *fail)
{
	struct person *person = record_person(to, role, fail);

	if (person == NULL)
		return false;
	if (from->persons[from_role] == NULL)
		*person = (struct person){.kind = KIND_UNKNOWN};
	else
		*person = *from->persons[from_role];
	/* An addition to the copy must not write into the original's array. */
	person->consent_size = person->consent_count;
	return true;
}

/* A role that the update leaves alone; what was removed before is old news. */
static bool
keep_role(struct record *merged, enum role role, const struct record *stored,
    struct fail *fail)
{
	if (!record_copy_role(merged, stored, role, fail))
		return false;
	merged->persons[role]->fields_removed = 0;
	return true;
}

/* --- what was there before --- */

static bool
has_person(const struct record *record, unsigned role)
{
	const struct person *person = record->persons[role];

	if (person == NULL || person->removed)
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		if (field_info[f].class != CLASS_OBJECT &&
		    person->fields[f].count != 0)
			return true;
	return false;
}

static struct slice
handle_of(const struct record *record, unsigned role)
{
	const struct person *person = record->persons[role];

	if (person == NULL || person->fields[FIELD_HANDLE].count == 0)
		return (struct slice){"", 0};
	return person->fields[FIELD_HANDLE].items[0];
}

static void
note_former(struct record_former *former, const struct record *stored)
{
	*former = (struct record_former){.known = true};
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct person *person = stored->persons[r];

		if (person != NULL && former->servers.count == 0)
			former->servers = person->fields[FIELD_NS];
		if (has_person(stored, r))
			former->roles |= 1u << r;
		former->handles[r] = handle_of(stored, r);
	}
}

static unsigned
renamed_since(const struct record *merged)
{
	unsigned renamed = 0;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (!slice_equal(
			merged->former.handles[r], handle_of(merged, r)))
			renamed |= 1u << r;
	return renamed;
}

/* What the vault keeps has no handles: only that they changed. */
static void
keep_waiting(struct record *merged, const struct record *stored)
{
	merged->latest = merged->former;
	memset(merged->latest.handles, 0, sizeof(merged->latest.handles));
	merged->latest.renamed = renamed_since(merged);
	merged->waiting =
	    stored->waiting.known ? stored->waiting : merged->latest;
	merged->waiting.renamed |= merged->latest.renamed;
}

const struct record_former *
record_former(const struct record *record)
{
	return &record->former;
}

void
record_settle(struct record *record)
{
	record->waiting = record->latest;
}

void
record_undo(struct record *merged)
{
	merged->former = merged->waiting;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		merged->former.handles[r] = handle_of(merged, r);
	merged->latest = merged->waiting;
}

void
record_decide_again(
    struct record *merged, const struct record *stored, bool is_last)
{
	merged->former = is_last ? stored->latest : stored->waiting;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		merged->former.handles[r] = handle_of(merged, r);
	merged->expires = stored->expires;
}

/* --- the whole --- */

static bool
says_object_field(const struct record *record, enum field field)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct person *person = record->persons[r];

		if (person != NULL &&
		    (person->fields[field].count != 0 ||
			((person->fields_removed & FIELD_BIT(field)) != 0 &&
			    !person->removed)))
			return true;
	}
	return false;
}

/* What the update says of the object replaces it in every other role too. */
static void
replace_delegation(struct record *merged, const struct record *update)
{
	static const enum field fields[] = {FIELD_NS, FIELD_DS};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!says_object_field(update, fields[i]))
			continue;
		for (unsigned r = 0; r < ROLE_COUNT; r++)
			if (merged->persons[r] != NULL)
				merged->persons[r]->fields[fields[i]] =
				    update->persons[r] != NULL
					? update->persons[r]->fields[fields[i]]
					: (struct values){NULL, 0};
	}
}

struct record *
record_merge(struct arena *arena, const struct record *stored,
    const struct record *update, struct fail *fail)
{
	struct record *merged = record_create(
	    arena, update->type, update->operation, update->object, fail);

	if (merged == NULL)
		return NULL;
	merged->epp = update->epp.given ? update->epp : stored->epp;
	merged->plan = update->plan.len != 0 ? update->plan : stored->plan;
	merged->expires = update->expires;
	merged->limit = stored->limit;
	merged->registration = update->registration.given
	    ? update->registration
	    : stored->registration;
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		const struct person *old = stored->persons[r];
		const struct person *new = update->persons[r];
		enum role role = (enum role)r;
		bool ok = true;

		if (old != NULL && old->removed)
			old = NULL;
		if (old != NULL && new != NULL)
			ok = merge_person(merged, role, old, new, fail);
		else if (old != NULL)
			ok = keep_role(merged, role, stored, fail);
		else if (new != NULL)
			ok = record_copy_role(merged, update, role, fail);
		if (!ok)
			return NULL;
	}
	if (merged->type == OBJECT_DOMAIN) {
		replace_delegation(merged, update);
		note_former(&merged->former, stored);
		keep_waiting(merged, stored);
	}
	return merged;
}

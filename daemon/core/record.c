#include "core/record_priv.h"

#include "base/text.h"
#include "core/policy_tree.h"
#include "core/value.h"

enum { SUBJECT_MAX = 255, OBJECT_MAX = 255 };

static const char *const audiences[AUDIENCE_COUNT] = {
    [AUDIENCE_PUBLIC] = "public",
    [AUDIENCE_REGISTRY] = "registry",
    [AUDIENCE_COMPANY] = "company",
    [AUDIENCE_ANY] = "any",
};

struct record *
record_create(struct arena *arena, enum object_type type,
    enum operation operation, struct slice object, struct fail *fail)
{
	struct record *record = arena_take(arena, sizeof(*record));

	if (record == NULL) {
		fail_memory(fail);
		return NULL;
	}
	record->arena = arena;
	record->type = type;
	record->operation = operation;
	return record_set_object(record, object, fail) ? record : NULL;
}

bool
record_set_object(struct record *record, struct slice object, struct fail *fail)
{
	if (object.len == 0 || object.len > OBJECT_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "the object's name must have 1 to %d bytes", OBJECT_MAX);
	record->object = arena_copy(record->arena, object);
	return record->object.data != NULL || fail_memory(fail);
}

struct person *
record_person(struct record *record, enum role role, struct fail *fail)
{
	struct person *person = record->persons[role];

	if (person == NULL) {
		person = arena_take(record->arena, sizeof(*person));
		if (person == NULL)
			fail_memory(fail);
		record->persons[role] = person;
	}
	return person;
}

bool
record_add_role(struct record *record, enum role role, struct fail *fail)
{
	return record_person(record, role, fail) != NULL;
}

bool
record_set_role(
    struct record *record, enum role role, enum kind kind, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);

	if (person == NULL)
		return false;
	person->kind = kind;
	person->kind_given = true;
	return true;
}

bool
record_presume_kind(
    struct record *record, enum role role, enum kind kind, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);

	if (person == NULL)
		return false;
	person->kind = kind;
	person->kind_given = false;
	return true;
}

bool
record_set(struct record *record, enum role role, enum field field,
    const struct slice *items, size_t count, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);
	struct slice *copies;

	if (person == NULL)
		return false;
	if (count > field_info[field].many) {
		fail_set(fail, FAIL_INPUT, "%s has more than %zu values",
		    field_info[field].name, field_info[field].many);
		fail_place(
		    fail, "%s/%s", role_name(role), field_info[field].name);
		return false;
	}
	copies = arena_take_array(record->arena, count, sizeof(*copies));
	if (copies == NULL)
		return fail_memory(fail);
	for (size_t i = 0; i < count; i++) {
		if (!value_canonical(
			record->arena, field, items[i], &copies[i], fail)) {
			fail_place(fail, "%s/%s", role_name(role),
			    field_info[field].name);
			return false;
		}
	}
	person->fields[field] = (struct values){copies, count};
	person->fields_removed &= ~FIELD_BIT(field);
	return true;
}

bool
record_add_value(struct record *record, enum role role, enum field field,
    struct slice value, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);
	struct values *values;
	struct slice *items;

	if (person == NULL)
		return false;
	values = &person->fields[field];
	if (values->count == field_info[field].many)
		return fail_set(fail, FAIL_INPUT, "%s has more than %zu values",
		    field_info[field].name, field_info[field].many);
	items =
	    arena_take_array(record->arena, values->count + 1, sizeof(*items));
	if (items == NULL)
		return fail_memory(fail);
	if (values->count != 0)
		memcpy(items, values->items, values->count * sizeof(*items));
	if (!value_canonical(
		record->arena, field, value, &items[values->count], fail)) {
		fail_place(
		    fail, "%s/%s", role_name(role), field_info[field].name);
		return false;
	}
	*values = (struct values){items, values->count + 1};
	person->fields_removed &= ~FIELD_BIT(field);
	return true;
}

bool
record_remove(
    struct record *record, enum role role, enum field field, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);

	if (person == NULL)
		return false;
	person->fields[field] = (struct values){NULL, 0};
	person->fields_removed |= FIELD_BIT(field);
	return true;
}

bool
record_remove_role(struct record *record, enum role role, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);

	if (person == NULL)
		return false;
	person->removed = true;
	person->fields_removed = FIELD_ALL;
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		person->fields[f] = (struct values){NULL, 0};
	return true;
}

bool
record_set_subject(struct record *record, enum role role, struct slice subject,
    struct fail *fail)
{
	struct person *person = record_person(record, role, fail);

	if (person == NULL)
		return false;
	if (subject.len == 0 || subject.len > SUBJECT_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "a subject id must have 1 to %d bytes", SUBJECT_MAX);
	person->subject_given = true;
	person->subject = arena_copy(record->arena, subject);
	return person->subject.data != NULL || fail_memory(fail);
}

bool
record_default_subjects(struct record *record, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct person *person = record->persons[r];
		struct text text = text_start(record->arena);

		if (person == NULL || person->subject.len != 0)
			continue;
		text_add_format(&text, "object:%s:%.*s/%s",
		    object_type_name(record->type), SLICE_ARG(record->object),
		    object_role_name(record->type, (enum role)r));
		person->subject = text_slice(&text);
		if (person->subject.data == NULL)
			return fail_memory(fail);
	}
	return true;
}

static struct consent *
next_consent(struct record *record, struct person *person, struct fail *fail)
{
	struct consent *more;
	size_t size = person->consent_size == 0 ? 8 : 2 * person->consent_size;

	if (person->consent_count == RECORD_CONSENTS_MAX) {
		fail_set(fail, FAIL_INPUT, "more than %d consents in one role",
		    RECORD_CONSENTS_MAX);
		return NULL;
	}
	if (person->consent_count < person->consent_size)
		return &person->consents[person->consent_count];
	more = arena_take_array(record->arena, size, sizeof(*more));
	if (more == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (person->consent_count != 0)
		memcpy(more, person->consents,
		    person->consent_count * sizeof(*more));
	person->consents = more;
	person->consent_size = size;
	return &person->consents[person->consent_count];
}

bool
record_add_consent(struct record *record, enum role role,
    const struct consent *consent, struct fail *fail)
{
	struct person *person = record_person(record, role, fail);
	struct consent *copy;

	if (person == NULL)
		return false;
	copy = next_consent(record, person, fail);
	if (copy == NULL)
		return false;
	*copy = *consent;
	copy->purpose = arena_copy(record->arena, consent->purpose);
	copy->version = arena_copy(record->arena, consent->version);
	if (copy->purpose.data == NULL || copy->version.data == NULL)
		return fail_memory(fail);
	person->consent_count++;
	return true;
}

bool
record_set_plan(struct record *record, struct slice plan, struct fail *fail)
{
	if (plan.len > 64)
		return fail_set(
		    fail, FAIL_INPUT, "the plan has more than 64 bytes");
	record->plan = arena_copy(record->arena, plan);
	return record->plan.data != NULL || fail_memory(fail);
}

bool
record_set_expires(struct record *record, struct slice date, struct fail *fail)
{
	static const char form[] = "0000-00-00";
	bool ok = date.len == sizeof(form) - 1;

	for (size_t i = 0; ok && i < date.len; i++)
		ok = form[i] == '-'
			 ? date.data[i] == '-'
			 : date.data[i] >= '0' && date.data[i] <= '9';
	if (!ok)
		return fail_set(fail, FAIL_INPUT, "not a date: 2027-01-31");
	record->expires = arena_copy(record->arena, date);
	return record->expires.data != NULL || fail_memory(fail);
}

static bool
copy_words(struct arena *arena, struct values *words, struct fail *fail)
{
	struct slice *copy = arena_take_array(
	    arena, words->count + 1, sizeof(*copy));

	if (copy == NULL)
		return fail_memory(fail);
	if (words->count > REGISTRATION_WORDS)
		return fail_set(fail, FAIL_INPUT, "more than %d words",
		    REGISTRATION_WORDS);
	for (size_t i = 0; i < words->count; i++) {
		if (words->items[i].len == 0 ||
		    words->items[i].len > REGISTRATION_WORD ||
		    !text_is_printable(words->items[i]))
			return fail_set(fail, FAIL_INPUT,
			    "not a word of at most %d ASCII characters",
			    REGISTRATION_WORD);
		copy[i] = arena_copy(arena, words->items[i]);
		if (copy[i].data == NULL)
			return fail_memory(fail);
	}
	words->items = copy;
	return true;
}

bool
record_set_registration(struct record *record,
    const struct registration *registration, struct fail *fail)
{
	struct registration copy = *registration;
	struct values roid = {&registration->roid, 1};

	copy.given = true;
	if (registration->roid.len != 0 &&
	    !copy_words(record->arena, &roid, fail))
		return false;
	copy.roid = roid.items[0];
	if (!copy_words(record->arena, &copy.status, fail) ||
	    !copy_words(record->arena, &copy.locks, fail))
		return false;
	record->registration = copy;
	return true;
}

bool
record_set_limit(
    struct record *record, const uint64_t *limit, struct fail *fail)
{
	uint64_t *copy =
	    arena_take_array(record->arena, ROLE_COUNT, sizeof(*copy));

	if (copy == NULL)
		return fail_memory(fail);
	memcpy(copy, limit, ROLE_COUNT * sizeof(*copy));
	record->limit = copy;
	return true;
}

const uint64_t *
record_limit(const struct record *record)
{
	return record->limit;
}

const struct registration *
record_registration(const struct record *record)
{
	return &record->registration;
}

static bool
copy_kept(struct arena *arena, struct epp_kept *kept)
{
	struct values from = kept->domains;
	struct slice *items =
	    arena_take_array(arena, from.count, sizeof(*items));

	if (items == NULL)
		return false;
	kept->domains.items = items;
	for (size_t i = 0; i < from.count; i++) {
		items[i] = arena_copy(arena, from.items[i]);
		if (items[i].data == NULL)
			return false;
	}
	return true;
}

bool
record_set_epp(
    struct record *record, const struct epp_facts *facts, struct fail *fail)
{
	struct epp_facts *own = &record->epp;

	*own = *facts;
	own->scope = arena_copy(record->arena, facts->scope);
	own->client = arena_copy(record->arena, facts->client);
	own->auth = arena_copy(record->arena, facts->auth);
	if (!copy_kept(record->arena, &own->kept))
		return fail_memory(fail);
	return (own->scope.data != NULL && own->client.data != NULL &&
		   own->auth.data != NULL) ||
	       fail_memory(fail);
}

const struct epp_facts *
record_epp(const struct record *record)
{
	return &record->epp;
}

enum object_type
record_type(const struct record *record)
{
	return record->type;
}

enum operation
record_operation(const struct record *record)
{
	return record->operation;
}

struct slice
record_object(const struct record *record)
{
	return record->object;
}

struct slice
record_plan(const struct record *record)
{
	return record->plan;
}

struct slice
record_expires(const struct record *record)
{
	return record->expires;
}

bool
record_has_role(const struct record *record, enum role role)
{
	return record->persons[role] != NULL;
}

bool
record_role_removed(const struct record *record, enum role role)
{
	const struct person *person = record->persons[role];

	return person != NULL && person->removed;
}

bool
record_kind_given(const struct record *record, enum role role)
{
	const struct person *person = record->persons[role];

	return person != NULL && person->kind_given;
}

bool
record_subject_given(const struct record *record, enum role role)
{
	const struct person *person = record->persons[role];

	return person != NULL && person->subject_given;
}

bool
record_removed(const struct record *record, enum role role, enum field field)
{
	const struct person *person = record->persons[role];

	return person != NULL &&
	       (person->fields_removed & FIELD_BIT(field)) != 0;
}

void
record_fields(const struct record *record, enum role role, uint64_t *present,
    uint64_t *removed)
{
	const struct person *person = record->persons[role];

	*present = 0;
	*removed = person != NULL ? person->fields_removed : 0;
	for (unsigned f = 0; person != NULL && f < FIELD_COUNT; f++)
		*present |= (uint64_t)(person->fields[f].count != 0) << f;
}

enum kind
record_kind(const struct record *record, enum role role)
{
	const struct person *person = record->persons[role];

	return person != NULL ? person->kind : KIND_UNKNOWN;
}

struct slice
record_subject(const struct record *record, enum role role)
{
	const struct person *person = record->persons[role];

	return person != NULL ? person->subject : (struct slice){NULL, 0};
}

struct values
record_values(const struct record *record, enum role role, enum field field)
{
	const struct person *person = record->persons[role];

	return person != NULL ? person->fields[field]
			      : (struct values){NULL, 0};
}

const struct consent *
record_consents(const struct record *record, enum role role, size_t *count)
{
	const struct person *person = record->persons[role];

	*count = person != NULL ? person->consent_count : 0;
	return person != NULL ? person->consents : NULL;
}

const char *
audience_name(enum audience audience)
{
	return audiences[audience];
}

bool
audience_find(struct slice name, enum audience *out)
{
	for (unsigned i = 0; i < AUDIENCE_COUNT; i++) {
		if (slice_is(name, audiences[i])) {
			*out = (enum audience)i;
			return true;
		}
	}
	return false;
}

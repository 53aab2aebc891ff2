#include "core/record.h"

#include "core/value.h"

enum { CONSENTS_MAX = 64, SUBJECT_MAX = 255, OBJECT_MAX = 255 };

struct person {
	enum kind kind;
	struct slice subject;
	struct consent consents[CONSENTS_MAX];
	size_t consent_count;
	struct values fields[FIELD_COUNT];
};

struct record {
	struct arena *arena;
	enum object_type type;
	enum operation operation;
	struct slice object, plan;
	struct person *persons[ROLE_COUNT]; /* NULL: nobody in that role */
};

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
	if (object.len == 0 || object.len > OBJECT_MAX) {
		fail_set(fail, FAIL_INPUT,
		    "the object's name must have 1 to %d bytes", OBJECT_MAX);
		return NULL;
	}
	record->arena = arena;
	record->type = type;
	record->operation = operation;
	record->object = arena_copy(arena, object);
	if (record->object.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	return record;
}

static struct person *
person_of(struct record *record, enum role role, struct fail *fail)
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
record_set_role(
    struct record *record, enum role role, enum kind kind, struct fail *fail)
{
	struct person *person = person_of(record, role, fail);

	if (person == NULL)
		return false;
	person->kind = kind;
	return true;
}

bool
record_set(struct record *record, enum role role, enum field field,
    const struct slice *items, size_t count, struct fail *fail)
{
	struct person *person = person_of(record, role, fail);
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
	return true;
}

bool
record_set_subject(struct record *record, enum role role,
    struct slice subject, struct fail *fail)
{
	struct person *person = person_of(record, role, fail);

	if (person == NULL)
		return false;
	if (subject.len == 0 || subject.len > SUBJECT_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "a subject id must have 1 to %d bytes", SUBJECT_MAX);
	person->subject = arena_copy(record->arena, subject);
	return person->subject.data != NULL || fail_memory(fail);
}

bool
record_add_consent(struct record *record, enum role role,
    const struct consent *consent, struct fail *fail)
{
	struct person *person = person_of(record, role, fail);
	struct consent *copy;

	if (person == NULL)
		return false;
	if (person->consent_count == CONSENTS_MAX)
		return fail_set(fail, FAIL_INPUT,
		    "more than %d consents in one role", CONSENTS_MAX);
	copy = &person->consents[person->consent_count];
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

bool
record_has_role(const struct record *record, enum role role)
{
	return record->persons[role] != NULL;
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

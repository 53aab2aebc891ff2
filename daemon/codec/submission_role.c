#include "codec/submission_priv.h"

#include "base/date.h"

static bool
read_consent(struct reader *reader, enum role role,
    const struct json_node *node, const struct json_place *place)
{
	static const char *const names[] = {
	    "purpose", "audience", "given", "time", "version", NULL};
	const struct json_place purpose = {place, SLICE("purpose"), 0};
	const struct json_place audience = {place, SLICE("audience"), 0};
	const struct json_place given = {place, SLICE("given"), 0};
	const struct json_place time = {place, SLICE("time"), 0};
	const struct json_place version = {place, SLICE("version"), 0};
	const struct json_node *flag = json_find(node, "given");
	struct consent consent = {.given = false};
	struct slice word;

	if (!submission_only_members(reader, node, place, names) ||
	    !submission_read_word(reader, json_find(node, "purpose"), &purpose,
		&consent.purpose) ||
	    !submission_read_word(
		reader, json_find(node, "audience"), &audience, &word))
		return false;
	if (!audience_find(word, &consent.audience))
		return json_fail(reader->fail, &audience,
		    "not public, registry, company or any");
	if (flag == NULL || flag->kind != JSON_KIND_BOOLEAN)
		return json_fail(reader->fail, &given, "not true or false");
	consent.given = flag->boolean;
	if (!submission_read_string(
		reader, json_find(node, "time"), &time, WORD_BYTES_MAX, &word))
		return false;
	if (!date_parse(word, &consent.time, reader->fail)) {
		json_set_place(reader->fail, &time);
		return false;
	}
	if (json_find(node, "version") != NULL &&
	    !submission_read_string(reader, json_find(node, "version"),
		&version, WORD_BYTES_MAX, &consent.version))
		return false;
	return record_add_consent(reader->record, role, &consent, reader->fail);
}

static bool
read_consents(struct reader *reader, enum role role,
    const struct json_node *node, const struct json_place *outer)
{
	const struct json_place place = {outer, SLICE("consents"), 0};

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_ARRAY)
		return json_fail(reader->fail, &place, "not an array");
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {.outer = &place, .index = i};
		if (!read_consent(reader, role, &node->items[i], &here)) {
			if (reader->fail->place[0] == '\0')
				json_set_place(reader->fail, &here);
			return false;
		}
	}
	return true;
}

static bool
may_remove(struct reader *reader, const struct json_place *place)
{
	return record_operation(reader->record) != OPERATION_CREATE ||
	       json_fail(reader->fail, place,
		   "null takes a value away, and a create has none to take");
}

static bool
read_value(struct reader *reader, enum role role, enum field field,
    const struct json_node *node, const struct json_place *place)
{
	if (node->kind != JSON_KIND_STRING)
		return json_fail(reader->fail, place, "not a string");
	if (record_add_value(
		reader->record, role, field, node->string, reader->fail))
		return true;
	json_set_place(reader->fail, place);
	return false;
}

/* One form of a field: null, a string, or an array where many may stand. */
static bool
read_form(struct reader *reader, enum role role, enum field field,
    const struct json_node *node, const struct json_place *place)
{
	if (node->kind == JSON_KIND_NULL)
		return may_remove(reader, place) &&
		       record_remove(reader->record, role, field, reader->fail);
	if (node->kind != JSON_KIND_ARRAY)
		return read_value(reader, role, field, node, place);
	if (field_info[field].many == 1)
		return json_fail(reader->fail, place, "takes one value");
	if (node->count == 0)
		return json_fail(reader->fail, place, "an empty array");
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {.outer = place, .index = i};
		if (!read_value(reader, role, field, &node->items[i], &here))
			return false;
	}
	return true;
}

/* The form of a group, or false if the group has no such form. */
static bool
find_form(struct slice group, enum field_form form, enum field *out)
{
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		if (field_info[f].form == form &&
		    slice_is(group, field_info[f].group)) {
			*out = (enum field)f;
			return true;
		}
	}
	return false;
}

static bool
read_forms(struct reader *reader, enum role role, const enum field forms[2],
    const struct json_node *node, const struct json_place *place)
{
	static const char *const names[] = {"loc", "int", NULL};

	if (node->kind == JSON_KIND_NULL)
		return may_remove(reader, place) &&
		       record_remove(
			   reader->record, role, forms[0], reader->fail) &&
		       record_remove(
			   reader->record, role, forms[1], reader->fail);
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(
		    reader->fail, place, "takes an object of loc and int");
	if (!submission_only_members(reader, node, place, names))
		return false;
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {place, node->items[i].name, 0};
		enum field field = forms[slice_is(here.name, "int")];

		if (!read_form(reader, role, field, &node->items[i], &here))
			return false;
	}
	return true;
}

static bool
read_field(struct reader *reader, enum role role, const struct json_node *node,
    const struct json_place *place)
{
	enum field forms[2];

	if (find_form(node->name, FORM_ONE, &forms[0]))
		return read_form(reader, role, forms[0], node, place);
	if (find_form(node->name, FORM_LOC, &forms[0]) &&
	    find_form(node->name, FORM_INT, &forms[1]))
		return read_forms(reader, role, forms, node, place);
	return json_fail(reader->fail, place, "unknown field");
}

static bool
read_fields(struct reader *reader, enum role role, const struct json_node *node,
    const struct json_place *outer)
{
	const struct json_place place = {outer, SLICE("fields"), 0};

	if (node == NULL)
		return true;
	if (node->kind == JSON_KIND_NULL)
		return may_remove(reader, &place) &&
		       record_remove_role(reader->record, role, reader->fail);
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(reader->fail, &place, "not an object");
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {&place, node->items[i].name, 0};
		if (!read_field(reader, role, &node->items[i], &here))
			return false;
	}
	return true;
}

static bool
read_kind(struct reader *reader, enum role role, const struct json_node *node,
    const struct json_place *outer)
{
	const struct json_place place = {outer, SLICE("kind"), 0};
	struct slice word;
	enum kind kind;

	if (node == NULL)
		return true;
	if (!submission_read_word(reader, node, &place, &word))
		return false;
	if (!kind_find(word, &kind))
		return json_fail(
		    reader->fail, &place, "not natural, legal or unknown");
	return record_set_role(reader->record, role, kind, reader->fail);
}

static bool
read_subject(struct reader *reader, enum role role,
    const struct json_node *node, const struct json_place *outer)
{
	const struct json_place place = {outer, SLICE("subject"), 0};
	struct slice subject = reader->subject;

	if (node != NULL &&
	    !submission_read_string(reader, node, &place, ID_MAX, &subject))
		return false;
	return subject.len == 0 ||
	       record_set_subject(reader->record, role, subject, reader->fail);
}

static bool
read_role(struct reader *reader, enum role role, const struct json_node *node,
    const struct json_place *place)
{
	static const char *const names[] = {
	    "kind", "subject", "consents", "fields", NULL};

	if (node->kind == JSON_KIND_NULL)
		return may_remove(reader, place) &&
		       read_subject(reader, role, NULL, place) &&
		       record_remove_role(reader->record, role, reader->fail);
	return submission_only_members(reader, node, place, names) &&
	       record_add_role(reader->record, role, reader->fail) &&
	       read_kind(reader, role, json_find(node, "kind"), place) &&
	       read_subject(reader, role, json_find(node, "subject"), place) &&
	       read_consents(
		   reader, role, json_find(node, "consents"), place) &&
	       read_fields(reader, role, json_find(node, "fields"), place);
}

bool
submission_read_roles(struct reader *reader, const struct json_node *node)
{
	const struct json_place place = {NULL, SLICE("roles"), 0};

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(reader->fail, &place, "not an object");
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {&place, node->items[i].name, 0};
		enum role role;

		if (!role_find(here.name, &role))
			return json_fail(reader->fail, &here, "unknown role");
		if (!read_role(reader, role, &node->items[i], &here))
			return false;
	}
	return true;
}

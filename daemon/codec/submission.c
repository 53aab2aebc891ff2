#include "codec/submission.h"

#include "base/date.h"
#include "base/name.h"
#include "base/prefix.h"
#include "base/text.h"
#include "codec/json.h"

enum { ID_MAX = 255, WORD_BYTES_MAX = 64 };

/* What is being read, and where complaints go. */
struct reader {
	struct arena *arena;
	struct record *record;
	struct slice subject; /* for roles that name none; may be empty */
	struct fail *fail;
};

static bool read_object(struct reader *reader, const struct json_node *root,
    enum operation operation);
static bool read_roles(
    struct reader *reader, const struct json_node *node);
static bool read_to(struct reader *reader, const struct json_node *node,
    struct submission *out);

/* Every member of an object must be one of these names. */
static bool
only_members(struct reader *reader, const struct json_node *node,
    const struct json_place *place, const char *const *names)
{
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(reader->fail, place, "not an object");
	for (size_t i = 0; i < node->count; i++) {
		struct json_place here = {place, node->items[i].name, 0};
		size_t n = 0;

		while (names[n] != NULL &&
		    !slice_is(node->items[i].name, names[n]))
			n++;
		if (names[n] == NULL)
			return json_fail(reader->fail, &here,
			    "unknown member, number %zu of its object", i + 1);
	}
	return true;
}

/* A required string of 1 to `max` bytes without control characters. */
static bool
read_string(struct reader *reader, const struct json_node *node,
    const struct json_place *place, size_t max, struct slice *out)
{
	if (node == NULL)
		return json_fail(reader->fail, place, "missing");
	if (node->kind != JSON_KIND_STRING)
		return json_fail(reader->fail, place, "not a string");
	if (node->string.len == 0 || node->string.len > max)
		return json_fail(
		    reader->fail, place, "must have 1 to %zu bytes", max);
	if (!text_is_plain(node->string))
		return json_fail(
		    reader->fail, place, "has a control character");
	*out = node->string;
	return true;
}

/* A word of the policy: a recipient, a purpose, a plan. */
static bool
read_word(struct reader *reader, const struct json_node *node,
    const struct json_place *place, struct slice *out)
{
	if (!read_string(reader, node, place, WORD_BYTES_MAX, out))
		return false;
	for (size_t i = 0; i < out->len; i++) {
		char c = out->data[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') &&
		    c != '-' && c != '_' && c != '.')
			return json_fail(reader->fail, place,
			    "not a word of lower-case letters, digits and "
			    "hyphens");
	}
	return true;
}

static bool
read_head(struct reader *reader, const struct json_node *root,
    enum operation *operation)
{
	static const char *const names[] = {"object", "request", "plan",
	    "subject", "to", "roles", NULL};
	const struct json_place request = {NULL, SLICE("request"), 0};
	const struct json_place subject = {NULL, SLICE("subject"), 0};
	struct slice word;

	if (!only_members(reader, root, NULL, names) ||
	    !read_word(reader, json_find(root, "request"), &request, &word))
		return false;
	if (!operation_find(word, operation))
		return json_fail(reader->fail, &request,
		    "not create, update, renew, transfer or delete");
	return json_find(root, "subject") == NULL ||
	    read_string(reader, json_find(root, "subject"), &subject, ID_MAX,
		&reader->subject);
}

static bool
read_plan(struct reader *reader, const struct json_node *node)
{
	const struct json_place place = {NULL, SLICE("plan"), 0};
	struct slice plan;

	return node == NULL ||
	    (read_word(reader, node, &place, &plan) &&
		record_set_plan(reader->record, plan, reader->fail));
}

struct submission *
submission_parse(struct arena *arena, struct slice json, struct fail *fail)
{
	const struct json_node *root = json_parse(arena, json, fail);
	struct submission *out = arena_take(arena, sizeof(*out));
	struct reader reader = {.arena = arena, .fail = fail};
	enum operation operation;

	if (root == NULL)
		return NULL;
	if (out == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (!read_head(&reader, root, &operation) ||
	    !read_object(&reader, root, operation) ||
	    !read_plan(&reader, json_find(root, "plan")) ||
	    !read_to(&reader, json_find(root, "to"), out) ||
	    !read_roles(&reader, json_find(root, "roles")) ||
	    !record_default_subjects(reader.record, fail))
		return NULL;
	out->record = reader.record;
	return out;
}

/* --- the object ----------------------------------------------------------- */

static const char *const object_keys[OBJECT_COUNT] = {
    [OBJECT_DOMAIN] = "name",
    [OBJECT_NETWORK] = "prefix",
    [OBJECT_SUBSCRIBER] = "id",
    [OBJECT_SPAM_REPORT] = "id",
};

static bool
canonical_prefix(struct arena *arena, struct slice *name, struct fail *fail)
{
	struct prefix prefix;
	char text[PREFIX_SIZE];
	size_t len;

	if (!prefix_parse(*name, &prefix, fail)) {
		fail->hint[0] = '\0'; /* it repeats what came in */
		return false;
	}
	len = prefix_print(&prefix, text);
	*name = arena_copy(arena, (struct slice){text, len});
	return name->data != NULL || fail_memory(fail);
}

static bool
canonical_object(struct arena *arena, enum object_type type,
    struct slice *name, struct fail *fail)
{
	switch (type) {
	case OBJECT_DOMAIN:
		return name_canonical(arena, *name, name, fail) &&
		    (name_labels(*name) > 1 ||
			fail_set(fail, FAIL_INPUT,
			    "a domain needs at least two labels"));
	case OBJECT_NETWORK:
		return canonical_prefix(arena, name, fail);
	case OBJECT_SUBSCRIBER:
	case OBJECT_SPAM_REPORT:
	case OBJECT_COUNT:
		break;
	}
	return true;
}

static bool
read_object(struct reader *reader, const struct json_node *root,
    enum operation operation)
{
	const struct json_node *node = json_find(root, "object");
	const struct json_place place = {NULL, SLICE("object"), 0};
	const struct json_place at_type = {&place, SLICE("type"), 0};
	const char *names[] = {"type", NULL, NULL};
	struct json_place at_name = {.outer = &place};
	enum object_type type;
	struct slice word, name;

	if (node == NULL)
		return json_fail(reader->fail, &place, "missing");
	if (!read_word(reader, json_find(node, "type"), &at_type, &word))
		return false;
	if (!object_type_find(word, &type))
		return json_fail(reader->fail, &at_type,
		    "not domain, network, subscriber or spam-report");
	names[1] = object_keys[type];
	at_name.name = slice_from(names[1]);
	if (!only_members(reader, node, &place, names) ||
	    !read_string(
		reader, json_find(node, names[1]), &at_name, ID_MAX, &name))
		return false;
	if (!canonical_object(reader->arena, type, &name, reader->fail)) {
		json_set_place(reader->fail, &at_name);
		return false;
	}
	reader->record = record_create(
	    reader->arena, type, operation, name, reader->fail);
	return reader->record != NULL;
}

/* --- the recipients named ------------------------------------------------- */

static bool
read_addressee(struct reader *reader, const struct json_node *node,
    const struct json_place *place, struct addressee *to)
{
	static const char *const names[] = {"recipient", "purpose", NULL};
	const struct json_place recipient = {place, SLICE("recipient"), 0};
	const struct json_place purpose = {place, SLICE("purpose"), 0};

	if (node->kind == JSON_KIND_STRING)
		return read_word(reader, node, place, &to->recipient);
	if (!only_members(reader, node, place, names) ||
	    !read_word(reader, json_find(node, "recipient"), &recipient,
		&to->recipient))
		return false;
	return json_find(node, "purpose") == NULL ||
	    read_word(
		reader, json_find(node, "purpose"), &purpose, &to->purpose);
}

static bool
read_to(struct reader *reader, const struct json_node *node,
    struct submission *out)
{
	const struct json_place place = {NULL, SLICE("to"), 0};
	struct addressee *to;

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_ARRAY)
		return json_fail(reader->fail, &place, "not an array");
	if (node->count == 0 || node->count > SUBMISSION_RECIPIENTS_MAX)
		return json_fail(reader->fail, &place,
		    "must name 1 to %d recipients", SUBMISSION_RECIPIENTS_MAX);
	to = arena_take_array(reader->arena, node->count, sizeof(*to));
	if (to == NULL)
		return fail_memory(reader->fail);
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {.outer = &place, .index = i};

		if (!read_addressee(reader, &node->items[i], &here, &to[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (slice_equal(to[k].recipient, to[i].recipient) &&
			    slice_equal(to[k].purpose, to[i].purpose))
				return json_fail(
				    reader->fail, &here, "named twice");
	}
	out->to = to;
	out->to_count = node->count;
	return true;
}

/* --- one role ------------------------------------------------------------- */

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

	if (!only_members(reader, node, place, names) ||
	    !read_word(reader, json_find(node, "purpose"), &purpose,
		&consent.purpose) ||
	    !read_word(reader, json_find(node, "audience"), &audience, &word))
		return false;
	if (!audience_find(word, &consent.audience))
		return json_fail(reader->fail, &audience,
		    "not public, registry, company or any");
	if (flag == NULL || flag->kind != JSON_KIND_BOOLEAN)
		return json_fail(reader->fail, &given, "not true or false");
	consent.given = flag->boolean;
	if (!read_string(
		reader, json_find(node, "time"), &time, WORD_BYTES_MAX, &word))
		return false;
	if (!date_parse(word, &consent.time, reader->fail)) {
		json_set_place(reader->fail, &time);
		return false;
	}
	if (json_find(node, "version") != NULL &&
	    !read_string(reader, json_find(node, "version"), &version,
		WORD_BYTES_MAX, &consent.version))
		return false;
	return record_add_consent(
	    reader->record, role, &consent, reader->fail);
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
	if (!only_members(reader, node, place, names))
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
read_field(struct reader *reader, enum role role,
    const struct json_node *node, const struct json_place *place)
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
read_fields(struct reader *reader, enum role role,
    const struct json_node *node, const struct json_place *outer)
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
		const struct json_place here = {
		    &place, node->items[i].name, 0};
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
	if (!read_word(reader, node, &place, &word))
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
	    !read_string(reader, node, &place, ID_MAX, &subject))
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
	return only_members(reader, node, place, names) &&
	    record_add_role(reader->record, role, reader->fail) &&
	    read_kind(reader, role, json_find(node, "kind"), place) &&
	    read_subject(reader, role, json_find(node, "subject"), place) &&
	    read_consents(reader, role, json_find(node, "consents"), place) &&
	    read_fields(reader, role, json_find(node, "fields"), place);
}

static bool
read_roles(struct reader *reader, const struct json_node *node)
{
	const struct json_place place = {NULL, SLICE("roles"), 0};

	if (node == NULL)
		return true;
	if (node->kind != JSON_KIND_OBJECT)
		return json_fail(reader->fail, &place, "not an object");
	for (size_t i = 0; i < node->count; i++) {
		const struct json_place here = {
		    &place, node->items[i].name, 0};
		enum role role;

		if (!role_find(here.name, &role))
			return json_fail(reader->fail, &here, "unknown role");
		if (!read_role(reader, role, &node->items[i], &here))
			return false;
	}
	return true;
}

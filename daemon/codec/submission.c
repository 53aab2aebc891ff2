#include "codec/submission_priv.h"

#include "base/name.h"
#include "base/prefix.h"
#include "base/text.h"

static bool read_object(struct reader *reader, const struct json_node *root,
    enum operation operation);
static bool check_delegation(struct reader *reader);
static bool read_to(struct reader *reader, const struct json_node *node,
    struct submission *out);

/* Every member of an object must be one of these names. */
bool
submission_only_members(struct reader *reader, const struct json_node *node,
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
bool
submission_read_string(struct reader *reader, const struct json_node *node,
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
bool
submission_read_word(struct reader *reader, const struct json_node *node,
    const struct json_place *place, struct slice *out)
{
	if (!submission_read_string(reader, node, place, WORD_BYTES_MAX, out))
		return false;
	for (size_t i = 0; i < out->len; i++) {
		char c = out->data[i];
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' &&
		    c != '_' && c != '.')
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
	    "subject", "to", "roles", "expires", "registration", NULL};
	const struct json_place request = {NULL, SLICE("request"), 0};
	const struct json_place subject = {NULL, SLICE("subject"), 0};
	struct slice word;

	if (!submission_only_members(reader, root, NULL, names) ||
	    !submission_read_word(
		reader, json_find(root, "request"), &request, &word))
		return false;
	if (!operation_find(word, operation))
		return json_fail(reader->fail, &request,
		    "not create, update, renew, transfer or delete");
	return json_find(root, "subject") == NULL ||
	       submission_read_string(reader, json_find(root, "subject"),
		   &subject, ID_MAX, &reader->subject);
}

static bool
read_plan(struct reader *reader, const struct json_node *node)
{
	const struct json_place place = {NULL, SLICE("plan"), 0};
	struct slice plan;

	return node == NULL ||
	       (submission_read_word(reader, node, &place, &plan) &&
		   record_set_plan(reader->record, plan, reader->fail));
}

/* Only a renewal has something to be renewed from. */
static bool
read_expires(struct reader *reader, const struct json_node *node)
{
	const struct json_place place = {NULL, SLICE("expires"), 0};
	struct slice date;

	if (node == NULL)
		return true;
	if (record_operation(reader->record) != OPERATION_RENEW)
		return json_fail(
		    reader->fail, &place, "only a renewal names it");
	if (!submission_read_string(reader, node, &place, 10, &date))
		return false;
	return record_set_expires(reader->record, date, reader->fail) ||
	       (json_set_place(reader->fail, &place), false);
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
	    !read_expires(&reader, json_find(root, "expires")) ||
	    !submission_read_registration(
		&reader, json_find(root, "registration")) ||
	    !read_to(&reader, json_find(root, "to"), out) ||
	    !submission_read_roles(&reader, json_find(root, "roles")) ||
	    !check_delegation(&reader) ||
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

bool
submission_name(struct arena *arena, enum object_type type, struct slice *name,
    struct fail *fail)
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
	case OBJECT_CONTACT:
	case OBJECT_HOST:
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
	if (!submission_read_word(
		reader, json_find(node, "type"), &at_type, &word))
		return false;
	if (!object_type_find(word, &type))
		return json_fail(reader->fail, &at_type,
		    "not domain, network, subscriber or spam-report");
	names[1] = object_keys[type];
	at_name.name = slice_from(names[1]);
	if (!submission_only_members(reader, node, &place, names) ||
	    !submission_read_string(
		reader, json_find(node, names[1]), &at_name, ID_MAX, &name))
		return false;
	if (!submission_name(reader->arena, type, &name, reader->fail)) {
		json_set_place(reader->fail, &at_name);
		return false;
	}
	reader->record =
	    record_create(reader->arena, type, operation, name, reader->fail);
	return reader->record != NULL;
}

/* --- the delegation --- */

static bool
check_servers(struct reader *reader, enum role role)
{
	const struct json_place roles = {NULL, SLICE("roles"), 0};
	const struct json_place at_role = {
	    &roles, slice_from(role_name(role)), 0};
	const struct json_place fields = {&at_role, SLICE("fields"), 0};
	const struct json_place place = {&fields, SLICE("ns"), 0};
	struct values servers = record_values(reader->record, role, FIELD_NS);
	bool new = record_operation(reader->record) == OPERATION_CREATE;

	for (size_t i = 0; i < servers.count; i++) {
		const struct json_place here = {.outer = &place, .index = i};

		if (name_check_glue(servers.items[i],
			record_object(reader->record), new, reader->fail))
			continue;
		json_set_place(reader->fail, &here);
		return false;
	}
	return true;
}

/* Name servers of a domain have addresses inside it, and only there. */
static bool
check_delegation(struct reader *reader)
{
	if (record_type(reader->record) != OBJECT_DOMAIN)
		return true;
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (!check_servers(reader, (enum role)r))
			return false;
	return true;
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
		return submission_read_word(
		    reader, node, place, &to->recipient);
	if (!submission_only_members(reader, node, place, names) ||
	    !submission_read_word(reader, json_find(node, "recipient"),
		&recipient, &to->recipient))
		return false;
	return json_find(node, "purpose") == NULL ||
	       submission_read_word(
		   reader, json_find(node, "purpose"), &purpose, &to->purpose);
}

static bool
read_to(
    struct reader *reader, const struct json_node *node, struct submission *out)
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

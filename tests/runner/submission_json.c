#include "runner/submission_json.h"

#include "base/date.h"

static const char *const object_key[OBJECT_COUNT] = {
    [OBJECT_DOMAIN] = "name",
    [OBJECT_NETWORK] = "prefix",
    [OBJECT_SUBSCRIBER] = "id",
    [OBJECT_SPAM_REPORT] = "id",
};

static void
add_name(struct text *text, bool *first, const char *name)
{
	if (!*first)
		text_add_char(text, ',');
	*first = false;
	text_add_json(text, slice_from(name));
	text_add_char(text, ':');
}

static void
add_values(struct text *text, const struct script_value *value)
{
	if (value->count == 0) {
		text_add_string(text, "null");
		return;
	}
	if (value->count == 1) {
		text_add_json(text, value->items[0]);
		return;
	}
	text_add_char(text, '[');
	for (size_t i = 0; i < value->count; i++) {
		if (i != 0)
			text_add_char(text, ',');
		text_add_json(text, value->items[i]);
	}
	text_add_char(text, ']');
}

static const struct script_value *
value_of(const struct script_record *record, enum role role, enum field field)
{
	for (size_t i = 0; i < record->value_count; i++)
		if (record->values[i].role == role &&
		    record->values[i].field == field)
			return &record->values[i];
	return NULL;
}

/* Both forms of a group stand in one member. */
static void
add_fields(struct text *text, const struct script_record *record,
    enum role role)
{
	bool first = true;

	text_add_char(text, '{');
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		const struct field_info *info = &field_info[f];
		const struct script_value *a = value_of(record, role, f), *b;

		if (info->form == FORM_ONE && a != NULL) {
			add_name(text, &first, info->group);
			add_values(text, a);
		}
		if (info->form != FORM_LOC)
			continue;
		b = value_of(record, role, f + 1);
		if (a == NULL && b == NULL)
			continue;
		add_name(text, &first, info->group);
		text_add_string(text, "{");
		if (a != NULL) {
			text_add_string(text, "\"loc\":");
			add_values(text, a);
		}
		if (b != NULL) {
			text_add_string(text, a != NULL ? ",\"int\":"
							: "\"int\":");
			add_values(text, b);
		}
		text_add_char(text, '}');
	}
	text_add_char(text, '}');
}

static void
add_consents(struct text *text, const struct script_record *record,
    enum role role, int64_t now)
{
	bool first = true;
	char when[DATE_SIZE];

	date_print(now, 0, when);
	text_add_string(text, ",\"consents\":[");
	for (size_t i = 0; i < record->consent_count; i++) {
		const struct script_consent *c = &record->consents[i];

		if (c->role != role)
			continue;
		text_add_format(text,
		    "%s{\"purpose\":\"%.*s\",\"audience\":\"%.*s\","
		    "\"given\":%s,\"time\":\"%s\"}",
		    first ? "" : ",", SLICE_ARG(c->purpose),
		    SLICE_ARG(c->audience), c->given ? "true" : "false", when);
		first = false;
	}
	text_add_char(text, ']');
}

static bool
has_role(const struct script_record *record, enum role role)
{
	for (size_t i = 0; i < record->value_count; i++)
		if (record->values[i].role == role)
			return true;
	for (size_t i = 0; i < record->consent_count; i++)
		if (record->consents[i].role == role)
			return true;
	return false;
}

static void
add_roles(struct text *text, const struct script_record *record, int64_t now)
{
	bool first = true;

	text_add_string(text, ",\"roles\":{");
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		if (!has_role(record, r))
			continue;
		add_name(text, &first, role_name(r));
		text_add_char(text, '{');
		text_add_string(text, "\"fields\":");
		add_fields(text, record, r);
		if (record->kinds[r].len != 0)
			text_add_format(text, ",\"kind\":\"%.*s\"",
			    SLICE_ARG(record->kinds[r]));
		if (record->subjects[r].len != 0) {
			text_add_string(text, ",\"subject\":");
			text_add_json(text, record->subjects[r]);
		}
		add_consents(text, record, r, now);
		text_add_char(text, '}');
	}
	text_add_char(text, '}');
}

struct slice
submission_json(struct arena *arena, const struct step *step,
    const struct script_record *record, int64_t now)
{
	struct text text = text_start(arena);

	text_add_format(&text, "{\"object\":{\"type\":\"%s\",\"%s\":",
	    object_type_name(record->type), object_key[record->type]);
	text_add_json(&text, step->name);
	text_add_format(&text, "},\"request\":\"%s\"",
	    operation_name(step->operation));
	if (record->plan.len != 0)
		text_add_format(
		    &text, ",\"plan\":\"%.*s\"", SLICE_ARG(record->plan));
	if (record->subject.len != 0) {
		text_add_string(&text, ",\"subject\":");
		text_add_json(&text, record->subject);
	}
	for (size_t i = 0; i < step->to_count; i++) {
		text_add_string(&text, i == 0 ? ",\"to\":[" : ",");
		text_add_json(&text, step->to[i]);
		if (i + 1 == step->to_count)
			text_add_char(&text, ']');
	}
	add_roles(&text, record, now);
	text_add_char(&text, '}');
	return text_slice(&text);
}

#include "base/date.h"
#include "base/text.h"
#include "codec/submission.h"

/* Braces and commas: `first` is set when something opens. */
struct writer {
	struct text text;
	bool first;
};

static void
start_member(struct writer *writer, const char *name)
{
	if (!writer->first)
		text_add_char(&writer->text, ',');
	writer->first = false;
	text_add_json(&writer->text, slice_from(name));
	text_add_char(&writer->text, ':');
}

static void
start_item(struct writer *writer)
{
	if (!writer->first)
		text_add_char(&writer->text, ',');
	writer->first = false;
}

static void
open_bracket(struct writer *writer, char c)
{
	text_add_char(&writer->text, c);
	writer->first = true;
}

static void
close_bracket(struct writer *writer, char c)
{
	text_add_char(&writer->text, c);
	writer->first = false;
}

static void
add_member(struct writer *writer, const char *name, struct slice value)
{
	start_member(writer, name);
	text_add_json(&writer->text, value);
}

static void
add_null(struct writer *writer, const char *name)
{
	start_member(writer, name);
	text_add_string(&writer->text, "null");
}

static void
add_object(struct writer *writer, const struct record *record)
{
	static const char *const keys[OBJECT_COUNT] = {
	    [OBJECT_DOMAIN] = "name",
	    [OBJECT_NETWORK] = "prefix",
	    [OBJECT_SUBSCRIBER] = "id",
	    [OBJECT_SPAM_REPORT] = "id",
	    [OBJECT_CONTACT] = "id",
	    [OBJECT_HOST] = "id",
	};
	enum object_type type = record_type(record);

	start_member(writer, "object");
	open_bracket(writer, '{');
	add_member(writer, "type", slice_from(object_type_name(type)));
	add_member(writer, keys[type], record_object(record));
	close_bracket(writer, '}');
}

static void
add_consent(struct writer *writer, const struct consent *consent)
{
	char time[DATE_SIZE];

	date_print(consent->time, 0, time);
	start_item(writer);
	open_bracket(writer, '{');
	add_member(writer, "purpose", consent->purpose);
	add_member(
	    writer, "audience", slice_from(audience_name(consent->audience)));
	start_member(writer, "given");
	text_add_string(&writer->text, consent->given ? "true" : "false");
	add_member(writer, "time", slice_from(time));
	if (consent->version.len != 0)
		add_member(writer, "version", consent->version);
	close_bracket(writer, '}');
}

static void
add_consents(struct writer *writer, const struct record *record, enum role role)
{
	size_t count;
	const struct consent *consents = record_consents(record, role, &count);

	if (count == 0)
		return;
	start_member(writer, "consents");
	open_bracket(writer, '[');
	for (size_t i = 0; i < count; i++)
		add_consent(writer, &consents[i]);
	close_bracket(writer, ']');
}

/* Is there anything to say about this field? */
static bool
is_told(const struct record *record, enum role role, enum field field)
{
	return record_values(record, role, field).count != 0 ||
	       record_removed(record, role, field);
}

static void
add_values(struct writer *writer, const struct record *record, enum role role,
    enum field field)
{
	static const char *const forms[] = {
	    [FORM_ONE] = NULL, [FORM_LOC] = "loc", [FORM_INT] = "int"};
	const struct field_info *info = &field_info[field];
	const char *name =
	    info->form == FORM_ONE ? info->group : forms[info->form];
	struct values values = record_values(record, role, field);

	if (values.count == 0) {
		add_null(writer, name);
		return;
	}
	if (info->many == 1) {
		add_member(writer, name, values.items[0]);
		return;
	}
	start_member(writer, name);
	open_bracket(writer, '[');
	for (size_t i = 0; i < values.count; i++) {
		start_item(writer);
		text_add_json(&writer->text, values.items[i]);
	}
	close_bracket(writer, ']');
}

/* The two forms of a group are neighbours in field.tbl, .loc first. */
static void
add_group(struct writer *writer, const struct record *record, enum role role,
    enum field loc)
{
	enum field other = (enum field)(loc + 1);
	bool has_loc = is_told(record, role, loc);
	bool has_int = is_told(record, role, other);

	if (!has_loc && !has_int)
		return;
	start_member(writer, field_info[loc].group);
	open_bracket(writer, '{');
	if (has_loc)
		add_values(writer, record, role, loc);
	if (has_int)
		add_values(writer, record, role, other);
	close_bracket(writer, '}');
}

static void
add_fields(struct writer *writer, const struct record *record, enum role role)
{
	if (record_role_removed(record, role)) {
		add_null(writer, "fields");
		return;
	}
	start_member(writer, "fields");
	open_bracket(writer, '{');
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum field field = (enum field)f;

		if (field_info[f].form == FORM_LOC)
			add_group(writer, record, role, field);
		else if (field_info[f].form == FORM_ONE &&
			 is_told(record, role, field))
			add_values(writer, record, role, field);
	}
	close_bracket(writer, '}');
}

static void
add_time(struct writer *writer, const char *name, int64_t time)
{
	char date[DATE_SIZE];

	if (time != 0)
		add_member(writer, name,
		    (struct slice){date, date_print(time, 0, date)});
}

static void
add_words(struct writer *writer, const char *name, struct values words)
{
	if (words.count == 0)
		return;
	start_member(writer, name);
	open_bracket(writer, '[');
	for (size_t i = 0; i < words.count; i++) {
		start_item(writer);
		text_add_json(&writer->text, words.items[i]);
	}
	close_bracket(writer, ']');
}

static void
add_registration(struct writer *writer, const struct registration *of)
{
	if (!of->given)
		return;
	start_member(writer, "registration");
	open_bracket(writer, '{');
	add_time(writer, "created", of->created);
	add_time(writer, "updated", of->updated);
	add_time(writer, "expires", of->expires);
	add_time(writer, "connected", of->connected);
	add_time(writer, "returned", of->returned);
	if (of->roid.len != 0)
		add_member(writer, "roid", of->roid);
	add_words(writer, "status", of->status);
	add_words(writer, "locks", of->locks);
	close_bracket(writer, '}');
}

static void
add_role(struct writer *writer, const struct record *record, enum role role)
{
	start_member(writer, role_name(role));
	open_bracket(writer, '{');
	if (record_kind_given(record, role) ||
	    record_kind(record, role) != KIND_UNKNOWN)
		add_member(writer, "kind",
		    slice_from(kind_name(record_kind(record, role))));
	if (record_subject_given(record, role))
		add_member(writer, "subject", record_subject(record, role));
	add_consents(writer, record, role);
	add_fields(writer, record, role);
	close_bracket(writer, '}');
}

struct slice
submission_print(struct arena *arena, const struct record *record)
{
	struct writer writer = {.text = text_start(arena)};

	open_bracket(&writer, '{');
	add_object(&writer, record);
	add_member(&writer, "request",
	    slice_from(operation_name(record_operation(record))));
	if (record_plan(record).len != 0)
		add_member(&writer, "plan", record_plan(record));
	if (record_expires(record).len != 0)
		add_member(&writer, "expires", record_expires(record));
	add_registration(&writer, record_registration(record));
	start_member(&writer, "roles");
	open_bracket(&writer, '{');
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (record_has_role(record, (enum role)r))
			add_role(&writer, record, (enum role)r);
	close_bracket(&writer, '}');
	close_bracket(&writer, '}');
	return text_slice(&writer.text);
}

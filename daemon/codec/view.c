#include "codec/view.h"

#include "base/name.h"
#include "core/canon.h"
#include "core/entry.h"

static enum publication_alteration
alteration(
    const struct disclosure *disclosure, enum role role, enum field field)
{
	switch (disclosure_ruling(disclosure, role, field).verdict) {
	case VERDICT_GENERALISE:
		return GENERALISED;
	case VERDICT_REPLACE:
		return REPLACED;
	case VERDICT_REFUSE:
	case VERDICT_HOLD:
	case VERDICT_REDACT:
	case VERDICT_FORWARD:
	case VERDICT_COUNT:
		break;
	}
	return UNALTERED;
}

static void
add_field(struct text *text, bool *first, const struct disclosure *disclosure,
    enum role role, enum field field)
{
	struct values values = disclosure_values(disclosure, role, field);
	enum publication_alteration altered =
	    alteration(disclosure, role, field);

	bool withheld = disclosure_withheld(disclosure, role, field);

	if (!disclosure_collected(disclosure, role, field) && !withheld &&
	    values.count == 0)
		return;
	text_add_string(text, *first ? "\"" : ",\"");
	*first = false;
	text_add_string(text, field_info[field].name);
	text_add_string(text, "\":");
	if (values.count == 0)
		text_add_char(text, withheld ? '1' : '0');
	for (size_t i = 0; i < values.count; i++) {
		text_add_char(text, i == 0 ? '[' : ',');
		if (i == 0 && altered != UNALTERED)
			text_add_format(text, "%d,", (int)altered);
		text_add_json(text, values.items[i]);
	}
	if (values.count != 0)
		text_add_char(text, ']');
}

static void
add_roles(struct text *text, const struct disclosure *disclosure)
{
	struct entry_order order;
	bool first_role = true;

	entry_order_init(&order);
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		enum role role = order.roles[r];
		bool first = true;

		if (!disclosure_has_role(disclosure, role))
			continue;
		text_add_string(text, first_role ? "\"" : ",\"");
		first_role = false;
		text_add_string(text, role_name(role));
		text_add_string(text, "\":{");
		for (unsigned f = 0; f < FIELD_COUNT; f++)
			add_field(
			    text, &first, disclosure, role, order.fields[f]);
		text_add_char(text, '}');
	}
}

static void
add_time(struct text *text, bool *first, const char *name, int64_t time)
{
	if (time == 0)
		return;
	text_add_format(text, "%s\"%s\":", *first ? "" : ",", name);
	text_add_number(text, time);
	*first = false;
}

static void
add_words(struct text *text, bool *first, const char *name, struct values words)
{
	if (words.count == 0)
		return;
	text_add_format(text, "%s\"%s\":", *first ? "" : ",", name);
	*first = false;
	for (size_t i = 0; i < words.count; i++) {
		text_add_char(text, i == 0 ? '[' : ',');
		text_add_json(text, words.items[i]);
	}
	text_add_char(text, ']');
}

/* Members in the order of RFC 8785. */
static void
add_registration(struct text *text, const struct registration *of)
{
	bool first = true;

	if (!of->given)
		return;
	text_add_string(text, ",\"registration\":{");
	add_time(text, &first, "connected", of->connected);
	add_time(text, &first, "created", of->created);
	add_time(text, &first, "expires", of->expires);
	add_words(text, &first, "locks", of->locks);
	add_time(text, &first, "returned", of->returned);
	add_words(text, &first, "roid",
	    (struct values){&of->roid, of->roid.len != 0});
	add_words(text, &first, "status", of->status);
	add_time(text, &first, "updated", of->updated);
	text_add_char(text, '}');
}

struct slice
view_encode(
    const struct disclosure *disclosure, struct arena *arena, struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice bytes;

	text_add_string(&text, "{\"name\":");
	text_add_json(&text, disclosure_object(disclosure));
	text_add_format(&text, ",\"operation\":\"%s\"",
	    operation_name(disclosure_operation(disclosure)));
	add_registration(&text, disclosure_registration(disclosure));
	text_add_string(&text, ",\"roles\":{");
	add_roles(&text, disclosure);
	text_add_format(&text, "},\"type\":\"%s\",\"v\":%d}",
	    object_type_name(disclosure_type(disclosure)), VIEW_VERSION);
	bytes = text_slice(&text);
	if (bytes.data == NULL)
		fail_memory(fail);
	return bytes;
}

/* --- reading --- */

static bool
read_values(
    struct slice list, struct arena *arena, struct publication_item *out)
{
	struct slice rest = list, item;
	int64_t altered = UNALTERED;
	struct slice *items;
	size_t count = 0;

	if (canon_next_item(&rest, &item) && canon_number(item, &altered)) {
		if (altered != GENERALISED && altered != REPLACED)
			return false;
		list = rest;
	}
	rest = list;
	while (canon_next_item(&rest, &item))
		count++;
	items = arena_take_array(arena, count, sizeof(*items));
	if (count == 0 || items == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!canon_next_item(&list, &item) ||
		    !canon_string(item, arena, &items[i]))
			return false;
	*out = (struct publication_item){.state = PUBLISHED,
	    .altered = (enum publication_alteration)altered,
	    .values = {items, count}};
	return true;
}

static bool
read_role(
    struct slice members, struct arena *arena, struct publication_role *out)
{
	struct slice name, value;
	enum field field;
	int64_t number;

	out->present = true;
	while (canon_next_member(&members, &name, &value)) {
		if (!field_find(name, &field))
			return false;
		if (canon_number(value, &number))
			out->items[field] = (struct publication_item){
			    .state = REDACTED, .withheld = number != 0};
		else if (!read_values(value, arena, &out->items[field]))
			return false;
	}
	return true;
}

/* What is the object's may have come in any role. */
static void
lift(struct publication *it, enum field field, struct publication_item *out)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (it->roles[role].present &&
		    it->roles[role].items[field].state > out->state)
			*out = it->roles[role].items[field];
}

static bool
read_roles(struct slice roles, struct arena *arena, struct publication *it)
{
	struct slice name, members;
	enum role role;

	while (canon_next_member(&roles, &name, &members))
		if (!role_find(name, &role) ||
		    !read_role(members, arena, &it->roles[role]))
			return false;
	lift(it, FIELD_NS, &it->ns);
	lift(it, FIELD_DS, &it->ds);
	/* Layouts look for a network's name where its holder is. */
	if (it->roles[ROLE_REGISTRANT].present)
		lift(it, FIELD_NETNAME,
		    &it->roles[ROLE_REGISTRANT].items[FIELD_NETNAME]);
	return true;
}

static bool
read_words(struct slice object, const char *name, struct arena *arena,
    struct publication_item *out)
{
	struct slice list;

	*out = (struct publication_item){.state = NOT_COLLECTED};
	return !canon_member(object, name, &list) ||
	       read_values(list, arena, out);
}

static bool
read_registration(
    struct slice bytes, struct arena *arena, struct publication *it)
{
	struct publication_item status, locks;
	struct slice of;

	if (!canon_member(bytes, "registration", &of))
		return true;
	canon_get_number(of, "created", &it->created);
	canon_get_number(of, "updated", &it->updated);
	canon_get_number(of, "expires", &it->expires);
	canon_get_number(of, "connected", &it->connected);
	canon_get_number(of, "returned", &it->returned);
	if (!read_words(of, "roid", arena, &it->roid) ||
	    !read_words(of, "status", arena, &status) ||
	    !read_words(of, "locks", arena, &locks))
		return false;
	it->status = status.values;
	it->locks = locks.values;
	return true;
}

static bool
read_all(struct slice bytes, struct arena *arena, struct view_row *out)
{
	struct publication *it = &out->it;
	struct slice operation, type, roles;
	int64_t version;
	size_t place;

	return canon_check(bytes, &place) &&
	       canon_get_number(bytes, "v", &version) &&
	       version == VIEW_VERSION &&
	       canon_get_string(bytes, "operation", arena, &operation) &&
	       operation_find(operation, &out->operation) &&
	       canon_get_string(bytes, "type", arena, &type) &&
	       object_type_find(type, &it->type) &&
	       canon_get_string(bytes, "name", arena, &it->name) &&
	       read_registration(bytes, arena, it) &&
	       canon_member(bytes, "roles", &roles) &&
	       read_roles(roles, arena, it);
}

/* Then it has another form, for people. */
static bool
has_a_label(struct slice name)
{
	for (size_t i = 0; i + 4 <= name.len; i++)
		if ((i == 0 || name.data[i - 1] == '.') &&
		    memcmp(name.data + i, "xn--", 4) == 0)
			return true;
	return false;
}

bool
view_decode(struct slice bytes, struct arena *arena, struct view_row *out,
    struct fail *fail)
{
	struct publication *it = &out->it;
	struct fail none = FAIL_INIT;

	memset(out, 0, sizeof(*out));
	if (read_all(bytes, arena, out)) {
		if (it->type == OBJECT_DOMAIN && has_a_label(it->name))
			name_display(arena, it->name, &it->unicode, &none);
		return none.kind != FAIL_MEMORY || fail_memory(fail);
	}
	return fail_set(
	    fail, FAIL_WORLD, "a row of the public view cannot be read");
}

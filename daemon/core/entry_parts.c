#include "core/entry_parts.h"

#include <stddef.h>

#include "core/canon.h"

enum kind { TEXT, RAW, TIME, ABOUT, FIELDS, ONWARD };

#define MEMBER(name, kind, member)                                             \
	{                                                                      \
		{name, sizeof(name) - 1}, kind,                                \
		    offsetof(struct entry_parts, member)                       \
	}

/* In the order in which they stand in an entry. */
static const struct member {
	struct slice name;
	enum kind kind;
	size_t offset;
} members[] = {
    MEMBER("actor", TEXT, actor),
    MEMBER("case", TEXT, case_id),
    MEMBER("channel", TEXT, channel),
    MEMBER("entry", ABOUT, about),
    MEMBER("fields", FIELDS, fields),
    MEMBER("findings", RAW, findings),
    MEMBER("kept", RAW, kept),
    MEMBER("object", RAW, object),
    MEMBER("onward", ONWARD, onward),
    MEMBER("operation", TEXT, operation),
    MEMBER("outcome", RAW, outcome),
    MEMBER("policy", TEXT, policy),
    MEMBER("purpose", TEXT, purpose),
    MEMBER("reason", TEXT, reason),
    MEMBER("recipient", TEXT, recipient),
    MEMBER("salt", TEXT, salt),
    MEMBER("subject", RAW, subject),
    MEMBER("subjects", RAW, subjects),
    MEMBER("time", TIME, time),
    MEMBER("type", TEXT, type),
    MEMBER("word", TEXT, word),
};

enum { MEMBER_COUNT = sizeof(members) / sizeof(*members) };

/* The member of this name, from `*at` on; NULL: it is none of ours. */
static const struct member *
find_member(size_t *at, struct slice name)
{
	int order = 1;

	while (*at < MEMBER_COUNT &&
	    (order = slice_compare(members[*at].name, name)) < 0)
		++*at;
	return *at < MEMBER_COUNT && order == 0 ? &members[*at] : NULL;
}

static bool
take_value(const struct member *member, struct canon_known *known,
    struct slice *rest, struct slice *value, struct entry_parts *parts)
{
	uint64_t number = 0;

	if (known == NULL || member == NULL ||
	    (member->kind != FIELDS && member->kind != ONWARD))
		return canon_take_value(rest, value);
	if (!canon_known_take(known, rest, value, &number))
		return false;
	if (member->kind == FIELDS)
		parts->fields_number = number;
	else
		parts->onward_number = number;
	return true;
}

static bool
put_member(struct entry_parts *parts, struct arena *arena,
    const struct member *member, struct slice value)
{
	switch (member->kind) {
	case TIME:
		return parts->has_time = canon_number(value, &parts->time);
	case ABOUT:
		return parts->has_about = canon_number(value, &parts->about);
	case TEXT:
		if (!canon_string(value, arena, &value))
			return false;
		break;
	case RAW:
	case FIELDS:
	case ONWARD:
		break;
	}
	memcpy((char *)parts + member->offset, &value, sizeof(value));
	return true;
}

bool
entry_parts_read_known(struct slice entry, struct arena *arena,
    struct canon_known *known, struct entry_parts *out)
{
	struct slice name, value;
	size_t at = 0;

	memset(out, 0, sizeof(*out));
	while (canon_next_name(&entry, &name)) {
		const struct member *member = find_member(&at, name);

		if (!take_value(member, known, &entry, &value, out))
			break;
		if (member != NULL && !put_member(out, arena, member, value))
			return false;
	}
	out->is_disclosure = slice_is(out->type, "disclosure");
	return out->type.len != 0;
}

bool
entry_parts_read(
    struct slice entry, struct arena *arena, struct entry_parts *out)
{
	return entry_parts_read_known(entry, arena, NULL, out);
}

bool
entry_kept_read(
    struct slice entry, struct arena *arena, struct entry_kept *out)
{
	struct slice type, inner;
	int64_t index;

	out->outcome = (struct slice){"", 0};
	if (!canon_member(entry, "kept", &out->disclosure) ||
	    !canon_get_string(entry, "type", arena, &type) ||
	    !slice_is(type, "kept") ||
	    !canon_get_number(entry, "entry", &index) || index < 0 ||
	    !canon_get_string(out->disclosure, "type", arena, &inner) ||
	    !slice_is(inner, "disclosure"))
		return false;
	out->index = (uint64_t)index;
	canon_get_string(entry, "word", arena, &out->outcome);
	return true;
}

bool
entry_disclosed(
    struct slice entry, struct arena *arena, struct slice *disclosure)
{
	struct entry_kept kept;
	struct slice type;

	if (entry_kept_read(entry, arena, &kept)) {
		*disclosure = kept.disclosure;
		return true;
	}
	*disclosure = entry;
	return canon_get_string(entry, "type", arena, &type) &&
	       slice_is(type, "disclosure");
}

void
entry_groups_start(struct entry_groups *groups, const struct entry_parts *parts,
    struct arena *arena)
{
	*groups = (struct entry_groups){.arena = arena,
	    .recipient = parts->recipient,
	    .outcome = parts->outcome,
	    .roles = parts->fields,
	    .onward = parts->onward};
}

bool
entry_groups_next(struct entry_groups *groups, struct entry_group *out)
{
	struct slice item;

	if (groups->outcome.len != 0) {
		*out = (struct entry_group){
		    groups->recipient, {"", 0}, groups->outcome};
		groups->outcome.len = 0;
		return true;
	}
	for (;;) {
		out->recipient = groups->recipient;
		if (canon_next_member(&groups->roles, &out->role, &out->fields))
			return true;
		if (!canon_next_item(&groups->onward, &item) ||
		    !canon_member(item, "fields", &groups->roles) ||
		    !canon_get_string(
			item, "recipient", groups->arena, &groups->recipient))
			return false;
	}
}

bool
entry_ruling(struct slice ruling, struct slice *verdict, int64_t *rule)
{
	struct slice item;

	if (!canon_next_item(&ruling, &item) || item.len < 2 ||
	    item.data[0] != '"')
		return false;
	*verdict = (struct slice){item.data + 1, item.len - 2};
	return canon_next_item(&ruling, &item) && canon_number(item, rule);
}

static void
add_passed(struct text *text, struct slice role, struct slice fields)
{
	struct slice name, ruling, verdict;
	int64_t rule;

	while (canon_next_member(&fields, &name, &ruling)) {
		if (!entry_ruling(ruling, &verdict, &rule) ||
		    slice_is(verdict, "redact"))
			continue;
		text_add_char(text, ' ');
		text_add(text, role);
		text_add_char(text, '.');
		text_add(text, name);
	}
}

void
entry_add_passed(struct text *text, struct slice fields)
{
	struct slice role, of_role;

	while (canon_next_member(&fields, &role, &of_role))
		add_passed(text, role, of_role);
}

bool
entry_next_subject(
    struct slice *subjects, struct slice *pseudonym, int64_t *slot)
{
	struct slice role, line, item;

	if (!canon_next_member(subjects, &role, &line) ||
	    !canon_next_item(&line, &item) || item.len < 2)
		return false;
	*pseudonym = (struct slice){item.data + 1, item.len - 2};
	return canon_next_item(&line, &item) && canon_number(item, slot);
}

#include "core/entry_parts.h"

#include <stddef.h>

#include "core/canon.h"

static const struct {
	const char *name;
	bool is_text;
	size_t offset;
} members[] = {
    {"actor", true, offsetof(struct entry_parts, actor)},
    {"case", true, offsetof(struct entry_parts, case_id)},
    {"channel", true, offsetof(struct entry_parts, channel)},
    {"fields", false, offsetof(struct entry_parts, fields)},
    {"findings", false, offsetof(struct entry_parts, findings)},
    {"kept", false, offsetof(struct entry_parts, kept)},
    {"object", false, offsetof(struct entry_parts, object)},
    {"onward", false, offsetof(struct entry_parts, onward)},
    {"operation", true, offsetof(struct entry_parts, operation)},
    {"outcome", false, offsetof(struct entry_parts, outcome)},
    {"policy", true, offsetof(struct entry_parts, policy)},
    {"purpose", true, offsetof(struct entry_parts, purpose)},
    {"reason", true, offsetof(struct entry_parts, reason)},
    {"recipient", true, offsetof(struct entry_parts, recipient)},
    {"subject", false, offsetof(struct entry_parts, subject)},
    {"subjects", false, offsetof(struct entry_parts, subjects)},
    {"type", true, offsetof(struct entry_parts, type)},
    {"word", true, offsetof(struct entry_parts, word)},
};

static bool
take_member(struct entry_parts *parts, struct arena *arena, struct slice name,
    struct slice value)
{
	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
		struct slice text = value;

		if (!slice_is(name, members[i].name))
			continue;
		if (members[i].is_text && !canon_string(value, arena, &text))
			return false;
		memcpy((char *)parts + members[i].offset, &text, sizeof(text));
		return true;
	}
	if (slice_is(name, "time"))
		return parts->has_time = canon_number(value, &parts->time);
	if (slice_is(name, "entry"))
		return parts->has_about = canon_number(value, &parts->about);
	return true;
}

bool
entry_parts_read(
    struct slice entry, struct arena *arena, struct entry_parts *out)
{
	struct slice name, value;

	memset(out, 0, sizeof(*out));
	while (canon_next_member(&entry, &name, &value))
		if (!take_member(out, arena, name, value))
			return false;
	out->is_disclosure = slice_is(out->type, "disclosure");
	return out->type.len != 0;
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

#include "core/entry_rulings.h"

#include "core/canon.h"
#include "core/policy_tree.h"

bool
entry_object_type_find(struct slice word, enum object_type *out)
{
	for (unsigned i = 0; i < OBJECT_COUNT; i++) {
		if (!slice_is(word, object_type_name((enum object_type)i)))
			continue;
		*out = (enum object_type)i;
		return true;
	}
	return false;
}

/* A role of the entry; a contact has one of its own. */
static bool
find_role(struct slice word, enum role *out)
{
	if (role_find(word, out))
		return true;
	*out = CONTACT_ROLE;
	return slice_is(word, "contact");
}

bool
entry_digest(struct slice entry, const char *name, struct digest *out)
{
	struct slice value;

	return canon_member(entry, name, &value) && value.len > 2 &&
	       text_hex_decode((struct slice){value.data + 1, value.len - 2},
		   out->bytes, DIGEST_SIZE);
}

/* ["forward",3], with or without a commitment. */
static bool
read_ruling(struct slice ruling, struct arena *arena, struct ruling *out)
{
	struct slice item, word;
	int64_t rule;

	if (!canon_next_item(&ruling, &item) ||
	    !canon_string(item, arena, &word) ||
	    !verdict_find(word, &out->verdict) ||
	    !canon_next_item(&ruling, &item) || !canon_number(item, &rule) ||
	    rule < 0 || rule > POLICY_RULES_MAX)
		return false;
	out->rule = (unsigned)rule;
	return true;
}

static bool
read_table(struct slice fields, struct arena *arena, struct entry_table *out)
{
	struct slice word, members, name, ruling;
	enum role role;
	enum field field;

	while (canon_next_member(&fields, &word, &members)) {
		if (!find_role(word, &role))
			continue;
		out->has_role[role] = true;
		while (canon_next_member(&members, &name, &ruling))
			if (field_find(name, &field) &&
			    read_ruling(
				ruling, arena, &out->rulings[role][field]))
				out->listed[role] |= FIELD_BIT(field);
	}
	return true;
}

static bool
read_onward(struct slice onward, struct arena *arena, struct entry_rulings *out)
{
	struct slice rest = onward, item, fields;
	size_t count = 0;

	while (canon_next_item(&rest, &item))
		count++;
	out->onward = arena_take_array(arena, count, sizeof(*out->onward));
	if (out->onward == NULL)
		return false;
	while (canon_next_item(&onward, &item) && out->onward_count < count) {
		struct entry_table *table = &out->onward[out->onward_count++];

		canon_get_string(item, "recipient", arena, &table->recipient);
		if (canon_member(item, "fields", &fields))
			read_table(fields, arena, table);
	}
	return true;
}

static void
read_subjects(
    struct slice subjects, struct arena *arena, struct entry_rulings *out)
{
	struct slice word, line, item;
	int64_t slot;
	enum role role;

	while (canon_next_member(&subjects, &word, &line)) {
		if (!find_role(word, &role) || !canon_next_item(&line, &item))
			continue;
		canon_string(item, arena, &out->pseudonyms[role]);
		if (canon_next_item(&line, &item) &&
		    canon_number(item, &slot) && slot >= 0 &&
		    slot <= UINT32_MAX)
			out->slots[role] = (uint32_t)slot;
	}
}

static bool
read_words(struct slice entry, struct arena *arena, struct entry_rulings *out)
{
	struct slice object, word;
	int64_t number;

	if (!canon_get_string(entry, "type", arena, &word) ||
	    !slice_is(word, "disclosure") ||
	    !canon_get_string(entry, "operation", arena, &word) ||
	    !operation_find(word, &out->operation) ||
	    !canon_member(entry, "object", &object) ||
	    !canon_get_string(object, "type", arena, &word) ||
	    !entry_object_type_find(word, &out->type) ||
	    !canon_get_number(entry, "time", &out->time) ||
	    !canon_get_string(entry, "recipient", arena, &out->own.recipient) ||
	    !entry_digest(entry, "policy", &out->policy) ||
	    !entry_digest(entry, "setup", &out->setup))
		return false;
	canon_get_string(entry, "purpose", arena, &out->purpose);
	canon_get_string(entry, "basis", arena, &out->basis);
	canon_get_string(entry, "channel", arena, &out->channel);
	canon_get_string(entry, "request", arena, &out->request);
	canon_get_string(entry, "case", arena, &out->case_id);
	out->has_payload = canon_member(entry, "payload", &word);
	out->supersedes = ENTRY_NONE;
	if (canon_get_number(entry, "supersedes", &number) && number >= 0)
		out->supersedes = (uint64_t)number;
	out->outcome.verdict = VERDICT_FORWARD;
	return !canon_member(entry, "outcome", &word) ||
	       read_ruling(word, arena, &out->outcome);
}

struct entry_rulings *
entry_rulings_read(struct slice entry, struct arena *arena)
{
	struct entry_rulings *out = arena_take(arena, sizeof(*out));
	struct slice value;

	if (out == NULL || !read_words(entry, arena, out))
		return NULL;
	if (canon_member(entry, "fields", &value))
		read_table(value, arena, &out->own);
	if (canon_member(entry, "onward", &value) &&
	    !read_onward(value, arena, out))
		return NULL;
	if (canon_member(entry, "subjects", &value))
		read_subjects(value, arena, out);
	return out;
}

struct ruling
entry_table_ruling(const struct entry_table *table, struct ruling outcome,
    enum role role, enum field field)
{
	return outcome.verdict == VERDICT_FORWARD ? table->rulings[role][field]
						  : outcome;
}

#include "core/place.h"

#include <string.h>

#include "base/text.h"

/* Handles hold so many bytes, and each role so many of them. */
enum { SUFFIX_MAX = 64 };

static const char tail[] = "\tplaces";

static const enum role roles[] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
enum { ROLES = sizeof(roles) / sizeof(*roles) };

struct slice
place_name(struct arena *arena, struct slice contact)
{
	struct text text = text_start(arena);

	text_add(&text, contact);
	text_add_string(&text, tail);
	return text_slice(&text);
}

struct slice
place_suffix(struct slice domain)
{
	const char *dot =
	    domain.len != 0 ? memchr(domain.data, '.', domain.len) : NULL;
	struct slice suffix = PLACE_ANYWHERE;

	if (dot != NULL) {
		suffix.data = dot;
		suffix.len = domain.len - (size_t)(dot - domain.data);
	}
	return suffix.len <= SUFFIX_MAX ? suffix : PLACE_ANYWHERE;
}

bool
place_has(const struct decide_place *items, size_t count, unsigned wanted,
    struct slice suffix)
{
	for (size_t i = 0; i < count; i++)
		if ((wanted & ~items[i].roles) == 0 &&
		    (slice_equal(items[i].suffix, suffix) ||
			slice_equal(items[i].suffix, PLACE_ANYWHERE)))
			return true;
	return false;
}

static void
collapse(struct places *places, unsigned more)
{
	for (size_t i = 0; i < places->count; i++)
		more |= places->items[i].roles;
	places->items[0] = (struct decide_place){more, PLACE_ANYWHERE};
	places->count = 1;
}

bool
place_add(struct places *places, unsigned more, struct slice suffix)
{
	if (place_has(places->items, places->count, more, suffix))
		return false;
	for (size_t i = 0; i < places->count; i++)
		if (slice_equal(places->items[i].suffix, suffix)) {
			places->items[i].roles |= more;
			return true;
		}
	if (places->count == PLACES_MAX)
		collapse(places, more);
	else
		places->items[places->count++] =
		    (struct decide_place){more, suffix};
	return true;
}

/* As the contact without a given subject has it: one key for both. */
static struct slice
subject_of(struct arena *arena, struct slice contact)
{
	struct text text = text_start(arena);

	text_add(&text, SLICE("object:"));
	text_add_string(&text, object_type_name(OBJECT_CONTACT));
	text_add_char(&text, ':');
	text_add(&text, contact);
	text_add_char(&text, '/');
	text_add_string(&text, object_role_name(OBJECT_CONTACT, CONTACT_ROLE));
	return text_slice(&text);
}

static bool
fill_role(struct record *record, enum role role, struct slice subject,
    const struct places *places, struct fail *fail)
{
	if (!record_add_role(record, role, fail) ||
	    !record_set_subject(record, role, subject, fail))
		return false;
	for (size_t i = 0; i < places->count; i++)
		if ((places->items[i].roles >> role & 1) != 0 &&
		    !record_add_value(record, role, FIELD_HANDLE,
			places->items[i].suffix, fail))
			return false;
	return true;
}

struct record *
place_record(struct arena *arena, struct slice contact,
    const struct places *places, struct fail *fail)
{
	const struct epp_facts facts = {
	    .given = true, .created = places->since};
	struct slice name = place_name(arena, contact);
	struct slice subject = subject_of(arena, contact);
	struct record *record = name.data != NULL && subject.data != NULL
				    ? record_create(arena, OBJECT_CONTACT,
					  OPERATION_UPDATE, name, fail)
				    : NULL;
	unsigned all = 1u << CONTACT_ROLE; /* somebody's, also when empty */

	if (record == NULL || !record_set_epp(record, &facts, fail)) {
		fail_memory(fail);
		return NULL;
	}
	for (size_t i = 0; i < places->count; i++)
		all |= places->items[i].roles;
	for (size_t r = 0; r < ROLES; r++)
		if ((all >> roles[r] & 1) != 0 &&
		    !fill_role(record, roles[r], subject, places, fail))
			return NULL;
	return record;
}

struct slice
place_mark_name(struct arena *arena, struct slice upstream)
{
	struct text text = text_start(arena);

	text_add(&text, upstream);
	text_add_string(&text, "/\tunseen");
	return text_slice(&text);
}

struct record *
place_mark(struct arena *arena, struct slice upstream, int64_t seconds,
    struct fail *fail)
{
	const struct epp_facts facts = {.given = true, .created = seconds};
	struct slice name = place_mark_name(arena, upstream);
	struct record *record = name.data != NULL
				    ? record_create(arena, OBJECT_HOST,
					  OPERATION_UPDATE, name, fail)
				    : NULL;

	if (record == NULL || !record_set_epp(record, &facts, fail)) {
		fail_memory(fail);
		return NULL;
	}
	return record;
}

static int64_t
since(const struct record *list, const struct record *contact)
{
	if (list != NULL)
		return record_epp(list)->created;
	return contact != NULL && record_epp(contact)->made
		   ? record_epp(contact)->created
		   : 0;
}

void
place_read(const struct record *list, const struct record *contact,
    struct places *out)
{
	out->since = since(list, contact);
	out->count = 0;
	for (size_t r = 0; list != NULL && r < ROLES; r++) {
		struct values suffixes =
		    record_values(list, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < suffixes.count; i++)
			place_add(out, 1u << roles[r], suffixes.items[i]);
	}
}

/*
 * Who is to be forgotten is shown to nobody new by misu itself: from when it
 * is asked, also while records of provision must be kept.
 */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "engine_forget_priv.h"

static bool
find_place(const struct engine *engine, const struct record *record,
    enum role role, struct subject *subject)
{
	char place[400];

	snprintf(place, sizeof(place), "object:%s:%.*s/%s",
	    object_type_name(record_type(record)),
	    SLICE_ARG(record_object(record)),
	    object_role_name(record_type(record), role));
	return keys_find(engine->o.keys, slice_from(place), subject);
}

bool
engine_find_person(const struct engine *engine, const struct record *record,
    enum role role, struct subject *subject)
{
	struct slice id = record_subject(record, role);

	return id.len != 0 ? keys_find(engine->o.keys, id, subject)
			   : find_place(engine, record, role, subject);
}

static bool
is_leaving(const struct engine *engine, const struct subject *subject)
{
	const struct forgetting *asking = engine->forget_asking;
	struct forgetting found;
	struct fail fail = FAIL_INIT;

	if (asking != NULL && asking->slot == subject->slot)
		return true;
	/* What cannot be known is shown to nobody. */
	if (!spool_get_forgetting(
		engine->o.spool, subject->slot, &found, &fail))
		return fail.kind != FAIL_NONE;
	return memcmp(found.pseudonym, subject->pseudonym, PSEUDONYM_SIZE) == 0;
}

bool
engine_any_leaves(const struct engine *engine)
{
	return engine->forgets || engine->forget_asking != NULL;
}

static bool
is_leaving_role(
    const struct engine *engine, const struct record *record, enum role role)
{
	struct subject subject;
	bool leaves;

	if (!engine_any_leaves(engine) ||
	    !engine_find_person(engine, record, role, &subject))
		return false;
	leaves = is_leaving(engine, &subject);
	digest_wipe(&subject, sizeof(subject));
	return leaves;
}

unsigned
engine_leaving_roles(const struct engine *engine, const struct record *record)
{
	unsigned roles = 0;

	for (unsigned r = 0; r < ROLE_COUNT && engine_any_leaves(engine); r++)
		if (record_has_role(record, (enum role)r) &&
		    is_leaving_role(engine, record, (enum role)r))
			roles |= 1u << r;
	return roles;
}

bool
engine_place_is_kept(
    const struct engine *engine, const struct record *record, enum role role)
{
	struct subject subject;
	bool leaves;

	if (stops_place(engine->o.stops, record, role))
		return true;
	if (!engine_any_leaves(engine) ||
	    !find_place(engine, record, role, &subject))
		return false;
	leaves = is_leaving(engine, &subject);
	digest_wipe(&subject, sizeof(subject));
	return leaves;
}

bool
engine_may_keep_persons(const struct engine *engine)
{
	return engine_any_leaves(engine) || stops_any(engine->o.stops);
}

void
engine_keep_persons(const struct engine *engine, const struct record *stored,
    struct record *record)
{
	for (unsigned r = 0;
	     engine_may_keep_persons(engine) && r < ROLE_COUNT; r++) {
		enum role role = (enum role)r;

		if (record_has_role(stored, role) &&
		    record_subject_given(record, role) &&
		    (stops_place(engine->o.stops, record, role) ||
			is_leaving_role(engine, stored, role)))
			record_keep_person(record, role, stored);
	}
}

void
engine_forget_note(struct engine *engine)
{
	struct forgetting any;
	struct fail fail = FAIL_INIT;

	engine->forgets = spool_next_forgetting(engine->o.spool, &any, &fail) ||
			  fail.kind != FAIL_NONE;
}

/* --- what misu published of it --- */

/* Did anything of a person pass by these rulings? */
static bool
any_passed(struct slice fields)
{
	struct slice name, ruling, verdict;
	enum field field;
	int64_t rule;

	while (canon_next_member(&fields, &name, &ruling))
		if (!entry_ruling(ruling, &verdict, &rule) ||
		    (!slice_is(verdict, "redact") &&
			(!field_find(name, &field) ||
			    field_info[field].class != CLASS_OBJECT)))
			return true;
	return false;
}

bool
forget_was_published(const struct forget *forget, struct slice disclosure)
{
	struct slice fields, subjects, role, rulings, whose;
	char word[64];

	if (!canon_member(disclosure, "fields", &fields) ||
	    !canon_member(disclosure, "subjects", &subjects))
		return true;
	while (canon_next_member(&fields, &role, &rulings)) {
		snprintf(word, sizeof(word), "%.*s", SLICE_ARG(role));
		if ((!canon_member(subjects, word, &whose) ||
			forget_names_subject(forget, whose)) &&
		    any_passed(rulings))
			return true;
	}
	return false;
}

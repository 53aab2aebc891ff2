/*
 * Where contacts stand (core/place.h), kept by the one who sees every domain
 * command of every worker.  A place counts from the entry of the domain
 * command on, before any byte of it leaves: what the registry has is never
 * more than what is listed, whatever is lost or killed then.  What it refused
 * counts, too, and so does what it was told to unlink: that errs to the
 * strict side.
 *
 * A list is changed again before its last change is on the disk: such lists
 * are found here until they are.
 */
#include "codec/pack.h"
#include "core/place.h"
#include "keeper_priv.h"

struct placing {
	struct placing *next;	 /* in its bucket, newest first */
	struct placing *of_same; /* of the same job */
	uint32_t hash;
	bool is_on_the_way;
	struct slice contact;
	struct record *list; /* NULL: a contact was made that has none */
	int64_t since;	     /* of that one */
};

static const enum role roles[] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
enum { ROLES = sizeof(roles) / sizeof(*roles) };

/* --- reading --- */

static const struct placing *
find_placing(const struct keeper *keeper, struct slice contact)
{
	uint32_t hash = object_hash(OBJECT_CONTACT, contact);
	const struct placing *p = keeper->placing[hash % PLACING_HEADS];

	while (p != NULL && !slice_equal(p->contact, contact))
		p = p->next;
	return p;
}

static bool
get(struct keeper *keeper, struct arena *arena, struct slice name,
    const struct record **out, struct fail *fail)
{
	*out = vault_get_slot(
	    keeper->o.vault, arena, OBJECT_CONTACT, name, VAULT_CURRENT, fail);
	return *out != NULL || fail->kind == FAIL_NONE;
}

/* *out is NULL where there is none. */
static bool
get_list(struct keeper *keeper, struct arena *arena, struct slice contact,
    const struct record **out, struct fail *fail)
{
	struct slice name = place_name(arena, contact);

	return name.data != NULL ? get(keeper, arena, name, out, fail)
				 : fail_memory(fail);
}

/* As it will be when all that is on its way is there. */
static bool
read_places(struct keeper *keeper, struct arena *arena, struct slice contact,
    struct places *out, struct fail *fail)
{
	const struct placing *placing = find_placing(keeper, contact);
	const struct record *list, *current = NULL;

	if (placing != NULL) {
		place_read(placing->list, NULL, out);
		if (placing->list == NULL)
			out->since = placing->since;
		return true;
	}
	if (!get_list(keeper, arena, contact, &list, fail) ||
	    (list == NULL && !get(keeper, arena, contact, &current, fail)))
		return false;
	place_read(list, current, out);
	return true;
}

/* --- changing --- */

/* Without a list the contact's own record says it, once it is there. */
static bool
add_placing(struct job *job, struct slice contact, struct record *list,
    int64_t since, struct fail *fail)
{
	struct placing *placing = arena_take(job->arena, sizeof(*placing));

	if (placing == NULL)
		return fail_memory(fail);
	*placing = (struct placing){.of_same = job->placing,
	    .hash = object_hash(OBJECT_CONTACT, contact),
	    .contact = arena_copy(job->arena, contact),
	    .list = list,
	    .since = since};
	if (placing->contact.data == NULL)
		return fail_memory(fail);
	job->placing = placing;
	return true;
}

static bool
write_places(struct job *job, struct batch *batch, struct slice contact,
    const struct places *places, struct fail *fail)
{
	struct record *list = place_record(job->arena, contact, places, fail);

	return list != NULL &&
	       add_placing(job, contact, list, places->since, fail) &&
	       store_record(batch, list, false, fail);
}

static void
unsettle(struct keeper *keeper, const struct placing *placing,
    void (*how)(struct keeper *keeper, uint32_t hash))
{
	if (placing->list != NULL)
		how(keeper,
		    object_hash(OBJECT_CONTACT, record_object(placing->list)));
}

void
place_begin(struct job *job)
{
	struct keeper *keeper = job->keeper;

	for (struct placing *p = job->placing; p != NULL; p = p->of_same) {
		struct placing **head =
		    &keeper->placing[p->hash % PLACING_HEADS];

		p->next = *head;
		*head = p;
		p->is_on_the_way = true;
		unsettle(keeper, p, unsettled_begin);
	}
}

void
place_end(struct job *job)
{
	struct keeper *keeper = job->keeper;

	for (struct placing *p = job->placing; p != NULL; p = p->of_same) {
		struct placing **at = &keeper->placing[p->hash % PLACING_HEADS];

		if (!p->is_on_the_way)
			continue;
		while (*at != p)
			at = &(*at)->next;
		*at = p->next;
		p->is_on_the_way = false;
		unsettle(keeper, p, unsettled_end);
	}
}

/* --- domains --- */

static struct slice
contact_name(struct arena *arena, struct slice upstream, struct slice id)
{
	struct text text = text_start(arena);

	text_add(&text, upstream);
	text_add_char(&text, '/');
	text_add(&text, id);
	return text_slice(&text);
}

static unsigned
roles_of(const struct record *domain, struct slice id)
{
	unsigned found = 0;

	for (size_t r = 0; r < ROLES; r++) {
		struct values ids =
		    record_values(domain, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < ids.count; i++)
			if (slice_equal(ids.items[i], id))
				found |= 1u << roles[r];
	}
	return found;
}

/* The first of its names in the domain: each contact is looked at once. */
static bool
is_first(const struct record *domain, size_t role, size_t at)
{
	struct slice id =
	    record_values(domain, roles[role], FIELD_HANDLE).items[at];

	for (size_t r = 0; r <= role; r++) {
		struct values ids =
		    record_values(domain, roles[r], FIELD_HANDLE);
		size_t end = r == role ? at : ids.count;

		for (size_t i = 0; i < end; i++)
			if (slice_equal(ids.items[i], id))
				return false;
	}
	return true;
}

static bool
place_one(struct job *job, struct batch *batch, struct slice contact,
    const struct decide_place *place, struct fail *fail)
{
	struct places places;

	if (contact.data == NULL)
		return fail_memory(fail);
	return read_places(job->keeper, job->arena, contact, &places, fail) &&
	       (!place_add(&places, place->roles, place->suffix) ||
		   write_places(job, batch, contact, &places, fail));
}

bool
place_domain(struct job *job, struct batch *batch, struct slice upstream,
    const struct record *domain, struct fail *fail)
{
	struct decide_place place = {
	    .suffix = place_suffix(record_object(domain))};

	for (size_t r = 0; r < ROLES; r++) {
		struct values ids =
		    record_values(domain, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < ids.count; i++) {
			if (!is_first(domain, r, i))
				continue;
			place.roles = roles_of(domain, ids.items[i]);
			if (!place_one(job, batch,
				contact_name(
				    job->arena, upstream, ids.items[i]),
				&place, fail))
				return false;
		}
	}
	return true;
}

/* --- contacts --- */

bool
place_created(struct job *job, struct batch *batch, struct slice contact,
    struct fail *fail)
{
	struct keeper *keeper = job->keeper;
	const struct placing *placing = find_placing(keeper, contact);
	int64_t now = keeper_now(keeper) / 1000;
	const struct record *list = placing != NULL ? placing->list : NULL;
	struct places places;

	if (placing == NULL &&
	    !get_list(keeper, job->arena, contact, &list, fail))
		return false;
	if (list == NULL)
		return add_placing(job, contact, NULL, now, fail);
	place_read(list, NULL, &places);
	places.since = now;
	return write_places(job, batch, contact, &places, fail);
}

bool
place_doubt(struct job *job, struct batch *batch, struct slice contact,
    struct fail *fail)
{
	struct places places;

	if (!read_places(job->keeper, job->arena, contact, &places, fail))
		return false;
	if (places.since == 0)
		return true;
	places.since = 0;
	return write_places(job, batch, contact, &places, fail);
}

/* --- was it judged by what is so? --- */

/* May it be less strict than where the contact stands now? */
static bool
is_placed_otherwise(struct keeper *keeper, const struct decide_scope *scope,
    struct slice contact, bool *changed, struct fail *fail)
{
	struct places places;

	if (!read_places(keeper, keeper->scratch, contact, &places, fail))
		return false;
	*changed = scope->is_placed && places.since == 0;
	for (size_t i = 0; i < places.count; i++)
		*changed |= !place_has(scope->places, scope->place_count,
		    places.items[i].roles, places.items[i].suffix);
	return true;
}

/* What was fetched before this life began is not known to be so. */
static bool
is_newer(const struct keeper *keeper, uint64_t seen, enum object_type type,
    struct slice name)
{
	return seen < keeper->changes_before || seen > keeper->changes ||
	       keeper->changed[object_hash(type, name) % CHANGED_HEADS] > seen;
}

/* One that is told whom it names, and judges by them. */
static bool
judges_contacts(const struct keeper *keeper, struct slice name)
{
	const struct conf_upstream *upstream =
	    conf_upstream(keeper->conf, name);

	return upstream != NULL && !upstream->shadows &&
	       upstream->contacts != CONTACTS_PROHIBITED;
}

static bool
names_changed(struct keeper *keeper, const struct wire_commit *from,
    const struct record *domain, bool *changed, struct fail *fail)
{
	for (size_t r = 0; r < ROLES && !*changed; r++) {
		struct values ids =
		    record_values(domain, roles[r], FIELD_HANDLE);

		for (size_t i = 0; i < ids.count; i++) {
			struct slice name = contact_name(
			    keeper->scratch, from->upstream, ids.items[i]);

			if (name.data == NULL)
				return fail_memory(fail);
			*changed |=
			    is_newer(keeper, from->seen, OBJECT_CONTACT, name);
		}
	}
	return true;
}

bool
place_is_changed(struct keeper *keeper, const struct wire_commit *from,
    const struct record *stored, bool *changed, struct fail *fail)
{
	*changed = false;
	if (!from->has_payload || from->store != KEEP_RECORD)
		return true;
	*changed = from->seen != 0 &&
		   record_operation(stored) == OPERATION_UPDATE &&
		   is_newer(keeper, from->seen, record_type(stored),
		       record_object(stored));
	if (*changed)
		return true;
	if (record_type(stored) == OBJECT_DOMAIN && from->seen != 0)
		return !judges_contacts(keeper, from->upstream) ||
		       names_changed(keeper, from, stored, changed, fail);
	/* One with a limit shows nothing new. */
	if (record_type(stored) == OBJECT_CONTACT && from->in_scope &&
	    record_operation(stored) == OPERATION_UPDATE &&
	    from->given.limit == NULL)
		return is_placed_otherwise(
		    keeper, &from->scope, record_object(stored), changed, fail);
	return true;
}

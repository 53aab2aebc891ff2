/* Records of what a command or a registry's answer says. */
#include "codec/epp_priv.h"

#include "base/name.h"
#include "base/text.h"
#include "core/policy_tree.h"

/* --- from a command ------------------------------------------------------ */

/* What the frame says of one field; none and `seen` is an empty one. */
struct said {
	unsigned char count;
	struct slice items[3];
};

struct gathered {
	uint64_t seen; /* FIELD_BITs: the others are not set */
	struct said fields[FIELD_COUNT];
};

static struct said *
see(struct gathered *all, enum field field)
{
	struct said *said = &all->fields[field];

	if ((all->seen & FIELD_BIT(field)) == 0)
		said->count = 0;
	all->seen |= FIELD_BIT(field);
	return said;
}

static void
gather_value(struct gathered *all, const struct epp_value *value)
{
	struct said *said;

	/* It goes where the first e-mail goes, and a field has one value. */
	if (value->additional)
		return;
	said = see(all, value->field);
	/* A number is replaced with its extension, whether it has one or not.
	 */
	if (value->field == FIELD_PHONE)
		see(all, FIELD_PHONE_EXT);
	if (value->field == FIELD_FAX)
		see(all, FIELD_FAX_EXT);
	/* The reader saw to it that int and loc say the same. */
	if (value->text.len == 0 ||
	    said->count == sizeof(said->items) / sizeof(said->items[0]) ||
	    (said->count == 1 && (value->field == FIELD_POSTCODE ||
				     value->field == FIELD_COUNTRY)))
		return;
	said->items[said->count++] = value->text;
}

/* An address is replaced as a whole: what is not in it goes. */
static void
gather(struct gathered *all, const struct epp_contact *contact)
{
	for (size_t i = 0; i < contact->postal_count; i++) {
		const struct epp_postal *p = &contact->postals[i];

		if (p->addr.at == p->addr.end)
			continue;
		see(all, p->loc ? FIELD_STREET_LOC : FIELD_STREET_INT);
		see(all, p->loc ? FIELD_STATE_LOC : FIELD_STATE_INT);
		see(all, FIELD_POSTCODE);
	}
	for (size_t i = 0; i < contact->value_count; i++)
		gather_value(all, &contact->values[i]);
}

static const char *
element_name(enum field field)
{
	const char *name = field_info[field].epp;

	return strncmp(name, "contact:", 8) == 0 ? name + 8 : name;
}

static bool
set_fields(struct record *record, const struct gathered *all, bool update,
    struct fail *fail)
{
	for (uint64_t left = all->seen; left != 0; left &= left - 1) {
		unsigned f = (unsigned)__builtin_ctzll(left);
		const struct said *said = &all->fields[f];
		struct fail why;

		fail_clear(&why);
		if (said->count != 0 &&
		    !record_set(record, CONTACT_ROLE, (enum field)f,
			said->items, said->count, &why)) {
			fail_set(fail, why.kind, "%s", why.text);
			fail_place(fail, "%s", element_name((enum field)f));
			return false;
		}
		if (said->count == 0 && update &&
		    !record_remove(record, CONTACT_ROLE, (enum field)f, fail))
			return false;
	}
	return true;
}

static bool
set_hints(
    struct record *record, const struct epp_hints *hints, struct fail *fail)
{
	if (hints->has_kind &&
	    !record_set_role(record, CONTACT_ROLE, hints->kind, fail))
		return false;
	if (hints->subject.len != 0 &&
	    !record_set_subject(record, CONTACT_ROLE, hints->subject, fail))
		return false;
	if (hints->plan.len != 0 && !record_set_plan(record, hints->plan, fail))
		return false;
	for (size_t i = 0; i < hints->consent_count; i++)
		if (!record_add_consent(
			record, CONTACT_ROLE, &hints->consents[i], fail))
			return false;
	return true;
}

struct record *
epp_contact_record(
    const struct epp_command *command, struct arena *arena, struct fail *fail)
{
	bool update = command->verb == EPP_UPDATE;
	struct gathered all;
	struct record *record;

	all.seen = 0;
	if (command->contact == NULL) {
		fail_set(fail, FAIL_INPUT, "no contact's data");
		return NULL;
	}
	record = record_create(arena, OBJECT_CONTACT,
	    update ? OPERATION_UPDATE : OPERATION_CREATE, command->id, fail);
	if (record == NULL || !record_add_role(record, CONTACT_ROLE, fail))
		return NULL;
	gather(&all, command->contact);
	return set_fields(record, &all, update, fail) &&
		       set_hints(record, &command->hints, fail)
		   ? record
		   : NULL;
}

/* --- from a response ----------------------------------------------------- */

struct response_reader {
	const struct xml_document *document;
	struct arena *arena;
	struct record *record;
	struct fail *fail;
};

/* A registry's value that misu could not hold is as good as none. */
static bool
add_text(struct response_reader *r, enum role role, enum field field,
    struct slice text)
{
	struct fail why = FAIL_INIT;

	if (text.data == NULL)
		return fail_memory(r->fail);
	if (text.len == 0 ||
	    record_add_value(r->record, role, field, text, &why))
		return true;
	return why.kind != FAIL_MEMORY || fail_memory(r->fail);
}

static bool
add_element(struct response_reader *r, enum role role, enum field field,
    uint32_t element)
{
	if (r->document->elements[element].first != XML_NONE)
		return true;
	return add_text(
	    r, role, field, xml_text(r->document, element, r->arena));
}

static bool
add_postal(struct response_reader *r, uint32_t parent, bool loc)
{
	const struct xml_element *all = r->document->elements;
	enum field field;

	for (uint32_t at = all[parent].first; at != XML_NONE;
	     at = all[at].next) {
		if (all[at].space != all[parent].space ||
		    !epp_postal_field(all[at].name, loc, &field))
			continue;
		/* int and loc both say the postcode and the country */
		if (field_info[field].many == 1 &&
		    record_values(r->record, CONTACT_ROLE, field).count != 0)
			continue;
		if (!add_element(r, CONTACT_ROLE, field, at))
			return false;
	}
	return true;
}

static bool
add_number(struct response_reader *r, uint32_t element, enum field field)
{
	return add_element(r, CONTACT_ROLE, field, element) &&
	       add_text(r, CONTACT_ROLE,
		   field == FIELD_PHONE ? FIELD_PHONE_EXT : FIELD_FAX_EXT,
		   xml_attribute_text(r->document, element, "x", r->arena));
}

static bool
add_contact_element(struct response_reader *r, uint32_t at)
{
	const struct xml_element *e = &r->document->elements[at];
	uint32_t addr;
	bool loc;

	if (slice_is(e->name, "voice"))
		return add_number(r, at, FIELD_PHONE);
	if (slice_is(e->name, "fax"))
		return add_number(r, at, FIELD_FAX);
	if (slice_is(e->name, "email"))
		return add_element(r, CONTACT_ROLE, FIELD_EMAIL, at);
	if (!slice_is(e->name, "postalInfo"))
		return true;
	loc = slice_is(
	    xml_attribute_text(r->document, at, "type", r->arena), "loc");
	addr = epp_child(r->document, at, "addr");
	return add_postal(r, at, loc) &&
	       (addr == XML_NONE || add_postal(r, addr, loc));
}

/* A name server as host object or with its addresses. */
static bool
add_server(struct response_reader *r, uint32_t element)
{
	const struct xml_element *all = r->document->elements;
	struct text text = text_start(r->arena);
	uint32_t name = epp_child(r->document, element, "hostName");

	if (slice_is(all[element].name, "hostObj"))
		return add_element(r, ROLE_REGISTRANT, FIELD_NS, element);
	if (!slice_is(all[element].name, "hostAttr") || name == XML_NONE ||
	    all[name].first != XML_NONE)
		return true;
	text_add(&text, xml_text(r->document, name, r->arena));
	for (uint32_t at = all[name].next; at != XML_NONE; at = all[at].next) {
		if (!slice_is(all[at].name, "hostAddr") ||
		    all[at].first != XML_NONE)
			continue;
		text_add_char(&text, ' ');
		text_add(&text, xml_text(r->document, at, r->arena));
	}
	return add_text(r, ROLE_REGISTRANT, FIELD_NS, text_slice(&text));
}

static bool
add_linked(struct response_reader *r, uint32_t at)
{
	struct slice type =
	    xml_attribute_text(r->document, at, "type", r->arena);
	enum role role;

	if (type.data == NULL)
		return fail_memory(r->fail);
	if (!role_find(type, &role) ||
	    (role != ROLE_ADMIN && role != ROLE_TECH && role != ROLE_BILLING))
		return true;
	return add_element(r, role, FIELD_HANDLE, at);
}

static bool
add_domain_element(struct response_reader *r, uint32_t at)
{
	const struct xml_element *all = r->document->elements;

	if (slice_is(all[at].name, "registrant"))
		return add_element(r, ROLE_REGISTRANT, FIELD_HANDLE, at);
	if (slice_is(all[at].name, "contact"))
		return add_linked(r, at);
	if (!slice_is(all[at].name, "ns"))
		return true;
	for (uint32_t child = all[at].first; child != XML_NONE;
	     child = all[child].next)
		if (!add_server(r, child))
			return false;
	return true;
}

static bool
find_object(struct response_reader *r, const struct epp_response *response,
    struct slice *name)
{
	const struct xml_document *d = response->document;
	bool contact = response->object == EPP_CONTACT;
	uint32_t element = XML_NONE;

	if ((contact || response->object == EPP_DOMAIN) &&
	    slice_is(d->elements[response->data].name, "infData"))
		element = epp_child(d, response->data, contact ? "id" : "name");
	if (element == XML_NONE || d->elements[element].first != XML_NONE)
		return fail_set(r->fail, FAIL_INPUT,
		    "the response has no data of a contact or domain");
	*name = xml_text(d, element, r->arena);
	if (name->data == NULL)
		return fail_memory(r->fail);
	return contact || name_canonical(r->arena, *name, name, r->fail);
}

static bool
add_registration(
    struct response_reader *r, const struct epp_response *response)
{
	struct registration registration;

	return epp_response_registration(
		   response, r->arena, &registration, r->fail) &&
	       (!registration.given ||
		   record_set_registration(
		       r->record, &registration, r->fail));
}

struct record *
epp_response_record(
    const struct epp_response *response, struct arena *arena, struct fail *fail)
{
	struct response_reader r = {response->document, arena, NULL, fail};
	const struct xml_element *all = response->document->elements;
	bool contact = response->object == EPP_CONTACT;
	struct slice name;

	if (!find_object(&r, response, &name))
		return NULL;
	r.record =
	    record_create(arena, contact ? OBJECT_CONTACT : OBJECT_DOMAIN,
		OPERATION_CREATE, name, fail);
	if (r.record == NULL ||
	    (contact && !record_add_role(r.record, CONTACT_ROLE, fail)))
		return NULL;
	for (uint32_t at = all[response->data].first; at != XML_NONE;
	     at = all[at].next) {
		if (all[at].space != all[response->data].space)
			continue;
		if (contact ? !add_contact_element(&r, at)
			    : !add_domain_element(&r, at))
			return NULL;
	}
	return contact || add_registration(&r, response) ? r.record : NULL;
}

/* contact:create and contact:update, by contact-1.0 (RFC 5733). */
#include "codec/epp_priv.h"

struct contact_reader {
	struct epp_reader *r;
	struct epp_contact *contact;
	bool update;
};

enum postal_part { NAME, ORG, STREET, CITY, STATE, POSTCODE, COUNTRY };

static const struct postal_field {
	const char *name;
	size_t min; /* characters */
	enum field loc, international;
} postal_fields[] = {
    [NAME] = {"name", 1, FIELD_NAME_LOC, FIELD_NAME_INT},
    [ORG] = {"org", 0, FIELD_ORG_LOC, FIELD_ORG_INT},
    [STREET] = {"street", 0, FIELD_STREET_LOC, FIELD_STREET_INT},
    [CITY] = {"city", 1, FIELD_CITY_LOC, FIELD_CITY_INT},
    [STATE] = {"sp", 0, FIELD_STATE_LOC, FIELD_STATE_INT},
    [POSTCODE] = {"pc", 0, FIELD_POSTCODE, FIELD_POSTCODE},
    [COUNTRY] = {"cc", 1, FIELD_COUNTRY, FIELD_COUNTRY},
};

static const char *const statuses[] = {"clientDeleteProhibited",
    "clientTransferProhibited", "clientUpdateProhibited"};

unsigned
epp_contact_status(struct slice name)
{
	for (unsigned i = 0; i < 3; i++)
		if (slice_is(name, statuses[i]))
			return 1u << i;
	return 0;
}

const char *
epp_contact_status_name(unsigned bit)
{
	for (unsigned i = 0; i < 3; i++)
		if (bit == 1u << i)
			return statuses[i];
	return "";
}

bool
epp_postal_field(struct slice name, bool loc, enum field *out)
{
	enum { COUNT = sizeof(postal_fields) / sizeof(postal_fields[0]) };

	for (size_t i = 0; i < COUNT; i++) {
		if (postal_fields[i].name[0] == name.data[0] &&
		    slice_is(name, postal_fields[i].name)) {
			*out = loc ? postal_fields[i].loc
				   : postal_fields[i].international;
			return true;
		}
	}
	return false;
}

/* The next value, of an element or an attribute of it; NULL: too many. */
static struct epp_value *
next_value(struct contact_reader *reader, uint32_t element)
{
	struct epp_contact *c = reader->contact;
	const struct xml_element *e = &reader->r->document->elements[element];
	struct epp_value *value = &c->values[c->value_count];

	if (c->value_count == EPP_VALUES_MAX) {
		epp_refuse(reader->r, EPP_SYNTAX, element, "too many values");
		return NULL;
	}
	c->value_count++;
	value->whole = e->whole;
	value->content = e->content;
	value->element = element;
	return value;
}

/* One element of postalInfo or addr. */
static bool
read_postal_value(struct contact_reader *reader, int postal, uint32_t element,
    enum postal_part part)
{
	const struct postal_field *field = &postal_fields[part];
	bool loc = reader->contact->postals[postal].loc;
	struct epp_value *value = next_value(reader, element);

	if (value == NULL)
		return false;
	value->postal = postal;
	value->field = loc ? field->loc : field->international;
	return epp_attributes(reader->r, element, NULL, NULL) &&
	       epp_line(reader->r, element, field->min, 255, &value->text);
}

static bool
read_address(struct contact_reader *reader, int postal, uint32_t addr)
{
	struct epp_walk walk = epp_walk(reader->r, addr);
	struct epp_postal *p = &reader->contact->postals[postal];
	uint32_t element;

	p->addr = reader->r->document->elements[addr].whole;
	p->addr_element = addr;
	if (!epp_attributes(reader->r, addr, NULL, NULL))
		return false;
	for (unsigned i = 0; i < 3; i++) {
		element = epp_take(&walk, "street");
		if (element != XML_NONE &&
		    !read_postal_value(reader, postal, element, STREET))
			return false;
	}
	if (!epp_need(&walk, "city", &element) ||
	    !read_postal_value(reader, postal, element, CITY))
		return false;
	element = epp_take(&walk, "sp");
	if (element != XML_NONE &&
	    !read_postal_value(reader, postal, element, STATE))
		return false;
	element = epp_take(&walk, "pc");
	if (element != XML_NONE &&
	    !read_postal_value(reader, postal, element, POSTCODE))
		return false;
	return epp_need(&walk, "cc", &element) &&
	       read_postal_value(reader, postal, element, COUNTRY) &&
	       epp_end(&walk);
}

static bool
read_postal_parts(struct contact_reader *reader, int postal, uint32_t element)
{
	struct epp_walk walk = epp_walk(reader->r, element);
	uint32_t part = epp_take(&walk, "name");

	if (part != XML_NONE
		? !read_postal_value(reader, postal, part, NAME)
		: !reader->update && !epp_need(&walk, "name", &part))
		return false;
	part = epp_take(&walk, "org");
	if (part != XML_NONE && !read_postal_value(reader, postal, part, ORG))
		return false;
	part = epp_take(&walk, "addr");
	if (part != XML_NONE
		? !read_address(reader, postal, part)
		: !reader->update && !epp_need(&walk, "addr", &part))
		return false;
	return epp_end(&walk);
}

static bool
read_postal(struct contact_reader *reader, uint32_t element)
{
	static const char *const types[] = {"int", "loc", NULL};
	struct epp_contact *c = reader->contact;
	const struct xml_element *e = &reader->r->document->elements[element];
	struct epp_postal *p = &c->postals[c->postal_count];
	int index = (int)c->postal_count;
	size_t type;

	if (c->postal_count == EPP_POSTALS_MAX)
		return epp_refuse(
		    reader->r, EPP_SYNTAX, element, "more than two postalInfo");
	if (!epp_attributes(reader->r, element, "type", NULL) ||
	    !epp_attribute_word(reader->r, element, "type", types, &type))
		return false;
	if (c->postal_count == 1 && c->postals[0].loc == (type == 1))
		return epp_refuse(reader->r, EPP_VALUE, element,
		    "two postalInfo of one type");
	*p = (struct epp_postal){
	    .loc = type == 1,
	    .whole = e->whole,
	    .content = e->content,
	    .element = element,
	    .addr = epp_nowhere(e->content.end),
	    .addr_element = XML_NONE,
	};
	c->postal_count++;
	return read_postal_parts(reader, index, element);
}

/* The attribute x of voice and fax. */
static bool
read_number_extension(
    struct contact_reader *reader, const struct epp_value *number)
{
	const struct xml_attribute *x =
	    xml_attribute(reader->r->document, number->element, "x");
	struct epp_value *value;

	if (x == NULL)
		return true;
	value = next_value(reader, number->element);
	if (value == NULL)
		return false;
	value->field =
	    number->field == FIELD_PHONE ? FIELD_PHONE_EXT : FIELD_FAX_EXT;
	value->whole = x->whole;
	value->content = x->value;
	value->postal = -1;
	if (!epp_attribute_token(reader->r, number->element, "x", &value->text))
		return false;
	if (value->text.len != 0 && number->text.len == 0)
		return epp_refuse(reader->r, EPP_VALUE, number->element,
		    "an extension of no number");
	return true;
}

static bool
read_flat(struct contact_reader *reader, uint32_t element, enum field field)
{
	bool email = field == FIELD_EMAIL;
	struct epp_value *value = next_value(reader, element);

	if (value == NULL)
		return false;
	value->field = field;
	value->postal = -1;
	return epp_attributes(reader->r, element, email ? NULL : "x", NULL) &&
	       epp_token(reader->r, element, email ? 1 : 0, email ? 320 : 64,
		   &value->text) &&
	       (email || read_number_extension(reader, value));
}

/* `bit` is that of int, and the next that of loc. */
static bool
read_disclose_typed(
    struct epp_walk *walk, const char *name, unsigned bit, unsigned *bits)
{
	static const char *const types[] = {"int", "loc", NULL};
	struct epp_reader *r = walk->r;
	size_t type;
	uint32_t element;

	for (unsigned i = 0; i < 2; i++) {
		element = epp_take(walk, name);
		if (element == XML_NONE)
			break;
		if (r->document->elements[element].first != XML_NONE ||
		    r->document->elements[element].has_text)
			return epp_refuse(r, EPP_SYNTAX, element,
			    "something inside an element that must be empty");
		if (!epp_attributes(r, element, "type", NULL) ||
		    !epp_attribute_word(r, element, "type", types, &type))
			return false;
		*bits |= bit << type;
	}
	return true;
}

static bool
read_disclose(struct contact_reader *reader, uint32_t element)
{
	static const char *const typed[] = {"name", "org", "addr"};
	static const char *const flat[] = {"voice", "fax", "email"};
	struct epp_reader *r = reader->r;
	struct epp_walk walk = epp_walk(r, element);
	unsigned bits = DISCLOSE_IS_GIVEN;
	bool flag;

	reader->contact->disclose = r->document->elements[element].whole;
	if (!epp_attributes(r, element, "flag", NULL) ||
	    !epp_attribute_flag(r, element, "flag", &flag))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!read_disclose_typed(&walk, typed[i],
			(unsigned)DISCLOSE_NAME_INT << 2 * i, &bits))
			return false;
	for (size_t i = 0; i < 3; i++) {
		uint32_t child = epp_take(&walk, flat[i]);

		if (child != XML_NONE && !epp_empty(r, child))
			return false;
		if (child != XML_NONE)
			bits |= (unsigned)DISCLOSE_VOICE << i;
	}
	reader->contact->disclosed = bits | (flag ? DISCLOSE_FLAG : 0u);
	return epp_end(&walk);
}

/*
 * What is judged must be what leaves: two countries or postcodes would be one
 * field with one of them.
 */
static bool
check_repeated(struct contact_reader *reader)
{
	const struct epp_contact *c = reader->contact;
	const struct epp_value *seen[2] = {NULL, NULL};

	for (size_t i = 0; i < c->value_count; i++) {
		const struct epp_value *v = &c->values[i];
		size_t which = v->field == FIELD_COUNTRY;

		if ((v->field != FIELD_COUNTRY && v->field != FIELD_POSTCODE) ||
		    v->text.len == 0)
			continue;
		if (seen[which] != NULL &&
		    !slice_equal(seen[which]->text, v->text))
			return epp_refuse(reader->r, EPP_VALUE, v->element,
			    which ? "the country of int and loc differ"
				  : "the postcode of int and loc differ");
		seen[which] = v;
	}
	return true;
}

static bool
read_reachable(struct contact_reader *reader, struct epp_walk *walk)
{
	uint32_t element = epp_take(walk, "voice");

	if (element != XML_NONE && !read_flat(reader, element, FIELD_PHONE))
		return false;
	element = epp_take(walk, "fax");
	if (element != XML_NONE && !read_flat(reader, element, FIELD_FAX))
		return false;
	element = epp_take(walk, "email");
	if (element != XML_NONE)
		return read_flat(reader, element, FIELD_EMAIL);
	return reader->update || epp_need(walk, "email", &element);
}

/* What create and chg have in common. */
static bool
read_person(struct contact_reader *reader, struct epp_walk *walk)
{
	struct epp_contact *c = reader->contact;
	const struct xml_element *all = reader->r->document->elements;
	uint32_t element;

	c->auth = c->disclose = epp_nowhere(all[walk->parent].content.end);
	while ((element = epp_take(walk, "postalInfo")) != XML_NONE)
		if (!read_postal(reader, element))
			return false;
	if (c->postal_count == 0 && !reader->update)
		return epp_need(walk, "postalInfo", &element);
	if (!read_reachable(reader, walk))
		return false;
	element = epp_take(walk, "authInfo");
	if (element != XML_NONE) {
		c->auth = all[element].whole;
		if (!epp_read_auth(reader->r, element, false, &c->password))
			return false;
	} else if (!reader->update && !epp_need(walk, "authInfo", &element)) {
		return false;
	}
	element = epp_take(walk, "disclose");
	if (element != XML_NONE && !read_disclose(reader, element))
		return false;
	return epp_end(walk) && check_repeated(reader);
}

struct status_list {
	unsigned *bits;
	bool *foreign;
};

static void
note_status(void *arg, struct slice status)
{
	const struct status_list *list = arg;
	unsigned bit = epp_contact_status(status);

	*list->bits |= bit;
	*list->foreign = *list->foreign || bit == 0;
}

/* With none, as clients in use send it, it is nothing and goes nowhere. */
static bool
read_statuses(struct epp_reader *r, uint32_t element, struct status_list *list)
{
	struct epp_walk walk = epp_walk(r, element);

	return epp_attributes(r, element, NULL, NULL) &&
	       epp_read_statuses(&walk, 7, note_status, list) && epp_end(&walk);
}

static bool
read_update(struct contact_reader *reader, struct epp_walk *walk)
{
	static const char *const lists[] = {"add", "rem"};
	struct epp_reader *r = reader->r;
	struct epp_contact *c = reader->contact;
	struct epp_walk inside;
	uint32_t element;

	for (size_t i = 0; i < 2; i++) {
		struct status_list list = {
		    i == 0 ? &c->add_statuses : &c->remove_statuses,
		    &c->has_foreign_status};

		element = epp_take(walk, lists[i]);
		if (element != XML_NONE && !read_statuses(r, element, &list))
			return false;
	}
	element = epp_take(walk, "chg");
	reader->contact->change =
	    epp_nowhere(r->document->elements[walk->parent].content.end);
	reader->contact->auth = reader->contact->disclose =
	    reader->contact->change;
	reader->contact->change_element = element;
	if (element == XML_NONE)
		return epp_end(walk);
	reader->contact->change = r->document->elements[element].whole;
	inside = epp_walk(r, element);
	return epp_attributes(r, element, NULL, NULL) &&
	       read_person(reader, &inside) && epp_end(walk);
}

bool
epp_read_contact(struct epp_reader *r, uint32_t object)
{
	struct epp_command *c = r->command;
	struct epp_contact *contact = arena_take(r->arena, sizeof(*contact));
	struct contact_reader reader = {r, contact, c->verb == EPP_UPDATE};
	struct epp_walk walk = epp_walk(r, object);
	uint32_t id;

	if (contact == NULL)
		return epp_no_memory(r);
	contact->object = r->document->elements[object].whole;
	contact->prefix = epp_prefix(r->document, object);
	contact->change = epp_nowhere(contact->object.end);
	contact->change_element = XML_NONE;
	c->contact = contact;
	c->ids = &c->id;
	c->id_count = 1;
	return epp_need(&walk, "id", &id) &&
	       epp_attributes(r, id, NULL, NULL) &&
	       epp_token(r, id, 3, 16, &c->id) &&
	       (reader.update ? read_update(&reader, &walk)
			      : read_person(&reader, &walk));
}

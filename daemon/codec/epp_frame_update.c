/*
 * What an update has to say beside what the backend says: the registry must
 * not keep what the policy redacts, or in full what it lowers.
 */
#include "codec/epp_frame_priv.h"

#include "core/policy_tree.h"

/* May the registry hold anything that stands in this form only? */
bool
epp_contact_has_form(const struct epp_contact_maker *maker, bool loc)
{
	static const enum field formed[] = {FIELD_NAME_LOC, FIELD_ORG_LOC,
	    FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC};
	const struct epp_writer *writer = &maker->writer;
	bool collected = false, other = false;

	for (size_t i = 0; i < sizeof(formed) / sizeof(formed[0]); i++) {
		enum field own = epp_field_form(formed[i], loc);

		if (epp_writer_may_hold(writer, own))
			return true;
		collected |=
		    disclosure_collected(writer->disclosure, CONTACT_ROLE, own);
		other |= disclosure_collected(writer->disclosure, CONTACT_ROLE,
		    epp_field_form(formed[i], !loc));
	}
	/* One made of placeholders only, as there was no other. */
	return collected && !other;
}

static void
note_mentioned(struct epp_contact_maker *maker)
{
	const struct epp_contact *contact = maker->contact;

	for (size_t i = 0; i < contact->value_count; i++) {
		const struct epp_value *value = &contact->values[i];
		bool loc =
		    value->postal >= 0 && contact->postals[value->postal].loc;

		if (!value->additional)
			maker->mentioned[loc] |= FIELD_BIT(value->field);
	}
}

static bool
is_mentioned(const struct epp_contact_maker *maker, bool loc, enum field field)
{
	return (maker->mentioned[loc] & FIELD_BIT(field)) != 0;
}

/* Must the registry lose what it has, although the frame is silent? */
static bool
must_go(const struct epp_contact_maker *maker, bool loc, enum field field)
{
	return !is_mentioned(maker, loc, field) &&
	       (epp_writer_loses(&maker->writer, field) ||
		   epp_writer_lowers(&maker->writer, field));
}

static bool
address_must_go(const struct epp_contact_maker *maker, bool loc)
{
	static const enum field parts[] = {
	    FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (must_go(maker, loc, epp_field_form(parts[i], loc)))
			return true;
	return must_go(maker, loc, FIELD_POSTCODE) ||
	       must_go(maker, loc, FIELD_COUNTRY);
}

/* The parts of a postalInfo that have to be added, in their order. */
struct missing {
	struct slice name, org, address;
};

/* False if there is no placeholder.  Data NULL: not to be added. */
static bool
find_missing(struct epp_contact_maker *maker, bool loc, bool has_address,
    struct slice prefix, struct missing *missing)
{
	struct arena *arena = maker->writer.arena;
	enum field name = epp_field_form(FIELD_NAME_LOC, loc);
	enum field org = epp_field_form(FIELD_ORG_LOC, loc);
	struct text text = text_start(arena);

	*missing = (struct missing){{NULL, 0}, {NULL, 0}, {NULL, 0}};
	if (must_go(maker, loc, name)) {
		struct slice value = epp_writer_demand(&maker->writer, name);

		if (value.data == NULL)
			return false;
		epp_put(&text, prefix, "name", value);
		missing->name = text_slice(&text);
		maker->splices.failed |= text.failed;
	}
	if (must_go(maker, loc, org)) {
		struct values values = epp_writer_values(&maker->writer, org);

		text = text_start(arena);
		if (values.count != 0)
			epp_put(&text, prefix, "org", values.items[0]);
		else
			epp_put_empty(&text, prefix, "org");
		missing->org = text_slice(&text);
		maker->splices.failed |= text.failed;
	}
	if (!has_address && address_must_go(maker, loc)) {
		text = text_start(arena);
		if (!epp_put_address(&maker->writer, &text, prefix, loc))
			return false;
		missing->address = text_slice(&text);
		maker->splices.failed |= text.failed;
	}
	return true;
}

static void
put_postal(struct text *out, struct slice prefix, bool loc,
    const struct missing *missing)
{
	if (missing->name.len + missing->org.len + missing->address.len == 0)
		return;
	text_add_char(out, '<');
	text_add(out, prefix);
	text_add_string(out, "postalInfo type=");
	text_add_string(out, loc ? "\"loc\">" : "\"int\">");
	text_add(out, missing->name);
	text_add(out, missing->org);
	text_add(out, missing->address);
	epp_put_close(out, prefix, "postalInfo");
}

/* Put them where they belong in a postalInfo that the frame has. */
static bool
complete_postal(
    struct epp_contact_maker *maker, const struct epp_postal *postal)
{
	const struct xml_document *document = maker->command->document;
	const struct xml_element *element =
	    &document->elements[postal->element];
	struct splices *splices = &maker->splices;
	bool address = epp_frame_is_there(postal->addr);
	struct slice text = maker->command->text, prefix;
	struct text whole = text_start(maker->writer.arena);
	struct missing missing;

	if (element->empty_tag)
		prefix = epp_frame_prefix(
		    text, document->elements[element->parent].whole);
	else
		prefix = epp_frame_prefix(text, postal->whole);
	if (!find_missing(maker, postal->loc, address, prefix, &missing))
		return false;
	if (element->empty_tag) {
		put_postal(&whole, prefix, postal->loc, &missing);
		if (whole.len != 0 || whole.failed)
			splices_replace(
			    splices, postal->whole, text_slice(&whole));
		return true;
	}
	if (missing.name.len != 0)
		splices_insert(splices, postal->content.at, missing.name);
	if (missing.org.len != 0)
		splices_insert(splices,
		    address ? postal->addr.at : postal->content.end,
		    missing.org);
	if (missing.address.len != 0)
		splices_insert(splices, postal->content.end, missing.address);
	return true;
}

/* On an update: what is to be said of a form beside what the frame says. */
static bool
complete_form(struct epp_contact_maker *maker, bool loc, struct slice prefix,
    struct text *more)
{
	const struct epp_contact *contact = maker->contact;
	struct missing missing;

	for (size_t i = 0; i < contact->postal_count; i++)
		if (contact->postals[i].loc == loc)
			return maker->dropped[i] ||
			       complete_postal(maker, &contact->postals[i]);
	if (!epp_contact_has_form(maker, loc))
		return true;
	if (!find_missing(maker, loc, false, prefix, &missing))
		return false;
	put_postal(more, prefix, loc, &missing);
	return true;
}

static void
complete_number(struct epp_contact_maker *maker, enum field field,
    enum rank rank, struct slice prefix)
{
	struct text text = text_start(maker->writer.arena);

	if (is_mentioned(maker, false, field) ||
	    (!must_go(maker, false, field) &&
		!must_go(maker, false, (enum field)(field + 1))))
		return;
	epp_put_number(&maker->writer, &text, prefix, field);
	maker->pieces[rank] = text_slice(&text);
	maker->splices.failed |= text.failed;
}

/* All that the update is silent about and the registry must not keep. */
static bool
complete_update(struct epp_contact_maker *maker, struct slice prefix)
{
	struct text postals = text_start(maker->writer.arena);
	struct text email = text_start(maker->writer.arena);
	struct slice value;

	if (!complete_form(maker, false, prefix, &postals) ||
	    !complete_form(maker, true, prefix, &postals))
		return false;
	if (postals.len != 0)
		maker->pieces[RANK_POSTAL] = text_slice(&postals);
	complete_number(maker, FIELD_PHONE, RANK_VOICE, prefix);
	complete_number(maker, FIELD_FAX, RANK_FAX, prefix);
	if (must_go(maker, false, FIELD_EMAIL)) {
		value = epp_writer_demand(&maker->writer, FIELD_EMAIL);
		if (value.data == NULL)
			return false;
		epp_put(&email, prefix, "email", value);
		maker->pieces[RANK_EMAIL] = text_slice(&email);
	}
	maker->splices.failed |= postals.failed | email.failed;
	return true;
}

/* Write a <chg> where there is none, or an empty one. */
static void
put_change(struct epp_contact_maker *maker, const struct xml_element *object)
{
	struct slice prefix =
	    epp_frame_prefix(maker->command->text, maker->contact->object);
	struct text text = text_start(maker->writer.arena);

	epp_put_open(&text, prefix, "chg");
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		text_add(&text, maker->pieces[rank]);
	epp_put_close(&text, prefix, "chg");
	if (epp_frame_is_there(maker->contact->change))
		splices_replace(
		    &maker->splices, maker->contact->change, text_slice(&text));
	else
		splices_insert(
		    &maker->splices, object->content.end, text_slice(&text));
}

/* Does the update still ask for anything? */
static bool
is_left(const struct epp_contact_maker *maker, const struct xml_element *object)
{
	const struct epp_contact *contact = maker->contact;
	const struct xml_element *elements = maker->command->document->elements;
	bool dropped = false;

	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		if (maker->pieces[rank].len != 0)
			return true;
	for (size_t i = 0; i < contact->postal_count; i++)
		dropped |= maker->dropped[i];
	for (size_t i = 0; i < contact->value_count; i++)
		if (contact->values[i].postal < 0 ||
		    !maker->dropped[contact->values[i].postal])
			return true;
	for (uint32_t i = object->first; i != XML_NONE; i = elements[i].next)
		if (elements[i].first != XML_NONE &&
		    (slice_is(elements[i].name, "add") ||
			slice_is(elements[i].name, "rem")))
			return true;
	return !dropped || epp_frame_is_there(contact->auth) ||
	       epp_frame_extended(
		   maker->command, maker->writer.manner, maker->cut);
}

bool
epp_contact_complete(
    struct epp_contact_maker *maker, const struct xml_element *object)
{
	const struct epp_contact *contact = maker->contact;
	const struct xml_document *document = maker->command->document;
	const struct xml_element *change = NULL;
	struct slice prefix;
	bool any = false;

	if (epp_frame_is_there(contact->change))
		change = &document->elements[contact->change_element];
	if (change != NULL && change->empty_tag)
		change = NULL;
	prefix = epp_frame_prefix(maker->command->text,
	    change != NULL ? change->whole : contact->object);
	note_mentioned(maker);
	if (!complete_update(maker, prefix) ||
	    !epp_contact_put_disclose(maker, prefix))
		return false;
	epp_frame_cut_status_texts(&maker->splices, maker->command);
	maker->empty = !is_left(maker, object);
	if (change != NULL) {
		epp_contact_put_pieces(maker, change);
		return true;
	}
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		any |= maker->pieces[rank].len != 0;
	if (any)
		put_change(maker, object);
	return true;
}

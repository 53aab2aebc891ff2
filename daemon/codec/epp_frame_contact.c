#include "codec/epp_frame_priv.h"

#include "core/policy_tree.h"

/*
 * What may stand in a create or a <chg>, in the schema's order.  Pieces that
 * the frame did not have are gathered by their rank and put in before the
 * next thing that it has.
 */
enum rank {
	RANK_POSTAL,
	RANK_VOICE,
	RANK_FAX,
	RANK_EMAIL,
	RANK_AUTH,
	RANK_DISCLOSE,
	RANK_COUNT
};

struct maker {
	struct epp_writer writer;
	const struct epp_command *command;
	const struct epp_contact *contact;
	struct splices splices;
	bool update;
	bool empty; /* nothing is left of the update */
	bool dropped[EPP_POSTALS_MAX];
	size_t streets[EPP_POSTALS_MAX]; /* of a postalInfo, passed by */
	unsigned cut;			 /* extensions that are to go */
	uint64_t mentioned[2];		 /* FIELD_BITs; [1]: of loc postals */
	struct slice pieces[RANK_COUNT];
};

static bool
is_there(struct xml_span span)
{
	return span.at != span.end;
}

/* <org/>: it says nothing, as it is written. */
static bool
says_nothing(const struct maker *maker, const struct epp_value *value)
{
	const struct xml_element *element =
	    &maker->command->document->elements[value->element];

	return element->whole.at == value->whole.at &&
	       element->attribute_count == 0 && !is_there(element->content);
}

static bool
is_optional_in_address(enum field field)
{
	return field == FIELD_STREET_LOC || field == FIELD_STREET_INT ||
	       field == FIELD_STATE_LOC || field == FIELD_STATE_INT ||
	       field == FIELD_POSTCODE;
}

static bool
is_demanded(enum field field)
{
	return field == FIELD_NAME_LOC || field == FIELD_NAME_INT ||
	       field == FIELD_CITY_LOC || field == FIELD_CITY_INT ||
	       field == FIELD_COUNTRY || field == FIELD_EMAIL;
}

/* Give an element a content, as it is written if that says the same. */
static void
put_content(
    struct maker *maker, const struct epp_value *value, struct slice content)
{
	const struct xml_document *document = maker->command->document;
	struct arena *arena = maker->writer.arena;
	struct slice text = maker->command->text;
	struct slice name, tag = {text.data + value->whole.at,
			       value->whole.end - value->whole.at};
	struct text whole = text_start(arena);

	if (slice_equal(value->text, content) && content.len != 0)
		return;
	if (tag.data[0] != '<' ||
	    !document->elements[value->element].empty_tag) {
		splices_replace(&maker->splices, value->content,
		    epp_escape(arena, content));
		return;
	}
	/* <a .../> becomes <a ...>content</a>. */
	for (name = tag; strchr(" \t\r\n/", *name.data) == NULL; name.data++)
		;
	name = (struct slice){tag.data + 1, (size_t)(name.data - tag.data - 1)};
	text_add(&whole, (struct slice){tag.data, tag.len - 2});
	text_add_char(&whole, '>');
	text_add_xml(&whole, content);
	text_add_string(&whole, "</");
	text_add(&whole, name);
	text_add_char(&whole, '>');
	splices_replace(&maker->splices, value->whole, text_slice(&whole));
	maker->splices.failed |= whole.failed;
}

/* Streets that the frame has no element for follow the last one it has. */
static void
put_street(struct maker *maker, const struct epp_value *value, bool last)
{
	struct values values = epp_writer_values(&maker->writer, value->field);
	size_t at = maker->streets[value->postal];
	struct slice prefix = epp_frame_prefix(
	    maker->command->text, maker->contact->postals[value->postal].addr);
	struct text more = text_start(maker->writer.arena);

	if (value->text.len == 0 && says_nothing(maker, value))
		return;
	if (value->text.len == 0 || at >= values.count) {
		splices_cut(&maker->splices, value->whole);
		return;
	}
	put_content(maker, value, values.items[at++]);
	for (; last && at < values.count; at++)
		epp_put(&more, prefix, "street", values.items[at]);
	maker->streets[value->postal] = at;
	if (more.len != 0)
		splices_insert(
		    &maker->splices, value->whole.end, text_slice(&more));
	maker->splices.failed |= more.failed;
}

/* Is there no other street in the same postalInfo behind this one? */
static bool
is_last_street(const struct maker *maker, size_t index)
{
	const struct epp_value *value = &maker->contact->values[index];

	for (size_t i = index + 1; i < maker->contact->value_count; i++)
		if (maker->contact->values[i].field == value->field &&
		    maker->contact->values[i].postal == value->postal &&
		    maker->contact->values[i].text.len != 0)
			return false;
	return true;
}

/* An element of its own that is to go: the registry loses it on an update. */
static void
put_nothing(
    struct maker *maker, const struct epp_value *value, struct slice parent)
{
	static const struct {
		enum field field;
		const char *name;
	} names[] = {{FIELD_PHONE, "voice"}, {FIELD_FAX, "fax"},
	    {FIELD_ORG_LOC, "org"}, {FIELD_ORG_INT, "org"}};
	struct text text = text_start(maker->writer.arena);

	if (says_nothing(maker, value))
		return;
	if (!maker->update) {
		splices_cut(&maker->splices, value->whole);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].field == value->field)
			epp_put_empty(&text, parent, names[i].name);
	splices_replace(&maker->splices, value->whole, text_slice(&text));
	maker->splices.failed |= text.failed;
}

/* A second e-mail goes where the first does, as it is or not at all. */
static void
put_additional(struct maker *maker, const struct epp_value *value)
{
	const struct epp_command *command = maker->command;
	struct ruling ruling = disclosure_ruling(
	    maker->writer.disclosure, CONTACT_ROLE, FIELD_EMAIL);

	if (ruling.verdict == VERDICT_FORWARD)
		return;
	if (maker->update) {
		splices_replace(
		    &maker->splices, value->content, (struct slice){"", 0});
		return;
	}
	for (size_t i = 0; i < command->extension_count; i++)
		if (command->extensions[i].whole.at <= value->whole.at &&
		    value->whole.end <= command->extensions[i].whole.end)
			maker->cut |= 1u << i;
}

static struct slice
parent_prefix(const struct maker *maker, const struct epp_value *value)
{
	const struct xml_document *document = maker->command->document;
	uint32_t parent = document->elements[value->element].parent;

	return epp_frame_prefix(
	    maker->command->text, document->elements[parent].whole);
}

/* False if a demanded value has no placeholder. */
static bool
put_value(struct maker *maker, size_t index)
{
	const struct epp_value *value = &maker->contact->values[index];
	struct values values = epp_writer_values(&maker->writer, value->field);
	struct slice demanded;

	if (value->field == FIELD_STREET_LOC ||
	    value->field == FIELD_STREET_INT) {
		put_street(maker, value, is_last_street(maker, index));
		return true;
	}
	if (values.count != 0 &&
	    (value->text.len != 0 || is_demanded(value->field))) {
		put_content(maker, value, values.items[0]);
		return true;
	}
	if (is_demanded(value->field)) {
		demanded = epp_writer_demand(&maker->writer, value->field);
		if (demanded.data == NULL)
			return false;
		put_content(maker, value, demanded);
	} else if (value->field == FIELD_PHONE_EXT ||
		   value->field == FIELD_FAX_EXT ||
		   (is_optional_in_address(value->field) &&
		       !says_nothing(maker, value))) {
		splices_cut(&maker->splices, value->whole);
	} else {
		put_nothing(maker, value, parent_prefix(maker, value));
	}
	return true;
}

static bool
put_values(struct maker *maker)
{
	const struct epp_contact *contact = maker->contact;

	for (size_t i = 0; i < contact->value_count; i++) {
		const struct epp_value *value = &contact->values[i];

		if (value->additional) {
			put_additional(maker, value);
			continue;
		}
		if (value->postal >= 0 && maker->dropped[value->postal])
			continue;
		if (!put_value(maker, i))
			return false;
	}
	return true;
}

/* May the registry hold anything that stands in this form only? */
static bool
registry_has_form(const struct maker *maker, bool loc)
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

static bool
has_placeholders(const struct maker *maker, bool loc)
{
	return epp_writer_has_placeholder(
		   &maker->writer, epp_field_form(FIELD_NAME_LOC, loc)) &&
	       epp_writer_has_placeholder(
		   &maker->writer, epp_field_form(FIELD_CITY_LOC, loc));
}

/* A postalInfo of which nothing passes goes where another one stays. */
static void
drop_postals(struct maker *maker)
{
	const struct epp_contact *contact = maker->contact;
	bool passes[EPP_POSTALS_MAX] = {false, false};
	size_t out = EPP_POSTALS_MAX;

	for (size_t i = 0; i < contact->postal_count; i++)
		passes[i] = epp_writer_form_passes(
		    &maker->writer, contact->postals[i].loc);
	if (maker->update) {
		for (size_t i = 0; i < contact->postal_count; i++)
			maker->dropped[i] =
			    !passes[i] &&
			    !registry_has_form(maker, contact->postals[i].loc);
	} else if (contact->postal_count == 2) {
		if (passes[0] != passes[1])
			out = passes[0] ? 1 : 0;
		else if (!passes[0])
			out = has_placeholders(maker, contact->postals[0].loc);
		if (out < EPP_POSTALS_MAX)
			maker->dropped[out] = true;
	}
	for (size_t i = 0; i < contact->postal_count; i++)
		if (maker->dropped[i])
			splices_cut(&maker->splices, contact->postals[i].whole);
}

static void
note_mentioned(struct maker *maker)
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
is_mentioned(const struct maker *maker, bool loc, enum field field)
{
	return (maker->mentioned[loc] & FIELD_BIT(field)) != 0;
}

/* Must the registry lose what it has, although the frame is silent? */
static bool
must_go(const struct maker *maker, bool loc, enum field field)
{
	return !is_mentioned(maker, loc, field) &&
	       (epp_writer_loses(&maker->writer, field) ||
		   epp_writer_lowers(&maker->writer, field));
}

static bool
address_must_go(const struct maker *maker, bool loc)
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
find_missing(struct maker *maker, bool loc, bool has_address,
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
	}
	if (must_go(maker, loc, org)) {
		struct values values = epp_writer_values(&maker->writer, org);

		text = text_start(arena);
		if (values.count != 0)
			epp_put(&text, prefix, "org", values.items[0]);
		else
			epp_put_empty(&text, prefix, "org");
		missing->org = text_slice(&text);
	}
	if (!has_address && address_must_go(maker, loc)) {
		text = text_start(arena);
		if (!epp_put_address(&maker->writer, &text, prefix, loc))
			return false;
		missing->address = text_slice(&text);
	}
	return !text.failed || fail_memory(maker->writer.fail);
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
complete_postal(struct maker *maker, const struct epp_postal *postal)
{
	const struct xml_document *document = maker->command->document;
	const struct xml_element *element =
	    &document->elements[postal->element];
	struct splices *splices = &maker->splices;
	bool address = is_there(postal->addr);
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
		if (whole.len != 0)
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
complete_form(
    struct maker *maker, bool loc, struct slice prefix, struct text *more)
{
	const struct epp_contact *contact = maker->contact;
	struct missing missing;

	for (size_t i = 0; i < contact->postal_count; i++)
		if (contact->postals[i].loc == loc)
			return maker->dropped[i] ||
			       complete_postal(maker, &contact->postals[i]);
	if (!registry_has_form(maker, loc))
		return true;
	if (!find_missing(maker, loc, false, prefix, &missing))
		return false;
	put_postal(more, prefix, loc, &missing);
	return true;
}

static void
complete_number(
    struct maker *maker, enum field field, enum rank rank, struct slice prefix)
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
complete_update(struct maker *maker, struct slice prefix)
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

/*
 * The policy's word on who may see what, and the backend's where it is
 * stricter.
 */
static bool
put_disclose(struct maker *maker, struct slice prefix)
{
	const struct epp_writer *writer = &maker->writer;
	const struct epp_manner *manner = writer->manner;
	struct xml_span own = maker->contact->disclose;
	bool stated = is_there(own), whole;
	struct epp_statement statement;
	enum field field;

	if (manner->disclose != EPP_DISCLOSE_SUPPORTED) {
		if (epp_state_unsaid(writer, &field))
			return fail_set(writer->fail, FAIL_INPUT,
			    "%s may not be published, and the registry takes "
			    "no word about that",
			    field_info[field].name);
		if (manner->disclose == EPP_DISCLOSE_REJECTED)
			splices_cut(&maker->splices, own);
		return true;
	}
	statement = epp_state(writer);
	if (stated) {
		unsigned wishes = epp_state_wishes(maker->command->document,
		    epp_frame_find(maker->command->document, own),
		    manner->publishes, writer->arena);

		statement.hidden |= statement.shown & wishes;
		statement.shown &= ~wishes;
	}
	whole = maker->update &&
		(stated || disclosure_onward_count(writer->disclosure) != 0);
	maker->pieces[RANK_DISCLOSE] =
	    epp_put_disclose(writer, prefix, statement, whole);
	splices_cut(&maker->splices, own);
	maker->splices.failed |= maker->pieces[RANK_DISCLOSE].data == NULL;
	return true;
}

/* Where a piece of this rank goes in: before what comes after it. */
static uint32_t
place_of(const struct maker *maker, enum rank rank, uint32_t end)
{
	const struct epp_contact *contact = maker->contact;
	uint32_t at = end;

	for (size_t i = 0; i < contact->value_count; i++) {
		const struct epp_value *value = &contact->values[i];
		enum rank own = value->field == FIELD_PHONE ? RANK_VOICE
				: value->field == FIELD_FAX ? RANK_FAX
							    : RANK_EMAIL;

		if (value->postal < 0 && !value->additional &&
		    value->field != FIELD_PHONE_EXT &&
		    value->field != FIELD_FAX_EXT && own > rank &&
		    value->whole.at < at)
			at = value->whole.at;
	}
	if (rank < RANK_AUTH && is_there(contact->auth) &&
	    contact->auth.at < at)
		at = contact->auth.at;
	if (is_there(contact->disclose) && contact->disclose.at < at)
		at = contact->disclose.at;
	return at;
}

static void
insert_pieces(struct maker *maker, const struct xml_element *parent)
{
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		if (maker->pieces[rank].len != 0)
			splices_insert(&maker->splices,
			    place_of(
				maker, (enum rank)rank, parent->content.end),
			    maker->pieces[rank]);
}

/* Write a <chg> where there is none, or an empty one. */
static void
put_change(struct maker *maker, const struct xml_element *object)
{
	struct slice prefix =
	    epp_frame_prefix(maker->command->text, maker->contact->object);
	struct text text = text_start(maker->writer.arena);

	epp_put_open(&text, prefix, "chg");
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		text_add(&text, maker->pieces[rank]);
	epp_put_close(&text, prefix, "chg");
	if (is_there(maker->contact->change))
		splices_replace(
		    &maker->splices, maker->contact->change, text_slice(&text));
	else
		splices_insert(
		    &maker->splices, object->content.end, text_slice(&text));
	maker->splices.failed |= text.failed;
}

/* The free text of a status was not read: it could be anything. */
static void
cut_status_texts(struct maker *maker)
{
	const struct xml_document *document = maker->command->document;

	for (uint32_t i = 0; i < document->element_count; i++) {
		const struct xml_attribute *lang;

		if (!xml_is(document, i, EPP_CONTACT_SPACE, "status"))
			continue;
		splices_cut(&maker->splices, document->elements[i].content);
		lang = xml_attribute(document, i, "lang");
		if (lang != NULL)
			splices_cut(&maker->splices, lang->whole);
	}
}

/* Does the update still ask for anything? */
static bool
is_left(const struct maker *maker, const struct xml_element *object)
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
	return !dropped || is_there(contact->auth) ||
	       epp_frame_extended(
		   maker->command, maker->writer.manner, maker->cut);
}

static bool
make_update(struct maker *maker, const struct xml_element *object)
{
	const struct epp_contact *contact = maker->contact;
	const struct xml_document *document = maker->command->document;
	const struct xml_element *change = NULL;
	struct slice prefix;
	bool any = false;

	if (is_there(contact->change))
		change = &document->elements[contact->change_element];
	if (change != NULL && change->empty_tag)
		change = NULL;
	prefix = epp_frame_prefix(maker->command->text,
	    change != NULL ? change->whole : contact->object);
	if (!complete_update(maker, prefix) || !put_disclose(maker, prefix))
		return false;
	cut_status_texts(maker);
	maker->empty = !is_left(maker, object);
	if (change != NULL) {
		insert_pieces(maker, change);
		return true;
	}
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		any |= maker->pieces[rank].len != 0;
	if (any)
		put_change(maker, object);
	return true;
}

static bool
make(struct maker *maker)
{
	const struct xml_document *document = maker->command->document;
	uint32_t object = epp_frame_find(document, maker->contact->object);

	note_mentioned(maker);
	drop_postals(maker);
	if (!put_values(maker))
		return false;
	if (maker->update)
		return make_update(maker, &document->elements[object]);
	if (!put_disclose(maker,
		epp_frame_prefix(maker->command->text, maker->contact->object)))
		return false;
	insert_pieces(maker, &document->elements[object]);
	return true;
}

bool
epp_frame_contact(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct maker maker = {
	    .writer = {disclosure, CONTACT_ROLE, manner, arena, fail},
	    .command = command,
	    .contact = command->contact,
	    .update = command->verb == EPP_UPDATE};

	if (command->object != EPP_CONTACT || command->contact == NULL ||
	    (command->verb != EPP_CREATE && !maker.update) ||
	    disclosure_outcome(disclosure).verdict != VERDICT_FORWARD)
		return fail_set(fail, FAIL_DENIED, "%s is not to be sent",
		    epp_verb_name(command->verb));
	splices_start(&maker.splices, command->text, arena);
	if (!make(&maker))
		return false;
	epp_frame_common(&maker.splices, command, manner,
	    FRAME_UNREAD | FRAME_EXTENSIONS, maker.cut);
	if (!maker.empty)
		return epp_frame_finish(&maker.splices, out, fail);
	*out = (struct slice){"", 0};
	return true;
}

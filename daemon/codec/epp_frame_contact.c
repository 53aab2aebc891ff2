#include "codec/epp_frame_priv.h"

/* <org/>: it says nothing, as it is written. */
static bool
says_nothing(
    const struct epp_contact_maker *maker, const struct epp_value *value)
{
	const struct xml_element *element =
	    &maker->command->document->elements[value->element];

	return element->whole.at == value->whole.at &&
	       element->attribute_count == 0 &&
	       !epp_frame_is_there(element->content);
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

/* Give an element or an attribute another content. */
static void
replace_content(struct epp_contact_maker *maker, const struct epp_value *value,
    struct slice content)
{
	const struct xml_document *document = maker->command->document;
	struct arena *arena = maker->writer.arena;
	struct slice text = maker->command->text;
	struct slice name, tag = {text.data + value->whole.at,
			       value->whole.end - value->whole.at};
	struct text whole = text_start(arena);

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
}

/* What is written already and says the same stays, as most does. */
static void
put_content(struct epp_contact_maker *maker, const struct epp_value *value,
    struct slice content)
{
	if (!slice_equal(value->text, content) || content.len == 0)
		replace_content(maker, value, content);
}

/* Streets that the frame has no element for follow the last one it has. */
static void
put_more_streets(struct epp_contact_maker *maker, const struct epp_value *value,
    struct values values, size_t at)
{
	struct slice prefix = epp_frame_prefix(
	    maker->command->text, maker->contact->postals[value->postal].addr);
	struct text more = text_start(maker->writer.arena);

	for (; at < values.count; at++)
		epp_put(&more, prefix, "street", values.items[at]);
	splices_insert(&maker->splices, value->whole.end, text_slice(&more));
}

static void
put_street(
    struct epp_contact_maker *maker, const struct epp_value *value, bool last)
{
	struct values values = epp_writer_values(&maker->writer, value->field);
	size_t at = maker->streets[value->postal];

	if (value->text.len == 0 && says_nothing(maker, value))
		return;
	if (value->text.len == 0 || at >= values.count) {
		splices_cut(&maker->splices, value->whole);
		return;
	}
	put_content(maker, value, values.items[at++]);
	if (last && at < values.count) {
		put_more_streets(maker, value, values, at);
		at = values.count;
	}
	maker->streets[value->postal] = at;
}

/* Is there no other street in the same postalInfo behind this one? */
static bool
is_last_street(const struct epp_contact_maker *maker, size_t index)
{
	const struct epp_value *value = &maker->contact->values[index];

	for (size_t i = index + 1; i < maker->contact->value_count; i++)
		if (maker->contact->values[i].field == value->field &&
		    maker->contact->values[i].postal == value->postal &&
		    maker->contact->values[i].text.len != 0)
			return false;
	return true;
}

static struct slice
parent_prefix(
    const struct epp_contact_maker *maker, const struct epp_value *value)
{
	const struct xml_document *document = maker->command->document;
	uint32_t parent = document->elements[value->element].parent;

	return epp_frame_prefix(
	    maker->command->text, document->elements[parent].whole);
}

/* An element of its own that is to go: the registry loses it on an update. */
static void
put_nothing(struct epp_contact_maker *maker, const struct epp_value *value)
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
			epp_put_empty(
			    &text, parent_prefix(maker, value), names[i].name);
	splices_replace(&maker->splices, value->whole, text_slice(&text));
}

/* A second e-mail goes where the first does, as it is or not at all. */
static void
put_additional(struct epp_contact_maker *maker, const struct epp_value *value)
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

/* False if a demanded value has no placeholder. */
static bool
put_value(struct epp_contact_maker *maker, size_t index)
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
		put_nothing(maker, value);
	}
	return true;
}

static bool
put_values(struct epp_contact_maker *maker)
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

static bool
has_placeholders(const struct epp_contact_maker *maker, bool loc)
{
	return epp_writer_has_placeholder(
		   &maker->writer, epp_field_form(FIELD_NAME_LOC, loc)) &&
	       epp_writer_has_placeholder(
		   &maker->writer, epp_field_form(FIELD_CITY_LOC, loc));
}

/* A postalInfo of which nothing passes goes where another one stays. */
static void
drop_postals(struct epp_contact_maker *maker)
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
			    !passes[i] && !epp_contact_has_form(
					      maker, contact->postals[i].loc);
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

/*
 * The policy's word on who may see what, and the backend's where it is
 * stricter.
 */
bool
epp_contact_put_disclose(struct epp_contact_maker *maker, struct slice prefix)
{
	const struct epp_writer *writer = &maker->writer;
	const struct epp_manner *manner = writer->manner;
	struct xml_span own = maker->contact->disclose;
	bool stated = epp_frame_is_there(own), whole;
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
place_of(const struct epp_contact_maker *maker, enum rank rank, uint32_t end)
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
	if (rank < RANK_AUTH && epp_frame_is_there(contact->auth) &&
	    contact->auth.at < at)
		at = contact->auth.at;
	if (epp_frame_is_there(contact->disclose) && contact->disclose.at < at)
		at = contact->disclose.at;
	return at;
}

void
epp_contact_put_pieces(
    struct epp_contact_maker *maker, const struct xml_element *parent)
{
	for (unsigned rank = 0; rank < RANK_COUNT; rank++)
		if (maker->pieces[rank].len != 0)
			splices_insert(&maker->splices,
			    place_of(
				maker, (enum rank)rank, parent->content.end),
			    maker->pieces[rank]);
}

static bool
make(struct epp_contact_maker *maker)
{
	const struct xml_document *document = maker->command->document;
	uint32_t object = epp_frame_find(document, maker->contact->object);

	drop_postals(maker);
	if (!put_values(maker))
		return false;
	if (maker->update)
		return epp_contact_complete(maker, &document->elements[object]);
	if (!epp_contact_put_disclose(maker,
		epp_frame_prefix(maker->command->text, maker->contact->object)))
		return false;
	epp_contact_put_pieces(maker, &document->elements[object]);
	return true;
}

bool
epp_frame_contact(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct epp_contact_maker maker;

	memset(&maker, 0, offsetof(struct epp_contact_maker, splices));
	maker.writer = (struct epp_writer){
	    disclosure, CONTACT_ROLE, manner, arena, fail};
	maker.command = command;
	maker.contact = command->contact;
	maker.update = command->verb == EPP_UPDATE;
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

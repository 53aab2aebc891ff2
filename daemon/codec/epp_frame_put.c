#include "codec/epp_frame_priv.h"

#include <assert.h>

#include "core/policy_tree.h"

/* Every field of two forms has them in this order. */
static_assert(FIELD_NAME_INT == FIELD_NAME_LOC + 1, "name");
static_assert(FIELD_ORG_INT == FIELD_ORG_LOC + 1, "org");
static_assert(FIELD_STREET_INT == FIELD_STREET_LOC + 1, "street");
static_assert(FIELD_CITY_INT == FIELD_CITY_LOC + 1, "city");
static_assert(FIELD_STATE_INT == FIELD_STATE_LOC + 1, "state");

/* The fields that stand in a postalInfo and nowhere else. */
static const enum field formed[] = {FIELD_NAME_LOC, FIELD_ORG_LOC,
    FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC};

enum field
epp_field_form(enum field loc, bool is_loc)
{
	return is_loc ? loc : (enum field)(loc + 1);
}

struct values
epp_writer_values(const struct epp_writer *writer, enum field field)
{
	return disclosure_values(writer->disclosure, writer->role, field);
}

bool
epp_writer_passes(const struct epp_writer *writer, enum field field)
{
	return epp_writer_values(writer, field).count != 0;
}

/* NULL: it is not known what the recipient has. */
static const struct shown *
held_of(const struct epp_writer *writer)
{
	const struct epp_manner *manner = writer->manner;

	return manner->told != NULL ? &manner->told[writer->role]
				    : manner->held;
}

bool
epp_writer_may_hold(const struct epp_writer *writer, enum field field)
{
	const struct disclosure *disclosure = writer->disclosure;
	const struct shown *held = held_of(writer);

	if (held != NULL)
		return ((held->passed | held->altered) & FIELD_BIT(field)) != 0;
	return (disclosure_removed(disclosure, writer->role, field) ||
		   disclosure_collected(disclosure, writer->role, field)) &&
	       disclosure_could_pass(disclosure, writer->role, field);
}

bool
epp_writer_loses(const struct epp_writer *writer, enum field field)
{
	return !epp_writer_passes(writer, field) &&
	       epp_writer_may_hold(writer, field);
}

bool
epp_writer_lowers(const struct epp_writer *writer, enum field field)
{
	const struct shown *held = held_of(writer);
	enum verdict verdict =
	    disclosure_ruling(writer->disclosure, writer->role, field).verdict;

	return epp_writer_passes(writer, field) && verdict != VERDICT_FORWARD &&
	       (held == NULL || (held->passed & FIELD_BIT(field)) != 0);
}

bool
epp_writer_form_passes(const struct epp_writer *writer, bool loc)
{
	for (size_t i = 0; i < sizeof(formed) / sizeof(formed[0]); i++)
		if (epp_writer_passes(writer, epp_field_form(formed[i], loc)))
			return true;
	return false;
}

static const struct placeholder *
placeholder_of(const struct epp_writer *writer, enum field field)
{
	const struct placeholders *all = writer->manner->placeholders;

	for (size_t i = 0; all != NULL && i < all->count; i++)
		if (all->items[i].field == field)
			return &all->items[i];
	return NULL;
}

bool
epp_writer_has_placeholder(const struct epp_writer *writer, enum field field)
{
	return placeholder_of(writer, field) != NULL;
}

struct slice
epp_writer_demand(const struct epp_writer *writer, enum field field)
{
	struct values values = epp_writer_values(writer, field);
	const struct placeholder *placeholder;

	if (values.count != 0)
		return values.items[0];
	placeholder = placeholder_of(writer, field);
	if (placeholder != NULL)
		return placeholder->value;
	fail_set(writer->fail, FAIL_INPUT,
	    "no placeholder for %s, which the registry demands",
	    field_info[field].name);
	return (struct slice){NULL, 0};
}

struct slice
epp_escape(struct arena *arena, struct slice value)
{
	struct text text = text_start(arena);

	if (text_xml_run(value) == value.len)
		return value;
	text_add_xml(&text, value);
	return text_slice(&text);
}

static void
put_tag(struct text *out, const char *opening, struct slice prefix,
    const char *name)
{
	text_add_string(out, opening);
	text_add(out, prefix);
	text_add_string(out, name);
}

void
epp_put_open(struct text *out, struct slice prefix, const char *name)
{
	put_tag(out, "<", prefix, name);
	text_add_char(out, '>');
}

void
epp_put_close(struct text *out, struct slice prefix, const char *name)
{
	put_tag(out, "</", prefix, name);
	text_add_char(out, '>');
}

void
epp_put_empty(struct text *out, struct slice prefix, const char *name)
{
	put_tag(out, "<", prefix, name);
	text_add_string(out, "/>");
}

void
epp_put(
    struct text *out, struct slice prefix, const char *name, struct slice value)
{
	epp_put_open(out, prefix, name);
	text_add_xml(out, value);
	epp_put_close(out, prefix, name);
}

static void
put_passing(const struct epp_writer *writer, struct text *out,
    struct slice prefix, const char *name, enum field field)
{
	struct values values = epp_writer_values(writer, field);

	for (size_t i = 0; i < values.count; i++)
		epp_put(out, prefix, name, values.items[i]);
}

bool
epp_put_address(const struct epp_writer *writer, struct text *out,
    struct slice prefix, bool loc)
{
	struct slice city =
	    epp_writer_demand(writer, epp_field_form(FIELD_CITY_LOC, loc));
	struct slice country = epp_writer_demand(writer, FIELD_COUNTRY);

	if (city.data == NULL || country.data == NULL)
		return false;
	epp_put_open(out, prefix, "addr");
	put_passing(writer, out, prefix, "street",
	    epp_field_form(FIELD_STREET_LOC, loc));
	epp_put(out, prefix, "city", city);
	put_passing(
	    writer, out, prefix, "sp", epp_field_form(FIELD_STATE_LOC, loc));
	put_passing(writer, out, prefix, "pc", FIELD_POSTCODE);
	epp_put(out, prefix, "cc", country);
	epp_put_close(out, prefix, "addr");
	return true;
}

/* FIELD_PHONE or FIELD_FAX, each of which its extension follows. */
static_assert(FIELD_PHONE_EXT == FIELD_PHONE + 1, "phone-ext");
static_assert(FIELD_FAX_EXT == FIELD_FAX + 1, "fax-ext");

void
epp_put_number(const struct epp_writer *writer, struct text *out,
    struct slice prefix, enum field field)
{
	const char *name = field == FIELD_PHONE ? "voice" : "fax";
	struct values number = epp_writer_values(writer, field);
	struct values extension =
	    epp_writer_values(writer, (enum field)(field + 1));

	if (number.count == 0) {
		epp_put_empty(out, prefix, name);
		return;
	}
	put_tag(out, "<", prefix, name);
	if (extension.count != 0) {
		text_add_string(out, " x=\"");
		text_add_xml(out, extension.items[0]);
		text_add_char(out, '"');
	}
	text_add_char(out, '>');
	text_add_xml(out, number.items[0]);
	epp_put_close(out, prefix, name);
}

/* What <disclose> can name, in the schema's order (RFC 5733 section 2.9). */
static const struct stated {
	const char *name, *type;
	struct slice rest; /* of the tag, from the name on */
	enum field fields[5];
	size_t count;
} stated[STATED_COUNT] = {
    {"name", "int", {"name type=\"int\"/>", 17}, {FIELD_NAME_INT}, 1},
    {"name", "loc", {"name type=\"loc\"/>", 17}, {FIELD_NAME_LOC}, 1},
    {"org", "int", {"org type=\"int\"/>", 16}, {FIELD_ORG_INT}, 1},
    {"org", "loc", {"org type=\"loc\"/>", 16}, {FIELD_ORG_LOC}, 1},
    {"addr", "int", {"addr type=\"int\"/>", 17},
	{FIELD_STREET_INT, FIELD_CITY_INT, FIELD_STATE_INT, FIELD_POSTCODE,
	    FIELD_COUNTRY},
	5},
    {"addr", "loc", {"addr type=\"loc\"/>", 17},
	{FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC, FIELD_POSTCODE,
	    FIELD_COUNTRY},
	5},
    {"voice", NULL, {"voice/>", 7}, {FIELD_PHONE, FIELD_PHONE_EXT}, 2},
    {"fax", NULL, {"fax/>", 5}, {FIELD_FAX, FIELD_FAX_EXT}, 2},
    {"email", NULL, {"email/>", 7}, {FIELD_EMAIL}, 1},
};

/*
 * May the registry hold it?  Postcode and country stand in an address of
 * either form: in those that have more, or where none has, in the one there is.
 */
static bool
is_there(const struct epp_writer *writer, const struct stated *item)
{
	bool address = item->count == 5, loc;
	size_t own = address ? 3 : 1;

	for (size_t i = 0; i < own; i++)
		if (epp_writer_passes(writer, item->fields[i]))
			return true;
	if (!address || !(epp_writer_passes(writer, FIELD_POSTCODE) ||
			    epp_writer_passes(writer, FIELD_COUNTRY)))
		return false;
	loc = item->type[0] == 'l';
	return epp_writer_form_passes(writer, loc) ||
	       !epp_writer_form_passes(writer, !loc);
}

static bool
may_be_seen(const struct epp_writer *writer, const struct stated *item,
    enum field *field)
{
	for (size_t i = 0; i < item->count; i++) {
		*field = item->fields[i];
		if (epp_writer_passes(writer, *field) &&
		    !disclosure_publishable(
			writer->disclosure, writer->role, *field))
			return false;
	}
	return true;
}

/* Does the policy let any public behind the registry have it? */
static bool
is_for_public(const struct epp_writer *writer, enum field field)
{
	const struct disclosure *disclosure = writer->disclosure;

	for (size_t i = 0; i < disclosure_onward_count(disclosure); i++)
		if (disclosure_onward(disclosure, i)->public &&
		    verdict_passes(disclosure_onward_ruling(
			disclosure, i, writer->role, field)
				       .verdict))
			return true;
	return false;
}

/*
 * Where a registry shows only what it is told to, somebody must be meant to
 * see it: that nobody is forbidden to is not enough.
 */
static bool
is_to_be_seen(const struct epp_writer *writer, const struct stated *item)
{
	enum field field;

	if (!may_be_seen(writer, item, &field))
		return false;
	for (size_t i = 0; i < item->count; i++)
		if (!writer->manner->publishes &&
		    epp_writer_passes(writer, item->fields[i]) &&
		    !is_for_public(writer, item->fields[i]))
			return false;
	return true;
}

struct epp_statement
epp_state(const struct epp_writer *writer)
{
	struct epp_statement statement = {0, 0};

	for (unsigned i = 0; i < STATED_COUNT; i++) {
		if (!is_there(writer, &stated[i]))
			continue;
		if (is_to_be_seen(writer, &stated[i]))
			statement.shown |= 1u << i;
		else
			statement.hidden |= 1u << i;
	}
	return statement;
}

bool
epp_state_unsaid(const struct epp_writer *writer, enum field *field)
{
	for (unsigned i = 0; i < STATED_COUNT; i++)
		if (!may_be_seen(writer, &stated[i], field))
			return true;
	return false;
}

static void
put_statement(struct text *out, struct slice prefix, bool shown, unsigned items)
{
	put_tag(out, "<", prefix, "disclose flag=\"");
	text_add_string(out, shown ? "1\">" : "0\">");
	for (unsigned i = 0; i < STATED_COUNT; i++) {
		if ((items & 1u << i) == 0)
			continue;
		text_add_char(out, '<');
		text_add(out, prefix);
		text_add(out, stated[i].rest);
	}
	epp_put_close(out, prefix, "disclose");
}

struct slice
epp_put_disclose(const struct epp_writer *writer, struct slice prefix,
    struct epp_statement statement, bool whole)
{
	struct text out = text_start(writer->arena);
	bool publishes = writer->manner->publishes;
	bool shown = publishes ? statement.hidden == 0 : statement.shown != 0;
	unsigned items = shown ? statement.shown : statement.hidden;

	/* What the registry does by itself needs no word. */
	if (items == 0 || (!whole && shown == publishes))
		return (struct slice){"", 0};
	put_statement(&out, prefix, shown, items);
	return text_slice(&out);
}

static unsigned
stated_bit(
    const struct xml_document *document, uint32_t element, struct arena *arena)
{
	struct slice type =
	    xml_attribute_text(document, element, "type", arena);

	for (unsigned i = 0; i < STATED_COUNT; i++)
		if (slice_is(
			document->elements[element].name, stated[i].name) &&
		    (stated[i].type == NULL || slice_is(type, stated[i].type)))
			return 1u << i;
	return 0;
}

/*
 * Flag 0 names what is to be hidden.  Flag 1 names what may be seen and
 * leaves the rest to the registry, which hides it if it publishes nothing.
 */
unsigned
epp_state_wishes(const struct xml_document *document, uint32_t disclose,
    bool publishes, struct arena *arena)
{
	const struct xml_element *elements = document->elements;
	struct slice flag =
	    xml_attribute_text(document, disclose, "flag", arena);
	unsigned named = 0;

	for (uint32_t i = elements[disclose].first; i != XML_NONE;
	     i = elements[i].next)
		named |= stated_bit(document, i, arena);
	if (slice_is(flag, "0") || slice_is(flag, "false"))
		return named;
	return publishes ? 0 : ~named & ((1u << STATED_COUNT) - 1);
}

#include "codec/audit_card.h"

#include "base/text.h"

#define BOTH(name)                                                             \
	(FIELD_BIT(FIELD_##name##_INT) | FIELD_BIT(FIELD_##name##_LOC))
#define ONE(name) FIELD_BIT(FIELD_##name)
#define ADDRESS                                                                \
	(BOTH(STREET) | BOTH(CITY) | BOTH(STATE) | ONE(POSTCODE) | ONE(COUNTRY))

enum property {
	ID,
	NAME,
	ORG,
	DIVISION,
	TITLE,
	STREET,
	CITY,
	STATE,
	POSTCODE,
	COUNTRY,
	WHOLE, /* an address in one text, or another address */
	PHONE,
	PHONE_EXT,
	FAX,
	FAX_EXT,
	EMAIL,
	WEB,
	PROPERTIES
};

/*
 * Where `label` is NULL nobody says that it is redacted.  Some servers write
 * an organization's name where a person's has its place.
 */
static const struct {
	uint64_t fields;
	enum audit_shape shape;
	bool is_expected;
	const char *label; /* in small letters, behind the role */
} properties[PROPERTIES] = {
    [ID] = {ONE(HANDLE), AUDIT_OWN, false, "id"},
    [NAME] = {BOTH(NAME) | BOTH(ORG), AUDIT_EACH, true, "name"},
    [ORG] = {BOTH(ORG), AUDIT_EACH, true, "organization"},
    [DIVISION] = {BOTH(DIVISION), AUDIT_EACH, false, NULL},
    [TITLE] = {BOTH(TITLE), AUDIT_EACH, false, NULL},
    [STREET] = {BOTH(STREET), AUDIT_LINES, true, "street"},
    [CITY] = {BOTH(CITY), AUDIT_EACH, true, "city"},
    [STATE] = {BOTH(STATE), AUDIT_EACH, true, "state/province"},
    [POSTCODE] = {ONE(POSTCODE), AUDIT_EACH, true, "postal code"},
    [COUNTRY] = {ONE(COUNTRY), AUDIT_EACH, true, "country"},
    [WHOLE] = {ADDRESS, AUDIT_PARTS, false, NULL},
    [PHONE] = {ONE(PHONE), AUDIT_EACH, true, "phone"},
    [PHONE_EXT] = {ONE(PHONE_EXT), AUDIT_EACH, true, "phone ext"},
    [FAX] = {ONE(FAX), AUDIT_EACH, true, "fax"},
    [FAX_EXT] = {ONE(FAX_EXT), AUDIT_EACH, true, "fax ext"},
    [EMAIL] = {ONE(EMAIL), AUDIT_EACH, true, "email"},
    [WEB] = {ONE(WEB), AUDIT_EACH, true, NULL},
};

struct card {
	struct audit_page *page;
	size_t first;
	bool has_address;
};

static uint64_t
expected_of(unsigned property)
{
	if (!properties[property].is_expected)
		return 0;
	return property == NAME ? BOTH(NAME) : properties[property].fields;
}

size_t
audit_card_places(struct audit_page *page, enum role role)
{
	size_t first = page->count;

	for (unsigned i = 0; i < PROPERTIES; i++)
		audit_page_place(page, &(struct audit_item){.role = role,
					   .fields = properties[i].fields,
					   .expected = expected_of(i),
					   .shape = properties[i].shape});
	return first;
}

static void
add(struct card *card, enum property property, struct slice value)
{
	audit_page_add(card->page, card->first + property, value);
}

static struct audit_place *
place(struct card *card, enum property property)
{
	return &card->page->places[card->first + property];
}

static struct slice
text_of(const struct json_node *node)
{
	return node != NULL && node->kind == JSON_KIND_STRING
		   ? node->string
		   : (struct slice){"", 0};
}

/* The texts of a value that is one or an array of them. */
static void
add_all(struct card *card, enum property property, const struct json_node *node)
{
	add(card, property, text_of(node));
	for (size_t i = 0; node->kind == JSON_KIND_ARRAY && i < node->count;
	     i++)
		add(card, property, text_of(&node->items[i]));
}

/* --- properties ----------------------------------------------------------- */

/* Family, given and other names: what "fn" has, in parts. */
static void
read_parts_of_name(struct card *card, const struct json_node *value)
{
	struct text text = text_start(card->page->arena);

	for (size_t i = 0;
	     value->kind == JSON_KIND_ARRAY && i < value->count && i < 3; i++) {
		text_add(&text, text_of(&value->items[i]));
		text_add_char(&text, ' ');
	}
	if (text_slice(&text).data == NULL)
		card->page->no_memory = true;
	else
		add(card, NAME, text_slice(&text));
}

static void
read_organization(struct card *card, const struct json_node *value)
{
	add(card, ORG, text_of(value));
	for (size_t i = 0; value->kind == JSON_KIND_ARRAY && i < value->count;
	     i++)
		add(card, i == 0 ? ORG : DIVISION, text_of(&value->items[i]));
}

/* Of a second address only the whole is compared. */
static enum property
address_property(const struct card *card, size_t part)
{
	static const enum property parts[] = {
	    STREET, STREET, STREET, CITY, STATE, POSTCODE, COUNTRY};

	return card->has_address ? WHOLE : parts[part];
}

/* It says the same in one text, or all of it where the parts are empty. */
static void
read_label(struct card *card, struct slice label, bool has_parts)
{
	static const enum property parts[] = {
	    STREET, CITY, STATE, POSTCODE, COUNTRY};
	struct slice line;

	while (audit_take_line(&label, &line))
		add(card, WHOLE, line);
	if (has_parts)
		return;
	place(card, WHOLE)->item.expected = ADDRESS;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		place(card, parts[i])->item.expected = 0;
}

static void
read_address(struct card *card, const struct json_node *parameters,
    const struct json_node *value)
{
	struct slice country = text_of(json_find(parameters, "cc"));
	struct slice label = text_of(json_find(parameters, "label"));
	bool has_parts = false;

	for (size_t i = 0;
	     value->kind == JSON_KIND_ARRAY && i < value->count && i < 7; i++) {
		const struct json_node *part = &value->items[i];

		if (i == 6 && country.len != 0)
			break;
		has_parts |= part->kind == JSON_KIND_ARRAY
				 ? part->count != 0
				 : audit_trim(text_of(part)).len != 0;
		add_all(card, address_property(card, i), part);
	}
	add(card, address_property(card, 6), country);
	if (label.len != 0)
		read_label(card, label, has_parts);
	card->has_address = true;
}

static bool
has_type(const struct json_node *parameters, const char *type)
{
	const struct json_node *types = json_find(parameters, "type");

	if (types == NULL)
		return false;
	for (size_t i = 0; types->kind == JSON_KIND_ARRAY && i < types->count;
	     i++)
		if (audit_is_text(text_of(&types->items[i]), type))
			return true;
	return audit_is_text(text_of(types), type);
}

static struct slice
without(struct slice text, const char *scheme)
{
	size_t len = strlen(scheme);

	if (text.len < len ||
	    !audit_is_text((struct slice){text.data, len}, scheme))
		return text;
	return (struct slice){text.data + len, text.len - len};
}

/* "tel:+81.312345678;ext=12" */
static void
read_telephone(
    struct card *card, const struct json_node *parameters, struct slice value)
{
	bool is_fax = has_type(parameters, "fax");
	struct slice number = without(value, "tel:"), rest;
	const char *semicolon =
	    number.len == 0 ? NULL : memchr(number.data, ';', number.len);

	add(card, is_fax ? FAX_EXT : PHONE_EXT,
	    text_of(json_find(parameters, "ext")));
	if (semicolon != NULL) {
		rest = (struct slice){semicolon + 1,
		    number.len - (size_t)(semicolon - number.data) - 1};
		number.len = (size_t)(semicolon - number.data);
		if (without(rest, "ext=").len != rest.len)
			add(card, is_fax ? FAX_EXT : PHONE_EXT,
			    without(rest, "ext="));
	}
	add(card, is_fax ? FAX : PHONE, number);
}

/* An address in place of another, or a form to write by. */
static void
read_contact_uri(struct card *card, struct slice value)
{
	if (without(value, "mailto:").len != value.len)
		add(card, EMAIL, without(value, "mailto:"));
	else
		place(card, EMAIL)->is_hidden = true;
}

/* A property may have several values. */
static void
read_value(struct card *card, struct slice name,
    const struct json_node *parameters, const struct json_node *value)
{
	if (audit_is_text(name, "fn"))
		add(card, NAME, text_of(value));
	else if (audit_is_text(name, "n"))
		read_parts_of_name(card, value);
	else if (audit_is_text(name, "org"))
		read_organization(card, value);
	else if (audit_is_text(name, "title"))
		add(card, TITLE, text_of(value));
	else if (audit_is_text(name, "adr"))
		read_address(card, parameters, value);
	else if (audit_is_text(name, "tel"))
		read_telephone(card, parameters, text_of(value));
	else if (audit_is_text(name, "email"))
		add(card, EMAIL, without(text_of(value), "mailto:"));
	else if (audit_is_text(name, "contact-uri"))
		read_contact_uri(card, text_of(value));
	else if (audit_is_text(name, "url"))
		add(card, WEB, text_of(value));
}

/* `[name, parameters, type, value, ...]` */
static void
read_property(struct card *card, const struct json_node *property)
{
	if (property->kind != JSON_KIND_ARRAY || property->count < 4)
		return;
	for (size_t i = 3; i < property->count; i++)
		read_value(card, text_of(&property->items[0]),
		    &property->items[1], &property->items[i]);
}

void
audit_card_read(
    struct audit_page *page, size_t first, const struct json_node *entity)
{
	struct card card = {.page = page, .first = first};
	const struct json_node *list = json_find(entity, "vcardArray");

	add(&card, ID, text_of(json_find(entity, "handle")));
	if (list == NULL || list->kind != JSON_KIND_ARRAY || list->count < 2 ||
	    list->items[1].kind != JSON_KIND_ARRAY)
		return;
	list = &list->items[1];
	for (size_t i = 0; i < list->count; i++)
		read_property(&card, &list->items[i]);
}

/* --- "redacted" ----------------------------------------------------------- */

/* As the role is called before the name of what is redacted. */
static const struct {
	enum role role;
	const char *word;
} words[] = {
    {ROLE_REGISTRANT, "registrant"},
    {ROLE_ADMIN, "administrative"},
    {ROLE_ADMIN, "admin"},
    {ROLE_TECH, "technical"},
    {ROLE_TECH, "tech"},
    {ROLE_BILLING, "billing"},
    {ROLE_ABUSE, "abuse"},
    {ROLE_PUBLIC_CONTACT, "public contact"},
};

/* What stands behind the word and a blank; nothing if it is another. */
static struct slice
behind(struct slice name, const char *word)
{
	size_t len = strlen(word);

	if (name.len <= len || name.data[len] != ' ' ||
	    !audit_is_text((struct slice){name.data, len}, word))
		return (struct slice){"", 0};
	return audit_trim((struct slice){name.data + len, name.len - len});
}

void
audit_card_redact(struct audit_page *page, size_t first, enum role role,
    struct slice name, bool is_replaced)
{
	struct slice label = {"", 0};

	if (behind(name, "registry").len != 0)
		name = behind(name, "registry");
	for (size_t i = 0; label.len == 0 && i < sizeof(words) / sizeof(*words);
	     i++)
		if (words[i].role == role)
			label = behind(name, words[i].word);
	for (unsigned i = 0; label.len != 0 && i < PROPERTIES; i++)
		if (properties[i].label != NULL &&
		    audit_is_text(label, properties[i].label)) {
			page->places[first + i].is_hidden = true;
			page->places[first + i].is_replaced |= is_replaced;
		}
}

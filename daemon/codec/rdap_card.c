/* Contacts as jCards (RFC 7095), and the roles that RDAP knows. */
#include "codec/rdap_priv.h"

const char *
rdap_role(enum role role)
{
	switch (role) {
	case ROLE_REGISTRANT:
		return "registrant";
	case ROLE_ADMIN:
		return "administrative";
	case ROLE_TECH:
		return "technical";
	case ROLE_BILLING:
		return "billing";
	case ROLE_ABUSE:
		return "abuse";
	case ROLE_PUBLIC_CONTACT:
		return "proxy";
	case ROLE_SUBSCRIBER:
	case ROLE_APPLICANT_AGENT:
	case ROLE_SPAM_SENDER:
	case ROLE_COUNT:
		break;
	}
	return "registrant";
}

static struct publication_item
either(struct rdap_page *page, enum role role, enum field a, enum field b)
{
	return publication_either(page->it, role, a, b);
}

/* The first value of a field, or nothing. */
static struct slice
value(struct rdap_page *page, enum role role, enum field a, enum field b)
{
	struct publication_item item = either(page, role, a, b);

	return item.state == PUBLISHED ? item.values.items[0]
				       : (struct slice){"", 0};
}

/* `["fn",{},"text",` */
static void
property(struct rdap_page *page, const char *name, const char *parameters,
    const char *type)
{
	text_add_string(page->text, page->first ? "[\"" : ",[\"");
	page->first = false;
	text_add_format(
	    page->text, "%s\",{%s},\"%s\",", name, parameters, type);
}

static void
simple(struct rdap_page *page, const char *name, const char *type,
    struct slice text)
{
	property(page, name, "", type);
	text_add_json(page->text, text);
	text_add_char(page->text, ']');
}

/* The lines of a street: one text, or an array of them. */
static void
street(struct rdap_page *page, enum role role)
{
	struct publication_item item =
	    either(page, role, FIELD_STREET_INT, FIELD_STREET_LOC);

	if (item.state != PUBLISHED) {
		text_add_string(page->text, "\"\"");
		return;
	}
	if (item.values.count == 1) {
		text_add_json(page->text, item.values.items[0]);
		return;
	}
	for (size_t i = 0; i < item.values.count; i++) {
		text_add_char(page->text, i == 0 ? '[' : ',');
		text_add_json(page->text, item.values.items[i]);
	}
	text_add_char(page->text, ']');
}

static bool
has(struct rdap_page *page, enum role role, enum field a, enum field b)
{
	return either(page, role, a, b).state != NOT_COLLECTED;
}

/*
 * An address has seven parts, and one that is redacted is empty: parts keep
 * their places.  The country is a code, which is the parameter's.
 */
static void
address(struct rdap_page *page, enum role role)
{
	static const enum field parts[][2] = {{FIELD_CITY_INT, FIELD_CITY_LOC},
	    {FIELD_STATE_INT, FIELD_STATE_LOC},
	    {FIELD_POSTCODE, FIELD_POSTCODE}};
	struct slice country = value(page, role, FIELD_COUNTRY, FIELD_COUNTRY);
	char parameter[16] = "";

	if (!has(page, role, FIELD_STREET_INT, FIELD_STREET_LOC) &&
	    !has(page, role, FIELD_CITY_INT, FIELD_CITY_LOC) &&
	    !has(page, role, FIELD_STATE_INT, FIELD_STATE_LOC) &&
	    !has(page, role, FIELD_POSTCODE, FIELD_POSTCODE) &&
	    country.len == 0)
		return;
	if (country.len == 2)
		snprintf(parameter, sizeof(parameter), "\"cc\":\"%.2s\"",
		    country.data);
	property(page, "adr", parameter, "text");
	text_add_string(page->text, "[\"\",\"\",");
	street(page, role);
	for (size_t i = 0; i < 3; i++) {
		text_add_char(page->text, ',');
		text_add_json(
		    page->text, value(page, role, parts[i][0], parts[i][1]));
	}
	text_add_string(page->text, ",\"\"]]");
}

static void
telephone(struct rdap_page *page, enum role role, const char *type,
    const enum field fields[2])
{
	struct slice number = value(page, role, fields[0], fields[0]);
	struct slice extension = value(page, role, fields[1], fields[1]);
	struct text uri = text_start(page->text->arena);
	char parameter[32];

	if (number.len == 0)
		return;
	snprintf(parameter, sizeof(parameter), "\"type\":\"%s\"", type);
	text_add_string(&uri, "tel:");
	text_add(&uri, number);
	if (extension.len != 0) {
		text_add_string(&uri, ";ext=");
		text_add(&uri, extension);
	}
	page->text->failed |= uri.failed;
	property(page, "tel", parameter, "uri");
	text_add_json(page->text, text_slice(&uri));
	text_add_char(page->text, ']');
}

/* Where the address is redacted, a form may stand for it. */
static void
email(struct rdap_page *page, enum role role)
{
	struct publication_item item =
	    either(page, role, FIELD_EMAIL, FIELD_EMAIL);

	if (item.state == PUBLISHED)
		simple(page, "email", "text", item.values.items[0]);
	else if (item.state == REDACTED && page->options->contact_uri.len != 0)
		simple(page, "contact-uri", "uri", page->options->contact_uri);
}

/* An array where there is a part of it. */
static void
organization_and_division(
    struct rdap_page *page, struct slice organization, struct slice division)
{
	if (division.len == 0) {
		simple(page, "org", "text", organization);
		return;
	}
	property(page, "org", "", "text");
	text_add_char(page->text, '[');
	text_add_json(page->text, organization);
	text_add_char(page->text, ',');
	text_add_json(page->text, division);
	text_add_string(page->text, "]]");
}

static void
card_properties(struct rdap_page *page, enum role role)
{
	static const enum field phone[2] = {FIELD_PHONE, FIELD_PHONE_EXT};
	static const enum field fax[2] = {FIELD_FAX, FIELD_FAX_EXT};
	struct slice organization =
	    value(page, role, FIELD_ORG_INT, FIELD_ORG_LOC);
	struct slice division =
	    value(page, role, FIELD_DIVISION_INT, FIELD_DIVISION_LOC);
	struct slice title = value(page, role, FIELD_TITLE_INT, FIELD_TITLE_LOC);
	struct slice web = value(page, role, FIELD_WEB, FIELD_WEB);

	simple(page, "version", "text", SLICE("4.0"));
	/* It must be there; a name that is redacted is empty. */
	simple(page, "fn", "text",
	    value(page, role, FIELD_NAME_INT, FIELD_NAME_LOC));
	if (organization.len != 0)
		organization_and_division(page, organization, division);
	if (title.len != 0)
		simple(page, "title", "text", title);
	address(page, role);
	telephone(page, role, "voice", phone);
	telephone(page, role, "fax", fax);
	email(page, role);
	if (web.len != 0)
		simple(page, "url", "uri", web);
}

void
rdap_card(struct rdap_page *page, enum role role)
{
	struct slice handle = value(page, role, FIELD_HANDLE, FIELD_HANDLE);

	if (handle.len != 0)
		rdap_string(page, "handle", handle);
	rdap_member(page, "roles");
	text_add_format(page->text, "[\"%s\"]", rdap_role(role));
	rdap_member(page, "vcardArray");
	text_add_string(page->text, "[\"vcard\",[");
	page->first = true;
	card_properties(page, role);
	text_add_string(page->text, "]]");
	page->first = false;
}

/* Others in the role, of whom nothing but the handle is known here. */
void
rdap_other_handles(struct rdap_page *page, enum role role)
{
	struct publication_item item =
	    publication_either(page->it, role, FIELD_HANDLE, FIELD_HANDLE);

	for (size_t i = 1; item.state == PUBLISHED && i < item.values.count;
	     i++) {
		rdap_open(page, "", '{');
		rdap_string(page, "objectClassName", SLICE("entity"));
		rdap_string(page, "handle", item.values.items[i]);
		rdap_member(page, "roles");
		text_add_format(page->text, "[\"%s\"]", rdap_role(role));
		rdap_member(page, "vcardArray");
		text_add_string(page->text,
		    "[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],"
		    "[\"fn\",{},\"text\",\"\"]]]");
		rdap_close(page, '}');
	}
}

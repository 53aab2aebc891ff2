/*
 * The layout of ICANN's labelling, and those before it: a label, a colon, a
 * value.  Registries differ in case, in words ("Admin", "Administrative
 * Contact") and in numbers behind labels ("Street1").
 */
#include "codec/audit_page.h"
#include "core/policy_tree.h"

enum { LABEL_MAX = 64 };

#define BOTH(name)                                                             \
	(FIELD_BIT(FIELD_##name##_INT) | FIELD_BIT(FIELD_##name##_LOC))
#define ONE(name) FIELD_BIT(FIELD_##name)

enum { ID, NAME, PROPERTIES = 13 };

/*
 * What a contact has, in small letters as it stands behind its role.  Some
 * registries write an organization's name where a person's has its place.
 */
static const struct {
	uint64_t fields;
	enum audit_shape shape;
	const char *labels[5];
} properties[PROPERTIES] = {
    [ID] = {ONE(HANDLE), AUDIT_OWN, {"id", "handle"}},
    [NAME] = {BOTH(NAME) | BOTH(ORG), AUDIT_EACH, {"name", ""}},
    {BOTH(ORG), AUDIT_EACH, {"organization", "organisation"}},
    {BOTH(STREET), AUDIT_LINES,
	{"street", "street1", "street2", "street3", "address"}},
    {BOTH(CITY), AUDIT_EACH, {"city"}},
    {BOTH(STATE), AUDIT_EACH, {"state/province", "state", "province"}},
    {ONE(POSTCODE), AUDIT_EACH, {"postal code", "zip code", "zip"}},
    {ONE(COUNTRY), AUDIT_EACH, {"country", "country code"}},
    {ONE(PHONE), AUDIT_EACH, {"phone", "phone number"}},
    {ONE(PHONE_EXT), AUDIT_EACH, {"phone ext", "phone ext."}},
    {ONE(FAX), AUDIT_EACH, {"fax", "fax number", "facsimile number"}},
    {ONE(FAX_EXT), AUDIT_EACH, {"fax ext", "fax ext."}},
    {ONE(EMAIL), AUDIT_EACH, {"email", "e-mail", "email address"}},
};

static const enum role contacts[] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

enum { CONTACTS = sizeof(contacts) / sizeof(*contacts) };

/* Longer ones before those that they begin with. */
static const struct {
	const char *word;
	unsigned contact;
} words[] = {
    {"registrant contact", 0},
    {"registrant", 0},
    {"administrative contact", 1},
    {"administrative", 1},
    {"admin contact", 1},
    {"admin", 1},
    {"technical contact", 2},
    {"technical", 2},
    {"tech contact", 2},
    {"tech", 2},
    {"billing contact", 3},
    {"billing", 3},
};

struct reading {
	struct audit_page *page;
	size_t first, ns, ds; /* places; a contact's are before the others */
	struct slice name;
	bool has_name, is_over;
};

static uint64_t
expected_of(unsigned property)
{
	if (property == ID)
		return 0;
	return property == NAME ? BOTH(NAME) : properties[property].fields;
}

static void
make_places(struct reading *reading)
{
	struct audit_page *page = reading->page;

	reading->first = page->count;
	for (unsigned i = 0; i < CONTACTS; i++)
		for (unsigned k = 0; k < PROPERTIES; k++)
			audit_page_place(
			    page, &(struct audit_item){.role = contacts[i],
				      .fields = properties[k].fields,
				      .expected = expected_of(k),
				      .shape = properties[k].shape});
	reading->ns =
	    audit_page_place(page, &(struct audit_item){.role = ROLE_REGISTRANT,
				       .fields = ONE(NS),
				       .expected = ONE(NS),
				       .shape = AUDIT_EACH});
	reading->ds =
	    audit_page_place(page, &(struct audit_item){.role = ROLE_REGISTRANT,
				       .fields = ONE(DS),
				       .expected = ONE(DS),
				       .shape = AUDIT_EACH});
}

static struct slice
after(struct slice text, size_t len)
{
	return audit_trim((struct slice){text.data + len, text.len - len});
}

/* Does the text begin with this word, or words? */
static bool
begins(struct slice text, const char *word)
{
	size_t len = strlen(word);

	return text.len >= len &&
	       audit_is_text((struct slice){text.data, len}, word) &&
	       (text.len == len || text.data[len] == ' ');
}

/* "Registrant Street" is the place of registrants' streets. */
static void
read_contact(struct reading *reading, struct slice label, struct slice value)
{
	size_t word = 0;

	if (begins(label, "registry"))
		label = after(label, strlen("registry"));
	while (word < sizeof(words) / sizeof(*words) &&
	       !begins(label, words[word].word))
		word++;
	if (word == sizeof(words) / sizeof(*words))
		return;
	label = after(label, strlen(words[word].word));
	for (size_t i = 0; i < PROPERTIES; i++)
		for (size_t k = 0; k < 5 && properties[i].labels[k]; k++)
			if (audit_is_text(label, properties[i].labels[k])) {
				audit_page_add(reading->page,
				    reading->first +
					words[word].contact * PROPERTIES + i,
				    value);
				return;
			}
}

static bool
is_same_name(struct slice a, struct slice b)
{
	for (size_t i = 0; a.len == b.len && i < a.len; i++)
		if ((a.data[i] ^ b.data[i]) & ~0x20)
			return false;
	return a.len == b.len;
}

/* Another object's name: an answer of another server stands behind. */
static void
read_name(struct reading *reading, struct slice value)
{
	if (reading->has_name)
		reading->is_over = !is_same_name(reading->name, value);
	else
		reading->name = value;
	reading->has_name = true;
}

static void
read_line(struct reading *reading, struct slice line)
{
	const char *colon =
	    line.len == 0 ? NULL : memchr(line.data, ':', line.len);
	struct audit_page *page = reading->page;
	struct slice label, value;

	if (colon == NULL)
		return;
	label = (struct slice){line.data, (size_t)(colon - line.data)};
	value = after(line, label.len + 1);
	/* "Registrant Name......: " */
	while (label.len != 0 && (label.data[label.len - 1] == '.' ||
				     label.data[label.len - 1] == ' '))
		label.len--;
	label = audit_trim(label);
	if (label.len > LABEL_MAX)
		return;
	if (audit_is_text(label, "domain name") ||
	    audit_is_text(label, "domain"))
		read_name(reading, value);
	else if (begins(label, ">>> last update"))
		reading->is_over = reading->has_name;
	else if (audit_is_text(label, "name server") ||
		 audit_is_text(label, "nserver"))
		audit_page_add(page, reading->ns, value);
	else if (audit_is_text(label, "dnssec"))
		/* Some say only that there are keys, and not which. */
		page->places[reading->ds].item.expected =
		    begins(value, "signed") ? 0 : ONE(DS);
	else if (audit_is_text(label, "dnssec ds data") ||
		 audit_is_text(label, "ds data"))
		audit_page_add(page, reading->ds, value);
	else
		read_contact(reading, label, value);
}

bool
audit_read_gtld(struct audit_page *page, struct slice text,
    struct audit_answer *out, struct fail *fail)
{
	struct reading reading = {.page = page};
	struct slice rest = text, line;
	enum audit_state state;

	make_places(&reading);
	while (!reading.is_over && audit_take_line(&rest, &line))
		read_line(&reading, line);
	state = reading.has_name
		    ? audit_state_of_domain(page, reading.name, &out->object)
		    : audit_state_of_text(text);
	return audit_page_finish(page, state, out, fail);
}

/*
 * What a registry of our days publishes by WHOIS and RDAP of what it was
 * given over EPP: of a registrant the organization, the state and the
 * country, all else only where <disclose flag="1"> asks for it; of other
 * contacts nothing.  And the mistakes that a line tells it to make.
 */
#include <strings.h>

#include "registry/registry_priv.h"

enum field {
	NAME,
	ORG,
	STREET,
	CITY,
	SP,
	PC,
	CC,
	VOICE,
	VOICE_X,
	FAX,
	FAX_X,
	EMAIL,
	FIELDS
};

/* `part` is what <disclose> calls it; `open` where it is shown unless told. */
static const struct {
	const char *key, *part, *label, *rdap;
	bool open, typed, fixed; /* fixed: <disclose> changes nothing */
} fields[FIELDS] = {
    [NAME] = {"name", "name", "Name", "Name", false, true, false},
    [ORG] = {"org", "org", "Organization", "Organization", true, true, false},
    [STREET] = {"street", "addr", "Street", "Street", false, true, false},
    [CITY] = {"city", "addr", "City", "City", false, true, false},
    [SP] = {"sp", "addr", "State/Province", NULL, true, true, true},
    [PC] = {"pc", "addr", "Postal Code", "Postal Code", false, true, false},
    [CC] = {"cc", "addr", "Country", NULL, true, true, true},
    [VOICE] = {"voice", "voice", "Phone", "Phone", false, false, false},
    [VOICE_X] = {"voice.x", "voice", "Phone Ext", "Phone Ext", false, false,
	false},
    [FAX] = {"fax", "fax", "Fax", "Fax", false, false, false},
    [FAX_X] = {"fax.x", "fax", "Fax Ext", "Fax Ext", false, false, false},
    [EMAIL] = {"email", "email", "Email", "Email", false, false, false},
};

#define REDACTED "REDACTED FOR PRIVACY"
#define ASK                                                                    \
	"Please query the RDDS service of the Registrar of Record identified " \
	"in this output for information on how to contact the Registrant, "    \
	"Admin, or Tech contact of the queried domain name."

/* --- mistakes ------------------------------------------------------------- */

static const struct mistake *
mistake_of(const struct registry *registry, const char *key, char kind)
{
	const struct mistake *at = registry->mistakes;

	while (at != NULL && (at->kind != kind || strcmp(at->key, key) != 0))
		at = at->next;
	return at;
}

void
publish_clear(struct registry *registry)
{
	while (registry->mistakes != NULL) {
		struct mistake *mistake = registry->mistakes;

		registry->mistakes = mistake->next;
		free(mistake->key);
		free(mistake->value);
		free(mistake);
	}
}

static bool
is_key(const char *key)
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (strcmp(fields[i].key, key) == 0)
			return true;
	return false;
}

bool
publish_mistake(struct registry *registry, const char *how, const char *key,
    const char *value)
{
	struct mistake *mistake;

	if (!is_key(key) || (strcmp(how, "older") == 0) != (value != NULL) ||
	    (strcmp(how, "leak") != 0 && strcmp(how, "hide") != 0 &&
		strcmp(how, "older") != 0))
		return false;
	mistake = calloc(1, sizeof(*mistake));
	if (mistake == NULL)
		abort();
	mistake->kind = *how;
	mistake->key = registry_copy(key);
	mistake->value = value == NULL ? NULL : registry_copy(value);
	mistake->next = registry->mistakes;
	registry->mistakes = mistake;
	return true;
}

/* --- what is shown -------------------------------------------------------- */

/* Is "addr.int" in "0:name.int,addr.int,voice"? */
static bool
is_listed(const char *list, const char *part, const char *type)
{
	char full[32];
	const char *at = list + 2;

	(void)snprintf(
	    full, sizeof(full), "%s%s%s", part, *type == '\0' ? "" : ".", type);
	while (*at != '\0') {
		size_t len = strcspn(at, ",");

		if (len == strlen(full) && strncmp(at, full, len) == 0)
			return true;
		at += len + (at[len] == ',');
	}
	return false;
}

static bool
is_shown(const struct registry *registry, const struct object *contact,
    enum field field, const char *type)
{
	const char *list = stored_get(contact, "disclose");

	if (mistake_of(registry, fields[field].key, 'l') != NULL)
		return true;
	if (mistake_of(registry, fields[field].key, 'h') != NULL)
		return false;
	if (!fields[field].fixed && list != NULL &&
	    is_listed(list, fields[field].part, type))
		return *list == '1';
	return fields[field].open;
}

/* How values of a field are seen; `each` is called for every one. */
enum sight { EMPTY, HIDDEN, SHOWN };

struct page {
	struct registry *registry;
	const struct object *domain, *contact;
	struct bytes *out;
	const char *role, *label; /* of WHOIS */
	bool comma;		  /* of RDAP: one is due */
};

typedef void each_value(struct page *page, const char *value);

static enum sight
show_typed(
    struct page *page, enum field field, const char *type, each_value *each)
{
	const struct mistake *older =
	    mistake_of(page->registry, fields[field].key, 'o');
	enum sight sight = EMPTY;
	char key[40];
	size_t i;

	(void)snprintf(key, sizeof(key), "%s%s%s", fields[field].key,
	    *type == '\0' ? "" : ".", type);
	for (i = 0; page->contact != NULL && i < page->contact->count; i++) {
		const struct property *at = &page->contact->properties[i];

		if (strcmp(at->key, key) != 0 || *at->value == '\0')
			continue;
		sight = HIDDEN;
		if (!is_shown(page->registry, page->contact, field, type))
			break;
		each(page, older != NULL ? older->value : at->value);
		sight = SHOWN;
		if (older != NULL)
			break;
	}
	return sight;
}

/* Names in Latin letters before those in others. */
static enum sight
show(struct page *page, enum field field, each_value *each)
{
	enum sight sight;

	if (!fields[field].typed)
		return show_typed(page, field, "", each);
	sight = show_typed(page, field, "int", each);
	if (sight == EMPTY)
		sight = show_typed(page, field, "loc", each);
	return sight;
}

static void
count_only(struct page *page, const char *value)
{
	(void)page;
	(void)value;
}

static struct object *
contact_of(const struct page *page, const char *key)
{
	const char *id = stored_get(page->domain, key);

	return id == NULL ? NULL
			  : stored_find(page->registry, KIND_CONTACT, id);
}

/* --- WHOIS ---------------------------------------------------------------- */

static void
whois_value(struct page *page, const char *value)
{
	bytes_add_format(
	    page->out, "%s %s: %s\r\n", page->role, page->label, value);
}

/* What stands where a value does not: Admin's lines are empty. */
static const char *
stand_in(const struct page *page, enum field field)
{
	if (strcmp(page->role, "Admin") == 0)
		return "";
	return field == EMAIL ? " " ASK : " " REDACTED;
}

static void
whois_contact(struct page *page, const char *role, const char *key)
{
	size_t i;

	page->role = role;
	page->contact = key == NULL ? NULL : contact_of(page, key);
	bytes_add_format(
	    page->out, "Registry %s ID:%s\r\n", role, stand_in(page, NAME));
	for (i = 0; i < FIELDS; i++) {
		page->label = fields[i].label;
		if (show(page, (enum field)i, whois_value) != SHOWN)
			bytes_add_format(page->out, "%s %s:%s\r\n", role,
			    page->label, stand_in(page, (enum field)i));
	}
}

static void
whois_all(struct page *page, const char *label, const char *key)
{
	size_t i;

	for (i = 0; i < page->domain->count; i++)
		if (strcmp(page->domain->properties[i].key, key) == 0)
			bytes_add_format(page->out, "%s: %s\r\n", label,
			    page->domain->properties[i].value);
}

/* "<secDNS:keyTag>12345</..." */
static int
part_len(const char *xml, const char *name, const char **at)
{
	*at = strstr(xml, name);
	if (*at == NULL)
		return 0;
	*at += strlen(name);
	return (int)strcspn(*at, "<");
}

static void
whois_key(struct page *page, const char *xml)
{
	static const char *const parts[] = {
	    "keyTag>", "alg>", "digestType>", "digest>"};
	size_t i;

	bytes_add_string(page->out, "DNSSEC DS Data:");
	for (i = 0; i < 4; i++) {
		const char *at;
		int len = part_len(xml, parts[i], &at);

		bytes_add_format(page->out, " %.*s", len, len > 0 ? at : "");
	}
	bytes_add_string(page->out, "\r\n");
}

static void
whois_keys(struct page *page)
{
	bool is_signed = stored_get(page->domain, "secDNS") != NULL;
	size_t i;

	bytes_add_format(page->out, "DNSSEC: %s\r\n",
	    is_signed ? "signedDelegation" : "unsigned");
	for (i = 0; i < page->domain->count; i++)
		if (strcmp(page->domain->properties[i].key, "secDNS") == 0)
			whois_key(page, page->domain->properties[i].value);
}

static void
whois_domain(struct page *page)
{
	char date[DATE_SIZE];

	bytes_add_format(page->out,
	    "Domain Name: %s\r\nRegistry Domain ID: D%lu-SIM\r\n"
	    "Registrar: Example Registrar K.K.\r\nRegistrar IANA ID: 9999\r\n",
	    page->domain->name, page->domain->number);
	whois_all(page, "Creation Date", "crDate");
	whois_all(page, "Registry Expiry Date", "exDate");
	whois_contact(page, "Registrant", "registrant");
	whois_contact(page, "Admin", NULL);
	whois_contact(page, "Tech", NULL);
	whois_all(page, "Name Server", "ns");
	whois_keys(page);
	registry_date(page->registry->now, date);
	bytes_add_format(
	    page->out, ">>> Last update of WHOIS database: %s <<<\r\n", date);
}

/* A fault's answer and its status of HTTP; 0: none that stands for all. */
static unsigned
play(struct registry *registry, const char *what, struct bytes *out,
    struct registry_reply *reply)
{
	struct fault fault = registry_fault(registry, "publish", what);

	*reply = (struct registry_reply){REGISTRY_ANSWER_CLOSE, 0};
	switch (fault.kind) {
	case FAULT_NONE:
	case FAULT_CLTRID:
	case FAULT_LENGTH:
	case FAULT_CUT:
		return 0;
	case FAULT_CODE:
		bytes_add_string(out, "WHOIS LIMIT EXCEEDED\r\n");
		return fault.number;
	case FAULT_SLOW:
		reply->delay_ms = fault.number;
		return 0;
	case FAULT_GARBAGE:
		bytes_add(out, "\xff\x00{\"a\":[[[[\x1b$B", 14);
		return 200;
	case FAULT_LOST:
	case FAULT_CLOSE:
		reply->action = REGISTRY_CLOSE;
		return 200;
	case FAULT_RESET:
		reply->action = REGISTRY_RESET;
		return 200;
	case FAULT_STALL:
	case FAULT_SILENT:
		reply->action = REGISTRY_STALL;
		return 200;
	}
	return 0;
}

struct registry_reply
registry_whois(struct registry *registry, struct slice query, struct bytes *out)
{
	char name[256];
	struct page page = {.registry = registry, .out = out};
	struct registry_reply reply;

	(void)snprintf(name, sizeof(name), "%.*s", SLICE_ARG(query));
	if (play(registry, "whois", out, &reply) != 0)
		return reply;
	page.domain = stored_find(registry, KIND_DOMAIN, name);
	if (page.domain == NULL)
		bytes_add_string(out, "No Data Found\r\n");
	else
		whois_domain(&page);
	return reply;
}

/* --- RDAP ----------------------------------------------------------------- */

static void
json_string(struct bytes *out, const char *text)
{
	bytes_add_string(out, "\"");
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\')
			bytes_add_format(out, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			bytes_add_format(out, "\\u%04x", *text);
		else
			bytes_add(out, text, 1);
	bytes_add_string(out, "\"");
}

static void
json_value(struct page *page, const char *value)
{
	if (page->comma)
		bytes_add_string(page->out, ",");
	json_string(page->out, value);
	page->comma = true;
}

/* One text, "" where nothing is shown. */
static void
json_one(struct page *page, enum field field)
{
	page->comma = false;
	if (show(page, field, count_only) != SHOWN)
		bytes_add_string(page->out, "\"\"");
	else
		show(page, field, json_value);
}

static void
json_address(struct page *page)
{
	bytes_add_string(page->out, ",[\"adr\",{\"cc\":");
	json_one(page, CC);
	bytes_add_string(page->out, "},\"text\",[\"\",\"\",[");
	page->comma = false;
	show(page, STREET, json_value);
	bytes_add_string(page->out, "],");
	json_one(page, CITY);
	bytes_add_string(page->out, ",");
	json_one(page, SP);
	bytes_add_string(page->out, ",");
	json_one(page, PC);
	bytes_add_string(page->out, ",\"\"]]");
}

static void
json_property(
    struct page *page, enum field field, const char *head, const char *tail)
{
	if (show(page, field, count_only) != SHOWN)
		return;
	bytes_add_string(page->out, head);
	page->comma = false;
	show(page, field, json_value);
	bytes_add_string(page->out, tail);
}

static void
json_registrant(struct page *page)
{
	page->contact = contact_of(page, "registrant");
	bytes_add_string(page->out,
	    "{\"objectClassName\":\"entity\",\"roles\":[\"registrant\"],"
	    "\"vcardArray\":[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],"
	    "[\"fn\",{},\"text\",");
	json_one(page, NAME);
	bytes_add_string(page->out, "]");
	json_property(page, ORG, ",[\"org\",{},\"text\",", "]");
	json_address(page);
	json_property(
	    page, VOICE, ",[\"tel\",{\"type\":\"voice\"},\"text\",", "]");
	json_property(page, FAX, ",[\"tel\",{\"type\":\"fax\"},\"text\",", "]");
	json_property(page, EMAIL, ",[\"email\",{},\"text\",", "]");
	bytes_add_string(page->out, "]]}");
}

static void
json_redacted(struct page *page)
{
	bool comma = false;
	size_t i;

	bytes_add_string(page->out, ",\"redacted\":[");
	for (i = 0; i < FIELDS; i++) {
		if (fields[i].rdap == NULL ||
		    show(page, (enum field)i, count_only) != HIDDEN)
			continue;
		bytes_add_format(page->out,
		    "%s{\"name\":{\"type\":\"Registrant %s\"},"
		    "\"method\":\"removal\"}",
		    comma ? "," : "", fields[i].rdap);
		comma = true;
	}
	bytes_add_string(page->out, "]");
}

static void
json_servers(struct page *page)
{
	bool comma = false;
	size_t i;

	bytes_add_string(page->out, ",\"nameservers\":[");
	for (i = 0; i < page->domain->count; i++) {
		if (strcmp(page->domain->properties[i].key, "ns") != 0)
			continue;
		bytes_add_format(page->out,
		    "%s{\"objectClassName\":\"nameserver\",\"ldhName\":",
		    comma ? "," : "");
		json_string(page->out, page->domain->properties[i].value);
		bytes_add_string(page->out, "}");
		comma = true;
	}
	bytes_add_string(page->out, "]");
}

static void
json_domain(struct page *page)
{
	bytes_add_string(page->out,
	    "{\"rdapConformance\":[\"rdap_level_0\",\"redacted\"],"
	    "\"objectClassName\":\"domain\",\"ldhName\":");
	json_string(page->out, page->domain->name);
	json_servers(page);
	bytes_add_format(page->out, ",\"secureDNS\":{\"delegationSigned\":%s}",
	    stored_get(page->domain, "secDNS") != NULL ? "true" : "false");
	bytes_add_string(page->out, ",\"entities\":[");
	json_registrant(page);
	bytes_add_string(page->out, "]");
	json_redacted(page);
	bytes_add_string(page->out, "}");
}

unsigned
registry_rdap(struct registry *registry, struct slice path, struct bytes *out,
    struct registry_reply *reply)
{
	static const char head[] = "domain/";
	char name[256];
	struct page page = {.registry = registry, .out = out};
	unsigned status = play(registry, "rdap", out, reply);

	if (status != 0)
		return status;
	if (path.len < sizeof(head) - 1 ||
	    memcmp(path.data, head, sizeof(head) - 1) != 0) {
		bytes_add_string(out, "{\"errorCode\":400}");
		return 400;
	}
	(void)snprintf(name, sizeof(name), "%.*s",
	    (int)(path.len - (sizeof(head) - 1)),
	    path.data + (sizeof(head) - 1));
	page.domain = stored_find(registry, KIND_DOMAIN, name);
	if (page.domain == NULL) {
		bytes_add_string(out, "{\"errorCode\":404}");
		return 404;
	}
	json_domain(&page);
	return 200;
}

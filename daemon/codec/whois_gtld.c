/*
 * The layout of ICANN's Registration Data Directory Services labelling: a
 * label, a colon and a blank, a value; in the order that registries keep.
 */
#include "base/date.h"
#include "codec/whois.h"

struct page {
	struct text *text;
	const struct publication *it;
	const struct whois_style *style;
};

/* The fields of a contact, in their order. */
static const struct line {
	enum field prefer, other;
} contact[] = {
    {FIELD_NAME_INT, FIELD_NAME_LOC},
    {FIELD_ORG_INT, FIELD_ORG_LOC},
    {FIELD_STREET_INT, FIELD_STREET_LOC},
    {FIELD_CITY_INT, FIELD_CITY_LOC},
    {FIELD_STATE_INT, FIELD_STATE_LOC},
    {FIELD_POSTCODE, FIELD_POSTCODE},
    {FIELD_COUNTRY, FIELD_COUNTRY},
    {FIELD_PHONE, FIELD_PHONE},
    {FIELD_PHONE_EXT, FIELD_PHONE_EXT},
    {FIELD_FAX, FIELD_FAX},
    {FIELD_FAX_EXT, FIELD_FAX_EXT},
    {FIELD_EMAIL, FIELD_EMAIL},
};

static const struct {
	enum role role;
	const char *word;
} contacts[] = {
    {ROLE_REGISTRANT, "Registrant"},
    {ROLE_ADMIN, "Admin"},
    {ROLE_TECH, "Tech"},
    {ROLE_BILLING, "Billing"},
};

/* An empty value leaves nothing behind the colon. */
static void
put(struct page *page, const char *who, const char *label, struct slice value)
{
	struct text *text = page->text;

	for (unsigned i = 0; i < page->style->indent; i++)
		text_add_char(text, ' ');
	if (who[0] != '\0') {
		text_add_string(text, who);
		text_add_char(text, ' ');
	}
	text_add_string(text, label);
	text_add_char(text, ':');
	if (value.len != 0) {
		text_add_char(text, ' ');
		text_add(text, value);
	}
	text_add_char(text, '\n');
}

static void
put_said(struct page *page, const char *label, struct slice value)
{
	if (value.len != 0)
		put(page, "", label, value);
}

static void
put_name(struct page *page, const char *label, struct slice name)
{
	size_t value =
	    page->text->len + page->style->indent + strlen(label) + 2;

	put(page, "", label, name);
	if (!page->style->upper || page->text->failed)
		return;
	for (size_t i = value; i < page->text->len; i++)
		if (page->text->data[i] >= 'a' && page->text->data[i] <= 'z')
			page->text->data[i] -= 'a' - 'A';
}

static void
put_time(struct page *page, const char *label, int64_t time)
{
	char date[DATE_SIZE];

	if (time == 0)
		return;
	put(page, "", label, (struct slice){date, date_print(time, 0, date)});
}

/* What stands where no value does. */
static struct slice
substitute(
    const struct page *page, enum publication_state state, enum field field)
{
	if (state != REDACTED)
		return (struct slice){"", 0};
	return field == FIELD_EMAIL ? page->style->redacted_email
				    : page->style->redacted;
}

static void
put_field(struct page *page, enum role role, const char *who, struct line line)
{
	struct publication_item item =
	    publication_either(page->it, role, line.prefer, line.other);
	const char *label = field_info[line.prefer].whois;
	unsigned times = 1;

	if (item.state == PUBLISHED) {
		for (size_t i = 0; i < item.values.count; i++)
			put(page, who, label, item.values.items[i]);
		return;
	}
	if (line.prefer == FIELD_STREET_INT)
		times = page->style->streets;
	while (times-- > 0)
		put(page, who, label,
		    substitute(page, item.state, line.prefer));
}

static void
put_contact(struct page *page, enum role role, const char *who)
{
	struct publication_item id =
	    publication_either(page->it, role, FIELD_HANDLE, FIELD_HANDLE);
	struct slice value = substitute(page, id.state, FIELD_HANDLE);
	char label[32];

	if (id.state == PUBLISHED)
		value = id.values.items[0];
	snprintf(label, sizeof(label), "%s ID", who);
	put(page, "Registry", label, value);
	for (size_t i = 0; i < sizeof(contact) / sizeof(*contact); i++)
		put_field(page, role, who, contact[i]);
}

static void
put_registrar(struct page *page)
{
	static const struct publication_registrar nobody;
	const struct publication_registrar *r = page->it->registrar;

	if (r == NULL)
		r = &nobody;
	put_said(page, "Registrar WHOIS Server", r->whois_server);
	put_said(page, "Registrar URL", r->url);
	put_time(page, "Updated Date", page->it->updated);
	put_time(page, "Creation Date", page->it->created);
	put_time(page, "Registry Expiry Date", page->it->expires);
	put_said(page, "Registrar", r->name);
	put_said(page, "Registrar IANA ID", r->iana_id);
	put_said(page, "Registrar Abuse Contact Email", r->abuse_email);
	put_said(page, "Registrar Abuse Contact Phone", r->abuse_phone);
	put_said(page, "Reseller", r->reseller);
}

static void
put_status(struct page *page, struct slice status)
{
	struct text line = text_start(page->text->arena);

	text_add(&line, status);
	text_add_string(&line, " https://icann.org/epp#");
	text_add(&line, status);
	page->text->failed |= line.failed;
	put(page, "", "Domain Status", text_slice(&line));
}

static void
put_servers(struct page *page)
{
	const struct publication *it = page->it;
	bool is_signed = it->ds.state == PUBLISHED;

	if (it->ns.state == PUBLISHED)
		for (size_t i = 0; i < it->ns.values.count; i++)
			put_name(page, "Name Server",
			    publication_host(it->ns.values.items[i]));
	put(page, "", "DNSSEC",
	    is_signed			 ? SLICE("signedDelegation")
		: it->ds.state == REDACTED ? page->style->redacted
					   : SLICE("unsigned"));
	for (size_t i = 0; is_signed && i < it->ds.values.count; i++)
		put(page, "", "DNSSEC DS Data", it->ds.values.items[i]);
}

static void
put_end(struct page *page, int64_t now)
{
	const struct whois_style *style = page->style;
	struct text *text = page->text;
	char date[DATE_SIZE];

	if (style->complaint_url.len != 0) {
		for (unsigned i = 0; i < style->indent; i++)
			text_add_char(text, ' ');
		text_add(text, style->complaint_label);
		text_add_string(text, ": ");
		text_add(text, style->complaint_url);
		text_add_char(text, '\n');
	}
	date_print(now, 0, date);
	text_add_string(text, ">>> Last update of ");
	text_add(text, style->database);
	text_add_format(text, ": %s <<<\n", date);
	text_add_string(text,
	    "\nFor more information on Whois status codes, please visit"
	    " https://icann.org/epp\n");
	if (style->footer.len != 0) {
		text_add_char(text, '\n');
		text_add(text, style->footer);
		if (style->footer.data[style->footer.len - 1] != '\n')
			text_add_char(text, '\n');
	}
}

void
whois_gtld(struct text *text, const struct publication *it,
    const struct whois_style *style, int64_t now)
{
	struct page page = {text, it, style};

	if (style->lead.len != 0) {
		text_add(text, style->lead);
		text_add_string(text, "\n\n");
	}
	put_name(&page, "Domain Name", it->name);
	if (it->roid.state == PUBLISHED)
		put(&page, "", "Registry Domain ID", it->roid.values.items[0]);
	else if (it->roid.state == REDACTED || style->always_id)
		put(&page, "", "Registry Domain ID", style->redacted_id);
	put_registrar(&page);
	for (size_t i = 0; i < it->status.count; i++)
		put_status(&page, it->status.items[i]);
	for (size_t i = 0; i < sizeof(contacts) / sizeof(*contacts); i++)
		if (style->roles >> contacts[i].role & 1)
			put_contact(&page, contacts[i].role, contacts[i].word);
	put_servers(&page);
	put_end(&page, now);
}

void
whois_gtld_not_found(struct text *text, struct slice name)
{
	if (whois_ends_in(name, ".biz")) {
		text_add_string(text, "No Data Found\n");
		return;
	}
	if (whois_ends_in(name, ".org") || whois_ends_in(name, ".info")) {
		text_add_string(text, "Domain not found.\n");
		return;
	}
	text_add_string(text, "No match for \"");
	for (size_t i = 0; i < name.len; i++)
		text_add_char(text,
		    name.data[i] >= 'a' && name.data[i] <= 'z'
			? (char)(name.data[i] - 'a' + 'A')
			: name.data[i]);
	text_add_string(text, "\".\n");
}

#include "codec/rdap_priv.h"
#include "core/status.h"

/* --- members -------------------------------------------------------------- */

void
rdap_member(struct rdap_page *page, const char *name)
{
	if (!page->first)
		text_add_char(page->text, ',');
	page->first = false;
	if (name[0] == '\0')
		return;
	text_add_char(page->text, '"');
	text_add_string(page->text, name);
	text_add_string(page->text, "\":");
}

void
rdap_string(struct rdap_page *page, const char *name, struct slice value)
{
	rdap_member(page, name);
	text_add_json(page->text, value);
}

void
rdap_open(struct rdap_page *page, const char *name, char bracket)
{
	rdap_member(page, name);
	text_add_char(page->text, bracket);
	page->first = true;
}

void
rdap_close(struct rdap_page *page, char bracket)
{
	text_add_char(page->text, bracket);
	page->first = false;
}

static void
strings(struct rdap_page *page, const char *name, const char *const *values)
{
	rdap_open(page, name, '[');
	for (; *values != NULL; values++)
		rdap_string(page, "", slice_from(*values));
	rdap_close(page, ']');
}

/* --- what every answer has ------------------------------------------------ */

static void
conformance(struct rdap_page *page)
{
	static const char *const values[] = {"rdap_level_0",
	    "icann_rdap_response_profile_1",
	    "icann_rdap_technical_implementation_guide_1", "redacted", NULL};

	strings(page, "rdapConformance", values);
}

/* `value` is what the link goes out from (RFC 8288): this answer. */
static void
link(struct rdap_page *page, const char *relation, struct slice href,
    const char *type)
{
	rdap_open(page, "", '{');
	rdap_string(page, "value", page->self);
	rdap_string(page, "rel", slice_from(relation));
	rdap_string(page, "href", href);
	rdap_string(page, "type", slice_from(type));
	rdap_close(page, '}');
}

/* What ICANN's profile of 2024 has, section 2.6.3 and on. */
struct notice {
	const char *title, *relation;
	struct slice text, url;
};

static void
put_notice(struct rdap_page *page, const struct notice *notice)
{
	struct slice rest = notice->text, line;

	rdap_open(page, "", '{');
	rdap_string(page, "title", slice_from(notice->title));
	rdap_open(page, "description", '[');
	while (slice_take_line(&rest, &line))
		if (line.len != 0)
			rdap_string(page, "", line);
	if (rest.len != 0)
		rdap_string(page, "", rest);
	rdap_close(page, ']');
	if (notice->url.len != 0) {
		rdap_open(page, "links", '[');
		link(page, notice->relation, notice->url, "text/html");
		rdap_close(page, ']');
	}
	rdap_close(page, '}');
}

void
rdap_notices(struct rdap_page *page)
{
	static const struct notice status = {"Status Codes", "glossary",
	    SLICE("For more information on domain status codes, please visit"
		  " https://icann.org/epp"),
	    SLICE("https://icann.org/epp")};
	static const struct notice complaint = {
	    "RDDS Inaccuracy Complaint Form", "help",
	    SLICE("URL of the ICANN RDDS Inaccuracy Complaint Form:"
		  " https://icann.org/wicf"),
	    SLICE("https://icann.org/wicf")};
	const struct notice terms = {"Terms of Service", "terms-of-service",
	    page->options->terms, page->options->terms_url};

	rdap_open(page, "notices", '[');
	if (page->options->with_token)
		rdap_tier_notice(page);
	if (terms.text.len != 0)
		put_notice(page, &terms);
	put_notice(page, &status);
	put_notice(page, &complaint);
	rdap_close(page, ']');
}

void
rdap_set_self(struct rdap_page *page, const char *what, struct slice name)
{
	struct text href = text_start(page->text->arena);

	text_add(&href, page->options->base);
	text_add_string(&href, what);
	/* A prefix keeps its slash: that is how it is asked for. */
	for (size_t i = 0; i < name.len; i++)
		if (name.data[i] == '/' || name.data[i] == ':')
			text_add_char(&href, name.data[i]);
		else
			text_add_percent(
			    &href, (struct slice){name.data + i, 1});
	page->text->failed |= href.failed;
	page->self = text_slice(&href);
}

void
rdap_self(struct rdap_page *page)
{
	rdap_open(page, "links", '[');
	link(page, "self", page->self, "application/rdap+json");
	rdap_close(page, ']');
}

/* Where the registrar answers itself, section 2.4.6 of the profile. */
static void
registrar_links(struct rdap_page *page)
{
	struct slice base = page->options->base;

	rdap_open(page, "links", '[');
	rdap_open(page, "", '{');
	rdap_string(page, "value", base);
	rdap_string(page, "rel", SLICE("about"));
	rdap_string(page, "href", base);
	rdap_string(page, "type", SLICE("application/rdap+json"));
	rdap_close(page, '}');
	rdap_close(page, ']');
}

static void
event(struct rdap_page *page, const char *action, int64_t time)
{
	char date[DATE_SIZE];

	if (time == 0)
		return;
	rdap_open(page, "", '{');
	rdap_string(page, "eventAction", slice_from(action));
	rdap_string(
	    page, "eventDate", (struct slice){date, date_print(time, 0, date)});
	rdap_close(page, '}');
}

void
rdap_events_of(struct rdap_page *page, const struct publication *it)
{
	rdap_open(page, "events", '[');
	event(page, "registration", it->created);
	event(page, "expiration", it->expires);
	event(page, "last changed", it->updated);
	event(page, "last update of RDAP database", page->options->now);
	rdap_close(page, ']');
}

void
rdap_events(struct rdap_page *page)
{
	rdap_events_of(page, page->it);
}

/* Two may be the same there. */
static bool
is_told_before(const struct publication *it, size_t at)
{
	const char *word = status_rdap(it->status.items[at]);

	for (size_t i = 0; i < at; i++) {
		const char *other = status_rdap(it->status.items[i]);

		if (other != NULL && strcmp(word, other) == 0)
			return true;
	}
	return false;
}

void
rdap_status(struct rdap_page *page)
{
	const struct publication *it = page->it;
	bool is_open = false;

	for (size_t i = 0; i < it->status.count; i++) {
		const char *word = status_rdap(it->status.items[i]);

		if (word == NULL || is_told_before(it, i))
			continue;
		if (!is_open)
			rdap_open(page, "status", '[');
		is_open = true;
		rdap_string(page, "", slice_from(word));
	}
	if (is_open)
		rdap_close(page, ']');
}

/* --- entities --- */

static void
abuse_card(struct rdap_page *page, const struct publication_registrar *of)
{
	struct text uri = text_start(page->text->arena);

	rdap_open(page, "entities", '[');
	rdap_open(page, "", '{');
	rdap_string(page, "objectClassName", SLICE("entity"));
	rdap_member(page, "roles");
	text_add_string(page->text, "[\"abuse\"]");
	rdap_member(page, "vcardArray");
	text_add_string(page->text,
	    "[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],"
	    "[\"fn\",{},\"text\",\"\"]");
	if (of->abuse_phone.len != 0) {
		text_add_string(&uri, "tel:");
		text_add(&uri, of->abuse_phone);
		page->text->failed |= uri.failed;
		text_add_string(
		    page->text, ",[\"tel\",{\"type\":\"voice\"},\"uri\",");
		text_add_json(page->text, text_slice(&uri));
		text_add_char(page->text, ']');
	}
	if (of->abuse_email.len != 0) {
		text_add_string(page->text, ",[\"email\",{},\"text\",");
		text_add_json(page->text, of->abuse_email);
		text_add_char(page->text, ']');
	}
	text_add_string(page->text, "]]");
	rdap_close(page, '}');
	rdap_close(page, ']');
}

static void
registrar(struct rdap_page *page)
{
	const struct publication_registrar *of = page->it->registrar;

	if (of == NULL)
		return;
	rdap_open(page, "", '{');
	rdap_string(page, "objectClassName", SLICE("entity"));
	if (of->iana_id.len != 0) {
		rdap_string(page, "handle", of->iana_id);
		rdap_open(page, "publicIds", '[');
		rdap_open(page, "", '{');
		rdap_string(page, "type", SLICE("IANA Registrar ID"));
		rdap_string(page, "identifier", of->iana_id);
		rdap_close(page, '}');
		rdap_close(page, ']');
	}
	rdap_member(page, "roles");
	text_add_string(page->text, "[\"registrar\"]");
	rdap_member(page, "vcardArray");
	text_add_string(page->text,
	    "[\"vcard\",[[\"version\",{},\"text\",\"4.0\"],"
	    "[\"fn\",{},\"text\",");
	text_add_json(page->text, of->name);
	text_add_string(page->text, "]]]");
	registrar_links(page);
	if (of->abuse_email.len != 0 || of->abuse_phone.len != 0)
		abuse_card(page, of);
	rdap_close(page, '}');
}

/* The contacts that have a place in an answer, in its order. */
size_t
rdap_present(const struct publication *it, enum role roles[ROLE_COUNT])
{
	static const enum role order[] = {ROLE_REGISTRANT, ROLE_ADMIN,
	    ROLE_TECH, ROLE_BILLING, ROLE_ABUSE, ROLE_PUBLIC_CONTACT};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (it->roles[order[i]].present)
			roles[count++] = order[i];
	return count;
}

void
rdap_entities(struct rdap_page *page, const enum role *roles, size_t count)
{
	if (count == 0 && page->it->registrar == NULL)
		return;
	rdap_open(page, "entities", '[');
	registrar(page);
	for (size_t i = 0; i < count; i++) {
		rdap_open(page, "", '{');
		rdap_string(page, "objectClassName", SLICE("entity"));
		rdap_card(page, roles[i]);
		rdap_close(page, '}');
		rdap_other_handles(page, roles[i]);
	}
	rdap_close(page, ']');
}

/* --- domains --- */

static void
nameservers(struct rdap_page *page)
{
	const struct publication_item *ns = &page->it->ns;

	if (ns->state != PUBLISHED)
		return;
	rdap_open(page, "nameservers", '[');
	for (size_t i = 0; i < ns->values.count; i++) {
		rdap_open(page, "", '{');
		rdap_string(page, "objectClassName", SLICE("nameserver"));
		rdap_string(page, "ldhName",
		    publication_host(ns->values.items[i]));
		rdap_close(page, '}');
	}
	rdap_close(page, ']');
}

/* Take a word off "12345 13 2 ABCD"; numbers go out as they stand. */
static struct slice
word(struct slice *rest)
{
	struct slice out;
	const char *blank = memchr(rest->data, ' ', rest->len);

	out = (struct slice){rest->data,
	    blank != NULL ? (size_t)(blank - rest->data) : rest->len};
	rest->data += out.len + (blank != NULL);
	rest->len -= out.len + (blank != NULL);
	return out;
}

static void
number(struct rdap_page *page, const char *name, struct slice digits)
{
	int64_t value = 0;

	for (size_t i = 0; i < digits.len && i < 9; i++)
		if (digits.data[i] >= '0' && digits.data[i] <= '9')
			value = value * 10 + (digits.data[i] - '0');
	rdap_member(page, name);
	text_add_number(page->text, value);
}

static void
secure_dns(struct rdap_page *page)
{
	const struct publication_item *ds = &page->it->ds;
	bool is_signed = ds->state == PUBLISHED;

	/* Neither a yes nor a no: `redacted` tells of it. */
	if (ds->state == REDACTED)
		return;
	rdap_open(page, "secureDNS", '{');
	rdap_member(page, "delegationSigned");
	text_add_string(page->text, is_signed ? "true" : "false");
	if (is_signed) {
		rdap_open(page, "dsData", '[');
		for (size_t i = 0; i < ds->values.count; i++) {
			struct slice rest = ds->values.items[i];

			rdap_open(page, "", '{');
			number(page, "keyTag", word(&rest));
			number(page, "algorithm", word(&rest));
			number(page, "digestType", word(&rest));
			rdap_string(page, "digest", rest);
			rdap_close(page, '}');
		}
		rdap_close(page, ']');
	}
	rdap_close(page, '}');
}

struct rdap_page
rdap_begin(struct text *text, const struct publication *it,
    const struct rdap_options *options)
{
	struct rdap_page page = {text, it, options, options->base, true};

	text_add_char(text, '{');
	conformance(&page);
	return page;
}

bool
rdap_end(struct rdap_page *page, size_t start, struct fail *fail)
{
	struct text *text = page->text;

	text_add_char(text, '}');
	if (text->failed)
		return fail_memory(fail);
	return rdap_redacted_check(text->arena,
	    (struct slice){text->data + start, text->len - start}, fail);
}

void
rdap_tail(struct rdap_page *page, const enum role *roles, size_t count)
{
	if (page->options->whois.len != 0)
		rdap_string(page, "port43", page->options->whois);
	/* ICANN's profile has no such member on networks. */
	if (page->it->type != OBJECT_NETWORK)
		rdap_string(page, "lang", SLICE("en"));
	rdap_notices(page);
	rdap_redacted(page, roles, count, false);
}

bool
rdap_domain(struct text *text, const struct publication *it,
    const struct rdap_options *options, struct fail *fail)
{
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, it, options);
	enum role roles[ROLE_COUNT];
	size_t count = rdap_present(it, roles);

	rdap_set_self(&page, "domain/", it->name);
	rdap_string(&page, "objectClassName", SLICE("domain"));
	if (it->roid.state == PUBLISHED)
		rdap_string(&page, "handle", it->roid.values.items[0]);
	rdap_string(&page, "ldhName", it->name);
	if (it->unicode.len != 0)
		rdap_string(&page, "unicodeName", it->unicode);
	rdap_status(&page);
	rdap_events(&page);
	nameservers(&page);
	secure_dns(&page);
	rdap_entities(&page, roles, count);
	rdap_self(&page);
	rdap_tail(&page, roles, count);
	return rdap_end(&page, start, fail);
}

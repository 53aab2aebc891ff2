/* Networks, contacts and name servers that are asked for; help and errors. */
#include "base/prefix.h"
#include "codec/rdap_priv.h"

static const struct publication nothing;

/* First and last address; nothing if it is no prefix. */
static void
addresses(struct rdap_page *page)
{
	struct fail ignored = FAIL_INIT;
	char text[PREFIX_SIZE];
	struct prefix prefix;

	if (!prefix_parse(page->it->name, &prefix, &ignored))
		return;
	rdap_string(page, "startAddress",
	    (struct slice){text, prefix_print_address(&prefix, text)});
	prefix_last(&prefix);
	rdap_string(page, "endAddress",
	    (struct slice){text, prefix_print_address(&prefix, text)});
	rdap_string(page, "ipVersion", prefix.six ? SLICE("v6") : SLICE("v4"));
}

bool
rdap_network(struct text *text, const struct publication *it,
    const struct rdap_options *options, struct fail *fail)
{
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, it, options);
	struct publication_item name = publication_either(
	    it, ROLE_REGISTRANT, FIELD_NETNAME, FIELD_NETNAME);
	enum role roles[ROLE_COUNT];
	size_t count = rdap_present(it, roles);

	rdap_set_self(&page, "ip/", it->name);
	rdap_string(&page, "objectClassName", SLICE("ip network"));
	rdap_string(&page, "handle", it->name);
	addresses(&page);
	if (name.state == PUBLISHED)
		rdap_string(&page, "name", name.values.items[0]);
	rdap_string(&page, "type",
	    it->is_allocation ? SLICE("ALLOCATED") : SLICE("ASSIGNED"));
	if (it->above.count != 0)
		rdap_string(&page, "parentHandle",
		    it->above.items[it->above.count - 1].range);
	rdap_status(&page);
	rdap_events(&page);
	rdap_entities(&page, roles, count);
	rdap_self(&page);
	rdap_tail(&page, roles, count);
	return rdap_end(&page, start, fail);
}

bool
rdap_entity(struct text *text, const struct publication *it, enum role role,
    const struct rdap_options *options, struct fail *fail)
{
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, it, options);
	struct publication_item handle =
	    publication_either(it, role, FIELD_HANDLE, FIELD_HANDLE);

	if (handle.state == PUBLISHED)
		rdap_set_self(&page, "entity/", handle.values.items[0]);
	rdap_string(&page, "objectClassName", SLICE("entity"));
	rdap_card(&page, role);
	rdap_events_of(&page, &nothing);
	if (handle.state == PUBLISHED)
		rdap_self(&page);
	if (options->whois.len != 0)
		rdap_string(&page, "port43", options->whois);
	rdap_string(&page, "lang", SLICE("en"));
	rdap_notices(&page);
	rdap_redacted(&page, &role, 1, true);
	return rdap_end(&page, start, fail);
}

static void
glue(struct rdap_page *page, const char *name, struct values all, bool v6)
{
	bool any = false;

	for (size_t i = 0; i < all.count; i++) {
		struct slice address = all.items[i];

		if ((memchr(address.data, ':', address.len) != NULL) != v6)
			continue;
		if (!any)
			rdap_open(page, name, '[');
		any = true;
		rdap_string(page, "", address);
	}
	if (any)
		rdap_close(page, ']');
}

bool
rdap_nameserver(struct text *text, const struct publication *it,
    struct values addresses, const struct rdap_options *options,
    struct fail *fail)
{
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, it, options);

	rdap_set_self(&page, "nameserver/", it->name);
	rdap_string(&page, "objectClassName", SLICE("nameserver"));
	rdap_string(&page, "ldhName", it->name);
	if (it->unicode.len != 0)
		rdap_string(&page, "unicodeName", it->unicode);
	if (addresses.count != 0) {
		rdap_open(&page, "ipAddresses", '{');
		glue(&page, "v4", addresses, false);
		glue(&page, "v6", addresses, true);
		rdap_close(&page, '}');
	}
	rdap_events(&page);
	rdap_self(&page);
	rdap_tail(&page, NULL, 0);
	return rdap_end(&page, start, fail);
}

bool
rdap_help(
    struct text *text, const struct rdap_options *options, struct fail *fail)
{
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, &nothing, options);

	rdap_set_self(&page, "help", (struct slice){"", 0});
	rdap_string(&page, "lang", SLICE("en"));
	rdap_notices(&page);
	return rdap_end(&page, start, fail);
}

bool
rdap_error(struct text *text, int status, const char *title,
    const char *description, struct fail *fail)
{
	static const struct rdap_options none;
	size_t start = text->len;
	struct rdap_page page = rdap_begin(text, &nothing, &none);

	rdap_member(&page, "errorCode");
	text_add_number(text, status);
	rdap_string(&page, "title", slice_from(title));
	rdap_open(&page, "description", '[');
	rdap_string(&page, "", slice_from(description));
	rdap_close(&page, ']');
	return rdap_end(&page, start, fail);
}

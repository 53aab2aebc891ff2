/* domain:create and domain:update, by domain-1.0 (RFC 5731). */
#include "codec/epp_priv.h"

#include "base/name.h"
#include "base/text.h"

static bool
add_link(struct epp_reader *r, struct epp_domain *domain, uint32_t element,
    const struct epp_link *link)
{
	if (domain->link_count == EPP_LINKS_MAX)
		return epp_refuse(r, EPP_RANGE, element, "too many contacts");
	domain->links[domain->link_count] = *link;
	domain->links[domain->link_count++].whole =
	    r->document->elements[element].whole;
	return true;
}

static bool
read_registrant(struct epp_reader *r, struct epp_domain *domain,
    uint32_t element, size_t min)
{
	struct epp_link link = {
	    .role = ROLE_REGISTRANT, .change = EPP_LINK_SET};

	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_token(r, element, min, 16, &link.id))
		return false;
	if (link.id.len == 1 || link.id.len == 2)
		return epp_refuse(r, EPP_VALUE, element, "a value too short");
	return add_link(r, domain, element, &link);
}

static bool
read_contacts(struct epp_walk *walk, struct epp_domain *domain,
    enum epp_link_change change)
{
	static const char *const types[] = {"admin", "tech", "billing", NULL};
	static const enum role roles[] = {ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
	struct epp_reader *r = walk->r;
	uint32_t element;
	size_t type;

	while ((element = epp_take(walk, "contact")) != XML_NONE) {
		struct epp_link link = {.change = change};

		if (!epp_attributes(r, element, "type", NULL) ||
		    !epp_attribute_word(r, element, "type", types, &type) ||
		    !epp_token(r, element, 3, 16, &link.id))
			return false;
		link.role = roles[type];
		if (!add_link(r, domain, element, &link))
			return false;
	}
	return true;
}

/* Canonical, from "name address address". */
static bool
take_server(struct epp_reader *r, uint32_t element, struct text *text,
    struct slice *out)
{
	struct slice written = text_slice(text);
	struct fail why = FAIL_INIT;

	if (written.data == NULL)
		return epp_no_memory(r);
	if (name_server(r->arena, written, out, &why))
		return true;
	if (why.kind == FAIL_MEMORY)
		return epp_no_memory(r);
	return epp_refuse(r, EPP_VALUE, element, "no name server");
}

static bool
read_host_attributes(struct epp_reader *r, uint32_t element, struct slice *out)
{
	struct epp_walk walk = epp_walk(r, element);
	struct text text = text_start(r->arena);
	struct slice piece;
	uint32_t child;

	if (!epp_attributes(r, element, NULL, NULL) ||
	    !epp_need(&walk, "hostName", &child) ||
	    !epp_attributes(r, child, NULL, NULL) ||
	    !epp_read_name(r, child, &piece))
		return false;
	text_add(&text, piece);
	while ((child = epp_take(&walk, "hostAddr")) != XML_NONE) {
		if (!epp_read_address(r, child, &piece))
			return false;
		text_add_char(&text, ' ');
		text_add(&text, piece);
	}
	return epp_end(&walk) && take_server(r, element, &text, out);
}

static uint32_t
count_children(const struct xml_document *d, uint32_t parent)
{
	uint32_t count = 0;

	for (uint32_t at = d->elements[parent].first; at != XML_NONE;
	     at = d->elements[at].next)
		count++;
	return count;
}

/* Either all objects or all attributes; `out` has room for each. */
static bool
read_servers(
    struct epp_reader *r, uint32_t ns, struct slice *out, size_t *count)
{
	struct epp_walk walk = epp_walk(r, ns);
	uint32_t element;

	if (!epp_attributes(r, ns, NULL, NULL))
		return false;
	if (walk.at == XML_NONE)
		return epp_need(&walk, "hostObj", &element);
	while ((element = epp_take(&walk, "hostObj")) != XML_NONE)
		if (!epp_attributes(r, element, NULL, NULL) ||
		    !epp_read_name(r, element, &out[(*count)++]))
			return false;
	if (*count != 0)
		return epp_end(&walk);
	while ((element = epp_take(&walk, "hostAttr")) != XML_NONE)
		if (!read_host_attributes(r, element, &out[(*count)++]))
			return false;
	return epp_end(&walk);
}

/* `keep`: these are the domain's, or will be. */
static bool
read_ns(struct epp_reader *r, struct epp_domain *domain, uint32_t ns, bool keep)
{
	struct slice *out = arena_take_array(
	    r->arena, count_children(r->document, ns), sizeof(*out));
	size_t count = 0;

	if (out == NULL)
		return epp_no_memory(r);
	if (!read_servers(r, ns, out, &count))
		return false;
	if (keep) {
		domain->servers = out;
		domain->server_count = count;
	}
	return true;
}

static bool
read_create(struct epp_walk *walk, struct epp_domain *domain)
{
	struct epp_reader *r = walk->r;
	uint32_t element = epp_take(walk, "period");

	if (element != XML_NONE && !epp_read_period(r, element))
		return false;
	element = epp_take(walk, "ns");
	if (element != XML_NONE && !read_ns(r, domain, element, true))
		return false;
	element = epp_take(walk, "registrant");
	if (element != XML_NONE && !read_registrant(r, domain, element, 3))
		return false;
	return read_contacts(walk, domain, EPP_LINK_ADD) &&
	       epp_need(walk, "authInfo", &element) &&
	       epp_read_auth(r, element, false, NULL) && epp_end(walk);
}

static const char *const statuses[] = {"clientDeleteProhibited", "clientHold",
    "clientRenewProhibited", "clientTransferProhibited",
    "clientUpdateProhibited"};
enum { STATUSES = sizeof(statuses) / sizeof(*statuses) };

const char *
epp_domain_status(unsigned nth)
{
	return nth < STATUSES ? statuses[nth] : NULL;
}

/* Others are the registry's to refuse. */
static void
note_status(void *arg, struct slice status)
{
	unsigned *bits = arg;

	for (unsigned i = 0; i < STATUSES; i++)
		if (slice_is(status, statuses[i]))
			*bits |= 1u << i;
}

static bool
read_parts(struct epp_reader *r, struct epp_domain *domain, uint32_t element,
    enum epp_link_change change, bool *only_links)
{
	struct epp_walk walk = epp_walk(r, element);
	uint32_t ns = epp_take(&walk, "ns");
	size_t links = domain->link_count;

	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	if (ns != XML_NONE && !read_ns(r, domain, ns, change == EPP_LINK_ADD))
		return false;
	if (!read_contacts(&walk, domain, change))
		return false;
	*only_links =
	    ns == XML_NONE && walk.at == XML_NONE && domain->link_count > links;
	return epp_read_statuses(&walk, 11, note_status,
		   change == EPP_LINK_ADD ? &domain->add_statuses
					  : &domain->remove_statuses) &&
	       epp_end(&walk);
}

static bool
read_change(struct epp_reader *r, struct epp_domain *domain, uint32_t change)
{
	struct epp_walk walk = epp_walk(r, change);
	uint32_t registrant = epp_take(&walk, "registrant"), auth;

	if (!epp_attributes(r, change, NULL, NULL) ||
	    (registrant != XML_NONE &&
		!read_registrant(r, domain, registrant, 0)))
		return false;
	auth = epp_take(&walk, "authInfo");
	domain->change_only_links = registrant != XML_NONE && auth == XML_NONE;
	return (auth == XML_NONE || epp_read_auth(r, auth, true, NULL)) &&
	       epp_end(&walk);
}

static bool
read_update(struct epp_walk *walk, struct epp_domain *domain)
{
	struct epp_reader *r = walk->r;
	const struct xml_element *all = r->document->elements;
	uint32_t element = epp_take(walk, "add");

	if (element != XML_NONE) {
		domain->add = all[element].whole;
		if (!read_parts(r, domain, element, EPP_LINK_ADD,
			&domain->add_only_links))
			return false;
	}
	element = epp_take(walk, "rem");
	if (element != XML_NONE) {
		domain->remove = all[element].whole;
		if (!read_parts(r, domain, element, EPP_LINK_REMOVE,
			&domain->remove_only_links))
			return false;
	}
	element = epp_take(walk, "chg");
	if (element != XML_NONE) {
		domain->change = all[element].whole;
		if (!read_change(r, domain, element))
			return false;
	}
	return epp_end(walk);
}

bool
epp_read_domain(struct epp_reader *r, uint32_t object)
{
	struct epp_command *c = r->command;
	struct epp_domain *domain = arena_take(r->arena, sizeof(*domain));
	struct epp_walk walk = epp_walk(r, object);
	uint32_t name;

	if (domain == NULL)
		return epp_no_memory(r);
	domain->object = r->document->elements[object].whole;
	domain->change = domain->add = domain->remove =
	    epp_nowhere(r->document->elements[object].content.end);
	c->domain = domain;
	c->ids = &c->id;
	c->id_count = 1;
	if (!epp_need(&walk, "name", &name) ||
	    !epp_attributes(r, name, NULL, NULL) ||
	    !epp_read_name(r, name, &domain->name))
		return false;
	c->id = domain->name;
	return c->verb == EPP_CREATE ? read_create(&walk, domain)
				     : read_update(&walk, domain);
}

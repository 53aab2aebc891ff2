/* Is what the registry holds what a frame of ours asked for? */
#include "codec/epp_frame_priv.h"

#include "core/record.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Names and ids are compared without regard to case, as registries do. */
static bool
is_same(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

struct asked {
	const struct epp_response *info;
	const struct xml_element *elements;
	struct arena *arena;
};

/* Does an element of this name and type with this text stand there? */
static bool
is_said(const struct asked *asked, uint32_t parent, const char *name,
    const char *type, struct slice text)
{
	const struct xml_document *document = asked->info->document;

	for (uint32_t i = asked->elements[parent].first; i != XML_NONE;
	     i = asked->elements[i].next) {
		if (!slice_is(asked->elements[i].name, name) ||
		    (type != NULL && !slice_is(xml_attribute_text(document, i,
						   "type", asked->arena),
					 type)))
			continue;
		if (asked->elements[i].first == XML_NONE &&
		    is_same(xml_text(document, i, asked->arena), text))
			return true;
	}
	return false;
}

static bool
has_link(const struct asked *asked, const struct epp_link *link)
{
	if (link->id.len == 0)
		return true;
	if (link->role == ROLE_REGISTRANT)
		return is_said(
		    asked, asked->info->data, "registrant", NULL, link->id);
	return is_said(asked, asked->info->data, "contact",
	    role_name(link->role), link->id);
}

/* A server is "ns1.example.jp 192.0.2.1"; its addresses are the host's. */
static bool
has_server(const struct asked *asked, struct slice server)
{
	const char *blank = memchr(server.data, ' ', server.len);
	struct slice name = {server.data,
	    blank != NULL ? (size_t)(blank - server.data) : server.len};

	for (uint32_t i = asked->elements[asked->info->data].first;
	     i != XML_NONE; i = asked->elements[i].next) {
		if (!slice_is(asked->elements[i].name, "ns"))
			continue;
		if (is_said(asked, i, "hostObj", NULL, name))
			return true;
		for (uint32_t k = asked->elements[i].first; k != XML_NONE;
		     k = asked->elements[k].next)
			if (is_said(asked, k, "hostName", NULL, name))
				return true;
	}
	return false;
}

static bool
domain_agrees(const struct asked *asked, const struct epp_domain *domain)
{
	for (size_t i = 0; i < domain->link_count; i++)
		if (!has_link(asked, &domain->links[i]))
			return false;
	for (size_t i = 0; i < domain->server_count; i++)
		if (!has_server(asked, domain->servers[i]))
			return false;
	return true;
}

static bool
values_agree(struct values a, struct values b)
{
	if (a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
		if (!slice_equal(a.items[i], b.items[i]))
			return false;
	return true;
}

static bool
contact_agrees(const struct asked *asked, const struct epp_command *command)
{
	struct fail fail = FAIL_INIT;
	struct record *sent = epp_contact_record(command, asked->arena, &fail);
	struct record *held =
	    epp_response_record(asked->info, asked->arena, &fail);

	if (sent == NULL || held == NULL)
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		struct values values =
		    record_values(sent, CONTACT_ROLE, (enum field)f);

		if (f != FIELD_HANDLE && values.count != 0 &&
		    !values_agree(values,
			record_values(held, CONTACT_ROLE, (enum field)f)))
			return false;
	}
	return true;
}

bool
epp_frame_agrees(
    struct slice create, const struct epp_response *info, struct arena *arena)
{
	struct epp_problem problem = {0};
	struct fail fail = FAIL_INIT;
	struct epp_command *command = epp_read_command(
	    arena, create, &xml_limits_default, &problem, &fail);
	struct asked asked = {info, info->document->elements, arena};

	if (command == NULL || info->data == XML_NONE ||
	    command->object != info->object ||
	    !slice_is(asked.elements[info->data].name, "infData") ||
	    !is_said(&asked, info->data,
		command->object == EPP_CONTACT ? "id" : "name", NULL,
		command->id))
		return false;
	if (command->domain != NULL)
		return domain_agrees(&asked, command->domain);
	if (command->contact != NULL)
		return contact_agrees(&asked, command);
	return true;
}

/* Is what the registry holds what a frame of ours asked for? */
#include "codec/epp_frame_priv.h"

#include "codec/epp_priv.h"

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

/* A registrant who was taken away must be gone. */
static bool
link_agrees(const struct asked *asked, const struct epp_link *link)
{
	if (link->id.len == 0)
		return epp_child(asked->info->document, asked->info->data,
			   "registrant") == XML_NONE;
	return has_link(asked, link) != (link->change == EPP_LINK_REMOVE);
}

/* Is it among those that the command adds?  Then it may be there. */
static bool
is_added(const struct epp_domain *domain, struct slice name)
{
	for (size_t i = 0; i < domain->server_count; i++) {
		struct slice server = domain->servers[i];

		if (server.len >= name.len &&
		    (server.len == name.len || server.data[name.len] == ' ') &&
		    is_same((struct slice){server.data, name.len}, name))
			return true;
	}
	return false;
}

static bool
is_still_there(const struct asked *asked, const struct epp_command *command,
    uint32_t server)
{
	const struct xml_document *document = command->document;
	uint32_t attribute = epp_child(document, server, "hostName");
	struct slice name = xml_text(
	    document, attribute != XML_NONE ? attribute : server, asked->arena);

	return name.data == NULL ||
	       (!is_added(command->domain, name) && has_server(asked, name));
}

static bool
removals_agree(const struct asked *asked, const struct epp_command *command)
{
	const struct xml_element *all = command->document->elements;
	uint32_t parent, servers;

	if (command->verb != EPP_UPDATE ||
	    !epp_frame_is_there(command->domain->remove))
		return true;
	parent = epp_frame_find(command->document, command->domain->remove);
	if (parent == XML_NONE)
		return false;
	servers = epp_child(command->document, parent, "ns");
	if (servers == XML_NONE)
		return true;
	for (uint32_t i = all[servers].first; i != XML_NONE; i = all[i].next)
		if (is_still_there(asked, command, i))
			return false;
	return true;
}

static bool
domain_agrees(const struct asked *asked, const struct epp_command *command)
{
	const struct epp_domain *domain = command->domain;

	for (size_t i = 0; i < domain->link_count; i++)
		if (!link_agrees(asked, &domain->links[i]))
			return false;
	for (size_t i = 0; i < domain->server_count; i++)
		if (!has_server(asked, domain->servers[i]))
			return false;
	return removals_agree(asked, command);
}

static bool
has_status(const struct asked *asked, const char *word)
{
	const struct xml_document *document = asked->info->document;

	for (uint32_t i = asked->elements[asked->info->data].first;
	     i != XML_NONE; i = asked->elements[i].next)
		if (slice_is(asked->elements[i].name, "status") &&
		    slice_is(xml_attribute_text(document, i, "s", asked->arena),
			word))
			return true;
	return false;
}

/* The registry tells authInfo to nobody but the sponsor, who we then are. */
static bool
is_transferred(const struct asked *asked)
{
	return has_status(asked, "pendingTransfer") ||
	       epp_child(asked->info->document, asked->info->data,
		   "authInfo") != XML_NONE;
}

/* Does it expire another day than the one that it was renewed from? */
static bool
is_renewed(const struct asked *asked, const struct epp_command *command)
{
	const struct xml_document *document = command->document;
	uint32_t renewal = epp_child(document, 0, "command"), date;
	struct slice from, now;

	if (renewal != XML_NONE)
		renewal = epp_child(document, renewal, "renew");
	if (renewal != XML_NONE)
		renewal = document->elements[renewal].first;
	if (renewal != XML_NONE)
		renewal = epp_child(document, renewal, "curExpDate");
	if (renewal == XML_NONE)
		return false;
	date = epp_child(asked->info->document, asked->info->data, "exDate");
	if (date == XML_NONE)
		return false;
	from = xml_text(document, renewal, asked->arena);
	now = xml_text(asked->info->document, date, asked->arena);
	return from.len >= 10 && now.len >= 10 &&
	       memcmp(now.data, from.data, 10) > 0;
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

/*
 * Is what an update says of publication there?  Where the registry shows it
 * otherwise, or not at all, the update goes once more, and changes nothing.
 */
static bool
disclose_agrees(const struct asked *asked, const struct epp_command *command)
{
	uint32_t said, there;

	if (command->verb != EPP_UPDATE ||
	    !epp_frame_is_there(command->contact->disclose))
		return true;
	said = epp_frame_find(command->document, command->contact->disclose);
	there =
	    epp_child(asked->info->document, asked->info->data, "disclose");
	return said != XML_NONE && there != XML_NONE &&
	       epp_state_wishes(
		   command->document, said, false, asked->arena) ==
		   epp_state_wishes(
		       asked->info->document, there, false, asked->arena);
}

static bool
contact_agrees(const struct asked *asked, const struct epp_command *command)
{
	struct fail fail = FAIL_INIT;
	struct record *sent = epp_contact_record(command, asked->arena, &fail);
	struct record *held =
	    epp_response_record(asked->info, asked->arena, &fail);

	if (sent == NULL || held == NULL || !disclose_agrees(asked, command))
		return false;
	for (unsigned f = 0; f < FIELD_COUNT; f++) {
		enum field field = (enum field)f;
		struct values values = record_values(sent, CONTACT_ROLE, field);
		struct values there = record_values(held, CONTACT_ROLE, field);

		if (field == FIELD_HANDLE)
			continue;
		if (values.count != 0
			? !values_agree(values, there)
			: there.count != 0 &&
			      record_removed(sent, CONTACT_ROLE, field))
			return false;
	}
	return true;
}

static bool
says_more(const struct asked *asked, const struct epp_command *command)
{
	if (command->verb == EPP_DELETE)
		return has_status(asked, "pendingDelete");
	if (command->verb == EPP_RENEW)
		return is_renewed(asked, command);
	if (command->verb == EPP_TRANSFER)
		return is_transferred(asked);
	/* Signers are not looked at: the frame can be repeated. */
	if (command->verb == EPP_UPDATE && command->extension_count != 0)
		return false;
	if (command->domain != NULL)
		return domain_agrees(asked, command);
	return command->contact == NULL || contact_agrees(asked, command);
}

bool
epp_frame_agrees(
    struct slice frame, const struct epp_response *info, struct arena *arena)
{
	struct epp_problem problem = {0};
	struct fail fail = FAIL_INIT;
	struct epp_command *command = epp_read_command(
	    arena, frame, &xml_limits_default, &problem, &fail);
	struct asked asked = {info, info->document->elements, arena};

	if (command == NULL || info->data == XML_NONE ||
	    command->object != info->object ||
	    !slice_is(asked.elements[info->data].name, "infData") ||
	    !is_said(&asked, info->data,
		command->object == EPP_CONTACT ? "id" : "name", NULL,
		command->id))
		return false;
	return says_more(&asked, command);
}

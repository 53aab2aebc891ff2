#include "registry/registry_priv.h"

static const char *
name_of(struct request *request, const xmlNode *parent)
{
	xmlNode *name = xml_child(parent, "name");

	return name == NULL ? "" : xml_text(request, name);
}

static const char *
address_key(struct request *request, const xmlNode *address)
{
	const char *ip = xml_attribute(request, address, "ip");

	return ip != NULL && strcmp(ip, "v6") == 0 ? "addr.v6" : "addr.v4";
}

static void
addresses_change(struct request *request, struct object *host,
    const xmlNode *part, bool more)
{
	xmlNode *at;

	for (at = part == NULL ? NULL : xml_child(part, "addr"); at != NULL;
	     at = xml_next(at, "addr")) {
		const char *key = address_key(request, at);
		const char *value = xml_text(request, at);

		object_remove(request->registry, host, key, value);
		if (more)
			object_add(request->registry, host, key, value);
	}
}

static int
host_create(struct request *request)
{
	const char *name = name_of(request, request->command);
	struct object *host;

	if (object_find(request->registry, KIND_HOST, name) != NULL)
		return 2302;
	host = command_create(request, name);
	addresses_change(request, host, request->command, true);
	command_extensions(request, host);
	bytes_add_format(&request->data, "<host:creData xmlns:host=\"%s\">",
	    registry_kind_uris[KIND_HOST]);
	command_element(&request->data, "host", "name", name);
	command_info_date(request, host, "crDate");
	bytes_add_string(&request->data, "</host:creData>");
	return 1000;
}

static int
host_info(struct request *request, const struct object *host)
{
	static const char *const dates[] = {
	    "clID", "crID", "crDate", "upID", "upDate", "trDate"};
	size_t i;

	if (host == NULL)
		return 2303;
	command_info_head(request, host, "name");
	command_info_statuses(request, host);
	for (i = 0; i < host->count; i++) {
		const struct property *property = &host->properties[i];

		if (strncmp(property->key, "addr.", 5) != 0)
			continue;
		bytes_add_format(
		    &request->data, "<host:addr ip=\"%s\">", property->key + 5);
		bytes_add_xml(&request->data, property->value);
		bytes_add_string(&request->data, "</host:addr>");
	}
	for (i = 0; i < sizeof(dates) / sizeof(*dates); i++)
		command_info_date(request, host, dates[i]);
	bytes_add_string(&request->data, "</host:infData>");
	return 1000;
}

/* A host that gets a new name is another object with the same values. */
static struct object *
host_rename(struct request *request, struct object *host, const char *name)
{
	struct registry *registry = request->registry;
	struct object *other = object_make(registry, KIND_HOST, name), *at;
	size_t i;

	other->number = host->number;
	for (i = 0; i < host->count; i++)
		object_add(registry, other, host->properties[i].key,
		    host->properties[i].value);
	for (at = registry->oldest; at != NULL; at = at->newer)
		if (at->kind == KIND_DOMAIN &&
		    object_remove(registry, at, "ns", host->name))
			object_add(registry, at, "ns", name);
	object_destroy(registry, host);
	return other;
}

static int
host_update(struct request *request, struct object *host)
{
	xmlNode *change = xml_child(request->command, "chg");
	const char *name = change == NULL ? NULL : name_of(request, change);
	int code = command_owned(request, host, "UpdateProhibited");

	if (code != 1000)
		return code;
	if (xml_sibling(xml_child(request->command, "name")) == NULL &&
	    request->extension == NULL)
		return 2003;
	if (name != NULL &&
	    object_find(request->registry, KIND_HOST, name) != NULL)
		return 2302;
	code = command_statuses(request, host);
	if (code != 1000)
		return code;
	addresses_change(
	    request, host, xml_child(request->command, "rem"), false);
	addresses_change(
	    request, host, xml_child(request->command, "add"), true);
	if (name != NULL)
		host = host_rename(request, host, name);
	command_updated(request, host);
	return 1000;
}

static int
host_delete(struct request *request, struct object *host)
{
	int code = command_owned(request, host, "DeleteProhibited");

	if (code != 1000)
		return code;
	if (host->links > 0)
		return 2305;
	object_destroy(request->registry, host);
	return 1000;
}

int
registry_host(struct request *request)
{
	struct object *host = object_find(
	    request->registry, KIND_HOST, name_of(request, request->command));

	if (xml_is(request->verb, "check"))
		return command_check(request, "name");
	if (xml_is(request->verb, "create"))
		return host_create(request);
	if (xml_is(request->verb, "info"))
		return host_info(request, host);
	if (xml_is(request->verb, "update"))
		return host_update(request, host);
	if (xml_is(request->verb, "delete"))
		return host_delete(request, host);
	return 2101;
}

#include "registry/registry_priv.h"

static const char *
name_of(struct request *request, const xmlNode *parent)
{
	xmlNode *name = dom_child(parent, "name");

	return name == NULL ? "" : dom_text(request, name);
}

static const char *
address_key(struct request *request, const xmlNode *address)
{
	const char *ip = dom_attribute(request, address, "ip");

	return ip != NULL && strcmp(ip, "v6") == 0 ? "addr.v6" : "addr.v4";
}

static void
addresses_change(struct request *request, struct object *host,
    const xmlNode *part, bool more)
{
	xmlNode *at;

	for (at = part == NULL ? NULL : dom_child(part, "addr"); at != NULL;
	     at = dom_next(at, "addr")) {
		const char *key = address_key(request, at);
		const char *value = dom_text(request, at);

		stored_remove(request->registry, host, key, value);
		if (more)
			stored_add(request->registry, host, key, value);
	}
}

static int
host_create(struct request *request)
{
	const char *name = name_of(request, request->command);
	struct object *host;

	if (stored_find(request->registry, KIND_HOST, name) != NULL)
		return 2302;
	host = common_create(request, name);
	addresses_change(request, host, request->command, true);
	common_extensions(request, host);
	bytes_add_format(&request->data, "<host:creData xmlns:host=\"%s\">",
	    registry_kind_uris[KIND_HOST]);
	common_element(&request->data, "host", "name", name);
	common_info_date(request, host, "crDate");
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
	common_info_head(request, host, "name");
	common_info_statuses(request, host);
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
		common_info_date(request, host, dates[i]);
	bytes_add_string(&request->data, "</host:infData>");
	return 1000;
}

/* A host that gets a new name is another object with the same values. */
static struct object *
host_rename(struct request *request, struct object *host, const char *name)
{
	struct registry *registry = request->registry;
	struct object *other = stored_make(registry, KIND_HOST, name), *at;
	size_t i;

	other->number = host->number;
	for (i = 0; i < host->count; i++)
		stored_add(registry, other, host->properties[i].key,
		    host->properties[i].value);
	for (at = registry->oldest; at != NULL; at = at->newer)
		if (at->kind == KIND_DOMAIN &&
		    stored_remove(registry, at, "ns", host->name))
			stored_add(registry, at, "ns", name);
	stored_destroy(registry, host);
	return other;
}

static int
host_update(struct request *request, struct object *host)
{
	xmlNode *change = dom_child(request->command, "chg");
	const char *name = change == NULL ? NULL : name_of(request, change);
	int code = common_owned(request, host, "UpdateProhibited");

	if (code != 1000)
		return code;
	if (dom_sibling(dom_child(request->command, "name")) == NULL &&
	    request->extension == NULL)
		return 2003;
	if (name != NULL &&
	    stored_find(request->registry, KIND_HOST, name) != NULL)
		return 2302;
	code = common_statuses(request, host);
	if (code != 1000)
		return code;
	addresses_change(
	    request, host, dom_child(request->command, "rem"), false);
	addresses_change(
	    request, host, dom_child(request->command, "add"), true);
	if (name != NULL)
		host = host_rename(request, host, name);
	common_updated(request, host);
	return 1000;
}

static int
host_delete(struct request *request, struct object *host)
{
	int code = common_owned(request, host, "DeleteProhibited");

	if (code != 1000)
		return code;
	if (host->links > 0)
		return 2305;
	stored_destroy(request->registry, host);
	return 1000;
}

int
registry_host(struct request *request)
{
	struct object *host = stored_find(
	    request->registry, KIND_HOST, name_of(request, request->command));

	if (dom_child(request->command, "name") == NULL)
		return 2003;
	if (dom_is(request->verb, "check"))
		return common_check(request, "name");
	if (dom_is(request->verb, "create"))
		return host_create(request);
	if (dom_is(request->verb, "info"))
		return host_info(request, host);
	if (dom_is(request->verb, "update"))
		return host_update(request, host);
	if (dom_is(request->verb, "delete"))
		return host_delete(request, host);
	return 2101;
}

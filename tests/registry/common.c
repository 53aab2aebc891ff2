#include "registry/registry_priv.h"

#define IS_SECDNS(node) (strcmp(dom_uri(node), SECDNS_URI) == 0)

bool
common_mine(const struct request *request, const struct object *object)
{
	const char *owner = stored_get(object, "clID");

	return owner != NULL && strcmp(owner, request->session->client) == 0;
}

void
common_element(
    struct bytes *out, const char *prefix, const char *name, const char *value)
{
	bytes_add_format(out, "<%s:%s>", prefix, name);
	bytes_add_xml(out, value);
	bytes_add_format(out, "</%s:%s>", prefix, name);
}

int
common_check(struct request *request, const char *key)
{
	const char *prefix = registry_kind_names[request->kind];
	xmlNode *at;

	bytes_add_format(&request->data, "<%s:chkData xmlns:%s=\"%s\">", prefix,
	    prefix, registry_kind_uris[request->kind]);
	for (at = dom_child(request->command, key); at != NULL;
	     at = dom_next(at, key)) {
		const char *name = dom_text(request, at);
		bool there =
		    stored_find(request->registry, request->kind, name) != NULL;

		bytes_add_format(&request->data, "<%s:cd><%s:%s avail=\"%d\">",
		    prefix, prefix, key, !there);
		bytes_add_xml(&request->data, name);
		bytes_add_format(&request->data, "</%s:%s>", prefix, key);
		if (there)
			common_element(
			    &request->data, prefix, "reason", "In use");
		bytes_add_format(&request->data, "</%s:cd>", prefix);
	}
	bytes_add_format(&request->data, "</%s:chkData>", prefix);
	return 1000;
}

/*
 * May the session's client do that to the object, which may be NULL?
 * `prohibited` is a status without its "client" or "server".
 */
int
common_owned(
    struct request *request, struct object *object, const char *prohibited)
{
	char status[64];

	if (object == NULL)
		return 2303;
	if (!common_mine(request, object))
		return 2201;
	(void)snprintf(status, sizeof(status), "server%s", prohibited);
	if (stored_has(object, "status", status))
		return 2304;
	(void)snprintf(status, sizeof(status), "client%s", prohibited);
	/* A client may take its own prohibition of updates away. */
	if (strcmp(prohibited, "UpdateProhibited") == 0) {
		xmlNode *rem = dom_child(request->command, "rem"), *at;

		for (at = rem == NULL ? NULL : dom_child(rem, "status");
		     at != NULL; at = dom_next(at, "status"))
			if (strcmp(dom_word(request, at, "s"), status) == 0)
				return 1000;
	}
	return stored_has(object, "status", status) ? 2304 : 1000;
}

/* Only a client's own statuses may be added and removed. */
int
common_statuses(struct request *request, struct object *object)
{
	const char *const parts[] = {"rem", "add"};
	size_t i, pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < 2; i++) {
			xmlNode *part = dom_child(request->command, parts[i]);
			xmlNode *at;

			for (at = part == NULL ? NULL
					       : dom_child(part, "status");
			     at != NULL; at = dom_next(at, "status")) {
				const char *status = dom_word(request, at, "s");

				if (strncmp(status, "client", 6) != 0) {
					request->reason =
					    "only client statuses";
					return 2306;
				}
				if (pass == 0)
					continue;
				stored_remove(request->registry, object,
				    "status", status);
				if (i == 1)
					stored_add(request->registry, object,
					    "status", status);
			}
		}
	return 1000;
}

struct object *
common_create(struct request *request, const char *name)
{
	struct registry *registry = request->registry;
	struct object *object = stored_make(registry, request->kind, name);
	char date[DATE_SIZE];

	registry_date(registry->now, date);
	stored_add(registry, object, "clID", request->session->client);
	stored_add(registry, object, "crID", request->session->client);
	stored_add(registry, object, "crDate", date);
	return object;
}

void
common_updated(struct request *request, struct object *object)
{
	char date[DATE_SIZE];

	registry_date(request->registry->now, date);
	stored_set(request->registry, object, "upID", request->session->client);
	stored_set(request->registry, object, "upDate", date);
}

const char *
common_password(struct request *request, const xmlNode *parent)
{
	xmlNode *info = dom_child(parent, "authInfo");
	xmlNode *password = info == NULL ? NULL : dom_child(info, "pw");

	return password == NULL ? NULL : dom_exact(request, password);
}

int
common_authorised(struct request *request, const struct object *object)
{
	const char *given = common_password(request, request->command);
	const char *right = stored_get(object, "pw");

	if (given == NULL)
		return 0;
	return right != NULL && *right != '\0' && strcmp(given, right) == 0
		   ? 1000
		   : 2202;
}

void
common_info_head(
    struct request *request, const struct object *object, const char *key)
{
	const char *prefix = registry_kind_names[object->kind];

	bytes_add_format(&request->data, "<%s:infData xmlns:%s=\"%s\">", prefix,
	    prefix, registry_kind_uris[object->kind]);
	common_element(&request->data, prefix, key, object->name);
	bytes_add_format(&request->data, "<%s:roid>%c%lu-SIM</%s:roid>", prefix,
	    "CDH"[object->kind], object -> number, prefix);
}

void
common_info_statuses(struct request *request, const struct object *object)
{
	const char *prefix = registry_kind_names[object->kind];
	bool prohibited = false;
	size_t i;

	for (i = 0; i < object->count; i++) {
		if (strcmp(object->properties[i].key, "status") != 0)
			continue;
		bytes_add_format(&request->data, "<%s:status s=\"%s\"/>",
		    prefix, object->properties[i].value);
		prohibited = true;
	}
	if (stored_get(object, "transfer.status") != NULL &&
	    strcmp(stored_get(object, "transfer.status"), "pending") == 0) {
		bytes_add_format(&request->data,
		    "<%s:status s=\"pendingTransfer\"/>", prefix);
		prohibited = true;
	}
	if (!prohibited)
		bytes_add_format(
		    &request->data, "<%s:status s=\"ok\"/>", prefix);
	if (object->links > 0)
		bytes_add_format(
		    &request->data, "<%s:status s=\"linked\"/>", prefix);
}

void
common_info_date(
    struct request *request, const struct object *object, const char *key)
{
	const char *value = stored_get(object, key);

	if (value != NULL)
		common_element(&request->data,
		    registry_kind_names[object->kind], key, value);
}

void
common_info_tail(struct request *request, const struct object *object)
{
	const char *value = stored_get(object, "pw");
	const char *prefix = registry_kind_names[object->kind];

	if (value == NULL || object->kind == KIND_HOST ||
	    (!common_mine(request, object) &&
		common_authorised(request, object) != 1000))
		return;
	bytes_add_format(&request->data, "<%s:authInfo>", prefix);
	common_element(&request->data, prefix, "pw", value);
	bytes_add_format(&request->data, "</%s:authInfo>", prefix);
}

/* One <dsData> or <keyData> as the infData will say it again. */
static void
secdns_apply(struct request *request, struct object *object,
    const xmlNode *part, bool more)
{
	xmlNode *at;

	for (at = dom_first(part); at != NULL; at = dom_sibling(at)) {
		const char *text = dom_print(request, at);

		if (dom_is(at, "all")) {
			stored_remove(
			    request->registry, object, "secDNS", NULL);
			continue;
		}
		stored_remove(request->registry, object, "secDNS", text);
		if (more)
			stored_add(request->registry, object, "secDNS", text);
	}
}

static void
secdns(struct request *request, struct object *object, const xmlNode *extension)
{
	if (dom_is(extension, "create")) {
		secdns_apply(request, object, extension, true);
		return;
	}
	if (dom_child(extension, "rem") != NULL)
		secdns_apply(
		    request, object, dom_child(extension, "rem"), false);
	if (dom_child(extension, "add") != NULL)
		secdns_apply(
		    request, object, dom_child(extension, "add"), true);
}

/* Extensions are kept with the object as they came, for `dump`. */
void
common_extensions(struct request *request, struct object *object)
{
	xmlNode *at;

	for (at = dom_first(request->extension); at != NULL;
	     at = dom_sibling(at)) {
		if (IS_SECDNS(at))
			secdns(request, object, at);
		else if (strcmp(dom_uri(at), ADDLEMAIL_URI) == 0)
			stored_set(request->registry, object, "addlEmail",
			    dom_print(request, at));
		else
			stored_add(request->registry, object, "extension",
			    dom_print(request, at));
	}
}

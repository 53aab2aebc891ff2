#include <strings.h>

#include "registry/registry_priv.h"

static int domain_create(struct request *request);
static int domain_info(struct request *request);
static int domain_update(struct request *request);
static int domain_delete(struct request *request);
static int domain_renew(struct request *request);

static const char *
name_of(struct request *request)
{
	xmlNode *name = dom_child(request->command, "name");

	return name == NULL ? "" : dom_text(request, name);
}

static struct object *
domain_of(struct request *request)
{
	return stored_find(request->registry, KIND_DOMAIN, name_of(request));
}

int
registry_domain(struct request *request)
{
	if (dom_child(request->command, "name") == NULL)
		return 2003;
	if (dom_is(request->verb, "check"))
		return common_check(request, "name");
	if (dom_is(request->verb, "create"))
		return domain_create(request);
	if (dom_is(request->verb, "info"))
		return domain_info(request);
	if (dom_is(request->verb, "update"))
		return domain_update(request);
	if (dom_is(request->verb, "delete"))
		return domain_delete(request);
	if (dom_is(request->verb, "renew"))
		return domain_renew(request);
	if (dom_is(request->verb, "transfer"))
		return registry_transfer(request, domain_of(request));
	return 2101;
}

/* Is the name under one of the registry's?  Without a list, any name is. */
static bool
is_served(const struct registry *registry, const char *name)
{
	const char *at = registry->tlds;
	size_t len = strlen(name);

	if (at == NULL || *at == '\0')
		return strchr(name, '.') != NULL;
	while (*at != '\0') {
		size_t n = strcspn(at, ",");

		if (len > n + 1 && name[len - n - 1] == '.' &&
		    strncasecmp(name + len - n, at, n) == 0)
			return true;
		at += n + (at[n] == ',');
	}
	return false;
}

/* Months or years as whole years; 0 if out of range (RFC 5731, 3.2.1). */
static int
years_of(struct request *request)
{
	xmlNode *period = dom_child(request->command, "period");
	const char *unit;
	long number;

	if (period == NULL)
		return 1;
	unit = dom_attribute(request, period, "unit");
	number = strtol(dom_text(request, period), NULL, 10);
	if (unit != NULL && *unit == 'm')
		number = number % 12 == 0 ? number / 12 : 0;
	return number >= 1 && number <= 10 ? (int)number : 0;
}

/* Is every contact named in `part` there, and may it be named at all? */
static int
contacts_check(struct request *request, const xmlNode *part)
{
	xmlNode *at;

	for (at = dom_first(part); at != NULL; at = dom_sibling(at)) {
		if (!dom_is(at, "contact") && !dom_is(at, "registrant"))
			continue;
		if (request->registry->contacts == CONTACTS_PROHIBITED) {
			request->reason = "contacts are not accepted here";
			return 2306;
		}
		if (*dom_text(request, at) == '\0')
			continue;
		if (stored_find(request->registry, KIND_CONTACT,
			dom_text(request, at)) == NULL) {
			request->reason = "no such contact";
			return 2303;
		}
	}
	return 1000;
}

static int
servers_check(struct request *request, const xmlNode *part)
{
	xmlNode *ns = dom_child(part, "ns"), *at;

	for (at = ns == NULL ? NULL : dom_child(ns, "hostObj"); at != NULL;
	     at = dom_next(at, "hostObj"))
		if (stored_find(request->registry, KIND_HOST,
			dom_text(request, at)) == NULL) {
			request->reason = "no such host";
			return 2303;
		}
	return 1000;
}

static int
links_check(struct request *request, const xmlNode *part)
{
	int code = contacts_check(request, part);

	return code == 1000 ? servers_check(request, part) : code;
}

/* A link in `part`: its key and value, or false if it is something else. */
static bool
link_of(struct request *request, const xmlNode *at, char key[32],
    const char **value)
{
	const char *type;

	if (dom_is(at, "hostObj")) {
		(void)snprintf(key, 32, "ns");
		*value = dom_text(request, at);
		return true;
	}
	if (dom_is(at, "hostAttr")) {
		(void)snprintf(key, 32, "ns.attr");
		*value = dom_print(request, at);
		return true;
	}
	if (!dom_is(at, "contact"))
		return false;
	type = dom_attribute(request, at, "type");
	(void)snprintf(key, 32, "contact.%s", type == NULL ? "admin" : type);
	*value = dom_text(request, at);
	return true;
}

static void
links_change(struct request *request, struct object *domain,
    const xmlNode *part, bool more)
{
	xmlNode *ns = dom_child(part, "ns"), *at;
	const char *value;
	char key[32];
	size_t pass;

	for (pass = 0; pass < 2; pass++)
		for (at = dom_first(pass == 0 ? part : ns); at != NULL;
		     at = dom_sibling(at)) {
			if (!link_of(request, at, key, &value))
				continue;
			stored_remove(request->registry, domain, key, value);
			if (more)
				stored_add(
				    request->registry, domain, key, value);
		}
}

static void
registrant_put(
    struct request *request, struct object *domain, const xmlNode *part)
{
	xmlNode *registrant = dom_child(part, "registrant");
	const char *id;

	if (registrant == NULL)
		return;
	id = dom_text(request, registrant);
	if (*id == '\0')
		stored_remove(request->registry, domain, "registrant", NULL);
	else
		stored_set(request->registry, domain, "registrant", id);
}

static void
password_put(
    struct request *request, struct object *domain, const xmlNode *part)
{
	xmlNode *info = dom_child(part, "authInfo");
	const char *password = common_password(request, part);

	if (password != NULL)
		stored_set(request->registry, domain, "pw", password);
	else if (info != NULL && dom_child(info, "null") != NULL)
		stored_remove(request->registry, domain, "pw", NULL);
}

static int
create_check(struct request *request, const char *name)
{
	int code = links_check(request, request->command);

	if (!is_served(request->registry, name)) {
		request->reason = "not a domain of this registry";
		return 2306;
	}
	if (stored_find(request->registry, KIND_DOMAIN, name) != NULL)
		return 2302;
	if (years_of(request) == 0)
		return 2004;
	if (code == 1000 && request->registry->contacts == CONTACTS_REQUIRED &&
	    dom_child(request->command, "registrant") == NULL) {
		request->reason = "a registrant is required";
		return 2003;
	}
	return code;
}

static int
domain_create(struct request *request)
{
	const char *name = name_of(request);
	struct object *domain;
	char date[DATE_SIZE];
	int code = create_check(request, name);

	if (code != 1000)
		return code;
	domain = common_create(request, name);
	registry_date(
	    registry_years_later(request->registry->now, years_of(request)),
	    date);
	stored_add(request->registry, domain, "exDate", date);
	registrant_put(request, domain, request->command);
	links_change(request, domain, request->command, true);
	password_put(request, domain, request->command);
	common_extensions(request, domain);
	bytes_add_format(&request->data, "<domain:creData xmlns:domain=\"%s\">",
	    registry_kind_uris[KIND_DOMAIN]);
	common_element(&request->data, "domain", "name", domain->name);
	common_info_date(request, domain, "crDate");
	common_info_date(request, domain, "exDate");
	bytes_add_string(&request->data, "</domain:creData>");
	return 1000;
}

static int
update_check(struct request *request, struct object *domain)
{
	static const char *const parts[] = {"add", "rem", "chg"};
	int code = common_owned(request, domain, "UpdateProhibited");
	size_t i;

	if (code == 1000 && request->extension == NULL &&
	    dom_sibling(dom_child(request->command, "name")) == NULL)
		return 2003;
	for (i = 0; code == 1000 && i < 3; i++) {
		xmlNode *part = dom_child(request->command, parts[i]);

		if (part != NULL && i != 1)
			code = links_check(request, part);
		else if (part != NULL)
			code =
			    request->registry->contacts == CONTACTS_PROHIBITED
				? contacts_check(request, part)
				: 1000;
		if (code == 1000 && i == 2 && part != NULL &&
		    request->registry->contacts == CONTACTS_REQUIRED &&
		    dom_child(part, "registrant") != NULL &&
		    *dom_text(request, dom_child(part, "registrant")) == '\0')
			code = 2306;
	}
	return code;
}

static int
domain_update(struct request *request)
{
	struct object *domain = domain_of(request);
	xmlNode *rem = dom_child(request->command, "rem");
	xmlNode *add = dom_child(request->command, "add");
	xmlNode *change = dom_child(request->command, "chg");
	int code = update_check(request, domain);

	if (code == 1000)
		code = common_statuses(request, domain);
	if (code != 1000)
		return code;
	if (rem != NULL)
		links_change(request, domain, rem, false);
	if (add != NULL)
		links_change(request, domain, add, true);
	if (change != NULL) {
		registrant_put(request, domain, change);
		password_put(request, domain, change);
	}
	common_extensions(request, domain);
	common_updated(request, domain);
	return 1000;
}

/* Does a host live under the domain? */
static bool
has_hosts(const struct registry *registry, const struct object *domain)
{
	const struct object *at;
	size_t len = strlen(domain->name), n;

	for (at = registry->oldest; at != NULL; at = at->newer) {
		n = strlen(at->name);
		if (at->kind == KIND_HOST && n > len &&
		    at->name[n - len - 1] == '.' &&
		    strcasecmp(at->name + n - len, domain->name) == 0)
			return true;
	}
	return false;
}

static int
domain_delete(struct request *request)
{
	struct object *domain = domain_of(request);
	int code = common_owned(request, domain, "DeleteProhibited");

	if (code != 1000)
		return code;
	if (has_hosts(request->registry, domain))
		return 2305;
	stored_destroy(request->registry, domain);
	return 1000;
}

static int
domain_renew(struct request *request)
{
	struct object *domain = domain_of(request);
	xmlNode *current = dom_child(request->command, "curExpDate");
	int code = common_owned(request, domain, "RenewProhibited");
	const char *end;
	char date[DATE_SIZE];
	int year;

	if (code != 1000)
		return code;
	end = stored_get(domain, "exDate");
	if (end == NULL || current == NULL || years_of(request) == 0 ||
	    strncmp(end, dom_text(request, current), 10) != 0)
		return 2004;
	year = (int)strtol(end, NULL, 10) + years_of(request);
	(void)snprintf(date, sizeof(date), "%04d%s", year % 10000, end + 4);
	stored_set(request->registry, domain, "exDate", date);
	common_updated(request, domain);
	bytes_add_format(&request->data, "<domain:renData xmlns:domain=\"%s\">",
	    registry_kind_uris[KIND_DOMAIN]);
	common_element(&request->data, "domain", "name", domain->name);
	common_info_date(request, domain, "exDate");
	bytes_add_string(&request->data, "</domain:renData>");
	return 1000;
}

static void
contacts_give(struct request *request, const struct object *domain)
{
	size_t i;

	common_info_date(request, domain, "registrant");
	for (i = 0; i < domain->count; i++) {
		const struct property *property = &domain->properties[i];

		if (strncmp(property->key, "contact.", 8) != 0)
			continue;
		bytes_add_format(&request->data, "<domain:contact type=\"%s\">",
		    property->key + 8);
		bytes_add_xml(&request->data, property->value);
		bytes_add_string(&request->data, "</domain:contact>");
	}
}

static void
servers_give(struct request *request, const struct object *domain)
{
	const char *key = stored_get(domain, "ns") != NULL ? "ns" : "ns.attr";
	size_t i;

	if (stored_get(domain, key) == NULL)
		return;
	bytes_add_string(&request->data, "<domain:ns>");
	for (i = 0; i < domain->count; i++) {
		const struct property *property = &domain->properties[i];

		if (strcmp(property->key, key) != 0)
			continue;
		if (strcmp(key, "ns") == 0)
			common_element(&request->data, "domain", "hostObj",
			    property->value);
		else
			bytes_add_string(&request->data, property->value);
	}
	bytes_add_string(&request->data, "</domain:ns>");
}

static void
secdns_give(struct request *request, const struct object *domain)
{
	size_t i;

	if (stored_get(domain, "secDNS") == NULL)
		return;
	bytes_add_format(&request->response,
	    "<secDNS:infData xmlns:secDNS=\"%s\">", SECDNS_URI);
	for (i = 0; i < domain->count; i++)
		if (strcmp(domain->properties[i].key, "secDNS") == 0)
			bytes_add_string(
			    &request->response, domain->properties[i].value);
	bytes_add_string(&request->response, "</secDNS:infData>");
}

static int
domain_info(struct request *request)
{
	static const char *const dates[] = {
	    "clID", "crID", "crDate", "upID", "upDate", "exDate", "trDate"};
	struct object *domain = domain_of(request);
	size_t i;

	if (domain == NULL)
		return 2303;
	if (!common_mine(request, domain) &&
	    common_authorised(request, domain) == 2202)
		return 2202;
	common_info_head(request, domain, "name");
	common_info_statuses(request, domain);
	contacts_give(request, domain);
	servers_give(request, domain);
	for (i = 0; i < sizeof(dates) / sizeof(*dates); i++)
		common_info_date(request, domain, dates[i]);
	common_info_tail(request, domain);
	bytes_add_string(&request->data, "</domain:infData>");
	secdns_give(request, domain);
	return 1000;
}

#include "registry/registry_priv.h"

static const char *const types[] = {"int", "loc"};
static const char *const parts[] = {"street", "city", "sp", "pc", "cc"};

static int contact_create(struct request *request);
static int contact_info(struct request *request);
static int contact_update(struct request *request);
static int contact_delete(struct request *request);

static const char *
id_of(struct request *request)
{
	xmlNode *id = dom_child(request->command, "id");

	return id == NULL ? "" : dom_text(request, id);
}

int
registry_contact(struct request *request)
{
	if (dom_child(request->command, "id") == NULL)
		return 2003;
	if (dom_is(request->verb, "check"))
		return common_check(request, "id");
	if (dom_is(request->verb, "create"))
		return contact_create(request);
	if (dom_is(request->verb, "info"))
		return contact_info(request);
	if (dom_is(request->verb, "update"))
		return contact_update(request);
	if (dom_is(request->verb, "delete"))
		return contact_delete(request);
	if (dom_is(request->verb, "transfer"))
		return registry_transfer(
		    request, stored_find(request->registry, KIND_CONTACT,
				 id_of(request)));
	return 2101;
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

/* "int" is in 7-bit ASCII only, and each type is there once (RFC 5733). */
static int
postal_check(struct request *request, const xmlNode *parent)
{
	unsigned seen[2] = {0, 0};
	xmlNode *at;

	for (at = dom_child(parent, "postalInfo"); at != NULL;
	     at = dom_next(at, "postalInfo")) {
		const char *type = dom_attribute(request, at, "type");
		bool local = type != NULL && strcmp(type, "loc") == 0;

		if (!local && !is_ascii(dom_exact(request, at))) {
			request->reason = "type int is ASCII only";
			return 2005;
		}
		if (++seen[local] > 1) {
			request->reason = "one postalInfo of each type";
			return 2005;
		}
	}
	return 1000;
}

/* Set `name`.`type`, or take it away if it came empty. */
static void
put(struct request *request, struct object *contact, const char *name,
    const char *type, const char *value)
{
	char key[32];

	(void)snprintf(
	    key, sizeof(key), "%s%s%s", name, *type == '\0' ? "" : ".", type);
	if (*value == '\0')
		stored_remove(request->registry, contact, key, NULL);
	else
		stored_set(request->registry, contact, key, value);
}

/* An address is replaced as a whole. */
static void
address_put(struct request *request, struct object *contact,
    const xmlNode *address, const char *type)
{
	char key[32];
	xmlNode *at;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		(void)snprintf(key, sizeof(key), "%s.%s", parts[i], type);
		stored_remove(request->registry, contact, key, NULL);
	}
	for (at = dom_first(address); at != NULL; at = dom_sibling(at)) {
		(void)snprintf(key, sizeof(key), "%s.%s", at->name, type);
		stored_add(
		    request->registry, contact, key, dom_exact(request, at));
	}
}

static void
postal_put(
    struct request *request, struct object *contact, const xmlNode *postal)
{
	const char *type = dom_word(request, postal, "type");
	xmlNode *at;

	for (at = dom_first(postal); at != NULL; at = dom_sibling(at)) {
		if (dom_is(at, "addr"))
			address_put(request, contact, at, type);
		else
			put(request, contact, (const char *)at->name, type,
			    dom_exact(request, at));
	}
}

/* "0:name.int,addr.loc,voice" */
static void
disclose_put(
    struct request *request, struct object *contact, const xmlNode *disclose)
{
	const char *flag = dom_word(request, disclose, "flag");
	struct bytes text = {NULL, 0, 0};
	xmlNode *at;

	bytes_add_string(&text, *flag == 't' || *flag == '1' ? "1:" : "0:");
	for (at = dom_first(disclose); at != NULL; at = dom_sibling(at)) {
		const char *type = dom_attribute(request, at, "type");

		bytes_add_format(&text, "%s%s%s%s",
		    at == dom_first(disclose) ? "" : ",", at->name,
		    type == NULL ? "" : ".", type == NULL ? "" : type);
	}
	bytes_add(&text, "", 1);
	stored_set(request->registry, contact, "disclose", text.data);
	bytes_finish(&text);
}

/* Everything that <create> and <chg> have in common. */
static void
contact_put(
    struct request *request, struct object *contact, const xmlNode *parent)
{
	const char *password = common_password(request, parent);
	xmlNode *at;

	for (at = dom_first(parent); at != NULL; at = dom_sibling(at)) {
		if (dom_is(at, "postalInfo"))
			postal_put(request, contact, at);
		else if (dom_is(at, "voice") || dom_is(at, "fax")) {
			const char *x = dom_attribute(request, at, "x");
			const char *name = (const char *)at->name;

			put(request, contact, name, "", dom_text(request, at));
			put(request, contact, name, "x", x == NULL ? "" : x);
		} else if (dom_is(at, "email"))
			put(request, contact, "email", "",
			    dom_text(request, at));
		else if (dom_is(at, "disclose"))
			disclose_put(request, contact, at);
	}
	if (password != NULL)
		stored_set(request->registry, contact, "pw", password);
}

/* Does the contact lack what this registry wants of every contact? */
static bool
is_incomplete(struct request *request, const struct object *contact)
{
	const char *at = request->registry->required;
	char key[32], typed[2][40];

	while (at != NULL && *at != '\0') {
		size_t len = strcspn(at, ",");

		(void)snprintf(key, sizeof(key), "%.*s", (int)len, at);
		(void)snprintf(typed[0], sizeof(typed[0]), "%s.int", key);
		(void)snprintf(typed[1], sizeof(typed[1]), "%s.loc", key);
		if (stored_get(contact, key) == NULL &&
		    stored_get(contact, typed[0]) == NULL &&
		    stored_get(contact, typed[1]) == NULL) {
			request->reason = "a required field is missing";
			return true;
		}
		at += len + (at[len] == ',');
	}
	return false;
}

static int
contact_create(struct request *request)
{
	const char *id = id_of(request);
	struct object *contact;
	int code = postal_check(request, request->command);

	if (code != 1000)
		return code;
	if (stored_find(request->registry, KIND_CONTACT, id) != NULL)
		return 2302;
	contact = common_create(request, id);
	contact_put(request, contact, request->command);
	if (is_incomplete(request, contact)) {
		stored_destroy(request->registry, contact);
		return 2003;
	}
	common_extensions(request, contact);
	bytes_add_format(&request->data,
	    "<contact:creData xmlns:contact=\"%s\">",
	    registry_kind_uris[KIND_CONTACT]);
	common_element(&request->data, "contact", "id", id);
	common_info_date(request, contact, "crDate");
	bytes_add_string(&request->data, "</contact:creData>");
	return 1000;
}

/* A postalInfo of a type that was not there is to be whole. */
static bool
is_partial(struct request *request, const struct object *contact,
    const xmlNode *change)
{
	xmlNode *at;
	char key[32];

	for (at = dom_child(change, "postalInfo"); at != NULL;
	     at = dom_next(at, "postalInfo")) {
		(void)snprintf(
		    key, sizeof(key), "city.%s", dom_word(request, at, "type"));
		if (stored_get(contact, key) == NULL &&
		    (dom_child(at, "name") == NULL ||
			dom_child(at, "addr") == NULL))
			return true;
	}
	return false;
}

static int
contact_update(struct request *request)
{
	struct object *contact =
	    stored_find(request->registry, KIND_CONTACT, id_of(request));
	xmlNode *change = dom_child(request->command, "chg");
	int code = common_owned(request, contact, "UpdateProhibited");

	if (code != 1000)
		return code;
	if (dom_sibling(dom_child(request->command, "id")) == NULL &&
	    request->extension == NULL)
		return 2003;
	if (change != NULL)
		code = postal_check(request, change);
	if (code == 1000 && change != NULL &&
	    is_partial(request, contact, change))
		code = 2003;
	if (code == 1000)
		code = common_statuses(request, contact);
	if (code != 1000)
		return code;
	if (change != NULL)
		contact_put(request, contact, change);
	common_extensions(request, contact);
	common_updated(request, contact);
	return 1000;
}

static int
contact_delete(struct request *request)
{
	struct object *contact =
	    stored_find(request->registry, KIND_CONTACT, id_of(request));
	int code = common_owned(request, contact, "DeleteProhibited");

	if (code != 1000)
		return code;
	if (contact->links > 0)
		return 2305;
	stored_destroy(request->registry, contact);
	return 1000;
}

static void
give(struct request *request, const struct object *contact, const char *name,
    const char *type)
{
	char key[32];
	size_t i;

	(void)snprintf(key, sizeof(key), "%s.%s", name, type);
	for (i = 0; i < contact->count; i++)
		if (strcmp(contact->properties[i].key, key) == 0)
			common_element(&request->data, "contact", name,
			    contact->properties[i].value);
}

static void
postal_give(
    struct request *request, const struct object *contact, const char *type)
{
	char key[32];
	size_t i;

	(void)snprintf(key, sizeof(key), "city.%s", type);
	if (stored_get(contact, key) == NULL)
		return;
	bytes_add_format(
	    &request->data, "<contact:postalInfo type=\"%s\">", type);
	give(request, contact, "name", type);
	give(request, contact, "org", type);
	bytes_add_string(&request->data, "<contact:addr>");
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		give(request, contact, parts[i], type);
	bytes_add_string(
	    &request->data, "</contact:addr></contact:postalInfo>");
}

static void
phone_give(
    struct request *request, const struct object *contact, const char *name)
{
	const char *value = stored_get(contact, name), *extension;
	char key[32];

	if (value == NULL)
		return;
	(void)snprintf(key, sizeof(key), "%s.x", name);
	extension = stored_get(contact, key);
	bytes_add_format(&request->data, "<contact:%s", name);
	if (extension != NULL) {
		bytes_add_string(&request->data, " x=\"");
		bytes_add_xml(&request->data, extension);
		bytes_add_string(&request->data, "\"");
	}
	bytes_add_string(&request->data, ">");
	bytes_add_xml(&request->data, value);
	bytes_add_format(&request->data, "</contact:%s>", name);
}

static void
disclose_give(struct request *request, const struct object *contact)
{
	const char *at = stored_get(contact, "disclose");

	if (at == NULL)
		return;
	bytes_add_format(&request->data, "<contact:disclose flag=\"%c\">", *at);
	for (at += 2; *at != '\0';) {
		size_t len = strcspn(at, ",");
		size_t name = strcspn(at, ".,");

		bytes_add_format(
		    &request->data, "<contact:%.*s", (int)name, at);
		if (name < len)
			bytes_add_format(&request->data, " type=\"%.*s\"",
			    (int)(len - name - 1), at + name + 1);
		bytes_add_string(&request->data, "/>");
		at += len + (at[len] == ',');
	}
	bytes_add_string(&request->data, "</contact:disclose>");
}

static int
contact_info(struct request *request)
{
	static const char *const dates[] = {
	    "clID", "crID", "crDate", "upID", "upDate", "trDate"};
	struct object *contact =
	    stored_find(request->registry, KIND_CONTACT, id_of(request));
	size_t i;

	if (contact == NULL)
		return 2303;
	if (!common_mine(request, contact) &&
	    common_authorised(request, contact) == 2202)
		return 2202;
	common_info_head(request, contact, "id");
	common_info_statuses(request, contact);
	for (i = 0; i < 2; i++)
		postal_give(request, contact, types[i]);
	phone_give(request, contact, "voice");
	phone_give(request, contact, "fax");
	common_info_date(request, contact, "email");
	for (i = 0; i < sizeof(dates) / sizeof(*dates); i++)
		common_info_date(request, contact, dates[i]);
	common_info_tail(request, contact);
	disclose_give(request, contact);
	bytes_add_string(&request->data, "</contact:infData>");
	if (stored_get(contact, "addlEmail") != NULL)
		bytes_add_string(
		    &request->response, stored_get(contact, "addlEmail"));
	return 1000;
}

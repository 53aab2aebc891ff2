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
	xmlNode *id = xml_child(request->command, "id");

	return id == NULL ? "" : xml_text(request, id);
}

int
registry_contact(struct request *request)
{
	if (xml_is(request->verb, "check"))
		return command_check(request, "id");
	if (xml_is(request->verb, "create"))
		return contact_create(request);
	if (xml_is(request->verb, "info"))
		return contact_info(request);
	if (xml_is(request->verb, "update"))
		return contact_update(request);
	if (xml_is(request->verb, "delete"))
		return contact_delete(request);
	if (xml_is(request->verb, "transfer"))
		return registry_transfer(
		    request, object_find(request->registry, KIND_CONTACT,
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

	for (at = xml_child(parent, "postalInfo"); at != NULL;
	     at = xml_next(at, "postalInfo")) {
		const char *type = xml_attribute(request, at, "type");
		bool local = type != NULL && strcmp(type, "loc") == 0;

		if (!local && !is_ascii(xml_exact(request, at))) {
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
		object_remove(request->registry, contact, key, NULL);
	else
		object_set(request->registry, contact, key, value);
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
		object_remove(request->registry, contact, key, NULL);
	}
	for (at = xml_first(address); at != NULL; at = xml_sibling(at)) {
		(void)snprintf(key, sizeof(key), "%s.%s", at->name, type);
		object_add(
		    request->registry, contact, key, xml_exact(request, at));
	}
}

static void
postal_put(
    struct request *request, struct object *contact, const xmlNode *postal)
{
	const char *type = xml_attribute(request, postal, "type");
	xmlNode *at;

	for (at = xml_first(postal); at != NULL; at = xml_sibling(at)) {
		if (xml_is(at, "addr"))
			address_put(request, contact, at, type);
		else
			put(request, contact, (const char *)at->name, type,
			    xml_exact(request, at));
	}
}

/* "0:name.int,addr.loc,voice" */
static void
disclose_put(
    struct request *request, struct object *contact, const xmlNode *disclose)
{
	const char *flag = xml_attribute(request, disclose, "flag");
	struct bytes text = {NULL, 0, 0};
	xmlNode *at;

	bytes_add_string(&text, *flag == 't' || *flag == '1' ? "1:" : "0:");
	for (at = xml_first(disclose); at != NULL; at = xml_sibling(at)) {
		const char *type = xml_attribute(request, at, "type");

		bytes_add_format(&text, "%s%s%s%s",
		    at == xml_first(disclose) ? "" : ",", at->name,
		    type == NULL ? "" : ".", type == NULL ? "" : type);
	}
	bytes_add(&text, "", 1);
	object_set(request->registry, contact, "disclose", text.data);
	bytes_finish(&text);
}

/* Everything that <create> and <chg> have in common. */
static void
contact_put(
    struct request *request, struct object *contact, const xmlNode *parent)
{
	const char *password = command_password(request, parent);
	xmlNode *at;

	for (at = xml_first(parent); at != NULL; at = xml_sibling(at)) {
		if (xml_is(at, "postalInfo"))
			postal_put(request, contact, at);
		else if (xml_is(at, "voice") || xml_is(at, "fax")) {
			const char *x = xml_attribute(request, at, "x");
			const char *name = (const char *)at->name;

			put(request, contact, name, "", xml_text(request, at));
			put(request, contact, name, "x", x == NULL ? "" : x);
		} else if (xml_is(at, "email"))
			put(request, contact, "email", "",
			    xml_text(request, at));
		else if (xml_is(at, "disclose"))
			disclose_put(request, contact, at);
	}
	if (password != NULL)
		object_set(request->registry, contact, "pw", password);
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
		if (object_get(contact, key) == NULL &&
		    object_get(contact, typed[0]) == NULL &&
		    object_get(contact, typed[1]) == NULL) {
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
	if (object_find(request->registry, KIND_CONTACT, id) != NULL)
		return 2302;
	contact = command_create(request, id);
	contact_put(request, contact, request->command);
	if (is_incomplete(request, contact)) {
		object_destroy(request->registry, contact);
		return 2003;
	}
	command_extensions(request, contact);
	bytes_add_format(&request->data,
	    "<contact:creData xmlns:contact=\"%s\">",
	    registry_kind_uris[KIND_CONTACT]);
	command_element(&request->data, "contact", "id", id);
	command_info_date(request, contact, "crDate");
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

	for (at = xml_child(change, "postalInfo"); at != NULL;
	     at = xml_next(at, "postalInfo")) {
		(void)snprintf(key, sizeof(key), "city.%s",
		    xml_attribute(request, at, "type"));
		if (object_get(contact, key) == NULL &&
		    (xml_child(at, "name") == NULL ||
			xml_child(at, "addr") == NULL))
			return true;
	}
	return false;
}

static int
contact_update(struct request *request)
{
	struct object *contact =
	    object_find(request->registry, KIND_CONTACT, id_of(request));
	xmlNode *change = xml_child(request->command, "chg");
	int code = command_owned(request, contact, "UpdateProhibited");

	if (code != 1000)
		return code;
	if (xml_sibling(xml_child(request->command, "id")) == NULL &&
	    request->extension == NULL)
		return 2003;
	if (change != NULL)
		code = postal_check(request, change);
	if (code == 1000 && change != NULL &&
	    is_partial(request, contact, change))
		code = 2003;
	if (code == 1000)
		code = command_statuses(request, contact);
	if (code != 1000)
		return code;
	if (change != NULL)
		contact_put(request, contact, change);
	command_extensions(request, contact);
	command_updated(request, contact);
	return 1000;
}

static int
contact_delete(struct request *request)
{
	struct object *contact =
	    object_find(request->registry, KIND_CONTACT, id_of(request));
	int code = command_owned(request, contact, "DeleteProhibited");

	if (code != 1000)
		return code;
	if (contact->links > 0)
		return 2305;
	object_destroy(request->registry, contact);
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
			command_element(&request->data, "contact", name,
			    contact->properties[i].value);
}

static void
postal_give(
    struct request *request, const struct object *contact, const char *type)
{
	char key[32];
	size_t i;

	(void)snprintf(key, sizeof(key), "city.%s", type);
	if (object_get(contact, key) == NULL)
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
	const char *value = object_get(contact, name), *extension;
	char key[32];

	if (value == NULL)
		return;
	(void)snprintf(key, sizeof(key), "%s.x", name);
	extension = object_get(contact, key);
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
	const char *at = object_get(contact, "disclose");

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
	    object_find(request->registry, KIND_CONTACT, id_of(request));
	size_t i;

	if (contact == NULL)
		return 2303;
	if (!command_mine(request, contact) &&
	    command_authorised(request, contact) == 2202)
		return 2202;
	command_info_head(request, contact, "id");
	command_info_statuses(request, contact);
	for (i = 0; i < 2; i++)
		postal_give(request, contact, types[i]);
	phone_give(request, contact, "voice");
	phone_give(request, contact, "fax");
	command_info_date(request, contact, "email");
	for (i = 0; i < sizeof(dates) / sizeof(*dates); i++)
		command_info_date(request, contact, dates[i]);
	command_info_tail(request, contact);
	disclose_give(request, contact);
	bytes_add_string(&request->data, "</contact:infData>");
	if (object_get(contact, "addlEmail") != NULL)
		bytes_add_string(
		    &request->response, object_get(contact, "addlEmail"));
	return 1000;
}

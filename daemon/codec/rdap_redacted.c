/*
 * "redacted" (RFC 9537): which of what was collected is not shown, by the
 * names that IANA registered where there is one, and how it can be seen in
 * the answer.
 */
#include "codec/json_quick.h"
#include "codec/jsonpath.h"
#include "codec/rdap_priv.h"

enum { COUNTRY_CODE = 2 };

enum method {
	REMOVAL,
	EMPTY_VALUE,
	REPLACEMENT, /* by another member */
	PARTIAL,
	IN_PLACE /* of it another value is shown */
};

/*
 * `path` goes on from the entity; NULL: the field has no place of its own in
 * a jCard, and its absence is all there is to see.
 */
static const struct redactable {
	enum field prefer, other;
	enum method method;
	const char *label; /* "Name": after "Registrant " */
	const char *path;
} redactables[] = {
    {FIELD_NAME_INT, FIELD_NAME_LOC, EMPTY_VALUE, "Name",
	".vcardArray[1][?(@[0]=='fn')][3]"},
    {FIELD_ORG_INT, FIELD_ORG_LOC, REMOVAL, "Organization",
	".vcardArray[1][?(@[0]=='org')]"},
    {FIELD_STREET_INT, FIELD_STREET_LOC, EMPTY_VALUE, "Street",
	".vcardArray[1][?(@[0]=='adr')][3][:3]"},
    {FIELD_CITY_INT, FIELD_CITY_LOC, EMPTY_VALUE, "City",
	".vcardArray[1][?(@[0]=='adr')][3][3]"},
    {FIELD_STATE_INT, FIELD_STATE_LOC, EMPTY_VALUE, "State/Province",
	".vcardArray[1][?(@[0]=='adr')][3][4]"},
    {FIELD_POSTCODE, FIELD_POSTCODE, EMPTY_VALUE, "Postal Code",
	".vcardArray[1][?(@[0]=='adr')][3][5]"},
    {FIELD_COUNTRY, FIELD_COUNTRY, REMOVAL, "Country",
	".vcardArray[1][?(@[0]=='adr')][1].cc"},
    {FIELD_PHONE, FIELD_PHONE, REMOVAL, "Phone",
	".vcardArray[1][?(@[1].type=='voice')]"},
    {FIELD_PHONE_EXT, FIELD_PHONE_EXT, REMOVAL, "Phone Ext", NULL},
    {FIELD_FAX, FIELD_FAX, REMOVAL, "Fax",
	".vcardArray[1][?(@[1].type=='fax')]"},
    {FIELD_FAX_EXT, FIELD_FAX_EXT, REMOVAL, "Fax Ext", NULL},
    {FIELD_EMAIL, FIELD_EMAIL, REPLACEMENT, "Email",
	".vcardArray[1][?(@[0]=='email')]"},
    {FIELD_TITLE_INT, FIELD_TITLE_LOC, REMOVAL, "Title",
	".vcardArray[1][?(@[0]=='title')]"},
    {FIELD_WEB, FIELD_WEB, REMOVAL, "Web",
	".vcardArray[1][?(@[0]=='url')]"},
};

/* IANA's "redacted name" values are of registrant and technical contact. */
static const char *const registered_registrant[] = {"Name", "Organization",
    "Street", "City", "Postal Code", "Phone", "Phone Ext", "Fax", "Fax Ext",
    "Email", NULL};
static const char *const registered_tech[] = {
    "Name", "Phone", "Phone Ext", "Email", NULL};

static bool
is_registered(enum role role, const char *label)
{
	const char *const *names = role == ROLE_REGISTRANT
				       ? registered_registrant
				   : role == ROLE_TECH ? registered_tech
						       : NULL;

	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, label) == 0)
			return true;
	return false;
}

static const char *
role_word(enum role role)
{
	switch (role) {
	case ROLE_REGISTRANT:
		return "Registrant";
	case ROLE_ADMIN:
		return "Admin";
	case ROLE_TECH:
		return "Tech";
	case ROLE_BILLING:
		return "Billing";
	case ROLE_ABUSE:
		return "Abuse";
	case ROLE_PUBLIC_CONTACT:
		return "Public Contact";
	case ROLE_SUBSCRIBER:
	case ROLE_APPLICANT_AGENT:
	case ROLE_SPAM_SENDER:
	case ROLE_COUNT:
		break;
	}
	return "Contact";
}

/* One entry; paths are ours and need no escaping. */
struct redaction {
	const char *before, *label; /* "Registrant", "Name" */
	bool registered;
	bool withheld; /* no rule says so: it is not known what is true */
	enum method method;
	const char *root, *path; /* path NULL: none is given */
	const char *replacement; /* REPLACEMENT: goes on from root */
};

static void
path_member(struct rdap_page *page, const char *name, const char *root,
    const char *path)
{
	rdap_member(page, name);
	text_add_char(page->text, '"');
	text_add_string(page->text, root);
	text_add_string(page->text, path);
	text_add_char(page->text, '"');
}

static void
add(struct rdap_page *page, const struct redaction *redaction)
{
	static const char *const methods[] = {"removal", "emptyValue",
	    "replacementValue", "partialValue", "replacementValue"};
	bool is_before = redaction->method == REMOVAL ||
	    redaction->method == REPLACEMENT;

	rdap_open(page, "", '{');
	rdap_open(page, "name", '{');
	rdap_member(page, redaction->registered ? "type" : "description");
	text_add_format(page->text, "\"%s%s%s\"", redaction->before,
	    redaction->before[0] != '\0' ? " " : "", redaction->label);
	rdap_close(page, '}');
	if (redaction->path != NULL)
		path_member(page, is_before ? "prePath" : "postPath",
		    redaction->root, redaction->path);
	if (redaction->method == REPLACEMENT)
		path_member(page, "replacementPath", redaction->root,
		    redaction->replacement);
	if (redaction->path != NULL)
		rdap_string(page, "pathLang", SLICE("jsonpath"));
	rdap_string(page, "method", slice_from(methods[redaction->method]));
	if (redaction->withheld) {
		rdap_open(page, "reason", '{');
		rdap_string(page, "description",
		    SLICE("A change is under way at the registry"));
		rdap_close(page, '}');
	}
	rdap_close(page, '}');
}

/* Where the entity of a role is, from the document's root. */
static void
entity_root(char out[64], enum role role, bool own)
{
	if (own)
		snprintf(out, 64, "$");
	else
		snprintf(out, 64, "$.entities[?(@.roles[0]=='%s')]",
		    rdap_role(role));
}

static struct publication_item
item_of(struct rdap_page *page, enum role role, const struct redactable *of)
{
	return publication_either(page->it, role, of->prefer, of->other);
}

static bool
is_redacted(struct rdap_page *page, enum role role, const struct redactable *of)
{
	struct publication_item item = item_of(page, role, of);

	return item.state == REDACTED || item.altered != UNALTERED;
}

static enum method
method_of(const struct rdap_page *page, const struct redactable *of)
{
	return of->method == REPLACEMENT && page->options->contact_uri.len == 0
	    ? REMOVAL
	    : of->method;
}

/*
 * What is shown is not all there was, or stands for something else.  The card
 * has no place for a country that is no code.
 */
static enum method
method_of_altered(
    const struct redactable *of, const struct publication_item *item)
{
	if (of->path == NULL || (of->prefer == FIELD_COUNTRY &&
		item->values.items[0].len != COUNTRY_CODE))
		return REMOVAL;
	return item->altered == GENERALISED ? PARTIAL : IN_PLACE;
}

static void
add_handle(
    struct rdap_page *page, enum role role, const char *root, bool withheld)
{
	struct redaction redaction = {.before = "Registry",
	    .label = role == ROLE_REGISTRANT ? "Registrant ID" : "Tech ID",
	    .registered = true,
	    .root = root,
	    .path = ".handle"};

	if (role != ROLE_REGISTRANT && role != ROLE_TECH)
		redaction = (struct redaction){.before = role_word(role),
		    .label = "ID",
		    .root = root,
		    .path = ".handle"};
	redaction.withheld = withheld;
	add(page, &redaction);
}

static void
add_role(struct rdap_page *page, enum role role, bool own)
{
	const struct publication_item handle =
	    publication_either(page->it, role, FIELD_HANDLE, FIELD_HANDLE);
	char root[64];

	entity_root(root, role, own);
	if (handle.state == REDACTED)
		add_handle(page, role, root, handle.withheld);
	for (size_t i = 0; i < sizeof(redactables) / sizeof(*redactables);
	     i++) {
		const struct redactable *of = &redactables[i];
		struct publication_item item = item_of(page, role, of);
		struct redaction redaction = {.before = role_word(role),
		    .label = of->label,
		    .registered = is_registered(role, of->label),
		    .withheld = item.withheld,
		    .method = method_of(page, of),
		    .root = root,
		    .path = of->path,
		    .replacement = ".vcardArray[1][?(@[0]=='contact-uri')]"};

		if (item.altered != UNALTERED)
			redaction.method = method_of_altered(of, &item);
		if (item.altered != UNALTERED || item.state == REDACTED)
			add(page, &redaction);
	}
}

/* What is of the object itself, and of nobody in it. */
static const struct own {
	struct redaction redaction;
	size_t item; /* where it is in a publication */
} owns[] = {
    {{.before = "Registry",
	 .label = "Domain ID",
	 .registered = true,
	 .root = "$",
	 .path = ".handle"},
	offsetof(struct publication, roid)},
    {{.before = "",
	 .label = "Name Servers",
	 .root = "$",
	 .path = ".nameservers"},
	offsetof(struct publication, ns)},
    {{.before = "", .label = "DNSSEC", .root = "$", .path = ".secureDNS"},
	offsetof(struct publication, ds)},
};

static const struct publication_item *
own_item(const struct rdap_page *page, const struct own *own)
{
	return (const void *)((const char *)page->it + own->item);
}

static bool
is_own_redacted(const struct rdap_page *page, const struct own *own)
{
	return own_item(page, own)->state == REDACTED;
}

static void
add_own(struct rdap_page *page, const struct own *own)
{
	struct redaction redaction = own->redaction;

	redaction.withheld = own_item(page, own)->withheld;
	add(page, &redaction);
}

static bool
is_any_redacted(
    struct rdap_page *page, const enum role *roles, size_t count, bool own)
{
	for (size_t i = 0; !own && i < sizeof(owns) / sizeof(*owns); i++)
		if (is_own_redacted(page, &owns[i]))
			return true;
	for (size_t i = 0; i < count; i++) {
		if (publication_either(
			page->it, roles[i], FIELD_HANDLE, FIELD_HANDLE)
			.state == REDACTED)
			return true;
		for (size_t k = 0;
		     k < sizeof(redactables) / sizeof(*redactables); k++)
			if (is_redacted(page, roles[i], &redactables[k]))
				return true;
	}
	return false;
}

void
rdap_redacted(
    struct rdap_page *page, const enum role *roles, size_t count, bool own)
{
	if (!is_any_redacted(page, roles, count, own))
		return;
	rdap_open(page, "redacted", '[');
	for (size_t i = 0; !own && i < sizeof(owns) / sizeof(*owns); i++)
		if (is_own_redacted(page, &owns[i]))
			add_own(page, &owns[i]);
	for (size_t i = 0; i < count; i++)
		add_role(page, roles[i], own);
	rdap_close(page, ']');
}

/* --- the check ------------------------------------------------------------ */

static bool
untrue(struct fail *fail, const char *what, struct slice path)
{
	fail_set(fail, FAIL_WORLD, "an RDAP answer would say %s", what);
	fail_place(fail, "%.*s", SLICE_ARG(path));
	fail_hint(fail, "this is an error in misu: nothing was answered");
	return false;
}

/* NULL without a fail if the entry has no such path. */
static bool
find(const struct json_node *root, const struct json_node *entry,
    const char *name, struct jsonpath_found *found, struct fail *fail)
{
	const struct json_node *path = json_find(entry, name);

	if (path == NULL) {
		found->count = SIZE_MAX;
		return true;
	}
	if (path->kind != JSON_KIND_STRING ||
	    !jsonpath_find(root, path->string, found))
		return untrue(fail, "a path nobody can follow", path->string);
	return true;
}

static bool
is_empty(const struct json_node *node)
{
	return node->kind == JSON_KIND_STRING && node->string.len == 0;
}

/* SIZE_MAX stands for a path that is not given. */
static bool
check_entry(const struct json_node *root, const struct json_node *entry,
    struct fail *fail)
{
	struct jsonpath_found before, after, instead;
	const struct json_node *method = json_find(entry, "method");
	struct slice name = method != NULL ? method->string : SLICE("removal");

	if (!find(root, entry, "prePath", &before, fail) ||
	    !find(root, entry, "postPath", &after, fail) ||
	    !find(root, entry, "replacementPath", &instead, fail))
		return false;
	if (before.count != SIZE_MAX && before.count != 0)
		return untrue(fail, "that what it shows is removed", name);
	if (slice_is(name, "emptyValue")) {
		if (after.count == SIZE_MAX || after.count == 0)
			return untrue(
			    fail, "that what is not there is empty", name);
		for (size_t i = 0; i < after.count; i++)
			if (!is_empty(after.nodes[i]))
				return untrue(
				    fail, "that what it shows is empty", name);
	}
	/* What is in place of it is where it was, or elsewhere. */
	if (slice_is(name, "replacementValue") &&
	    (instead.count == SIZE_MAX ? after.count == SIZE_MAX
				       : instead.count == 0))
		return untrue(fail, "that something stands for another", name);
	if (slice_is(name, "partialValue") && after.count == SIZE_MAX)
		return untrue(fail, "no place of what is shown in part", name);
	if (after.count != SIZE_MAX && after.count == 0)
		return untrue(fail, "a place where nothing is", name);
	return true;
}

bool
rdap_redacted_check(
    struct arena *arena, struct slice document, struct fail *fail)
{
	const struct json_node *root = json_quick_parse(arena, document, fail);
	const struct json_node *redacted;

	if (root == NULL)
		return false;
	redacted = json_find(root, "redacted");
	for (size_t i = 0; redacted != NULL && i < redacted->count; i++)
		if (!check_entry(root, &redacted->items[i], fail))
			return false;
	return true;
}

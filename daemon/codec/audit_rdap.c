/*
 * RDAP answers (RFC 9083).  Contacts stand in "entities", a person of several
 * roles in one of them, and below the entities of a network's.  What a
 * registrar or a sponsor has below itself is its own.
 */
#include "base/text.h"
#include "codec/audit_card.h"
#include "codec/audit_text.h"

struct reading {
	struct audit_page *page;
	const struct json_node *root;
	size_t cards[ROLE_COUNT]; /* places; SIZE_MAX: no such role */
	size_t ns, ds, netname;
};

/* Roles that answers have contacts in. */
static const struct {
	enum role role;
	const char *name;
} roles[] = {
    {ROLE_REGISTRANT, "registrant"},
    {ROLE_ADMIN, "administrative"},
    {ROLE_TECH, "technical"},
    {ROLE_BILLING, "billing"},
    {ROLE_ABUSE, "abuse"},
    {ROLE_PUBLIC_CONTACT, "proxy"},
};

enum { ROLES = sizeof(roles) / sizeof(*roles) };

static struct slice
string_of(const struct json_node *object, const char *name)
{
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_STRING
		   ? node->string
		   : (struct slice){"", 0};
}

static const struct json_node *
array_of(const struct json_node *object, const char *name)
{
	static const struct json_node none = {.kind = JSON_KIND_ARRAY};
	const struct json_node *node = json_find(object, name);

	return node != NULL && node->kind == JSON_KIND_ARRAY ? node : &none;
}

static size_t
object_place(struct reading *reading, enum field field, bool is_expected)
{
	return audit_page_place(
	    reading->page, &(struct audit_item){.role = ROLE_REGISTRANT,
			       .fields = FIELD_BIT(field),
			       .expected = is_expected ? FIELD_BIT(field) : 0,
			       .shape = AUDIT_EACH});
}

static void
make_places(struct reading *reading)
{
	const struct audit_question *question = reading->page->question;
	bool is_domain =
	    !question->is_contact && question->type == OBJECT_DOMAIN;

	for (unsigned r = 0; r < ROLE_COUNT; r++)
		reading->cards[r] = SIZE_MAX;
	if (question->is_contact) {
		reading->cards[question->role] =
		    audit_card_places(reading->page, question->role);
		return;
	}
	for (size_t i = 0; i < ROLES; i++)
		reading->cards[roles[i].role] =
		    audit_card_places(reading->page, roles[i].role);
	reading->ns = object_place(reading, FIELD_NS, is_domain);
	reading->ds = object_place(reading, FIELD_DS, is_domain);
	reading->netname = object_place(reading, FIELD_NETNAME, !is_domain);
}

/* --- contacts ------------------------------------------------------------- */

static bool
has_role(const struct json_node *entity, const char *name)
{
	const struct json_node *list = array_of(entity, "roles");

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == JSON_KIND_STRING &&
		    audit_is_text(list->items[i].string, name))
			return true;
	return false;
}

bool
audit_is_provider(struct slice role)
{
	static const char *const names[] = {
	    "registrar", "reseller", "sponsor", "noc", "notifications"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (audit_is_text(role, names[i]))
			return true;
	return false;
}

static bool
is_provider(const struct json_node *entity)
{
	const struct json_node *list = array_of(entity, "roles");

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == JSON_KIND_STRING &&
		    audit_is_provider(list->items[i].string))
			return true;
	return false;
}

static void
read_entity(struct reading *reading, const struct json_node *entity)
{
	for (size_t i = 0; i < ROLES; i++)
		if (has_role(entity, roles[i].name) &&
		    reading->cards[roles[i].role] != SIZE_MAX)
			audit_card_read(reading->page,
			    reading->cards[roles[i].role], entity);
}

static void
read_entities(struct reading *reading)
{
	const struct json_node *list = array_of(reading->root, "entities");

	for (size_t i = 0; i < list->count; i++) {
		const struct json_node *entity = &list->items[i];
		const struct json_node *below = array_of(entity, "entities");

		read_entity(reading, entity);
		for (size_t k = 0; !is_provider(entity) && k < below->count;
		     k++)
			read_entity(reading, &below->items[k]);
	}
}

/* --- what is the object's ------------------------------------------------- */

static void
read_servers(struct reading *reading)
{
	const struct json_node *list = array_of(reading->root, "nameservers");

	for (size_t i = 0; i < list->count; i++) {
		struct slice name = string_of(&list->items[i], "ldhName");

		audit_page_add(reading->page, reading->ns,
		    name.len != 0 ? name
				  : string_of(&list->items[i], "unicodeName"));
	}
}

static void
add_number(struct text *text, const struct json_node *of, const char *name)
{
	const struct json_node *node = json_find(of, name);

	if (node != NULL && node->kind == JSON_KIND_INTEGER)
		text_add_number(text, node->integer);
	text_add_char(text, ' ');
}

static void
read_keys(struct reading *reading)
{
	const struct json_node *dns = json_find(reading->root, "secureDNS");
	const struct json_node *list, *has_keys;

	if (dns == NULL || dns->kind != JSON_KIND_OBJECT)
		return;
	list = array_of(dns, "dsData");
	has_keys = json_find(dns, "delegationSigned");
	/* Some say only that there are keys, and not which. */
	if (list->count == 0 && has_keys != NULL && has_keys->boolean)
		reading->page->places[reading->ds].item.expected = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct text text = text_start(reading->page->arena);

		add_number(&text, &list->items[i], "keyTag");
		add_number(&text, &list->items[i], "algorithm");
		add_number(&text, &list->items[i], "digestType");
		text_add(&text, string_of(&list->items[i], "digest"));
		if (text_slice(&text).data == NULL)
			reading->page->no_memory = true;
		else
			audit_page_add(
			    reading->page, reading->ds, text_slice(&text));
	}
}

/* --- "redacted" ----------------------------------------------------------- */

/* The entry's name, one that is registered or one in words of its own. */
static struct slice
redacted_name(const struct json_node *entry)
{
	const struct json_node *name = json_find(entry, "name");
	struct slice type;

	if (name == NULL || name->kind != JSON_KIND_OBJECT)
		return (struct slice){"", 0};
	type = string_of(name, "type");
	return type.len != 0 ? type : string_of(name, "description");
}

static void
read_redacted(struct reading *reading)
{
	const struct json_node *list = array_of(reading->root, "redacted");

	for (size_t i = 0; i < list->count; i++) {
		struct slice method = string_of(&list->items[i], "method");
		bool is_replaced = slice_is(method, "replacementValue") ||
				   slice_is(method, "partialValue");
		struct slice name = redacted_name(&list->items[i]);

		for (unsigned r = 0; r < ROLE_COUNT; r++)
			if (reading->cards[r] != SIZE_MAX)
				audit_card_redact(reading->page,
				    reading->cards[r], (enum role)r, name,
				    is_replaced);
	}
}

/* --- the whole ------------------------------------------------------------ */

static enum audit_state
state_of_error(const struct json_node *root)
{
	const struct json_node *code = json_find(root, "errorCode");

	if (code == NULL || code->kind != JSON_KIND_INTEGER)
		return AUDIT_NOT_UNDERSTOOD;
	return code->integer == 404   ? AUDIT_NOT_FOUND
	       : code->integer == 429 ? AUDIT_LIMITED
				      : AUDIT_NOT_UNDERSTOOD;
}

static enum audit_state
state_of_contact(struct reading *reading, struct slice *object)
{
	struct slice asked = reading->page->question->name;
	struct slice handle = string_of(reading->root, "handle");

	*object = asked;
	if (asked.len == 0 || asked.len != handle.len)
		return asked.len == 0 || handle.len == 0 ? AUDIT_FOUND
							 : AUDIT_NOT_UNDERSTOOD;
	for (size_t i = 0; i < asked.len; i++)
		if ((asked.data[i] ^ handle.data[i]) & ~0x20)
			return AUDIT_NOT_UNDERSTOOD;
	return AUDIT_FOUND;
}

static enum audit_state
state_of(struct reading *reading, struct slice *object)
{
	const struct json_node *root = reading->root;
	struct slice class = string_of(root, "objectClassName");
	struct slice name = string_of(root, "ldhName");

	if (reading->page->question->is_contact)
		return slice_is(class, "entity")
			   ? state_of_contact(reading, object)
			   : state_of_error(root);
	if (reading->page->question->type == OBJECT_NETWORK)
		return slice_is(class, "ip network")
			   ? audit_state_of_network(reading->page,
				 string_of(root, "startAddress"),
				 string_of(root, "endAddress"), object)
			   : state_of_error(root);
	return slice_is(class, "domain")
		   ? audit_state_of_domain(reading->page,
			 name.len != 0 ? name : string_of(root, "unicodeName"),
			 object)
		   : state_of_error(root);
}

static void
read_document(struct reading *reading)
{
	if (reading->page->question->is_contact) {
		audit_card_read(reading->page,
		    reading->cards[reading->page->question->role],
		    reading->root);
	} else {
		read_entities(reading);
		read_servers(reading);
		read_keys(reading);
		audit_page_add(reading->page, reading->netname,
		    string_of(reading->root, "name"));
	}
	read_redacted(reading);
}

bool
audit_read_rdap(const struct audit_question *question, struct slice bytes,
    struct arena *arena, struct audit_answer *out, struct fail *fail)
{
	struct audit_page page;
	struct reading reading = {.page = &page};
	struct fail why = FAIL_INIT;
	enum audit_state state;

	*out = (struct audit_answer){.state = AUDIT_NOT_UNDERSTOOD};
	if (bytes.len > AUDIT_BYTES_MAX)
		return true;
	reading.root = json_parse(arena, bytes, &why);
	if (reading.root == NULL)
		return why.kind != FAIL_MEMORY || fail_memory(fail);
	if (reading.root->kind != JSON_KIND_OBJECT)
		return true;
	if (!audit_text_of_json(question, reading.root, arena, &out->text))
		return fail_memory(fail);
	if (!audit_page_start(&page, question, arena, fail))
		return false;
	make_places(&reading);
	state = state_of(&reading, &out->object);
	if (state == AUDIT_FOUND)
		read_document(&reading);
	return audit_page_finish(&page, state, out, fail);
}

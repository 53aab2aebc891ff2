#include "codec/epp_frame_priv.h"

#include "core/policy_tree.h"

#define XSI_SPACE "http://www.w3.org/2001/XMLSchema-instance"

struct epp_plain {
	struct slice bytes;
};

struct epp_plain *
epp_frame_as_plain(struct slice bytes, struct arena *arena, struct fail *fail)
{
	struct epp_plain *plain = arena_take(arena, sizeof(*plain));

	if (plain == NULL || bytes.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	plain->bytes = bytes;
	return plain;
}

struct slice
epp_plain_bytes(const struct epp_plain *plain)
{
	return plain->bytes;
}

static const struct epp_extension_rule *
rule_of(const struct epp_manner *manner, struct slice space)
{
	for (size_t i = 0; i < manner->extension_count; i++)
		if (slice_equal(manner->extensions[i].space, space))
			return &manner->extensions[i];
	return NULL;
}

bool
epp_frame_passes_space(const struct epp_manner *manner, struct slice space)
{
	const struct epp_extension_rule *rule = rule_of(manner, space);

	return rule != NULL && rule->pass && !slice_is(space, EPP_MISU_SPACE);
}

bool
epp_frame_check_extensions(const struct epp_command *command,
    const struct epp_manner *manner, struct epp_problem *problem,
    struct fail *fail)
{
	for (size_t i = 0; i < command->extension_count; i++) {
		struct slice space = command->extensions[i].space;

		if (slice_is(space, EPP_MISU_SPACE) ||
		    rule_of(manner, space) != NULL)
			continue;
		problem->code = EPP_EXTENSION;
		problem->client_id = command->client_id;
		return fail_set(fail, FAIL_INPUT,
		    "extension %.*s is not on the list",
		    space.len > 128 ? 128 : (int)space.len, space.data);
	}
	return true;
}

struct slice
epp_frame_prefix(struct slice text, struct xml_span whole)
{
	const char *name = text.data + whole.at + 1;

	for (size_t i = 0; i < whole.end - whole.at - 1; i++) {
		if (name[i] == ':')
			return (struct slice){name, i + 1};
		if (name[i] <= ' ' || name[i] == '/' || name[i] == '>')
			break;
	}
	return (struct slice){"", 0};
}

uint32_t
epp_frame_find(const struct xml_document *document, struct xml_span whole)
{
	uint32_t from = 0, end = document->element_count;

	/* In document order each begins behind the one before. */
	while (from != end) {
		uint32_t middle = from + (end - from) / 2;
		uint32_t at = document->elements[middle].whole.at;

		if (at == whole.at)
			return middle;
		if (at < whole.at)
			from = middle + 1;
		else
			end = middle;
	}
	return XML_NONE;
}

/* No '<' stands in an attribute and no CDATA section anywhere. */
static void
cut_comments(struct splices *splices)
{
	const char *text = splices->source.data;
	size_t len = splices->source.len;

	for (size_t i = 0; i + 7 <= len; i++) {
		const char *found = memchr(text + i, '!', len - i);
		size_t at, end;

		if (found == NULL || found == text)
			return;
		i = (size_t)(found - text);
		at = i - 1;
		if (text[at] != '<')
			continue;
		for (end = i + 3; end + 3 <= len; end++)
			if (memcmp(text + end, "-->", 3) == 0)
				break;
		i = end + 2;
		splices_cut(splices,
		    (struct xml_span){(uint32_t)at, (uint32_t)end + 3});
	}
}

/* Hints for validators: nothing reads them, so that anything could stand. */
static bool
is_hint(const struct xml_attribute *attribute)
{
	return slice_is(attribute->space, XSI_SPACE) &&
	       (slice_is(attribute->name, "schemaLocation") ||
		   slice_is(attribute->name, "noNamespaceSchemaLocation"));
}

/* Cuts hints; which namespaces of the document are in use? */
static uint64_t
look_at_elements(struct splices *splices, const struct xml_document *document)
{
	uint64_t used = 0;

	for (uint32_t i = 0; i < document->element_count; i++) {
		const struct xml_element *element = &document->elements[i];

		if (element->space < 64)
			used |= UINT64_C(1) << element->space;
		for (unsigned a = 0; a < element->attribute_count; a++) {
			const struct xml_attribute *attribute =
			    &document->attributes[element->attribute + a];

			if (attribute->space.len == 0)
				continue;
			if (is_hint(attribute))
				splices_cut(splices, attribute->whole);
			for (unsigned s = 0; s < document->space_count; s++)
				if (slice_equal(
					document->spaces[s], attribute->space))
					used |= UINT64_C(1) << s;
		}
	}
	return used;
}

static bool
is_known(struct slice space, const struct epp_manner *manner)
{
	static const char *const known[] = {EPP_SPACE, EPP_CONTACT_SPACE,
	    EPP_DOMAIN_SPACE, EPP_HOST_SPACE, EPP_LOGIN_SEC_SPACE,
	    EPP_ADDL_EMAIL_SPACE, EPP_MISU_SPACE, XSI_SPACE, ""};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (slice_is(space, known[i]))
			return true;
	return rule_of(manner, space) != NULL;
}

/* A namespace that is declared by these bytes and may stay. */
static bool
may_stay(const struct xml_document *document, const struct epp_manner *manner,
    uint64_t used, struct slice uri)
{
	for (uint32_t i = 0; i < document->space_count; i++)
		if ((used & UINT64_C(1) << i) != 0 &&
		    slice_equal(document->spaces[i], uri))
			return true;
	return is_known(uri, manner);
}

/*
 * Cut the declarations of one start tag that nothing uses.  The tag is
 * well-formed: names, '=' and quoted values with white space between.
 */
static void
cut_declarations(struct splices *splices, const struct xml_document *document,
    const struct epp_manner *manner, uint64_t used, uint32_t at)
{
	const char *text = splices->source.data;

	for (uint32_t i = at; text[i] != '>'; i++) {
		uint32_t name = i, value, end;
		struct slice uri;

		if (strchr(" \t\r\n", text[i]) == NULL ||
		    strchr(" \t\r\n/>", text[i + 1]) != NULL)
			continue;
		for (value = i; text[value] != '"' && text[value] != '\'';)
			value++;
		for (end = value + 1; text[end] != text[value];)
			end++;
		i = end;
		uri = (struct slice){text + value + 1, end - value - 1};
		if (memcmp(text + name + 1, "xmlns", 5) != 0 ||
		    may_stay(document, manner, used, uri))
			continue;
		splices_cut(splices, (struct xml_span){name, end + 1});
	}
}

/* What stands in a frame without having been read could be a value. */
static void
cut_unread(struct splices *splices, const struct xml_document *document,
    const struct epp_manner *manner)
{
	uint64_t used = look_at_elements(splices, document);
	bool all = true;

	if (document->comment.at != document->comment.end)
		cut_comments(splices);
	for (uint32_t i = 0; i < document->space_count; i++)
		if ((used & UINT64_C(1) << i) == 0 &&
		    !is_known(document->spaces[i], manner))
			all = false;
	for (uint32_t i = 0; !all && i < document->element_count; i++)
		cut_declarations(splices, document, manner, used,
		    document->elements[i].whole.at);
}

static bool
stays(const struct epp_command *command, const struct epp_manner *manner,
    unsigned how, unsigned cut, size_t i)
{
	struct slice space = command->extensions[i].space;

	if ((cut & 1u << i) != 0 || slice_is(space, EPP_MISU_SPACE))
		return false;
	return (how & FRAME_EXTENSIONS) == 0 ||
	       epp_frame_passes_space(manner, space);
}

static bool
any_stays(const struct epp_command *command, const struct epp_manner *manner,
    unsigned how, unsigned cut)
{
	for (size_t i = 0; i < command->extension_count; i++)
		if (stays(command, manner, how, cut, i))
			return true;
	return false;
}

bool
epp_frame_extended(const struct epp_command *command,
    const struct epp_manner *manner, unsigned cut)
{
	return any_stays(command, manner, FRAME_EXTENSIONS, cut);
}

static void
put_client_id(struct splices *splices, const struct epp_command *command,
    struct slice client_id)
{
	const struct xml_document *document = command->document;
	uint32_t element = document->elements[0].first;
	struct xml_span whole = command->client_id_whole;
	struct text text = text_start(splices->arena);

	/* A hello has no transaction. */
	if (client_id.len == 0 || command->verb == EPP_HELLO ||
	    element == XML_NONE)
		return;
	epp_put(&text,
	    epp_frame_prefix(command->text, document->elements[element].whole),
	    "clTRID", client_id);
	if (whole.at == whole.end)
		splices_insert(splices, whole.at, text_slice(&text));
	else
		splices_replace(splices, whole, text_slice(&text));
}

/*
 * Parts of an update with nothing in them: the schemas forbid a contact's
 * <add> and <rem> and a host's <chg> to be so.
 */
static void
cut_hollow(struct splices *splices, const struct epp_command *command)
{
	const struct xml_element *elements = command->document->elements;
	bool host = command->object == EPP_HOST;
	uint32_t at;

	if (command->verb != EPP_UPDATE || command->object == EPP_DOMAIN)
		return;
	/* epp, command, update, the object's, and what is in there */
	at = elements[elements[elements[elements[0].first].first].first].first;
	for (; at != XML_NONE; at = elements[at].next) {
		bool change = slice_is(elements[at].name, "chg");

		if (elements[at].first == XML_NONE && change == host &&
		    !slice_is(elements[at].name, host ? "name" : "id"))
			splices_cut(splices, elements[at].whole);
	}
}

void
epp_frame_common(struct splices *splices, const struct epp_command *command,
    const struct epp_manner *manner, unsigned how, unsigned cut)
{
	if ((how & FRAME_UNREAD) != 0) {
		cut_unread(splices, command->document, manner);
		cut_hollow(splices, command);
	}
	if (!any_stays(command, manner, how, cut))
		splices_cut(splices, command->extension);
	for (size_t i = 0; i < command->extension_count; i++)
		if (!stays(command, manner, how, cut, i))
			splices_cut(splices, command->extensions[i].whole);
	put_client_id(splices, command, manner->client_id);
}

bool
epp_frame_finish(struct splices *splices, struct slice *out, struct fail *fail)
{
	*out = splices_apply(splices);
	return out->data != NULL || fail_memory(fail);
}

/* Is it a service that is not to be asked for? */
static bool
is_unwanted(const struct epp_manner *manner, struct slice uri)
{
	if (slice_is(uri, EPP_MISU_SPACE))
		return true;
	if (!manner->prohibits_contacts)
		return false;
	return slice_is(uri, EPP_CONTACT_SPACE) ||
	       (slice_is(uri, EPP_ADDL_EMAIL_SPACE) &&
		   !epp_frame_passes_space(manner, uri));
}

static void
cut_services(struct splices *splices, const struct epp_login *login,
    const struct epp_manner *manner)
{
	size_t left = login->extension_count;

	for (size_t i = 0; i < login->object_count; i++)
		if (is_unwanted(manner, login->objects[i].uri))
			splices_cut(splices, login->objects[i].whole);
	for (size_t i = 0; i < login->extension_count; i++) {
		if (!is_unwanted(manner, login->extensions[i].uri))
			continue;
		splices_cut(splices, login->extensions[i].whole);
		left--;
	}
	if (left == 0)
		splices_cut(splices, login->services_extension);
}

struct epp_plain *
epp_frame_plain(const struct epp_command *command,
    const struct epp_manner *manner, struct arena *arena, struct fail *fail)
{
	struct splices splices;
	struct slice out;

	if (!epp_verb_is_plain(command->verb)) {
		fail_set(fail, FAIL_DENIED, "%s carries data to be decided",
		    epp_verb_name(command->verb));
		return NULL;
	}
	splices_start(&splices, command->text, arena);
	epp_frame_common(
	    &splices, command, manner, FRAME_UNREAD | FRAME_EXTENSIONS, 0);
	if (command->login != NULL)
		cut_services(&splices, command->login, manner);
	if (!epp_frame_finish(&splices, &out, fail))
		return NULL;
	return epp_frame_as_plain(out, arena, fail);
}

bool
epp_frame_shadow(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct splices splices;

	(void)disclosure;
	splices_start(&splices, command->text, arena);
	epp_frame_common(&splices, command, manner, 0, 0);
	return epp_frame_finish(&splices, out, fail);
}

bool
epp_frame_has_placeholder(const struct epp_command *command,
    const struct epp_manner *manner, enum field *field)
{
	const struct epp_contact *contact = command->contact;
	const struct placeholders *all = manner->placeholders;
	uint64_t with = 0;

	if (contact == NULL || all == NULL)
		return false;
	for (size_t p = 0; p < all->count; p++)
		with |= FIELD_BIT(all->items[p].field);
	/* No country is one that nobody can have. */
	with &= ~FIELD_BIT(FIELD_COUNTRY);
	for (size_t i = 0; i < contact->value_count; i++) {
		*field = contact->values[i].field;
		if ((with & FIELD_BIT(*field)) == 0)
			continue;
		for (size_t p = 0; p < all->count; p++) {
			if (all->items[p].field == *field &&
			    slice_equal(
				all->items[p].value, contact->values[i].text))
				return true;
		}
	}
	return false;
}

void
epp_frame_cut_status_texts(
    struct splices *splices, const struct epp_command *command)
{
	const struct xml_document *document = command->document;

	if (command->verb != EPP_UPDATE)
		return;
	for (uint32_t i = 0; i < document->element_count; i++) {
		const struct xml_attribute *lang;

		if (!slice_is(document->elements[i].name, "status") ||
		    document->elements[i].space == XML_NONE)
			continue;
		splices_cut(splices, document->elements[i].content);
		lang = xml_attribute(document, i, "lang");
		if (lang != NULL)
			splices_cut(splices, lang->whole);
	}
}

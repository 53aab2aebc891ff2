#include "codec/epp_priv.h"

#include "base/name.h"

static bool read_root(struct epp_reader *r);

struct epp_command *
epp_read_command(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct epp_problem *problem,
    struct fail *fail)
{
	struct fail own;
	struct epp_reader r = {
	    .arena = arena,
	    .problem = problem,
	    /* cppcheck-suppress uninitvar ; cleared below, before its use */
	    .fail = fail != NULL ? fail : &own,
	};

	fail_clear(&own);
	*problem = (struct epp_problem){.code = EPP_SYNTAX};
	r.document = xml_read(arena, text, limits, false, r.fail);
	if (r.document == NULL) {
		if (r.fail->kind == FAIL_MEMORY)
			problem->code = EPP_FAILED;
		return NULL;
	}
	r.command = arena_take(arena, sizeof(*r.command));
	if (r.command == NULL) {
		epp_no_memory(&r);
		return NULL;
	}
	r.command->text = text;
	r.command->document = r.document;
	return read_root(&r) ? r.command : NULL;
}

static bool
find_verb(struct slice name, enum epp_verb *out)
{
	for (unsigned i = EPP_LOGIN; i < EPP_VERB_COUNT; i++) {
		if (slice_is(name, epp_verb_name((enum epp_verb)i))) {
			*out = (enum epp_verb)i;
			return true;
		}
	}
	return false;
}

/*
 * The object of a create and so on: one element of a known namespace, called
 * as the verb is.
 */
static bool
read_object(struct epp_reader *r, uint32_t verb)
{
	struct epp_command *c = r->command;
	const struct xml_element *all = r->document->elements;
	uint32_t object = all[verb].first;
	struct slice space;

	if (object == XML_NONE)
		return epp_missing(r, epp_verb_name(c->verb));
	if (all[object].next != XML_NONE)
		return epp_refuse(
		    r, EPP_SYNTAX, all[object].next, "a second object");
	space = xml_space(r->document, object);
	if (slice_is(space, EPP_CONTACT_SPACE))
		c->object = EPP_CONTACT;
	else if (slice_is(space, EPP_DOMAIN_SPACE))
		c->object = EPP_DOMAIN;
	else if (slice_is(space, EPP_HOST_SPACE))
		c->object = EPP_HOST;
	else if (space.len == 0 || slice_is(space, EPP_SPACE))
		return epp_refuse(
		    r, EPP_SYNTAX, object, "an element that is no object");
	else
		return epp_refuse(r, EPP_OBJECT_SERVICE, object,
		    "an object that misu does not know");
	if (!slice_is(all[object].name, epp_verb_name(c->verb)))
		return epp_refuse(r, EPP_SYNTAX, object,
		    "an element that is not called as the command is");
	if (!epp_attributes(r, object, NULL, NULL))
		return false;
	if (c->verb != EPP_CREATE && c->verb != EPP_UPDATE)
		return epp_read_ids(r, object);
	return c->object == EPP_CONTACT	 ? epp_read_contact(r, object)
	       : c->object == EPP_DOMAIN ? epp_read_domain(r, object)
					 : epp_read_host(r, object);
}

static bool
read_poll(struct epp_reader *r, uint32_t element)
{
	static const char *const words[] = {"req", "ack", NULL};
	struct epp_command *c = r->command;
	const struct xml_element *e = &r->document->elements[element];
	size_t index;

	if (!epp_attributes(r, element, "op", "msgID") ||
	    !epp_attribute_word(r, element, "op", words, &index) ||
	    !epp_attribute_token(r, element, "msgID", &c->message_id))
		return false;
	if (e->first != XML_NONE || e->has_text)
		return epp_refuse(r, EPP_SYNTAX, element,
		    "something inside an element that must be empty");
	c->operation = slice_from(words[index]);
	return index == 0 || c->message_id.len != 0 || epp_missing(r, "msgID");
}

static bool
read_transfer(struct epp_reader *r, uint32_t element)
{
	static const char *const words[] = {
	    "approve", "cancel", "query", "reject", "request", NULL};
	size_t index;

	if (!epp_attributes(r, element, "op", NULL) ||
	    !epp_attribute_word(r, element, "op", words, &index))
		return false;
	r->command->operation = slice_from(words[index]);
	return read_object(r, element);
}

static bool
read_verb(struct epp_reader *r, uint32_t element)
{
	struct epp_command *c = r->command;

	switch (c->verb) {
	case EPP_LOGIN:
		return epp_attributes(r, element, NULL, NULL) &&
		       epp_read_login(r, element);
	case EPP_LOGOUT:
		return epp_empty(r, element);
	case EPP_POLL:
		return read_poll(r, element);
	case EPP_TRANSFER:
		return read_transfer(r, element);
	case EPP_CHECK:
	case EPP_INFO:
	case EPP_RENEW:
	case EPP_DELETE:
	case EPP_CREATE:
	case EPP_UPDATE:
		return epp_attributes(r, element, NULL, NULL) &&
		       read_object(r, element);
	case EPP_HELLO:
	case EPP_VERB_COUNT:
		break;
	}
	return epp_refuse(r, EPP_UNKNOWN_COMMAND, element, "no command");
}

/* One that misu itself looks into, where it has a meaning. */
static bool
read_known(struct epp_reader *r, const struct epp_extension *extension)
{
	struct epp_command *c = r->command;

	if (slice_is(extension->space, EPP_MISU_SPACE))
		return epp_read_hints(r, extension->element);
	if (slice_is(extension->space, EPP_LOGIN_SEC_SPACE) && c->login != NULL)
		return epp_read_login_security(r, extension->element,
		    (struct epp_login *)(uintptr_t)c->login);
	if (slice_is(extension->space, EPP_ADDL_EMAIL_SPACE) &&
	    c->contact != NULL)
		return epp_read_additional(r, extension->element,
		    (struct epp_contact *)(uintptr_t)c->contact);
	return true;
}

static bool
read_extension(struct epp_reader *r, uint32_t element)
{
	struct epp_command *c = r->command;
	const struct xml_element *all = r->document->elements;

	if (!epp_attributes(r, element, NULL, NULL))
		return false;
	if (all[element].first == XML_NONE)
		return epp_refuse(r, EPP_SYNTAX, element,
		    "an extension with no element in it");
	c->extension = all[element].whole;
	c->extensions = arena_take_array(
	    r->arena, EPP_EXTENSIONS_MAX, sizeof(*c->extensions));
	if (c->extensions == NULL)
		return epp_no_memory(r);
	for (uint32_t at = all[element].first; at != XML_NONE;
	     at = all[at].next) {
		struct epp_extension *e = &c->extensions[c->extension_count];

		if (c->extension_count == EPP_EXTENSIONS_MAX)
			return epp_refuse(
			    r, EPP_SYNTAX, at, "too many extensions");
		*e = (struct epp_extension){
		    xml_space(r->document, at), at, all[at].whole};
		if (e->space.len == 0 || slice_is(e->space, EPP_SPACE))
			return epp_refuse(r, EPP_SYNTAX, at,
			    "an extension without a namespace of its own");
		c->extension_count++;
		if (!read_known(r, e))
			return false;
	}
	return true;
}

/* Before all else, so that a refusal can carry it. */
static void
find_client_id(struct epp_reader *r, uint32_t command)
{
	struct epp_problem *problem = r->problem, unused;
	uint32_t element = epp_child(r->document, command, "clTRID");
	struct epp_reader quiet = *r;
	struct slice id;
	struct fail why;

	fail_clear(&why);
	quiet.problem = &unused;
	quiet.fail = &why;
	if (element != XML_NONE && epp_token(&quiet, element, 3, 64, &id))
		problem->client_id = id;
}

static bool
read_client_id(struct epp_walk *walk)
{
	struct epp_command *c = walk->r->command;
	uint32_t element = epp_take(walk, "clTRID");
	uint32_t end = walk->r->document->elements[walk->parent].content.end;

	c->client_id_whole = epp_nowhere(end);
	if (element != XML_NONE) {
		c->client_id_whole = walk->r->document->elements[element].whole;
		if (!epp_attributes(walk->r, element, NULL, NULL) ||
		    !epp_token(walk->r, element, 3, 64, &c->client_id))
			return false;
	}
	if (c->extension.end == 0)
		c->extension = epp_nowhere(c->client_id_whole.at);
	return epp_end(walk);
}

static bool
read_command(struct epp_reader *r, uint32_t command)
{
	struct epp_walk walk = epp_walk(r, command);
	const struct xml_element *all = r->document->elements;
	uint32_t verb = walk.at, extension;

	find_client_id(r, command);
	if (!epp_attributes(r, command, NULL, NULL))
		return false;
	if (verb == XML_NONE)
		return epp_missing(r, "command");
	if (all[verb].space != walk.space ||
	    !find_verb(all[verb].name, &r->command->verb))
		return epp_refuse(r, EPP_UNKNOWN_COMMAND, verb,
		    "a command that EPP does not have");
	walk.at = all[verb].next;
	if (!read_verb(r, verb))
		return false;
	extension = epp_take(&walk, "extension");
	return (extension == XML_NONE || read_extension(r, extension)) &&
	       epp_check_passwords(r) && read_client_id(&walk);
}

/*
 * Comments would go where no rule is asked: there is none in a command of a
 * client, so that a frame that has one is refused.
 */
static bool
read_root(struct epp_reader *r)
{
	struct xml_document *d = r->document;
	struct epp_walk walk = epp_walk(r, 0);
	uint32_t child;

	r->command->prefix = epp_prefix(d, 0);
	if (!xml_is(d, 0, EPP_SPACE, "epp"))
		return epp_refuse(r, EPP_SYNTAX, 0, "not a frame of EPP 1.0");
	if (!epp_attributes(r, 0, NULL, NULL))
		return false;
	child = epp_take(&walk, "hello");
	if (child != XML_NONE) {
		r->command->verb = EPP_HELLO;
		if (!epp_empty(r, child))
			return false;
	} else {
		child = epp_take(&walk, "command");
		if (child == XML_NONE)
			return epp_refuse(r, EPP_UNKNOWN_COMMAND,
			    walk.at != XML_NONE ? walk.at : 0,
			    "neither a hello nor a command");
		if (!read_command(r, child))
			return false;
	}
	if (!epp_end(&walk))
		return false;
	return d->comment.end == 0 ||
	       epp_refuse_at(r, EPP_SYNTAX, d->comment.at,
		   "a comment stands in the frame");
}

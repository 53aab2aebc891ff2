#include <libxml/xmlschemas.h>

#include "registry/registry_priv.h"

static xmlSchema *schema; /* one for the program: it is read only */
static bool schema_tried;

xmlNode *
dom_first(const xmlNode *node)
{
	xmlNode *at = node == NULL ? NULL : node->children;

	while (at != NULL && at->type != XML_ELEMENT_NODE)
		at = at->next;
	return at;
}

xmlNode *
dom_sibling(const xmlNode *node)
{
	xmlNode *at = node->next;

	while (at != NULL && at->type != XML_ELEMENT_NODE)
		at = at->next;
	return at;
}

bool
dom_is(const xmlNode *node, const char *name)
{
	return strcmp((const char *)node->name, name) == 0;
}

const char *
dom_uri(const xmlNode *node)
{
	return node->ns == NULL ? "" : (const char *)node->ns->href;
}

xmlNode *
dom_child(const xmlNode *node, const char *name)
{
	xmlNode *at = dom_first(node);

	while (at != NULL &&
	       (!dom_is(at, name) || strcmp(dom_uri(at), dom_uri(node)) != 0))
		at = dom_sibling(at);
	return at;
}

xmlNode *
dom_next(const xmlNode *node, const char *name)
{
	xmlNode *at = dom_sibling(node);

	while (at != NULL &&
	       (!dom_is(at, name) || strcmp(dom_uri(at), dom_uri(node)) != 0))
		at = dom_sibling(at);
	return at;
}

/* The request frees them all. */
static char *
own(struct request *request, char *text)
{
	request->texts = realloc(
	    request->texts, (request->texts_count + 1) * sizeof(char *));
	if (request->texts == NULL || text == NULL)
		abort();
	request->texts[request->texts_count++] = text;
	return text;
}

const char *
dom_exact(struct request *request, const xmlNode *node)
{
	return own(request, (char *)xmlNodeGetContent(node));
}

const char *
dom_text(struct request *request, const xmlNode *node)
{
	char *text = own(request, (char *)xmlNodeGetContent(node));
	size_t len;

	text += strspn(text, " \t\r\n");
	for (len = strlen(text); len > 0; len--)
		if (strchr(" \t\r\n", text[len - 1]) == NULL)
			break;
	text[len] = '\0';
	return text;
}

const char *
dom_attribute(struct request *request, const xmlNode *node, const char *name)
{
	xmlChar *value = xmlGetNoNsProp((xmlNode *)node, BAD_CAST name);

	return value == NULL ? NULL : own(request, (char *)value);
}

const char *
dom_word(struct request *request, const xmlNode *node, const char *name)
{
	const char *word = dom_attribute(request, node, name);

	return word == NULL ? "" : word;
}

const char *
dom_print(struct request *request, const xmlNode *node)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlBuffer *buffer = xmlBufferCreate();
	xmlNode *copy;
	char *text;

	if (doc == NULL || buffer == NULL)
		abort();
	copy = xmlDocCopyNode((xmlNode *)node, doc, 1);
	if (copy == NULL)
		abort();
	xmlDocSetRootElement(doc, copy);
	xmlNodeDump(buffer, doc, copy, 0, 0);
	text = registry_copy((const char *)xmlBufferContent(buffer));
	xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	return own(request, text);
}

/* What libxml2 finds wrong: the first complaints are enough. */
__attribute__((format(printf, 2, 3))) static void
complain(void *context, const char *format, ...)
{
	struct bytes *complaint = context;
	char line[512];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (complaint->len < 2000)
		bytes_add_string(complaint, line);
}

static void
be_silent(void *context, const char *format, ...)
{
	(void)context;
	(void)format;
}

bool
schema_load(const char *directory)
{
	xmlSchemaParserCtxt *parser;
	char path[1024];
	FILE *file;

	if (schema_tried)
		return schema != NULL;
	schema_tried = true;
	(void)snprintf(path, sizeof(path), "%s/all.xsd", directory);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	(void)fclose(file);
	xmlInitParser();
	parser = xmlSchemaNewParserCtxt(path);
	if (parser == NULL)
		abort();
	xmlSchemaSetParserErrors(parser, be_silent, be_silent, NULL);
	schema = xmlSchemaParse(parser);
	xmlSchemaFreeParserCtxt(parser);
	return schema != NULL;
}

static bool
has_schema(const char *uri)
{
	static const char *const known[] = {EPP_URI, SECDNS_URI,
	    "urn:ietf:params:xml:ns:eppcom-1.0",
	    "urn:ietf:params:xml:ns:contact-1.0",
	    "urn:ietf:params:xml:ns:domain-1.0",
	    "urn:ietf:params:xml:ns:host-1.0",
	    "urn:ietf:params:xml:ns:rgp-1.0"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(known[i], uri) == 0)
			return true;
	return false;
}

static void
cut_out(xmlNode *node)
{
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

/* Take extensions out of `parent`'s <extension> that have no schema here. */
static void
strip_extensions(xmlNode *parent)
{
	xmlNode *extension = dom_child(parent, "extension"), *at, *next;

	if (extension == NULL)
		return;
	for (at = dom_first(extension); at != NULL; at = next) {
		next = dom_sibling(at);
		if (!has_schema(dom_uri(at)))
			cut_out(at);
	}
	if (dom_first(extension) == NULL)
		cut_out(extension);
}

/*
 * Net::EPP sends an empty <add/>, <rem/> and <chg/> with every update, where
 * RFC 5733 wants a status in a contact's, and RFC 5732 a name in a host's.
 * Many registries look away.  Was there one, and no more in it?
 */
static bool
strip_empty(xmlNode *command)
{
	static const char *const parts[] = {"add", "rem", "chg"};
	xmlNode *update = dom_first(dom_child(command, "update"));
	bool found = false;
	size_t i;

	for (i = 0; update != NULL && i < 3; i++) {
		xmlNode *part = dom_child(update, parts[i]);

		if (part == NULL || part->children != NULL)
			continue;
		cut_out(part);
		found = true;
	}
	return found;
}

static bool
is_valid(xmlDoc *doc, struct bytes *complaint)
{
	xmlSchemaValidCtxt *context = xmlSchemaNewValidCtxt(schema);
	int result;

	if (context == NULL)
		abort();
	xmlSchemaSetValidErrors(context, complain, complain, complaint);
	result = xmlSchemaValidateDoc(context, doc);
	xmlSchemaFreeValidCtxt(context);
	return result == 0;
}

bool
schema_valid(xmlDoc *doc, struct bytes *complaint, bool *tolerated)
{
	bool lenient = *tolerated, valid;
	xmlDoc *copy;
	xmlNode *root;

	*tolerated = false;
	if (schema == NULL)
		return true;
	copy = xmlCopyDoc(doc, 1);
	if (copy == NULL)
		abort();
	root = xmlDocGetRootElement(copy);
	/* A hint where schemas lie is not to be followed. */
	(void)xmlUnsetNsProp(root,
	    xmlSearchNsByHref(copy, root,
		BAD_CAST "http://www.w3.org/2001/XMLSchema-instance"),
	    BAD_CAST "schemaLocation");
	if (dom_first(root) != NULL)
		strip_extensions(dom_first(root));
	valid = is_valid(copy, complaint);
	if (!valid && lenient && dom_first(root) != NULL &&
	    strip_empty(dom_first(root))) {
		complaint->len = 0;
		valid = *tolerated = is_valid(copy, complaint);
	}
	xmlFreeDoc(copy);
	return valid;
}

bool
registry_frame_valid(struct slice frame, struct bytes *complaint)
{
	xmlDoc *doc = xmlReadMemory(frame.data, (int)frame.len, NULL, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	bool tolerated = false, valid;

	if (doc == NULL || xmlDocGetRootElement(doc) == NULL) {
		bytes_add_string(complaint, "not XML");
		xmlFreeDoc(doc);
		return false;
	}
	valid = schema_valid(doc, complaint, &tolerated);
	xmlFreeDoc(doc);
	return valid;
}

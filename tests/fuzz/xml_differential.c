/*
 * What xml_read() accepts, expat and libxml2 accept too and read alike: the
 * same elements, namespaces, attributes and text.  Each reading is written
 * down in the same way and the three texts are compared.
 */
#include <expat.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>

#include "base/text.h"
#include "codec/xml.h"
#include "runner/fuzz.h"

/*
 * One reading: "<{space}name{space}attribute=value...>", text, "</>".  White
 * space between elements is left out, as no one looks at it.
 */
struct log {
	struct arena *arena;
	struct text out, run;
	bool leaf; /* no child element since the start tag */
};

struct pair {
	struct slice name, space, value;
};

static struct log
log_start(struct arena *arena)
{
	return (struct log){arena, text_start(arena), text_start(arena), false};
}

static bool
is_blank(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t\r\n", text.data[i]) == NULL)
			return false;
	return true;
}

static void
log_run(struct log *log, bool end)
{
	struct slice run = text_slice(&log->run);

	if ((end && log->leaf) || !is_blank(run))
		text_add(&log->out, run);
	log->run = text_start(log->arena);
}

static void
log_name(struct log *log, struct slice space, struct slice name)
{
	text_add_char(&log->out, '{');
	text_add(&log->out, space);
	text_add_char(&log->out, '}');
	text_add(&log->out, name);
}

static void
log_open(struct log *log, struct slice space, struct slice name,
    struct pair *pairs, size_t count)
{
	log_run(log, false);
	log->leaf = true;
	text_add_char(&log->out, '<');
	log_name(log, space, name);
	for (size_t i = 0; i < count; i++) {
		text_add_char(&log->out, ' ');
		log_name(log, pairs[i].space, pairs[i].name);
		text_add_char(&log->out, '=');
		text_add_json(&log->out, pairs[i].value);
	}
	text_add_char(&log->out, '>');
}

static void
log_close(struct log *log)
{
	log_run(log, true);
	log->leaf = false;
	text_add_string(&log->out, "</>");
}

/* --- misu ---------------------------------------------------------------- */

static struct slice
resolved(
    const struct xml_document *d, struct xml_span span, struct arena *arena)
{
	struct xml_element element = {.content = span, .plain = false};
	struct xml_document one = {.text = d->text, .elements = &element};

	return xml_text(&one, 0, arena);
}

static void
ours_open(struct log *log, const struct xml_document *d, uint32_t i)
{
	const struct xml_element *e = &d->elements[i];
	struct pair pairs[64];

	for (size_t a = 0; a < e->attribute_count; a++) {
		const struct xml_attribute *attribute =
		    &d->attributes[e->attribute + a];

		pairs[a] = (struct pair){attribute->name, attribute->space,
		    resolved(d, attribute->value, log->arena)};
	}
	log_open(log, xml_space(d, i), e->name, pairs, e->attribute_count);
}

/* Of a mixed element: the text from `at` up to `end`, references and all. */
static void
ours_text(struct log *log, const struct xml_document *d, uint32_t element,
    uint32_t at, uint32_t end)
{
	if (d->elements[element].has_text ||
	    d->elements[element].first == XML_NONE)
		text_add(&log->run,
		    resolved(d, (struct xml_span){at, end}, log->arena));
}

/* In document order without recursion: `from` is where text goes on. */
static struct slice
ours(const struct xml_document *d, struct arena *arena)
{
	struct log log = log_start(arena);
	uint32_t at = 0, from;

	ours_open(&log, d, 0);
	from = d->elements[0].content.at;
	for (;;) {
		const struct xml_element *e = &d->elements[at];

		if (e->first != XML_NONE && from == e->content.at) {
			const struct xml_element *c = &d->elements[e->first];

			ours_text(&log, d, at, from, c->whole.at);
			at = e->first;
			from = c->content.at;
			ours_open(&log, d, at);
			continue;
		}
		ours_text(&log, d, at, from, e->content.end);
		log_close(&log);
		from = e->whole.end;
		if (e->next != XML_NONE) {
			ours_text(&log, d, e->parent, from,
			    d->elements[e->next].whole.at);
			at = e->next;
			from = d->elements[at].content.at;
			ours_open(&log, d, at);
		} else if (e->parent != XML_NONE) {
			at = e->parent;
		} else {
			return text_slice(&log.out);
		}
	}
}

/* --- expat --------------------------------------------------------------- */

/* "space name" or "name". */
static struct pair
expat_name(const char *text)
{
	const char *blank = strchr(text, ' ');

	if (blank == NULL)
		return (struct pair){
		    .name = slice_from(text), .space = SLICE("")};
	return (struct pair){.name = slice_from(blank + 1),
	    .space = {text, (size_t)(blank - text)}};
}

static void
expat_open(void *context, const XML_Char *name, const XML_Char **attributes)
{
	struct pair pairs[64], self = expat_name(name);
	size_t count = 0;

	for (; attributes[2 * count] != NULL; count++) {
		pairs[count] = expat_name(attributes[2 * count]);
		pairs[count].value = slice_from(attributes[2 * count + 1]);
	}
	log_open(context, self.space, self.name, pairs, count);
}

static void
expat_close(void *context, const XML_Char *name)
{
	(void)name;
	log_close(context);
}

static void
expat_text(void *context, const XML_Char *text, int len)
{
	struct log *log = context;

	text_add(&log->run, (struct slice){text, (size_t)len});
}

static struct slice
theirs_expat(struct slice text, struct arena *arena)
{
	XML_Parser parser = XML_ParserCreateNS(NULL, ' ');
	struct log log = log_start(arena);
	enum XML_Status status;

	XML_SetUserData(parser, &log);
	XML_SetElementHandler(parser, expat_open, expat_close);
	XML_SetCharacterDataHandler(parser, expat_text);
	status = XML_Parse(parser, text.data, (int)text.len, 1);
	XML_ParserFree(parser);
	fuzz_must(status == XML_STATUS_OK);
	return text_slice(&log.out);
}

/* --- libxml2 ------------------------------------------------------------- */

static struct slice
from_xml(const xmlChar *text)
{
	return text != NULL ? slice_from((const char *)text) : SLICE("");
}

static void
libxml_open(void *context, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *space, int space_count, const xmlChar **spaces, int count,
    int defaulted, const xmlChar **attributes)
{
	struct pair pairs[64];

	(void)prefix;
	(void)space_count;
	(void)spaces;
	(void)defaulted;
	for (int i = 0; i < count; i++) {
		const xmlChar **a = attributes + 5 * i;

		pairs[i] = (struct pair){from_xml(a[0]), from_xml(a[2]),
		    {(const char *)a[3], (size_t)(a[4] - a[3])}};
	}
	log_open(
	    context, from_xml(space), from_xml(name), pairs, (size_t)count);
}

static void
libxml_close(void *context, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *space)
{
	(void)name;
	(void)prefix;
	(void)space;
	log_close(context);
}

static void
libxml_text(void *context, const xmlChar *text, int len)
{
	expat_text(context, (const XML_Char *)text, len);
}

static struct slice
theirs_libxml(struct slice text, struct arena *arena)
{
	struct log log = log_start(arena);
	xmlSAXHandler handler = {
	    .initialized = XML_SAX2_MAGIC,
	    .startElementNs = libxml_open,
	    .endElementNs = libxml_close,
	    .characters = libxml_text,
	    .ignorableWhitespace = libxml_text,
	};
	xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(
	    &handler, &log, text.data, (int)text.len, NULL);

	fuzz_must(parser != NULL);
	/* Without NOENT its SAX gives "&#38;" for an &amp; in an attribute. */
	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	xmlParseChunk(parser, "", 0, 1);
	fuzz_must(parser->wellFormed == 1);
	xmlFreeParserCtxt(parser);
	return text_slice(&log.out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create(NULL);
	struct slice text = {(const char *)data, size}, read;
	struct xml_document *d =
	    xml_read(arena, text, &xml_limits_default, true, NULL);

	if (d != NULL) {
		read = ours(d, arena);
		fuzz_must(slice_equal(read, theirs_expat(text, arena)));
		fuzz_must(slice_equal(read, theirs_libxml(text, arena)));
	}
	arena_destroy(arena);
	return 0;
}

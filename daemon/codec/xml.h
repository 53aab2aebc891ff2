/*
 * A strict reader for a subset of XML 1.0 with namespaces, as EPP uses it:
 * one pass, no copy, byte ranges of everything.  What it accepts every parser
 * reads alike; what two parsers could read differently it refuses, with the
 * place.  So splicing by byte ranges is safe.
 *
 * Refused: anything but UTF-8 (with or without an XML declaration that says
 * so, in any case of letters; a byte order mark too), DOCTYPE, entities but
 * the five predefined and character references to allowed characters,
 * processing instructions, CDATA sections, comments inside elements that hold
 * text, characters XML 1.0 does not allow, carriage returns written as such
 * (parsers normalise them) other than before a line feed between elements,
 * tabs and line feeds inside attribute values, duplicate attributes (by
 * name and by namespace), prefixes that are not declared, redeclared "xml" or
 * "xmlns", a name with two colons, anything after the root element but white
 * space and comments, and whatever exceeds the limits.
 *
 * Pure; memory is the arena's, a few dozen bytes an element.
 */
#ifndef MISU_XML_H
#define MISU_XML_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

enum { XML_NONE = UINT32_MAX };

/* Bytes of the text from `at` up to, not including, `end`. */
struct xml_span {
	uint32_t at, end;
};

struct xml_limits {
	size_t bytes;      /* of the whole text, at most 16 MiB */
	unsigned depth;    /* of elements in one another */
	unsigned elements; /* in all */
	unsigned attributes; /* of one element, declarations included */
	unsigned namespaces; /* declared in all */
};

extern const struct xml_limits xml_limits_default; /* 64 KiB, 32, 4096, 16, 64 */

struct xml_attribute {
	struct slice name;   /* local name */
	struct slice space;  /* namespace URI; empty: none */
	struct xml_span whole; /* with the white space before it and the quotes */
	struct xml_span value; /* between the quotes, as written */
};

struct xml_element {
	struct slice name;  /* local name */
	uint32_t space;     /* index into document->spaces; XML_NONE: none */
	struct xml_span whole;   /* from '<' to after the last '>' */
	struct xml_span content; /* empty where it is written <a/> */
	uint32_t parent, first, next; /* elements; XML_NONE: none */
	uint32_t attribute;      /* index of the first one */
	uint16_t attribute_count; /* without namespace declarations */
	bool empty_tag;   /* written <a/> */
	bool has_text;    /* characters other than white space */
	bool plain;       /* the content is text without references */
};

struct xml_document {
	struct slice text;
	struct xml_element *elements; /* in document order; 0 is the root */
	uint32_t element_count;
	struct xml_attribute *attributes;
	struct slice *spaces; /* distinct namespace URIs */
	uint32_t space_count;
	struct xml_span comment; /* the last one; at == end: none */
};

/*
 * `mixed`: text beside elements is allowed (responses' messages); else it is
 * refused.  NULL with FAIL_INPUT, whose place is "line:column" in the text
 * (columns are characters) and whose text never quotes it.
 */
struct xml_document *xml_read(struct arena *arena, struct slice text,
    const struct xml_limits *limits, bool mixed, struct fail *fail);

/* Is this element {space}name? */
bool xml_is(const struct xml_document *document, uint32_t element,
    const char *space, const char *name);
struct slice xml_space(const struct xml_document *document, uint32_t element);

/*
 * An element's text with references resolved; borrowed from the document
 * where it has none.  Data NULL when out of memory.  Only for elements
 * without child elements.
 */
struct slice xml_text(const struct xml_document *document, uint32_t element,
    struct arena *arena);

/* An attribute without a namespace; NULL if absent. */
const struct xml_attribute *xml_attribute(
    const struct xml_document *document, uint32_t element, const char *name);
/* Its value, resolved; empty if absent. */
struct slice xml_attribute_text(const struct xml_document *document,
    uint32_t element, const char *name, struct arena *arena);

/* "line:column" of a byte, from 1. */
void xml_place(struct slice text, size_t at, unsigned *line, unsigned *column);

#endif

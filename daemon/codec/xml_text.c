#include "codec/xml_priv.h"

#define NAME_ALSO (XML_NAME | XML_TEXT | XML_QUOTED)
#define NAME_FIRST (XML_NAME_START | NAME_ALSO)
#define PLAIN (XML_TEXT | XML_QUOTED)

const uint8_t xml_classes[256] = {
    ['\t'] = XML_SPACE | XML_TEXT,
    ['\n'] = XML_SPACE | XML_TEXT,
    [' '] = XML_SPACE | PLAIN,
    ['!'] = PLAIN,
    ['"'] = XML_TEXT,
    ['#' ... '%'] = PLAIN,
    ['\''] = XML_TEXT,
    ['(' ... ','] = PLAIN,
    ['-'] = NAME_ALSO,
    ['.'] = NAME_ALSO,
    ['/'] = PLAIN,
    ['0' ... '9'] = NAME_ALSO,
    [':'] = PLAIN,
    [';'] = PLAIN,
    ['='] = PLAIN,
    ['>'] = PLAIN,
    ['?'] = PLAIN,
    ['@'] = PLAIN,
    ['A' ... 'Z'] = NAME_FIRST,
    ['['] = PLAIN,
    ['\\'] = PLAIN,
    [']'] = XML_QUOTED, /* in text, "]]>" must be looked for */
    ['^'] = PLAIN,
    ['_'] = NAME_FIRST,
    ['`'] = PLAIN,
    ['a' ... 'z'] = NAME_FIRST,
    ['{' ... 0x7f] = PLAIN,
};

size_t
xml_high(const uint8_t *at, const uint8_t *end)
{
	unsigned lead = at[0], low = 0x80, high = 0xbf;
	size_t len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	if (lead < 0xc2 || lead > 0xf4 || (size_t)(end - at) < len)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f; /* no surrogates */
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	/* U+FFFE and U+FFFF are no characters of XML. */
	if (lead == 0xef && at[1] == 0xbf && at[2] >= 0xbe)
		return 0;
	return len;
}

static bool
is_character(unsigned point)
{
	return point == '\t' || point == '\n' || point == '\r' ||
	       (point >= 0x20 && point <= 0xd7ff) ||
	       (point >= 0xe000 && point <= 0xfffd) ||
	       (point >= 0x10000 && point <= 0x10ffff);
}

static int
digit_value(uint8_t c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (base == 16 && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* After "&#".  More than eight digits are no way to write a character. */
static size_t
numeric_reference(const uint8_t *at, const uint8_t *end, unsigned *point)
{
	const uint8_t *p = at + 2;
	unsigned base = 10, value = 0, digits = 0;

	if (p < end && *p == 'x') {
		base = 16;
		p++;
	}
	for (; p < end && digit_value(*p, base) >= 0; p++) {
		if (++digits > 8 || value > 0x10ffff)
			return 0;
		value = value * base + (unsigned)digit_value(*p, base);
	}
	if (digits == 0 || p == end || *p != ';' || !is_character(value))
		return 0;
	*point = value;
	return (size_t)(p + 1 - at);
}

size_t
xml_reference(const uint8_t *at, const uint8_t *end, unsigned *point)
{
	static const struct {
		const char *text;
		size_t len;
		char meaning;
	} entities[] = {
	    {"&amp;", 5, '&'},
	    {"&lt;", 4, '<'},
	    {"&gt;", 4, '>'},
	    {"&quot;", 6, '"'},
	    {"&apos;", 6, '\''},
	};
	size_t left = (size_t)(end - at);

	if (left > 1 && at[1] == '#')
		return numeric_reference(at, end, point);
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (left >= entities[i].len &&
		    memcmp(at, entities[i].text, entities[i].len) == 0) {
			*point = (unsigned char)entities[i].meaning;
			return entities[i].len;
		}
	}
	return 0;
}

static size_t
put_point(char *to, unsigned point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 0x3f));
		to[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | point >> 18);
	to[1] = (char)(0x80 | (point >> 12 & 0x3f));
	to[2] = (char)(0x80 | (point >> 6 & 0x3f));
	to[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

/* No reference is shorter than what it stands for. */
static struct slice
resolve(struct slice raw, struct arena *arena)
{
	const uint8_t *at = (const uint8_t *)raw.data, *end = at + raw.len;
	char *to = arena_take(arena, raw.len + 1);
	struct slice out = {to, 0};

	if (to == NULL)
		return out;
	while (at < end) {
		const uint8_t *mark = memchr(at, '&', (size_t)(end - at));
		size_t run = (size_t)((mark != NULL ? mark : end) - at), len;
		unsigned point = 0;

		memcpy(to + out.len, at, run);
		out.len += run;
		at += run;
		if (at == end)
			break;
		len = xml_reference(at, end, &point);
		if (len == 0) /* it was checked when it was read */
			break;
		out.len += put_point(to + out.len, point);
		at += len;
	}
	return out;
}

static struct slice
span_slice(const struct xml_document *document, struct xml_span span)
{
	return (struct slice){
	    document->text.data + span.at, span.end - span.at};
}

struct slice
xml_text(
    const struct xml_document *document, uint32_t element, struct arena *arena)
{
	const struct xml_element *e = &document->elements[element];
	struct slice raw = span_slice(document, e->content);

	return e->plain ? raw : resolve(raw, arena);
}

bool
xml_is(const struct xml_document *document, uint32_t element, const char *space,
    const char *name)
{
	return slice_is(document->elements[element].name, name) &&
	       slice_is(xml_space(document, element), space);
}

struct slice
xml_space(const struct xml_document *document, uint32_t element)
{
	uint32_t space = document->elements[element].space;

	return space == XML_NONE ? SLICE("") : document->spaces[space];
}

const struct xml_attribute *
xml_attribute(
    const struct xml_document *document, uint32_t element, const char *name)
{
	const struct xml_element *e = &document->elements[element];

	for (uint32_t i = 0; i < e->attribute_count; i++) {
		const struct xml_attribute *attribute =
		    &document->attributes[e->attribute + i];

		if (attribute->space.len == 0 &&
		    slice_is(attribute->name, name))
			return attribute;
	}
	return NULL;
}

struct slice
xml_attribute_text(const struct xml_document *document, uint32_t element,
    const char *name, struct arena *arena)
{
	const struct xml_attribute *attribute =
	    xml_attribute(document, element, name);
	struct slice raw;

	if (attribute == NULL)
		return SLICE("");
	raw = span_slice(document, attribute->value);
	if (raw.len == 0 || memchr(raw.data, '&', raw.len) == NULL)
		return raw;
	return resolve(raw, arena);
}

void
xml_place(struct slice text, size_t at, unsigned *line, unsigned *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at && i < text.len; i++) {
		if (text.data[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((uint8_t)text.data[i] & 0xc0) != 0x80) {
			++*column;
		}
	}
}

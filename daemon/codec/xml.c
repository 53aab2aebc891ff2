#include "codec/xml_priv.h"

const struct xml_limits xml_limits_default = {65536, 32, 4096, 16, 64};

static bool read_declaration(struct xml_reader *r);
static bool read_outside(struct xml_reader *r);
static bool read_root(struct xml_reader *r);

static bool
reader_init(struct xml_reader *r, struct slice text)
{
	struct xml_document *d = arena_take(r->arena, sizeof(*d));
	uint32_t elements = (uint32_t)(text.len / 40) + 4;

	if (d == NULL)
		return fail_memory(r->fail);
	d->text = text;
	r->document = d;
	r->start = r->at = (const uint8_t *)text.data;
	r->end = r->start + text.len;
	r->last_return = r->start;
	r->current = r->previous = XML_NONE;
	if (elements > 4096)
		elements = 4096; /* and grown where that is too few */
	r->element_size = elements;
	r->attribute_size = 8;
	r->space_size = 8;
	d->attributes = arena_take_array(
	    r->arena, r->attribute_size, sizeof(*d->attributes));
	d->spaces =
	    arena_take_array(r->arena, r->space_size, sizeof(*d->spaces));
	/* The last, so that what is too many of them can be given back. */
	d->elements =
	    arena_take_array(r->arena, r->element_size, sizeof(*d->elements));
	return (d->elements != NULL && d->attributes != NULL &&
		   d->spaces != NULL) ||
	       fail_memory(r->fail);
}

static void
give_back(struct xml_reader *r)
{
	struct xml_document *d = r->document;

	arena_shrink(r->arena, d->elements,
	    r->element_size * sizeof(*d->elements),
	    d->element_count * sizeof(*d->elements));
}

struct xml_document *
xml_read(struct arena *arena, struct slice text,
    const struct xml_limits *limits, bool mixed, struct fail *fail)
{
	struct xml_reader r;

	r.arena = arena;
	r.limits = limits;
	r.fail = fail;
	r.mixed = mixed;
	r.depth = r.attribute_count = 0;
	r.binding_count = r.declared = 0;
	r.recent = XML_NONE;
	if (text.len == 0 || text.len > limits->bytes ||
	    text.len > XML_BYTES_MAX) {
		fail_set(fail, FAIL_INPUT,
		    text.len == 0 ? "no text" : "too many bytes");
		fail_place(fail, "1:1");
		return NULL;
	}
	if (!reader_init(&r, text) || !read_declaration(&r) ||
	    !read_outside(&r))
		return NULL;
	if (r.at == r.end || r.at + 1 == r.end) {
		xml_refuse(&r, r.at, "no element");
		return NULL;
	}
	if (!read_root(&r) || !read_outside(&r))
		return NULL;
	if (r.at != r.end) {
		xml_refuse(&r, r.at, "something after the last element");
		return NULL;
	}
	give_back(&r);
	return r.document;
}

bool
xml_refuse(struct xml_reader *r, const uint8_t *at, const char *what)
{
	unsigned line, column;

	xml_place(r->document->text, (size_t)(at - r->start), &line, &column);
	fail_set(r->fail, FAIL_INPUT, "%s", what);
	fail_place(r->fail, "%u:%u", line, column);
	return false;
}

/* --- the declaration ---------------------------------------------------- */

static bool
starts(const struct xml_reader *r, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(r->end - r->at) >= len && memcmp(r->at, text, len) == 0;
}

/* White space, NAME = "value": false, and nothing taken, if it is not there. */
static bool
pseudo_attribute(struct xml_reader *r, const char *name, struct slice *value)
{
	const uint8_t *p = xml_skip_space(r->at, r->end), *last;
	size_t len = strlen(name);

	if (p == r->at || (size_t)(r->end - p) < len ||
	    memcmp(p, name, len) != 0)
		return false;
	p = xml_skip_space(p + len, r->end);
	if (p == r->end || *p != '=')
		return false;
	p = xml_skip_space(p + 1, r->end);
	if (p == r->end || (*p != '"' && *p != '\''))
		return false;
	last = memchr(p + 1, *p, (size_t)(r->end - p - 1));
	if (last == NULL)
		return false;
	*value = (struct slice){(const char *)p + 1, (size_t)(last - p - 1)};
	r->at = last + 1;
	return true;
}

static bool
is_utf8_name(struct slice name)
{
	static const char wanted[] = "utf-8";

	if (name.len != sizeof(wanted) - 1)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != wanted[i])
			return false;
	}
	return true;
}

/* As nearly all are written. */
static bool
skip_usual_declaration(struct xml_reader *r)
{
	static const char usual[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"";
	static const char no[] = " standalone=\"no\"?>";
	size_t len = sizeof(usual) - 1;

	if ((size_t)(r->end - r->at) < len + sizeof(no) - 1 ||
	    memcmp(r->at, usual, len) != 0)
		return false;
	if (memcmp(r->at + len, "?>", 2) == 0) {
		r->at += len + 2;
		return true;
	}
	if (memcmp(r->at + len, no, sizeof(no) - 1) != 0)
		return false;
	r->at += len + sizeof(no) - 1;
	return true;
}

static bool
read_declaration(struct xml_reader *r)
{
	struct slice value;

	if (skip_usual_declaration(r))
		return true;
	if (starts(r, "\xef\xbb\xbf"))
		r->at += 3;
	if (!starts(r, "<?xml") || r->end - r->at < 6 ||
	    (xml_classes[r->at[5]] & XML_NAME) != 0)
		return true;
	r->at += 5;
	if (!pseudo_attribute(r, "version", &value) || !slice_is(value, "1.0"))
		return xml_refuse(r, r->at, "not version 1.0 of XML");
	if (pseudo_attribute(r, "encoding", &value) && !is_utf8_name(value))
		return xml_refuse(r, r->at, "an encoding that is not UTF-8");
	if (pseudo_attribute(r, "standalone", &value) &&
	    !slice_is(value, "yes") && !slice_is(value, "no"))
		return xml_refuse(r, r->at, "standalone is yes or no");
	r->at = xml_skip_space(r->at, r->end);
	if (!starts(r, "?>"))
		return xml_refuse(r, r->at, "no XML declaration as it must be");
	r->at += 2;
	return true;
}

/* --- between tags ------------------------------------------------------- */

/* White space, and "\r\n", which is remembered. */
static bool
skip_between(struct xml_reader *r)
{
	for (;;) {
		r->at = xml_skip_space(r->at, r->end);
		if (r->at == r->end || *r->at != '\r')
			return true;
		if (r->at + 1 == r->end || r->at[1] != '\n')
			return xml_refuse(r, r->at, "a carriage return");
		r->last_return = r->at++;
	}
}

/* r->at is at "<!": anything but a comment is refused by its name. */
static bool
read_comment(struct xml_reader *r)
{
	const uint8_t *p = r->at + 4, *end = r->end;

	if (starts(r, "<!D"))
		return xml_refuse(r, r->at, "a document type");
	if (starts(r, "<!["))
		return xml_refuse(r, r->at, "a CDATA section");
	if (!starts(r, "<!--"))
		return xml_refuse(r, r->at, "neither a tag nor a comment");
	while (p < end) {
		if (*p == '-' && end - p > 1 && p[1] == '-')
			break;
		if (*p >= 0x80) {
			size_t len = xml_high(p, end);

			if (len == 0)
				return xml_refuse(
				    r, p, "bytes that are not UTF-8");
			p += len;
		} else if (*p < 0x20 && *p != '\t' && *p != '\n') {
			return xml_refuse(
			    r, p, "a control character in a comment");
		} else {
			p++;
		}
	}
	if (end - p < 3 || p[2] != '>')
		return xml_refuse(r, p, "a comment without end, or with --");
	r->document->comment =
	    (struct xml_span){xml_offset(r, r->at), xml_offset(r, p + 3)};
	r->at = p + 3;
	return true;
}

/* Before the root element, up to its '<', and behind it. */
static bool
read_outside(struct xml_reader *r)
{
	for (;;) {
		if (!skip_between(r))
			return false;
		if (r->at == r->end)
			return true;
		if (*r->at != '<')
			return xml_refuse(r, r->at, "text outside an element");
		if (starts(r, "<?"))
			return xml_refuse(r, r->at, "a processing instruction");
		if (!starts(r, "<!"))
			return true;
		if (!read_comment(r))
			return false;
	}
}

/* What is no plain ASCII in text: pass it, or refuse it. */
static bool
read_special(struct xml_reader *r, const uint8_t **at)
{
	const uint8_t *p = *at;
	unsigned point;
	size_t len;

	if (*p >= 0x80) {
		len = xml_high(p, r->end);
		if (len == 0)
			return xml_refuse(r, p, "bytes that are not UTF-8");
	} else if (*p == '&') {
		len = xml_reference(p, r->end, &point);
		if (len == 0)
			return xml_refuse(r, p,
			    "a reference to anything but the five entities "
			    "and characters");
		r->document->elements[r->current].plain = false;
	} else if (*p == ']') {
		len = 1;
		if (r->end - p >= 3 && p[1] == ']' && p[2] == '>')
			return xml_refuse(r, p, "\"]]>\" in text");
	} else {
		return xml_refuse(r, p,
		    *p == '\r' ? "a carriage return in text"
			       : "a control character in text");
	}
	*at = p + len;
	return true;
}

/* Past characters that mean themselves, beyond ASCII too. */
static const uint8_t *
skip_plain(const uint8_t *p, const uint8_t *end)
{
	for (;;) {
		p = xml_skip_text(p, end);
		if (p == end || *p < 0x80)
			return p;
		do {
			size_t len = xml_high_often(p, end);

			if (len == 0)
				return p;
			p += len;
		} while (p < end && *p >= 0x80);
	}
}

/* Up to the next '<'. */
static bool
read_characters(struct xml_reader *r)
{
	const uint8_t *from = r->at, *p, *end = r->end;
	struct xml_element *e;

	if (from < end && *from == '<')
		return true;
	if (!skip_between(r))
		return false;
	e = &r->document->elements[r->current];
	p = r->at;
	if (p < end && *p == '<')
		return true;
	if (p < end && e->first != XML_NONE && !r->mixed)
		return xml_refuse(r, p, "text beside elements");
	if (p < end && r->last_return >= from)
		return xml_refuse(
		    r, r->last_return, "a carriage return in text");
	e->has_text = true;
	for (;;) {
		p = skip_plain(p, end);
		if (p == end)
			return xml_refuse(r, p, "an element without end");
		if (*p == '<')
			break;
		if (!read_special(r, &p))
			return false;
	}
	r->at = p;
	return true;
}

static void
leave_element(
    struct xml_reader *r, struct xml_element *e, const uint8_t *content_end)
{
	e->content.end = xml_offset(r, content_end);
	e->whole.end = xml_offset(r, r->at);
	while (r->binding_count > 0 &&
	       r->bindings[r->binding_count - 1].element == r->current)
		r->binding_count--;
	r->previous = r->current;
	r->current = e->parent;
	r->depth--;
}

/* Of the element that is open, whose content ends at `content_end`. */
static bool
close_element(struct xml_reader *r, const uint8_t *content_end)
{
	struct xml_document *d = r->document;
	struct xml_element *e = &d->elements[r->current];
	const uint8_t *content = r->start + e->content.at;

	if ((e->first == XML_NONE || e->has_text) &&
	    d->comment.end > e->content.at)
		return xml_refuse(r, r->start + d->comment.at,
		    "a comment where text could be");
	if (e->first == XML_NONE && r->last_return >= content)
		return xml_refuse(
		    r, r->last_return, "a carriage return in text");
	leave_element(r, e, content_end);
	return true;
}

/* Names with their prefix are mostly two words long or a little less. */
static bool
same(const uint8_t *a, const uint8_t *b, size_t len)
{
	if (len < 8)
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i + 8 < len; i += 8)
		if (xml_word(a + i) != xml_word(b + i))
			return false;
	return xml_word(a + len - 8) == xml_word(b + len - 8);
}

/* An element's name as it is written; 0: another one stands in the end tag. */
static size_t
end_name(
    const struct xml_reader *r, const struct xml_element *e, const uint8_t *tag)
{
	const uint8_t *name = r->start + e->whole.at + 1;
	size_t len =
	    (size_t)((const uint8_t *)e->name.data + e->name.len - name);

	return (size_t)(r->end - tag) >= len + 3 && same(tag + 2, name, len)
		   ? len
		   : 0;
}

/* r->at is at "</". */
static bool
read_end_tag(struct xml_reader *r)
{
	const uint8_t *tag = r->at;
	size_t len = end_name(r, &r->document->elements[r->current], tag);

	if (len == 0)
		return xml_refuse(
		    r, tag, "an end tag that is not the open element's");
	r->at = tag + 2 + len;
	if (*r->at != '>') {
		r->at = xml_skip_space(r->at, r->end);
		if (r->at == r->end || *r->at != '>')
			return xml_refuse(
			    r, tag, "an end tag that is not the open one's");
	}
	r->at++;
	return close_element(r, tag);
}

/*
 * Behind a start tag, as most elements have it: text that means itself, white
 * space not first, and the end tag.  Where anything else stands nothing is
 * taken, and it is read piece by piece.
 */
static void
read_leaf(struct xml_reader *r)
{
	struct xml_element *e = &r->document->elements[r->current];
	const uint8_t *p = r->at;
	size_t len;

	if (p == r->end ||
	    (*p < 0x80 &&
		(xml_classes[*p] & (XML_TEXT | XML_SPACE)) != XML_TEXT))
		return;
	p = skip_plain(p, r->end);
	if (r->end - p < 2 || p[0] != '<' || p[1] != '/')
		return;
	len = end_name(r, e, p);
	if (len == 0 || p[2 + len] != '>')
		return;
	e->has_text = true;
	r->at = p + 3 + len;
	leave_element(r, e, p);
}

/* r->at is at the '<' of a start tag. */
static bool
read_element(struct xml_reader *r)
{
	r->at++;
	if (!xml_read_start_tag(r))
		return false;
	if (r->document->elements[r->current].empty_tag)
		return close_element(r, r->at);
	read_leaf(r);
	return true;
}

static bool
read_markup(struct xml_reader *r)
{
	if (r->end - r->at < 2)
		return xml_refuse(r, r->at, "a tag without end");
	switch (r->at[1]) {
	case '/':
		return read_end_tag(r);
	case '!':
		return read_comment(r);
	case '?':
		return xml_refuse(r, r->at, "a processing instruction");
	default:
		break;
	}
	if (r->document->elements[r->current].has_text && !r->mixed)
		return xml_refuse(r, r->at, "an element beside text");
	return read_element(r);
}

/* The root element and all in it; r->at is at its '<'. */
static bool
read_root(struct xml_reader *r)
{
	if (!read_element(r))
		return false;
	while (r->current != XML_NONE)
		if (!read_characters(r) || !read_markup(r))
			return false;
	return true;
}

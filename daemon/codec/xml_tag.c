/* Start tags: names, attributes and the namespaces they declare. */
#include "codec/xml_priv.h"

#define XML_URI "http://www.w3.org/XML/1998/namespace"
#define XMLNS_URI "http://www.w3.org/2000/xmlns/"

/* A name as written: a prefix, of length 0 if there is none, and the rest. */
struct name {
	const uint8_t *prefix, *local;
	uint32_t prefix_len, local_len;
};

/*
 * The binding that the tag before used is the innermost of its prefix as long
 * as it is in force and nothing was declared since.
 */
static const struct xml_binding *
recent_binding(const struct xml_reader *r)
{
	return r->recent < r->binding_count ? &r->bindings[r->recent] : NULL;
}

struct raw_attribute {
	struct name name;
	const uint8_t *whole, *value, *end; /* `end` is at the closing quote */
	bool reference;			    /* has one */
	bool declares;
};

struct tag {
	uint32_t count, declarations;
	struct raw_attribute attributes[XML_ATTRIBUTES_MAX];
};

static const uint8_t *
name_end(const uint8_t *at, const uint8_t *end)
{
	at = xml_skip_letters(at, end);
	while (at < end && (xml_classes[*at] & XML_NAME) != 0)
		at++;
	return at;
}

static bool
end_name(struct xml_reader *r, const uint8_t *end)
{
	if (end < r->end && *end >= 0x80)
		return xml_refuse(r, end, "a name that is not ASCII");
	r->at = end;
	return true;
}

/* What is behind "prefix:", whose prefix is in `name`. */
static bool
read_local(struct xml_reader *r, const uint8_t *first, struct name *name)
{
	const uint8_t *p = first;

	if (p == r->end || (xml_classes[*p] & XML_NAME_START) == 0)
		return xml_refuse(
		    r, p, "no name that is allowed after a prefix");
	p = name_end(p, r->end);
	name->local = first;
	name->local_len = (uint32_t)(p - first);
	if (p < r->end && *p == ':')
		return xml_refuse(r, p, "a name with two colons");
	return end_name(r, p);
}

static bool
read_name(struct xml_reader *r, struct name *name)
{
	const uint8_t *first = r->at, *p;

	if (first == r->end || (xml_classes[*first] & XML_NAME_START) == 0)
		return xml_refuse(r, first, "no name that is allowed here");
	p = name_end(first, r->end);
	*name = (struct name){first, first, 0, (uint32_t)(p - first)};
	if (p == r->end || *p != ':')
		return end_name(r, p);
	name->prefix_len = name->local_len;
	return read_local(r, p + 1, name);
}

/* An element's: most have the prefix of the one before. */
static bool
read_tag_name(struct xml_reader *r, struct name *name)
{
	const struct xml_binding *b = recent_binding(r);
	uint64_t word = 0;

	if (b == NULL || b->mask == 0 || r->end - r->at < 8)
		return read_name(r, name);
	memcpy(&word, r->at, sizeof(word));
	if (((word ^ b->word) & b->mask) != 0)
		return read_name(r, name);
	name->prefix = b->prefix;
	name->prefix_len = b->len;
	return read_local(r, r->at + b->len + 1, name);
}

static bool
prefix_is(const struct name *name, const char *text, size_t len)
{
	return name->prefix_len == len && memcmp(name->prefix, text, len) == 0;
}

static bool
read_value_reference(struct xml_reader *r, const uint8_t **at)
{
	unsigned point = 0;
	size_t len = xml_reference(*at, r->end, &point);

	if (len == 0)
		return xml_refuse(r, *at,
		    "a reference to anything but the five entities and "
		    "characters");
	/* Some parsers normalise these as if they were written so. */
	if (point < 0x20)
		return xml_refuse(
		    r, *at, "a reference to a tab or line end in an attribute");
	*at += len;
	return true;
}

/* r->at is behind the opening quote. */
static bool
read_quoted(struct xml_reader *r, uint8_t quote, struct raw_attribute *out)
{
	const uint8_t *p = r->at, *end = r->end;

	out->value = p;
	for (;;) {
		p = xml_skip_quoted(p, end);
		if (p == end)
			return xml_refuse(r, p, "an attribute without end");
		if (*p == quote)
			break;
		if (*p == '"' || *p == '\'') {
			p++;
		} else if (*p == '&') {
			if (!read_value_reference(r, &p))
				return false;
			out->reference = true;
		} else if (*p >= 0x80) {
			size_t len = xml_high(p, end);

			if (len == 0)
				return xml_refuse(
				    r, p, "bytes that are not UTF-8");
			p += len;
		} else {
			return xml_refuse(r, p,
			    *p == '<' ? "'<' in an attribute"
				      : "a control character in an attribute");
		}
	}
	out->end = p;
	r->at = p + 1;
	return true;
}

static bool
read_attribute(struct xml_reader *r, const uint8_t *whole, struct tag *tag)
{
	struct raw_attribute *out = &tag->attributes[tag->count];

	if (tag->count == r->limits->attributes ||
	    tag->count == XML_ATTRIBUTES_MAX)
		return xml_refuse(r, r->at, "too many attributes");
	out->whole = whole;
	out->reference = false;
	if (!read_name(r, &out->name))
		return false;
	r->at = xml_skip_space(r->at, r->end);
	if (r->at == r->end || *r->at != '=')
		return xml_refuse(r, r->at, "an attribute without '='");
	r->at = xml_skip_space(r->at + 1, r->end);
	if (r->at == r->end || (*r->at != '"' && *r->at != '\''))
		return xml_refuse(r, r->at, "an attribute without quotes");
	r->at++;
	if (!read_quoted(r, r->at[-1], out))
		return false;
	out->declares =
	    prefix_is(&out->name, "xmlns", 5) ||
	    (out->name.prefix_len == 0 && out->name.local_len == 5 &&
		memcmp(out->name.local, "xmlns", 5) == 0);
	tag->declarations += out->declares;
	tag->count++;
	return true;
}

/* --- namespaces --------------------------------------------------------- */

static bool
span_equal(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* The index of a URI among those seen, which it becomes one of. */
static bool
intern_space(struct xml_reader *r, struct slice uri, uint32_t *out)
{
	struct xml_document *d = r->document;

	for (uint32_t i = 0; i < d->space_count; i++) {
		if (slice_equal(d->spaces[i], uri)) {
			*out = i;
			return true;
		}
	}
	if (d->space_count == r->space_size) {
		uint32_t size = 2 * r->space_size;
		struct slice *more =
		    arena_take_array(r->arena, size, sizeof(*more));

		if (more == NULL)
			return fail_memory(r->fail);
		memcpy(more, d->spaces, d->space_count * sizeof(*more));
		d->spaces = more;
		r->space_size = size;
	}
	*out = d->space_count;
	d->spaces[d->space_count++] = uri;
	return true;
}

/* Printable ASCII without what RFC 3986 forbids anywhere. */
static bool
is_uri(struct slice uri)
{
	static const bool forbidden[0x80] = {[0 ... 0x20] = true,
	    ['"'] = true,
	    ['%'] = true,
	    ['&'] = true,
	    ['\''] = true,
	    ['<'] = true,
	    ['>'] = true,
	    ['['] = true,
	    ['\\'] = true,
	    [']'] = true,
	    ['^'] = true,
	    ['`'] = true,
	    ['{'] = true,
	    ['|'] = true,
	    ['}'] = true,
	    [0x7f] = true};
	static const char usual[] = "urn:ietf:params:xml:ns:";
	size_t known = sizeof(usual) - 1;

	if (uri.len < known || memcmp(uri.data, usual, known) != 0)
		known = 0;
	for (size_t i = known; i < uri.len; i++) {
		unsigned char c = (unsigned char)uri.data[i];

		if (c >= 0x80 || forbidden[c])
			return false;
	}
	return true;
}

static bool
check_declaration(struct xml_reader *r, const struct raw_attribute *a,
    bool named, struct slice uri)
{
	const struct name *n = &a->name;

	if (named &&
	    (span_equal(n->local, n->local_len, (const uint8_t *)"xml", 3) ||
		span_equal(
		    n->local, n->local_len, (const uint8_t *)"xmlns", 5)))
		return xml_refuse(r, a->whole, "\"xml\" declared anew");
	if (slice_is(uri, XML_URI) || slice_is(uri, XMLNS_URI))
		return xml_refuse(r, a->value, "XML's own namespace declared");
	if (named && uri.len == 0)
		return xml_refuse(r, a->value, "a prefix declared as nothing");
	if (!is_uri(uri))
		return xml_refuse(
		    r, a->value, "a namespace that is not plainly a URI");
	return true;
}

static void
make_word(struct xml_binding *b)
{
	uint8_t word[8] = {0}, mask[8] = {0};

	if (b->len == 0 || b->len >= sizeof(word))
		return;
	memcpy(word, b->prefix, b->len);
	word[b->len] = ':';
	memset(mask, 0xff, b->len + 1);
	memcpy(&b->word, word, sizeof(word));
	memcpy(&b->mask, mask, sizeof(mask));
}

static bool
declare(struct xml_reader *r, const struct raw_attribute *a, uint32_t element)
{
	bool named = a->name.prefix_len != 0;
	struct slice uri = {
	    (const char *)a->value, (size_t)(a->end - a->value)};
	struct xml_binding *b = &r->bindings[r->binding_count];

	if (!check_declaration(r, a, named, uri))
		return false;
	if (r->declared == r->limits->namespaces ||
	    r->declared == XML_NAMESPACES_MAX)
		return xml_refuse(
		    r, a->whole, "too many namespaces are declared");
	*b = (struct xml_binding){.prefix = a->name.local,
	    .len = named ? a->name.local_len : 0,
	    .space = XML_NONE,
	    .element = element};
	make_word(b);
	r->recent = XML_NONE;
	if (uri.len != 0 && !intern_space(r, uri, &b->space))
		return false;
	for (uint32_t i = r->binding_count;
	     i > 0 && r->bindings[i - 1].element == element; i--)
		if (span_equal(r->bindings[i - 1].prefix,
			r->bindings[i - 1].len, b->prefix, b->len))
			return xml_refuse(
			    r, a->whole, "the same prefix declared twice");
	r->declared++;
	r->binding_count++;
	return true;
}

/* The namespace of a prefix, or the default one for length 0. */
static bool
resolve(struct xml_reader *r, const struct name *name, uint32_t *out)
{
	for (uint32_t i = r->binding_count; i > 0; i--) {
		const struct xml_binding *b = &r->bindings[i - 1];

		if (b->len == name->prefix_len &&
		    memcmp(b->prefix, name->prefix, b->len) == 0) {
			*out = b->space;
			r->recent = i - 1;
			return true;
		}
	}
	*out = XML_NONE;
	return name->prefix_len == 0 ||
	       xml_refuse(r, name->prefix, "a prefix that is not declared");
}

/* --- the document's arrays ---------------------------------------------- */

static bool
grow(struct xml_reader *r, void **items, uint32_t *size, uint32_t need,
    size_t one)
{
	uint32_t bigger = *size;
	void *more;

	while (bigger < need)
		bigger *= 2;
	more = arena_take_array(r->arena, bigger, one);
	if (more == NULL)
		return fail_memory(r->fail);
	memcpy(more, *items, *size * one);
	*items = more;
	*size = bigger;
	return true;
}

static bool
attribute_space(
    struct xml_reader *r, const struct name *name, struct slice *out)
{
	uint32_t space;

	*out = SLICE("");
	if (name->prefix_len == 0)
		return true;
	if (prefix_is(name, "xml", 3)) {
		*out = SLICE(XML_URI);
		return span_equal(name->local, name->local_len,
			   (const uint8_t *)"lang", 4) ||
		       span_equal(name->local, name->local_len,
			   (const uint8_t *)"space", 5) ||
		       xml_refuse(r, name->prefix,
			   "an attribute of XML's own but lang and space");
	}
	if (!resolve(r, name, &space))
		return false;
	*out = r->document->spaces[space];
	return true;
}

static bool
add_attribute(struct xml_reader *r, struct xml_element *element,
    const struct raw_attribute *raw)
{
	struct xml_document *d = r->document;
	struct xml_attribute *a;

	if (r->attribute_count == r->attribute_size &&
	    !grow(r, (void **)&d->attributes, &r->attribute_size,
		r->attribute_count + 1, sizeof(*a)))
		return false;
	a = &d->attributes[r->attribute_count];
	a->name =
	    (struct slice){(const char *)raw->name.local, raw->name.local_len};
	a->whole = (struct xml_span){
	    xml_offset(r, raw->whole), xml_offset(r, raw->end) + 1};
	a->value = (struct xml_span){
	    xml_offset(r, raw->value), xml_offset(r, raw->end)};
	if (!attribute_space(r, &raw->name, &a->space))
		return false;
	for (uint32_t i = element->attribute; i < r->attribute_count; i++)
		if (slice_equal(d->attributes[i].name, a->name) &&
		    slice_equal(d->attributes[i].space, a->space))
			return xml_refuse(
			    r, raw->whole, "the same attribute twice");
	r->attribute_count++;
	element->attribute_count++;
	return true;
}

/* Declarations first, wherever they stand in the tag. */
static bool
take_attributes(struct xml_reader *r, const struct tag *tag, uint32_t index)
{
	struct xml_element *element = &r->document->elements[index];

	for (uint32_t i = 0; tag->declarations != 0 && i < tag->count; i++)
		if (tag->attributes[i].declares &&
		    !declare(r, &tag->attributes[i], index))
			return false;
	for (uint32_t i = 0; i < tag->count; i++)
		if (!tag->attributes[i].declares &&
		    !add_attribute(r, element, &tag->attributes[i]))
			return false;
	return true;
}

/* An element behind its elder sibling, or the first in its parent. */
static bool
add_element(struct xml_reader *r, uint32_t *index)
{
	struct xml_document *d = r->document;
	struct xml_element *e;

	if (r->depth == r->limits->depth)
		return xml_refuse(r, r->at, "elements too deep in one another");
	if (d->element_count == r->limits->elements)
		return xml_refuse(r, r->at, "too many elements");
	if (d->element_count == r->element_size &&
	    !grow(r, (void **)&d->elements, &r->element_size,
		d->element_count + 1, sizeof(*e)))
		return false;
	*index = d->element_count++;
	e = &d->elements[*index];
	e->parent = r->current;
	e->first = e->next = XML_NONE;
	e->attribute = r->attribute_count;
	e->plain = true;
	if (r->previous != XML_NONE)
		d->elements[r->previous].next = *index;
	else if (r->current != XML_NONE)
		d->elements[r->current].first = *index;
	if (r->current != XML_NONE)
		d->elements[r->current].plain = false;
	return true;
}

static bool
read_attributes(struct xml_reader *r, struct tag *tag)
{
	for (;;) {
		const uint8_t *before = r->at;

		r->at = xml_skip_space(before, r->end);
		if (r->at == r->end)
			return xml_refuse(r, r->at, "a tag without end");
		if (*r->at == '>' || *r->at == '/')
			return true;
		if (r->at == before)
			return xml_refuse(
			    r, r->at, "no white space before an attribute");
		if (!read_attribute(r, before, tag))
			return false;
	}
}

static bool
name_element(
    struct xml_reader *r, struct xml_element *e, const struct name *name)
{
	const struct xml_binding *b = recent_binding(r);

	e->name = (struct slice){(const char *)name->local, name->local_len};
	if (b != NULL && b->len == name->prefix_len &&
	    (b->len == 0 || b->prefix == name->prefix)) {
		e->space = b->space;
		return true;
	}
	if (prefix_is(name, "xml", 3) || prefix_is(name, "xmlns", 5))
		return xml_refuse(
		    r, name->prefix, "an element of XML's own namespace");
	return resolve(r, name, &e->space);
}

/* Apart, since most tags have no attributes and need no room for them. */
__attribute__((noinline)) static bool
read_rest(struct xml_reader *r, uint32_t index)
{
	struct tag tag;

	tag.count = tag.declarations = 0;
	return read_attributes(r, &tag) && take_attributes(r, &tag, index);
}

bool
xml_read_start_tag(struct xml_reader *r)
{
	const uint8_t *whole = r->at - 1;
	struct xml_element *e;
	struct name name;
	uint32_t index = XML_NONE;

	if (!read_tag_name(r, &name) || !add_element(r, &index))
		return false;
	if ((r->at == r->end || *r->at != '>') && !read_rest(r, index))
		return false;
	e = &r->document->elements[index];
	if (!name_element(r, e, &name))
		return false;
	e->whole.at = xml_offset(r, whole);
	if (*r->at == '/') {
		if (++r->at == r->end || *r->at != '>')
			return xml_refuse(r, r->at, "'/' in a tag");
		e->empty_tag = true;
	}
	r->at++;
	e->content.at = xml_offset(r, r->at);
	r->current = index;
	r->previous = XML_NONE;
	r->depth++;
	return true;
}

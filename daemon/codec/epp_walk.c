#include "codec/epp_priv.h"

#define XSI_SPACE "http://www.w3.org/2001/XMLSchema-instance"

bool
epp_refuse_at(
    struct epp_reader *r, unsigned code, uint32_t at, const char *what)
{
	unsigned line, column;

	if (r->fail != NULL && r->fail->kind != FAIL_NONE)
		return false;
	xml_place(r->document->text, at, &line, &column);
	r->problem->code = code;
	fail_set(r->fail, FAIL_INPUT, "%s", what);
	fail_place(r->fail, "%u:%u", line, column);
	return false;
}

bool
epp_refuse(
    struct epp_reader *r, unsigned code, uint32_t element, const char *what)
{
	return epp_refuse_at(
	    r, code, r->document->elements[element].whole.at, what);
}

bool
epp_missing(struct epp_reader *r, const char *name)
{
	r->problem->code = EPP_MISSING;
	fail_set(r->fail, FAIL_INPUT, "it is missing");
	fail_place(r->fail, "%s", name);
	return false;
}

bool
epp_no_memory(struct epp_reader *r)
{
	r->problem->code = EPP_FAILED;
	return fail_memory(r->fail);
}

struct epp_walk
epp_walk(struct epp_reader *r, uint32_t parent)
{
	const struct xml_element *e = &r->document->elements[parent];

	return (struct epp_walk){r, parent, e->first, e->space};
}

bool
epp_need(struct epp_walk *walk, const char *name, uint32_t *out)
{
	*out = epp_take(walk, name);
	if (*out != XML_NONE)
		return true;
	if (epp_child(walk->r->document, walk->parent, name) == XML_NONE)
		return epp_missing(walk->r, name);
	return epp_end(walk);
}

bool
epp_end(struct epp_walk *walk)
{
	if (walk->at != XML_NONE)
		return epp_refuse(walk->r, EPP_SYNTAX, walk->at,
		    "an element that must not stand here");
	if (walk->r->document->elements[walk->parent].has_text)
		return epp_refuse(walk->r, EPP_SYNTAX, walk->parent,
		    "text where elements must stand");
	return true;
}

/* Pairs of a namespace and a place, in the characters that these have. */
static bool
is_schema_location(struct slice text)
{
	unsigned words = 0;
	bool inside = false;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == ' ') {
			inside = false;
			continue;
		}
		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
		    (c < '-' || c > ':') && c != '_' && c != '#')
			return false;
		words += !inside;
		inside = true;
	}
	return words % 2 == 0;
}

static bool
is_hint_for_validators(
    const struct xml_document *d, const struct xml_attribute *attribute)
{
	struct slice value = {d->text.data + attribute->value.at,
	    attribute->value.end - attribute->value.at};

	return slice_is(attribute->name, "schemaLocation") &&
	       slice_is(attribute->space, XSI_SPACE) &&
	       is_schema_location(value);
}

bool
epp_check_attributes(
    struct epp_reader *r, uint32_t element, const char *a, const char *b)
{
	const struct xml_document *d = r->document;
	const struct xml_element *e = &d->elements[element];

	for (uint32_t i = 0; i < e->attribute_count; i++) {
		const struct xml_attribute *attribute =
		    &d->attributes[e->attribute + i];
		bool plain = attribute->space.len == 0;

		if (plain && a != NULL && slice_is(attribute->name, a))
			continue;
		if (plain && b != NULL && slice_is(attribute->name, b))
			continue;
		if (!is_hint_for_validators(d, attribute))
			return epp_refuse(r, EPP_SYNTAX, element,
			    "an attribute that must not stand here");
	}
	return true;
}

bool
epp_empty(struct epp_reader *r, uint32_t element)
{
	const struct xml_element *e = &r->document->elements[element];

	if (e->first != XML_NONE || e->has_text)
		return epp_refuse(r, EPP_SYNTAX, element,
		    "something inside an element that must be empty");
	return epp_attributes(r, element, NULL, NULL);
}

static size_t
count_characters(struct slice text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
	return count;
}

/* Eight bytes at a time: has any of them a value below 0x20? */
static bool
is_line(struct slice text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	for (size_t i = 0; text.len >= 8 && i < text.len; i += 8) {
		/* The last ones may be looked at twice. */
		if (i + 8 > text.len)
			i = text.len - 8;
		memcpy(&word, text.data + i, 8);
		if (((word - 0x20 * ones) & ~word & 0x80 * ones) != 0)
			return false;
	}
	for (size_t i = 0; text.len < 8 && i < text.len; i++)
		if ((unsigned char)text.data[i] < 0x20)
			return false;
	return true;
}

static bool
is_token(struct slice text)
{
	const char *end = text.data + text.len, *at = text.data;

	while (at < end && (at = memchr(at, ' ', (size_t)(end - at))) != NULL) {
		if (at == text.data || at + 1 == end || at[1] == ' ')
			return false;
		at++;
	}
	return is_line(text);
}

bool
epp_line(struct epp_reader *r, uint32_t element, size_t min, size_t max,
    struct slice *out)
{
	size_t count = max;

	if (r->document->elements[element].first != XML_NONE)
		return epp_refuse(r, EPP_SYNTAX,
		    r->document->elements[element].first,
		    "an element where text must stand");
	*out = xml_text(r->document, element, r->arena);
	if (out->data == NULL)
		return epp_no_memory(r);
	/* A character has one to four bytes: mostly that is all to know. */
	if (out->len < 4 * min || out->len > max)
		count = count_characters(*out);
	if (count < min)
		return epp_refuse(r, EPP_VALUE, element,
		    count == 0 ? "an empty value" : "a value too short");
	if (count > max)
		return epp_refuse(r, EPP_VALUE, element, "a value too long");
	return is_line(*out) || epp_refuse(r, EPP_VALUE, element,
				    "a value with a tab or line end in it");
}

bool
epp_token(struct epp_reader *r, uint32_t element, size_t min, size_t max,
    struct slice *out)
{
	return epp_line(r, element, min, max, out) &&
	       (is_token(*out) ||
		   epp_refuse(r, EPP_VALUE, element,
		       "white space at an end of a value, or twice in it"));
}

bool
epp_attribute_token(
    struct epp_reader *r, uint32_t element, const char *name, struct slice *out)
{
	*out = xml_attribute_text(r->document, element, name, r->arena);
	if (out->data == NULL)
		return epp_no_memory(r);
	return is_token(*out) ||
	       epp_refuse(r, EPP_VALUE, element,
		   "white space at an end of an attribute, or twice in it");
}

bool
epp_attribute_word(struct epp_reader *r, uint32_t element, const char *name,
    const char *const *words, size_t *index)
{
	struct slice text;

	if (xml_attribute(r->document, element, name) == NULL)
		return epp_missing(r, name);
	if (!epp_attribute_token(r, element, name, &text))
		return false;
	for (*index = 0; words[*index] != NULL; ++*index)
		if (slice_is(text, words[*index]))
			return true;
	return epp_refuse(r, EPP_VALUE, element,
	    "an attribute that is none of the words it may be");
}

bool
epp_attribute_flag(
    struct epp_reader *r, uint32_t element, const char *name, bool *out)
{
	static const char *const words[] = {"false", "true", "0", "1", NULL};
	size_t index;

	if (!epp_attribute_word(r, element, name, words, &index))
		return false;
	*out = index % 2 != 0;
	return true;
}

/* The registry's greeting (RFC 5730 section 2.4), read leniently. */
#include "codec/epp_priv.h"

struct greeting_reader {
	struct arena *arena;
	struct epp_greeting *greeting;
	struct fail *fail;
};

static bool
refuse(struct greeting_reader *g, const char *name)
{
	fail_set(g->fail, FAIL_INPUT, "a greeting without it");
	fail_place(g->fail, "%s", name);
	return false;
}

/* All {parent's space}name; those beyond `max` are more than misu can use. */
static bool
take_uris(struct greeting_reader *g, uint32_t parent, const char *name,
    struct slice *uris, struct xml_span *spans, size_t max, size_t *count)
{
	struct xml_document *d = g->greeting->document;

	for (uint32_t at = epp_child(d, parent, name); at != XML_NONE;
	     at = d->elements[at].next) {
		const struct xml_element *e = &d->elements[at];

		if (!slice_is(e->name, name) || e->first != XML_NONE)
			continue;
		if (*count == max)
			return fail_set(g->fail, FAIL_INPUT,
			    "more than %zu of %s", max, name);
		uris[*count] = xml_text(d, at, g->arena);
		if (uris[*count].data == NULL)
			return fail_memory(g->fail);
		spans[(*count)++] = e->whole;
	}
	return true;
}

static bool
read_menu(struct greeting_reader *g, uint32_t menu)
{
	struct epp_greeting *out = g->greeting;
	struct xml_document *d = out->document;
	uint32_t extension = epp_child(d, menu, "svcExtension");
	uint32_t end = d->elements[menu].content.end;

	for (uint32_t at = d->elements[menu].first; at != XML_NONE;
	     at = d->elements[at].next)
		if (at != extension)
			end = d->elements[at].whole.end;
	out->menu_end = epp_nowhere(end);
	out->services_extension = out->menu_end;
	if (!take_uris(g, menu, "objURI", out->objects, out->object_spans,
		sizeof(out->objects) / sizeof(out->objects[0]),
		&out->object_count))
		return false;
	if (extension == XML_NONE)
		return true;
	out->services_extension = d->elements[extension].whole;
	out->menu_end = epp_nowhere(out->services_extension.at);
	return take_uris(g, extension, "extURI", out->extensions,
	    out->extension_spans,
	    sizeof(out->extensions) / sizeof(out->extensions[0]),
	    &out->extension_count);
}

/*
 * RFC 5730 section 2.4: whether data is published is said by who receives it.
 * <access> says only what those whose data it is may see of their own.  Where
 * nobody is said to receive it, all may.
 */
static bool
policy_publishes(const struct xml_document *d, uint32_t dcp)
{
	bool told = false;

	for (uint32_t at = d->elements[dcp].first; at != XML_NONE;
	     at = d->elements[at].next) {
		uint32_t recipient = epp_child(d, at, "recipient");

		if (recipient == XML_NONE)
			continue;
		told = true;
		if (epp_child(d, recipient, "public") != XML_NONE)
			return true;
	}
	return !told;
}

static bool
read_parts(struct greeting_reader *g, uint32_t greeting)
{
	struct epp_greeting *out = g->greeting;
	struct xml_document *d = out->document;
	uint32_t server = epp_child(d, greeting, "svID");
	uint32_t date = epp_child(d, greeting, "svDate");
	uint32_t menu = epp_child(d, greeting, "svcMenu");
	uint32_t dcp = epp_child(d, greeting, "dcp");

	if (server == XML_NONE || d->elements[server].first != XML_NONE)
		return refuse(g, "svID");
	if (date == XML_NONE || d->elements[date].empty_tag)
		return refuse(g, "svDate");
	if (menu == XML_NONE)
		return refuse(g, "svcMenu");
	out->server = xml_text(d, server, g->arena);
	if (out->server.data == NULL)
		return fail_memory(g->fail);
	out->date = d->elements[date].content;
	/* One that says nothing may publish all. */
	out->publishes = dcp == XML_NONE || policy_publishes(d, dcp);
	return read_menu(g, menu);
}

struct epp_greeting *
epp_read_greeting(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct fail *fail)
{
	struct xml_document *document =
	    xml_read(arena, text, limits, true, fail);
	struct epp_greeting *greeting =
	    document != NULL ? arena_take(arena, sizeof(*greeting)) : NULL;
	struct greeting_reader g = {arena, greeting, fail};
	uint32_t element = XML_NONE;

	if (document == NULL)
		return NULL;
	if (greeting == NULL) {
		fail_memory(fail);
		return NULL;
	}
	greeting->text = text;
	greeting->document = document;
	greeting->prefix = epp_prefix(document, 0);
	if (xml_is(document, 0, EPP_SPACE, "epp"))
		element = epp_child(document, 0, "greeting");
	if (element == XML_NONE)
		refuse(&g, "greeting");
	return element != XML_NONE && read_parts(&g, element) ? greeting : NULL;
}

/*
 * What a registry's answer says of a domain itself (RFC 5731): when it was
 * made, changed, and will end, its ROID and statuses.  Nobody's personal data.
 */
#include "base/date.h"
#include "base/name.h"
#include "codec/epp_priv.h"
#include "core/status.h"

/* A value that cannot be read was not said. */
static void
read_time(const struct xml_document *d, uint32_t element, struct arena *arena,
    int64_t *out)
{
	struct fail ignored = FAIL_INIT;
	struct slice text;
	int64_t time;

	if (d->elements[element].first != XML_NONE)
		return;
	text = xml_text(d, element, arena);
	if (text.data != NULL && date_parse(text, &time, &ignored))
		*out = time;
}

static bool
add_status(const struct xml_document *d, uint32_t element, struct arena *arena,
    struct values *words, struct fail *fail)
{
	struct slice *items = (struct slice *)(uintptr_t)words->items;
	struct slice word = xml_attribute_text(d, element, "s", arena);

	if (word.data == NULL)
		return fail_memory(fail);
	/* It is published as it stands. */
	if (status_rdap(word) == NULL || word.len > REGISTRATION_WORD ||
	    words->count == REGISTRATION_WORDS)
		return true;
	items[words->count++] = word;
	return true;
}

static bool
read_element(const struct xml_document *d, uint32_t at, struct arena *arena,
    struct registration *out, struct fail *fail)
{
	struct slice name = d->elements[at].name;

	if (slice_is(name, "crDate"))
		read_time(d, at, arena, &out->created);
	else if (slice_is(name, "upDate"))
		read_time(d, at, arena, &out->updated);
	else if (slice_is(name, "exDate"))
		read_time(d, at, arena, &out->expires);
	else if (slice_is(name, "status"))
		return add_status(d, at, arena, &out->status, fail);
	else if (slice_is(name, "roid") && d->elements[at].first == XML_NONE) {
		out->roid = xml_text(d, at, arena);
		if (out->roid.data == NULL)
			return fail_memory(fail);
		if (out->roid.len > REGISTRATION_WORD)
			out->roid.len = 0;
	}
	return true;
}

static bool
is_told(const struct epp_response *response)
{
	const struct xml_document *d = response->document;
	struct slice name;

	if (response->object != EPP_DOMAIN || response->data == XML_NONE)
		return false;
	name = d->elements[response->data].name;
	return slice_is(name, "creData") || slice_is(name, "renData") ||
	       slice_is(name, "infData");
}

bool
epp_response_registration(const struct epp_response *response,
    struct arena *arena, struct registration *out, struct fail *fail)
{
	const struct xml_document *d = response->document;
	struct slice *words;

	*out = (struct registration){.given = false};
	if (!is_told(response))
		return true;
	words = arena_take_array(arena, REGISTRATION_WORDS, sizeof(*words));
	if (words == NULL)
		return fail_memory(fail);
	out->status.items = words;
	for (uint32_t at = d->elements[response->data].first; at != XML_NONE;
	     at = d->elements[at].next)
		if (d->elements[at].space ==
			d->elements[response->data].space &&
		    !read_element(d, at, arena, out, fail))
			return false;
	out->given = out->created != 0 || out->updated != 0 ||
		     out->expires != 0 || out->status.count != 0;
	return true;
}

/* Where it cannot be told, it is. */
bool
epp_response_is_linked(
    const struct epp_response *response, struct arena *arena)
{
	const struct xml_document *d = response->document;

	if (response->object != EPP_CONTACT || response->data == XML_NONE)
		return true;
	for (uint32_t at = d->elements[response->data].first; at != XML_NONE;
	     at = d->elements[at].next) {
		struct slice word;

		if (!slice_is(d->elements[at].name, "status"))
			continue;
		word = xml_attribute_text(d, at, "s", arena);
		if (word.data == NULL || slice_is(word, "linked"))
			return true;
	}
	return false;
}

bool
epp_response_passed_on(const struct epp_response *response, struct arena *arena,
    struct slice *domain, struct slice *from)
{
	const struct xml_document *d = response->document;
	uint32_t name, status, client;
	struct fail ignored = FAIL_INIT;
	struct slice text;

	if (response->object != EPP_DOMAIN || response->data == XML_NONE ||
	    !slice_is(d->elements[response->data].name, "trnData"))
		return false;
	name = epp_child(d, response->data, "name");
	status = epp_child(d, response->data, "trStatus");
	client = epp_child(d, response->data, "acID");
	if (name == XML_NONE || status == XML_NONE || client == XML_NONE ||
	    d->elements[name].first != XML_NONE ||
	    d->elements[status].first != XML_NONE ||
	    d->elements[client].first != XML_NONE)
		return false;
	text = xml_text(d, status, arena);
	if (!slice_is(text, "clientApproved") &&
	    !slice_is(text, "serverApproved"))
		return false;
	*from = xml_text(d, client, arena);
	text = xml_text(d, name, arena);
	return from->data != NULL && text.data != NULL &&
	       name_canonical(arena, text, domain, &ignored);
}

/* Responses (RFC 5730 section 2.6), read leniently. */
#include "codec/epp_priv.h"

#include "base/text.h"

static bool
refuse(struct fail *fail, const char *name)
{
	fail_set(fail, FAIL_INPUT, "a response without it, or a wrong one");
	fail_place(fail, "%s", name);
	return false;
}

static bool
read_text(const struct xml_document *d, uint32_t element, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	if (element == XML_NONE || d->elements[element].first != XML_NONE)
		return true;
	*out = xml_text(d, element, arena);
	return out->data != NULL || fail_memory(fail);
}

static bool
read_code(const struct xml_document *d, uint32_t result, unsigned *out)
{
	const struct xml_attribute *code =
	    result != XML_NONE ? xml_attribute(d, result, "code") : NULL;

	*out = 0;
	if (code == NULL || code->value.end - code->value.at != 4)
		return false;
	for (uint32_t i = code->value.at; i < code->value.end; i++) {
		char c = d->text.data[i];

		if (c < '0' || c > '9')
			return false;
		*out = *out * 10 + (unsigned)(c - '0');
	}
	return *out >= 1000 && *out < 3000;
}

static enum epp_object
object_of(struct slice space)
{
	return slice_is(space, EPP_CONTACT_SPACE)  ? EPP_CONTACT
	       : slice_is(space, EPP_DOMAIN_SPACE) ? EPP_DOMAIN
	       : slice_is(space, EPP_HOST_SPACE)   ? EPP_HOST
						   : EPP_NO_OBJECT;
}

static bool
read_transaction(struct epp_response *response, uint32_t parent,
    struct arena *arena, struct fail *fail)
{
	const struct xml_document *d = response->document;
	uint32_t transaction = epp_child(d, parent, "trID"), client;

	if (transaction == XML_NONE || d->elements[transaction].empty_tag)
		return refuse(fail, "trID");
	response->transaction = d->elements[transaction].whole;
	client = epp_child(d, transaction, "clTRID");
	response->client_id_whole =
	    client != XML_NONE
		? d->elements[client].whole
		: epp_nowhere(d->elements[transaction].content.at);
	return read_text(d, client, arena, &response->client_id, fail) &&
	       read_text(d, epp_child(d, transaction, "svTRID"), arena,
		   &response->server_id, fail);
}

static bool
read_parts(struct epp_response *response, uint32_t element, struct arena *arena,
    struct fail *fail)
{
	const struct xml_document *d = response->document;
	uint32_t queue = epp_child(d, element, "msgQ");
	uint32_t data = epp_child(d, element, "resData");

	if (!read_code(d, epp_child(d, element, "result"), &response->code))
		return refuse(fail, "result");
	if (queue != XML_NONE) {
		response->message_id =
		    xml_attribute_text(d, queue, "id", arena);
		if (response->message_id.data == NULL)
			return fail_memory(fail);
	}
	response->data = data != XML_NONE ? d->elements[data].first : XML_NONE;
	if (response->data != XML_NONE)
		response->object = object_of(xml_space(d, response->data));
	return read_transaction(response, element, arena, fail);
}

struct epp_response *
epp_read_response(struct arena *arena, struct slice text,
    const struct xml_limits *limits, struct fail *fail)
{
	struct xml_document *document =
	    xml_read(arena, text, limits, true, fail);
	struct epp_response *response =
	    document != NULL ? arena_take(arena, sizeof(*response)) : NULL;
	uint32_t element = XML_NONE;

	if (document == NULL)
		return NULL;
	if (response == NULL) {
		fail_memory(fail);
		return NULL;
	}
	response->text = text;
	response->document = document;
	if (xml_is(document, 0, EPP_SPACE, "epp"))
		element = epp_child(document, 0, "response");
	if (element == XML_NONE)
		refuse(fail, "response");
	return element != XML_NONE && read_parts(response, element, arena, fail)
		   ? response
		   : NULL;
}

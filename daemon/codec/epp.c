#include "codec/epp_priv.h"

const char *
epp_code_text(unsigned code)
{
	static const struct {
		unsigned code;
		const char *text;
	} codes[] = {
#define EPP_CODE(id, number, text) {number, text},
#include "codec/epp_code.tbl"
#undef EPP_CODE
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return codes[i].text;
	return "";
}

bool
epp_code_closes(unsigned code)
{
	return code == EPP_ENDING || code >= EPP_FAILED_CLOSING;
}

bool
epp_verb_is_plain(enum epp_verb verb)
{
	switch (verb) {
	case EPP_HELLO:
	case EPP_LOGIN:
	case EPP_LOGOUT:
	case EPP_POLL:
	case EPP_CHECK:
	case EPP_INFO:
	case EPP_RENEW:
	case EPP_DELETE:
		return true;
	case EPP_CREATE:
	case EPP_UPDATE:
	case EPP_TRANSFER:
	case EPP_VERB_COUNT:
		break;
	}
	return false;
}

const char *
epp_verb_name(enum epp_verb verb)
{
	static const char *const names[EPP_VERB_COUNT] = {
	    [EPP_HELLO] = "hello",
	    [EPP_LOGIN] = "login",
	    [EPP_LOGOUT] = "logout",
	    [EPP_POLL] = "poll",
	    [EPP_CHECK] = "check",
	    [EPP_INFO] = "info",
	    [EPP_RENEW] = "renew",
	    [EPP_DELETE] = "delete",
	    [EPP_CREATE] = "create",
	    [EPP_UPDATE] = "update",
	    [EPP_TRANSFER] = "transfer",
	};

	return names[verb];
}

struct slice
epp_prefix(const struct xml_document *document, uint32_t element)
{
	const struct xml_element *e = &document->elements[element];
	const char *from = document->text.data + e->whole.at + 1;

	return (struct slice){from, (size_t)(e->name.data - from)};
}

struct xml_span
epp_nowhere(uint32_t at)
{
	return (struct xml_span){at, at};
}

uint32_t
epp_child(
    const struct xml_document *document, uint32_t parent, const char *name)
{
	const struct xml_element *all = document->elements;
	uint32_t at = all[parent].first;

	while (at != XML_NONE && (all[at].space != all[parent].space ||
				     !slice_is(all[at].name, name)))
		at = all[at].next;
	return at;
}

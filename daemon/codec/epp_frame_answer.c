/* What goes to backends: greetings and responses. */
#include "codec/epp_frame_priv.h"

#include "base/date.h"
#include "base/digest.h"
#include "core/record.h"

static const struct slice none = {"", 0};
static const struct slice contact = {"contact:", 8};

static bool
has_uri(const struct slice *uris, size_t count, const char *uri)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(uris[i], uri))
			return true;
	return false;
}

static void
add_object(
    struct splices *splices, const struct epp_greeting *registry, size_t last)
{
	struct text text = text_start(splices->arena);
	struct xml_span span = registry->object_spans[last];

	epp_put(&text, epp_frame_prefix(registry->text, span), "objURI",
	    SLICE(EPP_CONTACT_SPACE));
	splices_insert(splices, span.end, text_slice(&text));
}

static void
add_extension(struct splices *splices, const struct epp_greeting *registry)
{
	struct text text = text_start(splices->arena);
	struct xml_span span = registry->services_extension;
	uint32_t found = epp_frame_find(registry->document, span);
	struct slice prefix = registry->prefix;
	const struct xml_element *element =
	    span.at == span.end || found == XML_NONE
		? NULL
		: &registry->document->elements[found];

	if (element != NULL && !element->empty_tag) {
		epp_put(&text, epp_frame_prefix(registry->text, span), "extURI",
		    SLICE(EPP_MISU_SPACE));
		splices_insert(
		    splices, element->content.end, text_slice(&text));
		return;
	}
	epp_put_open(&text, prefix, "svcExtension");
	epp_put(&text, prefix, "extURI", SLICE(EPP_MISU_SPACE));
	epp_put_close(&text, prefix, "svcExtension");
	if (element != NULL)
		splices_replace(splices, span, text_slice(&text));
	else
		splices_insert(
		    splices, registry->menu_end.at, text_slice(&text));
}

struct slice
epp_frame_greeting(const struct epp_greeting *registry, bool adds_contact,
    struct slice date, struct arena *arena)
{
	struct splices splices;

	splices_start(&splices, registry->text, arena);
	if (date.len != 0)
		splices_replace(
		    &splices, registry->date, epp_escape(arena, date));
	if (adds_contact && registry->object_count != 0 &&
	    !has_uri(
		registry->objects, registry->object_count, EPP_CONTACT_SPACE))
		add_object(&splices, registry, registry->object_count - 1);
	if (!has_uri(registry->extensions, registry->extension_count,
		EPP_MISU_SPACE))
		add_extension(&splices, registry);
	return splices_apply(&splices);
}

struct slice
epp_frame_answer(const struct epp_answer *answer, struct arena *arena)
{
	struct text text = text_start(arena);

	text_add_format(&text, EPP_ROOT "<response><result code=\"%u\"><msg>",
	    answer->code);
	text_add_xml(&text, slice_from(epp_code_text(answer->code)));
	if (answer->message.len != 0) {
		text_add_string(&text, "; ");
		text_add_xml(&text, answer->message);
	}
	text_add_string(&text, "</msg></result>");
	if (answer->data.len != 0) {
		text_add_string(&text, "<resData>");
		text_add(&text, answer->data);
		text_add_string(&text, "</resData>");
	}
	text_add_string(&text, "<trID>");
	if (answer->client_id.len != 0)
		epp_put(&text, none, "clTRID", answer->client_id);
	epp_put(&text, none, "svTRID", answer->server_id);
	text_add_string(&text, "</trID></response></epp>");
	return text_slice(&text);
}

/* The backend's clTRID where misu's was, or none if it gave none. */
static void
put_client_id(struct splices *splices, const struct epp_response *response,
    struct slice client_id)
{
	struct xml_span whole = response->client_id_whole;
	uint32_t transaction =
	    epp_frame_find(response->document, response->transaction);
	struct text text = text_start(splices->arena);

	if (client_id.len == 0) {
		splices_cut(splices, whole);
		return;
	}
	if (transaction == XML_NONE)
		return;
	epp_put(&text, epp_frame_prefix(response->text, response->transaction),
	    "clTRID", client_id);
	if (whole.at != whole.end)
		splices_replace(splices, whole, text_slice(&text));
	else
		splices_insert(splices,
		    response->document->elements[transaction].content.at,
		    text_slice(&text));
}

struct slice
epp_frame_response(const struct epp_response *response, struct slice client_id,
    struct arena *arena)
{
	struct splices splices;

	splices_start(&splices, response->text, arena);
	put_client_id(&splices, response, client_id);
	return splices_apply(&splices);
}

static void
put_values(struct text *text, const struct record *record, const char *name,
    enum field field)
{
	struct values values = record_values(record, CONTACT_ROLE, field);

	for (size_t i = 0; i < values.count; i++)
		epp_put(text, contact, name, values.items[i]);
}

static void
put_postal(struct text *text, const struct record *record, bool loc)
{
	enum field name = epp_field_form(FIELD_NAME_LOC, loc);

	if (record_values(record, CONTACT_ROLE, name).count == 0)
		return;
	text_add_string(text, "<contact:postalInfo type=");
	text_add_string(text, loc ? "\"loc\">" : "\"int\">");
	put_values(text, record, "name", name);
	put_values(text, record, "org", epp_field_form(FIELD_ORG_LOC, loc));
	epp_put_open(text, contact, "addr");
	put_values(
	    text, record, "street", epp_field_form(FIELD_STREET_LOC, loc));
	put_values(text, record, "city", epp_field_form(FIELD_CITY_LOC, loc));
	put_values(text, record, "sp", epp_field_form(FIELD_STATE_LOC, loc));
	put_values(text, record, "pc", FIELD_POSTCODE);
	put_values(text, record, "cc", FIELD_COUNTRY);
	epp_put_close(text, contact, "addr");
	epp_put_close(text, contact, "postalInfo");
}

static void
put_number(struct text *text, const struct record *record, const char *name,
    enum field field)
{
	struct values number = record_values(record, CONTACT_ROLE, field);
	struct values extension =
	    record_values(record, CONTACT_ROLE, (enum field)(field + 1));

	if (number.count == 0)
		return;
	text_add_format(text, "<contact:%s", name);
	if (extension.count != 0) {
		text_add_string(text, " x=\"");
		text_add_xml(text, extension.items[0]);
		text_add_char(text, '"');
	}
	text_add_char(text, '>');
	text_add_xml(text, number.items[0]);
	epp_put_close(text, contact, name);
}

/* A record's object is "UPSTREAM/id". */
static struct slice
id_of(const struct record *record)
{
	struct slice object = record_object(record);
	const char *slash = memchr(object.data, '/', object.len);

	if (slash == NULL)
		return object;
	slash++;
	return (struct slice){
	    slash, object.len - (size_t)(slash - object.data)};
}

static void
put_date(struct text *text, const char *name, int64_t time)
{
	char date[DATE_SIZE];
	size_t len = date_print(time, 0, date);

	epp_put(text, contact, name, (struct slice){date, len});
}

/* "ok" is the status of what has none but perhaps "linked". */
static void
put_statuses(struct text *text, unsigned statuses, bool linked)
{
	for (unsigned bit = 1; bit <= CONTACT_STATUSES; bit <<= 1)
		if ((statuses & bit) != 0)
			text_add_format(text, "<contact:status s=\"%s\"/>",
			    epp_contact_status_name(bit));
	if (statuses == 0)
		text_add_string(text, "<contact:status s=\"ok\"/>");
	if (linked)
		text_add_string(text, "<contact:status s=\"linked\"/>");
}

static void
put_disclose(struct text *text, unsigned disclose)
{
	static const char *const typed[] = {"name", "org", "addr"};
	static const char *const flat[] = {"voice", "fax", "email"};

	if ((disclose & DISCLOSE_IS_GIVEN) == 0)
		return;
	text_add_format(text, "<contact:disclose flag=\"%d\">",
	    (disclose & DISCLOSE_FLAG) != 0);
	for (unsigned i = 0; i < 6; i++)
		if ((disclose & (unsigned)DISCLOSE_NAME_INT << i) != 0)
			text_add_format(text, "<contact:%s type=\"%s\"/>",
			    typed[i / 2], i % 2 == 0 ? "int" : "loc");
	for (unsigned i = 0; i < 3; i++)
		if ((disclose & (unsigned)DISCLOSE_VOICE << i) != 0)
			text_add_format(text, "<contact:%s/>", flat[i]);
	epp_put_close(text, contact, "disclose");
}

static void
put_auth(struct text *text, struct slice auth)
{
	if (auth.len == 0)
		return;
	epp_put_open(text, contact, "authInfo");
	epp_put(text, contact, "pw", auth);
	epp_put_close(text, contact, "authInfo");
}

struct slice
epp_frame_contact_info(const struct record *record, struct slice client,
    bool linked, struct arena *arena)
{
	const struct epp_facts *facts = record_epp(record);
	struct text text = text_start(arena);
	struct slice id = id_of(record);
	struct digest digest = digest_sha256(id);

	text_add_string(
	    &text, "<contact:infData xmlns:contact=\"" EPP_CONTACT_SPACE "\">");
	epp_put(&text, contact, "id", id);
	text_add_string(&text, "<contact:roid>C");
	text_add_hex(&text, digest.bytes, 8);
	text_add_string(&text, "-MISU</contact:roid>");
	put_statuses(&text, facts->kept.statuses, linked);
	put_postal(&text, record, false);
	put_postal(&text, record, true);
	put_number(&text, record, "voice", FIELD_PHONE);
	put_number(&text, record, "fax", FIELD_FAX);
	put_values(&text, record, "email", FIELD_EMAIL);
	epp_put(&text, contact, "clID", client);
	epp_put(&text, contact, "crID", client);
	put_date(&text, "crDate", facts->created);
	if (facts->kept.updated != 0) {
		epp_put(&text, contact, "upID", client);
		put_date(&text, "upDate", facts->kept.updated);
	}
	put_auth(&text, facts->auth);
	put_disclose(&text, facts->kept.disclose);
	text_add_string(&text, "</contact:infData>");
	return text_slice(&text);
}

struct slice
epp_frame_contact_created(struct slice id, int64_t created, struct arena *arena)
{
	struct text text = text_start(arena);

	text_add_string(
	    &text, "<contact:creData xmlns:contact=\"" EPP_CONTACT_SPACE "\">");
	epp_put(&text, contact, "id", id);
	put_date(&text, "crDate", created);
	text_add_string(&text, "</contact:creData>");
	return text_slice(&text);
}

struct slice
epp_frame_contact_check(const struct slice *ids, const bool *available,
    size_t count, struct arena *arena)
{
	struct text text = text_start(arena);

	text_add_string(
	    &text, "<contact:chkData xmlns:contact=\"" EPP_CONTACT_SPACE "\">");
	for (size_t i = 0; i < count; i++) {
		text_add_format(&text, "<contact:cd><contact:id avail=\"%d\">",
		    available[i]);
		text_add_xml(&text, ids[i]);
		text_add_string(&text, "</contact:id></contact:cd>");
	}
	text_add_string(&text, "</contact:chkData>");
	return text_slice(&text);
}

/* <registrant> and <contact> of a domain, as its record names them. */
static struct slice
put_links(const struct record *record, struct slice prefix, struct arena *arena)
{
	static const enum role roles[] = {ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
	struct text text = text_start(arena);
	struct values id = record_values(record, ROLE_REGISTRANT, FIELD_HANDLE);

	if (id.count != 0)
		epp_put(&text, prefix, "registrant", id.items[0]);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		id = record_values(record, roles[i], FIELD_HANDLE);
		for (size_t k = 0; k < id.count; k++) {
			text_add_char(&text, '<');
			text_add(&text, prefix);
			text_add_format(
			    &text, "contact type=\"%s\">", role_name(roles[i]));
			text_add_xml(&text, id.items[k]);
			epp_put_close(&text, prefix, "contact");
		}
	}
	return text_slice(&text);
}

struct slice
epp_frame_domain_info(const struct epp_response *response,
    const struct record *record, struct slice client_id, struct arena *arena)
{
	static const char *const before[] = {"name", "roid", "status"};
	const struct xml_document *document = response->document;
	const struct xml_element *elements = document->elements;
	struct splices splices;
	uint32_t at = 0;

	splices_start(&splices, response->text, arena);
	put_client_id(&splices, response, client_id);
	if (response->data == XML_NONE || response->object != EPP_DOMAIN ||
	    !slice_is(elements[response->data].name, "infData"))
		return splices_apply(&splices);
	for (uint32_t i = elements[response->data].first; i != XML_NONE;
	     i = elements[i].next) {
		for (size_t k = 0; k < sizeof(before) / sizeof(before[0]); k++)
			if (slice_is(elements[i].name, before[k]))
				at = elements[i].whole.end;
		if (slice_is(elements[i].name, "registrant") ||
		    slice_is(elements[i].name, "contact"))
			splices_cut(&splices, elements[i].whole);
	}
	if (at != 0)
		splices_insert(&splices, at,
		    put_links(record,
			epp_frame_prefix(
			    response->text, elements[response->data].whole),
			arena));
	return splices_apply(&splices);
}

#include "runner/epp_make.h"

#define EPP_SPACE "urn:ietf:params:xml:ns:epp-1.0"
#define MISU_SPACE "urn:misu:params:xml:ns:misu-1.0"

struct maker {
	const struct script *script;
	const struct script_word *words;
	size_t count, at;
	struct bytes *out;
	const char *why;
	struct slice id;
	struct slice object; /* "contact" */
	const struct script_record *record;
	enum role role;	   /* whose values of the record */
	struct bytes misu; /* the inside of <misu:person>, by place */
	bool says_misu;
	struct slice extension, also;
	bool removes_voice, removes_fax;
};

static bool
fail(struct maker *maker, const char *why)
{
	if (maker->why == NULL)
		maker->why = why;
	return false;
}

static bool
is(const struct maker *maker, const char *word)
{
	return maker->at < maker->count && !maker->words[maker->at].quoted &&
	       slice_is(maker->words[maker->at].text, word);
}

static bool
skip(struct maker *maker, const char *word)
{
	if (!is(maker, word))
		return false;
	maker->at++;
	return true;
}

static bool
take(struct maker *maker, struct slice *out)
{
	*out = (struct slice){"", 0};
	if (maker->at >= maker->count)
		return fail(maker, "a word is missing here");
	*out = maker->words[maker->at++].text;
	return true;
}

/* --- writing --- */

static void
put(struct maker *maker, const char *text)
{
	bytes_add_string(maker->out, text);
}

static void
put_slice(struct maker *maker, struct slice text)
{
	if (text.len != 0)
		bytes_add(maker->out, text.data, text.len);
}

static void
escape(struct bytes *out, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		switch (value.data[i]) {
		case '&':
			bytes_add_string(out, "&amp;");
			break;
		case '<':
			bytes_add_string(out, "&lt;");
			break;
		case '"':
			bytes_add_string(out, "&quot;");
			break;
		default:
			bytes_add(out, &value.data[i], 1);
		}
}

/* <object:name>value</object:name> */
static void
element(struct maker *maker, const char *name, struct slice value)
{
	bytes_add_format(
	    maker->out, "<%.*s:%s>", SLICE_ARG(maker->object), name);
	escape(maker->out, value);
	bytes_add_format(
	    maker->out, "</%.*s:%s>", SLICE_ARG(maker->object), name);
}

static void
start(struct maker *maker, const char *verb, const char *attributes)
{
	const int len = (int)maker->object.len;
	const char *object = maker->object.data;

	bytes_add_format(maker->out,
	    "<%s%s><%.*s:%s xmlns:%.*s=\"urn:ietf:params:xml:ns:%.*s-1.0\">",
	    verb, attributes, len, object, verb, len, object, len, object);
}

static void
end(struct maker *maker, const char *verb)
{
	bytes_add_format(maker->out, "</%.*s:%s></%s>",
	    SLICE_ARG(maker->object), verb, verb);
}

/* --- a record's values --- */

static const struct script_value *
value_of(const struct maker *maker, enum field field)
{
	const struct script_record *record = maker->record;

	for (size_t i = 0; record != NULL && i < record->value_count; i++)
		if (record->values[i].role == maker->role &&
		    record->values[i].field == field &&
		    record->values[i].count != 0)
			return &record->values[i];
	return NULL;
}

static void
put_value(struct maker *maker, const char *name, enum field field)
{
	const struct script_value *value = value_of(maker, field);

	for (size_t i = 0; value != NULL && i < value->count; i++)
		element(maker, name, value->items[i]);
}

struct form {
	const char *type;
	enum field name, org, street, city, state;
};

static const struct form forms[] = {
    {"int", FIELD_NAME_INT, FIELD_ORG_INT, FIELD_STREET_INT, FIELD_CITY_INT,
	FIELD_STATE_INT},
    {"loc", FIELD_NAME_LOC, FIELD_ORG_LOC, FIELD_STREET_LOC, FIELD_CITY_LOC,
	FIELD_STATE_LOC},
};

static bool
has_address(const struct maker *maker, const struct form *form)
{
	return value_of(maker, form->street) != NULL ||
	       value_of(maker, form->city) != NULL ||
	       value_of(maker, form->state) != NULL;
}

static void
put_form(struct maker *maker, const struct form *form)
{
	if (value_of(maker, form->name) == NULL &&
	    value_of(maker, form->org) == NULL && !has_address(maker, form))
		return;
	bytes_add_format(
	    maker->out, "<contact:postalInfo type=\"%s\">", form->type);
	put_value(maker, "name", form->name);
	put_value(maker, "org", form->org);
	if (has_address(maker, form)) {
		put(maker, "<contact:addr>");
		put_value(maker, "street", form->street);
		put_value(maker, "city", form->city);
		put_value(maker, "sp", form->state);
		put_value(maker, "pc", FIELD_POSTCODE);
		put_value(maker, "cc", FIELD_COUNTRY);
		put(maker, "</contact:addr>");
	}
	put(maker, "</contact:postalInfo>");
}

static void
put_number(struct maker *maker, const char *name, enum field number,
    enum field extension)
{
	const struct script_value *ext = value_of(maker, extension);

	if (value_of(maker, number) == NULL)
		return;
	if (ext == NULL) {
		put_value(maker, name, number);
		return;
	}
	bytes_add_format(maker->out, "<contact:%s x=\"", name);
	escape(maker->out, ext->items[0]);
	put(maker, "\">");
	escape(maker->out, value_of(maker, number)->items[0]);
	bytes_add_format(maker->out, "</contact:%s>", name);
}

static void
put_person(struct maker *maker)
{
	for (size_t i = 0; i < 2; i++)
		put_form(maker, &forms[i]);
	if (maker->removes_voice)
		put(maker, "<contact:voice/>");
	else
		put_number(maker, "voice", FIELD_PHONE, FIELD_PHONE_EXT);
	if (maker->removes_fax)
		put(maker, "<contact:fax/>");
	else
		put_number(maker, "fax", FIELD_FAX, FIELD_FAX_EXT);
	put_value(maker, "email", FIELD_EMAIL);
}

/* --- what misu is told --- */

struct hint {
	const char *word, *element;
};

static bool
take_consent(struct maker *maker)
{
	struct slice purpose, audience, at = SLICE("2026-03-01T00:00:00Z");
	bool given;

	if (!take(maker, &purpose) || !take(maker, &audience))
		return false;
	given = !skip(maker, "withdrawn");
	if (given && !skip(maker, "given"))
		return fail(maker, "not given or withdrawn");
	bytes_add_format(&maker->misu,
	    "<misu:consent purpose=\"%.*s\" audience=\"%.*s\" given=\"%s\"",
	    SLICE_ARG(purpose), SLICE_ARG(audience), given ? "true" : "false");
	if (skip(maker, "at") && !take(maker, &at))
		return false;
	bytes_add_format(&maker->misu, " at=\"%.*s\"/>", SLICE_ARG(at));
	return true;
}

/* kind K  role R  object N  tld T  subject S  plan P  consent P A given at T */
static bool
take_misu(struct maker *maker)
{
	static const char *const words[] = {
	    "kind", "role", "object", "tld", "subject", "plan"};
	struct slice value;

	maker->says_misu = true;
	while (maker->at < maker->count) {
		size_t i = 0;

		if (skip(maker, "consent")) {
			if (!take_consent(maker))
				return false;
			continue;
		}
		while (i < 6 && !is(maker, words[i]))
			i++;
		if (i == 6)
			break;
		maker->at++;
		if (!take(maker, &value))
			return false;
		bytes_add_format(&maker->misu, "<misu:%s>", words[i]);
		escape(&maker->misu, value);
		bytes_add_format(&maker->misu, "</misu:%s>", words[i]);
	}
	return true;
}

static bool
take_removed(struct maker *maker)
{
	if (skip(maker, "fax"))
		maker->removes_fax = true;
	else if (skip(maker, "voice"))
		maker->removes_voice = true;
	else
		return fail(maker, "not fax or voice");
	return true;
}

static bool
take_record(struct maker *maker)
{
	struct slice name;

	if (!take(maker, &name))
		return false;
	maker->record = script_record(maker->script, name);
	if (maker->record == NULL) {
		maker->at--;
		return fail(maker, "no such record above");
	}
	return true;
}

static bool
take_role(struct maker *maker)
{
	struct slice name;

	if (!take(maker, &name))
		return false;
	if (role_find(name, &maker->role))
		return true;
	maker->at--;
	return fail(maker, "not a role");
}

/* What may follow of any command, in any order. */
static bool
take_options(struct maker *maker)
{
	while (maker->at < maker->count) {
		if (skip(maker, "record")) {
			if (!take_record(maker))
				return false;
		} else if (skip(maker, "as")) {
			if (!take_role(maker))
				return false;
		} else if (skip(maker, "remove")) {
			if (!take_removed(maker))
				return false;
		} else if (skip(maker, "also")) {
			if (!take(maker, &maker->also))
				return false;
		} else if (skip(maker, "extension")) {
			if (!take(maker, &maker->extension))
				return false;
		} else if (skip(maker, "with")) {
			if (!skip(maker, "misu"))
				return fail(maker, "not misu");
			if (!take_misu(maker))
				return false;
		} else {
			return fail(maker, "this command has no such word");
		}
	}
	return true;
}

/* --- commands --- */

static void
put_auth(struct maker *maker)
{
	bytes_add_format(maker->out,
	    "<%.*s:authInfo><%.*s:pw>" EPP_MAKE_AUTH "</%.*s:pw>"
	    "</%.*s:authInfo>",
	    SLICE_ARG(maker->object), SLICE_ARG(maker->object),
	    SLICE_ARG(maker->object), SLICE_ARG(maker->object));
}

static bool
make_statuses(struct maker *maker)
{
	static const char *const lists[] = {"add", "rem"};
	struct slice status;

	for (size_t i = 0; i < 2; i++) {
		if (!skip(maker, lists[i]))
			continue;
		if (!take(maker, &status))
			return false;
		bytes_add_format(maker->out,
		    "<contact:%s><contact:status s=\"%.*s\"/></contact:%s>",
		    lists[i], SLICE_ARG(status), lists[i]);
	}
	return true;
}

static bool
make_contact(struct maker *maker, bool update)
{
	struct slice id;
	bool change, alone = maker->at + 1 >= maker->count;

	if (!take(maker, &id))
		return false;
	start(maker, update ? "update" : "create", "");
	element(maker, "id", id);
	if ((update && !make_statuses(maker)) || !take_options(maker))
		return false;
	change = maker->record != NULL || maker->removes_fax ||
		 maker->removes_voice || maker->also.len != 0;
	if (!change && (!update || alone))
		return fail(maker, "a record is missing here");
	put(maker, update && change ? "<contact:chg>" : "");
	put_person(maker);
	if (!update)
		put_auth(maker);
	put_slice(maker, maker->also);
	put(maker, update && change ? "</contact:chg>" : "");
	end(maker, update ? "update" : "create");
	return true;
}

static const char *const seats[] = {"admin", "tech", "billing"};

struct links {
	struct bytes servers, contacts;
	struct slice registrant;
};

static bool
is_seat(const struct maker *maker)
{
	for (size_t i = 0; i < 3; i++)
		if (is(maker, seats[i]))
			return true;
	return false;
}

/* ROLE ID ... ns HOST ... in any order */
static bool
take_links(struct maker *maker, struct links *links)
{
	struct slice word, value;

	while (is_seat(maker) || is(maker, "ns") || is(maker, "registrant")) {
		if (!take(maker, &word) || !take(maker, &value))
			return false;
		if (slice_is(word, "ns"))
			bytes_add_format(&links->servers,
			    "<domain:hostObj>%.*s</domain:hostObj>",
			    SLICE_ARG(value));
		else if (slice_is(word, "registrant"))
			links->registrant = value;
		else
			bytes_add_format(&links->contacts,
			    "<domain:contact type=\"%.*s\">%.*s"
			    "</domain:contact>",
			    SLICE_ARG(word), SLICE_ARG(value));
	}
	return true;
}

static void
put_servers(struct maker *maker, const struct links *links)
{
	if (links->servers.len == 0)
		return;
	put(maker, "<domain:ns>");
	put_slice(maker, bytes_slice(&links->servers));
	put(maker, "</domain:ns>");
}

static void
links_finish(struct links *links)
{
	bytes_finish(&links->servers);
	bytes_finish(&links->contacts);
}

static bool
make_domain_create(struct maker *maker)
{
	struct links links = {.registrant = {NULL, 0}};
	struct slice name;
	bool ok = take(maker, &name) && take_links(maker, &links) &&
		  take_options(maker);

	if (ok) {
		start(maker, "create", "");
		element(maker, "name", name);
		put_servers(maker, &links);
		if (links.registrant.len != 0)
			element(maker, "registrant", links.registrant);
		put_slice(maker, bytes_slice(&links.contacts));
		put_auth(maker);
		end(maker, "create");
	}
	links_finish(&links);
	return ok;
}

/* add ..., rem ..., chg registrant ID */
static bool
take_change(struct maker *maker)
{
	struct links links = {.registrant = {NULL, 0}};
	const char *word = skip(maker, "add")	? "add"
			   : skip(maker, "rem") ? "rem"
			   : skip(maker, "chg") ? "chg"
						: NULL;
	bool ok;

	if (word == NULL)
		return fail(maker, "not add, rem or chg");
	bytes_add_format(maker->out, "<domain:%s>", word);
	ok = take_links(maker, &links);
	put_servers(maker, &links);
	put_slice(maker, bytes_slice(&links.contacts));
	if (links.registrant.len != 0)
		element(maker, "registrant", links.registrant);
	bytes_add_format(maker->out, "</domain:%s>", word);
	links_finish(&links);
	return ok;
}

static bool
make_domain_update(struct maker *maker)
{
	struct slice name;

	if (!take(maker, &name))
		return false;
	start(maker, "update", "");
	element(maker, "name", name);
	while (is(maker, "add") || is(maker, "rem") || is(maker, "chg"))
		if (!take_change(maker))
			return false;
	end(maker, "update");
	return take_options(maker);
}

static bool
make_host(struct maker *maker, const char *verb)
{
	struct slice name, address = {NULL, 0};
	bool update = strcmp(verb, "update") == 0;

	if (!take(maker, &name))
		return false;
	if (skip(maker, "addr") && !take(maker, &address))
		return false;
	start(maker, verb, "");
	element(maker, "name", name);
	if (update)
		put(maker, "<host:add>");
	if (address.len != 0)
		element(maker, "addr", address);
	if (update)
		put(maker, "</host:add>");
	end(maker, verb);
	return take_options(maker);
}

/* check, info and delete: only names. */
static bool
make_plain(struct maker *maker, const char *verb)
{
	const char *key = slice_is(maker->object, "contact") ? "id" : "name";
	bool auth = false;

	if (maker->at >= maker->count)
		return fail(maker, "a name is missing here");
	start(maker, verb, "");
	while (maker->at < maker->count && !is(maker, "extension")) {
		if (skip(maker, "authinfo")) {
			auth = true;
			continue;
		}
		element(maker, key, maker->words[maker->at++].text);
	}
	if (auth)
		put_auth(maker);
	end(maker, verb);
	return take_options(maker);
}

static bool
make_renew(struct maker *maker)
{
	struct slice name, date;

	if (!take(maker, &name) || !take(maker, &date))
		return false;
	start(maker, "renew", "");
	element(maker, "name", name);
	element(maker, "curExpDate", date);
	end(maker, "renew");
	return take_options(maker);
}

static bool
make_transfer(struct maker *maker)
{
	static const char *const ways[] = {
	    "request", "query", "cancel", "approve", "reject"};
	const char *key = slice_is(maker->object, "contact") ? "id" : "name";
	struct slice name;
	char attribute[32];

	for (size_t i = 0; i < 5; i++) {
		if (!skip(maker, ways[i]))
			continue;
		snprintf(attribute, sizeof(attribute), " op=\"%s\"", ways[i]);
		if (!take(maker, &name))
			return false;
		start(maker, "transfer", attribute);
		element(maker, key, name);
		put_auth(maker);
		end(maker, "transfer");
		return take_options(maker);
	}
	return fail(maker, "not request, query, cancel, approve or reject");
}

static bool
make_login(struct maker *maker)
{
	struct slice id, password, uri;

	if (!take(maker, &id) || !take(maker, &password))
		return false;
	put(maker, "<login><clID>");
	escape(maker->out, id);
	put(maker, "</clID><pw>");
	escape(maker->out, password);
	put(maker, "</pw>");
	if (skip(maker, "new")) {
		if (!take(maker, &password))
			return false;
		put(maker, "<newPW>");
		escape(maker->out, password);
		put(maker, "</newPW>");
	}
	put(maker,
	    "<options><version>1.0</version><lang>en</lang></options><svcs>"
	    "<objURI>urn:ietf:params:xml:ns:contact-1.0</objURI>"
	    "<objURI>urn:ietf:params:xml:ns:domain-1.0</objURI>"
	    "<objURI>urn:ietf:params:xml:ns:host-1.0</objURI>"
	    "<svcExtension><extURI>" MISU_SPACE "</extURI>");
	while (skip(maker, "and")) {
		if (!take(maker, &uri))
			return false;
		put(maker, "<extURI>");
		escape(maker->out, uri);
		put(maker, "</extURI>");
	}
	put(maker, "</svcExtension></svcs></login>");
	return take_options(maker);
}

static bool
make_poll(struct maker *maker)
{
	struct slice id;

	if (skip(maker, "req")) {
		put(maker, "<poll op=\"req\"/>");
		return true;
	}
	if (!skip(maker, "ack"))
		return fail(maker, "not req or ack");
	if (!take(maker, &id))
		return false;
	bytes_add_format(
	    maker->out, "<poll op=\"ack\" msgID=\"%.*s\"/>", SLICE_ARG(id));
	return true;
}

static bool
make_object(struct maker *maker, struct slice word, const char *colon)
{
	const struct slice verb = {
	    colon + 1, word.len - (size_t)(colon + 1 - word.data)};

	maker->object = (struct slice){word.data, (size_t)(colon - word.data)};
	if (!slice_is(maker->object, "contact") &&
	    !slice_is(maker->object, "domain") &&
	    !slice_is(maker->object, "host"))
		return fail(maker, "not contact, domain or host");
	if (slice_is(verb, "transfer"))
		return make_transfer(maker);
	if (slice_is(verb, "renew"))
		return make_renew(maker);
	if (slice_is(verb, "check"))
		return make_plain(maker, "check");
	if (slice_is(verb, "info"))
		return make_plain(maker, "info");
	if (slice_is(verb, "delete"))
		return make_plain(maker, "delete");
	if (!slice_is(verb, "create") && !slice_is(verb, "update"))
		return fail(maker, "no such command");
	if (slice_is(maker->object, "contact"))
		return make_contact(maker, slice_is(verb, "update"));
	if (slice_is(maker->object, "host"))
		return make_host(
		    maker, slice_is(verb, "update") ? "update" : "create");
	return slice_is(verb, "update") ? make_domain_update(maker)
					: make_domain_create(maker);
}

static bool
make_command(struct maker *maker)
{
	struct slice word;
	const char *colon;

	if (!take(maker, &word))
		return false;
	colon = memchr(word.data, ':', word.len);
	if (colon != NULL) {
		if (make_object(maker, word, colon))
			return true;
		return fail(maker, "not a command");
	}
	if (slice_is(word, "login"))
		return make_login(maker);
	if (slice_is(word, "poll"))
		return make_poll(maker);
	if (slice_is(word, "logout")) {
		put(maker, "<logout/>");
		return true;
	}
	maker->at--;
	return fail(maker, "not a command");
}

static void
put_extension(struct maker *maker)
{
	if (maker->extension.len == 0 && !maker->says_misu)
		return;
	put(maker, "<extension>");
	put_slice(maker, maker->extension);
	if (maker->says_misu) {
		put(maker, "<misu:person xmlns:misu=\"" MISU_SPACE "\">");
		put_slice(maker, bytes_slice(&maker->misu));
		put(maker, "</misu:person>");
	}
	put(maker, "</extension>");
}

/* The bytes as they stand: `frame "..."`, or the text of that name. */
static bool
make_raw(struct maker *maker)
{
	const struct script_word *word = &maker->words[maker->at];
	const struct script_text *text;
	struct slice name;

	if (!take(maker, &name))
		return false;
	if (word->quoted) {
		put_slice(maker, name);
		return true;
	}
	text = script_text(maker->script, name);
	if (text == NULL) {
		maker->at--;
		return fail(maker, "no such text above");
	}
	put_slice(maker, text->text);
	return true;
}

static bool
make_any(struct maker *maker)
{
	if (skip(maker, "frame"))
		return make_raw(maker);
	put(maker, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
		   "standalone=\"no\"?>\n<epp xmlns=\"" EPP_SPACE "\">");
	if (skip(maker, "hello")) {
		put(maker, "<hello/></epp>");
		return true;
	}
	put(maker, "<command>");
	if (!make_command(maker))
		return false;
	put_extension(maker);
	if (maker->id.len != 0) {
		put(maker, "<clTRID>");
		put_slice(maker, maker->id);
		put(maker, "</clTRID>");
	}
	put(maker, "</command></epp>");
	return true;
}

bool
epp_make(const struct script *script, const struct script_word *words,
    size_t count, struct slice id, struct bytes *out, size_t *wrong,
    const char **why)
{
	struct maker maker = {.script = script,
	    .words = words,
	    .count = count,
	    .out = out,
	    .id = id,
	    .role = ROLE_REGISTRANT};
	bool ok = make_any(&maker);

	if (ok && maker.at < count)
		ok = fail(&maker, "the command should end here");
	bytes_finish(&maker.misu);
	*wrong = maker.at;
	*why = maker.why;
	return ok;
}

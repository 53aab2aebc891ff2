/*
 * A submission of a domain as EPP commands.  Everything in them is from the
 * disclosure, but for ids and secrets, which are made from its object and
 * from the random bytes given: the same submission makes the same frames.
 */
#include "codec/epp_frame_priv.h"

#include "base/digest.h"

enum { ID_MIN = 3, ID_MAX = 16, SECRET_SIZE = 20, TRANSACTION_SIZE = 24 };

#define SECDNS_SPACE "urn:ietf:params:xml:ns:secDNS-1.1"

static const struct slice none = {"", 0};
static const struct slice contact = {"contact:", 8};
static const struct slice domain = {"domain:", 7};

static const enum role roles[] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};
enum { ROLES = sizeof(roles) / sizeof(roles[0]) };

struct made {
	struct epp_writer writer; /* of the role under way */
	const uint8_t *random;
	struct text out;   /* all frames, each with its length */
	struct text frame; /* the one under way */
	unsigned count;
	bool takes_part[ROLES];
	char ids[ROLES][ID_MAX + 1];
};

static void
base32(char *out, size_t len, const uint8_t *bytes)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

	for (size_t i = 0; i < len; i++) {
		size_t bit = 5 * i;
		unsigned two =
		    (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

		out[i] = alphabet[two >> (11 - bit % 8) & 31];
	}
	out[len] = '\0';
}

/* A secret or a name that only the random bytes tell. */
static void
put_random(struct made *made, const char *what, size_t len)
{
	char text[TRANSACTION_SIZE + 1];
	struct digest_run run;
	struct digest digest;

	digest_start(&run);
	digest_add(&run, made->random, 16);
	digest_add(&run, what, strlen(what));
	digest_add(&run, &made->count, sizeof(made->count));
	digest = digest_end(&run);
	base32(text, len, digest.bytes);
	text_add_string(&made->frame, text);
	digest_wipe(&digest, sizeof(digest));
	digest_wipe(text, sizeof(text));
}

static void
add_part(struct digest_run *run, struct slice part)
{
	digest_add(run, part.data, part.len);
	digest_add(run, "/", 1);
}

/* The handle where it passes and can be one; else made from what it is for. */
static void
name_contact(struct made *made, size_t index)
{
	const struct disclosure *disclosure = made->writer.disclosure;
	struct values handle =
	    disclosure_values(disclosure, roles[index], FIELD_HANDLE);
	struct digest_run run;
	struct digest digest;

	if (handle.count != 0 && handle.items[0].len >= ID_MIN &&
	    handle.items[0].len <= ID_MAX) {
		memcpy(made->ids[index], handle.items[0].data,
		    handle.items[0].len);
		return;
	}
	digest_start(&run);
	add_part(&run, disclosure_recipient(disclosure)->id);
	add_part(&run, disclosure_reference(disclosure));
	add_part(&run, slice_from(role_name(roles[index])));
	digest = digest_end(&run);
	made->ids[index][0] = 'M';
	base32(made->ids[index] + 1, ID_MAX - 1, digest.bytes);
}

static bool
takes_part(const struct made *made, enum role role)
{
	struct epp_writer writer = made->writer;

	writer.role = role;
	for (unsigned f = 0; f < FIELD_NS; f++)
		if (f != FIELD_DOMAIN &&
		    (epp_writer_passes(&writer, (enum field)f) ||
			(disclosure_operation(writer.disclosure) ==
				OPERATION_UPDATE &&
			    epp_writer_loses(&writer, (enum field)f))))
			return true;
	return false;
}

static void
start_frame(struct made *made)
{
	made->frame = text_start(made->writer.arena);
	text_add_string(&made->frame, EPP_ROOT "<command>");
	made->count++;
}

static void
end_frame(struct made *made)
{
	struct slice frame;
	size_t len;

	text_add_string(&made->frame, "<clTRID>misu-");
	put_random(made, "clTRID", TRANSACTION_SIZE);
	text_add_string(&made->frame, "</clTRID></command></epp>");
	frame = text_slice(&made->frame);
	len = frame.len + 4;
	made->out.failed |= made->frame.failed;
	for (int shift = 24; shift >= 0; shift -= 8)
		text_add_char(&made->out, (char)(len >> shift & 0xff));
	text_add(&made->out, frame);
}

static void
put_secret(struct made *made, struct slice prefix, struct values given)
{
	epp_put_open(&made->frame, prefix, "authInfo");
	epp_put_open(&made->frame, prefix, "pw");
	if (given.count != 0)
		text_add_xml(&made->frame, given.items[0]);
	else
		put_random(made, "authInfo", SECRET_SIZE);
	epp_put_close(&made->frame, prefix, "pw");
	epp_put_close(&made->frame, prefix, "authInfo");
}

static bool
is_update(const struct made *made)
{
	return disclosure_operation(made->writer.disclosure) ==
	       OPERATION_UPDATE;
}

static bool
put_postal(struct made *made, bool loc)
{
	struct epp_writer *writer = &made->writer;
	struct text *frame = &made->frame;
	enum field org = epp_field_form(FIELD_ORG_LOC, loc);
	struct slice name =
	    epp_writer_demand(writer, epp_field_form(FIELD_NAME_LOC, loc));
	struct values values = epp_writer_values(writer, org);

	if (name.data == NULL)
		return false;
	text_add_string(frame, "<contact:postalInfo type=");
	text_add_string(frame, loc ? "\"loc\">" : "\"int\">");
	epp_put(frame, contact, "name", name);
	if (values.count != 0)
		epp_put(frame, contact, "org", values.items[0]);
	else if (is_update(made) && epp_writer_loses(writer, org))
		epp_put_empty(frame, contact, "org");
	if (!epp_put_address(writer, frame, contact, loc))
		return false;
	epp_put_close(frame, contact, "postalInfo");
	return true;
}

/* Must the registry lose something that only this form has? */
static bool
form_loses(const struct epp_writer *writer, bool loc)
{
	static const enum field formed[] = {FIELD_NAME_LOC, FIELD_ORG_LOC,
	    FIELD_STREET_LOC, FIELD_CITY_LOC, FIELD_STATE_LOC};

	for (size_t i = 0; i < sizeof(formed) / sizeof(formed[0]); i++)
		if (epp_writer_loses(writer, epp_field_form(formed[i], loc)))
			return true;
	return false;
}

/* The forms that have something, or one made of placeholders. */
static bool
put_postals(struct made *made)
{
	const struct epp_writer *writer = &made->writer;
	bool any = false;

	for (int loc = 0; loc < 2; loc++) {
		if (!epp_writer_form_passes(writer, loc) &&
		    !(is_update(made) && form_loses(writer, loc)))
			continue;
		if (!put_postal(made, loc))
			return false;
		any = true;
	}
	return any || is_update(made) ||
	       put_postal(made,
		   !epp_writer_has_placeholder(writer, FIELD_NAME_INT) &&
		       epp_writer_has_placeholder(writer, FIELD_NAME_LOC));
}

static void
put_number(struct made *made, enum field field)
{
	struct epp_writer *writer = &made->writer;

	if (epp_writer_passes(writer, field) ||
	    (is_update(made) && epp_writer_loses(writer, field)))
		epp_put_number(writer, &made->frame, contact, field);
}

/* From postalInfo to disclose. */
static bool
put_person(struct made *made)
{
	struct epp_writer *writer = &made->writer;
	struct slice email = epp_writer_demand(writer, FIELD_EMAIL), disclose;
	enum field field;

	if (email.data == NULL || !put_postals(made))
		return false;
	put_number(made, FIELD_PHONE);
	put_number(made, FIELD_FAX);
	epp_put(&made->frame, contact, "email", email);
	if (!is_update(made))
		put_secret(made, contact, (struct values){NULL, 0});
	if (writer->manner->disclose != EPP_DISCLOSE_SUPPORTED) {
		if (!epp_state_unsaid(writer, &field))
			return true;
		return fail_set(writer->fail, FAIL_INPUT,
		    "%s may not be published, and the registry takes no word "
		    "about that",
		    field_info[field].name);
	}
	disclose = epp_put_disclose(writer, contact, epp_state(writer),
	    is_update(made) &&
		disclosure_onward_count(writer->disclosure) != 0);
	text_add(&made->frame, disclose);
	made->frame.failed |= disclose.data == NULL;
	return true;
}

static bool
put_contact(struct made *made, size_t index)
{
	const char *verb = is_update(made) ? "update" : "create";

	made->writer.role = roles[index];
	start_frame(made);
	text_add_format(&made->frame,
	    "<%s><contact:%s xmlns:contact=\"" EPP_CONTACT_SPACE "\">", verb,
	    verb);
	epp_put(&made->frame, contact, "id", slice_from(made->ids[index]));
	if (is_update(made))
		epp_put_open(&made->frame, contact, "chg");
	if (!put_person(made))
		return false;
	if (is_update(made))
		epp_put_close(&made->frame, contact, "chg");
	text_add_format(&made->frame, "</contact:%s></%s>", verb, verb);
	end_frame(made);
	return true;
}

/* One person in two roles is one contact. */
static bool
is_made(const struct made *made, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (made->takes_part[i] &&
		    strcmp(made->ids[i], made->ids[index]) == 0)
			return true;
	return false;
}

static bool
put_contacts(struct made *made)
{
	for (size_t i = 0; i < ROLES; i++) {
		made->takes_part[i] = takes_part(made, roles[i]);
		if (!made->takes_part[i])
			continue;
		name_contact(made, i);
		if (!is_made(made, i) && !put_contact(made, i))
			return false;
	}
	return true;
}

/* The object's data stand in whatever role the backend gave them. */
static struct values
find_values(const struct made *made, enum field field)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct values values = disclosure_values(
		    made->writer.disclosure, (enum role)role, field);

		if (values.count != 0)
			return values;
	}
	return (struct values){NULL, 0};
}

static struct slice
next_word(struct slice *rest)
{
	const char *blank = memchr(rest->data, ' ', rest->len);
	size_t len = blank != NULL ? (size_t)(blank - rest->data) : rest->len;
	struct slice word = {rest->data, len};

	len += blank != NULL;
	*rest = (struct slice){rest->data + len, rest->len - len};
	return word;
}

static void
put_server(struct made *made, struct slice server, bool object)
{
	struct text *frame = &made->frame;
	struct slice name = next_word(&server);

	if (object) {
		epp_put(frame, domain, "hostObj", name);
		return;
	}
	epp_put_open(frame, domain, "hostAttr");
	epp_put(frame, domain, "hostName", name);
	while (server.len != 0) {
		struct slice address = next_word(&server);

		text_add_format(frame, "<domain:hostAddr ip=\"%s\">",
		    memchr(address.data, ':', address.len) != NULL ? "v6"
								   : "v4");
		text_add_xml(frame, address);
		epp_put_close(frame, domain, "hostAddr");
	}
	epp_put_close(frame, domain, "hostAttr");
}

/* All servers as objects, or where addresses are given all as attributes. */
static void
put_servers(struct made *made)
{
	struct values servers = find_values(made, FIELD_NS);
	bool objects = true;

	if (servers.count == 0)
		return;
	for (size_t i = 0; i < servers.count; i++)
		objects &= memchr(servers.items[i].data, ' ',
			       servers.items[i].len) == NULL;
	epp_put_open(&made->frame, domain, "ns");
	for (size_t i = 0; i < servers.count; i++)
		put_server(made, servers.items[i], objects);
	epp_put_close(&made->frame, domain, "ns");
}

static void
put_links(struct made *made)
{
	struct text *frame = &made->frame;

	if (made->takes_part[0])
		epp_put(frame, domain, "registrant", slice_from(made->ids[0]));
	for (size_t i = 1; i < ROLES; i++) {
		if (!made->takes_part[i])
			continue;
		text_add_format(
		    frame, "<domain:contact type=\"%s\">", role_name(roles[i]));
		text_add_xml(frame, slice_from(made->ids[i]));
		epp_put_close(frame, domain, "contact");
	}
}

static void
put_delegation(struct made *made, struct values signers)
{
	static const char *const names[] = {
	    "keyTag", "alg", "digestType", "digest"};

	for (size_t i = 0; i < signers.count; i++) {
		struct slice rest = signers.items[i];

		text_add_string(&made->frame, "<secDNS:dsData>");
		for (size_t k = 0; k < 4; k++)
			epp_put(&made->frame, SLICE("secDNS:"), names[k],
			    next_word(&rest));
		text_add_string(&made->frame, "</secDNS:dsData>");
	}
}

static void
open_domain(struct made *made, const char *verb, const char *attributes)
{
	start_frame(made);
	text_add_format(&made->frame,
	    "<%s%s><domain:%s xmlns:domain=\"" EPP_DOMAIN_SPACE "\">", verb,
	    attributes, verb);
	epp_put(&made->frame, domain, "name",
	    disclosure_object(made->writer.disclosure));
}

static void
close_domain(struct made *made, const char *verb)
{
	text_add_format(&made->frame, "</domain:%s></%s>", verb, verb);
}

static void
put_create(struct made *made)
{
	struct values signers = find_values(made, FIELD_DS);

	open_domain(made, "create", "");
	put_servers(made);
	put_links(made);
	put_secret(made, domain, find_values(made, FIELD_AUTH_INFO));
	close_domain(made, "create");
	if (signers.count != 0) {
		text_add_string(&made->frame,
		    "<extension><secDNS:create xmlns:secDNS=\"" SECDNS_SPACE
		    "\">");
		put_delegation(made, signers);
		text_add_string(&made->frame, "</secDNS:create></extension>");
	}
	end_frame(made);
}

static bool
is_removed(const struct made *made, enum field field)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (disclosure_removed(
			made->writer.disclosure, (enum role)role, field))
			return true;
	return false;
}

/*
 * What EPP can set without knowing what is there: the registrant, and all of
 * the delegation's signers.  Servers can only be added and removed.
 */
static void
put_update(struct made *made)
{
	struct values signers = find_values(made, FIELD_DS);
	bool signs = signers.count != 0 || is_removed(made, FIELD_DS);

	if (!made->takes_part[0] && !signs)
		return;
	open_domain(made, "update", "");
	if (made->takes_part[0]) {
		epp_put_open(&made->frame, domain, "chg");
		epp_put(&made->frame, domain, "registrant",
		    slice_from(made->ids[0]));
		epp_put_close(&made->frame, domain, "chg");
	}
	close_domain(made, "update");
	if (signs) {
		text_add_string(&made->frame,
		    "<extension><secDNS:update xmlns:secDNS=\"" SECDNS_SPACE
		    "\"><secDNS:rem><secDNS:all>true</secDNS:all>"
		    "</secDNS:rem>");
		if (signers.count != 0) {
			text_add_string(&made->frame, "<secDNS:add>");
			put_delegation(made, signers);
			text_add_string(&made->frame, "</secDNS:add>");
		}
		text_add_string(&made->frame, "</secDNS:update></extension>");
	}
	end_frame(made);
}

static bool
put_transfer(struct made *made)
{
	struct values secret = find_values(made, FIELD_AUTH_INFO);

	if (secret.count == 0)
		return fail_set(made->writer.fail, FAIL_INPUT,
		    "a transfer needs the auth-info, and none passes");
	open_domain(made, "transfer", " op=\"request\"");
	put_secret(made, domain, secret);
	close_domain(made, "transfer");
	end_frame(made);
	return true;
}

static bool
put_domain(struct made *made)
{
	switch (disclosure_operation(made->writer.disclosure)) {
	case OPERATION_CREATE:
		put_create(made);
		return true;
	case OPERATION_UPDATE:
		put_update(made);
		return true;
	case OPERATION_TRANSFER:
		return put_transfer(made);
	case OPERATION_DELETE:
		open_domain(made, "delete", "");
		close_domain(made, "delete");
		end_frame(made);
		return true;
	case OPERATION_RENEW:
	case OPERATION_COUNT:
		break;
	}
	return fail_set(made->writer.fail, FAIL_INPUT,
	    "a renewal needs the date of expiry, which no record has");
}

bool
epp_frame_submission(const struct disclosure *disclosure,
    const struct epp_manner *manner, const uint8_t random[16],
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct made made = {
	    .writer = {disclosure, ROLE_REGISTRANT, manner, arena, fail},
	    .random = random,
	    .out = text_start(arena)};
	enum operation operation = disclosure_operation(disclosure);

	if (disclosure_type(disclosure) != OBJECT_DOMAIN ||
	    disclosure_outcome(disclosure).verdict != VERDICT_FORWARD)
		return fail_set(
		    fail, FAIL_DENIED, "only a domain can be sent as EPP");
	if (!manner->prohibits_contacts &&
	    (operation == OPERATION_CREATE || operation == OPERATION_UPDATE) &&
	    !put_contacts(&made))
		return false;
	if (!put_domain(&made))
		return false;
	*out = made.out.len != 0 ? text_slice(&made.out) : none;
	return (out->data != NULL && !made.out.failed) || fail_memory(fail);
}

bool
epp_frame_next(struct slice *rest, struct slice *frame)
{
	const uint8_t *bytes = (const uint8_t *)rest->data;
	size_t len;

	if (rest->len < 4)
		return false;
	len = (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 |
	      (size_t)bytes[2] << 8 | bytes[3];
	if (len <= 4 || len > rest->len)
		return false;
	*frame = (struct slice){rest->data + 4, len - 4};
	*rest = (struct slice){rest->data + len, rest->len - len};
	return true;
}

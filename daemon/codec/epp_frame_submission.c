/*
 * A submission of a domain as EPP commands.  Everything in them is from the
 * disclosure, but for ids and secrets, which are made from its object and
 * from the random bytes given: the same submission makes the same frames.
 */
#include "codec/epp_frame_submission_priv.h"

#include "base/digest.h"
#include "core/policy_tree.h"

enum { SECRET_SIZE = 20, TRANSACTION_SIZE = 24 };

static const struct slice none = {"", 0};
static const struct slice contact = {"contact:", 8};

const enum role epp_roles[EPP_ROLES] = {
    ROLE_REGISTRANT, ROLE_ADMIN, ROLE_TECH, ROLE_BILLING};

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void
base32(char *out, size_t len, const uint8_t *bytes)
{
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
put_random(struct epp_made *made, const char *what, size_t len)
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

/* The handle where it can be an id; else made from what it is for. */
static void
name_contact(const struct epp_made *made, enum role role, struct slice handle,
    char id[EPP_ID_MAX + 1])
{
	const struct disclosure *disclosure = made->writer.disclosure;
	struct digest_run run;
	struct digest digest;

	if (handle.len >= EPP_ID_MIN && handle.len <= EPP_ID_MAX) {
		memcpy(id, handle.data, handle.len);
		id[handle.len] = '\0';
		return;
	}
	digest_start(&run);
	add_part(&run, disclosure_recipient(disclosure)->id);
	add_part(&run, disclosure_reference(disclosure));
	add_part(&run, slice_from(role_name(role)));
	digest = digest_end(&run);
	id[0] = 'M';
	base32(id + 1, EPP_ID_MAX - 1, digest.bytes);
}

bool
epp_frame_is_made_id(struct slice id)
{
	if (id.len != EPP_ID_MAX || id.data[0] != 'M')
		return false;
	for (size_t i = 1; i < id.len; i++)
		if (id.data[i] == '\0' || strchr(alphabet, id.data[i]) == NULL)
			return false;
	return true;
}

/* --- who takes part --- */

static bool
is_update(const struct epp_made *made)
{
	return disclosure_operation(made->writer.disclosure) ==
	       OPERATION_UPDATE;
}

/* What is known of a role's person, handle and all. */
struct known {
	bool there;	/* the record has something of them */
	bool passes;	/* and the registry gets some of it */
	bool possible;	/* or would of another record, or has something */
	bool described; /* it is more than a handle */
};

static struct known
look_at(const struct epp_made *made, enum role role)
{
	const struct disclosure *disclosure = made->writer.disclosure;
	struct epp_writer writer = made->writer;
	struct known known = {false, false, false, false};

	writer.role = role;
	for (unsigned f = 0; f < FIELD_NS; f++) {
		enum field field = (enum field)f;
		bool there;

		if (field == FIELD_DOMAIN)
			continue;
		there = disclosure_collected(disclosure, role, field);
		known.there |= there;
		known.passes |= epp_writer_passes(&writer, field);
		known.possible |= writer.manner->told != NULL
				      ? epp_writer_may_hold(&writer, field)
				      : disclosure_could_pass(
					    disclosure, role, field);
		known.described |=
		    field != FIELD_HANDLE &&
		    (there ||
			(is_update(made) && epp_writer_loses(&writer, field)));
	}
	return known;
}

static struct slice
handle_that_passes(const struct epp_made *made, enum role role)
{
	struct values handle =
	    disclosure_values(made->writer.disclosure, role, FIELD_HANDLE);

	return handle.count != 0 ? handle.items[0] : none;
}

bool
epp_made_not_known(struct fail *fail)
{
	fail_set(fail, FAIL_INPUT,
	    "the vault does not know what this domain has at the registry");
	fail_hint(fail,
	    "misuctl import asks the registry; or submit a create, which "
	    "agrees with what is there");
	return false;
}

/*
 * Where it is known what is there, an id was the handle if that is there, and
 * stays the id whatever the policy says now: there is no other word for it.
 */
static bool
name_former(const struct epp_made *made, enum role role, char *id)
{
	const struct shown *told = made->writer.manner->told;
	struct slice handle =
	    disclosure_former(made->writer.disclosure)->handles[role];

	if (told != NULL &&
	    (told[role].passed & FIELD_BIT(FIELD_HANDLE)) == 0)
		handle = none;
	else if (told != NULL && handle.len == 0)
		return fail_set(made->writer.fail, FAIL_INPUT,
		    "the contact of the %s has a handle there that is not "
		    "known any more",
		    role_name(role));
	name_contact(made, role, handle, id);
	return true;
}

/*
 * A registrant who is taken away stays and loses everything, as EPP wants
 * one; others are no longer linked.
 */
static bool
plan_update(struct epp_made *made, size_t index, const struct known *known)
{
	const struct record_former *former =
	    disclosure_former(made->writer.disclosure);
	struct epp_party *party = &made->parties[index];
	enum role role = epp_roles[index];

	party->was = known->possible &&
		     (made->writer.manner->told != NULL ||
			 (former->roles & 1u << role) != 0);
	party->links = known->there ? known->passes || party->was
				    : party->was && role == ROLE_REGISTRANT;
	if (!party->links && !party->was)
		return true;
	if (!former->known)
		return epp_made_not_known(made->writer.fail);
	if (party->was && (former->renamed & 1u << role) != 0)
		return fail_set(made->writer.fail, FAIL_INPUT,
		    "the handle that the %s had is not known any more",
		    role_name(role));
	return !party->was || name_former(made, role, party->former);
}

static bool
plan_parties(struct epp_made *made)
{
	for (size_t i = 0; i < EPP_ROLES; i++) {
		struct epp_party *party = &made->parties[i];
		struct known known = look_at(made, epp_roles[i]);

		party->links = known.passes;
		if (is_update(made) && !plan_update(made, i, &known))
			return false;
		party->writes = party->links && known.described;
		if (party->was && made->writer.manner->told != NULL)
			memcpy(party->id, party->former, sizeof(party->id));
		else if (party->links)
			name_contact(made, epp_roles[i],
			    handle_that_passes(made, epp_roles[i]), party->id);
	}
	return true;
}

/* Is there a link to make that is not there? */
bool
epp_party_is_new(const struct epp_party *party)
{
	return party->links &&
	       (!party->was || strcmp(party->id, party->former) != 0);
}

bool
epp_party_is_gone(const struct epp_party *party)
{
	return party->was &&
	       (!party->links || strcmp(party->id, party->former) != 0);
}

/* --- contacts --- */

void
epp_made_start(struct epp_made *made)
{
	made->frame = text_start(made->writer.arena);
	text_add_string(&made->frame, EPP_ROOT "<command>");
	made->count++;
}

void
epp_made_end(struct epp_made *made)
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

void
epp_made_put_secret(
    struct epp_made *made, struct slice prefix, struct values given)
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

/* A contact that the domain had not yet is made, also in an update. */
static bool
changes(const struct epp_made *made)
{
	return is_update(made) && !made->creates;
}

static bool
put_postal(struct epp_made *made, bool loc)
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
	else if (changes(made) && epp_writer_loses(writer, org))
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
put_postals(struct epp_made *made)
{
	const struct epp_writer *writer = &made->writer;
	bool any = false;

	for (int loc = 0; loc < 2; loc++) {
		if (!epp_writer_form_passes(writer, loc) &&
		    !(changes(made) && form_loses(writer, loc)))
			continue;
		if (!put_postal(made, loc))
			return false;
		any = true;
	}
	return any || changes(made) ||
	       put_postal(made,
		   !epp_writer_has_placeholder(writer, FIELD_NAME_INT) &&
		       epp_writer_has_placeholder(writer, FIELD_NAME_LOC));
}

static void
put_number(struct epp_made *made, enum field field)
{
	struct epp_writer *writer = &made->writer;

	if (epp_writer_passes(writer, field) ||
	    (changes(made) && epp_writer_loses(writer, field)))
		epp_put_number(writer, &made->frame, contact, field);
}

/* From postalInfo to disclose. */
static bool
put_person(struct epp_made *made)
{
	struct epp_writer *writer = &made->writer;
	struct slice email = epp_writer_demand(writer, FIELD_EMAIL), disclose;
	enum field field;

	if (email.data == NULL || !put_postals(made))
		return false;
	put_number(made, FIELD_PHONE);
	put_number(made, FIELD_FAX);
	epp_put(&made->frame, contact, "email", email);
	if (!changes(made))
		epp_made_put_secret(made, contact, (struct values){NULL, 0});
	if (writer->manner->disclose != EPP_DISCLOSE_SUPPORTED) {
		if (!epp_state_unsaid(writer, &field))
			return true;
		return fail_set(writer->fail, FAIL_INPUT,
		    "%s may not be published, and the registry takes no word "
		    "about that",
		    field_info[field].name);
	}
	disclose = epp_put_disclose(writer, contact, epp_state(writer),
	    changes(made) && disclosure_onward_count(writer->disclosure) != 0);
	text_add(&made->frame, disclose);
	made->frame.failed |= disclose.data == NULL;
	return true;
}

static bool
put_contact(struct epp_made *made, size_t index)
{
	const struct epp_party *party = &made->parties[index];
	const char *verb;

	made->writer.role = epp_roles[index];
	made->creates = !is_update(made) || epp_party_is_new(party);
	verb = changes(made) ? "update" : "create";
	epp_made_start(made);
	text_add_format(&made->frame,
	    "<%s><contact:%s xmlns:contact=\"" EPP_CONTACT_SPACE "\">", verb,
	    verb);
	epp_put(&made->frame, contact, "id", slice_from(party->id));
	if (changes(made))
		epp_put_open(&made->frame, contact, "chg");
	if (!put_person(made))
		return false;
	if (changes(made))
		epp_put_close(&made->frame, contact, "chg");
	text_add_format(&made->frame, "</contact:%s></%s>", verb, verb);
	epp_made_end(made);
	return true;
}

/* One person in two roles is one contact. */
static bool
is_made(const struct epp_made *made, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (made->parties[i].writes &&
		    strcmp(made->parties[i].id, made->parties[index].id) == 0)
			return true;
	return false;
}

static bool
put_contacts(struct epp_made *made)
{
	if (!plan_parties(made))
		return false;
	for (size_t i = 0; i < EPP_ROLES; i++)
		if (made->parties[i].writes && !is_made(made, i) &&
		    !put_contact(made, i))
			return false;
	return true;
}

/* What was made for this domain alone serves nobody without it. */
void
epp_made_put_removals(struct epp_made *made)
{
	char own[EPP_ID_MAX + 1];

	for (size_t i = 1; i < EPP_ROLES; i++) {
		const struct epp_party *party = &made->parties[i];

		name_contact(made, epp_roles[i], none, own);
		if (!epp_party_is_gone(party) ||
		    strcmp(party->former, own) != 0)
			continue;
		epp_made_start(made);
		text_add_string(&made->frame,
		    "<delete><contact:delete xmlns:contact=\"" EPP_CONTACT_SPACE
		    "\">");
		epp_put(&made->frame, contact, "id", slice_from(own));
		text_add_string(&made->frame, "</contact:delete></delete>");
		epp_made_end(made);
	}
}

bool
epp_frame_submission(const struct disclosure *disclosure,
    const struct epp_manner *manner, const uint8_t random[16],
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct epp_made made = {
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
	if (!epp_made_put_domain(&made))
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

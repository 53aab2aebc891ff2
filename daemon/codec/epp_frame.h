/*
 * The one maker of outgoing EPP frames.  What carries decided fields is made
 * from a disclosure and the frame it came with, by splices; the bytes then go
 * to the ledger and become a sealed.  What carries nothing personal becomes a
 * struct epp_plain, which this file makes for the closed list of
 * epp_verb_is_plain() and for nothing else.  Upstreams take these two.
 *
 * Also here: greetings and responses, which go to backends.
 */
#ifndef MISU_EPP_FRAME_H
#define MISU_EPP_FRAME_H

#include "codec/epp.h"
#include "codec/template.h"
#include "core/disclosure.h"

/* How the registry's `disclose` is written (misu.conf). */
enum epp_disclose {
	EPP_DISCLOSE_SUPPORTED,
	EPP_DISCLOSE_IGNORED,  /* none is written; what had to be hidden is redacted */
	EPP_DISCLOSE_REJECTED, /* the same, and one of the backend's is cut out */
};

struct epp_extension_rule {
	struct slice space;
	bool pass; /* else strip */
};

/* How frames for one registry are made. */
struct epp_manner {
	const struct epp_extension_rule *extensions;
	size_t extension_count;
	const struct placeholders *placeholders; /* role is not looked at */
	enum epp_disclose disclose;
	bool publishes;            /* the registry's dcp; see epp_greeting */
	bool prohibits_contacts;
	struct slice client_id;    /* clTRID to put in its place; empty: leave */
	/*
	 * For a contact:update, what the registry holds of the contact (the
	 * stored record's epp_facts); NULL: not known, so that it may hold
	 * whatever the policy lets pass of some record.
	 */
	const struct shown *held;
	/*
	 * For an update of a domain's contacts, the same of each role
	 * (ROLE_COUNT of them): nothing of a role, and no contact is there.
	 */
	const struct shown *told;
};

/*
 * Is every extension of the command on the list?  If not 2103, with the
 * namespace in the fail.
 */
bool epp_frame_check_extensions(const struct epp_command *command,
    const struct epp_manner *manner, struct epp_problem *problem,
    struct fail *fail);

/* --- what carries nothing personal --- */

struct epp_plain;

/*
 * A command of the closed list, its extensions stripped as the manner says,
 * misu-1.0 out of it, clTRID put in; in a login misu's URIs, and contact-1.0
 * where contacts are prohibited, out of the services.  NULL with
 * a fail; FAIL_DENIED for any other command.
 */
struct epp_plain *epp_frame_plain(const struct epp_command *command,
    const struct epp_manner *manner, struct arena *arena, struct fail *fail);

/* misu's own: no data of a registrant is in them. */
struct epp_own_login {
	struct slice id, password, version, language;
	const struct slice *objects, *extensions;
	size_t object_count, extension_count;
};
struct epp_plain *epp_frame_own_login(const struct epp_own_login *login,
    struct slice client_id, struct arena *arena, struct fail *fail);
struct epp_plain *epp_frame_own_hello(struct arena *arena, struct fail *fail);
struct epp_plain *epp_frame_own_logout(
    struct slice client_id, struct arena *arena, struct fail *fail);
/* check or info of one object, for evidence, imports and links. */
struct epp_plain *epp_frame_own_ask(enum epp_verb verb, enum epp_object object,
    struct slice id, struct slice client_id, struct arena *arena,
    struct fail *fail);

/* A contact that a delivery made, and that serves nobody, is deleted. */
struct epp_plain *epp_frame_own_removal(struct slice id,
    struct slice client_id, struct arena *arena, struct fail *fail);

struct slice epp_plain_bytes(const struct epp_plain *plain);

/* --- what carries decided fields: the bytes for the ledger --- */

/*
 * contact:create and contact:update.  Every value is as the disclosure says:
 * forwarded as it was written where that is what misu understood, else in its
 * canonical form; replaced or generalised; redacted: on a create left out
 * where the schema lets it, else the placeholder; on an update whatever makes
 * the registry lose it (an empty element, an address without it, the
 * placeholder) if it may have it; so too what it may have in full where now
 * another value passes.  <disclose> is written anew
 * from what may be published.  On an update of a partial address or name, the
 * disclosure is of the merged record, and what must go with it is added.
 * False with FAIL_INPUT if a demanded value has no placeholder, or if what may
 * not be published would go to a registry that cannot be told so.  True with an
 * empty `out` if nothing is left of an update.
 */
bool epp_frame_contact(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail);

/*
 * For the channel: the frame, after its length, by which the registry loses
 * what it has of a contact and may have no more; empty if that is nothing.
 */
bool epp_frame_removal(const struct disclosure *disclosure,
    const struct epp_manner *manner, struct slice id, struct arena *arena,
    struct slice *out, struct fail *fail);

/* A contact:update that says nothing yet: a disclosure fills it. */
struct epp_command *epp_frame_bare_update(
    struct slice id, struct arena *arena, struct fail *fail);

/*
 * domain:create, update and transfer, host:create and update, and
 * contact:transfer: links, servers and all else as written, once it was
 * decided that they may go; where contacts are prohibited the links are out.
 * True with an empty `out` if nothing is left of an update.
 */
bool epp_frame_object(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail);

/*
 * Shadow mode: the frame unchanged but for misu's own extension.  The
 * disclosure says what would have gone.
 */
bool epp_frame_shadow(const struct epp_command *command,
    const struct disclosure *disclosure, const struct epp_manner *manner,
    struct arena *arena, struct slice *out, struct fail *fail);

/*
 * For the channel: the frames that carry out a submission of a domain, each
 * after its length as RFC 5734 has it: contacts first, then the domain.
 * `random` makes authInfo; ids of contacts are the record's `handle` where it
 * passes, else made from object and role.
 */
bool epp_frame_submission(const struct disclosure *disclosure,
    const struct epp_manner *manner, const uint8_t random[16],
    struct arena *arena, struct slice *out, struct fail *fail);

/* Is it an id that was made for one domain and role, and so serves no other? */
bool epp_frame_is_made_id(struct slice id);

/* Take the next frame off such a payload; false at the end. */
bool epp_frame_next(struct slice *rest, struct slice *frame);

/*
 * Is the registry's object what a frame of ours makes of it?  Of a create and
 * an update, values, links and servers are as given, placeholders too, and
 * what is removed is not there, and of a contact's update disclose too;
 * authInfo and what the registry adds are not compared, and an update of
 * signers never agrees.  A renewal agrees
 * if the date of expiry is a later one, a transfer if it is pending or done, a
 * deletion if it is pending.
 */
bool epp_frame_agrees(struct slice frame, const struct epp_response *info,
    struct arena *arena);

/* --- to backends --- */

/* misu-1.0 added, svDate as given (RFC 3339), contact-1.0 put back in. */
struct slice epp_frame_greeting(const struct epp_greeting *registry,
    bool adds_contact, struct slice date, struct arena *arena);

struct epp_answer {
	unsigned code;
	struct slice message; /* after the code's text; may be empty */
	struct slice client_id, server_id;
	struct slice data;    /* the inside of <resData>; may be empty */
};
struct slice epp_frame_answer(
    const struct epp_answer *answer, struct arena *arena);

/* The response with the backend's clTRID where misu's was. */
struct slice epp_frame_response(const struct epp_response *response,
    struct slice client_id, struct arena *arena);

/*
 * contact infData, creData and chkData, where contacts are kept here: the
 * inside of <resData>.  Of the first, `client` is whose it is: authInfo is in
 * it, which is for nobody else.
 */
struct slice epp_frame_contact_info(const struct record *record,
    struct slice client, bool linked, struct arena *arena);
struct slice epp_frame_contact_created(
    struct slice id, int64_t created, struct arena *arena);
struct slice epp_frame_contact_check(const struct slice *ids,
    const bool *available, size_t count, struct arena *arena);
/* Contact elements put back into a domain's infData. */
struct slice epp_frame_domain_info(const struct epp_response *response,
    const struct record *record, struct slice client_id, struct arena *arena);

/*
 * Does a value stand in the command that is one of the placeholders, as if it
 * were data?  2306 then.  A country's is also a value that persons have.
 */
bool epp_frame_has_placeholder(const struct epp_command *command,
    const struct epp_manner *manner, enum field *field);

#endif

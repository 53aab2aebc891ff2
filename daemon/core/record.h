/*
 * A record is raw personal data as the backend gave it: one object, the
 * persons in its roles, and what is known of each.  It is the left end of
 *
 *     record -> decide() -> disclosure -> ledger -> sealed -> channel
 *
 * and nothing that makes outgoing bytes takes one.  The setters check each
 * value's shape (field.tbl) and make it canonical; a record that exists is
 * well-formed.  All memory is the arena's it was created in.
 */
#ifndef MISU_RECORD_H
#define MISU_RECORD_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "core/field.h"

struct record;

/* The values of one field of one role; count 0 when absent. */
struct values {
	const struct slice *items;
	size_t count;
};

/* For whom a consent holds. */
enum audience {
	AUDIENCE_PUBLIC,   /* unspecified persons: WHOIS, RDAP */
	AUDIENCE_REGISTRY, /* registries and those who act for them */
	AUDIENCE_COMPANY,  /* other companies */
	AUDIENCE_ANY,
	AUDIENCE_COUNT
};

struct consent {
	struct slice purpose; /* a policy's purpose id, "p11" */
	enum audience audience;
	bool given;	      /* false: withdrawn */
	int64_t time;	      /* Unix seconds: when it was given or withdrawn */
	struct slice version; /* of the text agreed to; may be empty */
};

/*
 * What a registry holds of an EPP contact: FIELD_BITs of the fields that it
 * was given as they are, given otherwise (replaced, generalised), and may
 * publish.  A contact's record carries it, so that a link can be judged.
 */
struct shown {
	uint64_t passed, altered, published;
};

/* The person of a record of type contact stands here. */
#define CONTACT_ROLE ROLE_REGISTRANT

/* A contact's own statuses, as bits. */
enum {
	CONTACT_NO_DELETE = 1,
	CONTACT_NO_TRANSFER = 2,
	CONTACT_NO_UPDATE = 4,
	CONTACT_STATUSES = 7,
};

/* Its <disclose>, as bits: the flag, and what it is for. */
enum {
	DISCLOSE_IS_GIVEN = 1,
	DISCLOSE_FLAG = 2,
	DISCLOSE_NAME_INT = 4, /* each int is followed by its loc */
	DISCLOSE_ORG_INT = 16,
	DISCLOSE_ADDR_INT = 64,
	DISCLOSE_VOICE = 256,
	DISCLOSE_FAX = 512,
	DISCLOSE_EMAIL = 1024,
	DISCLOSE_BITS = 2047,
};

enum { KEPT_DOMAINS_MAX = 64 };

/*
 * What misu alone knows of a contact whose registry takes none.  A change has
 * a random number of its own and names the one that it replaces, so that of
 * two at once one is made anew.
 * Of the domains that came to name it, perhaps not any more, the latest stand
 * here and those before on pages, records of their own that are a list.
 */
struct epp_kept {
	int64_t revision; /* 0: it is not kept here alone */
	int64_t before;	  /* the one it replaces; 0: none */
	int64_t updated;  /* Unix seconds; 0: never */
	int64_t page;	  /* number of the latest page; 0: none */
	unsigned statuses, disclose;
	struct values domains;
};

/* Facts of a contact or domain that came over EPP; kept in the vault. */
struct epp_facts {
	bool given;
	struct shown shown;
	unsigned roles;	    /* 1 << role: those it was told to be for; 0: any */
	struct slice scope; /* object or ".tld" it was decided for; or empty */
	struct slice client;  /* the backend (tenant) whose it is */
	int64_t created;      /* Unix seconds */
	bool made; /* then, by a command that passed misu (core/place.h) */
	struct slice auth;    /* contacts kept here only: never leaves */
	struct epp_kept kept; /* the same */
};

/*
 * What is registered of the object itself, no person's data: the backend says
 * it, where misu is to publish it.  0 and empty: not said.
 */
struct registration {
	bool given;
	int64_t created, updated, expires; /* Unix seconds */
	int64_t connected, returned;       /* .jp; networks */
	struct slice roid;
	struct values status, locks; /* EPP's words, or the registry's own */
};

enum { REGISTRATION_WORDS = 16, REGISTRATION_WORD = 64 };

/*
 * What an object was before the update that made this record, for recipients
 * that take changes and no states (EPP).  Nothing personal but handles.
 */
struct record_former {
	bool known;
	struct values servers;
	unsigned roles;	  /* 1 << role: those that somebody stood in */
	unsigned renamed; /* those whose handle is not known any more */
	struct slice handles[ROLE_COUNT]; /* empty: none */
};

/*
 * `object` is the canonical name: a domain in lower-case A-labels without the
 * last dot, a prefix "192.0.2.0/29", or the backend's reference for a
 * subscriber or a spam report.  It is copied.
 */
struct record *record_create(struct arena *arena, enum object_type type,
    enum operation operation, struct slice object, struct fail *fail);
/* Know its object by another name. */
bool record_set_object(
    struct record *record, struct slice object, struct fail *fail);

/* Bring a role into being: a person of a kind not told stands in it. */
bool record_add_role(struct record *record, enum role role, struct fail *fail);
bool record_set_role(
    struct record *record, enum role role, enum kind kind, struct fail *fail);

/* Nobody told the kind: it is judged by until another is told or presumed. */
bool record_presume_kind(
    struct record *record, enum role role, enum kind kind, struct fail *fail);

/*
 * Replace the values of a field.  Bytes are copied; the place of a complaint
 * is "role/field", never the value.
 */
bool record_set(struct record *record, enum role role, enum field field,
    const struct slice *items, size_t count, struct fail *fail);

/* Add one value behind those the field has. */
bool record_add_value(struct record *record, enum role role, enum field field,
    struct slice value, struct fail *fail);

/*
 * An update takes the field's values away, or everything of a role.  The mark
 * stays in the record, so that the recipient can be told to forget.
 */
bool record_remove(
    struct record *record, enum role role, enum field field, struct fail *fail);
bool record_remove_role(
    struct record *record, enum role role, struct fail *fail);

/* Whose data this is: the backend's id of the person.  At most 255 bytes. */
bool record_set_subject(struct record *record, enum role role,
    struct slice subject, struct fail *fail);

/*
 * Every role without a subject gets "object:TYPE:NAME/ROLE", so that there is
 * always somebody to keep a key for.  Such a subject is not a given one.
 */
bool record_default_subjects(struct record *record, struct fail *fail);

bool record_add_consent(struct record *record, enum role role,
    const struct consent *consent, struct fail *fail);

/* The subscriber's plan, a policy word; empty when not given. */
bool record_set_plan(
    struct record *record, struct slice plan, struct fail *fail);

/*
 * Of a renewal, the date "2027-01-31" on which the registry lets the object
 * expire now.  FAIL_INPUT for another shape.
 */
bool record_set_expires(
    struct record *record, struct slice date, struct fail *fail);
struct slice record_expires(const struct record *record);

/*
 * FIELD_BITs of each role (ROLE_COUNT of them, copied) with which alone it can
 * be told: conditions see the whole record.  A merge keeps the stored one's;
 * it is not kept in the vault.
 */
bool record_set_limit(
    struct record *record, const uint64_t *limit, struct fail *fail);
const uint64_t *record_limit(const struct record *record); /* NULL: none */

/* Copied.  A merge takes the update's where given, else the stored one's. */
bool record_set_registration(struct record *record,
    const struct registration *registration, struct fail *fail);
const struct registration *record_registration(const struct record *record);

/*
 * A merge notes what the stored record had.  The vault keeps, without handles,
 * what was there before the oldest change that may still wait: record_settle()
 * says that none does, and record_decide_again() makes a record of the vault,
 * merged with nothing, what is to be decided once more: `is_last` where the
 * record is what this very change made, else an older change waits.
 */
const struct record_former *record_former(const struct record *record);
void record_settle(struct record *record);
/* Of a merge: the changes before it were refused, and what was there stays. */
void record_undo(struct record *merged);
void record_decide_again(
    struct record *merged, const struct record *stored, bool is_last);

/* Copied.  A merge takes the update's where given, else the stored one's. */
bool record_set_epp(
    struct record *record, const struct epp_facts *facts, struct fail *fail);
const struct epp_facts *record_epp(const struct record *record);

enum object_type record_type(const struct record *record);

/* Make a role what it is in `from`, with every mark.  Borrows from there. */
bool record_copy_role(struct record *to, const struct record *from,
    enum role role, struct fail *fail);

/* The person of one role stands in another: a contact in a domain's role. */
bool record_copy_person(struct record *to, enum role role,
    const struct record *from, enum role from_role, struct fail *fail);

/*
 * What the object is after a partial update: values of the update replace
 * the stored ones, removed fields are gone and marked removed, the rest
 * stays; marks of earlier updates are dropped.  Consents add up; of those for
 * the same purpose and audience the one with the latest time stays.  Where the update names
 * another subject for a role, nothing of the person before stays there, and
 * what that person had is marked removed.  Who had no subject is another
 * person only where name, e-mail and telephone are given anew or removed, all
 * that there were, and none is as it was; else it has a subject now.  Name
 * servers and signers are the object's, in whatever role they stand.
 * Operation, object and type are the update's.  Borrows from both.
 */
struct record *record_merge(struct arena *arena, const struct record *stored,
    const struct record *update, struct fail *fail);

/*
 * Who stands in the role of `record`, which is newer than `stored` and gives
 * it a subject, is the person without one who stood there before: then it is
 * known by the place as before.  False: it was not so.
 */
bool record_keep_person(struct record *record, enum role role,
    const struct record *stored);

/*
 * What comes in at `now` (Unix seconds): a consent that is given later than
 * that, by more than clocks differ, is refused (FAIL_INPUT); a withdrawal of
 * later counts from now.
 */
enum { CONSENT_AHEAD = 300 }; /* seconds */
bool record_date_consents(
    struct record *record, int64_t now, struct fail *fail);

/*
 * Consents of the update that were withdrawn, or not given, come into the
 * record, unless that has a later word, and nothing else of it; of a role in
 * which the update has another subject none do.  *any: there was one the
 * record did not have.
 */
bool record_withdraw(struct record *record, const struct record *update,
    bool *any, struct fail *fail);

/* Has it any such consent? */
bool record_withdraws(const struct record *update);

/*
 * Of which of two records of an object does the registry's own word on it
 * speak?  A contact's fields are compared as far as each record says by its
 * `shown` what the registry has; what is in neither form says nothing, and
 * where some speak for the one and some for the other nothing is told.
 * `has_links`: the registry knows of a domain's contacts.
 */
enum record_which { WHICH_UNTOLD, WHICH_FIRST, WHICH_SECOND };
enum record_which record_which(const struct record *found,
    const struct record *first, const struct record *second, bool has_links);

enum operation record_operation(const struct record *record);
struct slice record_object(const struct record *record);
struct slice record_plan(const struct record *record);
bool record_has_role(const struct record *record, enum role role);
bool record_role_removed(const struct record *record, enum role role);
bool record_removed(
    const struct record *record, enum role role, enum field field);
bool record_kind_given(const struct record *record, enum role role);
bool record_subject_given(const struct record *record, enum role role);
/* FIELD_BITs of the fields with values, and of those that were removed. */
void record_fields(const struct record *record, enum role role,
    uint64_t *present, uint64_t *removed);
enum kind record_kind(const struct record *record, enum role role);
struct slice record_subject(const struct record *record, enum role role);
struct values record_values(
    const struct record *record, enum role role, enum field field);
const struct consent *record_consents(
    const struct record *record, enum role role, size_t *count);

const char *audience_name(enum audience audience);
bool audience_find(struct slice name, enum audience *out);

#endif

/*
 * A ledger entry, schema version 1: canonical JSON (RFC 8785) of objects,
 * arrays, strings and integers only, at most 65,535 bytes, one leaf of the
 * tree each.  It never holds a value of a field.  Written here; read back
 * with core/canon.h.
 *
 * Every entry has
 *	v		1
 *	type		"disclosure", or an event's, as core/event.tbl has them
 *	time		milliseconds since 1970-01-01T00:00:00Z
 *	salt		128 random bits, hex: the leaf hash says nothing
 *	policy, setup	identities in force, SHA-256 in hex
 *	request		id of what was asked, so that asking twice makes one
 *			entry; absent when none was given
 *
 * The one role of a contact's disclosure is called "contact".
 *
 * A disclosure has besides
 *	operation	"create", "update", ...
 *	object		{data, slot, subject, type}: the object's name under
 *			AES-256-GCM with the key entry_object_key() makes of
 *			the subject's, data = base64(nonce || text || tag), the
 *			salt as associated data; the text may go on after a NUL
 *			with what was decided by (core/inputs.h)
 *	subjects	role -> [pseudonym in hex, key slot]
 *	recipient, purpose, basis, channel
 *	fields		role -> field -> [verdict, rule] or [verdict, rule,
 *			commitment]: the fields the record had, and those a
 *			value was made for; the commitment (base64) where a
 *			value passed, see entry_commit()
 *	onward		[{fields, recipient}]: who gets what from the recipient
 *	outcome		["hold" or "refuse", rule]; absent when it goes.
 *			["refuse", 0, "stopped"] where no rule refuses but a
 *			person in it stopped the provision of their data; a
 *			field's rule 0 is the default, or such a stop
 *	payload		HMAC-SHA-256, under a key of the daemon, of the
 *			SHA-256 of the exact bytes, and of that under the key
 *			that the object's name is under (entry_payload()),
 *			base64; absent for a hold or refuse
 *	supersedes	index of the entry decided anew; absent when none
 *	case		the request that it was answered for, with a token;
 *			absent when none
 *
 * An event has besides: entry (the index it is about), word, actor, reason,
 * case (the request of a subject, an authority or a registry it belongs to)
 * and subject ([pseudonym in hex, key slot], whom it is about); each absent
 * when empty.  One of type "kept" has in kept the disclosure that stood at
 * entry, byte for byte, so that its leaf is still the tree's, and in word what
 * came of it.
 *
 * An event of type audit has besides
 *	object		as a disclosure has it, without what was decided by
 *	recipient	the public that the server stands for
 *	server		who was asked: a host with a port, or a URL
 *	findings	[[kind, role, field, rule]], with "current" behind where
 *			what is seen is what the record has now, and "stopped"
 *			where it is a person's stop that hides it, or [kind] of
 *			the whole object: core/audit.h; the first 400 of them
 */
#ifndef MISU_ENTRY_H
#define MISU_ENTRY_H

#include "base/text.h"
#include "core/audit.h"
#include "core/disclosure.h"

enum {
	ENTRY_FINDINGS_MAX = 400,
	ENTRY_VERSION = 1,
	ENTRY_MAX = 65535,
	ENTRY_SALT = 16,
	ENTRY_PSEUDONYM = 16
};

#define ENTRY_NONE UINT64_MAX

enum event_type {
#define EVENT(id, word, about) EVENT_##id,
#include "core/event.tbl"
#undef EVENT
	EVENT_COUNT
};

const char *event_type_name(enum event_type type);
/* Is every event of this type about an earlier entry? */
bool event_type_is_about(enum event_type type);

/* Is it "disclosure" or an event's type? */
bool entry_is_type(struct slice word);

/* Copied whole, of which `len` bytes count. */
struct entry_word {
	char text[31];
	uint8_t len;
};

/*
 * Names in RFC 8785 order, made once and kept by who writes entries, and what
 * a field's line begins with: `"name.int":["` and `forward",`.
 */
struct entry_order {
	enum role roles[ROLE_COUNT];
	enum field fields[FIELD_COUNT];
	uint8_t ranks[FIELD_COUNT]; /* where each stands in `fields` */
	struct entry_word names[FIELD_COUNT];
	struct entry_word verdicts[VERDICT_COUNT];
};

void entry_order_init(struct entry_order *order);

/* Whose data stands in a role, or under whose key the object's name is. */
struct entry_subject {
	uint8_t pseudonym[ENTRY_PSEUDONYM];
	uint32_t slot;
	struct digest_key key; /* of the subject's key as it is */
};

struct entry_common {
	int64_t time; /* Unix ms */
	uint8_t salt[ENTRY_SALT];
	struct digest policy, setup;
	struct slice request;
};

struct entry_disclosure {
	struct entry_common common;
	const struct disclosure *disclosure;
	const struct entry_order *order;
	/* For each role the disclosure has; others are not looked at. */
	const struct entry_subject *subjects[ROLE_COUNT];
	const struct entry_subject *owner; /* of the object's name */
	struct slice object;		   /* nonce || text || tag */
	struct slice channel;
	struct slice case_id; /* or empty */
	const struct digest *payload; /* NULL where nothing goes */
	uint64_t supersedes;	      /* or ENTRY_NONE */
};

/* What a server publishes of an object that differs from what it may. */
struct entry_audit {
	enum object_type type;
	const struct entry_subject *owner; /* of the object's name */
	struct slice object;		   /* nonce || text || tag */
	struct slice recipient, server;
	struct audit_findings findings;
};

struct entry_event {
	struct entry_common common;
	const char *type;
	uint64_t entry; /* or ENTRY_NONE */
	struct slice word, actor, reason, case_id;
	const struct entry_subject *subject; /* or NULL */
	const struct entry_audit *audit;     /* or NULL */
	struct slice kept;		     /* a canonical entry, or empty */
};

/*
 * Append the canonical bytes to `text`.  False if memory ran out, if the entry
 * would be too long, or if a text is not UTF-8.
 */
bool entry_write_disclosure(
    struct text *text, const struct entry_disclosure *entry, struct fail *fail);
bool entry_write_event(
    struct text *text, const struct entry_event *entry, struct fail *fail);

/*
 * HMAC-SHA-256 under the subject's key over "misu-commit-1", then role name,
 * field name and each value, every one of these after its length as 32 bits
 * big-endian, the values after their number.
 */
struct digest entry_commit(const struct digest_key *key, const char *role,
    enum field field, struct values values);

/*
 * What an entry says of a payload: HMAC-SHA-256 under the subject's key over
 * "misu-payload-1" and the daemon's keyed digest.  When the subject's key is
 * gone, no guess of the bytes can be confirmed.
 */
struct digest entry_payload(
    const struct digest_key *key, const struct digest *keyed);

/* False for passwords and auth-info: a guess could be confirmed. */
bool entry_may_commit(enum field field);

/* The AES key for object names: HMAC of "misu-object-1" under the subject's. */
struct digest entry_object_key(const struct digest_key *key);

#endif

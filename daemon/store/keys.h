/*
 * The keys: a root secret under the master key (a file of mode 0600 or a
 * systemd credential), from which comes one key for each use; the log's
 * signing key, and the key slots of subjects.
 * A slot is made durable before any entry names it, so a new subject costs no
 * extra sync.  The keeper alone holds this.
 */
#ifndef MISU_KEYS_H
#define MISU_KEYS_H

#include "base/digest.h"
#include "base/fail.h"
#include "store/disk.h"

struct keys;

enum { PSEUDONYM_SIZE = 16 };

/* A subject as the ledger knows one: a random pseudonym and a key slot. */
struct subject {
	uint8_t pseudonym[PSEUDONYM_SIZE];
	uint32_t slot;
	uint8_t key[KEY_SIZE];
};

struct random_source {
	bool (*fill)(void *context, void *out, size_t len);
	void *context;
};

/*
 * `directory` is made when absent, with a new signing key and a first pool of
 * slots.  `master` is the master key's bytes, copied.
 */
struct keys *keys_open(struct disk *disk, const char *directory,
    const uint8_t master[KEY_SIZE], const struct random_source *random,
    struct fail *fail);
void keys_close(struct keys *keys);

/* As keys_open(), for tools: nothing is made, changed or put right. */
struct keys *keys_look(struct disk *disk, const char *directory,
    const uint8_t master[KEY_SIZE], struct fail *fail);

/* Ed25519 seed of the log's signing key. */
const uint8_t *keys_signing_seed(const struct keys *keys);

/* A key for one use ("spool", "payload", "vault"), derived from the root. */
void keys_derive(
    const struct keys *keys, const char *use, uint8_t out[KEY_SIZE]);

/* The log's public key, 32 bytes, for its verifier key. */
const uint8_t *keys_public(const struct keys *keys);

/* The signing key before, while it signs too; else NULL. */
const uint8_t *keys_previous_seed(const struct keys *keys);
const uint8_t *keys_previous_public(const struct keys *keys);

/* --- rotation; times are Unix milliseconds --- */

/*
 * From now on another master key opens these keys and the one before does
 * not.  Derived keys, signing key and slots stay.  A failure may leave either
 * of the two in use: then nothing more is written before the next start.
 */
bool keys_rotate_master(struct keys *keys, const uint8_t master[KEY_SIZE],
    int64_t now, struct fail *fail);

/* A new signing key; the one before signs too until `until`. */
bool keys_rotate_signing(
    struct keys *keys, int64_t now, int64_t until, struct fail *fail);
/* Forget the one before if its time is over. */
bool keys_retire_signing(struct keys *keys, int64_t now, struct fail *fail);

struct keys_state {
	struct digest fingerprint; /* of the master key in use */
	int64_t made;		   /* when it came in use; 0: unknown */
	int64_t confirmed;	   /* when a copy of it was; 0: never */
	bool unrecorded;	   /* no entry tells of its rotation yet */
	int64_t signing_made;	   /* 0: with the log */
	int64_t previous_until;	   /* 0: there is no previous one */
	uint32_t slots, forgotten;
};

struct keys_state keys_describe(const struct keys *keys);

/* Says which master key it is, and nothing else about it. */
struct digest keys_fingerprint(const uint8_t master[KEY_SIZE]);

/* The first start's master key came now. */
bool keys_date(struct keys *keys, int64_t now, struct fail *fail);
/* A copy with this fingerprint was found; FAIL_DENIED if it is another. */
bool keys_confirm(struct keys *keys, const struct digest *fingerprint,
    int64_t now, struct fail *fail);
/* An entry tells of the rotation. */
bool keys_recorded(struct keys *keys, struct fail *fail);

/* How a subject's id stands in files: an HMAC of it. */
struct digest keys_id(const struct keys *keys, struct slice id);

/*
 * The slot of the subject of this keys_id(), taking a free one for a new subject, or for one
 * that was forgotten and came back.  *fresh: no group of the ledger was given
 * this assignment yet, so the batch that uses it must carry it and then call
 * keys_note().
 */
bool keys_subject(struct keys *keys, const struct digest *id,
    struct subject *out, bool *fresh, struct fail *fail);
void keys_note(struct keys *keys, uint32_t slot);

/* Take back an assignment that was durable before the start. */
bool keys_learn(struct keys *keys, const struct digest *id, uint32_t slot,
    struct fail *fail);

/* Is this the slot of this id, and not forgotten? */
bool keys_has(
    const struct keys *keys, const struct digest *id, uint32_t slot);

/* Was this slot given to a subject that is known here? */
bool keys_is_taken(const struct keys *keys, uint32_t slot);

/* Does this subject have a slot?  Takes none. */
bool keys_find(
    const struct keys *keys, struct slice id, struct subject *out);

/*
 * The key in a slot; false if it was forgotten or there is no such slot.  Any
 * thread may ask, also while slots are made; one forgotten meanwhile gives a
 * key that opens nothing.
 */
bool keys_slot(const struct keys *keys, uint32_t slot, uint8_t out[KEY_SIZE]);

/* As keys_slot, by pseudonym and all. */
bool keys_slot_subject(
    const struct keys *keys, uint32_t slot, struct subject *out);

/*
 * Overwrite the slot in place and sync: what was encrypted or committed to
 * under its key can no longer be read or confirmed by anyone.  One that was not
 * made yet is made for that.
 */
bool keys_forget(struct keys *keys, uint32_t slot, struct fail *fail);

/* Random bytes of the system. */
extern const struct random_source random_system;

#endif

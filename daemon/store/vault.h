/*
 * The vault keeps the latest record of each object, each role's part
 * encrypted under its subject's key, and who has which key slot, in SQLite
 * behind the ledger's journal: both are durable with their entry, and the
 * database catches up with vault_flush().
 *
 * Beside the current record an object may have a proposed one: what a
 * registry was asked for and has not yet said yes to.  A promotion makes it
 * the current one.
 */
#ifndef MISU_VAULT_H
#define MISU_VAULT_H

#include "base/text.h"
#include "core/record.h"
#include "store/disk.h"
#include "store/keys.h"

struct vault;

enum vault_slot { VAULT_CURRENT, VAULT_PROPOSED };

/* Teaches `keys` every subject's slot. */
struct vault *vault_open(
    const char *path, struct keys *keys, struct fail *fail);
void vault_close(struct vault *vault);

/*
 * The latest record of an object, pending ones included: NULL without a fail
 * if there is none.  A role whose subject was forgotten is not in it.
 */
struct record *vault_get(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, struct fail *fail);

struct record *vault_get_slot(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, enum vault_slot slot,
    struct fail *fail);

/* --- for the ledger --- */

/* Under which the names of objects become keys. */
void vault_key_set(struct digest_key *out, const struct keys *keys);

struct vault_owners {
	struct subject roles[ROLE_COUNT]; /* of roles the record has */
	struct subject object;            /* of a record without a role */
	const struct digest_key *object_key;
	const struct random_source *random;
	struct digest_cipher *cipher;
};

/* Changes as the journal carries them: a record's values encrypted. */
bool vault_encode(const struct record *record, enum vault_slot slot,
    const struct vault_owners *owners, struct text *out, struct fail *fail);
void vault_encode_promotion(const struct digest_key *object_key,
    enum object_type type, struct slice object, struct text *out);
void vault_encode_removal(const struct digest_key *object_key,
    enum object_type type, struct slice object, enum vault_slot slot,
    struct text *out);

/*
 * A change that a durable group, or one that is replayed, brought; copied,
 * and kept until the flush.
 */
bool vault_put(struct vault *vault, uint64_t sequence, struct slice change,
    struct fail *fail);
bool vault_put_subject(struct vault *vault, const struct digest *id,
    uint32_t slot, struct fail *fail);

/*
 * Where much is pending, write a little of it: so no flush holds the loop up
 * for long.  To be called between groups only.  The sequence stays, and a
 * replay brings again what it does not cover.
 */
bool vault_trim(struct vault *vault, struct fail *fail);

/* Write what is pending in one synced transaction. */
bool vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail);

/* Sequence of the newest journal group that is in the database. */
uint64_t vault_sequence(const struct vault *vault);

#endif

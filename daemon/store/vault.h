/*
 * The vault keeps the latest record of each object, each role's part
 * encrypted under its subject's key, and who has which key slot, in SQLite
 * behind the ledger's journal: both are durable with their entry, and the
 * database catches up with vault_flush().
 */
#ifndef MISU_VAULT_H
#define MISU_VAULT_H

#include "core/record.h"
#include "store/disk.h"
#include "store/keys.h"

struct vault;

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

/* --- for the ledger --- */

struct vault_owners {
	struct subject roles[ROLE_COUNT]; /* of roles the record has */
	struct subject object;            /* of a record without a role */
	const struct random_source *random;
	struct digest_cipher *cipher;
};

/* A record as the journal carries it: everything in it encrypted. */
bool vault_encode(struct keys *keys, const struct record *record,
    const struct vault_owners *owners, struct arena *arena,
    struct slice *out, struct fail *fail);

/* What a durable group brought; copied, and kept until the flush. */
bool vault_put(struct vault *vault, struct slice record, struct fail *fail);
bool vault_put_subject(struct vault *vault, const struct digest *id,
    uint32_t slot, struct fail *fail);

/*
 * Where much is pending, write a little of it: so no flush holds the loop up
 * for long.  The sequence stays, and a replay writes the same again.
 */
bool vault_trim(struct vault *vault, struct fail *fail);

/* Write what is pending in one synced transaction. */
bool vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail);

/* Sequence of the newest journal group that is in the database. */
uint64_t vault_sequence(const struct vault *vault);

#endif

/*
 * The inside of the vault: vault.c encodes, reads and opens it,
 * vault_pending.c keeps what a durable group brought until the database has
 * it.
 */
#ifndef MISU_VAULT_PRIV_H
#define MISU_VAULT_PRIV_H

#include "store/sqlite.h"
#include "store/vault.h"

enum { VAULT_SLOTS = VAULT_PROPOSED + 1 };

/* The first byte of a change as the journal carries it. */
enum change {
	CHANGE_CURRENT = 'c',  /* key, parts: the current record */
	CHANGE_PROPOSED = 'p', /* key, parts: the proposed one */
	CHANGE_PROMOTE = 'm',  /* key */
	CHANGE_REMOVE = 'r',   /* key: the current record goes */
	CHANGE_WITHDRAW = 'w', /* key: the proposed one goes */
};

enum { CHANGE_HEAD = 1 + DIGEST_SIZE };

/* What becomes of one generation of a row.  The numbers stand in SQL. */
enum fate {
	FATE_KEPT = 0,
	FATE_WRITTEN = 1,
	FATE_GONE = 2,
	FATE_PROMOTED = 3, /* the row's proposed one, if it has one */
};

struct generation {
	enum fate fate;
	size_t len;
	char *data; /* of FATE_WRITTEN: the parts, owned */
};

/* What groups brought and the database does not have yet. */
struct pending {
	struct pending *next;
	struct digest key; /* of the object, or of the subject's id */
	bool is_subject;
	uint32_t slot;	   /* a subject's */
	uint64_t sequence; /* of the newest change */
	struct generation of[VAULT_SLOTS];
};

enum { PENDING_HEADS = 1024 };

struct vault {
	struct keys *keys;
	struct digest_key object_key;
	struct sqlite *sqlite;
	struct statement *put, *drop, *put_subject, *get, *set_sequence;
	struct statement *set_trimmed;
	uint64_t sequence;
	uint64_t trimmed; /* newest group of which some rows may stand there */
	uint64_t newest;  /* that brought something */
	struct pending *pending[PENDING_HEADS]; /* by the key's first bytes */
	size_t pending_count, trim_at; /* the head where trimming goes on */
};

/* NULL if nothing is pending for this object. */
const struct pending *vault_pending(
    struct vault *vault, const struct digest *key);
void vault_drop_pending(struct vault *vault);

/* One generation as the database has it; {NULL, 0}: none. */
bool vault_row(struct vault *vault, const struct digest *key,
    enum vault_slot slot, struct arena *arena, struct slice *out,
    struct fail *fail);

#endif

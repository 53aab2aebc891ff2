/*
 * The vault keeps the latest record of each object, each role's part
 * encrypted under its subject's key, and who has which key slot, in a log of
 * its own behind the ledger's journal: both are durable with their entry, and
 * the log catches up with vault_flush().  Where an object's records stand is
 * kept in memory; a record is read with one read of the disk.
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

/*
 * Teaches `keys` every subject's slot.  `directory` is made when absent;
 * nothing else is written before the first flush, and closing writes nothing.
 * Damage is refused, with file and offset in the place.
 */
struct vault *vault_open(struct disk *disk, const char *directory,
    struct keys *keys, struct fail *fail);
void vault_close(struct vault *vault);

/* For tests: other sizes than a daemon's, in bytes. */
struct vault_limits {
	uint32_t segment; /* a longer one is followed by the next */
	uint32_t pending; /* more than these are not kept in memory */
	uint32_t slack;	  /* dead bytes beyond the live ones before cleaning */
	uint32_t chunk;	  /* looked through at once when cleaning */
};
void vault_set_limits(struct vault *vault, const struct vault_limits *limits);

/*
 * The latest record of an object, pending ones included: NULL without a fail
 * if there is none.  A role whose subject was forgotten is not in it.
 */
struct record *vault_get(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, struct fail *fail);

struct record *vault_get_slot(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, enum vault_slot slot,
    struct fail *fail);

/*
 * One current record after the other, in an order that says nothing; *out is
 * NULL at the end.  What changes meanwhile is met or not; what stays is met
 * once, also where the cursor's bytes were kept and taken up again later.
 */
enum { VAULT_CURSOR = 16 };
struct vault_cursor {
	bool begun;
	uint8_t key[VAULT_CURSOR];
};
bool vault_next(struct vault *vault, struct vault_cursor *cursor,
    struct arena *arena, struct record **out, struct fail *fail);
/*
 * The proposed records of one of VAULT_SHARDS parts of all objects, one after
 * the other while nothing is put: *at is 0 at first, *out NULL at the end.
 */
enum { VAULT_SHARDS = 1024 };
bool vault_next_proposed(struct vault *vault, unsigned shard, uint32_t *at,
    struct arena *arena, struct record **out, struct fail *fail);

/* Which part of all objects lies before it, about: from 0 to 1. */
double vault_cursor_share(const struct vault_cursor *cursor);

/*
 * Some subject's key slot was overwritten: with the flushes that follow, all
 * segments there are now are written anew without what was under it (parts of
 * records, records that have no other part, who had the slot), and the old
 * ones are overwritten.
 */
void vault_purge(struct vault *vault);
/* Has that come to its end? */
bool vault_is_purged(const struct vault *vault);

/*
 * While it is held, segments that are not needed any more stay as they are,
 * for who copies them.
 */
void vault_hold(struct vault *vault, bool held);

/* Each segment that is needed, and how much of it is durable. */
void vault_each_segment(const struct vault *vault,
    void (*visit)(void *context, uint32_t segment, uint32_t size),
    void *context);

/* Bytes of all segments, those that are not needed any more included. */
uint64_t vault_bytes(const struct vault *vault);

/* --- for the ledger --- */

/* Under which the names of objects become keys. */
void vault_key_set(struct digest_key *out, const struct keys *keys);

/* Whose a part of a record is, and the key that this is under. */
struct vault_owner {
	uint32_t slot;
	struct digest key;
};

struct vault_owner vault_owner(uint32_t slot, const struct digest_key *subject);

struct vault_owners {
	struct vault_owner roles[ROLE_COUNT]; /* of roles the record has */
	struct vault_owner object;	      /* of a record without a role */
	const struct digest_key *object_key;
	const struct random_source *random;
	struct digest_cipher *cipher;
	/* Where a record is packed; wiped after use. NULL: in the arena. */
	char *scratch;
	size_t scratch_size;
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
/*
 * It is put soon: the index is large, and a look into it waits for the memory.
 */
void vault_expect(const struct vault *vault, struct slice change);
bool vault_put_subject(struct vault *vault, const struct digest *id,
    uint32_t slot, struct fail *fail);

/*
 * Is so much pending that it must be written before more is taken?  Then,
 * between groups and with no flush under way, vault_trim() does it.
 */
bool vault_is_full(const struct vault *vault);
bool vault_trim(struct vault *vault, struct fail *fail);

/* Write what is pending, with one sync; it has all groups up to `sequence`. */
bool vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail);

/*
 * The same in three steps, of which the second may run off the loop while
 * the vault is read and more is put.  Without `*due` there is nothing to do
 * and the other two are not called.
 */
bool vault_flush_begin(struct vault *vault, uint64_t sequence, bool *due,
    struct fail *fail);
void vault_flush_work(struct vault *vault);
bool vault_flush_end(struct vault *vault, struct fail *fail);

/* Sequence of the newest journal group that a flush has covered. */
uint64_t vault_sequence(const struct vault *vault);

#endif

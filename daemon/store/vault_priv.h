/*
 * The inside of the vault: vault.c encodes and decodes records, vault_put.c
 * takes changes and gives places, vault_log.c writes the segments,
 * vault_open.c reads them at start, vault_clean.c makes room.
 *
 * A segment is a file of items, each
 *
 *	0	check sum of all that follows and of where it stands, 64 bits
 *	8	length of the body, 32 bits
 *	12	kind, 1 byte
 *	13	body
 *
 * with integers big-endian.  What is written at once begins where the last
 * write ended and ends with a mark: all before it is what the journal brought
 * up to the group it names.  At start the newest mark that can be read ends
 * the log; what follows it is cut, and the journal brings it again.  So an
 * item is never there twice.
 *
 * A mark also says how far its segment was durable before it was written:
 * damage before that is no torn write and is refused.
 */
#ifndef MISU_VAULT_PRIV_H
#define MISU_VAULT_PRIV_H

#include "store/vault.h"
#include "store/vault_index.h"

/* The first byte of a change as the journal carries it. */
enum change {
	CHANGE_CURRENT = 'c',  /* key, parts: the current record */
	CHANGE_PROPOSED = 'p', /* key, parts: the proposed one */
	CHANGE_PROMOTE = 'm',  /* key */
	CHANGE_REMOVE = 'r',   /* key: the current record goes */
	CHANGE_WITHDRAW = 'w', /* key: the proposed one goes */
};

enum { CHANGE_HEAD = 1 + DIGEST_SIZE };

enum vault_item {
	VAULT_HEAD = 'H',    /* name of the format, number (32 bits): first */
	VAULT_RECORD = 'R',  /* a change */
	VAULT_SUBJECT = 'S', /* digest of the id, slot (32 bits) */
	VAULT_MARK = 'M'     /* struct vault_mark */
};

enum {
	FRAME_HEAD = 13,
	MARK_SIZE = 16,
	SUBJECT_SIZE = DIGEST_SIZE + 4,
	ITEM_MAX = (1 << 20) + 4096, /* the journal's groups are shorter */
	WINDOW = 2 * ITEM_MAX	     /* read at once */
};

#define VAULT_FORMAT "misu-vault-1\n"

struct vault_mark {
	uint64_t sequence; /* all that groups up to this one brought */
	uint32_t first;	   /* the oldest segment that is needed */
	uint32_t durable;  /* bytes of this segment, before this write */
};

/* Bytes that go to one place of one segment. */
struct vault_buffer {
	char *data;
	size_t len, room;
	uint32_t segment, at;
};

struct vault_segment {
	struct disk_file *file; /* NULL until it is made */
	uint32_t size;		/* pending bytes included */
	bool cut;		/* more stands there than it should */
};

/* A write, perhaps behind the loop: touches nothing but this. */
struct vault_write {
	struct vault_buffer buffer;
	size_t proof; /* bytes at its end: written after the sync */
	uint64_t sequence;
	uint32_t first, stale; /* segments from stale up to first go */
	bool cut, sync, held;
	struct disk_file *file, *before;
	/* What is read to be cleaned, of a segment nobody writes to. */
	struct disk_file *old;
	uint32_t old_at;
	size_t old_len;
	struct fail fail;
};

struct vault {
	struct disk *disk;
	struct keys *keys;
	struct digest_key object_key;
	struct digest_cipher *cipher;
	struct vault_limits limits;
	char directory[800];
	struct vault_index index;
	struct vault_segment *segments; /* of numbers from `first` on */
	uint32_t first, count, room;
	uint32_t stale; /* none with a lower number is on the disk */
	struct vault_buffer pending;
	struct vault_write write; /* its buffer is read while it flies */
	bool is_flying;
	bool is_synced;	   /* all up to `sequence` */
	bool roll;	   /* the next buffer begins a segment */
	uint64_t sequence; /* of the newest durable mark */
	uint64_t newest;   /* group that brought something */
	uint32_t durable_segment, durable; /* bytes of the one written last */
	uint32_t proof; /* bytes of the mark behind them */
	uint64_t live, total;		   /* bytes */
	/* Segments up to `clean_end` are cleaned, `kept` is the next. */
	uint32_t kept, clean_end, clean_at;
	char *chunk;
	bool is_held;
	bool purge_due; /* all there is now is to be looked through */
	bool purging;	/* the cleaning under way leaves out what was forgotten */
};

/* --- frames */

uint64_t vault_check_sum(
    const char *frame, size_t len, uint32_t segment, uint32_t offset);

enum vault_frame { FRAME_WHOLE, FRAME_SHORT, FRAME_BAD };

/* What stands at the front of `bytes`, which are of this place. */
enum vault_frame vault_frame(struct slice bytes, uint32_t segment,
    uint32_t offset, enum vault_item *kind, struct slice *body);

struct vault_mark vault_mark_read(struct slice body);

static inline uint32_t
vault_get32(const void *from)
{
	const uint8_t *at = from;

	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

static inline void
vault_put32(void *to, uint32_t n)
{
	uint8_t *at = to;

	for (int i = 3; i >= 0; i--, n >>= 8)
		at[i] = (uint8_t)n;
}

/* --- the log */

/* Two pieces of a body, one after the other, behind what is pending. */
bool vault_append(struct vault *vault, enum vault_item kind,
    const struct slice body[2], struct vault_place *place, struct fail *fail);

/* Where the next item will stand is known from now on. */
bool vault_buffer_start(struct vault *vault, struct fail *fail);

void vault_path(const struct vault *vault, uint32_t segment, char out[1024]);
bool vault_segment_add(struct vault *vault, struct fail *fail);
bool vault_damaged(
    uint32_t segment, uint64_t offset, const char *what, struct fail *fail);

/* The item there; borrows from a buffer or is in `arena`. */
bool vault_item_read(struct vault *vault, const struct vault_place *place,
    struct arena *arena, struct slice *body, struct fail *fail);

/* --- changes */

/* The state of things after this change, which stands at this place. */
bool vault_apply(struct vault *vault, struct slice change,
    const struct vault_place *place, struct fail *fail);

bool vault_change_is_sound(struct slice change);

/*
 * What follows a change's word, without the parts of subjects that were
 * forgotten; borrowed where all are there.  Empty: no part is left.
 */
bool vault_parts_left(struct vault *vault, struct slice change,
    struct arena *arena, struct slice *rest, struct fail *fail);

/* --- opening and cleaning */

bool vault_log_open(struct vault *vault, struct fail *fail);

/* Decide whether to clean, and what the write under way reads for it. */
void vault_clean_begin(struct vault *vault);
bool vault_clean_end(struct vault *vault, struct fail *fail);
bool vault_is_cleaning(const struct vault *vault);
bool vault_wants_cleaning(const struct vault *vault);

#endif

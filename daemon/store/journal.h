/*
 * The journal: where entries are durable first.  Segments are files of one
 * size, filled with zeros beforehand and used again once all they hold is in
 * bundles and in the vault; so a write neither grows a file nor waits for its
 * metadata.
 *
 * What is written at once is a group.  It begins on a fresh block of 4 KiB
 * and fills whole blocks, each of
 *
 *	0	"MJ2\n"
 *	4	number of the block in its group, 32 bits
 *	8	sequence of the group, 64 bits, counting from 1
 *	16	4,064 bytes of the group's stream, zeros at the end
 *	4080	checksum_of() the 4,080 before (base/checksum.h)
 *
 * Earlier blocks, "MJ1\n", have the first 16 bytes of their SHA-256 there;
 * they are read, and written no more.  Nobody is kept by either from writing
 * a journal of their own: entries are sealed by the checkpoints over them.
 *
 * Integers are big-endian.  The stream begins with
 *
 *	0	blocks in the group, 32 bits
 *	4	generation: how often the segment was begun, 32 bits
 *	8	size of the tree before this group, 64 bits
 *	16	entries in the group, 32 bits
 *	20	bytes of the stream, this head included, 32 bits
 *	24	root of the tree before this group, 32 bytes
 *
 * and goes on with items: type (1 byte), length (32 bits), bytes.  As every
 * block can be checked by itself, a flipped byte is found wherever it is, and
 * what is left of an earlier generation is never taken for damage.
 */
#ifndef MISU_JOURNAL_H
#define MISU_JOURNAL_H

#include "base/digest.h"
#include "store/disk.h"

struct journal;
struct group;

enum {
	JOURNAL_SEGMENT = 8 << 20, /* bytes, unless told otherwise */
	JOURNAL_GROUP_MAX = 1 << 20
};

enum journal_item {
	JOURNAL_ENTRY = 'E',   /* canonical bytes of a ledger entry */
	JOURNAL_RECORD = 'R',  /* a change of the vault, encrypted (vault.c) */
	JOURNAL_SUBJECT = 'S', /* digest of a subject's id, slot (32 bits) */
};

/* A group found at the start, or being looked at by verify. */
struct journal_group {
	uint64_t sequence, first;
	uint32_t entries, generation;
	struct digest root;  /* before this group */
	struct slice stream; /* the items */
	const char *segment; /* file name */
	uint64_t offset;     /* of its first block in the segment */
};

/* Takes the next item off `stream`; false at the end or if malformed. */
bool journal_next(
    struct slice *stream, enum journal_item *type, struct slice *item);

struct journal_scan {
	bool (*group)(void *context, const struct journal_group *group,
	    struct fail *fail);
	/* A block that is neither zeros nor whole; NULL: not of interest. */
	bool (*damage)(void *context, const char *segment, uint64_t offset,
	    struct fail *fail);
	void *context;
	/*
	 * It may end with this many entries although a checkpoint vouches for
	 * more, which are in bundles: the ledger is a newer copy.  0: it may
	 * not.
	 */
	uint64_t older;
};

/*
 * Read all segments and hand out, in order, the groups that belong together
 * and end with the newest.  `durable` is the size of the tree that a signed
 * checkpoint vouches for.  False with the place if a group is missing or
 * damaged that cannot be the one that was in flight.
 */
bool journal_read(struct disk *disk, const char *directory, uint64_t durable,
    const struct journal_scan *scan, struct fail *fail);

/*
 * Open for writing: journal_read(), and then what was in flight at a crash is
 * overwritten with zeros.  All segments but that of the newest group count as
 * free, so the caller must have brought what was handed out to its place
 * before the first write.  `*fresh` is set when there was no journal.
 */
struct journal *journal_open(struct disk *disk, const char *directory,
    uint64_t segment_size, uint64_t durable, const struct journal_scan *scan,
    struct fail *fail);
bool journal_exists(struct disk *disk, const char *directory);
void journal_close(struct journal *journal);

/* A group to build in; NULL when out of memory.  Borrows nothing. */
struct group *group_create(void);
void group_destroy(struct group *group);
void group_reset(struct group *group);
bool group_is_empty(const struct group *group);

/* Room for this many bytes of items, `count` of them? */
bool group_has_room(const struct group *group, size_t bytes, size_t count);
void group_add(
    struct group *group, enum journal_item type, struct slice item);

/*
 * Write the group behind the loop's back; one at a time.  It must stay until
 * `done`.  False if there is no segment to be had.
 */
bool journal_write(struct journal *journal, struct group *group,
    uint64_t tree_size, const struct digest *root,
    void (*done)(void *arg, const struct fail *fail), void *arg,
    struct fail *fail);

/*
 * Every group up to this sequence stands elsewhere too: segments with none
 * but these may be used again.
 */
void journal_release(struct journal *journal, uint64_t sequence);

/* The segment that is written to, and how far; false: none yet. */
bool journal_current(
    const struct journal *journal, char name[64], uint64_t *size);

/* Bytes of all segments. */
uint64_t journal_bytes(const struct journal *journal);

/* The next group begins a segment, however much room is left. */
void journal_roll(struct journal *journal);

/*
 * Overwrite with zeros one segment that is free and has no group newer than
 * this.  *left: segments like that, free or not yet, remain.
 */
bool journal_wipe(struct journal *journal, uint64_t sequence, bool *left,
    struct fail *fail);

/* Sequence of the newest group, 0 if there is none. */
uint64_t journal_sequence(const struct journal *journal);

/* Bytes written since the last release: time for a checkpoint? */
uint64_t journal_pending(const struct journal *journal);

#endif

/*
 * The shape of blocks and groups, for journal.c and journal_read.c.
 */
#ifndef MISU_JOURNAL_PRIV_H
#define MISU_JOURNAL_PRIV_H

#include "base/big.h"
#include "base/checksum.h"
#include "store/journal.h"

enum {
	BLOCK_HEAD = 16,
	BLOCK_CHECK = CHECKSUM_SIZE,
	BLOCK_ROOM = DISK_BLOCK - BLOCK_HEAD - BLOCK_CHECK,
	STREAM_HEAD = 24 + DIGEST_SIZE,
	ITEM_HEAD = 5,
	GROUP_BLOCKS = JOURNAL_GROUP_MAX / DISK_BLOCK,
	JOURNAL_PATH = 1024
};

#define BLOCK_MAGIC "MJ2\n"
#define BLOCK_MAGIC_1 "MJ1\n" /* checked by SHA-256 */

enum block_state { BLOCK_ZERO, BLOCK_GOOD, BLOCK_BAD };

enum block_state block_state(const uint8_t *block);

/* What a scan learned of one segment. */
struct segment_info {
	char name[24];
	uint64_t size;
	uint64_t newest;     /* highest sequence with a block in it */
	uint32_t generation; /* highest found */
};

/* journal_read(), and what the writer wants to know besides. */
struct journal_state {
	struct segment_info *segments;
	size_t segment_count;
	uint64_t newest;   /* sequence of the newest whole group, or 0 */
	bool cut;          /* something in flight must be overwritten */
};

bool journal_scan_all(struct disk *disk, const char *directory,
    uint64_t durable, const struct journal_scan *scan,
    struct journal_state *state, struct fail *fail);

#endif

/*
 * The list of forgotten key slots: numbers and times, each line signed over
 * the one before.  It is only added to, and kept apart from backups: who
 * restores one needs it to forget again what was forgotten since.
 *
 *	misu-forgotten-1 ORIGIN
 *	SLOT TIME SIGNATURE		Unix ms; Ed25519, 64 bytes in hex
 *
 * A signature is over the first line, the signature before in hex, or nothing,
 * and its own slot and time, each ended by a newline.
 */
#ifndef MISU_FORGOTTEN_H
#define MISU_FORGOTTEN_H

#include "store/disk.h"
#include "store/keys.h"

struct forgotten_list {
	struct disk *disk;
	const char *path, *copy; /* copy: NULL or a second place */
	const char *origin;
	const struct keys *keys;
};

/*
 * Add the slot, if it is not in the list yet; durable, in both places, when
 * true is returned.  A line that a crash cut is written over.  The copy never
 * loses a slot: what it has more is added to the list, see forgotten_settle().
 */
bool forgotten_add(const struct forgotten_list *list, uint32_t slot,
    int64_t time, struct fail *fail);

/*
 * The list gets what its copy has more, as after a backup was restored.
 * FAIL_DENIED if a slot of these has a key still: then the backup was restored
 * without the list, and its subjects are known again.
 */
bool forgotten_settle(const struct forgotten_list *list, struct fail *fail);

/*
 * Each slot of a list; FAIL_DENIED where a line is signed by none of these
 * keys (32 bytes each).  Ends when `visit` says false.
 */
bool forgotten_read(struct slice text, const char *origin,
    const uint8_t (*public_keys)[32], size_t count,
    bool (*visit)(void *arg, uint32_t slot, int64_t time), void *arg,
    struct fail *fail);

#endif

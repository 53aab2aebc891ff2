/* misuctl restore with a ledger that is newer than the backup. */
#ifndef MISU_CTL_RESTORE_H
#define MISU_CTL_RESTORE_H

#include "ctl.h"

struct ctl_restore_ledger {
	struct ctl *ctl;
	const char *place, *token_file; /* of the copy: directory or URL */
	const char *to;			/* the state */
	struct slice origin;
	const uint8_t *key; /* that signs, as the backup has it */
	uint64_t backed_up; /* entries that the backup has */
	uint64_t size;	    /* that the copy has; once it is fetched */
};

/*
 * Its bundles, tiles and checkpoint into the state, which has none.  They are
 * to be verified then.
 */
bool ctl_restore_fetch(struct ctl_restore_ledger *o, struct fail *fail);

/* A file of a backup that comes from the copy instead, or is not needed. */
bool ctl_restore_is_ledgers(struct slice name);

/* Print what the rest of the state does not know of. */
bool ctl_restore_tell(const struct ctl_restore_ledger *o, struct fail *fail);

#endif

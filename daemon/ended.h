/*
 * How disclosures ended, as later entries of the ledger say: for whoever has a
 * spool that is older than the ledger (a restore, or a file that was put
 * back), so that nothing leaves that was stopped, refused or sent.
 */
#ifndef MISU_ENDED_H
#define MISU_ENDED_H

#include "core/entry_parts.h"
#include "store/spool.h"

struct ended {
	uint64_t entry; /* the disclosure */
	enum spool_state state;
	uint64_t by;	 /* the entry that says so */
	bool is_refused; /* SUPERSEDED: by a decision to send nothing */
	bool is_unsent;	 /* the outcome is that it never left */
};

struct ended_list {
	struct ended *items;
	size_t count, room;
	bool is_sorted;
};

/* Take what the entry `index` says of one below `first`, if it does. */
bool ended_take(struct ended_list *list, uint64_t index, struct slice entry,
    const struct entry_parts *parts, uint64_t first, struct fail *fail);

/* The latest word on the entry; NULL: there is none. */
const struct ended *ended_find(struct ended_list *list, uint64_t entry);

/*
 * The same for an item of the spool, whose state is *out then.  Of what was
 * decided again that stands for it only if it came to an end itself: else
 * *anew is true, and it is to be decided again before it leaves.
 */
bool ended_settles(
    struct ended_list *list, uint64_t entry, enum spool_state *out, bool *anew);

void ended_finish(struct ended_list *list);

#endif

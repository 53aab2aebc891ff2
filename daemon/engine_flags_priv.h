/*
 * What the files of the registries' flags share: engine_flags.c (a turn: who is
 * looked at, what is told) and engine_flags_begin.c (what makes it look).
 */
#ifndef MISU_ENGINE_FLAGS_PRIV_H
#define MISU_ENGINE_FLAGS_PRIV_H

#include "engine_flags.h"
#include "engine_view.h"

enum { FLAGS_TROUBLE_DELAY = 10000 };

/* One that somebody wants looked at, before the walk goes on. */
struct flags_wanted {
	struct flags_wanted *next;
	enum object_type type;
	int64_t held; /* row of a stop, or 0 */
	bool again;   /* an item of it ended: what is doubtful stays so */
	struct slice object, recipient, purpose;
	char bytes[];
};

struct flags {
	struct loop_timer *timer;
	struct flags_wanted *first, **last;
	struct vault_cursor cursor;
	bool walks, busy;
	struct digest identity; /* the policy's */
	bool is_due, has_begun; /* whether that was told before is to be seen */
	unsigned walk;		/* which one, counted */
	bool owes;	  /* a start walks anew, until all wanted is done */
	uint64_t refused; /* that it met, and left as it is */
	uint64_t number;  /* of submissions in this life */
};

/* --- engine_flags.c --- */

void flags_turn(void *arg);

/* --- engine_flags_share.c --- */

/*
 * Who holds a domain that was submitted here, and for what: at most BLOCKS_MAX
 * of those for which the policy in force has a block.
 */
struct flags_target {
	struct slice recipient, purpose;
};
bool flags_find_targets(struct engine *engine, const struct record *record,
    struct flags_target *out, size_t *count, struct fail *fail);

/* --- engine_flags_begin.c --- */

/* Look for what is wanted, in so many milliseconds. */
void flags_look_in(struct engine *engine, int64_t delay);
/* How far the walk is; while anything is promised, a start begins anew. */
bool flags_keep_walk(struct engine *engine, struct fail *fail);
/* False: what cannot be begun is begun later. */
bool flags_begin_if_due(struct engine *engine);

#endif

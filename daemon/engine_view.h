/*
 * The public view inside the engine: what is published of an object, which
 * rows follow a change, and making all of it anew.  engine.h has what others
 * call; this is for engine_view.c, engine_follow.c, engine_walk.c and those
 * who decide again.
 */
#ifndef MISU_ENGINE_VIEW_H
#define MISU_ENGINE_VIEW_H

#include "engine_priv.h"
#include "store/standing.h"

enum { PUBLISHED_PARTS = 8 + 2 * ROLE_COUNT };

/* --- engine_follow.c --- */

/* The block that says what is published of it; NULL: nothing is. */
const struct block *engine_view_block(
    const struct engine *engine, const struct record *record);

struct published {
	struct record *record; /* NULL: the vault has none */
	bool is_assembled;     /* from the records of its contacts */
	bool changes;	       /* one of these is on its way to the disk */
	/* Of standing.h, distinct: contacts, and subjects. */
	struct digest parts[PUBLISHED_PARTS];
	size_t part_count;
	/*
	 * Of which nobody knows whether the registry made what is proposed: 1
	 * the object, and 2 << n the contact in the nth of the roles that name
	 * one.  `record` is what it is if nothing of that was made.
	 */
	unsigned doubts;
};
bool engine_published(const struct engine *engine, enum object_type type,
    struct slice name, struct arena *arena, struct published *out,
    struct fail *fail);

/* The same if of what is in doubt these (bits of `doubts`) were made. */
enum { PUBLISHED_WORLDS = 32 };
bool engine_published_if(const struct engine *engine, enum object_type type,
    struct slice name, unsigned made, struct arena *arena,
    struct published *out, struct fail *fail);

/* --- engine_either.c --- */

/*
 * Where something is in doubt: make out->record one of which a decision for
 * this block tells nothing but what every record that the registry may have
 * lets through, and what has the same values in all of them.  `how` as it
 * will be decided.
 */
bool engine_either(struct engine *engine, const struct block *block,
    unsigned how, struct arena *arena, struct published *out,
    struct fail *fail);

/* --- engine_view.c --- */

/* Look for rows that wait, soon. */
void engine_view_look(struct engine *engine);

/* --- engine_walk.c --- */

/*
 * Is the view there, and of this state?  Else all of it is made anew, in the
 * background.  Once, when it is known that something is published.
 */
bool engine_walk_check(
    struct engine *engine, const struct conf *conf, struct fail *fail);

/* Another policy: what it publishes now may have no row. */
bool engine_walk_missing(
    struct engine *engine, const struct conf *conf, struct fail *fail);

/*
 * A person's stop, or its end: objects in which the person stands are looked
 * for in the background, and decided anew.
 */
/*
 * Does the view lack what was put there by the ledger?  Then it is an older
 * one, whatever is beside it, and may tell of who is not to be told of.
 */
bool engine_view_is_older(
    struct engine *engine, bool *older, struct fail *fail);
bool engine_walk_stops(struct engine *engine, struct fail *fail);

/* How far it is stays where it was last kept. */
void engine_walk_stop(struct engine *engine);

/* Some objects more; *left: it is not at its end. */
bool engine_walk_on(struct engine *engine, bool *left, struct fail *fail);

#endif

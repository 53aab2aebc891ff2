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

enum { PUBLISHED_PARTS = 4 + ROLE_COUNT };

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
};
bool engine_published(const struct engine *engine, enum object_type type,
    struct slice name, struct arena *arena, struct published *out,
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
bool engine_walk_stops(struct engine *engine, struct fail *fail);

/* How far it is stays where it was last kept. */
void engine_walk_stop(struct engine *engine);

/* Some objects more; *left: it is not at its end. */
bool engine_walk_on(struct engine *engine, bool *left, struct fail *fail);

#endif

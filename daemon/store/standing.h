/*
 * What the public view is made from: which published objects were made from
 * which other records (a domain over EPP from its contacts), so that they
 * follow these; whose view it is; and how far it is with making all of it
 * anew.  Derived: where the file is lost it comes back with the view.
 *
 * Beside the names of published objects it has keyed digests only.  It is the
 * keeper's alone: the publisher, which has the view, does not see who stands
 * where.
 */
#ifndef MISU_STANDING_H
#define MISU_STANDING_H

#include "store/keys.h"
#include "store/view.h"

struct standing;

/* Made where it is not there. */
struct standing *standing_open(
    const char *path, const struct keys *keys, struct fail *fail);
void standing_close(struct standing *standing);

/* How records are known here; and subjects, by their ids, as this type. */
enum { STANDING_SUBJECT = 255 };
struct digest standing_part(
    const struct standing *standing, int type, struct slice name);

/*
 * The object is made from these and no others; durable when it returns.  It
 * costs nothing where it was so before.
 */
struct standing_made {
	struct slice type, name;
	const struct digest *parts;
	size_t count;
};
bool standing_set(struct standing *standing, const struct standing_made *made,
    size_t count, struct fail *fail);

/* From these too, as from those before. */
bool standing_add(struct standing *standing, const struct standing_made *made,
    struct fail *fail);

/* Is anything made from it? */
bool standing_has(struct standing *standing, const struct digest *part,
    bool *has, struct fail *fail);

/*
 * The objects that are made from it, in order behind `after`, at most `max`;
 * names in the arena.
 */
bool standing_page(struct standing *standing, const struct digest *part,
    const struct view_doubted *after, struct arena *arena,
    struct view_doubted *out, size_t *count, size_t max, struct fail *fail);

/* --- all of it anew --- */

enum standing_stage {
	STANDING_WHOLE, /* nothing is being made anew */
	STANDING_VAULT, /* the vault is being walked through */
	STANDING_ROWS,	/* and then the view: what the vault has not goes */
};

/* What is walked for: rows of the view, and what registries are told. */
enum standing_which { STANDING_FOR_VIEW = 1, STANDING_FOR_REGISTRIES };

struct standing_walk {
	enum standing_stage stage;
	uint64_t from;		 /* rows of entries below are made anew */
	struct slice type, name; /* ROWS: behind these */
	struct slice key;	 /* VAULT: behind this one */
	int64_t done;		 /* objects looked at */
};

/* Whose view it is: its life, and the highest epoch that was ever begun. */
bool standing_view(struct standing *standing, uint8_t life[VIEW_LIFE],
    int64_t *epoch, struct fail *fail);
bool standing_set_view(struct standing *standing, const uint8_t life[VIEW_LIFE],
    int64_t epoch, struct fail *fail);

/* How many changes it had when that was last kept (view_changes()). */
bool standing_changes(
    struct standing *standing, int64_t *count, struct fail *fail);
bool standing_set_changes(
    struct standing *standing, int64_t count, struct fail *fail);

/*
 * From which entry on it is looked for that the view had what the ledger says
 * of it: all below was looked at, or written while misu ran.  -1: nothing was.
 */
bool standing_seen(
    struct standing *standing, int64_t *entry, struct fail *fail);
bool standing_set_seen(
    struct standing *standing, uint64_t entry, struct fail *fail);

/* Texts in the arena. */
bool standing_walk(struct standing *standing, enum standing_which which,
    struct arena *arena, struct standing_walk *out, struct fail *fail);
bool standing_set_walk(struct standing *standing, enum standing_which which,
    const struct standing_walk *walk, struct fail *fail);

/*
 * The identity of policy and setup under which registries were last told what
 * to publish; *known false where there is none.
 */
bool standing_told(struct standing *standing, struct digest *identity,
    bool *known, struct fail *fail);
bool standing_set_told(struct standing *standing, const struct digest *identity,
    struct fail *fail);

/* No object is made from anything. */
bool standing_clear(struct standing *standing, struct fail *fail);

/* An object goes, also its name; and nothing of it is left in the files. */
bool standing_forget(struct standing *standing, struct slice type,
    struct slice name, struct fail *fail);
bool standing_scrub(struct standing *standing, struct fail *fail);

#endif

/*
 * The public view: of each object exactly what the public gets, as the
 * channel `view` brought it (codec/view.h).  The keeper writes it, the
 * publisher reads it beside; neither sees more than stands here.
 *
 * Rows have the epoch they were decided in, a number that grows; one header
 * row holds the lowest that may be answered.  A row below it is there, but
 * nobody may be told what it says until it was decided anew.
 */
#ifndef MISU_VIEW_H
#define MISU_VIEW_H

#include "base/arena.h"
#include "base/digest.h"
#include "base/fail.h"
#include "base/prefix.h"
#include "core/record.h"

struct view;

/* Made where it is not there. */
struct view *view_open(const char *path, struct fail *fail);
/* For who only reads, beside the one who writes. */
struct view *view_open_reader(const char *path, struct fail *fail);
void view_close(struct view *view);

/*
 * Read before an answer is taken from the view: while it is the same, and not
 * 0, that answer is what the view says (store/view_mark.h).
 */
uint64_t view_generation(const struct view *view);

struct view_put {
	struct slice type, name; /* "domain", its canonical name */
	uint64_t entry;          /* of the ledger */
	int64_t epoch;           /* it was decided in */
	int64_t time;            /* Unix seconds: when it was decided */
	struct slice bytes;      /* empty: nothing is told of it now */
	/* Handles of its contacts, in capitals, and names of its servers. */
	const struct slice *handles;
	size_t handle_count;
};

/*
 * Durable when it returns.  An entry older than the row's own changes
 * nothing: deliveries may come twice, and in any order.
 */
bool view_put(
    struct view *view, const struct view_put *put, struct fail *fail);

/* Is what was last put, or removed, what its row says now? */
bool view_took(const struct view *view);

/* The object is gone; its entry stays, so that nothing older comes back. */
bool view_remove(struct view *view, const struct view_put *put,
    struct fail *fail);

/*
 * The epoch in which is decided now.  Another identity of what decides (policy
 * and setup) begins the next, and nothing decided before is told any more.
 */
bool view_begin(struct view *view, const struct digest *identity,
    int64_t *epoch, struct fail *fail);

/* What began did not come in force: the next begins one, whatever it is. */
bool view_unsettle(struct view *view, struct fail *fail);

/* The next epoch under the same identity: somebody's data changed its rules. */
bool view_raise(struct view *view, int64_t *epoch, struct fail *fail);

/*
 * These objects' rows are not told until they are put again by an entry not
 * below `from`: what they say, and what is on its way to them from before, may
 * be more than will be allowed.  What has no row yet gets one that tells
 * nothing.  Durable when it returns.
 */
struct view_doubted {
	struct slice type, name;
};
bool view_doubt(struct view *view, const struct view_doubted *rows,
    size_t count, uint64_t from, int64_t now, struct fail *fail);

/*
 * After a start: an entry from `next` on never came to be, and what is in doubt
 * since such a one is so since `next`.
 */
bool view_cap(struct view *view, uint64_t next, struct fail *fail);

/*
 * As view_doubt(), and rows of objects that were removed come into being again
 * without anything to tell.  Each is due at once: view_stale() has it.
 */
bool view_want(struct view *view, const struct view_doubted *rows, size_t count,
    uint64_t from, struct fail *fail);

/*
 * Nothing is told of this object, as was decided when `from` was the next
 * entry: what waits from before comes to nothing.  The row stays empty, or
 * goes where the object is `gone`.
 */
struct view_ended {
	struct slice type, name;
	uint64_t from;
	int64_t epoch, time;
	bool gone;
};
bool view_end_row(
    struct view *view, const struct view_ended *ended, struct fail *fail);

/*
 * What is changed between the two is durable together, with the second; `ok`
 * false takes all of it back.
 */
bool view_batch_begin(struct view *view, struct fail *fail);
bool view_batch_end(struct view *view, bool ok, struct fail *fail);

/*
 * A random number that the view has from its first moment on, all zero where
 * none was set, and the epoch.  To clear it takes every row away.
 */
enum { VIEW_LIFE = 16 };
bool view_life(struct view *view, uint8_t life[VIEW_LIFE], int64_t *epoch,
    struct fail *fail);
/* How many changes of its rows there were: one that was put back has fewer. */
bool view_changes(struct view *view, int64_t *count, struct fail *fail);
/*
 * The newest entry of what was ever put here, or that was heeded otherwise:
 * kept with the change itself.  -1: none.
 */
bool view_taken(struct view *view, int64_t *entry, struct fail *fail);
bool view_take(struct view *view, uint64_t entry, struct fail *fail);
bool view_clear(
    struct view *view, const uint8_t life[VIEW_LIFE], struct fail *fail);

/*
 * Objects that wait to be decided anew, at most `max`; names in the arena.
 * Those in doubt since `doubt` (Unix seconds) or later are not among them:
 * whoever doubted them puts them again.
 */
struct view_stale {
	struct slice type, name;
	uint64_t entry;
	struct slice bytes; /* of view_page() alone; empty where removed */
	bool has_told;	    /* of view_stale(): it would tell something */
};
bool view_stale(struct view *view, struct arena *arena, int64_t doubt,
    struct view_stale *out, size_t *count, size_t max, struct fail *fail);

/* The entry a row came from, or was removed by; false: there never was one. */
bool view_entry(struct view *view, struct slice type, struct slice name,
    uint64_t *entry);

/* Is any row in doubt (or is that not known)? */
bool view_doubts(struct view *view);

/* Has it a row that is not removed, whatever it tells? */
bool view_has(struct view *view, struct slice type, struct slice name);

enum view_state { VIEW_NONE, VIEW_STALE, VIEW_CURRENT };

struct view_found {
	enum view_state state;
	struct slice bytes; /* CURRENT: in the arena */
	uint64_t entry;
	int64_t time;
};

bool view_get(struct view *view, struct arena *arena, struct slice type,
    struct slice name, struct view_found *found, struct fail *fail);

/*
 * The object of a contact with this handle: the newest that may be told, if
 * several have it; of very many, the newest of some.  VIEW_STALE says nothing
 * of the handle: rows of an earlier policy are left, and any may have it.
 */
bool view_get_handle(struct view *view, struct arena *arena,
    struct slice handle, struct view_found *found, struct fail *fail);

/*
 * An object that has this name server and may be told; VIEW_STALE as there.
 * They are found by the handles they were put with, as contacts are.
 */
bool view_get_host(struct view *view, struct arena *arena,
    struct slice host, struct view_found *found, struct fail *fail);

/*
 * Names below ".jp" of domains that may be told of and have this handle, or
 * this name server, in their order: at most `max`, in the arena.  Of very many
 * some are looked through.
 */
bool view_references(struct view *view, struct arena *arena,
    struct slice handle, struct values *out, size_t max, struct fail *fail);

/* The smallest network that holds all of this prefix. */
bool view_get_network(struct view *view, struct arena *arena,
    const struct prefix *prefix, struct view_found *found,
    struct fail *fail);

/* The smallest network that may be told of, holds it and is larger. */
bool view_get_wider(struct view *view, struct arena *arena,
    const struct prefix *prefix, struct view_found *found,
    struct fail *fail);

/*
 * Networks right below one, in order: each call gives the next that may be
 * told of, VIEW_NONE behind the last.  `behind` is where it goes on, at first
 * the one itself with `inside`.
 */
struct view_below {
	struct prefix within, behind;
	bool inside; /* what `behind` holds is not left out */
};
bool view_next_below(struct view *view, struct arena *arena,
    struct view_below *below, struct view_found *found, struct fail *fail);

/* --- forgetting --- */

/*
 * Rows in order of type and name behind these two, the removed ones too; and
 * one that goes, also its name.  view_scrub() leaves nothing of it in the
 * database's files; FAIL_WORLD while somebody reads.
 */
bool view_page(struct view *view, struct arena *arena, struct slice type,
    struct slice name, struct view_stale *out, size_t *count, size_t max,
    struct fail *fail);
bool view_drop(struct view *view, struct slice type, struct slice name,
    struct fail *fail);
bool view_scrub(struct view *view, struct fail *fail);

/* Rows that may be answered, and those that wait to be decided anew. */
bool view_count(struct view *view, int64_t *current, int64_t *stale,
    struct fail *fail);

#endif

/* What view.c, view_want.c and view_forget.c share. */
#ifndef MISU_VIEW_PRIV_H
#define MISU_VIEW_PRIV_H

#include "store/sqlite.h"
#include "store/view.h"
#include "store/view_mark.h"

struct view {
	struct sqlite *sqlite;
	struct view_mark *mark; /* NULL: a reader found none */
	struct statement *get, *by_handle, *by_host, *head, *count, *stale,
	    *entry, *outdated, *network, *below, *references;
	uint64_t seeks; /* of view_get_network(), counted for tests */
	/* NULL for a reader. */
	struct statement *put, *forget_handles, *add_handle, *set_head, *doubt,
	    *page, *drop, *fill, *unfill, *want, *cap, *end, *life, *set_life,
	    *present, *doubts, *old_networks, *changes, *count_change,
	    *taken, *take;
	int64_t newest, kept; /* entries of puts; those that are noted */
	bool took;     /* the last put changed its row */
	bool moved;    /* the change under way is to be counted */
	bool batching; /* between view_batch_begin() and view_batch_end() */
};

/* A change by itself, or one of the batch that was begun. */
bool view_change_begin(struct view *view, struct fail *fail);
/* `ok` false: it failed, and what the change did is undone. */
bool view_change_end(struct view *view, bool ok, struct fail *fail);

/* view_want.c's, for who writes. */
bool view_want_prepare(struct view *view, struct fail *fail);

/* For who writes. */
bool view_forget_prepare(struct view *view, struct fail *fail);

/* view_network.c: where a network stands among others. */
bool view_network_prepare(struct view *view, struct fail *fail);
/* Among the handles of its row; of another type nothing. */
bool view_network_note(struct view *view, struct slice type, struct slice name,
    struct fail *fail);
/* The same of what an earlier misu put there. */
bool view_network_note_all(struct view *view, struct fail *fail);

#endif

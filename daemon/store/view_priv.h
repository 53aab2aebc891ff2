/* What view.c and view_forget.c share. */
#ifndef MISU_VIEW_PRIV_H
#define MISU_VIEW_PRIV_H

#include "store/sqlite.h"
#include "store/view.h"
#include "store/view_mark.h"

struct view {
	struct sqlite *sqlite;
	struct view_mark *mark; /* NULL: a reader found none */
	struct statement *get, *by_handle, *by_host, *head, *count, *stale, *entry;
	/* NULL for a reader. */
	struct statement *put, *forget_handles, *add_handle, *set_head, *doubt,
	    *page, *drop, *fill, *unfill;
};

/* For who writes. */
bool view_forget_prepare(struct view *view, struct fail *fail);

#endif

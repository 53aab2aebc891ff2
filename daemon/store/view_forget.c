/* The public view's part of forgetting: rows go with all that SQLite has. */
#include "store/view_priv.h"

bool
view_page(struct view *view, struct arena *arena, struct slice type,
    struct slice name, struct view_stale *out, size_t *count, size_t max,
    struct fail *fail)
{
	struct statement *s = view->page;
	bool row = false, ok;

	*count = 0;
	statement_bind_text(s, 1, type);
	statement_bind_text(s, 2, name);
	statement_bind_number(s, 3, (int64_t)max);
	while ((ok = statement_step(s, &row, fail)) && row && *count < max) {
		struct view_stale *at = &out[(*count)++];

		at->type = arena_copy(arena, statement_bytes(s, 0));
		at->name = arena_copy(arena, statement_bytes(s, 1));
		at->entry = (uint64_t)statement_number(s, 2);
		at->bytes = arena_copy(arena, statement_bytes(s, 3));
		if (at->type.data == NULL || at->name.data == NULL ||
		    at->bytes.data == NULL)
			ok = fail_memory(fail);
		if (!ok)
			break;
	}
	statement_reset(s);
	return ok;
}

static bool
drop_row(
    struct view *view, struct slice type, struct slice name, struct fail *fail)
{
	statement_bind_text(view->forget_handles, 1, type);
	statement_bind_text(view->forget_handles, 2, name);
	if (!statement_do(view->forget_handles, fail))
		return false;
	statement_bind_text(view->drop, 1, type);
	statement_bind_text(view->drop, 2, name);
	return statement_do(view->drop, fail);
}

/* One change, which ends also where there was nothing to drop. */
bool
view_drop(
    struct view *view, struct slice type, struct slice name, struct fail *fail)
{
	return view_change_begin(view, fail) &&
	       view_change_end(view, drop_row(view, type, name, fail), fail);
}

/* Written over to its end before it is cut, as in spool_forget.c. */
bool
view_scrub(struct view *view, struct fail *fail)
{
	int64_t bytes;

	if (!sqlite_checkpoint(view->sqlite, false, fail))
		return false;
	bytes = sqlite_log_size(view->sqlite);
	statement_bind_number(view->fill, 1, bytes);
	return (bytes == 0 || (statement_do(view->fill, fail) &&
				  statement_do(view->unfill, fail))) &&
	       sqlite_checkpoint(view->sqlite, true, fail);
}

bool
view_forget_prepare(struct view *view, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&view->page,
		"SELECT type, name, entry, bytes FROM object"
		" WHERE (type, name) > (?1, ?2) ORDER BY type, name LIMIT ?3"},
	    {&view->drop, "DELETE FROM object WHERE type = ?1 AND name = ?2"},
	    /* Of no type that is asked for, and never to be decided anew. */
	    {&view->fill, "INSERT OR REPLACE INTO object VALUES"
			  " ('', '', 0, 9223372036854775807, 0, zeroblob(?1))"},
	    {&view->unfill, "DELETE FROM object WHERE type = ''"},
	};

	return sqlite_prepare_all(
	    view->sqlite, all, sizeof(all) / sizeof(*all), fail);
}

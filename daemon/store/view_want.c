/*
 * What the one who writes the public view wants of it: rows that are to be
 * decided anew, rows that tell nothing, several changes at once, and whose
 * view it is.
 */
#include "store/view_priv.h"

bool
view_want_prepare(struct view *view, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&view->want, "INSERT INTO object VALUES (?1, ?2, 0, -?3, 1, x'')"
			  " ON CONFLICT (type, name) DO UPDATE SET"
			  " epoch = min(epoch, -?3), time = 1,"
			  " bytes = coalesce(bytes, x'')"},
	    {&view->cap, "UPDATE object SET epoch = -?1 WHERE epoch < -?1"},
	    {&view->end,
		"UPDATE object SET entry = max(entry, ?3 - 1), epoch = ?4,"
		" time = ?5, bytes = iif(?6, NULL, x'')"
		" WHERE type = ?1 AND name = ?2 AND -epoch <= ?3"},
	    {&view->present,
		"SELECT 1 FROM object WHERE type = ?1 AND name = ?2"
		" AND bytes IS NOT NULL"},
	    {&view->doubts, "SELECT 1 FROM object WHERE epoch <= 0"
			    " AND bytes IS NOT NULL LIMIT 1"},
	    {&view->old_networks,
		"SELECT name FROM object WHERE type = 'network'"
		" AND name > ?1 AND length(bytes) > 0 ORDER BY name LIMIT 1"},
	    {&view->changes, "SELECT count FROM changes"},
	    {&view->count_change, "UPDATE changes SET count = count + 1"},
	    {&view->taken, "SELECT entry FROM taken"},
	    {&view->take, "UPDATE taken SET entry = ?1 WHERE entry < ?1"},
	    {&view->life, "SELECT id FROM life"},
	    {&view->set_life, "INSERT OR REPLACE INTO life VALUES (1, ?1)"},
	};

	return sqlite_prepare_all(
	    view->sqlite, all, sizeof(all) / sizeof(*all), fail);
}

/* --- several at once --- */

bool
view_change_begin(struct view *view, struct fail *fail)
{
	return view->batching ||
	       sqlite_run(view->sqlite, "BEGIN IMMEDIATE", fail);
}

/* One that was noted need not be noted again. */
static bool
note_newest(struct view *view, struct fail *fail)
{
	if (view->newest <= view->kept)
		return true;
	statement_bind_number(view->take, 1, view->newest);
	if (!statement_do(view->take, fail))
		return false;
	view->kept = view->newest;
	return true;
}

bool
view_change_end(struct view *view, bool ok, struct fail *fail)
{
	struct fail ignored = FAIL_INIT;

	if (view->batching)
		return ok;
	if (ok && view->moved)
		ok = statement_do(view->count_change, fail);
	view->moved = false;
	ok = ok && note_newest(view, fail);
	if (ok && sqlite_run(view->sqlite, "COMMIT", fail)) {
		/* One that wrote nothing is not told of by SQLite. */
		view_mark_end(view->mark);
		return true;
	}
	sqlite_run(view->sqlite, "ROLLBACK", &ignored);
	return false;
}

bool
view_batch_begin(struct view *view, struct fail *fail)
{
	return view->batching = view_change_begin(view, fail);
}

bool
view_batch_end(struct view *view, bool ok, struct fail *fail)
{
	view->batching = false;
	return view_change_end(view, ok, fail);
}

/* --- rows --- */

bool
view_want(struct view *view, const struct view_doubted *rows, size_t count,
    uint64_t from, struct fail *fail)
{
	bool ok = true;

	if (!view_change_begin(view, fail))
		return false;
	for (size_t i = 0; ok && i < count; i++) {
		statement_bind_text(view->want, 1, rows[i].type);
		statement_bind_text(view->want, 2, rows[i].name);
		statement_bind_number(view->want, 3, (int64_t)from);
		ok = statement_do(view->want, fail);
		view->moved = true;
	}
	return view_change_end(view, ok, fail);
}

bool
view_cap(struct view *view, uint64_t next, struct fail *fail)
{
	if (!view_change_begin(view, fail))
		return false;
	statement_bind_number(view->cap, 1, (int64_t)next);
	return view_change_end(view, statement_do(view->cap, fail), fail);
}

static bool
write_end(struct view *view, const struct view_ended *ended, struct fail *fail)
{
	statement_bind_text(view->end, 1, ended->type);
	statement_bind_text(view->end, 2, ended->name);
	statement_bind_number(view->end, 3, (int64_t)ended->from);
	statement_bind_number(view->end, 4, ended->epoch);
	statement_bind_number(view->end, 5, ended->time);
	statement_bind_number(view->end, 6, ended->gone);
	if (!statement_do(view->end, fail))
		return false;
	if (sqlite_changes(view->sqlite) == 0)
		return true;
	view->moved = true;
	statement_bind_text(view->forget_handles, 1, ended->type);
	statement_bind_text(view->forget_handles, 2, ended->name);
	return statement_do(view->forget_handles, fail);
}

bool
view_end_row(
    struct view *view, const struct view_ended *ended, struct fail *fail)
{
	return view_change_begin(view, fail) &&
	       view_change_end(view, write_end(view, ended, fail), fail);
}

bool
view_has(struct view *view, struct slice type, struct slice name)
{
	struct fail ignored = FAIL_INIT;
	bool row = false;

	statement_bind_text(view->present, 1, type);
	statement_bind_text(view->present, 2, name);
	if (!statement_step(view->present, &row, &ignored))
		row = false;
	statement_reset(view->present);
	return row;
}

bool
view_doubts(struct view *view)
{
	struct fail ignored = FAIL_INIT;
	bool row, ok = statement_step(view->doubts, &row, &ignored);

	statement_reset(view->doubts);
	return !ok || row;
}

/* --- whose it is --- */

bool
view_life(struct view *view, uint8_t life[VIEW_LIFE], int64_t *epoch,
    struct fail *fail)
{
	bool row, ok = statement_step(view->life, &row, fail);
	struct slice bytes;

	memset(life, 0, VIEW_LIFE);
	if (ok && row) {
		bytes = statement_bytes(view->life, 0);
		if (bytes.len == VIEW_LIFE)
			memcpy(life, bytes.data, VIEW_LIFE);
	}
	statement_reset(view->life);
	ok = ok && statement_step(view->head, &row, fail);
	if (ok)
		*epoch = row ? statement_number(view->head, 0) : 0;
	statement_reset(view->head);
	return ok;
}

bool
view_changes(struct view *view, int64_t *count, struct fail *fail)
{
	bool row, ok = statement_step(view->changes, &row, fail);

	*count = ok && row ? statement_number(view->changes, 0) : 0;
	statement_reset(view->changes);
	return ok;
}

bool
view_taken(struct view *view, int64_t *entry, struct fail *fail)
{
	bool row, ok = statement_step(view->taken, &row, fail);

	*entry = ok && row ? statement_number(view->taken, 0) : -1;
	statement_reset(view->taken);
	return ok;
}

bool
view_take(struct view *view, uint64_t entry, struct fail *fail)
{
	if (!view_change_begin(view, fail))
		return false;
	if (view->newest < (int64_t)entry)
		view->newest = (int64_t)entry;
	return view_change_end(view, true, fail);
}

bool
view_clear(struct view *view, const uint8_t life[VIEW_LIFE], struct fail *fail)
{
	bool ok;

	if (!view_change_begin(view, fail))
		return false;
	ok = sqlite_run(view->sqlite, "DELETE FROM object", fail) &&
	     sqlite_run(view->sqlite, "DELETE FROM handle", fail);
	if (ok) {
		statement_bind_bytes(view->set_life, 1, life, VIEW_LIFE);
		ok = statement_do(view->set_life, fail);
	}
	return view_change_end(view, ok, fail);
}

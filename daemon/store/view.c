#include "store/view_priv.h"

enum { VERSION = 1 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS head ("
    " id INTEGER PRIMARY KEY CHECK (id = 0),"
    " lowest INTEGER NOT NULL, identity BLOB NOT NULL);"
    "INSERT OR IGNORE INTO head VALUES (0, 1, x'');"
    /*
     * A removed object keeps its entry and has no bytes.  The epoch of what
     * is in doubt is not positive: the lowest entry that ends it, times -1.
     */
    "CREATE TABLE IF NOT EXISTS object ("
    " type TEXT NOT NULL, name TEXT NOT NULL, entry INTEGER NOT NULL,"
    " epoch INTEGER NOT NULL, time INTEGER NOT NULL, bytes BLOB,"
    " PRIMARY KEY (type, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS handle ("
    " handle TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (handle, type, name)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS handle_of ON handle (type, name);"
    "CREATE TABLE IF NOT EXISTS life ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), id BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS changes ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO changes VALUES (1, 0);"
    "CREATE TABLE IF NOT EXISTS taken ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO taken VALUES (1, -1);"
    "DROP INDEX IF EXISTS epoch_of;"
    "CREATE INDEX IF NOT EXISTS shown_epoch ON object (epoch)"
    " WHERE bytes IS NOT NULL;";

/*
 * A host that all of a registrar's objects use is asked for like any other:
 * not all of them are looked through.
 */
#define SOME_WITH \
	"(SELECT type, name FROM handle WHERE handle = ?1 LIMIT 64)" \
	" JOIN object USING (type, name)"

static bool
prepare_reads(struct view *view, struct fail *fail)
{
	struct sqlite *sqlite = view->sqlite;

	view->get = sqlite_prepare(sqlite,
	    "SELECT bytes, entry, time, epoch >= (SELECT lowest FROM head)"
	    " FROM object WHERE type = ?1 AND name = ?2"
	    " AND bytes IS NOT NULL",
	    fail);
	if (view->get != NULL)
		view->by_handle = sqlite_prepare(sqlite,
		    "SELECT bytes, entry, time, 1 FROM " SOME_WITH
		    " WHERE length(bytes) > 0"
		    " AND epoch >= (SELECT lowest FROM head)"
		    " ORDER BY entry DESC LIMIT 1",
		    fail);
	if (view->by_handle != NULL)
		view->by_host = sqlite_prepare(sqlite,
		    "SELECT bytes, entry, time, 1 FROM " SOME_WITH
		    " WHERE length(bytes) > 0"
		    " AND epoch >= (SELECT lowest FROM head) LIMIT 1",
		    fail);
	if (view->by_host != NULL)
		view->outdated = sqlite_prepare(sqlite,
		    "SELECT 1 FROM object WHERE bytes IS NOT NULL"
		    " AND epoch > 0 AND epoch < (SELECT lowest FROM head)"
		    " LIMIT 1",
		    fail);
	if (view->outdated != NULL)
		view->references = sqlite_prepare(sqlite,
		    "SELECT name FROM (SELECT type, name FROM handle"
		    " WHERE handle = ?1 AND type = 'domain'"
		    " ORDER BY name LIMIT 4096) JOIN object USING (type, name)"
		    " WHERE name LIKE '%.jp' AND length(bytes) > 0"
		    " AND epoch >= (SELECT lowest FROM head)"
		    " ORDER BY name LIMIT ?2",
		    fail);
	if (view->references != NULL)
		view->head = sqlite_prepare(
		    sqlite, "SELECT lowest, identity FROM head", fail);
	if (view->head != NULL)
		view->stale = sqlite_prepare(sqlite,
		    "SELECT type, name, entry, length(bytes) > 0 FROM object"
		    " WHERE epoch < (SELECT lowest FROM head)"
		    " AND (epoch > 0 OR time < ?2)"
		    " AND bytes IS NOT NULL LIMIT ?1",
		    fail);
	if (view->stale != NULL)
		view->entry = sqlite_prepare(sqlite,
		    "SELECT entry FROM object WHERE type = ?1 AND name = ?2",
		    fail);
	if (view->entry != NULL && view_network_prepare(view, fail))
		view->count = sqlite_prepare(sqlite,
		    "SELECT count(*) FILTER (WHERE epoch >= lowest),"
		    " count(*) FILTER (WHERE epoch < lowest)"
		    " FROM object, head WHERE length(bytes) > 0",
		    fail);
	return view->count != NULL;
}

static bool
prepare_writes(struct view *view, struct fail *fail)
{
	struct sqlite *sqlite = view->sqlite;

	view->put = sqlite_prepare(sqlite,
	    "INSERT INTO object VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT (type, name) DO UPDATE SET entry = ?3,"
	    " epoch = iif(?6 IS NULL, min(epoch, ?4), ?4), time = ?5,"
	    " bytes = ?6"
	    " WHERE entry <= ?3 AND (?6 IS NULL OR -epoch <= ?3)",
	    fail);
	if (view->put != NULL)
		view->forget_handles = sqlite_prepare(sqlite,
		    "DELETE FROM handle WHERE type = ?1 AND name = ?2", fail);
	if (view->forget_handles != NULL)
		view->add_handle = sqlite_prepare(sqlite,
		    "INSERT OR IGNORE INTO handle VALUES (?1, ?2, ?3)", fail);
	if (view->add_handle != NULL)
		view->set_head = sqlite_prepare(sqlite,
		    "UPDATE head SET lowest = ?1, identity = ?2", fail);
	if (view->set_head != NULL)
		view->doubt = sqlite_prepare(sqlite,
		    "INSERT INTO object VALUES (?1, ?2, 0, -?4, ?3, x'')"
		    " ON CONFLICT (type, name) DO UPDATE SET"
		    " epoch = min(epoch, -?4), time = ?3",
		    fail);
	return view->doubt != NULL && view_forget_prepare(view, fail) &&
	    view_want_prepare(view, fail);
}

static struct view *
open_as(struct sqlite *sqlite, bool writes, struct fail *fail)
{
	struct view *view;

	if (sqlite == NULL)
		return NULL;
	view = calloc(1, sizeof(*view));
	if (view == NULL) {
		sqlite_close(sqlite);
		fail_memory(fail);
		return NULL;
	}
	view->sqlite = sqlite;
	if (prepare_reads(view, fail) &&
	    (!writes || prepare_writes(view, fail)))
		return view;
	view_close(view);
	return NULL;
}

static void
changing(void *context)
{
	view_mark_begin(context);
}

static void
changed(void *context)
{
	view_mark_end(context);
}

/* Whoever commits to it moves its mark: there is no other way to write. */
static struct view *
mark_changes(struct view *view, const char *path, struct fail *fail)
{
	if (view == NULL)
		return NULL;
	view->mark = view_mark_open(path, true, fail);
	if (view->mark == NULL) {
		view_close(view);
		return NULL;
	}
	sqlite_watch(view->sqlite,
	    &(struct sqlite_watch){changing, changed, view->mark});
	return view;
}

struct view *
view_open(const char *path, struct fail *fail)
{
	struct sqlite *sqlite =
	    sqlite_open_shared(path, schema, VERSION, fail);
	struct view *view;

	/*
	 * Nothing writes it again: a withdrawal of consent that power loss
	 * takes back would be none.  Where there can be no WAL, a commit is
	 * the end of the journal, and only this makes that durable, too.
	 */
	if (sqlite != NULL &&
	    !sqlite_run(sqlite, "PRAGMA synchronous=EXTRA", fail)) {
		sqlite_close(sqlite);
		return NULL;
	}
	view = mark_changes(open_as(sqlite, true, fail), path, fail);
	if (view != NULL && !view_network_note_all(view, fail)) {
		view_close(view);
		return NULL;
	}
	return view;
}

/* Without its mark it can be read all the same. */
struct view *
view_open_reader(const char *path, struct fail *fail)
{
	struct view *view =
	    open_as(sqlite_open_reader(path, fail), false, fail);
	struct fail ignored = FAIL_INIT;

	if (view != NULL)
		view->mark = view_mark_open(path, false, &ignored);
	return view;
}

uint64_t
view_generation(const struct view *view)
{
	return view->mark != NULL ? view_mark_read(view->mark) : 0;
}

void
view_close(struct view *view)
{
	if (view == NULL)
		return;
	sqlite_close(view->sqlite);
	view_mark_close(view->mark);
	free(view);
}

/* --- writing ---------------------------------------------------------------- */

static bool
write_row(struct view *view, const struct view_put *put, bool gone,
    bool *changed, struct fail *fail)
{
	statement_bind_text(view->put, 1, put->type);
	statement_bind_text(view->put, 2, put->name);
	statement_bind_number(view->put, 3, (int64_t)put->entry);
	statement_bind_number(view->put, 4, put->epoch);
	statement_bind_number(view->put, 5, put->time);
	if (!gone)
		statement_bind_bytes(
		    view->put, 6, put->bytes.data, put->bytes.len);
	if (!statement_do(view->put, fail))
		return false;
	view->took = *changed = sqlite_changes(view->sqlite) != 0;
	view->moved = view->moved || *changed;
	if (view->newest < (int64_t)put->entry)
		view->newest = (int64_t)put->entry;
	return true;
}

static bool
write_handles(
    struct view *view, const struct view_put *put, struct fail *fail)
{
	statement_bind_text(view->forget_handles, 1, put->type);
	statement_bind_text(view->forget_handles, 2, put->name);
	if (!statement_do(view->forget_handles, fail))
		return false;
	for (size_t i = 0; i < put->handle_count; i++) {
		statement_bind_text(view->add_handle, 1, put->handles[i]);
		statement_bind_text(view->add_handle, 2, put->type);
		statement_bind_text(view->add_handle, 3, put->name);
		if (!statement_do(view->add_handle, fail))
			return false;
	}
	return put->bytes.len == 0 ||
	       view_network_note(view, put->type, put->name, fail);
}

static bool
write_all(struct view *view, const struct view_put *put, bool gone,
    struct fail *fail)
{
	bool changed;

	return view_change_begin(view, fail) &&
	    view_change_end(view,
		write_row(view, put, gone, &changed, fail) &&
		    (!changed || write_handles(view, put, fail)),
		fail);
}

bool
view_put(struct view *view, const struct view_put *put, struct fail *fail)
{
	return write_all(view, put, false, fail);
}

bool
view_took(const struct view *view)
{
	return view->took;
}

bool
view_remove(struct view *view, const struct view_put *put, struct fail *fail)
{
	struct view_put gone = *put;

	gone.handle_count = 0;
	gone.bytes = (struct slice){"", 0};
	return write_all(view, &gone, true, fail);
}

static bool
read_head(struct view *view, int64_t *lowest, struct digest *identity,
    struct fail *fail)
{
	bool row, ok = statement_step(view->head, &row, fail);
	struct slice bytes;

	if (ok && row) {
		*lowest = statement_number(view->head, 0);
		bytes = statement_bytes(view->head, 1);
		*identity = (struct digest){{0}};
		if (bytes.len == DIGEST_SIZE)
			memcpy(identity->bytes, bytes.data, DIGEST_SIZE);
	}
	statement_reset(view->head);
	return ok &&
	    (row ||
		fail_set(fail, FAIL_WORLD,
		    "the public view has lost its header row"));
}

static bool
write_head(struct view *view, int64_t lowest, const struct digest *identity,
    struct fail *fail)
{
	statement_bind_number(view->set_head, 1, lowest);
	statement_bind_bytes(
	    view->set_head, 2, identity->bytes, DIGEST_SIZE);
	return statement_do(view->set_head, fail);
}

bool
view_begin(struct view *view, const struct digest *identity, int64_t *epoch,
    struct fail *fail)
{
	struct digest before;

	if (!read_head(view, epoch, &before, fail))
		return false;
	if (digest_equal(&before, identity))
		return true;
	return write_head(view, ++*epoch, identity, fail);
}

bool
view_unsettle(struct view *view, struct fail *fail)
{
	const struct digest none = {{0}};
	struct digest identity;
	int64_t epoch;

	return read_head(view, &epoch, &identity, fail) &&
	    write_head(view, epoch, &none, fail);
}

bool
view_raise(struct view *view, int64_t *epoch, struct fail *fail)
{
	struct digest identity;

	return read_head(view, epoch, &identity, fail) &&
	    write_head(view, ++*epoch, &identity, fail);
}

static bool
doubt_one(struct view *view, const struct view_doubted *row, uint64_t from,
    int64_t now, struct fail *fail)
{
	statement_bind_number(view->doubt, 4, (int64_t)from);
	statement_bind_number(view->doubt, 3, now);
	statement_bind_text(view->doubt, 1, row->type);
	statement_bind_text(view->doubt, 2, row->name);
	view->moved = true;
	return statement_do(view->doubt, fail);
}

bool
view_doubt(struct view *view, const struct view_doubted *rows, size_t count,
    uint64_t from, int64_t now, struct fail *fail)
{
	bool ok = true;

	if (!view_change_begin(view, fail))
		return false;
	for (size_t i = 0; ok && i < count; i++)
		ok = doubt_one(view, &rows[i], from, now, fail);
	return view_change_end(view, ok, fail);
}

/* --- reading ---------------------------------------------------------------- */

bool
view_stale(struct view *view, struct arena *arena, int64_t doubt,
    struct view_stale *out, size_t *count, size_t max, struct fail *fail)
{
	bool row = true, ok = true;

	*count = 0;
	statement_bind_number(view->stale, 1, (int64_t)max);
	statement_bind_number(view->stale, 2, doubt);
	while (*count < max) {
		struct view_stale *at = &out[*count];

		ok = statement_step(view->stale, &row, fail);
		if (!ok || !row)
			break;
		at->type = arena_copy(arena, statement_bytes(view->stale, 0));
		at->name = arena_copy(arena, statement_bytes(view->stale, 1));
		at->entry = (uint64_t)statement_number(view->stale, 2);
		at->has_told = statement_number(view->stale, 3) != 0;
		if (at->type.data == NULL || at->name.data == NULL) {
			ok = fail_memory(fail);
			break;
		}
		++*count;
	}
	statement_reset(view->stale);
	return ok;
}

bool
view_entry(struct view *view, struct slice type, struct slice name,
    uint64_t *entry)
{
	struct fail ignored = FAIL_INIT;
	bool row = false;

	statement_bind_text(view->entry, 1, type);
	statement_bind_text(view->entry, 2, name);
	if (statement_step(view->entry, &row, &ignored) && row)
		*entry = (uint64_t)statement_number(view->entry, 0);
	statement_reset(view->entry);
	return row;
}

static bool
read_row(struct statement *statement, struct arena *arena,
    struct view_found *found, struct fail *fail)
{
	bool row, ok = statement_step(statement, &row, fail);

	*found = (struct view_found){.state = VIEW_NONE};
	if (ok && row) {
		found->entry = (uint64_t)statement_number(statement, 1);
		found->time = statement_number(statement, 2);
		found->state = statement_number(statement, 3) != 0
		    ? VIEW_CURRENT
		    : VIEW_STALE;
	}
	if (found->state == VIEW_CURRENT &&
	    statement_bytes(statement, 0).len == 0)
		found->state = VIEW_NONE;
	if (found->state == VIEW_CURRENT) {
		found->bytes =
		    arena_copy(arena, statement_bytes(statement, 0));
		ok = found->bytes.data != NULL || fail_memory(fail);
	}
	statement_reset(statement);
	return ok;
}

bool
view_get(struct view *view, struct arena *arena, struct slice type,
    struct slice name, struct view_found *found, struct fail *fail)
{
	statement_bind_text(view->get, 1, type);
	statement_bind_text(view->get, 2, name);
	return read_row(view->get, arena, found, fail);
}

/*
 * Who stood in a row that may not be told is told of as little as who never
 * did: while a whole policy is decided anew nobody knows, of either.
 */
static bool
read_told(struct view *view, struct statement *statement, struct arena *arena,
    struct view_found *found, struct fail *fail)
{
	bool row = false, ok = read_row(statement, arena, found, fail);

	if (!ok || found->state != VIEW_NONE)
		return ok;
	ok = statement_step(view->outdated, &row, fail);
	statement_reset(view->outdated);
	if (ok && row)
		found->state = VIEW_STALE;
	return ok;
}

bool
view_get_handle(struct view *view, struct arena *arena, struct slice handle,
    struct view_found *found, struct fail *fail)
{
	statement_bind_text(view->by_handle, 1, handle);
	return read_told(view, view->by_handle, arena, found, fail);
}

bool
view_get_host(struct view *view, struct arena *arena, struct slice host,
    struct view_found *found, struct fail *fail)
{
	statement_bind_text(view->by_host, 1, host);
	return read_told(view, view->by_host, arena, found, fail);
}

bool
view_references(struct view *view, struct arena *arena, struct slice handle,
    struct values *out, size_t max, struct fail *fail)
{
	struct slice *items = arena_take_array(arena, max + 1, sizeof(*items));
	bool row = false, ok = items != NULL || fail_memory(fail);

	*out = (struct values){items, 0};
	statement_bind_text(view->references, 1, handle);
	statement_bind_number(view->references, 2, (int64_t)max);
	while (ok && out->count < max) {
		ok = statement_step(view->references, &row, fail);
		if (!ok || !row)
			break;
		items[out->count] =
		    arena_copy(arena, statement_bytes(view->references, 0));
		ok = items[out->count].data != NULL || fail_memory(fail);
		out->count++;
	}
	statement_reset(view->references);
	return ok;
}

bool
view_count(
    struct view *view, int64_t *current, int64_t *stale, struct fail *fail)
{
	bool row, ok = statement_step(view->count, &row, fail);

	*current = *stale = 0;
	if (ok && row) {
		*current = statement_number(view->count, 0);
		*stale = statement_number(view->count, 1);
	}
	statement_reset(view->count);
	return ok;
}

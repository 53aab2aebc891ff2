#include "store/standing.h"

#include "store/sqlite.h"

enum { VERSION = 1, PART_SIZE = 16 };

struct standing {
	struct sqlite *sqlite;
	struct digest_key key;
	struct statement *parts_of, *add, *remove, *has, *page;
	struct statement *view, *set_view, *walk, *set_walk, *told, *set_told;
	struct statement *changes, *set_changes, *seen, *set_seen;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS made ("
    " part BLOB NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL,"
    " PRIMARY KEY (part, type, name)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS made_of ON made (type, name);"
    "CREATE TABLE IF NOT EXISTS view ("
    " one INTEGER PRIMARY KEY CHECK (one = 1),"
    " life BLOB NOT NULL, epoch INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS changes ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), count INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS seen ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS walks ("
    " which INTEGER PRIMARY KEY, stage INTEGER NOT NULL,"
    " start INTEGER NOT NULL, type TEXT, name TEXT, key BLOB,"
    " done INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS told ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), identity BLOB NOT NULL);";

static bool
prepare(struct standing *standing, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&standing->parts_of,
		"SELECT part FROM made WHERE type = ?1 AND name = ?2"},
	    {&standing->add, "INSERT OR IGNORE INTO made VALUES (?3, ?1, ?2)"},
	    {&standing->remove,
		"DELETE FROM made WHERE type = ?1 AND name = ?2"},
	    {&standing->has, "SELECT 1 FROM made WHERE part = ?1 LIMIT 1"},
	    {&standing->page,
		"SELECT type, name FROM made WHERE part = ?1"
		" AND (type, name) > (?2, ?3) ORDER BY type, name LIMIT ?4"},
	    {&standing->view, "SELECT life, epoch FROM view"},
	    {&standing->set_view,
		"INSERT OR REPLACE INTO view VALUES (1, ?1, ?2)"},
	    {&standing->walk,
		"SELECT stage, start, type, name, key, done FROM walks"
		" WHERE which = ?1"},
	    {&standing->set_walk, "INSERT OR REPLACE INTO walks"
				  " VALUES (?7, ?1, ?2, ?3, ?4, ?5, ?6)"},
	    {&standing->changes, "SELECT count FROM changes"},
	    {&standing->set_changes,
		"INSERT OR REPLACE INTO changes VALUES (1, ?1)"},
	    {&standing->seen, "SELECT entry FROM seen"},
	    {&standing->set_seen, "INSERT OR REPLACE INTO seen VALUES (1, ?1)"},
	    {&standing->told, "SELECT identity FROM told"},
	    {&standing->set_told, "INSERT OR REPLACE INTO told VALUES (1, ?1)"},
	};

	return sqlite_prepare_all(
	    standing->sqlite, all, sizeof(all) / sizeof(*all), fail);
}

struct standing *
standing_open(const char *path, const struct keys *keys, struct fail *fail)
{
	struct standing *standing = calloc(1, sizeof(*standing));
	uint8_t bytes[KEY_SIZE];

	if (standing == NULL) {
		fail_memory(fail);
		return NULL;
	}
	keys_derive(keys, "standing", bytes);
	digest_key_set(&standing->key, bytes);
	digest_wipe(bytes, sizeof(bytes));
	standing->sqlite = sqlite_open_derived(path, schema, VERSION, fail);
	if (standing->sqlite != NULL && prepare(standing, fail))
		return standing;
	standing_close(standing);
	return NULL;
}

void
standing_close(struct standing *standing)
{
	if (standing == NULL)
		return;
	sqlite_close(standing->sqlite);
	digest_wipe(standing, sizeof(*standing));
	free(standing);
}

struct digest
standing_part(const struct standing *standing, int type, struct slice name)
{
	struct digest_run run;
	uint8_t kind = (uint8_t)type;

	digest_key_start(&standing->key, &run);
	digest_add(&run, &kind, 1);
	digest_add(&run, name.data, name.len);
	return digest_key_end(&standing->key, &run);
}

/* --- what is made from what --- */

static bool
is_among(const struct standing_made *made, struct slice part)
{
	for (size_t i = 0; i < made->count; i++)
		if (part.len == PART_SIZE &&
		    memcmp(part.data, made->parts[i].bytes, PART_SIZE) == 0)
			return true;
	return false;
}

/* How many parts it has, and how many of them are of `made`: these differ. */
static bool
count_parts(struct standing *standing, const struct standing_made *made,
    size_t *all, size_t *same, struct fail *fail)
{
	struct statement *s = standing->parts_of;
	bool row, ok;

	*all = *same = 0;
	statement_bind_text(s, 1, made->type);
	statement_bind_text(s, 2, made->name);
	while ((ok = statement_step(s, &row, fail)) && row) {
		++*all;
		*same += is_among(made, statement_bytes(s, 0));
	}
	statement_reset(s);
	return ok;
}

static bool
remove_object(struct standing *standing, struct slice type, struct slice name,
    struct fail *fail)
{
	statement_bind_text(standing->remove, 1, type);
	statement_bind_text(standing->remove, 2, name);
	return statement_do(standing->remove, fail);
}

static bool
add_parts(struct standing *standing, const struct standing_made *made,
    struct fail *fail)
{
	struct statement *s = standing->add;
	bool ok = true;

	for (size_t i = 0; ok && i < made->count; i++) {
		statement_bind_text(s, 1, made->type);
		statement_bind_text(s, 2, made->name);
		statement_bind_bytes(s, 3, made->parts[i].bytes, PART_SIZE);
		ok = statement_do(s, fail);
	}
	return ok;
}

static bool
replace(struct standing *standing, const struct standing_made *made,
    struct fail *fail)
{
	return remove_object(standing, made->type, made->name, fail) &&
	       add_parts(standing, made, fail);
}

bool
standing_add(struct standing *standing, const struct standing_made *made,
    struct fail *fail)
{
	struct fail ignored = FAIL_INIT;
	size_t all, same;

	if (!count_parts(standing, made, &all, &same, fail))
		return false;
	if (same == made->count)
		return true;
	if (!sqlite_run(standing->sqlite, "BEGIN", fail))
		return false;
	if (add_parts(standing, made, fail) &&
	    sqlite_run(standing->sqlite, "COMMIT", fail))
		return true;
	sqlite_run(standing->sqlite, "ROLLBACK", &ignored);
	return false;
}

bool
standing_set(struct standing *standing, const struct standing_made *made,
    size_t count, struct fail *fail)
{
	struct fail ignored = FAIL_INIT;
	bool ok = true, changed = false;
	size_t all, same;

	for (size_t i = 0; ok && i < count; i++) {
		ok = count_parts(standing, &made[i], &all, &same, fail);
		if (!ok || (all == same && same == made[i].count))
			continue;
		ok = (changed || sqlite_run(standing->sqlite, "BEGIN", fail)) &&
		     replace(standing, &made[i], fail);
		changed = true;
	}
	if (!changed)
		return ok;
	if (ok && sqlite_run(standing->sqlite, "COMMIT", fail))
		return true;
	sqlite_run(standing->sqlite, "ROLLBACK", &ignored);
	return false;
}

bool
standing_has(struct standing *standing, const struct digest *part, bool *has,
    struct fail *fail)
{
	bool ok;

	statement_bind_bytes(standing->has, 1, part->bytes, PART_SIZE);
	ok = statement_step(standing->has, has, fail);
	statement_reset(standing->has);
	return ok;
}

bool
standing_page(struct standing *standing, const struct digest *part,
    const struct view_doubted *after, struct arena *arena,
    struct view_doubted *out, size_t *count, size_t max, struct fail *fail)
{
	struct statement *s = standing->page;
	bool row, ok;

	*count = 0;
	statement_bind_bytes(s, 1, part->bytes, PART_SIZE);
	statement_bind_text(s, 2, after->type);
	statement_bind_text(s, 3, after->name);
	statement_bind_number(s, 4, (int64_t)max);
	while ((ok = statement_step(s, &row, fail)) && row && *count < max) {
		struct view_doubted *at = &out[(*count)++];

		at->type = arena_copy(arena, statement_bytes(s, 0));
		at->name = arena_copy(arena, statement_bytes(s, 1));
		if (at->type.data == NULL || at->name.data == NULL) {
			ok = fail_memory(fail);
			break;
		}
	}
	statement_reset(s);
	return ok;
}

/* --- all of it anew --- */

bool
standing_view(struct standing *standing, uint8_t life[VIEW_LIFE],
    int64_t *epoch, struct fail *fail)
{
	struct statement *s = standing->view;
	bool row, ok = statement_step(s, &row, fail);
	struct slice bytes;

	memset(life, 0, VIEW_LIFE);
	*epoch = 0;
	if (ok && row) {
		bytes = statement_bytes(s, 0);
		if (bytes.len == VIEW_LIFE)
			memcpy(life, bytes.data, VIEW_LIFE);
		*epoch = statement_number(s, 1);
	}
	statement_reset(s);
	return ok;
}

bool
standing_set_view(struct standing *standing, const uint8_t life[VIEW_LIFE],
    int64_t epoch, struct fail *fail)
{
	statement_bind_bytes(standing->set_view, 1, life, VIEW_LIFE);
	statement_bind_number(standing->set_view, 2, epoch);
	return statement_do(standing->set_view, fail);
}

bool
standing_seen(struct standing *standing, int64_t *entry, struct fail *fail)
{
	bool row, ok = statement_step(standing->seen, &row, fail);

	*entry = ok && row ? statement_number(standing->seen, 0) : -1;
	statement_reset(standing->seen);
	return ok;
}

bool
standing_set_seen(
    struct standing *standing, uint64_t entry, struct fail *fail)
{
	statement_bind_number(standing->set_seen, 1, (int64_t)entry);
	return statement_do(standing->set_seen, fail);
}

bool
standing_changes(struct standing *standing, int64_t *count, struct fail *fail)
{
	bool row, ok = statement_step(standing->changes, &row, fail);

	*count = ok && row ? statement_number(standing->changes, 0) : 0;
	statement_reset(standing->changes);
	return ok;
}

bool
standing_set_changes(
    struct standing *standing, int64_t count, struct fail *fail)
{
	statement_bind_number(standing->set_changes, 1, count);
	return statement_do(standing->set_changes, fail);
}

bool
standing_walk(struct standing *standing, enum standing_which which,
    struct arena *arena, struct standing_walk *out, struct fail *fail)
{
	struct statement *s = standing->walk;
	bool row, ok;

	statement_bind_number(s, 1, which);
	ok = statement_step(s, &row, fail);
	*out = (struct standing_walk){.stage = STANDING_WHOLE};
	if (ok && row) {
		out->stage = (enum standing_stage)statement_number(s, 0);
		out->from = (uint64_t)statement_number(s, 1);
		out->type = arena_copy(arena, statement_bytes(s, 2));
		out->name = arena_copy(arena, statement_bytes(s, 3));
		out->key = arena_copy(arena, statement_bytes(s, 4));
		out->done = statement_number(s, 5);
		ok = (out->type.data != NULL && out->name.data != NULL &&
			 out->key.data != NULL) ||
		     fail_memory(fail);
	}
	statement_reset(s);
	return ok;
}

bool
standing_set_walk(struct standing *standing, enum standing_which which,
    const struct standing_walk *walk, struct fail *fail)
{
	struct statement *s = standing->set_walk;

	statement_bind_number(s, 1, (int64_t)walk->stage);
	statement_bind_number(s, 2, (int64_t)walk->from);
	statement_bind_text(s, 3, walk->type);
	statement_bind_text(s, 4, walk->name);
	statement_bind_bytes(s, 5, walk->key.data, walk->key.len);
	statement_bind_number(s, 6, walk->done);
	statement_bind_number(s, 7, which);
	return statement_do(s, fail);
}

bool
standing_told(struct standing *standing, struct digest *identity, bool *known,
    struct fail *fail)
{
	struct statement *s = standing->told;
	bool ok = statement_step(s, known, fail);
	struct slice bytes;

	if (ok && *known) {
		bytes = statement_bytes(s, 0);
		*known = bytes.len == DIGEST_SIZE;
		if (*known)
			memcpy(identity->bytes, bytes.data, DIGEST_SIZE);
	}
	statement_reset(s);
	return ok;
}

bool
standing_set_told(
    struct standing *standing, const struct digest *identity, struct fail *fail)
{
	statement_bind_bytes(
	    standing->set_told, 1, identity->bytes, DIGEST_SIZE);
	return statement_do(standing->set_told, fail);
}

bool
standing_clear(struct standing *standing, struct fail *fail)
{
	return sqlite_run(standing->sqlite, "DELETE FROM made", fail);
}

bool
standing_forget(struct standing *standing, struct slice type, struct slice name,
    struct fail *fail)
{
	return remove_object(standing, type, name, fail);
}

bool
standing_scrub(struct standing *standing, struct fail *fail)
{
	return sqlite_scrub(standing->sqlite, fail);
}

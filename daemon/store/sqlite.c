#include "store/sqlite.h"

#include <sqlite3.h>

enum { STATEMENTS_MAX = 96, LOG_PAGES = 4000 };

struct statement {
	struct sqlite *sqlite;
	sqlite3_stmt *stmt;
};

struct sqlite {
	sqlite3 *db;
	char path[256];
	bool derived; /* what is in it can be made anew */
	struct statement statements[STATEMENTS_MAX];
	size_t count;
	struct sqlite_watch watch;
};

/* What an operator can do about it; NULL: nothing we know of. */
static const char *
remedy(int code, bool derived)
{
	switch (code & 0xff) {
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return derived ? "it is damaged: stop misu and remove it; what"
				 " was in it is made anew"
			       : "it is damaged: restore the state directory"
				 " from one backup";
	case SQLITE_FULL:
		return "make room on its file system";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return "give misu's user write access to it and its directory";
	case SQLITE_BUSY:
		return "another process has it open";
	case SQLITE_IOERR:
		return "see the kernel's log about its disk";
	default:
		return NULL;
	}
}

static bool
complain(struct sqlite *sqlite, const char *what, struct fail *fail)
{
	const char *hint =
	    remedy(sqlite3_errcode(sqlite->db), sqlite->derived);

	fail_set(fail, FAIL_WORLD, "%s: %s", what, sqlite3_errmsg(sqlite->db));
	fail_place(fail, "%s", sqlite->path);
	if (hint != NULL)
		fail_hint(fail, "%s", hint);
	return false;
}

static bool
set_version(struct sqlite *sqlite, int version, struct fail *fail)
{
	sqlite3_stmt *stmt = NULL;
	char pragma[48];
	int found = 0;

	if (sqlite3_prepare_v2(sqlite->db, "PRAGMA user_version", -1, &stmt,
		NULL) != SQLITE_OK)
		return complain(sqlite, "cannot read the version", fail);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		found = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	if (found > version) {
		fail_set(fail, FAIL_WORLD,
		    "the database has version %d, this program knows %d",
		    found, version);
		fail_place(fail, "%s", sqlite->path);
		fail_hint(fail, "run the newer misu that wrote it");
		return false;
	}
	snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d", version);
	return found == version || sqlite_run(sqlite, pragma, fail);
}

/* Exclusive: no shared memory file, and one daemon per database. */
static const char exclusive[] =
    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;";

/*
 * Written by one, read by others meanwhile.  A commit that power loss takes
 * back is written again.
 */
static const char shared[] =
    "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=4000;";

static const char reading[] =
    "PRAGMA busy_timeout=5000; PRAGMA query_only=ON;"
    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=1073741824;";

/* How it is opened, and what it is to misu. */
struct manner {
	const char *pragmas;
	int flags;
	bool derived;
};

enum { MAKE = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE };

static struct sqlite *
open_as(const char *path, const struct manner *manner, struct fail *fail)
{
	struct sqlite *sqlite = calloc(1, sizeof(*sqlite));

	if (sqlite == NULL) {
		fail_memory(fail);
		return NULL;
	}
	sqlite->derived = manner->derived;
	snprintf(sqlite->path, sizeof(sqlite->path), "%s", path);
	if (sqlite3_open_v2(path, &sqlite->db,
		manner->flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		complain(sqlite, "cannot open the database", fail);
	else {
		sqlite3_extended_result_codes(sqlite->db, 1);
		if (sqlite_run(sqlite, manner->pragmas, fail))
			return sqlite;
	}
	sqlite_close(sqlite);
	return NULL;
}

static struct sqlite *
open_and_make(const char *path, const struct manner *manner,
    const char *schema, int version, struct fail *fail)
{
	struct sqlite *sqlite = open_as(path, manner, fail);

	if (sqlite == NULL)
		return NULL;
	if (set_version(sqlite, version, fail) &&
	    sqlite_run(sqlite, schema, fail))
		return sqlite;
	sqlite_close(sqlite);
	return NULL;
}

struct sqlite *
sqlite_open(
    const char *path, const char *schema, int version, struct fail *fail)
{
	const struct manner manner = {exclusive, MAKE, false};

	return open_and_make(path, &manner, schema, version, fail);
}

struct sqlite *
sqlite_open_derived(
    const char *path, const char *schema, int version, struct fail *fail)
{
	const struct manner manner = {exclusive, MAKE, true};

	return open_and_make(path, &manner, schema, version, fail);
}

struct sqlite *
sqlite_open_shared(
    const char *path, const char *schema, int version, struct fail *fail)
{
	const struct manner manner = {shared, MAKE, true};

	return open_and_make(path, &manner, schema, version, fail);
}

struct sqlite *
sqlite_open_reader(const char *path, struct fail *fail)
{
	const struct manner manner = {reading, SQLITE_OPEN_READWRITE, true};

	return open_as(path, &manner, fail);
}

void
sqlite_close(struct sqlite *sqlite)
{
	if (sqlite == NULL)
		return;
	for (size_t i = 0; i < sqlite->count; i++)
		sqlite3_finalize(sqlite->statements[i].stmt);
	sqlite3_close(sqlite->db);
	free(sqlite);
}

bool
sqlite_run(struct sqlite *sqlite, const char *sql, struct fail *fail)
{
	if (sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return complain(sqlite, "the database failed", fail);
	return true;
}

struct statement *
sqlite_prepare(struct sqlite *sqlite, const char *sql, struct fail *fail)
{
	struct statement *statement = &sqlite->statements[sqlite->count];

	if (sqlite->count == STATEMENTS_MAX) {
		fail_set(fail, FAIL_WORLD, "too many prepared statements");
		return NULL;
	}
	if (sqlite3_prepare_v3(sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&statement->stmt, NULL) != SQLITE_OK) {
		complain(sqlite, "cannot prepare a statement", fail);
		return NULL;
	}
	statement->sqlite = sqlite;
	sqlite->count++;
	return statement;
}

bool
sqlite_prepare_all(struct sqlite *sqlite, const struct statement_wanted *all,
    size_t count, struct fail *fail)
{
	for (size_t i = 0; i < count; i++) {
		*all[i].to = sqlite_prepare(sqlite, all[i].sql, fail);
		if (*all[i].to == NULL)
			return false;
	}
	return true;
}

void
statement_bind_number(struct statement *statement, int at, int64_t n)
{
	sqlite3_bind_int64(statement->stmt, at, n);
}

void
statement_bind_text(struct statement *statement, int at, struct slice text)
{
	sqlite3_bind_text(statement->stmt, at, text.len ? text.data : "",
	    (int)text.len, SQLITE_STATIC);
}

void
statement_bind_bytes(
    struct statement *statement, int at, const void *bytes, size_t len)
{
	sqlite3_bind_blob(
	    statement->stmt, at, len ? bytes : "", (int)len, SQLITE_STATIC);
}

void
statement_bind_copy(
    struct statement *statement, int at, const void *bytes, size_t len)
{
	sqlite3_bind_blob(statement->stmt, at, len ? bytes : "", (int)len,
	    SQLITE_TRANSIENT);
}

bool
statement_step(struct statement *statement, bool *row, struct fail *fail)
{
	int code = sqlite3_step(statement->stmt);

	*row = code == SQLITE_ROW;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return complain(
		    statement->sqlite, "the database failed", fail);
	return true;
}

bool
statement_do(struct statement *statement, struct fail *fail)
{
	bool row, ok = statement_step(statement, &row, fail);

	statement_reset(statement);
	return ok;
}

void
statement_reset(struct statement *statement)
{
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
}

int64_t
statement_number(struct statement *statement, int column)
{
	return sqlite3_column_int64(statement->stmt, column);
}

struct slice
statement_bytes(struct statement *statement, int column)
{
	const void *bytes = sqlite3_column_blob(statement->stmt, column);
	int len = sqlite3_column_bytes(statement->stmt, column);

	return (struct slice){bytes != NULL ? bytes : "", (size_t)len};
}

static int
commit_begins(void *context)
{
	struct sqlite *sqlite = context;

	sqlite->watch.changing(sqlite->watch.context);
	return 0;
}

/* It stands in the place of the hook that checkpoints, and does so too. */
static int
commit_is_seen(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite *sqlite = context;

	sqlite->watch.changed(sqlite->watch.context);
	if (pages >= LOG_PAGES)
		sqlite3_wal_checkpoint_v2(
		    db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return SQLITE_OK;
}

static void
rolled_back(void *context)
{
	struct sqlite *sqlite = context;

	sqlite->watch.changed(sqlite->watch.context);
}

void
sqlite_watch(struct sqlite *sqlite, const struct sqlite_watch *watch)
{
	sqlite->watch = *watch;
	sqlite3_commit_hook(sqlite->db, commit_begins, sqlite);
	sqlite3_rollback_hook(sqlite->db, rolled_back, sqlite);
	sqlite3_wal_hook(sqlite->db, commit_is_seen, sqlite);
}

int64_t
sqlite_last_id(struct sqlite *sqlite)
{
	return sqlite3_last_insert_rowid(sqlite->db);
}

int
sqlite_changes(struct sqlite *sqlite)
{
	return sqlite3_changes(sqlite->db);
}

bool
sqlite_checkpoint(struct sqlite *sqlite, bool cut, struct fail *fail)
{
	if (sqlite3_wal_checkpoint_v2(sqlite->db, NULL,
		cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART,
		NULL, NULL) != SQLITE_OK)
		return complain(sqlite, "cannot empty the log", fail);
	return true;
}

int64_t
sqlite_log_size(struct sqlite *sqlite)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;

	if (sqlite3_file_control(sqlite->db, "main",
		SQLITE_FCNTL_JOURNAL_POINTER, (void *)&file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return 0;
	return size;
}

bool
sqlite_scrub(struct sqlite *sqlite, struct fail *fail)
{
	char fill[80];
	int64_t bytes;

	if (!sqlite_checkpoint(sqlite, false, fail))
		return false;
	bytes = sqlite_log_size(sqlite);
	snprintf(fill, sizeof(fill),
	    "INSERT OR REPLACE INTO scrub VALUES (1, zeroblob(%lld))",
	    (long long)bytes);
	return (bytes == 0 ||
		   (sqlite_run(sqlite,
			"CREATE TABLE IF NOT EXISTS scrub"
			" (one INTEGER PRIMARY KEY, bytes BLOB)",
			fail) &&
		       sqlite_run(sqlite, fill, fail) &&
		       sqlite_run(sqlite, "DELETE FROM scrub", fail))) &&
	    sqlite_checkpoint(sqlite, true, fail);
}

bool
sqlite_copy(struct sqlite *sqlite, const char *path, struct fail *fail)
{
	sqlite3_backup *backup = NULL;
	sqlite3 *to = NULL;
	bool ok;

	ok = sqlite3_open_v2(path, &to,
		 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) ==
	    SQLITE_OK;
	if (ok)
		backup = sqlite3_backup_init(to, "main", sqlite->db, "main");
	ok = backup != NULL && sqlite3_backup_step(backup, -1) == SQLITE_DONE;
	if (backup != NULL && sqlite3_backup_finish(backup) != SQLITE_OK)
		ok = false;
	if (!ok) {
		fail_set(fail, FAIL_WORLD, "cannot copy the database: %s",
		    to != NULL ? sqlite3_errmsg(to) : "no memory");
		fail_place(fail, "%s", path);
	}
	sqlite3_close(to);
	return ok;
}

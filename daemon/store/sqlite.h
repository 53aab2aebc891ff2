/*
 * SQLite, as much of it as misu needs and in this one file: WAL, every commit
 * synced, statements prepared once.  Errors become a fail that names the
 * database file; FAIL_WORLD, for SQLite only fails where the disk does.
 */
#ifndef MISU_SQLITE_H
#define MISU_SQLITE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

struct sqlite;
struct statement;

/*
 * Opens or creates, then runs `schema` (CREATE … IF NOT EXISTS).  `version`
 * is kept in user_version: a file of a newer version is refused.
 */
struct sqlite *sqlite_open(
    const char *path, const char *schema, int version, struct fail *fail);
/* The same, of what can be made anew: damage is said to cost nothing. */
struct sqlite *sqlite_open_derived(
    const char *path, const char *schema, int version, struct fail *fail);
/*
 * As that, for one who writes and others who read beside it.  What a commit
 * wrote may be taken back by a power loss, whole commits from the last on.
 */
struct sqlite *sqlite_open_shared(
    const char *path, const char *schema, int version, struct fail *fail);
/* For one of those others.  It must exist; its version is the caller's. */
struct sqlite *sqlite_open_reader(const char *path, struct fail *fail);
/* All statements are finalized with it.  NULL-safe. */
void sqlite_close(struct sqlite *sqlite);

bool sqlite_run(struct sqlite *sqlite, const char *sql, struct fail *fail);

/* Prepared for the life of the database; at most 96 of them. */
struct statement *sqlite_prepare(
    struct sqlite *sqlite, const char *sql, struct fail *fail);

/* A table of them. */
struct statement_wanted {
	struct statement **to;
	const char *sql;
};
bool sqlite_prepare_all(struct sqlite *sqlite,
    const struct statement_wanted *all, size_t count, struct fail *fail);

/* Parameters count from 1.  Bytes are borrowed until the next reset. */
void statement_bind_number(struct statement *statement, int at, int64_t n);
void statement_bind_text(
    struct statement *statement, int at, struct slice text);
void statement_bind_bytes(
    struct statement *statement, int at, const void *bytes, size_t len);

/* The same, copied at once. */
void statement_bind_copy(
    struct statement *statement, int at, const void *bytes, size_t len);

/* One step: *row tells whether there is a row to read. */
bool statement_step(
    struct statement *statement, bool *row, struct fail *fail);
/* For statements without rows: step, then reset. */
bool statement_do(struct statement *statement, struct fail *fail);
/* Ready for the next use; parameters are forgotten. */
void statement_reset(struct statement *statement);

/* Columns count from 0; bytes are borrowed until the next step. */
int64_t statement_number(struct statement *statement, int column);
struct slice statement_bytes(struct statement *statement, int column);

/* All that is in the log goes to the database; the log is cut if asked. */
bool sqlite_checkpoint(struct sqlite *sqlite, bool cut, struct fail *fail);
/* Bytes of the log's file. */
/*
 * Nothing of what was deleted is left in the files: the log of changes is
 * written over before it is cut.
 */
bool sqlite_scrub(struct sqlite *sqlite, struct fail *fail);

int64_t sqlite_log_size(struct sqlite *sqlite);
/* A copy of all there is now, in a file that must not exist. */
bool sqlite_copy(struct sqlite *sqlite, const char *path, struct fail *fail);

/*
 * Calls back before a commit begins to be seen by others, and when it is (or
 * was taken back); at most one who watches, borrowed until the close.
 */
struct sqlite_watch {
	void (*changing)(void *context);
	void (*changed)(void *context);
	void *context;
};
void sqlite_watch(struct sqlite *sqlite, const struct sqlite_watch *watch);

int64_t sqlite_last_id(struct sqlite *sqlite);
int sqlite_changes(struct sqlite *sqlite);

#endif

#include "store/approvals.h"

struct approvals {
	struct statement *find, *put, *remove, *remove_all, *prune, *each;
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS approval (matter TEXT NOT NULL,"
    " about TEXT NOT NULL, actor TEXT NOT NULL, time INTEGER NOT NULL,"
    " PRIMARY KEY (matter, about)) WITHOUT ROWID;";

struct approvals *
approvals_open(struct sqlite *db, struct fail *fail)
{
	struct approvals *approvals = calloc(1, sizeof(*approvals));

	if (approvals == NULL) {
		fail_memory(fail);
		return NULL;
	}
	if (!sqlite_run(db, schema, fail)) {
		approvals_close(approvals);
		return NULL;
	}
	approvals->find = sqlite_prepare(db,
	    "SELECT matter, about, actor, time FROM approval"
	    " WHERE matter = ? AND about = ?",
	    fail);
	approvals->put = sqlite_prepare(
	    db, "INSERT OR REPLACE INTO approval VALUES (?,?,?,?)", fail);
	approvals->remove = sqlite_prepare(
	    db, "DELETE FROM approval WHERE matter = ? AND about = ?", fail);
	approvals->remove_all =
	    sqlite_prepare(db, "DELETE FROM approval WHERE matter = ?", fail);
	approvals->prune =
	    sqlite_prepare(db, "DELETE FROM approval WHERE time < ?", fail);
	approvals->each = sqlite_prepare(db,
	    "SELECT matter, about, actor, time FROM approval ORDER BY time",
	    fail);
	if (approvals->find != NULL && approvals->put != NULL &&
	    approvals->remove != NULL && approvals->remove_all != NULL &&
	    approvals->prune != NULL &&
	    approvals->each != NULL)
		return approvals;
	approvals_close(approvals);
	return NULL;
}

void
approvals_close(struct approvals *approvals)
{
	free(approvals);
}

static bool
read_one(struct statement *s, struct arena *arena, struct approval *out,
    struct fail *fail)
{
	*out = (struct approval){
	    .matter = arena_copy(arena, statement_bytes(s, 0)),
	    .about = arena_copy(arena, statement_bytes(s, 1)),
	    .actor = arena_copy(arena, statement_bytes(s, 2)),
	    .time = statement_number(s, 3)};
	return (out->matter.data != NULL && out->about.data != NULL &&
		   out->actor.data != NULL) ||
	       fail_memory(fail);
}

bool
approvals_find(struct approvals *approvals, struct arena *arena,
    struct slice matter, struct slice about, struct approval *out,
    struct fail *fail)
{
	struct statement *s = approvals->find;
	bool row = false, found;

	statement_bind_text(s, 1, matter);
	statement_bind_text(s, 2, about);
	found = statement_step(s, &row, fail) && row &&
		read_one(s, arena, out, fail);
	statement_reset(s);
	return found;
}

bool
approvals_put(struct approvals *approvals, const struct approval *approval,
    struct fail *fail)
{
	statement_bind_text(approvals->put, 1, approval->matter);
	statement_bind_text(approvals->put, 2, approval->about);
	statement_bind_text(approvals->put, 3, approval->actor);
	statement_bind_number(approvals->put, 4, approval->time);
	return statement_do(approvals->put, fail);
}

bool
approvals_remove(struct approvals *approvals, struct slice matter,
    struct slice about, struct fail *fail)
{
	statement_bind_text(approvals->remove, 1, matter);
	statement_bind_text(approvals->remove, 2, about);
	return statement_do(approvals->remove, fail);
}

bool
approvals_prune(struct approvals *approvals, int64_t before, struct fail *fail)
{
	statement_bind_number(approvals->prune, 1, before);
	return statement_do(approvals->prune, fail);
}

bool
approvals_each(struct approvals *approvals, struct arena *arena,
    bool (*visit)(void *arg, const struct approval *approval), void *arg,
    struct fail *fail)
{
	struct statement *s = approvals->each;
	struct approval approval;
	bool row, ok;

	while ((ok = statement_step(s, &row, fail)) && row) {
		ok = read_one(s, arena, &approval, fail);
		if (!ok || !visit(arg, &approval))
			break;
	}
	statement_reset(s);
	return ok;
}

bool
approvals_remove_all(
    struct approvals *approvals, struct slice matter, struct fail *fail)
{
	statement_bind_text(approvals->remove_all, 1, matter);
	return statement_do(approvals->remove_all, fail);
}

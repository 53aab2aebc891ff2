/*
 * The spool's part of forgetting: which subjects are being forgotten, and
 * rows that go with all that SQLite keeps of them.
 */
#include "store/spool_priv.h"

bool
spool_forget_prepare(struct spool *spool, struct fail *fail)
{
	struct spool_forget_statements *f = &spool->forget;
	const struct statement_wanted all[] = {
	    {&f->page, "SELECT id, state, entry FROM item WHERE id > ?"
		       " ORDER BY id LIMIT ?"},
	    {&f->page_open,
		"SELECT id, state, entry FROM item WHERE id > ?"
		" AND state IN (0,1,2,3,4,9) ORDER BY id LIMIT ?"},
	    {&f->drop_request, "DELETE FROM request WHERE submission ="
			       " (SELECT submission FROM item WHERE id = ?)"},
	    {&f->drop_item, "DELETE FROM item WHERE id = ?"},
	    {&f->drop_orphans,
		"DELETE FROM request WHERE NOT EXISTS (SELECT 1 FROM item"
		" WHERE item.submission = request.submission)"},
	    {&f->set, "INSERT OR REPLACE INTO forgetting (slot, pseudonym, due,"
		      " phase) VALUES (?,?,?,?)"},
	    {&f->get, "SELECT slot, pseudonym, due, phase FROM forgetting"
		      " WHERE slot = ?"},
	    {&f->each, "SELECT slot, pseudonym, due, phase FROM forgetting"
		       " ORDER BY phase DESC, due LIMIT 1"},
	    {&f->end, "DELETE FROM forgetting WHERE slot = ?"},
	    {&f->oldest,
		"SELECT min(entry) FROM item WHERE state IN (0,1,2,3,4,9)"},
	    {&f->fill,
		"INSERT OR REPLACE INTO forgetting (slot, pseudonym, due,"
		" phase) VALUES (-1, zeroblob(?), 0, -1)"},
	    {&f->unfill, "DELETE FROM forgetting WHERE slot = -1"},
	};

	return sqlite_prepare_all(
	    spool->db, all, sizeof(all) / sizeof(*all), fail);
}

static bool
read_page(struct statement *s, int64_t after, struct spool_row *rows,
    size_t *count, struct fail *fail)
{
	bool row = false, ok;

	*count = 0;
	statement_bind_number(s, 1, after);
	statement_bind_number(s, 2, SPOOL_PAGE);
	while ((ok = statement_step(s, &row, fail)) && row)
		rows[(*count)++] =
		    (struct spool_row){.id = statement_number(s, 0),
			.state = (enum spool_state)statement_number(s, 1),
			.entry = (uint64_t)statement_number(s, 2)};
	statement_reset(s);
	return ok;
}

bool
spool_page(struct spool *spool, int64_t after, struct spool_row *rows,
    size_t *count, struct fail *fail)
{
	return read_page(spool->forget.page, after, rows, count, fail);
}

bool
spool_page_open(struct spool *spool, int64_t after, struct spool_row *rows,
    size_t *count, struct fail *fail)
{
	return read_page(spool->forget.page_open, after, rows, count, fail);
}

bool
spool_drop(struct spool *spool, int64_t id, struct fail *fail)
{
	bool ok = spool_begin(spool, fail);

	if (!ok)
		return false;
	statement_bind_number(spool->forget.drop_request, 1, id);
	statement_bind_number(spool->forget.drop_item, 1, id);
	ok = spool_told_end(spool, id, SPOOL_SUPERSEDED, fail) &&
	     statement_do(spool->forget.drop_request, fail) &&
	     statement_do(spool->forget.drop_item, fail) &&
	     spool_commit(spool, fail);
	if (!ok)
		spool_rollback(spool);
	return ok;
}

/*
 * What was in the log of changes is written over before it is cut: it begins
 * anew at its front after a checkpoint, and is filled to its end.
 */
static bool
overwrite_wal(struct spool *spool, struct fail *fail)
{
	int64_t bytes = sqlite_log_size(spool->db);

	if (bytes == 0)
		return true;
	statement_bind_number(spool->forget.fill, 1, bytes);
	return statement_do(spool->forget.fill, fail) &&
	       statement_do(spool->forget.unfill, fail);
}

bool
spool_scrub(struct spool *spool, struct fail *fail)
{
	return statement_do(spool->forget.drop_orphans, fail) &&
	       sqlite_checkpoint(spool->db, false, fail) &&
	       overwrite_wal(spool, fail) &&
	       sqlite_checkpoint(spool->db, true, fail);
}

uint64_t
spool_oldest(struct spool *spool)
{
	struct statement *s = spool->forget.oldest;
	uint64_t oldest = UINT64_MAX;
	bool row = false;

	if (statement_step(s, &row, NULL) && row &&
	    statement_bytes(s, 0).len != 0)
		oldest = (uint64_t)statement_number(s, 0);
	statement_reset(s);
	return oldest;
}

bool
spool_set_forgetting(
    struct spool *spool, const struct forgetting *forgetting, struct fail *fail)
{
	struct statement *s = spool->forget.set;

	statement_bind_number(s, 1, forgetting->slot);
	statement_bind_bytes(s, 2, forgetting->pseudonym, PSEUDONYM_SIZE);
	statement_bind_number(s, 3, forgetting->due);
	statement_bind_number(s, 4, forgetting->phase);
	return statement_do(s, fail);
}

static bool
read_forgetting(struct statement *s, struct forgetting *out, struct fail *fail)
{
	bool row = false, ok = statement_step(s, &row, fail);

	if (ok && row) {
		struct slice pseudonym = statement_bytes(s, 1);

		*out = (struct forgetting){
		    .slot = (uint32_t)statement_number(s, 0),
		    .due = statement_number(s, 2),
		    .phase = (enum forget_phase)statement_number(s, 3)};
		if (pseudonym.len == PSEUDONYM_SIZE)
			memcpy(out->pseudonym, pseudonym.data, PSEUDONYM_SIZE);
	}
	statement_reset(s);
	return ok && row;
}

bool
spool_get_forgetting(struct spool *spool, uint32_t slot, struct forgetting *out,
    struct fail *fail)
{
	statement_bind_number(spool->forget.get, 1, slot);
	return read_forgetting(spool->forget.get, out, fail);
}

bool
spool_next_forgetting(
    struct spool *spool, struct forgetting *out, struct fail *fail)
{
	return read_forgetting(spool->forget.each, out, fail);
}

bool
spool_end_forgetting(struct spool *spool, uint32_t slot, struct fail *fail)
{
	statement_bind_number(spool->forget.end, 1, slot);
	return statement_do(spool->forget.end, fail);
}

bool
spool_copy(struct spool *spool, const char *path, struct fail *fail)
{
	return sqlite_copy(spool->db, path, fail);
}

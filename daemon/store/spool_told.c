/*
 * What recipients hold.  An item of which it is known has a row of its own
 * while it is on its way ("telling"); when it is done, that becomes what its
 * recipient holds ("told"), in the same transaction: neither is ever without
 * the other, whatever fails.
 */
#include "store/spool_priv.h"

bool
spool_told_prepare(struct spool *spool, struct fail *fail)
{
	struct spool_told_statements *t = &spool->told;
	const struct statement_wanted all[] = {
	    {&t->any, "SELECT 1 FROM telling LIMIT 1"},
	    {&t->add, "INSERT INTO telling (item, told) VALUES (?,?)"},
	    {&t->end, "DELETE FROM telling WHERE item = ?"},
	    {&t->find,
		"SELECT object_hash, recipient, purpose, entry, told,"
		" attempts <> 0 OR state IN (1, 2) FROM telling"
		" JOIN item ON item.id = telling.item WHERE telling.item = ?"},
	    {&t->keep,
		"INSERT OR REPLACE INTO told (object, recipient, purpose,"
		" entry, told, doubtful) VALUES (?,?,?,?,?,0)"},
	    {&t->doubt, "UPDATE told SET doubtful = 1 WHERE object = ?"
			" AND recipient = ? AND purpose = ?"},
	    {&t->doubt_all, "UPDATE told SET doubtful = 1"},
	    {&t->remove, "DELETE FROM told WHERE object = ?"
			 " AND recipient = ? AND purpose = ?"},
	    {&t->get, "SELECT told, doubtful FROM told WHERE object = ?"
		      " AND recipient = ? AND purpose = ?"},
	    {&t->move, "UPDATE told SET entry = ? WHERE entry = ?"},
	    {&t->page, "SELECT entry FROM told WHERE entry > ?"
		       " ORDER BY entry LIMIT ?"},
	    {&t->drop, "DELETE FROM told WHERE entry = ?"},
	};
	bool ok = sqlite_prepare_all(
	    spool->db, all, sizeof(all) / sizeof(*all), fail);

	if (ok)
		ok = statement_step(t->any, &spool->tells, fail);
	if (ok)
		statement_reset(t->any);
	return ok;
}

bool
spool_told_begin(
    struct spool *spool, const struct spool_item *item, struct fail *fail)
{
	if (item->told.len == 0)
		return true;
	spool->tells = true;
	statement_bind_number(spool->told.add, 1, item->id);
	statement_bind_bytes(
	    spool->told.add, 2, item->told.bytes, item->told.len);
	return statement_do(spool->told.add, fail);
}

/* The statement for how it ended, or NULL: nothing is known but before. */
static struct statement *
ending(
    struct spool *spool, enum spool_state state, struct slice told, bool left)
{
	if (state == SPOOL_DONE)
		return told.len == SPOOL_TOLD_NOTHING ? spool->told.remove
						      : spool->told.keep;
	return left && (state == SPOOL_REFUSED || state == SPOOL_GIVEN_UP)
		   ? spool->told.doubt
		   : NULL;
}

static void
bind_copy(struct statement *to, int at, struct slice bytes)
{
	statement_bind_copy(to, at, bytes.data, bytes.len);
}

static bool
end_as(struct spool *spool, struct statement *row, enum spool_state state,
    struct fail *fail)
{
	struct slice told = statement_bytes(row, 4);
	struct statement *s =
	    ending(spool, state, told, statement_number(row, 5) != 0);

	if (s == NULL)
		return true;
	bind_copy(s, 1, statement_bytes(row, 0));
	statement_bind_text(s, 2, statement_bytes(row, 1));
	statement_bind_text(s, 3, statement_bytes(row, 2));
	if (s == spool->told.keep) {
		statement_bind_number(s, 4, statement_number(row, 3));
		bind_copy(s, 5, told);
	}
	return statement_do(s, fail);
}

bool
spool_told_end(
    struct spool *spool, int64_t id, enum spool_state state, struct fail *fail)
{
	struct statement *find = spool->told.find;
	bool row, ok;

	if (!spool->tells)
		return true;
	statement_bind_number(find, 1, id);
	ok = statement_step(find, &row, fail) &&
	     (!row || end_as(spool, find, state, fail));
	statement_reset(find);
	if (!ok || !row)
		return ok;
	statement_bind_number(spool->told.end, 1, id);
	return statement_do(spool->told.end, fail);
}

bool
spool_get_held(struct spool *spool, const struct spool_item *target,
    struct spool_held *out, struct fail *fail)
{
	struct digest hash =
	    spool_object_hash(spool, target->object_type, target->object);
	struct statement *s = spool->told.get;
	struct slice told;
	bool row = false, ok;

	*out = (struct spool_held){.is_known = false};
	statement_bind_bytes(s, 1, hash.bytes, DIGEST_SIZE);
	statement_bind_text(s, 2, target->recipient);
	statement_bind_text(s, 3, target->purpose);
	ok = statement_step(s, &row, fail);
	if (ok && row) {
		told = statement_bytes(s, 0);
		out->is_known = true;
		out->is_doubtful = statement_number(s, 1) != 0;
		if (told.len <= SPOOL_TOLD) {
			out->told.len = told.len;
			memcpy(out->told.bytes, told.data, told.len);
		}
	}
	statement_reset(s);
	return ok;
}

bool
spool_doubt_held(struct spool *spool, struct fail *fail)
{
	return statement_do(spool->told.doubt_all, fail);
}

bool
spool_move_held(
    struct spool *spool, uint64_t from, uint64_t to, struct fail *fail)
{
	statement_bind_number(spool->told.move, 1, (int64_t)to);
	statement_bind_number(spool->told.move, 2, (int64_t)from);
	return statement_do(spool->told.move, fail);
}

bool
spool_page_held(struct spool *spool, int64_t after, uint64_t *entries,
    size_t *count, struct fail *fail)
{
	struct statement *s = spool->told.page;
	bool row = false, ok;

	*count = 0;
	statement_bind_number(s, 1, after);
	statement_bind_number(s, 2, SPOOL_PAGE);
	while ((ok = statement_step(s, &row, fail)) && row)
		entries[(*count)++] = (uint64_t)statement_number(s, 0);
	statement_reset(s);
	return ok;
}

bool
spool_drop_held(struct spool *spool, uint64_t entry, struct fail *fail)
{
	statement_bind_number(spool->told.drop, 1, (int64_t)entry);
	return statement_do(spool->told.drop, fail);
}

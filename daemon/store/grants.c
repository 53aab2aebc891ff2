#include "store/grants.h"

#include "store/secretly.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS request_grant ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER NOT NULL,"
    " token BLOB NOT NULL UNIQUE, recipient TEXT NOT NULL,"
    " purpose TEXT NOT NULL, granted INTEGER NOT NULL,"
    " until INTEGER NOT NULL, answers INTEGER NOT NULL,"
    " used INTEGER NOT NULL, revoked INTEGER NOT NULL,"
    " from_where BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS request_grant_case ON request_grant"
    " (case_id);"
    "CREATE TABLE IF NOT EXISTS request_object ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, grant_id INTEGER NOT NULL,"
    " name BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS request_object_grant ON request_object"
    " (grant_id);"
    "CREATE TABLE IF NOT EXISTS request_answer ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, grant_id INTEGER NOT NULL,"
    " first INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS request_terms ("
    " grant_id INTEGER PRIMARY KEY, terms BLOB NOT NULL,"
    " outdated INTEGER NOT NULL);";

#define COLUMNS                                                                \
	"g.id, g.case_id, g.token, g.recipient, g.purpose, g.granted,"         \
	" g.until, g.answers, g.used, g.revoked, g.from_where,"                \
	" coalesce(c.state = 0, 0), t.terms, coalesce(t.outdated, 0)"
#define FROM                                                                   \
	" FROM request_grant g LEFT JOIN request_case c ON c.id = g.case_id"   \
	" LEFT JOIN request_terms t ON t.grant_id = g.id"

struct grants {
	struct sqlite *db;
	const struct random_source *random;
	uint8_t key[KEY_SIZE];
	struct statement *begin, *commit, *rollback, *add, *add_object,
	    *add_terms, *outdated, *find, *each, *objects, *revoke, *count,
	    *add_answer, *end_answer, *next_answer, *next_object, *drop_object,
	    *old, *prune, *prune_objects, *prune_terms;
};

enum { PRUNED_AT_ONCE = 256 };

static bool
prepare_all(struct grants *g, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&g->begin, "BEGIN IMMEDIATE"},
	    {&g->commit, "COMMIT"},
	    {&g->rollback, "ROLLBACK"},
	    {&g->add,
		"INSERT INTO request_grant (case_id, token, recipient, purpose,"
		" granted, until, answers, used, revoked, from_where)"
		" VALUES (?,?,?,?,?,?,?,0,0,?)"},
	    {&g->add_object,
		"INSERT INTO request_object (grant_id, name) VALUES (?,?)"},
	    {&g->add_terms, "INSERT INTO request_terms (grant_id, terms,"
			    " outdated) VALUES (?,?,0)"},
	    {&g->outdated, "INSERT INTO request_terms (grant_id, terms,"
			   " outdated) VALUES (?, x'', 1)"
			   " ON CONFLICT (grant_id) DO UPDATE SET outdated = 1"},
	    {&g->find, "SELECT " COLUMNS FROM " WHERE g.token = ?"},
	    {&g->each,
		"SELECT " COLUMNS FROM " WHERE g.case_id = ? ORDER BY g.id"},
	    {&g->objects, "SELECT name FROM request_object WHERE grant_id = ?"
			  " ORDER BY id"},
	    {&g->revoke,
		"UPDATE request_grant SET revoked = 1 WHERE case_id = ?1"
		" AND revoked = 0 AND (?2 = 0 OR id = ?2)"},
	    {&g->count, "UPDATE request_grant SET used = used + 1"
			" WHERE id = ? AND used < answers"},
	    {&g->add_answer, "INSERT INTO request_answer (grant_id, first)"
			     " VALUES (?,?)"},
	    {&g->end_answer, "DELETE FROM request_answer WHERE id = ?"},
	    {&g->next_answer, "SELECT id, first FROM request_answer"
			      " WHERE id > ? ORDER BY id LIMIT 1"},
	    {&g->next_object, "SELECT id, name FROM request_object"
			      " WHERE id > ? ORDER BY id LIMIT 1"},
	    {&g->drop_object, "DELETE FROM request_object WHERE id = ?"},
	    {&g->old, "SELECT id FROM request_grant g WHERE until < ?"
		      " AND NOT EXISTS (SELECT 1 FROM request_answer"
		      " WHERE grant_id = g.id) ORDER BY id LIMIT 1"},
	    {&g->prune, "DELETE FROM request_grant WHERE id = ?"},
	    {&g->prune_objects,
		"DELETE FROM request_object WHERE grant_id = ?"},
	    {&g->prune_terms, "DELETE FROM request_terms WHERE grant_id = ?"},
	};

	return sqlite_prepare_all(
	    g->db, all, sizeof(all) / sizeof(*all), fail);
}

struct grants *
grants_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail)
{
	struct grants *grants = calloc(1, sizeof(*grants));

	if (grants == NULL) {
		fail_memory(fail);
		return NULL;
	}
	grants->db = db;
	grants->random = random;
	keys_derive(keys, "grants", grants->key);
	if (sqlite_run(db, schema, fail) && prepare_all(grants, fail))
		return grants;
	grants_close(grants);
	return NULL;
}

void
grants_close(struct grants *grants)
{
	if (grants == NULL)
		return;
	digest_wipe(grants, sizeof(*grants));
	free(grants);
}

static struct secretly
secretly(const struct grants *grants)
{
	return (struct secretly){grants->key, grants->random, "grants"};
}

static bool
read_secret(const struct grants *grants, struct arena *arena,
    struct slice bytes, struct slice *out, struct fail *fail)
{
	struct secretly how = secretly(grants);

	return secretly_read(&how, arena, bytes, out, fail);
}

/* --- writing --- */

static bool
end_transaction(struct grants *grants, bool ok, struct fail *fail)
{
	ok = ok && statement_do(grants->commit, fail);
	if (!ok)
		statement_do(grants->rollback, NULL);
	return ok;
}

static bool
insert_grant(struct grants *grants, struct grant *grant, struct fail *fail)
{
	struct secretly how = secretly(grants);
	struct statement *s = grants->add;

	if (!secretly_bind(&how, s, 8, grant->from, fail))
		return false;
	statement_bind_number(s, 1, grant->case_id);
	statement_bind_bytes(s, 2, grant->token.bytes, DIGEST_SIZE);
	statement_bind_text(s, 3, grant->recipient);
	statement_bind_text(s, 4, grant->purpose);
	statement_bind_number(s, 5, grant->granted);
	statement_bind_number(s, 6, grant->until);
	statement_bind_number(s, 7, grant->answers);
	if (!statement_do(s, fail))
		return false;
	grant->id = sqlite_last_id(grants->db);
	return true;
}

static bool
insert_objects(
    struct grants *grants, const struct grant *grant, struct fail *fail)
{
	struct secretly how = secretly(grants);
	struct statement *s = grants->add_object;

	for (size_t i = 0; i < grant->object_count; i++) {
		if (!secretly_bind(&how, s, 2, grant->objects[i], fail))
			return false;
		statement_bind_number(s, 1, grant->id);
		if (!statement_do(s, fail))
			return false;
	}
	return true;
}

static bool
insert_terms(
    struct grants *grants, const struct grant *grant, struct fail *fail)
{
	struct statement *s = grants->add_terms;

	statement_bind_number(s, 1, grant->id);
	statement_bind_bytes(s, 2, grant->terms.bytes, DIGEST_SIZE);
	return statement_do(s, fail);
}

bool
grants_add(struct grants *grants, struct grant *grant, struct fail *fail)
{
	if (!statement_do(grants->begin, fail))
		return false;
	return end_transaction(grants,
	    insert_grant(grants, grant, fail) &&
		insert_objects(grants, grant, fail) &&
		insert_terms(grants, grant, fail),
	    fail);
}

bool
grants_revoke(struct grants *grants, int64_t case_id, int64_t id, int *count,
    struct fail *fail)
{
	statement_bind_number(grants->revoke, 1, case_id);
	statement_bind_number(grants->revoke, 2, id);
	*count = 0;
	if (!statement_do(grants->revoke, fail))
		return false;
	*count = sqlite_changes(grants->db);
	return true;
}

bool
grants_set_outdated(struct grants *grants, int64_t id, struct fail *fail)
{
	statement_bind_number(grants->outdated, 1, id);
	return statement_do(grants->outdated, fail);
}

/* --- reading --- */

static bool
read_grant(struct grants *grants, struct statement *s, struct arena *arena,
    struct grant *out, struct fail *fail)
{
	struct slice token = statement_bytes(s, 2);
	struct slice terms = statement_bytes(s, 12);

	out->id = statement_number(s, 0);
	out->case_id = statement_number(s, 1);
	out->recipient = arena_copy(arena, statement_bytes(s, 3));
	out->purpose = arena_copy(arena, statement_bytes(s, 4));
	out->granted = statement_number(s, 5);
	out->until = statement_number(s, 6);
	out->answers = statement_number(s, 7);
	out->used = statement_number(s, 8);
	out->is_revoked = statement_number(s, 9) != 0;
	out->is_open = statement_number(s, 11) != 0;
	out->is_outdated = statement_number(s, 13) != 0;
	out->object_count = 0;
	/* One that is older has none, and equals none. */
	out->terms = (struct digest){{0}};
	if (terms.len == DIGEST_SIZE)
		memcpy(out->terms.bytes, terms.data, DIGEST_SIZE);
	if (token.len != DIGEST_SIZE)
		return fail_set(
		    fail, FAIL_WORLD, "grants: the database is damaged");
	memcpy(out->token.bytes, token.data, DIGEST_SIZE);
	if (out->recipient.data == NULL || out->purpose.data == NULL)
		return fail_memory(fail);
	return read_secret(
	    grants, arena, statement_bytes(s, 10), &out->from, fail);
}

static bool
read_objects(struct grants *grants, struct arena *arena, struct grant *out,
    struct fail *fail)
{
	struct statement *s = grants->objects;
	bool row = false, ok;

	statement_bind_number(s, 1, out->id);
	while ((ok = statement_step(s, &row, fail)) && row &&
	       out->object_count < GRANT_OBJECTS_MAX) {
		ok = read_secret(grants, arena, statement_bytes(s, 0),
		    &out->objects[out->object_count], fail);
		if (!ok)
			break;
		out->object_count++;
	}
	statement_reset(s);
	return ok;
}

bool
grants_find(struct grants *grants, struct arena *arena,
    const struct digest *token, struct grant *out, struct fail *fail)
{
	struct statement *s = grants->find;
	bool row = false, found;

	statement_bind_bytes(s, 1, token->bytes, DIGEST_SIZE);
	found = statement_step(s, &row, fail) && row &&
		read_grant(grants, s, arena, out, fail);
	statement_reset(s);
	return found && read_objects(grants, arena, out, fail);
}

bool
grants_each(struct grants *grants, struct arena *arena, int64_t case_id,
    bool (*visit)(void *arg, const struct grant *grant), void *arg,
    struct fail *fail)
{
	struct statement *s = grants->each;
	struct grant *one = arena_take(arena, sizeof(*one));
	bool row = false, ok;

	if (one == NULL)
		return fail_memory(fail);
	statement_bind_number(s, 1, case_id);
	while ((ok = statement_step(s, &row, fail)) && row) {
		ok = read_grant(grants, s, arena, one, fail) &&
		     read_objects(grants, arena, one, fail);
		if (!ok || !visit(arg, one))
			break;
	}
	statement_reset(s);
	return ok;
}

/* --- answers --- */

static bool
count_answer(
    struct grants *grants, int64_t grant, bool *left, struct fail *fail)
{
	statement_bind_number(grants->count, 1, grant);
	*left = false;
	if (!statement_do(grants->count, fail))
		return false;
	*left = sqlite_changes(grants->db) == 1;
	return true;
}

bool
grants_begin_answer(struct grants *grants, int64_t grant, uint64_t first,
    int64_t *answer, struct fail *fail)
{
	bool left, ok;

	if (!statement_do(grants->begin, fail))
		return false;
	ok = count_answer(grants, grant, &left, fail) && left;
	statement_bind_number(grants->add_answer, 1, grant);
	statement_bind_number(grants->add_answer, 2, (int64_t)first);
	ok = ok && statement_do(grants->add_answer, fail);
	if (ok)
		*answer = sqlite_last_id(grants->db);
	return end_transaction(grants, ok, fail);
}

bool
grants_end_answer(struct grants *grants, int64_t answer, struct fail *fail)
{
	statement_bind_number(grants->end_answer, 1, answer);
	return statement_do(grants->end_answer, fail);
}

bool
grants_next_answer(struct grants *grants, int64_t *answer, uint64_t *first,
    bool *found, struct fail *fail)
{
	struct statement *s = grants->next_answer;
	bool ok;

	*found = false;
	statement_bind_number(s, 1, *answer);
	ok = statement_step(s, found, fail);
	if (ok && *found) {
		*answer = statement_number(s, 0);
		*first = (uint64_t)statement_number(s, 1);
	}
	statement_reset(s);
	return ok;
}

/* --- what is over --- */

static bool
find_old(struct grants *grants, int64_t before, int64_t *id, bool *found,
    struct fail *fail)
{
	bool ok;

	statement_bind_number(grants->old, 1, before);
	ok = statement_step(grants->old, found, fail);
	if (ok && *found)
		*id = statement_number(grants->old, 0);
	statement_reset(grants->old);
	return ok;
}

static bool
prune_one(struct grants *grants, int64_t id, struct fail *fail)
{
	statement_bind_number(grants->prune_objects, 1, id);
	if (!statement_do(grants->prune_objects, fail))
		return false;
	statement_bind_number(grants->prune_terms, 1, id);
	if (!statement_do(grants->prune_terms, fail))
		return false;
	statement_bind_number(grants->prune, 1, id);
	return statement_do(grants->prune, fail);
}

bool
grants_prune(
    struct grants *grants, int64_t before, bool *left, struct fail *fail)
{
	int64_t id = 0;
	bool ok;

	/* Nothing is written where there is nothing. */
	if (!find_old(grants, before, &id, left, fail))
		return false;
	if (!*left)
		return true;
	ok = statement_do(grants->begin, fail);
	if (!ok)
		return false;
	for (unsigned i = 0; ok && *left && i < PRUNED_AT_ONCE; i++)
		ok = prune_one(grants, id, fail) &&
		     find_old(grants, before, &id, left, fail);
	return end_transaction(grants, ok, fail);
}

/* --- forgetting --- */

bool
grants_next_object(struct grants *grants, struct arena *arena, int64_t *row,
    struct slice *object, bool *found, struct fail *fail)
{
	struct statement *s = grants->next_object;
	bool ok;

	*found = false;
	statement_bind_number(s, 1, *row);
	ok = statement_step(s, found, fail);
	if (ok && *found) {
		*row = statement_number(s, 0);
		ok = read_secret(
		    grants, arena, statement_bytes(s, 1), object, fail);
	}
	statement_reset(s);
	return ok;
}

bool
grants_drop_object(struct grants *grants, int64_t row, struct fail *fail)
{
	statement_bind_number(grants->drop_object, 1, row);
	return statement_do(grants->drop_object, fail);
}

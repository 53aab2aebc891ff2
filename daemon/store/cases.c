#include "store/cases.h"

#include "store/secretly.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS request_case ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, fee INTEGER NOT NULL, law INTEGER NOT NULL,"
    " opened INTEGER NOT NULL, due INTEGER NOT NULL, closed INTEGER NOT NULL,"
    " amount INTEGER NOT NULL, unit TEXT NOT NULL, verified INTEGER NOT NULL,"
    " has_basis INTEGER NOT NULL, pseudonym BLOB NOT NULL,"
    " subject BLOB NOT NULL, who BLOB NOT NULL, basis BLOB NOT NULL,"
    " asked BLOB NOT NULL);"
    "CREATE INDEX IF NOT EXISTS request_case_state ON request_case"
    " (state, due);"
    "CREATE INDEX IF NOT EXISTS request_case_subject ON request_case"
    " (pseudonym);"
    "CREATE TABLE IF NOT EXISTS request_step ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, case_id INTEGER NOT NULL,"
    " time INTEGER NOT NULL, actor TEXT NOT NULL, word TEXT NOT NULL,"
    " text BLOB NOT NULL, about INTEGER NOT NULL, entry INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS request_step_case ON request_step (case_id);"
    "CREATE INDEX IF NOT EXISTS request_step_open ON request_step (id)"
    " WHERE entry = -1;"
    "CREATE INDEX IF NOT EXISTS request_step_about ON request_step (about)"
    " WHERE about >= 0;"
    "CREATE TABLE IF NOT EXISTS ledger_seen ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO ledger_seen VALUES (1, -1);";

#define PLAIN_COLUMNS                                                          \
	"id, kind, state, fee, law, opened, due, closed, amount, unit,"        \
	" verified, has_basis"
#define STEP_COLUMNS "id, case_id, time, actor, word, about, entry"

struct cases {
	struct sqlite *db;
	const struct keys *keys;
	uint8_t key[KEY_SIZE];
	struct secretly secret; /* under that key */
	struct statement *begin, *commit, *rollback, *add, *now, *close, *charge, *verify,
	    *get, *each,
	    *add_step, *recorded, *each_step, *unrecorded, *count,
	    *forget_steps, *forget, *unnamed, *name, *given, *move, *wipe,
	    *seen, *set_seen;
};

static const char *const kinds[CASE_KINDS] = {
    [CASE_DISCLOSURE] = "disclosure",
    [CASE_CORRECTION] = "correction",
    [CASE_STOP] = "stop",
    [CASE_RECORD] = "record",
    [CASE_AUTHORITY] = "authority",
    [CASE_REGISTRY] = "registry",
};
static const char *const states[CASE_STATES] = {
    [CASE_OPEN] = "open",
    [CASE_ANSWERED] = "answered",
    [CASE_REFUSED] = "refused",
    [CASE_WITHDRAWN] = "withdrawn",
};
static const char *const fees[FEES] = {
    [FEE_NONE] = "none",
    [FEE_DUE] = "due",
    [FEE_PAID] = "paid",
    [FEE_WAIVED] = "waived",
};

static bool
prepare_all(struct cases *c, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&c->begin, "BEGIN IMMEDIATE"},
	    {&c->commit, "COMMIT"},
	    {&c->rollback, "ROLLBACK"},
	    {&c->add,
		"INSERT INTO request_case (kind, state, fee, law, opened, due,"
		" closed, amount, unit, verified, has_basis, pseudonym,"
		" subject, who, basis, asked)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
	    {&c->now, "SELECT state, subject = x'' FROM request_case"
		      " WHERE id = ?"},
	    {&c->close, "UPDATE request_case SET state = ?, closed = ?"
			" WHERE id = ?"},
	    {&c->charge, "UPDATE request_case SET fee = ?, amount = ?"
			 " WHERE id = ?"},
	    {&c->verify,
		"UPDATE request_case SET verified = 1 WHERE id = ?"},
	    {&c->get, "SELECT " PLAIN_COLUMNS ", subject, who, basis, asked"
		      " FROM request_case WHERE id = ?"},
	    {&c->each, "SELECT " PLAIN_COLUMNS " FROM request_case"
		       " ORDER BY state <> 0, due = 0, due, id"},
	    {&c->add_step,
		"INSERT INTO request_step (case_id, time, actor, word, text,"
		" about, entry) VALUES (?,?,?,?,?,?,-1)"},
	    {&c->recorded, "UPDATE request_step SET entry = ? WHERE id = ?"},
	    {&c->each_step, "SELECT " STEP_COLUMNS ", text FROM request_step"
			    " WHERE case_id = ? ORDER BY id"},
	    {&c->unrecorded,
		"SELECT " STEP_COLUMNS " FROM request_step WHERE entry = -1"
		" ORDER BY id"},
	    {&c->count, "SELECT kind, count(*), sum(due > 0 AND due <= ?1"
			" AND due > ?2), sum(due > 0 AND due <= ?2)"
			" FROM request_case WHERE state = 0 GROUP BY kind"},
	    {&c->forget_steps,
		"UPDATE request_step SET text = x'' WHERE case_id IN"
		" (SELECT id FROM request_case WHERE pseudonym = ?)"},
	    {&c->forget,
		"UPDATE request_case SET pseudonym = x'', subject = x'',"
		" who = x'', basis = x'', asked = x'' WHERE pseudonym = ?"},
	    {&c->unnamed,
		"SELECT id, subject FROM request_case WHERE id > ?"
		" AND pseudonym = x'' AND subject <> x''"
		" ORDER BY id LIMIT 1"},
	    {&c->name, "UPDATE request_case SET pseudonym = ? WHERE id = ?"},
	    {&c->given,
		"SELECT id, about FROM request_step WHERE id > ?"
		" AND about >= 0 AND text <> x'' ORDER BY id LIMIT 1"},
	    {&c->move, "UPDATE request_step SET about = ? WHERE about = ?"
		       " AND about >= 0"},
	    {&c->wipe, "UPDATE request_step SET text = x'' WHERE id = ?"},
	    /* Numbers that were given, also of what is gone. */
	    {&c->seen,
		"SELECT entry, ifnull((SELECT seq FROM sqlite_sequence"
		" WHERE name = 'request_step'), 0),"
		" ifnull((SELECT seq FROM sqlite_sequence"
		" WHERE name = 'stop'), 0) FROM ledger_seen"},
	    {&c->set_seen, "UPDATE ledger_seen SET entry = ?"},
	};

	return sqlite_prepare_all(
	    c->db, all, sizeof(all) / sizeof(*all), fail);
}

struct cases *
cases_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail)
{
	struct cases *cases = calloc(1, sizeof(*cases));

	if (cases == NULL) {
		fail_memory(fail);
		return NULL;
	}
	cases->db = db;
	cases->keys = keys;
	keys_derive(keys, "cases", cases->key);
	cases->secret = (struct secretly){cases->key, random, "cases"};
	if (sqlite_run(db, schema, fail) && prepare_all(cases, fail))
		return cases;
	cases_close(cases);
	return NULL;
}

void
cases_close(struct cases *cases)
{
	if (cases == NULL)
		return;
	digest_wipe(cases, sizeof(*cases));
	free(cases);
}

/* --- what stands encrypted --- */

/* What was forgotten is empty. */
static bool
read_secret(struct cases *cases, struct arena *arena, struct slice bytes,
    struct slice *out, struct fail *fail)
{
	*out = (struct slice){"", 0};
	return bytes.len == 0 ||
	       secretly_read(&cases->secret, arena, bytes, out, fail);
}

static void
bind_pseudonym(struct statement *s, int at, const struct case_row *row)
{
	statement_bind_copy(
	    s, at, row->pseudonym, row->has_pseudonym ? PSEUDONYM_SIZE : 0);
}

/* --- writing --- */

static bool
insert_row(struct cases *cases, struct case_row *row, struct fail *fail)
{
	struct statement *s = cases->add;

	if (!secretly_bind(&cases->secret, s, 13, row->subject, fail) ||
	    !secretly_bind(&cases->secret, s, 14, row->who, fail) ||
	    !secretly_bind(&cases->secret, s, 15, row->basis, fail) ||
	    !secretly_bind(&cases->secret, s, 16, row->asked, fail))
		return false;
	statement_bind_number(s, 1, row->kind);
	statement_bind_number(s, 2, row->state);
	statement_bind_number(s, 3, row->fee);
	statement_bind_number(s, 4, row->law);
	statement_bind_number(s, 5, row->opened);
	statement_bind_number(s, 6, row->due);
	statement_bind_number(s, 7, row->closed);
	statement_bind_number(s, 8, row->amount);
	statement_bind_text(s, 9, row->unit);
	statement_bind_number(s, 10, row->is_verified);
	statement_bind_number(s, 11, row->has_basis);
	bind_pseudonym(s, 12, row);
	if (!statement_do(s, fail))
		return false;
	row->id = sqlite_last_id(cases->db);
	return true;
}

static bool
insert_step(struct cases *cases, struct case_step *step, struct fail *fail)
{
	struct statement *s = cases->add_step;

	if (!secretly_bind(&cases->secret, s, 5, step->text, fail))
		return false;
	statement_bind_number(s, 1, step->case_id);
	statement_bind_number(s, 2, step->time);
	statement_bind_text(s, 3, step->actor);
	statement_bind_text(s, 4, step->word);
	statement_bind_number(s, 6, step->about);
	if (!statement_do(s, fail))
		return false;
	step->id = sqlite_last_id(cases->db);
	step->entry = CASE_NOT_RECORDED;
	return true;
}

static bool
end_transaction(struct cases *cases, bool ok, struct fail *fail)
{
	ok = ok && statement_do(cases->commit, fail);
	if (!ok)
		statement_do(cases->rollback, NULL);
	return ok;
}

bool
cases_add(struct cases *cases, struct case_row *row, struct case_step *step,
    struct fail *fail)
{
	bool ok = statement_do(cases->begin, fail);

	if (!ok)
		return false;
	ok = insert_row(cases, row, fail);
	step->case_id = row->id;
	return end_transaction(
	    cases, ok && insert_step(cases, step, fail), fail);
}

/* What it is now, whatever it was when somebody read it. */
static bool
read_now(struct cases *cases, int64_t id, enum case_state *state,
    bool *is_nobodys, struct fail *fail)
{
	struct statement *s = cases->now;
	bool row = false, ok;

	statement_bind_number(s, 1, id);
	ok = statement_step(s, &row, fail);
	if (ok && row) {
		*state = (enum case_state)statement_number(s, 0);
		*is_nobodys = statement_number(s, 1) != 0;
	}
	statement_reset(s);
	if (ok && !row)
		fail_set(fail, FAIL_WORLD, "cases: the request is gone");
	return ok && row;
}

static bool
set_two(struct statement *s, int64_t one, int64_t two, int64_t id,
    struct fail *fail)
{
	statement_bind_number(s, 1, one);
	statement_bind_number(s, 2, two);
	statement_bind_number(s, 3, id);
	return statement_do(s, fail);
}

static bool
set_verified(struct cases *cases, int64_t id, struct fail *fail)
{
	statement_bind_number(cases->verify, 1, id);
	return statement_do(cases->verify, fail);
}

static bool
set_pseudonym(
    struct cases *cases, const struct case_row *row, struct fail *fail)
{
	statement_bind_copy(cases->name, 1, row->pseudonym, PSEUDONYM_SIZE);
	statement_bind_number(cases->name, 2, row->id);
	return statement_do(cases->name, fail);
}

static bool
change_row(struct cases *cases, const struct case_row *row,
    const struct case_change *change, struct case_step *step,
    struct fail *fail)
{
	enum case_state state = CASE_OPEN;
	bool is_nobodys = false;

	if (!read_now(cases, row->id, &state, &is_nobodys, fail))
		return false;
	if (change->closes && state != CASE_OPEN) {
		fail_set(fail, FAIL_INPUT, "request R-%lld is closed: %s",
		    (long long)row->id,
		    (unsigned)state < CASE_STATES ? states[state] : "?");
		return false;
	}
	/* Forgotten since it was read: nothing of the subject comes back. */
	if (is_nobodys && row->subject.len != 0)
		step->text = (struct slice){"", 0};
	return (!change->closes || set_two(cases->close, change->state,
				       change->closed, row->id, fail)) &&
	       (!change->charges || set_two(cases->charge, change->fee,
					change->amount, row->id, fail)) &&
	       (!change->verifies || set_verified(cases, row->id, fail)) &&
	       (!row->has_pseudonym || is_nobodys ||
		   set_pseudonym(cases, row, fail));
}

bool
cases_change(struct cases *cases, const struct case_row *row,
    const struct case_change *change, struct case_step *step,
    struct fail *fail)
{
	if (!statement_do(cases->begin, fail))
		return false;
	step->case_id = row->id;
	return end_transaction(cases,
	    change_row(cases, row, change, step, fail) &&
		insert_step(cases, step, fail),
	    fail);
}

bool
cases_set_recorded(
    struct cases *cases, int64_t step, uint64_t entry, struct fail *fail)
{
	statement_bind_number(cases->recorded, 1, (int64_t)entry);
	statement_bind_number(cases->recorded, 2, step);
	return statement_do(cases->recorded, fail);
}

/* --- reading --- */

static bool
read_plain(struct statement *s, struct arena *arena, struct case_row *out,
    struct fail *fail)
{
	*out = (struct case_row){.id = statement_number(s, 0),
	    .kind = (enum case_kind)statement_number(s, 1),
	    .state = (enum case_state)statement_number(s, 2),
	    .fee = (enum case_fee)statement_number(s, 3),
	    .law = (unsigned)statement_number(s, 4),
	    .opened = statement_number(s, 5),
	    .due = statement_number(s, 6),
	    .closed = statement_number(s, 7),
	    .amount = statement_number(s, 8),
	    .unit = arena_copy(arena, statement_bytes(s, 9)),
	    .is_verified = statement_number(s, 10) != 0,
	    .has_basis = statement_number(s, 11) != 0,
	    .subject = {"", 0},
	    .who = {"", 0},
	    .basis = {"", 0},
	    .asked = {"", 0}};
	if ((unsigned)out->kind >= CASE_KINDS ||
	    (unsigned)out->state >= CASE_STATES || (unsigned)out->fee >= FEES)
		return fail_set(
		    fail, FAIL_WORLD, "cases: the database is damaged");
	return out->unit.data != NULL || fail_memory(fail);
}

bool
cases_get(struct cases *cases, struct arena *arena, int64_t id,
    struct case_row *out, struct fail *fail)
{
	struct statement *s = cases->get;
	bool row = false, ok;

	statement_bind_number(s, 1, id);
	ok = statement_step(s, &row, fail) && row &&
	     read_plain(s, arena, out, fail) &&
	     read_secret(
		 cases, arena, statement_bytes(s, 12), &out->subject, fail) &&
	     read_secret(
		 cases, arena, statement_bytes(s, 13), &out->who, fail) &&
	     read_secret(
		 cases, arena, statement_bytes(s, 14), &out->basis, fail) &&
	     read_secret(
		 cases, arena, statement_bytes(s, 15), &out->asked, fail);
	statement_reset(s);
	return ok;
}

bool
cases_each(struct cases *cases, struct arena *arena,
    bool (*visit)(void *arg, const struct case_row *row), void *arg,
    struct fail *fail)
{
	struct case_row one;
	bool row, ok;

	while ((ok = statement_step(cases->each, &row, fail)) && row) {
		ok = read_plain(cases->each, arena, &one, fail);
		if (!ok || !visit(arg, &one))
			break;
	}
	statement_reset(cases->each);
	return ok;
}

static bool
read_step(struct statement *s, struct arena *arena, struct case_step *out,
    struct fail *fail)
{
	*out = (struct case_step){.id = statement_number(s, 0),
	    .case_id = statement_number(s, 1),
	    .time = statement_number(s, 2),
	    .actor = arena_copy(arena, statement_bytes(s, 3)),
	    .word = arena_copy(arena, statement_bytes(s, 4)),
	    .text = {"", 0},
	    .about = statement_number(s, 5),
	    .entry = statement_number(s, 6)};
	return (out->actor.data != NULL && out->word.data != NULL) ||
	       fail_memory(fail);
}

bool
cases_each_step(struct cases *cases, struct arena *arena, int64_t id,
    bool (*visit)(void *arg, const struct case_step *step), void *arg,
    struct fail *fail)
{
	struct statement *s = cases->each_step;
	struct case_step step;
	bool row, ok;

	statement_bind_number(s, 1, id);
	while ((ok = statement_step(s, &row, fail)) && row) {
		ok = read_step(s, arena, &step, fail) &&
		     read_secret(
			 cases, arena, statement_bytes(s, 7), &step.text, fail);
		if (!ok || !visit(arg, &step))
			break;
	}
	statement_reset(s);
	return ok;
}

bool
cases_each_unrecorded(struct cases *cases, struct arena *arena,
    bool (*visit)(void *arg, const struct case_step *step), void *arg,
    struct fail *fail)
{
	struct case_step step;
	bool row, ok;

	while ((ok = statement_step(cases->unrecorded, &row, fail)) && row) {
		ok = read_step(cases->unrecorded, arena, &step, fail);
		if (!ok || !visit(arg, &step))
			break;
	}
	statement_reset(cases->unrecorded);
	return ok;
}

bool
cases_count(struct cases *cases, int64_t now, int64_t soon,
    struct case_counts *out, struct fail *fail)
{
	struct statement *s = cases->count;
	bool row, ok;

	*out = (struct case_counts){{0}, {0}, {0}};
	statement_bind_number(s, 1, soon);
	statement_bind_number(s, 2, now);
	while ((ok = statement_step(s, &row, fail)) && row) {
		size_t kind = (size_t)statement_number(s, 0);

		if (kind >= CASE_KINDS)
			continue;
		out->open[kind] = (size_t)statement_number(s, 1);
		out->soon[kind] = (size_t)statement_number(s, 2);
		out->overdue[kind] = (size_t)statement_number(s, 3);
	}
	statement_reset(s);
	return ok;
}

bool
cases_forget(struct cases *cases, const uint8_t pseudonym[PSEUDONYM_SIZE],
    struct fail *fail)
{
	bool ok;

	if (!statement_do(cases->begin, fail))
		return false;
	statement_bind_bytes(cases->forget_steps, 1, pseudonym, PSEUDONYM_SIZE);
	ok = statement_do(cases->forget_steps, fail);
	statement_bind_bytes(cases->forget, 1, pseudonym, PSEUDONYM_SIZE);
	return end_transaction(
	    cases, ok && statement_do(cases->forget, fail), fail);
}

static bool
name_case(struct cases *cases, struct arena *arena, int64_t id,
    struct slice bytes, struct fail *fail)
{
	struct subject subject;
	struct slice whose;
	bool ok;

	if (!read_secret(cases, arena, bytes, &whose, fail))
		return false;
	if (whose.len == 0 || !keys_find(cases->keys, whose, &subject))
		return true;
	statement_bind_copy(
	    cases->name, 1, subject.pseudonym, PSEUDONYM_SIZE);
	statement_bind_number(cases->name, 2, id);
	ok = statement_do(cases->name, fail);
	digest_wipe(&subject, sizeof(subject));
	return ok;
}

bool
cases_name(struct cases *cases, struct arena *arena, struct fail *fail)
{
	struct statement *s = cases->unnamed;
	bool ok = true, row = true;
	int64_t id = 0;

	while (ok && row) {
		struct slice bytes = {"", 0};

		statement_bind_number(s, 1, id);
		ok = statement_step(s, &row, fail);
		if (ok && row) {
			id = statement_number(s, 0);
			bytes = arena_copy(arena, statement_bytes(s, 1));
		}
		statement_reset(s);
		if (!ok || !row)
			break;
		ok = bytes.data != NULL
			 ? name_case(cases, arena, id, bytes, fail)
			 : fail_memory(fail);
	}
	return ok;
}

bool
cases_next_given(struct cases *cases, int64_t *step, int64_t *about,
    bool *found, struct fail *fail)
{
	struct statement *s = cases->given;
	bool ok;

	*found = false;
	statement_bind_number(s, 1, *step);
	ok = statement_step(s, found, fail);
	if (ok && *found) {
		*step = statement_number(s, 0);
		*about = statement_number(s, 1);
	}
	statement_reset(s);
	return ok;
}

bool
cases_move(struct cases *cases, uint64_t from, uint64_t to, struct fail *fail)
{
	statement_bind_number(cases->move, 1, (int64_t)to);
	statement_bind_number(cases->move, 2, (int64_t)from);
	return statement_do(cases->move, fail);
}

bool
cases_wipe_step(struct cases *cases, int64_t step, struct fail *fail)
{
	statement_bind_number(cases->wipe, 1, step);
	return statement_do(cases->wipe, fail);
}

/* --- words --- */

static bool
find_word(
    const char *const *words, unsigned count, struct slice name, unsigned *out)
{
	for (*out = 0; *out < count; (*out)++)
		if (slice_is(name, words[*out]))
			return true;
	return false;
}

const char *
case_kind_name(enum case_kind kind)
{
	return kinds[kind];
}

bool
case_kind_find(struct slice name, enum case_kind *out)
{
	unsigned at;
	bool found = find_word(kinds, CASE_KINDS, name, &at);

	*out = (enum case_kind)(found ? at : 0);
	return found;
}

const char *
case_state_name(enum case_state state)
{
	return states[state];
}

bool
case_state_find(struct slice name, enum case_state *out)
{
	unsigned at;
	bool found = find_word(states, CASE_STATES, name, &at);

	*out = (enum case_state)(found ? at : 0);
	return found;
}

const char *
case_fee_name(enum case_fee fee)
{
	return fees[fee];
}

bool
case_fee_find(struct slice name, enum case_fee *out)
{
	unsigned at;
	bool found = find_word(fees, FEES, name, &at);

	*out = (enum case_fee)(found ? at : 0);
	return found;
}

/* --- beside the ledger --- */

bool
cases_seen(struct cases *cases, struct cases_seen *out, struct fail *fail)
{
	bool row = false, ok = statement_step(cases->seen, &row, fail);

	*out = (struct cases_seen){.entry = CASE_NOT_RECORDED};
	if (ok && row)
		*out = (struct cases_seen){
		    .entry = statement_number(cases->seen, 0),
		    .step = statement_number(cases->seen, 1),
		    .stop = statement_number(cases->seen, 2)};
	statement_reset(cases->seen);
	return ok;
}

bool
cases_set_seen(struct cases *cases, uint64_t entry, struct fail *fail)
{
	statement_bind_number(cases->set_seen, 1, (int64_t)entry);
	return statement_do(cases->set_seen, fail);
}

#include "store/stops.h"

#include "base/text.h"
#include "store/stops_priv.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS stop (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " subject_hash BLOB NOT NULL UNIQUE, subject BLOB NOT NULL,"
    " pseudonym BLOB NOT NULL, slot INTEGER NOT NULL, case_id TEXT NOT NULL,"
    " actor TEXT NOT NULL, reason BLOB NOT NULL, since INTEGER NOT NULL,"
    " entry INTEGER NOT NULL, looked_up INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE IF NOT EXISTS stop_clue (hash BLOB NOT NULL,"
    " stop INTEGER NOT NULL, PRIMARY KEY (hash, stop)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS stop_held (id INTEGER PRIMARY KEY,"
    " stop INTEGER NOT NULL, hash BLOB NOT NULL, type INTEGER NOT NULL,"
    " object BLOB NOT NULL, recipient TEXT NOT NULL, purpose TEXT NOT NULL,"
    " channel TEXT NOT NULL, onward TEXT NOT NULL, entry INTEGER NOT NULL,"
    " time INTEGER NOT NULL, roles INTEGER NOT NULL, state TEXT NOT NULL,"
    " about INTEGER NOT NULL, UNIQUE (stop, hash));"
    "CREATE INDEX IF NOT EXISTS stop_held_hash ON stop_held (hash);"
    "CREATE INDEX IF NOT EXISTS stop_held_entry ON stop_held (entry);";

#define STOP_COLUMNS                                                           \
	"id, subject, pseudonym, slot, case_id, actor, reason, since, entry,"  \
	" looked_up"

static bool
prepare_all(struct stops *s, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&s->begin, "BEGIN IMMEDIATE"},
	    {&s->commit, "COMMIT"},
	    {&s->rollback, "ROLLBACK"},
	    {&s->add,
		"INSERT INTO stop (subject_hash, subject, pseudonym, slot,"
		" case_id, actor, reason, since, entry)"
		" VALUES (?,?,?,?,?,?,?,?,?)"},
	    {&s->remove, "DELETE FROM stop WHERE id = ?"},
	    {&s->remove_clues, "DELETE FROM stop_clue WHERE stop = ?"},
	    {&s->remove_held, "DELETE FROM stop_held WHERE stop = ?"},
	    {&s->recorded, "UPDATE stop SET entry = ? WHERE id = ?"},
	    {&s->looked_up, "UPDATE stop SET looked_up = 1 WHERE id = ?"},
	    {&s->find,
		"SELECT " STOP_COLUMNS " FROM stop WHERE subject_hash = ?"},
	    {&s->by_clue, "SELECT " STOP_COLUMNS " FROM stop WHERE id ="
			  " (SELECT min(stop) FROM stop_clue WHERE hash = ?)"},
	    {&s->whose, "SELECT id FROM stop WHERE pseudonym = ?"},
	    {&s->each, "SELECT " STOP_COLUMNS " FROM stop ORDER BY id"},
	    {&s->clue, "INSERT OR IGNORE INTO stop_clue VALUES (?,?)"},
	    {&s->all_clues, "SELECT DISTINCT hash FROM stop_clue"},
	    {&s->clues_of, "SELECT hash FROM stop_clue WHERE stop = ?"},
	    {&s->hold,
		"INSERT OR REPLACE INTO stop_held (stop, hash, type, object,"
		" recipient, purpose, channel, onward, entry, time, roles,"
		" state, about) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"},
	    {&s->each_held,
		"SELECT id, type, object, recipient, purpose, channel, onward,"
		" entry, time, roles, state, about FROM stop_held"
		" WHERE stop = ? ORDER BY recipient, id"},
	    {&s->set_held,
		"UPDATE stop_held SET state = ?, about = ? WHERE id = ?"},
	    {&s->end_hiding,
		"UPDATE stop_held SET state = ?1 WHERE id = ?2 AND about = ?3"
		" AND state = 'hiding'"},
	    {&s->move, "UPDATE stop_held SET entry = ? WHERE entry = ?"},
	    {&s->shown, "SELECT CASE WHEN about >= 0 AND state IN"
			" ('asked', 'at-desk', 'unknown', 'removed')"
			" THEN about ELSE entry END AS has FROM stop_held"
			" WHERE hash = ? ORDER BY has DESC LIMIT 1"},
	    {&s->counted, "SELECT (SELECT count(*) FROM stop_clue),"
			  " (SELECT count(*) FROM stop)"},
	};

	return sqlite_prepare_all(
	    s->db, all, sizeof(all) / sizeof(*all), fail);
}

struct stops *
stops_open(struct sqlite *db, const struct keys *keys,
    const struct random_source *random, struct fail *fail)
{
	struct stops *stops = calloc(1, sizeof(*stops));
	uint8_t key[KEY_SIZE];

	if (stops == NULL) {
		fail_memory(fail);
		return NULL;
	}
	stops->db = db;
	keys_derive(keys, "stops", stops->key);
	stops->secret = (struct secretly){stops->key, random, "stops"};
	keys_derive(keys, "stops-clue", key);
	digest_key_set(&stops->hash_key, key);
	digest_wipe(key, sizeof(key));
	if (sqlite_run(db, schema, fail) && prepare_all(stops, fail) &&
	    clue_load(stops, fail))
		return stops;
	stops_close(stops);
	return NULL;
}

void
stops_close(struct stops *stops)
{
	if (stops == NULL)
		return;
	free(stops->clues);
	free(stops->ended);
	digest_wipe(stops, sizeof(*stops));
	free(stops);
}

/* --- transactions --- */

bool
stops_begin(struct stops *stops, struct fail *fail)
{
	return statement_do(stops->begin, fail);
}

void
stops_rollback(struct stops *stops)
{
	statement_do(stops->rollback, NULL);
}

static bool
commit(struct stops *stops, struct fail *fail)
{
	stops->version++;
	return statement_do(stops->commit, fail) && clue_load(stops, fail);
}

bool
stops_commit(struct stops *stops, int64_t id, struct fail *fail)
{
	statement_bind_number(stops->looked_up, 1, id);
	return statement_do(stops->looked_up, fail) && commit(stops, fail);
}

bool
stops_keep(struct stops *stops, struct fail *fail)
{
	return commit(stops, fail);
}

/* --- stops --- */

static bool
add_clue(struct stops *stops, int64_t id, const struct digest *clue,
    struct fail *fail)
{
	statement_bind_bytes(stops->clue, 1, clue->bytes, DIGEST_SIZE);
	statement_bind_number(stops->clue, 2, id);
	return statement_do(stops->clue, fail);
}

static bool
insert(struct stops *stops, const struct stop *stop, const struct digest *hash,
    struct fail *fail)
{
	struct statement *s = stops->add;

	if (!secretly_bind(&stops->secret, s, 2, stop->subject, fail) ||
	    !secretly_bind(&stops->secret, s, 7, stop->reason, fail))
		return false;
	statement_bind_bytes(s, 1, hash->bytes, DIGEST_SIZE);
	statement_bind_bytes(s, 3, stop->pseudonym, PSEUDONYM_SIZE);
	statement_bind_number(s, 4, stop->slot);
	statement_bind_text(s, 5, stop->case_id);
	statement_bind_text(s, 6, stop->actor);
	statement_bind_number(s, 8, stop->since);
	statement_bind_number(s, 9, STOP_NOT_RECORDED);
	return statement_do(s, fail);
}

bool
stops_add(struct stops *stops, const struct stop *stop, int64_t *id,
    struct fail *fail)
{
	struct digest hash = clue_of(stops, CLUE_SUBJECT, stop->subject);
	bool ok;

	if (!stops_begin(stops, fail))
		return false;
	ok = insert(stops, stop, &hash, fail);
	*id = ok ? sqlite_last_id(stops->db) : 0;
	ok = ok && add_clue(stops, *id, &hash, fail) && commit(stops, fail);
	if (!ok)
		stops_rollback(stops);
	return ok;
}

static bool
remove_of(struct statement *s, int64_t id, struct fail *fail)
{
	statement_bind_number(s, 1, id);
	return statement_do(s, fail);
}

bool
stops_remove(struct stops *stops, int64_t id, struct fail *fail)
{
	bool ok = stops_begin(stops, fail) &&
		  remove_of(stops->remove_clues, id, fail) &&
		  remove_of(stops->remove_held, id, fail) &&
		  remove_of(stops->remove, id, fail) && commit(stops, fail);

	if (!ok)
		stops_rollback(stops);
	return ok;
}

bool
stops_end(struct stops *stops, int64_t id, struct fail *fail)
{
	return clue_keep_ended(stops, id, fail) &&
	       stops_remove(stops, id, fail);
}

bool
stops_set_recorded(
    struct stops *stops, int64_t id, uint64_t entry, struct fail *fail)
{
	statement_bind_number(stops->recorded, 1, (int64_t)entry);
	statement_bind_number(stops->recorded, 2, id);
	return statement_do(stops->recorded, fail);
}

static bool
read_stop(struct stops *stops, struct statement *s, struct arena *arena,
    struct stop *out, struct fail *fail)
{
	struct slice pseudonym = statement_bytes(s, 2);

	*out = (struct stop){.id = statement_number(s, 0),
	    .slot = (uint32_t)statement_number(s, 3),
	    .case_id = arena_copy(arena, statement_bytes(s, 4)),
	    .actor = arena_copy(arena, statement_bytes(s, 5)),
	    .since = statement_number(s, 7),
	    .entry = statement_number(s, 8),
	    .is_looked_up = statement_number(s, 9) != 0};
	if (pseudonym.len == PSEUDONYM_SIZE)
		memcpy(out->pseudonym, pseudonym.data, PSEUDONYM_SIZE);
	if (out->case_id.data == NULL || out->actor.data == NULL)
		return fail_memory(fail);
	return secretly_read(&stops->secret, arena, statement_bytes(s, 1),
		   &out->subject, fail) &&
	       secretly_read(&stops->secret, arena, statement_bytes(s, 6),
		   &out->reason, fail);
}

bool
stops_find(struct stops *stops, struct arena *arena, struct slice subject,
    struct stop *out, struct fail *fail)
{
	struct digest hash = clue_of(stops, CLUE_SUBJECT, subject);
	bool row = false, ok;

	statement_bind_bytes(stops->find, 1, hash.bytes, DIGEST_SIZE);
	ok = statement_step(stops->find, &row, fail) && row &&
	     read_stop(stops, stops->find, arena, out, fail);
	statement_reset(stops->find);
	return ok;
}

struct seeking {
	struct stops *stops;
	struct arena *arena;
	struct stop *out;
	struct fail *fail;
	bool found;
};

static bool
seek(void *arg, const struct digest *clue)
{
	struct seeking *seeking = arg;
	struct statement *s = seeking->stops->by_clue;
	bool row = false;

	statement_bind_bytes(s, 1, clue->bytes, DIGEST_SIZE);
	seeking->found = statement_step(s, &row, seeking->fail) && row &&
			 read_stop(seeking->stops, s, seeking->arena,
			     seeking->out, seeking->fail);
	statement_reset(s);
	return seeking->found || seeking->fail->kind != FAIL_NONE;
}

bool
stops_of_role(struct stops *stops, const struct record *record, enum role role,
    struct arena *arena, struct stop *out, struct fail *fail)
{
	struct seeking seeking = {stops, arena, out, fail, false};
	const struct clue_visit visit = {.visit = seek, .arg = &seeking};

	return stops_any(stops) && record_has_role(record, role) &&
	       clue_each(stops, record, role, &visit) && seeking.found;
}

bool
stops_each(struct stops *stops, struct arena *arena,
    bool (*visit)(void *arg, const struct stop *stop), void *arg,
    struct fail *fail)
{
	struct stop stop;
	bool row, ok;

	while ((ok = statement_step(stops->each, &row, fail)) && row) {
		ok = read_stop(stops, stops->each, arena, &stop, fail);
		if (!ok || !visit(arg, &stop))
			break;
	}
	statement_reset(stops->each);
	return ok;
}

/* --- by what else a subject is known --- */

struct learning {
	struct stops *stops;
	int64_t id;
	struct fail *fail;
	bool ok;
};

static bool
learn(void *arg, const struct digest *clue)
{
	struct learning *learning = arg;

	learning->ok =
	    add_clue(learning->stops, learning->id, clue, learning->fail);
	return !learning->ok;
}

bool
stops_learn(struct stops *stops, int64_t id, const struct record *record,
    unsigned roles, struct fail *fail)
{
	struct learning learning = {stops, id, fail, true};
	const struct clue_visit visit = {true, learn, &learning};

	for (unsigned r = 0; learning.ok && r < ROLE_COUNT; r++)
		if ((roles & 1u << r) != 0 &&
		    record_has_role(record, (enum role)r))
			clue_each(stops, record, (enum role)r, &visit);
	return learning.ok;
}

bool
stops_learn_place(struct stops *stops, int64_t id, enum object_type type,
    struct slice object, unsigned roles, struct fail *fail)
{
	for (unsigned r = 0; r < ROLE_COUNT; r++) {
		struct digest clue;

		if ((roles & 1u << r) == 0)
			continue;
		clue = clue_of_place(stops, type, object, (enum role)r);
		if (!add_clue(stops, id, &clue, fail))
			return false;
	}
	return true;
}

/* --- who holds what --- */

static struct digest
held_hash(const struct stops *stops, int type, struct slice object,
    struct slice recipient, struct slice purpose)
{
	char text[600];
	int len = snprintf(text, sizeof(text), "%d/%.*s/%.*s/%.*s", type,
	    SLICE_ARG(recipient), SLICE_ARG(purpose), SLICE_ARG(object));

	return clue_of(stops, CLUE_HELD,
	    (struct slice){text, len < 0 ? 0
				 : (size_t)len < sizeof(text)
				     ? (size_t)len
				     : sizeof(text) - 1});
}

bool
stops_hold(struct stops *stops, int64_t id, const struct stop_held *held,
    struct fail *fail)
{
	struct statement *s = stops->hold;
	struct digest hash = held_hash(
	    stops, held->type, held->object, held->recipient, held->purpose);

	if (!secretly_bind(&stops->secret, s, 4, held->object, fail))
		return false;
	statement_bind_number(s, 1, id);
	statement_bind_bytes(s, 2, hash.bytes, DIGEST_SIZE);
	statement_bind_number(s, 3, held->type);
	statement_bind_text(s, 5, held->recipient);
	statement_bind_text(s, 6, held->purpose);
	statement_bind_text(s, 7, held->channel);
	statement_bind_text(s, 8, held->onward);
	statement_bind_number(s, 9, (int64_t)held->entry);
	statement_bind_number(s, 10, held->time);
	statement_bind_number(s, 11, held->roles);
	statement_bind_text(s, 12, held->state);
	statement_bind_number(s, 13, held->about);
	return statement_do(s, fail);
}

static bool
read_held(struct stops *stops, struct statement *s, struct arena *arena,
    struct stop_held *out, struct fail *fail)
{
	*out = (struct stop_held){.id = statement_number(s, 0),
	    .type = (int)statement_number(s, 1),
	    .recipient = arena_copy(arena, statement_bytes(s, 3)),
	    .purpose = arena_copy(arena, statement_bytes(s, 4)),
	    .channel = arena_copy(arena, statement_bytes(s, 5)),
	    .onward = arena_copy(arena, statement_bytes(s, 6)),
	    .entry = (uint64_t)statement_number(s, 7),
	    .time = statement_number(s, 8),
	    .roles = (unsigned)statement_number(s, 9),
	    .state = arena_copy(arena, statement_bytes(s, 10)),
	    .about = statement_number(s, 11)};
	if (out->recipient.data == NULL || out->purpose.data == NULL ||
	    out->channel.data == NULL || out->onward.data == NULL ||
	    out->state.data == NULL)
		return fail_memory(fail);
	return secretly_read(&stops->secret, arena, statement_bytes(s, 2),
	    &out->object, fail);
}

bool
stops_each_held(struct stops *stops, struct arena *arena, int64_t id,
    bool (*visit)(void *arg, const struct stop_held *held), void *arg,
    struct fail *fail)
{
	struct statement *s = stops->each_held;
	struct stop_held held;
	bool row, ok;

	statement_bind_number(s, 1, id);
	while ((ok = statement_step(s, &row, fail)) && row) {
		ok = read_held(stops, s, arena, &held, fail);
		if (!ok || !visit(arg, &held))
			break;
	}
	statement_reset(s);
	return ok;
}

bool
stops_set_held(struct stops *stops, int64_t held, const char *state,
    int64_t about, struct fail *fail)
{
	statement_bind_text(stops->set_held, 1, slice_from(state));
	statement_bind_number(stops->set_held, 2, about);
	statement_bind_number(stops->set_held, 3, held);
	return statement_do(stops->set_held, fail);
}

bool
stops_end_hiding(struct stops *stops, int64_t held, int64_t about,
    const char *state, struct fail *fail)
{
	statement_bind_text(stops->end_hiding, 1, slice_from(state));
	statement_bind_number(stops->end_hiding, 2, held);
	statement_bind_number(stops->end_hiding, 3, about);
	return statement_do(stops->end_hiding, fail);
}

bool
stops_shown(struct stops *stops, const struct record *record,
    struct slice recipient, struct slice purpose, uint64_t *entry)
{
	struct digest hash = held_hash(stops, (int)record_type(record),
	    record_object(record), recipient, purpose);
	bool row = false;

	statement_bind_bytes(stops->shown, 1, hash.bytes, DIGEST_SIZE);
	if (!statement_step(stops->shown, &row, NULL))
		row = false;
	if (row)
		*entry = (uint64_t)statement_number(stops->shown, 0);
	statement_reset(stops->shown);
	return row;
}

bool
stops_move(struct stops *stops, uint64_t from, uint64_t to, struct fail *fail)
{
	statement_bind_number(stops->move, 1, (int64_t)to);
	statement_bind_number(stops->move, 2, (int64_t)from);
	return statement_do(stops->move, fail);
}

bool
stops_forget(struct stops *stops, const uint8_t pseudonym[PSEUDONYM_SIZE],
    struct fail *fail)
{
	bool row = false, ok;
	int64_t id = 0;

	statement_bind_bytes(stops->whose, 1, pseudonym, PSEUDONYM_SIZE);
	ok = statement_step(stops->whose, &row, fail);
	if (ok && row)
		id = statement_number(stops->whose, 0);
	statement_reset(stops->whose);
	return ok && (!row || stops_remove(stops, id, fail));
}

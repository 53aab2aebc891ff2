#include "store/spool_priv.h"

#include "base/text.h"
#include "core/field.h"

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS item ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, state INTEGER NOT NULL,"
    " entry INTEGER NOT NULL, leaf BLOB NOT NULL, recipient TEXT NOT NULL,"
    " purpose TEXT NOT NULL, channel TEXT NOT NULL,"
    " object_hash BLOB NOT NULL, object BLOB NOT NULL,"
    " object_type INTEGER NOT NULL, operation INTEGER NOT NULL,"
    " epoch BLOB NOT NULL, consents BLOB NOT NULL,"
    " outdated INTEGER NOT NULL DEFAULT 0, content BLOB NOT NULL,"
    " payload BLOB NOT NULL, submission TEXT NOT NULL, rule INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, due INTEGER NOT NULL,"
    " created INTEGER NOT NULL, place INTEGER NOT NULL);"
    "CREATE INDEX IF NOT EXISTS item_state ON item (state, due, id);"
    "CREATE INDEX IF NOT EXISTS item_object ON item"
    " (object_hash, recipient, place) WHERE state IN (0, 1, 2, 3, 4);"
    "CREATE INDEX IF NOT EXISTS item_submission ON item (submission);"
    "CREATE INDEX IF NOT EXISTS item_ended ON item (created)"
    " WHERE state >= 5;"
    "CREATE INDEX IF NOT EXISTS item_object_ended ON item"
    " (object_hash, recipient, place) WHERE state IN (5, 6, 7);"
    "CREATE TABLE IF NOT EXISTS request ("
    " submission TEXT PRIMARY KEY, principal TEXT NOT NULL,"
    " key TEXT NOT NULL, body BLOB NOT NULL, answer BLOB NOT NULL,"
    " status INTEGER NOT NULL, created INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX IF NOT EXISTS request_key ON request"
    " (principal, key) WHERE key <> '';"
    "CREATE INDEX IF NOT EXISTS request_created ON request (created);"
    "CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " entry INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO mark VALUES (1, 0);"
    "CREATE TABLE IF NOT EXISTS line_mark ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), entry INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO line_mark VALUES (1, 0);"
    "CREATE TABLE IF NOT EXISTS forgetting ("
    " slot INTEGER PRIMARY KEY, pseudonym BLOB NOT NULL,"
    " due INTEGER NOT NULL, phase INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS telling ("
    " item INTEGER PRIMARY KEY, told BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS told ("
    " object BLOB NOT NULL, recipient TEXT NOT NULL, purpose TEXT NOT NULL,"
    " entry INTEGER NOT NULL, doubtful INTEGER NOT NULL, told BLOB NOT NULL,"
    " PRIMARY KEY (object, recipient, purpose)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS told_entry ON told (entry);";

#define ITEM_COLUMNS                                                          \
	"id, state, entry, leaf, recipient, purpose, channel, object,"        \
	" object_type, operation, epoch, consents, outdated, content,"        \
	" payload, submission, rule, attempts, due, created, place"

#define REQUEST_COLUMNS                                                       \
	"submission, principal, key, body, answer, status, created"

static const char *const state_names[SPOOL_STATE_COUNT] = {
    [SPOOL_QUEUED] = "queued",
    [SPOOL_SENDING] = "sending",
    [SPOOL_UNKNOWN] = "unknown",
    [SPOOL_LAID_OUT] = "laid-out",
    [SPOOL_HELD] = "held",
    [SPOOL_DONE] = "done",
    [SPOOL_REFUSED] = "refused",
    [SPOOL_GIVEN_UP] = "given-up",
    [SPOOL_SUPERSEDED] = "superseded",
    [SPOOL_APPROVED] = "approved",
};

#define WAITS                                                                 \
	"SELECT 1 FROM item WHERE object_hash = ?"                            \
	" AND state IN (0, 1, 2, 3, 4) LIMIT 1"

#define HELD                                                                  \
	"SELECT 1 FROM item WHERE state = 4 AND recipient = ?1"               \
	" AND content = ?2"

/* It took nothing since. */
#define REFUSED                                                               \
	"SELECT 1 FROM item AS a WHERE object_hash = ?1"                      \
	" AND state IN (6, 7) AND NOT EXISTS"                                 \
	" (SELECT 1 FROM item AS b WHERE b.object_hash = ?1"                  \
	" AND b.recipient = a.recipient AND b.place > a.place"                \
	" AND b.state = 5) LIMIT 1"

/* Nobody took a deletion since; what misu publishes itself is no answer. */
#define STAYS                                                                 \
	"SELECT 1 FROM item AS a WHERE object_hash = ?1 AND operation = ?2"   \
	" AND state IN (6, 7) AND channel <> 'view' AND NOT EXISTS"           \
	" (SELECT 1 FROM item AS b WHERE b.object_hash = ?1"                  \
	" AND b.operation = ?2 AND b.state = 5 AND b.channel <> 'view'"       \
	" AND (b.place > a.place OR b.submission = a.submission)) LIMIT 1"

static bool
prepare_all(struct spool *s, struct fail *fail)
{
	const struct statement_wanted all[] = {
	    {&s->begin, "BEGIN IMMEDIATE"},
	    {&s->commit, "COMMIT"},
	    {&s->rollback, "ROLLBACK"},
	    {&s->add,
		"INSERT INTO item (state, entry, leaf, recipient, purpose,"
		" channel, object_hash, object, object_type, operation, epoch,"
		" consents, content, payload, submission, rule, attempts, due,"
		" created, place)"
		" VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
	    {&s->add_request,
		"INSERT INTO request (" REQUEST_COLUMNS
		") VALUES (?,?,?,?,?,?,?)"},
	    {&s->set_mark, "UPDATE mark SET entry = ?"},
	    {&s->set_line_mark, "UPDATE line_mark SET entry = ?"},
	    {&s->find_content,
		"SELECT id, state FROM item WHERE state IN (4, 9)"
		" AND channel = 'epp' AND content = ?"},
	    {&s->has_held, HELD},
	    {&s->spend,
		"UPDATE item SET state = 5, submission = ?"
		" WHERE id = ? AND state = 9"},
	    {&s->find_request,
		"SELECT " REQUEST_COLUMNS
		" FROM request WHERE principal = ? AND key = ? AND key <> ''"},
	    {&s->find_submission,
		"SELECT " REQUEST_COLUMNS " FROM request WHERE submission = ?"},
	    {&s->get, "SELECT " ITEM_COLUMNS " FROM item WHERE id = ?"},
	    {&s->set_state, "UPDATE item SET state = ? WHERE id = ?"},
	    {&s->finish,
		"UPDATE item SET state = ?, payload = x'', object = x''"
		" WHERE id = ?"},
	    {&s->recover, "UPDATE item SET state = 2 WHERE state = 1"},
	    {&s->set_retry,
		"UPDATE item SET state = 0, attempts = ?, due = ?"
		" WHERE id = ?"},
	    {&s->bring_near,
		"UPDATE item SET due = iif(due > ?2, ?1, due),"
		" created = min(created, ?1)"
		" WHERE state = 0 AND (due > ?2 OR created > ?1)"},
	    {&s->outdate,
		"UPDATE item SET outdated = 1 WHERE object_hash = ?"
		" AND state IN (0, 1, 2, 3, 4) AND consents <> ?"},
	    {&s->outdate_item,
		"UPDATE item SET outdated = 1, due = min(due, ?) WHERE id = ?"},
	    {&s->waits, WAITS},
	    {&s->refused, REFUSED},
	    {&s->stays, STAYS},
	    {&s->follows,
		"SELECT 1 FROM item WHERE object_hash = ? AND recipient = ?"
		" AND place > ? AND state IN (0, 1, 2, 3, 4) LIMIT 1"},
	    {&s->each,
		"SELECT " ITEM_COLUMNS " FROM item WHERE state = ?"
		" ORDER BY due, id LIMIT ?"},
	    {&s->each_of,
		"SELECT " ITEM_COLUMNS " FROM item WHERE submission = ?"
		" ORDER BY place, id"},
	    {&s->due,
		"SELECT id FROM item AS a WHERE state = 0 AND due <= ?"
		" AND NOT EXISTS (SELECT 1 FROM item AS b"
		"  WHERE b.object_hash = a.object_hash"
		"  AND b.recipient = a.recipient AND b.place < a.place"
		"  AND b.state IN (0, 1, 2, 3, 4)"
		"  AND b.state IN (0, 1, 2)) ORDER BY place LIMIT ?"},
	    {&s->next_due, "SELECT min(due) FROM item WHERE state = 0"},
	    {&s->prune_items,
		"DELETE FROM item WHERE id IN (SELECT id FROM item WHERE"
		" created < ? AND state >= 5 ORDER BY created LIMIT 1000)"},
	    {&s->prune_requests,
		"DELETE FROM request WHERE submission IN (SELECT submission"
		" FROM request AS r WHERE created < ? AND NOT EXISTS"
		" (SELECT 1 FROM item WHERE item.submission = r.submission)"
		" LIMIT 1000)"},
	    {&s->count, "SELECT count(*) FROM item WHERE state = ?"},
	};

	return sqlite_prepare_all(
		   s->db, all, sizeof(all) / sizeof(*all), fail) &&
	       spool_forget_prepare(s, fail) && spool_told_prepare(s, fail);
}

static bool
read_mark(
    struct spool *spool, const char *sql, uint64_t *out, struct fail *fail)
{
	struct statement *select = sqlite_prepare(spool->db, sql, fail);
	bool row = false;

	if (select == NULL || !statement_step(select, &row, fail))
		return false;
	if (row)
		*out = (uint64_t)statement_number(select, 0);
	statement_reset(select);
	return true;
}

struct spool *
spool_open(struct disk *disk, const char *path, struct keys *keys,
    const struct random_source *random, struct fail *fail)
{
	struct spool *spool = calloc(1, sizeof(*spool));

	(void)disk;
	if (spool == NULL) {
		fail_memory(fail);
		return NULL;
	}
	spool->random = random;
	keys_derive(keys, "spool", spool->key);
	keys_derive(keys, "spool-object", spool->hash_key);
	spool->db = sqlite_open(path, schema, 1, fail);
	if (spool->db == NULL || !prepare_all(spool, fail) ||
	    !read_mark(
		spool, "SELECT entry FROM mark", &spool->mark, fail) ||
	    !read_mark(spool, "SELECT entry FROM line_mark",
		&spool->line_mark, fail)) {
		spool_close(spool);
		return NULL;
	}
	return spool;
}

void
spool_close(struct spool *spool)
{
	if (spool == NULL)
		return;
	sqlite_close(spool->db);
	digest_wipe(spool, sizeof(*spool));
	free(spool);
}

bool
spool_begin(struct spool *spool, struct fail *fail)
{
	return statement_do(spool->begin, fail);
}

bool
spool_commit(struct spool *spool, struct fail *fail)
{
	return statement_do(spool->commit, fail);
}

void
spool_rollback(struct spool *spool)
{
	statement_do(spool->rollback, NULL);
}

/* nonce || ciphertext || tag, in memory the caller frees. */
static uint8_t *
encrypt(struct spool *spool, const char *label, struct slice plain,
    size_t *len, struct fail *fail)
{
	uint8_t *out = malloc(NONCE_SIZE + plain.len + TAG_SIZE);

	*len = NONCE_SIZE + plain.len + TAG_SIZE;
	if (out != NULL &&
	    spool->random->fill(spool->random->context, out, NONCE_SIZE) &&
	    digest_encrypt(spool->key, out, slice_from(label), plain,
		out + NONCE_SIZE))
		return out;
	free(out);
	fail_set(fail, FAIL_WORLD, "cannot encrypt for the spool");
	return NULL;
}

static bool
decrypt(struct spool *spool, struct arena *arena, const char *label,
    struct slice cipher, struct slice *out, struct fail *fail)
{
	uint8_t *plain;

	*out = (struct slice){"", 0};
	if (cipher.len == 0) /* a finished item keeps nothing */
		return true;
	if (cipher.len < NONCE_SIZE + TAG_SIZE)
		return fail_set(fail, FAIL_WORLD, "the spool is damaged");
	plain = arena_take(arena, cipher.len);
	if (plain == NULL)
		return fail_memory(fail);
	if (!digest_decrypt(spool->key, (const uint8_t *)cipher.data,
		slice_from(label),
		(struct slice){cipher.data + NONCE_SIZE,
		    cipher.len - NONCE_SIZE},
		plain)) {
		fail_set(fail, FAIL_WORLD,
		    "the spool is damaged or was written under another key");
		fail_hint(fail, "restore the master key that belongs to it");
		return false;
	}
	*out = (struct slice){
	    (const char *)plain, cipher.len - NONCE_SIZE - TAG_SIZE};
	return true;
}

struct digest
spool_object_hash(const struct spool *spool, int type, struct slice object)
{
	char buffer[512];
	int len = snprintf(
	    buffer, sizeof(buffer), "%d/%.*s", type, SLICE_ARG(object));

	if (len < 0 || (size_t)len >= sizeof(buffer))
		len = sizeof(buffer) - 1;
	return digest_hmac(
	    spool->hash_key, (struct slice){buffer, (size_t)len});
}

bool
spool_add(struct spool *spool, struct spool_item *item, struct fail *fail)
{
	struct statement *s = spool->add;
	struct digest hash =
	    spool_object_hash(spool, item->object_type, item->object);
	size_t object_len = 0, payload_len = 0;
	uint8_t *object =
	    encrypt(spool, "object", item->object, &object_len, fail);
	uint8_t *payload =
	    encrypt(spool, "payload", item->payload, &payload_len, fail);
	bool ok = false;

	if (object != NULL && payload != NULL) {
		statement_bind_number(s, 1, item->state);
		statement_bind_number(s, 2, (int64_t)item->entry);
		statement_bind_bytes(s, 3, item->leaf.bytes, DIGEST_SIZE);
		statement_bind_text(s, 4, item->recipient);
		statement_bind_text(s, 5, item->purpose);
		statement_bind_text(s, 6, item->channel);
		statement_bind_bytes(s, 7, hash.bytes, DIGEST_SIZE);
		statement_bind_bytes(s, 8, object, object_len);
		statement_bind_number(s, 9, item->object_type);
		statement_bind_number(s, 10, item->operation);
		statement_bind_bytes(s, 11, item->epoch.bytes, DIGEST_SIZE);
		statement_bind_bytes(s, 12, item->consents.bytes, DIGEST_SIZE);
		statement_bind_bytes(s, 13, item->content.bytes, DIGEST_SIZE);
		statement_bind_bytes(s, 14, payload, payload_len);
		statement_bind_text(s, 15, item->submission);
		statement_bind_number(s, 16, item->rule);
		statement_bind_number(s, 17, item->attempts);
		statement_bind_number(s, 18, item->due);
		statement_bind_number(s, 19, item->created);
		statement_bind_number(s, 20, (int64_t)item->place);
		ok = statement_do(s, fail);
		item->id = sqlite_last_id(spool->db);
		ok = ok && spool_told_begin(spool, item, fail);
	}
	free(object);
	free(payload);
	return ok;
}

bool
spool_add_request(struct spool *spool, const struct spool_request *request,
    struct fail *fail)
{
	struct statement *s = spool->add_request;
	size_t len = 0;
	uint8_t *answer =
	    encrypt(spool, "answer", request->answer, &len, fail);
	bool ok;

	if (answer == NULL)
		return false;
	statement_bind_text(s, 1, request->submission);
	statement_bind_text(s, 2, request->principal);
	statement_bind_text(s, 3, request->key);
	statement_bind_bytes(s, 4, request->body.bytes, DIGEST_SIZE);
	statement_bind_bytes(s, 5, answer, len);
	statement_bind_number(s, 6, request->status);
	statement_bind_number(s, 7, request->created);
	ok = statement_do(s, fail);
	free(answer);
	return ok;
}

bool
spool_set_mark(struct spool *spool, uint64_t index, struct fail *fail)
{
	statement_bind_number(spool->set_mark, 1, (int64_t)index);
	if (!statement_do(spool->set_mark, fail))
		return false;
	spool->mark = index;
	return true;
}

uint64_t
spool_mark(const struct spool *spool)
{
	return spool->mark;
}

bool
spool_set_line_mark(struct spool *spool, uint64_t index, struct fail *fail)
{
	statement_bind_number(spool->set_line_mark, 1, (int64_t)index);
	if (!statement_do(spool->set_line_mark, fail))
		return false;
	spool->line_mark = index;
	return true;
}

uint64_t
spool_line_mark(const struct spool *spool)
{
	return spool->line_mark;
}

bool
spool_has_held(
    struct spool *spool, const struct spool_item *item, struct fail *fail)
{
	struct statement *s = spool->has_held;
	bool row = false;

	statement_bind_text(s, 1, item->recipient);
	statement_bind_bytes(s, 2, item->content.bytes, DIGEST_SIZE);
	if (!statement_step(s, &row, fail))
		row = false;
	statement_reset(s);
	return row;
}

bool
spool_find_content(struct spool *spool, const struct digest *content,
    int64_t *id, enum spool_state *state, struct fail *fail)
{
	struct statement *s = spool->find_content;
	bool row = false;

	statement_bind_bytes(s, 1, content->bytes, DIGEST_SIZE);
	if (!statement_step(s, &row, fail))
		row = false;
	if (row) {
		*id = statement_number(s, 0);
		*state = (enum spool_state)statement_number(s, 1);
	}
	statement_reset(s);
	return row;
}

bool
spool_spend(struct spool *spool, int64_t id, struct slice submission,
    struct fail *fail)
{
	statement_bind_text(spool->spend, 1, submission);
	statement_bind_number(spool->spend, 2, id);
	return statement_do(spool->spend, fail);
}

static void
read_digest(struct statement *s, int column, struct digest *out)
{
	struct slice bytes = statement_bytes(s, column);

	*out = (struct digest){{0}};
	if (bytes.len == DIGEST_SIZE)
		memcpy(out->bytes, bytes.data, DIGEST_SIZE);
}

/* Step a prepared select; true with *row when a request was found. */
static bool
read_request(struct spool *spool, struct statement *s, struct arena *arena,
    struct spool_request *out, struct fail *fail)
{
	bool row = false, ok = false;

	if (statement_step(s, &row, fail) && row) {
		out->submission = arena_copy(arena, statement_bytes(s, 0));
		out->principal = arena_copy(arena, statement_bytes(s, 1));
		out->key = arena_copy(arena, statement_bytes(s, 2));
		read_digest(s, 3, &out->body);
		out->status = (int)statement_number(s, 5);
		out->created = statement_number(s, 6);
		ok = decrypt(spool, arena, "answer", statement_bytes(s, 4),
		    &out->answer, fail);
		if (ok && (out->submission.data == NULL ||
			      out->principal.data == NULL ||
			      out->key.data == NULL))
			ok = fail_memory(fail);
	}
	statement_reset(s);
	return ok;
}

bool
spool_find_request(struct spool *spool, struct arena *arena,
    struct slice principal, struct slice key, struct spool_request *out,
    struct fail *fail)
{
	statement_bind_text(spool->find_request, 1, principal);
	statement_bind_text(spool->find_request, 2, key);
	return read_request(spool, spool->find_request, arena, out, fail);
}

bool
spool_find_submission(struct spool *spool, struct arena *arena,
    struct slice submission, struct spool_request *out, struct fail *fail)
{
	statement_bind_text(spool->find_submission, 1, submission);
	return read_request(spool, spool->find_submission, arena, out, fail);
}

/* The plain columns; text is borrowed from the row. */
static void
read_item(struct statement *s, struct spool_item *out)
{
	*out = (struct spool_item){
	    .id = statement_number(s, 0),
	    .state = (enum spool_state)statement_number(s, 1),
	    .entry = (uint64_t)statement_number(s, 2),
	    .recipient = statement_bytes(s, 4),
	    .purpose = statement_bytes(s, 5),
	    .channel = statement_bytes(s, 6),
	    .object_type = (int)statement_number(s, 8),
	    .operation = (int)statement_number(s, 9),
	    .outdated = statement_number(s, 12) != 0,
	    .submission = statement_bytes(s, 15),
	    .rule = (unsigned)statement_number(s, 16),
	    .attempts = (unsigned)statement_number(s, 17),
	    .due = statement_number(s, 18),
	    .created = statement_number(s, 19),
	    .place = (uint64_t)statement_number(s, 20),
	};
	read_digest(s, 3, &out->leaf);
	read_digest(s, 10, &out->epoch);
	read_digest(s, 11, &out->consents);
	read_digest(s, 13, &out->content);
}

bool
spool_get(struct spool *spool, struct arena *arena, int64_t id,
    struct spool_item *out, struct fail *fail)
{
	struct statement *s = spool->get;
	bool row = false, ok = false;

	statement_bind_number(s, 1, id);
	if (statement_step(s, &row, fail) && row) {
		read_item(s, out);
		out->recipient = arena_copy(arena, out->recipient);
		out->purpose = arena_copy(arena, out->purpose);
		out->channel = arena_copy(arena, out->channel);
		out->submission = arena_copy(arena, out->submission);
		ok = decrypt(spool, arena, "object", statement_bytes(s, 7),
			 &out->object, fail) &&
		    decrypt(spool, arena, "payload", statement_bytes(s, 14),
			&out->payload, fail);
		if (ok &&
		    (out->recipient.data == NULL || out->purpose.data == NULL ||
			out->channel.data == NULL ||
			out->submission.data == NULL))
			ok = fail_memory(fail);
	}
	statement_reset(s);
	return ok;
}

static bool
state_is_final(enum spool_state state)
{
	return state >= SPOOL_DONE && state != SPOOL_APPROVED;
}

bool
spool_set_state(struct spool *spool, int64_t id, enum spool_state state,
    struct fail *fail)
{
	struct statement *s =
	    state_is_final(state) ? spool->finish : spool->set_state;

	if (state_is_final(state) && !spool_told_end(spool, id, state, fail))
		return false;
	statement_bind_number(s, 1, state);
	statement_bind_number(s, 2, id);
	return statement_do(s, fail);
}

bool
spool_recover(struct spool *spool, struct fail *fail)
{
	return statement_do(spool->recover, fail);
}

bool
spool_set_retry(struct spool *spool, int64_t id, unsigned attempts,
    int64_t due, struct fail *fail)
{
	statement_bind_number(spool->set_retry, 1, attempts);
	statement_bind_number(spool->set_retry, 2, due);
	statement_bind_number(spool->set_retry, 3, id);
	return statement_do(spool->set_retry, fail);
}

bool
spool_bring_near(struct spool *spool, int64_t now, int64_t longest,
    struct fail *fail)
{
	statement_bind_number(spool->bring_near, 1, now);
	statement_bind_number(spool->bring_near, 2, longest);
	return statement_do(spool->bring_near, fail);
}

bool
spool_outdate(struct spool *spool, int object_type, struct slice object,
    const struct digest *consents, struct fail *fail)
{
	struct digest hash = spool_object_hash(spool, object_type, object);

	statement_bind_bytes(spool->outdate, 1, hash.bytes, DIGEST_SIZE);
	statement_bind_bytes(spool->outdate, 2, consents->bytes, DIGEST_SIZE);
	return statement_do(spool->outdate, fail);
}

static bool
has_row(struct statement *statement, const struct digest *object, bool *out,
    struct fail *fail)
{
	bool ok;

	*out = false;
	statement_bind_bytes(statement, 1, object->bytes, DIGEST_SIZE);
	ok = statement_step(statement, out, fail);
	statement_reset(statement);
	return ok;
}

bool
spool_outdate_item(
    struct spool *spool, int64_t id, int64_t now, struct fail *fail)
{
	statement_bind_number(spool->outdate_item, 1, now);
	statement_bind_number(spool->outdate_item, 2, id);
	return statement_do(spool->outdate_item, fail);
}

bool
spool_waits(struct spool *spool, int object_type, struct slice object,
    bool *out, struct fail *fail)
{
	struct digest hash = spool_object_hash(spool, object_type, object);

	return has_row(spool->waits, &hash, out, fail);
}

bool
spool_is_refused(struct spool *spool, int object_type, struct slice object,
    bool *out, struct fail *fail)
{
	struct digest hash = spool_object_hash(spool, object_type, object);

	return has_row(spool->refused, &hash, out, fail);
}

bool
spool_stays(struct spool *spool, int object_type, struct slice object,
    bool *out, struct fail *fail)
{
	struct digest hash = spool_object_hash(spool, object_type, object);

	statement_bind_number(spool->stays, 2, OPERATION_DELETE);
	return has_row(spool->stays, &hash, out, fail);
}

bool
spool_is_followed(struct spool *spool, const struct spool_item *item,
    bool *out, struct fail *fail)
{
	struct digest hash =
	    spool_object_hash(spool, item->object_type, item->object);

	statement_bind_text(spool->follows, 2, item->recipient);
	statement_bind_number(spool->follows, 3, (int64_t)item->place);
	return has_row(spool->follows, &hash, out, fail);
}

bool
spool_waits_for(struct spool *spool, int object_type, struct slice object,
    struct slice recipient, bool *out, struct fail *fail)
{
	struct digest hash = spool_object_hash(spool, object_type, object);

	statement_bind_text(spool->follows, 2, recipient);
	statement_bind_number(spool->follows, 3, -1); /* before every place */
	return has_row(spool->follows, &hash, out, fail);
}

static bool
visit_all(struct statement *s,
    bool (*visit)(void *arg, const struct spool_item *item), void *arg,
    struct fail *fail)
{
	bool row = false, ok;

	while ((ok = statement_step(s, &row, fail)) && row) {
		struct spool_item item;

		read_item(s, &item);
		if (!visit(arg, &item))
			break;
	}
	statement_reset(s);
	return ok;
}

bool
spool_each(struct spool *spool, enum spool_state state, size_t limit,
    bool (*visit)(void *arg, const struct spool_item *item), void *arg,
    struct fail *fail)
{
	statement_bind_number(spool->each, 1, state);
	statement_bind_number(
	    spool->each, 2, limit > INT64_MAX ? INT64_MAX : (int64_t)limit);
	return visit_all(spool->each, visit, arg, fail);
}

bool
spool_each_of(struct spool *spool, struct slice submission,
    bool (*visit)(void *arg, const struct spool_item *item), void *arg,
    struct fail *fail)
{
	statement_bind_text(spool->each_of, 1, submission);
	return visit_all(spool->each_of, visit, arg, fail);
}

bool
spool_due(struct spool *spool, int64_t now, int64_t *ids, size_t limit,
    size_t *count, struct fail *fail)
{
	struct statement *s = spool->due;
	bool row = false, ok;

	*count = 0;
	statement_bind_number(s, 1, now);
	statement_bind_number(s, 2, (int64_t)limit);
	while ((ok = statement_step(s, &row, fail)) && row)
		ids[(*count)++] = statement_number(s, 0);
	statement_reset(s);
	return ok;
}

bool
spool_prune(struct spool *spool, int64_t before, struct fail *fail)
{
	statement_bind_number(spool->prune_items, 1, before);
	statement_bind_number(spool->prune_requests, 1, before);
	return statement_do(spool->prune_items, fail) &&
	    statement_do(spool->prune_requests, fail);
}

int64_t
spool_next_due(struct spool *spool)
{
	bool row = false;
	int64_t due = INT64_MAX;

	if (statement_step(spool->next_due, &row, NULL) && row &&
	    statement_bytes(spool->next_due, 0).len != 0)
		due = statement_number(spool->next_due, 0);
	statement_reset(spool->next_due);
	return due;
}

size_t
spool_count(struct spool *spool, enum spool_state state)
{
	bool row = false;
	size_t count = 0;

	statement_bind_number(spool->count, 1, state);
	if (statement_step(spool->count, &row, NULL) && row)
		count = (size_t)statement_number(spool->count, 0);
	statement_reset(spool->count);
	return count;
}

const char *
spool_state_name(enum spool_state state)
{
	return state_names[state];
}

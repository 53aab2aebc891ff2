/*
 * A record as the journal and the database carry it:
 *
 *	0	key of the object: HMAC of its type and name, 32 bytes
 *	32	parts, each: role (1 byte, NO_ROLE for a record without
 *		one), key slot (32 bits), length (32 bits), nonce, text
 *		under the subject's key, tag
 *
 * with the object's key and the role as associated data.  A part's text is
 * the record with this one role, as codec/submission.h prints it.
 */
#include "store/vault.h"

#include "base/text.h"
#include "codec/submission.h"
#include "store/sqlite.h"

enum { NO_ROLE = 255, PART_HEAD = 9, LABEL_SIZE = DIGEST_SIZE + 1 };

/* What a group brought and the database does not have yet. */
struct pending {
	struct pending *next;
	struct digest key; /* of the object, or of the subject's id */
	uint32_t slot;
	size_t len; /* 0: a subject's slot */
	char data[];
};

enum {
	PENDING_HEADS = 1024,
	PENDING_MANY = 128, /* rows; more than these are trimmed */
	TRIM_ROWS = 64      /* written at once: a few milliseconds */
};

struct vault {
	struct keys *keys;
	struct digest_key object_key;
	struct sqlite *sqlite;
	struct statement *put, *put_subject, *get, *set_sequence;
	uint64_t sequence;
	struct pending *pending[PENDING_HEADS]; /* by the key's first bytes */
	size_t pending_count, trim_at; /* the head where trimming goes on */
};

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS record ("
    " object BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS subject ("
    " id BLOB PRIMARY KEY, slot INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS journal ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO journal VALUES (1, 0);";

static struct digest
object_key(const struct digest_key *key, enum object_type type,
    struct slice object)
{
	struct digest_run run;
	uint8_t kind = (uint8_t)type;

	digest_key_start(key, &run);
	digest_add(&run, &kind, 1);
	digest_add(&run, object.data, object.len);
	return digest_key_end(key, &run);
}

static void
derive(const struct keys *keys, struct digest_key *out)
{
	uint8_t bytes[KEY_SIZE];

	keys_derive(keys, "vault-object", bytes);
	digest_key_set(out, bytes);
	digest_wipe(bytes, sizeof(bytes));
}

static void
put32(uint8_t *at, uint32_t n)
{
	for (int i = 3; i >= 0; i--, n >>= 8)
		at[i] = (uint8_t)n;
}

static uint32_t
get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

static struct record *
copy_head(
    struct arena *arena, const struct record *from, struct fail *fail)
{
	struct record *to = record_create(arena, record_type(from),
	    record_operation(from), record_object(from), fail);
	struct slice plan = record_plan(from);

	if (to != NULL && plan.len != 0 && !record_set_plan(to, plan, fail))
		return NULL;
	return to;
}

/* --- encoding --- */

struct part {
	unsigned role;
	const struct subject *owner;
	struct slice text;
};

/* The key of a subject's records: HMAC of "misu-vault-1" under the slot's. */
static struct digest
part_key(const uint8_t slot_key[KEY_SIZE])
{
	return digest_hmac(slot_key, SLICE("misu-vault-1"));
}

static bool
add_part(struct text *out, const struct digest *key, const struct part *part,
    const struct vault_owners *owners, struct fail *fail)
{
	struct digest secret = part_key(part->owner->key);
	uint8_t head[PART_HEAD + NONCE_SIZE], label[LABEL_SIZE];
	size_t len = NONCE_SIZE + part->text.len + TAG_SIZE;
	uint8_t *cipher = arena_take(out->arena, part->text.len + TAG_SIZE);
	const struct random_source *random = owners->random;
	struct digest_seal seal = {.key = secret.bytes,
	    .nonce = head + PART_HEAD,
	    .label = {(char *)label, sizeof(label)},
	    .plain = part->text};

	if (cipher == NULL)
		return fail_memory(fail);
	head[0] = (uint8_t)part->role;
	put32(head + 1, part->owner->slot);
	put32(head + 5, (uint32_t)len);
	memcpy(label, key->bytes, DIGEST_SIZE);
	label[DIGEST_SIZE] = head[0];
	if (!random->fill(random->context, head + PART_HEAD, NONCE_SIZE))
		return fail_set(fail, FAIL_WORLD, "no random bytes to be had");
	if (!digest_cipher_encrypt(owners->cipher, &seal, cipher))
		return fail_memory(fail);
	digest_wipe(&secret, sizeof(secret));
	text_add(out, (struct slice){(char *)head, sizeof(head)});
	text_add(out,
	    (struct slice){(char *)cipher, part->text.len + TAG_SIZE});
	return true;
}

static bool
add_role(struct text *out, const struct digest *key,
    const struct record *record, unsigned role,
    const struct vault_owners *owners, struct fail *fail)
{
	struct part part = {.role = role, .owner = &owners->object};
	struct record *one = copy_head(out->arena, record, fail);

	if (one == NULL)
		return false;
	if (role != NO_ROLE) {
		part.owner = &owners->roles[role];
		if (!record_copy_role(one, record, (enum role)role, fail))
			return false;
	}
	part.text = submission_print(out->arena, one);
	if (part.text.data == NULL)
		return fail_memory(fail);
	return add_part(out, key, &part, owners, fail);
}

bool
vault_encode(struct keys *keys, const struct record *record,
    const struct vault_owners *owners, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	struct text text = text_start(arena);
	struct digest_key hmac;
	struct digest key;
	bool any = false;

	derive(keys, &hmac);
	key = object_key(&hmac, record_type(record), record_object(record));
	digest_wipe(&hmac, sizeof(hmac));
	text_add(&text, (struct slice){(char *)key.bytes, DIGEST_SIZE});
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (!record_has_role(record, (enum role)role))
			continue;
		any = true;
		if (!add_role(&text, &key, record, role, owners, fail))
			return false;
	}
	if (!any && !add_role(&text, &key, record, NO_ROLE, owners, fail))
		return false;
	*out = text_slice(&text);
	return out->data != NULL || fail_memory(fail);
}

/* --- what is pending --- */

static struct pending **
pending_of(struct vault *vault, const struct digest *key, bool subject)
{
	unsigned head = (unsigned)key->bytes[0] << 8 | key->bytes[1];
	struct pending **at = &vault->pending[head % PENDING_HEADS];

	while (*at != NULL &&
	    (!digest_equal(&(*at)->key, key) || ((*at)->len == 0) != subject))
		at = &(*at)->next;
	return at;
}

static bool
put(struct vault *vault, const struct digest *key, struct slice data,
    uint32_t slot, struct fail *fail)
{
	struct pending **at = pending_of(vault, key, data.len == 0);
	struct pending *old = *at;
	struct pending *fresh = malloc(sizeof(*fresh) + data.len);

	if (fresh == NULL)
		return fail_memory(fail);
	fresh->next = old == NULL ? NULL : old->next;
	fresh->key = *key;
	fresh->slot = slot;
	fresh->len = data.len;
	if (data.len != 0)
		memcpy(fresh->data, data.data, data.len);
	*at = fresh;
	vault->pending_count += old == NULL;
	free(old);
	return true;
}

bool
vault_put(struct vault *vault, struct slice record, struct fail *fail)
{
	struct digest key;

	if (record.len < DIGEST_SIZE)
		return fail_set(
		    fail, FAIL_WORLD, "a vault record in the journal is cut");
	memcpy(key.bytes, record.data, DIGEST_SIZE);
	return put(vault, &key, record, 0, fail);
}

bool
vault_put_subject(struct vault *vault, const struct digest *id, uint32_t slot,
    struct fail *fail)
{
	return put(vault, id, (struct slice){NULL, 0}, slot, fail);
}

static bool
flush_one(struct vault *vault, const struct pending *pending,
    struct fail *fail)
{
	struct statement *statement =
	    pending->len == 0 ? vault->put_subject : vault->put;

	statement_bind_bytes(
	    statement, 1, pending->key.bytes, sizeof(pending->key.bytes));
	if (pending->len == 0)
		statement_bind_number(statement, 2, pending->slot);
	else
		statement_bind_bytes(
		    statement, 2, pending->data, pending->len);
	return statement_do(statement, fail);
}

static void
drop_pending(struct vault *vault)
{
	for (size_t i = 0; i < PENDING_HEADS; i++) {
		struct pending *at = vault->pending[i], *next;

		for (; at != NULL; at = next) {
			next = at->next;
			free(at);
		}
		vault->pending[i] = NULL;
	}
	vault->pending_count = 0;
}

/* Write whole heads from `trim_at` on; returns the head after the last. */
static size_t
write_heads(struct vault *vault, bool *ok, struct fail *fail)
{
	size_t head = vault->trim_at, rows = 0;

	for (size_t i = 0; *ok && i < PENDING_HEADS && rows < TRIM_ROWS; i++) {
		for (struct pending *at = vault->pending[head];
		     *ok && at != NULL; at = at->next, rows++)
			*ok = flush_one(vault, at, fail);
		head = (head + 1) % PENDING_HEADS;
	}
	return head;
}

static void
drop_heads(struct vault *vault, size_t end)
{
	do {
		struct pending **head = &vault->pending[vault->trim_at];

		for (struct pending *at; (at = *head) != NULL; free(at)) {
			*head = at->next;
			vault->pending_count--;
		}
		vault->trim_at = (vault->trim_at + 1) % PENDING_HEADS;
	} while (vault->trim_at != end);
}

static bool
commit(struct vault *vault, bool ok, struct fail *fail)
{
	struct fail ignored = FAIL_INIT;

	if (ok && sqlite_run(vault->sqlite, "COMMIT", fail))
		return true;
	sqlite_run(vault->sqlite, "ROLLBACK", &ignored);
	return false;
}

bool
vault_trim(struct vault *vault, struct fail *fail)
{
	size_t end;
	bool ok = true;

	while (vault->pending_count > PENDING_MANY) {
		if (!sqlite_run(vault->sqlite, "BEGIN IMMEDIATE", fail))
			return false;
		end = write_heads(vault, &ok, fail);
		if (!commit(vault, ok, fail))
			return false;
		drop_heads(vault, end);
	}
	return true;
}

bool
vault_flush(struct vault *vault, uint64_t sequence, struct fail *fail)
{
	bool ok;

	if (sequence == vault->sequence)
		return true;
	if (!sqlite_run(vault->sqlite, "BEGIN IMMEDIATE", fail))
		return false;
	statement_bind_number(vault->set_sequence, 1, (int64_t)sequence);
	ok = statement_do(vault->set_sequence, fail);
	for (size_t i = 0; i < PENDING_HEADS; i++)
		for (struct pending *at = vault->pending[i]; ok && at != NULL;
		    at = at->next)
			ok = flush_one(vault, at, fail);
	if (!commit(vault, ok, fail))
		return false;
	vault->sequence = sequence;
	drop_pending(vault);
	return true;
}

uint64_t
vault_sequence(const struct vault *vault)
{
	return vault->sequence;
}

/* --- reading --- */

static bool
damaged(struct fail *fail)
{
	return fail_set(fail, FAIL_WORLD, "a record in the vault is damaged");
}

/* *text is empty if the subject was forgotten. */
static bool
open_part(struct vault *vault, struct slice *rest, const struct digest *key,
    struct arena *arena, struct slice *text, struct fail *fail)
{
	const uint8_t *at = (const uint8_t *)rest->data;
	uint8_t label[LABEL_SIZE], slot_key[KEY_SIZE];
	struct digest secret;
	char *plain;
	uint32_t len;
	bool ok;

	*text = (struct slice){NULL, 0};
	if (rest->len < PART_HEAD)
		return damaged(fail);
	len = get32(at + 5);
	if (len > rest->len - PART_HEAD || len < NONCE_SIZE + TAG_SIZE)
		return damaged(fail);
	rest->data += PART_HEAD + len;
	rest->len -= PART_HEAD + len;
	if (!keys_slot(vault->keys, get32(at + 1), slot_key))
		return true;
	secret = part_key(slot_key);
	digest_wipe(slot_key, sizeof(slot_key));
	memcpy(label, key->bytes, DIGEST_SIZE);
	label[DIGEST_SIZE] = at[0];
	plain = arena_take(arena, len);
	ok = plain != NULL || fail_memory(fail);
	if (ok && !digest_decrypt(secret.bytes, at + PART_HEAD,
		      (struct slice){(char *)label, sizeof(label)},
		      (struct slice){
			  (const char *)at + PART_HEAD + NONCE_SIZE,
			  len - NONCE_SIZE},
		      (uint8_t *)plain))
		ok = damaged(fail);
	digest_wipe(&secret, sizeof(secret));
	*text = (struct slice){plain, len - NONCE_SIZE - TAG_SIZE};
	return ok;
}

static bool
merge_part(struct record **record, struct arena *arena, struct slice text,
    struct fail *fail)
{
	struct submission *submission = submission_parse(arena, text, fail);
	const struct record *part;

	if (submission == NULL)
		return false;
	part = submission->record;
	if (*record == NULL)
		*record = copy_head(arena, part, fail);
	for (unsigned r = 0; *record != NULL && r < ROLE_COUNT; r++)
		if (record_has_role(part, (enum role)r) &&
		    !record_copy_role(*record, part, (enum role)r, fail))
			return false;
	return *record != NULL;
}

static struct record *
decode(struct vault *vault, struct arena *arena, struct slice data,
    struct fail *fail)
{
	struct record *record = NULL;
	struct digest key;

	if (data.len < DIGEST_SIZE) {
		damaged(fail);
		return NULL;
	}
	memcpy(key.bytes, data.data, DIGEST_SIZE);
	data.data += DIGEST_SIZE;
	data.len -= DIGEST_SIZE;
	while (data.len != 0) {
		struct slice text;

		if (!open_part(vault, &data, &key, arena, &text, fail) ||
		    (text.len != 0 &&
			!merge_part(&record, arena, text, fail)))
			return NULL;
	}
	return record;
}

struct record *
vault_get(struct vault *vault, struct arena *arena, enum object_type type,
    struct slice object, struct fail *fail)
{
	struct digest key = object_key(&vault->object_key, type, object);
	const struct pending *pending = *pending_of(vault, &key, false);
	struct slice data = {NULL, 0};
	bool row;

	if (pending != NULL)
		return decode(vault, arena,
		    (struct slice){pending->data, pending->len}, fail);
	statement_bind_bytes(vault->get, 1, key.bytes, sizeof(key.bytes));
	if (!statement_step(vault->get, &row, fail)) {
		statement_reset(vault->get);
		return NULL;
	}
	if (row)
		data = arena_copy(arena, statement_bytes(vault->get, 0));
	statement_reset(vault->get);
	if (!row)
		return NULL;
	if (data.data == NULL) {
		fail_memory(fail);
		return NULL;
	}
	return decode(vault, arena, data, fail);
}

/* --- opening --- */

static bool
learn_subjects(struct vault *vault, struct fail *fail)
{
	struct statement *all = sqlite_prepare(
	    vault->sqlite, "SELECT id, slot FROM subject", fail);
	bool row = true, ok = all != NULL;

	while (ok && (ok = statement_step(all, &row, fail)) && row) {
		struct slice bytes = statement_bytes(all, 0);
		int64_t slot = statement_number(all, 1);
		struct digest id;

		if (bytes.len != DIGEST_SIZE || slot < 0 || slot > UINT32_MAX)
			ok = damaged(fail);
		else {
			memcpy(id.bytes, bytes.data, DIGEST_SIZE);
			ok = keys_learn(
			    vault->keys, &id, (uint32_t)slot, fail);
		}
	}
	if (all != NULL)
		statement_reset(all);
	return ok;
}

static bool
load_sequence(struct vault *vault, struct fail *fail)
{
	struct statement *get = sqlite_prepare(
	    vault->sqlite, "SELECT sequence FROM journal", fail);
	bool row = false;
	bool ok = get != NULL && statement_step(get, &row, fail);

	if (ok && row)
		vault->sequence = (uint64_t)statement_number(get, 0);
	if (get != NULL)
		statement_reset(get);
	return ok;
}

static bool
prepare(struct vault *vault, const char *path, struct fail *fail)
{
	vault->sqlite = sqlite_open(path, schema, 1, fail);
	return vault->sqlite != NULL &&
	    (vault->put = sqlite_prepare(vault->sqlite,
		 "REPLACE INTO record VALUES (?, ?)", fail)) != NULL &&
	    (vault->put_subject = sqlite_prepare(vault->sqlite,
		 "REPLACE INTO subject VALUES (?, ?)", fail)) != NULL &&
	    (vault->get = sqlite_prepare(vault->sqlite,
		 "SELECT data FROM record WHERE object = ?", fail)) != NULL &&
	    (vault->set_sequence = sqlite_prepare(vault->sqlite,
		 "UPDATE journal SET sequence = ?", fail)) != NULL &&
	    load_sequence(vault, fail) && learn_subjects(vault, fail);
}

struct vault *
vault_open(const char *path, struct keys *keys, struct fail *fail)
{
	struct vault *vault = calloc(1, sizeof(*vault));

	if (vault == NULL) {
		fail_memory(fail);
		return NULL;
	}
	vault->keys = keys;
	derive(keys, &vault->object_key);
	if (prepare(vault, path, fail))
		return vault;
	vault_close(vault);
	return NULL;
}

void
vault_close(struct vault *vault)
{
	if (vault == NULL)
		return;
	drop_pending(vault);
	sqlite_close(vault->sqlite);
	digest_wipe(vault, sizeof(*vault));
	free(vault);
}

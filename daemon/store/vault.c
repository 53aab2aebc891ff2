/*
 * A row of the database has an object's key, the HMAC of its type and name,
 * and two generations of its record, either of which may be missing.  The
 * journal carries a change:
 *
 *	0	what becomes of the object (enum change), 1 byte
 *	1	key of the object, 32 bytes
 *	33	parts, each: role (1 byte, NO_ROLE for a record without
 *		one), key slot (32 bits), length (32 bits), nonce, text
 *		under the subject's key, tag
 *
 * with the object's key and the role as associated data, so that a proposed
 * record becomes the current one as it is.  A part's text is the record with
 * this one role, as codec/pack.h has it.
 */
#include "store/vault_priv.h"

#include "codec/pack.h"

enum { NO_ROLE = 255, PART_HEAD = 9, LABEL_SIZE = DIGEST_SIZE + 1 };

static const char schema[] =
    "CREATE TABLE IF NOT EXISTS record ("
    " object BLOB PRIMARY KEY, current BLOB, proposed BLOB,"
    " sequence INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS subject ("
    " id BLOB PRIMARY KEY, slot INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS journal ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL,"
    " trimmed INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO journal VALUES (1, 0, 0);";

static const char put_sql[] =
    "INSERT INTO record VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (object) DO UPDATE SET"
    " current = CASE ?5 WHEN 0 THEN current"
    "  WHEN 3 THEN coalesce(proposed, current) ELSE excluded.current END,"
    " proposed = CASE ?6 WHEN 0 THEN proposed ELSE excluded.proposed END,"
    " sequence = excluded.sequence";

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

void
vault_key_set(struct digest_key *out, const struct keys *keys)
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
	struct text packed = text_start(out->arena);
	struct part part = {.role = role, .owner = &owners->object};

	if (role == NO_ROLE) {
		pack_record(&packed, record);
	} else {
		part.owner = &owners->roles[role];
		pack_role(&packed, record, (enum role)role);
	}
	part.text = text_slice(&packed);
	if (part.text.data == NULL)
		return fail_memory(fail);
	return add_part(out, key, &part, owners, fail);
}

static void
add_head(struct text *out, enum change change, const struct digest *key)
{
	text_add_char(out, (char)change);
	text_add(out, (struct slice){(const char *)key->bytes, DIGEST_SIZE});
}

bool
vault_encode(const struct record *record, enum vault_slot slot,
    const struct vault_owners *owners, struct text *out, struct fail *fail)
{
	struct digest key = object_key(
	    owners->object_key, record_type(record), record_object(record));
	bool any = false;

	add_head(out,
	    slot == VAULT_CURRENT ? CHANGE_CURRENT : CHANGE_PROPOSED, &key);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		if (!record_has_role(record, (enum role)role))
			continue;
		any = true;
		if (!add_role(out, &key, record, role, owners, fail))
			return false;
	}
	if (!any && !add_role(out, &key, record, NO_ROLE, owners, fail))
		return false;
	return !out->failed || fail_memory(fail);
}

void
vault_encode_promotion(const struct digest_key *object_key_of,
    enum object_type type, struct slice object, struct text *out)
{
	struct digest key = object_key(object_key_of, type, object);

	add_head(out, CHANGE_PROMOTE, &key);
}

void
vault_encode_removal(const struct digest_key *object_key_of,
    enum object_type type, struct slice object, enum vault_slot slot,
    struct text *out)
{
	struct digest key = object_key(object_key_of, type, object);

	add_head(out, slot == VAULT_CURRENT ? CHANGE_REMOVE : CHANGE_WITHDRAW,
	    &key);
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

/* What all parts say alike is taken from the first. */
static bool
merge_part(struct record **record, struct arena *arena, struct slice text,
    struct fail *fail)
{
	struct record *part = unpack_record(arena, text, fail);

	if (part == NULL || *record == NULL) {
		*record = part;
		return part != NULL;
	}
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (record_has_role(part, (enum role)r) &&
		    !record_copy_role(*record, part, (enum role)r, fail))
			return false;
	return true;
}

static struct record *
decode(struct vault *vault, struct arena *arena, const struct digest *key,
    struct slice data, struct fail *fail)
{
	struct record *record = NULL;

	while (data.len != 0) {
		struct slice text;

		if (!open_part(vault, &data, key, arena, &text, fail) ||
		    (text.len != 0 &&
			!merge_part(&record, arena, text, fail)))
			return NULL;
	}
	return record;
}

bool
vault_row(struct vault *vault, const struct digest *key, enum vault_slot slot,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct slice bytes = {NULL, 0};
	bool row = false, ok;

	*out = bytes;
	statement_bind_bytes(vault->get, 1, key->bytes, DIGEST_SIZE);
	ok = statement_step(vault->get, &row, fail);
	if (ok && row)
		bytes = statement_bytes(vault->get, (int)slot);
	if (bytes.len != 0) {
		*out = arena_copy(arena, bytes);
		ok = out->data != NULL || fail_memory(fail);
	}
	statement_reset(vault->get);
	return ok;
}

/* What a promotion that is pending leaves: the proposal, if there is one. */
static bool
promoted(struct vault *vault, const struct digest *key, struct arena *arena,
    struct slice *out, struct fail *fail)
{
	return vault_row(vault, key, VAULT_PROPOSED, arena, out, fail) &&
	    (out->len != 0 ||
		vault_row(vault, key, VAULT_CURRENT, arena, out, fail));
}

static bool
find(struct vault *vault, const struct digest *key, enum vault_slot slot,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	const struct pending *pending = vault_pending(vault, key);
	const struct generation *generation =
	    pending == NULL ? NULL : &pending->of[slot];

	switch (generation == NULL ? FATE_KEPT : generation->fate) {
	case FATE_KEPT:
		break;
	case FATE_WRITTEN:
		*out = (struct slice){generation->data, generation->len};
		return true;
	case FATE_GONE:
		*out = (struct slice){NULL, 0};
		return true;
	case FATE_PROMOTED:
		return promoted(vault, key, arena, out, fail);
	}
	return vault_row(vault, key, slot, arena, out, fail);
}

struct record *
vault_get_slot(struct vault *vault, struct arena *arena,
    enum object_type type, struct slice object, enum vault_slot slot,
    struct fail *fail)
{
	struct digest key = object_key(&vault->object_key, type, object);
	struct slice data;

	if (!find(vault, &key, slot, arena, &data, fail))
		return NULL;
	return decode(vault, arena, &key, data, fail);
}

struct record *
vault_get(struct vault *vault, struct arena *arena, enum object_type type,
    struct slice object, struct fail *fail)
{
	return vault_get_slot(
	    vault, arena, type, object, VAULT_CURRENT, fail);
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
	    vault->sqlite, "SELECT sequence, trimmed FROM journal", fail);
	bool row = false;
	bool ok = get != NULL && statement_step(get, &row, fail);

	if (ok && row) {
		vault->sequence = (uint64_t)statement_number(get, 0);
		vault->trimmed = (uint64_t)statement_number(get, 1);
	}
	if (get != NULL)
		statement_reset(get);
	return ok;
}

static bool
prepare(struct vault *vault, const char *path, struct fail *fail)
{
	vault->sqlite = sqlite_open(path, schema, 2, fail);
	return vault->sqlite != NULL &&
	    (vault->put = sqlite_prepare(vault->sqlite, put_sql, fail)) !=
		NULL &&
	    (vault->drop = sqlite_prepare(vault->sqlite,
		 "DELETE FROM record WHERE object = ?"
		 " AND current IS NULL AND proposed IS NULL",
		 fail)) != NULL &&
	    (vault->set_trimmed = sqlite_prepare(vault->sqlite,
		 "UPDATE journal SET trimmed = ?", fail)) != NULL &&
	    (vault->put_subject = sqlite_prepare(vault->sqlite,
		 "REPLACE INTO subject VALUES (?, ?)", fail)) != NULL &&
	    (vault->get = sqlite_prepare(vault->sqlite,
		 "SELECT current, proposed, sequence FROM record"
		 " WHERE object = ?",
		 fail)) != NULL &&
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
	vault_key_set(&vault->object_key, keys);
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
	vault_drop_pending(vault);
	sqlite_close(vault->sqlite);
	digest_wipe(vault, sizeof(*vault));
	free(vault);
}

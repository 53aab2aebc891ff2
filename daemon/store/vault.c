/*
 * An object's key is the HMAC of its type and name; it has two generations of
 * its record, either of which may be missing.  Journal and log carry changes:
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

#include <assert.h>

#include "codec/pack.h"

enum { NO_ROLE = 255, PART_HEAD = 9, LABEL_SIZE = DIGEST_SIZE + 1 };

static struct digest
object_key(const struct digest_key *key, enum object_type type,
    struct slice object)
{
	struct digest_piece piece;
	struct digest_run run;
	uint8_t kind = (uint8_t)type;

	digest_piece_start(&piece);
	digest_put(&piece, &kind, 1);
	digest_put(&piece, object.data, object.len);
	if (!piece.is_full)
		return digest_piece_hmac(key, &piece);
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

/* --- encoding --- */

struct part {
	unsigned role;
	const struct vault_owner *owner;
	struct slice text;
};

/* The key of a subject's records: HMAC of this under the slot's. */
#define PART_WORD SLICE("misu-vault-1")

struct vault_owner
vault_owner(uint32_t slot, const struct digest_key *subject)
{
	return (struct vault_owner){slot, digest_key_hmac(subject, PART_WORD)};
}

/* Encrypted to where it stays: nothing is copied. */
static bool
add_part(struct text *out, const struct digest *key, const struct part *part,
    const struct vault_owners *owners, struct fail *fail)
{
	size_t len = NONCE_SIZE + part->text.len + TAG_SIZE;
	uint8_t *head = (uint8_t *)text_room(out, PART_HEAD + len);
	const struct random_source *random = owners->random;
	uint8_t label[LABEL_SIZE];
	struct digest_seal seal = {.key = part->owner->key.bytes,
	    .label = {(char *)label, sizeof(label)},
	    .plain = part->text};

	if (head == NULL)
		return fail_memory(fail);
	seal.nonce = head + PART_HEAD;
	head[0] = (uint8_t)part->role;
	vault_put32(head + 1, part->owner->slot);
	vault_put32(head + 5, (uint32_t)len);
	memcpy(label, key->bytes, DIGEST_SIZE);
	label[DIGEST_SIZE] = head[0];
	if (!random->fill(random->context, head + PART_HEAD, NONCE_SIZE))
		return fail_set(fail, FAIL_WORLD, "no random bytes to be had");
	return digest_cipher_encrypt(owners->cipher, &seal,
		   head + PART_HEAD + NONCE_SIZE) ||
	       fail_memory(fail);
}

static bool
add_role(struct text *out, const struct digest *key,
    const struct record *record, unsigned role,
    const struct vault_owners *owners, struct fail *fail)
{
	struct text packed = text_start(out->arena);
	struct part part = {.role = role, .owner = &owners->object};
	bool ok;

	packed.data = owners->scratch;
	packed.size = owners->scratch_size;
	if (role == NO_ROLE) {
		pack_record(&packed, record);
	} else {
		part.owner = &owners->roles[role];
		pack_role(&packed, record, (enum role)role);
	}
	part.text = text_slice(&packed);
	if (part.text.data == NULL)
		return fail_memory(fail);
	ok = add_part(out, key, &part, owners, fail);
	/* What did not fit is in the arena, which is wiped. */
	if (owners->scratch != NULL)
		digest_wipe(owners->scratch,
		    part.text.len < owners->scratch_size
			? part.text.len
			: owners->scratch_size);
	return ok;
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
	struct digest_seal seal = {.key = secret.bytes,
	    .label = {(char *)label, sizeof(label)}};
	char *plain;
	uint32_t len;
	bool ok;

	*text = (struct slice){NULL, 0};
	if (rest->len < PART_HEAD)
		return damaged(fail);
	len = vault_get32(at + 5);
	if (len > rest->len - PART_HEAD || len < NONCE_SIZE + TAG_SIZE)
		return damaged(fail);
	rest->data += PART_HEAD + len;
	rest->len -= PART_HEAD + len;
	if (!keys_slot(vault->keys, vault_get32(at + 1), slot_key))
		return true;
	secret = digest_hmac(slot_key, PART_WORD);
	digest_wipe(slot_key, sizeof(slot_key));
	memcpy(label, key->bytes, DIGEST_SIZE);
	label[DIGEST_SIZE] = at[0];
	plain = arena_take(arena, len);
	seal.nonce = at + PART_HEAD;
	seal.plain = (struct slice){
	    (const char *)at + PART_HEAD + NONCE_SIZE, len - NONCE_SIZE};
	ok = plain != NULL || fail_memory(fail);
	if (ok &&
	    !digest_cipher_decrypt(vault->cipher, &seal, (uint8_t *)plain))
		ok = damaged(fail);
	digest_wipe(&secret, sizeof(secret));
	*text = (struct slice){plain, len - NONCE_SIZE - TAG_SIZE};
	return ok;
}

/* The next part of a change; false at the end, or if it is cut. */
static bool
next_part(struct slice *rest, struct slice *part, uint32_t *slot)
{
	const uint8_t *at = (const uint8_t *)rest->data;
	uint32_t len;

	if (rest->len < PART_HEAD)
		return false;
	len = vault_get32(at + 5);
	if (len > rest->len - PART_HEAD)
		return false;
	*slot = vault_get32(at + 1);
	*part = (struct slice){rest->data, PART_HEAD + len};
	rest->data += part->len;
	rest->len -= part->len;
	return true;
}

bool
vault_parts_left(struct vault *vault, struct slice change,
    struct arena *arena, struct slice *rest, struct fail *fail)
{
	struct slice parts = {
	    change.data + CHANGE_HEAD, change.len - CHANGE_HEAD};
	struct text text = text_start(arena);
	uint8_t key[KEY_SIZE];
	bool all = true, any = false;
	struct slice part;
	uint32_t slot;

	*rest = (struct slice){change.data + 1, change.len - 1};
	text_add(&text, (struct slice){change.data + 1, DIGEST_SIZE});
	while (parts.len != 0) {
		if (!next_part(&parts, &part, &slot))
			return damaged(fail);
		if (!keys_slot(vault->keys, slot, key)) {
			all = false;
			continue;
		}
		text_add(&text, part);
		any = true;
	}
	digest_wipe(key, sizeof(key));
	if (all)
		return true;
	*rest = any ? text_slice(&text) : (struct slice){NULL, 0};
	return !any || rest->data != NULL || fail_memory(fail);
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

static bool
find(struct vault *vault, const struct digest *key, enum vault_slot slot,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	const struct vault_object *object =
	    vault_index_find(&vault->index, key->bytes);
	const struct vault_place *place;
	struct slice item;

	*out = (struct slice){NULL, 0};
	if (object == NULL || object->of[slot].len == 0)
		return true;
	place = &object->of[slot];
	if (!vault_item_read(vault, place, arena, &item, fail))
		return false;
	if (!vault_change_is_sound(item) ||
	    memcmp(item.data + 1, key->bytes, DIGEST_SIZE) != 0)
		return vault_damaged(place->segment, place->offset,
		    "the record of another object", fail);
	*out = (struct slice){
	    item.data + CHANGE_HEAD, item.len - CHANGE_HEAD};
	return true;
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

/* --- one after the other --- */

/* What stands at this place, under the whole key that the item has. */
static bool
get_placed(struct vault *vault, const struct vault_object *object,
    enum vault_slot slot, struct arena *arena, struct record **out,
    struct fail *fail)
{
	const struct vault_place *place = &object->of[slot];
	struct digest key;
	struct slice item;

	if (!vault_item_read(vault, place, arena, &item, fail))
		return false;
	if (!vault_change_is_sound(item) ||
	    memcmp(item.data + 1, object->key, INDEX_KEY) != 0)
		return vault_damaged(place->segment, place->offset,
		    "the record of another object", fail);
	memcpy(key.bytes, item.data + 1, DIGEST_SIZE);
	*out = decode(vault, arena, &key,
	    (struct slice){item.data + CHANGE_HEAD, item.len - CHANGE_HEAD},
	    fail);
	return *out != NULL || fail->kind == FAIL_NONE;
}

bool
vault_next(struct vault *vault, struct vault_cursor *cursor,
    struct arena *arena, struct record **out, struct fail *fail)
{
	const struct vault_object *object;

	*out = NULL;
	while (*out == NULL) {
		object = vault_index_after(
		    &vault->index, cursor->begun ? cursor->key : NULL);
		if (object == NULL)
			return true;
		cursor->begun = true;
		memcpy(cursor->key, object->key, VAULT_CURSOR);
		if (object->of[VAULT_CURRENT].len != 0 &&
		    !get_placed(
			vault, object, VAULT_CURRENT, arena, out, fail))
			return false;
	}
	return true;
}

static_assert((int)VAULT_SHARDS == INDEX_SHARDS, "as the index has them");

bool
vault_next_proposed(struct vault *vault, unsigned shard, uint32_t *at,
    struct arena *arena, struct record **out, struct fail *fail)
{
	const struct vault_shard *of = &vault->index.shards[shard];

	*out = NULL;
	while (*out == NULL && *at < of->size) {
		const struct vault_object *object = &of->objects[(*at)++];

		if (object->of[VAULT_PROPOSED].len != 0 &&
		    !get_placed(
			vault, object, VAULT_PROPOSED, arena, out, fail))
			return false;
	}
	return true;
}

double
vault_cursor_share(const struct vault_cursor *cursor)
{
	return cursor->begun ? vault_index_share(cursor->key) : 0;
}

/* --- opening --- */

static const struct vault_limits daemon_limits = {.segment = 64 << 20,
    .pending = 64 << 20,
    .slack = 16 << 20,
    .chunk = 4 << 20};

void
vault_set_limits(struct vault *vault, const struct vault_limits *limits)
{
	vault->limits = *limits;
}

struct vault *
vault_open(struct disk *disk, const char *directory, struct keys *keys,
    struct fail *fail)
{
	struct vault *vault = calloc(1, sizeof(*vault));

	if (vault == NULL) {
		fail_memory(fail);
		return NULL;
	}
	vault->disk = disk;
	vault->keys = keys;
	vault->limits = daemon_limits;
	vault_key_set(&vault->object_key, keys);
	vault->cipher = digest_cipher_create();
	if (vault->cipher == NULL)
		fail_memory(fail);
	else if ((size_t)snprintf(vault->directory, sizeof(vault->directory), "%s",
		directory) >= sizeof(vault->directory))
		fail_set(fail, FAIL_INPUT, "the path is too long");
	else if (vault_log_open(vault, fail))
		return vault;
	vault_close(vault);
	return NULL;
}

void
vault_close(struct vault *vault)
{
	if (vault == NULL)
		return;
	for (uint32_t i = 0; i < vault->count; i++)
		vault->disk->operations->close(
		    vault->disk, vault->segments[i].file);
	digest_cipher_destroy(vault->cipher);
	vault_index_finish(&vault->index);
	free(vault->segments);
	free(vault->pending.data);
	free(vault->write.buffer.data);
	free(vault->chunk);
	digest_wipe(vault, sizeof(*vault));
	free(vault);
}

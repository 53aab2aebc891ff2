/* What a disclosure has under its subject's key. */
#include "core/canon.h"
#include "core/entry.h"
#include "store/log_query.h"

bool
log_query_object(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name)
{
	struct slice inputs;

	return log_query_inputs(keys, entry, arena, name, &inputs);
}

/* The name ends at a NUL, where there is one. */
static void
split(struct slice plain, struct slice *name, struct slice *inputs)
{
	const char *end =
	    plain.len != 0 ? memchr(plain.data, '\0', plain.len) : NULL;

	*name = plain;
	*inputs = (struct slice){"", 0};
	if (end == NULL)
		return;
	name->len = (size_t)(end - plain.data);
	*inputs = (struct slice){end + 1, plain.len - name->len - 1};
}

/* What is encrypted in an entry's "object", and all it takes to read it. */
struct closed {
	const struct keys *keys;
	struct digest_cipher *cipher;
	struct slice object, salt;
};

static bool
decrypt(const struct closed *closed, int64_t slot, const uint8_t *salt,
    struct slice bytes, uint8_t *plain)
{
	struct digest_seal seal = {.nonce = (const uint8_t *)bytes.data,
	    .label = {(const char *)salt, ENTRY_SALT},
	    .plain = {bytes.data + NONCE_SIZE, bytes.len - NONCE_SIZE}};
	uint8_t secret[KEY_SIZE];
	struct digest_key key;
	struct digest object_key;
	bool ok;

	if (!keys_slot(closed->keys, (uint32_t)slot, secret))
		return false;
	digest_key_set(&key, secret);
	object_key = entry_object_key(&key);
	seal.key = object_key.bytes;
	ok = digest_cipher_decrypt(closed->cipher, &seal, plain);
	digest_wipe(secret, sizeof(secret));
	digest_wipe(&key, sizeof(key));
	digest_wipe(&object_key, sizeof(object_key));
	return ok;
}

static bool
open_object(const struct closed *closed, struct arena *arena,
    struct slice *name, struct slice *inputs)
{
	struct slice data, bytes;
	uint8_t salt[ENTRY_SALT], *plain;
	int64_t slot;

	if (!canon_get_number(closed->object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX ||
	    !canon_get_string(closed->object, "data", arena, &data) ||
	    !text_hex_decode(closed->salt, salt, sizeof(salt)) ||
	    !text_base64_decode(arena, data, &bytes) ||
	    bytes.len < NONCE_SIZE + TAG_SIZE)
		return false;
	plain = arena_take(arena, bytes.len);
	if (plain == NULL || !decrypt(closed, slot, salt, bytes, plain))
		return false;
	split((struct slice){(char *)plain,
		  bytes.len - NONCE_SIZE - TAG_SIZE},
	    name, inputs);
	return true;
}

bool
log_query_inputs(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name, struct slice *inputs)
{
	struct closed closed = {.keys = keys};
	bool ok;

	if (!canon_member(entry, "object", &closed.object) ||
	    !canon_get_string(entry, "salt", arena, &closed.salt))
		return false;
	closed.cipher = digest_cipher_create();
	ok = closed.cipher != NULL &&
	     open_object(&closed, arena, name, inputs);
	digest_cipher_destroy(closed.cipher);
	return ok;
}

bool
log_query_object_of(const struct keys *keys, struct digest_cipher *cipher,
    const struct entry_parts *parts, struct arena *arena, struct slice *name)
{
	const struct closed closed = {
	    keys, cipher, parts->object, parts->salt};
	struct slice inputs;

	return parts->object.len != 0 &&
	       open_object(&closed, arena, name, &inputs);
}

bool
log_query_forgotten(const struct keys *keys, struct slice entry)
{
	uint8_t secret[KEY_SIZE];
	struct slice object;
	int64_t slot;
	bool there;

	if (keys == NULL || !canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX)
		return false;
	there = keys_slot(keys, (uint32_t)slot, secret);
	digest_wipe(secret, sizeof(secret));
	return !there;
}

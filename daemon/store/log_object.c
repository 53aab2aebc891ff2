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

bool
log_query_inputs(const struct keys *keys, struct slice entry,
    struct arena *arena, struct slice *name, struct slice *inputs)
{
	struct slice object, data, salt, bytes;
	uint8_t secret[KEY_SIZE], raw_salt[ENTRY_SALT];
	struct digest_key key;
	struct digest object_key;
	int64_t slot;
	uint8_t *plain;
	bool ok;

	if (!canon_member(entry, "object", &object) ||
	    !canon_get_number(object, "slot", &slot) || slot < 0 ||
	    slot > UINT32_MAX ||
	    !canon_get_string(object, "data", arena, &data) ||
	    !canon_get_string(entry, "salt", arena, &salt) ||
	    !text_hex_decode(salt, raw_salt, sizeof(raw_salt)) ||
	    !text_base64_decode(arena, data, &bytes) ||
	    bytes.len < NONCE_SIZE + TAG_SIZE ||
	    !keys_slot(keys, (uint32_t)slot, secret))
		return false;
	digest_key_set(&key, secret);
	object_key = entry_object_key(&key);
	plain = arena_take(arena, bytes.len);
	ok =
	    plain != NULL &&
	    digest_decrypt(object_key.bytes, (const uint8_t *)bytes.data,
		(struct slice){(char *)raw_salt, sizeof(raw_salt)},
		(struct slice){bytes.data + NONCE_SIZE, bytes.len - NONCE_SIZE},
		plain);
	digest_wipe(secret, sizeof(secret));
	digest_wipe(&key, sizeof(key));
	digest_wipe(&object_key, sizeof(object_key));
	if (ok)
		split((struct slice){(char *)plain,
			  bytes.len - NONCE_SIZE - TAG_SIZE},
		    name, inputs);
	return ok;
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

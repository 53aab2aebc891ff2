#include "store/secretly.h"

bool
secretly_bind(const struct secretly *secretly, struct statement *s, int at,
    struct slice plain, struct fail *fail)
{
	size_t len = NONCE_SIZE + plain.len + TAG_SIZE;
	uint8_t *out = malloc(len);
	bool ok = out != NULL &&
		  secretly->random->fill(
		      secretly->random->context, out, NONCE_SIZE) &&
		  digest_encrypt(secretly->key, out,
		      slice_from(secretly->label), plain, out + NONCE_SIZE);

	if (ok)
		statement_bind_copy(s, at, out, len);
	free(out);
	return ok || fail_set(fail, FAIL_WORLD, "cannot encrypt for %s",
			 secretly->label);
}

bool
secretly_read(const struct secretly *secretly, struct arena *arena,
    struct slice cipher, struct slice *out, struct fail *fail)
{
	uint8_t *plain;

	if (cipher.len < NONCE_SIZE + TAG_SIZE)
		return fail_set(fail, FAIL_WORLD, "%s: the database is damaged",
		    secretly->label);
	plain = arena_take(arena, cipher.len);
	if (plain == NULL)
		return fail_memory(fail);
	if (!digest_decrypt(secretly->key, (const uint8_t *)cipher.data,
		slice_from(secretly->label),
		(struct slice){
		    cipher.data + NONCE_SIZE, cipher.len - NONCE_SIZE},
		plain)) {
		fail_set(fail, FAIL_WORLD,
		    "%s: damaged, or written under another key",
		    secretly->label);
		fail_hint(fail, "restore the master key that belongs to it");
		return false;
	}
	plain[cipher.len - NONCE_SIZE - TAG_SIZE] = '\0';
	*out = (struct slice){
	    (const char *)plain, cipher.len - NONCE_SIZE - TAG_SIZE};
	return true;
}

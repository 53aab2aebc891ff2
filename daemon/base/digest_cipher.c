/*
 * AES-256-GCM by nettle: what the ledger encrypts is short, and OpenSSL's EVP
 * spends more on asking the cipher for its own parameters by name than on the
 * bytes.  Both have the processor's instructions where there are any.
 */
#include <nettle/gcm.h>
#include <nettle/memops.h>
#include <stdlib.h>

#include "base/digest.h"

_Static_assert(KEY_SIZE == AES256_KEY_SIZE && NONCE_SIZE == GCM_IV_SIZE &&
		   TAG_SIZE == GCM_DIGEST_SIZE,
    "sizes are those of AES-256-GCM");

/* Far below what one nonce may serve. */
enum { LONGEST = INT32_MAX };

struct digest_cipher {
	struct gcm_aes256_ctx context;
};

struct digest_cipher *
digest_cipher_create(void)
{
	return calloc(1, sizeof(struct digest_cipher));
}

void
digest_cipher_destroy(struct digest_cipher *cipher)
{
	if (cipher == NULL)
		return;
	digest_wipe(cipher, sizeof(*cipher));
	free(cipher);
}

static void
start(struct gcm_aes256_ctx *context, const struct digest_seal *seal)
{
	if (seal->key != NULL)
		gcm_aes256_set_key(context, seal->key);
	gcm_aes256_set_iv(context, NONCE_SIZE, seal->nonce);
	gcm_aes256_update(
	    context, seal->label.len, (const uint8_t *)seal->label.data);
}

bool
digest_cipher_encrypt(
    struct digest_cipher *cipher, const struct digest_seal *seal, uint8_t *out)
{
	struct gcm_aes256_ctx *context = &cipher->context;
	struct slice plain = seal->plain;

	if (plain.len > LONGEST)
		return false;
	start(context, seal);
	gcm_aes256_encrypt(
	    context, plain.len, out, (const uint8_t *)plain.data);
	gcm_aes256_digest(context, TAG_SIZE, out + plain.len);
	return true;
}

bool
digest_cipher_decrypt(
    struct digest_cipher *cipher, const struct digest_seal *seal, uint8_t *out)
{
	struct gcm_aes256_ctx *context = &cipher->context;
	const uint8_t *from = (const uint8_t *)seal->plain.data;
	uint8_t given[TAG_SIZE], found[TAG_SIZE];
	size_t len;
	bool ok;

	if (seal->plain.len < TAG_SIZE || seal->plain.len > LONGEST)
		return false;
	len = seal->plain.len - TAG_SIZE;
	memcpy(given, from + len, TAG_SIZE);
	start(context, seal);
	gcm_aes256_decrypt(context, len, out, from);
	gcm_aes256_digest(context, TAG_SIZE, found);
	ok = memeql_sec(given, found, TAG_SIZE) != 0;
	if (!ok)
		digest_wipe(out, len);
	return ok;
}

bool
digest_encrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice plain, uint8_t *out)
{
	struct digest_seal seal = {key, nonce, label, plain};
	struct digest_cipher cipher;
	bool ok = digest_cipher_encrypt(&cipher, &seal, out);

	digest_wipe(&cipher, sizeof(cipher));
	return ok;
}

bool
digest_decrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice text, uint8_t *out)
{
	struct digest_seal seal = {key, nonce, label, text};
	struct digest_cipher cipher;
	bool ok = digest_cipher_decrypt(&cipher, &seal, out);

	digest_wipe(&cipher, sizeof(cipher));
	return ok;
}

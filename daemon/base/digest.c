#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

struct digest
digest_sha256(struct slice data)
{
	struct digest digest;

	SHA256((const unsigned char *)data.data, data.len, digest.bytes);
	return digest;
}

/*
 * The one-shot SHA256() fetches nothing and is quicker than EVP for short
 * input; two pieces go through the same low-level code by way of a context.
 */
struct digest
digest_sha256_two(struct slice a, struct slice b)
{
	struct digest digest = {{0}};
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = context != NULL &&
	    EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestUpdate(context, a.data, a.len) == 1 &&
	    EVP_DigestUpdate(context, b.data, b.len) == 1 &&
	    EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1;

	EVP_MD_CTX_free(context);
	if (!ok)
		abort(); /* a digest that is not one must never be stored */
	return digest;
}

struct digest
digest_hmac(const uint8_t key[KEY_SIZE], struct slice data)
{
	struct digest digest;
	unsigned len = sizeof(digest.bytes);

	if (HMAC(EVP_sha256(), key, KEY_SIZE, (const unsigned char *)data.data,
		data.len, digest.bytes, &len) == NULL)
		abort();
	return digest;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

bool
digest_encrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice plain, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len = 0;
	bool ok = context != NULL && plain.len <= INT32_MAX &&
	    EVP_EncryptInit_ex(
		context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	    EVP_EncryptUpdate(context, NULL, &len,
		(const unsigned char *)label.data, (int)label.len) == 1 &&
	    EVP_EncryptUpdate(context, out, &len,
		(const unsigned char *)plain.data, (int)plain.len) == 1 &&
	    EVP_EncryptFinal_ex(context, out + plain.len, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE,
		out + plain.len) == 1;

	EVP_CIPHER_CTX_free(context);
	return ok;
}

bool
digest_decrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice cipher, uint8_t *out)
{
	EVP_CIPHER_CTX *context;
	uint8_t tag[TAG_SIZE];
	size_t len = cipher.len - TAG_SIZE;
	int n = 0;
	bool ok;

	if (cipher.len < TAG_SIZE || cipher.len > INT32_MAX)
		return false;
	memcpy(tag, cipher.data + len, TAG_SIZE);
	context = EVP_CIPHER_CTX_new();
	ok = context != NULL &&
	    EVP_DecryptInit_ex(
		context, EVP_aes_256_gcm(), NULL, key, nonce) == 1 &&
	    EVP_DecryptUpdate(context, NULL, &n,
		(const unsigned char *)label.data, (int)label.len) == 1 &&
	    EVP_DecryptUpdate(context, out, &n,
		(const unsigned char *)cipher.data, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(
		context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
	    EVP_DecryptFinal_ex(context, out + len, &n) == 1;
	EVP_CIPHER_CTX_free(context);
	return ok;
}

bool
digest_public_key(const uint8_t seed[KEY_SIZE], uint8_t out[32])
{
	size_t len = 32;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
	bool ok = key != NULL &&
	    EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == 32;

	EVP_PKEY_free(key);
	return ok;
}

bool
digest_sign(const uint8_t seed[KEY_SIZE], struct slice message,
    uint8_t out[SIGNATURE_SIZE])
{
	size_t len = SIGNATURE_SIZE;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed, KEY_SIZE);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = key != NULL && context != NULL &&
	    EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestSign(context, out, &len,
		(const unsigned char *)message.data, message.len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return ok;
}

bool
digest_verify(const uint8_t public_key[32], struct slice message,
    const uint8_t signature[SIGNATURE_SIZE])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = key != NULL && context != NULL &&
	    EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(context, signature, SIGNATURE_SIZE,
		(const unsigned char *)message.data, message.len) == 1;

	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return ok;
}

void
digest_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init and its kin */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

/*
 * The low-level functions fetch nothing and take no memory, which makes them
 * several times as quick as EVP for the short input the ledger has.
 */
static SHA256_CTX *
context_of(struct digest_run *run)
{
	_Static_assert(sizeof(SHA256_CTX) <= sizeof(run->state),
	    "a run holds a SHA-256 context");
	return (SHA256_CTX *)(void *)run->state;
}

void
digest_start(struct digest_run *run)
{
	SHA256_Init(context_of(run));
}

void
digest_add(struct digest_run *run, const void *bytes, size_t len)
{
	SHA256_Update(context_of(run), bytes, len);
}

struct digest
digest_end(struct digest_run *run)
{
	struct digest digest;

	SHA256_Final(digest.bytes, context_of(run));
	return digest;
}

/* --- short input: padded here, and digested in one call --- */

enum { BLOCK = SHA256_CBLOCK, SHORT_SIZE = 4 * BLOCK, PADDING = 1 + 8 };

static inline void
put_word(uint8_t *at, uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	memcpy(at, &word, sizeof(word));
}

/*
 * What ends a message of `before` bytes, digested already, and `len` in the
 * buffer.  Returns the length, which is of whole blocks.
 */
static size_t
pad(uint8_t *buffer, size_t len, size_t before)
{
	size_t whole = (len + PADDING + BLOCK - 1) / BLOCK * BLOCK;
	uint64_t bits = (uint64_t)(before + len) * 8;

	buffer[len] = 0x80;
	memset(buffer + len + 1, 0, whole - len - PADDING);
	put_word(buffer + whole - 8, (uint32_t)(bits >> 32));
	put_word(buffer + whole - 4, (uint32_t)bits);
	return whole;
}

static void
state_out(const SHA256_CTX *context, uint8_t out[DIGEST_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE / 4; i++)
		put_word(out + 4 * i, context->h[i]);
}

static inline bool
is_short(size_t len)
{
	return len <= SHORT_SIZE - PADDING;
}

/* `run` has digested `before` bytes, which are whole blocks. */
static struct digest
end_short(struct digest_run *run, struct slice data, size_t before)
{
	uint8_t buffer[SHORT_SIZE];
	struct digest digest = {{0}};
	size_t whole;

	if (data.len != 0)
		memcpy(buffer, data.data, data.len);
	whole = pad(buffer, data.len, before);
	SHA256_Update(context_of(run), buffer, whole);
	state_out(context_of(run), digest.bytes);
	digest_wipe(buffer, data.len);
	return digest;
}

struct digest
digest_sha256(struct slice data)
{
	struct digest_run run;

	digest_start(&run);
	if (is_short(data.len))
		return end_short(&run, data, 0);
	digest_add(&run, data.data, data.len);
	return digest_end(&run);
}

struct digest
digest_sha256_two(struct slice a, struct slice b)
{
	struct digest_run run;

	digest_start(&run);
	digest_add(&run, a.data, a.len);
	digest_add(&run, b.data, b.len);
	return digest_end(&run);
}

void
digest_key_set(struct digest_key *key, const uint8_t bytes[KEY_SIZE])
{
	uint8_t block[BLOCK];

	memset(block, 0x36, sizeof(block));
	for (size_t i = 0; i < KEY_SIZE; i++)
		block[i] ^= bytes[i];
	digest_start(&key->inner);
	digest_add(&key->inner, block, sizeof(block));
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	digest_start(&key->outer);
	digest_add(&key->outer, block, sizeof(block));
	digest_wipe(block, sizeof(block));
}

void
digest_key_start(const struct digest_key *key, struct digest_run *run)
{
	*run = key->inner;
}

static struct digest
outer_end(const struct digest_key *key, const struct digest *inner)
{
	struct digest_run run = key->outer;

	return end_short(&run,
	    (struct slice){(const char *)inner->bytes, DIGEST_SIZE}, BLOCK);
}

struct digest
digest_key_end(const struct digest_key *key, struct digest_run *run)
{
	struct digest inner = digest_end(run);

	return outer_end(key, &inner);
}

struct digest
digest_key_hmac(const struct digest_key *key, struct slice data)
{
	struct digest_run run;
	struct digest inner;

	digest_key_start(key, &run);
	if (is_short(data.len)) {
		inner = end_short(&run, data, BLOCK);
		return outer_end(key, &inner);
	}
	digest_add(&run, data.data, data.len);
	return digest_key_end(key, &run);
}

struct digest
digest_hmac(const uint8_t bytes[KEY_SIZE], struct slice data)
{
	struct digest_key key;
	struct digest digest;

	digest_key_set(&key, bytes);
	digest = digest_key_hmac(&key, data);
	digest_wipe(&key, sizeof(key));
	return digest;
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

/* Only a pointer of another name: nothing is kept beside the context. */
static EVP_CIPHER_CTX *
cipher_context(struct digest_cipher *cipher)
{
	return (EVP_CIPHER_CTX *)(void *)cipher;
}

struct digest_cipher *
digest_cipher_create(void)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();

	/* Looking the cipher up is what costs: once is enough. */
	if (context != NULL &&
	    EVP_EncryptInit_ex(
		context, EVP_aes_256_gcm(), NULL, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(context);
		context = NULL;
	}
	return (struct digest_cipher *)(void *)context;
}

void
digest_cipher_destroy(struct digest_cipher *cipher)
{
	EVP_CIPHER_CTX_free(cipher_context(cipher));
}

bool
digest_cipher_encrypt(struct digest_cipher *cipher,
    const struct digest_seal *seal, uint8_t *out)
{
	EVP_CIPHER_CTX *context = cipher_context(cipher);
	struct slice label = seal->label, plain = seal->plain;
	int len = 0;

	return plain.len <= INT32_MAX &&
	    EVP_EncryptInit_ex(
		context, NULL, NULL, seal->key, seal->nonce) == 1 &&
	    EVP_EncryptUpdate(context, NULL, &len,
		(const unsigned char *)label.data, (int)label.len) == 1 &&
	    EVP_EncryptUpdate(context, out, &len,
		(const unsigned char *)plain.data, (int)plain.len) == 1 &&
	    EVP_EncryptFinal_ex(context, out + plain.len, &len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_SIZE,
		out + plain.len) == 1;
}

bool
digest_encrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice plain, uint8_t *out)
{
	struct digest_seal seal = {key, nonce, label, plain};
	struct digest_cipher *cipher = digest_cipher_create();
	bool ok = cipher != NULL && digest_cipher_encrypt(cipher, &seal, out);

	digest_cipher_destroy(cipher);
	return ok;
}

bool
digest_cipher_decrypt(struct digest_cipher *cipher,
    const struct digest_seal *seal, uint8_t *out)
{
	EVP_CIPHER_CTX *context = cipher_context(cipher);
	struct slice label = seal->label, text = seal->plain;
	uint8_t tag[TAG_SIZE];
	size_t len = text.len - TAG_SIZE;
	int n = 0;

	if (text.len < TAG_SIZE || text.len > INT32_MAX)
		return false;
	memcpy(tag, text.data + len, TAG_SIZE);
	return EVP_DecryptInit_ex(
		   context, NULL, NULL, seal->key, seal->nonce) == 1 &&
	    EVP_DecryptUpdate(context, NULL, &n,
		(const unsigned char *)label.data, (int)label.len) == 1 &&
	    EVP_DecryptUpdate(context, out, &n,
		(const unsigned char *)text.data, (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(
		context, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
	    EVP_DecryptFinal_ex(context, out + len, &n) == 1;
}

bool
digest_decrypt(const uint8_t key[KEY_SIZE], const uint8_t nonce[NONCE_SIZE],
    struct slice label, struct slice text, uint8_t *out)
{
	struct digest_seal seal = {key, nonce, label, text};
	struct digest_cipher *cipher = digest_cipher_create();
	bool ok = cipher != NULL && digest_cipher_decrypt(cipher, &seal, out);

	digest_cipher_destroy(cipher);
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

/* The compiler is told that somebody looks, so that it leaves nothing out. */
void
digest_wipe(void *bytes, size_t len)
{
	memset(bytes, 0, len);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

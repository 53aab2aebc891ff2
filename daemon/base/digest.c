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

/* --- short input: whole blocks, none of which is buffered --- */

enum { BLOCK = SHA256_CBLOCK, PADDING = 1 + 8 };

_Static_assert(sizeof(((struct digest_piece *)NULL)->bytes) >=
		   DIGEST_PIECE + PADDING + BLOCK,
    "a piece has room for all zeros that may stand behind it");

static inline void
put_word(uint8_t *at, uint32_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	memcpy(at, &word, sizeof(word));
}

static inline void
state_out(const SHA256_CTX *context, uint8_t out[DIGEST_SIZE])
{
	for (size_t i = 0; i < DIGEST_SIZE / 4; i++)
		put_word(out + 4 * i, context->h[i]);
}

/* Only the state counts from here on, not what was buffered or how much. */
static inline void
state_copy(SHA256_CTX *to, const SHA256_CTX *from)
{
	memcpy(to->h, from->h, sizeof(to->h));
}

/* What ends a message of `before` bytes, which are digested already. */
static void
end_piece(SHA256_CTX *context, struct digest_piece *piece, size_t before)
{
	size_t whole = (piece->len + PADDING + BLOCK - 1) / BLOCK * BLOCK;
	uint8_t *bytes = piece->bytes;

	/* As many zeros as are ever needed: always so many are no call. */
	bytes[piece->len] = 0x80;
	memset(bytes + piece->len + 1, 0, BLOCK + PADDING - 1);
	put_word(bytes + whole - 4, (uint32_t)(before + piece->len) * 8);
	for (size_t at = 0; at < whole; at += BLOCK) {
		SHA256_Transform(context, bytes + at);
		digest_wipe(bytes + at, BLOCK);
	}
}

struct digest
digest_piece_sha256(struct digest_piece *piece)
{
	struct digest digest = {{0}};
	SHA256_CTX context;

	SHA256_Init(&context);
	end_piece(&context, piece, 0);
	state_out(&context, digest.bytes);
	return digest;
}

/* False where it is longer. */
static bool
make_piece(struct digest_piece *piece, struct slice data)
{
	digest_piece_start(piece);
	digest_put(piece, data.data, data.len);
	return !piece->is_full;
}

struct digest
digest_sha256(struct slice data)
{
	struct digest_piece piece;
	struct digest_run run;

	if (make_piece(&piece, data))
		return digest_piece_sha256(&piece);
	digest_start(&run);
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

/* A run that digested one block, and goes on from there. */
static void
start_with(struct digest_run *run, const uint8_t block[BLOCK])
{
	SHA256_CTX *context = context_of(run);

	SHA256_Init(context);
	SHA256_Transform(context, block);
	context->Nl = BLOCK * 8;
}

void
digest_key_set(struct digest_key *key, const uint8_t bytes[KEY_SIZE])
{
	uint8_t block[BLOCK];

	memset(block, 0x36, sizeof(block));
	for (size_t i = 0; i < KEY_SIZE; i++)
		block[i] ^= bytes[i];
	start_with(&key->inner, block);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] ^= 0x36 ^ 0x5c;
	start_with(&key->outer, block);
	digest_wipe(block, sizeof(block));
}

void
digest_key_start(const struct digest_key *key, struct digest_run *run)
{
	*run = key->inner;
}

/* The inner digest is always as long, so that its block is, too. */
static struct digest
outer_end(const struct digest_key *key, const uint8_t inner[DIGEST_SIZE])
{
	const SHA256_CTX *outer = (const void *)key->outer.state;
	uint8_t block[BLOCK] = {0};
	struct digest digest = {{0}};
	SHA256_CTX context;

	memcpy(block, inner, DIGEST_SIZE);
	block[DIGEST_SIZE] = 0x80;
	put_word(block + BLOCK - 4, (BLOCK + DIGEST_SIZE) * 8);
	state_copy(&context, outer);
	SHA256_Transform(&context, block);
	state_out(&context, digest.bytes);
	digest_wipe(block, sizeof(block));
	return digest;
}

struct digest
digest_key_end(const struct digest_key *key, struct digest_run *run)
{
	struct digest inner = digest_end(run);

	return outer_end(key, inner.bytes);
}

struct digest
digest_piece_hmac(const struct digest_key *key, struct digest_piece *piece)
{
	uint8_t inner[DIGEST_SIZE];
	SHA256_CTX context;

	state_copy(&context, (const void *)key->inner.state);
	end_piece(&context, piece, BLOCK);
	state_out(&context, inner);
	return outer_end(key, inner);
}

struct digest
digest_key_hmac(const struct digest_key *key, struct slice data)
{
	struct digest_piece piece;
	struct digest_run run;

	if (make_piece(&piece, data))
		return digest_piece_hmac(key, &piece);
	digest_key_start(key, &run);
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

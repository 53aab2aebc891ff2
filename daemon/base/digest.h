/*
 * Digests, seals of bytes and signatures: behind this header OpenSSL's digests
 * and signatures (digest.c) and nettle's cipher (digest_cipher.c) stand, and
 * nobody else knows them.  Keys and nonces are given by the caller; nothing
 * here makes randomness or keeps state.
 */
#ifndef MISU_DIGEST_H
#define MISU_DIGEST_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"

enum {
	DIGEST_SIZE = 32, /* SHA-256, HMAC-SHA-256 */
	KEY_SIZE = 32,    /* AES-256, HMAC keys, Ed25519 seeds */
	NONCE_SIZE = 12,  /* AES-GCM */
	TAG_SIZE = 16,
	SIGNATURE_SIZE = 64
};

struct digest {
	uint8_t bytes[DIGEST_SIZE];
};

struct digest digest_sha256(struct slice data);

/* SHA-256 over a and then b, without joining them. */
struct digest digest_sha256_two(struct slice a, struct slice b);

struct digest digest_hmac(const uint8_t key[KEY_SIZE], struct slice data);

/* A digest made piece by piece; it needs no memory and no clean-up. */
struct digest_run {
	_Alignas(8) uint8_t state[112];
};

void digest_start(struct digest_run *run);
void digest_add(struct digest_run *run, const void *bytes, size_t len);
struct digest digest_end(struct digest_run *run);

/* An HMAC key whose two blocks are digested once: 0.2 us for each use. */
struct digest_key {
	struct digest_run inner, outer;
};

void digest_key_set(struct digest_key *key, const uint8_t bytes[KEY_SIZE]);

/* HMAC-SHA-256: add to `run` with digest_add(). */
void digest_key_start(const struct digest_key *key, struct digest_run *run);
struct digest digest_key_end(
    const struct digest_key *key, struct digest_run *run);
struct digest digest_key_hmac(const struct digest_key *key, struct slice data);

/*
 * Short input that is put together where it is padded: half the price of the
 * same in a slice.  What does not fit makes it full, and then it must not be
 * digested.
 */
enum { DIGEST_PIECE = 4 * 64 - 9 };
struct digest_piece {
	uint8_t bytes[DIGEST_PIECE + 9 + 64];
	size_t len;
	bool is_full;
};

static inline void
digest_piece_start(struct digest_piece *piece)
{
	piece->len = 0;
	piece->is_full = false;
}

static inline void
digest_put(struct digest_piece *piece, const void *bytes, size_t len)
{
	piece->is_full |= len > DIGEST_PIECE - piece->len;
	if (piece->is_full || len == 0)
		return;
	memcpy(piece->bytes + piece->len, bytes, len);
	piece->len += len;
}

/* Both wipe the piece. */
struct digest digest_piece_sha256(struct digest_piece *piece);
struct digest digest_piece_hmac(
    const struct digest_key *key, struct digest_piece *piece);

bool digest_equal(const struct digest *a, const struct digest *b);

/*
 * AES-256-GCM.  `out` needs plain.len + TAG_SIZE bytes.  A nonce must never
 * serve twice with one key.
 */
bool digest_encrypt(const uint8_t key[KEY_SIZE],
    const uint8_t nonce[NONCE_SIZE], struct slice label, struct slice plain,
    uint8_t *out);

/*
 * As digest_encrypt(), with a context that is kept from use to use, and with it
 * the last key until the next one comes; digest_cipher_destroy() wipes it.
 */
struct digest_cipher;

struct digest_seal {
	const uint8_t *key; /* KEY_SIZE bytes; NULL: the last one's */
	const uint8_t *nonce; /* NONCE_SIZE bytes */
	struct slice label, plain;
};

struct digest_cipher *digest_cipher_create(void);
void digest_cipher_destroy(struct digest_cipher *cipher);
bool digest_cipher_encrypt(struct digest_cipher *cipher,
    const struct digest_seal *seal, uint8_t *out);
/* The other way: `plain` is what was encrypted, its tag at the end. */
bool digest_cipher_decrypt(struct digest_cipher *cipher,
    const struct digest_seal *seal, uint8_t *out);

/*
 * False if the text, label, nonce or key is not the one used to encrypt; then
 * `out` is all zeros.
 */
bool digest_decrypt(const uint8_t key[KEY_SIZE],
    const uint8_t nonce[NONCE_SIZE], struct slice label, struct slice cipher,
    uint8_t *out);

/* Ed25519 (RFC 8032) with a 32-byte seed. */
bool digest_public_key(const uint8_t seed[KEY_SIZE], uint8_t out[32]);
bool digest_sign(const uint8_t seed[KEY_SIZE], struct slice message,
    uint8_t out[SIGNATURE_SIZE]);
bool digest_verify(const uint8_t public_key[32], struct slice message,
    const uint8_t signature[SIGNATURE_SIZE]);

/* Overwrite secret bytes so that the compiler cannot drop it. */
void digest_wipe(void *bytes, size_t len);

#endif

/*
 * AES-256-GCM as others have it: a published vector, and at every length what
 * OpenSSL makes of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/digest.h"
#include "base/text.h"

enum { LONGEST = 300, LABEL = 40 };

static uint8_t key[KEY_SIZE] = "a key of thirty-two bytes, once";
static const uint8_t nonce[NONCE_SIZE] = "never again";
static uint8_t bytes[LONGEST];

static void
fill(void)
{
	for (unsigned i = 0; i < LONGEST; i++)
		bytes[i] = (uint8_t)(i * 11 + i / 256 + 3);
}

static void
read_hex(const char *text, uint8_t *out, size_t len)
{
	assert_true(text_hex_decode(slice_from(text), out, len));
}

/* Test case 16 of "The Galois/Counter Mode of Operation" (McGrew, Viega). */
static void
the_published_vector_holds(void **state)
{
	uint8_t k[KEY_SIZE], n[NONCE_SIZE], label[20], plain[60], expected[76];
	uint8_t out[76], again[60];

	(void)state;
	read_hex("feffe9928665731c6d6a8f9467308308"
		 "feffe9928665731c6d6a8f9467308308",
	    k, sizeof(k));
	read_hex("cafebabefacedbaddecaf888", n, sizeof(n));
	read_hex(
	    "feedfacedeadbeeffeedfacedeadbeefabaddad2", label, sizeof(label));
	read_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a31"
		 "8a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	    plain, sizeof(plain));
	read_hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555"
		 "d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		 "76fc6ece0f4e1768cddf8853bb2d551b",
	    expected, sizeof(expected));
	assert_true(
	    digest_encrypt(k, n, (struct slice){(char *)label, sizeof(label)},
		(struct slice){(char *)plain, sizeof(plain)}, out));
	assert_memory_equal(out, expected, sizeof(expected));
	assert_true(
	    digest_decrypt(k, n, (struct slice){(char *)label, sizeof(label)},
		(struct slice){(char *)out, sizeof(out)}, again));
	assert_memory_equal(again, plain, sizeof(plain));
}

static void
by_openssl(struct slice label, struct slice plain, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int len;

	assert_int_equal(
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce),
	    1);
	assert_int_equal(EVP_EncryptUpdate(context, NULL, &len,
			     (const unsigned char *)label.data, (int)label.len),
	    1);
	assert_int_equal(EVP_EncryptUpdate(context, out, &len,
			     (const unsigned char *)plain.data, (int)plain.len),
	    1);
	assert_int_equal(
	    EVP_EncryptFinal_ex(context, out + plain.len, &len), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG,
			     TAG_SIZE, out + plain.len),
	    1);
	EVP_CIPHER_CTX_free(context);
}

/* A kept cipher, its key given now and then, and where the plain text was. */
static void
every_length_is_as_openssl_has_it(void **state)
{
	struct digest_cipher *cipher = digest_cipher_create();
	uint8_t expected[LONGEST + TAG_SIZE], out[LONGEST + TAG_SIZE];

	(void)state;
	fill();
	for (size_t len = 0; len <= LONGEST; len++) {
		struct digest_seal seal = {.key = len % 3 == 0 ? key : NULL,
		    .nonce = nonce,
		    .label = {(char *)bytes, len % (LABEL + 1)},
		    .plain = {(char *)out, len}};
		struct slice plain = {(char *)bytes, len};

		by_openssl(seal.label, plain, expected);
		memcpy(out, bytes, len);
		assert_true(digest_cipher_encrypt(cipher, &seal, out));
		assert_memory_equal(out, expected, len + TAG_SIZE);
		seal.plain.len = len + TAG_SIZE;
		assert_true(digest_cipher_decrypt(cipher, &seal, out));
		assert_memory_equal(out, bytes, len);
	}
	digest_cipher_destroy(cipher);
}

static void
nothing_damaged_is_read(void **state)
{
	static const uint8_t zeros[64];
	struct slice label = {(char *)bytes, LABEL};
	uint8_t text[64 + TAG_SIZE], plain[64];
	struct slice whole = {(char *)text, sizeof(text)};

	(void)state;
	fill();
	assert_true(digest_encrypt(
	    key, nonce, label, (struct slice){(char *)bytes, 64}, text));
	for (size_t bit = 0; bit < 8 * sizeof(text); bit++) {
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(digest_decrypt(key, nonce, label, whole, plain));
		assert_memory_equal(plain, zeros, sizeof(plain));
		text[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	key[0] ^= 1;
	assert_false(digest_decrypt(key, nonce, label, whole, plain));
	key[0] ^= 1;
	label.len--;
	assert_false(digest_decrypt(key, nonce, label, whole, plain));
	label.len++;
	whole.len = TAG_SIZE - 1;
	assert_false(digest_decrypt(key, nonce, label, whole, plain));
	whole.len = sizeof(text);
	assert_true(digest_decrypt(key, nonce, label, whole, plain));
	assert_memory_equal(plain, bytes, sizeof(plain));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vector_holds),
	    cmocka_unit_test(every_length_is_as_openssl_has_it),
	    cmocka_unit_test(nothing_damaged_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Short input takes a way of its own: at every length it must come to what
 * OpenSSL says of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "base/checksum.h"
#include "base/digest.h"
#include "core/entry.h"

enum { LONGEST = 700 };

static uint8_t bytes[LONGEST];
static const uint8_t key_bytes[KEY_SIZE] = "a key of thirty-two bytes, once";

static void
fill(void)
{
	for (unsigned i = 0; i < LONGEST; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256 + 1);
}

static void
test_every_length_has_its_digest(void **state)
{
	struct digest_key key;

	(void)state;
	fill();
	digest_key_set(&key, key_bytes);
	for (size_t len = 0; len <= LONGEST; len++) {
		struct slice data = {(const char *)bytes, len};
		struct digest plain = digest_sha256(data);
		struct digest keyed = digest_key_hmac(&key, data);
		struct digest expected;
		unsigned size = DIGEST_SIZE;

		assert_int_equal(EVP_Digest(bytes, len, expected.bytes, NULL,
				     EVP_sha256(), NULL),
		    1);
		assert_true(digest_equal(&plain, &expected));
		assert_non_null(HMAC(EVP_sha256(), key_bytes, KEY_SIZE, bytes,
		    len, expected.bytes, &size));
		assert_true(digest_equal(&keyed, &expected));
	}
}

static void
put(uint8_t *out, size_t *at, const void *from, size_t len, size_t framed)
{
	for (size_t i = 0; i < framed; i++)
		out[(*at)++] = (uint8_t)(len >> 8 * (framed - 1 - i));
	memcpy(out + *at, from, len);
	*at += len;
}

/* As core/entry.h has it, whatever the values' length. */
static void
test_a_commitment_is_the_same_in_pieces(void **state)
{
	struct digest_key key;

	(void)state;
	fill();
	digest_key_set(&key, key_bytes);
	for (size_t len = 0; len <= LONGEST / 2; len++) {
		const struct slice items[2] = {{(const char *)bytes, len},
		    {(const char *)bytes + 5, len / 2}};
		struct digest made = entry_commit(&key, "contact",
		    FIELD_STREET_INT, (struct values){items, 2});
		uint8_t text[2 * LONGEST];
		struct digest expected;
		size_t at = 0;

		put(text, &at, "misu-commit-1", 13, 0);
		put(text, &at, "contact", 7, 4);
		put(text, &at, "street.int", 10, 4);
		put(text, &at, "\0\0\0\2", 4, 0);
		put(text, &at, items[0].data, items[0].len, 4);
		put(text, &at, items[1].data, items[1].len, 4);
		expected = digest_hmac(
		    key_bytes, (struct slice){(const char *)text, at});
		assert_true(digest_equal(&made, &expected));
	}
}

/* Known answers, so that no change makes what is written unreadable. */
static void
test_checksums_stay_what_they_are(void **state)
{
	static const struct {
		size_t len;
		const char *hex;
	} known[] = {
	    {0, "d5fc139c36de8ec452264c4af1af236d"},
	    {1, "ed5a67862d4dce38f2af56c99eb60f5c"},
	    {32, "25be885ff229b57551a24b39cb1c6dca"},
	    {100, "6af2e124ad43a6b3c52b134afc6a014f"},
	};

	(void)state;
	fill();
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct checksum sum = checksum_of(
		    (struct slice){(const char *)bytes, known[i].len});
		char hex[2 * CHECKSUM_SIZE + 1];

		for (size_t b = 0; b < CHECKSUM_SIZE; b++)
			snprintf(hex + 2 * b, 3, "%02x", sum.bytes[b]);
		assert_string_equal(hex, known[i].hex);
	}
}

static void
test_no_flipped_bit_keeps_a_checksum(void **state)
{
	struct slice data = {(const char *)bytes, 200};
	struct checksum sum;

	(void)state;
	fill();
	sum = checksum_of(data);
	for (size_t bit = 0; bit < 8 * data.len; bit++) {
		struct checksum other;

		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		other = checksum_of(data);
		assert_memory_not_equal(
		    sum.bytes, other.bytes, CHECKSUM_SIZE / 2);
		assert_memory_not_equal(sum.bytes + CHECKSUM_SIZE / 2,
		    other.bytes + CHECKSUM_SIZE / 2, CHECKSUM_SIZE / 2);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	data.len--;
	assert_memory_not_equal(
	    sum.bytes, checksum_of(data).bytes, CHECKSUM_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_length_has_its_digest),
	    cmocka_unit_test(test_a_commitment_is_the_same_in_pieces),
	    cmocka_unit_test(test_checksums_stay_what_they_are),
	    cmocka_unit_test(test_no_flipped_bit_keeps_a_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

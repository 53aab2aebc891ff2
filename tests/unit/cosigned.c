/*
 * Cosignatures of witnesses: only what a witness signed itself, over this very
 * checkpoint, is taken, and what was kept is read back only if it still holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/text.h"
#include "core/note.h"
#include "runner/memory_disk.h"
#include "store/cosigned.h"

static const uint8_t log_seed[KEY_SIZE] = "the seed of a log for tests, 32";
static const uint8_t witness_seed[KEY_SIZE] = "the seed of a witness, 32 bytes";
static const struct slice name = {"witness.example/w1", 18};

enum { TIME = 1775000000 };

/* id, type and key of a witness, or its signature, behind its name. */
static struct slice
witness_key(struct arena *arena, uint8_t type)
{
	struct text text = text_start(arena);
	uint8_t key[1 + 32] = {type};
	struct digest_run run;
	struct digest id;

	assert_true(digest_public_key(witness_seed, key + 1));
	digest_start(&run);
	digest_add(&run, name.data, name.len);
	digest_add(&run, "\n", 1);
	digest_add(&run, key, sizeof(key));
	id = digest_end(&run);
	text_add(&text, name);
	text_add_char(&text, '+');
	text_add_hex(&text, id.bytes, 4);
	text_add_char(&text, '+');
	text_add_base64(&text, key, sizeof(key));
	return text_slice(&text);
}

/* "— name id||time||signature\n" */
static struct slice
cosign(struct arena *arena, struct slice body, uint64_t time)
{
	struct text text = text_start(arena), line = text_start(arena);
	struct slice key = witness_key(arena, 4);
	uint8_t bytes[4 + 8 + SIGNATURE_SIZE];

	text_add_format(
	    &text, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	text_add(&text, body);
	assert_true(text_hex_decode(
	    (struct slice){key.data + name.len + 1, 8}, bytes, 4));
	for (unsigned i = 0; i < 8; i++)
		bytes[4 + i] = (uint8_t)(time >> 8 * (7 - i));
	assert_true(digest_sign(witness_seed, text_slice(&text), bytes + 12));
	text_add_string(&line, "\xe2\x80\x94 ");
	text_add(&line, name);
	text_add_char(&line, ' ');
	text_add_base64(&line, bytes, sizeof(bytes));
	return text_slice(&line);
}

static struct slice
checkpoint(struct arena *arena, uint64_t size)
{
	struct checkpoint made = {
	    .origin = SLICE("log.example/misu"), .size = size};
	struct fail fail = FAIL_INIT;

	return note_sign(arena, &made, log_seed, &fail);
}

static void
only_its_own_signature_over_this_checkpoint_is_taken(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct slice body = note_body(checkpoint(arena, 7));
	struct slice other = note_body(checkpoint(arena, 8)), line, read;
	struct fail fail = FAIL_INIT;
	uint8_t key[32];
	uint64_t time = 0;

	(void)state;
	assert_true(note_parse_witness_key(
	    witness_key(arena, 4), arena, &read, key, &fail));
	assert_true(slice_equal(read, name));
	line = cosign(arena, body, TIME);
	assert_true(note_is_cosignature(line, body, name, key, &time));
	assert_true(time == TIME);
	assert_false(note_is_cosignature(line, other, name, key, &time));
	assert_false(
	    note_is_cosignature(line, body, SLICE("other"), key, &time));
	for (size_t i = 0; i < line.len; i++) {
		struct slice cut = {line.data, i};
		char *changed = (char *)(uintptr_t)arena_copy(arena, line).data;

		assert_false(note_is_cosignature(cut, body, name, key, &time));
		changed[i] ^= 1;
		assert_false(note_is_cosignature(
		    (struct slice){changed, line.len}, body, name, key, &time));
	}
	key[0] ^= 1;
	assert_false(note_is_cosignature(line, body, name, key, &time));
	arena_destroy(arena);
}

/* A key that signs logs is no witness' key, and the other way round. */
static void
a_key_of_another_type_is_none(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct fail fail = FAIL_INIT;
	struct slice read;
	uint8_t key[32];

	(void)state;
	assert_false(note_parse_witness_key(
	    witness_key(arena, 1), arena, &read, key, &fail));
	assert_true(note_parse_verifier_key(
	    witness_key(arena, 1), arena, &read, key, &fail));
	assert_false(note_parse_verifier_key(
	    witness_key(arena, 4), arena, &read, key, &fail));
	arena_destroy(arena);
}

static void
what_was_kept_is_read_only_if_it_holds(void **state)
{
	struct disk *disk = memory_disk_create(NULL);
	struct arena *arena = arena_create(NULL);
	struct slice key = witness_key(arena, 4);
	struct cosigned kept = {.note = checkpoint(arena, 7)}, read;
	struct text line = text_start(arena);
	struct fail fail = FAIL_INIT;

	(void)state;
	assert_true(disk->operations->make_directory(disk, "/w", &fail));
	assert_false(cosigned_read(disk, "/w", key, arena, &read));
	text_add(&line, cosign(arena, note_body(kept.note), TIME));
	text_add_char(&line, '\n');
	kept.line = text_slice(&line);
	assert_true(cosigned_write(disk, "/w", key, &kept, &fail));
	assert_true(cosigned_read(disk, "/w", key, arena, &read));
	assert_true(read.size == 7 && read.time == TIME);
	assert_true(slice_equal(read.note, kept.note));
	assert_true(slice_equal(read.line, kept.line));
	kept.note = checkpoint(arena, 8);
	assert_true(cosigned_write(disk, "/w", key, &kept, &fail));
	assert_false(cosigned_read(disk, "/w", key, arena, &read));
	arena_destroy(arena);
	memory_disk_destroy(disk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		only_its_own_signature_over_this_checkpoint_is_taken),
	    cmocka_unit_test(a_key_of_another_type_is_none),
	    cmocka_unit_test(what_was_kept_is_read_only_if_it_holds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

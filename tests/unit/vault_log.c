/*
 * The vault's log by itself, on a disk that can be killed and damaged: what a
 * flush covered is there, what it did not the journal brings again, and
 * nothing is taken for a torn write that is not one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/vault_priv.h"

enum { CHANGES_MAX = 4096, OBJECTS = 24 };

/* What the journal would bring again. */
struct change_of {
	uint64_t sequence;
	size_t len;
	char bytes[200];
};

struct bed {
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct vault *vault;
	struct vault_limits limits;
	struct fail fail;
	uint64_t sequence;
	struct change_of *changes;
	size_t count;
	/* What each object's two generations say; 0: none. */
	unsigned model[OBJECTS][2];
};

static bool
not_random(void *context, void *out, size_t len)
{
	uint8_t *seed = context;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (*seed)++;
	return true;
}

static bool
start(struct bed *bed)
{
	static const uint8_t master[KEY_SIZE] = {9};
	static uint8_t seed;
	static const struct random_source random = {not_random, &seed};

	bed->fail = (struct fail)FAIL_INIT;
	bed->keys = keys_open(bed->disk, "/k", master, &random, &bed->fail);
	if (bed->keys == NULL)
		return false;
	bed->vault = vault_open(bed->disk, "/v", bed->keys, &bed->fail);
	if (bed->vault != NULL)
		vault_set_limits(bed->vault, &bed->limits);
	return bed->vault != NULL;
}

static void
stop(struct bed *bed)
{
	vault_close(bed->vault);
	keys_close(bed->keys);
	bed->vault = NULL;
	bed->keys = NULL;
	assert_int_equal(memory_disk_handles(bed->disk), 0);
}

static struct bed *
bed_create(void)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	bed->loop = fake_loop_create(0);
	bed->disk = memory_disk_create(bed->loop);
	bed->changes = calloc(CHANGES_MAX, sizeof(*bed->changes));
	bed->limits = (struct vault_limits){
	    .segment = 4096, .pending = 2048, .slack = 1 << 20, .chunk = 2000};
	assert_true(start(bed));
	return bed;
}

static void
bed_destroy(struct bed *bed)
{
	stop(bed);
	memory_disk_destroy(bed->disk);
	fake_loop_destroy(bed->loop);
	free(bed->changes);
	free(bed);
}

/* --- changes: no cipher is needed to see which one is there --- */

static struct digest
key_of(unsigned object)
{
	struct digest key = digest_sha256(
	    (struct slice){(const char *)&object, sizeof(object)});

	return key;
}

static struct slice
change(char out[200], char word, unsigned object, unsigned version)
{
	struct digest key = key_of(object);
	size_t len = CHANGE_HEAD;

	out[0] = word;
	memcpy(out + 1, key.bytes, DIGEST_SIZE);
	if (word == CHANGE_CURRENT || word == CHANGE_PROPOSED) {
		vault_put32(out + len, version);
		len += 4 + version % 100;
		memset(out + CHANGE_HEAD + 4, (int)version, version % 100);
	}
	return (struct slice){out, len};
}

static unsigned
version_of(struct bed *bed, unsigned object, enum vault_slot slot)
{
	struct digest key = key_of(object);
	struct vault_object *at =
	    vault_index_find(&bed->vault->index, key.bytes);
	struct arena *arena = arena_create(NULL);
	struct slice item;
	unsigned version = 0;

	if (at != NULL && at->of[slot].len != 0) {
		assert_true(vault_item_read(
		    bed->vault, &at->of[slot], arena, &item, &bed->fail));
		assert_memory_equal(item.data + 1, key.bytes, DIGEST_SIZE);
		version = vault_get32(item.data + CHANGE_HEAD);
		assert_int_equal(item.len, CHANGE_HEAD + 4 + version % 100);
	}
	arena_destroy(arena);
	return version;
}

static void
model_change(struct bed *bed, char word, unsigned object, unsigned version)
{
	unsigned *of = bed->model[object];

	switch ((enum change)word) {
	case CHANGE_CURRENT:
		of[0] = version;
		break;
	case CHANGE_PROPOSED:
		of[1] = version;
		break;
	case CHANGE_PROMOTE:
		of[0] = of[1] != 0 ? of[1] : of[0];
		of[1] = 0;
		break;
	case CHANGE_REMOVE:
		of[0] = 0;
		break;
	case CHANGE_WITHDRAW:
		of[1] = 0;
		break;
	}
}

/* Durable in the journal; the vault may fail from here on. */
static bool
put(struct bed *bed, char word, unsigned object, unsigned version)
{
	struct change_of *at = &bed->changes[bed->count++];
	struct slice bytes = change(at->bytes, word, object, version);

	assert_true(bed->count <= CHANGES_MAX);
	at->sequence = ++bed->sequence;
	at->len = bytes.len;
	model_change(bed, word, object, version);
	return vault_put(bed->vault, at->sequence, bytes, &bed->fail) &&
	       (!vault_is_full(bed->vault) ||
		   vault_trim(bed->vault, &bed->fail));
}

static bool
flush(struct bed *bed)
{
	return vault_flush(bed->vault, bed->sequence, &bed->fail);
}

static void
replay(struct bed *bed)
{
	uint64_t from = vault_sequence(bed->vault);

	for (size_t i = 0; i < bed->count; i++)
		if (bed->changes[i].sequence > from)
			assert_true(
			    vault_put(bed->vault, bed->changes[i].sequence,
				(struct slice){
				    bed->changes[i].bytes, bed->changes[i].len},
				&bed->fail));
}

static void
assert_model(struct bed *bed)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		for (unsigned slot = 0; slot < 2; slot++)
			assert_int_equal(
			    version_of(bed, i, (enum vault_slot)slot),
			    bed->model[i][slot]);
}

static void
assert_starts(struct bed *bed)
{
	if (!start(bed))
		print_message("%s: %s\n", bed->fail.place, bed->fail.text);
	assert_non_null(bed->vault);
	replay(bed);
	assert_model(bed);
}

/* `make check` takes some of all places; MISU_EVERY=1 takes each. */
static unsigned
step_of(unsigned usual)
{
	return getenv("MISU_EVERY") != NULL ? 1 : usual;
}

/* Anything may happen to an object, in any order. */
static bool
put_any(struct bed *bed, unsigned *seed, unsigned version)
{
	static const char words[] = "ccppmmrw";

	*seed = *seed * 1103515245 + 12345;
	return put(
	    bed, words[(*seed >> 16) % 8], (*seed >> 20) % OBJECTS, version);
}

/* --- tests --- */

static void
a_torn_tail_is_cut_and_brought_again(void **state)
{
	(void)state;
	for (unsigned cut = 1; cut < 120; cut += step_of(7)) {
		struct bed *bed = bed_create();
		struct disk_file *file;
		uint64_t size;

		assert_true(put(bed, 'c', 1, 10));
		assert_true(flush(bed));
		assert_true(put(bed, 'p', 1, 11));
		assert_true(put(bed, 'm', 1, 0));
		assert_true(put(bed, 'p', 1, 12));
		assert_true(flush(bed));
		stop(bed);
		assert_true(bed->disk->operations->open(
		    bed->disk, "/v/00000000", DISK_WRITE, &file, &bed->fail));
		bed->disk->operations->size(bed->disk, file, &size, &bed->fail);
		assert_true(bed->disk->operations->truncate(
		    bed->disk, file, size - cut, &bed->fail));
		bed->disk->operations->close(bed->disk, file);
		assert_starts(bed);
		assert_true(flush(bed));
		stop(bed);
		assert_starts(bed);
		assert_int_equal(vault_sequence(bed->vault), bed->sequence);
		bed_destroy(bed);
	}
}

/* In the middle, and up to the last byte before the last proof. */
static void
a_flipped_byte_is_refused_with_its_place(void **state)
{
	struct bed *bed = bed_create();
	struct vault_segment *last;
	uint64_t end;

	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		assert_true(put(bed, 'c', i % OBJECTS, 100 + i));
		if (i % 10 == 9)
			assert_true(flush(bed));
	}
	assert_true(bed->vault->count > 2);
	last = &bed->vault->segments[bed->vault->count - 1];
	end = last->size - FRAME_HEAD - MARK_SIZE;
	stop(bed);
	for (unsigned n = 0; n < 3; n++) {
		uint64_t size = n == 2 ? end : 4000;
		char path[32];

		snprintf(path, sizeof(path), "/v/%08x", n);
		for (uint64_t at = 0; at < size; at += step_of(29)) {
			uint64_t place;

			assert_true(memory_disk_flip(bed->disk, path, at));
			assert_false(start(bed));
			stop(bed);
			assert_memory_equal(bed->fail.place + 6, path + 3, 8);
			place = strtoull(
			    strchr(bed->fail.place, ':') + 1, NULL, 10);
			assert_true(place <= at);
			assert_true(memory_disk_flip(bed->disk, path, at));
		}
	}
	assert_starts(bed);
	bed_destroy(bed);
}

static void
a_missing_segment_is_refused(void **state)
{
	struct bed *bed = bed_create();

	(void)state;
	for (unsigned i = 0; i < 120; i++)
		assert_true(put(bed, 'c', i % OBJECTS, 100 + i) && flush(bed));
	assert_true(bed->vault->count > 3);
	stop(bed);
	for (unsigned n = 0; n < 2; n++) {
		struct disk *whole = bed->disk;
		char path[32];

		bed->disk = memory_disk_survivor(whole, bed->loop);
		snprintf(path, sizeof(path), "/v/%08x", n);
		assert_true(
		    bed->disk->operations->remove(bed->disk, path, &bed->fail));
		assert_false(start(bed));
		stop(bed);
		assert_non_null(strstr(bed->fail.place, path + 3));
		memory_disk_destroy(bed->disk);
		bed->disk = whole;
	}
	assert_starts(bed);
	bed_destroy(bed);
}

/*
 * One life: changes, flushes, cleaning; then the disk dies at the nth change
 * of it, and whatever it kept, nothing is lost or done twice.
 */
static bool
life(struct bed *bed, unsigned seed)
{
	for (unsigned i = 1; i <= 300; i++) {
		if (!put_any(bed, &seed, 100 + i))
			return false;
		if (i % 7 == 0 && !flush(bed))
			return false;
	}
	return true;
}

static void
a_kill_at_any_step_loses_nothing(void **state)
{
	unsigned nth = 1;
	bool through = false;

	(void)state;
	for (; !through; nth += step_of(19)) {
		for (unsigned loss = LOSS_ALL; loss <= LOSS_TORN; loss++) {
			struct bed *bed = bed_create();

			bed->limits.slack = 1000;
			vault_set_limits(bed->vault, &bed->limits);
			memory_disk_set_fault(
			    bed->disk, FAULT_KILL, nth, (enum disk_loss)loss);
			through = life(bed, nth);
			stop(bed);
			memory_disk_revive(bed->disk, (enum disk_loss)loss);
			assert_starts(bed);
			assert_true(life(bed, nth + 1));
			assert_model(bed);
			stop(bed);
			assert_starts(bed);
			bed_destroy(bed);
		}
	}
	assert_true(nth > 100);
}

static void
a_failed_write_or_sync_is_said(void **state)
{
	(void)state;
	for (unsigned kind = FAULT_WRITE; kind <= FAULT_SYNC; kind++) {
		bool through = false;

		for (unsigned nth = 1; !through; nth += step_of(23)) {
			struct bed *bed = bed_create();

			bed->limits.slack = 1000;
			vault_set_limits(bed->vault, &bed->limits);
			memory_disk_set_fault(
			    bed->disk, (enum disk_fault)kind, nth, LOSS_ALL);
			through = life(bed, nth);
			assert_int_equal(through, bed->fail.kind == FAIL_NONE);
			stop(bed);
			memory_disk_revive(bed->disk, LOSS_ALL);
			assert_starts(bed);
			bed_destroy(bed);
		}
	}
}

struct search {
	struct digest key;
	unsigned found;
	size_t bytes;
};

static void
look(void *arg, const char *path, struct slice content)
{
	struct search *search = arg;

	if (strncmp(path, "/v/", 3) != 0)
		return;
	search->bytes += content.len;
	if (memmem(content.data, content.len, search->key.bytes, DIGEST_SIZE) !=
	    NULL)
		search->found++;
}

static void
cleaning_keeps_all_that_lives_and_drops_the_dead(void **state)
{
	struct bed *bed = bed_create();
	struct search search = {.key = key_of(3)};
	unsigned flushes = 0;
	size_t before;

	(void)state;
	assert_true(put(bed, 'p', 0, 50) && put(bed, 'c', 1, 51));
	assert_true(put(bed, 'p', 2, 52) && put(bed, 'm', 2, 0));
	for (unsigned i = 0; i < 1000; i++) {
		assert_true(put(bed, 'c', 3 + i % 4, 100 + i));
		if (i % 10 == 0)
			assert_true(flush(bed));
	}
	for (unsigned object = 3; object < 7; object++)
		assert_true(put(bed, 'r', object, 0));
	assert_true(flush(bed));
	memory_disk_each(bed->disk, look, &search);
	assert_true(search.found > 3);
	before = search.bytes;
	bed->limits.slack = 500;
	vault_set_limits(bed->vault, &bed->limits);
	do {
		assert_true(flush(bed));
		assert_model(bed);
		assert_true(flushes++ < 500);
	} while (vault_is_cleaning(bed->vault));
	assert_true(flush(bed));
	search = (struct search){.key = key_of(3)};
	memory_disk_each(bed->disk, look, &search);
	assert_int_equal(search.found, 0);
	assert_true(search.bytes < before / 20);
	stop(bed);
	assert_starts(bed);
	bed_destroy(bed);
}

static void
subjects_are_learned_again_after_cleaning(void **state)
{
	struct bed *bed = bed_create();
	struct subject first, second, back;
	struct digest id;
	bool fresh;

	(void)state;
	id = keys_id(bed->keys, SLICE("one"));
	assert_true(
	    keys_subject(bed->keys, &id, &first, &fresh, &bed->fail));
	assert_true(vault_put_subject(bed->vault, &id, first.slot, &bed->fail));
	assert_true(keys_forget(bed->keys, first.slot, &bed->fail));
	assert_true(
	    keys_subject(bed->keys, &id, &second, &fresh, &bed->fail));
	assert_int_not_equal(first.slot, second.slot);
	assert_true(
	    vault_put_subject(bed->vault, &id, second.slot, &bed->fail));
	bed->limits.slack = 0;
	vault_set_limits(bed->vault, &bed->limits);
	for (unsigned i = 0; i < 500; i++)
		assert_true(put(bed, 'c', 1, 100 + i) && flush(bed));
	assert_true(bed->vault->first > 0);
	stop(bed);
	assert_starts(bed);
	assert_true(keys_find(bed->keys, SLICE("one"), &back));
	assert_int_equal(back.slot, second.slot);
	bed_destroy(bed);
}

static void
a_vault_of_another_format_is_refused(void **state)
{
	struct bed *bed = bed_create();

	(void)state;
	assert_true(put(bed, 'c', 1, 10) && flush(bed));
	stop(bed);
	assert_true(memory_disk_flip(bed->disk, "/v/format", 10));
	assert_false(start(bed));
	stop(bed);
	assert_string_equal(bed->fail.place, "/v/format");
	assert_true(
	    bed->disk->operations->remove(bed->disk, "/v/format", &bed->fail));
	assert_false(start(bed));
	bed_destroy(bed);
}

static void
a_hundred_thousand_objects_are_there_again(void **state)
{
	struct bed *bed = bed_create();
	char bytes[200];
	size_t memory = 0;

	(void)state;
	bed->limits.segment = 1 << 20;
	bed->limits.pending = 1 << 20;
	vault_set_limits(bed->vault, &bed->limits);
	for (unsigned i = 1; i <= 100000; i++) {
		struct slice one = change(bytes, 'p', i, i);

		assert_true(vault_put(bed->vault, i, one, &bed->fail));
		one = change(bytes, i % 5 == 0 ? 'w' : 'm', i, 0);
		assert_true(vault_put(bed->vault, i, one, &bed->fail));
		assert_true(vault_trim(bed->vault, &bed->fail));
	}
	assert_true(vault_flush(bed->vault, 100000, &bed->fail));
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 1; i <= 100000; i++)
			assert_int_equal(version_of(bed, i, VAULT_CURRENT),
			    i % 5 == 0 ? 0 : i);
		stop(bed);
		assert_true(start(bed));
	}
	for (unsigned i = 0; i < INDEX_SHARDS; i++)
		memory += bed->vault->index.shards[i].size *
			  sizeof(struct vault_object);
	assert_true(memory / 80000 <= 64);
	bed_destroy(bed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_torn_tail_is_cut_and_brought_again),
	    cmocka_unit_test(a_flipped_byte_is_refused_with_its_place),
	    cmocka_unit_test(a_missing_segment_is_refused),
	    cmocka_unit_test(a_kill_at_any_step_loses_nothing),
	    cmocka_unit_test(a_failed_write_or_sync_is_said),
	    cmocka_unit_test(cleaning_keeps_all_that_lives_and_drops_the_dead),
	    cmocka_unit_test(subjects_are_learned_again_after_cleaning),
	    cmocka_unit_test(a_vault_of_another_format_is_refused),
	    cmocka_unit_test(a_hundred_thousand_objects_are_there_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

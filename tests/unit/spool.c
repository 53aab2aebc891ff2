/* The spool keeps what was accepted, in order, encrypted, and not too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <openssl/rand.h>
#include <unistd.h>

#include "store/spool.h"

static const char canary[] = "Canary-Value-Of-A-Payload";
static const char object[] = "canary-object.example";

struct fixture {
	char directory[64], path[96];
	struct event_base *base;
	struct disk *disk;
	struct keys *keys;
	struct random_source random;
	struct spool *spool;
	struct arena *arena;
	struct fail fail;
};

static bool
fill(void *context, void *out, size_t len)
{
	(void)context;
	return RAND_bytes(out, (int)len) == 1;
}

static void
open_spool(struct fixture *f)
{
	f->spool =
	    spool_open(f->disk, f->path, f->keys, &f->random, &f->fail);
	if (f->spool == NULL)
		fail_msg("%s: %s", f->fail.place, f->fail.text);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t master[KEY_SIZE] = {1};
	char keys[96];

	snprintf(f->directory, sizeof(f->directory), "/tmp/misu-spool-XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->path, sizeof(f->path), "%s/spool", f->directory);
	snprintf(keys, sizeof(keys), "%s/keys", f->directory);
	f->random.fill = fill;
	f->base = event_base_new();
	f->disk = disk_real_create(f->base, &f->fail);
	f->keys = keys_open(f->disk, keys, master, &f->random, &f->fail);
	assert_non_null(f->keys);
	f->arena = arena_create(NULL);
	open_spool(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	spool_close(f->spool);
	arena_destroy(f->arena);
	keys_close(f->keys);
	disk_real_destroy(f->disk);
	event_base_free(f->base);
	snprintf(command, sizeof(command), "rm -rf %s", f->directory);
	free(f);
	return system(command);
}

static int64_t
add(struct fixture *f, uint64_t entry, const char *recipient, int64_t due)
{
	struct spool_item item = {.state = SPOOL_QUEUED,
	    .entry = entry,
	    .place = entry,
	    .recipient = slice_from(recipient),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("file"),
	    .object = slice_from(object),
	    .payload = slice_from(canary),
	    .submission = SLICE("s"),
	    .due = due};

	assert_true(spool_begin(f->spool, &f->fail));
	assert_true(spool_add(f->spool, &item, &f->fail));
	assert_true(spool_commit(f->spool, &f->fail));
	return item.id;
}

static void
a_payload_comes_back_after_a_restart(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 7, "reg", 0);
	struct spool_item item;

	spool_close(f->spool);
	open_spool(f);
	assert_true(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_string_equal(item.payload.data, canary);
	assert_string_equal(item.object.data, object);
	assert_int_equal(item.entry, 7);
}

static bool
file_holds(const char *path, const char *text)
{
	static char data[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t len = file != NULL ? fread(data, 1, sizeof(data), file) : 0;

	if (file != NULL)
		fclose(file);
	return memmem(data, len, text, strlen(text)) != NULL;
}

static void
nothing_of_a_payload_is_in_the_file_in_clear(void **state)
{
	struct fixture *f = *state;
	char wal[112];

	add(f, 1, "reg", 0);
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	assert_true(file_holds(wal, "p10"));
	assert_false(file_holds(wal, canary));
	assert_false(file_holds(wal, object));
	spool_close(f->spool);
	assert_true(file_holds(f->path, "p10"));
	assert_false(file_holds(f->path, canary));
	assert_false(file_holds(f->path, object));
	open_spool(f);
}

static void
an_ended_item_keeps_no_payload(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 1, "reg", 0);
	struct spool_item item;

	assert_true(
	    spool_set_state(f->spool, id, SPOOL_DONE, &f->fail));
	assert_true(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_int_equal(item.payload.len, 0);
	assert_int_equal(item.object.len, 0);
}

static size_t
due(struct fixture *f, int64_t now, int64_t ids[8])
{
	size_t count;

	assert_true(
	    spool_due(f->spool, now, ids, 8, &count, &f->fail));
	return count;
}

static void
an_update_never_overtakes_its_create(void **state)
{
	struct fixture *f = *state;
	int64_t create = add(f, 1, "reg", 0), update = add(f, 2, "reg", 0);
	int64_t other = add(f, 3, "other", 0), ids[8];

	assert_true(spool_set_retry(f->spool, create, 1, 5000, &f->fail));
	assert_int_equal(due(f, 1000, ids), 1);
	assert_int_equal(ids[0], other);
	assert_true(
	    spool_set_state(f->spool, create, SPOOL_DONE, &f->fail));
	assert_int_equal(due(f, 1000, ids), 2);
	assert_int_equal(ids[0], update);
}

static void
what_had_a_sending_mark_is_unknown_after_a_crash(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 1, "reg", 0);

	assert_true(
	    spool_set_state(f->spool, id, SPOOL_SENDING, &f->fail));
	spool_close(f->spool);
	open_spool(f);
	assert_true(spool_recover(f->spool, &f->fail));
	assert_int_equal(spool_count(f->spool, SPOOL_UNKNOWN), 1);
}

static void
other_consents_outdate_what_waits(void **state)
{
	struct fixture *f = *state;
	int64_t id = add(f, 1, "reg", 0);
	struct digest same = {{0}}, other = {{1}};
	struct spool_item item;

	assert_true(spool_outdate(
	    f->spool, 0, slice_from(object), &same, &f->fail));
	assert_true(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_false(item.outdated);
	assert_true(spool_outdate(
	    f->spool, 0, slice_from(object), &other, &f->fail));
	assert_true(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_true(item.outdated);
}

/* Whether something waits, and whether it waits behind an item. */
static void
what_waits_for_an_object_is_known(void **state)
{
	struct fixture *f = *state;
	struct spool_item item;
	int64_t first = add(f, 1, "reg", 0), last = add(f, 3, "reg", 0);
	bool yes = false;

	add(f, 2, "other", 0);
	assert_true(spool_waits(f->spool, 0, SLICE("x.jp"), &yes, &f->fail));
	assert_false(yes);
	assert_true(
	    spool_waits(f->spool, 0, slice_from(object), &yes, &f->fail));
	assert_true(yes);
	assert_true(spool_get(f->spool, f->arena, first, &item, &f->fail));
	assert_true(spool_is_followed(f->spool, &item, &yes, &f->fail));
	assert_true(yes);
	assert_true(spool_get(f->spool, f->arena, last, &item, &f->fail));
	assert_true(spool_is_followed(f->spool, &item, &yes, &f->fail));
	assert_false(yes);
	assert_true(spool_set_state(f->spool, last, SPOOL_DONE, &f->fail));
	/* The one for another recipient is not behind this one. */
	assert_true(spool_get(f->spool, f->arena, first, &item, &f->fail));
	assert_true(spool_is_followed(f->spool, &item, &yes, &f->fail));
	assert_false(yes);
}

static void
a_key_stands_for_one_request_of_its_principal(void **state)
{
	struct fixture *f = *state;
	struct spool_request request = {.principal = SLICE("shop"),
	    .key = SLICE("key-0001"),
	    .submission = SLICE("s1"),
	    .answer = SLICE("{}"),
	    .status = 202};
	struct spool_request found;

	assert_true(spool_add_request(f->spool, &request, &f->fail));
	assert_true(spool_find_request(f->spool, f->arena, SLICE("shop"),
	    SLICE("key-0001"), &found, &f->fail));
	assert_int_equal(found.status, 202);
	assert_string_equal(found.answer.data, "{}");
	assert_false(spool_find_request(f->spool, f->arena, SLICE("other"),
	    SLICE("key-0001"), &found, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
	request.submission = SLICE("s2");
	assert_false(spool_add_request(f->spool, &request, &f->fail));
}

static void
old_answers_are_forgotten_and_what_waits_is_not(void **state)
{
	struct fixture *f = *state;
	struct spool_request request = {.principal = SLICE("shop"),
	    .key = SLICE("key-0001"),
	    .submission = SLICE("s"),
	    .answer = SLICE("{}"),
	    .created = 10};
	struct spool_request found;
	int64_t id = add(f, 1, "reg", 0);
	struct spool_item item;

	assert_true(spool_add_request(f->spool, &request, &f->fail));
	assert_true(spool_prune(f->spool, 100, &f->fail));
	assert_true(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_true(spool_find_request(f->spool, f->arena, SLICE("shop"),
	    SLICE("key-0001"), &found, &f->fail));
	assert_true(spool_set_state(f->spool, id, SPOOL_DONE, &f->fail));
	assert_true(spool_prune(f->spool, 100, &f->fail));
	assert_false(spool_get(f->spool, f->arena, id, &item, &f->fail));
	assert_false(spool_find_request(f->spool, f->arena, SLICE("shop"),
	    SLICE("key-0001"), &found, &f->fail));
	assert_int_equal(f->fail.kind, FAIL_NONE);
}

static void
a_rolled_back_transaction_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct spool_item item = {.recipient = SLICE("reg"),
	    .purpose = SLICE("p10"),
	    .channel = SLICE("file"),
	    .object = slice_from(object),
	    .submission = SLICE("s")};

	assert_true(spool_begin(f->spool, &f->fail));
	assert_true(spool_add(f->spool, &item, &f->fail));
	spool_rollback(f->spool);
	assert_int_equal(spool_count(f->spool, SPOOL_QUEUED), 0);
}

static const struct spool_item held_by = {.recipient = SLICE("reg"),
    .purpose = SLICE("p10"),
    .object = {object, sizeof(object) - 1}};

/* An item that tells "word" to a registry, and how it ends. */
static void
tell(struct fixture *f, uint64_t entry, const char *word, enum spool_state end)
{
	struct spool_item item = held_by;

	item.channel = SLICE("epp");
	item.entry = item.place = entry;
	item.submission = SLICE("s");
	item.told.len = strlen(word);
	memcpy(item.told.bytes, word, item.told.len);
	assert_true(spool_begin(f->spool, &f->fail));
	assert_true(spool_add(f->spool, &item, &f->fail));
	assert_true(spool_commit(f->spool, &f->fail));
	assert_true(spool_set_state(
	    f->spool, item.id, SPOOL_SENDING, &f->fail));
	spool_close(f->spool);
	open_spool(f);
	assert_true(spool_set_state(f->spool, item.id, end, &f->fail));
}

static void
is_held(struct fixture *f, const char *word, bool is_doubtful)
{
	struct spool_held held;

	assert_true(spool_get_held(f->spool, &held_by, &held, &f->fail));
	assert_int_equal(held.is_known, word[0] != '\0');
	assert_int_equal(held.is_doubtful, is_doubtful);
	assert_int_equal(held.told.len, strlen(word));
	assert_memory_equal(held.told.bytes, word, strlen(word));
}

/* Whatever comes between: it is known by what is done, and only then. */
static void
what_a_recipient_holds_is_what_was_done_last(void **state)
{
	struct fixture *f = *state;
	struct spool_item other = held_by;
	struct spool_held held;

	is_held(f, "", false);
	tell(f, 4, "refused", SPOOL_REFUSED);
	is_held(f, "", false);
	tell(f, 5, "first", SPOOL_DONE);
	is_held(f, "first", false);
	tell(f, 6, "asked for", SPOOL_SUPERSEDED);
	is_held(f, "first", false);
	tell(f, 7, "too much", SPOOL_GIVEN_UP);
	is_held(f, "first", true);
	tell(f, 8, "second", SPOOL_DONE);
	is_held(f, "second", false);
	other.purpose = SLICE("p11");
	assert_true(spool_get_held(f->spool, &other, &held, &f->fail));
	assert_false(held.is_known);
	tell(f, 9, "-", SPOOL_DONE);
	is_held(f, "", false);
	assert_false(file_holds(f->path, object));
}

static void
what_is_held_moves_and_goes_with_its_entry(void **state)
{
	struct fixture *f = *state;
	uint64_t entries[SPOOL_PAGE];
	size_t count;

	tell(f, 5, "first", SPOOL_DONE);
	assert_true(spool_move_held(f->spool, 5, 1000, &f->fail));
	assert_true(spool_page_held(f->spool, -1, entries, &count, &f->fail));
	assert_int_equal(count, 1);
	assert_int_equal(entries[0], 1000);
	assert_true(spool_page_held(f->spool, 1000, entries, &count, &f->fail));
	assert_int_equal(count, 0);
	is_held(f, "first", false);
	assert_true(spool_drop_held(f->spool, 1000, &f->fail));
	is_held(f, "", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_payload_comes_back_after_a_restart),
	    TEST(nothing_of_a_payload_is_in_the_file_in_clear),
	    TEST(an_ended_item_keeps_no_payload),
	    TEST(an_update_never_overtakes_its_create),
	    TEST(what_had_a_sending_mark_is_unknown_after_a_crash),
	    TEST(other_consents_outdate_what_waits),
	    TEST(what_waits_for_an_object_is_known),
	    TEST(a_key_stands_for_one_request_of_its_principal),
	    TEST(old_answers_are_forgotten_and_what_waits_is_not),
	    TEST(a_rolled_back_transaction_leaves_nothing),
	    TEST(what_a_recipient_holds_is_what_was_done_last),
	    TEST(what_is_held_moves_and_goes_with_its_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

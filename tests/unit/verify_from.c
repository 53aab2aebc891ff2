/*
 * Verification that goes on from a checkpoint that was kept, and verification
 * by those who get hashes only: what each of them looks at, and what not.
 */
#include "ledger_world.h"

#include <fcntl.h>

#include "core/note.h"
#include "store/verify.h"

struct seen {
	unsigned count;
	char text[128];
	struct verify_result result;
	bool ok;
};

static void
found(void *context, const char *place, const char *text)
{
	struct seen *seen = context;

	(void)place;
	if (seen->count++ == 0)
		snprintf(seen->text, sizeof(seen->text), "%.120s", text);
}

static struct seen
verify(struct world *world, struct verify_options options)
{
	struct seen seen = {.count = 0};
	struct fail fail = FAIL_INIT;

	options.disk = world->disk;
	options.directory = world->ledger_path;
	options.finding = found;
	options.context = &seen;
	options.arena = world->arena;
	seen.ok = verify_ledger(&options, &seen.result, &fail);
	return seen;
}

static struct seen
verify_from(struct world *world, struct slice from)
{
	return verify(world, (struct verify_options){.from = from});
}

static struct slice
read_checkpoint(const struct world *world, struct arena *arena)
{
	struct fail fail = FAIL_INIT;
	struct slice note;
	char path[160];

	snprintf(path, sizeof(path), "%s/checkpoint", world->ledger_path);
	assert_true(
	    disk_read_file(world->disk, path, NOTE_MAX, arena, &note, &fail));
	return note;
}

/* In one batch: one sync. */
static void
add(struct world *world, int count, const struct event *event)
{
	struct world_answer answer = {.done = 0};
	struct batch *batch =
	    ledger_begin(world->ledger, world->arena, &world->fail);

	assert_non_null(batch);
	for (int i = 0; i < count; i++)
		assert_true(ledger_add_event(batch, event, &world->fail));
	ledger_commit(batch, world_answered, &answer);
	world_wait(world, &answer);
	arena_reset(world->arena);
	assert_true(ledger_checkpoint(world->ledger, &world->fail));
}

static void
fill(struct world *world, int count, const char *what)
{
	struct event event = {
	    .type = EVENT_OUTCOME, .entry = 7, .word = slice_from(what)};

	add(world, count, &event);
}

static void
flip(const struct world *world, const char *name, off_t at)
{
	char path[160];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", world->ledger_path, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 0x20;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void
it_goes_on_from_every_checkpoint_there_was(void **state)
{
	static const int more[] = {3, 253, 1, 255, 88};
	struct world *world = world_create(1 << 18);
	struct arena *kept = arena_create(NULL);
	struct slice notes[5], now;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		fill(world, more[i], "word");
		notes[i] = read_checkpoint(world, kept);
	}
	now = notes[4];
	for (size_t i = 0; i < 5; i++) {
		struct seen seen = verify_from(world, notes[i]);

		assert_true(seen.ok);
		if (seen.count != 0)
			fail_msg("from %zu: %s", i, seen.text);
		assert_true(seen.result.from >= 3);
		assert_true(slice_equal(seen.result.note, now));
	}
	arena_destroy(kept);
	world_destroy(world);
}

static void
what_is_new_is_looked_at_and_what_is_old_is_not(void **state)
{
	struct world *world = world_create(1 << 18);
	struct arena *kept = arena_create(NULL);
	struct slice note;

	(void)state;
	fill(world, 300, "old");
	note = read_checkpoint(world, kept);
	fill(world, 300, "new");
	flip(world, "tile/entries/000", 1000);
	assert_int_equal(verify_from(world, note).count, 0);
	assert_int_not_equal(
	    verify_from(world, (struct slice){"", 0}).count, 0);
	flip(world, "tile/entries/000", 1000);
	/* The bundle that was begun then is read from its beginning. */
	flip(world, "tile/entries/001", 100);
	assert_int_not_equal(verify_from(world, note).count, 0);
	flip(world, "tile/entries/001", 100);
	flip(world, "tile/entries/002.p/88", 100);
	assert_int_not_equal(verify_from(world, note).count, 0);
	flip(world, "tile/entries/002.p/88", 100);
	assert_int_equal(verify_from(world, note).count, 0);
	arena_destroy(kept);
	world_destroy(world);
}

/* Two logs with one key that part: each is sound by itself. */
static void
a_log_that_was_forked_or_cut_does_not_go_on(void **state)
{
	struct world *world = world_create(1 << 18), *fork;
	struct arena *kept = arena_create(NULL);
	struct slice note, longer;
	struct seen seen;

	(void)state;
	fill(world, 20, "both");
	fork = world_killed(world);
	assert_true(world_start(fork));
	fill(world, 10, "one");
	note = read_checkpoint(world, kept);
	fill(fork, 10, "two");
	fill(fork, 10, "two");
	assert_int_equal(verify_from(fork, (struct slice){"", 0}).count, 0);
	seen = verify_from(fork, note);
	assert_int_equal(seen.count, 1);
	assert_non_null(strstr(seen.text, "not the one it was at 30"));
	longer = read_checkpoint(fork, kept);
	seen = verify_from(world, longer);
	assert_non_null(strstr(seen.text, "shorter than it was: 40"));
	seen = verify_from(world, SLICE("no checkpoint\n"));
	assert_int_equal(seen.count, 1);
	arena_destroy(kept);
	world_destroy(fork);
	world_destroy(world);
}

static void
with_hashes_only_hashes_are_found_and_entries_are_not(void **state)
{
	const struct verify_options hashes = {.hashes_only = true};
	struct world *world = world_create(1 << 18);
	static const char *const names[] = {
	    "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"};

	(void)state;
	fill(world, 300, "word");
	assert_int_equal(verify(world, hashes).count, 0);
	flip(world, "tile/entries/000", 1000);
	assert_int_equal(verify(world, hashes).count, 0);
	flip(world, "tile/entries/000", 1000);
	for (size_t i = 0; i < 3; i++) {
		flip(world, names[i], 31);
		assert_int_not_equal(verify(world, hashes).count, 0);
		flip(world, names[i], 31);
	}
	flip(world, "checkpoint", 30);
	assert_int_not_equal(verify(world, hashes).count, 0);
	world_destroy(world);
}

/* --- a server --- */

struct server {
	struct log_source source;
	struct log_directory behind;
	enum log_got entries; /* what it says of them */
	bool away;
};

static enum log_got
get(struct log_source *source, const char *name, size_t max,
    struct arena *arena, struct slice *out, struct fail *fail)
{
	struct server *server = (struct server *)source;
	enum log_got got = server->away ? LOG_AWAY
			   : strncmp(name, "tile/entries/000", 16) == 0
			       ? server->entries
			       : LOG_GOT;

	if (got == LOG_GOT)
		return server->behind.source.get(
		    &server->behind.source, name, max, arena, out, fail);
	fail_set(fail, FAIL_WORLD, "the test says so");
	return got;
}

static void
what_a_server_does_not_give_is_not_taken_for_damage(void **state)
{
	struct world *world = world_create(1 << 18);
	struct server server = {.source = {.get = get}, .entries = LOG_GONE};
	struct verify_options options = {.source = &server.source};
	struct seen seen;

	(void)state;
	log_directory_init(&server.behind, world->disk, world->ledger_path);
	fill(world, 300, "word");
	seen = verify(world, options);
	assert_true(seen.ok && seen.count == 1);
	assert_non_null(strstr(seen.text, "no entry says"));
	add(world, 1,
	    &(struct event){.type = EVENT_PRUNE,
		.entry = 256,
		.has_entry = true,
		.word = SLICE("retention")});
	seen = verify(world, options);
	assert_true(seen.ok && seen.count == 0);
	assert_true(seen.result.gone == 256 && seen.result.size == 301);
	flip(world, "tile/0/000", 40);
	assert_int_not_equal(verify(world, options).count, 0);
	flip(world, "tile/0/000", 40);
	server.entries = LOG_AWAY;
	seen = verify(world, options);
	assert_true(!seen.ok && seen.count == 0);
	server.entries = LOG_FAILED;
	seen = verify(world, options);
	assert_true(seen.ok && seen.count == 1);
	server.away = true;
	assert_false(verify(world, options).ok);
	world_destroy(world);
}

/* Who reads while the log grows asks for files that are wider by now. */
static void
a_narrower_tile_is_the_beginning_of_the_wider(void **state)
{
	struct world *world = world_create(1 << 18);
	struct log_directory log;
	struct slice narrow, bundle, now;
	struct fail fail = FAIL_INIT;
	struct log_source *source = &log.source;

	(void)state;
	log_directory_init(&log, world->disk, world->ledger_path);
	fill(world, 300, "word");
	fill(world, 300, "word");
	fill(world, 1, "word");
	fill(world, 1, "word");
	assert_int_equal(source->get(source, "tile/0/001.p/44", 8192,
			     world->arena, &narrow, &fail),
	    LOG_GOT);
	assert_int_equal(narrow.len, 44 * DIGEST_SIZE);
	assert_int_equal(
	    source->get(source, "tile/0/001", 8192, world->arena, &now, &fail),
	    LOG_GOT);
	assert_memory_equal(narrow.data, now.data, narrow.len);
	assert_int_equal(source->get(source, "tile/entries/002.p/1", 1 << 20,
			     world->arena, &bundle, &fail),
	    LOG_GOT);
	assert_int_equal(source->get(source, "tile/0/002.p/91", 8192,
			     world->arena, &now, &fail),
	    LOG_FAILED);
	world_destroy(world);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(it_goes_on_from_every_checkpoint_there_was),
	    cmocka_unit_test(what_is_new_is_looked_at_and_what_is_old_is_not),
	    cmocka_unit_test(a_log_that_was_forked_or_cut_does_not_go_on),
	    cmocka_unit_test(
		with_hashes_only_hashes_are_found_and_entries_are_not),
	    cmocka_unit_test(
		what_a_server_does_not_give_is_not_taken_for_damage),
	    cmocka_unit_test(a_narrower_tile_is_the_beginning_of_the_wider)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

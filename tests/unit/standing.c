/* What the public view is made from, and whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runner/fake_loop.h"
#include "runner/memory_disk.h"
#include "store/standing.h"

struct fixture {
	char path[64];
	struct loop *loop;
	struct disk *disk;
	struct keys *keys;
	struct standing *standing;
	struct arena *arena;
	struct fail fail;
};

static bool
fill(void *context, void *out, size_t len)
{
	(void)context;
	memset(out, 7, len);
	return true;
}

static int
setup(void **state)
{
	static const struct random_source random = {fill, NULL};
	static const uint8_t master[KEY_SIZE] = "a master key for tests";
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char directory[] = "/tmp/misu-standing-XXXXXX";

	assert_non_null(mkdtemp(directory));
	snprintf(fixture->path, sizeof(fixture->path), "%s/s", directory);
	fixture->loop = fake_loop_create(0);
	fixture->disk = memory_disk_create(fixture->loop);
	fixture->arena = arena_create(NULL);
	assert_true(fixture->disk->operations->make_directory(
	    fixture->disk, "/keys", &fixture->fail));
	fixture->keys = keys_open(
	    fixture->disk, "/keys/k", master, &random, &fixture->fail);
	assert_non_null(fixture->keys);
	fixture->standing =
	    standing_open(fixture->path, fixture->keys, &fixture->fail);
	assert_non_null(fixture->standing);
	*state = fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fixture = *state;

	standing_close(fixture->standing);
	keys_close(fixture->keys);
	memory_disk_destroy(fixture->disk);
	fake_loop_destroy(fixture->loop);
	arena_destroy(fixture->arena);
	unlink(fixture->path);
	*strrchr(fixture->path, '/') = '\0';
	rmdir(fixture->path);
	free(fixture);
	return 0;
}

static void
make(struct fixture *fixture, const char *name, const char *const *contacts)
{
	struct digest parts[4];
	struct standing_made made = {
	    SLICE("domain"), slice_from(name), parts, 0};

	for (; contacts[made.count] != NULL; made.count++)
		parts[made.count] = standing_part(
		    fixture->standing, 1, slice_from(contacts[made.count]));
	assert_true(standing_set(fixture->standing, &made, 1, &fixture->fail));
}

#define MAKE(name, ...)                                                        \
	make(fixture, name, (const char *const[]){__VA_ARGS__, NULL})

/* Of all pages, two rows each. */
static size_t
count_of(struct fixture *fixture, const char *contact)
{
	struct digest part =
	    standing_part(fixture->standing, 1, slice_from(contact));
	struct view_doubted after = {SLICE("domain"), {"", 0}}, rows[2];
	size_t count, all = 0;

	do {
		assert_true(standing_page(fixture->standing, &part, &after,
		    fixture->arena, rows, &count, 2, &fixture->fail));
		all += count;
		if (count != 0)
			after = rows[count - 1];
	} while (count == 2);
	return all;
}

static void
what_is_made_from_a_record_is_found_page_by_page(void **state)
{
	struct fixture *fixture = *state;

	for (char name[] = "a.example"; name[0] <= 'g'; name[0]++)
		MAKE(name, "biz/TEC-1", name[0] < 'd' ? "biz/C-1" : "biz/C-2");
	assert_int_equal(count_of(fixture, "biz/TEC-1"), 7);
	assert_int_equal(count_of(fixture, "biz/C-1"), 3);
	MAKE("b.example", "biz/C-3");
	assert_int_equal(count_of(fixture, "biz/TEC-1"), 6);
	assert_int_equal(count_of(fixture, "biz/C-1"), 2);
	assert_int_equal(count_of(fixture, "biz/C-3"), 1);
	make(fixture, "b.example", (const char *const[]){NULL});
	assert_int_equal(count_of(fixture, "biz/C-3"), 0);
}

/* No id of a contact stands in the file. */
static void
records_are_known_by_keyed_digests(void **state)
{
	struct fixture *fixture = *state;
	char bytes[1 << 16];
	size_t len;
	FILE *file;

	MAKE("a.example", "biz/CANARY-1");
	standing_close(fixture->standing);
	fixture->standing = NULL;
	file = fopen(fixture->path, "rb");
	assert_non_null(file);
	len = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	assert_non_null(memmem(bytes, len, "a.example", 9));
	assert_null(memmem(bytes, len, "CANARY", 6));
	fixture->standing =
	    standing_open(fixture->path, fixture->keys, &fixture->fail);
	assert_non_null(fixture->standing);
	assert_int_equal(count_of(fixture, "biz/CANARY-1"), 1);
}

static void
how_far_it_is_is_kept(void **state)
{
	struct fixture *fixture = *state;
	const struct standing_walk walk = {.stage = STANDING_ROWS,
	    .from = 77,
	    .type = SLICE("domain"),
	    .name = SLICE("b.example"),
	    .key = {"0123456789abcdef", 16},
	    .done = 9};
	struct standing_walk found;

	assert_true(standing_walk(fixture->standing, STANDING_FOR_VIEW,
	    fixture->arena, &found, &fixture->fail));
	assert_int_equal(found.stage, STANDING_WHOLE);
	assert_true(standing_set_walk(
	    fixture->standing, STANDING_FOR_VIEW, &walk, &fixture->fail));
	assert_true(standing_walk(fixture->standing, STANDING_FOR_VIEW,
	    fixture->arena, &found, &fixture->fail));
	assert_int_equal(found.stage, STANDING_ROWS);
	assert_int_equal(found.from, 77);
	assert_true(slice_equal(found.name, walk.name));
	assert_true(slice_equal(found.key, walk.key));
	assert_int_equal(found.done, 9);
}

static void
damage_costs_nothing_and_says_so(void **state)
{
	struct fixture *fixture = *state;
	FILE *file;

	standing_close(fixture->standing);
	file = fopen(fixture->path, "w");
	assert_non_null(file);
	fputs("no database, and longer than the header of one is: "
	      "0123456789012345678901234567890123456789012345678901234567",
	    file);
	assert_int_equal(fclose(file), 0);
	fixture->standing =
	    standing_open(fixture->path, fixture->keys, &fixture->fail);
	assert_null(fixture->standing);
	assert_non_null(strstr(fixture->fail.hint, "made anew"));
	assert_string_equal(fixture->fail.place, fixture->path);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    CASE(what_is_made_from_a_record_is_found_page_by_page),
	    CASE(records_are_known_by_keyed_digests),
	    CASE(how_far_it_is_is_kept),
	    CASE(damage_costs_nothing_and_says_so),
	};
#undef CASE

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Names of tiles as strangers write them, and what a log has of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/tile.h"
#include "store/tiles.h"

static void
a_name_is_read_as_it_was_written(void **state)
{
	static const struct tile tiles[] = {{0, 0, 0}, {TILE_ENTRIES, 0, 1},
	    {7, 999, 255}, {1, 1000, 0}, {2, 1234067, 17},
	    {TILE_ENTRIES, ((uint64_t)1 << 56) - 1, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(tiles) / sizeof(*tiles); i++) {
		char name[TILES_PATH];
		struct tile read;

		tiles_path(
		    name, tiles[i].level, tiles[i].number, tiles[i].width);
		assert_true(tile_parse(slice_from(name), &read));
		assert_int_equal(read.level, tiles[i].level);
		assert_true(read.number == tiles[i].number);
		assert_int_equal(read.width, tiles[i].width);
	}
}

static void
no_other_way_to_write_a_name_is_taken(void **state)
{
	static const char *const names[] = {"", "tile", "tile/", "tile/0",
	    "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000",
	    "tile/8/000", "tile/64/000", "tile/-1/000", "tile/0/x000/000",
	    "tile/0/x001", "tile/0/x001/", "tile/0/x001x002/003",
	    "tile/0/001/002", "tile/0/x001/x002", "tile/0/000/", "tile/0/000.p",
	    "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256",
	    "tile/0/000.p/01", "tile/0/000.p/1/", "tile/0/000.p/+1",
	    "tile/entries", "tile/entries/", "tile/entries/../0/000",
	    "tile/0/../../checkpoint", "tile//0/000", "/tile/0/000",
	    "tile/0/000 ", "tile/0/00a", "tile/0/x999/x999/x999/x999/x999/999",
	    "tile/0/x001/x000/x000/x000/x000/x000/000", "tile/data/000"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct tile tile;

		if (tile_parse(slice_from(names[i]), &tile))
			fail_msg("taken: %s", names[i]);
	}
}

static void
a_log_of_70000_has_what_the_standard_says(void **state)
{
	(void)state;
	assert_int_equal(tile_filled(&(struct tile){0, 272, 0}, 70000), 256);
	assert_int_equal(tile_filled(&(struct tile){0, 273, 0}, 70000), 112);
	assert_int_equal(tile_filled(&(struct tile){0, 274, 0}, 70000), 0);
	assert_int_equal(tile_filled(&(struct tile){1, 0, 0}, 70000), 256);
	assert_int_equal(tile_filled(&(struct tile){1, 1, 0}, 70000), 17);
	assert_int_equal(tile_filled(&(struct tile){2, 0, 0}, 70000), 1);
	assert_int_equal(tile_filled(&(struct tile){3, 0, 0}, 70000), 0);
	assert_int_equal(
	    tile_filled(&(struct tile){TILE_ENTRIES, 273, 0}, 70000), 112);
	assert_int_equal(tile_filled(&(struct tile){7, 0, 0}, UINT64_MAX), 255);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_name_is_read_as_it_was_written),
	    cmocka_unit_test(no_other_way_to_write_a_name_is_taken),
	    cmocka_unit_test(a_log_of_70000_has_what_the_standard_says)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The public view on a disk that loses what was not synced, and without a WAL:
 * what is in doubt stays so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "runner/fake_loop.h"
#include "runner/sqlite_vfs.h"
#include "runner/world.h"
#include "store/view.h"

static bool
fill(void *context, void *out, size_t len)
{
	(void)context;
	memset(out, 7, len);
	return true;
}

static struct view *
reopen(struct view *view, struct disk *disk)
{
	struct fail fail = FAIL_INIT;

	/* Nothing reaches the disk any more: not even a good end. */
	memory_disk_die(disk);
	view_close(view);
	memory_disk_revive(disk, LOSS_ALL);
	view = view_open("state/view.sqlite", &fail);
	if (view == NULL)
		fail_msg("%s: %s", fail.place, fail.text);
	return view;
}

static enum view_state
state_of(struct view *view, struct arena *arena)
{
	struct view_found found;
	struct fail fail = FAIL_INIT;

	assert_true(view_get(view, arena, SLICE("domain"),
	    SLICE("taro.example"), &found, &fail));
	return found.state;
}

static void
a_doubt_is_durable(void **state)
{
	const struct random_source random = {fill, NULL};
	const struct view_doubted doubted = {
	    SLICE("domain"), SLICE("taro.example")};
	struct view_put put = {.type = SLICE("domain"),
	    .name = SLICE("taro.example"),
	    .entry = 1,
	    .bytes = SLICE("{}")};
	struct loop *loop = fake_loop_create(INT64_C(1775001600000));
	struct disk *disk = memory_disk_create(loop);
	struct arena *arena = arena_create(NULL);
	struct digest identity = {{1}};
	struct fail fail = FAIL_INIT;
	struct view *view;

	(void)state;
	/* With it comes what the view's mark is on such a disk. */
	recipients_add_output("out");
	assert_true(disk->operations->make_directory(disk, "state", &fail));
	assert_true(sqlite_vfs_use(disk, loop, &random));
	view = view_open("state/view.sqlite", &fail);
	assert_non_null(view);
	assert_true(view_begin(view, &identity, &put.epoch, &fail));
	assert_true(view_put(view, &put, &fail));
	view = reopen(view, disk);
	assert_int_equal(state_of(view, arena), VIEW_CURRENT);
	assert_true(view_doubt(view, &doubted, 1, 2, 1775001600, &fail));
	view = reopen(view, disk);
	assert_int_equal(state_of(view, arena), VIEW_STALE);
	view_close(view);
	arena_destroy(arena);
	memory_disk_destroy(disk);
	fake_loop_destroy(loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_doubt_is_durable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

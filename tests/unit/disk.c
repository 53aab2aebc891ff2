/* What the real disk does behind the loop's back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <event2/event.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/disk.h"

enum { BLOCKS = 16 };

struct fixture {
	char root[64], path[96];
	struct event_base *base;
	struct disk *disk;
	struct disk_file *file;
	uint8_t *data; /* BLOCKS blocks, each full of its number and one */
	unsigned ended;
	struct fail fail, ended_as;
};

static void
open_file(struct fixture *f, enum disk_open how)
{
	const struct disk_operations *op = f->disk->operations;

	if (f->file != NULL)
		op->close(f->disk, f->file);
	assert_true(op->open(f->disk, f->path, how, &f->file, &f->fail));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	snprintf(f->root, sizeof(f->root), "/tmp/misu-test-XXXXXX");
	assert_non_null(mkdtemp(f->root));
	snprintf(f->path, sizeof(f->path), "%s/file", f->root);
	f->base = event_base_new();
	f->disk = disk_real_create(f->base, &f->fail);
	assert_non_null(f->disk);
	f->data = aligned_alloc(DISK_BLOCK, (size_t)BLOCKS * DISK_BLOCK);
	assert_non_null(f->data);
	for (int i = 0; i < BLOCKS; i++)
		memset(f->data + i * DISK_BLOCK, i + 1, DISK_BLOCK);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->file != NULL)
		f->disk->operations->close(f->disk, f->file);
	disk_real_destroy(f->disk);
	event_base_free(f->base);
	unlink(f->path);
	rmdir(f->root);
	free(f->data);
	free(f);
	return 0;
}

static void
ended(void *arg, const struct fail *fail)
{
	struct fixture *f = arg;

	f->ended++;
	if (fail != NULL)
		f->ended_as = *fail;
	event_base_loopbreak(f->base);
}

static void
write_blocks(struct fixture *f, unsigned first, unsigned count)
{
	f->disk->operations->write_behind(f->disk, f->file,
	    (uint64_t)first * DISK_BLOCK, f->data + first * DISK_BLOCK,
	    (size_t)count * DISK_BLOCK, ended, f);
}

/* The block there is full of its number and one. */
static bool
has_block(struct fixture *f, unsigned number)
{
	static uint8_t block[DISK_BLOCK] __attribute__((aligned(DISK_BLOCK)));
	size_t got = 0;

	assert_true(f->disk->operations->read(f->disk, f->file,
	    (uint64_t)number * DISK_BLOCK, block, DISK_BLOCK, &got, &f->fail));
	return got == DISK_BLOCK &&
	       memcmp(block, f->data + number * DISK_BLOCK, DISK_BLOCK) == 0;
}

/* Journal files, and those of a system that has no direct writes. */
static void
what_is_written_behind_is_there_when_it_has_ended(void **state)
{
	static const enum disk_open hows[] = {DISK_JOURNAL, DISK_WRITE};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		open_file(f, hows[i]);
		f->ended = 0;
		for (unsigned n = 0; n < BLOCKS / 2; n++) {
			write_blocks(f, 2 * n, 2);
			assert_int_equal(f->ended, n);
			while (f->ended == n)
				event_base_loop(f->base, EVLOOP_ONCE);
			assert_true(has_block(f, 2 * n));
			assert_true(has_block(f, 2 * n + 1));
		}
		assert_int_equal(f->ended_as.kind, FAIL_NONE);
		unlink(f->path);
	}
}

static void
what_is_forgotten_is_written_and_tells_nobody(void **state)
{
	static const enum disk_open hows[] = {DISK_JOURNAL, DISK_WRITE};
	struct fixture *f = *state;

	for (size_t i = 0; i < 2; i++) {
		open_file(f, hows[i]);
		write_blocks(f, 0, BLOCKS);
		f->disk->operations->forget(f->disk, f);
		assert_true(has_block(f, BLOCKS - 1));
		event_base_loop(f->base, EVLOOP_NONBLOCK);
		assert_int_equal(f->ended, 0);
		unlink(f->path);
	}
}

/* Two blocks fit, and the third is what is told of. */
static void
a_write_that_ends_short_fails_as_its_rest_does(void **state)
{
	static const enum disk_open hows[] = {DISK_JOURNAL, DISK_WRITE};
	struct fixture *f = *state;
	struct rlimit before, limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 2 * DISK_BLOCK;
	for (size_t i = 0; i < 2; i++) {
		f->ended = 0;
		f->ended_as = (struct fail)FAIL_INIT;
		open_file(f, hows[i]);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		write_blocks(f, 0, 3);
		while (f->ended == 0)
			event_base_loop(f->base, EVLOOP_ONCE);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(f->ended_as.kind, FAIL_WORLD);
		assert_string_equal(f->ended_as.place, f->path);
		assert_non_null(strstr(f->ended_as.text, "cannot write"));
		assert_true(has_block(f, 1));
		unlink(f->path);
	}
}

/* The disk goes while a write is under way: its buffer is free after that. */
static void
the_disk_ends_when_its_writes_have(void **state)
{
	struct fixture *f = *state;

	open_file(f, DISK_JOURNAL);
	write_blocks(f, 0, BLOCKS);
	disk_real_destroy(f->disk);
	memset(f->data, 0, (size_t)BLOCKS * DISK_BLOCK);
	f->disk = disk_real_create(f->base, &f->fail);
	assert_non_null(f->disk);
	for (int i = 0; i < BLOCKS; i++)
		memset(f->data + i * DISK_BLOCK, i + 1, DISK_BLOCK);
	assert_true(has_block(f, BLOCKS - 1));
}

/* Who may make names in a directory does not choose what is written to. */
static void
what_is_written_to_is_no_symbolic_link(void **state)
{
	static const enum disk_open hows[] = {
	    DISK_WRITE, DISK_JOURNAL, DISK_CREATE};
	struct fixture *f = *state;
	const struct disk_operations *op = f->disk->operations;
	char link[128];
	struct disk_file *file;

	open_file(f, DISK_CREATE);
	snprintf(link, sizeof(link), "%s/link", f->root);
	assert_int_equal(symlink(f->path, link), 0);
	for (size_t i = 0; i < sizeof(hows) / sizeof(*hows); i++) {
		f->fail = (struct fail)FAIL_INIT;
		assert_false(op->open(f->disk, link, hows[i], &file, &f->fail));
		assert_string_equal(f->fail.place, link);
	}
	unlink(link);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		what_is_written_behind_is_there_when_it_has_ended, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_forgotten_is_written_and_tells_nobody, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		a_write_that_ends_short_fails_as_its_rest_does, setup,
		teardown),
	    cmocka_unit_test_setup_teardown(
		the_disk_ends_when_its_writes_have, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		what_is_written_to_is_no_symbolic_link, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

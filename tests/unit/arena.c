/* Arenas: what they give, what they wipe, and what a refusal does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

/* Memory that can refuse, counts what is out, and looks for what is left. */
struct watch {
	unsigned left, out;
	const char *secret;
	bool seen;
};

struct head {
	size_t size;
	_Alignas(16) char data[];
};

static void *
take(void *context, size_t size)
{
	struct watch *watch = context;
	struct head *head;

	if (watch->left == 0)
		return NULL;
	watch->left--;
	watch->out++;
	head = malloc(sizeof(*head) + size);
	assert_non_null(head);
	head->size = size;
	return head->data;
}

static void
give(void *context, void *pointer)
{
	struct watch *watch = context;
	struct head *head =
	    (struct head *)((char *)pointer - offsetof(struct head, data));

	watch->out--;
	if (watch->secret != NULL &&
	    memmem(head->data, head->size, watch->secret,
		strlen(watch->secret)) != NULL)
		watch->seen = true;
	free(head);
}

static void
memory_is_zeroed_and_aligned(void **state)
{
	struct arena *arena = arena_create(NULL);

	(void)state;
	for (size_t size = 0; size < 300; size++) {
		char *pointer = arena_take(arena, size);

		assert_int_equal((uintptr_t)pointer % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(pointer[i], 0);
		memset(pointer, 'x', size);
	}
	arena_reset(arena);
	assert_int_equal(arena_used(arena), 0);
	assert_int_equal(*(char *)arena_take(arena, 1), 0);
	arena_destroy(arena);
}

static void
more_than_a_block_fits(void **state)
{
	struct arena *arena = arena_create(NULL);
	char *big = arena_take(arena, 1 << 20);

	(void)state;
	big[(1 << 20) - 1] = 1;
	assert_non_null(arena_take(arena, 1));
	assert_true(arena_used(arena) > 1 << 20);
	arena_destroy(arena);
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct arena *arena = arena_create(NULL);

	(void)state;
	assert_null(arena_take(arena, SIZE_MAX));
	assert_null(arena_take(arena, SIZE_MAX - 16));
	assert_null(arena_take_array(arena, SIZE_MAX / 2, 3));
	assert_non_null(arena_take_array(arena, 0, 8));
	arena_destroy(arena);
}

static void
what_was_not_written_is_given_back(void **state)
{
	struct arena *arena = arena_create(NULL);
	char *first = arena_take(arena, 1000), *next;

	(void)state;
	memset(first, 'x', 20);
	arena_shrink(arena, first, 1000, 20);
	assert_int_equal(arena_used(arena), 32);
	next = arena_take(arena, 50);
	assert_ptr_equal(next, first + 32);
	for (size_t i = 0; i < 50; i++)
		assert_int_equal(next[i], 0);
	arena_shrink(arena, first, 20, 1);
	assert_int_equal(arena_used(arena), 96);
	arena_destroy(arena);
}

static void
the_last_memory_grows_where_it_stands(void **state)
{
	struct arena *arena = arena_create(NULL);
	char *first = arena_take(arena, 100), *next;

	(void)state;
	memset(first, 'x', 100);
	assert_true(arena_extend(arena, first, 100, 200));
	assert_int_equal(arena_used(arena), 208);
	assert_int_equal(first[99], 'x');
	for (size_t i = 100; i < 200; i++)
		assert_int_equal(first[i], 0);
	assert_false(arena_extend(arena, first, 200, 1 << 20));
	assert_false(arena_extend(arena, first, 200, SIZE_MAX));
	next = arena_take(arena, 16);
	assert_false(arena_extend(arena, first, 200, 300));
	assert_true(arena_extend(arena, next, 16, 17));
	assert_int_equal(arena_used(arena), 240);
	arena_destroy(arena);
}

/* What was wiped and is taken again by growing is as zero as all else. */
static void
grown_memory_is_zero_after_a_reset(void **state)
{
	struct arena *arena = arena_create(NULL);
	char *first = arena_take(arena, 4000);

	(void)state;
	memset(first, 'x', 4000);
	arena_reset(arena);
	first = arena_take(arena, 10);
	assert_true(arena_extend(arena, first, 10, 5000));
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(first[i], 0);
	arena_destroy(arena);
}

static void
copies_end_with_a_nul(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct slice copy = arena_copy(arena, (struct slice){"abc", 2});

	(void)state;
	assert_string_equal(copy.data, "ab");
	assert_int_equal(copy.len, 2);
	copy = arena_copy(arena, (struct slice){NULL, 0});
	assert_string_equal(copy.data, "");
	arena_destroy(arena);
}

static void
secrets_are_wiped_before_memory_goes_back(void **state)
{
	struct watch watch = {.left = 100, .secret = "qwzzkpv"};
	struct memory memory = {take, give, &watch};
	struct arena *arena = arena_create(&memory);

	(void)state;
	for (int i = 0; i < 5000; i++)
		arena_copy(arena, SLICE("qwzzkpv"));
	assert_true(watch.out > 3);
	arena_reset(arena);
	assert_int_equal(watch.out, 3); /* itself and two blocks */
	arena_copy(arena, SLICE("qwzzkpv"));
	arena_destroy(arena);
	assert_false(watch.seen);
	assert_int_equal(watch.out, 0);
}

static void
a_refusal_leaves_the_arena_whole(void **state)
{
	struct watch watch = {.left = 2};
	struct memory memory = {take, give, &watch};
	struct arena *arena = arena_create(&memory);
	struct slice kept = arena_copy(arena, SLICE("kept"));

	(void)state;
	assert_null(arena_take(arena, 1 << 20));
	assert_non_null(arena_copy(arena, SLICE("")).data);
	assert_string_equal(kept.data, "kept");
	arena_destroy(arena);
	arena_destroy(NULL);
	assert_int_equal(watch.out, 0);
	watch.left = 0;
	assert_null(arena_create(&memory));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(memory_is_zeroed_and_aligned),
	    cmocka_unit_test(more_than_a_block_fits),
	    cmocka_unit_test(sizes_that_overflow_are_refused),
	    cmocka_unit_test(what_was_not_written_is_given_back),
	    cmocka_unit_test(the_last_memory_grows_where_it_stands),
	    cmocka_unit_test(grown_memory_is_zero_after_a_reset),
	    cmocka_unit_test(copies_end_with_a_nul),
	    cmocka_unit_test(secrets_are_wiped_before_memory_goes_back),
	    cmocka_unit_test(a_refusal_leaves_the_arena_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

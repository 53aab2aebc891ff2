/*
 * The Merkle tree against RFC 6962: roots of the vectors that its reference
 * implementations share, and the definition of section 2.1 taken literally.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/text.h"
#include "core/tree.h"

enum { SIZE_MAX_TESTED = 600 };

/* MTH of the first n leaves, by section 2.1's own recursion. */
static struct digest
naive_root(const struct slice *entries, size_t count)
{
	struct digest left, right;
	size_t split = 1;

	if (count == 0)
		return digest_sha256((struct slice){"", 0});
	if (count == 1)
		return tree_leaf(entries[0]);
	while (split * 2 < count)
		split *= 2;
	left = naive_root(entries, split);
	right = naive_root(entries + split, count - split);
	return tree_node(&left, &right);
}

static void
make_entries(struct slice entries[SIZE_MAX_TESTED],
    char bytes[SIZE_MAX_TESTED][16])
{
	for (size_t i = 0; i < SIZE_MAX_TESTED; i++) {
		int n = snprintf(bytes[i], 16, "entry %zu", i);

		entries[i] = (struct slice){bytes[i], (size_t)n};
	}
}

static void
assert_same(const struct digest *a, const struct digest *b)
{
	assert_memory_equal(a->bytes, b->bytes, DIGEST_SIZE);
}

static void
test_roots_of_the_shared_vectors(void **state)
{
	static const struct slice entries[8] = {{"", 0}, {"\x00", 1},
	    {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2},
	    {"\x40\x41\x42\x43", 4},
	    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
	    {"\x60\x61\x62\x63\x64\x65\x66\x67"
	     "\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
		16}};
	static const char *const roots[9] = {
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c"
	    "78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9d"
	    "baf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264"
	    "db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398f"
	    "a2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3"
	    "bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f"
	    "98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd7892"
	    "9c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2"
	    "ab9d823aad2f4960cfe370eff4604328"};
	struct digest ignored[TILE_LEVELS];
	struct tree tree = {.size = 0};

	(void)state;
	for (size_t size = 0; size <= 8; size++) {
		struct digest root = tree_root(&tree), expected, leaf;

		assert_int_equal(tree.size, size);
		assert_true(text_hex_decode(
		    slice_from(roots[size]), expected.bytes, DIGEST_SIZE));
		assert_same(&root, &expected);
		if (size == 8)
			break;
		leaf = tree_leaf(entries[size]);
		tree_append(&tree, &leaf, ignored);
	}
}

static void
test_any_size_has_the_root_the_definition_gives(void **state)
{
	static char bytes[SIZE_MAX_TESTED][16];
	static struct slice entries[SIZE_MAX_TESTED];
	struct digest ignored[TILE_LEVELS];
	struct tree tree = {.size = 0};

	(void)state;
	make_entries(entries, bytes);
	for (size_t size = 0; size < SIZE_MAX_TESTED; size++) {
		struct digest root = tree_root(&tree);
		struct digest expected = naive_root(entries, size);
		struct digest leaf = tree_leaf(entries[size]);

		assert_same(&root, &expected);
		tree_append(&tree, &leaf, ignored);
	}
}

/* Leaves and nodes are apart, so an entry cannot pose as two subtrees. */
static void
test_an_entry_is_never_taken_for_a_node(void **state)
{
	struct digest a = tree_leaf(SLICE("a")), b = tree_leaf(SLICE("b"));
	struct digest node = tree_node(&a, &b);
	char both[2 * DIGEST_SIZE];
	struct digest leaf;

	(void)state;
	memcpy(both, a.bytes, DIGEST_SIZE);
	memcpy(both + DIGEST_SIZE, b.bytes, DIGEST_SIZE);
	leaf = tree_leaf((struct slice){both, sizeof(both)});
	assert_memory_not_equal(leaf.bytes, node.bytes, DIGEST_SIZE);
}

/* What a start reads from tiles goes on as if it had never stopped. */
static void
test_a_tree_restored_from_its_tiles_goes_on_alike(void **state)
{
	static char bytes[SIZE_MAX_TESTED][16];
	static struct slice entries[SIZE_MAX_TESTED];
	static struct digest level[TILE_LEVELS][SIZE_MAX_TESTED];
	struct tree tree = {.size = 0};
	size_t have[TILE_LEVELS] = {0};

	(void)state;
	make_entries(entries, bytes);
	for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
		struct digest leaf = tree_leaf(entries[size - 1]);
		struct digest tiles[TILE_LEVELS], a, b;
		const struct digest *partial[TILE_LEVELS];
		unsigned count = tree_append(&tree, &leaf, tiles);
		struct tree restored;

		assert_int_equal(count, size % TILE_WIDTH == 0 ? 2 : 1);
		for (unsigned l = 0; l < count; l++)
			level[l][have[l]++] = tiles[l];
		for (unsigned l = 0; l < TILE_LEVELS; l++)
			partial[l] = level[l] + have[l] / TILE_WIDTH * TILE_WIDTH;
		tree_restore(&restored, size, partial);
		a = tree_root(&tree);
		b = tree_root(&restored);
		assert_same(&a, &b);
	}
}

static void
test_a_whole_tile_folds_into_the_hash_above_it(void **state)
{
	static char bytes[SIZE_MAX_TESTED][16];
	static struct slice entries[SIZE_MAX_TESTED];
	struct digest leaves[TILE_WIDTH], folded, expected;

	(void)state;
	make_entries(entries, bytes);
	for (size_t i = 0; i < TILE_WIDTH; i++)
		leaves[i] = tree_leaf(entries[i]);
	folded = tree_fold(leaves, TILE_WIDTH);
	expected = naive_root(entries, TILE_WIDTH);
	assert_same(&folded, &expected);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_roots_of_the_shared_vectors),
	    cmocka_unit_test(test_any_size_has_the_root_the_definition_gives),
	    cmocka_unit_test(test_an_entry_is_never_taken_for_a_node),
	    cmocka_unit_test(
		test_a_tree_restored_from_its_tiles_goes_on_alike),
	    cmocka_unit_test(test_a_whole_tile_folds_into_the_hash_above_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

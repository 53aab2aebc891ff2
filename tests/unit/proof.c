/*
 * Proofs of inclusion and consistency, for every place of every small log,
 * against roots that the definition of RFC 6962 gives; and the file of a
 * proof, which is taken in one form only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/proof.h"
#include "core/tree.h"

enum { SIZES = 70 };

struct log {
	struct digest leaves[SIZES];
	struct digest roots[SIZES + 1];
};

static void
make_log(struct log *log)
{
	struct tree tree = {.size = 0};
	struct digest made[TILE_LEVELS];

	log->roots[0] = tree_root(&tree);
	for (unsigned i = 0; i < SIZES; i++) {
		char entry = (char)i;

		log->leaves[i] = tree_leaf((struct slice){&entry, 1});
		tree_append(&tree, &log->leaves[i], made);
		log->roots[i + 1] = tree_root(&tree);
	}
}

static bool
hash_of(void *context, unsigned height, uint64_t index, struct digest *out,
    struct fail *fail)
{
	const struct log *log = context;
	size_t count = (size_t)1 << height;

	assert_true((index + 1) * count <= SIZES);
	*out = tree_fold(log->leaves + index * count, count);
	(void)fail;
	return true;
}

static void
each_entry_is_in_each_log_that_has_it(void **state)
{
	static struct log log;
	const struct proof_source source = {hash_of, &log};
	struct fail fail = FAIL_INIT;
	struct proof proof;

	(void)state;
	make_log(&log);
	for (uint64_t size = 1; size <= SIZES; size++) {
		struct proof_tree tree = {size, log.roots[size]};
		struct digest root;

		assert_true(proof_root(&source, size, &root, &fail));
		assert_true(digest_equal(&root, &tree.root));
		for (uint64_t i = 0; i < size; i++) {
			assert_true(
			    proof_inclusion(&source, i, size, &proof, &fail));
			assert_true(
			    proof_includes(&proof, i, &log.leaves[i], &tree));
			assert_false(proof_includes(
			    &proof, i, &log.leaves[(i + 1) % SIZES], &tree));
			assert_false(proof_includes(
			    &proof, size, &log.leaves[i], &tree));
			if (proof.count == 0)
				continue;
			assert_false(proof_includes(
			    &proof, i ^ 1, &log.leaves[i], &tree));
			proof.hashes[proof.count - 1].bytes[31] ^= 1;
			assert_false(
			    proof_includes(&proof, i, &log.leaves[i], &tree));
			proof.hashes[proof.count - 1].bytes[31] ^= 1;
			proof.count--;
			assert_false(
			    proof_includes(&proof, i, &log.leaves[i], &tree));
		}
		assert_false(
		    proof_inclusion(&source, size, size, &proof, &fail));
	}
}

static void
assert_changed_is_refused(struct proof *proof, const struct proof_tree *old,
    const struct proof_tree *tree)
{
	for (size_t i = 0; i < proof->count; i++) {
		proof->hashes[i].bytes[0] ^= 0x80;
		assert_false(proof_follows(proof, old, tree));
		proof->hashes[i].bytes[0] ^= 0x80;
	}
	if (proof->count == PROOF_HASHES)
		return;
	proof->hashes[proof->count++] = tree->root;
	assert_false(proof_follows(proof, old, tree));
	proof->count--;
}

static void
each_log_is_the_beginning_of_each_longer_one(void **state)
{
	static struct log log;
	const struct proof_source source = {hash_of, &log};
	struct fail fail = FAIL_INIT;
	struct proof proof;

	(void)state;
	make_log(&log);
	for (uint64_t size = 1; size <= SIZES; size++)
		for (uint64_t old = 0; old <= size; old++) {
			struct proof_tree was = {old, log.roots[old]};
			struct proof_tree tree = {size, log.roots[size]};

			assert_true(proof_consistency(
			    &source, old, size, &proof, &fail));
			assert_true(proof_follows(&proof, &was, &tree));
			assert_changed_is_refused(&proof, &was, &tree);
			if (old == 0)
				continue;
			was.root.bytes[7] ^= 1;
			assert_false(proof_follows(&proof, &was, &tree));
		}
	assert_false(proof_consistency(&source, 3, 2, &proof, &fail));
}

/* RFC 6962 section 2.1.3: its example has seven leaves. */
static void
the_example_of_the_standard_comes_out(void **state)
{
	static struct log log;
	const struct proof_source source = {hash_of, &log};
	struct fail fail = FAIL_INIT;
	struct digest k, i;
	struct proof proof;

	(void)state;
	make_log(&log);
	k = tree_fold(log.leaves, 4);
	assert_true(proof_inclusion(&source, 6, 7, &proof, &fail));
	i = tree_fold(log.leaves + 4, 2);
	assert_int_equal(proof.count, 2);
	assert_true(digest_equal(&proof.hashes[0], &i));
	assert_true(digest_equal(&proof.hashes[1], &k));
	assert_true(proof_consistency(&source, 6, 7, &proof, &fail));
	assert_int_equal(proof.count, 3);
	assert_true(digest_equal(&proof.hashes[0], &i));
	assert_true(digest_equal(&proof.hashes[1], &log.leaves[6]));
	assert_true(digest_equal(&proof.hashes[2], &k));
}

static void
a_proof_reads_as_it_was_printed(void **state)
{
	struct arena *arena = arena_create(NULL);
	struct proof_file file = {.index = 17, .note = SLICE("a\n1\nb\n\nx\n")};
	struct proof_file read;
	struct fail fail = FAIL_INIT;
	struct slice text;

	(void)state;
	for (file.proof.count = 0; file.proof.count < 3; file.proof.count++)
		file.proof.hashes[file.proof.count] = tree_leaf(SLICE("leaf"));
	text = proof_print(arena, &file);
	assert_true(proof_parse(text, arena, &read, &fail));
	assert_int_equal(read.index, 17);
	assert_int_equal(read.proof.count, 3);
	assert_memory_equal(
	    read.proof.hashes, file.proof.hashes, 3 * DIGEST_SIZE);
	assert_true(slice_equal(read.note, file.note));
	for (size_t len = 0; len < text.len - file.note.len + 1; len++)
		assert_false(proof_parse(
		    (struct slice){text.data, len}, arena, &read, &fail));
	arena_destroy(arena);
}

static void
a_proof_has_one_form(void **state)
{
	static const char *const texts[] = {"",
	    "c2sp.org/tlog-proof@v2\nindex 1\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nindex 01\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nindex -1\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nindex 1\n\n",
	    "c2sp.org/tlog-proof@v1\nextra *\nindex 1\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 1\n\nx\n",
	    "c2sp.org/tlog-proof@v1\nindex 9999999999999999999\n\nx\n"};
	struct arena *arena = arena_create(NULL);
	struct proof_file read;
	struct fail fail = FAIL_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_false(
		    proof_parse(slice_from(texts[i]), arena, &read, &fail));
	assert_true(proof_parse(
	    SLICE("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 0\n\nx\n"), arena,
	    &read, &fail));
	arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_entry_is_in_each_log_that_has_it),
	    cmocka_unit_test(each_log_is_the_beginning_of_each_longer_one),
	    cmocka_unit_test(the_example_of_the_standard_comes_out),
	    cmocka_unit_test(a_proof_reads_as_it_was_printed),
	    cmocka_unit_test(a_proof_has_one_form)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

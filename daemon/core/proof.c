#include "core/proof.h"

#include "core/tree.h"

/* The largest power of two below n, as its exponent; n > 1. */
static unsigned
split(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n - 1);
}

/*
 * The root over the leaves from `low` up to `high`: `low` is a multiple of the
 * widest complete run among them.  The runs are joined from the right.
 */
static bool
range_root(const struct proof_source *source, uint64_t low, uint64_t high,
    struct digest *out, struct fail *fail)
{
	uint64_t left = high - low, end = high;
	bool first = true;

	while (left != 0) {
		unsigned height = (unsigned)__builtin_ctzll(left);
		struct digest hash;

		end -= (uint64_t)1 << height;
		left -= (uint64_t)1 << height;
		if (!source->hash(
			source->context, height, end >> height, &hash, fail))
			return false;
		*out = first ? hash : tree_node(&hash, out);
		first = false;
	}
	return true;
}

bool
proof_root(const struct proof_source *source, uint64_t size, struct digest *out,
    struct fail *fail)
{
	*out = digest_sha256((struct slice){"", 0});
	return range_root(source, 0, size, out, fail);
}

/* The way is gone from the root down, and a proof goes up. */
static void
turn_over(struct proof *proof)
{
	for (size_t i = 0; i < proof->count / 2; i++) {
		struct digest kept = proof->hashes[i];

		proof->hashes[i] = proof->hashes[proof->count - 1 - i];
		proof->hashes[proof->count - 1 - i] = kept;
	}
}

static bool
add_range(const struct proof_source *source, uint64_t low, uint64_t high,
    struct proof *out, struct fail *fail)
{
	if (out->count == PROOF_HASHES)
		return fail_set(fail, FAIL_INPUT, "the log is too long");
	return range_root(source, low, high, &out->hashes[out->count++], fail);
}

bool
proof_inclusion(const struct proof_source *source, uint64_t index,
    uint64_t size, struct proof *out, struct fail *fail)
{
	uint64_t low = 0, high = size;

	out->count = 0;
	if (index >= size || size >> 63 != 0)
		return fail_set(fail, FAIL_INPUT, "the log has no entry %llu",
		    (unsigned long long)index);
	while (high - low > 1) {
		uint64_t middle = low + ((uint64_t)1 << split(high - low));

		if (index < middle) {
			if (!add_range(source, middle, high, out, fail))
				return false;
			high = middle;
		} else {
			if (!add_range(source, low, middle, out, fail))
				return false;
			low = middle;
		}
	}
	turn_over(out);
	return true;
}

bool
proof_consistency(const struct proof_source *source, uint64_t old,
    uint64_t size, struct proof *out, struct fail *fail)
{
	uint64_t low = 0, high = size;

	out->count = 0;
	if (old > size || size >> 63 != 0)
		return fail_set(
		    fail, FAIL_INPUT, "the older log is the longer one");
	if (old == 0)
		return true;
	while (old != high) {
		uint64_t middle = low + ((uint64_t)1 << split(high - low));

		if (old <= middle) {
			if (!add_range(source, middle, high, out, fail))
				return false;
			high = middle;
		} else {
			if (!add_range(source, low, middle, out, fail))
				return false;
			low = middle;
		}
	}
	/* What the old root itself says is left out. */
	if (low != 0 && !add_range(source, low, high, out, fail))
		return false;
	turn_over(out);
	return true;
}

/* A place on the way up: of a node, and of the last one of its level. */
struct climb {
	uint64_t node, last;
};

/* Up over levels on which the node has no sibling. */
static void
climb_alone(struct climb *at)
{
	while ((at->node & 1) == 0 && at->node != 0) {
		at->node >>= 1;
		at->last >>= 1;
	}
}

static void
climb(struct climb *at)
{
	at->node >>= 1;
	at->last >>= 1;
}

/* RFC 9162 section 2.1.3.2. */
bool
proof_includes(const struct proof *proof, uint64_t index,
    const struct digest *leaf, const struct proof_tree *tree)
{
	struct climb at = {index, tree->size - 1};
	struct digest root = *leaf;

	if (index >= tree->size)
		return false;
	for (size_t i = 0; i < proof->count; i++) {
		if (at.last == 0)
			return false;
		if ((at.node & 1) != 0 || at.node == at.last) {
			root = tree_node(&proof->hashes[i], &root);
			climb_alone(&at);
		} else {
			root = tree_node(&root, &proof->hashes[i]);
		}
		climb(&at);
	}
	return at.last == 0 && digest_equal(&root, &tree->root);
}

/* RFC 9162 section 2.1.4.2, where neither is empty nor are they equal. */
static bool
follows(const struct proof *proof, const struct proof_tree *old,
    const struct proof_tree *tree)
{
	struct climb at = {old->size - 1, tree->size - 1};
	bool whole = (old->size & (old->size - 1)) == 0;
	struct digest before, root;

	if (!whole && proof->count == 0)
		return false;
	while ((at.node & 1) != 0)
		climb(&at);
	before = root = whole ? old->root : proof->hashes[0];
	for (size_t i = whole ? 0 : 1; i < proof->count; i++) {
		const struct digest *hash = &proof->hashes[i];

		if (at.last == 0)
			return false;
		if ((at.node & 1) != 0 || at.node == at.last) {
			before = tree_node(hash, &before);
			root = tree_node(hash, &root);
			climb_alone(&at);
		} else {
			root = tree_node(&root, hash);
		}
		climb(&at);
	}
	return at.last == 0 && digest_equal(&before, &old->root) &&
	       digest_equal(&root, &tree->root);
}

bool
proof_follows(const struct proof *proof, const struct proof_tree *old,
    const struct proof_tree *tree)
{
	if (old->size > tree->size)
		return false;
	if (old->size == tree->size)
		return proof->count == 0 &&
		       digest_equal(&old->root, &tree->root);
	if (old->size == 0)
		return proof->count == 0;
	return follows(proof, old, tree);
}

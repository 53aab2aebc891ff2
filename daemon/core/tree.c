#include "core/tree.h"

struct digest
tree_leaf(struct slice entry)
{
	return digest_sha256_two((struct slice){"\0", 1}, entry);
}

struct digest
tree_node(const struct digest *left, const struct digest *right)
{
	struct digest_piece both;

	digest_piece_start(&both);
	digest_put(&both, "\1", 1);
	digest_put(&both, left->bytes, DIGEST_SIZE);
	digest_put(&both, right->bytes, DIGEST_SIZE);
	return digest_piece_sha256(&both);
}

unsigned
tree_append(struct tree *tree, const struct digest *leaf,
    struct digest tiles[TILE_LEVELS])
{
	struct digest hash = *leaf;
	unsigned height = 0, count = 0;

	tiles[count++] = hash;
	for (; tree->size >> height & 1; height++) {
		hash = tree_node(&tree->node[height], &hash);
		if ((height + 1) % TILE_HEIGHT == 0 && count < TILE_LEVELS)
			tiles[count++] = hash;
	}
	tree->node[height] = hash;
	tree->size++;
	return count;
}

struct digest
tree_root(const struct tree *tree)
{
	struct digest root = digest_sha256((struct slice){"", 0});
	bool first = true;

	for (unsigned h = 0; h < TREE_HEIGHT; h++) {
		if (!(tree->size >> h & 1))
			continue;
		root = first ? tree->node[h] : tree_node(&tree->node[h], &root);
		first = false;
	}
	return root;
}

struct digest
tree_fold(const struct digest *hashes, size_t count)
{
	struct digest left, right;

	if (count == 1)
		return hashes[0];
	left = tree_fold(hashes, count / 2);
	right = tree_fold(hashes + count / 2, count / 2);
	return tree_node(&left, &right);
}

/* Within a level the complete subtrees lie from the widest to the narrowest. */
void
tree_restore(struct tree *tree, uint64_t size,
    const struct digest *const hashes[TILE_LEVELS])
{
	*tree = (struct tree){.size = size};
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		size_t at = 0;

		for (unsigned h = TILE_HEIGHT; h-- > 0;) {
			unsigned height = level * TILE_HEIGHT + h;
			size_t width = (size_t)1 << h;

			if (!(size >> height & 1))
				continue;
			tree->node[height] = tree_fold(hashes[level] + at, width);
			at += width;
		}
	}
}

/*
 * At start: what the journal still has is brought to bundles, vault and keys,
 * or the place that cannot be explained is named.
 */
#include "store/ledger_priv.h"

struct replay {
	struct ledger *ledger;
	uint64_t vault_sequence, newest;
	bool any;
};

static bool
replay_fail(const struct journal_group *group, const char *what,
    struct fail *fail)
{
	fail_set(fail, FAIL_WORLD, "%s", what);
	fail_place(fail, "journal/%.60s:%llu", group->segment,
	    (unsigned long long)group->offset);
	fail_hint(fail, "restore ledger, vault and keys from one backup; "
			"nothing was changed");
	return false;
}

static bool
replay_subject(struct replay *replay, const struct journal_group *group,
    struct slice item, struct fail *fail)
{
	const uint8_t *at = (const uint8_t *)item.data;
	struct digest id;
	uint32_t slot;

	if (item.len != DIGEST_SIZE + 4)
		return replay_fail(group, "a subject's line is cut", fail);
	memcpy(id.bytes, at, DIGEST_SIZE);
	at += DIGEST_SIZE;
	slot = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
	if (group->sequence <= replay->vault_sequence &&
	    replay->ledger->options.vault != NULL)
		return true;
	return keys_learn(replay->ledger->options.keys, &id, slot, fail) &&
	    (replay->ledger->options.vault == NULL ||
		vault_put_subject(
		    replay->ledger->options.vault, &id, slot, fail));
}

static bool
replay_item(struct replay *replay, const struct journal_group *group,
    enum journal_item type, struct slice item, uint64_t *index,
    struct fail *fail)
{
	struct ledger *ledger = replay->ledger;
	struct digest leaf;

	switch (type) {
	case JOURNAL_ENTRY:
		if ((*index)++ < tiles_tree(ledger->tiles)->size)
			return true;
		leaf = tree_leaf(item);
		return tiles_add(ledger->tiles, item, &leaf, fail);
	case JOURNAL_RECORD:
		return ledger->options.vault == NULL ||
		    group->sequence <= replay->vault_sequence ||
		    vault_put(ledger->options.vault, group->sequence, item,
			fail);
	case JOURNAL_SUBJECT:
		return replay_subject(replay, group, item, fail);
	}
	return false;
}

static bool
replay_group(
    void *context, const struct journal_group *group, struct fail *fail)
{
	struct replay *replay = context;
	const struct tree *tree = tiles_tree(replay->ledger->tiles);
	struct digest root = tree_root(tree);
	struct slice rest = group->stream, item;
	uint64_t index = group->first;
	enum journal_item type;

	if (!replay->any && replay->ledger->options.vault != NULL &&
	    group->sequence > replay->vault_sequence + 1)
		return replay_fail(group,
		    "the vault is behind what the journal still has", fail);
	replay->any = true;
	replay->newest = group->sequence;
	if (group->first > tree->size ||
	    (group->first == tree->size && !digest_equal(&root, &group->root)))
		return replay_fail(group,
		    "the group does not follow the tree before it", fail);
	while (journal_next(&rest, &type, &item))
		if (!replay_item(replay, group, type, item, &index, fail))
			return false;
	if (rest.len != 0 || index != group->first + group->entries)
		return replay_fail(group, "the group is malformed", fail);
	return true;
}

bool
ledger_replay(struct ledger *ledger, struct fail *fail)
{
	struct vault *vault = ledger->options.vault;
	struct replay state = {.ledger = ledger,
	    .vault_sequence = vault == NULL ? 0 : vault_sequence(vault)};
	struct journal_scan scan = {
	    .group = replay_group,
	    .context = &state,
	    .older = ledger->options.older};
	uint64_t size = ledger->options.segment_size;

	ledger->journal = journal_open(ledger->disk,
	    ledger->journal_directory, size == 0 ? JOURNAL_SEGMENT : size,
	    tiles_durable(ledger->tiles), &scan, fail);
	if (ledger->journal == NULL)
		return false;
	if (state.vault_sequence > state.newest) {
		fail_set(fail, FAIL_WORLD,
		    "the vault is ahead of the ledger's journal");
		fail_place(fail, "%.90s", ledger->journal_directory);
		fail_hint(fail,
		    "restore ledger, vault and keys from one backup");
		return false;
	}
	return true;
}

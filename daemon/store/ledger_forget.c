/*
 * What goes from the ledger: the journal's old segments, pruned bundles, the
 * signing key before.
 */
#include "store/ledger_priv.h"

const char *
ledger_origin(const struct ledger *ledger)
{
	return tiles_origin(ledger->tiles);
}

uint64_t
ledger_minimum(const struct ledger *ledger)
{
	return tiles_minimum(ledger->tiles);
}

bool
ledger_prune(struct ledger *ledger, uint64_t minimum, struct fail *fail)
{
	return ledger_checkpoint(ledger, fail) &&
	       tiles_prune(ledger->tiles, minimum, fail);
}

bool
ledger_drop(
    struct ledger *ledger, unsigned count, bool *left, struct fail *fail)
{
	return tiles_drop(ledger->tiles, count, left, fail);
}

void
ledger_wipe_begin(struct ledger *ledger)
{
	ledger->wiped = journal_sequence(ledger->journal);
	journal_roll(ledger->journal);
}

bool
ledger_wipe(struct ledger *ledger, bool *left, struct fail *fail)
{
	struct fail trouble = FAIL_INIT;

	if (ledger->stopped.kind == FAIL_NONE &&
	    !journal_wipe(ledger->journal, ledger->wiped, left, &trouble))
		ledger_stop(ledger, &trouble);
	if (ledger->stopped.kind == FAIL_NONE)
		return true;
	*fail = ledger->stopped;
	return false;
}

bool
ledger_key_changed(struct ledger *ledger, struct arena *arena,
    struct slice *from, struct slice *to, struct fail *fail)
{
	return tiles_key_changed(ledger->tiles, arena, from, to, fail);
}

bool
ledger_write_key(struct ledger *ledger, struct fail *fail)
{
	return ledger_checkpoint(ledger, fail) &&
	       tiles_write_key(ledger->tiles, fail);
}

void
ledger_roll(struct ledger *ledger)
{
	journal_roll(ledger->journal);
}

uint64_t
ledger_covered(const struct ledger *ledger)
{
	return tiles_durable(ledger->tiles);
}

bool
ledger_each_file(struct ledger *ledger,
    bool (*visit)(void *context, const char *name, uint64_t size),
    void *context, struct fail *fail)
{
	static const char *const names[] = {"ledger/checkpoint",
	    "ledger/log.vkey", "ledger/log.vkey.old", "ledger/minimum"};
	uint64_t covered = tiles_durable(ledger->tiles), size;
	char name[TILES_PATH], path[TILES_PATH + 16], segment[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!visit(context, names[i], UINT64_MAX))
			return false;
	for (int level = TILES_ENTRIES; level < TILE_LEVELS; level++) {
		unsigned shift = level <= 0 ? 0 : 8 * (unsigned)level;
		unsigned width = (unsigned)(covered >> shift & 255);

		if (width == 0)
			continue;
		tiles_path(name, level,
		    shift >= 56 ? 0 : covered >> (shift + 8), width);
		snprintf(path, sizeof(path), "ledger/%s", name);
		if (!visit(context, path, UINT64_MAX))
			return false;
	}
	if (!journal_current(ledger->journal, segment, &size))
		return fail_set(fail, FAIL_WORLD, "the journal is empty");
	snprintf(path, sizeof(path), "ledger/journal/%.40s", segment);
	return visit(context, path, size);
}

uint64_t
ledger_bytes(const struct ledger *ledger)
{
	return tiles_bytes(ledger->tiles) + journal_bytes(ledger->journal);
}

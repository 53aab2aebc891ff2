/*
 * What goes from the ledger: the journal's old segments, pruned bundles, the
 * signing key before.
 */
#include "store/ledger_priv.h"

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

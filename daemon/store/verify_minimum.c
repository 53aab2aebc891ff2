/* Retention: entries that are kept no more, and whether an entry says so. */
#include "core/canon.h"
#include "core/entry.h"
#include "store/verify_priv.h"

void
verify_note_pruning(struct verify *verify, struct slice entry)
{
	struct slice type;
	int64_t minimum;

	if (canon_get_string(entry, "type", verify->arena, &type) &&
	    slice_is(type, event_type_name(EVENT_PRUNE)) &&
	    canon_get_number(entry, "entry", &minimum) && minimum >= 0 &&
	    (uint64_t)minimum > verify->told_minimum)
		verify->told_minimum = (uint64_t)minimum;
}

/*
 * A minimum that no entry tells of would hide what somebody took away.  What
 * was verified before is not asked for again, and hashes tell nothing.
 */
void
verify_check_minimum(struct verify *verify)
{
	if (verify->options->hashes_only ||
	    verify->minimum <= verify->result->from)
		return;
	if (verify->minimum > verify->told_minimum)
		verify_found(verify, "minimum",
		    "no entry says that those below %llu were pruned",
		    (unsigned long long)verify->minimum);
}

void
verify_read_minimum(struct verify *verify)
{
	struct fail fail = FAIL_INIT;

	if (!tiles_read_minimum(verify->options->disk,
		verify->options->directory, verify->arena, &verify->minimum,
		&fail))
		verify_found(verify, "minimum", "%s", fail.text);
	if (verify->minimum <= verify->size)
		return;
	verify_found(verify, "minimum", "it is above the checkpoint's size");
	verify->minimum = 0;
}

/*
 * Retention: entries that are kept no more, and whether an entry says so; and
 * those that are carried on elsewhere.
 */
#include "core/canon.h"
#include "core/entry.h"
#include "core/entry_parts.h"
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

/* Of a full tile: what is carried on stood in a bundle that is whole. */
static bool
has_leaf(struct verify *verify, uint64_t index, const struct digest *leaf)
{
	char name[TILES_PATH];
	struct slice data;

	tiles_path(name, 0, index >> 8, 0);
	return verify_read(verify, name, TILE_WIDTH * DIGEST_SIZE, &data) &&
	       data.len == (size_t)TILE_WIDTH * DIGEST_SIZE &&
	       memcmp(data.data + (index & 255) * DIGEST_SIZE, leaf->bytes,
		   DIGEST_SIZE) == 0;
}

void
verify_check_kept(
    struct verify *verify, const char *place, struct slice entry)
{
	struct entry_kept kept;
	struct digest leaf;

	if (!entry_kept_read(entry, verify->arena, &kept))
		return;
	leaf = tree_leaf(kept.disclosure);
	if (kept.index >= verify->tree.size ||
	    !has_leaf(verify, kept.index, &leaf))
		verify_found(verify, place,
		    "what it carries on is not what entry %llu was",
		    (unsigned long long)kept.index);
}

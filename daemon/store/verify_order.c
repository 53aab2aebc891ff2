/*
 * What entries say of each other in order: a disclosure that was decided again
 * is not sent as it was before.
 */
#include "core/canon.h"
#include "store/verify_priv.h"

/* Open addressing, at most half full; 0 is empty. */
static uint64_t *
slot_of(const struct verify_again *again, uint64_t entry)
{
	/* Multiplied by what spreads numbers that follow each other. */
	size_t at =
	    (size_t)(((entry + 1) * UINT64_C(0x9e3779b97f4a7c15)) >> 20);

	for (at &= again->size - 1;
	     again->entries[at] != 0 && again->entries[at] != entry + 1;
	     at = (at + 1) & (again->size - 1))
		;
	return &again->entries[at];
}

static bool
make_room(struct verify_again *again)
{
	struct verify_again grown = {
	    .size = again->size != 0 ? 2 * again->size : 1024};

	if (2 * (again->count + 1) <= again->size)
		return true;
	grown.entries = calloc(grown.size, sizeof(*grown.entries));
	if (grown.entries == NULL)
		return false;
	for (size_t i = 0; i < again->size; i++)
		if (again->entries[i] != 0)
			*slot_of(&grown, again->entries[i] - 1) =
			    again->entries[i];
	free(again->entries);
	again->entries = grown.entries;
	again->size = grown.size;
	return true;
}

/* Without memory for it less is found; what else is wrong is found still. */
static void
note(struct verify_again *again, uint64_t entry)
{
	uint64_t *slot;

	if (!make_room(again))
		return;
	slot = slot_of(again, entry);
	again->count += *slot == 0;
	*slot = entry + 1;
}

/*
 * What misu publishes itself stands until it is decided again; that it did may
 * be written after that, where memory or the disk failed meanwhile.
 */
static bool
is_published(struct slice entry, struct arena *arena)
{
	struct slice channel;

	return canon_get_string(entry, "channel", arena, &channel) &&
	       slice_is(channel, "view");
}

void
verify_check_order(struct verify *verify, const char *place, struct slice entry)
{
	struct slice type, word;
	int64_t about;

	if (!canon_get_string(entry, "type", verify->arena, &type))
		return;
	if (slice_is(type, "disclosure")) {
		if (canon_get_number(entry, "supersedes", &about) &&
		    about >= 0 && !is_published(entry, verify->arena))
			note(&verify->again, (uint64_t)about);
		return;
	}
	if (!slice_is(type, "outcome") || verify->again.count == 0 ||
	    !canon_get_string(entry, "word", verify->arena, &word) ||
	    (!slice_is(word, "sent") && !slice_is(word, "answered")) ||
	    !canon_get_number(entry, "entry", &about) || about < 0 ||
	    *slot_of(&verify->again, (uint64_t)about) == 0)
		return;
	verify_found(verify, place,
	    "entry %lld was decided again before, and is %.*s as it was",
	    (long long)about, SLICE_ARG(word));
}

/*
 * Is the public view the one that this ledger knows?  Each outcome of a
 * publication, and each step of a forgetting, is an entry only when it stands
 * in the view, and a stop is noted there right after its own: a view that lacks
 * one is an older copy that was put there.  (Where a stop was noted by nobody
 * because misu died just then, it is made anew for nothing.)
 */
#include "core/canon.h"
#include "engine_view.h"

enum { FORGETTINGS = 64 /* that are told apart at once */ };

struct looking {
	struct ledger *ledger;
	uint64_t from, size;
	int64_t taken;	     /* the newest entry that the view has */
	uint8_t *views;	     /* a bit each: it was to be published */
	struct arena *arena; /* of one entry */
	/* The last asked or destroyed, by the slot. */
	struct {
		int64_t slot;
		uint64_t entry;
	} begun[FORGETTINGS];
	bool older;
	struct fail *fail;
};

static bool
is_publication(struct slice entry, struct arena *arena)
{
	struct slice channel;

	return canon_get_string(entry, "channel", arena, &channel) &&
	       slice_is(channel, channel_kind_name(CHANNEL_VIEW));
}

static bool
look_at_outcome(struct looking *looking, struct slice entry)
{
	struct slice word, what;
	int64_t about;

	if (!canon_get_string(entry, "word", looking->arena, &word) ||
	    !slice_is(word, "sent") ||
	    !canon_get_number(entry, "entry", &about) ||
	    about <= looking->taken || (uint64_t)about >= looking->size)
		return true;
	if ((uint64_t)about >= looking->from) {
		uint64_t at = (uint64_t)about - looking->from;

		looking->older = (looking->views[at / 8] >> at % 8 & 1) != 0;
		return true;
	}
	if ((uint64_t)about < ledger_minimum(looking->ledger))
		return true;
	if (!ledger_read(looking->ledger, (uint64_t)about, looking->arena,
		&what, looking->fail))
		return false;
	looking->older = is_publication(what, looking->arena);
	return true;
}

/* "waiting" and "erased" come when the view has heeded what was before. */
static void
look_at_forget(struct looking *looking, struct slice entry, uint64_t index)
{
	struct slice word, subject, item;
	int64_t slot;
	size_t at;

	if (!canon_get_string(entry, "word", looking->arena, &word) ||
	    !canon_member(entry, "subject", &subject) ||
	    !canon_next_item(&subject, &item) ||
	    !canon_next_item(&subject, &item) || !canon_number(item, &slot) ||
	    slot < 0)
		return;
	at = (size_t)slot % FORGETTINGS;
	if (slice_is(word, "asked") || slice_is(word, "destroyed")) {
		looking->begun[at].slot = slot;
		looking->begun[at].entry = index;
	} else if ((slice_is(word, "waiting") || slice_is(word, "erased")) &&
		   looking->begun[at].entry != 0 &&
		   looking->begun[at].slot == slot) {
		looking->older =
		    (int64_t)looking->begun[at].entry > looking->taken;
	}
}

static bool
look_at(struct looking *looking, uint64_t index)
{
	uint64_t at = index - looking->from;
	struct slice entry, type;

	arena_reset(looking->arena);
	if (!ledger_read(
		looking->ledger, index, looking->arena, &entry, looking->fail))
		return false;
	if (!canon_get_string(entry, "type", looking->arena, &type))
		return true;
	if (slice_is(type, "outcome"))
		return look_at_outcome(looking, entry);
	/* It is told of nothing more before the entry, and notes this one. */
	if (slice_is(type, "provision"))
		looking->older =
		    canon_get_string(entry, "word", looking->arena, &type) &&
		    slice_is(type, "stopped") &&
		    (int64_t)index > looking->taken;
	else if (slice_is(type, "forget"))
		look_at_forget(looking, entry, index);
	else if (slice_is(type, "disclosure") &&
		 is_publication(entry, looking->arena))
		looking->views[at / 8] |= (uint8_t)(1u << at % 8);
	return true;
}

bool
engine_view_is_older(struct engine *engine, bool *older, struct fail *fail)
{
	struct looking looking = {.ledger = engine->o.ledger,
	    .from = ledger_minimum(engine->o.ledger),
	    .size = ledger_size(engine->o.ledger),
	    .fail = fail};
	int64_t seen;
	bool ok;

	*older = false;
	if (!standing_seen(engine->o.standing, &seen, fail) ||
	    !view_taken(engine->o.view, &looking.taken, fail))
		return false;
	if (seen < 0 || (uint64_t)seen >= looking.size)
		return true;
	if ((uint64_t)seen > looking.from)
		looking.from = (uint64_t)seen;
	looking.views =
	    calloc((size_t)((looking.size - looking.from) / 8 + 1), 1);
	looking.arena = engine_arena(engine);
	ok = (looking.views != NULL && looking.arena != NULL) ||
	     fail_memory(fail);
	for (uint64_t i = looking.from;
	     ok && !looking.older && i < looking.size; i++)
		ok = look_at(&looking, i);
	arena_destroy(looking.arena);
	free(looking.views);
	*older = ok && looking.older;
	if (*older)
		engine_log(engine, "warn", "view-older-than-ledger", NULL);
	return ok;
}

/*
 * The duty to keep records of provision: when was anything of the subject
 * provided last?  The log is looked through from its end.  An entry came after
 * the one before it, whatever its time says: where the clock was set back, what
 * looks too old to count may not be, which shows when one before it is found
 * that is younger.  So the log is looked through to its beginning, by bundles
 * where all is old.
 */
#include "core/canon.h"
#include "core/entry_parts.h"
#include "engine_forget_priv.h"
#include "store/tiles.h"

static bool
was_provided(struct slice entry)
{
	static const char type[] = "\"type\":\"disclosure\"";
	static const char payload[] = "\"payload\":";

	return memmem(entry.data, entry.len, type, sizeof(type) - 1) != NULL &&
	       memmem(entry.data, entry.len, payload, sizeof(payload) - 1) !=
		   NULL;
}

static bool
is_own_publication(struct slice disclosure)
{
	static const char channel[] = "\"channel\":\"view\"";

	return memmem(disclosure.data, disclosure.len, channel,
		   sizeof(channel) - 1) != NULL;
}

/*
 * The newest provision counts.  What was carried on stands after what is
 * younger, and counts from when it was.  What misu goes on publishing without
 * the subject is none of it.
 */
static void
look_at(struct forget *forget, struct slice entry, int64_t time,
    struct arena *arena, bool *ended)
{
	struct entry_kept kept;

	if (!was_provided(entry) || !forget_names_subject(forget, entry))
		return;
	*ended = !entry_kept_read(entry, arena, &kept);
	if (*ended)
		kept.disclosure = entry;
	if (is_own_publication(kept.disclosure) &&
	    !forget_was_published(forget, kept.disclosure)) {
		*ended = false;
		return;
	}
	if ((*ended || canon_get_number(kept.disclosure, "time", &time)) &&
	    time > forget->provided)
		forget->provided = time;
}

/* When an entry came, as it says, or as it must be. */
static bool
time_of(struct forget *forget, uint64_t index, struct arena *arena,
    struct slice *entry, int64_t *time, struct fail *fail)
{
	struct engine *engine = forget->engine;

	arena_reset(arena);
	if (!ledger_read(engine->o.ledger, index, arena, entry, fail))
		return false;
	if (!canon_get_number(*entry, "time", time))
		*time = 0;
	if (*time < forget->floor.time && index >= forget->floor.from)
		*time = forget->floor.time;
	return true;
}

static bool
is_old(const struct forget *forget, int64_t time)
{
	const struct engine *engine = forget->engine;

	return time + (int64_t)engine->conf->keep_records * 1000 <=
	       engine_now(engine);
}

/* The last of a bundle is old: it is left out if the first is, too. */
static bool
leave_out(struct forget *forget, uint64_t lowest, struct arena *arena,
    struct fail *fail)
{
	uint64_t first = forget->scan / TILE_WIDTH * TILE_WIDTH;
	struct slice entry;
	int64_t time;

	if (forget->scan % TILE_WIDTH != TILE_WIDTH - 1 || first < lowest)
		return true;
	if (!time_of(forget, first, arena, &entry, &time, fail))
		return false;
	if (is_old(forget, time))
		forget->scan = first;
	return true;
}

/* What came after this one is looked at once more, now that it is known. */
static void
go_back(struct forget *forget, int64_t time)
{
	forget->floor = (struct forget_floor){forget->scan, time};
	forget->scan = forget->aged;
	forget->aged = 0;
}

static bool
look_on(struct forget *forget, uint64_t lowest, struct arena *arena,
    bool *ended, struct fail *fail)
{
	struct slice entry;
	int64_t time, now = engine_now(forget->engine);

	if (!time_of(forget, --forget->scan, arena, &entry, &time, fail))
		return false;
	if (is_old(forget, time)) {
		if (forget->aged == 0)
			forget->aged = forget->scan + 1;
		return leave_out(forget, lowest, arena, fail);
	}
	/* Where the clock was ahead the time says nothing. */
	if (forget->aged != 0 && time <= now)
		go_back(forget, time);
	else
		look_at(forget, entry, time < now ? time : now, arena, ended);
	return true;
}

bool
forget_look_back(struct forget *forget, bool *ended, struct fail *fail)
{
	struct engine *engine = forget->engine;
	uint64_t lowest = ledger_minimum(engine->o.ledger);
	struct arena *arena = engine_arena(engine);
	bool ok = arena != NULL || fail_memory(fail);
	uint64_t done = 0;

	while (ok && !*ended && done < SLICE_ENTRIES) {
		uint64_t before = forget->scan;

		*ended = before <= lowest;
		if (!*ended)
			ok = look_on(forget, lowest, arena, ended, fail);
		/* What is left out was read all the same. */
		done += forget->scan < before ? before - forget->scan : 1;
	}
	arena_destroy(arena);
	return ok;
}

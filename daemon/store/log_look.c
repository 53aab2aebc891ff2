#include "store/log_look.h"

#include <stdlib.h>

#include "core/canon.h"
#include "store/index_feed.h"
#include "store/log_query.h"

enum { SPAN_BITS = 16 };

/* --- what is newer than the index --- */

static size_t
newer_place(const struct log_look *look, uint64_t entry)
{
	size_t at = (size_t)((entry * UINT64_C(0x9e3779b97f4a7c15)) >> 32) &
		    (look->newer_room - 1);

	while (look->newer[at].entry != 0 && look->newer[at].entry != entry + 1)
		at = (at + 1) & (look->newer_room - 1);
	return at;
}

static bool
newer_grow(struct log_look *look, struct fail *fail)
{
	struct log_newer *old = look->newer;
	size_t count = look->newer_room;

	look->newer_room = count == 0 ? 1024 : 2 * count;
	look->newer = calloc(look->newer_room, sizeof(*old));
	if (look->newer == NULL) {
		look->newer = old;
		look->newer_room = count;
		return fail_memory(fail);
	}
	for (size_t i = 0; i < count; i++)
		if (old[i].entry != 0)
			look->newer[newer_place(look, old[i].entry - 1)] =
			    old[i];
	free(old);
	return true;
}

static bool
newer_note(struct log_look *look, uint64_t index, struct fail *fail)
{
	struct slice entry;
	struct entry_parts parts;
	struct log_newer *newer;

	arena_reset(look->arena);
	if (!log_reader_entry(look->log, index, look->arena, &entry, fail))
		return false;
	if (!entry_parts_read(entry, look->arena, &parts) ||
	    !slice_is(parts.type, "outcome") || !parts.has_about ||
	    parts.about < 0 || (uint64_t)parts.about >= index ||
	    index - (uint64_t)parts.about > UINT32_MAX)
		return true;
	if (look->newer_count * 2 >= look->newer_room &&
	    !newer_grow(look, fail))
		return false;
	newer = &look->newer[newer_place(look, (uint64_t)parts.about)];
	look->newer_count += newer->entry == 0;
	*newer = (struct log_newer){(uint64_t)parts.about + 1, index};
	return true;
}

/* --- start and end --- */

/* One that is damaged, of another log, or ahead of this one is no use. */
static void
open_index(struct log_look *look, const char *path)
{
	struct fail ignored = FAIL_INIT;

	look->index = path != NULL ? index_open_reader(path, &ignored) : NULL;
	if (look->index != NULL && !index_read_begin(look->index, &ignored)) {
		index_close(look->index);
		look->index = NULL;
	}
}

static bool
check_index(struct log_look *look)
{
	uint64_t next = index_next(look->index);
	struct digest log = log_reader_log(look->log);
	struct fail ignored = FAIL_INIT;
	struct slice last;

	return next != 0 && next <= look->size &&
	       digest_equal(&log, index_log(look->index)) &&
	       log_reader_entry(
		   look->log, next - 1, look->arena, &last, &ignored) &&
	       index_is_of(look->index, last);
}

static bool
start(struct log_look *look, struct disk *disk, const char *directory,
    const char *index, struct fail *fail)
{
	const struct digest_key *key =
	    look->keys != NULL ? &look->object_key : NULL;
	struct fail ignored = FAIL_INIT;

	if (look->arena == NULL || look->kept == NULL)
		return fail_memory(fail);
	/* The index first: what it has, the reader then has, too. */
	open_index(look, index);
	look->log = look->bundles_only
			? log_reader_open_bundles(disk, directory, fail)
			: log_reader_open(disk, directory, fail);
	if (look->log == NULL)
		return false;
	look->size = log_reader_size(look->log);
	look->minimum = log_reader_minimum(look->log);
	if (key != NULL)
		index_feed_key(look->keys, &look->object_key);
	look->plan = (struct log_plan){.index = look->index,
	    .query = look->query,
	    .is_pruned = look->minimum != 0};
	if (look->index != NULL &&
	    (!check_index(look) ||
		!log_plan_make(&look->plan, key, look->kept, &ignored))) {
		index_close(look->index);
		look->index = NULL;
	}
	look->indexed = look->index != NULL ? index_next(look->index) : 0;
	if (look->given_count != 0 && look->index == NULL) {
		fail_set(fail, FAIL_WORLD,
		    "the index, which knows objects, cannot be used now");
		fail_hint(fail, "try again later; misuctl reindex makes it "
				"anew");
		return false;
	}
	look->wants_outcome |= query_needs_outcome(look->query);
	if (look->indexed < look->minimum)
		look->indexed = look->minimum;
	if (look->budget != 0 && look->wants_outcome &&
	    look->size - look->indexed > look->budget) {
		fail_set(fail, FAIL_WORLD,
		    "the index is too far behind to know outcomes");
		fail_hint(fail, "try again later");
		return false;
	}
	for (uint64_t i = look->indexed; look->wants_outcome && i < look->size;
	     i++)
		if (!newer_note(look, i, fail))
			return false;
	return true;
}

bool
log_look_start(struct log_look *look, struct disk *disk, const char *directory,
    const char *index, struct fail *fail)
{
	look->arena = arena_create(NULL);
	look->kept = arena_create(NULL);
	if (start(look, disk, directory, index, fail))
		return true;
	log_look_finish(look);
	return false;
}

void
log_look_finish(struct log_look *look)
{
	index_close(look->index);
	log_reader_close(look->log);
	free(look->newer);
	arena_destroy(look->arena);
	arena_destroy(look->kept);
	digest_wipe(&look->object_key, sizeof(look->object_key));
}

/* --- looking --- */

static bool
find_outcome(struct log_look *look, struct log_entry *out, struct fail *fail)
{
	uint64_t event = 0;
	struct slice entry;

	if (look->newer_room != 0) {
		const struct log_newer *newer =
		    &look->newer[newer_place(look, out->index)];

		event = newer->entry == 0 ? 0 : newer->event;
	}
	if (event == 0 && out->index < look->indexed &&
	    !index_read_outcome(look->index, out->index, &event, fail))
		return false;
	if (event == 0)
		return true;
	if (!log_reader_entry(look->log, event, look->arena, &entry, fail))
		return false;
	canon_get_string(entry, "word", look->arena, &out->outcome);
	return true;
}

/* The disclosure, and its bytes; one that is carried on is at hand. */
static bool
find_about(struct log_look *look, struct log_entry *out, struct slice *bytes,
    struct fail *fail)
{
	const struct entry_parts *parts = &out->parts;

	/* What an audit looked at stands in its own entry. */
	if (parts->is_disclosure || parts->object.len != 0) {
		out->about = &out->parts;
		*bytes = out->entry;
		return true;
	}
	if (parts->kept.len != 0) {
		*bytes = parts->kept;
		if (entry_parts_read(*bytes, look->arena, &out->other) &&
		    out->other.is_disclosure)
			out->about = &out->other;
		return true;
	}
	if (!parts->has_about || parts->about < (int64_t)look->minimum ||
	    (uint64_t)parts->about >= out->index)
		return true;
	if (!log_reader_entry(
		look->log, (uint64_t)parts->about, look->arena, bytes, fail))
		return false;
	if (entry_parts_read(*bytes, look->arena, &out->other) &&
	    out->other.is_disclosure)
		out->about = &out->other;
	return true;
}

static bool
resolve(struct log_look *look, bool with_name, struct log_entry *out,
    struct fail *fail)
{
	struct slice bytes;

	if ((with_name || query_needs_about(look->query)) &&
	    !find_about(look, out, &bytes, fail))
		return false;
	if ((with_name || query_needs_object(look->query)) &&
	    out->about != NULL && look->keys != NULL &&
	    !log_query_object(look->keys, bytes, look->arena, &out->object))
		out->object = (struct slice){NULL, 0};
	return !look->wants_outcome || !out->parts.is_disclosure ||
	       find_outcome(look, out, fail);
}

bool
log_look_at(struct log_look *look, uint64_t index, bool with_name,
    struct log_entry *out, bool *matches, struct fail *fail)
{
	struct query_about about;

	*matches = false;
	out->index = index;
	out->about = NULL;
	out->object = out->outcome = (struct slice){NULL, 0};
	look->looked++;
	arena_reset(look->arena);
	if (!log_reader_entry(look->log, index, look->arena, &out->entry, fail))
		return false;
	if (!entry_parts_read(out->entry, look->arena, &out->parts) ||
	    !query_matches_own(look->query, index, &out->parts))
		return true;
	if (!resolve(look, false, out, fail))
		return false;
	about = (struct query_about){out->about, out->object, out->outcome};
	*matches =
	    query_matches_about(look->query, &out->parts, &about, look->arena);
	return !*matches || !with_name || resolve(look, true, out, fail);
}

static void
add_newer(const struct log_look *look, uint64_t span, unsigned count,
    struct bits *out, struct bits *doubt)
{
	for (size_t i = 0; i < look->newer_room; i++) {
		uint64_t entry = look->newer[i].entry - 1;
		unsigned at = (unsigned)(entry & (BITS_COUNT - 1));

		if (look->newer[i].entry == 0 || entry >> SPAN_BITS != span ||
		    at >= count)
			continue;
		bits_set(out, at);
		if (doubt != NULL)
			bits_set(doubt, at);
	}
}

/* Whatever else put them in: these must have the terms, or must not. */
static bool
keep_givens(const struct log_look *look, uint64_t span, struct bits *out,
    struct fail *fail)
{
	for (size_t i = 0; i < look->given_count; i++) {
		const struct log_given *given = &look->givens[i];
		struct bits some;

		bits_none(&some);
		if (!index_read_terms(look->index, span, given->terms,
			given->count, &some, fail))
			return false;
		if (given->negated)
			bits_and_not(out, &some);
		else
			bits_and(out, &some);
	}
	return true;
}

bool
log_look_span(struct log_look *look, uint64_t span, struct bits *out,
    struct bits *doubt, struct fail *fail)
{
	uint64_t first = span << SPAN_BITS;
	unsigned count = look->indexed - first < BITS_COUNT
			     ? (unsigned)(look->indexed - first)
			     : BITS_COUNT;

	if (!log_plan_span(&look->plan, span, count, out, doubt, fail))
		return false;
	if (doubt != NULL && !look->plan.is_exact)
		*doubt = *out;
	add_newer(look, span, count, out, doubt);
	if (!keep_givens(look, span, out, fail))
		return false;
	if (doubt != NULL && look->given_count != 0)
		bits_and(doubt, out);
	return true;
}

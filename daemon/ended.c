#include "ended.h"

#include "core/canon.h"

enum { FOLLOWED_MAX = 64 /* decisions made anew, each of the one before */ };

static bool
add(struct ended_list *list, const struct ended *ended, struct fail *fail)
{
	size_t room = list->room == 0 ? 256 : 2 * list->room;
	struct ended *grown;

	if (list->count == list->room) {
		grown = realloc(list->items, room * sizeof(*grown));
		if (grown == NULL)
			return fail_memory(fail);
		list->items = grown;
		list->room = room;
	}
	list->items[list->count++] = *ended;
	list->is_sorted = false;
	return true;
}

static enum spool_state
state_of(struct slice word)
{
	if (slice_is(word, "sent") || slice_is(word, "answered"))
		return SPOOL_DONE;
	if (slice_is(word, "refused"))
		return SPOOL_REFUSED;
	if (slice_is(word, "given-up") || slice_is(word, "not-sent"))
		return SPOOL_GIVEN_UP;
	return SPOOL_UNKNOWN;
}

bool
ended_take(struct ended_list *list, uint64_t index, struct slice entry,
    const struct entry_parts *parts, uint64_t first, struct fail *fail)
{
	struct ended ended = {.by = index, .state = SPOOL_SUPERSEDED};
	struct slice outcome = parts->outcome, verdict;
	int64_t about = parts->about;

	if (parts->is_disclosure) {
		if (!canon_get_number(entry, "supersedes", &about))
			return true;
		ended.is_refused = canon_next_item(&outcome, &verdict) &&
				   slice_is(verdict, "\"refuse\"");
	} else if (!parts->has_about) {
		return true;
	} else if (slice_is(parts->type, "outcome")) {
		ended.state = state_of(parts->word);
		ended.is_unsent = slice_is(parts->word, "not-sent");
	} else if (slice_is(parts->type, "hold") &&
		   slice_is(parts->word, "refused")) {
		/*
		 * What was approved and went has an entry that supersedes it;
		 * what has none did not go, and waits for an operator again.
		 */
		ended.state = SPOOL_REFUSED;
	} else {
		return true;
	}
	if (about < 0 || (uint64_t)about >= first || (uint64_t)about >= index)
		return true;
	ended.entry = (uint64_t)about;
	return add(list, &ended, fail);
}

static int
compare(const void *a, const void *b)
{
	const struct ended *one = a, *other = b;

	if (one->entry != other->entry)
		return one->entry < other->entry ? -1 : 1;
	return one->by < other->by ? -1 : one->by > other->by;
}

const struct ended *
ended_find(struct ended_list *list, uint64_t entry)
{
	size_t low = 0, high = list->count;

	if (!list->is_sorted && list->count != 0)
		qsort(list->items, list->count, sizeof(*list->items), compare);
	list->is_sorted = true;
	/* The first one behind all of this entry's. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->items[middle].entry <= entry)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 && list->items[low - 1].entry == entry
		   ? &list->items[low - 1]
		   : NULL;
}

bool
ended_settles(
    struct ended_list *list, uint64_t entry, enum spool_state *out, bool *anew)
{
	const struct ended *first = ended_find(list, entry), *last = first;

	*anew = false;
	if (first == NULL)
		return false;
	*out = first->state;
	for (int i = 0; last != NULL && i < FOLLOWED_MAX; i++) {
		if (last->is_refused)
			*out = SPOOL_REFUSED;
		if (last->is_refused || last->state != SPOOL_SUPERSEDED)
			break;
		last = ended_find(list, last->by);
	}
	*anew = last == NULL || (last != first && last->is_unsent);
	return !*anew;
}

void
ended_finish(struct ended_list *list)
{
	free(list->items);
	*list = (struct ended_list){NULL, 0, 0, false};
}

/*
 * The span that fills: its sets are in memory, and those that changed since
 * the last commit are written with the next.
 */
#include "base/big.h"
#include "base/text.h"
#include "store/index_priv.h"

enum { FEW = 4, PLACES_FIRST = 4096 };

static uint16_t *
items_of(struct set *set)
{
	return set->room == 0 ? set->of.few : set->of.many;
}

void
span_free(struct span *span)
{
	if (span == NULL)
		return;
	for (uint32_t i = 0; i < span->set_count; i++)
		if (span->sets[i].room != 0)
			free(span->sets[i].of.many);
	free(span->sets);
	free(span->places);
	free(span);
}

static uint32_t
place_of(const struct span *span, int64_t term)
{
	uint64_t hash = ((uint64_t)term ^ (uint64_t)class_of(term) << 20) *
			UINT64_C(0x9e3779b97f4a7c15);
	uint32_t at = (uint32_t)(hash >> 32) & (span->place_count - 1);

	while (span->places[at] != 0 &&
	       span->sets[span->places[at] - 1].term != term)
		at = (at + 1) & (span->place_count - 1);
	return at;
}

static bool
places_grow(struct span *span, struct fail *fail)
{
	uint32_t count =
	    span->place_count == 0 ? PLACES_FIRST : 2 * span->place_count;
	uint32_t *places = calloc(count, sizeof(*places));

	if (places == NULL)
		return fail_memory(fail);
	free(span->places);
	span->places = places;
	span->place_count = count;
	for (uint32_t i = 0; i < span->set_count; i++)
		places[place_of(span, span->sets[i].term)] = i + 1;
	return true;
}

bool
span_find(struct span *span, int64_t term, uint32_t *set, struct fail *fail)
{
	uint32_t at;

	if (span->set_count * 2 >= span->place_count &&
	    !places_grow(span, fail))
		return false;
	at = place_of(span, term);
	if (span->places[at] != 0) {
		*set = span->places[at] - 1;
		return true;
	}
	if (span->set_count == span->set_room) {
		uint32_t room = span->set_room == 0 ? 1024 : 2 * span->set_room;
		struct set *grown = realloc(span->sets, room * sizeof(*grown));

		if (grown == NULL)
			return fail_memory(fail);
		span->sets = grown;
		span->set_room = room;
	}
	memset(&span->sets[span->set_count], 0, sizeof(*span->sets));
	span->sets[span->set_count].term = term;
	if (class_of(term) == INDEX_OUTCOME && span->said_count < SAID_MAX)
		span->said[span->said_count++] = span->set_count;
	*set = span->set_count++;
	span->places[at] = span->set_count;
	return true;
}

static bool
set_grow(struct set *set, struct fail *fail)
{
	uint32_t room = set->room == 0 ? 4 * FEW : 2 * set->room;
	uint16_t *many;

	if (set->count < (set->room == 0 ? FEW : set->room))
		return true;
	many = malloc(room * sizeof(*many));
	if (many == NULL)
		return fail_memory(fail);
	memcpy(many, items_of(set), set->count * sizeof(*many));
	if (set->room != 0)
		free(set->of.many);
	set->of.many = many;
	set->room = room;
	return true;
}

/* Where a number stands, or would. */
static uint32_t
search(struct set *set, unsigned number)
{
	const uint16_t *items = items_of(set);
	uint32_t low = 0, high = set->count;

	if (high != 0 && items[high - 1] < number)
		return high;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (items[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
span_put(struct span *span, uint32_t number, unsigned at, struct fail *fail)
{
	struct set *set = &span->sets[number];
	uint32_t place = search(set, at);
	uint16_t *items;

	if (place < set->count && items_of(set)[place] == at)
		return true;
	if (!set_grow(set, fail))
		return false;
	items = items_of(set);
	memmove(items + place + 1, items + place,
	    (set->count - place) * sizeof(*items));
	items[place] = (uint16_t)at;
	set->count++;
	set->is_dirty = true;
	span->is_dirty = true;
	return true;
}

bool
span_set(struct span *span, int64_t term, unsigned at, struct fail *fail)
{
	uint32_t set;

	return span_find(span, term, &set, fail) &&
	       span_put(span, set, at, fail);
}

static void
take_out(struct span *span, struct set *set, unsigned at)
{
	uint32_t place = search(set, at);
	uint16_t *items = items_of(set);

	if (place == set->count || items[place] != at)
		return;
	set->count--;
	memmove(items + place, items + place + 1,
	    (set->count - place) * sizeof(*items));
	set->is_dirty = true;
	span->is_dirty = true;
}

void
span_unsay(struct span *span, unsigned at)
{
	for (uint32_t i = 0; i < span->said_count; i++)
		take_out(span, &span->sets[span->said[i]], at);
}

/* --- writing --- */

static int
by_term(const void *a, const void *b)
{
	const struct set *x = *(struct set *const *)a;
	const struct set *y = *(struct set *const *)b;

	return x->term < y->term ? -1 : x->term > y->term;
}

static bool
write_set(struct index *index, struct set *set, struct fail *fail)
{
	const uint16_t *items = items_of(set);
	struct bits bits;

	bits_none(&bits);
	for (uint32_t i = 0; i < set->count; i++)
		bits_set(&bits, items[i]);
	set->is_dirty = false;
	return index_put_row(
	    index, index->span->number, set->term, &bits, fail);
}

/* Few numbers are written without the way over 65,536 bits. */
static bool
write_list(struct index *index, struct set *set, struct fail *fail)
{
	struct statement *put = index->do_.put;
	const uint16_t *items = items_of(set);
	uint8_t stored[128];

	for (uint32_t i = 0; i < set->count; i++) {
		stored[2 * i] = (uint8_t)(items[i] >> 8);
		stored[2 * i + 1] = (uint8_t)items[i];
	}
	statement_bind_number(put, 1, (int64_t)index->span->number);
	statement_bind_number(put, 2, set->term);
	statement_bind_bytes(put, 3, stored, 2 * set->count);
	set->is_dirty = false;
	return statement_do(put, fail);
}

static bool
write_sets(struct index *index, struct fail *fail)
{
	struct span *span = index->span;
	struct set **dirty = malloc((span->set_count + 1) * sizeof(*dirty));
	size_t count = 0;
	bool ok = dirty != NULL || fail_memory(fail);

	for (uint32_t i = 0; ok && i < span->set_count; i++)
		if (span->sets[i].is_dirty)
			dirty[count++] = &span->sets[i];
	if (ok)
		qsort(dirty, count, sizeof(*dirty), by_term);
	for (size_t i = 0; ok && i < count; i++)
		ok = dirty[i]->count != 0 && dirty[i]->count <= 64
			 ? write_list(index, dirty[i], fail)
			 : write_set(index, dirty[i], fail);
	free(dirty);
	return ok;
}

static bool
write_times(struct index *index, struct fail *fail)
{
	const struct index_times *times = &index->span->times;
	struct statement *put = index->do_.put_times;
	uint8_t stored[TIMES_SIZE];

	for (unsigned i = 0; i < BUNDLES; i++) {
		big_put64(stored + (size_t)16 * i, (uint64_t)times->first[i]);
		big_put64(stored + (size_t)16 * i + 8, (uint64_t)times->last[i]);
	}
	statement_bind_number(put, 1, (int64_t)index->span->number);
	statement_bind_bytes(put, 2, stored, sizeof(stored));
	return statement_do(put, fail);
}

static bool
write_outcomes(struct index *index, unsigned bundle, struct fail *fail)
{
	const uint32_t *from = &index->span->outcomes[bundle * 256];
	struct statement *put = index->do_.put_outcomes;
	uint8_t stored[OUTCOMES_SIZE];

	for (unsigned i = 0; i < 256; i++)
		for (unsigned b = 0; b < 4; b++)
			stored[4 * i + b] = (uint8_t)(from[i] >> (24 - 8 * b));
	statement_bind_number(
	    put, 1, (int64_t)(index->span->number * BUNDLES + bundle));
	statement_bind_bytes(put, 2, stored, sizeof(stored));
	return statement_do(put, fail);
}

bool
span_write(struct index *index, struct fail *fail)
{
	struct span *span = index->span;

	if (!span->is_dirty)
		return true;
	if (!write_sets(index, fail) || !write_times(index, fail))
		return false;
	for (unsigned i = 0; i < BUNDLES; i++) {
		if (!span->outcomes_dirty[i])
			continue;
		if (!write_outcomes(index, i, fail))
			return false;
		span->outcomes_dirty[i] = false;
	}
	span->is_dirty = false;
	return true;
}

/* --- loading --- */

static bool
load_sets(struct index *index, struct fail *fail)
{
	struct statement *posts = index->do_.posts;
	bool row = true, ok = true;

	statement_bind_number(posts, 1, (int64_t)index->span->number);
	statement_bind_number(posts, 2, 0);
	statement_bind_number(posts, 3, INT64_MAX);
	while (ok) {
		struct bits bits;
		int64_t term;

		ok = statement_step(posts, &row, fail);
		if (!ok || !row)
			break;
		term = statement_number(posts, 0);
		bits_none(&bits);
		if (!bits_read(&bits, statement_bytes(posts, 1)))
			continue;
		for (unsigned at = bits_next(&bits, 0); ok && at < BITS_COUNT;
		     at = bits_next(&bits, at + 1))
			ok = span_set(index->span, term, at, fail);
	}
	statement_reset(posts);
	for (uint32_t i = 0; i < index->span->set_count; i++)
		index->span->sets[i].is_dirty = false;
	return ok;
}

static bool
load_outcomes(struct index *index, struct fail *fail)
{
	struct span *span = index->span;
	uint64_t first = span->number * BUNDLES;

	for (unsigned i = 0; i < BUNDLES; i++) {
		if ((first + i) << 8 >= index->next)
			break;
		if (!index_read_outcomes(
			index, first + i, &span->outcomes[i * 256], fail))
			return false;
	}
	return true;
}

bool
span_load(struct index *index, uint64_t number, struct fail *fail)
{
	struct span *span = calloc(1, sizeof(*span));

	if (span == NULL)
		return fail_memory(fail);
	span_free(index->span);
	index->span = span;
	span->number = number;
	span->load = ++index->loads;
	if (!load_sets(index, fail) ||
	    !index_read_times(index, number, &span->times, fail) ||
	    !load_outcomes(index, fail))
		return false;
	span->is_dirty = false;
	return true;
}

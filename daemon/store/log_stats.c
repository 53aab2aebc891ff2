/* Counting by the sets of the index; what it leaves open, entry by entry. */
#include <stdlib.h>

#include "base/date.h"
#include "store/log_stats_priv.h"

enum { SPAN_BITS = 16, BUNDLES = 256 };

static bool
count_entry(struct counting *counting, uint64_t index)
{
	struct log_entry entry;
	bool matches;

	if (index < counting->look.minimum ||
	    index < counting->o->query->first ||
	    index >= counting->o->query->end)
		return true;
	if (counting->o->budget != 0 &&
	    counting->look.looked >= counting->o->budget) {
		fail_set(counting->fail, FAIL_INPUT,
		    "too many entries would have to be read for this");
		fail_place(counting->fail, "q");
		fail_hint(counting->fail, "ask for a shorter time, or when the "
					  "index has come up");
		return false;
	}
	if (!log_look_at(
		&counting->look, index, true, &entry, &matches, counting->fail))
		return false;
	if (!matches)
		return true;
	counting->result->total++;
	stats_mark(counting, &entry);
	return !counting->failed;
}

/* --- by the index --- */

static struct part *
part_add(struct counting *counting, int64_t term, size_t room)
{
	struct part *part;

	if (counting->part_count == counting->part_room) {
		size_t more =
		    counting->part_room == 0 ? 256 : 2 * counting->part_room;
		struct part *grown =
		    realloc(counting->parts, more * sizeof(*grown));

		if (grown == NULL) {
			counting->failed = true;
			return NULL;
		}
		counting->parts = grown;
		counting->part_room = more;
	}
	part = &counting->parts[counting->part_count];
	*part = (struct part){
	    term, arena_take_array(counting->arena, room, sizeof(size_t)), 0};
	if (part->keys == NULL) {
		counting->failed = true;
		return NULL;
	}
	counting->part_count++;
	return part;
}

static bool
on_word(void *context, int64_t term, struct slice bytes)
{
	struct counting *counting = context;
	struct part *part;

	/* What goes has an outcome besides. */
	if (counting->o->by == STATS_OUTCOME && slice_is(bytes, "forward"))
		return true;
	part = part_add(counting, term, 1);
	if (part != NULL)
		part->keys[part->count++] = stats_key(counting, bytes);
	return !counting->failed;
}

enum { SHAPE_KEYS = 64 };

static void
collect_key(struct counting *counting, void *context, struct slice key)
{
	struct part *part = context;
	size_t number = stats_key(counting, key);

	for (size_t i = 0; i < part->count; i++)
		if (part->keys[i] == number)
			return;
	if (part->count == SHAPE_KEYS)
		counting->failed = true;
	else
		part->keys[part->count++] = number;
}

static bool
on_shape(void *context, int64_t term, struct slice bytes)
{
	struct counting *counting = context;
	size_t keys[SHAPE_KEYS];
	struct part some = {term, keys, 0}, *part;
	struct entry_group group;

	if (index_shape(bytes, &group))
		stats_each_key(counting, &group, collect_key, &some);
	if (some.count == 0 || counting->failed)
		return !counting->failed;
	part = part_add(counting, term, some.count);
	if (part == NULL)
		return false;
	memcpy(part->keys, keys, some.count * sizeof(*keys));
	part->count = some.count;
	return true;
}

/* Which words' sets give the counts; 0: shapes, or the times, do. */
static enum index_class
class_by(enum stats_by by)
{
	static const enum index_class classes[STATS_BY_COUNT] = {
	    [STATS_TYPE] = INDEX_TYPE,
	    [STATS_RECIPIENT] = INDEX_RECIPIENT,
	    [STATS_PURPOSE] = INDEX_PURPOSE,
	    [STATS_OPERATION] = INDEX_OPERATION,
	    [STATS_CHANNEL] = INDEX_CHANNEL,
	    [STATS_POLICY] = INDEX_POLICY,
	    [STATS_OUTCOME] = INDEX_OUTCOME,
	    [STATS_ACTOR] = INDEX_ACTOR,
	};

	return classes[by];
}

static bool
find_parts(struct counting *counting)
{
	struct index *index = counting->look.index;
	enum stats_by by = counting->o->by;

	if (by == STATS_DAY)
		return true;
	if (stats_of_rulings(counting))
		return index_each_name(
		    index, INDEX_SHAPE, on_shape, counting, counting->fail);
	return index_each_name(
		   index, class_by(by), on_word, counting, counting->fail) &&
	       (by != STATS_OUTCOME || index_each_name(index, INDEX_DECIDED,
					   on_word, counting, counting->fail));
}

static bool
add_part(struct counting *counting, uint64_t span, const struct part *part,
    const struct bits *exact)
{
	struct bits entries;

	bits_none(&entries);
	if (!index_read_term(counting->look.index, span, part->term, &entries,
		counting->fail))
		return false;
	bits_and(&entries, exact);
	if (bits_next(&entries, 0) == BITS_COUNT)
		return true;
	for (size_t i = 0; i < part->count; i++) {
		struct key *key = &counting->keys[part->keys[i]];

		if (key->entries == NULL)
			key->entries = calloc(1, sizeof(*key->entries));
		if (key->entries == NULL)
			return fail_memory(counting->fail);
		bits_or(key->entries, &entries);
	}
	return true;
}

/* A rule's number means something under its policy only. */
struct policies {
	struct counting *counting;
	struct {
		int64_t term;
		struct slice name;
	} all[256];
	size_t count;
};

static bool
on_policy(void *context, int64_t term, struct slice bytes)
{
	struct policies *policies = context;

	if (policies->count == 256)
		return false;
	policies->all[policies->count].term = term;
	policies->all[policies->count].name =
	    arena_copy(policies->counting->arena, bytes);
	return policies->all[policies->count++].name.data != NULL;
}

static bool
count_rules(struct counting *counting, uint64_t span)
{
	struct index *index = counting->look.index;
	struct policies policies = {.counting = counting};
	size_t count = counting->key_count;

	if (!index_each_name(
		index, INDEX_POLICY, on_policy, &policies, counting->fail))
		return false;
	for (size_t p = 0; p < policies.count; p++) {
		struct bits of;

		bits_none(&of);
		if (!index_read_term(
			index, span, policies.all[p].term, &of, counting->fail))
			return false;
		for (size_t i = 0; i < count; i++) {
			struct key *key = &counting->keys[i];
			unsigned both =
			    key->entries == NULL
				? 0
				: bits_count_both(key->entries, &of);
			size_t named;

			if (both == 0)
				continue;
			named = stats_key(
			    counting, stats_rule_name(counting,
					  policies.all[p].name, key->name));
			if (named == KEYS_MAX)
				return false;
			counting->keys[named].count += both;
		}
	}
	return true;
}

static bool
count_parts(struct counting *counting, uint64_t span, const struct bits *exact)
{
	bool ok = true;

	for (size_t i = 0; ok && i < counting->part_count; i++)
		ok = add_part(counting, span, &counting->parts[i], exact);
	if (ok && counting->o->by == STATS_RULE)
		ok = count_rules(counting, span);
	for (size_t i = 0; i < counting->key_count; i++) {
		struct key *key = &counting->keys[i];

		if (key->entries == NULL)
			continue;
		if (counting->o->by != STATS_RULE)
			key->count += bits_count(key->entries);
		free(key->entries);
		key->entries = NULL;
	}
	return ok;
}

static int64_t
day_of(const struct counting *counting, int64_t time)
{
	int64_t local = time + counting->o->zone * INT64_C(60000);
	int64_t part = local % 86400000;

	return (local - (part < 0 ? part + 86400000 : part)) / 86400000;
}

/* Bundles of one day are counted whole; the others go to *doubt. */
static bool
count_days(struct counting *counting, uint64_t span, struct bits *exact,
    struct bits *doubt)
{
	struct index_times times;

	if (!index_read_times(
		counting->look.index, span, &times, counting->fail))
		return false;
	for (unsigned i = 0; i < BUNDLES; i++) {
		uint64_t *words = &exact->words[i * 4];
		unsigned count = 0;
		char day[DATE_SIZE];
		size_t key;

		for (unsigned w = 0; w < 4; w++)
			count += (unsigned)__builtin_popcountll(words[w]);
		if (count == 0)
			continue;
		if (day_of(counting, times.first[i]) !=
		    day_of(counting, times.last[i])) {
			for (unsigned w = 0; w < 4; w++)
				doubt->words[i * 4 + w] |= words[w];
			memset(words, 0, 4 * sizeof(*words));
			continue;
		}
		date_print(day_of(counting, times.first[i]) * 86400, 0, day);
		key = stats_key(counting, (struct slice){day, 10});
		if (key == KEYS_MAX)
			return false;
		counting->keys[key].count += count;
	}
	return true;
}

/* A range of entries is cut out of the bits of a span. */
static void
keep_range(const struct counting *counting, uint64_t base, struct bits *bits)
{
	const struct query *query = counting->o->query;
	struct bits range;
	uint64_t lowest = query->first > counting->look.minimum
			      ? query->first
			      : counting->look.minimum;
	uint64_t first = lowest > base ? lowest - base : 0;
	uint64_t end = query->end > base ? query->end - base : 0;

	bits_none(&range);
	if (first < BITS_COUNT)
		bits_fill(&range, (unsigned)first,
		    end < BITS_COUNT ? (unsigned)end : BITS_COUNT);
	bits_and(bits, &range);
}

static bool
count_span(struct counting *counting, uint64_t span)
{
	uint64_t base = span << SPAN_BITS;
	struct bits exact, doubt;

	if (!log_look_span(
		&counting->look, span, &exact, &doubt, counting->fail))
		return false;
	bits_and_not(&exact, &doubt);
	keep_range(counting, base, &exact);
	if (counting->o->by == STATS_DAY) {
		if (!count_days(counting, span, &exact, &doubt))
			return false;
	} else if (bits_next(&exact, 0) != BITS_COUNT &&
		   !count_parts(counting, span, &exact))
		return false;
	counting->result->total += bits_count(&exact);
	for (unsigned at = bits_next(&doubt, 0); at < BITS_COUNT;
	     at = bits_next(&doubt, at + 1))
		if (!count_entry(counting, base + at))
			return false;
	return true;
}

/* --- all of it --- */

static int
by_count(const void *a, const void *b)
{
	const struct stats_row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return slice_compare(x->key, y->key);
}

static int
by_key(const void *a, const void *b)
{
	const struct stats_row *x = a, *y = b;

	return slice_compare(x->key, y->key);
}

static bool
take_rows(struct counting *counting)
{
	struct stats_result *result = counting->result;

	result->rows = arena_take_array(
	    counting->arena, counting->key_count + 1, sizeof(*result->rows));
	if (result->rows == NULL)
		return fail_memory(counting->fail);
	for (size_t i = 0; i < counting->key_count; i++)
		if (counting->keys[i].count != 0)
			result->rows[result->count++] = (struct stats_row){
			    counting->keys[i].name, counting->keys[i].count};
	qsort(result->rows, result->count, sizeof(*result->rows),
	    counting->o->by == STATS_DAY ? by_key : by_count);
	return true;
}

static bool
count_all(struct counting *counting)
{
	struct log_look *look = &counting->look;

	if (look->index != NULL && !find_parts(counting))
		return false;
	for (uint64_t span = 0;
	     look->index != NULL && span << SPAN_BITS < look->indexed; span++)
		if (!count_span(counting, span))
			return false;
	for (uint64_t i = look->indexed;
	     i < look->size && look->given_count == 0; i++)
		if (!count_entry(counting, i))
			return false;
	return take_rows(counting);
}

bool
log_stats_run(const struct log_stats *stats, struct arena *arena,
    struct stats_result *result, struct fail *fail)
{
	struct counting counting = {.o = stats,
	    .look = {.query = stats->query,
		.keys = stats->keys,
		.givens = stats->givens,
		.given_count = stats->given_count,
		.wants_outcome = stats->by == STATS_OUTCOME},
	    .arena = arena,
	    .result = result,
	    .fail = fail};
	bool ok;

	memset(result, 0, sizeof(*result));
	counting.keys = calloc(KEYS_MAX, sizeof(*counting.keys));
	if (counting.keys == NULL)
		return fail_memory(fail);
	ok = log_look_start(
	    &counting.look, stats->disk, stats->directory, stats->index, fail);
	if (ok) {
		ok = count_all(&counting);
		result->looked = counting.look.looked;
		log_look_finish(&counting.look);
	}
	if (!ok && fail->kind == FAIL_NONE)
		fail_set(fail, FAIL_INPUT,
		    "more than %d different values: ask for less", KEYS_MAX);
	for (size_t i = 0; i < counting.key_count; i++)
		free(counting.keys[i].entries);
	free(counting.keys);
	free(counting.parts);
	return ok;
}

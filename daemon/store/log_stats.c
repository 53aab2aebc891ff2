#include "store/log_stats.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/text.h"
#include "core/canon.h"
#include "store/log_look.h"

enum { SPAN_BITS = 16, BUNDLES = 256, KEYS_MAX = 4096 };

static const char *const names[STATS_BY_COUNT] = {
    [STATS_TYPE] = "type",
    [STATS_RECIPIENT] = "recipient",
    [STATS_ROLE] = "role",
    [STATS_FIELD] = "field",
    [STATS_VERDICT] = "verdict",
    [STATS_RULE] = "rule",
    [STATS_PURPOSE] = "purpose",
    [STATS_OPERATION] = "operation",
    [STATS_CHANNEL] = "channel",
    [STATS_POLICY] = "policy",
    [STATS_OUTCOME] = "outcome",
    [STATS_ACTOR] = "actor",
    [STATS_DAY] = "day",
};

/* A key, and the entries of the span at hand that have it. */
struct key {
	struct slice name;
	uint64_t count;
	struct bits *entries; /* NULL: none of this span yet */
	bool is_marked;	      /* by the entry at hand */
};

/* A term of the index and the keys that entries with it have. */
struct part {
	int64_t term;
	size_t *keys;
	size_t count;
};

struct counting {
	const struct log_stats *o;
	struct log_look look;
	struct arena *arena;
	struct stats_result *result;
	struct key *keys;
	size_t key_count, key_last;
	struct part *parts;
	size_t part_count, part_room;
	struct fail *fail;
	bool failed;
};

const char *
stats_by_name(enum stats_by by)
{
	return names[by];
}

bool
stats_by_find(struct slice name, enum stats_by *out)
{
	for (unsigned i = 0; i < STATS_BY_COUNT; i++)
		if (slice_is(name, names[i])) {
			*out = (enum stats_by)i;
			return true;
		}
	return false;
}

/* --- keys --- */

/* The number of a key; KEYS_MAX when there is no room or memory. */
static size_t
key_of(struct counting *counting, struct slice name)
{
	struct key *keys = counting->keys;
	size_t count = counting->key_count;

	if (count != 0 && slice_equal(keys[counting->key_last].name, name))
		return counting->key_last;
	for (size_t i = count; i-- > 0;)
		if (slice_equal(keys[i].name, name))
			return counting->key_last = i;
	if (count < KEYS_MAX)
		keys[count].name = arena_copy(counting->arena, name);
	if (count == KEYS_MAX || keys[count].name.data == NULL) {
		counting->failed = true;
		return KEYS_MAX;
	}
	counting->key_count++;
	return counting->key_last = count;
}

/* The entry at hand counts once for a key. */
static void
mark(struct counting *counting, struct slice name)
{
	size_t number = key_of(counting, name);

	if (number == KEYS_MAX || counting->keys[number].is_marked)
		return;
	counting->keys[number].is_marked = true;
	counting->keys[number].count++;
}

/* Does the query want something decided, so that keys are taken of that? */
static bool
is_of_rulings(const struct counting *counting)
{
	switch (counting->o->by) {
	case STATS_ROLE:
	case STATS_FIELD:
	case STATS_VERDICT:
	case STATS_RULE:
		return true;
	case STATS_RECIPIENT:
		return query_has_condition(counting->o->query, 0);
	case STATS_TYPE:
	case STATS_PURPOSE:
	case STATS_OPERATION:
	case STATS_CHANNEL:
	case STATS_POLICY:
	case STATS_OUTCOME:
	case STATS_ACTOR:
	case STATS_DAY:
	case STATS_BY_COUNT:
		break;
	}
	return false;
}

/* What one ruling is counted under; the rule without its policy. */
static struct slice
ruling_key(enum stats_by by, const struct entry_group *group,
    struct slice field, struct slice ruling)
{
	struct slice item = {"", 0};

	if (by == STATS_RECIPIENT)
		return group->recipient;
	if (by == STATS_ROLE)
		return group->role;
	if (by == STATS_FIELD)
		return field;
	canon_next_item(&ruling, &item);
	if (by == STATS_VERDICT && item.len >= 2)
		return (struct slice){item.data + 1, item.len - 2};
	canon_next_item(&ruling, &item);
	return item;
}

typedef void on_key(struct counting *counting, void *context,
    struct slice key);

/* Every key that a group of rulings has under the query. */
static void
each_key(struct counting *counting, const struct entry_group *group,
    on_key *on, void *context)
{
	const struct query *query = counting->o->query;
	struct slice rest = group->fields, field = {"", 0}, ruling, key;

	if (!query_group_fits(query, 0, group))
		return;
	if (group->role.len == 0) {
		key = ruling_key(
		    counting->o->by, group, field, group->fields);
		if (key.len != 0)
			on(counting, context, key);
		return;
	}
	while (canon_next_member(&rest, &field, &ruling))
		if (query_ruling_fits(query, 0, field, ruling))
			on(counting, context,
			    ruling_key(
				counting->o->by, group, field, ruling));
}

/* --- entry by entry --- */

static struct slice
rule_name(struct counting *counting, struct slice policy, struct slice rule)
{
	struct text text = text_start(counting->arena);

	if (policy.len > 8)
		policy.len = 8;
	text_add(&text, policy);
	text_add_char(&text, '/');
	text_add(&text, rule);
	return text_slice(&text);
}

static void
mark_key(struct counting *counting, void *context, struct slice key)
{
	const struct log_entry *entry = context;

	if (counting->o->by == STATS_RULE)
		key = rule_name(counting, entry->parts.policy, key);
	mark(counting, key);
}

static void
mark_rulings(struct counting *counting, struct log_entry *entry)
{
	struct entry_groups groups;
	struct entry_group group;

	if (entry->about == NULL)
		return;
	entry_groups_start(&groups, entry->about, counting->look.arena);
	while (entry_groups_next(&groups, &group))
		each_key(counting, &group, mark_key, entry);
}

static void
mark_recipients(struct counting *counting, const struct entry_parts *of)
{
	struct slice onward, item, recipient;

	if (of == NULL)
		return;
	mark(counting, of->recipient);
	onward = of->onward;
	while (canon_next_item(&onward, &item))
		if (canon_get_string(item, "recipient",
			counting->look.arena, &recipient))
			mark(counting, recipient);
}

static void
mark_outcome(struct counting *counting, const struct log_entry *entry)
{
	struct slice verdict;
	int64_t rule;

	if (!entry->parts.is_disclosure) {
		if (entry->parts.word.len != 0)
			mark(counting, entry->parts.word);
		return;
	}
	if (entry_ruling(entry->parts.outcome, &verdict, &rule))
		mark(counting, verdict);
	if (entry->outcome.len != 0)
		mark(counting, entry->outcome);
	else if (entry->parts.outcome.len == 0)
		mark(counting, SLICE("open"));
}

static void
mark_day(struct counting *counting, int64_t time)
{
	char day[DATE_SIZE];
	int64_t part = (time % 1000 + 1000) % 1000;

	if (date_print((time - part) / 1000, counting->o->zone, day) >= 10)
		mark(counting, (struct slice){day, 10});
}

static void
mark_word(struct counting *counting, struct slice word)
{
	if (word.len != 0)
		mark(counting, word);
}

static void
mark_entry(struct counting *counting, struct log_entry *entry)
{
	static const struct entry_parts nothing;
	const struct entry_parts *of =
	    entry->about != NULL ? entry->about : &nothing;

	switch (counting->o->by) {
	case STATS_TYPE:
		mark_word(counting, entry->parts.type);
		break;
	case STATS_ROLE:
	case STATS_FIELD:
	case STATS_VERDICT:
	case STATS_RULE:
		mark_rulings(counting, entry);
		break;
	case STATS_RECIPIENT:
		if (is_of_rulings(counting))
			mark_rulings(counting, entry);
		else
			mark_recipients(counting, entry->about);
		break;
	case STATS_PURPOSE:
		mark_word(counting, of->purpose);
		break;
	case STATS_OPERATION:
		mark_word(counting, of->operation);
		break;
	case STATS_CHANNEL:
		mark_word(counting, of->channel);
		break;
	case STATS_POLICY:
		mark_word(counting, entry->parts.policy);
		break;
	case STATS_OUTCOME:
		mark_outcome(counting, entry);
		break;
	case STATS_ACTOR:
		mark_word(counting, entry->parts.actor);
		break;
	case STATS_DAY:
		mark_day(counting, entry->parts.time);
		break;
	case STATS_BY_COUNT:
		break;
	}
}

static bool
count_entry(struct counting *counting, uint64_t index)
{
	struct log_entry entry;
	bool matches;

	if (index < counting->o->query->first ||
	    index >= counting->o->query->end)
		return true;
	if (!log_look_at(&counting->look, index, true, &entry, &matches,
		counting->fail))
		return false;
	if (!matches)
		return true;
	counting->result->total++;
	for (size_t i = 0; i < counting->key_count; i++)
		counting->keys[i].is_marked = false;
	mark_entry(counting, &entry);
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
	*part = (struct part){term,
	    arena_take_array(counting->arena, room, sizeof(size_t)), 0};
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
		part->keys[part->count++] = key_of(counting, bytes);
	return !counting->failed;
}

enum { SHAPE_KEYS = 64 };

static void
collect_key(struct counting *counting, void *context, struct slice key)
{
	struct part *part = context;
	size_t number = key_of(counting, key);

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
		each_key(counting, &group, collect_key, &some);
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
	if (is_of_rulings(counting))
		return index_each_name(
		    index, INDEX_SHAPE, on_shape, counting, counting->fail);
	return index_each_name(
		   index, class_by(by), on_word, counting, counting->fail) &&
	    (by != STATS_OUTCOME ||
		index_each_name(index, INDEX_DECIDED, on_word, counting,
		    counting->fail));
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

	if (!index_each_name(index, INDEX_POLICY, on_policy, &policies,
		counting->fail))
		return false;
	for (size_t p = 0; p < policies.count; p++) {
		struct bits of;

		bits_none(&of);
		if (!index_read_term(index, span, policies.all[p].term, &of,
			counting->fail))
			return false;
		for (size_t i = 0; i < count; i++) {
			struct key *key = &counting->keys[i];
			unsigned both = key->entries == NULL
			    ? 0
			    : bits_count_both(key->entries, &of);
			size_t named;

			if (both == 0)
				continue;
			named = key_of(counting,
			    rule_name(counting, policies.all[p].name,
				key->name));
			if (named == KEYS_MAX)
				return false;
			counting->keys[named].count += both;
		}
	}
	return true;
}

static bool
count_parts(
    struct counting *counting, uint64_t span, const struct bits *exact)
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
		key = key_of(counting, (struct slice){day, 10});
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
	uint64_t first = query->first > base ? query->first - base : 0;
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

	result->rows = arena_take_array(counting->arena,
	    counting->key_count + 1, sizeof(*result->rows));
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
	for (uint64_t span = 0; span << SPAN_BITS < look->indexed; span++)
		if (!count_span(counting, span))
			return false;
	for (uint64_t i = look->indexed; i < look->size; i++)
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
		.wants_outcome = stats->by == STATS_OUTCOME},
	    .arena = arena,
	    .result = result,
	    .fail = fail};
	bool ok;

	memset(result, 0, sizeof(*result));
	counting.keys = calloc(KEYS_MAX, sizeof(*counting.keys));
	if (counting.keys == NULL)
		return fail_memory(fail);
	ok = log_look_start(&counting.look, stats->disk, stats->directory,
	    stats->index, fail);
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

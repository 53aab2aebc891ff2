#include "base/date.h"
#include "core/canon.h"
#include "store/log_stats_priv.h"

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

const char *
stats_by_name(enum stats_by by)
{
	return names[by];
}

const char stats_by_hint[] =
    "recipient, field, role, verdict, rule, day, outcome, purpose, operation, "
    "channel, policy, type or actor";

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

size_t
stats_key(struct counting *counting, struct slice name)
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
	size_t number = stats_key(counting, name);

	if (number == KEYS_MAX || counting->keys[number].is_marked)
		return;
	counting->keys[number].is_marked = true;
	counting->keys[number].count++;
}

bool
stats_of_rulings(const struct counting *counting)
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

void
stats_each_key(struct counting *counting, const struct entry_group *group,
    stats_on_key *on, void *context)
{
	const struct query *query = counting->o->query;
	struct slice rest = group->fields, field = {"", 0}, ruling, key;

	if (!query_group_fits(query, 0, group))
		return;
	if (group->role.len == 0) {
		key = ruling_key(counting->o->by, group, field, group->fields);
		if (key.len != 0)
			on(counting, context, key);
		return;
	}
	while (canon_next_member(&rest, &field, &ruling))
		if (query_ruling_fits(query, 0, field, ruling))
			on(counting, context,
			    ruling_key(counting->o->by, group, field, ruling));
}

/* --- entry by entry --- */

struct slice
stats_rule_name(
    struct counting *counting, struct slice policy, struct slice rule)
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
		key = stats_rule_name(counting, entry->parts.policy, key);
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
		stats_each_key(counting, &group, mark_key, entry);
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
		if (canon_get_string(
			item, "recipient", counting->look.arena, &recipient))
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

void
stats_mark(struct counting *counting, struct log_entry *entry)
{
	static const struct entry_parts nothing;
	const struct entry_parts *of =
	    entry->about != NULL ? entry->about : &nothing;

	for (size_t i = 0; i < counting->key_count; i++)
		counting->keys[i].is_marked = false;
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
		if (stats_of_rulings(counting))
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

/*
 * A network among others that are published: those that hold it, the widest
 * first, and those right below it.  One that misu.conf names in a group is an
 * allocation to its holder, what lies in one an assignment.
 */
#include "codec/whois.h"
#include "publisher_priv.h"

enum { ABOVE_MAX = 8, BELOW_MAX = 100, RANGE_SIZE = 2 * PREFIX_SIZE + 1 };

static bool
is_allocation(const struct conf *conf, struct slice name)
{
	for (size_t i = 0; i < conf->network_count; i++)
		for (size_t k = 0; k < conf->networks[i].count; k++)
			if (slice_equal(conf->networks[i].prefixes[k], name))
				return true;
	return false;
}

static struct slice
shown(const struct publication *it, enum field field)
{
	struct publication_item item =
	    publication_either(it, ROLE_REGISTRANT, field, field);

	return item.state == PUBLISHED ? item.values.items[0]
				       : (struct slice){"", 0};
}

static struct slice
holder(const struct publication *it, bool english)
{
	struct slice room;
	struct values who = whois_jpnic_holder(it, english, &room);

	return who.count != 0 ? who.items[0] : (struct slice){"", 0};
}

/* "Japanese (English)", or what there is of it. */
static struct slice
both(struct slice japanese, struct slice english, struct arena *arena)
{
	struct text text = text_start(arena);

	if (japanese.len == 0 || english.len == 0)
		return japanese.len != 0 ? japanese : english;
	text_add(&text, japanese);
	text_add_string(&text, " (");
	text_add(&text, english);
	text_add_char(&text, ')');
	return text_slice(&text);
}

static bool
tell_relative(const struct publisher *publisher, const struct publication *it,
    struct arena *arena, struct publication_relative *out)
{
	bool allocation = is_allocation(publisher->conf, it->name);

	*out = (struct publication_relative){
	    .organization = holder(it, true),
	    .organization_japanese =
		both(holder(it, false), holder(it, true), arena),
	    .netname = shown(it, FIELD_NETNAME),
	    .kind = allocation ? SLICE("Allocation") : SLICE("Assignment"),
	    .kind_japanese = allocation ? SLICE("割り振り") : SLICE("割り当て"),
	    .range = it->name};
	return out->organization_japanese.data != NULL;
}

/* Where the asker may be told no more today, *told is false. */
static bool
add(struct publisher *publisher, const struct prefix *asker,
    const struct view_found *found, struct arena *arena,
    struct publication_relative *out, bool *told)
{
	struct fail fail = FAIL_INIT;
	struct view_row row;
	unsigned ignored;

	*told = view_decode(found->bytes, arena, &row, &fail) &&
		publisher_may_tell(
		    publisher, asker, publisher_is_personal(&row.it),
		    &ignored);
	row.it.hidden = &publisher->conf->publish.hidden_jpnic;
	return !*told || tell_relative(publisher, &row.it, arena, out);
}

/* From the smallest on: they are told the other way round. */
static bool
find_above(struct publisher *publisher, const struct prefix *asker,
    const struct prefix *network, struct arena *arena,
    struct publication_relatives *out, struct fail *fail)
{
	struct publication_relative *items =
	    arena_take(arena, ABOVE_MAX * sizeof(*items));
	struct prefix at = *network;
	struct view_found found;
	bool told = true;
	size_t first = ABOVE_MAX;

	if (items == NULL)
		return fail_memory(fail);
	while (told && first != 0) {
		if (!view_get_wider(publisher->view, arena, &at, &found, fail))
			return false;
		if (found.state != VIEW_CURRENT)
			break;
		if (!add(publisher, asker, &found, arena, &items[first - 1],
			&told))
			return fail_memory(fail);
		if (told && !prefix_parse(items[--first].range, &at, fail))
			return false;
	}
	*out = (struct publication_relatives){
	    items + first, ABOVE_MAX - first, false};
	return true;
}

static bool
find_below(struct publisher *publisher, const struct prefix *asker,
    const struct prefix *network, struct arena *arena,
    struct publication_relatives *out, struct fail *fail)
{
	struct publication_relative *items =
	    arena_take(arena, BELOW_MAX * sizeof(*items));
	struct view_below below = {*network, *network, true};
	struct view_found found;
	size_t count = 0;
	bool told = true;

	if (items == NULL)
		return fail_memory(fail);
	for (;;) {
		if (!view_next_below(
			publisher->view, arena, &below, &found, fail))
			return false;
		if (found.state != VIEW_CURRENT || count == BELOW_MAX)
			break;
		if (!add(publisher, asker, &found, arena, &items[count], &told))
			return fail_memory(fail);
		if (!told)
			break;
		count++;
	}
	*out = (struct publication_relatives){
	    items, count, found.state == VIEW_CURRENT};
	return true;
}

bool
publisher_relatives(struct publisher *publisher, const struct prefix *asker,
    struct arena *arena, struct publication *it, struct fail *fail)
{
	struct prefix network;

	it->is_allocation = is_allocation(publisher->conf, it->name);
	return prefix_parse(it->name, &network, fail) &&
	       find_above(
		   publisher, asker, &network, arena, &it->above, fail) &&
	       find_below(publisher, asker, &network, arena, &it->below, fail);
}

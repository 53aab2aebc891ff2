#include "core/entry_table.h"

#include "base/date.h"
#include "base/width.h"
#include "core/canon.h"
#include "core/entry_parts.h"
#include "core/field.h"

static const struct slice ellipsis = {"\xe2\x80\xa6", 3};

/* A run of text that takes exactly `columns`, cut where it is longer. */
static void
add_cell(struct text *text, struct slice value, size_t columns, bool middle)
{
	size_t start = text->len, head;
	struct slice tail = value;

	if (value.len == 0)
		value = (struct slice){"-", 1};
	if (width_of(value) <= columns) {
		text_add(text, value);
		width_pad(text, start, columns);
		return;
	}
	head = middle ? columns / 2 : columns - 1;
	text_add(text, width_cut(value, head));
	text_add(text, ellipsis);
	while (middle && width_of(tail) > columns - 1 - head) {
		size_t len;

		text_code_point(tail, &len);
		tail.data += len;
		tail.len -= len;
	}
	if (middle)
		text_add(text, tail);
	width_pad(text, start, columns);
}

/* What a terminal would obey is shown as a question mark. */
static struct slice
cleaned(struct arena *arena, struct slice value)
{
	struct text text = text_start(arena);

	if (text_is_printable(value) || text_is_plain(value))
		return value;
	while (value.len != 0) {
		size_t len;

		text_code_point(value, &len);
		if (text_is_plain((struct slice){value.data, len}))
			text_add(&text, (struct slice){value.data, len});
		else
			text_add_char(&text, '?');
		value.data += len;
		value.len -= len;
	}
	return text_slice(&text);
}

static struct slice
time_text(struct arena *arena, int64_t ms, int zone)
{
	char *printed = arena_take(arena, DATE_SIZE);

	if (printed == NULL)
		return (struct slice){"", 0};
	ms -= (ms % 1000 + 1000) % 1000;
	return (struct slice){printed, date_print(ms / 1000, zone, printed)};
}

/* "2026-04-01 09:30:00", for people who know the zone. */
static struct slice
short_time(struct arena *arena, int64_t ms, int zone)
{
	struct slice time = time_text(arena, ms, zone);
	struct text text = text_start(arena);

	if (time.len < 19)
		return time;
	text_add(&text, (struct slice){time.data, 10});
	text_add_char(&text, ' ');
	text_add(&text, (struct slice){time.data + 11, 8});
	return text_slice(&text);
}

/* --- what happened --- */

static void
count_group(const struct entry_group *group, unsigned counts[VERDICT_COUNT])
{
	struct slice fields = group->fields, field, ruling, word;
	enum verdict verdict;
	int64_t rule;

	while (canon_next_member(&fields, &field, &ruling))
		if (entry_ruling(ruling, &word, &rule) &&
		    verdict_find(word, &verdict))
			counts[verdict]++;
}

static void
count_verdicts(const struct entry_parts *parts, struct arena *arena,
    unsigned counts[VERDICT_COUNT])
{
	struct entry_parts own = *parts;
	struct entry_groups groups;
	struct entry_group group;

	own.onward = (struct slice){"", 0};
	entry_groups_start(&groups, &own, arena);
	while (entry_groups_next(&groups, &group))
		count_group(&group, counts);
}

static void
add_comma(struct text *text)
{
	if (text->len != 0)
		text_add_string(text, ", ");
}

static struct slice
what_happened(const struct entry_parts *parts, struct arena *arena)
{
	unsigned counts[VERDICT_COUNT] = {0};
	struct text text = text_start(arena);
	struct slice verdict;
	int64_t rule;

	if (!parts->is_disclosure) {
		text_add(&text, parts->word);
		if (parts->findings.len > 2) {
			text_add_string(&text, ": ");
			entry_add_findings(&text, parts->findings, arena);
		}
		if (parts->reason.len != 0)
			add_comma(&text);
		text_add(&text, parts->reason);
		if (parts->actor.len != 0)
			add_comma(&text);
		text_add(&text, parts->actor);
		return cleaned(arena, text_slice(&text));
	}
	if (entry_ruling(parts->outcome, &verdict, &rule)) {
		text_add(&text, verdict);
		text_add_format(&text, " rule %d", (int)rule);
		return text_slice(&text);
	}
	count_verdicts(parts, arena, counts);
	for (unsigned v = VERDICT_COUNT; v-- > 0;) {
		if (counts[v] == 0)
			continue;
		add_comma(&text);
		text_add_format(
		    &text, "%s %u", verdict_name((enum verdict)v), counts[v]);
	}
	return text_slice(&text);
}

static struct slice
with_whom(const struct entry_parts *parts, struct arena *arena)
{
	struct text text = text_start(arena);

	if (parts->is_disclosure || !parts->has_about)
		return parts->recipient;
	text_add_format(&text, "#%lld", (long long)parts->about);
	return text_slice(&text);
}

/* --- columns --- */

struct columns {
	size_t index, time, type, whom, operation, object;
	bool is_wide;
};

enum { WIDE = 100, GAPS = 2 };

static struct columns
columns_of(size_t width)
{
	struct columns c = {.is_wide = width >= WIDE,
	    .index = 7,
	    .time = 14,
	    .type = 10,
	    .whom = 10};
	size_t used;

	if (c.is_wide) {
		c.time = 19;
		c.whom = 14;
		c.operation = 8;
	}
	used = c.index + c.time + c.type + c.whom + c.operation + 5 * GAPS +
	       (c.is_wide ? GAPS : 0);
	c.object = width > used + 20 ? (width - used) / 2 : 8;
	if (c.object > 40)
		c.object = 40;
	return c;
}

static void
add_gap(struct text *text)
{
	text_add(text, SLICE("  "));
}

static struct slice
add_cells(struct arena *arena, const struct entry_layout *layout,
    const struct slice cells[7])
{
	struct columns c = columns_of(layout->width);
	struct text text = text_start(arena);
	size_t start;

	for (size_t i = width_of(cells[0]); i < c.index; i++)
		text_add_char(&text, ' ');
	text_add(&text, cells[0]);
	add_gap(&text);
	add_cell(&text, cells[1], c.time, false);
	add_gap(&text);
	add_cell(&text, cells[2], c.type, false);
	add_gap(&text);
	add_cell(&text, cells[3], c.whom, false);
	add_gap(&text);
	add_cell(&text, cells[4], c.object, true);
	add_gap(&text);
	if (c.is_wide) {
		add_cell(&text, cells[5], c.operation, false);
		add_gap(&text);
	}
	start = width_of(text_slice(&text));
	if (layout->width > start && width_of(cells[6]) > layout->width - start)
		add_cell(&text, cells[6], layout->width - start, false);
	else
		text_add(&text, cells[6]);
	return text_slice(&text);
}

struct slice
entry_print_columns(struct arena *arena, const struct entry_shown *shown,
    const struct entry_layout *layout)
{
	struct entry_parts parts;
	struct text index = text_start(arena);
	struct slice time, cells[7];

	if (!entry_parts_read(shown->entry, arena, &parts))
		return (struct slice){NULL, 0};
	text_add_number(&index, (int64_t)shown->index);
	time = short_time(arena, parts.time, layout->zone);
	if (layout->width < WIDE && time.len == 19)
		time = (struct slice){time.data + 5, 14};
	cells[0] = text_slice(&index);
	cells[1] = time;
	cells[2] = parts.type;
	cells[3] = with_whom(&parts, arena);
	cells[4] = cleaned(arena, entry_object_text(arena, shown));
	cells[5] = parts.operation;
	cells[6] = what_happened(&parts, arena);
	return add_cells(arena, layout, cells);
}

struct slice
entry_print_heading(struct arena *arena, const struct entry_layout *layout)
{
	const struct slice cells[7] = {SLICE("INDEX"), SLICE("TIME"),
	    SLICE("TYPE"), SLICE("TO"), SLICE("OBJECT"), SLICE("REQUEST"),
	    SLICE("WHAT")};

	return add_cells(arena, layout, cells);
}

/* --- CSV --- */

void
csv_add(struct text *text, struct slice value)
{
	bool is_formula =
	    value.len != 0 && memchr("=+-@\t\r", value.data[0], 6) != NULL;
	bool quoted = is_formula;

	for (size_t i = 0; i < value.len; i++)
		quoted = quoted || memchr("\",\r\n", value.data[i], 4) != NULL;
	if (quoted)
		text_add_char(text, '"');
	if (is_formula)
		text_add_char(text, '\'');
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '"')
			text_add_char(text, '"');
		text_add_char(text, value.data[i]);
	}
	if (quoted)
		text_add_char(text, '"');
}

struct slice
entry_print_csv(struct arena *arena, const struct entry_shown *shown, int zone)
{
	struct entry_parts parts;
	struct text text = text_start(arena);
	struct slice values[11];

	if (!entry_parts_read(shown->entry, arena, &parts))
		return (struct slice){NULL, 0};
	text_add_number(&text, (int64_t)shown->index);
	values[0] = time_text(arena, parts.time, zone);
	values[1] = parts.type;
	values[2] =
	    parts.is_disclosure ? parts.recipient : with_whom(&parts, arena);
	values[3] = shown->object;
	values[4] = parts.operation;
	values[5] = parts.purpose;
	values[6] = parts.channel;
	values[7] =
	    parts.is_disclosure || parts.findings.len != 0
		? what_happened(&parts, arena)
		: parts.word;
	values[8] = parts.actor;
	values[9] = parts.reason;
	values[10] = parts.case_id;
	for (size_t i = 0; i < 11; i++) {
		text_add_char(&text, ',');
		csv_add(&text, values[i]);
	}
	return text_slice(&text);
}

struct slice
entry_print_csv_heading(struct arena *arena)
{
	return arena_copy(arena,
	    SLICE("index,time,type,to,object,request,purpose,channel,what,"
		  "actor,reason,case"));
}

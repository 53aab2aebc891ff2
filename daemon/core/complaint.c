#include "core/complaint.h"

#include "base/text.h"
#include "core/grow.h"

struct complaint_item {
	struct place place;
	const struct complaint_text *says;
	struct slice one, two;
};

static const struct complaint_text says[COMPLAINT_COUNT] = {
#define COMPLAINT(id, text, hint) [COMPLAINT_##id] = {text, hint, false},
#include "core/complaint.tbl"
#undef COMPLAINT
};

/* The same thing found twice on different ways is said once. */
static bool
is_said(const struct complaints *complaints, struct place place,
    const struct complaint_text *text, struct slice one, struct slice two)
{
	for (size_t i = 0; i < complaints->count; i++) {
		const struct complaint_item *item = &complaints->items[i];

		if (item->says == text &&
		    item->place.source == place.source &&
		    item->place.at == place.at && slice_equal(item->one, one) &&
		    slice_equal(item->two, two))
			return true;
	}
	return false;
}

static bool
is_undefined(enum complaint complaint)
{
	static const enum complaint all[] = {COMPLAINT_FIELD_WORD,
	    COMPLAINT_SET_NONE, COMPLAINT_PURPOSE_NONE,
	    COMPLAINT_RECIPIENT_NONE, COMPLAINT_CEILING_NONE,
	    COMPLAINT_POLICY_NONE};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i] == complaint)
			return true;
	return false;
}

void
complain(struct complaints *complaints, struct place place,
    enum complaint complaint, struct slice one, struct slice two)
{
	if (complaints->lacks_file && is_undefined(complaint))
		return;
	complaints->lacks_file |= complaint == COMPLAINT_INCLUDE_NONE;
	complain_text(complaints, place, &says[complaint], one, two);
}

void
complain_text(struct complaints *complaints, struct place place,
    const struct complaint_text *text, struct slice one, struct slice two)
{
	struct complaint_item *item;

	if (complaints->failed || complaints->count == COMPLAINTS_MAX ||
	    is_said(complaints, place, text, one, two))
		return;
	complaints->failed = true;
	item = grow(complaints->arena, complaints->items, complaints->count,
	    sizeof(*item));
	if (item == NULL)
		return;
	complaints->items = item;
	item += complaints->count;
	*item = (struct complaint_item){.place = place,
	    .says = text,
	    .one = arena_copy(complaints->arena, one),
	    .two = arena_copy(complaints->arena, two)};
	if (item->one.data == NULL || item->two.data == NULL)
		return;
	complaints->count++;
	complaints->failed = false;
}

size_t
complaints_errors(const struct complaints *complaints)
{
	size_t count = 0;

	for (size_t i = 0; i < complaints->count; i++)
		count += !complaints->items[i].says->warning;
	return count;
}

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void
place_find(struct place place, unsigned *line, unsigned *column)
{
	const char *text = place.source->text.data;

	*line = *column = 1;
	for (size_t i = 0; i < place.at; i++) {
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		} else if (!continues(text[i])) {
			++*column;
		}
	}
}

/* The text of the line around the place, and where in it the place is. */
static struct slice
source_line(struct place place, size_t *at)
{
	struct slice text = place.source->text;
	size_t start = place.at, end = place.at;

	while (start > 0 && text.data[start - 1] != '\n')
		start--;
	while (end < text.len && text.data[end] != '\n')
		end++;
	*at = place.at - start;
	return (struct slice){text.data + start, end - start};
}

/*
 * Blanks up to the place: tabs stay tabs, and what East Asian terminals show
 * two columns wide (in the main, U+1100 and above) gets two.
 */
static void
add_caret(struct text *out, struct slice line, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		unsigned char c = (unsigned char)line.data[i];

		if (c == '\t')
			text_add_char(out, '\t');
		else if (!continues(line.data[i]))
			text_add_string(out, c >= 0xe1 ? "  " : " ");
	}
	text_add_string(out, "^\n");
}

static void
add_filled(struct text *out, const char *format, const struct slice args[2])
{
	for (const char *at = format; *at != '\0'; at++) {
		if (at[0] == '%' && (at[1] == '1' || at[1] == '2'))
			text_add(out, args[*++at - '1']);
		else
			text_add_char(out, *at);
	}
}

/* A terminal is not to be steered by what stands in a file. */
static void
add_source(struct text *out, struct slice line)
{
	for (size_t i = 0; i < line.len; i++) {
		unsigned char c = (unsigned char)line.data[i];
		bool control = (c < 0x20 && c != '\t') || c == 0x7f;

		text_add_char(out, control ? '?' : line.data[i]);
	}
	text_add_char(out, '\n');
}

static void
print_one(struct text *out, const struct complaint_item *item)
{
	const struct slice args[2] = {item->one, item->two};
	unsigned line, column;
	size_t at, hint;

	place_find(item->place, &line, &column);
	text_add(out, item->place.source->name);
	text_add_format(out, ":%u:%u: %s: ", line, column,
	    item->says->warning ? "warning" : "error");
	add_filled(out, item->says->text, args);
	text_add_char(out, '\n');
	if (item->says != &says[COMPLAINT_NOT_UTF8]) {
		struct slice source = source_line(item->place, &at);

		add_source(out, source);
		add_caret(out, source, at);
	}
	hint = out->len;
	text_add_string(out, "hint: ");
	add_filled(out, item->says->hint, args);
	if (out->len == hint + strlen("hint: "))
		out->len = hint;
	else
		text_add_char(out, '\n');
}

static bool
comes_after(const struct complaint_item *a, const struct complaint_item *b)
{
	if (a->place.source->number != b->place.source->number)
		return a->place.source->number > b->place.source->number;
	return a->place.at > b->place.at;
}

struct slice
complaints_print(struct complaints *complaints)
{
	struct complaint_item *items = complaints->items;
	struct text out = text_start(complaints->arena);

	for (size_t i = 1; i < complaints->count; i++) {
		struct complaint_item item = items[i];
		size_t j = i;

		for (; j > 0 && comes_after(&items[j - 1], &item); j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
	for (size_t i = 0; i < complaints->count; i++)
		print_one(&out, &items[i]);
	if (complaints->failed)
		return (struct slice){NULL, 0};
	return text_slice(&out);
}

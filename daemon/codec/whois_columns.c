#include "codec/whois_columns.h"

#include "base/width.h"

void
whois_put(struct text *text, const char *label, struct slice value,
    enum whois_empty empty)
{
	size_t start = text->len;

	if (value.len == 0 && empty == EMPTY_LEFT_OUT)
		return;
	text_add_string(text, label);
	if (value.len != 0 || empty != EMPTY_BARE)
		width_pad(text, start, WHOIS_COLUMN);
	if (value.len == 0 && empty == EMPTY_BLANK)
		text_add_char(text, ' ');
	text_add(text, value);
	text_add_char(text, '\n');
}

void
whois_put_values(struct text *text, const char *label, struct values values,
    enum whois_empty empty)
{
	if (values.count == 0)
		whois_put(text, label, (struct slice){"", 0}, empty);
	for (size_t i = 0; i < values.count; i++)
		whois_put(text, label, values.items[i], empty);
}

struct slice
whois_day(char out[DATE_SIZE], int64_t time)
{
	struct date date;
	int len;

	if (time == 0)
		return (struct slice){"", 0};
	date = date_split(time, WHOIS_JST);
	len = snprintf(
	    out, DATE_SIZE, "%04d/%02d/%02d", date.year, date.month, date.day);
	return (struct slice){out, (size_t)len};
}

struct slice
whois_moment(char out[DATE_SIZE + 8], int64_t time, const char *zone)
{
	struct date date;
	int len;

	if (time == 0)
		return (struct slice){"", 0};
	date = date_split(time, WHOIS_JST);
	len = snprintf(out, DATE_SIZE + 8, "%04d/%02d/%02d %02d:%02d:%02d%s",
	    date.year, date.month, date.day, date.hour, date.minute,
	    date.second, zone);
	return (struct slice){out, (size_t)len};
}

struct values
whois_shown(struct publication_item item)
{
	if (item.state == PUBLISHED)
		return item.values;
	return (struct values){NULL, 0};
}

struct values
whois_or_hidden(const struct publication *it, enum field field,
    enum field other, bool english, struct slice *room)
{
	struct publication_item item =
	    publication_either(it, ROLE_REGISTRANT, field, field);

	if (item.state == NOT_COLLECTED) {
		item = publication_either(it, ROLE_REGISTRANT, other, other);
		if (item.state == PUBLISHED)
			return (struct values){NULL, 0};
	}
	if (item.state == PUBLISHED)
		return item.values;
	if (item.state == NOT_COLLECTED || it->hidden == NULL)
		return (struct values){NULL, 0};
	*room = english ? it->hidden->english : it->hidden->japanese;
	return (struct values){room, room->len != 0};
}

struct slice
whois_phone(char out[40], struct values values)
{
	struct slice from;
	size_t len = 0, at = 0;

	if (values.count == 0)
		return (struct slice){"", 0};
	from = values.items[0];
	if (from.len > 4 && memcmp(from.data, "+81.", 4) == 0) {
		out[len++] = '0';
		at = 4;
	}
	for (; at < from.len && len < 40; at++)
		if (from.data[at] >= '0' && from.data[at] <= '9')
			out[len++] = from.data[at];
	return (struct slice){out, len};
}

static const struct {
	const char *japanese, *english;
} organization_types[] = {
    {"国立大学", "National University"},
    {"公立大学", "Public University"},
    {"私立大学", "Private University"},
    {"株式会社", "Corporation"},
    {"有限会社", "Limited Company"},
    {"ネットワークサービス", "Network Service"},
};

enum { TYPES = sizeof(organization_types) / sizeof(*organization_types) };

struct slice
whois_type_english(struct slice japanese)
{
	for (size_t i = 0; i < TYPES; i++)
		if (slice_is(japanese, organization_types[i].japanese))
			return slice_from(organization_types[i].english);
	return (struct slice){"", 0};
}

struct slice
whois_type_japanese(struct slice english)
{
	for (size_t i = 0; i < TYPES; i++)
		if (slice_is(english, organization_types[i].english))
			return slice_from(organization_types[i].japanese);
	return (struct slice){"", 0};
}

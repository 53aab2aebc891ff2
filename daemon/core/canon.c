#include "core/canon.h"

#include <stddef.h>

enum { DEPTH_MAX = 8 };

struct reader {
	struct slice text;
	size_t at;
};

static char
peek(const struct reader *reader)
{
	return reader->at < reader->text.len ? reader->text.data[reader->at]
					     : '\0';
}

static bool
take(struct reader *reader, char c)
{
	if (reader->at >= reader->text.len || peek(reader) != c)
		return false;
	reader->at++;
	return true;
}

static bool
check_number(struct reader *reader)
{
	size_t start;

	if (take(reader, '-') && peek(reader) == '0')
		return false;
	start = reader->at;
	while (peek(reader) >= '0' && peek(reader) <= '9')
		reader->at++;
	/* 2^53 has 16 digits; entries stay far below. */
	return reader->at != start && reader->at - start <= 16 &&
	    (reader->text.data[start] != '0' || reader->at == start + 1);
}

/* Only the escapes RFC 8785 writes: short where there is a short one. */
static bool
check_escape(struct reader *reader)
{
	static const char hex[] = "0123456789abcdef";
	const char *high, *low;
	unsigned code;

	if (peek(reader) != '\0' && strchr("\"\\bfnrt", peek(reader))) {
		reader->at++;
		return true;
	}
	if (!take(reader, 'u') || !take(reader, '0') || !take(reader, '0'))
		return false;
	high = peek(reader) == '\0' ? NULL : strchr(hex, peek(reader));
	reader->at++;
	low = peek(reader) == '\0' ? NULL : strchr(hex, peek(reader));
	if (high == NULL || low == NULL)
		return false;
	code = (unsigned)(high - hex) << 4 | (unsigned)(low - hex);
	if (code >= 0x20 || (code >= 8 && code <= 13 && code != 11))
		return false;
	reader->at++;
	return true;
}

static bool
check_string(struct reader *reader)
{
	size_t start;

	if (!take(reader, '"'))
		return false;
	start = reader->at;
	while (reader->at < reader->text.len && peek(reader) != '"') {
		if ((unsigned char)peek(reader) < 0x20)
			return false;
		if (take(reader, '\\')) {
			if (!check_escape(reader))
				return false;
		} else
			reader->at++;
	}
	if (!text_is_utf8((struct slice){
		reader->text.data + start, reader->at - start})) {
		reader->at = start;
		return false;
	}
	return take(reader, '"');
}

static bool check_value(struct reader *reader, unsigned depth);

/* Names are ASCII in entries, so byte order is the order of RFC 8785. */
static bool
check_object(struct reader *reader, unsigned depth)
{
	struct slice before = {NULL, 0};

	if (take(reader, '}'))
		return true;
	for (;;) {
		size_t start = reader->at;
		struct slice name;

		if (!check_string(reader))
			return false;
		name = (struct slice){
		    reader->text.data + start, reader->at - start - 1};
		if (before.data != NULL && slice_compare(before, name) >= 0) {
			reader->at = start;
			return false;
		}
		before = name;
		if (!take(reader, ':') || !check_value(reader, depth))
			return false;
		if (take(reader, '}'))
			return true;
		if (!take(reader, ','))
			return false;
	}
}

static bool
check_array(struct reader *reader, unsigned depth)
{
	if (take(reader, ']'))
		return true;
	for (;;) {
		if (!check_value(reader, depth))
			return false;
		if (take(reader, ']'))
			return true;
		if (!take(reader, ','))
			return false;
	}
}

static bool
check_value(struct reader *reader, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return false;
	if (take(reader, '{'))
		return check_object(reader, depth + 1);
	if (take(reader, '['))
		return check_array(reader, depth + 1);
	if (peek(reader) == '"')
		return check_string(reader);
	return check_number(reader);
}

bool
canon_check(struct slice text, size_t *place)
{
	struct reader reader = {.text = text};
	bool ok = text.len != 0 && text.data[0] == '{' &&
	    check_value(&reader, 0) && reader.at == text.len;

	*place = reader.at;
	return ok;
}

/* A string's length with its quotes; 0: it has no end. */
static size_t
string_length(struct slice text)
{
	const char *at = text.data, *end = at + text.len;

	while (++at < end) {
		size_t escapes = 0;

		at = memchr(at, '"', (size_t)(end - at));
		if (at == NULL)
			return 0;
		while (at[-1 - (ptrdiff_t)escapes] == '\\')
			escapes++;
		if (escapes % 2 == 0)
			return (size_t)(at - text.data) + 1;
	}
	return 0;
}

/*
 * What may end a value or hold others.  Between two of these nothing matters:
 * readers of the ledger skip most of what they pass.
 */
static const uint8_t marks[256] = {['"'] = 1,
    ['{'] = 1,
    ['['] = 1,
    ['}'] = 1,
    [']'] = 1,
    [','] = 1};

/* The length of the value at the start of `text`, 0 if there is none. */
static size_t
value_length(struct slice text)
{
	unsigned depth = 0;
	size_t at = 0, len;

	while (at < text.len) {
		char c = text.data[at];

		if (marks[(uint8_t)c] == 0) {
			at++;
			continue;
		}
		if (c == '"') {
			len = string_length(
			    (struct slice){text.data + at, text.len - at});
			if (len == 0)
				return 0;
			at += len;
			if (depth == 0)
				return at;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return at;
		if (c == '{' || c == '[')
			depth++;
		else if (c != ',' && --depth == 0)
			return at + 1;
		at++;
	}
	return depth == 0 ? text.len : 0;
}

static void
advance(struct slice *rest, size_t len)
{
	rest->data += len;
	rest->len -= len;
}

bool
canon_next_item(struct slice *rest, struct slice *value)
{
	size_t len;

	if (rest->len < 2 ||
	    (rest->data[0] != '[' && rest->data[0] != ','))
		return false;
	len = value_length((struct slice){rest->data + 1, rest->len - 1});
	if (len == 0 || len > rest->len - 1)
		return false;
	*value = (struct slice){rest->data + 1, len};
	advance(rest, len + 1);
	return true;
}

bool
canon_next_name(struct slice *rest, struct slice *name)
{
	size_t len;

	if (rest->len < 2 ||
	    (rest->data[0] != '{' && rest->data[0] != ','))
		return false;
	if (rest->data[1] != '"')
		return false;
	len = string_length((struct slice){rest->data + 1, rest->len - 1});
	if (len < 2 || len + 1 >= rest->len || rest->data[len + 1] != ':')
		return false;
	*name = (struct slice){rest->data + 2, len - 2};
	advance(rest, len + 2);
	return true;
}

bool
canon_take_value(struct slice *rest, struct slice *value)
{
	size_t len = value_length(*rest);

	if (len == 0)
		return false;
	*value = (struct slice){rest->data, len};
	advance(rest, len);
	return true;
}

bool
canon_next_member(
    struct slice *rest, struct slice *name, struct slice *value)
{
	return canon_next_name(rest, name) && canon_take_value(rest, value);
}

bool
canon_member(struct slice object, const char *name, struct slice *value)
{
	struct slice found;

	while (canon_next_member(&object, &found, value))
		if (slice_is(found, name))
			return true;
	return false;
}

static char
unescape(const char *at, size_t *len)
{
	*len = 2;
	switch (at[1]) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		*len = 6;
		return (char)((at[4] - '0') << 4 |
		    (at[5] <= '9' ? at[5] - '0' : at[5] - 'a' + 10));
	}
	return at[1];
}

bool
canon_string(struct slice value, struct arena *arena, struct slice *out)
{
	char *copy;
	size_t len = 0;

	if (value.len < 2 || value.data[0] != '"')
		return false;
	*out = (struct slice){value.data + 1, value.len - 2};
	if (out->len == 0 || memchr(out->data, '\\', out->len) == NULL)
		return true;
	copy = arena_take(arena, out->len + 1);
	if (copy == NULL)
		return false;
	for (size_t i = 0, n; i < out->len; i += n) {
		n = 1;
		if (out->data[i] != '\\')
			copy[len++] = out->data[i];
		else if (out->len - i < 2 ||
		    (out->data[i + 1] == 'u' && out->len - i < 6))
			return false;
		else
			copy[len++] = unescape(out->data + i, &n);
	}
	*out = (struct slice){copy, len};
	return true;
}

bool
canon_number(struct slice value, int64_t *out)
{
	bool negative = value.len != 0 && value.data[0] == '-';
	int64_t n = 0;

	if (value.len == negative || value.len > 18)
		return false;
	for (size_t i = negative; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return false;
		n = n * 10 + (value.data[i] - '0');
	}
	*out = negative ? -n : n;
	return true;
}

bool
canon_get_string(struct slice object, const char *name, struct arena *arena,
    struct slice *out)
{
	struct slice value;

	return canon_member(object, name, &value) &&
	    canon_string(value, arena, out);
}

bool
canon_get_number(struct slice object, const char *name, int64_t *out)
{
	struct slice value;

	return canon_member(object, name, &value) &&
	    canon_number(value, out);
}

#include "runner/undress.h"

#include <stdint.h>
#include <sys/mman.h>

enum { RUN_MIN = 6 }; /* shorter runs of base64 or hex hide no canary */

/* As much as a search can ever need; only what is touched is there. */
static const size_t scratch_size = (size_t)1 << 32;
static char *scratch;
static size_t scratch_used;

char *
undress_take(size_t size)
{
	char *data;

	if (scratch == NULL)
		scratch = mmap(NULL, scratch_size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (scratch == MAP_FAILED || size > scratch_size - scratch_used - 16)
		abort();
	data = scratch + scratch_used;
	scratch_used += (size + 15) / 16 * 16;
	return data;
}

void
undress_give_back(const char *data)
{
	scratch_used = (size_t)(data - scratch);
}

/* Keep the result only where something was undone. */
static bool
give(char *data, size_t len, bool changed, struct slice *out)
{
	if (!changed) {
		undress_give_back(data);
		return false;
	}
	*out = (struct slice){data, len};
	return true;
}

static bool
has(struct slice from, char c)
{
	return from.len != 0 && memchr(from.data, c, from.len) != NULL;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Two hex digits at `at`, or -1. */
static int
hex_byte(struct slice from, size_t at)
{
	if (at + 2 > from.len || hex_value(from.data[at]) < 0 ||
	    hex_value(from.data[at + 1]) < 0)
		return -1;
	return hex_value(from.data[at]) * 16 + hex_value(from.data[at + 1]);
}

static size_t
put_utf8(char *to, unsigned point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 63));
		return 2;
	}
	if (point < 0x10000) {
		to[0] = (char)(0xe0 | point >> 12);
		to[1] = (char)(0x80 | (point >> 6 & 63));
		to[2] = (char)(0x80 | (point & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | (point >> 18 & 7));
	to[1] = (char)(0x80 | (point >> 12 & 63));
	to[2] = (char)(0x80 | (point >> 6 & 63));
	to[3] = (char)(0x80 | (point & 63));
	return 4;
}

/* --- white space, shifts -------------------------------------------------- */

static bool
undo_space(struct slice from, struct slice *out)
{
	char *data = undress_take(from.len);
	size_t len = 0;

	for (size_t i = 0; i < from.len; i++)
		if (from.data[i] != '\r' && from.data[i] != '\n' &&
		    from.data[i] != '\t' && from.data[i] != ' ')
			data[len++] = from.data[i];
	return give(data, len, len != from.len, out);
}

size_t
undress_shifts(char *data, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\x1b' && i + 2 < len &&
		    (data[i + 1] == '$' || data[i + 1] == '(')) {
			i += 2;
			continue;
		}
		data[to++] = data[i];
	}
	return to;
}

struct slice
undress_zeros(struct slice bytes)
{
	char *out = undress_take(bytes.len);
	size_t len = 0, zeros = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		zeros = bytes.data[i] == 0 ? zeros + 1 : 0;
		if (zeros < 16)
			out[len++] = bytes.data[i];
	}
	return (struct slice){out, len};
}

/* --- one byte for an escape ----------------------------------------------- */

/* "=" and two hex digits, a soft line break, and "_" as MIME's Q has it. */
static bool
undo_quoted(struct slice from, struct slice *out)
{
	char *data;
	size_t len = 0;

	if (!has(from, '='))
		return false;
	data = undress_take(from.len);
	for (size_t i = 0; i < from.len; i++) {
		int byte = from.data[i] == '=' ? hex_byte(from, i + 1) : -1;

		if (byte >= 0) {
			data[len++] = (char)byte;
			i += 2;
		} else if (from.data[i] == '=' && i + 1 < from.len &&
			   from.data[i + 1] == '\n') {
			i += 1;
		} else if (from.data[i] == '=' && i + 2 < from.len &&
			   memcmp(from.data + i + 1, "\r\n", 2) == 0) {
			i += 2;
		} else {
			data[len++] = from.data[i];
		}
	}
	return give(data, len, len != from.len, out);
}

static bool
undo_underscores(struct slice from, struct slice *out)
{
	char *data;
	bool changed = false;

	if (!has(from, '_') && !has(from, '+'))
		return false;
	data = undress_take(from.len);
	for (size_t i = 0; i < from.len; i++) {
		bool blank = from.data[i] == '_' || from.data[i] == '+';
		data[i] = blank ? ' ' : from.data[i];
		changed = changed || blank;
	}
	return give(data, from.len, changed, out);
}

static bool
undo_percent(struct slice from, struct slice *out)
{
	char *data;
	size_t len = 0;

	if (!has(from, '%'))
		return false;
	data = undress_take(from.len);
	for (size_t i = 0; i < from.len; i++) {
		int byte = from.data[i] == '%' ? hex_byte(from, i + 1) : -1;

		data[len++] = byte >= 0 ? (char)byte : from.data[i];
		i += byte >= 0 ? 2 : 0;
	}
	return give(data, len, len != from.len, out);
}

/* --- characters by number ------------------------------------------------- */

/* The character of a reference at `at`, and how many bytes it takes. */
static size_t
xml_reference(struct slice from, size_t at, unsigned *point)
{
	static const struct {
		const char *name;
		unsigned point;
	} names[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'},
	    {"&quot;", '"'}, {"&apos;", '\''}};
	char text[16];
	char *end;
	size_t len = from.len - at < 15 ? from.len - at : 15;

	memcpy(text, from.data + at, len);
	text[len] = '\0';
	for (size_t i = 0; i < 5; i++) {
		if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
			*point = names[i].point;
			return strlen(names[i].name);
		}
	}
	if (text[0] != '&' || text[1] != '#')
		return 0;
	if (text[2] == 'x' || text[2] == 'X')
		*point = (unsigned)strtoul(text + 3, &end, 16);
	else
		*point = (unsigned)strtoul(text + 2, &end, 10);
	return *end == ';' ? (size_t)(end - text) + 1 : 0;
}

static bool
undo_xml(struct slice from, struct slice *out)
{
	char *data;
	size_t len = 0, skip;
	unsigned point = 0;

	if (!has(from, '&'))
		return false;
	data = undress_take(from.len);
	for (size_t i = 0; i < from.len; i += skip) {
		skip = from.data[i] == '&' ? xml_reference(from, i, &point) : 0;
		if (skip != 0) {
			len += put_utf8(data + len, point);
		} else {
			data[len++] = from.data[i];
			skip = 1;
		}
	}
	return give(data, len, len != from.len, out);
}

/* The UTF-16 unit of "\uXXXX" at `at`, or -1. */
static int
json_unit(struct slice from, size_t at)
{
	if (at + 6 > from.len || from.data[at] != '\\' ||
	    from.data[at + 1] != 'u' || hex_byte(from, at + 2) < 0 ||
	    hex_byte(from, at + 4) < 0)
		return -1;
	return hex_byte(from, at + 2) * 256 + hex_byte(from, at + 4);
}

static size_t
json_escape(struct slice from, size_t at, unsigned *point)
{
	static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	int high = json_unit(from, at), low;
	const char *found;

	if (high >= 0xd800 && high <= 0xdbff) {
		low = json_unit(from, at + 6);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*point = 0x10000 + ((unsigned)high - 0xd800) * 0x400 +
				 ((unsigned)low - 0xdc00);
			return 12;
		}
	}
	if (high >= 0) {
		*point = (unsigned)high;
		return 6;
	}
	if (at + 1 >= from.len || from.data[at + 1] == '\0')
		return 0;
	found = strchr(plain, from.data[at + 1]);
	if (found == NULL)
		return 0;
	*point = (unsigned char)means[found - plain];
	return 2;
}

static bool
undo_json(struct slice from, struct slice *out)
{
	char *data;
	size_t len = 0, skip;
	unsigned point = 0;

	if (!has(from, '\\'))
		return false;
	data = undress_take(from.len);
	for (size_t i = 0; i < from.len; i += skip) {
		skip = from.data[i] == '\\' ? json_escape(from, i, &point) : 0;
		if (skip != 0) {
			len += put_utf8(data + len, point);
		} else {
			data[len++] = from.data[i];
			skip = 1;
		}
	}
	return give(data, len, len != from.len, out);
}

/* --- runs of digits ------------------------------------------------------- */

/* Both alphabets: + and / as well as - and _. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* Decode `bits`-bit digits after `skip` of them; line ends do not count. */
static size_t
decode_run(struct slice run, unsigned skip, unsigned bits, int (*value)(char),
    char *to)
{
	unsigned pending = 0, have = 0;
	size_t len = 0;

	for (size_t i = 0; i < run.len; i++) {
		if (value(run.data[i]) < 0 || (skip > 0 && skip-- > 0))
			continue;
		pending = pending << bits | (unsigned)value(run.data[i]);
		have += bits;
		if (have >= 8) {
			have -= 8;
			to[len++] = (char)(pending >> have);
			pending &= (1U << have) - 1;
		}
	}
	return len;
}

/*
 * Every run, decoded from each digit it could start at, because letters that
 * are no part of the encoding may stand right before it.  A NUL between.
 */
static bool
undo_runs(struct slice from, unsigned bits, unsigned starts, int (*value)(char),
    struct slice *out)
{
	char *data = undress_take(from.len * starts + from.len * starts / RUN_MIN + 8);
	size_t len = 0, end;

	for (size_t i = 0; i < from.len; i = end + 1) {
		end = i;
		while (end < from.len &&
		       (value(from.data[end]) >= 0 || from.data[end] == '\r' ||
			   from.data[end] == '\n'))
			end++;
		for (unsigned s = 0; s < starts && end - i >= RUN_MIN; s++) {
			len +=
			    decode_run((struct slice){from.data + i, end - i},
				s, bits, value, data + len);
			data[len++] = '\0';
		}
	}
	return give(data, len, len != 0, out);
}

static bool
undo_base64(struct slice from, struct slice *out)
{
	return undo_runs(from, 6, 4, base64_value, out);
}

static bool
undo_hex(struct slice from, struct slice *out)
{
	return undo_runs(from, 4, 2, hex_value, out);
}

const struct undress undress[] = {
    {"space", undo_space},
    {"quoted-printable", undo_quoted},
    {"underscores", undo_underscores},
    {"percent", undo_percent},
    {"xml", undo_xml},
    {"json", undo_json},
    {"base64", undo_base64},
    {"hex", undo_hex},
};

const size_t undress_count = sizeof(undress) / sizeof(*undress);

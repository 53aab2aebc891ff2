#include "base/text.h"

#include <stdarg.h>

struct text
text_start(struct arena *arena)
{
	return (struct text){.arena = arena};
}

/* One that failed has no room. */
bool
text_grow(struct text *text, size_t more)
{
	size_t size = text->size;
	char *data;

	if (text->failed)
		return false;
	if (size == 0)
		size = 256;
	while (size - text->len <= more)
		size *= 2;
	if (text->size != 0 &&
	    arena_extend(text->arena, text->data, text->size, size)) {
		text->size = size;
		return true;
	}
	data = arena_take(text->arena, size);
	if (data == NULL) {
		text->failed = true;
		text->size = text->len;
		return false;
	}
	if (text->len != 0)
		memcpy(data, text->data, text->len);
	text->data = data;
	text->size = size;
	return true;
}

char *
text_put_number(char *at, int64_t number)
{
	uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	uint64_t limit = 10;
	unsigned digits = 1;

	if (number < 0)
		*at++ = '-';
	/* Counted first, so that they are written where they stay. */
	for (; digits < TEXT_NUMBER_MAX && rest >= limit; limit *= 10)
		digits++;
	for (unsigned i = digits; i-- > 0; rest /= 10)
		at[i] = (char)('0' + rest % 10);
	return at + digits;
}

void
text_add_number(struct text *text, int64_t number)
{
	if (text_reserve(text, TEXT_NUMBER_MAX))
		text->len = (size_t)(text_put_number(
					 text->data + text->len, number) -
				     text->data);
}

void
text_add_format(struct text *text, const char *format, ...)
{
	va_list args;
	int need;

	va_start(args, format);
	need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (need < 0 || !text_reserve(text, (size_t)need))
		return;
	va_start(args, format);
	vsnprintf(text->data + text->len, (size_t)need + 1, format, args);
	va_end(args);
	text->len += (size_t)need;
}

/*
 * Of eight bytes, those that JSON escapes: their highest bits, and perhaps
 * some of bytes behind the first one.
 */
static uint64_t
json_escaped(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = word ^ '"' * ones, slash = word ^ '\\' * ones;

	return (((word - ' ' * ones) & ~word) | ((quote - ones) & ~quote) |
		   ((slash - ones) & ~slash)) &
	       0x80 * ones;
}

/* How many bytes of the beginning stand in JSON as they are. */
static size_t
json_run(struct slice value)
{
	size_t len = 0;

	for (; len + 8 <= value.len; len += 8) {
		uint64_t word;

		memcpy(&word, value.data + len, sizeof(word));
		if (json_escaped(word) != 0)
			break;
	}
	while (len < value.len && (unsigned char)value.data[len] >= 0x20 &&
	       value.data[len] != '"' && value.data[len] != '\\')
		len++;
	return len;
}

void
text_add_json(struct text *text, struct slice value)
{
	bool is_plain = json_run(value) == value.len;
	char *at = is_plain ? text_room(text, value.len + 2) : NULL;

	if (at != NULL) {
		at[0] = at[value.len + 1] = '"';
		memcpy(at + 1, value.len != 0 ? value.data : "", value.len);
	} else if (!is_plain) {
		text_add_char(text, '"');
		text_add_json_escaped(text, value);
		text_add_char(text, '"');
	}
}

static void
add_escape(struct text *text, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char short_escape[32] = {['\b'] = 'b',
	    ['\t'] = 't',
	    ['\n'] = 'n',
	    ['\f'] = 'f',
	    ['\r'] = 'r'};
	char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	if (c >= 0x20)
		escape[1] = (char)c;
	else if (short_escape[c] != 0)
		escape[1] = short_escape[c];
	text_add(text, (struct slice){escape, escape[1] == 'u' ? 6 : 2});
}

void
text_add_json_escaped(struct text *text, struct slice value)
{
	for (;;) {
		size_t run = json_run(value);

		text_add(text, (struct slice){value.data, run});
		if (run == value.len)
			return;
		add_escape(text, (unsigned char)value.data[run]);
		value.data += run + 1;
		value.len -= run + 1;
	}
}

/* Four bytes as eight digits, in order in memory: a nibble in each byte. */
static uint64_t
hex_digits(uint32_t bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word = bytes, letters;

	word = (word | word << 16) & UINT64_C(0x0000ffff0000ffff);
	word = (word | word << 8) & UINT64_C(0x00ff00ff00ff00ff);
	word = (word | word << 4) & (0x0f * ones);
	letters = (word + 6 * ones) >> 4 & ones;
	word += '0' * ones + letters * ('a' - '0' - 10);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

void
text_add_hex(struct text *text, const void *bytes, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *from = bytes;
	char *to;

	if (!text_reserve(text, 2 * len))
		return;
	to = text->data + text->len;
	text->len += 2 * len;
	for (; len >= 4; len -= 4, from += 4, to += 8) {
		uint64_t digits = hex_digits((uint32_t)from[0] << 24 |
		    (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 |
		    from[3]);

		memcpy(to, &digits, sizeof(digits));
	}
	for (; len != 0; len--, from++) {
		*to++ = hex[*from >> 4];
		*to++ = hex[*from & 15];
	}
}

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/*
 * Six bytes, the first in the highest of 48 bits, as eight letters in order
 * in memory.  A letter is its number and what its range of the alphabet is
 * away from it; no sum leaves its byte.
 */
static uint64_t
base64_letters(uint64_t bytes)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t six = (bytes & 0xffffff) | bytes >> 24 << 32;
	uint64_t word, lower, digit, plus, slash;

	six = (six & UINT64_C(0x00000fff00000fff)) |
	      (six & UINT64_C(0x00fff00000fff000)) << 4;
	six = (six & UINT64_C(0x003f003f003f003f)) |
	      (six & UINT64_C(0x0fc00fc00fc00fc0)) << 2;
	lower = (six + (128 - 26) * ones) >> 7 & ones;
	digit = (six + (128 - 52) * ones) >> 7 & ones;
	plus = (six + (128 - 62) * ones) >> 7 & ones;
	slash = (six + (128 - 63) * ones) >> 7 & ones;
	word = six + 'A' * ones + lower * ('a' - 'Z' - 1) +
	       slash * ('/' - '+' - 1);
	word -= digit * ('z' - '0' + 1) + plus * ('9' - '+' + 1);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static void
put_base64_rest(char *to, const unsigned char *from, size_t len)
{
	to[0] = base64[from[0] >> 2];
	to[1] = base64[(from[0] & 3) << 4 | (len > 1 ? from[1] >> 4 : 0)];
	to[2] = '=';
	to[3] = '=';
	if (len > 1)
		to[2] = base64[(from[1] & 15) << 2 |
			       (len > 2 ? from[2] >> 6 : 0)];
	if (len > 2)
		to[3] = base64[from[2] & 63];
}

char *
text_put_base64(char *to, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;
	uint64_t word;

	/* Eight are loaded at once, of which six count. */
	for (; len >= sizeof(word); len -= 6, from += 6, to += 8) {
		memcpy(&word, from, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		word = __builtin_bswap64(word);
#endif
		word = base64_letters(word >> 16);
		memcpy(to, &word, sizeof(word));
	}
	for (; len != 0; from += 3, to += 4) {
		put_base64_rest(to, from, len);
		len -= len > 3 ? 3 : len;
	}
	return to;
}

void
text_add_base64(struct text *text, const void *bytes, size_t len)
{
	if (len == 0 || !text_reserve(text, TEXT_BASE64_LEN(len)))
		return;
	text_put_base64(text->data + text->len, bytes, len);
	text->len += TEXT_BASE64_LEN(len);
}

struct slice
text_slice(struct text *text)
{
	if (text->failed || !text_reserve(text, 0))
		return (struct slice){NULL, 0};
	text->data[text->len] = '\0';
	/* What was taken and is not needed serves who comes next. */
	if (text->size != text->len + 1) {
		arena_shrink(
		    text->arena, text->data, text->size, text->len + 1);
		text->size = text->len + 1;
	}
	return (struct slice){text->data, text->len};
}

/* The value of a letter and 1; 0: it is none. */
static const uint8_t base64_values[256] = {['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9,
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
    43, 44, 45, 46, 47, 48, 49, 50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58,
    59, 60, 61, 62, ['+'] = 63, ['/'] = 64};

static const uint8_t hex_values[256] = {['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ['a'] = 11, 12, 13, 14, 15, 16};

/* Four letters to 24 bits, of which so many are padding; false: not them. */
static inline bool
base64_four(const char *at, size_t pad, unsigned *out)
{
	unsigned v = 0;

	for (size_t k = 0; k < 4; k++) {
		unsigned digit = base64_values[(uint8_t)at[k]];

		if (k >= 4 - pad)
			digit = 1;
		if (digit == 0)
			return false;
		v = v << 6 | (digit - 1);
	}
	*out = v;
	return true;
}

bool
text_base64_decode(struct arena *arena, struct slice encoded, struct slice *out)
{
	size_t pad = 0, len;
	unsigned char *data;

	if (encoded.len % 4 != 0)
		return false;
	while (pad < 2 && pad < encoded.len &&
	    encoded.data[encoded.len - 1 - pad] == '=')
		pad++;
	len = encoded.len / 4 * 3 - pad;
	data = arena_take(arena, len + 3);
	if (data == NULL)
		return false;
	for (size_t i = 0, o = 0; i < encoded.len; i += 4, o += 3) {
		unsigned v;

		if (!base64_four(encoded.data + i,
			i + 4 == encoded.len ? pad : 0, &v))
			return false;
		data[o] = (unsigned char)(v >> 16);
		data[o + 1] = (unsigned char)(v >> 8);
		data[o + 2] = (unsigned char)v;
	}
	for (size_t i = len; i < encoded.len / 4 * 3; i++)
		if (data[i] != 0)
			return false;
	*out = (struct slice){(const char *)data, len};
	return true;
}

bool
text_hex_decode(struct slice encoded, void *out, size_t len)
{
	unsigned char *to = out;

	if (encoded.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned high = hex_values[(uint8_t)encoded.data[2 * i]];
		unsigned low = hex_values[(uint8_t)encoded.data[2 * i + 1]];

		if (high == 0 || low == 0)
			return false;
		to[i] = (unsigned char)((high - 1) << 4 | (low - 1));
	}
	return true;
}

/* How many bytes the sequence at `at` has, 0 if it is malformed. */
static size_t
utf8_sequence(const unsigned char *at, size_t left)
{
	unsigned lead = at[0], low = 0x80, high = 0xbf;
	size_t len;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	len = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	if (lead == 0xed)
		high = 0x9f;
	if (lead == 0xf0)
		low = 0x90;
	if (lead == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static bool
is_ascii_word(const unsigned char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return (word & UINT64_C(0x8080808080808080)) == 0;
}

bool
text_is_utf8(struct slice text)
{
	const unsigned char *at = (const unsigned char *)text.data;
	size_t i = 0;

	/* Eight letters of ASCII at once; the last may be looked at twice. */
	while (i + 8 <= text.len && is_ascii_word(at + i))
		i += 8;
	if (i != 0 && i + 8 > text.len && is_ascii_word(at + text.len - 8))
		return true;
	for (size_t n; i < text.len; i += n) {
		/* From U+3000 on, but for what surrogates begin with. */
		if (at[i] >= 0xe3 && at[i] <= 0xec && text.len - i >= 3 &&
		    (at[i + 1] & 0xc0) == 0x80 && (at[i + 2] & 0xc0) == 0x80) {
			n = 3;
			continue;
		}
		n = at[i] < 0x80 ? 1 : utf8_sequence(at + i, text.len - i);
		if (n == 0)
			return false;
	}
	return true;
}

void
text_add_percent(struct text *text, struct slice value)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.data[i];
		char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			text_add_char(text, (char)c);
		else
			text_add(text, (struct slice){escape, 3});
	}
}

/* How XML writes a character that must not stand as it is; else empty. */
static struct slice
xml_escape(char c)
{
	switch (c) {
	case '&':
		return SLICE("&amp;");
	case '<':
		return SLICE("&lt;");
	case '>':
		return SLICE("&gt;");
	case '"':
		return SLICE("&quot;");
	case '\'':
		return SLICE("&apos;");
	default:
		return SLICE("");
	}
}

size_t
text_xml_run(struct slice value)
{
	size_t len = 0;

	while (len < value.len && value.data[len] != '&' &&
	       value.data[len] != '<' && value.data[len] != '>' &&
	       value.data[len] != '"' && value.data[len] != '\'')
		len++;
	return len;
}

void
text_add_xml(struct text *text, struct slice value)
{
	for (;;) {
		size_t run = text_xml_run(value);

		text_add(text, (struct slice){value.data, run});
		if (run == value.len)
			return;
		text_add(text, xml_escape(value.data[run]));
		value.data += run + 1;
		value.len -= run + 1;
	}
}

unsigned
text_code_point(struct slice text, size_t *len)
{
	unsigned point = (unsigned char)text.data[0];

	*len = point < 0x80 ? 1 : point < 0xe0 ? 2 : point < 0xf0 ? 3 : 4;
	if (*len > 1)
		point &= 0x7fU >> *len;
	for (size_t i = 1; i < *len; i++)
		point = point << 6 | ((unsigned char)text.data[i] & 0x3fU);
	return point;
}

static bool
is_hidden(unsigned point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	    point == 0x61c || point == 0x200e || point == 0x200f ||
	    (point >= 0x2028 && point <= 0x202e) ||
	    (point >= 0x2066 && point <= 0x2069) || point == 0xfeff ||
	    (point & 0xfffe) == 0xfffe;
}

/* Eight bytes at a time: none below a space, nor beyond a tilde. */
bool
text_is_printable(struct slice text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	for (size_t i = 0; text.len >= 8 && i < text.len; i += 8) {
		/* The last ones may be looked at twice. */
		if (i + 8 > text.len)
			i = text.len - 8;
		memcpy(&word, text.data + i, 8);
		if ((((word - 0x20 * ones) | (word + ones) | word) &
			0x80 * ones) != 0)
			return false;
	}
	for (size_t i = 0; text.len < 8 && i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] >= 0x7f)
			return false;
	return true;
}

bool
text_is_plain(struct slice text)
{
	for (size_t i = 0, len; i < text.len; i += len) {
		unsigned char lead = (unsigned char)text.data[i];

		len = 1;
		if (lead >= ' ' && lead < 0x7f)
			continue;
		/* From U+3000 to U+EFFF, nearly all that Asia writes. */
		len = 3;
		if (lead >= 0xe3 && lead <= 0xee)
			continue;
		if (is_hidden(text_code_point(
			(struct slice){text.data + i, text.len - i}, &len)))
			return false;
	}
	return true;
}

bool
text_is_name(struct slice text, size_t longest)
{
	if (text.len == 0 || text.len > longest || text.data[0] < 'a' ||
	    text.data[0] > 'z')
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-'))
			return false;
	}
	return true;
}

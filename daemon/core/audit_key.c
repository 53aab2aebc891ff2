#include "core/audit_key.h"

#include <stdlib.h>

#include "base/fold.h"
#include "base/name.h"
#include "base/text.h"

enum { WORDS_MAX = 16 }; /* of a name; one with more is taken as it stands */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
finish(struct text *text, struct slice *out, struct fail *fail)
{
	*out = text_slice(text);
	return out->data != NULL || fail_memory(fail);
}

/* --- texts ---------------------------------------------------------------- */

/* Between a number and another, many marks are used as a hyphen. */
static bool
is_hyphen(unsigned point, char before)
{
	return (point >= 0x2010 && point <= 0x2015) || point == 0x2212 ||
	       (point == 0x30fc && is_digit(before));
}

/* What stands between the words and lines of a text, and says nothing. */
static bool
is_gap(unsigned point)
{
	return point <= ' ' || point == ',' || point == '.' ||
	       point == 0x3001 || point == 0x3002 || point == 0x3000 ||
	       (point >= 0x200b && point <= 0x200f) || point == 0x2060 ||
	       point == 0xfeff;
}

/*
 * The next character of folded text: what it adds to a key, empty for a gap.
 * A byte that is no part of UTF-8 stands for itself.
 */
static struct slice
next_piece(struct slice *rest, bool is_utf8, char before)
{
	size_t len = 1;
	unsigned point = (unsigned char)rest->data[0];
	struct slice piece;

	if (is_utf8 && point >= 0x80)
		point = text_code_point(*rest, &len);
	piece = (struct slice){rest->data, len};
	if (is_gap(point))
		piece = (struct slice){"", 0};
	else if (is_hyphen(point, before))
		piece = SLICE("-");
	else if (point == 0x301c)
		/* Charsets of Japan do not agree which of two waves it is. */
		piece = SLICE("~");
	rest->data += len;
	rest->len -= len;
	return piece;
}

static bool
text_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice rest;
	bool is_utf8;

	if (!fold_text(arena, value, &rest, fail))
		return false;
	is_utf8 = text_is_utf8(rest);
	while (rest.len != 0)
		text_add(
		    &text, next_piece(&rest, is_utf8,
			       text.len != 0 ? text.data[text.len - 1] : ' '));
	return finish(&text, out, fail);
}

/* What a gap becomes where it is kept. */
static char
kept_gap(char c)
{
	return c == '\n' || c == '.' ? c : ' ';
}

bool
audit_key_text(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	char before = ' ', last = '\n';
	struct slice rest;
	bool is_utf8;

	if (!fold_text(arena, value, &rest, fail))
		return false;
	is_utf8 = text_is_utf8(rest);
	while (rest.len != 0) {
		char gap = kept_gap(rest.data[0]);
		struct slice piece = next_piece(&rest, is_utf8, before);

		text_add(&text, piece);
		if (piece.len != 0)
			before = last = piece.data[piece.len - 1];
		else if (gap != last)
			text_add_char(&text, last = gap);
	}
	return finish(&text, out, fail);
}

static int
compare_words(const void *a, const void *b)
{
	return slice_compare(
	    *(const struct slice *)a, *(const struct slice *)b);
}

/* The words of a folded text; false if there are more than fit. */
static bool
split_words(struct slice rest, struct slice *words, size_t *count)
{
	for (*count = 0; rest.len != 0;) {
		size_t len = 0;

		while (len < rest.len && !is_gap((unsigned char)rest.data[len]))
			len++;
		if (len != 0 && *count == WORDS_MAX)
			return false;
		if (len != 0)
			words[(*count)++] = (struct slice){rest.data, len};
		len += len < rest.len;
		rest.data += len;
		rest.len -= len;
	}
	return true;
}

/* "Yamada, Taro" is "Taro Yamada": the order of its words says nothing. */
static bool
name_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice words[WORDS_MAX], folded;
	size_t count;

	if (!fold_text(arena, value, &folded, fail))
		return false;
	if (!split_words(folded, words, &count))
		return text_key(arena, folded, out, fail);
	qsort(words, count, sizeof(*words), compare_words);
	for (size_t i = 0; i < count; i++)
		text_add(&text, words[i]);
	return finish(&text, out, fail);
}

/* --- numbers and codes ---------------------------------------------------- */

/* "〒100-0001" is "1000001": letters and digits alone. */
static bool
code_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice folded;

	if (!fold_text(arena, value, &folded, fail))
		return false;
	for (size_t i = 0; i < folded.len; i++)
		if (is_digit(folded.data[i]) || is_letter(folded.data[i]))
			text_add_char(&text, folded.data[i]);
	return finish(&text, out, fail);
}

/* The digits up to an extension, without "(0)". */
static void
add_digits(struct text *text, struct slice from)
{
	for (size_t i = 0; i < from.len; i++) {
		if (from.len - i >= 3 && memcmp(from.data + i, "(0)", 3) == 0) {
			i += 2;
			continue;
		}
		if (is_digit(from.data[i]))
			text_add_char(text, from.data[i]);
		else if (text->len != 0 &&
			 (is_letter(from.data[i]) || from.data[i] == ';'))
			return;
	}
}

/*
 * All digits of the international number: a number without "+" that begins
 * with 0 is Japanese; one that does not was written without the "+".
 */
static bool
phone_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text digits = text_start(arena), text = text_start(arena);
	struct slice folded, number;
	bool is_international;

	if (!fold_text(arena, value, &folded, fail))
		return false;
	is_international =
	    folded.len != 0 && memchr(folded.data, '+', folded.len) != NULL;
	add_digits(&digits, folded);
	number = text_slice(&digits);
	if (number.data == NULL)
		return fail_memory(fail);
	if (number.len == 0)
		return text_key(arena, folded, out, fail);
	if (!is_international && number.data[0] == '0') {
		text_add_string(&text, "81");
		number.data++;
		number.len--;
	} else if (number.len > 3 && memcmp(number.data, "810", 3) == 0) {
		text_add_string(&text, "81");
		number.data += 3;
		number.len -= 3;
	}
	text_add(&text, number);
	return finish(&text, out, fail);
}

/* --- names on the Internet ------------------------------------------------ */

/* Glue and a comment stand after a blank. */
static struct slice
first_word(struct slice value)
{
	size_t len = 0;

	while (len < value.len && (unsigned char)value.data[len] > ' ')
		len++;
	return (struct slice){value.data, len};
}

/* What is no name is compared as a text. */
static bool
host_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct fail why = FAIL_INIT;

	if (name_canonical(arena, first_word(value), out, &why))
		return true;
	if (why.kind == FAIL_MEMORY)
		return fail_memory(fail);
	return text_key(arena, value, out, fail);
}

static bool
email_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	struct slice local = value, domain;

	while (local.len != 0 && local.data[local.len - 1] != '@')
		local.len--;
	if (local.len == 0)
		return text_key(arena, value, out, fail);
	domain = (struct slice){value.data + local.len, value.len - local.len};
	local.len--;
	if (!fold_text(arena, local, &local, fail) ||
	    !host_key(arena, domain, &domain, fail))
		return false;
	text_add(&text, local);
	text_add_char(&text, '@');
	text_add(&text, domain);
	return finish(&text, out, fail);
}

/*
 * "12345 13 2 ABCD EF01", with parentheses as zone files have them: three
 * numbers, and the digest in one piece.
 */
static bool
ds_key(struct arena *arena, struct slice value, struct slice *out,
    struct fail *fail)
{
	struct text text = text_start(arena);
	unsigned words = 0;
	bool is_between = false;

	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (!is_digit(c) && !is_letter(c)) {
			is_between = true;
			continue;
		}
		if (is_between && text.len != 0 && words < 3) {
			text_add_char(&text, ' ');
			words++;
		}
		is_between = false;
		text_add_char(
		    &text, c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c);
	}
	return finish(&text, out, fail);
}

bool
audit_key(struct arena *arena, enum field field, struct slice value,
    struct slice *out, struct fail *fail)
{
	switch (field_info[field].check) {
	case CHECK_EMAIL:
		return email_key(arena, value, out, fail);
	case CHECK_PHONE:
		return phone_key(arena, value, out, fail);
	case CHECK_DIGITS:
	case CHECK_COUNTRY:
		return code_key(arena, value, out, fail);
	case CHECK_DOMAIN:
	case CHECK_HOST:
		return host_key(arena, value, out, fail);
	case CHECK_DS:
		return ds_key(arena, value, out, fail);
	case CHECK_TEXT:
	case CHECK_ASCII:
	case CHECK_PREFIX:
		break;
	}
	if (field == FIELD_POSTCODE)
		return code_key(arena, value, out, fail);
	if (field == FIELD_NAME_INT)
		return name_key(arena, value, out, fail);
	return text_key(arena, value, out, fail);
}

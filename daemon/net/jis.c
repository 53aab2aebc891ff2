#include "net/jis.h"

#include <iconv.h>
#include <stdlib.h>

enum { PIECE = 256 };

struct jis {
	iconv_t to;
	iconv_t near; /* what looks like it, "?" where nothing does */
};

struct jis *
jis_open(void)
{
	struct jis *jis = malloc(sizeof(*jis));

	if (jis == NULL)
		return NULL;
	jis->to = iconv_open("ISO-2022-JP", "UTF-8");
	jis->near = iconv_open("ISO-2022-JP//TRANSLIT", "UTF-8");
	if (jis->to != (iconv_t)-1 && jis->near != (iconv_t)-1)
		return jis;
	jis_close(jis);
	return NULL;
}

void
jis_close(struct jis *jis)
{
	if (jis == NULL)
		return;
	if (jis->to != (iconv_t)-1)
		iconv_close(jis->to);
	if (jis->near != (iconv_t)-1)
		iconv_close(jis->near);
	free(jis);
}

/* What iconv() could make into `out`; false: not even one character. */
static bool
convert(struct text *out, iconv_t to, char **from, size_t *left)
{
	char piece[PIECE], *at = piece;
	size_t room = sizeof(piece), before = from != NULL ? *left : 0;

	iconv(to, from, left, &at, &room);
	text_add(out, (struct slice){piece, sizeof(piece) - room});
	return from == NULL || *left != before;
}

/* From U+FF61 to U+FF9F, which ISO-2022-JP has in full width alone. */
static const uint16_t full_width[] = {0x3002, 0x300c, 0x300d, 0x3001, 0x30fb,
    0x30f2, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7,
    0x30c3, 0x30fc, 0x30a2, 0x30a4, 0x30a6, 0x30a8, 0x30aa, 0x30ab, 0x30ad,
    0x30af, 0x30b1, 0x30b3, 0x30b5, 0x30b7, 0x30b9, 0x30bb, 0x30bd, 0x30bf,
    0x30c1, 0x30c4, 0x30c6, 0x30c8, 0x30ca, 0x30cb, 0x30cc, 0x30cd, 0x30ce,
    0x30cf, 0x30d2, 0x30d5, 0x30d8, 0x30db, 0x30de, 0x30df, 0x30e0, 0x30e1,
    0x30e2, 0x30e4, 0x30e6, 0x30e8, 0x30e9, 0x30ea, 0x30eb, 0x30ec, 0x30ed,
    0x30ef, 0x30f3, 0x309b, 0x309c};

enum {
	HALF_FIRST = 0xff61,
	HALF_LAST = 0xff9f,
	HALF_VOICED = 0xff9e,
	HALF_PLOSIVE = 0xff9f,
	UNKNOWN = 0x3013 /* the printers' mark for a character not to be had */
};

static unsigned
code_point_at(struct slice text, size_t at, size_t *len)
{
	*len = 0;
	if (at >= text.len)
		return 0;
	return text_code_point(
	    (struct slice){text.data + at, text.len - at}, len);
}

/* Marks that are letters of their own there belong to the one before. */
static unsigned
with_mark(unsigned letter, unsigned mark)
{
	bool is_h = letter >= 0x30cf && letter <= 0x30db; /* ha ... ho */

	if (mark == HALF_VOICED && letter == 0x30a6)
		return 0x30f4;
	if (mark == HALF_VOICED &&
	    (is_h || (letter >= 0x30ab && letter <= 0x30c8 &&
			 letter != 0x30c3)))
		return letter + 1;
	if (mark == HALF_PLOSIVE && is_h)
		return letter + 2;
	return letter;
}

/* What stands for the first character of `text`; *len: how much of it. */
static unsigned
substitute(struct slice text, size_t *len)
{
	unsigned code = code_point_at(text, 0, len), mark, letter;
	size_t more;

	if (code < HALF_FIRST || code > HALF_LAST)
		return UNKNOWN;
	letter = full_width[code - HALF_FIRST];
	mark = code_point_at(text, *len, &more);
	if (with_mark(letter, mark) == letter)
		return letter;
	*len += more;
	return with_mark(letter, mark);
}

/* All that stands for something is below U+10000. */
static void
add_code(struct text *out, struct jis *jis, unsigned code)
{
	char utf8[3] = {(char)(0xe0 | code >> 12),
	    (char)(0x80 | (code >> 6 & 0x3f)), (char)(0x80 | (code & 0x3f))};
	char *from = utf8;
	size_t left = sizeof(utf8);

	convert(out, jis->to, &from, &left);
}

/* "(1)" for a one in a circle; false where nothing is like it. */
static bool
add_near(struct text *out, struct jis *jis, struct slice one)
{
	char piece[PIECE], *at = piece, *from = (char *)(uintptr_t)one.data;
	size_t room = sizeof(piece), left = one.len;
	struct slice made;

	iconv(jis->near, NULL, NULL, NULL, NULL);
	if (iconv(jis->near, &from, &left, &at, &room) == (size_t)-1 ||
	    iconv(jis->near, NULL, NULL, &at, &room) == (size_t)-1)
		return false;
	made = (struct slice){piece, sizeof(piece) - room};
	if (made.len == 0 || slice_is(made, "?"))
		return false;
	/* It begins and ends in ASCII, whatever the text was in. */
	convert(out, jis->to, NULL, NULL);
	text_add(out, made);
	return true;
}

void
jis_add(struct text *out, struct jis *jis, struct slice utf8)
{
	char *from = (char *)(uintptr_t)utf8.data;
	size_t left = utf8.len;

	iconv(jis->to, NULL, NULL, NULL, NULL);
	while (left != 0 && !out->failed) {
		unsigned code;
		size_t len;

		if (convert(out, jis->to, &from, &left))
			continue;
		code = substitute((struct slice){from, left}, &len);
		if (code != UNKNOWN ||
		    !add_near(out, jis, (struct slice){from, len}))
			add_code(out, jis, code);
		from += len;
		left -= len;
	}
	convert(out, jis->to, NULL, NULL);
}

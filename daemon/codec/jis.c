#include "codec/jis.h"

enum { PIECE = 256 };

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

void
jis_add(struct text *out, iconv_t to, struct slice utf8)
{
	char *from = (char *)(uintptr_t)utf8.data;
	size_t left = utf8.len;

	iconv(to, NULL, NULL, NULL, NULL);
	while (left != 0 && !out->failed) {
		char unknown[] = "?", *mark = unknown;
		size_t one = 1, len;

		if (convert(out, to, &from, &left))
			continue;
		text_code_point((struct slice){from, left}, &len);
		convert(out, to, &mark, &one);
		from += len;
		left -= len;
	}
	convert(out, to, NULL, NULL);
}

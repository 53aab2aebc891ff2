#include "net/jis.h"

#include <iconv.h>
#include <stdlib.h>

enum { PIECE = 256 };

struct jis {
	iconv_t to;
};

struct jis *
jis_open(void)
{
	struct jis *jis = malloc(sizeof(*jis));

	if (jis == NULL)
		return NULL;
	jis->to = iconv_open("ISO-2022-JP//TRANSLIT", "UTF-8");
	if (jis->to != (iconv_t)-1)
		return jis;
	free(jis);
	return NULL;
}

void
jis_close(struct jis *jis)
{
	if (jis != NULL)
		iconv_close(jis->to);
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

void
jis_add(struct text *out, struct jis *jis, struct slice utf8)
{
	char *from = (char *)(uintptr_t)utf8.data;
	size_t left = utf8.len;

	iconv(jis->to, NULL, NULL, NULL, NULL);
	while (left != 0 && !out->failed) {
		char unknown[] = "?", *mark = unknown;
		size_t one = 1, len;

		if (convert(out, jis->to, &from, &left))
			continue;
		text_code_point((struct slice){from, left}, &len);
		convert(out, jis->to, &mark, &one);
		from += len;
		left -= len;
	}
	convert(out, jis->to, NULL, NULL);
}

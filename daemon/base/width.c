#include "base/width.h"

#include <uniwidth.h>

/* Columns of the first character, whose length in bytes is *len. */
static size_t
first_width(struct slice text, size_t *len)
{
	int width;

	*len = 1;
	if ((unsigned char)text.data[0] < 0x80)
		return text.data[0] >= ' ' && text.data[0] != 0x7f;
	width = uc_width(text_code_point(text, len), "UTF-8");
	return width > 0 ? (size_t)width : 0;
}

/* What is not UTF-8 has no characters: a column a byte. */
static size_t
walk(struct slice text, size_t columns, size_t *bytes)
{
	bool is_utf8 = text_is_utf8(text);
	size_t taken = 0;

	for (*bytes = 0; *bytes < text.len;) {
		size_t len = 1, width = 1;

		if (is_utf8)
			width = first_width((struct slice){text.data + *bytes,
						text.len - *bytes},
			    &len);
		if (width > columns - taken)
			break;
		taken += width;
		*bytes += len;
	}
	return taken;
}

size_t
width_of(struct slice text)
{
	size_t bytes;

	return walk(text, SIZE_MAX, &bytes);
}

struct slice
width_cut(struct slice text, size_t columns)
{
	size_t bytes;

	walk(text, columns, &bytes);
	return (struct slice){text.data, bytes};
}

void
width_pad(struct text *text, size_t start, size_t columns)
{
	size_t width;

	if (text->failed)
		return;
	width = width_of((struct slice){text->data + start, text->len - start});
	for (; width < columns; width++)
		text_add_char(text, ' ');
}

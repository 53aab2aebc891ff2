/*
 * A slice is a borrowed run of bytes.  It owns nothing and needs no NUL; it
 * lives as long as the arena or buffer it points into.
 */
#ifndef MISU_SLICE_H
#define MISU_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data;
	size_t len;
};

/* A slice of a string literal. */
#define SLICE(literal) ((struct slice){(literal), sizeof(literal) - 1})

/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).data ? (s).data : ""

static inline struct slice
slice_from(const char *text)
{
	return (struct slice){text, text != NULL ? strlen(text) : 0};
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Most words that are compared differ in their first letter already. */
static inline bool
slice_is(struct slice a, const char *text)
{
	size_t len = __builtin_constant_p(strlen(text)) ? strlen(text) : 0;

	if (len != 0)
		return a.len == len && memcmp(a.data, text, len) == 0;
	for (size_t i = 0; i < a.len; i++)
		if (a.data[i] != text[i] || text[i] == '\0')
			return false;
	return text[a.len] == '\0';
}

/* Byte order, shorter first on a tie: the order of RFC 8785 for ASCII. */
static inline int
slice_compare(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.data, b.data, n);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

/* Take the next whole line, without its end; false if there is none. */
static inline bool
slice_take_line(struct slice *rest, struct slice *line)
{
	const char *end =
	    rest->len == 0 ? NULL : memchr(rest->data, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct slice){rest->data, (size_t)(end - rest->data)};
	rest->data = end + 1;
	rest->len -= line->len + 1;
	return true;
}

#endif

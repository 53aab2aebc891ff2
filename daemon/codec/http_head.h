/*
 * The head of an HTTP/1 request (RFC 9112), read strictly: what two readers
 * could take for two things is refused.  A line may end in LF alone; it does
 * not go on in the next, and no blank stands before a colon.
 */
#ifndef MISU_HTTP_HEAD_H
#define MISU_HTTP_HEAD_H

#include <stdint.h>

#include "base/slice.h"

enum {
	HTTP_HEAD_MAX = 8192, /* bytes of a head */
	HTTP_FIELDS_MAX = 64,
	HTTP_DATE_LEN = 29
};

struct http_field {
	struct slice name, value; /* without blanks around it */
};

struct http_head {
	struct slice method;
	struct slice path, query; /* as they were sent; "*" is a path too */
	bool is_1_0;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t count;
};

enum http_head_state {
	HTTP_HEAD_WHOLE,
	HTTP_HEAD_MORE,	  /* its end has not come yet */
	HTTP_HEAD_BAD,	  /* 400 */
	HTTP_HEAD_LONG,	  /* 431: too long, or too many fields */
	HTTP_HEAD_VERSION /* 505 */
};

/* WHOLE: *len bytes of it; all of `out` borrows from `bytes`. */
enum http_head_state http_head_read(
    struct slice bytes, struct http_head *out, size_t *len);

/* The first field, or the last, of a name in whatever letters; or NULL. */
const struct http_field *http_head_first(
    const struct http_head *head, const char *name);
const struct http_field *http_head_last(
    const struct http_head *head, const char *name);

/* Does the connection end with this request's answer? */
bool http_head_ends(const struct http_head *head);
/* Does something follow that would have to be read as its body? */
bool http_head_has_body(const struct http_head *head);

/* "Thu, 26 Nov 2026 00:00:00 GMT" of Unix seconds, and a NUL. */
void http_date_print(int64_t time, char out[HTTP_DATE_LEN + 1]);

#endif

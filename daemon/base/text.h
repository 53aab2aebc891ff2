/*
 * A text is a growing run of bytes in an arena.  Appending never needs a
 * check at each call: the first failure sticks, and text_slice() tells.
 * Hot-path JSON (ledger entries) is written with it; see core/entry.h.
 */
#ifndef MISU_TEXT_H
#define MISU_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"

struct text {
	struct arena *arena;
	char *data;
	size_t len, size;
	bool failed;
};

struct text text_start(struct arena *arena);

/* Room for `more` bytes and a NUL after what is there; false without. */
bool text_grow(struct text *text, size_t more);

static inline bool
text_reserve(struct text *text, size_t more)
{
	return more < text->size - text->len || text_grow(text, more);
}

static inline void
text_add(struct text *text, struct slice piece)
{
	if (piece.len == 0 || !text_reserve(text, piece.len))
		return;
	memcpy(text->data + text->len, piece.data, piece.len);
	text->len += piece.len;
}

/* Room at the end for so many bytes, to be written at once; NULL: none. */
static inline char *
text_room(struct text *text, size_t len)
{
	if (!text_reserve(text, len))
		return NULL;
	text->len += len;
	return text->data + text->len - len;
}

static inline void
text_add_char(struct text *text, char c)
{
	if (text_reserve(text, 1))
		text->data[text->len++] = c;
}

static inline void
text_add_string(struct text *text, const char *piece)
{
	text_add(text, slice_from(piece));
}

void text_add_number(struct text *text, int64_t number);

/*
 * As text_add_number() and text_add_base64(), to where there is room for the
 * longest number (TEXT_NUMBER_MAX) or for TEXT_BASE64_LEN(len); both return
 * the end.
 */
enum { TEXT_NUMBER_MAX = 20 };
#define TEXT_BASE64_LEN(len) (((len) + 2) / 3 * 4)
char *text_put_number(char *at, int64_t number);
char *text_put_base64(char *at, const void *bytes, size_t len);

void text_add_format(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes, escaped as RFC 8785 section 3.2.2.2 says. */
void text_add_json(struct text *text, struct slice value);
void text_add_json_escaped(struct text *text, struct slice value);

/* Percent-encoding of RFC 3986: all but the unreserved characters. */
void text_add_percent(struct text *text, struct slice value);

/* XML character data and attribute values: the five predefined entities. */
void text_add_xml(struct text *text, struct slice value);
/* How many bytes of the beginning stand in XML as they are. */
size_t text_xml_run(struct slice value);

/* Lower-case hex, and standard base64 with padding. */
void text_add_hex(struct text *text, const void *bytes, size_t len);
void text_add_base64(struct text *text, const void *bytes, size_t len);

/* What was written, NUL-terminated, or {NULL, 0} if memory ran out. */
struct slice text_slice(struct text *text);

/* Strict base64 decoding into `arena`; false if malformed. */
bool text_base64_decode(
    struct arena *arena, struct slice encoded, struct slice *out);

/* Strict lower-case hex into exactly `len` bytes. */
bool text_hex_decode(struct slice encoded, void *out, size_t len);

/*
 * The code point at the front of UTF-8 text that is well-formed and not
 * empty, and its length in bytes.
 */
unsigned text_code_point(struct slice text, size_t *len);

/*
 * Is every character of this UTF-8 text one that is seen, in its place?  No
 * control characters, no line or paragraph separators, no marks that change
 * the direction of reading: each can hide what a text really says, or drive
 * the terminal it is shown on.
 */
bool text_is_plain(struct slice text);
/* Is it all printable ASCII, as most text is?  Then it is plain and UTF-8. */
bool text_is_printable(struct slice text);

/* Is this well-formed UTF-8 (no surrogates, no overlong, <= U+10FFFF)? */
bool text_is_utf8(struct slice text);

/* A word of ours: lower-case letters, digits and hyphens, a letter first. */
bool text_is_name(struct slice text, size_t longest);

#endif
